import * as Plot from "@observablehq/plot";
import { InvalidInputError } from "../errors.js";
import type { NamesOf } from "../known-names.js";
import { convergence } from "../posterior/convergence.js";
import { normalQuantile } from "../posterior/normal-quantile.js";
import { rankScratch, sortDraws } from "../posterior/rank.js";
import { chartPanel } from "./chart-panel.js";
import { convergenceNote, isDoubtful } from "./convergence-note.js";
import { filledSteps, outline } from "./distribution-panel.js";
import { type Cell, layoutFigure } from "./figure.js";
import { checkFigureOptions } from "./figure-options.js";
import {
  defaultColumns,
  type PlotQuantitiesOptions,
  QUANTITIES,
  QUANTITY_WIDTH,
} from "./plot-parameter-distributions.js";
import { stackCells } from "./stack-cells.js";
import { mixColors, theme as themeColors } from "./theme.js";
import { linearTicks } from "./ticks.js";
import { chainColor, traceLegend } from "./trace-panel.js";
import { type ComparedQuantity, comparedQuantities, type TracedQuantities } from "./traced-quantity.js";

/** Options of `plotRank`. */
export interface PlotRankOptions extends PlotQuantitiesOptions {
  /** Bins of each histogram, 2 to 100; default 20. */
  readonly bins?: number;
}

const NAMES: NamesOf<PlotRankOptions> = { ...QUANTITIES, bins: true };

/** Probability that all bars of a quantity lie within the band when its chains sample the same distribution. */
const COVERAGE = 0.95;
const ROW = { height: 30, gap: 5 } as const;

/**
 * Number of draws of each chain in equal bins of their rank among the draws of all chains. Draws of the same value share their ranks:
 * each counts in every bin that these reach, in proportion, so that a quantity of a few values is as flat as others when its chains
 * agree.
 *
 * @param chains draws of each chain
 * @returns `[chain][bin]`; with ties not whole
 */
export function rankCounts(chains: readonly ArrayLike<number>[], bins: number): number[][] {
  const values = Float64Array.from(chains.flatMap((chain) => Array.from(chain)));
  const chainOf = Int32Array.from(
    chains.flatMap(({ length }, chain) => new Array<number>(length).fill(chain)),
  );
  const scratch = rankScratch(values.length, { scores: false });
  sortDraws(values, scratch);
  const { order, sorted, size } = scratch;
  const counts = chains.map(() => new Array<number>(bins).fill(0));
  for (let first = 0, end = 0; first < size; first = end) {
    const tied = chains.map(() => 0);
    do tied[chainOf[order[end++]]] += 1;
    while (end < size && sorted[end] === sorted[first]);
    for (let rank = first; rank < end; rank++) {
      // Ranks are from 0 here; the middle of a rank decides on its bin.
      const bin = Math.floor(((rank + 0.5) / size) * bins);
      for (const [chain, draws] of tied.entries()) counts[chain][bin] += draws / (end - first);
    }
  }
  return counts;
}

/**
 * Half width of the band in which the bars of all chains lie with probability 0.95 when every chain samples the same
 * distribution, relative to the height of a uniform histogram.
 *
 * A bar counts the draws of a chain among the `total / bins` draws of its bin: hypergeometric, with variance
 * `n p (1 - p) (total - n) / (total - 1)` and `p = 1 / bins`. Draws that are correlated are worth fewer: the variance grows by
 * `total / ess`. The level of a single bar follows from that of all by Sidak's correction. Bars of tied draws vary less than that.
 */
export function rankBand(draws: number, total: number, ess: number, bins: number, chains: number): number {
  const share = 1 / bins;
  const variance = (draws * share * (1 - share) * (total - draws)) / Math.max(total - 1, 1);
  const inflation = Math.max(total / ess, 1);
  const level = COVERAGE ** (1 / (bins * chains));
  return (normalQuantile((1 + level) / 2) * Math.sqrt(variance * inflation)) / (draws * share);
}

/**
 * Draw rank histograms (Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021, Bayesian Analysis 16, 667, section 3.3): the ranks of
 * each chain among the draws of all chains that sample the same law. When they sample the same distribution every histogram is flat.
 *
 * One panel a quantity, one row a chain. Bars are relative to a uniform histogram. The shaded band holds all bars of
 * a panel with probability 0.95 if the chains agree; it allows for the autocorrelation of the draws by their effective
 * sample size.
 *
 * @param trace parameters, of which sweeps after burn-in are used; or quantities, for example from `regionQuantity`
 * @returns an SVG document
 * @throws InvalidInputError when there are fewer than two chains, nothing varies, or a name or `bins` is not valid
 */
export function plotRank(trace: TracedQuantities, options: PlotRankOptions): string {
  checkFigureOptions("plotRank", options, NAMES);
  const { document, theme = "light", bins = 20 } = options;
  if (!Number.isInteger(bins) || bins < 2 || bins > 100) {
    throw new InvalidInputError(`plotRank: bins must be a whole number in 2 to 100, got ${bins}; try 20`);
  }
  const quantities = comparedQuantities("plotRank", trace, options.names, options.groups);
  const fewest = Math.min(...quantities.map(({ groups }) => Math.max(...groups.map(({ length }) => length))));
  if (fewest < 2) {
    throw new InvalidInputError(
      `plotRank: ranks compare at least two chains of similar length, got ${fewest}; run more chains or show them all`,
    );
  }
  const colors = themeColors(theme);
  const bandColor = mixColors(colors.background, colors.ink, 0.17);
  const panel = (
    { label, chains, groups, which, convergence: all }: ComparedQuantity,
    index: number,
    zoom: number,
    columns: number,
  ): Cell => {
    const counts = groups.flatMap((group) => rankCounts(group, bins));
    const ratios = counts.map((row, chain) => row.map((count) => (count * bins) / chains[chain].length));
    const bands = groups.flatMap((group) => {
      const total = group.reduce((sum, { length }) => sum + length, 0);
      const { ess } = groups.length === 1 ? all : convergence(label, group);
      return group.map(({ length }) =>
        Number.isFinite(ess) ? rankBand(length, total, ess, bins, chains.length) : 0,
      );
    });
    const top = Math.max(2, 1.05 * Math.max(...ratios.flat()), 1.1 * (1 + Math.max(...bands)));
    const rows = chains.map((_, chain) => {
      const last = chain === chains.length - 1;
      return chartPanel({
        document,
        colors,
        width: QUANTITY_WIDTH * zoom,
        height: ROW.height,
        title: chain === 0 ? label : "",
        ...(chain === 0 && {
          note: convergenceNote(all),
          warn: isDoubtful(all, chains.length),
        }),
        x: {
          domain: [0, 1],
          ticks: linearTicks(0, 1, 4),
          unlabelled: !last,
          ...(last &&
            index + columns >= quantities.length && {
              label: options.groups ? "rank among chains of equal shift" : "rank among all draws (fraction)",
            }),
        },
        y: { domain: [0, top], ticks: { positions: [1], labels: ["1"], exponent: 0, minor: [] } },
        marks: [
          Plot.rect([0], {
            x1: 0,
            x2: 1,
            y1: Math.max(0, 1 - bands[chain]),
            y2: 1 + bands[chain],
            fill: bandColor,
          }),
          filledSteps(ratios[chain], [0, 1], { fill: chainColor(colors, which[chain]), fillOpacity: 0.3 }),
          outline(ratios[chain], [0, 1], chainColor(colors, which[chain])),
          Plot.ruleY([1], { stroke: colors.ink, strokeWidth: 0.8, strokeDasharray: "3,2" }),
        ],
      });
    });
    return stackCells(rows, ROW.gap, index % columns === 0 ? { text: "draws / uniform", colors } : undefined);
  };
  return layoutFigure(options, options.columns ?? defaultColumns(quantities.length), (zoom, columns) => ({
    cells: quantities.map((quantity, index) => panel(quantity, index, zoom, columns)),
    columns,
    legend: [
      ...traceLegend(quantities[0].which, false, colors),
      { label: "uniform", color: colors.ink, kind: "dashed" },
      { label: "95 % band of uniform ranks", color: bandColor, kind: "box" },
    ],
  }));
}
