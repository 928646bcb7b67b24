/**
 * HCOMPRESS_1: the H-transform of an image, the bits of whose coefficients are coded by quadtrees (FITS standard 4.0, section 10.4.4; White,
 * Postman & Lattanzi 1992, in Digitised Optical Sky Surveys, 167). Coefficients that were rounded to multiples of a scale may be smoothed.
 */

import { smoothTransform } from "./fits-hcompress-smooth.js";
import { BitReader, damagedTile } from "./fits-tile-codecs.js";

/** Sizes of tiles that are believed. */
const MOST_PIXELS = 2 ** 26;

/**
 * Decompress a tile.
 *
 * @param smooth whether the file asks for smoothing, option SMOOTH
 * @param shape `[ny, nx]` that the tile must have, ny its slower axis
 * @param out `ny * nx` values, filled
 * @throws FormatError when the bytes are damaged
 */
export function hcompressDecode(
  where: string,
  bytes: Uint8Array,
  { smooth, shape: [ny, nx] }: { readonly smooth: boolean; readonly shape: readonly [number, number] },
  out: Int32Array,
): void {
  if (bytes.length < 22 || bytes[0] !== 0xdd || bytes[1] !== 0x99)
    throw damagedTile(where, "no code of HCOMPRESS");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // The first axis of the coder is the slow one.
  const [rows, cols, scale] = [view.getInt32(2), view.getInt32(6), view.getInt32(10)];
  if (rows !== ny || cols !== nx || rows * cols > MOST_PIXELS) {
    throw damagedTile(where, `a tile of ${cols} x ${rows} instead of ${nx} x ${ny}`);
  }
  const planes = bytes.subarray(22, 25);
  if (planes.length < 3 || planes.some((count) => count > 64)) throw damagedTile(where, "too few bytes");
  const coefficients = new BigInt64Array(rows * cols);
  readPlanes(where, bytes, coefficients, rows, cols, [...planes]);
  coefficients[0] = view.getBigInt64(14);
  if (scale > 1) for (let at = 0; at < coefficients.length; at++) coefficients[at] *= BigInt(scale);
  invertTransform(coefficients, rows, cols, smooth ? BigInt(scale >> 1) : 0n);
  for (let at = 0; at < out.length; at++) out[at] = Number(coefficients[at]);
}

/** Bit planes of the four quadrants, most significant first, then the signs. */
function readPlanes(
  where: string,
  bytes: Uint8Array,
  out: BigInt64Array,
  rows: number,
  cols: number,
  planes: readonly number[],
): void {
  const reader = new BitReader(bytes, 25, where);
  const [halfRows, halfCols] = [(rows + 1) >> 1, (cols + 1) >> 1];
  const quadrants = [
    [0, halfRows, halfCols, planes[0]],
    [halfCols, halfRows, cols >> 1, planes[1]],
    [cols * halfRows, rows >> 1, halfCols, planes[1]],
    [cols * halfRows + halfCols, rows >> 1, cols >> 1, planes[2]],
  ] as const;
  for (const [start, height, width, count] of quadrants) {
    for (let plane = count - 1; plane >= 0; plane--)
      readPlane(where, reader, out, start, cols, height, width, plane);
  }
  if (reader.bits(4) !== 0) throw damagedTile(where, "no end of its bit planes");
  reader.align();
  for (let at = 0; at < out.length; at++) {
    if (out[at] !== 0n && reader.bit() === 1) out[at] = -out[at];
  }
}

/** One bit plane of a quadrant: plain, or a quadtree of Huffman codes. */
function readPlane(
  where: string,
  reader: BitReader,
  out: BigInt64Array,
  start: number,
  cols: number,
  height: number,
  width: number,
  plane: number,
): void {
  const weight = 2n ** BigInt(plane);
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
      const bits = nibbles[(row >> 1) * wide + (col >> 1)];
      if (((bits >> bitOf(row, col)) & 1) === 1)
        out[start + row * cols + col] = out[start + row * cols + col] + weight;
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
      out[row * cols + col] = (above[(row >> 1) * aboveCols + (col >> 1)] >> bitOf(row, col)) & 1;
  }
  return out;
}

/** Codes of the numbers 0 to 15, fewer bits for four bits that are frequent. */
const HUFFMAN: ReadonlyMap<string, number> = new Map(
  "111110 000 001 1000 010 1001 11010 11011 011 11100 1010 11101 1011 11110 111111 1100"
    .split(" ")
    .map((code, value) => [code, value]),
);

function readHuffman(reader: BitReader): number {
  for (let code = ""; ; code += reader.bit()) {
    const found = HUFFMAN.get(code);
    if (found !== undefined) return found;
  }
}

/**
 * Undo the H-transform in place: levels from the coarsest, each of sums and differences of 2 x 2 pixels. Of the coefficients of a level the
 * bits below its unit were dropped, which the parity of the others gives back.
 *
 * @param slack by how much smoothing may change a coefficient; 0: none is smoothed
 */
function invertTransform(a: BigInt64Array, rows: number, cols: number, slack: bigint): void {
  const levels = Math.ceil(Math.log2(Math.max(rows, cols)) - 1e-9);
  if (levels === 0) return;
  const scratch = new BigInt64Array(Math.max(rows, cols));
  let unit = 2n ** BigInt(levels - 1);
  a[0] = rounded(a[0], 4n * unit);
  for (let level = levels - 1; level >= 0; level--) {
    const [nRows, nCols] = [Math.ceil(rows / 2 ** level), Math.ceil(cols / 2 ** level)];
    for (let row = 0; row < nRows; row++) unshuffle(a, row * cols, 1, nCols, scratch);
    for (let col = 0; col < nCols; col++) unshuffle(a, col, cols, nRows, scratch);
    if (slack > 0n) smoothTransform(a, cols, [nRows, nCols], slack);
    invertLevel(a, cols, nRows, nCols, unit, level === 0 ? 2n : 1n);
    unit /= 2n;
  }
}

/** Halves of a line become its even and odd places. */
function unshuffle(
  a: BigInt64Array,
  start: number,
  step: number,
  length: number,
  scratch: BigInt64Array,
): void {
  const half = (length + 1) >> 1;
  for (let at = 0; at < length; at++) scratch[at] = a[start + at * step];
  for (let at = 0; at < length; at++)
    a[start + at * step] = (at & 1) === 0 ? scratch[at >> 1] : scratch[half + (at >> 1)];
}

/** The nearest multiple of a power of two, halves away from zero. @param unit 1 and below: all whole numbers */
function rounded(value: bigint, unit: bigint): bigint {
  if (unit <= 1n) return value;
  return (value + (value >= 0n ? unit / 2n : unit / 2n - 1n)) & -unit;
}

/** Sum and differences of 2 x 2 pixels become these pixels. @param unit of the differences across both axes; 1 at the finest level */
function invertLevel(
  a: BigInt64Array,
  cols: number,
  nRows: number,
  nCols: number,
  unit: bigint,
  shift: bigint,
): void {
  const twice = 2n * unit;
  // Two pixels at an edge of odd length.
  const pair = (first: number, second: number) => {
    const difference = rounded(a[second], twice);
    const low = difference & twice;
    const sum = a[first] >= 0n ? a[first] - low : a[first] + low;
    a[second] = (sum + difference) >> shift;
    a[first] = (sum - difference) >> shift;
  };
  for (let row = 0; row < nRows; row += 2) {
    for (let col = 0; col < nCols; col += 2) {
      const at = row * cols + col;
      const [right, below] = [col + 1 < nCols, row + 1 < nRows];
      if (!right && !below) a[at] = a[at] >> shift;
      else if (!right) pair(at, at + cols);
      else if (!below) pair(at, at + 1);
      else {
        const both = rounded(a[at + cols + 1], unit);
        const low = both & unit;
        const withLow = (value: bigint) => (value >= 0n ? value - low : value + low);
        const down = withLow(rounded(a[at + cols], twice));
        const across = withLow(rounded(a[at + 1], twice));
        const odd = (both ^ down ^ across) & twice;
        const given = a[at];
        const sum = given >= 0n ? given + low - odd : given + (low === 0n ? odd : low - odd);
        a[at + cols + 1] = (sum + down + across + both) >> shift;
        a[at + cols] = (sum + down - across - both) >> shift;
        a[at + 1] = (sum - down + across - both) >> shift;
        a[at] = (sum - down - across + both) >> shift;
      }
    }
  }
}
