/** The test of Stein et al. (2015): an upper bound on the p-value from the tail of the posterior. */

import { concatenated } from "../concatenated.js";
import type { ChainGroups } from "../posterior/chain-groups.js";
import { fractionAtMost } from "../posterior/convergence.js";

/** What the test found for one statistic. */
export interface TailTest {
  readonly gamma: number;
  /** `c`: smallest value of the statistic with at most `gamma` of the pooled null draws at or above it. */
  readonly tailValue: number;
  /**
   * Fraction of the pooled null draws at or above `c`: at most `gamma`, unless values are tied or there are fewer than `1 / gamma`.
   * What `T` is on average under the null, so the least bound there can be.
   */
  readonly tailProbability: number;
  /** Monte Carlo error of `tailProbability`, from the scatter between replicates; NaN for one replicate. */
  readonly tailError: number;
  /** `T = P(statistic >= c | observation)`. */
  readonly test: number;
  /** Monte Carlo error of `test`, from the effective sample size. */
  readonly testError: number;
  /** `min(1, tailProbability / T)`: the p-value is at most this. */
  readonly bound: number;
  /**
   * Monte Carlo error of the bound: both errors propagated to first order, half the width of what is left of one standard
   * error to either side below 1. NaN for one replicate.
   */
  readonly boundError: number;
  /** `T` of each replicate. */
  readonly nullTests: readonly number[];
}

/**
 * Largest number of draws that may lie at or above the tail value, and the value: pooled null draws sorted.
 *
 * @param sorted all null draws, ascending
 */
export function tailOf(sorted: Float64Array, gamma: number): { value: number; probability: number } {
  const { length } = sorted;
  const most = Math.max(1, Math.floor(gamma * length + 1e-9));
  const value = sorted[length - most];
  let first = length - most;
  while (first > 0 && sorted[first - 1] === value) first--;
  const above = length - first;
  // Of ties at the edge, all are in the tail or none: none when something lies above them.
  if (above / length > gamma && sorted[length - 1] > value) {
    let next = length - most;
    while (sorted[next] === value) next++;
    return { value: sorted[next], probability: (length - next) / length };
  }
  return { value, probability: above / length };
}

/** Fraction of values at or above a level. */
function fractionAbove(values: ArrayLike<number>, level: number): number {
  let above = 0;
  for (let index = 0; index < values.length; index++) if (values[index] >= level) above++;
  return above / values.length;
}

/** `P(statistic >= c)` over chains with its Monte Carlo error. Chains of one group sample the same law. */
export function tailFraction(
  chains: readonly Float64Array[],
  level: number,
  groups: ChainGroups = [chains.map((_, chain) => chain)],
): { readonly fraction: number; readonly error: number } {
  let fraction = 0;
  let variance = 0;
  for (const group of groups) {
    const members = group.map((chain) => chains[chain]);
    const draws = members.reduce((sum, { length }) => sum + length, 0);
    const above = members.reduce((sum, chain) => sum + fractionAbove(chain, level) * chain.length, 0) / draws;
    const negated = members.map((chain) => chain.map((value) => -value));
    const { ess } = fractionAtMost(negated, -level);
    const size = Number.isFinite(ess) && ess > 0 ? ess : draws;
    // A fraction of 0 or 1 of few draws is not certain: one draw more of each kind (Agresti & Coull 1998).
    const shrunk = (above * size + 1) / (size + 2);
    fraction += above / groups.length;
    variance += (shrunk * (1 - shrunk)) / size / groups.length ** 2;
  }
  return { fraction, error: Math.sqrt(variance) };
}

/**
 * The bound of Stein et al. (2015, ApJ 813, 66): for a statistic whose draws exceed `c` with probability `gamma` under the null
 * hypothesis, averaged over data, the posterior probability `T` of exceeding it has the mean `gamma`, and Markov's inequality
 * bounds the p-value of `T` by `gamma / T`. That holds at any `c` with its own probability, so the bound has the one
 * found at `c`, which may differ a little from the one asked for.
 *
 * @param observed draws of each chain of the observation
 * @param nulls all draws of each replicate; replicates count alike
 */
export function tailTest(
  observed: readonly Float64Array[],
  nulls: readonly Float64Array[],
  gamma: number,
  groups?: ChainGroups,
): TailTest {
  const pooled = concatenated(Float64Array, nulls);
  const { value: tailValue, probability: tailProbability } = tailOf(pooled.sort(), gamma);
  const nullTests = nulls.map((draws) => fractionAbove(draws, tailValue));
  const { fraction: test, error: testError } = tailFraction(observed, tailValue, groups);
  const spread = nullTests.reduce((sum, value) => sum + (value - tailProbability) ** 2, 0);
  const count = nulls.length;
  const tailError = count < 2 ? Number.NaN : Math.sqrt(spread / (count - 1) / count);
  const ratio = test > 0 ? tailProbability / test : Number.POSITIVE_INFINITY;
  const relative = Math.hypot(tailError / tailProbability, testError / test);
  return {
    gamma,
    tailValue,
    tailProbability,
    tailError,
    test,
    testError,
    bound: Math.min(1, ratio),
    boundError: clippedError(ratio, relative),
    nullTests,
  };
}

/** Half the width of `ratio (1 - relative)` to `ratio (1 + relative)` within [0, 1]. */
function clippedError(ratio: number, relative: number): number {
  if (ratio === Number.POSITIVE_INFINITY) return 0;
  const within = (value: number) => Math.min(1, Math.max(0, value));
  return (within(ratio * (1 + relative)) - within(ratio * (1 - relative))) / 2;
}

/** Direct Monte Carlo p-value: rank of the observation among replicates, `(1 + #{null >= observed}) / (1 + N)`. */
export function monteCarloP(observed: number, nulls: readonly number[]): number {
  return (1 + nulls.filter((value) => value >= observed).length) / (1 + nulls.length);
}

/** p-values times their number, at most 1 (Bonferroni). */
export function bonferroni(pValues: readonly number[]): number[] {
  return pValues.map((p) => Math.min(1, p * pValues.length));
}

/** p-values adjusted step by step (Holm 1979, Scand. J. Statist. 6, 65); never above those of `bonferroni`. */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(pValues.length);
  let least = 0;
  for (const [rank, index] of order.entries()) {
    least = Math.max(least, Math.min(1, pValues[index] * (pValues.length - rank)));
    adjusted[index] = least;
  }
  return adjusted;
}
