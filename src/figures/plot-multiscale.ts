import { multiscaleDecomposition } from "../data/observation/multiscale-decomposition.js";
import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { Stretch } from "./color-scale.js";
import { composeFigure, type FigureOptions } from "./figure.js";
import { boxSize, imagePanel } from "./image-panel.js";

/** Options of `plotMultiscale`. */
export interface PlotMultiscaleOptions extends FigureOptions {
  /** Levels to show, 0 = finest; default all. */
  readonly levels?: readonly number[];
  /** Stretch of the sums; default `"sqrt"`. */
  readonly stretch?: Stretch;
  /** What the values are; default `"flux"`. */
  readonly label?: string;
  /** Unit of the values, in FITS notation; default none. */
  readonly unit?: string;
  /** Longer side of each picture in px; default 150. */
  readonly size?: number;
}

/**
 * Draw the multiscale decomposition of an image, one column a level from the finest to the total: above the sums over
 * blocks, below the fractions `x_q / N_Q` of each pixel in the 2 x 2 block that is its parent (Esch et al. 2004, section 3).
 * Blocks that hold nothing have no fractions and are shown as missing.
 *
 * @param image `[ny, nx]`, any shape
 * @returns an SVG document
 * @throws InvalidInputError when a level does not exist
 */
export function plotMultiscale(image: SkyImage, options: PlotMultiscaleOptions): string {
  const { document, theme = "light", title, stretch = "sqrt", label = "flux", unit, size = 150 } = options;
  const decomposition = multiscaleDecomposition(image);
  const top = decomposition.length - 1;
  const levels = options.levels ?? decomposition.map((_, level) => level);
  const wrong = levels.find((level) => decomposition[level] === undefined);
  if (levels.length === 0 || wrong !== undefined) {
    throw new InvalidInputError(
      `plotMultiscale: levels must be whole numbers from 0 to ${top}, got ${wrong ?? "none"}; leave them out to see all`,
      { fields: { levels, top } },
    );
  }
  // The same box for all levels: the eye should follow a place from column to column.
  const layout = { document, theme, size, box: boxSize(image.shape[1], image.shape[0], size) };
  const sums = levels.map((level, index) => {
    const { image: sum } = decomposition[level]!;
    const name = level === top ? "total" : `level ${level}`;
    return imagePanel(
      sum,
      { stretch, ...(index === levels.length - 1 && { label, ...(unit !== undefined && { unit }) }) },
      {
        ...layout,
        title: `${name}, ${sum.shape[1]} × ${sum.shape[0]}`,
        xLabels: false,
        yLabels: index === 0,
      },
    );
  });
  const lastWithFractions = levels.findLastIndex((level) => level < top);
  const fractions = levels.map((level, index) => {
    const { fractions: shares } = decomposition[level]!;
    if (shares === undefined) return undefined;
    return imagePanel(
      shares,
      { colormap: "viridis", limits: [0, 1], label: "fraction" },
      { ...layout, colorBar: index === lastWithFractions, yLabels: index === 0 },
    );
  });
  const cells = lastWithFractions < 0 ? sums : [...sums, ...fractions];
  return composeFigure(cells, levels.length, { theme, ...(title !== undefined && { title }) });
}
