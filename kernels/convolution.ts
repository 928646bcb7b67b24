// Expected counts under a large psf: convolution by overlap-save with Fourier transforms in f64.
//
// The padded image is cut into blocks that overlap by the psf. As image and psf are real, two blocks travel through one
// complex transform, one as the real and one as the imaginary part, and part again after the product with the psf's
// transform. Blocks lie in memory in pairs of rows, one row in each lane of an f64x2, so that every butterfly works on
// two rows (or, after a 2 x 2 transposition, two columns) at once.

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

/** Bound on the rounding error of an output over log2 of the block's pixels and the norm of its input (see `limit`). */
const ERROR_UNIT: f64 = 1e-15;
/** A smaller expected count than 1 / RELIABLE of its possible error is left to the caller. */
const RELIABLE: f64 = 1e6;

/** How one observation's expected counts are convolved. */
@unmanaged
export class Convolution {
  /** Size of a block, even and without prime factors above 5. */
  rows: i32;
  cols: i32;
  /** Outputs of a block: rows - psfRows + 1 and cols - psfCols + 1. */
  validRows: i32;
  validCols: i32;
  /** i32 `[blockCount, 2]`: first row and column of the blocks with lit pixels. */
  blocks: usize;
  blockCount: i32;
  /** f64 `[cols / 2, rows, 4]`: transform of the psf over the number of pixels. */
  spectrum: usize;
  alongRow: usize;
  alongCol: usize;
}

// Scratch, shared by all observations.
let blockBytes: usize = 0;
let block: usize = 0;
let lineBytes: usize = 0;
let lineA: usize = 0;
let lineB: usize = 0;

/**
 * Prepare the convolution of images `[ny, nx]`, padded on all sides, with a psf turned by 180 degrees.
 *
 * @param turned f32 `[psfRows, psfStride]`
 * @param counts i32 `[ny, nx]`: blocks without any are left out
 * @returns address of a `Convolution`, or 0 without memory
 */
export function prepareConvolution(
  ny: i32,
  nx: i32,
  psfRows: i32,
  psfCols: i32,
  turned: usize,
  psfStride: i32,
  counts: usize,
): usize {
  chooseBlocks(ny, nx, psfRows, psfCols);
  const item = changetype<Convolution>(allocate(offsetof<Convolution>()));
  if (changetype<usize>(item) === 0) return 0;
  const rows = chosenRows;
  const cols = chosenCols;
  item.rows = rows;
  item.cols = cols;
  item.validRows = rows - psfRows + 1;
  item.validCols = cols - psfCols + 1;
  item.alongRow = prepareTransform(cols);
  item.alongCol = prepareTransform(rows);
  item.spectrum = allocate((<usize>(rows * cols)) << 4);
  const down = (ny + item.validRows - 1) / item.validRows;
  const across = (nx + item.validCols - 1) / item.validCols;
  item.blocks = allocate((<usize>(down * across)) << 3);
  const needed = <usize>(rows >> 1) * rowPairBytes(cols);
  if (needed > blockBytes) {
    block = allocate(needed);
    blockBytes = needed;
  }
  const line = <usize>max(rows, cols) * ELEMENT;
  if (line > lineBytes) {
    lineA = allocate(line);
    lineB = allocate(line);
    lineBytes = line;
  }
  if (
    item.alongRow === 0 ||
    item.alongCol === 0 ||
    item.spectrum === 0 ||
    item.blocks === 0 ||
    block === 0 ||
    lineA === 0 ||
    lineB === 0
  ) {
    return 0;
  }
  item.blockCount = 0;
  for (let row = 0; row < ny; row += item.validRows) {
    for (let col = 0; col < nx; col += item.validCols) {
      const bottom = min(row + item.validRows, ny);
      const right = min(col + item.validCols, nx);
      if (!hasCounts(counts, nx, row, bottom, col, right)) continue;
      const at = item.blocks + ((<usize>item.blockCount) << 3);
      store<i32>(at, row);
      store<i32>(at, col, 4);
      item.blockCount++;
    }
  }
  transformPsf(item, psfRows, psfCols, turned, psfStride);
  return changetype<usize>(item);
}

function hasCounts(counts: usize, nx: i32, top: i32, bottom: i32, left: i32, right: i32): bool {
  for (let row = top; row < bottom; row++) {
    for (let col = left; col < right; col++) {
      if (load<i32>(counts + ((<usize>(row * nx + col)) << 2)) > 0) return true;
    }
  }
  return false;
}

/** Fill the spectrum: cell k of the turned psf acts backwards, from pixel -k. */
function transformPsf(item: Convolution, psfRows: i32, psfCols: i32, turned: usize, psfStride: i32): void {
  const rows = item.rows;
  const cols = item.cols;
  const pairBytes = rowPairBytes(cols);
  memory.fill(block, 0, <usize>(rows >> 1) * pairBytes);
  for (let row = 0; row < psfRows; row++) {
    const toRow = row === 0 ? 0 : rows - row;
    for (let col = 0; col < psfCols; col++) {
      const toCol = col === 0 ? 0 : cols - col;
      const value = load<f32>(turned + ((<usize>(row * psfStride + col)) << 2));
      const to = block + <usize>(toRow >> 1) * pairBytes + <usize>toCol * ELEMENT;
      store<f64>(to + ((<usize>(toRow & 1)) << 3), <f64>value / (<f64>rows * <f64>cols));
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
    transform(alongCol, lineA, item.spectrum + <usize>((col >> 1) * rows) * ELEMENT);
  }
}

/** Sum of squares of what `loadRows` has read. */
let squares: f64 = 0;

/** Read `count` (even) pixels of two rows into the real (`to`) or imaginary (`to + 16`) parts of a line. */
function loadRows(row0: usize, row1: usize, to: usize, count: i32): void {
  let sums = f64x2.splat(0);
  const end = row0 + ((<usize>count) << 2);
  for (; row0 < end; row0 += 8) {
    const first = f64x2.promote_low_f32x4(v128.load64_zero(row0));
    const second = f64x2.promote_low_f32x4(v128.load64_zero(row1));
    sums = f64x2.add(sums, f64x2.add(f64x2.mul(first, first), f64x2.mul(second, second)));
    v128.store(to, i64x2.shuffle(first, second, 0, 2));
    v128.store(to, i64x2.shuffle(first, second, 1, 3), 32);
    row1 += 8;
    to += 2 * ELEMENT;
  }
  squares += f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/** Read one pixel of two rows likewise. */
function loadLast(row0: usize, row1: usize, to: usize): void {
  const first = <f64>load<f32>(row0);
  const second = <f64>load<f32>(row1);
  squares += first * first + second * second;
  store<f64>(to, first);
  store<f64>(to, second, 8);
}

/** Read two rows from `row` on, `col` on, of the padded image; what lies beyond it counts as 0. */
function loadBlockRows(
  padded: usize,
  paddedRows: i32,
  stride: i32,
  row: i32,
  col: i32,
  to: usize,
  cols: i32,
): void {
  const held = row < paddedRows ? max(0, min(cols, stride - col)) : 0;
  const even = held & ~1;
  if (held > 0) {
    const first = padded + ((<usize>(row * stride + col)) << 2);
    // A row below the last one is met by no window: read anything finite in its place.
    const second = row + 1 < paddedRows ? first + ((<usize>stride) << 2) : first;
    loadRows(first, second, to, even);
    // Rows are of even length, blocks of an odd number of outputs begin at odd columns, too.
    if (even < held)
      loadLast(first + ((<usize>even) << 2), second + ((<usize>even) << 2), to + <usize>even * ELEMENT);
  }
  if (held < cols) clearParts(to + <usize>held * ELEMENT, cols - held);
}

/** Write two rows of outputs, kept in the real (`from`) or imaginary parts of a line, in f32; below `limit`, 0. */
function storeRows(from: usize, to: usize, nx: i32, count: i32, both: bool, limit: f64): void {
  const limits = f64x2.splat(limit);
  const below = (<usize>nx) << 2;
  let col = 0;
  for (; col + 2 <= count; col += 2) {
    let left = v128.load(from);
    let right = v128.load(from, 32);
    left = v128.and(left, f64x2.ge(left, limits));
    right = v128.and(right, f64x2.ge(right, limits));
    v128.store64_lane(to, f32x4.demote_f64x2_zero(i64x2.shuffle(left, right, 0, 2)), 0);
    if (both) {
      v128.store64_lane(to + below, f32x4.demote_f64x2_zero(i64x2.shuffle(left, right, 1, 3)), 0);
    }
    from += 2 * ELEMENT;
    to += 8;
  }
  if (col < count) {
    const first = load<f64>(from);
    const second = load<f64>(from, 8);
    store<f32>(to, first >= limit ? <f32>first : 0);
    if (both) store<f32>(to + below, second >= limit ? <f32>second : 0);
  }
}

/** Write the outputs of one block that rows `pair` hold. */
function storeBlockRows(
  item: Convolution,
  place: usize,
  from: usize,
  pair: i32,
  expected: usize,
  ny: i32,
  nx: i32,
  limit: f64,
): void {
  const row = load<i32>(place) + 2 * pair;
  const col = load<i32>(place, 4);
  const bottom = min(load<i32>(place) + item.validRows, ny);
  if (row >= bottom) return;
  const to = expected + ((<usize>(row * nx + col)) << 2);
  storeRows(from, to, nx, min(item.validCols, nx - col), row + 1 < bottom, limit);
}

/**
 * Convolve the padded image of an observation: expected counts wherever blocks hold lit pixels.
 *
 * An output that might be off by more than a millionth of itself is written as 0, for the caller to sum directly. The
 * rounding error of a transform is bounded in norm by a small multiple of log2(pixels) times 2^-53 times the norm of
 * its input (Higham 2002, theorem 24.2); the psf's transform is at most 1; no pixel is off by more than the norm.
 *
 * @param padded f32 `[paddedRows, stride]`, >= 0
 * @param expected f32 `[ny, nx]`, overwritten in the blocks with lit pixels
 */
export function convolve(
  item: Convolution,
  padded: usize,
  paddedRows: i32,
  stride: i32,
  expected: usize,
  ny: i32,
  nx: i32,
): void {
  const rows = item.rows;
  const cols = item.cols;
  const pairBytes = rowPairBytes(cols);
  const alongRow = changetype<Transform>(item.alongRow);
  const alongCol = changetype<Transform>(item.alongCol);
  const validPairs = (item.validRows + 1) >> 1;
  let logPixels: f64 = 0;
  for (let pixels = rows * cols; pixels > 1; pixels >>= 1) logPixels += 1;
  for (let index = 0; index < item.blockCount; index += 2) {
    const first = item.blocks + ((<usize>index) << 3);
    const second = index + 1 < item.blockCount ? first + 8 : 0;
    squares = 0;
    for (let pair = 0; pair < rows >> 1; pair++) {
      const row = load<i32>(first) + 2 * pair;
      loadBlockRows(padded, paddedRows, stride, row, load<i32>(first, 4), lineA, cols);
      if (second !== 0) {
        const row2 = load<i32>(second) + 2 * pair;
        loadBlockRows(padded, paddedRows, stride, row2, load<i32>(second, 4), lineA + 16, cols);
      } else clearParts(lineA + 16, cols);
      transform(alongRow, lineA, block + <usize>pair * pairBytes);
    }
    for (let col = 0; col < cols; col += 2) {
      const columns = block + <usize>col * ELEMENT;
      gatherColumns(columns, lineA, rows, pairBytes);
      transform(alongCol, lineA, lineB);
      multiplySwapped(lineB, item.spectrum + <usize>((col >> 1) * rows) * ELEMENT, rows);
      transform(alongCol, lineB, lineA);
      scatterColumns(lineA, columns, 2 * validPairs, pairBytes);
    }
    const limit = max(RELIABLE * ERROR_UNIT * logPixels * Math.sqrt(squares), 1e-30);
    for (let pair = 0; pair < validPairs; pair++) {
      transform(alongRow, block + <usize>pair * pairBytes, lineB);
      storeBlockRows(item, first, lineB + 16, pair, expected, ny, nx, limit);
      if (second !== 0) storeBlockRows(item, second, lineB, pair, expected, ny, nx, limit);
    }
  }
}
