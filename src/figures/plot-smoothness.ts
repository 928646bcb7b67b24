import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { NamesOf } from "../known-names.js";
import type { PosteriorSummary } from "../posterior/result.js";
import { type FigureOptions, figureTitle, frameOf } from "./figure.js";
import { checkFigureOptions, FIGURE, SKY } from "./figure-options.js";
import { type SkyPanelOptions, skyOf } from "./image-panel.js";
import { checkLevels } from "./plot-multiscale.js";
import { plotPanels } from "./plot-panels.js";

/** The parts of a result that `plotSmoothness` shows. */
export type SmoothnessMaps = Pick<PosteriorSummary, "smoothness"> &
  Partial<Pick<PosteriorSummary, "wcs" | "name">>;

/** Options of `plotSmoothness`. */
export interface PlotSmoothnessOptions extends FigureOptions, SkyPanelOptions {
  /** Levels to show, 0 = blocks of 2 x 2 pixels; default the finest four that have four blocks or more on a side. */
  readonly levels?: readonly number[];
  /** Mean of ln alpha, > 0, at which the colours end on both sides; default 4, which the default states reach. */
  readonly reach?: number;
  /** Panels a row; default 2 for four panels, else up to 3. */
  readonly columns?: number;
  /** Longer side of each picture in px; default 224. */
  readonly size?: number;
}

const NAMES: NamesOf<PlotSmoothnessOptions> = {
  ...FIGURE,
  ...SKY,
  levels: true,
  reach: true,
  columns: true,
  size: true,
};

/** Most levels that are shown when none are asked for. */
const MOST_LEVELS = 4;
/** Blocks on the longer side below which a map says little. */
const FEWEST_BLOCKS = 4;
/** ln of the smallest and largest alpha of the default states are -3.9 and 4.1. */
const REACH = 4;

/** How a level is called: the size of its blocks. */
function levelTitle(level: number): string {
  const size = 2 ** (level + 1);
  return `Blocks of ${size} × ${size} pixels`;
}

/** The finest levels that have enough blocks to make a map; the finest of all in any case. */
function tellingLevels(maps: readonly SkyImage[]): number[] {
  const side = Math.max(...(maps[0]?.shape ?? [0]));
  return [...maps.keys()]
    .filter((level) => level === 0 || side / 2 ** (level + 1) >= FEWEST_BLOCKS)
    .slice(0, MOST_LEVELS);
}

/**
 * Draw where the data call for points and where for diffuse light, under the adaptive prior: a map a level of the posterior mean of
 * ln alpha of the block above each pixel, all on one colour scale whose white is alpha = 1. Blue: the light of a block sits in one of its
 * four children; red: it is spread evenly over them. A block without photons takes after its surroundings.
 *
 * @param result from `LiraDeconvolver.run` or `readResult`, sampled under the adaptive prior
 * @returns an SVG document; its heading is `options.title`, by default the object of the header cards, or the name of the result
 * @throws InvalidInputError when the result has no such maps, or a level or option is not valid
 */
export function plotSmoothness(result: SmoothnessMaps, options: PlotSmoothnessOptions): string {
  checkFigureOptions("plotSmoothness", options, NAMES);
  const { document, levels, reach = REACH, columns, size } = options;
  const { smoothness: maps, wcs } = result;
  if (maps === undefined || maps.length === 0) {
    throw new InvalidInputError(
      "plotSmoothness: the result must have maps of smoothness, which the adaptive prior gives, got none; run with preset adaptive",
    );
  }
  const shown = levels ?? tellingLevels(maps);
  checkLevels("plotSmoothness", shown, maps.length - 1);
  const panels = shown.map((level) => ({
    image: maps[level],
    title: levelTitle(level),
    label: "points ← mean ln α → diffuse light",
    colormap: "RdBu" as const,
    vmin: -reach,
    vmax: reach,
    ...skyOf(options),
    ...(wcs !== undefined && { wcs }),
  }));
  const title = figureTitle(result);
  return plotPanels(panels, {
    document,
    colorScale: "shared",
    columns: columns ?? (panels.length === 4 ? 2 : Math.min(3, panels.length)),
    ...(size !== undefined && { size }),
    ...(title !== undefined && { title }),
    ...frameOf(options),
  });
}
