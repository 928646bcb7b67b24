import * as Plot from "@observablehq/plot";
import type { SmoothingPrior } from "../data/law/prior-parameters.js";
import { InvalidInputError } from "../errors.js";
import type { NamesOf } from "../known-names.js";
import { parameterDraws } from "../posterior/summary.js";
import type { ParameterSource, ParameterTrace } from "../posterior/trace.js";
import { chartPanel } from "./chart-panel.js";
import { binShares, filledSteps, pooledQuantiles } from "./distribution-panel.js";
import { type FigureOptions, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE } from "./figure-options.js";
import { parameterLabel } from "./parameter-label.js";
import { defaultColumns } from "./plot-parameter-distributions.js";
import { mixColors, theme as themeColors } from "./theme.js";
import { formatEstimate, logTicks, NO_TICKS } from "./ticks.js";
import { varies } from "./traced-quantity.js";

/** Options of `plotHyperprior`. */
export interface PlotHyperpriorOptions extends FigureOptions {
  /** Panels a row; default 2 for up to four levels, else 3. */
  readonly columns?: number;
}

const NAMES: NamesOf<PlotHyperpriorOptions> = { ...FIGURE, columns: true };

/**
 * Density of the hyperprior on `alpha` per decade, `p(alpha) alpha ln 10` with `p ~ alpha^power exp(-rate alpha^exponent)`.
 *
 * The normalisation is a sum over a grid of `log10 alpha` that holds all of the mass but 1e-9: the integrand is smooth and falls
 * off at both ends, so that the sum over equal steps converges faster than any power of the step.
 *
 * @returns the density as a function of `log10 alpha`, and the `log10 alpha` between which all mass but 0.1 % lies at
 *   either end
 */
export function hyperpriorDensity({ power, rate, exponent }: SmoothingPrior): {
  readonly density: (logAlpha: number) => number;
  readonly range: readonly [low: number, high: number];
} {
  // With u = ln alpha the log density is (power + 1) u - rate exp(exponent u); its mode is known.
  const mode = Math.log((power + 1) / (rate * exponent)) / exponent;
  const log = (u: number) =>
    (power + 1) * (u - mode) - rate * (Math.exp(exponent * u) - Math.exp(exponent * mode));
  const falls = (direction: number) => {
    let u = mode;
    for (let step = 0.1; log(u) > -25; step *= 1.2) u += direction * step;
    return u;
  };
  const [from, to] = [falls(-1), falls(1)];
  const steps = 4000;
  const width = (to - from) / steps;
  const cumulative = new Float64Array(steps + 1);
  for (let k = 1; k <= steps; k++)
    cumulative[k] = cumulative[k - 1] + Math.exp(log(from + (k - 0.5) * width)) * width;
  const mass = cumulative[steps];
  const quantile = (probability: number) => {
    const index = cumulative.findIndex((sum) => sum >= probability * mass);
    return (from + index * width) / Math.LN10;
  };
  return {
    density: (logAlpha) => (Math.exp(log(logAlpha * Math.LN10)) / mass) * Math.LN10,
    range: [quantile(0.001), quantile(0.999)],
  };
}

/**
 * Draw what the data say about the smoothing parameters: the prior density of `alpha` (a broken line) against the posterior
 * histogram of each level, on one logarithmic axis. A level whose histogram follows the line has learnt nothing from the data.
 *
 * Densities are per decade. Level 0 is the finest.
 *
 * @param trace parameters, of which sweeps after burn-in are used
 * @param prior of the run, `config.smoothingPrior` of a result
 * @returns an SVG document
 * @throws InvalidInputError when no smoothing parameter was fitted or there is no draw
 */
export function plotHyperprior(
  trace: ParameterTrace | ParameterSource,
  prior: SmoothingPrior,
  options: PlotHyperpriorOptions,
): string {
  checkFigureOptions("plotHyperprior", options, NAMES);
  const { document, theme = "light" } = options;
  const colors = themeColors(theme);
  const levels = trace.names
    .map((name, column) => ({ name, column }))
    .filter(({ name }) => /^smoothingParam\d+$/.test(name))
    .map(({ name, column }) => ({ name, chains: parameterDraws(trace, column) }))
    .filter(({ chains }) => varies(chains));
  if (levels.length === 0) {
    throw new InvalidInputError(
      "plotHyperprior: the trace must hold smoothing parameters that were fitted, got none; run with fitAlpha and past burn-in",
      { fields: { names: trace.names } },
    );
  }
  const { density, range } = hyperpriorDensity(prior);
  const spreads = levels.map(({ chains }) =>
    pooledQuantiles(chains, [0.001, 0.16, 0.5, 0.84, 0.999]).map(Math.log10),
  );
  const low = Math.min(range[0], ...spreads.map((spread) => spread[0]));
  const high = Math.max(range[1], ...spreads.map((spread) => spread[4]));
  const domain = [low - 0.04 * (high - low), high + 0.04 * (high - low)] as const;
  const bins = 50;
  const curve = Array.from({ length: 201 }, (_, k) => {
    const at = domain[0] + ((domain[1] - domain[0]) * k) / 200;
    return [at, density(at)] as const;
  });
  const fill = mixColors(colors.background, colors.series[0], 0.55);
  const panel = (index: number, zoom: number, columns: number) => {
    const { name, chains } = levels[index];
    const [width, height] = [196 * zoom, Math.max(80, 96 * zoom)];
    const perDecade = bins / (domain[1] - domain[0]);
    const shares = chains
      .filter(({ length }) => length > 0)
      .map((chain) => binShares(chain, Math.log10, domain, bins));
    const histogram = Array.from(
      { length: bins },
      (_, bin) => (shares.reduce((sum, one) => sum + one[bin], 0) / shares.length) * perDecade,
    );
    const top = 1.08 * Math.max(...histogram, ...curve.map(([, value]) => value));
    const [, lower, median, upper] = spreads[index].map((at) => 10 ** at) as [number, number, number, number];
    return chartPanel({
      document,
      colors,
      width,
      height,
      title: parameterLabel(name),
      note: formatEstimate(median, upper - median, median - lower),
      x: {
        domain,
        ticks: logTicks(domain[0], domain[1], Math.floor(width / 34)),
        ...(index + columns >= levels.length && { label: "α" }),
      },
      y: {
        domain: [0, top],
        ticks: NO_TICKS,
        unlabelled: true,
        ...(index % columns === 0 && { label: "density per decade" }),
      },
      marks: [
        filledSteps(histogram, domain, { fill, fillOpacity: 1 }),
        Plot.line(curve, { x: "0", y: "1", stroke: colors.ink, strokeWidth: 1.3, strokeDasharray: "4,2" }),
      ],
    });
  };
  return layoutFigure(options, options.columns ?? defaultColumns(levels.length), (zoom, columns) => ({
    cells: levels.map((_, index) => panel(index, zoom, columns)),
    columns,
    legend: [
      { label: "posterior", color: fill, kind: "box" },
      { label: "hyperprior", color: colors.ink, kind: "dashed" },
    ],
  }));
}
