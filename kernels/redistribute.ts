// Step 1 of the sweep: every detected photon is assigned to the sky pixel that it came from.

import { allocate } from "./memory";
import { longestPsf, Observation, observationAt, observationCount } from "./observation";
import { drawBinomial, nextBits } from "./random";
import { log } from "./special";

/** Below this the f32 image holds 0; a lit pixel that sees no more than FAINT is handled in f64 instead. */
const TINY: f64 = 1e-28;
const FAINT: f64 = 1e-20;
/** Spacing of random numbers of 24 bits in [0, 1). */
const UNIT_24: f32 = 1.0 / 16777216.0;

/** f32 running sums over the rows, and over the cells of one row, of a lit pixel's window; the same in f64. */
let rowSums: usize = 0;
let cellSums: usize = 0;
let exactRowSums: usize = 0;
let exactCellSums: usize = 0;

/** Reserve scratch for the longest psf; false when memory is refused. */
export function prepareRedistribution(): bool {
  rowSums = allocate((<usize>(longestPsf + 4)) << 2);
  cellSums = allocate((<usize>(longestPsf + 4)) << 2);
  exactRowSums = allocate((<usize>(longestPsf + 4)) << 3);
  exactCellSums = allocate((<usize>(longestPsf + 4)) << 3);
  return rowSums !== 0 && cellSums !== 0 && exactRowSums !== 0 && exactCellSums !== 0;
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

/** Sums of the four lanes of four vectors, one in each lane. */
function sumLanes(first: v128, second: v128, third: v128, fourth: v128): v128 {
  const low = f32x4.add(i32x4.shuffle(first, second, 0, 2, 4, 6), i32x4.shuffle(first, second, 1, 3, 5, 7));
  const high = f32x4.add(i32x4.shuffle(third, fourth, 0, 2, 4, 6), i32x4.shuffle(third, fourth, 1, 3, 5, 7));
  return f32x4.add(i32x4.shuffle(low, high, 0, 2, 4, 6), i32x4.shuffle(low, high, 1, 3, 5, 7));
}

/** Running sums of the lanes of a vector. */
function runLanes(values: v128): v128 {
  const zero = f32x4.splat(0);
  const pairs = f32x4.add(values, i32x4.shuffle(values, zero, 4, 0, 1, 2));
  return f32x4.add(pairs, i32x4.shuffle(pairs, zero, 4, 4, 0, 1));
}

/** Running sums over the rows of the window into `rowSums`, four rows at a time; returns lambda of the pixel. */
function sumRows(observation: Observation, window: usize): f32 {
  const stride = (<usize>observation.padStride) << 2;
  const bytes = (<usize>observation.psfStride) << 2;
  const end = observation.turned + <usize>observation.psfPaddedRows * bytes;
  let out = rowSums;
  let carry = f32x4.splat(0);
  for (let psf = observation.turned; psf < end; psf += 4 * bytes) {
    const psf1 = psf + bytes;
    const psf2 = psf1 + bytes;
    const psf3 = psf2 + bytes;
    const window1 = window + stride;
    const window2 = window1 + stride;
    const window3 = window2 + stride;
    let sum0 = f32x4.splat(0);
    let sum1 = f32x4.splat(0);
    let sum2 = f32x4.splat(0);
    let sum3 = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      sum0 = f32x4.add(sum0, f32x4.mul(v128.load(psf + at), v128.load(window + at)));
      sum1 = f32x4.add(sum1, f32x4.mul(v128.load(psf1 + at), v128.load(window1 + at)));
      sum2 = f32x4.add(sum2, f32x4.mul(v128.load(psf2 + at), v128.load(window2 + at)));
      sum3 = f32x4.add(sum3, f32x4.mul(v128.load(psf3 + at), v128.load(window3 + at)));
    }
    const sums = f32x4.add(runLanes(sumLanes(sum0, sum1, sum2, sum3)), carry);
    v128.store(out, sums);
    carry = i32x4.shuffle(sums, sums, 3, 3, 3, 3);
    out += 16;
    window = window3 + stride;
  }
  return f32x4.extract_lane(carry, 3);
}

/** Running sums over the cells of one row of the window into `cellSums`; returns their total. */
function sumCells(observation: Observation, window: usize, psfRow: i32): f32 {
  const bytes = (<usize>observation.psfStride) << 2;
  const psf = observation.turned + <usize>psfRow * bytes;
  const cells = window + ((<usize>(psfRow * observation.padStride)) << 2);
  let carry = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const light = f32x4.mul(v128.load(psf + at), v128.load(cells + at));
    const sums = f32x4.add(runLanes(light), carry);
    v128.store(cellSums + at, sums);
    carry = i32x4.shuffle(sums, sums, 3, 3, 3, 3);
  }
  return f32x4.extract_lane(carry, 3);
}

/**
 * Index of the first of `count` (a multiple of 4) running sums that exceeds `target`: as many as do not. When rounding
 * has left none, the last one that adds anything.
 */
function findSum(sums: usize, count: i32, target: f32): i32 {
  const targets = f32x4.splat(target);
  let below = i32x4.splat(0);
  const end = sums + ((<usize>count) << 2);
  for (let at = sums; at < end; at += 16) below = i32x4.sub(below, f32x4.le(v128.load(at), targets));
  const pairs = i32x4.add(below, i32x4.shuffle(below, below, 2, 3, 0, 1));
  const index = i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
  return index < count ? index : lastGrowth(sums, count);
}

/** Index of the last of `count` running sums that exceeds its predecessor. */
function lastGrowth(sums: usize, count: i32): i32 {
  const total = load<f32>(sums + ((<usize>(count - 1)) << 2));
  let index = count - 1;
  while (index > 0 && load<f32>(sums + ((<usize>(index - 1)) << 2)) === total) index--;
  return index;
}

/** Light of the cells of one row of the window of detector pixel (row, col) in f64, as running sums; their total. */
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
      if (observation.background !== 0) {
        emitted += observation.scale * load<f64>(observation.background + at);
      }
      const reach = load<f64>(psf + ((<usize>(observation.psfCols - 1 - psfCol)) << 3));
      sum += reach * load<f64>(observation.exposure + at) * emitted;
    }
    store<f64>(exactCellSums + ((<usize>psfCol) << 3), sum);
  }
  return sum;
}

/** Split `photons` by conditional binomials over `count` running sums, from bin `index` on: how many fall into it. */
function drawShare(sums: usize, index: i32, total: f64, photons: f64): f64 {
  const upTo = load<f64>(sums + ((<usize>index) << 3));
  if (upTo >= total) return photons;
  const before = index > 0 ? load<f64>(sums + ((<usize>(index - 1)) << 3)) : 0;
  return drawBinomial(photons, min((upTo - before) / (total - before), 1));
}

/**
 * The photons of one detector pixel in f64 and by conditional binomials: for a pixel with more counts than the psf has
 * cells, where this is cheaper and f32 would be too coarse, and for one that sees next to nothing.
 *
 * @returns lambda
 */
function redistributeExactly(
  observation: Observation,
  flux: usize,
  pixel: i32,
  counts: i32,
  ny: i32,
  nx: i32,
  wrap: bool,
): f64 {
  const rows = observation.psfRows;
  const cols = observation.psfCols;
  const row = pixel / nx;
  const col = pixel - row * nx;
  let lambda: f64 = 0;
  for (let psfRow = 0; psfRow < rows; psfRow++) {
    lambda += sumCellsExactly(observation, flux, row, col, ny, nx, wrap, psfRow);
    store<f64>(exactRowSums + ((<usize>psfRow) << 3), lambda);
  }
  if (!(lambda > 0)) return lambda;
  let left = <f64>counts;
  for (let psfRow = 0; psfRow < rows && left > 0; psfRow++) {
    let leftInRow = drawShare(exactRowSums, psfRow, lambda, left);
    left -= leftInRow;
    if (leftInRow === 0) continue;
    const total = sumCellsExactly(observation, flux, row, col, ny, nx, wrap, psfRow);
    for (let psfCol = 0; psfCol < cols && leftInRow > 0; psfCol++) {
      const inCell = drawShare(exactCellSums, psfCol, total, leftInRow);
      leftInRow -= inCell;
      if (inCell > 0) assign(observation, pixel, ny, nx, wrap, psfRow, psfCol, <i32>inCell);
    }
  }
  return lambda;
}

/** Add photons to the sky pixel behind cell (psfRow, psfCol) of the window of detector pixel `pixel`. */
function assign(
  observation: Observation,
  pixel: i32,
  ny: i32,
  nx: i32,
  wrap: bool,
  psfRow: i32,
  psfCol: i32,
  photons: i32,
): void {
  const downwards = psfRow - observation.padRow;
  const sidewards = psfCol - observation.padCol;
  let sky = pixel + downwards * nx + sidewards;
  // Only a periodic sky has light beyond its edge.
  if (wrap) {
    const row = pixel / nx;
    const skyRow = row + downwards;
    const skyCol = pixel - row * nx + sidewards;
    if (skyRow < 0) sky += ny * nx;
    else if (skyRow >= ny) sky -= ny * nx;
    if (skyCol < 0) sky += nx;
    else if (skyCol >= nx) sky -= nx;
  }
  const at = observation.photons + ((<usize>sky) << 2);
  store<i32>(at, load<i32>(at) + photons);
}

/**
 * Draw the origin of each photon of each lit pixel of one observation: photon of detector pixel i from sky pixel j
 * with probability `psf[i - j + c] exposure[j] (flux[j] + scale background[j]) / lambda[i]`.
 *
 * Photons are drawn one by one, by inversion over the running sums of rows and then of cells. Sums and the two 24-bit
 * random numbers of a photon are f32: each probability is off by at most about 1e-7 of the whole.
 *
 * @param flux f64 `[ny, nx]`, >= 0
 * @returns `sum counts log lambda` over the lit pixels; NaN when the model gives a lit pixel no light at all
 */
function redistributeObservation(observation: Observation, flux: usize, ny: i32, nx: i32, wrap: bool): f64 {
  fillPadded(observation, flux, ny, nx, wrap);
  memory.fill(observation.photons, 0, (<usize>(ny * nx)) << 2);
  const paddedRows = observation.psfPaddedRows;
  const psfStride = observation.psfStride;
  const many = observation.psfRows * observation.psfCols;
  // Powers of lambda are multiplied up, and their logarithm taken only before the product leaves its range.
  let sumLog: f64 = 0;
  let product: f64 = 1;
  for (let lit = 0; lit < observation.litCount; lit++) {
    const window =
      observation.padded + ((<usize>load<i32>(observation.litWindows + ((<usize>lit) << 2))) << 2);
    const pixel = load<i32>(observation.litPixels + ((<usize>lit) << 2));
    const counts = load<i32>(observation.litCounts + ((<usize>lit) << 2));
    let lambda: f64 = 0;
    let light: f32 = 0;
    if (counts < many) {
      light = sumRows(observation, window);
      lambda = <f64>light;
    }
    if (lambda > FAINT) {
      for (let photon = 0; photon < counts; photon++) {
        const bits = nextBits();
        const psfRow = findSum(rowSums, paddedRows, <f32>(<u32>(bits >> 40)) * UNIT_24 * light);
        const total = sumCells(observation, window, psfRow);
        const psfCol = findSum(cellSums, psfStride, <f32>(<u32>(bits & 0xffffff)) * UNIT_24 * total);
        assign(observation, pixel, ny, nx, wrap, psfRow, psfCol, 1);
      }
    } else {
      lambda = redistributeExactly(observation, flux, pixel, counts, ny, nx, wrap);
      if (!(lambda > 0)) return NaN;
    }
    if (counts <= 2 && lambda > FAINT) {
      product *= counts === 1 ? lambda : lambda * lambda;
      if (product < 1e-200 || product > 1e200) {
        sumLog += log(product);
        product = 1;
      }
    } else {
      sumLog += <f64>counts * log(lambda);
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
