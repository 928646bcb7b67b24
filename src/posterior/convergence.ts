/**
 * Do the chains agree, and how many independent draws are they worth? Rank-normalised split R-hat, effective sample
 * sizes and Monte Carlo standard errors of one scalar quantity, after Vehtari, Gelman, Simpson, Carpenter & Buerkner
 * (2021), Bayesian Analysis 16, 667.
 *
 * Rules common to all functions here:
 *
 * - `chains` holds one array of draws a chain. Chains without draws are ignored; the others are cut to the first `n`
 *   draws of the shortest. Each is split in halves; for odd `n` the middle draw is left out.
 * - The result is NaN when a value is not finite, when all values are equal, and when a chain has fewer than 4 draws
 *   (R-hat) or 10 draws (effective sizes).
 * - Numbers agree with those of ArviZ 0.23 (`rhat`, `ess`, `mcse`) but for the quantile error, and for quantiles of chains
 *   of odd length, where ArviZ lets the middle draw count.
 * - Only `+ - * /` and `Math.sqrt` are used, so that every engine gives the same bits.
 */

import { type AutocovarianceScratch, autocovarianceScratch } from "./autocovariance.js";
import { effectiveSize, rhatOf, splitVariance, type VarianceSplit } from "./effective-size.js";
import {
  foldedScores,
  type RankScratch,
  rankScores,
  rankScratch,
  sortDraws,
  sortedQuantile,
} from "./rank.js";
import type { Convergence } from "./result.js";

/** Draws of one scalar quantity, one array a chain. */
export type Chains = readonly ArrayLike<number>[];

/** Half-chains of one quantity and the memory to judge them; made by `splitScratch`, reused from quantity to quantity. */
export interface SplitScratch {
  /** Number of half-chains: twice the number of chains. */
  readonly halves: number;
  /** Draws of each half-chain. */
  readonly length: number;
  readonly scores: Float64Array;
  readonly means: Float64Array;
  readonly split: VarianceSplit;
  readonly rank: RankScratch;
  readonly autocovariance: AutocovarianceScratch;
}

/** Memory for `chains` chains of `draws` draws (an odd draw in the middle is left out). */
export function splitScratch(chains: number, draws: number): SplitScratch {
  const halves = 2 * chains;
  const length = Math.floor(draws / 2);
  return {
    halves,
    length,
    scores: new Float64Array(halves * length),
    means: new Float64Array(halves),
    split: { within: Number.NaN, pooled: Number.NaN },
    rank: rankScratch(halves * length),
    autocovariance: autocovarianceScratch(length),
  };
}

/** Number of draws that all chains with draws have; 0 when there is none. */
function commonDraws(chains: Chains): { used: Chains; draws: number } {
  const used = chains.filter((chain) => chain.length > 0);
  return { used, draws: used.reduce((least, chain) => Math.min(least, chain.length), used[0]?.length ?? 0) };
}

/** Copy the two halves of each chain to `values`, `[halves, length]`. */
function copyHalves(used: Chains, draws: number, { length }: SplitScratch, values: Float64Array): void {
  used.forEach((chain, c) => {
    const second = draws - length;
    for (let i = 0; i < length; i++) {
      values[2 * c * length + i] = chain[i];
      values[(2 * c + 1) * length + i] = chain[second + i];
    }
  });
}

/** Whether all numbers are finite and at least two differ. */
export function varies(values: Float32Array | Float64Array): boolean {
  let same = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value - value !== 0) return false; // NaN or infinite
    if (value !== values[0]) same = false;
  }
  return !same;
}

interface HalfChains {
  readonly values: Float64Array;
  readonly scratch: SplitScratch;
}

/** Memory of the last quantity, for the next one with as many draws. */
export interface KeptScratch {
  scratch?: SplitScratch;
}

/** The half-chains of `chains`, or undefined when nothing can be said about them. */
function halfChains(chains: Chains, kept: KeptScratch = {}): HalfChains | undefined {
  const { used, draws } = commonDraws(chains);
  let { scratch } = kept;
  if (scratch?.halves !== 2 * used.length || scratch.length !== Math.floor(draws / 2)) {
    scratch = splitScratch(used.length, draws);
    kept.scratch = scratch;
  }
  const values = new Float64Array(scratch.halves * scratch.length);
  copyHalves(used, draws, scratch, values);
  return varies(values) ? { values, scratch } : undefined;
}

/** A figure of the half-chains; NaN when nothing can be said about them. */
function ofHalves(chains: Chains, figure: (half: HalfChains) => number): number {
  const half = halfChains(chains);
  return half === undefined ? Number.NaN : figure(half);
}

/**
 * Rank-normalised split R-hat and bulk effective sample size of half-chains: the inner step of every diagnostic.
 *
 * @param values `[halves, length]`, row-major, finite and not constant (see `varies`)
 * @param scratch mutated
 * @param result receives `rhat` and `ess`
 */
export function rankDiagnostics(
  values: Float32Array | Float64Array,
  scratch: SplitScratch,
  result: { rhat: number; ess: number },
): void {
  const { halves, length, scores, means, split, rank, autocovariance } = scratch;
  sortDraws(values, rank);
  rankScores(rank, scores);
  splitVariance(scores, halves, length, means, split);
  const bulk = rhatOf(split);
  result.ess = effectiveSize(scores, halves, means, split, autocovariance);
  foldedScores(rank, scores);
  splitVariance(scores, halves, length, means, split);
  const folded = rhatOf(split);
  result.rhat = folded > bulk ? folded : bulk; // folded draws may be constant (NaN) where the draws are not
}

function ranked({ values, scratch }: HalfChains): { rhat: number; ess: number } {
  const result = { rhat: Number.NaN, ess: Number.NaN };
  rankDiagnostics(values, scratch, result);
  return result;
}

/**
 * Rank-normalised split R-hat: the larger of the values for location and for spread (folded draws).
 *
 * Near 1 when the chains sample the same distribution; below 1.01 is the ideal of Vehtari et al. (2021). Infinite when
 * every half-chain stands still at a different place.
 */
export function splitRhat(chains: Chains): number {
  return ofHalves(chains, (half) => ranked(half).rhat);
}

/** Bulk effective sample size over all chains: that of the rank-normalised draws. */
export function bulkEss(chains: Chains): number {
  return ofHalves(chains, (half) => ranked(half).ess);
}

/** Effective sample size of half-chains `[halves, length]` as they are, without ranks. */
function essOfHalves(
  values: Float64Array,
  { halves, length, means, split, autocovariance }: SplitScratch,
): number {
  splitVariance(values, halves, length, means, split);
  return effectiveSize(values, halves, means, split, autocovariance);
}

/** Effective sample size for the mean: that of the draws as they are. */
export function meanEss(chains: Chains): number {
  return ofHalves(chains, ({ values, scratch }) => essOfHalves(values, scratch));
}

/** Effective sample size of "is the draw at most its quantile", for draws already sorted in `scratch.rank`. */
function indicatorEss({ values, scratch }: HalfChains, probability: number): number {
  const quantile = sortedQuantile(scratch.rank, probability);
  const { scores } = scratch;
  for (let i = 0; i < values.length; i++) scores[i] = values[i] <= quantile ? 1 : 0;
  return essOfHalves(scores, scratch);
}

/** Effective sample size for the quantile at `probability`: that of the indicator of draws at or below it. */
export function quantileEss(chains: Chains, probability: number): number {
  return ofHalves(chains, (half) => {
    sortDraws(half.values, half.scratch.rank);
    return indicatorEss(half, probability);
  });
}

/** Fraction of draws at or below a level, and the effective sample size of that fraction; NaN where it is undefined. */
export function fractionAtMost(chains: Chains, level: number): { fraction: number; ess: number } {
  const below = chains.map((chain) => Float64Array.from(chain, (value) => (value <= level ? 1 : 0)));
  const { mean } = convergence("fraction", below);
  return { fraction: mean, ess: meanEss(below) };
}

/** Tail effective sample size: the smaller of those for the 5 % and the 95 % quantile. */
export function tailEss(chains: Chains): number {
  return ofHalves(chains, (half) => {
    sortDraws(half.values, half.scratch.rank);
    return tailEssOf(half);
  });
}

/** `tailEss` of draws already sorted in `scratch.rank`. */
function tailEssOf(half: HalfChains): number {
  const lower = indicatorEss(half, 0.05);
  const upper = indicatorEss(half, 0.95);
  return upper < lower || Number.isNaN(lower) ? upper : lower;
}

/** Mean of all draws of the half-chains, and their second and fourth moment about it. */
function centralMoments(values: Float64Array): { mean: number; second: number; fourth: number } {
  const origin = values[0];
  let sum = 0;
  for (const value of values) sum += value - origin;
  const shift = sum / values.length;
  let second = 0;
  let fourth = 0;
  for (const value of values) {
    const distance = value - origin - shift;
    const square = distance * distance;
    second += square;
    fourth += square * square;
  }
  return { mean: origin + shift, second: second / values.length, fourth: fourth / values.length };
}

/** Effective sample size for the standard deviation: that of the squared distances from the mean. */
export function stdEss(chains: Chains): number {
  return ofHalves(chains, (half) => stdEssOf(half, centralMoments(half.values).mean));
}

function stdEssOf({ values, scratch }: HalfChains, mean: number): number {
  return essOfHalves(
    values.map((value) => (value - mean) * (value - mean)),
    scratch,
  );
}

/** Monte Carlo standard error of the mean, `std / sqrt(meanEss)`, in the unit of the draws. */
export function meanMcse(chains: Chains): number {
  return ofHalves(chains, ({ values, scratch }) => {
    const { second } = centralMoments(values);
    return Math.sqrt((second * values.length) / (values.length - 1) / essOfHalves(values, scratch));
  });
}

/**
 * Monte Carlo standard error of the standard deviation, in the unit of the draws.
 *
 * The variance is the mean of the squared distances `d`, so its error is `sqrt(var(d) / stdEss)`; that of its square
 * root follows from the derivative, `1 / (2 std)`. No normal distribution is assumed.
 */
export function stdMcse(chains: Chains): number {
  return ofHalves(chains, stdMcseOf);
}

function stdMcseOf(half: HalfChains): number {
  const { mean, second, fourth } = centralMoments(half.values);
  return Math.sqrt((fourth - second * second) / stdEssOf(half, mean) / (4 * second));
}

/**
 * Monte Carlo standard error of the quantile at `probability`, in the unit of the draws: half the distance between the
 * quantiles at the ends of a 68 % interval for the probability.
 *
 * Deviation: Vehtari et al. (2021, section 4.3) take the interval from a Beta distribution; Wilson's score interval with the same
 * effective size is used here. It needs no incomplete beta function and differs by terms of order 1 / ESS.
 */
export function quantileMcse(chains: Chains, probability: number): number {
  return ofHalves(chains, (half) => {
    const { rank } = half.scratch;
    sortDraws(half.values, rank);
    return quantileSpread(rank, probability, indicatorEss(half, probability));
  });
}

/**
 * Half the distance between the quantiles at the ends of Wilson's 68 % interval for the probability.
 *
 * @param rank holds the sorted draws
 * @param ess effective size of the indicator of draws at or below the quantile
 */
export function quantileSpread(rank: RankScratch, probability: number, ess: number): number {
  const centre = (probability + 1 / (2 * ess)) / (1 + 1 / ess);
  const spread = Math.sqrt((probability * (1 - probability)) / ess + 1 / (4 * ess * ess)) / (1 + 1 / ess);
  const lower = sortedQuantile(rank, Math.max(centre - spread, 0));
  const upper = sortedQuantile(rank, Math.min(centre + spread, 1));
  return (upper - lower) / 2;
}

/** Integrated autocorrelation time of the mean in draws: number of draws over `meanEss`; 1 for independent draws. */
export function autocorrelationTime(chains: Chains): number {
  return ofHalves(chains, ({ values, scratch }) => values.length / essOfHalves(values, scratch));
}

/**
 * All convergence figures of one quantity.
 *
 * @param name how messages call it
 * @returns mean and standard deviation of the draws compared (see the rules at the top of this file), R-hat, bulk effective
 * sample size, standard error of the mean
 */
export function convergence(name: string, chains: Chains): Convergence {
  const half = halfChains(chains);
  if (half === undefined) {
    const { used } = commonDraws(chains);
    const first = used[0]?.[0] ?? Number.NaN;
    const constant = used.every((chain) => Array.prototype.every.call(chain, (value) => value === first));
    const mean = constant ? first : Number.NaN;
    return { name, mean, std: mean - mean, rhat: Number.NaN, ess: Number.NaN, mcse: Number.NaN };
  }
  return convergenceOf(name, half).row;
}

function convergenceOf(name: string, half: HalfChains): { row: Convergence; sizeOfMean: number } {
  const { values, scratch } = half;
  const { mean, second } = centralMoments(values);
  const variance = (second * values.length) / (values.length - 1);
  const sizeOfMean = essOfHalves(values, scratch);
  const mcse = Math.sqrt(variance / sizeOfMean);
  const row = { name, mean, std: Math.sqrt(variance), ...ranked(half), mcse };
  return { row, sizeOfMean };
}

/** What the chains say of one quantity; each figure is that of the function of its name. */
export interface ChainFigures {
  readonly convergence: Convergence;
  readonly tailEss: number;
  readonly autocorrelationTime: number;
  readonly stdMcse: number;
  /** Of the quantiles asked for. */
  readonly quantiles: readonly { readonly mcse: number; readonly ess: number }[];
}

/** All figures at once: draws are halved and sorted, and each effective size computed, a single time. `kept` is changed. */
export function chainFigures(
  name: string,
  chains: Chains,
  probabilities: readonly number[],
  kept?: KeptScratch,
): ChainFigures {
  const half = halfChains(chains, kept);
  if (half === undefined) {
    const [tailEss, autocorrelationTime, stdMcse] = [Number.NaN, Number.NaN, Number.NaN];
    const quantiles = probabilities.map(() => ({ mcse: Number.NaN, ess: Number.NaN }));
    return { convergence: convergence(name, chains), tailEss, autocorrelationTime, stdMcse, quantiles };
  }
  const { row, sizeOfMean } = convergenceOf(name, half);
  return {
    convergence: row,
    tailEss: tailEssOf(half),
    autocorrelationTime: half.values.length / sizeOfMean,
    stdMcse: stdMcseOf(half),
    quantiles: probabilities.map((probability) => {
      const ess = indicatorEss(half, probability);
      return { mcse: quantileSpread(half.scratch.rank, probability, ess), ess };
    }),
  };
}
