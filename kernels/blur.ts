// Blurring of whole images in f64: `out[i] = sum_j psf[i - j + c] image[j]` and its transpose
// `out[j] = sum_i psf[i - j + c] image[i]`, by overlap-save with Fourier transforms or, where that is cheaper, by sums.
//
// As image and psf are real, two blocks of the image travel through one complex transform, one as the real and one as
// the imaginary part. Beyond its edge the image is 0 (`spill`) or periodic (`wrap`).

import {
  chooseBlocks,
  chosenCols,
  chosenRows,
  clearParts,
  gatherColumns,
  multiplySwapped,
  rowPairBytes,
  scatterColumns,
} from "./block-transform";
import { ELEMENT, prepareTransform, Transform, transform } from "./fourier";
import { allocate } from "./memory";

/** Bound on the rounding error of an output over log2 of the block's pixels and the norm of its input. */
const ERROR_UNIT: f64 = 1e-15;
/** Nanoseconds of the direct sum a pixel and psf cell, and of preparing a pixel of the padded image; measured. */
const DIRECT_CELL: f64 = 0.2;
const DIRECT_PIXEL: f64 = 1;
/** What loading and storing add to the transforms, nanoseconds a pixel; measured. */
const BLOCK_PIXEL: f64 = 2;

/** How to blur: by what is cheaper, by sums, or by transforms. */
export const AUTOMATIC: i32 = 0;
export const DIRECT: i32 = 1;
export const TRANSFORMS: i32 = 2;

/** One psf on one grid of pixels. */
@unmanaged
export class Blur {
  ny: i32;
  nx: i32;
  psfRows: i32;
  psfCols: i32;
  /** Index of the psf's centre; may lie outside it. */
  centreRow: i32;
  centreCol: i32;
  wrap: bool;
  direct: bool;
  /** f64 `[psfRows, psfCols]`: the psf, and turned by 180 degrees. */
  psf: usize;
  turned: usize;
  /** Size of a block, even and without prime factors above 5, and the outputs it yields. */
  rows: i32;
  cols: i32;
  validRows: i32;
  validCols: i32;
  /** f64 `[cols / 2, rows, 4]`: transforms of the turned psf and of the psf, over the number of pixels. */
  spectrum: usize;
  adjointSpectrum: usize;
  alongRow: usize;
  alongCol: usize;
}

// Scratch, shared by all psfs.
let blockBytes: usize = 0;
let block: usize = 0;
let lineBytes: usize = 0;
let lineA: usize = 0;
let lineB: usize = 0;
let segmentA: usize = 0;
let segmentB: usize = 0;
let paddedBytes: usize = 0;
let padded: usize = 0;
const tail = memory.data(64, 16);

/** Largest possible rounding error of any output of the last call of `blur`; 0 for sums of numbers >= 0. */
export let blurError: f64 = 0;

/** Doubles of a row of the padded image: the sums read runs of 8. */
function paddedStride(item: Blur): i32 {
  return ((item.nx + item.psfCols - 1 + 7) & ~7) + 8;
}

/** Reserve a psf; the host fills `psf` and calls `prepareBlur`. Returns 0 without memory. */
export function layOutBlur(
  ny: i32,
  nx: i32,
  psfRows: i32,
  psfCols: i32,
  centreRow: i32,
  centreCol: i32,
  wrap: bool,
  method: i32,
): usize {
  const item = changetype<Blur>(allocate(offsetof<Blur>()));
  if (changetype<usize>(item) === 0) return 0;
  item.ny = ny;
  item.nx = nx;
  item.psfRows = psfRows;
  item.psfCols = psfCols;
  item.centreRow = centreRow;
  item.centreCol = centreCol;
  item.wrap = wrap;
  const cells = (<usize>(psfRows * psfCols)) << 3;
  item.psf = allocate(cells);
  item.turned = allocate(cells);
  if (item.psf === 0 || item.turned === 0) return 0;
  const pixels = <f64>ny * <f64>nx;
  const sums = pixels * (DIRECT_PIXEL + DIRECT_CELL * <f64>psfRows * <f64>psfCols);
  const transforms = chooseBlocks(ny, nx, psfRows, psfCols) + BLOCK_PIXEL * pixels;
  item.direct = method === DIRECT || (method === AUTOMATIC && sums < transforms);
  if (item.direct) {
    const needed = (<usize>(paddedStride(item) * (ny + psfRows - 1))) << 3;
    if (needed > paddedBytes) {
      padded = allocate(needed);
      paddedBytes = needed;
      if (padded === 0) return 0;
    }
    return changetype<usize>(item);
  }
  item.rows = chosenRows;
  item.cols = chosenCols;
  item.validRows = item.rows - psfRows + 1;
  item.validCols = item.cols - psfCols + 1;
  item.alongRow = prepareTransform(item.cols);
  item.alongCol = prepareTransform(item.rows);
  item.spectrum = allocate((<usize>(item.rows * item.cols)) << 4);
  item.adjointSpectrum = allocate((<usize>(item.rows * item.cols)) << 4);
  if (item.alongRow === 0 || item.alongCol === 0 || item.spectrum === 0 || item.adjointSpectrum === 0)
    return 0;
  return reserveScratch(item.rows, item.cols) ? changetype<usize>(item) : 0;
}

function reserveScratch(rows: i32, cols: i32): bool {
  const needed = <usize>(rows >> 1) * rowPairBytes(cols);
  if (needed > blockBytes) {
    block = allocate(needed);
    blockBytes = needed;
  }
  const line = <usize>max(rows, cols) * ELEMENT;
  if (line > lineBytes) {
    lineA = allocate(line);
    lineB = allocate(line);
    segmentA = allocate(line);
    segmentB = allocate(line);
    lineBytes = line;
  }
  return block !== 0 && lineA !== 0 && lineB !== 0 && segmentA !== 0 && segmentB !== 0;
}

/** Turn the psf that the host has filled in, and transform it. */
export function prepareBlur(item: Blur): void {
  const cells = item.psfRows * item.psfCols;
  for (let cell = 0; cell < cells; cell++) {
    const value = load<f64>(item.psf + ((<usize>cell) << 3));
    store<f64>(item.turned + ((<usize>(cells - 1 - cell)) << 3), value);
  }
  if (item.direct) return;
  transformKernel(item, item.turned, item.spectrum);
  transformKernel(item, item.psf, item.adjointSpectrum);
}

/** Fill a spectrum such that `out[i] = sum_k kernel[k] in[i + k]`: cell k acts backwards, from pixel -k. */
function transformKernel(item: Blur, kernel: usize, spectrum: usize): void {
  const rows = item.rows;
  const cols = item.cols;
  const pairBytes = rowPairBytes(cols);
  const scale = 1 / (<f64>rows * <f64>cols);
  memory.fill(block, 0, <usize>(rows >> 1) * pairBytes);
  for (let row = 0; row < item.psfRows; row++) {
    const toRow = row === 0 ? 0 : rows - row;
    for (let col = 0; col < item.psfCols; col++) {
      const toCol = col === 0 ? 0 : cols - col;
      const to = block + <usize>(toRow >> 1) * pairBytes + <usize>toCol * ELEMENT;
      const value = load<f64>(kernel + ((<usize>(row * item.psfCols + col)) << 3));
      store<f64>(to + ((<usize>(toRow & 1)) << 3), value * scale);
    }
  }
  const alongRow = changetype<Transform>(item.alongRow);
  const alongCol = changetype<Transform>(item.alongCol);
  for (let pair = 0; pair < rows >> 1; pair++) {
    const line = block + <usize>pair * pairBytes;
    memory.copy(lineA, line, <usize>cols * ELEMENT);
    transform(alongRow, lineA, line);
  }
  for (let col = 0; col < cols; col += 2) {
    gatherColumns(block + <usize>col * ELEMENT, lineA, rows, pairBytes);
    transform(alongCol, lineA, spectrum + <usize>((col >> 1) * rows) * ELEMENT);
  }
}

/** Remainder in [0, size). */
function modulo(index: i32, size: i32): i32 {
  const rest = index % size;
  return rest < 0 ? rest + size : rest;
}

/** Row of the image that stands at `row`, or -1 where there is none. */
function imageRow(item: Blur, row: i32): i32 {
  if (row >= 0 && row < item.ny) return row;
  return item.wrap ? modulo(row, item.ny) : -1;
}

/** Copy `count` pixels of a row, from column `col` on, with what stands beyond the edges. */
function copySegment(item: Blur, line: usize, col: i32, count: i32, to: usize): void {
  const nx = item.nx;
  if (item.wrap) {
    let from = modulo(col, nx);
    while (count > 0) {
      const run = min(count, nx - from);
      memory.copy(to, line + ((<usize>from) << 3), (<usize>run) << 3);
      to += (<usize>run) << 3;
      count -= run;
      from = 0;
    }
    return;
  }
  const before = min(count, max(0, -col));
  const inside = max(0, min(count - before, nx - (col + before)));
  memory.fill(to, 0, (<usize>before) << 3);
  to += (<usize>before) << 3;
  memory.copy(to, line + ((<usize>(col + before)) << 3), (<usize>inside) << 3);
  memory.fill(to + ((<usize>inside) << 3), 0, (<usize>(count - before - inside)) << 3);
}

/** Address of `count` pixels from [row, col] on; in `spare` where they do not lie in the image as such. */
function segment(item: Blur, image: usize, row: i32, col: i32, count: i32, spare: usize): usize {
  const from = imageRow(item, row);
  if (from < 0) {
    memory.fill(spare, 0, (<usize>count) << 3);
    return spare;
  }
  const line = image + ((<usize>from * <usize>item.nx) << 3);
  if (col >= 0 && col + count <= item.nx) return line + ((<usize>col) << 3);
  copySegment(item, line, col, count, spare);
  return spare;
}

/** Sum of squares of what `loadRows` has read. */
let squares: f64 = 0;

/** Read two rows of a block into the real (`to`) or imaginary (`to + 16`) parts of a line. */
function loadRows(item: Blur, image: usize, row: i32, col: i32, to: usize): void {
  const cols = item.cols;
  if (imageRow(item, row) < 0 && imageRow(item, row + 1) < 0) {
    clearParts(to, cols);
    return;
  }
  let row0 = segment(item, image, row, col, cols, segmentA);
  let row1 = segment(item, image, row + 1, col, cols, segmentB);
  let sums = f64x2.splat(0);
  const end = row0 + ((<usize>cols) << 3);
  for (; row0 < end; row0 += 16) {
    const first = v128.load(row0);
    const second = v128.load(row1);
    sums = f64x2.add(sums, f64x2.add(f64x2.mul(first, first), f64x2.mul(second, second)));
    v128.store(to, i64x2.shuffle(first, second, 0, 2));
    v128.store(to, i64x2.shuffle(first, second, 1, 3), 32);
    row1 += 16;
    to += 2 * ELEMENT;
  }
  squares += f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/** Write the real (`from`) or imaginary parts of a line as two rows of outputs, the second only when `both`. */
function storeRows(from: usize, to: usize, below: usize, count: i32, both: bool): void {
  let col = 0;
  for (; col + 2 <= count; col += 2) {
    const left = v128.load(from);
    const right = v128.load(from, 32);
    v128.store(to, i64x2.shuffle(left, right, 0, 2));
    if (both) v128.store(to + below, i64x2.shuffle(left, right, 1, 3));
    from += 2 * ELEMENT;
    to += 16;
  }
  if (col < count) {
    store<f64>(to, load<f64>(from));
    if (both) store<f64>(to + below, load<f64>(from, 8));
  }
}

/** Write the outputs of one block, first at [top, left], that the pair of rows `pair` holds. */
function storeBlockRows(item: Blur, from: usize, out: usize, top: i32, left: i32, pair: i32): void {
  const bottom = min(top + item.validRows, item.ny);
  const row = top + 2 * pair;
  if (row >= bottom) return;
  const to = out + ((<usize>row * <usize>item.nx + <usize>left) << 3);
  storeRows(from, to, (<usize>item.nx) << 3, min(item.validCols, item.nx - left), row + 1 < bottom);
}

/** `out[i] = sum_k kernel[k] image[i + origin + k]` by transforms. */
function blurByTransforms(
  item: Blur,
  image: usize,
  out: usize,
  originRow: i32,
  originCol: i32,
  spectrum: usize,
): void {
  const rows = item.rows;
  const cols = item.cols;
  const pairBytes = rowPairBytes(cols);
  const alongRow = changetype<Transform>(item.alongRow);
  const alongCol = changetype<Transform>(item.alongCol);
  const validPairs = (item.validRows + 1) >> 1;
  const across = (item.nx + item.validCols - 1) / item.validCols;
  const blocks = ((item.ny + item.validRows - 1) / item.validRows) * across;
  let logPixels: f64 = 0;
  for (let pixels = rows * cols; pixels > 1; pixels >>= 1) logPixels += 1;
  for (let index = 0; index < blocks; index += 2) {
    const top1 = (index / across) * item.validRows;
    const left1 = (index % across) * item.validCols;
    const two = index + 1 < blocks;
    const top2 = ((index + 1) / across) * item.validRows;
    const left2 = ((index + 1) % across) * item.validCols;
    squares = 0;
    for (let pair = 0; pair < rows >> 1; pair++) {
      loadRows(item, image, top1 + originRow + 2 * pair, left1 + originCol, lineA);
      if (two) loadRows(item, image, top2 + originRow + 2 * pair, left2 + originCol, lineA + 16);
      else clearParts(lineA + 16, cols);
      transform(alongRow, lineA, block + <usize>pair * pairBytes);
    }
    for (let col = 0; col < cols; col += 2) {
      const columns = block + <usize>col * ELEMENT;
      gatherColumns(columns, lineA, rows, pairBytes);
      transform(alongCol, lineA, lineB);
      multiplySwapped(lineB, spectrum + <usize>((col >> 1) * rows) * ELEMENT, rows);
      transform(alongCol, lineB, lineA);
      scatterColumns(lineA, columns, 2 * validPairs, pairBytes);
    }
    blurError = max(blurError, ERROR_UNIT * logPixels * Math.sqrt(squares));
    for (let pair = 0; pair < validPairs; pair++) {
      transform(alongRow, block + <usize>pair * pairBytes, lineB);
      storeBlockRows(item, lineB + 16, out, top1, left1, pair);
      if (two) storeBlockRows(item, lineB, out, top2, left2, pair);
    }
  }
}

/** `out[i] = sum_k kernel[k] image[i + origin + k]` by sums, 8 outputs at a time. */
function blurBySums(
  item: Blur,
  image: usize,
  out: usize,
  originRow: i32,
  originCol: i32,
  kernel: usize,
): void {
  const stride = (<usize>paddedStride(item)) << 3;
  const width = item.nx + item.psfCols - 1;
  const height = item.ny + item.psfRows - 1;
  for (let row = 0; row < height; row++) {
    const to = padded + <usize>row * stride;
    const from = imageRow(item, row + originRow);
    if (from < 0) memory.fill(to, 0, (<usize>width) << 3);
    else copySegment(item, image + ((<usize>from * <usize>item.nx) << 3), originCol, width, to);
    memory.fill(to + ((<usize>width) << 3), 0, stride - ((<usize>width) << 3));
  }
  const psfCols = item.psfCols;
  for (let row = 0; row < item.ny; row++) {
    for (let col = 0; col < item.nx; col += 8) {
      let sum0 = f64x2.splat(0);
      let sum1 = f64x2.splat(0);
      let sum2 = f64x2.splat(0);
      let sum3 = f64x2.splat(0);
      let cell = kernel;
      let line = padded + <usize>row * stride + ((<usize>col) << 3);
      for (let psfRow = 0; psfRow < item.psfRows; psfRow++) {
        let at = line;
        for (let psfCol = 0; psfCol < psfCols; psfCol++) {
          const weight = v128.load64_splat(cell);
          sum0 = f64x2.add(sum0, f64x2.mul(weight, v128.load(at)));
          sum1 = f64x2.add(sum1, f64x2.mul(weight, v128.load(at, 16)));
          sum2 = f64x2.add(sum2, f64x2.mul(weight, v128.load(at, 32)));
          sum3 = f64x2.add(sum3, f64x2.mul(weight, v128.load(at, 48)));
          cell += 8;
          at += 8;
        }
        line += stride;
      }
      const to = out + ((<usize>row * <usize>item.nx + <usize>col) << 3);
      const left = min(8, item.nx - col);
      const target = left === 8 ? to : tail;
      v128.store(target, sum0);
      v128.store(target, sum1, 16);
      v128.store(target, sum2, 32);
      v128.store(target, sum3, 48);
      if (left < 8) memory.copy(to, tail, (<usize>left) << 3);
    }
  }
}

/**
 * Blur an image, or apply the transpose.
 *
 * @param image f64 `[ny, nx]`
 * @param out f64 `[ny, nx]`, overwritten; not the image
 */
export function blur(item: Blur, image: usize, out: usize, transpose: bool): void {
  blurError = 0;
  const originRow = transpose ? -item.centreRow : item.centreRow - item.psfRows + 1;
  const originCol = transpose ? -item.centreCol : item.centreCol - item.psfCols + 1;
  if (item.direct) {
    blurBySums(item, image, out, originRow, originCol, transpose ? item.psf : item.turned);
  } else {
    const spectrum = transpose ? item.adjointSpectrum : item.spectrum;
    blurByTransforms(item, image, out, originRow, originCol, spectrum);
  }
}

/** One pixel of the blurred image by its sum. */
export function blurPixel(item: Blur, image: usize, row: i32, col: i32): f64 {
  let sum: f64 = 0;
  for (let psfRow = 0; psfRow < item.psfRows; psfRow++) {
    const from = imageRow(item, row + item.centreRow - psfRow);
    if (from < 0) continue;
    const line = image + ((<usize>from * <usize>item.nx) << 3);
    for (let psfCol = 0; psfCol < item.psfCols; psfCol++) {
      let at = col + item.centreCol - psfCol;
      if (at < 0 || at >= item.nx) {
        if (!item.wrap) continue;
        at = modulo(at, item.nx);
      }
      const weight = load<f64>(item.psf + ((<usize>(psfRow * item.psfCols + psfCol)) << 3));
      sum += weight * load<f64>(line + ((<usize>at) << 3));
    }
  }
  return sum;
}
