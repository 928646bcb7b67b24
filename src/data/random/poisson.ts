import { InvalidInputError } from "../../errors.js";
import { exponential, naturalLog } from "./exponential.js";
import type { RandomStream } from "./random.js";

/** Below this mean, count uniform factors; above, transformed rejection. */
const REJECTION_MEAN = 10;
/** Above this mean a draw is no longer exact to one count in double precision. */
const LARGEST_MEAN = 2 ** 52;

/**
 * Draw from Poisson(mean), exactly (up to the rounding of doubles) for every mean in [0, 2^52].
 *
 * Mean below 10: the number of uniform factors whose product stays above `exp(-mean)` (Knuth), which has no
 * truncated tail. Otherwise the transformed rejection method PTRS (Hörmann 1993, Insurance: Math. & Econ. 12, 39).
 *
 * @throws InvalidInputError when the mean is negative, too large or not a number
 */
export function drawPoisson(stream: RandomStream, mean: number): number {
  if (!(mean >= 0 && mean <= LARGEST_MEAN)) {
    throw new InvalidInputError(
      `drawPoisson: mean must lie in [0, 2^52], got ${mean}; check flux and exposure`,
      { fields: { mean } },
    );
  }
  return mean < REJECTION_MEAN ? drawByProduct(stream, mean) : drawByRejection(stream, mean);
}

function drawByProduct(stream: RandomStream, mean: number): number {
  if (mean === 0) return 0;
  const limit = exponential(-mean);
  let product = stream.uniform();
  let count = 0;
  while (product > limit) {
    product *= stream.uniform();
    count++;
  }
  return count;
}

function drawByRejection(stream: RandomStream, mean: number): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = stream.uniform() - 0.5;
    const v = stream.uniform();
    const distance = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / distance + b) * u + mean + 0.43);
    if (distance >= 0.07 && v <= squeeze) return count;
    if (!(count >= 0) || (distance < 0.013 && v > distance)) continue;
    const logRatio = naturalLog((v * inverseAlpha) / (a / (distance * distance) + b));
    if (logRatio <= logPoisson(count, mean)) return count;
  }
}

const LOG_TWO_PI = 1.8378770664093453;

/**
 * `ln P(count)` for a Poisson mean > 0, without the cancellation of `count ln mean - mean - ln count!` at large
 * means: saddle-point form `-stirlingError - deviance - ln(2 pi count) / 2` (Loader 2000).
 */
export function logPoisson(count: number, mean: number): number {
  if (count < 16) {
    let factorial = 1;
    for (let n = 2; n <= count; n++) factorial *= n;
    return count * naturalLog(mean) - mean - naturalLog(factorial);
  }
  return -stirlingError(count) - halfDeviance(count, mean) - 0.5 * (LOG_TWO_PI + naturalLog(count));
}

/** `ln n! - ((n + 1/2) ln n - n + ln(2 pi) / 2)` for n >= 16, from the Stirling series (error below 1e-15). */
function stirlingError(n: number): number {
  const inverse = 1 / n;
  const inverse2 = inverse * inverse;
  return (
    inverse *
    (1 / 12 - inverse2 * (1 / 360 - inverse2 * (1 / 1260 - inverse2 * (1 / 1680 - inverse2 / 1188))))
  );
}

/**
 * `count ln(count / mean) + mean - count` >= 0 (with `0 ln 0 = 0`); a power series where the three terms cancel.
 * Infinity when the mean is 0 and the count is not.
 */
export function halfDeviance(count: number, mean: number): number {
  if (count === 0) return mean;
  const difference = count - mean;
  // Also where the mean is NaN, of which there is no end of terms.
  if (!(Math.abs(difference) < 0.1 * (count + mean))) {
    return count * naturalLog(count / mean) + mean - count;
  }
  // With v = (count - mean) / (count + mean): count ln(count/mean) = 2 count (v + v^3/3 + v^5/5 + ...), and
  // mean - count + 2 count v = difference v.
  const v = difference / (count + mean);
  const v2 = v * v;
  let sum = difference * v;
  let term = 2 * count * v;
  for (let n = 3; ; n += 2) {
    term *= v2;
    const next = sum + term / n;
    if (next === sum) return sum;
    sum = next;
  }
}
