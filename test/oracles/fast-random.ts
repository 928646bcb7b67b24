/** Fast random numbers for tens of millions of draws. */
export interface FastRandom {
  /** Uniform on the open interval (0, 1), 32 random bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Gamma(shape, rate 1), shape >= 1. */
  gammaAboveOne(shape: number): number;
  /** Gamma(shape, rate 1), shape > 0. */
  gamma(shape: number): number;
}

/**
 * A stream of fast random numbers: xoshiro128++ (Blackman & Vigna 2021), Marsaglia's polar method, and Marsaglia & Tsang
 * (2000) with its squeeze.
 */
export function fastRandom(seed: number): FastRandom {
  const state = new Int32Array(4);
  let key = seed | 0;
  for (let index = 0; index < 4; index++) {
    // SplitMix32: a Weyl sequence through a finaliser.
    key = (key + 0x9e3779b9) | 0;
    let word = Math.imul(key ^ (key >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    state[index] = word ^ (word >>> 15);
  }
  let [s0, s1, s2, s3] = state;

  function uniform(): number {
    const mixed = (s0 + s3) | 0;
    const result = (((mixed << 7) | (mixed >>> 25)) + s0) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = (s3 << 11) | (s3 >>> 21);
    return (result + 0.5) * 2 ** -32;
  }

  let spare = 0;
  let hasSpare = false;
  function normal(): number {
    if (hasSpare) {
      hasSpare = false;
      return spare;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * factor;
      hasSpare = true;
      return x * factor;
    }
  }

  function gammaAboveOne(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const z = normal();
      const root = 1 + c * z;
      if (root <= 0) continue;
      const v = root * root * root;
      const u = uniform();
      const square = z * z;
      if (u < 1 - 0.0331 * square * square) return d * v;
      if (Math.log(u) < 0.5 * square + d * (1 - v + Math.log(v))) return d * v;
    }
  }

  function gamma(shape: number): number {
    if (shape >= 1) return gammaAboveOne(shape);
    return gammaAboveOne(shape + 1) * Math.exp(Math.log(uniform()) / shape);
  }

  return { uniform, normal, gammaAboveOne, gamma };
}
