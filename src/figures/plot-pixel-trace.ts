import type { NamesOf } from "../known-names.js";
import type { DrawSource } from "../posterior/draw-source.js";
import { circlePixels, regionFluxUnit } from "../posterior/region.js";
import type { ImageTrace } from "../posterior/trace.js";
import { type FigureOptions, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE } from "./figure-options.js";
import { theme as themeColors } from "./theme.js";
import { formatNumber } from "./ticks.js";
import { filledChains, traceLegend, tracePanel } from "./trace-panel.js";
import { circleLabel, drawSums, pixelIndex, plainPixels } from "./traced-quantity.js";

/** Options of `plotPixelTrace`. */
export interface PlotPixelTraceOptions extends FigureOptions {
  /** Unit of the flux, in FITS notation; default none. */
  readonly unit?: string;
  /** Show the sum of the flux of all pixels within this many pixels of (x, y); default 0, the pixel alone. */
  readonly radius?: number;
  /** Sweeps before this one are burn-in: faded, and not counted; default none, since a trace holds draws after burn-in. */
  readonly burnIn?: number;
}

const NAMES: NamesOf<PlotPixelTraceOptions> = { ...FIGURE, unit: true, radius: true, burnIn: true };

/**
 * Draw the kept draws of one pixel of the flux image, or of the sum over a circle, one line a chain, and their distribution
 * at the right.
 *
 * @param images kept draws, in memory or elsewhere
 * @param x column, 0-based
 * @param y row, 0-based
 * @returns an SVG document
 * @throws InvalidInputError when the pixel is not in the image or no draws were kept
 */
export function plotPixelTrace(
  images: ImageTrace | DrawSource,
  x: number,
  y: number,
  options: PlotPixelTraceOptions,
): string {
  checkFigureOptions("plotPixelTrace", options, NAMES);
  const { document, theme = "light", radius = 0, burnIn = images.first } = options;
  const unit = regionFluxUnit(options.unit);
  const circle = { x, y, radius };
  pixelIndex("plotPixelTrace", x, y, images.shape);
  const pixels = circlePixels(circle, images.shape);
  const [chains] = drawSums("plotPixelTrace", images, [plainPixels(pixels)]);
  const { mean, std } = momentsAfter(chains!, burnIn, images);
  const colors = themeColors(theme);
  return layoutFigure(options, 1, (zoom, columns) => ({
    cells: [
      tracePanel(
        { chains: chains!, first: images.first, every: images.every, burnIn },
        {
          ...{ document, colors, width: 400 * zoom, height: Math.max(90, 150 * zoom) },
          ...{ title: circleLabel(circle), label: "flux", ...(unit !== undefined && { unit }) },
          note: `mean ${formatNumber(mean)}, std ${formatNumber(std)}`,
          histogram: true,
        },
      ),
    ],
    columns,
    legend: traceLegend(filledChains(chains!), burnIn > images.first, colors),
  }));
}

/** Mean and standard deviation (divisor n - 1) of the draws after burn-in, all chains together. */
export function momentsAfter(
  chains: readonly Float64Array[],
  burnIn: number,
  { first, every }: { readonly first: number; readonly every: number },
): { mean: number; std: number } {
  const skip = Math.max(Math.ceil((burnIn - first) / every), 0);
  const values = chains.flatMap((chain) => Array.from(chain.subarray(skip)));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / Math.max(values.length - 1, 1)) };
}
