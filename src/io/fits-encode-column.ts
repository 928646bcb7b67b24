/** Column values to the bytes of a binary table. */

import { concatenated } from "../concatenated.js";
import { InvalidInputError } from "../errors.js";
import {
  encodeNumbers,
  type FitsNumberCode,
  flipTopBits,
  NUMBER_BYTES,
  STORED_ARRAYS,
} from "./fits-bytes.js";
import { type CellCode, cellBytes, parseTableFormat } from "./fits-column.js";
import { asciiBytes } from "./fits-header.js";
import { OTHER_SIGN, SIGN_ZERO } from "./fits-scaling.js";

/** Cells of a column as a caller gives them. */
export type CellInput = ArrayLike<number> | ArrayLike<bigint> | ArrayLike<string> | ArrayLike<boolean | null>;

/** A column to write, without its values. */
export interface FitsColumnFormat {
  /** TTYPE; letters, digits and underscores to please every reader. */
  readonly name: string;
  /** TFORM: `D`, `3E`, `8A`, `16X`, `PE` (variable length), `QD` ... */
  readonly format: string;
  readonly unit?: string;
  /** Shape of one cell, slowest axis first (TDIM); for strings the number of characters does not count. */
  readonly dim?: readonly number[];
}

/** A column to write. */
export interface FitsColumnInput extends FitsColumnFormat {
  /**
   * Values row by row, as `FitsColumn.values` describes them. Typed arrays of the other signedness (`Uint16Array` for I,
   * `Uint32Array` for J, `BigUint64Array` for K, `Int8Array` for B) are stored by the TZERO convention.
   */
  readonly values: CellInput | ArrayLike<CellInput | string>;
}

/** A column format taken apart and checked. */
export interface WritableFormat {
  readonly label: string;
  readonly name: string;
  readonly unit?: string;
  readonly code: CellCode;
  readonly repeat: number;
  readonly descriptor?: "P" | "Q";
  /** Bytes of a cell in the row. */
  readonly width: number;
  /** TFORM; for variable-length columns without the maximum. */
  readonly tform: string;
  /** TDIM or "". */
  readonly tdim: string;
  /** Characters of one string. */
  readonly stringLength: number;
}

/** Check a column's format. @throws InvalidInputError when it cannot be written */
export function checkColumnFormat({ name, format, unit, dim }: FitsColumnFormat): WritableFormat {
  const label = `FITS column ${name}`;
  if (!/^[!-~]([ -~]*[!-~])?$/.test(name) || name.length > 68) {
    throw new InvalidInputError(
      `FITS column: name must be printable ASCII, got ${JSON.stringify(name)}; rename it`,
      { fields: { name } },
    );
  }
  const parsed = parseTableFormat(format);
  if (parsed === undefined || parsed.suffix !== undefined) {
    throw new InvalidInputError(
      `${label}: format must be a binary table format such as D, 3E, 8A or PE, got ${JSON.stringify(format)}; correct it`,
      { fields: { format } },
    );
  }
  const { code, repeat, descriptor } = parsed;
  const title = unit === undefined || unit === "" ? { label, name } : { label, name, unit };
  if (descriptor !== undefined) {
    if (dim !== undefined)
      throw new InvalidInputError(
        `${label}: a variable-length column must have no dim, got one; leave it out`,
      );
    const width = descriptor === "P" ? 8 : 16;
    const empty = { repeat: 0, tdim: "", stringLength: 0 };
    return { ...title, ...empty, code, descriptor, width, tform: `1${descriptor}${code}` };
  }
  const values = (dim ?? []).reduce((product, length) => product * length, 1);
  const whole = dim?.every((length) => Number.isInteger(length) && length > 0) ?? true;
  const fits =
    dim === undefined || (code === "A" ? repeat % values === 0 && repeat >= values : values === repeat);
  if (!whole || !fits) {
    throw new InvalidInputError(
      `${label}: dim must multiply to the ${repeat} of its format, got [${dim?.join(", ")}]; make them agree`,
      { fields: { dim, format } },
    );
  }
  const stringLength = code === "A" ? repeat / values : 0;
  const axes = dim === undefined ? [] : [...dim].reverse();
  if (code === "A" && axes.length > 0) axes.unshift(stringLength);
  const tdim = axes.length > 1 ? `(${axes.join(",")})` : "";
  const width = cellBytes(code, repeat);
  return { ...title, code, repeat, width, tform: `${repeat}${code}`, tdim, stringLength };
}

/** Encoded values and, for the other signedness, their TZERO. */
export interface EncodedValues {
  readonly bytes: Uint8Array;
  readonly zero?: bigint;
}

const INTEGER_LIMITS = {
  B: [0, 255],
  I: [-(2 ** 15), 2 ** 15 - 1],
  J: [-(2 ** 31), 2 ** 31 - 1],
  K: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
} as const;

/** @throws InvalidInputError for the first value that does not suit the column */
function checkValues(
  label: string,
  values: ArrayLike<unknown>,
  must: string,
  suits: (value: unknown) => boolean,
  remedy = "convert them",
  fields: Readonly<Record<string, unknown>> = {},
): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (suits(value)) continue;
    const got = typeof value === "string" ? JSON.stringify(value) : String(value);
    throw new InvalidInputError(`${label}: ${must}, got ${got} at ${index}; ${remedy}`, {
      fields: { index, value: String(value), ...fields },
    });
  }
}

function encodeIntegers(label: string, code: "B" | "I" | "J" | "K", values: CellInput): EncodedValues {
  const same = STORED_ARRAYS[code];
  if (values instanceof same) return { bytes: encodeNumbers(values) };
  if (values instanceof OTHER_SIGN[code]) {
    const bytes = encodeNumbers(values);
    flipTopBits(bytes, NUMBER_BYTES[code]);
    return { bytes, zero: SIGN_ZERO[code] };
  }
  const [min, max] = INTEGER_LIMITS[code];
  const suits = (value: unknown) =>
    typeof value === "bigint"
      ? code === "K" && BigInt.asIntN(64, value) === value
      : typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
  const must = `values must be whole numbers that format ${code} holds`;
  checkValues(label, values, must, suits, "choose a wider format", { format: code });
  if (code === "K") return { bytes: encodeNumbers(BigInt64Array.from(values as ArrayLike<number>, BigInt)) };
  const stored = new same(values.length) as Int32Array<ArrayBuffer>;
  stored.set(values as ArrayLike<number>);
  return { bytes: encodeNumbers(stored) };
}

function encodeFloats(label: string, code: "E" | "D", values: CellInput): EncodedValues {
  const type = STORED_ARRAYS[code];
  if (values instanceof type) return { bytes: encodeNumbers(values) };
  checkValues(label, values, "values must be numbers", (value) => typeof value === "number");
  return { bytes: encodeNumbers(type.from(values as ArrayLike<number>)) };
}

function encodeTexts(label: string, values: ArrayLike<unknown>, length: number): Uint8Array {
  const suits = (value: unknown) =>
    typeof value === "string" && /^[ -~]*$/.test(value) && value.length <= length;
  const must = `values must be printable ASCII of at most ${length} characters`;
  checkValues(label, values, must, suits, "shorten them or widen the format", { length });
  return asciiBytes(Array.from(values as ArrayLike<string>, (text) => text.padEnd(length, "\0")).join(""));
}

function encodeLogicals(label: string, values: ArrayLike<unknown>): Uint8Array {
  const suits = (value: unknown) =>
    value === null || value === 0 || value === 1 || typeof value === "boolean";
  checkValues(label, values, "values must be true, false or null", suits);
  return Uint8Array.from(values as ArrayLike<boolean | null>, (value) =>
    value === null ? 0 : value ? 0x54 : 0x46,
  );
}

function encodeBits(label: string, values: ArrayLike<unknown>, repeat: number): Uint8Array {
  const suits = (value: unknown) => value === 0 || value === 1 || typeof value === "boolean";
  checkValues(label, values, "bits must be 0 or 1", suits);
  const width = cellBytes("X", repeat);
  const bytes = new Uint8Array(repeat === 0 ? 0 : (values.length / repeat) * width);
  for (let index = 0; index < values.length; index++) {
    const bit = index % repeat;
    const at = Math.floor(index / repeat) * width + (bit >> 3);
    if (values[index]) bytes[at] = bytes[at] | (0x80 >> (bit & 7));
  }
  return bytes;
}

/** Encode values of one code; `repeat` and `stringLength` as in `WritableFormat`. */
function encodeCells(
  label: string,
  code: CellCode,
  values: CellInput,
  repeat: number,
  stringLength: number,
): EncodedValues {
  switch (code) {
    case "L":
      return { bytes: encodeLogicals(label, values) };
    case "X":
      return { bytes: encodeBits(label, values, repeat) };
    case "A":
      return { bytes: encodeTexts(label, values, stringLength) };
    case "C":
    case "E":
      return encodeFloats(label, "E", values);
    case "M":
    case "D":
      return encodeFloats(label, "D", values);
    default:
      return encodeIntegers(label, code satisfies FitsNumberCode, values);
  }
}

/** How many values one row of a fixed-length column has. */
export function valuesPerRow({ code, repeat, stringLength }: WritableFormat): number {
  if (code === "A") return stringLength === 0 ? 0 : repeat / stringLength;
  return code === "C" || code === "M" ? 2 * repeat : repeat;
}

/**
 * Encode all values of a fixed-length column.
 *
 * @returns the cells one after the other, `rows * width` bytes
 * @throws InvalidInputError when there are not `rows` cells or a value does not suit the format
 */
export function encodeFixedColumn(format: WritableFormat, values: CellInput, rows: number): EncodedValues {
  const needed = rows * valuesPerRow(format);
  if (values.length !== needed) {
    throw new InvalidInputError(
      `${format.label}: must have ${needed} values for ${rows} rows, got ${values.length}; complete it`,
      { fields: { needed, length: values.length } },
    );
  }
  return encodeCells(format.label, format.code, values, format.repeat, format.stringLength);
}

/** Encoded variable-length column: descriptors still count from the start of this column's part of the heap. */
export interface EncodedVariable extends EncodedValues {
  /** Values and bytes of each row. */
  readonly counts: readonly number[];
  readonly lengths: readonly number[];
}

/** Join cells to one list, a typed array when all cells are of the same typed array. */
function joinCells(cells: readonly CellInput[]): CellInput {
  const Type = cells[0]?.constructor as { new (length: number): Float64Array } | undefined;
  if (
    Type === undefined ||
    !ArrayBuffer.isView(cells[0]) ||
    cells.some((cell) => cell.constructor !== Type)
  ) {
    return cells.flatMap((cell) => Array.from(cell as ArrayLike<number>));
  }
  return concatenated(Type, cells as Float64Array[]);
}

/** Encode a variable-length column: one array (or string) a row. */
export function encodeVariableColumn(
  format: WritableFormat,
  values: ArrayLike<CellInput | string>,
): EncodedVariable {
  const { label, code } = format;
  const cells = Array.from(values);
  const bad = cells.findIndex((cell) =>
    code === "A" ? typeof cell !== "string" : typeof cell !== "object" || cell === null,
  );
  if (bad >= 0) {
    throw new InvalidInputError(
      `${label}: a variable-length column must have one ${code === "A" ? "string" : "array"} a row, got ${typeof cells[bad]} in row ${bad}; wrap it`,
      { fields: { row: bad } },
    );
  }
  const pairs = code === "C" || code === "M" ? 2 : 1;
  const counts = cells.map((cell) => cell.length / pairs);
  if (counts.some((count) => !Number.isInteger(count))) {
    throw new InvalidInputError(
      `${label}: complex cells must have an even number of values, got an odd one; give pairs`,
    );
  }
  const lengths = counts.map((count) => cellBytes(code, count));
  if (code === "A") {
    const text = cells.join("");
    return { bytes: encodeTexts(label, [text], text.length), counts, lengths };
  }
  if (code === "X") {
    const bits = cells.map((cell, row) => encodeBits(label, cell as ArrayLike<number>, counts[row]));
    return { bytes: concatenated(Uint8Array, bits), counts, lengths };
  }
  return { ...encodeCells(label, code, joinCells(cells as CellInput[]), 1, 0), counts, lengths };
}
