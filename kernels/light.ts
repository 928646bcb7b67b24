// The light of lit pixels while masses are moved with the photons integrated out: lambda of every lit pixel, and what it gains
// from the light of single sky pixels.
//
// Rows of the detector that are lit for the most part are kept whole, so that they are read in pairs without looking up
// where each pixel lies. Their dark pixels have 0 counts and lambda DARK, which is so large that no light changes it.

import { allocate } from "./memory";
import { Observation, observationAt, observationCount, partAt } from "./observation";
import { exposureAt, fillPadded, wrapIndex } from "./padded-image";
import { fillParts, lightBySet } from "./psf-set";
import { convolveLight } from "./redistribute-tiles";
import { log } from "./special";
import { FAINT } from "./window";
import { lightExactly, sumLightOfFour, sumLightOfRow } from "./window-light";

/** lambda of the dark pixels of a row that is kept whole. */
const DARK: f64 = 1e200;
/** Beside so much light what is FAINT adds nothing to a double. */
const BRIGHT: f64 = 1e-3;

let ny: i32 = 0;
let nx: i32 = 0;
let wrap: bool = false;
/** f32 `[nx]`: light of the entries of a row. */
let rowLight: usize = 0;

// What `reachWindow` found last.
export let windowTop: i32 = 0;
export let windowBottom: i32 = 0;
export let windowLeft: i32 = 0;
export let windowRight: i32 = 0;

/**
 * Derive what the transfers need of every observation; false when memory is refused.
 *
 * @param farthest largest distance along an axis of two pixels between which masses are moved
 */
export function prepareLight(rows: i32, cols: i32, periodic: bool, farthest: i32): bool {
  ny = rows;
  nx = cols;
  wrap = periodic;
  rowLight = allocate((<usize>(nx + 4)) << 2);
  if (rowLight === 0) return false;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    item.entryBefore = allocate((<usize>(ny * (nx + 1))) << 2);
    item.reachStride = wrap ? 2 * nx - 1 : item.psfCols + 2 * farthest;
    item.reachOrigin = wrap ? nx - 1 : item.centreCol + farthest;
    if (item.entryBefore === 0 || !prepareReach(item)) return false;
    if (!listEntries(item)) return false;
  }
  return true;
}

/** Bytes of the table `reach`: a pair of a row may end one value behind it. */
function reachBytes(item: Observation): usize {
  return (<usize>((item.psfRows + 1) * item.reachStride + 2)) << 3;
}

/** Reserve and fill the tables `reach`: one, or one for each part and two to mix them in; false when memory is refused. */
function prepareReach(item: Observation): bool {
  item.reach = allocate(reachBytes(item));
  if (item.reach === 0) return false;
  if (item.partCount > 0) {
    item.mixedReach = allocate(reachBytes(item));
    if (item.mixedReach === 0) return false;
  }
  for (let index = 0; index < item.partCount; index++) {
    const part = partAt(item, index);
    part.reach = allocate(reachBytes(item));
    if (part.reach === 0) return false;
  }
  renewReach(item);
  return true;
}

/** Follow psfs that the host has changed. */
export function renewReach(item: Observation): void {
  if (item.partCount === 0) fillReach(item, item);
  for (let index = 0; index < item.partCount; index++) fillReach(partAt(item, index), item);
}

/** `sum counts log lambda` of what `predictLight` found, over all observations. */
export function sumLogLight(): f64 {
  let sum: f64 = 0;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    // Powers are multiplied up, and their logarithm is taken only before the product leaves its range.
    let product: f64 = 1;
    for (let at: usize = 0; at < (<usize>item.litCount) << 2; at += 4) {
      const lambda = load<f64>(item.entryLambdas + ((<usize>load<i32>(item.litEntries + at)) << 3));
      const counts = load<i32>(item.litCounts + at);
      if (counts <= 2 && lambda > FAINT && lambda < 1e50) {
        product *= counts === 1 ? lambda : lambda * lambda;
        if (product < 1e-200 || product > 1e200) {
          sum += log(product);
          product = 1;
        }
      } else sum += <f64>counts * log(lambda);
    }
    sum += log(product);
  }
  return sum;
}

/** Lay the psf of a part, or of the observation itself, into its table `reach`, of the shape that the observation's has. */
function fillReach(part: Observation, item: Observation): void {
  const cols = part.psfCols;
  const below = item.centreRow - part.centreRow;
  for (let row = 0; row < part.psfRows; row++) {
    const from = part.psf + ((<usize>(row * cols)) << 3);
    const to = part.reach + ((<usize>((row + below) * item.reachStride)) << 3);
    if (!wrap) {
      memory.copy(to + ((<usize>(item.reachOrigin - part.centreCol)) << 3), from, (<usize>cols) << 3);
      continue;
    }
    for (let at = 0; at < item.reachStride; at++) {
      const col = wrapIndex(at - item.reachOrigin + part.centreCol, nx);
      if (col < cols) store<f64>(to + ((<usize>at) << 3), load<f64>(from + ((<usize>col) << 3)));
    }
  }
}

/**
 * The table `reach` for the light of a sky pixel: under a psf that varies the mean of those of its places, by their weights.
 *
 * @param second whether to keep the table given for another pixel before
 */
export function reachOf(item: Observation, row: i32, col: i32, second: bool): usize {
  if (item.partCount === 0) return item.reach;
  const table = second ? item.mixedReach : item.reach;
  memory.fill(table, 0, reachBytes(item));
  const exposure = load<f64>(exposureAt(item, row, col));
  if (exposure === 0) return table;
  for (let index = 0; index < item.partCount; index++) {
    const part = partAt(item, index);
    const inBox =
      row >= part.boxTop &&
      row < part.boxTop + part.boxRows &&
      col >= part.boxLeft &&
      col < part.boxLeft + part.boxCols;
    if (!inBox) continue;
    const weight = load<f64>(exposureAt(part, row, col)) / exposure;
    if (weight === 0) continue;
    const weights = f64x2.splat(weight);
    const start = (<usize>((item.centreRow - part.centreRow) * item.reachStride)) << 3;
    const bytes = (<usize>(part.psfRows * item.reachStride)) << 3;
    for (let at = start; at < start + bytes; at += 16) {
      const mixed = f64x2.add(v128.load(table + at), f64x2.mul(weights, v128.load(part.reach + at)));
      v128.store(table + at, mixed);
    }
  }
  return table;
}

/** Whether a row of the detector is kept whole: at least half of it is lit. */
function isWhole(item: Observation, row: i32): bool {
  let lit = 0;
  for (let pixel = row * nx; pixel < (row + 1) * nx; pixel++) {
    if (load<i32>(item.counts + ((<usize>pixel) << 2)) > 0) lit++;
  }
  return 2 * lit >= nx;
}

/** Fill the list of entries; false when memory is refused. */
function listEntries(item: Observation): bool {
  let most = item.litCount;
  for (let row = 0; row < ny; row++) if (isWhole(item, row)) most += nx;
  // Pairs may end one entry behind the last.
  item.entryPixels = allocate((<usize>most) << 2);
  item.entryWeights = allocate((<usize>(most + 2)) << 3);
  item.entryLambdas = allocate((<usize>(most + 2)) << 3);
  item.entryStarts = allocate((<usize>most) << 3);
  item.litEntries = allocate((<usize>item.litCount) << 2);
  item.entryBackground = allocate((<usize>(most + 2)) << 3);
  item.entryGains = allocate((<usize>(most + 2)) << 3);
  if (
    item.entryPixels === 0 ||
    item.entryWeights === 0 ||
    item.entryLambdas === 0 ||
    item.entryStarts === 0 ||
    item.litEntries === 0 ||
    item.entryBackground === 0 ||
    item.entryGains === 0
  ) {
    return false;
  }
  let entry = 0;
  let lit = 0;
  for (let row = 0; row < ny; row++) {
    const before = item.entryBefore + ((<usize>(row * (nx + 1))) << 2);
    const whole = isWhole(item, row);
    for (let col = 0; col < nx; col++) {
      store<i32>(before + ((<usize>col) << 2), entry);
      const pixel = row * nx + col;
      const counts = load<i32>(item.counts + ((<usize>pixel) << 2));
      if (counts === 0 && !whole) continue;
      store<i32>(item.entryPixels + ((<usize>entry) << 2), pixel);
      store<f64>(item.entryWeights + ((<usize>entry) << 3), <f64>counts);
      if (counts > 0) {
        store<i32>(item.litEntries + ((<usize>lit) << 2), entry);
        lit++;
      }
      entry++;
    }
    store<i32>(before + ((<usize>nx) << 2), entry);
  }
  item.entryCount = entry;
  store<f64>(item.entryLambdas + ((<usize>entry) << 3), DARK);
  store<f64>(item.entryLambdas + ((<usize>entry) << 3), DARK, 8);
  return true;
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
    if (!predictObservation(item, flux, item.entryLambdas)) return false;
    memory.copy(item.entryStarts, item.entryLambdas, (<usize>item.entryCount) << 3);
  }
  return true;
}

/** Light of the entries of a row, `first` to `last`, into `rowLight`, of an observation with one psf whose padded image is filled. */
function sumLightOfEntries(item: Observation, row: i32, first: i32, last: i32): void {
  if (last - first === nx && nx >= 4) {
    sumLightOfRow(item, row, nx, rowLight);
    return;
  }
  const origin = item.padded + ((<usize>(row * (item.padStride - nx))) << 2);
  for (let entry = first; entry < last; entry += 4) {
    const at = item.entryPixels + ((<usize>entry) << 2);
    const most = (<usize>(last - 1 - entry)) << 2;
    const light = sumLightOfFour(
      item,
      origin + ((<usize>load<i32>(at)) << 2),
      origin + ((<usize>load<i32>(at + min(most, 4))) << 2),
      origin + ((<usize>load<i32>(at + min(most, 8))) << 2),
      origin + ((<usize>load<i32>(at + min(most, 12))) << 2),
    );
    v128.store(rowLight + ((<usize>(entry - first)) << 2), light);
  }
}

/** Light of a lit pixel whose window starts at `window`, in f64 where f32 would be too faint, unless it may be. */
function lightOfPixel(item: Observation, flux: usize, window: usize, pixel: i32, mayBeFaint: bool): f64 {
  const light = <f64>f32x4.extract_lane(sumLightOfFour(item, window, window, window, window), 0);
  return light > FAINT || mayBeFaint ? light : lightExactly(item, flux, pixel, ny, nx, wrap);
}

/** Lambda of the lit pixels of one observation into f64 `[entryCount]`, DARK for the others; whether all are > 0. */
function predictObservation(item: Observation, flux: usize, out: usize): bool {
  const varies = item.partCount > 0;
  const scale = item.scale;
  if (varies) fillParts(item, flux, ny, nx, wrap);
  else fillPadded(item, flux, ny, nx, wrap);
  const expected = item.tiling !== 0 ? convolveLight(item, ny, nx) : 0;
  let allLit = true;
  let entry = 0;
  for (let row = 0; row < ny; row++) {
    const first = entry;
    const last = load<i32>(item.entryBefore + ((<usize>(row * (nx + 1) + nx)) << 2));
    if (expected === 0 && !varies) sumLightOfEntries(item, row, first, last);
    for (; entry < last; entry++) {
      const to = out + ((<usize>entry) << 3);
      if (load<f64>(item.entryWeights + ((<usize>entry) << 3)) === 0) {
        store<f64>(to, DARK);
        continue;
      }
      const pixel = load<i32>(item.entryPixels + ((<usize>entry) << 2));
      const col = pixel - row * nx;
      const background = item.apart ? scale * load<f64>(item.entryBackground + ((<usize>entry) << 3)) : 0;
      let lambda: f64;
      if (varies) lambda = lightBySet(item, flux, row, col, ny, nx, wrap);
      else {
        const mayBeFaint = background > BRIGHT;
        const known =
          expected !== 0 ? expected + ((<usize>pixel) << 2) : rowLight + ((<usize>(entry - first)) << 2);
        lambda = <f64>load<f32>(known);
        if (!(lambda > FAINT || mayBeFaint)) {
          const window = item.padded + ((<usize>(row * item.padStride + col)) << 2);
          lambda = lightOfPixel(item, flux, window, pixel, mayBeFaint);
        }
      }
      lambda += background;
      if (!(lambda > 0 && isFinite(lambda))) allLit = false;
      store<f64>(to, lambda);
    }
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
    predictBackground(observationAt(index), dark);
  }
}

/** Compute the light of the background of one observation at scale 1, if it has one. */
export function predictBackground(item: Observation, dark: usize): void {
  if (item.background === 0) return;
  const scale = item.scale;
  const apart = item.apart;
  item.scale = 1;
  item.apart = false;
  predictObservation(item, dark, item.entryBackground);
  item.scale = scale;
  item.apart = apart;
}

/** Address of a row of a table `reach` for detector row `row` and a sky pixel in row `skyRow`; the row of zeros out of reach. */
export function reachRow(item: Observation, table: usize, row: i32, skyRow: i32): usize {
  let psfRow = row - skyRow + item.centreRow;
  if (wrap) psfRow = wrapIndex(psfRow, ny);
  if (psfRow < 0 || psfRow >= item.psfRows) psfRow = item.psfRows;
  return table + ((<usize>(psfRow * item.reachStride)) << 3);
}

/**
 * Find the detector pixels that the sky pixels of rows `[row, row + height)` and columns `[col, col + width)` reach. With
 * `wrap` rows may lie beyond the image and columns beyond its right border, each at most once.
 */
export function reachWindow(item: Observation, row: i32, height: i32, col: i32, width: i32): void {
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

/** Add `amount` times the light of a sky pixel of unit exposed flux to the gains of an observation. */
function addGain(item: Observation, row: i32, col: i32, amount: f64): void {
  const table = reachOf(item, row, col, false);
  reachWindow(item, row, 1, col, 1);
  const left = windowLeft;
  const right = windowRight;
  const origin = (<usize>item.reachOrigin - <usize>col) << 3;
  for (let line = windowTop; line < windowBottom; line++) {
    const detectorRow = wrap ? wrapIndex(line, ny) : line;
    const reach = reachRow(item, table, detectorRow, row) + origin;
    addGainRun(item, detectorRow, left, min(right, nx), reach, amount);
    if (right > nx) addGainRun(item, detectorRow, 0, right - nx, reach, amount);
  }
}

function addGainRun(item: Observation, row: i32, first: i32, end: i32, reach: usize, amount: f64): void {
  const before = item.entryBefore + ((<usize>(row * (nx + 1))) << 2);
  let entry = load<i32>(before + ((<usize>first) << 2));
  const last = load<i32>(before + ((<usize>end) << 2));
  const gains = item.entryGains;
  if (last - entry === end - first) {
    const amounts = f64x2.splat(amount);
    let from = reach + ((<usize>first) << 3);
    let to = gains + ((<usize>entry) << 3);
    for (; entry + 2 <= last; entry += 2) {
      v128.store(to, f64x2.add(v128.load(to), f64x2.mul(amounts, v128.load(from))));
      from += 16;
      to += 16;
    }
    if (entry < last) store<f64>(to, load<f64>(to) + amount * load<f64>(from));
    return;
  }
  const rowStart = row * nx;
  for (; entry < last; entry++) {
    const at = (<usize>(load<i32>(item.entryPixels + ((<usize>entry) << 2)) - rowStart)) << 3;
    const to = gains + ((<usize>entry) << 3);
    store<f64>(to, load<f64>(to) + amount * load<f64>(reach + at));
  }
}

/** Begin a sum of gains that may touch every lit pixel: all 0. */
export function clearGains(): void {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    memory.fill(item.entryGains, 0, (<usize>item.entryCount) << 3);
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

/** Set the gains of all observations to the light of an image without backgrounds, f64 `[ny, nx]`, >= 0. */
export function predictGains(flux: usize): void {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    const scale = item.scale;
    item.scale = 0;
    predictObservation(item, flux, item.entryGains);
    item.scale = scale;
  }
}

/**
 * Turn gains that hold the light of some pixels (negative), or that of all others, into those of a line: `factor` times the flux that is
 * left, and `backgroundFactor` times the scaled background of one observation.
 *
 * @param isLeft whether the gains hold what is left
 */
export function finishBackgroundGains(
  chosen: Observation,
  factor: f64,
  backgroundFactor: f64,
  isLeft: bool,
): void {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    const hasBackground = item.background !== 0;
    const scale = item.scale;
    const byBackground = item === chosen ? backgroundFactor : 0;
    for (let at: usize = 0; at < (<usize>item.entryCount) << 3; at += 8) {
      if (load<f64>(item.entryWeights + at) === 0) {
        store<f64>(item.entryGains + at, 0);
        continue;
      }
      const background = hasBackground ? scale * load<f64>(item.entryBackground + at) : 0;
      // Rounding may leave less than nothing where the pixels left out give all the light.
      const gain = load<f64>(item.entryGains + at);
      const left = isLeft ? gain : max(0, load<f64>(item.entryLambdas + at) - background + gain);
      store<f64>(item.entryGains + at, factor * left + byBackground * background);
    }
  }
}
