import { multiscaleDecomposition } from "../data/observation/multiscale-decomposition.js";
import { InvalidInputError } from "../errors.js";
import { imageSum, type SkyImage } from "../image.js";
import type { NamesOf } from "../known-names.js";
import { regionFluxUnit } from "../posterior/region.js";
import type { Stretch } from "./color-scale.js";
import { type FigureOptions, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE } from "./figure-options.js";
import { boxSize, imagePanel } from "./image-panel.js";
import { formatNumber, formatUnit } from "./ticks.js";

/** Options of `plotMultiscale`. */
export interface PlotMultiscaleOptions extends FigureOptions {
  /** Levels to show, 0 = finest; default those with four blocks or more on a side, and the finest in any case. */
  readonly levels?: readonly number[];
  /** Stretch of the sums; default `"asinh"`. */
  readonly stretch?: Stretch;
  /** What the values are; default `"flux"`. */
  readonly label?: string;
  /** Unit of the values, in FITS notation; default none. */
  readonly unit?: string;
  /** Longer side of each picture in px; default 150. */
  readonly size?: number;
}

const NAMES: NamesOf<PlotMultiscaleOptions> = {
  ...FIGURE,
  levels: true,
  stretch: true,
  label: true,
  unit: true,
  size: true,
};

/** Blocks on the longer side below which a picture says less than its numbers. */
const FEWEST_BLOCKS = 4;

/**
 * Draw the multiscale decomposition of an image, one column a level from the finest: above the sums over blocks, below the fractions
 * `x_q / N_Q` of each block in the one of 2 x 2 blocks that is its parent (Esch et al. 2004, section 3). Axes are in pixels of the image at
 * all levels, so that a place keeps its coordinates. Blocks that hold nothing have no fractions and are shown as missing.
 *
 * @param image `[ny, nx]`, any shape
 * @returns an SVG document; its heading is `options.title`, by default the sum over the image
 * @throws InvalidInputError when a level does not exist
 */
export function plotMultiscale(image: SkyImage, options: PlotMultiscaleOptions): string {
  checkFigureOptions("plotMultiscale", options, NAMES);
  const { document, theme = "light", stretch = "asinh", label = "flux", unit, size = 150 } = options;
  const decomposition = multiscaleDecomposition(image);
  const top = decomposition.length - 1;
  const levels =
    options.levels ??
    [...decomposition.keys()].filter(
      (level) => level === 0 || Math.max(...decomposition[level].image.shape) >= FEWEST_BLOCKS,
    );
  checkLevels("plotMultiscale", levels, top);
  const total =
    `Total ${label} ${formatNumber(imageSum(image), 4)} ${formatUnit(regionFluxUnit(unit) ?? "")}`.trim();
  const shares = levels.some((level) => level < top);
  return layoutFigure({ title: total, ...options }, levels.length, (zoom, columns) => {
    // The same box for all levels: the eye should follow a place from column to column.
    const box = boxSize(image.shape[1], image.shape[0], size * zoom, zoom !== 1);
    const layout = { document, theme, size, box };
    const rows = Array.from({ length: Math.ceil(levels.length / columns) }, (_, row) =>
      levels.slice(row * columns, (row + 1) * columns),
    );
    const cells = rows.flatMap((those) => {
      const sums = those.map((level, index) =>
        imagePanel(
          decomposition[level].image,
          {
            ...{ stretch, label: level === 0 ? `${label} / pixel` : `${label} / block` },
            ...(unit !== undefined && { unit }),
          },
          {
            ...{ ...layout, block: 2 ** level, yLabels: index === 0 },
            title: level === 0 ? "Pixels" : `Blocks of ${2 ** level} × ${2 ** level} pixels`,
            xLabels: !shares,
          },
        ),
      );
      const empty = Array.from({ length: columns - those.length }, () => undefined);
      if (!shares) return [...sums, ...empty];
      const fractions = those.map((level, index) => {
        const { fractions: parts } = decomposition[level];
        if (parts === undefined) return undefined;
        return imagePanel(
          parts,
          { colormap: "viridis", vmin: 0, vmax: 1, label: "share of its block" },
          {
            ...layout,
            ...{ block: 2 ** level, yLabels: index === 0, colorBar: index === those.length - 1 },
          },
        );
      });
      return [...sums, ...empty, ...fractions, ...empty];
    });
    return { cells, columns };
  });
}

/** @throws InvalidInputError without a level, and about one that is none of those from 0 to the top */
export function checkLevels(where: string, levels: readonly number[], top: number): void {
  const wrong = levels.find((level) => !(Number.isInteger(level) && level >= 0 && level <= top));
  if (levels.length > 0 && wrong === undefined) return;
  throw new InvalidInputError(
    `${where}: levels must be whole numbers from 0 to ${top}, got ${wrong ?? "none"}; leave them out to see the finest`,
    { fields: { levels, top } },
  );
}
