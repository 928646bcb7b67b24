/** Tile-compressed images (FITS standard 4.0, section 10): tables whose rows hold the tiles of an image. */

import { FormatError } from "../errors.js";
import { BITPIX_CODES, decodeNumbers, encodeNumbers, readBitpix, STORED_ARRAYS } from "./fits-bytes.js";
import { hcompressDecode } from "./fits-hcompress.js";
import { headerInteger, headerNumber, numbered } from "./fits-header.js";
import { findColumn, readTable } from "./fits-table.js";
import { damagedTile, plioDecode, riceDecode } from "./fits-tile-codecs.js";
import { gunzipByStream } from "./gzip.js";
import type { Bitpix, FitsHdu, FitsImageHdu, FitsImageInfo, FitsTableHdu } from "./hdu.js";

/** Algorithms that are understood. */
const ALGORITHMS = new Set(["RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS"]);
/** Stored numbers of pixels without a value, and of pixels that are exactly 0 (SUBTRACTIVE_DITHER_2), in quantised images. */
const NO_VALUE = -2147483647;
const EXACT_ZERO = -2147483646;

/**
 * Bytes of an image that any table may promise, and how many more for each byte that it holds: gzip packs 1032, while PLIO and HCOMPRESS
 * put runs and squares of one value into a few bits.
 */
const SMALL_IMAGE = 2 ** 26;
const MOST_PACKED = { few: 1032, many: 2 ** 15 };

/** Shape and type that a tile-compressed image has when it is unpacked, from its header. */
export function packedImage(label: string, header: FitsHdu["header"]): { bitpix: Bitpix; shape: number[] } {
  const bitpix = readBitpix(label, header, "ZBITPIX");
  const axes = headerInteger(label, header, "ZNAXIS", { min: 1, max: 999 });
  const limits = { min: 0, max: 2 ** 31 };
  const shape = Array.from({ length: axes }, (_, axis) =>
    headerInteger(label, header, `ZNAXIS${axes - axis}`, limits),
  );
  return { bitpix, shape };
}

/** How the tiles of an image are packed. */
interface Packing {
  readonly label: string;
  readonly algorithm: string;
  readonly bitpix: Bitpix;
  /** Options of the algorithm. */
  readonly block: number;
  readonly size: number;
  readonly smooth: boolean;
  readonly dither: 0 | 1 | 2;
  readonly seed: number;
  readonly blank: number | undefined;
}

function readPacking({ label, header, bitpix }: FitsImageInfo): Packing {
  const algorithm = header.text("ZCMPTYPE") ?? "";
  if (!ALGORITHMS.has(algorithm) || header.has("ZMASKCMP")) {
    throw new FormatError(
      `${label}: tiles must be compressed by ${[...ALGORITHMS].join(", ")}, got ${algorithm || "no ZCMPTYPE"}; unpack the file with funpack`,
      { fields: { algorithm } },
    );
  }
  const names = numbered(header, "ZNAME").map((name) => String(name).trim());
  const option = (name: string, fallback: number) => {
    const value = header.number(`ZVAL${names.indexOf(name) + 1}`) ?? 0;
    return value > 0 ? value : fallback;
  };
  const quantised = header.text("ZQUANTIZ") ?? "NO_DITHER";
  return {
    ...{ label, algorithm, bitpix },
    block: option("BLOCKSIZE", 32),
    size: option("BYTEPIX", 4),
    smooth: option("SMOOTH", 0) > 0,
    dither: quantised === "SUBTRACTIVE_DITHER_1" ? 1 : quantised === "SUBTRACTIVE_DITHER_2" ? 2 : 0,
    seed: headerNumber(label, header, "ZDITHER0", 1),
    blank: header.number("ZBLANK"),
  };
}

/** Random numbers of the standard's appendix I, by which quantised values were dithered. */
function ditherNumbers(): Float32Array {
  const numbers = new Float32Array(10_000);
  let seed = 1;
  for (let index = 0; index < numbers.length; index++) {
    seed = (16_807 * seed) % 2_147_483_647;
    numbers[index] = seed / 2_147_483_647;
  }
  return numbers;
}

/** Columns of numbers or bytes of the table, one entry a row. */
type Cells = (row: number) => { readonly [index: number]: number; readonly length: number } | undefined;

/** Values of a tile that was not quantised, of the image's own type; or of one that was, as whole numbers. */
function wholeNumbers(
  packing: Packing,
  bytes: Uint8Array,
  shape: readonly number[],
  floats: boolean,
): Int32Array | undefined {
  const { algorithm, label, block, size, smooth } = packing;
  const out = new Int32Array(shape.reduce((product, length) => product * length, 1));
  if (algorithm.startsWith("RICE")) riceDecode(label, bytes, { size: floats ? 4 : size, block }, out);
  else if (algorithm === "HCOMPRESS_1") {
    const long = shape.filter((length) => length > 1);
    const [ny = 1, nx = 1] = long.length === 1 ? [1, long[0]] : long;
    hcompressDecode(label, bytes, { smooth, shape: [ny, nx] }, out);
  } else if (algorithm === "PLIO_1") plioDecode(label, decodeNumbers(bytes, "I") as Int16Array, out);
  else return undefined;
  return out;
}

/** What gzip compressed. @throws FormatError when it is damaged, or more than so many bytes */
function gunzipAtMost(label: string, bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return gunzipByStream(bytes, { name: label, maxBytes });
  } catch (error) {
    const tooLarge = (error as { fields?: { maxBytes?: number } }).fields?.maxBytes !== undefined;
    throw tooLarge ? damagedTile(label, `a tile of more than ${maxBytes} bytes`) : error;
  }
}

/** Bytes of a tile that gzip compressed, in the order of the image; GZIP_2 stores first all highest bytes, then the next. */
function gunzipTile(packing: Packing, bytes: Uint8Array, pixels: number, shuffled: boolean): Uint8Array {
  const plain = gunzipAtMost(packing.label, bytes, 8 * pixels);
  const size = plain.length / pixels;
  if (!shuffled || size === 1) return plain;
  const out = new Uint8Array(plain.length);
  for (let at = 0; at < plain.length; at++) out[(at % pixels) * size + Math.floor(at / pixels)] = plain[at];
  return out;
}

/** Numbers of bytes of an image's type, one for each pixel of a tile. */
function numbersOf(
  label: string,
  bytes: Uint8Array,
  bitpix: Bitpix,
  pixels: number,
): ArrayLike<number> | BigInt64Array {
  if (bytes.length === (pixels * Math.abs(bitpix)) / 8) return decodeNumbers(bytes, BITPIX_CODES[bitpix]);
  throw damagedTile(label, `${bytes.length} bytes for ${pixels} pixels`);
}

/**
 * The plain image of a tile-compressed one.
 *
 * @param rows of tiles beyond these planes, from 0 along the slowest axis, are not decompressed; default all
 * @throws FormatError when the tiles are damaged, or compressed in a way that is not understood
 */
export function unpackImage(hdu: FitsImageHdu): FitsImageHdu {
  const { packed, label, header, bitpix, shape } = hdu;
  if (packed === undefined) return hdu;
  const table = { ...hdu, ...packed, kind: "table" } as unknown as FitsTableHdu;
  const packing = readPacking(hdu);
  const axes = shape.length;
  const tile = shape.map((length, axis) =>
    headerInteger(label, header, `ZTILE${axes - axis}`, {
      min: 1,
      max: 2 ** 31,
      fallback: axis === axes - 1 ? length : 1,
    }),
  );
  const counts = shape.map((length, axis) => Math.ceil(length / tile[axis]));
  const total = shape.reduce((product, length) => product * length, 1);
  const tiles = counts.reduce((product, count) => product * count, 1);
  if (packed.rows < tiles) throw damagedTile(label, `${packed.rows} tiles instead of ${tiles}`);
  const promised = (total * Math.abs(bitpix)) / 8;
  const most = /^(PLIO|HCOMPRESS)/.test(packing.algorithm) ? MOST_PACKED.many : MOST_PACKED.few;
  if (promised > SMALL_IMAGE + most * hdu.data.length)
    throw damagedTile(label, `${hdu.data.length} bytes for an image of ${promised}`);
  const found = readTable(table);
  const cells = (name: string): Cells => {
    const column = findColumn(found, name);
    if (column === undefined) return () => undefined;
    if (column.variable) return (row) => (column.values as unknown as Uint8Array[])[row];
    const width = found.rows === 0 ? 0 : (column.values as Uint8Array).length / found.rows;
    return (row) => (column.values as Uint8Array).subarray(row * width, (row + 1) * width);
  };
  const [data, plain, zipped] = [
    cells("COMPRESSED_DATA"),
    cells("UNCOMPRESSED_DATA"),
    cells("GZIP_COMPRESSED_DATA"),
  ];
  const [scales, zeros, blanks] = [cells("ZSCALE"), cells("ZZERO"), cells("ZBLANK")];
  const quantised = bitpix < 0 && (findColumn(found, "ZSCALE") !== undefined || header.has("ZSCALE"));
  const random = packing.dither === 0 ? undefined : ditherNumbers();
  const values = new STORED_ARRAYS[BITPIX_CODES[bitpix]](total);
  for (let row = 0; row < tiles; row++) {
    const start: number[] = [];
    for (let axis = axes - 1, rest = row; axis >= 0; axis--) {
      start[axis] = (rest % counts[axis]) * tile[axis];
      rest = Math.floor(rest / counts[axis]);
    }
    const size = shape.map((length, axis) => Math.min(tile[axis], length - start[axis]));
    const pixels = size.reduce((product, length) => product * length, 1);
    put(values, shape, start, size, tileValues(row, size, pixels));
  }
  return plainHdu(hdu, encodeNumbers(values));

  function tileValues(
    row: number,
    size: readonly number[],
    pixels: number,
  ): ArrayLike<number> | BigInt64Array {
    const packedBytes = data(row);
    if (packedBytes !== undefined && packedBytes.length > 0) {
      const raw =
        packedBytes instanceof Int16Array
          ? encodeNumbers(packedBytes)
          : Uint8Array.from(packedBytes as ArrayLike<number>);
      const whole = wholeNumbers(packing, raw, size, bitpix < 0);
      if (whole !== undefined) return quantised ? restored(row, whole) : whole;
      const unzipped =
        packing.algorithm === "NOCOMPRESS"
          ? raw
          : gunzipTile(packing, raw, pixels, packing.algorithm === "GZIP_2");
      if (quantised) return restored(row, numbersOf(label, unzipped, 32, pixels) as Int32Array);
      return numbersOf(label, unzipped, bitpix, pixels);
    }
    const gzipped = zipped(row);
    if (gzipped !== undefined && gzipped.length > 0) {
      const bytes = Uint8Array.from(gzipped as ArrayLike<number>);
      return numbersOf(label, gunzipTile(packing, bytes, pixels, false), bitpix, pixels);
    }
    const stored = plain(row);
    if (stored !== undefined && stored.length === pixels) return stored as ArrayLike<number>;
    throw damagedTile(label, `nothing in tile ${row + 1}`);
  }

  /** Real values of quantised ones (section 10.2). */
  function restored(row: number, whole: Int32Array): Float64Array {
    const scale = scales(row)?.[0] ?? headerNumber(label, header, "ZSCALE", 1);
    const zero = zeros(row)?.[0] ?? headerNumber(label, header, "ZZERO", 0);
    const blank = blanks(row)?.[0] ?? packing.blank ?? NO_VALUE;
    const out = new Float64Array(whole.length);
    let from = (row + packing.seed - 1) % 10_000;
    let at = random === undefined ? 0 : Math.floor(random[from] * 500);
    for (let index = 0; index < whole.length; index++) {
      const value = whole[index];
      const shift = random === undefined ? 0 : 0.5 - random[at];
      if (value === blank) out[index] = Number.NaN;
      else if (packing.dither === 2 && value === EXACT_ZERO) out[index] = 0;
      else out[index] = (value + shift) * scale + zero;
      if (random === undefined) continue;
      at++;
      if (at === random.length) {
        from = (from + 1) % random.length;
        at = Math.floor(random[from] * 500);
      }
    }
    return out;
  }
}

/** Put the values of a tile where they belong. @param values changed */
function put(
  values: { [index: number]: number | bigint },
  shape: readonly number[],
  start: readonly number[],
  size: readonly number[],
  tile: { readonly [index: number]: number | bigint; readonly length: number },
): void {
  const nx = size.at(-1)!;
  const big = values instanceof BigInt64Array;
  for (let from = 0; from < tile.length; from += nx) {
    let rest = from / nx;
    let to = start.at(-1)!;
    let stride = shape.at(-1)!;
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      to += (start[axis] + (rest % size[axis])) * stride;
      rest = Math.floor(rest / size[axis]);
      stride *= shape[axis];
    }
    for (let col = 0; col < nx; col++) {
      const value = tile[from + col];
      values[to + col] = big ? BigInt(value) : value;
    }
  }
}

/** The image without what it was packed in. */
function plainHdu({ packed: _, ...info }: FitsImageHdu, data: Uint8Array): FitsImageHdu {
  return { ...info, data, dataLength: data.length };
}
