// Step 1 of the sweep: every detected photon is assigned to the sky pixel that it came from.

import { allocate } from "./memory";
import { longestPsf, Observation, observationAt, observationCount } from "./observation";
import { drawBinomial, drawUniform } from "./random";
import { log } from "./special";

/** Below this the f32 image holds 0; a lit pixel that sees no more than FAINT is handled in f64 instead. */
const TINY: f64 = 1e-28;
const FAINT: f64 = 1e-20;

/** f64 running sums over the rows, then over the cells of one row, of the window of a lit pixel. */
let rowSums: usize = 0;
let cellSums: usize = 0;

/** Reserve scratch for the longest psf; false when memory is refused. */
export function prepareRedistribution(): bool {
  rowSums = allocate((<usize>(longestPsf + 1)) << 3);
  cellSums = allocate((<usize>(longestPsf + 4)) << 3);
  return rowSums !== 0 && cellSums !== 0;
}

/**
 * Write `exposure * (flux + scale * background)` into the padded f32 image of an observation, with zeros around it
 * (`spill`) or its periodic continuation (`wrap`).
 */
function fillPadded(observation: Observation, flux: usize, ny: i32, nx: i32, wrap: bool): void {
  const stride = observation.padStride;
  const padRow = observation.padRow;
  const padCol = observation.padCol;
  const scale = observation.scale;
  const scales = f64x2.splat(scale);
  const tiny = f64x2.splat(TINY);
  const hasBackground = observation.background !== 0;
  for (let row = 0; row < ny; row++) {
    const out = observation.padded + ((<usize>((row + padRow) * stride + padCol)) << 2);
    const start = (<usize>(row * nx)) << 3;
    const exposure = observation.exposure + start;
    const source = flux + start;
    const background = observation.background + start;
    let col = 0;
    for (; col + 2 <= nx; col += 2) {
      const at = (<usize>col) << 3;
      let emitted = v128.load(source + at);
      if (hasBackground) emitted = f64x2.add(emitted, f64x2.mul(scales, v128.load(background + at)));
      emitted = f64x2.mul(emitted, v128.load(exposure + at));
      emitted = v128.and(emitted, f64x2.ge(emitted, tiny));
      v128.store64_lane(out + ((<usize>col) << 2), f32x4.demote_f64x2_zero(emitted), 0);
    }
    for (; col < nx; col++) {
      const at = (<usize>col) << 3;
      let emitted = load<f64>(source + at);
      if (hasBackground) emitted += scale * load<f64>(background + at);
      emitted *= load<f64>(exposure + at);
      store<f32>(out + ((<usize>col) << 2), emitted >= TINY ? <f32>emitted : 0);
    }
    if (wrap) {
      for (let pad = 1; pad <= padCol; pad++) {
        store<f32>(out - ((<usize>pad) << 2), load<f32>(out + ((<usize>(nx - pad)) << 2)));
      }
      for (let pad = 0; pad < observation.centreCol; pad++) {
        store<f32>(out + ((<usize>(nx + pad)) << 2), load<f32>(out + ((<usize>pad) << 2)));
      }
    }
  }
  if (wrap) {
    const bytes = (<usize>stride) << 2;
    const image = observation.padded + <usize>padRow * bytes;
    for (let pad = 1; pad <= padRow; pad++) {
      memory.copy(image - <usize>pad * bytes, image + <usize>(ny - pad) * bytes, bytes);
    }
    for (let pad = 0; pad < observation.centreRow; pad++) {
      memory.copy(image + <usize>(ny + pad) * bytes, image + <usize>pad * bytes, bytes);
    }
  }
}

/** Running sums over the psf's rows into `rowSums`; returns the expected counts lambda of the pixel. */
function sumRows(observation: Observation, window: usize): f64 {
  const rows = observation.psfRows;
  const stride = (<usize>observation.padStride) << 2;
  const bytes = (<usize>observation.psfStride) << 2;
  let psf = observation.turned;
  let lambda: f64 = 0;
  for (let row = 0; row < rows; row++) {
    let sums = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      sums = f32x4.add(sums, f32x4.mul(v128.load(psf + at), v128.load(window + at)));
    }
    const halves = f32x4.add(sums, i32x4.shuffle(sums, sums, 2, 3, 0, 1));
    lambda += <f64>(f32x4.extract_lane(halves, 0) + f32x4.extract_lane(halves, 1));
    store<f64>(rowSums + ((<usize>row) << 3), lambda);
    psf += bytes;
    window += stride;
  }
  return lambda;
}

/** The same sums in f64 straight from the images, for a pixel that sees next to nothing. */
function sumRowsExactly(
  observation: Observation,
  flux: usize,
  row: i32,
  col: i32,
  ny: i32,
  nx: i32,
  wrap: bool,
): f64 {
  let lambda: f64 = 0;
  for (let psfRow = 0; psfRow < observation.psfRows; psfRow++) {
    lambda += sumCellsExactly(observation, flux, row, col, ny, nx, wrap, psfRow);
    store<f64>(rowSums + ((<usize>psfRow) << 3), lambda);
  }
  return lambda;
}

function sumCellsExactly(
  observation: Observation,
  flux: usize,
  row: i32,
  col: i32,
  ny: i32,
  nx: i32,
  wrap: bool,
  psfRow: i32,
): f64 {
  let sum: f64 = 0;
  let skyRow = row - observation.padRow + psfRow;
  if (wrap) skyRow = skyRow < 0 ? skyRow + ny : skyRow >= ny ? skyRow - ny : skyRow;
  const inside = skyRow >= 0 && skyRow < ny;
  const psf = observation.psf + ((<usize>((observation.psfRows - 1 - psfRow) * observation.psfCols)) << 3);
  for (let psfCol = 0; psfCol < observation.psfCols; psfCol++) {
    let skyCol = col - observation.padCol + psfCol;
    if (wrap) skyCol = skyCol < 0 ? skyCol + nx : skyCol >= nx ? skyCol - nx : skyCol;
    if (inside && skyCol >= 0 && skyCol < nx) {
      const at = (<usize>(skyRow * nx + skyCol)) << 3;
      let emitted = load<f64>(flux + at);
      if (observation.background !== 0) emitted += observation.scale * load<f64>(observation.background + at);
      sum +=
        load<f64>(psf + ((<usize>(observation.psfCols - 1 - psfCol)) << 3)) *
        load<f64>(observation.exposure + at) *
        emitted;
    }
    store<f64>(cellSums + ((<usize>psfCol) << 3), sum);
  }
  return sum;
}

/** Running sums over the cells of one row of the window into `cellSums`; returns their total. */
function sumCells(observation: Observation, window: usize, psfRow: i32): f64 {
  const psf = observation.turned + ((<usize>(psfRow * observation.psfStride)) << 2);
  const cells = window + ((<usize>(psfRow * observation.padStride)) << 2);
  let sum: f64 = 0;
  for (let col = 0; col < observation.psfCols; col++) {
    const at = (<usize>col) << 2;
    sum += <f64>(load<f32>(psf + at) * load<f32>(cells + at));
    store<f64>(cellSums + ((<usize>col) << 3), sum);
  }
  return sum;
}

/** First index whose running sum exceeds `target`; the last index that adds anything when rounding left none. */
function findSum(sums: usize, count: i32, target: f64): i32 {
  let index = 0;
  while (index < count && load<f64>(sums + ((<usize>index) << 3)) <= target) index++;
  if (index < count) return index;
  index = count - 1;
  const total = load<f64>(sums + ((<usize>index) << 3));
  while (index > 0 && load<f64>(sums + ((<usize>(index - 1)) << 3)) === total) index--;
  return index;
}

/** Add photons to the sky pixel behind cell (psfRow, psfCol) of the window of detector pixel (row, col). */
function assign(
  observation: Observation,
  row: i32,
  col: i32,
  ny: i32,
  nx: i32,
  psfRow: i32,
  psfCol: i32,
  photons: i32,
): void {
  let skyRow = row - observation.padRow + psfRow;
  let skyCol = col - observation.padCol + psfCol;
  // Only a periodic sky has light beyond its edge.
  if (skyRow < 0) skyRow += ny;
  else if (skyRow >= ny) skyRow -= ny;
  if (skyCol < 0) skyCol += nx;
  else if (skyCol >= nx) skyCol -= nx;
  const at = observation.photons + ((<usize>(skyRow * nx + skyCol)) << 2);
  store<i32>(at, load<i32>(at) + photons);
}

/**
 * Draw the origin of each photon of each lit pixel of one observation: photon of detector pixel i from sky pixel j
 * with probability `psf[i - j + c] exposure[j] (flux[j] + scale background[j]) / lambda[i]`.
 *
 * Photons are drawn one by one, by inversion over the running sums of rows and then of cells; a pixel with more
 * counts than the psf has cells is split by conditional binomials instead.
 *
 * @param flux f64 `[ny, nx]`, >= 0
 * @returns `sum counts log lambda` over the lit pixels; NaN when the model gives a lit pixel no light at all
 */
function redistributeObservation(observation: Observation, flux: usize, ny: i32, nx: i32, wrap: bool): f64 {
  fillPadded(observation, flux, ny, nx, wrap);
  memory.fill(observation.photons, 0, (<usize>(ny * nx)) << 2);
  const rows = observation.psfRows;
  const cols = observation.psfCols;
  const stride = observation.padStride;
  const many = rows * cols;
  // Powers of lambda are multiplied up, and their logarithm taken only before the product leaves its range.
  let sumLog: f64 = 0;
  let product: f64 = 1;
  for (let lit = 0; lit < observation.litCount; lit++) {
    const start = load<i32>(observation.litPixels + ((<usize>lit) << 2));
    const counts = load<i32>(observation.litCounts + ((<usize>lit) << 2));
    const window = observation.padded + ((<usize>start) << 2);
    const row = start / stride;
    const col = start - row * stride;
    let lambda = sumRows(observation, window);
    const faint = !(lambda > FAINT);
    if (faint) {
      lambda = sumRowsExactly(observation, flux, row, col, ny, nx, wrap);
      if (!(lambda > 0)) return NaN;
    }
    if (counts <= 2 && !faint) {
      product *= counts === 1 ? lambda : lambda * lambda;
      if (product < 1e-200 || product > 1e200) {
        sumLog += log(product);
        product = 1;
      }
    } else {
      sumLog += <f64>counts * log(lambda);
    }
    if (counts < many) {
      for (let photon = 0; photon < counts; photon++) {
        const target = drawUniform() * lambda;
        const psfRow = findSum(rowSums, rows, target);
        const before = psfRow > 0 ? load<f64>(rowSums + ((<usize>(psfRow - 1)) << 3)) : 0;
        if (faint) sumCellsExactly(observation, flux, row, col, ny, nx, wrap, psfRow);
        else sumCells(observation, window, psfRow);
        assign(observation, row, col, ny, nx, psfRow, findSum(cellSums, cols, target - before), 1);
      }
    } else {
      let left = <f64>counts;
      let before: f64 = 0;
      for (let psfRow = 0; psfRow < rows && left > 0; psfRow++) {
        const upTo = load<f64>(rowSums + ((<usize>psfRow) << 3));
        const share = upTo - before;
        const inRow = upTo >= lambda ? left : drawBinomial(left, min(share / (lambda - before), 1));
        before = upTo;
        left -= inRow;
        if (inRow === 0) continue;
        const total = faint
          ? sumCellsExactly(observation, flux, row, col, ny, nx, wrap, psfRow)
          : sumCells(observation, window, psfRow);
        let leftInRow = inRow;
        let beforeCell: f64 = 0;
        for (let psfCol = 0; psfCol < cols && leftInRow > 0; psfCol++) {
          const upToCell = load<f64>(cellSums + ((<usize>psfCol) << 3));
          const inCell =
            upToCell >= total
              ? leftInRow
              : drawBinomial(leftInRow, min((upToCell - beforeCell) / (total - beforeCell), 1));
          beforeCell = upToCell;
          leftInRow -= inCell;
          if (inCell > 0) assign(observation, row, col, ny, nx, psfRow, psfCol, <i32>inCell);
        }
      }
    }
  }
  return sumLog + log(product);
}

/**
 * Assign the photons of all observations to sky pixels (their `photons` images are overwritten).
 *
 * @param flux f64 `[ny, nx]`, > 0
 * @returns `sum over observations and lit pixels of counts log lambda`; NaN when a lit pixel gets no light
 */
export function redistributeCounts(flux: usize, ny: i32, nx: i32, wrap: bool): f64 {
  let sumLog: f64 = 0;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    sumLog += redistributeObservation(item, flux, ny, nx, wrap);
  }
  return sumLog;
}
