import * as Plot from "@observablehq/plot";
import { rankScratch, sortDraws, sortedQuantile } from "../posterior/rank.js";
import { chartPanel, type PanelHeading } from "./chart-panel.js";
import type { Cell } from "./figure.js";
import { type ThemeName, theme as themeColors } from "./theme.js";
import { formatEstimate, linearTicks, logTicks, NO_TICKS, type Ticks } from "./ticks.js";
import { chainColor } from "./trace-panel.js";
import type { TracedQuantity } from "./traced-quantity.js";

/** How the distribution of one quantity is shown. */
export interface DistributionPanelOptions extends Pick<PanelHeading, "note" | "warn"> {
  readonly document: Document;
  readonly theme: ThemeName;
  readonly width: number;
  readonly height: number;
  /** Number of each chain, for its colour. */
  readonly which: readonly number[];
}

/** Quantiles of the draws of all chains together. */
export function pooledQuantiles(
  chains: readonly ArrayLike<number>[],
  probabilities: readonly number[],
): number[] {
  const values = Float64Array.from(chains.flatMap((chain) => Array.from(chain))).filter(Number.isFinite);
  const scratch = rankScratch(values.length, { scores: false });
  sortDraws(values, scratch);
  return probabilities.map((probability) => sortedQuantile(scratch, probability));
}

/** Ratio of the ends of the central 68 % from which on positive quantities are shown on a logarithmic axis. */
const LOG_FROM = 3;

/**
 * Lay out the distribution of one quantity: the draws of all chains filled, each chain as outline, the central 68 % shaded
 * and the median as a line, with the numbers below.
 */
export function distributionPanel(
  { label, unit = "", chains }: TracedQuantity,
  { document, theme, width, height, which, note, warn = false }: DistributionPanelOptions,
): Cell {
  const colors = themeColors(theme);
  const [least, low, lower, median, upper, high, most] = pooledQuantiles(
    chains,
    [0, 0.001, 0.16, 0.5, 0.84, 0.999, 1],
  ) as [number, number, number, number, number, number, number];
  const log = least > 0 && upper / lower > LOG_FROM;
  const scale = log ? Math.log10 : (value: number) => value;
  const margin = 0.04 * (scale(high) - scale(low)) || Math.abs(scale(median)) * 0.1 || 1;
  const domain = [
    Math.max(scale(low) - margin, Math.min(scale(least), scale(low))),
    Math.min(scale(high) + margin, Math.max(scale(most), scale(high))),
  ] as [number, number];
  if (!(domain[1] > domain[0])) {
    domain[0] -= margin;
    domain[1] += margin;
  }
  const bins = binCount(chains, scale(lower), scale(upper), domain);
  const counts = chains.map((chain) => binShares(chain, scale, domain, bins));
  const pooled = Array.from(
    { length: bins },
    (_, bin) => counts.reduce((sum, shares) => sum + shares[bin], 0) / counts.length,
  );
  const top = 1.08 * Math.max(...counts.map((shares) => Math.max(...shares)), 1e-300);
  const ticks = axisTicks(domain, width, log);
  const estimate = formatEstimate(median, upper - median, median - lower, unit);
  return chartPanel({
    document,
    colors,
    width,
    height,
    title: label,
    ...(note !== undefined && { note, warn }),
    x: { domain, ticks, label: estimate },
    y: { domain: [0, top], ticks: NO_TICKS, unlabelled: true },
    marks: [
      Plot.rect([0], { x1: scale(lower), x2: scale(upper), y1: 0, y2: top, fill: colors.shade }),
      filledSteps(pooled, domain, { fill: colors.muted, fillOpacity: 0.3 }),
      ...chains.map((_, index) =>
        outline(
          counts[index],
          domain,
          chainColor(colors, which[index] ?? index),
          chains.length > 4 ? 0.8 : 1.1,
        ),
      ),
      Plot.ruleX([scale(median)], { stroke: colors.ink, strokeDasharray: "3,2", strokeWidth: 1 }),
    ],
  });
}

function axisTicks(domain: readonly [number, number], width: number, log: boolean): Ticks {
  if (log) return logTicks(domain[0], domain[1], Math.floor(width / 34));
  return linearTicks(domain[0], domain[1], Math.max(2, Math.floor(width / 42)));
}

/** By the rule of Freedman & Diaconis (1981) with the central 68 % as width, between 12 and 60. */
function binCount(
  chains: readonly ArrayLike<number>[],
  lower: number,
  upper: number,
  [low, high]: readonly [number, number],
): number {
  const shortest = Math.min(...chains.map(({ length }) => length));
  const width = (1.36 * (upper - lower)) / Math.cbrt(Math.max(shortest, 1));
  return width > 0 ? Math.min(Math.max(Math.round((high - low) / width), 12), 60) : 30;
}

/** Share of the draws in each bin. */
export function binShares(
  chain: ArrayLike<number>,
  scale: (value: number) => number,
  [low, high]: readonly [number, number],
  bins: number,
): number[] {
  const shares = new Array<number>(bins).fill(0);
  for (let index = 0; index < chain.length; index++) {
    const at = ((scale(chain[index]) - low) / (high - low)) * bins;
    const bin = at === bins ? bins - 1 : Math.floor(at);
    if (bin >= 0 && bin < bins) shares[bin] += 1 / chain.length;
  }
  return shares;
}

/** The outline of a histogram over a domain, as its corners. */
export function steps(shares: readonly number[], [low, high]: readonly [number, number]): [number, number][] {
  const bin = (high - low) / shares.length;
  return shares.flatMap((share, index): [number, number][] => [
    [low + index * bin, share],
    [low + (index + 1) * bin, share],
  ]);
}

/** A histogram as a filled area. */
export function filledSteps(
  shares: readonly number[],
  domain: readonly [number, number],
  style: { readonly fill: string; readonly fillOpacity: number },
): Plot.Markish {
  return Plot.areaY(steps(shares, domain), { x: "0", y1: 0, y2: "1", ...style });
}

/** What lies between two histograms. */
export function stepBand(
  low: readonly number[],
  high: readonly number[],
  domain: readonly [number, number],
  { fill, fillOpacity }: { readonly fill: string; readonly fillOpacity: number },
): Plot.Markish {
  const tops = steps(high, domain);
  const points = steps(low, domain).map(([x, bottom], corner) => [x, bottom, tops[corner][1]]);
  return Plot.areaY(points, { x: "0", y1: "1", y2: "2", fill, fillOpacity });
}

/** A histogram as an outline. */
export function outline(
  shares: readonly number[],
  domain: readonly [number, number],
  stroke: string,
  strokeWidth = 1.1,
): Plot.Markish {
  const points = [[domain[0], 0] as const, ...steps(shares, domain), [domain[1], 0] as const];
  return Plot.line(points, { x: "0", y: "1", stroke, strokeWidth });
}
