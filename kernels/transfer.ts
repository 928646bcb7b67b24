// A transfer moves mass between two places whose sum m stays fixed, with the photons integrated out: a Metropolis step
// in the share f = first / m that the first place holds. Everything that depends on f is
//
//     g(z) = sum over terms of c log(s + f)  +  sum over terms of c log(s + 1 - f)        tree prior, s = siblings / m
//          + sum over lit pixels of counts log lambda(f) - slope f                         likelihood
//
// in z = logit f (the Jacobian f (1 - f) is among the terms with s = 0), with lambda(f) = half + (f - 1/2) light.
//
// The proposal does not depend on the current f, only on the line. The likelihood is expanded to sixth order about
// f = 1/2, g with that expansion is evaluated at some 30 knots, and q is the piecewise log-linear interpolant: drawn
// from by inversion, known exactly, with the tails of g itself on both sides. One exact pass over the lit pixels then
// decides. As g / q is constant in the tails, it does not matter that a share below the range of numbers cannot be
// told from another.

import { drawUniform } from "./random";
import { exp, expPair, log, logPair } from "./special";

/** Most terms with s > 0 on one side: the levels of the largest tree, and more. */
const MAX_TERMS: i32 = 64;
/** Most knots; those beyond are left out. */
const MAX_KNOTS: i32 = 256;
/** Shares are kept within e^-690 of both ends. */
const LARGEST_Z: f64 = 690;
/** Least share of a knot. */
const LEAST_SHARE: f64 = 1e-290;
/** Stands for a lambda that rounding made negative. */
const LEAST_LIGHT: f64 = 1e-290;

const firstCoefficients = memory.data(8 * 64, 16);
const firstOffsets = memory.data(8 * 64, 16);
const secondCoefficients = memory.data(8 * 64, 16);
const secondOffsets = memory.data(8 * 64, 16);
let firstTerms: i32 = 0;
let secondTerms: i32 = 0;
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

/** Moments `sum counts (light / half)^n`, n = 1 to 6, over the lit pixels. */
const moments = memory.data(8 * 8, 16);

/** Shares of the two places that `drawShare` proposed. */
export let proposedFirst: f64 = 0;
export let proposedSecond: f64 = 0;

/** Distances from an end that the likelihood reaches, in units of the width of its peak. */
const REACHED: i32 = 7;
const reached = memory.data<f64>([0.9, 0.5, 0.2, 0.08, 0.02, 0.002, 1e-6]);

/**
 * Ratio of the distances of knots beyond four widths, on the way to an end out of reach. A chord between two of them lies
 * below the parabola by little enough that a share far out is left again.
 */
const FARTHER: f64 = 1.4;

/** Begin a new line: no terms. */
export function beginTransfer(): void {
  firstTerms = 0;
  secondTerms = 0;
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
  else if (firstTerms < MAX_TERMS && coefficient !== 0) {
    store<f64>(firstCoefficients + ((<usize>firstTerms) << 3), coefficient);
    store<f64>(firstOffsets + ((<usize>firstTerms) << 3), offset);
    firstTerms++;
  }
}

/** Add `coefficient log(offset + 1 - f)`; see `addFirstTerm`. */
export function addSecondTerm(coefficient: f64, offset: f64): void {
  if (offset === 0) secondTail += coefficient;
  else if (secondTerms < MAX_TERMS && coefficient !== 0) {
    store<f64>(secondCoefficients + ((<usize>secondTerms) << 3), coefficient);
    store<f64>(secondOffsets + ((<usize>secondTerms) << 3), offset);
    secondTerms++;
  }
}

function sumOfLanes(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** Moments of the lit pixels; `count` is even. */
function measure(half: usize, light: usize, counts: usize, count: i32): void {
  let sum1 = f64x2.splat(0);
  let sum2 = f64x2.splat(0);
  let sum3 = f64x2.splat(0);
  let sum4 = f64x2.splat(0);
  let sum5 = f64x2.splat(0);
  let sum6 = f64x2.splat(0);
  const end = (<usize>count) << 3;
  for (let at: usize = 0; at < end; at += 16) {
    const u = f64x2.div(v128.load(light + at), v128.load(half + at));
    let power = f64x2.mul(v128.load(counts + at), u);
    sum1 = f64x2.add(sum1, power);
    power = f64x2.mul(power, u);
    sum2 = f64x2.add(sum2, power);
    power = f64x2.mul(power, u);
    sum3 = f64x2.add(sum3, power);
    power = f64x2.mul(power, u);
    sum4 = f64x2.add(sum4, power);
    power = f64x2.mul(power, u);
    sum5 = f64x2.add(sum5, power);
    sum6 = f64x2.add(sum6, f64x2.mul(power, u));
  }
  store<f64>(moments, sumOfLanes(sum1), 8);
  store<f64>(moments, sumOfLanes(sum2), 16);
  store<f64>(moments, sumOfLanes(sum3), 24);
  store<f64>(moments, sumOfLanes(sum4), 32);
  store<f64>(moments, sumOfLanes(sum5), 40);
  store<f64>(moments, sumOfLanes(sum6), 48);
}

/** Peak of the expanded log-likelihood over f in [0, 1], and its width there. */
let peak: f64 = 0;
let width: f64 = 0;

/** Find `peak` and `width` by Newton's method; the expansion is concave. */
function findPeak(slope: f64): void {
  const m1 = load<f64>(moments, 8) - slope;
  const m2 = load<f64>(moments, 16);
  const m3 = load<f64>(moments, 24);
  const m4 = load<f64>(moments, 32);
  const m5 = load<f64>(moments, 40);
  const m6 = load<f64>(moments, 48);
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

/** Where g bends: about the peak, towards ends within reach, and where a place outgrows its siblings. */
function placeKnots(): void {
  knots = 0;
  for (let step = -4; step <= 4; step++) {
    const first = peak + <f64>step * width;
    addKnot(first, 1 - first);
  }
  if (peak < 4.2 * width) {
    for (let index = 0; index < REACHED; index++) {
      const first = width * load<f64>(reached + ((<usize>index) << 3));
      addKnot(first, 1 - first);
    }
  } else {
    let first = peak - 4 * width;
    for (let far: f64 = 4 * FARTHER; peak - far * width > 0; far *= FARTHER) {
      first = peak - far * width;
      addKnot(first, 1 - first);
    }
    addKnot(0.5 * first, 1 - 0.5 * first);
  }
  if (1 - peak < 4.2 * width) {
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
  for (let knot = 0; knot < knots; knot++) {
    leastFirst = min(leastFirst, load<f64>(knotFirst + ((<usize>knot) << 3)));
    leastSecond = min(leastSecond, load<f64>(knotSecond + ((<usize>knot) << 3)));
  }
  // Beyond these g is a straight line to within a few thousandths.
  addKnot(0.05 * leastFirst, 1 - 0.05 * leastFirst);
  addKnot(1 - 0.05 * leastSecond, 0.05 * leastSecond);
}

/** Terms of the prior at two shares at once. */
function logPriorPair(first: v128, second: v128): v128 {
  let sum = f64x2.add(
    f64x2.mul(f64x2.splat(firstTail), logPair(first)),
    f64x2.mul(f64x2.splat(secondTail), logPair(second)),
  );
  return f64x2.add(sum, logTermsPair(first, second));
}

/** Those of them that depend on siblings. */
function logTermsPair(first: v128, second: v128): v128 {
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
  const m1 = f64x2.splat(load<f64>(moments, 8) - slope);
  const m2 = f64x2.splat(load<f64>(moments, 16) * (-1.0 / 2));
  const m3 = f64x2.splat(load<f64>(moments, 24) * (1.0 / 3));
  const m4 = f64x2.splat(load<f64>(moments, 32) * (-1.0 / 4));
  const m5 = f64x2.splat(load<f64>(moments, 40) * (1.0 / 5));
  const m6 = f64x2.splat(load<f64>(moments, 48) * (-1.0 / 6));
  const half = f64x2.splat(0.5);
  const firstTails = f64x2.splat(firstTail);
  const secondTails = f64x2.splat(secondTail);
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
    const tails = f64x2.add(f64x2.mul(firstTails, logFirst), f64x2.mul(secondTails, logSecond));
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

/** Running sums of the probability: the left tail, the segments between knots, the right tail. */
function sumSegments(largest: f64): f64 {
  if (knots & 1) {
    const last = (<usize>(knots - 1)) << 3;
    store<f64>(knotLog + last, load<f64>(knotLog + last), 8);
  }
  const shift = f64x2.splat(largest);
  for (let at: usize = 0; at < (<usize>knots) << 3; at += 16) {
    v128.store(knotDensity + at, expPair(f64x2.sub(v128.load(knotLog + at), shift)));
  }
  let left = load<f64>(knotDensity);
  let sum = left / firstTail;
  store<f64>(knotSums, sum);
  for (let at: usize = 8; at < (<usize>knots) << 3; at += 8) {
    const right = load<f64>(knotDensity + at);
    const length = load<f64>(knotZ + at) - load<f64>(knotZ + at - 8);
    const rise = load<f64>(knotLog + at) - load<f64>(knotLog + at - 8);
    sum += length * (abs(rise) > 1e-5 ? (right - left) / rise : 0.5 * (left + right));
    store<f64>(knotSums + at, sum);
    left = right;
  }
  return sum + left / secondTail;
}

/** `log(1 + x)`; the series where the sum would lose x. */
function logOnePlus(x: f64): f64 {
  return abs(x) < 1e-6 ? x - 0.5 * x * x : log(1 + x);
}

/** Draw z from the interpolant. */
function drawFromInterpolant(total: f64): f64 {
  const target = drawUniform() * total;
  const last = (<usize>(knots - 1)) << 3;
  if (target < load<f64>(knotSums)) {
    return load<f64>(knotZ) + log(target / load<f64>(knotSums)) / firstTail;
  }
  if (target >= load<f64>(knotSums + last)) {
    const tail = load<f64>(knotDensity + last) / secondTail;
    const rest = (target - load<f64>(knotSums + last)) / tail;
    return load<f64>(knotZ + last) - log(max(1 - rest, 1e-300)) / secondTail;
  }
  let at: usize = 8;
  while (target >= load<f64>(knotSums + at)) at += 8;
  const from = load<f64>(knotZ + at - 8);
  const to = load<f64>(knotZ + at);
  const rise = load<f64>(knotLog + at) - load<f64>(knotLog + at - 8);
  const length = to - from;
  const left = load<f64>(knotDensity + at - 8);
  const right = load<f64>(knotDensity + at);
  if (abs(rise) <= 1e-5) {
    return from + (target - load<f64>(knotSums + at - 8)) / (0.5 * (left + right));
  }
  // From the end where the density is larger: the other may have underflowed.
  const slope = rise / length;
  const z =
    left > right
      ? from + logOnePlus(((target - load<f64>(knotSums + at - 8)) * slope) / left) / slope
      : to + logOnePlus((-(load<f64>(knotSums + at) - target) * slope) / right) / slope;
  return min(to, max(from, z));
}

/** Logarithm of the interpolant at z. */
function logInterpolant(z: f64): f64 {
  const last = (<usize>(knots - 1)) << 3;
  if (z < load<f64>(knotZ)) return load<f64>(knotLog) + firstTail * (z - load<f64>(knotZ));
  if (z >= load<f64>(knotZ + last))
    return load<f64>(knotLog + last) - secondTail * (z - load<f64>(knotZ + last));
  let at: usize = 8;
  while (z >= load<f64>(knotZ + at)) at += 8;
  const from = load<f64>(knotZ + at - 8);
  const part = (z - from) / (load<f64>(knotZ + at) - from);
  return load<f64>(knotLog + at - 8) + part * (load<f64>(knotLog + at) - load<f64>(knotLog + at - 8));
}

/** Changes of lambda below this part of it go through a series; above, through `logPair`. */
const SMALL_CHANGE: f64 = 0.125;
/** Coefficients -1/2, 1/3, ... of log(1 + w) / w - 1. */
const series = memory.data<f64>([
  -0.5, 0.3333333333333333, -0.25, 0.2, -0.16666666666666666, 0.14285714285714285, -0.125, 0.1111111111111111,
]);

/**
 * `sum counts log(lambda(proposed) / lambda(current))` over the lit pixels; `count` is even.
 *
 * Each logarithm is off by less than 1.2e-10 (the ninth order of the series at `SMALL_CHANGE`), or by 2 ULP of `logPair`.
 */
function logLightRatio(
  half: usize,
  light: usize,
  counts: usize,
  count: i32,
  current: f64,
  proposed: f64,
): f64 {
  const from = f64x2.splat(current - 0.5);
  const step = f64x2.splat(proposed - current);
  const least = f64x2.splat(LEAST_LIGHT);
  const one = f64x2.splat(1);
  const small = f64x2.splat(SMALL_CHANGE);
  let sum = f64x2.splat(0);
  const end = (<usize>count) << 3;
  for (let at: usize = 0; at < end; at += 16) {
    const change = v128.load(light + at);
    const before = f64x2.pmax(least, f64x2.add(v128.load(half + at), f64x2.mul(from, change)));
    const w = f64x2.div(f64x2.mul(step, change), before);
    let ratio: v128;
    if (v128.any_true(f64x2.gt(f64x2.abs(w), small))) {
      ratio = logPair(f64x2.pmax(least, f64x2.add(one, w)));
    } else {
      const w2 = f64x2.mul(w, w);
      const low = f64x2.add(
        f64x2.add(one, f64x2.mul(w, v128.load64_splat(series))),
        f64x2.mul(w2, f64x2.add(v128.load64_splat(series, 8), f64x2.mul(w, v128.load64_splat(series, 16)))),
      );
      const high = f64x2.add(
        f64x2.add(v128.load64_splat(series, 24), f64x2.mul(w, v128.load64_splat(series, 32))),
        f64x2.mul(w2, f64x2.add(v128.load64_splat(series, 40), f64x2.mul(w, v128.load64_splat(series, 48)))),
      );
      const w4 = f64x2.mul(w2, w2);
      const last = f64x2.mul(f64x2.mul(w4, w4), v128.load64_splat(series, 56));
      ratio = f64x2.mul(w, f64x2.add(f64x2.add(low, f64x2.mul(w4, high)), last));
    }
    sum = f64x2.add(sum, f64x2.mul(v128.load(counts + at), ratio));
  }
  return sumOfLanes(sum);
}

/**
 * One Metropolis step along the line described by the terms added since `beginTransfer`.
 *
 * @param first current share f of the first place, > 0
 * @param second current share 1 - f of the second place, > 0; both are given because either may be tiny
 * @param slope loss of log-likelihood by expected counts for each unit of f
 * @param half f64 `[count]`: lambda of the lit pixels for f = 1/2, > 0
 * @param light f64 `[count]`: what lambda gains for each unit of f
 * @param counts f64 `[count]`: their counts; all three arrays aligned to 16 bytes
 * @param count number of lit pixels, padded to an even number by one with lambda 1, light 0 and 0 counts
 * @returns whether the proposal, then in `proposedFirst` and `proposedSecond`, is accepted
 */
export function drawShare(
  first: f64,
  second: f64,
  slope: f64,
  half: usize,
  light: usize,
  counts: usize,
  count: i32,
): bool {
  measure(half, light, counts, count);
  findPeak(slope);
  placeKnots();
  const largest = evaluateKnots(slope);
  const total = sumSegments(largest);
  const z = max(-LARGEST_Z, min(LARGEST_Z, drawFromInterpolant(total)));
  // 1 / (1 + e^-z) and 1 / (1 + e^z), both to full relative accuracy.
  const odds = exp(-abs(z));
  const larger = 1 / (1 + odds);
  const smaller = odds / (1 + odds);
  proposedFirst = z > 0 ? larger : smaller;
  proposedSecond = z > 0 ? smaller : larger;
  const current = max(-LARGEST_Z, min(LARGEST_Z, log(first) - log(second)));
  const firsts = f64x2.replace_lane(f64x2.splat(first), 1, proposedFirst);
  const seconds = f64x2.replace_lane(f64x2.splat(second), 1, proposedSecond);
  const prior = logPriorPair(firsts, seconds);
  const ratio =
    f64x2.extract_lane(prior, 1) -
    f64x2.extract_lane(prior, 0) +
    logLightRatio(half, light, counts, count, first, proposedFirst) -
    slope * (proposedFirst - first) +
    logInterpolant(current) -
    logInterpolant(z);
  return log(drawUniform()) < ratio;
}
