/** What an aperture can see before one looks: chances of counts, and the flux that is found half of the time. */

import { exponential } from "../data/random/exponential.js";
import { logPoisson } from "../data/random/poisson.js";
import { normalTwoSidedTail } from "../posterior/normal-tail.js";

/** Terms that are this much smaller than the sum add nothing. */
const NEGLIGIBLE = 1e-17;
/** Mean from which sums are long, and a normal law of the cube root is as good (Wilson & Hilferty 1931, PNAS 17, 684). */
const LARGE = 1e8;

/** Probability of `count` or more from Poisson laws of the means, each counting alike. @param count whole, >= 0 */
export function chanceOf(count: number, means: readonly number[]): number {
  return means.reduce((sum, mean) => sum + poissonTail(count, mean), 0) / means.length;
}

function poissonTail(count: number, mean: number): number {
  if (count <= 0) return 1;
  if (mean === 0) return 0;
  if (mean > LARGE) {
    const part = 1 / (9 * count);
    const z = (1 - part - Math.cbrt(mean / count)) / Math.sqrt(part);
    const beyond = normalTwoSidedTail(z) / 2;
    return z > 0 ? beyond : 1 - beyond;
  }
  // From the side on which the terms fall, so that the sum is short and small chances are exact.
  if (count > mean) {
    let term = exponential(logPoisson(count, mean));
    let sum = term;
    for (let next = count + 1; term > NEGLIGIBLE * sum; next++) {
      term *= mean / next;
      sum += term;
    }
    return sum;
  }
  let term = exponential(logPoisson(count - 1, mean));
  let sum = term;
  for (let next = count - 1; next > 0 && term > NEGLIGIBLE * sum; next--) {
    term *= next / mean;
    sum += term;
  }
  return Math.max(0, 1 - sum);
}

/** The smallest count whose chance is at most a probability. */
export function criticalCount(probability: number, means: readonly number[]): number {
  let [low, high] = [0, 1];
  while (chanceOf(high, means) > probability) [low, high] = [high, 2 * high];
  // Whole numbers above 2^53 lie further apart.
  while (high - low > Math.max(1, Number.EPSILON * high)) {
    const middle = Math.floor((low + high) / 2);
    if (chanceOf(middle, means) > probability) low = middle;
    else high = middle;
  }
  return high;
}

/** The median of the counts. */
export function medianCount(means: readonly number[]): number {
  return criticalCount(0.5, means) - 1;
}

/**
 * The flux whose counts reach `count` with a probability of one half (Kashyap et al. 2010, ApJ 719, 900: the upper limit of a
 * detection).
 *
 * @param means of all other light
 * @param unit counts of a source of flux 1 with each of them, > 0
 */
export function fluxFoundHalf(count: number, means: readonly number[], unit: readonly number[]): number {
  const withSource = (flux: number) => means.map((mean, index) => mean + flux * unit[index]);
  const chance = (flux: number) => chanceOf(count, withSource(flux));
  if (chance(0) >= 0.5) return 0;
  let [low, high] = [0, (count + 1) / Math.min(...unit)];
  while (high - low > 1e-6 * high) {
    const middle = (low + high) / 2;
    if (chance(middle) < 0.5) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
