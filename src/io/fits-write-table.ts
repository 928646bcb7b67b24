/** Binary tables as bytes. */

import { InvalidInputError } from "../errors.js";
import type { FitsCard } from "./fits-card.js";
import {
  type CellInput,
  checkColumnFormat,
  type EncodedValues,
  encodeFixedColumn,
  encodeVariableColumn,
  type FitsColumnFormat,
  type FitsColumnInput,
  valuesPerRow,
  type WritableFormat,
} from "./fits-encode-column.js";
import { fitsCard } from "./fits-header.js";

/** Name and further cards of an HDU to write. */
export interface FitsHduTitle {
  /** EXTNAME. "PRIMARY" on the first HDU is implied and not written. */
  readonly name?: string;
  /** EXTVER; default 1, or the next free one when the name is taken. */
  readonly version?: number;
  /** Cards after the mandatory ones. Cards that the writer sets itself are refused, see `carriedCards`. */
  readonly cards?: readonly FitsCard[];
}

/** A binary table to write. */
export interface FitsTableInput extends FitsHduTitle {
  readonly kind: "table";
  readonly columns: readonly FitsColumnInput[];
}

/** Check the formats of all columns of a table. @throws InvalidInputError when one is wrong or two names are the same */
export function checkColumnFormats(columns: readonly FitsColumnFormat[]): WritableFormat[] {
  if (columns.length > 999) {
    throw new InvalidInputError(`FITS table: must have at most 999 columns, got ${columns.length}; split it`);
  }
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name.toUpperCase())) {
      throw new InvalidInputError(
        `FITS table: column names must differ (case aside), got ${name} twice; rename one`,
        { fields: { name } },
      );
    }
    seen.add(name.toUpperCase());
  }
  return columns.map(checkColumnFormat);
}

/** Cards that describe the columns. `extras` are TFORM and TZERO where they depend on the values. */
export function columnCards(
  formats: readonly WritableFormat[],
  extras: readonly { readonly tform?: string; readonly zero?: bigint }[] = [],
): FitsCard[] {
  return formats.flatMap((format, index) => {
    const number = index + 1;
    const { tform = format.tform, zero } = extras[index] ?? {};
    const cards = [fitsCard(`TTYPE${number}`, format.name), fitsCard(`TFORM${number}`, tform)];
    if (format.unit !== undefined) cards.push(fitsCard(`TUNIT${number}`, format.unit));
    if (format.tdim !== "") cards.push(fitsCard(`TDIM${number}`, format.tdim));
    if (zero !== undefined) cards.push(...zeroCards(`TSCAL${number}`, `TZERO${number}`, zero));
    return cards;
  });
}

/** Scale and zero point of integers of the other signedness. */
export function zeroCards(scale: string, keyword: string, zero: bigint): FitsCard[] {
  const small = zero <= 2n ** 53n ? Number(zero) : zero;
  return [fitsCard(scale, 1), fitsCard(keyword, small, "zero point of the other signedness")];
}

/** First cards of a binary table. */
export function tableCards(rowLength: number, rows: number, heap: number, columns: number): FitsCard[] {
  return [
    fitsCard("XTENSION", "BINTABLE", "binary table"),
    fitsCard("BITPIX", 8, "bytes"),
    fitsCard("NAXIS", 2, "number of axes"),
    fitsCard("NAXIS1", rowLength, "bytes in a row"),
    fitsCard("NAXIS2", rows, "rows"),
    fitsCard("PCOUNT", heap, "bytes of variable-length cells"),
    fitsCard("GCOUNT", 1),
    fitsCard("TFIELDS", columns, "columns"),
  ];
}

/** Put cells of `width` bytes at `offset` of every row. */
function scatterCells(
  rows: Uint8Array,
  rowLength: number,
  offset: number,
  cells: Uint8Array,
  width: number,
): void {
  if (width > 32) {
    for (let from = 0, to = offset; from < cells.length; from += width, to += rowLength) {
      rows.set(cells.subarray(from, from + width), to);
    }
    return;
  }
  for (let from = 0, to = offset; from < cells.length; to += rowLength) {
    for (let at = 0; at < width; at++) rows[to + at] = cells[from++];
  }
}

/** Number of rows that a column's values make. */
function countRows(format: WritableFormat, { values }: FitsColumnInput): number {
  const perRow = format.descriptor === undefined ? valuesPerRow(format) : 1;
  const rows = perRow === 0 ? 0 : values.length / perRow;
  if (Number.isInteger(rows)) return rows;
  throw new InvalidInputError(
    `${format.label}: must have ${perRow} values a row, got ${values.length} in all; complete the last row`,
    { fields: { perRow, length: values.length } },
  );
}

/**
 * Encode rows of fixed-length columns.
 *
 * @param values of each column
 * @returns `rows * rowLength` bytes, and the TZERO of columns of the other signedness
 */
export function encodeRows(
  formats: readonly WritableFormat[],
  values: readonly CellInput[],
  rows: number,
): { data: Uint8Array; encoded: EncodedValues[] } {
  const encoded = formats.map((format, index) => encodeFixedColumn(format, values[index], rows));
  return { data: joinCells(formats, encoded, rows), encoded };
}

/** Rows of the cells of all columns, and so many bytes of zeros behind them. */
function joinCells(
  formats: readonly WritableFormat[],
  cells: readonly EncodedValues[],
  rows: number,
  more = 0,
): Uint8Array {
  const rowLength = formats.reduce((total, { width }) => total + width, 0);
  const data = new Uint8Array(rows * rowLength + more);
  let offset = 0;
  for (const [index, { width }] of formats.entries()) {
    scatterCells(data, rowLength, offset, cells[index].bytes, width);
    offset += width;
  }
  return data;
}

function describeCells(
  { label, descriptor, code }: WritableFormat,
  counts: readonly number[],
  lengths: readonly number[],
  heapStart: number,
): { cells: Uint8Array; tform: string } {
  const wide = descriptor === "Q";
  const cells = new Uint8Array(counts.length * (wide ? 16 : 8));
  const view = new DataView(cells.buffer);
  let at = heapStart;
  let max = 0;
  counts.forEach((count, row) => {
    if (!wide && at > 2 ** 31 - 1) {
      throw new InvalidInputError(
        `${label}: a P column must keep within 2^31 bytes of heap, got more; use format Q${code}`,
      );
    }
    const offset = count === 0 ? 0 : at;
    if (wide) {
      view.setBigInt64(16 * row, BigInt(count));
      view.setBigInt64(16 * row + 8, BigInt(offset));
    } else {
      view.setInt32(8 * row, count);
      view.setInt32(8 * row + 4, offset);
    }
    at += lengths[row];
    if (count > max) max = count;
  });
  return { cells, tform: `1${descriptor}${code}(${max})` };
}

/**
 * Encode a table.
 *
 * @returns its first cards, columns included, and its data: rows, then heap
 * @throws InvalidInputError when columns differ in length or a value does not suit its format
 */
export function encodeTable({ columns }: FitsTableInput): { mandatory: FitsCard[]; data: Uint8Array } {
  const formats = checkColumnFormats(columns);
  const counted = formats.findIndex((format) => format.descriptor !== undefined || valuesPerRow(format) > 0);
  const rows = counted < 0 ? 0 : countRows(formats[counted], columns[counted]);
  const rowLength = formats.reduce((total, { width }) => total + width, 0);
  const heap: Uint8Array[] = [];
  let heapLength = 0;
  const cells = formats.map((format, index) => {
    const { values } = columns[index];
    if (format.descriptor === undefined) return encodeFixedColumn(format, values as CellInput, rows);
    if (values.length !== rows) {
      throw new InvalidInputError(
        `${format.label}: must have ${rows} rows as the first column, got ${values.length}; complete it`,
        { fields: { rows, length: values.length } },
      );
    }
    const { bytes, counts, lengths, zero } = encodeVariableColumn(format, values as ArrayLike<CellInput>);
    const described = describeCells(format, counts, lengths, heapLength);
    heap.push(bytes);
    heapLength += bytes.length;
    return { bytes: described.cells, tform: described.tform, ...(zero === undefined ? {} : { zero }) };
  });
  const data = joinCells(formats, cells, rows, heapLength);
  let at = rows * rowLength;
  for (const part of heap) {
    data.set(part, at);
    at += part.length;
  }
  return {
    mandatory: [...tableCards(rowLength, rows, heapLength, columns.length), ...columnCards(formats, cells)],
    data,
  };
}
