import { InvalidInputError } from "../../errors.js";

/** A stream of random numbers. The same seed gives the same numbers in every engine. */
export interface RandomStream {
  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number;
  /** The next 64 random bits as two unsigned 32-bit halves; the array is reused by the next call. */
  bits(): readonly [high: number, low: number];
}

/** A stream that can be taken up where it was left. */
export interface SavedStream extends RandomStream {
  /** Copy the state: eight 32-bit words. */
  save(): Float64Array;
  /** Go on from a copy. */
  restore(words: ArrayLike<number>): void;
}

/** Kept apart from the seeds of chains: data and chain of the same seed must not share random numbers. */
const SIMULATION_DOMAIN = 0x73696d756c617465n; // "simulate" in ASCII
const MASK64 = 0xffffffffffffffffn;
/** Step of SplitMix64. */
const GOLDEN = 0x9e3779b97f4a7c15n;

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
export function randomStream(seed: number): SavedStream {
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
    state = (state + GOLDEN) & MASK64;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK64;
    return z ^ (z >> 31n);
  });
}

/**
 * A seed made from another: number `index` of the stream of SplitMix64 that `seed` starts in a domain of its own.
 *
 * @param domain keeps seeds for different uses apart
 * @param seed whole number in [0, 2^53)
 * @param index from 0
 * @returns whole number in [0, 2^53)
 */
export function derivedSeed(domain: bigint, seed: number, index: number): number {
  const start = ((BigInt(seed) ^ domain) + BigInt(index) * GOLDEN) & MASK64;
  return Number(splitMix64(start, 1)[0] >> 11n);
}

/**
 * xoshiro256++ from a given state, in 32-bit halves (BigInt would be 50 times slower).
 *
 * @param state four 64-bit words, not all zero
 */
export function xoshiro256pp(state: readonly bigint[]): SavedStream {
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
    save: () => Float64Array.of(high0, low0, high1, low1, high2, low2, high3, low3),
    restore(words) {
      [high0, low0, high1, low1, high2, low2, high3, low3] = Array.from(words);
    },
  };
}
