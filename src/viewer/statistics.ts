/** Statistics of draws. */

import { concatenated } from "../concatenated.js";
import { quantileOfSorted } from "../data/random/sorted-quantile.js";

/** All chains in one array. */
export function pooled(chains: readonly ArrayLike<number>[]): Float64Array {
  return concatenated(Float64Array, chains);
}

/** Arithmetic mean; NaN of nothing. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index];
  return sum / values.length;
}

/** Standard deviation, divisor n - 1. */
export function stdOf(values: ArrayLike<number>): number {
  const mean = meanOf(values);
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] - mean) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

/** Quantiles of values in any order, see `quantileOfSorted`. */
export function quantilesOf(values: Float64Array, probabilities: readonly number[]): number[] {
  const sorted = values.slice().sort();
  return probabilities.map((probability) => quantileOfSorted(sorted, probability));
}

/** Pearson correlation; NaN when one of the two does not vary. */
export function correlation(first: Float64Array, second: Float64Array): number {
  const [a, b] = [meanOf(first), meanOf(second)];
  let [both, one, two] = [0, 0, 0];
  for (let index = 0; index < first.length; index++) {
    const x = first[index] - a;
    const y = second[index] - b;
    both += x * y;
    one += x * x;
    two += y * y;
  }
  return one > 0 && two > 0 ? both / Math.sqrt(one * two) : Number.NaN;
}

/** Numbers of values in equal bins between two limits. */
export function histogram(values: ArrayLike<number>, low: number, high: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let index = 0; index < values.length; index++) {
    const bin = Math.floor(((values[index] - low) / (high - low)) * bins);
    counts[Math.min(Math.max(bin, 0), bins - 1)]++;
  }
  return counts;
}
