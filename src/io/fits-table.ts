/** Reading of FITS tables. */

import { FormatError, InvalidInputError } from "../errors.js";
import { readAsciiColumn } from "./fits-ascii-table.js";
import { decodeNumbers, decodeNumbersInPlace, type FitsNumberCode } from "./fits-bytes.js";
import {
  type CellValues,
  type ColumnLayout,
  cellBytes,
  columnTitles,
  type FitsColumn,
  type Logical,
  readColumnLayouts,
} from "./fits-column.js";
import { headerInteger } from "./fits-header.js";
import { applyScaling, type ExactArray, isOtherSign } from "./fits-scaling.js";
import type { FitsHdu, FitsTableHdu } from "./hdu.js";

/** A table, or the part of it that was asked for. */
export interface FitsTable {
  /** Rows read. */
  readonly rows: number;
  readonly columns: readonly FitsColumn[];
}

/** Which part of a table to read. */
export interface ReadTableOptions {
  /** Names of columns (any case), in the order wanted; default all. */
  readonly columns?: readonly string[];
  /** Half-open range of rows `[start, end)`, 0-based; default all. */
  readonly rows?: readonly [start: number, end: number];
}

/** Bytes of the cells of one column, one after the other. */
function gatherCells(hdu: FitsTableHdu, { offset, width }: ColumnLayout, start: number, rows: number) {
  const { data, rowLength } = hdu;
  const cells = new Uint8Array(rows * width);
  let from = start * rowLength + offset;
  if (width > 32) {
    for (let row = 0; row < rows; row++, from += rowLength)
      cells.set(data.subarray(from, from + width), row * width);
    return cells;
  }
  let to = 0;
  for (let row = 0; row < rows; row++, from += rowLength) {
    for (let at = 0; at < width; at++) cells[to++] = data[from + at];
  }
  return cells;
}

/** Text up to the first NUL, without trailing blanks. */
function readText(bytes: Uint8Array, start: number, length: number): string {
  let end = start;
  while (end < start + length && bytes[end] !== 0) end++;
  while (end > start && bytes[end - 1] === 0x20) end--;
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]);
  return text;
}

function readTexts(
  cells: Uint8Array,
  rows: number,
  width: number,
  strings: number,
  length: number,
): string[] {
  const texts: string[] = [];
  for (let row = 0; row < rows; row++) {
    for (let item = 0; item < strings; item++)
      texts.push(readText(cells, row * width + item * length, length));
  }
  return texts;
}

function readLogicals(bytes: Uint8Array): Logical[] {
  return Array.from(bytes, (byte) => (byte === 0x54 ? true : byte === 0x46 ? false : null));
}

/** Bits, most significant first; each row of bits starts on a byte of its own. */
function readBits(bytes: Uint8Array, rows: number, repeat: number): Uint8Array<ArrayBuffer> {
  const bits = new Uint8Array(rows * repeat);
  const width = cellBytes("X", repeat);
  let to = 0;
  for (let row = 0; row < rows; row++) {
    for (let bit = 0; bit < repeat; bit++)
      bits[to++] = (bytes[row * width + (bit >> 3)] >> (7 - (bit & 7))) & 1;
  }
  return bits;
}

function readNumbers(bytes: Uint8Array<ArrayBuffer>, layout: ColumnLayout): ExactArray {
  const complex = layout.code === "C" || layout.code === "M";
  const code = (layout.code === "C" ? "E" : layout.code === "M" ? "D" : layout.code) as FitsNumberCode;
  const values = applyScaling(layout.label, decodeNumbersInPlace(bytes, code), code, layout);
  // The zero point of a complex column is a real number.
  if (complex && layout.zero !== 0 && values instanceof Float64Array) {
    for (let at = 1; at < values.length; at += 2) values[at] = values[at] - layout.zero;
  }
  return values;
}

/** Values of cells that are no text. @param repeat of each of so many rows */
function readValues(
  cells: Uint8Array<ArrayBuffer>,
  layout: ColumnLayout,
  rows: number,
  repeat: number,
): ExactArray | Logical[] {
  if (layout.code === "L") return readLogicals(cells);
  return layout.code === "X" ? readBits(cells, rows, repeat) : readNumbers(cells, layout);
}

function readFixedColumn(hdu: FitsTableHdu, layout: ColumnLayout, start: number, rows: number): CellValues {
  const cells = gatherCells(hdu, layout, start, rows);
  if (layout.code !== "A") return readValues(cells, layout, rows, layout.repeat);
  const strings = layout.shape.reduce((product, length) => product * length, 1);
  return readTexts(cells, rows, layout.width, strings, layout.stringLength);
}

/** The heap of a table: bytes of its variable-length cells. */
function tableHeap(hdu: FitsTableHdu): Uint8Array {
  const main = hdu.rows * hdu.rowLength;
  const start = headerInteger(hdu.label, hdu.header, "THEAP", {
    min: main,
    max: hdu.dataLength,
    fallback: main,
  });
  return hdu.data.subarray(start);
}

/** Cells may share bytes of the heap; beyond this multiple of its size, all columns together, a file is taken for a trap. */
const MAX_HEAP_REUSE = 8;
const FREE_HEAP_REUSE = 2 ** 24;

/** Bytes of the heap that the cells of a table have taken so far. */
interface HeapUse {
  bytes: number;
}

function readVariableColumn(
  hdu: FitsTableHdu,
  layout: ColumnLayout,
  start: number,
  rows: number,
  use: HeapUse,
) {
  const heap = tableHeap(hdu);
  const cells = gatherCells(hdu, layout, start, rows);
  const wide = layout.descriptor === "Q";
  const descriptors = decodeNumbers(cells, wide ? "K" : "J");
  const budget = Math.max(FREE_HEAP_REUSE, MAX_HEAP_REUSE * heap.length);
  const values: (ExactArray | string | Logical[])[] = [];
  for (let row = 0; row < (layout.width === 0 ? 0 : rows); row++) {
    const count = Number(descriptors[2 * row]);
    const offset = count === 0 ? 0 : Number(descriptors[2 * row + 1]);
    const length = cellBytes(layout.code, count);
    use.bytes += length;
    if (use.bytes > budget) {
      throw new FormatError(
        `${layout.label}: cells of a table must take at most ${budget} bytes of its heap of ${heap.length}, shared ones counted ` +
          "as often as they are used, got more; write the file without shared cells",
        { fields: { heap: heap.length, budget } },
      );
    }
    if (count < 0 || offset < 0 || offset + length > heap.length) {
      throw new FormatError(
        `${layout.label}: cells must lie in the heap of ${heap.length} bytes, got ${count} values at ${offset} in row ${start + row}; the file is damaged`,
        { fields: { row: start + row, count, offset, heap: heap.length } },
      );
    }
    const bytes = heap.slice(offset, offset + length) as Uint8Array<ArrayBuffer>;
    values.push(layout.code === "A" ? readText(bytes, 0, length) : readValues(bytes, layout, 1, count));
  }
  return values;
}

function readColumn(
  hdu: FitsTableHdu,
  layout: ColumnLayout,
  start: number,
  rows: number,
  use: HeapUse,
): FitsColumn {
  const { name, unit, format, shape, descriptor, code, blank } = layout;
  const variable = descriptor !== undefined;
  const values = variable
    ? readVariableColumn(hdu, layout, start, rows, use)
    : readFixedColumn(hdu, layout, start, rows);
  const exact = code === "K" && blank !== undefined && layout.scale === 1;
  const zero = isOtherSign("K", layout) ? 2n ** 63n : layout.zero === 0 ? 0n : undefined;
  return {
    name,
    format,
    shape,
    variable,
    values,
    ...(unit === undefined ? {} : { unit }),
    ...(exact && zero !== undefined ? { nullValue: BigInt(blank) + zero } : {}),
  };
}

function rowRange({ label, rows }: FitsTableHdu, [start, end]: readonly [number, number]): [number, number] {
  if (Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= rows)
    return [start, end - start];
  throw new InvalidInputError(
    `${label}: rows must lie in 0:${rows}, got ${start}:${end}; ranges are 0-based and half-open`,
    { fields: { start, end, rows } },
  );
}

/**
 * Read a table, or some of its columns and rows. Binary and ASCII tables alike.
 *
 * @throws FormatError when the HDU is no table or is damaged
 * @throws InvalidInputError when a column or row that was asked for does not exist
 */
export function readTable(hdu: FitsHdu, { columns, rows }: ReadTableOptions = {}): FitsTable {
  if (hdu.kind !== "table") {
    throw new FormatError(
      `${hdu.label}: must be a table, got ${hdu.kind === "image" ? "an image" : "an HDU without rows"}; name another HDU`,
      { fields: { kind: hdu.kind } },
    );
  }
  const [start, count] = rowRange(hdu, rows ?? [0, hdu.rows]);
  if (hdu.rowLength === 0 && count > 0 && hdu.columnCount > 0) {
    throw new FormatError(
      `${hdu.label}: rows must have bytes, got ${count} rows of 0 bytes; the file is damaged`,
    );
  }
  const names = columnTitles(hdu).map(({ name }) => name);
  const wanted = columns?.map((name) => columnIndex(hdu, names, name)) ?? names.map((_, index) => index);
  if (hdu.form === "ascii") {
    return { rows: count, columns: wanted.map((index) => readAsciiColumn(hdu, index + 1, start, count)) };
  }
  const layouts = readColumnLayouts(hdu);
  const use = { bytes: 0 };
  return { rows: count, columns: wanted.map((index) => readColumn(hdu, layouts[index], start, count, use)) };
}

function columnIndex({ label }: FitsTableHdu, names: readonly string[], name: string): number {
  const exact = names.indexOf(name);
  const index = exact >= 0 ? exact : names.findIndex((other) => other.toUpperCase() === name.toUpperCase());
  if (index >= 0) return index;
  throw new InvalidInputError(
    `${label}: table must have a column ${name}, got ${names.join(", ")}; name one of these`,
    { fields: { column: name } },
  );
}

/** The column of that name (any case); `undefined` when there is none. */
export function findColumn({ columns }: FitsTable, name: string): FitsColumn | undefined {
  return (
    columns.find((column) => column.name === name) ??
    columns.find((column) => column.name.toUpperCase() === name.toUpperCase())
  );
}
