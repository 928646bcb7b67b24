// The origins of the photons of a pixel whose lambda is known: rows of its window are summed only until the sum passes what the
// photons have drawn, those that hold most of the psf first.

import { allocate } from "./memory";
import { longestPsf, Observation } from "./observation";
import { nextBits } from "./random";
import { assign, FAINT, findSum, redistributePixel, rowSums, runLanes, sumLanes, UNIT_24 } from "./window";

/** Rows, first in the order, whose sums over cells are kept for the next photons of a pixel; the others share one place. */
const KEPT: i32 = 32;
/** Below this part of what lambda was before transfers its rounding counts: then it is summed anew. */
const LEAST_LEFT: f64 = 0.1;

/** f32 `[KEPT + 1, psfStride]`: running sums over the cells of rows. */
let cellTable: usize = 0;

/** Reserve scratch for the longest psf; false when memory is refused. */
export function prepareOrigins(): bool {
  cellTable = allocate((<usize>(KEPT + 1) * <usize>(longestPsf + 4)) << 2);
  return cellTable !== 0;
}

/** Go on with `rowSums` by the four rows of the psf's order from number `place` on; returns the last sum. */
function sumFourRows(observation: Observation, window: usize, place: i32, before: f32): f32 {
  const bytes = (<usize>observation.psfStride) << 2;
  const stride = (<usize>observation.padStride) << 2;
  const order = observation.rowOrder + ((<usize>place) << 2);
  const row0 = <usize>load<i32>(order);
  const row1 = <usize>load<i32>(order, 4);
  const row2 = <usize>load<i32>(order, 8);
  const row3 = <usize>load<i32>(order, 12);
  const psf0 = observation.turned + row0 * bytes;
  const psf1 = observation.turned + row1 * bytes;
  const psf2 = observation.turned + row2 * bytes;
  const psf3 = observation.turned + row3 * bytes;
  const window0 = window + row0 * stride;
  const window1 = window + row1 * stride;
  const window2 = window + row2 * stride;
  const window3 = window + row3 * stride;
  let sum0 = f32x4.splat(0);
  let sum1 = f32x4.splat(0);
  let sum2 = f32x4.splat(0);
  let sum3 = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    sum0 = f32x4.add(sum0, f32x4.mul(v128.load(psf0 + at), v128.load(window0 + at)));
    sum1 = f32x4.add(sum1, f32x4.mul(v128.load(psf1 + at), v128.load(window1 + at)));
    sum2 = f32x4.add(sum2, f32x4.mul(v128.load(psf2 + at), v128.load(window2 + at)));
    sum3 = f32x4.add(sum3, f32x4.mul(v128.load(psf3 + at), v128.load(window3 + at)));
  }
  const sums = f32x4.add(runLanes(sumLanes(sum0, sum1, sum2, sum3)), f32x4.splat(before));
  v128.store(rowSums + ((<usize>place) << 2), sums);
  return f32x4.extract_lane(sums, 3);
}

/** Running sums of the products of two f32 rows of `bytes`, a multiple of 16, into `out`. */
function runCells(weights: usize, cells: usize, bytes: usize, out: usize): void {
  let carry = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const sums = f32x4.add(runLanes(f32x4.mul(v128.load(weights + at), v128.load(cells + at))), carry);
    v128.store(out + at, sums);
    carry = i32x4.shuffle(sums, sums, 3, 3, 3, 3);
  }
}

/**
 * Draw the origin of each photon of one lit pixel, with the exactness of `redistributePixel`.
 *
 * @param flux f64 `[ny, nx]`, >= 0
 * @param window address of the first cell of the pixel's window in the padded image
 * @param lambda its light, > 0
 * @param start its light before it was changed by transfers
 * @returns whether the pixel gets light
 */
export function drawOrigins(
  observation: Observation,
  flux: usize,
  window: usize,
  pixel: i32,
  counts: i32,
  lambda: f64,
  start: f64,
  ny: i32,
  nx: i32,
  wrap: bool,
): bool {
  if (counts >= observation.psfRows * observation.psfCols || !(lambda > max(FAINT, LEAST_LEFT * start))) {
    return redistributePixel(observation, flux, window, pixel, counts, ny, nx, wrap) > 0;
  }
  const light = <f32>lambda;
  const rows = observation.psfPaddedRows;
  const psfStride = observation.psfStride;
  const bytes = (<usize>psfStride) << 2;
  const stride = (<usize>observation.padStride) << 2;
  let summed = 0;
  let sum: f32 = 0;
  let kept: u32 = 0;
  for (let photon = 0; photon < counts; photon++) {
    const bits = nextBits();
    const target = <f32>(<u32>(bits >> 40)) * UNIT_24 * light;
    while (!(sum > target) && summed < rows) {
      sum = sumFourRows(observation, window, summed, sum);
      summed += 4;
    }
    const place = findSum(rowSums, summed, target);
    const psfRow = load<i32>(observation.rowOrder + ((<usize>place) << 2));
    const sums = cellTable + <usize>min(place, KEPT) * bytes;
    if (place >= KEPT || !((kept >> place) & 1)) {
      runCells(observation.turned + <usize>psfRow * bytes, window + <usize>psfRow * stride, bytes, sums);
      if (place < KEPT) kept |= 1 << place;
    }
    const total = load<f32>(sums + bytes - 4);
    const psfCol = findSum(sums, psfStride, <f32>(<u32>(bits & 0xffffff)) * UNIT_24 * total);
    assign(observation, pixel, ny, nx, wrap, psfRow, psfCol, 1);
  }
  return true;
}
