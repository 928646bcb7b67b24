/** Columns of FITS tables: their formats (TFORM), cell shapes (TDIM) and values. */

import { FormatError } from "../errors.js";
import { type FitsNumberCode, NUMBER_BYTES } from "./fits-bytes.js";
import { type ExactArray, readScaling, type Scaling, safeNumbers } from "./fits-scaling.js";
import type { FitsTableInfo } from "./hdu.js";

/** Codes of what a cell holds: logical, bits, numbers, characters, complex pairs of E or D. */
export type CellCode = "L" | "X" | FitsNumberCode | "A" | "C" | "M";

/** A logical value; null when undefined in the file. */
export type Logical = boolean | null;

/** Values of one column, or of one cell of a variable-length column. */
export type CellValues = ExactArray | readonly string[] | readonly Logical[];

/** One column of a table. */
export interface FitsColumn {
  /** TTYPEn; `COLn` when absent. */
  readonly name: string;
  readonly unit?: string;
  /** TFORMn as in the header. */
  readonly format: string;
  /** Shape of one cell, slowest axis first; `[]` for one value a row. Characters of a string do not count as an axis. */
  readonly shape: readonly number[];
  /** True when each row has its own number of values. */
  readonly variable: boolean;
  /**
   * `rows * product(shape)` values, row by row; for a variable-length column one entry a row, itself an array (one string
   * for strings). Strings are without trailing blanks. Bits are 0 and 1 in a `Uint8Array`. Complex values are pairs: the
   * last axis of `shape` is 2. Integers with TNULL read as `Float64Array` with NaN; 64-bit ones stay exact, see `nullValue`.
   */
  readonly values: CellValues | readonly (ExactArray | string | readonly Logical[])[];
  /** For 64-bit integers only: the value that means "no value". */
  readonly nullValue?: bigint;
}

/** Where a column stands in a row and what its cells hold. */
export interface ColumnLayout extends Scaling {
  readonly name: string;
  readonly unit?: string;
  readonly format: string;
  readonly code: CellCode;
  /** Values in a cell: TFORM's repeat count; for strings the number of characters. 0 for variable-length columns. */
  readonly repeat: number;
  /** Descriptor of variable-length columns: P with 32-bit, Q with 64-bit numbers. */
  readonly descriptor?: "P" | "Q";
  /** Bytes from the start of the row, and in the cell. */
  readonly offset: number;
  readonly width: number;
  readonly shape: readonly number[];
  /** Characters of one string. */
  readonly stringLength: number;
  /** Start of error messages. */
  readonly label: string;
}

/** A parsed TFORM. */
export interface TableFormat {
  readonly repeat: number;
  readonly code: CellCode;
  readonly descriptor?: "P" | "Q";
  /** Number after the code: for `rAw` the length of each string. */
  readonly suffix?: number;
}

const TFORM = /^(\d*)(?:([PQ])([LXBIJKAEDCM])(?:\(\d*\))?|([LXBIJKAEDCM])(\d*).*)$/;
const CELL_BYTES: Readonly<Record<CellCode, number>> = { ...NUMBER_BYTES, L: 1, X: 1, A: 1, C: 8, M: 16 };

/** Parse a binary TFORM; `undefined` when it breaks the grammar. */
export function parseTableFormat(text: string): TableFormat | undefined {
  const [, count, descriptor, element, code, suffix] = TFORM.exec(text.trim().toUpperCase()) ?? [];
  if (count === undefined) return undefined;
  const repeat = count === "" ? 1 : Number(count);
  if (!Number.isSafeInteger(repeat * 16)) return undefined;
  if (descriptor !== undefined) {
    if (repeat > 1) return undefined;
    return { repeat, code: element as CellCode, descriptor: descriptor as "P" | "Q" };
  }
  const format: TableFormat = { repeat, code: code as CellCode };
  return suffix === "" ? format : { ...format, suffix: Number(suffix) };
}

/** Bytes of a cell of `repeat` values. */
export function cellBytes(code: CellCode, repeat: number): number {
  return code === "X" ? Math.ceil(repeat / 8) : repeat * CELL_BYTES[code];
}

/** Parse `(a,b,...)` of TDIM, fastest axis first; `undefined` when it breaks the grammar. */
function parseDimensions(text: string): number[] | undefined {
  const [, inner] = /^\((\s*\d+\s*(?:,\s*\d+\s*)*)\)$/.exec(text.trim()) ?? [];
  return inner?.split(",").map(Number);
}

function cellShape(
  format: TableFormat,
  dimensions: string | undefined,
): { shape: number[]; stringLength: number } | undefined {
  const { code, repeat, suffix } = format;
  const pair = code === "C" || code === "M" ? [2] : [];
  const axes = dimensions === undefined ? undefined : parseDimensions(dimensions);
  if (axes !== undefined) {
    const values = axes.reduce((product, length) => product * length, 1);
    // TDIM must not describe more than the cell holds; a wrong one is ignored, as the standard tells readers.
    if (values <= repeat && values > 0 && (values === repeat || code === "A")) {
      if (code !== "A") return { shape: [...axes.reverse(), ...pair], stringLength: 0 };
      return { shape: axes.slice(1).reverse(), stringLength: axes[0] };
    }
  }
  if (code === "A") {
    const strings =
      suffix !== undefined && suffix > 0 && suffix < repeat ? Math.floor(repeat / suffix) : undefined;
    if (strings !== undefined) return { shape: [strings], stringLength: suffix! };
    return { shape: repeat === 0 ? [0] : [], stringLength: repeat };
  }
  return { shape: repeat === 1 ? pair : [repeat, ...pair], stringLength: 0 };
}

/** Name, unit and label of column `index` (from 1). */
export function columnTitle(
  { header, label }: FitsTableInfo,
  index: number,
): { name: string; label: string; unit?: string } {
  const name = header.text(`TTYPE${index}`) || `COL${index}`;
  const unit = header.text(`TUNIT${index}`);
  const title = { name, label: `${label} column ${name}` };
  return unit === undefined || unit === "" ? title : { ...title, unit };
}

/** Titles of all columns of a table, as `columnTitle`. */
export function columnTitles(info: FitsTableInfo): ReturnType<typeof columnTitle>[] {
  return Array.from({ length: info.columnCount }, (_, index) => columnTitle(info, index + 1));
}

/**
 * Layouts of all columns of a binary table.
 *
 * @throws FormatError when a TFORM is missing or wrong, or the columns do not fit in a row
 */
export function readColumnLayouts(info: FitsTableInfo): ColumnLayout[] {
  const layouts: ColumnLayout[] = [];
  let offset = 0;
  for (let index = 1; index <= info.columnCount; index++) {
    const title = columnTitle(info, index);
    const text = info.header.text(`TFORM${index}`);
    const format = text === undefined ? undefined : parseTableFormat(text);
    if (text === undefined || format === undefined) {
      throw new FormatError(
        `${title.label}: TFORM${index} must be a binary table format such as 1J or 8A, got ${text ?? "none"}; the file is damaged`,
        { fields: { format: text } },
      );
    }
    const { code, descriptor } = format;
    const repeat = descriptor === undefined ? format.repeat : 0;
    const width =
      descriptor === undefined ? cellBytes(code, repeat) : format.repeat * (descriptor === "P" ? 8 : 16);
    const cell =
      descriptor === undefined
        ? cellShape(format, info.header.text(`TDIM${index}`))
        : { shape: [], stringLength: 0 };
    layouts.push({
      ...title,
      format: text,
      code,
      repeat,
      offset,
      width,
      ...cell!,
      ...readScaling(title.label, info.header, [`TSCAL${index}`, `TZERO${index}`, `TNULL${index}`]),
      ...(descriptor === undefined ? {} : { descriptor }),
    });
    offset += width;
  }
  if (offset > info.rowLength) {
    throw new FormatError(
      `${info.label}: columns must fit in the ${info.rowLength} bytes of a row, got ${offset}; the file is damaged`,
      { fields: { rowLength: info.rowLength, needed: offset } },
    );
  }
  return layouts;
}

/**
 * Values of a numeric column as numbers, NaN where there is none.
 *
 * @throws FormatError when the column is not numeric, of variable length, or holds integers beyond 2^53
 */
export function columnNumbers(column: FitsColumn): Float64Array {
  const { values, name, nullValue } = column;
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    return safeNumbers(`column ${name}`, values, nullValue);
  }
  if (values instanceof Float64Array) return values;
  if (ArrayBuffer.isView(values)) return new Float64Array(values as Float32Array);
  throw new FormatError(
    `column ${name}: must hold numbers, one shape for all rows, got format ${column.format}; name another column`,
    { fields: { column: name } },
  );
}
