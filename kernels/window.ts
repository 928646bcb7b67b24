// A lit pixel and its window: the part of the padded image from which the psf lets light reach the pixel. Sums of the
// light in f32, searches in running sums, and the draw of a pixel's photons from all cells of its window.

import { drawBinomial } from "./count-draws";
import { allocate } from "./memory";
import { longestPsf, Observation } from "./observation";
import { exposureAt } from "./padded-image";
import { nextBits } from "./random";

/** A lit pixel that sees no more is handled in f64, not in f32. */
export const FAINT: f64 = 1e-20;
/** Spacing of random numbers of 24 bits in [0, 1). */
export const UNIT_24: f32 = 1.0 / 16777216.0;

/** f32 running sums over the rows, and over the cells of one row, of a lit pixel's window; the same in f64. */
export let rowSums: usize = 0;
export let cellSums: usize = 0;
export let exactRowSums: usize = 0;
let exactCellSums: usize = 0;

/** Reserve scratch for the longest psf; false when memory is refused. */
export function prepareWindows(): bool {
  rowSums = allocate((<usize>(longestPsf + 4)) << 2);
  cellSums = allocate((<usize>(longestPsf + 4)) << 2);
  exactRowSums = allocate((<usize>(longestPsf + 4)) << 3);
  exactCellSums = allocate((<usize>(longestPsf + 4)) << 3);
  return rowSums !== 0 && cellSums !== 0 && exactRowSums !== 0 && exactCellSums !== 0;
}

/** Sums of the four lanes of four vectors, one in each lane. */
function sumLanes(first: v128, second: v128, third: v128, fourth: v128): v128 {
  const low = f32x4.add(i32x4.shuffle(first, second, 0, 2, 4, 6), i32x4.shuffle(first, second, 1, 3, 5, 7));
  const high = f32x4.add(i32x4.shuffle(third, fourth, 0, 2, 4, 6), i32x4.shuffle(third, fourth, 1, 3, 5, 7));
  return f32x4.add(i32x4.shuffle(low, high, 0, 2, 4, 6), i32x4.shuffle(low, high, 1, 3, 5, 7));
}

/** Running sums of the lanes of a vector. */
export function runLanes(values: v128): v128 {
  const zero = f32x4.splat(0);
  const pairs = f32x4.add(values, i32x4.shuffle(values, zero, 4, 0, 1, 2));
  return f32x4.add(pairs, i32x4.shuffle(pairs, zero, 4, 4, 0, 1));
}

/**
 * Sums over the products of two f32 tables of four rows, one in each lane.
 *
 * @param weights first row of the first table, the others `weightStride` bytes apart
 * @param window0, window1, window2, window3 rows of the second
 * @param bytes length of the rows, a multiple of 16
 */
export function sumFourRows(
  weights: usize,
  weightStride: usize,
  window0: usize,
  window1: usize,
  window2: usize,
  window3: usize,
  bytes: usize,
): v128 {
  const weights1 = weights + weightStride;
  const weights2 = weights1 + weightStride;
  const weights3 = weights2 + weightStride;
  let sum0 = f32x4.splat(0);
  let sum1 = f32x4.splat(0);
  let sum2 = f32x4.splat(0);
  let sum3 = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    sum0 = f32x4.add(sum0, f32x4.mul(v128.load(weights + at), v128.load(window0 + at)));
    sum1 = f32x4.add(sum1, f32x4.mul(v128.load(weights1 + at), v128.load(window1 + at)));
    sum2 = f32x4.add(sum2, f32x4.mul(v128.load(weights2 + at), v128.load(window2 + at)));
    sum3 = f32x4.add(sum3, f32x4.mul(v128.load(weights3 + at), v128.load(window3 + at)));
  }
  return sumLanes(sum0, sum1, sum2, sum3);
}

/**
 * Running sums over the rows of the products of two f32 tables, four rows at a time.
 *
 * @param weights first table; rows `weightStride` bytes apart
 * @param window second table; rows `stride` bytes apart
 * @param rows multiple of 4
 * @param bytes length of the rows, a multiple of 16
 * @param out f32 `[rows]`: the sums
 * @param before what the sums start from
 * @returns the last sum
 */
export function sumRows(
  weights: usize,
  weightStride: usize,
  window: usize,
  stride: usize,
  rows: i32,
  bytes: usize,
  out: usize,
  before: f32,
): f32 {
  const end = weights + <usize>rows * weightStride;
  let carry = f32x4.splat(before);
  for (let psf = weights; psf < end; psf += 4 * weightStride) {
    const window1 = window + stride;
    const window2 = window1 + stride;
    const window3 = window2 + stride;
    const totals = inline.always(sumFourRows(psf, weightStride, window, window1, window2, window3, bytes));
    const sums = f32x4.add(runLanes(totals), carry);
    v128.store(out, sums);
    carry = i32x4.shuffle(sums, sums, 3, 3, 3, 3);
    out += 16;
    window = window3 + stride;
  }
  return f32x4.extract_lane(carry, 3);
}

/** Running sums of the products of two f32 rows of `bytes`, a multiple of 16, into `cellSums`; returns their total. */
export function sumCells(weights: usize, cells: usize, bytes: usize): f32 {
  let carry = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const light = f32x4.mul(v128.load(weights + at), v128.load(cells + at));
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
export function findSum(sums: usize, count: i32, target: f32): i32 {
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
export function sumCellsExactly(
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
  const top = observation.boxTop;
  const left = observation.boxLeft;
  const right = left + observation.boxCols;
  const inside = skyRow >= top && skyRow < top + observation.boxRows;
  const psf = observation.psf + ((<usize>((observation.psfRows - 1 - psfRow) * observation.psfCols)) << 3);
  for (let psfCol = 0; psfCol < observation.psfCols; psfCol++) {
    let skyCol = col - observation.padCol + psfCol;
    if (wrap) skyCol = skyCol < 0 ? skyCol + nx : skyCol >= nx ? skyCol - nx : skyCol;
    if (inside && skyCol >= left && skyCol < right) {
      const at = (<usize>(skyRow * nx + skyCol)) << 3;
      let emitted = load<f64>(flux + at);
      if (observation.background !== 0 && !observation.apart) {
        emitted += observation.scale * load<f64>(observation.background + at);
      }
      const reach = load<f64>(psf + ((<usize>(observation.psfCols - 1 - psfCol)) << 3));
      sum += reach * load<f64>(exposureAt(observation, skyRow, skyCol)) * emitted;
    }
    store<f64>(exactCellSums + ((<usize>psfCol) << 3), sum);
  }
  return sum;
}

/** Split `photons` by conditional binomials over `count` running sums, from bin `index` on: how many fall into it. */
export function drawShare(sums: usize, index: i32, total: f64, photons: f64): f64 {
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
    const inRow = drawShare(exactRowSums, psfRow, lambda, left);
    left -= inRow;
    if (inRow > 0) drawRowExactly(observation, flux, pixel, inRow, ny, nx, wrap, psfRow);
  }
  return lambda;
}

/** Share the photons that came through one row of the window among its cells, in f64 by conditional binomials. */
export function drawRowExactly(
  observation: Observation,
  flux: usize,
  pixel: i32,
  photons: f64,
  ny: i32,
  nx: i32,
  wrap: bool,
  psfRow: i32,
): void {
  const row = pixel / nx;
  const total = sumCellsExactly(observation, flux, row, pixel - row * nx, ny, nx, wrap, psfRow);
  for (let psfCol = 0; psfCol < observation.psfCols && photons > 0; psfCol++) {
    const inCell = drawShare(exactCellSums, psfCol, total, photons);
    photons -= inCell;
    if (inCell > 0) assign(observation, pixel, ny, nx, wrap, psfRow, psfCol, <i32>inCell);
  }
}

/** Add photons to the sky pixel behind cell (psfRow, psfCol) of the window of detector pixel `pixel`. */
export function assign(
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

/** Running sums over the rows of the whole window into `rowSums`; returns lambda of the pixel. */
function sumWindow(observation: Observation, window: usize): f32 {
  const bytes = (<usize>observation.psfStride) << 2;
  const stride = (<usize>observation.padStride) << 2;
  return sumRows(observation.turned, bytes, window, stride, observation.psfPaddedRows, bytes, rowSums, 0);
}

/** Draw the origin of each photon of a pixel, whose window `sumWindow` has just summed to `light`. */
function drawFromWindow(
  observation: Observation,
  window: usize,
  light: f32,
  pixel: i32,
  photons: i32,
  ny: i32,
  nx: i32,
  wrap: bool,
): void {
  const paddedRows = observation.psfPaddedRows;
  const psfStride = observation.psfStride;
  const bytes = (<usize>psfStride) << 2;
  const stride = (<usize>observation.padStride) << 2;
  for (let photon = 0; photon < photons; photon++) {
    const bits = nextBits();
    const psfRow = findSum(rowSums, paddedRows, <f32>(<u32>(bits >> 40)) * UNIT_24 * light);
    const total = sumCells(
      observation.turned + <usize>psfRow * bytes,
      window + <usize>psfRow * stride,
      bytes,
    );
    const psfCol = findSum(cellSums, psfStride, <f32>(<u32>(bits & 0xffffff)) * UNIT_24 * total);
    assign(observation, pixel, ny, nx, wrap, psfRow, psfCol, 1);
  }
}

/**
 * Draw the origin of each photon of one lit pixel from all cells of its window.
 *
 * Photons are drawn one by one, by inversion over the running sums of rows and then of cells. Sums and the two 24-bit
 * random numbers of a photon are f32: each probability is off by at most about 1e-7 of the whole. Pixels with many
 * counts and pixels that see next to nothing go through `redistributeExactly`.
 *
 * @param flux f64 `[ny, nx]`, >= 0
 * @param window address of the first cell of the pixel's window in the padded image
 * @returns lambda; not positive when the model gives the pixel no light at all
 */
export function redistributePixel(
  observation: Observation,
  flux: usize,
  window: usize,
  pixel: i32,
  counts: i32,
  ny: i32,
  nx: i32,
  wrap: bool,
): f64 {
  if (counts < observation.psfRows * observation.psfCols) {
    const light = sumWindow(observation, window);
    if (<f64>light > FAINT) {
      drawFromWindow(observation, window, light, pixel, counts, ny, nx, wrap);
      return <f64>light;
    }
  }
  return redistributeExactly(observation, flux, pixel, counts, ny, nx, wrap);
}
