import {
  autocorrelationTime,
  type Chains,
  convergence,
  quantileEss,
  quantileMcse,
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
 * @param name how tables and messages call it
 * @param chains one array of draws a chain, after burn-in; cut to the shortest that has draws
 * @param probabilities of the quantiles, each in [0, 1]
 */
export function summariseQuantity(
  name: string,
  chains: Chains,
  probabilities: readonly number[] = QUANTILE_PROBABILITIES,
): QuantitySummary {
  const used = chains.filter(({ length }) => length > 0);
  const draws = used.reduce((least, { length }) => Math.min(least, length), used[0]?.length ?? 0);
  const pooled = new Float64Array(used.length * draws);
  for (const [chain, values] of used.entries()) {
    for (let draw = 0; draw < draws; draw++) pooled[chain * draws + draw] = values[draw];
  }
  const sorted = pooled.length > 0 && pooled.every(Number.isFinite);
  const scratch = rankScratch(pooled.length, { scores: false });
  if (sorted) sortDraws(pooled, scratch);
  return {
    ...convergence(name, chains),
    chains: used.length,
    draws: pooled.length,
    tailEss: tailEss(chains),
    autocorrelationTime: autocorrelationTime(chains),
    stdMcse: stdMcse(chains),
    quantiles: probabilities.map((probability) => ({
      probability,
      value: sorted ? sortedQuantile(scratch, probability) : Number.NaN,
      mcse: quantileMcse(chains, probability),
      ess: quantileEss(chains, probability),
    })),
  };
}
