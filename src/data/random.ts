import { InvalidInputError } from "../errors.js";
import { exponential, naturalLog } from "./exponential.js";

/** A stream of random numbers. The same seed gives the same numbers in every engine. */
export interface RandomStream {
  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number;
  /** The next 64 random bits as two unsigned 32-bit halves; the array is reused by the next call. */
  bits(): readonly [high: number, low: number];
}

/** Kept apart from the seeds of chains: data and chain of the same seed must not share random numbers. */
const SIMULATION_DOMAIN = 0x73696d756c617465n; // "simulate" in ASCII
const MASK64 = 0xffffffffffffffffn;

/** Largest seed plus one: whole numbers below are exact as a JavaScript number. */
const SEED_LIMIT = 2 ** 53;

/**
 * A random stream for simulated data.
 *
 * xoshiro256++ (Blackman & Vigna 2021, ACM TOMS 47, 36), its state filled by SplitMix64 from the seed.
 *
 * @param seed whole number in [0, 2^53)
 * @throws InvalidInputError for any other seed
 */
export function randomStream(seed: number): RandomStream {
  if (!Number.isInteger(seed) || seed < 0 || seed >= SEED_LIMIT) {
    throw new InvalidInputError(`random: seed must be a whole number in [0, 2^53), got ${seed}; round it`, {
      fields: { seed },
    });
  }
  return xoshiro256pp(splitMix64(BigInt(seed) ^ SIMULATION_DOMAIN, 4));
}

/** The first `length` outputs of SplitMix64 started at `state` (Steele, Lea & Flood 2014). */
export function splitMix64(state: bigint, length: number): bigint[] {
  return Array.from({ length }, () => {
    state = (state + 0x9e3779b97f4a7c15n) & MASK64;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK64;
    return z ^ (z >> 31n);
  });
}

/**
 * xoshiro256++ from a given state, in 32-bit halves (BigInt would be 50 times slower).
 *
 * @param state four 64-bit words, not all zero
 */
export function xoshiro256pp(state: readonly bigint[]): RandomStream {
  const half = (word: number, shift: bigint) => Number((state[word] >> shift) & 0xffffffffn) | 0;
  let high0 = half(0, 32n);
  let low0 = half(0, 0n);
  let high1 = half(1, 32n);
  let low1 = half(1, 0n);
  let high2 = half(2, 32n);
  let low2 = half(2, 0n);
  let high3 = half(3, 32n);
  let low3 = half(3, 0n);
  const output: [number, number] = [0, 0];

  function bits(): readonly [number, number] {
    // output = rotl(s0 + s3, 23) + s0
    const sumLow = (low0 >>> 0) + (low3 >>> 0);
    const sumHigh = (high0 + high3 + (sumLow > 0xffffffff ? 1 : 0)) | 0;
    const rotatedHigh = (sumHigh << 23) | ((sumLow | 0) >>> 9);
    const rotatedLow = ((sumLow | 0) << 23) | (sumHigh >>> 9);
    const low = (rotatedLow >>> 0) + (low0 >>> 0);
    output[0] = (rotatedHigh + high0 + (low > 0xffffffff ? 1 : 0)) >>> 0;
    output[1] = low >>> 0;

    const shiftedHigh = (high1 << 17) | (low1 >>> 15);
    const shiftedLow = low1 << 17;
    high2 ^= high0;
    low2 ^= low0;
    high3 ^= high1;
    low3 ^= low1;
    high1 ^= high2;
    low1 ^= low2;
    high0 ^= high3;
    low0 ^= low3;
    high2 ^= shiftedHigh;
    low2 ^= shiftedLow;
    // s3 = rotl(s3, 45): swap the halves, then rotate by 13
    const swappedHigh = low3;
    const swappedLow = high3;
    high3 = (swappedHigh << 13) | (swappedLow >>> 19);
    low3 = (swappedLow << 13) | (swappedHigh >>> 19);
    return output;
  }

  return {
    bits,
    uniform() {
      const [high, low] = bits();
      return ((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992;
    },
  };
}

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
      `random: a Poisson mean must lie in [0, 2^52], got ${mean}; check flux and exposure`,
      {
        fields: { mean },
      },
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
  if (Math.abs(difference) >= 0.1 * (count + mean)) {
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
