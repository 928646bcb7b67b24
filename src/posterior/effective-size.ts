import { naturalLog } from "../data/random/exponential.js";
import { type AutocovarianceScratch, meanAutocovariance } from "./autocovariance.js";

/** Shortest chain (after splitting) that has a first pair of lags with enough products behind it. */
const FEWEST_LAGS = 5;

/** Variance within and between chains of equal length, from which R-hat and the effective sample size start. */
export interface VarianceSplit {
  /** Mean over chains of the variance within a chain, divisor n - 1. */
  within: number;
  /** Estimate of the posterior variance from all chains, `(n - 1) / n * within + variance of the chain means`. */
  pooled: number;
}

/**
 * Variances within and between chains (Vehtari et al. 2021, eqs. 1 to 3).
 *
 * @param values `[chains, length]`, row-major
 * @param means result: the mean of each chain
 * @param split result
 */
export function splitVariance(
  values: Float64Array,
  chains: number,
  length: number,
  means: Float64Array,
  split: VarianceSplit,
): void {
  let within = 0;
  for (let chain = 0; chain < chains; chain++) {
    const start = chain * length;
    const origin = values[start]; // distances from it make the variance of a constant exactly zero
    let sum = 0;
    for (let i = start; i < start + length; i++) sum += values[i] - origin;
    const mean = sum / length;
    let squares = 0;
    for (let i = start; i < start + length; i++) {
      const distance = values[i] - origin - mean;
      squares += distance * distance;
    }
    means[chain] = origin + mean;
    within += squares / (length - 1);
  }
  within /= chains;
  let between = 0;
  if (chains > 1) {
    const origin = means[0];
    let sum = 0;
    for (let chain = 0; chain < chains; chain++) sum += means[chain] - origin;
    const mean = sum / chains;
    for (let chain = 0; chain < chains; chain++) {
      const distance = means[chain] - origin - mean;
      between += distance * distance;
    }
    between /= chains - 1;
  }
  split.within = within;
  split.pooled = ((length - 1) / length) * within + between;
}

/** R-hat of two variances (Vehtari et al. 2021, eq. 4): infinite when no chain moves but they differ; NaN for a constant. */
export function rhatOf({ within, pooled }: VarianceSplit): number {
  return Math.sqrt(pooled / within);
}

/**
 * Effective sample size of all chains together (Vehtari et al. 2021, section 3.2).
 *
 * The autocorrelation `rho_t = 1 - (W - c_t) / V` combines the mean autocovariance `c_t` with the variance within (`W`)
 * and over (`V`) chains, so that chains which disagree have a small effective size. The sum of `rho_t` is cut by
 * Geyer's initial monotone positive sequence (Geyer 1992, section 3.3): sums of neighbouring lags `2k, 2k + 1` are kept
 * as long as they are positive and never allowed to rise. Of the first pair that is dropped, half the weight of its
 * even lag stays if positive, which keeps the estimate from being biased low for antithetic chains. The size is capped
 * at `S log10(S)` of `S` draws.
 *
 * @param values `[chains, length]`, row-major, finite
 * @param chains number of chains (after splitting)
 * @param means mean of each chain, from `splitVariance`
 * @param split variances of the same values, from `splitVariance`
 * @param scratch for chains of this length; mutated
 * @returns NaN for chains of fewer than 5 draws and for a constant
 */
export function effectiveSize(
  values: Float64Array,
  chains: number,
  means: Float64Array,
  { within, pooled }: VarianceSplit,
  scratch: AutocovarianceScratch,
): number {
  const { length, lags } = scratch;
  if (length < FEWEST_LAGS || chains < 1 || !(pooled > 0)) return Number.NaN;
  meanAutocovariance(values, chains, means, scratch);
  const correlation = (lag: number) => 1 - (within - lags[lag]) / pooled;
  let sum = 0;
  let previous = Infinity;
  let lag = 0;
  let even = 1;
  while (lag + 1 <= length - 4) {
    // later lags rest on a few products
    const pair = even + correlation(lag + 1);
    if (!(pair > 0)) break;
    previous = Math.min(previous, pair);
    sum += previous;
    lag += 2;
    even = correlation(lag);
  }
  const draws = chains * length;
  const time = -1 + 2 * sum + Math.max(even, 0);
  return draws / Math.max(time, shortestTime(draws));
}

/** The shortest time that is believed: so many draws are never worth more than `draws log10(draws)`. */
export function shortestTime(draws: number): number {
  return Math.LN10 / naturalLog(draws);
}
