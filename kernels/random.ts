// Random numbers of one chain. The generator is xoshiro256++ (Blackman and Vigna, ACM TOMS 47:36, 2021), seeded by
// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). Every draw has its exact distribution up to the rounding of doubles:
// no draw rests on fewer than 53 random bits, and probabilities far below 2^-53 are honoured.

import { exp, log, logPair } from "./special";

/** Address of the whole state of the generator: 4 u64, little-endian, 32 bytes. Copy them out and in to resume. */
export const randomState: usize = memory.data(32, 16);

// The layers of the two ziggurats (Marsaglia and Tsang, J. Stat. Softw. 5:8, 2000): 257 right edges, 257 heights of the
// unnormalised density there, and 256 edges per unit of the random integer.
const LAYERS: i32 = 256;
const normalEdges: usize = memory.data(257 * 8, 16);
const normalHeights: usize = memory.data(257 * 8, 16);
const normalSteps: usize = memory.data(256 * 8, 16);
const exponentialEdges: usize = memory.data(257 * 8, 16);
const exponentialHeights: usize = memory.data(257 * 8, 16);
const exponentialSteps: usize = memory.data(256 * 8, 16);

/** Where the tail begins, and the area common to all layers, for exp(-x^2/2) and exp(-x); solved with 60 digits. */
const NORMAL_TAIL: f64 = 3.6541528853610088;
const NORMAL_AREA: f64 = 0.004928673233974655;
const EXPONENTIAL_TAIL: f64 = 7.69711747013105;
const EXPONENTIAL_AREA: f64 = 0.003949659822581557;

const TWO_MINUS_53: f64 = 1.0 / 9007199254740992.0;
const TWO_MINUS_64: f64 = TWO_MINUS_53 / 2048.0;

/** Fill the tables, when the module is instantiated. */
function prepareZiggurats(): void {
  store<f64>(normalEdges, NORMAL_AREA / Math.exp(-0.5 * NORMAL_TAIL * NORMAL_TAIL));
  store<f64>(exponentialEdges, EXPONENTIAL_AREA / Math.exp(-EXPONENTIAL_TAIL));
  let normal = NORMAL_TAIL;
  let exponential = EXPONENTIAL_TAIL;
  for (let layer = 1; layer < LAYERS; layer++) {
    const at = (<usize>layer) << 3;
    const normalHeight = Math.exp(-0.5 * normal * normal);
    const exponentialHeight = Math.exp(-exponential);
    store<f64>(normalEdges + at, normal);
    store<f64>(normalHeights + at, normalHeight);
    store<f64>(exponentialEdges + at, exponential);
    store<f64>(exponentialHeights + at, exponentialHeight);
    if (layer + 1 < LAYERS) {
      normal = Math.sqrt(-2 * Math.log(normalHeight + NORMAL_AREA / normal));
      exponential = -Math.log(exponentialHeight + EXPONENTIAL_AREA / exponential);
    }
  }
  store<f64>(normalHeights + ((<usize>LAYERS) << 3), 1);
  store<f64>(exponentialHeights + ((<usize>LAYERS) << 3), 1);
  for (let layer = 0; layer < LAYERS; layer++) {
    const at = (<usize>layer) << 3;
    store<f64>(normalSteps + at, load<f64>(normalEdges + at) * TWO_MINUS_53);
    store<f64>(exponentialSteps + at, load<f64>(exponentialEdges + at) * TWO_MINUS_53);
  }
}

/** Multipliers of the finaliser of SplitMix64, in two halves (linters read numbers as doubles). */
const MIX_FIRST: u64 = (0xbf58476d << 32) | 0x1ce4e5b9;
const MIX_SECOND: u64 = (0x94d049bb << 32) | 0x133111eb;

/** The bijective finaliser of SplitMix64. */
function mix(bits: u64): u64 {
  let z = bits;
  z = (z ^ (z >> 30)) * MIX_FIRST;
  z = (z ^ (z >> 27)) * MIX_SECOND;
  return z ^ (z >> 31);
}

/** Increment of SplitMix64: 2^64 over the golden ratio, made odd. */
const GOLDEN: u64 = (0x9e3779b9 << 32) | 0x7f4a7c15;

/**
 * Start the generator at a place given by (seed, stream).
 *
 * Two Feistel rounds turn the pair into two words, reversibly; two SplitMix64 generators started there give words 0, 2
 * and words 1, 3 of the state. As every step can be undone, different pairs always give different states, and words 0
 * and 2 are never both zero, so the state is never the forbidden one. With 2^256 states and a period of 2^256 - 1, that
 * streams overlap within any feasible number of draws is out of the question (but it is a probability, not a theorem).
 *
 * @param seed any 64 bits
 * @param stream any 64 bits, for example the number of the chain
 */
export function seedRandom(seed: u64, stream: u64): void {
  const right = stream ^ mix(seed + GOLDEN);
  const left = seed ^ mix(right + GOLDEN);
  store<u64>(randomState, mix(left + GOLDEN));
  store<u64>(randomState, mix(right + GOLDEN), 8);
  store<u64>(randomState, mix(left + 2 * GOLDEN), 16);
  store<u64>(randomState, mix(right + 2 * GOLDEN), 24);
}

/** The next 64 random bits. */
export function nextBits(): u64 {
  const s0 = load<u64>(randomState);
  const s1 = load<u64>(randomState, 8);
  const s2 = load<u64>(randomState, 16) ^ s0;
  const s3 = load<u64>(randomState, 24) ^ s1;
  const result = rotl<u64>(s0 + (s3 ^ s1), 23) + s0;
  store<u64>(randomState, s0 ^ s3);
  store<u64>(randomState, s1 ^ s2, 8);
  store<u64>(randomState, s2 ^ (s1 << 17), 16);
  store<u64>(randomState, rotl<u64>(s3, 45), 24);
  return result;
}

/** A uniform number below 2^-10 from its leading 64 bits; 53 fresh bits continue them. */
function continueUniform(bits: u64): f64 {
  return (<f64>bits + drawUniform()) * TWO_MINUS_64;
}

/**
 * A uniform number in the open interval (0, 1), a multiple of 2^-53; below 2^-10 the grid is finer, so that
 * comparisons with tiny probabilities are exact too.
 */
export function drawUniform(): f64 {
  const bits = inline.always(nextBits());
  if (bits < 0x0040000000000000) return continueUniform(bits);
  return <f64>(<i64>(bits >> 11)) * TWO_MINUS_53;
}

/** A normal number beyond the last edge of the ziggurat (Marsaglia, Technometrics 6:101, 1964). */
function drawNormalTail(): f64 {
  let x: f64;
  let y: f64;
  do {
    x = -log(drawUniform()) / NORMAL_TAIL;
    y = -log(drawUniform());
  } while (2 * y < x * x);
  return NORMAL_TAIL + x;
}

/** The rare end of `drawNormal`: the wedge or the tail, then afresh when the wedge refuses. */
function finishNormal(first: f64, firstLayer: usize): f64 {
  let x = first;
  let at = firstLayer;
  while (true) {
    if (at === 0) return x < 0 ? -drawNormalTail() : drawNormalTail();
    const low = load<f64>(normalHeights + at);
    const high = load<f64>(normalHeights + at, 8);
    if (low + drawUniform() * (high - low) < exp(-0.5 * x * x)) return x;
    const bits = nextBits();
    at = (<usize>bits & 255) << 3;
    x = <f64>(<i64>bits >> 10) * load<f64>(normalSteps + at);
    if (abs(x) < load<f64>(normalEdges + at, 8)) return x;
  }
}

/** A standard normal number: ziggurat of 256 layers with exact wedges and tail. */
export function drawNormal(): f64 {
  // The layer takes the low 8 bits, the signed position within it the high 54.
  const bits = nextBits();
  const at = (<usize>bits & 255) << 3;
  const x = <f64>(<i64>bits >> 10) * load<f64>(normalSteps + at);
  if (abs(x) < load<f64>(normalEdges + at, 8)) return x;
  return finishNormal(x, at);
}

/** The rare end of `drawExponential`. */
function finishExponential(first: f64, firstLayer: usize): f64 {
  let x = first;
  let at = firstLayer;
  let offset: f64 = 0;
  while (true) {
    if (at === 0) {
      // Beyond the last edge the law is the same again.
      offset += EXPONENTIAL_TAIL;
    } else {
      const low = load<f64>(exponentialHeights + at);
      const high = load<f64>(exponentialHeights + at, 8);
      if (low + drawUniform() * (high - low) < exp(-x)) return offset + x;
    }
    const bits = nextBits();
    at = (<usize>bits & 255) << 3;
    x = <f64>(<i64>(bits >> 11)) * load<f64>(exponentialSteps + at);
    if (x < load<f64>(exponentialEdges + at, 8)) return offset + x;
  }
}

/** An exponential number of mean 1: ziggurat of 256 layers with exact wedges and tail. */
export function drawExponential(): f64 {
  const bits = nextBits();
  const at = (<usize>bits & 255) << 3;
  const x = <f64>(<i64>(bits >> 11)) * load<f64>(exponentialSteps + at);
  if (x < load<f64>(exponentialEdges + at, 8)) return x;
  return finishExponential(x, at);
}

/**
 * Marsaglia and Tsang's test in full: with v = (1+t)^3 and x^2 = 9 d t^2 it reads log(u) < x^2/2 + d - d v + d log v,
 * whose right side is -d g(t) with g(t) = t^3 - 3/2 t^2 + 3 t - 3 log(1+t).
 */
function acceptsGamma(u: f64, d: f64, t: f64): bool {
  if (t <= -1) return false;
  if (abs(t) < 0.03) {
    // The terms up to t^3 cancel, which would cost all digits for large d; what is left begins with 3/4 t^4.
    const t2 = t * t;
    const tail = 1.0 / 7.0 - t * (1.0 / 8.0 - t * (1.0 / 9.0 - t * (1.0 / 10.0 - t * (1.0 / 11.0))));
    const series = 1.0 / 4.0 - t * (1.0 / 5.0 - t * (1.0 / 6.0 - t * tail));
    return log(u) < -3 * d * t2 * t2 * series;
  }
  return log(u) < d * (t * t * (1.5 - t) + 3 * (log(1 + t) - t));
}

/**
 * A Gamma(d + 1/3) number divided by d (Marsaglia and Tsang, ACM TOMS 26:363, 2000); d >= 2/3, c = 1/sqrt(9d).
 *
 * The quick test is ours, tighter than theirs for every d. F(t) = t^4 - (1+t) g(t) has F(0) = F'(0) = 0 and
 * F''(t) = 3 t^2 / (1+t) >= 0, so g(t) <= t^4 / (1+t) for t > -1, and exp(-d g) >= 1 - d t^4 / (1+t): no logarithm
 * is needed when 1 - u exceeds the last fraction. It also refuses every t <= -1, which the full test then rejects.
 */
function drawCube(d: f64, c: f64): f64 {
  while (true) {
    const t = c * inline.always(drawNormal());
    const remaining = inline.always(drawUniform());
    const base = 1 + t;
    const t2 = t * t;
    if (remaining * base > d * t2 * t2 || acceptsGamma(1 - remaining, d, t)) return base * base * base;
  }
}

/**
 * A Gamma number of rate 1. For shapes far below 1 it may underflow to 0: use `drawLogGamma` there.
 *
 * @param shape in (0, 1e300]
 */
export function drawGamma(shape: f64): f64 {
  if (shape < 1) return exp(drawLogGamma(shape));
  const d = shape - 1.0 / 3.0;
  return d * drawCube(d, 1 / Math.sqrt(9 * d));
}

/**
 * The logarithm of a Gamma number of rate 1; never underflows. Below shape 1 it is log G(shape + 1) - E / shape with E
 * exponential (Marsaglia and Tsang's boost by U^(1/shape)).
 *
 * @param shape in (0, 1e300]
 */
export function drawLogGamma(shape: f64): f64 {
  const boosted = shape < 1;
  const d = (boosted ? shape + 1 : shape) - 1.0 / 3.0;
  const value = log(d * inline.always(drawCube(d, 1 / Math.sqrt(9 * d))));
  return boosted ? value - inline.always(drawExponential()) / shape : value;
}

/**
 * Logarithms of independent Gamma numbers of rate 1, as `drawLogGamma`, two at a time.
 *
 * @param shapes address of `count` f64, each in (0, 1e300]
 * @param out address of `count` f64 to fill; may equal `shapes`
 * @param count how many
 */
export function drawLogGammas(shapes: usize, out: usize, count: i32): void {
  let lastShape: f64 = -1;
  let d: f64 = 0;
  let c: f64 = 0;
  let inverse: f64 = 0;
  let firstProduct: f64 = 1;
  let firstShift: f64 = 0;
  for (let i = 0; i < count; i++) {
    const at = (<usize>i) << 3;
    const shape = load<f64>(shapes + at);
    const boosted = shape < 1;
    if (shape !== lastShape) {
      lastShape = shape;
      d = (boosted ? shape + 1 : shape) - 1.0 / 3.0;
      c = 1 / Math.sqrt(9 * d);
      inverse = 1 / shape;
    }
    const product = d * inline.always(drawCube(d, c));
    const shift = boosted ? inline.always(drawExponential()) * inverse : 0;
    if ((i & 1) === 0) {
      firstProduct = product;
      firstShift = shift;
      if (i + 1 === count) store<f64>(out + at, log(product) - shift);
    } else {
      const logs = inline.always(logPair(f64x2.replace_lane(f64x2.splat(firstProduct), 1, product)));
      const shifts = f64x2.replace_lane(f64x2.splat(firstShift), 1, shift);
      v128.store(out + at - 8, f64x2.sub(logs, shifts));
    }
  }
}

/**
 * A uniform integer in [0, n), free of bias (Lemire, ACM TOMACS 29:3, 2019).
 *
 * @param n at least 1
 */
export function drawIndex(n: i32): i32 {
  const range = <u64>(<u32>n);
  let product = (inline.always(nextBits()) >> 32) * range;
  if (<u32>product < <u32>n) {
    const threshold = (0 - <u32>n) % <u32>n;
    while (<u32>product < <u32>threshold) product = (nextBits() >> 32) * range;
  }
  return <i32>(product >> 32);
}

prepareZiggurats();
