// The proposal of a transfer: a density of z = logit f, f the share of the first place, that does not depend on the current f.
//
// The likelihood is expanded to sixth order about f = 1/2 (line.ts), the target with that expansion is evaluated at some 30
// knots, and q is the piecewise log-linear interpolant: drawn from by inversion, known exactly, with the tails of the
// target itself on both sides.

import { lineMoments } from "./line";
import { drawUniform } from "./random";
import { expPair, log, logPair } from "./special";

/** Most terms with s > 0 on one side: the levels of the largest tree, and more. */
const MAX_TERMS: i32 = 64;
/** Most knots; those beyond are left out. */
const MAX_KNOTS: i32 = 256;
/** Shares are kept within e^-690 of both ends. */
export const LARGEST_Z: f64 = 690;
/** Least share of a knot. */
const LEAST_SHARE: f64 = 1e-290;

const firstCoefficients = memory.data(8 * 64, 16);
const firstOffsets = memory.data(8 * 64, 16);
const secondCoefficients = memory.data(8 * 64, 16);
const secondOffsets = memory.data(8 * 64, 16);
let firstTerms: i32 = 0;
let secondTerms: i32 = 0;
/** Terms `c log(1 + u (f - 1/2))` of both sides, |u| <= 1 / (FAR + 1/2). */
const farCoefficients = memory.data(8 * 128, 16);
const farSlopes = memory.data(8 * 128, 16);
let farTerms: i32 = 0;
/** From this s on a term bends so little over [0, 1] that the proposal expands it like the likelihood. */
const FAR: f64 = 1;
/** Coefficients of log f and log(1 - f): the slopes of the tails, > 0. */
let firstTail: f64 = 0;
let secondTail: f64 = 0;

const knotFirst = memory.data(8 * 260, 16);
const knotSecond = memory.data(8 * 260, 16);
const knotZ = memory.data(8 * 260, 16);
/** Logarithm of the density at the knots, then the density over its maximum, then running sums of the segments. */
const knotLog = memory.data(8 * 260, 16);
const knotDensity = memory.data(8 * 260, 16);
const knotSums = memory.data(8 * 260, 16);
let knots: i32 = 0;

/** Distances from an end that the likelihood reaches, in units of the width of its peak. */
const REACHED: i32 = 7;
const reached = memory.data<f64>([0.9, 0.5, 0.2, 0.08, 0.02, 0.002, 1e-6]);

/**
 * Ratio of the distances of knots beyond four widths, on the way to an end out of reach. A chord between two of them lies
 * below the parabola by little enough that a share far out is left again.
 */
const FARTHER: f64 = 1.4;
/** An end is within reach of the peak up to this many widths. */
const NEAR: f64 = 4.2;

/** Begin a new line: no terms. */
export function beginTransfer(): void {
  firstTerms = 0;
  secondTerms = 0;
  farTerms = 0;
  firstTail = 0;
  secondTail = 0;
}

/**
 * Add `coefficient log(offset + f)`.
 *
 * @param offset s >= 0; with 0 the term shapes the tail, where coefficients must add up to more than 0
 */
export function addFirstTerm(coefficient: f64, offset: f64): void {
  if (offset === 0) firstTail += coefficient;
  else if (offset >= FAR) addFarTerm(coefficient, 1 / (offset + 0.5));
  else if (firstTerms < MAX_TERMS && coefficient !== 0) {
    store<f64>(firstCoefficients + ((<usize>firstTerms) << 3), coefficient);
    store<f64>(firstOffsets + ((<usize>firstTerms) << 3), offset);
    firstTerms++;
  }
}

/** Add `coefficient log(offset + 1 - f)`; see `addFirstTerm`. */
export function addSecondTerm(coefficient: f64, offset: f64): void {
  if (offset === 0) secondTail += coefficient;
  else if (offset >= FAR) addFarTerm(coefficient, -1 / (offset + 0.5));
  else if (secondTerms < MAX_TERMS && coefficient !== 0) {
    store<f64>(secondCoefficients + ((<usize>secondTerms) << 3), coefficient);
    store<f64>(secondOffsets + ((<usize>secondTerms) << 3), offset);
    secondTerms++;
  }
}

function addFarTerm(coefficient: f64, slope: f64): void {
  if (farTerms >= 2 * MAX_TERMS) return;
  store<f64>(farCoefficients + ((<usize>farTerms) << 3), coefficient);
  store<f64>(farSlopes + ((<usize>farTerms) << 3), slope);
  farTerms++;
}

/** Peak of the expanded log-likelihood over f in [0, 1], and its width there. */
let peak: f64 = 0;
let width: f64 = 0;

/** Find `peak` and `width` by Newton's method; the expansion is concave. */
function findPeak(slope: f64): void {
  const m1 = load<f64>(lineMoments, 0) - slope;
  const m2 = load<f64>(lineMoments, 8);
  const m3 = load<f64>(lineMoments, 16);
  const m4 = load<f64>(lineMoments, 24);
  const m5 = load<f64>(lineMoments, 32);
  const m6 = load<f64>(lineMoments, 40);
  let t: f64 = 0;
  let first: f64 = 0;
  let second: f64 = 0;
  for (let step = 0; step < 12; step++) {
    first = m1 + t * (-m2 + t * (m3 + t * (-m4 + t * (m5 - t * m6))));
    second = -m2 + t * (2 * m3 + t * (-3 * m4 + t * (4 * m5 - t * 5 * m6)));
    if (first === 0) break;
    let next = second < 0 ? t - first / second : first > 0 ? 0.5 : -0.5;
    next = min(0.5, max(-0.5, next));
    const moved = abs(next - t);
    t = next;
    if (moved < 1e-6) break;
  }
  first = m1 + t * (-m2 + t * (m3 + t * (-m4 + t * (m5 - t * m6))));
  second = -m2 + t * (2 * m3 + t * (-3 * m4 + t * (4 * m5 - t * 5 * m6)));
  peak = t + 0.5;
  width = second < 0 ? 1 / sqrt(-second) : 0.5;
  // Pressed against an end, the density falls off exponentially over 1 / slope.
  const pressed = abs(first) * width;
  if (pressed > 1) width /= pressed;
  width = min(width, 0.5);
}

function addKnot(first: f64, second: f64): void {
  if (knots >= MAX_KNOTS || !(first > LEAST_SHARE) || !(second > LEAST_SHARE)) return;
  store<f64>(knotFirst + ((<usize>knots) << 3), first);
  store<f64>(knotSecond + ((<usize>knots) << 3), second);
  knots++;
}

/**
 * Where g bends: about the peak, towards ends within reach, and where a place outgrows its siblings. All but the last are
 * added from left to right, or nearly so.
 */
function placeKnots(): void {
  // The first knot goes beyond all others, and is known last.
  knots = 1;
  if (peak < NEAR * width) {
    for (let index = REACHED - 1; index >= 0; index--) {
      const first = width * load<f64>(reached + ((<usize>index) << 3));
      addKnot(first, 1 - first);
    }
  } else {
    let far = 4 * FARTHER;
    while (peak - far * width > 0) far *= FARTHER;
    far /= FARTHER;
    const farthest = 0.5 * (peak - far * width);
    addKnot(farthest, 1 - farthest);
    for (; far > 4.1; far /= FARTHER) {
      const first = peak - far * width;
      addKnot(first, 1 - first);
    }
  }
  for (let step = -4; step <= 4; step++) {
    const first = peak + <f64>step * width;
    addKnot(first, 1 - first);
  }
  if (1 - peak < NEAR * width) {
    for (let index = 0; index < REACHED; index++) {
      const second = width * load<f64>(reached + ((<usize>index) << 3));
      addKnot(1 - second, second);
    }
  } else {
    let second = 1 - peak - 4 * width;
    for (let far: f64 = 4 * FARTHER; 1 - peak - far * width > 0; far *= FARTHER) {
      second = 1 - peak - far * width;
      addKnot(1 - second, second);
    }
    addKnot(1 - 0.5 * second, 0.5 * second);
  }
  for (let term = 0; term < firstTerms; term++) {
    const offset = load<f64>(firstOffsets + ((<usize>term) << 3));
    addKnot(0.12 * offset, 1 - 0.12 * offset);
    addKnot(offset, 1 - offset);
    addKnot(4 * offset, 1 - 4 * offset);
  }
  for (let term = 0; term < secondTerms; term++) {
    const offset = load<f64>(secondOffsets + ((<usize>term) << 3));
    addKnot(1 - 0.12 * offset, 0.12 * offset);
    addKnot(1 - offset, offset);
    addKnot(1 - 4 * offset, 4 * offset);
  }
  let leastFirst: f64 = 1;
  let leastSecond: f64 = 1;
  for (let at: usize = 8; at < (<usize>knots) << 3; at += 8) {
    leastFirst = min(leastFirst, load<f64>(knotFirst + at));
    leastSecond = min(leastSecond, load<f64>(knotSecond + at));
  }
  // Beyond these g is a straight line to within a few thousandths.
  const first = max(LEAST_SHARE, 0.05 * leastFirst);
  store<f64>(knotFirst, first);
  store<f64>(knotSecond, 1 - first);
  addKnot(1 - 0.05 * leastSecond, 0.05 * leastSecond);
}

/** Terms of the prior that shape the tails, from the logarithms of two shares. */
export function logTailsPair(logFirst: v128, logSecond: v128): v128 {
  return f64x2.add(
    f64x2.mul(f64x2.splat(firstTail), logFirst),
    f64x2.mul(f64x2.splat(secondTail), logSecond),
  );
}

/** Terms of the prior that bend little, for two shares at once. */
export function logFarTermsPair(first: v128): v128 {
  const one = f64x2.splat(1);
  const t = f64x2.sub(first, f64x2.splat(0.5));
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < (<usize>farTerms) << 3; at += 8) {
    const value = f64x2.add(one, f64x2.mul(v128.load64_splat(farSlopes + at), t));
    sum = f64x2.add(sum, f64x2.mul(v128.load64_splat(farCoefficients + at), logPair(value)));
  }
  return sum;
}

/** Terms of the prior that depend on siblings and bend, for two shares at once. */
export function logTermsPair(first: v128, second: v128): v128 {
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < (<usize>firstTerms) << 3; at += 8) {
    const value = f64x2.add(v128.load64_splat(firstOffsets + at), first);
    sum = f64x2.add(sum, f64x2.mul(v128.load64_splat(firstCoefficients + at), logPair(value)));
  }
  for (let at: usize = 0; at < (<usize>secondTerms) << 3; at += 8) {
    const value = f64x2.add(v128.load64_splat(secondOffsets + at), second);
    sum = f64x2.add(sum, f64x2.mul(v128.load64_splat(secondCoefficients + at), logPair(value)));
  }
  return sum;
}

/** Evaluate z and g with the expanded likelihood at all knots, and sort them by z; returns the largest g. */
function evaluateKnots(slope: f64): f64 {
  if (knots & 1) {
    const last = (<usize>(knots - 1)) << 3;
    store<f64>(knotFirst + last, load<f64>(knotFirst + last), 8);
    store<f64>(knotSecond + last, load<f64>(knotSecond + last), 8);
  }
  let sum1 = load<f64>(lineMoments, 0) - slope;
  let sum2 = load<f64>(lineMoments, 8);
  let sum3 = load<f64>(lineMoments, 16);
  let sum4 = load<f64>(lineMoments, 24);
  let sum5 = load<f64>(lineMoments, 32);
  let sum6 = load<f64>(lineMoments, 40);
  for (let at: usize = 0; at < (<usize>farTerms) << 3; at += 8) {
    const u = load<f64>(farSlopes + at);
    const u2 = u * u;
    const cu = load<f64>(farCoefficients + at) * u;
    sum1 += cu;
    sum2 += cu * u;
    sum3 += cu * u2;
    sum4 += cu * u * u2;
    sum5 += cu * u2 * u2;
    sum6 += cu * u * u2 * u2;
  }
  const m1 = f64x2.splat(sum1);
  const m2 = f64x2.splat(sum2 * (-1.0 / 2));
  const m3 = f64x2.splat(sum3 * (1.0 / 3));
  const m4 = f64x2.splat(sum4 * (-1.0 / 4));
  const m5 = f64x2.splat(sum5 * (1.0 / 5));
  const m6 = f64x2.splat(sum6 * (-1.0 / 6));
  const half = f64x2.splat(0.5);
  for (let at: usize = 0; at < (<usize>knots) << 3; at += 16) {
    const first = v128.load(knotFirst + at);
    const second = v128.load(knotSecond + at);
    const logFirst = logPair(first);
    const logSecond = logPair(second);
    const t = f64x2.sub(first, half);
    let likelihood = f64x2.add(m5, f64x2.mul(t, m6));
    likelihood = f64x2.add(m4, f64x2.mul(t, likelihood));
    likelihood = f64x2.add(m3, f64x2.mul(t, likelihood));
    likelihood = f64x2.add(m2, f64x2.mul(t, likelihood));
    likelihood = f64x2.mul(t, f64x2.add(m1, f64x2.mul(t, likelihood)));
    const tails = logTailsPair(logFirst, logSecond);
    v128.store(knotZ + at, f64x2.sub(logFirst, logSecond));
    v128.store(knotLog + at, f64x2.add(f64x2.add(tails, likelihood), logTermsPair(first, second)));
  }
  let largest = load<f64>(knotLog);
  for (let knot = 1; knot < knots; knot++) {
    const z = load<f64>(knotZ + ((<usize>knot) << 3));
    const value = load<f64>(knotLog + ((<usize>knot) << 3));
    largest = max(largest, value);
    let place = (<usize>knot) << 3;
    while (place > 0 && load<f64>(knotZ + place - 8) > z) {
      store<f64>(knotZ + place, load<f64>(knotZ + place - 8));
      store<f64>(knotLog + place, load<f64>(knotLog + place - 8));
      place -= 8;
    }
    store<f64>(knotZ + place, z);
    store<f64>(knotLog + place, value);
  }
  return largest;
}

/** Below this rise of the logarithm a segment is taken to be flat. */
const FLAT: f64 = 1e-5;

/** Running sums of the probability: the left tail, the segments between knots, the right tail. */
function sumSegments(largest: f64): f64 {
  const end = (<usize>knots) << 3;
  if (knots & 1) store<f64>(knotLog + end, load<f64>(knotLog + end - 8));
  const shift = f64x2.splat(largest);
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(knotDensity + at, expPair(f64x2.sub(v128.load(knotLog + at), shift)));
  }
  const half = f64x2.splat(0.5);
  const flat = f64x2.splat(FLAT);
  for (let at: usize = 8; at < end; at += 16) {
    const left = v128.load(knotDensity + at - 8);
    const right = v128.load(knotDensity + at);
    const length = f64x2.sub(v128.load(knotZ + at), v128.load(knotZ + at - 8));
    const rise = f64x2.sub(v128.load(knotLog + at), v128.load(knotLog + at - 8));
    const mean = v128.bitselect(
      f64x2.div(f64x2.sub(right, left), rise),
      f64x2.mul(half, f64x2.add(left, right)),
      f64x2.gt(f64x2.abs(rise), flat),
    );
    v128.store(knotSums + at, f64x2.mul(length, mean));
  }
  let sum = load<f64>(knotDensity) / firstTail;
  store<f64>(knotSums, sum);
  for (let at: usize = 8; at < end; at += 8) {
    sum += load<f64>(knotSums + at);
    store<f64>(knotSums + at, sum);
  }
  return sum + load<f64>(knotDensity + end - 8) / secondTail;
}

/** `log(1 + x)`; the series where the sum would lose x. */
function logOnePlus(x: f64): f64 {
  return abs(x) < 1e-6 ? x - 0.5 * x * x : log(1 + x);
}

/** Draw z from the interpolant; `drawnLog` becomes its logarithm there, less a constant. */
function drawFromInterpolant(total: f64): f64 {
  const target = drawUniform() * total;
  const last = (<usize>(knots - 1)) << 3;
  if (target < load<f64>(knotSums)) {
    const beyond = log(target / load<f64>(knotSums));
    drawnLog = load<f64>(knotLog) + beyond;
    return load<f64>(knotZ) + beyond / firstTail;
  }
  if (target >= load<f64>(knotSums + last)) {
    const tail = load<f64>(knotDensity + last) / secondTail;
    const rest = (target - load<f64>(knotSums + last)) / tail;
    const beyond = log(max(1 - rest, 1e-300));
    drawnLog = load<f64>(knotLog + last) + beyond;
    return load<f64>(knotZ + last) - beyond / secondTail;
  }
  let at: usize = 8;
  while (target >= load<f64>(knotSums + at)) at += 8;
  const from = load<f64>(knotZ + at - 8);
  const to = load<f64>(knotZ + at);
  const rise = load<f64>(knotLog + at) - load<f64>(knotLog + at - 8);
  const length = to - from;
  const left = load<f64>(knotDensity + at - 8);
  const right = load<f64>(knotDensity + at);
  let z: f64;
  if (abs(rise) <= FLAT) {
    z = from + (target - load<f64>(knotSums + at - 8)) / (0.5 * (left + right));
  } else {
    // From the end where the density is larger: the other may have underflowed.
    const slope = rise / length;
    z =
      left > right
        ? from + logOnePlus(((target - load<f64>(knotSums + at - 8)) * slope) / left) / slope
        : to + logOnePlus((-(load<f64>(knotSums + at) - target) * slope) / right) / slope;
  }
  z = min(to, max(from, z));
  drawnLog = logBetween(at, z);
  return z;
}

/** Logarithm of the interpolant at z between the knot at `at` and the one before. */
function logBetween(at: usize, z: f64): f64 {
  const from = load<f64>(knotZ + at - 8);
  const length = load<f64>(knotZ + at) - from;
  const part = length > 0 ? (z - from) / length : 0;
  return load<f64>(knotLog + at - 8) + part * (load<f64>(knotLog + at) - load<f64>(knotLog + at - 8));
}

/** Logarithm of the interpolant at z, less the constant of `drawnLog`. */
export function logInterpolant(z: f64): f64 {
  const last = (<usize>(knots - 1)) << 3;
  if (z < load<f64>(knotZ)) return load<f64>(knotLog) + firstTail * (z - load<f64>(knotZ));
  if (z >= load<f64>(knotZ + last))
    return load<f64>(knotLog + last) - secondTail * (z - load<f64>(knotZ + last));
  let at: usize = 8;
  while (z >= load<f64>(knotZ + at)) at += 8;
  return logBetween(at, z);
}

/** Logarithm of the interpolant at the share that `proposeShare` drew. */
export let drawnLog: f64 = 0;

/**
 * Draw z = logit f from the proposal for the line last measured and the terms added since `beginTransfer`.
 *
 * @param slope loss of log-likelihood by expected counts for each unit of f
 * @returns z
 */
export function proposeShare(slope: f64): f64 {
  findPeak(slope);
  placeKnots();
  const largest = evaluateKnots(slope);
  return drawFromInterpolant(sumSegments(largest));
}
