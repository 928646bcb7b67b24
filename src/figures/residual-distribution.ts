import * as Plot from "@observablehq/plot";
import { halfDeviance, logPoisson } from "../data/random/poisson.js";
import type { SkyImage } from "../image.js";
import { type ChartPanelOptions, chartPanel } from "./chart-panel.js";
import { steps } from "./distribution-panel.js";
import type { Cell, LegendEntry } from "./figure.js";
import type { Theme } from "./theme.js";
import { formatNumber, linearTicks } from "./ticks.js";

/** Width of a bin in standard deviations. */
const BIN = 0.25;
/** Predicted counts above which the residual of a pixel is normal for all that can be seen. */
const NORMAL_ABOVE = 200;

/**
 * The residual of a pixel in standard deviations: the signed square root of its deviance.
 *
 * @param observed counts, whole number >= 0
 * @param expected predicted counts, >= 0
 */
export function deviation(observed: number, expected: number): number {
  const distance = Math.sqrt(2 * halfDeviance(observed, expected));
  return observed < expected ? -distance : distance;
}

/** Pixels a bin, and what the prediction leads one to expect there. */
export interface ResidualDistribution {
  /** Edges of the bins in standard deviations. */
  readonly edges: readonly number[];
  /** Pixels in each bin; what lies beyond the edges is in the outermost ones. */
  readonly observed: Float64Array;
  /** Expected pixels in each bin when the counts are Poisson with the predicted mean. */
  readonly expected: Float64Array;
  readonly pixels: number;
  readonly mean: number;
  readonly std: number;
}

/**
 * Count residuals in bins, and add up the Poisson probabilities of every pixel's possible counts in the same bins.
 *
 * @param sigma residuals `[ny, nx]`; NaN pixels do not count
 * @param predicted counts `[ny, nx]`
 * @param reach the bins run from `-reach` to `reach`
 */
export function residualDistribution(
  sigma: SkyImage,
  predicted: SkyImage,
  reach: number,
): ResidualDistribution {
  const bins = 2 * Math.ceil(reach / BIN);
  const start = (-bins / 2) * BIN;
  const edges = Array.from({ length: bins + 1 }, (_, index) => start + index * BIN);
  const observed = new Float64Array(bins);
  const expected = new Float64Array(bins);
  const binOf = (value: number) => Math.min(Math.max(Math.floor((value - start) / BIN), 0), bins - 1);
  let [pixels, normals, sum, squares] = [0, 0, 0, 0];
  for (const [index, value] of sigma.data.entries()) {
    if (Number.isNaN(value)) continue;
    pixels++;
    observed[binOf(value)] += 1;
    if (Number.isFinite(value)) {
      sum += value;
      squares += value * value;
    }
    const mean = predicted.data[index];
    if (mean > NORMAL_ABOVE) normals++;
    else
      addPoisson(mean, (residual, weight) => {
        expected[binOf(residual)] += weight;
      });
  }
  const normal = normalShares(edges);
  for (let bin = 0; bin < bins; bin++) expected[bin] += normals * normal[bin];
  const average = sum / pixels;
  const std = Math.sqrt((squares - pixels * average * average) / Math.max(pixels - 1, 1));
  return { edges, observed, expected, pixels, mean: average, std };
}

function addPoisson(mean: number, add: (residual: number, weight: number) => void): void {
  const first = Math.max(0, Math.floor(mean - 9 * Math.sqrt(mean)));
  let weight = mean === 0 ? 1 : Math.exp(logPoisson(first, mean));
  for (let count = first; count <= mean || weight > 1e-7; count++) {
    add(deviation(count, mean), weight);
    weight *= mean / (count + 1);
  }
}

/** Density of the unit normal. */
export function normalDensity(value: number): number {
  return Math.exp(-0.5 * value * value) / Math.sqrt(2 * Math.PI);
}

/** Probability of the unit normal in each bin, by Simpson's rule. */
function normalShares(edges: readonly number[]): number[] {
  return edges.slice(1).map((right, index) => {
    const left = edges[index];
    const middle = (left + right) / 2;
    return ((right - left) / 6) * (normalDensity(left) + 4 * normalDensity(middle) + normalDensity(right));
  });
}

/** Lay out the distribution as bars, with the expected one as steps and the unit normal as line. */
export function residualDistributionPanel(
  { edges, observed, expected, pixels, mean, std }: ResidualDistribution,
  options: Pick<ChartPanelOptions, "document" | "colors" | "width" | "height" | "title">,
): Cell {
  const { colors } = options;
  const normal = (value: number) => pixels * BIN * normalDensity(value);
  const top = 1.15 * Math.max(1, normal(0), ...observed, ...expected);
  const [low, high] = [edges[0], edges.at(-1)!];
  const curve = Array.from({ length: 101 }, (_, index) => low + ((high - low) * index) / 100);
  const { width, height } = options;
  return chartPanel({
    ...options,
    note: `mean ${formatNumber(mean, 2)}, std ${formatNumber(std, 2)}`,
    x: {
      domain: [low, high],
      ticks: linearTicks(low, high, Math.max(2, Math.floor(width / 44))),
      label: "residual (σ)",
    },
    y: {
      domain: [0, top],
      ticks: linearTicks(0, top, Math.max(2, Math.floor(height / 30))),
      label: "pixels",
    },
    marks: [
      Plot.rect(observed, {
        x1: (_: number, bin: number) => edges[bin],
        x2: (_: number, bin: number) => edges[bin + 1],
        y1: 0,
        y2: (count: number) => count,
        fill: colors.muted,
        fillOpacity: 0.55,
      }),
      Plot.line(steps(Array.from(expected), [low, high]), { stroke: colors.series[1], strokeWidth: 1.3 }),
      Plot.line(curve, {
        x: (at: number) => at,
        y: normal,
        stroke: colors.series[0],
        strokeWidth: 1.3,
        strokeDasharray: "4,3",
      }),
    ],
  });
}

/** What the lines of the distribution mean. */
export function residualLegend(colors: Theme): LegendEntry[] {
  return [
    { label: "pixels", color: colors.muted, kind: "box", opacity: 0.55 },
    { label: "expected for Poisson counts", color: colors.series[1], kind: "line" },
    { label: "unit normal", color: colors.series[0], kind: "dashed" },
  ];
}
