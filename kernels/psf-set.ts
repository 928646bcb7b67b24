// Step 1 of the sweep under a psf that varies over the field, and the light of lit pixels under it.
//
// The light of sky pixel j reaches detector pixel i with sum_b w_b[j] psf_b[i - j + c], b the places where psfs are known. Each
// place is a part of the observation, with the exposure w_b[j] exposure[j] in the box where w_b is not 0. A lit pixel sees
// the boxes that its windows meet, four for the most part, one behind the other as if they were more rows of one window:
// a photon's place and pixel are one draw.

import { allocate } from "./memory";
import { Observation, observationAt, observationCount, partAt } from "./observation";
import { fillPart } from "./padded-image";
import { nextBits } from "./random";
import { addLog, beginSumLog, endSumLog } from "./sum-log";
import {
  assign,
  cellSums,
  drawRowExactly,
  drawShare,
  exactRowSums,
  FAINT,
  findSum,
  rowSums,
  sumCells,
  sumCellsExactly,
  sumRows,
  UNIT_24,
} from "./window";

/** The part of a window that meets the box of a place. */
@unmanaged
class Seen {
  part: Observation;
  /** First cell in the turned psf and in the padded image; length of a row in bytes, a multiple of 16. */
  weights: usize;
  cells: usize;
  bytes: usize;
  /** First row and column of the window; rows, a multiple of 4. */
  row: i32;
  col: i32;
  rows: i32;
}

/** `Seen[seenCount]`: what the pixel at hand sees. */
let seen: usize = 0;
let seenCount: i32 = 0;

/** Reserve scratch for the largest set; false when memory is refused. */
export function preparePsfSets(): bool {
  let most = 0;
  for (let index = 0; index < observationCount; index++) most = max(most, observationAt(index).partCount);
  if (most === 0) return true;
  seen = allocate(<usize>most * offsetof<Seen>());
  return seen !== 0;
}

/** Write the light of all places into their padded images. */
export function fillParts(observation: Observation, flux: usize, ny: i32, nx: i32, wrap: bool): void {
  for (let index = 0; index < observation.partCount; index++) {
    const part = partAt(observation, index);
    part.scale = observation.scale;
    fillPart(part, flux, ny, nx, wrap);
  }
}

/** Find what detector pixel [row, col] sees. */
function look(observation: Observation, row: i32, col: i32, wrap: bool): void {
  seenCount = 0;
  for (let index = 0; index < observation.partCount; index++) {
    const part = partAt(observation, index);
    const windowRow = row - part.frameTop;
    const windowCol = col - part.frameLeft;
    if (windowRow < 0 || windowRow >= part.frameRows || windowCol < 0 || windowCol >= part.frameCols)
      continue;
    let top = 0;
    let bottom = part.psfRows;
    let left = 0;
    let right = part.psfCols;
    if (!wrap) {
      const down = part.boxTop - row + part.padRow;
      const across = part.boxLeft - col + part.padCol;
      top = max(0, down) & ~3;
      bottom = min(bottom, down + part.boxRows);
      left = max(0, across) & ~3;
      right = min(right, across + part.boxCols);
    }
    const item = changetype<Seen>(seen + <usize>seenCount * offsetof<Seen>());
    seenCount++;
    item.part = part;
    item.row = top;
    item.col = left;
    item.rows = (bottom - top + 3) & ~3;
    item.bytes = (<usize>((right - left + 3) & ~3)) << 2;
    item.weights = part.turned + ((<usize>(top * part.psfStride + left)) << 2);
    item.cells = part.padded + ((<usize>((windowRow + top) * part.padStride + windowCol + left)) << 2);
  }
}

function seenAt(index: i32): Seen {
  return changetype<Seen>(seen + <usize>index * offsetof<Seen>());
}

/** Rows of all that is seen, as `sumSeen` left them. */
let seenRows: i32 = 0;

/** Running sums over the rows of all that is seen into `rowSums`; returns their total. */
function sumSeen(): f32 {
  let light: f32 = 0;
  seenRows = 0;
  for (let index = 0; index < seenCount; index++) {
    const item = seenAt(index);
    const weightStride = (<usize>item.part.psfStride) << 2;
    const stride = (<usize>item.part.padStride) << 2;
    const out = rowSums + ((<usize>seenRows) << 2);
    light = sumRows(item.weights, weightStride, item.cells, stride, item.rows, item.bytes, out, light);
    seenRows += item.rows;
  }
  return light;
}

/** Draw the origins of photons one by one; `sumSeen` has just summed to `light`. */
function drawFromSeen(light: f32, pixel: i32, photons: i32, ny: i32, nx: i32, wrap: bool): void {
  for (let photon = 0; photon < photons; photon++) {
    const bits = nextBits();
    let row = findSum(rowSums, seenRows, <f32>(<u32>(bits >> 40)) * UNIT_24 * light);
    let index = 0;
    while (row >= seenAt(index).rows) row -= seenAt(index++).rows;
    const item = seenAt(index);
    const part = item.part;
    const total = sumCells(
      item.weights + ((<usize>(row * part.psfStride)) << 2),
      item.cells + ((<usize>(row * part.padStride)) << 2),
      item.bytes,
    );
    const target = <f32>(<u32>(bits & 0xffffff)) * UNIT_24 * total;
    const col = findSum(cellSums, <i32>(item.bytes >> 2), target);
    assign(part, pixel, ny, nx, wrap, item.row + row, item.col + col, 1);
  }
}

/** Running sums in f64 over the psf rows of all that is seen into `exactRowSums`; returns lambda. */
function sumSeenExactly(flux: usize, row: i32, col: i32, ny: i32, nx: i32, wrap: bool): f64 {
  let lambda: f64 = 0;
  let out = exactRowSums;
  for (let index = 0; index < seenCount; index++) {
    const part = seenAt(index).part;
    for (let psfRow = 0; psfRow < part.psfRows; psfRow++) {
      lambda += sumCellsExactly(part, flux, row, col, ny, nx, wrap, psfRow);
      store<f64>(out, lambda);
      out += 8;
    }
  }
  return lambda;
}

/** As `drawFromSeen`, in f64 by conditional binomials; `sumSeenExactly` has just summed to `lambda`. */
function drawExactly(lambda: f64, flux: usize, pixel: i32, counts: i32, ny: i32, nx: i32, wrap: bool): void {
  let left = <f64>counts;
  let bin = 0;
  for (let index = 0; index < seenCount; index++) {
    const part = seenAt(index).part;
    for (let psfRow = 0; psfRow < part.psfRows && left > 0; psfRow++, bin++) {
      const inRow = drawShare(exactRowSums, bin, lambda, left);
      left -= inRow;
      if (inRow > 0) drawRowExactly(part, flux, pixel, inRow, ny, nx, wrap, psfRow);
    }
  }
}

/**
 * Draw the origin of each photon of each lit pixel of an observation with parts, whose `photons` are 0.
 *
 * As exact as `redistributePixel`: f32 sums and 24-bit numbers, in f64 where counts are many or light is faint.
 *
 * @param flux f64 `[ny, nx]`, >= 0
 * @returns `sum counts log lambda` over the lit pixels; NaN when the model gives a lit pixel no light at all
 */
export function redistributeBySet(observation: Observation, flux: usize, ny: i32, nx: i32, wrap: bool): f64 {
  fillParts(observation, flux, ny, nx, wrap);
  beginSumLog();
  const many = observation.psfRows * observation.psfCols;
  for (let lit = 0; lit < observation.litCount; lit++) {
    const pixel = load<i32>(observation.litPixels + ((<usize>lit) << 2));
    const counts = load<i32>(observation.litCounts + ((<usize>lit) << 2));
    const row = pixel / nx;
    const col = pixel - row * nx;
    look(observation, row, col, wrap);
    let lambda: f64 = counts < many ? <f64>sumSeen() : 0;
    if (lambda > FAINT) {
      drawFromSeen(<f32>lambda, pixel, counts, ny, nx, wrap);
    } else {
      lambda = sumSeenExactly(flux, row, col, ny, nx, wrap);
      if (!(lambda > 0)) return NaN;
      drawExactly(lambda, flux, pixel, counts, ny, nx, wrap);
    }
    addLog(lambda, counts);
  }
  return endSumLog();
}

/**
 * lambda of one pixel of an observation whose parts are filled; in f64 where f32 would be too faint.
 *
 * @param flux f64 `[ny, nx]`, >= 0
 */
export function lightBySet(
  observation: Observation,
  flux: usize,
  row: i32,
  col: i32,
  ny: i32,
  nx: i32,
  wrap: bool,
): f64 {
  look(observation, row, col, wrap);
  const light = <f64>sumSeen();
  return light > FAINT ? light : sumSeenExactly(flux, row, col, ny, nx, wrap);
}
