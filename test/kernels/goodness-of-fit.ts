// Tests of draws against laws that are known. Seeds are fixed, so a verdict never flickers; the stated rates are the
// chance that right code would have met a false alarm when its seeds were chosen.

import { chiSquareTail, normalTwoSidedTail } from "../oracles/textbook-special.js";

/**
 * p-value of Pearson's test of observed numbers against expected ones; bins that expect fewer than 8 are pooled.
 *
 * @returns 1 when there is a single bin; 0 when something was seen where nothing may be
 */
export function pearson(observed: ArrayLike<number>, expected: ArrayLike<number>): number {
  let statistic = 0;
  let bins = 0;
  let pooledSeen = 0;
  let pooledExpected = 0;
  for (let bin = 0; bin < expected.length; bin++) {
    if (expected[bin] === 0) {
      if (observed[bin] > 0) return 0;
    } else if (expected[bin] < 8) {
      pooledSeen += observed[bin];
      pooledExpected += expected[bin];
    } else {
      statistic += (observed[bin] - expected[bin]) ** 2 / expected[bin];
      bins++;
    }
  }
  if (pooledExpected >= 8) {
    statistic += (pooledSeen - pooledExpected) ** 2 / pooledExpected;
    bins++;
  } else if (pooledSeen > 40) {
    // Expected below 8: the chance of more than 40 is below 1e-15.
    return 0;
  }
  return bins < 2 ? 1 : chiSquareTail(statistic, bins - 1);
}

/** p-value (normal, two-sided) of the mean of independent draws with a known mean, spread taken from the draws. */
export function meanTest(values: ArrayLike<number>, expected: number): number {
  const size = values.length;
  let sum = 0;
  let squares = 0;
  for (let index = 0; index < size; index++) {
    const deviation = values[index] - expected;
    sum += deviation;
    squares += deviation * deviation;
  }
  const mean = sum / size;
  const variance = (squares / size - mean * mean) / (size - 1);
  return variance > 0 ? normalTwoSidedTail(mean / Math.sqrt(variance)) : mean === 0 ? 1 : 0;
}

/** Probabilities of 0, 1, ..., `most` under Poisson(mean); the last entry is the rest of the tail. */
export function poissonProbabilities(mean: number, most: number): number[] {
  const values = [Math.exp(-mean)];
  for (let k = 1; k < most; k++) values.push((values[k - 1] * mean) / k);
  values.push(Math.max(0, 1 - values.reduce((sum, value) => sum + value, 0)));
  return values;
}

/** Probabilities of 0, 1, ..., n under Binomial(n, p), 0 < p < 1. */
export function binomialProbabilities(n: number, p: number): number[] {
  const logs = [n * Math.log1p(-p)];
  for (let k = 1; k <= n; k++) {
    logs.push(logs[k - 1] + Math.log((n - k + 1) / k) + Math.log(p) - Math.log1p(-p));
  }
  return logs.map(Math.exp);
}
