// The likelihood along the line of a transfer. With f the share of the first place, lambda of a pixel is
//
//     lambda(f) = half (1 + (f - 1/2) u),   half = lambda(1/2),   u = gain / half,   |u| <= 2,
//
// so that sum counts log lambda(f) has the expansion sum_n (-1)^(n+1) M_n (f - 1/2)^n / n, M_n = sum counts u^n. Where |u| is
// at most GENTLE, as for most pixels, eight terms are the logarithm itself; the few others are kept in a list.

import { reachOf, reachRow, reachWindow, windowBottom, windowLeft, windowRight, windowTop } from "./light";
import { allocate } from "./memory";
import { Observation, observationAt, observationCount } from "./observation";
import { wrapIndex } from "./padded-image";
import { logPair } from "./special";

/** Lambda that rounding would make zero or negative. */
const LEAST_LIGHT: f64 = 1e-290;
/** Up to this |u| the logarithm of lambda is its expansion to eighth order: the ninth is at most 1.2e-10. */
const GENTLE: f64 = 0.2;

/** A run of pixels next to each other in the list of an observation. */
@unmanaged
class Run {
  /** Addresses of their lambdas and counts. */
  lambdas: usize;
  weights: usize;
  count: i32;
}

let ny: i32 = 0;
let nx: i32 = 0;
let wrap: bool = false;
/** f64: what lambda gains for each unit of f; each run is padded to an even number by a gain of 0. */
let gains: usize = 0;
/** End of the gains collected so far. */
let gainsEnd: usize = 0;
/** `Run[runCount]`: where the pixels of the gains are listed. */
let runs: usize = 0;
let runCount: i32 = 0;

/** f64 `[strongCount]`: u and counts of the pixels beyond GENTLE, and others with 0 counts. */
let strongSlopes: usize = 0;
let strongCounts: usize = 0;
let strongEnd: usize = 0;
/** M_1 to M_8 of the gentle pixels, and M_1 to M_6 of all. */
const gentleMoments = memory.data(8 * 8, 16);
export const lineMoments = memory.data(8 * 6, 16);

/** Reserve memory for the longest line; false when it is refused. After `prepareLight`. */
export function prepareLine(rows: i32, cols: i32, periodic: bool): bool {
  ny = rows;
  nx = cols;
  wrap = periodic;
  let entries = 0;
  let mostRuns = 0;
  for (let index = 0; index < observationCount; index++) {
    mostRuns += 2 * ny;
    entries += observationAt(index).entryCount + 2 * ny + 2;
  }
  gains = allocate((<usize>entries) << 3);
  strongSlopes = allocate((<usize>entries) << 3);
  strongCounts = allocate((<usize>entries) << 3);
  runs = allocate(<usize>mostRuns * offsetof<Run>());
  return gains !== 0 && strongSlopes !== 0 && strongCounts !== 0 && runs !== 0;
}

/** Begin to collect the pixels of a line. */
function beginLine(): void {
  gainsEnd = gains;
  runCount = 0;
}

function appendRun(item: Observation, first: i32, end: i32): void {
  const run = changetype<Run>(runs + <usize>runCount * offsetof<Run>());
  runCount++;
  run.lambdas = item.entryLambdas + ((<usize>first) << 3);
  run.weights = item.entryWeights + ((<usize>first) << 3);
  run.count = end - first;
}

/** Add the pixels of columns `[first, end)` of a row, which two sky pixels reach. */
function collectRun(
  item: Observation,
  row: i32,
  first: i32,
  end: i32,
  reachFirst: usize,
  reachSecond: usize,
  firstLight: f64,
  secondLight: f64,
): void {
  const before = item.entryBefore + ((<usize>(row * (nx + 1))) << 2);
  let entry = load<i32>(before + ((<usize>first) << 2));
  const last = load<i32>(before + ((<usize>end) << 2));
  if (entry === last) return;
  appendRun(item, entry, last);
  const firsts = f64x2.splat(firstLight);
  const seconds = f64x2.splat(secondLight);
  let out = gainsEnd;
  if (last - entry === end - first) {
    reachFirst += (<usize>first) << 3;
    reachSecond += (<usize>first) << 3;
    const bytes = (<usize>(last - entry)) << 3;
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(
        out + at,
        f64x2.sub(
          f64x2.mul(firsts, v128.load(reachFirst + at)),
          f64x2.mul(seconds, v128.load(reachSecond + at)),
        ),
      );
    }
    out += bytes;
  } else {
    const rowStart = row * nx;
    for (; entry < last; entry++) {
      const at = (<usize>(load<i32>(item.entryPixels + ((<usize>entry) << 2)) - rowStart)) << 3;
      store<f64>(out, firstLight * load<f64>(reachFirst + at) - secondLight * load<f64>(reachSecond + at));
      out += 8;
    }
  }
  endRun(out);
}

/** End a run at `out`: an odd one gets a gain of 0. */
function endRun(out: usize): void {
  if ((out - gains) & 8) {
    store<f64>(out, 0);
    out += 8;
  }
  gainsEnd = out;
}

/**
 * Collect the pixels that two sky pixels reach, for a line on which the first holds the share `f` of `mass`.
 *
 * @param mass their common flux
 */
export function collectPair(row1: i32, col1: i32, row2: i32, col2: i32, mass: f64): void {
  beginLine();
  const apart = abs(col1 - col2);
  const down = abs(row1 - row2);
  const sky1 = (<usize>(row1 * nx + col1)) << 3;
  const sky2 = (<usize>(row2 * nx + col2)) << 3;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    const firstLight = mass * load<f64>(item.exposure + sky1);
    const secondLight = mass * load<f64>(item.exposure + sky2);
    if (firstLight === 0 && secondLight === 0) continue;
    const table1 = reachOf(item, row1, col1, false);
    const table2 = reachOf(item, row2, col2, true);
    reachWindow(item, min(row1, row2), down + 1, min(col1, col2), apart + 1);
    const left = windowLeft;
    const right = windowRight;
    const origin1 = (<usize>item.reachOrigin - <usize>col1) << 3;
    const origin2 = (<usize>item.reachOrigin - <usize>col2) << 3;
    for (let line = windowTop; line < windowBottom; line++) {
      const row = wrap ? wrapIndex(line, ny) : line;
      const reach1 = reachRow(item, table1, row, row1) + origin1;
      const reach2 = reachRow(item, table2, row, row2) + origin2;
      collectRun(item, row, left, min(right, nx), reach1, reach2, firstLight, secondLight);
      if (right > nx) collectRun(item, row, 0, right - nx, reach1, reach2, firstLight, secondLight);
    }
  }
}

/** Collect all pixels with the gains that have been summed. */
export function collectAll(): void {
  beginLine();
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    if (item.entryCount > 0) collectGains(item, 0, item.entryCount);
  }
}

/** Add entries number `first` to `end` with their gains. */
function collectGains(item: Observation, first: i32, end: i32): void {
  appendRun(item, first, end);
  const bytes = (<usize>(end - first)) << 3;
  memory.copy(gainsEnd, item.entryGains + ((<usize>first) << 3), bytes);
  endRun(gainsEnd + bytes);
}

/**
 * Collect the pixels that the sky pixels of rows `[row, row + height)` and columns `[col, col + width)` reach, with the gains
 * that have been summed, and clear these.
 */
export function collectBox(row: i32, height: i32, col: i32, width: i32): void {
  beginLine();
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    reachWindow(item, row, height, col, width);
    for (let line = windowTop; line < windowBottom; line++) {
      const before = item.entryBefore + ((<usize>((wrap ? wrapIndex(line, ny) : line) * (nx + 1))) << 2);
      collectGainsBetween(item, before, windowLeft, min(windowRight, nx));
      if (windowRight > nx) collectGainsBetween(item, before, 0, windowRight - nx);
    }
  }
}

function collectGainsBetween(item: Observation, before: usize, left: i32, right: i32): void {
  const first = load<i32>(before + ((<usize>left) << 2));
  const end = load<i32>(before + ((<usize>right) << 2));
  if (first === end) return;
  collectGains(item, first, end);
  memory.fill(item.entryGains + ((<usize>first) << 3), 0, (<usize>(end - first)) << 3);
}

function sumOfLanes(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** Measure the line through the pixels collected, on which the share is `f` now: their moments and the list of strong ones. */
export function measureLine(share: f64): void {
  const fromHalf = f64x2.splat(0.5 - share);
  const gentle = f64x2.splat(GENTLE);
  let sum1 = f64x2.splat(0);
  let sum2 = f64x2.splat(0);
  let sum3 = f64x2.splat(0);
  let sum4 = f64x2.splat(0);
  let sum5 = f64x2.splat(0);
  let sum6 = f64x2.splat(0);
  let sum7 = f64x2.splat(0);
  let sum8 = f64x2.splat(0);
  let gain = gains;
  let strong: usize = 0;
  for (let index = 0; index < runCount; index++) {
    const run = changetype<Run>(runs + <usize>index * offsetof<Run>());
    // The second of the last pair may belong to no run: its gain is 0.
    const lambdas = run.lambdas;
    const weights = run.weights;
    const bytes = (<usize>run.count) << 3;
    for (let at: usize = 0; at < bytes; at += 16) {
      const change = v128.load(gain);
      gain += 16;
      const half = f64x2.add(v128.load(lambdas + at), f64x2.mul(fromHalf, change));
      const counts = v128.load(weights + at);
      const u = f64x2.div(change, half);
      const beyond = f64x2.gt(f64x2.abs(u), gentle);
      v128.store(strongSlopes + strong, u);
      v128.store(strongCounts + strong, v128.and(counts, beyond));
      strong += v128.any_true(beyond) ? 16 : 0;
      let power = f64x2.mul(v128.andnot(counts, beyond), u);
      sum1 = f64x2.add(sum1, power);
      power = f64x2.mul(power, u);
      sum2 = f64x2.add(sum2, power);
      power = f64x2.mul(power, u);
      sum3 = f64x2.add(sum3, power);
      power = f64x2.mul(power, u);
      sum4 = f64x2.add(sum4, power);
      power = f64x2.mul(power, u);
      sum5 = f64x2.add(sum5, power);
      power = f64x2.mul(power, u);
      sum6 = f64x2.add(sum6, power);
      power = f64x2.mul(power, u);
      sum7 = f64x2.add(sum7, power);
      sum8 = f64x2.add(sum8, f64x2.mul(power, u));
    }
  }
  strongEnd = strong;
  store<f64>(gentleMoments, sumOfLanes(sum1), 0);
  store<f64>(gentleMoments, sumOfLanes(sum2), 8);
  store<f64>(gentleMoments, sumOfLanes(sum3), 16);
  store<f64>(gentleMoments, sumOfLanes(sum4), 24);
  store<f64>(gentleMoments, sumOfLanes(sum5), 32);
  store<f64>(gentleMoments, sumOfLanes(sum6), 40);
  store<f64>(gentleMoments, sumOfLanes(sum7), 48);
  store<f64>(gentleMoments, sumOfLanes(sum8), 56);
  for (let at: usize = 0; at < strong; at += 16) {
    const u = v128.load(strongSlopes + at);
    let power = f64x2.mul(v128.load(strongCounts + at), u);
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
  store<f64>(lineMoments, sumOfLanes(sum1), 0);
  store<f64>(lineMoments, sumOfLanes(sum2), 8);
  store<f64>(lineMoments, sumOfLanes(sum3), 16);
  store<f64>(lineMoments, sumOfLanes(sum4), 24);
  store<f64>(lineMoments, sumOfLanes(sum5), 32);
  store<f64>(lineMoments, sumOfLanes(sum6), 40);
}

/** `sum counts log lambda` of the gentle pixels less that for f = 1/2, t = f - 1/2. */
function logGentleLight(t: f64): f64 {
  const high =
    load<f64>(gentleMoments, 32) / 5 -
    t *
      (load<f64>(gentleMoments, 40) / 6 -
        t * (load<f64>(gentleMoments, 48) / 7 - (t * load<f64>(gentleMoments, 56)) / 8));
  const low =
    load<f64>(gentleMoments, 0) -
    t *
      (load<f64>(gentleMoments, 8) / 2 -
        t * (load<f64>(gentleMoments, 16) / 3 - (t * load<f64>(gentleMoments, 24)) / 4));
  const t2 = t * t;
  return t * (low + t2 * t2 * high);
}

/** Changes of lambda below this part of it go through a series; above, through `logPair`. */
const SMALL_CHANGE: f64 = 0.125;
/** Coefficients -1/2, 1/3, ... of log(1 + w) / w - 1. */
const series = memory.data<f64>([
  -0.5, 0.3333333333333333, -0.25, 0.2, -0.16666666666666666, 0.14285714285714285, -0.125, 0.1111111111111111,
]);

/**
 * `sum counts log(lambda(proposed) / lambda(current))` over the pixels of the line last measured, for shares f.
 *
 * Each logarithm is off by less than 2.4e-10 (the ninth order of the series at GENTLE and at SMALL_CHANGE), or by 2 ULP of
 * `logPair`.
 */
export function logLightRatio(current: f64, proposed: f64): f64 {
  const from = f64x2.splat(current - 0.5);
  const step = f64x2.splat(proposed - current);
  const least = f64x2.splat(LEAST_LIGHT);
  const one = f64x2.splat(1);
  const small = f64x2.splat(SMALL_CHANGE);
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < strongEnd; at += 16) {
    const u = v128.load(strongSlopes + at);
    const before = f64x2.pmax(least, f64x2.add(one, f64x2.mul(from, u)));
    const w = f64x2.div(f64x2.mul(step, u), before);
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
    sum = f64x2.add(sum, f64x2.mul(v128.load(strongCounts + at), ratio));
  }
  return sumOfLanes(sum) + logGentleLight(proposed - 0.5) - logGentleLight(current - 0.5);
}

/** Set lambda of the pixels of the line last measured for the share `current` to that for `proposed`. */
export function moveLight(current: f64, proposed: f64): void {
  const steps = f64x2.splat(proposed - current);
  const least = f64x2.splat(LEAST_LIGHT);
  let gain = gains;
  for (let index = 0; index < runCount; index++) {
    const run = changetype<Run>(runs + <usize>index * offsetof<Run>());
    const lambdas = run.lambdas;
    const bytes = (<usize>run.count) << 3;
    for (let at: usize = 0; at < bytes; at += 16) {
      const moved = f64x2.add(v128.load(lambdas + at), f64x2.mul(steps, v128.load(gain)));
      gain += 16;
      v128.store(lambdas + at, f64x2.pmax(least, moved));
    }
  }
}
