// The light of lit pixels while masses are moved with the photons integrated out: lambda of every lit pixel, and which of
// them two sky pixels reach, as the arrays that `drawShare` takes.

import { allocate } from "./memory";
import { Observation, observationAt, observationCount } from "./observation";
import { convolveLight } from "./redistribute-tiles";
import { FAINT, fillPadded, lightOfPixel, wrapIndex } from "./window";

/** Lambda that rounding would make zero or negative. */
const LEAST_LIGHT: f64 = 1e-290;

/** A run of lit pixels next to each other in the list of an observation. */
@unmanaged
class Run {
  /** Address of the first lambda. */
  lambdas: usize;
  count: i32;
}

let ny: i32 = 0;
let nx: i32 = 0;
let wrap: bool = false;
/** f64 `[lightCount]`: lambda for f = 1/2, gain for each unit of f, counts; see `drawShare`. */
export let lightHalf: usize = 0;
export let lightGain: usize = 0;
export let lightCounts: usize = 0;
/** Number of entries, even. */
export let lightCount: i32 = 0;
/** `Run[runCount]`: where the entries come from; each run is padded to an even number of entries. */
let runs: usize = 0;
let runCount: i32 = 0;

// What `reachWindow` found last.
let windowTop: i32 = 0;
let windowBottom: i32 = 0;
let windowLeft: i32 = 0;
let windowRight: i32 = 0;

/**
 * Derive what the transfers need of every observation; false when memory is refused.
 *
 * @param farthest largest distance along an axis of two pixels between which masses are moved
 */
export function prepareLight(rows: i32, cols: i32, periodic: bool, farthest: i32): bool {
  ny = rows;
  nx = cols;
  wrap = periodic;
  let entries = 0;
  let mostRuns = 0;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    const lit = item.litCount;
    item.litWeights = allocate((<usize>(lit + 2)) << 3);
    item.litLambdas = allocate((<usize>(lit + 2)) << 3);
    item.litBackground = allocate((<usize>(lit + 2)) << 3);
    item.litGains = allocate((<usize>(lit + 2)) << 3);
    item.litBefore = allocate((<usize>(ny * (nx + 1))) << 2);
    item.reachStride = wrap ? 2 * nx - 1 : item.psfCols + 2 * farthest;
    item.reachOrigin = wrap ? nx - 1 : item.centreCol + farthest;
    item.reach = allocate((<usize>((item.psfRows + 1) * item.reachStride)) << 3);
    if (item.litWeights === 0 || item.litLambdas === 0 || item.litBefore === 0 || item.reach === 0)
      return false;
    fillReach(item, farthest);
    listLit(item);
    mostRuns += 2 * ny;
    entries += lit + 2 * ny + 2;
  }
  lightHalf = allocate((<usize>entries) << 3);
  lightGain = allocate((<usize>entries) << 3);
  lightCounts = allocate((<usize>entries) << 3);
  runs = allocate(<usize>mostRuns * offsetof<Run>());
  return lightHalf !== 0 && lightGain !== 0 && lightCounts !== 0 && runs !== 0;
}

function fillReach(item: Observation, farthest: i32): void {
  const cols = item.psfCols;
  for (let row = 0; row < item.psfRows; row++) {
    const from = item.psf + ((<usize>(row * cols)) << 3);
    const to = item.reach + ((<usize>(row * item.reachStride)) << 3);
    if (!wrap) {
      memory.copy(to + ((<usize>farthest) << 3), from, (<usize>cols) << 3);
      continue;
    }
    for (let at = 0; at < item.reachStride; at++) {
      const col = wrapIndex(at - item.reachOrigin + item.centreCol, nx);
      if (col < cols) store<f64>(to + ((<usize>at) << 3), load<f64>(from + ((<usize>col) << 3)));
    }
  }
}

function listLit(item: Observation): void {
  let lit = 0;
  for (let row = 0; row < ny; row++) {
    const before = item.litBefore + ((<usize>(row * (nx + 1))) << 2);
    for (let col = 0; col < nx; col++) {
      store<i32>(before + ((<usize>col) << 2), lit);
      const counts = load<i32>(item.counts + ((<usize>(row * nx + col)) << 2));
      if (counts === 0) continue;
      store<f64>(item.litWeights + ((<usize>lit) << 3), <f64>counts);
      lit++;
    }
    store<i32>(before + ((<usize>nx) << 2), lit);
  }
}

/**
 * Compute lambda of all lit pixels.
 *
 * @param flux f64 `[ny, nx]`, > 0
 * @returns false when a lit pixel gets no light at all
 */
export function predictLight(flux: usize): bool {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    if (!predictObservation(item, flux, item.litLambdas)) return false;
  }
  return true;
}

/** Lambda of the lit pixels of one observation into f64 `[litCount]`; whether all are > 0. */
function predictObservation(item: Observation, flux: usize, out: usize): bool {
  fillPadded(item, flux, ny, nx, wrap);
  const expected = item.tiling !== 0 ? convolveLight(item, ny, nx) : 0;
  let allLit = true;
  for (let lit = 0; lit < item.litCount; lit++) {
    const pixel = load<i32>(item.litPixels + ((<usize>lit) << 2));
    let lambda: f64 = 0;
    if (expected !== 0) lambda = <f64>load<f32>(expected + ((<usize>pixel) << 2));
    if (!(lambda > FAINT)) {
      const window = item.padded + ((<usize>load<i32>(item.litWindows + ((<usize>lit) << 2))) << 2);
      lambda = lightOfPixel(item, flux, window, pixel, ny, nx, wrap);
    }
    if (!(lambda > 0 && isFinite(lambda))) allLit = false;
    store<f64>(out + ((<usize>lit) << 3), lambda);
  }
  return allLit;
}

/**
 * Compute the light of all backgrounds at scale 1.
 *
 * @param dark f64 `[ny, nx]`, all 0
 */
export function predictBackgrounds(dark: usize): void {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    if (item.background === 0) continue;
    const scale = item.scale;
    item.scale = 1;
    predictObservation(item, dark, item.litBackground);
    item.scale = scale;
  }
}

/** Address of a row of `reach` for detector row `row` and a sky pixel in row `skyRow`; the row of zeros out of reach. */
function reachRow(item: Observation, row: i32, skyRow: i32): usize {
  let psfRow = row - skyRow + item.centreRow;
  if (wrap) psfRow = wrapIndex(psfRow, ny);
  if (psfRow < 0 || psfRow >= item.psfRows) psfRow = item.psfRows;
  return item.reach + ((<usize>(psfRow * item.reachStride)) << 3);
}

/** Add the lit pixels of columns `[first, end)` of a row. */
function collectRun(
  item: Observation,
  row: i32,
  first: i32,
  end: i32,
  reachFirst: usize,
  reachSecond: usize,
  firstLight: f64,
  secondLight: f64,
  fromHalf: f64,
): void {
  const before = item.litBefore + ((<usize>(row * (nx + 1))) << 2);
  let lit = load<i32>(before + ((<usize>first) << 2));
  const last = load<i32>(before + ((<usize>end) << 2));
  if (lit === last) return;
  const run = changetype<Run>(runs + <usize>runCount * offsetof<Run>());
  runCount++;
  run.lambdas = item.litLambdas + ((<usize>lit) << 3);
  run.count = last - lit;
  const firsts = f64x2.splat(firstLight);
  const seconds = f64x2.splat(secondLight);
  const shifts = f64x2.splat(fromHalf);
  const dense = last - lit === end - first;
  const pixels = item.litPixels;
  const rowStart = row * nx;
  let out = (<usize>lightCount) << 3;
  for (; lit + 2 <= last; lit += 2) {
    let reach1: v128;
    let reach2: v128;
    if (dense) {
      const at = (<usize>(first + lit - (last - run.count))) << 3;
      reach1 = v128.load(reachFirst + at);
      reach2 = v128.load(reachSecond + at);
    } else {
      const at = (<usize>(load<i32>(pixels + ((<usize>lit) << 2)) - rowStart)) << 3;
      const next = (<usize>(load<i32>(pixels + ((<usize>lit) << 2), 4) - rowStart)) << 3;
      reach1 = v128.load64_lane(reachFirst + next, v128.load64_zero(reachFirst + at), 1);
      reach2 = v128.load64_lane(reachSecond + next, v128.load64_zero(reachSecond + at), 1);
    }
    const gain = f64x2.sub(f64x2.mul(firsts, reach1), f64x2.mul(seconds, reach2));
    const lambda = v128.load(item.litLambdas + ((<usize>lit) << 3));
    v128.store(lightGain + out, gain);
    v128.store(lightHalf + out, f64x2.add(lambda, f64x2.mul(shifts, gain)));
    v128.store(lightCounts + out, v128.load(item.litWeights + ((<usize>lit) << 3)));
    out += 16;
  }
  if (lit < last) {
    const at = (<usize>(load<i32>(pixels + ((<usize>lit) << 2)) - rowStart)) << 3;
    const gain = firstLight * load<f64>(reachFirst + at) - secondLight * load<f64>(reachSecond + at);
    const lambda = load<f64>(item.litLambdas + ((<usize>lit) << 3));
    store<f64>(lightGain + out, gain);
    store<f64>(lightHalf + out, lambda + fromHalf * gain);
    store<f64>(lightCounts + out, load<f64>(item.litWeights + ((<usize>lit) << 3)));
    store<f64>(lightGain + out, 0, 8);
    store<f64>(lightHalf + out, 1, 8);
    store<f64>(lightCounts + out, 0, 8);
    out += 16;
  }
  lightCount = <i32>(out >> 3);
}

/**
 * Find the detector pixels that the sky pixels of rows `[row, row + height)` and columns `[col, col + width)` reach. With
 * `wrap` rows may lie beyond the image and columns beyond its right border, each at most once.
 */
function reachWindow(item: Observation, row: i32, height: i32, col: i32, width: i32): void {
  const top = row - item.centreRow;
  const left = col - item.centreCol;
  const rows = item.psfRows + height - 1;
  const cols = item.psfCols + width - 1;
  if (wrap) {
    windowTop = top;
    windowBottom = top + min(rows, ny);
    windowLeft = wrapIndex(left, nx);
    windowRight = windowLeft + min(cols, nx);
    return;
  }
  windowTop = max(top, 0);
  windowLeft = max(left, 0);
  windowRight = min(left + cols, nx);
  windowBottom = windowRight > windowLeft ? min(top + rows, ny) : windowTop;
}

/**
 * Collect the lit pixels that two sky pixels reach, for a line on which the first holds the share `f` of `mass`.
 *
 * @param mass their common flux
 */
export function collectPair(row1: i32, col1: i32, row2: i32, col2: i32, mass: f64, share: f64): void {
  lightCount = 0;
  runCount = 0;
  const fromHalf = 0.5 - share;
  const apart = abs(col1 - col2);
  const down = abs(row1 - row2);
  const sky1 = (<usize>(row1 * nx + col1)) << 3;
  const sky2 = (<usize>(row2 * nx + col2)) << 3;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    const firstLight = mass * load<f64>(item.exposure + sky1);
    const secondLight = mass * load<f64>(item.exposure + sky2);
    if (firstLight === 0 && secondLight === 0) continue;
    reachWindow(item, min(row1, row2), down + 1, min(col1, col2), apart + 1);
    const left = windowLeft;
    const right = windowRight;
    const origin1 = (<usize>item.reachOrigin - <usize>col1) << 3;
    const origin2 = (<usize>item.reachOrigin - <usize>col2) << 3;
    for (let line = windowTop; line < windowBottom; line++) {
      const row = wrap ? wrapIndex(line, ny) : line;
      const reach1 = reachRow(item, row, row1) + origin1;
      const reach2 = reachRow(item, row, row2) + origin2;
      collectRun(item, row, left, min(right, nx), reach1, reach2, firstLight, secondLight, fromHalf);
      if (right > nx) collectRun(item, row, 0, right - nx, reach1, reach2, firstLight, secondLight, fromHalf);
    }
  }
}

/** Set lambda of the lit pixels last collected to that for the share `f`. */
export function moveLight(share: f64): void {
  const steps = f64x2.splat(share - 0.5);
  const least = f64x2.splat(LEAST_LIGHT);
  let at: usize = 0;
  for (let index = 0; index < runCount; index++) {
    const run = changetype<Run>(runs + <usize>index * offsetof<Run>());
    let to = run.lambdas;
    let left = run.count;
    for (; left >= 2; left -= 2) {
      const moved = f64x2.add(v128.load(lightHalf + at), f64x2.mul(steps, v128.load(lightGain + at)));
      v128.store(to, f64x2.pmax(least, moved));
      to += 16;
      at += 16;
    }
    if (left > 0) {
      store<f64>(to, max(LEAST_LIGHT, load<f64>(lightHalf + at) + (share - 0.5) * load<f64>(lightGain + at)));
      at += 16;
    }
  }
}

/** Add `amount` times the light of a sky pixel of unit exposed flux to the gains of an observation. */
function addGain(item: Observation, row: i32, col: i32, amount: f64): void {
  reachWindow(item, row, 1, col, 1);
  const left = windowLeft;
  const right = windowRight;
  const origin = (<usize>item.reachOrigin - <usize>col) << 3;
  for (let line = windowTop; line < windowBottom; line++) {
    const detectorRow = wrap ? wrapIndex(line, ny) : line;
    const reach = reachRow(item, detectorRow, row) + origin;
    addGainRun(item, detectorRow, left, min(right, nx), reach, amount);
    if (right > nx) addGainRun(item, detectorRow, 0, right - nx, reach, amount);
  }
}

function addGainRun(item: Observation, row: i32, first: i32, end: i32, reach: usize, amount: f64): void {
  const before = item.litBefore + ((<usize>(row * (nx + 1))) << 2);
  const start = load<i32>(before + ((<usize>first) << 2));
  const last = load<i32>(before + ((<usize>end) << 2));
  const rowStart = row * nx;
  const gains = item.litGains;
  const pixels = item.litPixels;
  for (let lit = start; lit < last; lit++) {
    const at = (<usize>(load<i32>(pixels + ((<usize>lit) << 2)) - rowStart)) << 3;
    const to = gains + ((<usize>lit) << 3);
    store<f64>(to, load<f64>(to) + amount * load<f64>(reach + at));
  }
}

/** Begin a sum of gains that may touch every lit pixel: all 0. */
export function clearGains(): void {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    memory.fill(item.litGains, 0, (<usize>item.litCount) << 3);
  }
}

/** Add `factor` times the light that a sky pixel of this flux sends, to the gains of all observations. */
export function addPixelGain(row: i32, col: i32, flux: f64, factor: f64): void {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    const exposure = load<f64>(item.exposure + ((<usize>(row * nx + col)) << 3));
    if (exposure > 0) addGain(item, row, col, factor * flux * exposure);
  }
}

/**
 * Turn gains that hold the light of some pixels (negative) into those of a line: `factor` times the flux that is left, and
 * `backgroundFactor` times the scaled background of one observation.
 */
export function finishBackgroundGains(chosen: Observation, factor: f64, backgroundFactor: f64): void {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    const hasBackground = item.background !== 0;
    const scale = item.scale;
    const byBackground = item === chosen ? backgroundFactor : 0;
    for (let at: usize = 0; at < (<usize>item.litCount) << 3; at += 8) {
      const background = hasBackground ? scale * load<f64>(item.litBackground + at) : 0;
      // Rounding may leave less than nothing where the pixels left out give all the light.
      const left = max(0, load<f64>(item.litLambdas + at) - background + load<f64>(item.litGains + at));
      store<f64>(item.litGains + at, factor * left + byBackground * background);
    }
  }
}

/** Collect all lit pixels with the gains that have been summed, for a line on which the share is `f` now. */
export function collectAll(share: f64): void {
  lightCount = 0;
  runCount = 0;
  const fromHalf = 0.5 - share;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    if (item.litCount > 0) collectGains(item, 0, item.litCount, fromHalf);
  }
}

/** Add the lit pixels number `first` to `end` with their gains. */
function collectGains(item: Observation, first: i32, end: i32, fromHalf: f64): void {
  const run = changetype<Run>(runs + <usize>runCount * offsetof<Run>());
  runCount++;
  run.lambdas = item.litLambdas + ((<usize>first) << 3);
  run.count = end - first;
  let out = (<usize>lightCount) << 3;
  for (let lit = first; lit < end; lit++) {
    const at = (<usize>lit) << 3;
    const gain = load<f64>(item.litGains + at);
    store<f64>(lightGain + out, gain);
    store<f64>(lightHalf + out, load<f64>(item.litLambdas + at) + fromHalf * gain);
    store<f64>(lightCounts + out, load<f64>(item.litWeights + at));
    out += 8;
  }
  if ((end - first) & 1) {
    store<f64>(lightGain + out, 0);
    store<f64>(lightHalf + out, 1);
    store<f64>(lightCounts + out, 0);
    out += 8;
  }
  lightCount = <i32>(out >> 3);
}

/**
 * Collect the lit pixels that the sky pixels of rows `[row, row + height)` and columns `[col, col + width)` reach, with the
 * gains that have been summed, and clear these.
 */
export function collectBox(row: i32, height: i32, col: i32, width: i32, share: f64): void {
  lightCount = 0;
  runCount = 0;
  const fromHalf = 0.5 - share;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    reachWindow(item, row, height, col, width);
    for (let line = windowTop; line < windowBottom; line++) {
      const before = item.litBefore + ((<usize>((wrap ? wrapIndex(line, ny) : line) * (nx + 1))) << 2);
      collectGainsBetween(item, before, windowLeft, min(windowRight, nx), fromHalf);
      if (windowRight > nx) collectGainsBetween(item, before, 0, windowRight - nx, fromHalf);
    }
  }
}

function collectGainsBetween(item: Observation, before: usize, left: i32, right: i32, fromHalf: f64): void {
  const first = load<i32>(before + ((<usize>left) << 2));
  const end = load<i32>(before + ((<usize>right) << 2));
  if (first === end) return;
  collectGains(item, first, end, fromHalf);
  memory.fill(item.litGains + ((<usize>first) << 3), 0, (<usize>(end - first)) << 3);
}
