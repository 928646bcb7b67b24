import { type ChainGroups, groupedConvergence } from "./chain-groups.js";
import {
  autocorrelationTime,
  type Chains,
  chainFigures,
  convergence,
  fractionAtMost,
  type KeptScratch,
  meanEss,
  quantileSpread,
  stdMcse,
  tailEss,
} from "./convergence.js";
import { rankScratch, sortDraws, sortedQuantile } from "./rank.js";
import type { Convergence } from "./result.js";
import { QUANTILE_PROBABILITIES } from "./summary.js";

/** A quantile of the draws with what it is worth. */
export interface QuantileEstimate {
  readonly probability: number;
  /** By linear interpolation between order statistics, in the unit of the draws. */
  readonly value: number;
  /** Monte Carlo standard error of `value`, same unit; NaN when undefined. */
  readonly mcse: number;
  /** Effective sample size for this quantile; NaN when undefined. */
  readonly ess: number;
}

/** Everything the chains say about one scalar quantity: a parameter, a pixel, the sum over a region. */
export interface QuantitySummary extends Convergence {
  /** Chains with draws. */
  readonly chains: number;
  /** Draws compared, all chains together. */
  readonly draws: number;
  /** Effective sample size in the tails: the smaller of those for the 5 % and 95 % quantiles; NaN when undefined. */
  readonly tailEss: number;
  /** Integrated autocorrelation time of the mean, in draws; 1 for independent draws; NaN when undefined. */
  readonly autocorrelationTime: number;
  /** Monte Carlo standard error of the standard deviation, in the unit of the draws; NaN when undefined. */
  readonly stdMcse: number;
  /** Quantiles, default 16, 50 and 84 %. */
  readonly quantiles: readonly QuantileEstimate[];
}

/**
 * All figures of one quantity: mean, standard deviation and quantiles with their Monte Carlo errors, R-hat, effective sample
 * sizes and autocorrelation time (Vehtari et al. 2021; the rules are those of `splitRhat` and its companions).
 *
 * Of chains in groups, the mean over the groups is meant: R-hat is the worst of the groups, sizes are sums, and errors follow
 * from those of the groups, which are independent of one another.
 *
 * @param name how tables and messages call it
 * @param chains one array of draws a chain, after burn-in; cut to the shortest that has draws
 * @param probabilities of the quantiles, each in [0, 1]
 * @param groups numbers of the chains that sample the same law; default all in one
 */
export function summariseQuantity(
  name: string,
  chains: Chains,
  probabilities: readonly number[] = QUANTILE_PROBABILITIES,
  groups?: ChainGroups,
): QuantitySummary {
  return describeQuantity(name, chains, { probabilities, ...(groups && { groups }) });
}

/** As `summariseQuantity`, with memory that is handed from quantity to quantity, and changed. */
export function describeQuantity(
  name: string,
  chains: Chains,
  {
    probabilities = QUANTILE_PROBABILITIES,
    groups,
    kept,
  }: {
    readonly probabilities?: readonly number[];
    readonly groups?: ChainGroups;
    readonly kept?: KeptScratch;
  },
): QuantitySummary {
  const filled = chains.flatMap(({ length }, chain) => (length > 0 ? [chain] : []));
  const draws = filled.length === 0 ? 0 : Math.min(...filled.map((chain) => chains[chain].length));
  const grouped = (groups ?? [filled])
    .map((group) => group.filter((chain) => filled.includes(chain)))
    .filter(({ length }) => length > 0)
    .map((group) => group.map((chain) => Float64Array.from(Array.from(chains[chain]).slice(0, draws))));
  const used = grouped.flat();
  const pooled = new Float64Array(used.length * draws);
  for (const [chain, values] of used.entries()) pooled.set(values, chain * draws);
  const sorted = pooled.length > 0 && pooled.every(Number.isFinite);
  const scratch = rankScratch(pooled.length, { scores: false });
  if (sorted) sortDraws(pooled, scratch);
  const valueAt = (probability: number) => (sorted ? sortedQuantile(scratch, probability) : Number.NaN);
  const counts = { chains: used.length, draws: pooled.length };
  if (grouped.length <= 1) {
    const { convergence, quantiles, ...figures } = chainFigures(name, used, probabilities, kept);
    return {
      ...convergence,
      ...counts,
      ...figures,
      quantiles: quantiles.map((figures, index) => {
        const probability = probabilities[index];
        return { probability, value: valueAt(probability), ...figures };
      }),
    };
  }
  const base = groupedConvergence(name, grouped);
  return {
    ...base,
    ...counts,
    tailEss: sumOf(grouped.map(tailEss)),
    autocorrelationTime: groupedTime(grouped),
    stdMcse: groupedStdMcse(base, grouped),
    quantiles: probabilities.map((probability) => {
      const value = valueAt(probability);
      const ess = groupedQuantileEss(grouped, probability, value);
      return {
        probability,
        value,
        mcse: sorted ? quantileSpread(scratch, probability, ess) : Number.NaN,
        ess,
      };
    }),
  };
}

/** Autocorrelation time of chains in groups: all draws over the summed effective sizes of the mean, in draws. */
export function groupedTime(groups: readonly Chains[]): number {
  const draws = groups.flat().reduce((sum, { length }) => sum + length, 0);
  return groups.length === 1 ? autocorrelationTime(groups[0]) : draws / sumOf(groups.map(meanEss));
}

/** Sum of what is defined; NaN when nothing is. */
function sumOf(sizes: readonly number[]): number {
  const defined = sizes.filter((size) => !Number.isNaN(size));
  return defined.length === 0 ? Number.NaN : defined.reduce((sum, size) => sum + size, 0);
}

/**
 * Error of the standard deviation of the mixture of G groups: its variance is the mean over the groups of
 * `std_g^2 + (mean_g - mean)^2`, each with the error that follows from those of the group.
 */
function groupedStdMcse({ mean, std }: Convergence, groups: readonly Chains[]): number {
  const squares = groups.map((chains) => {
    const group = convergence("group", chains);
    const ofStd = 2 * group.std * stdMcse(chains);
    const ofMean = 2 * (group.mean - mean) * group.mcse;
    return (Number.isNaN(ofStd) ? 0 : ofStd ** 2) + (Number.isNaN(ofMean) ? 0 : ofMean ** 2);
  });
  const error = Math.sqrt(squares.reduce((sum, square) => sum + square, 0)) / groups.length / (2 * std);
  return error > 0 ? error : Number.NaN;
}

/**
 * Effective size of the fraction of draws at or below a quantile of the mixture: the number of independent draws whose
 * fraction `p` had the variance of the mean over the groups of `f_g`, `sum f_g (1 - f_g) / ess_g / G^2`.
 */
function groupedQuantileEss(groups: readonly Chains[], probability: number, value: number): number {
  let variance = 0;
  for (const chains of groups) {
    const { fraction, ess } = fractionAtMost(chains, value);
    if (ess > 0) variance += (fraction * (1 - fraction)) / ess / groups.length ** 2;
  }
  return variance > 0 ? (probability * (1 - probability)) / variance : Number.NaN;
}
