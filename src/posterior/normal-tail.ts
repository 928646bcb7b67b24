import { exponential } from "../data/random/exponential.js";

const SQRT_TWO_PI = 2.5066282746310002;
/** Below, the Taylor series is short; above, the continued fraction. */
const SERIES_END = 3;

/**
 * Probability that a standard normal number is at least as far from 0 as `z`.
 *
 * Below 3 by the series `1 - 2 phi(z) (z + z^3 / 3 + z^5 / 15 + ...)` (Abramowitz & Stegun 26.2.11), above by the continued
 * fraction `2 phi(z) / (z + 1 / (z + 2 / (z + ...)))` (26.2.14). Relative error below 1e-11.
 */
export function normalTwoSidedTail(z: number): number {
  const distance = Math.abs(z);
  if (Number.isNaN(distance)) return Number.NaN;
  if (distance > 38) return 0;
  const density = exponential((-distance * distance) / 2) / SQRT_TWO_PI;
  if (distance < SERIES_END) {
    let term = distance;
    let sum = distance;
    for (let k = 1; term > 1e-17 * sum; k++) {
      term *= (distance * distance) / (2 * k + 1);
      sum += term;
    }
    return Math.max(0, 1 - 2 * density * sum);
  }
  let fraction = distance;
  for (let k = 120; k >= 1; k--) fraction = distance + k / fraction;
  return (2 * density) / fraction;
}
