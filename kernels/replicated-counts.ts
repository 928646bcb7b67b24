// Counts that a prediction would make, and how far counts are from a prediction: the discrepancies of
// `src/checks/discrepancy.ts`, whose table says what each of them is.
//
// Images are padded: `[ny + 1, stride]` with zeros behind each row and below the last, so that sums over neighbours need no
// test for edges. Pixels that are not in use hold zeros: no counts are drawn there, and their weights are 0.

import { drawPoisson } from "./count-draws";
import { allocate } from "./memory";
import { drawUniform } from "./random";
import { exp, log } from "./special";

/** Numbers of the arrays that `countsArray` gives. Images are f64 and padded, if nothing else is said. */
const MEANS: i32 = 0;
/** Probability of one count, and that of any (a bound on it where it is small); see `finishCount`. */
const ONE: i32 = 1;
const ANY: i32 = 2;
const LAMBDA: i32 = 3;
const LOGS: i32 = 4;
const WEIGHTS: i32 = 5;
const EXPECTED: i32 = 6;
const INVERSES: i32 = 7;
const COUNTS: i32 = 8;
const RESIDUALS: i32 = 9;
/** i32, padded like the images: number of the ring of each pixel, `rings` for none. */
const RING_OF: i32 = 10;
const PROFILE_OF: i32 = 11;
/** f64 `[rings + 1]`; f64 `[8]`. */
const RING_LAMBDA: i32 = 12;
const RING_SUMS: i32 = 13;
const PROFILE_SUMS: i32 = 14;
const VALUES: i32 = 15;
const ARRAYS: i32 = 16;

/** Below this mean counts come from inversion. */
const LARGE_MEAN: f64 = 10;
/** Below this mean, it is itself the bound on the probability of any count: the difference 1 - exp(-mean) would lose digits. */
const SMALL_MEAN: f64 = 0.05;
/** 1 / k. */
const reciprocals: usize = memory.data(256 * 8, 16);

/** `d ln d` of small counts. */
const SMALL: i32 = 256;
const smallLogs: usize = memory.data(256 * 8, 16);

const arrays: usize = memory.data(16 * 4, 16);
let ny: i32 = 0;
let nx: i32 = 0;
let stride: i32 = 0;
let rings: i32 = 0;
/** f64 `[stride]`: sums of the counts over `side` rows; f64 `[stride + 1]`: sums of these from the first column on. */
let columns: usize = 0;
let running: usize = 0;

/** Address of an array by its number. */
export function countsArray(which: i32): usize {
  return load<usize>(arrays + ((<usize>which) << 2));
}

/** Columns of a padded image. */
export function countsStride(): i32 {
  return stride;
}

/** Reserve memory for counts `[rows, cols]` and so many rings; 0 without memory, else 1. */
export function layOutCounts(rows: i32, cols: i32, ringCount: i32): i32 {
  ny = rows;
  nx = cols;
  rings = ringCount;
  stride = (nx + 2) & ~1;
  const pixels = <usize>((ny + 1) * stride);
  for (let which = 0; which < ARRAYS; which++) {
    let bytes = pixels << 3;
    if (which === RING_OF || which === PROFILE_OF) bytes = pixels << 2;
    if (which === RING_LAMBDA || which === RING_SUMS || which === PROFILE_SUMS)
      bytes = (<usize>(rings + 1)) << 3;
    if (which === VALUES) bytes = 64;
    const address = allocate(bytes);
    if (address === 0) return 0;
    store<usize>(arrays + ((<usize>which) << 2), address);
  }
  columns = allocate((<usize>stride) << 3);
  running = allocate((<usize>(stride + 2)) << 3);
  for (let count = 2; count < SMALL; count++) {
    store<f64>(smallLogs + ((<usize>count) << 3), <f64>count * log(<f64>count));
    store<f64>(reciprocals + ((<usize>count) << 3), 1 / <f64>count);
  }
  return columns !== 0 && running !== 0 ? 1 : 0;
}

/** Fill what comparing needs, once lambda and the expected counts of the squares are set; `total` as for `compareCounts`. */
export function prepareComparison(total: f64): void {
  const lambda = countsArray(LAMBDA);
  const logs = countsArray(LOGS);
  const weights = countsArray(WEIGHTS);
  const expected = countsArray(EXPECTED);
  const inverses = countsArray(INVERSES);
  const least = 1e-12 * total; // sums of lambda over squares, from differences, are no more exact than that
  const end = (<usize>(ny * stride)) << 3;
  for (let at: usize = 0; at < end; at += 8) {
    const value = load<f64>(lambda + at);
    store<f64>(logs + at, value > 0 ? log(value) : 0);
    store<f64>(weights + at, value > 0 ? 1 / Math.sqrt(value) : 0);
    const inside = load<f64>(expected + at);
    store<f64>(inverses + at, inside > least ? 1 / inside : 0);
  }
}

/** Fill what drawing needs, once the means are set: many images are drawn from the same means. */
export function prepareMeans(): void {
  const means = countsArray(MEANS);
  const ones = countsArray(ONE);
  const any = countsArray(ANY);
  const end = (<usize>(ny * stride)) << 3;
  for (let at: usize = 0; at < end; at += 8) {
    const mean = load<f64>(means + at);
    const none = exp(-mean);
    store<f64>(ones + at, mean * none);
    store<f64>(any + at, mean < SMALL_MEAN ? mean : 1 - none);
  }
}

/**
 * Poisson counts of mean < LARGE_MEAN for a uniform u below the probability of any count. The outcomes are laid out along
 * [0, 1) as 1, 2, 3, ..., 0, so that the probabilities of rare outcomes keep all their digits.
 */
function finishCount(first: f64, mean: f64, one: f64): f64 {
  let u = first;
  let mass = one;
  let k = 1;
  while (u >= mass) {
    u -= mass;
    k++;
    mass *= mean * load<f64>(reciprocals + ((<usize>k) << 3));
    // Rounding, or the bound on the probability of any count, left a u without an outcome.
    if (mass < 1e-40) return 0;
  }
  return <f64>k;
}

/** Draw counts, Poisson numbers of the means; compare them as `compareCounts` does. */
export function replicateCounts(total: f64, side: i32): void {
  const means = countsArray(MEANS);
  const ones = countsArray(ONE);
  const any = countsArray(ANY);
  const counts = countsArray(COUNTS);
  const end = (<usize>(ny * stride)) << 3;
  for (let at: usize = 0; at < end; at += 8) {
    const mean = load<f64>(means + at);
    let count: f64 = 0;
    if (mean >= LARGE_MEAN) {
      count = drawPoisson(mean);
    } else if (mean > 0) {
      const u = inline.always(drawUniform());
      if (u < load<f64>(any + at)) count = finishCount(u, mean, load<f64>(ones + at));
    }
    store<f64>(counts + at, count);
  }
  compareCounts(total, side);
}

/**
 * All discrepancies of the counts from the prediction, in VALUES; sums over rings in RING_SUMS and PROFILE_SUMS.
 *
 * @param total sum of lambda over the pixels in use
 * @param side of the squares in pixels
 */
export function compareCounts(total: f64, side: i32): void {
  const counts = countsArray(COUNTS);
  const lambda = countsArray(LAMBDA);
  const logs = countsArray(LOGS);
  const weights = countsArray(WEIGHTS);
  const residuals = countsArray(RESIDUALS);
  const end = (<usize>(ny * stride)) << 3;
  const zero = f64x2.splat(0);
  let sums = zero;
  let maxima = zero;
  let pearsons = zero;
  let along = zero;
  let dark = zero;
  for (let at: usize = 0; at < end; at += 16) {
    const count = v128.load(counts + at);
    const expected = v128.load(lambda + at);
    const residual = f64x2.mul(f64x2.sub(count, expected), v128.load(weights + at));
    v128.store(residuals + at, residual);
    pearsons = f64x2.add(pearsons, f64x2.mul(residual, residual));
    sums = f64x2.add(sums, count);
    maxima = f64x2.pmax(maxima, count);
    along = f64x2.add(along, f64x2.mul(count, v128.load(logs + at)));
    dark = v128.or(dark, v128.and(f64x2.gt(count, zero), f64x2.le(expected, zero)));
  }
  const sum = both(sums);
  let pearson = both(pearsons);
  let alongLambda = both(along);
  if (v128.any_true(dark)) {
    pearson = Infinity;
    alongLambda = -Infinity;
  }
  const alongCounts = sumRings(counts, end);
  const values = countsArray(VALUES);
  store<f64>(values, sum);
  store<f64>(values, max(f64x2.extract_lane(maxima, 0), f64x2.extract_lane(maxima, 1)), 8);
  store<f64>(values, pearson, 16);
  store<f64>(values, 2 * (total - alongLambda), 24);
  store<f64>(values, 2 * (total - sum + alongCounts - alongLambda), 32);
  store<f64>(values, neighbourProducts(residuals, end), 40);
  store<f64>(values, squareDistances(counts, side), 48);
  store<f64>(values, ringDistances(), 56);
}

function both(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** Sums of the counts over both kinds of rings. @returns the sum of d ln d */
function sumRings(counts: usize, end: usize): f64 {
  const ringOf = countsArray(RING_OF);
  const profileOf = countsArray(PROFILE_OF);
  const ringSums = countsArray(RING_SUMS);
  const profileSums = countsArray(PROFILE_SUMS);
  memory.fill(ringSums, 0, (<usize>(rings + 1)) << 3);
  memory.fill(profileSums, 0, (<usize>(rings + 1)) << 3);
  let logs: f64 = 0;
  for (let at: usize = 0; at < end; at += 8) {
    const count = load<f64>(counts + at);
    if (count === 0) continue;
    logs += count < <f64>SMALL ? load<f64>(smallLogs + ((<usize>(<i32>count)) << 3)) : count * log(count);
    addTo(ringSums, load<i32>(ringOf + (at >> 1)), count);
    addTo(profileSums, load<i32>(profileOf + (at >> 1)), count);
  }
  return logs;
}

function addTo(sums: usize, index: i32, count: f64): void {
  const at = sums + ((<usize>index) << 3);
  store<f64>(at, load<f64>(at) + count);
}

/** Sum of the products of adjacent residuals. */
function neighbourProducts(residuals: usize, end: usize): f64 {
  const row = (<usize>stride) << 3;
  let products = f64x2.splat(0);
  for (let at = residuals; at < residuals + end; at += 16) {
    const others = f64x2.add(v128.load(at, 8), v128.load(at + row));
    products = f64x2.add(products, f64x2.mul(v128.load(at), others));
  }
  return both(products);
}

/** Sum over all squares of (counts - expected)^2 / expected; sums of whole numbers are exact. */
function squareDistances(counts: usize, side: i32): f64 {
  const row = (<usize>stride) << 3;
  const expected = countsArray(EXPECTED);
  const inverses = countsArray(INVERSES);
  const width = (nx - side + 1) & ~1;
  let distances = f64x2.splat(0);
  let last: f64 = 0;
  memory.fill(columns, 0, row);
  for (let bottom = 0; bottom < ny; bottom++) {
    const top = bottom - side + 1;
    const entering = counts + <usize>bottom * row;
    const leaving = counts + <usize>(top - 1) * row;
    let sum: f64 = 0;
    for (let at: usize = 0; at < row; at += 8) {
      let column = load<f64>(columns + at) + load<f64>(entering + at);
      if (top > 0) column -= load<f64>(leaving + at);
      store<f64>(columns + at, column);
      sum += column;
      store<f64>(running + at, sum, 8);
    }
    if (top < 0) continue;
    const start = <usize>top * row;
    const across = (<usize>side) << 3;
    let col: usize = 0;
    for (; col < (<usize>width) << 3; col += 16) {
      const inside = f64x2.sub(v128.load(running + across + col), v128.load(running + col));
      const difference = f64x2.sub(inside, v128.load(expected + start + col));
      const square = f64x2.mul(difference, difference);
      distances = f64x2.add(distances, f64x2.mul(square, v128.load(inverses + start + col)));
    }
    if ((nx - side + 1) & 1) {
      const inside = load<f64>(running + across + col) - load<f64>(running + col);
      const difference = inside - load<f64>(expected + start + col);
      last += difference * difference * load<f64>(inverses + start + col);
    }
  }
  return both(distances) + last;
}

/** Sum over the rings of (counts - lambda)^2 / lambda. */
function ringDistances(): f64 {
  const ringLambda = countsArray(RING_LAMBDA);
  const ringSums = countsArray(RING_SUMS);
  let sum: f64 = 0;
  for (let ring: usize = 0; ring < (<usize>rings) << 3; ring += 8) {
    const expected = load<f64>(ringLambda + ring);
    if (!(expected > 0)) continue;
    const difference = load<f64>(ringSums + ring) - expected;
    sum += (difference * difference) / expected;
  }
  return sum;
}
