import { InvalidInputError } from "../errors.js";
import type { ImageTrace } from "../posterior/trace.js";
import { composeFigure, type FigureOptions } from "./figure.js";
import { theme as themeColors } from "./theme.js";
import { formatNumber } from "./ticks.js";
import { traceLegend, tracePanel } from "./trace-panel.js";

/** Options of `plotPixelTrace`. */
export interface PlotPixelTraceOptions extends FigureOptions {
  /** Unit of the flux, in FITS notation; default none. */
  readonly unit?: string;
}

/**
 * Draw the kept draws of one pixel of the flux image, one line a chain, and their distribution at the right.
 *
 * @param x column, 0-based
 * @param y row, 0-based
 * @returns an SVG document
 * @throws InvalidInputError when the pixel is not in the image or no draws were kept
 */
export function plotPixelTrace(
  trace: ImageTrace,
  x: number,
  y: number,
  options: PlotPixelTraceOptions,
): string {
  const { document, theme = "light", title, unit } = options;
  const [ny, nx] = trace.shape;
  if (!Number.isInteger(x) || !Number.isInteger(y) || x < 0 || y < 0 || x >= nx || y >= ny) {
    throw new InvalidInputError(
      `plotPixelTrace: (x, y) must be a pixel of the image of ${nx} columns and ${ny} rows, got (${x}, ${y}); count from 0`,
      { fields: { x, y, shape: trace.shape } },
    );
  }
  const chains = trace.chains.map((draws) =>
    Float64Array.from(
      { length: Math.floor(draws.length / (ny * nx)) },
      (_, draw) => draws[draw * ny * nx + y * nx + x]!,
    ),
  );
  const values = chains.flatMap((chain) => Array.from(chain));
  if (values.length === 0) {
    throw new InvalidInputError(
      "plotPixelTrace: the image trace must hold at least one draw, got none; run with traceEvery below the number of sweeps",
      {
        fields: { chains: chains.length },
      },
    );
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(values.length - 1, 1);
  const colors = themeColors(theme);
  const cell = tracePanel(
    { chains, first: trace.first, every: trace.every, burnIn: trace.first },
    {
      document,
      colors,
      width: 400,
      height: 150,
      title: `flux at x = ${x}, y = ${y}`,
      ...(unit !== undefined && { unit }),
      note: `mean ${formatNumber(mean)}, std ${formatNumber(Math.sqrt(variance))}`,
      histogram: true,
    },
  );
  return composeFigure(
    [cell],
    1,
    { theme, ...(title !== undefined && { title }) },
    traceLegend(chains.length, false, colors),
  );
}
