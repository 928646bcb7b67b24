/** From the results of tasks to the table of a significance run. */

import { naturalLog } from "../data/random/exponential.js";
import { InvalidInputError } from "../errors.js";
import {
  comparePair,
  type Estimated,
  estimated,
  type RegionDraws,
  type RegionPair,
  type RegionProducts,
  regionProducts,
} from "../photometry/region-products.js";
import { chainGroups, groupedRhat } from "../posterior/chain-groups.js";
import { summariseQuantity } from "../posterior/quantity-summary.js";
import { type LocalSignificance, localSignificance } from "./local-significance.js";
import type { SignificanceRun, SignificanceTaskResult } from "./task.js";
import { bonferroni, holm, monteCarloP, type TailTest, tailTest } from "./upper-bound.js";

/** How log10 of xi is distributed, for figures: shares of the draws in bins of equal width; those below `low` are in no bin. */
export interface ShareDistribution {
  readonly low: number;
  readonly high: number;
  readonly observed: readonly number[];
  /** Mean of the nulls. */
  readonly pooled: readonly number[];
  readonly nulls: readonly (readonly number[])[];
}

/** What was found about one region. */
export interface RegionSignificance extends TailTest {
  readonly name: string;
  readonly pixels: number;
  /** Bounds adjusted for the number of regions. */
  readonly boundBonferroni: number;
  readonly boundHolm: number;
  /** p-value by the rank of the mean share of the source among the replicates; at least `1 / (1 + N)`. */
  readonly direct: number;
  readonly directBonferroni: number;
  readonly directHolm: number;
  /** Twice the logarithm of the likelihood ratio of a source in the region against the null, >= 0. */
  readonly likelihoodRatio: number;
  /** p-value by its rank among the replicates; at least `1 / (1 + N)`. */
  readonly ratio: number;
  readonly ratioBonferroni: number;
  readonly ratioHolm: number;
  /** The likelihood ratio of each replicate. */
  readonly nullRatios: readonly number[];
  /** Share of the source in the region, `tau1 / (tau1 + tau0)`. */
  readonly share: Estimated;
  /** Mean share of each replicate. */
  readonly nullShares: readonly number[];
  /** R-hat and effective sample size of the share in the observation; NaN where undefined. */
  readonly rhat: number;
  readonly ess: number;
  /** The same test at other gammas, when they were asked for. */
  readonly otherTests: readonly TailTest[];
  readonly products: RegionProducts;
  readonly distribution: ShareDistribution;
}

/** What a significance run found. Plain data. */
export interface SignificanceEstimate {
  readonly run: SignificanceRun;
  /** Replicates that are in. */
  readonly replicates: number;
  /** Whether all are. */
  readonly complete: boolean;
  readonly regions: readonly RegionSignificance[];
  /** All pairs of regions, as long as there are at most 12. */
  readonly pairs: readonly RegionPair[];
  readonly scan?: LocalSignificance;
  /** What to mind, one sentence each. */
  readonly warnings: readonly string[];
}

/** What `collectSignificance` may be told. */
export interface CollectOptions {
  /** Fluxes whose excess is asked for, in the unit of the flux. */
  readonly thresholds?: readonly number[];
}

const MOST_PAIRED = 12;
const FEW_REPLICATES = 20;
const DISTRIBUTION_BINS = 40;
/** log10 of the smallest share that is shown. */
const FAINTEST_SHARE = -5;
const DISAGREE = 1.1;

/**
 * Make the table of a significance run from the results of its tasks, in any order, also while some are missing.
 *
 * @param results with that of the observation and at least one replicate among them
 * @throws InvalidInputError when the observation or all replicates are missing, or a result does not belong to the run
 */
export function collectSignificance(
  run: SignificanceRun,
  results: readonly SignificanceTaskResult[],
  { thresholds = [] }: CollectOptions = {},
): SignificanceEstimate {
  const sorted = [...results].sort((a, b) => a.index - b.index);
  const [observed, ...nulls] = sorted;
  if (observed?.index !== 0 || nulls.length === 0) {
    throw new InvalidInputError(
      `significance: results must hold the observation and a replicate, got ${sorted.length} results` +
        `${observed?.index === 0 ? "" : " without the observation"}; run more tasks`,
    );
  }
  const { chains, draws } = observed;
  const size = chains * draws;
  for (const result of sorted) {
    if (result.values.xi?.length === run.regions.length * size && result.chains === chains) continue;
    throw new InvalidInputError(
      `significance: results must be of one run with ${run.regions.length} regions, got another in task ${result.index}; ` +
        "run the task again",
      { fields: { index: result.index } },
    );
  }
  const groups = chainGroups(run.config);
  const grouped = groups ?? [Array.from({ length: chains }, (_, chain) => chain)];
  const column = ({ values }: SignificanceTaskResult, name: string, region: number) =>
    values[name].subarray(region * size, (region + 1) * size);
  const chainsOf = (values: Float64Array) =>
    Array.from({ length: chains }, (_, chain) => values.subarray(chain * draws, (chain + 1) * draws));

  const drawsOf = (region: number): RegionDraws => {
    const [flux, source, x, y, width] = ["flux", "source", "x", "y", "width"].map((name) =>
      column(observed, name, region),
    ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
    return { flux, source, x, y, width };
  };
  const rows = run.regions.map(({ name, pixels }, region) => {
    const xi = column(observed, "xi", region);
    const nullXi = nulls.map((result) => column(result, "xi", region));
    const test = (gamma: number) => tailTest(chainsOf(xi), nullXi, gamma, groups);
    const nullShares = nullXi.map(mean);
    const nullRatios = nulls.map(({ ratios }) => ratios[region]);
    const { rhat, ess } = summariseQuantity(name, chainsOf(xi), [], groups);
    const nullRhats = nullXi.map((values) =>
      groupedRhat(grouped.map((group) => group.map((chain) => chainsOf(values)[chain]))),
    );
    return {
      name,
      pixels: pixels.length,
      ...test(run.gamma),
      direct: monteCarloP(mean(xi), nullShares),
      likelihoodRatio: observed.ratios[region],
      ratio: monteCarloP(observed.ratios[region], nullRatios),
      nullRatios,
      share: estimated(xi),
      nullShares,
      rhat,
      ess,
      nullRhats,
      otherTests: run.otherGammas.map(test),
      products: regionProducts(drawsOf(region), thresholds),
      distribution: distributionOf(xi, nullXi),
    };
  });
  const [bounds, directs, ratios] = (["bound", "direct", "ratio"] as const).map((key) => {
    const values = rows.map((row) => row[key]);
    return { bonferroni: bonferroni(values), holm: holm(values) };
  });
  const regions = rows.map(
    ({ nullRhats: _, ...row }, index): RegionSignificance => ({
      ...row,
      boundBonferroni: bounds.bonferroni[index],
      boundHolm: bounds.holm[index],
      directBonferroni: directs.bonferroni[index],
      directHolm: directs.holm[index],
      ratioBonferroni: ratios.bonferroni[index],
      ratioHolm: ratios.holm[index],
    }),
  );
  const pairs =
    run.regions.length > MOST_PAIRED
      ? []
      : run.regions.flatMap((first, a) =>
          run.regions
            .slice(a + 1)
            .map((second, b) => comparePair([first.name, drawsOf(a)], [second.name, drawsOf(a + 1 + b)])),
        );
  const scan = localSignificance(run, observed, nulls);
  return {
    run,
    replicates: nulls.length,
    complete: nulls.length >= run.replicates,
    regions,
    pairs,
    ...(scan === undefined ? {} : { scan }),
    warnings: warningsOf(run, nulls.length, rows),
  };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index];
  return sum / values.length;
}

function distributionOf(observed: Float64Array, nulls: readonly Float64Array[]): ShareDistribution {
  const logs = (values: Float64Array) => values.map((value) => Math.max(naturalLog(value) / Math.LN10, -12));
  const seen = logs(observed);
  const nullLogs = nulls.map(logs);
  let low = 0;
  for (const values of [seen, ...nullLogs]) {
    // The faintest 0.2 % of a distribution would stretch the axis for nothing.
    low = Math.min(low, values.slice().sort()[Math.floor(0.002 * values.length)]);
  }
  low = Math.max(FAINTEST_SHARE, Math.floor(4 * low) / 4);
  const high = 0;
  const shares = (values: Float64Array) => {
    const bins = new Array<number>(DISTRIBUTION_BINS).fill(0);
    for (const value of values) {
      if (value < low) continue;
      const at = Math.floor(((value - low) / Math.max(high - low, 1e-9)) * DISTRIBUTION_BINS);
      bins[Math.min(at, DISTRIBUTION_BINS - 1)] += 1 / values.length;
    }
    return bins;
  };
  const each = nullLogs.map(shares);
  return {
    low,
    high,
    observed: shares(seen),
    pooled: Array.from(
      { length: DISTRIBUTION_BINS },
      (_, bin) => each.reduce((sum, bins) => sum + bins[bin], 0) / each.length,
    ),
    nulls: each,
  };
}

function warningsOf(
  run: SignificanceRun,
  replicates: number,
  rows: readonly (TailTest & {
    readonly name: string;
    readonly rhat: number;
    readonly nullRhats: readonly number[];
  })[],
): string[] {
  const warnings: string[] = [];
  if (!run.null.converged) {
    warnings.push(
      `null: the fit of the ${run.null.kind} should converge, got none; what it does not explain counts as source: look at its ` +
        "parameters, and choose another null",
    );
  }
  if (replicates < run.replicates) {
    warnings.push(
      `replicates: all ${run.replicates} should be in, got ${replicates}; the table is preliminary, run the others`,
    );
  }
  if (replicates < FEW_REPLICATES) {
    warnings.push(
      `replicates: at least ${FEW_REPLICATES} should stand behind a tail probability of ${run.gamma}, got ${replicates}; ` +
        "errors of the bound are large, use more",
    );
  }
  if (run.otherGammas.length > 0) {
    warnings.push(
      `gamma: one should be stated in advance, got ${run.otherGammas.length + 1}; only the bound at the first, ${run.gamma}, is a ` +
        "bound on a p-value, the smallest of several is not",
    );
  }
  for (const { name, rhat, nullRhats, tailError, tailProbability } of rows) {
    if (rhat >= DISAGREE) {
      warnings.push(
        `${name}: chains of the observation should agree, got R-hat ${rhat.toFixed(2)}; use more iterations`,
      );
    }
    const bad = nullRhats.filter((value) => value >= DISAGREE).length;
    if (bad > 0.1 * nullRhats.length) {
      warnings.push(
        `${name}: chains of the replicates should agree, got an R-hat of ${DISAGREE} or more in ${bad} of ${nullRhats.length}; ` +
          "use more iterations",
      );
    }
    if (replicates >= FEW_REPLICATES && tailError > 0.6 * tailProbability) {
      warnings.push(
        `${name}: the tail of the nulls should rest on several replicates, got a relative error of ` +
          `${(tailError / tailProbability).toFixed(2)}; use more replicates or a larger gamma`,
      );
    }
  }
  return warnings;
}
