/**
 * Random variates of the textbook sampler: short methods with textbook proofs, exact at every size, and no code
 * shared with the kernels. Speed comes second.
 */

/** A stream of random numbers. */
export interface TextbookRandom {
  /** Uniform on the open interval (0, 1), 52 random bits. */
  uniform(): number;
  /** Uniform whole number in `[0, count)`. */
  below(count: number): number;
  /** Standard normal. */
  normal(): number;
  /** Logarithm of a Gamma(shape, rate 1) variate, shape > 0; finite even where the variate itself underflows. */
  logGamma(shape: number): number;
  /** Gamma(shape, rate), shape > 0, rate > 0. */
  gamma(shape: number, rate: number): number;
  /** Poisson count of the given mean >= 0. */
  poisson(mean: number): number;
  /** Binomial count of `trials` >= 0 whole trials with the given probability in [0, 1]. */
  binomial(trials: number, probability: number): number;
}

/** Hash that turns consecutive whole numbers into unrelated 32-bit words (the finaliser of MurmurHash3). */
function mixBits(word: number): number {
  let hash = word | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Open the random stream `(seed, stream)`: xoshiro128** of Blackman & Vigna (2021, ACM TOMS 47, 36).
 *
 * @param seed whole number in [0, 2^53)
 * @param stream whole number in [0, 2^32), for example the number of the chain
 */
export function textbookRandom(seed: number, stream = 0): TextbookRandom {
  const state = new Uint32Array(4);
  let key =
    mixBits(seed >>> 0) ^ mixBits(Math.floor(seed / 2 ** 32) + 0x51ed270b) ^ mixBits(stream + 0x2545f491);
  for (let index = 0; index < 4; index++) {
    key = (key + 0x9e3779b9) >>> 0;
    state[index] = mixBits(key) ^ mixBits(stream + index + 1);
  }
  if (state.every((word) => word === 0)) state[0] = 1;

  function nextWord(): number {
    const scrambled = Math.imul(state[1], 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = (state[3] << 11) | (state[3] >>> 21);
    return result;
  }
  for (let warmUp = 0; warmUp < 16; warmUp++) nextWord();

  function uniform(): number {
    // 52 bits plus a half: 0 and 1 are impossible, so that logarithms are finite.
    const high = nextWord() >>> 6;
    const low = nextWord() >>> 6;
    return (high * 2 ** 26 + low + 0.5) * 2 ** -52;
  }

  function below(count: number): number {
    return Math.floor(uniform() * count);
  }

  let spare = Number.NaN;
  /** Box & Muller (1958). */
  function normal(): number {
    if (!Number.isNaN(spare)) {
      const kept = spare;
      spare = Number.NaN;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Marsaglia & Tsang (2000, ACM TOMS 26, 363), for shape >= 1. */
  function gammaAboveOne(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const z = normal();
      const cubeRoot = 1 + c * z;
      if (cubeRoot <= 0) continue;
      const v = cubeRoot * cubeRoot * cubeRoot;
      if (Math.log(uniform()) < 0.5 * z * z + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  function logGamma(shape: number): number {
    if (shape >= 1) return Math.log(gammaAboveOne(shape));
    // G(a) = G(a + 1) U^(1/a), in logarithms.
    return Math.log(gammaAboveOne(shape + 1)) + Math.log(uniform()) / shape;
  }

  function gamma(shape: number, rate: number): number {
    return (shape >= 1 ? gammaAboveOne(shape) : Math.exp(logGamma(shape))) / rate;
  }

  /** Ahrens & Dieter (1974, Computing 12, 223): halve the mean by a gamma waiting time, invert what is left. */
  function poisson(mean: number): number {
    let count = 0;
    let rest = mean;
    while (rest > 16) {
      const order = Math.floor((7 / 8) * rest);
      const wait = gammaAboveOne(order);
      if (wait > rest) return count + binomial(order - 1, rest / wait);
      count += order;
      rest -= wait;
    }
    const floor = Math.exp(-rest);
    let product = uniform();
    while (product > floor) {
      count++;
      product *= uniform();
    }
    return count;
  }

  /** Relles (1972, JASA 67, 612): halve the trials by an order statistic, count what is left one by one. */
  function binomial(trials: number, probability: number): number {
    let count = 0;
    let left = trials;
    let p = probability;
    while (left > 24) {
      if (p <= 0) return count;
      if (p >= 1) return count + left;
      const rank = 1 + Math.floor(left / 2);
      const first = gammaAboveOne(rank);
      const split = first / (first + gammaAboveOne(left + 1 - rank));
      if (split >= p) {
        left = rank - 1;
        p = p / split;
      } else {
        count += rank;
        left -= rank;
        p = (p - split) / (1 - split);
      }
    }
    for (let trial = 0; trial < left; trial++) if (uniform() < p) count++;
    return count;
  }

  return { uniform, below, normal, logGamma, gamma, poisson, binomial };
}
