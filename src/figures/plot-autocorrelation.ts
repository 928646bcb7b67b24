import * as Plot from "@observablehq/plot";
import { InvalidInputError } from "../errors.js";
import type { NamesOf } from "../known-names.js";
import { autocovarianceScratch, meanAutocovariance } from "../posterior/autocovariance.js";
import { groupedTime } from "../posterior/quantity-summary.js";
import { chartPanel } from "./chart-panel.js";
import { layoutFigure } from "./figure.js";
import { checkFigureOptions } from "./figure-options.js";
import { defaultColumns, type PlotQuantitiesOptions, QUANTITIES } from "./plot-parameter-distributions.js";
import { mixColors, theme as themeColors } from "./theme.js";
import { formatNumber, linearTicks } from "./ticks.js";
import { chainColor, decimate, traceLegend } from "./trace-panel.js";
import { type ComparedQuantity, comparedQuantities, type TracedQuantities } from "./traced-quantity.js";

/** Options of `plotAutocorrelation`. */
export interface PlotAutocorrelationOptions extends PlotQuantitiesOptions {
  /** Longest lag in draws, >= 1; default five times the autocorrelation time, at least 20. */
  readonly maxLag?: number;
}

const NAMES: NamesOf<PlotAutocorrelationOptions> = { ...QUANTITIES, maxLag: true };

/**
 * Autocorrelation of one chain about its own mean at lags `0 .. length - 1`, divisor `length` at every lag.
 *
 * @returns all NaN for a chain that does not move
 */
export function autocorrelation(chain: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(chain);
  const scratch = autocovarianceScratch(values.length);
  const mean = values.reduce((sum, value) => sum + (value - values[0]), 0) / values.length + values[0];
  meanAutocovariance(values, 1, [mean] as unknown as Float64Array, scratch);
  const variance = scratch.lags[0];
  return scratch.lags.map((lag) => lag / (variance > 0 ? variance : Number.NaN));
}

/**
 * Draw the autocorrelation of each chain against the lag in sweeps: one panel a quantity, one line a chain.
 *
 * The shaded band is `+-1.96 / sqrt(n)` with `n` draws a chain, in which 95 % of the lags of independent draws lie. The
 * integrated autocorrelation time of all chains together stands above, in sweeps; see `autocorrelationTime`.
 *
 * @param trace parameters, of which sweeps after burn-in are used; or quantities, for example from `regionQuantity`
 * @returns an SVG document
 * @throws InvalidInputError when there is no draw, nothing that varies, or a name or `maxLag` is not valid
 */
export function plotAutocorrelation(trace: TracedQuantities, options: PlotAutocorrelationOptions): string {
  checkFigureOptions("plotAutocorrelation", options, NAMES);
  const { document, theme = "light", maxLag } = options;
  if (maxLag !== undefined && !(Number.isInteger(maxLag) && maxLag >= 1)) {
    throw new InvalidInputError(
      `plotAutocorrelation: maxLag must be a whole number >= 1, got ${maxLag}; try 100`,
    );
  }
  const quantities = comparedQuantities("plotAutocorrelation", trace, options.names, options.groups);
  const colors = themeColors(theme);
  const bandColor = mixColors(colors.background, colors.ink, 0.17);
  const panel = (
    { label, chains, groups, which, every = 1 }: ComparedQuantity,
    index: number,
    zoom: number,
    columns: number,
  ) => {
    const [width, height] = [196 * zoom, Math.max(80, 104 * zoom)];
    const time = groupedTime(groups);
    const shortest = Math.min(...chains.map(({ length }) => length));
    const wanted = maxLag ?? Math.max(20, roundUp(5 * (Number.isFinite(time) ? time : 1)));
    const lags = Math.max(1, Math.min(wanted, shortest - 1));
    const curves = chains.map((chain) => autocorrelation(chain).subarray(0, lags + 1));
    const band = 1.96 / Math.sqrt(shortest);
    const low = Math.min(
      -0.15,
      -1.5 * band,
      ...curves.map((curve) => Math.min(...curve.filter(Number.isFinite))),
    );
    const domain = [0, lags * every] as const;
    return chartPanel({
      document,
      colors,
      width,
      height,
      title: label,
      note: `τ ${formatNumber(time * every)} ${every === 1 && time < 1.005 ? "sweep" : "sweeps"}`,
      x: {
        domain,
        ticks: linearTicks(0, domain[1], 4, true),
        ...(index + columns >= quantities.length && { label: "lag (sweeps)" }),
      },
      y: {
        domain: [Math.max(low, -1), 1.05],
        ticks: linearTicks(Math.max(low, -1), 1.05, 4),
        ...(index % columns === 0 && { label: "autocorrelation" }),
      },
      marks: [
        Plot.rect([0], { x1: 0, x2: domain[1], y1: -band, y2: band, fill: bandColor }),
        Plot.ruleY([0], { stroke: colors.muted, strokeWidth: 0.6 }),
        ...curves.map((curve, chain) =>
          Plot.line(decimate(curve, 0, curve.length, width / Math.max(lags, 1)), {
            x: (lag: number) => lag * every,
            y: (lag: number) => curve[lag],
            stroke: chainColor(colors, which[chain]),
            strokeWidth: 1.1,
          }),
        ),
      ],
    });
  };
  return layoutFigure(options, options.columns ?? defaultColumns(quantities.length), (zoom, columns) => ({
    cells: quantities.map((quantity, index) => panel(quantity, index, zoom, columns)),
    columns,
    legend: [
      ...traceLegend(quantities[0].which, false, colors),
      { label: "95 % of independent draws", color: bandColor, kind: "box" },
    ],
  }));
}

/** The next of 1, 2, 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((leading) => leading * power >= value) ?? 10) * power;
}
