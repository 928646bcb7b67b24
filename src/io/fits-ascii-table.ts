/** Columns of ASCII tables (FITS standard 4.0, section 7.2). */

import { FormatError } from "../errors.js";
import { shownValue } from "../shown-value.js";
import { columnTitle, type FitsColumn } from "./fits-column.js";
import { headerInteger } from "./fits-header.js";
import { checkScale, readScaling } from "./fits-scaling.js";
import type { FitsTableHdu } from "./hdu.js";

const FORMAT = /^([AIFED])(\d+)(?:\.(\d+))?$/;
const NUMBER = /^([+-]?)(\d*)(?:(\.)(\d*))?(?:(?:[ED]([+-]?\d+))|([+-]\d+))?$/i;

/** A number as FORTRAN reads it; digits without a point have `decimals` of them behind it. NaN when it is none. */
function parseFortranNumber(text: string, decimals: number): number {
  const [, sign, whole = "", point, fraction = "", exponent, bareExponent] = NUMBER.exec(text) ?? [];
  if (sign === undefined || whole + fraction === "") return Number.NaN;
  const power = Number(exponent ?? bareExponent ?? 0) - (point === undefined ? decimals : 0);
  return Number(`${sign}${whole || "0"}.${fraction || "0"}e${power}`);
}

/**
 * Read a column of an ASCII table: strings, or numbers as `Float64Array` (NaN for TNULL; blank fields are 0, as the
 * standard has it).
 *
 * @param index of the column, from 1
 * @throws FormatError when TFORM or TBCOL are wrong or a field is not a number
 */
export function readAsciiColumn(hdu: FitsTableHdu, index: number, start: number, rows: number): FitsColumn {
  const { header, rowLength, data } = hdu;
  const { name, label, unit } = columnTitle(hdu, index);
  const format = header.text(`TFORM${index}`) ?? "";
  const [, code, widthText = "", decimals = "0"] = FORMAT.exec(format.toUpperCase()) ?? [];
  const width = Number(widthText);
  const first = headerInteger(label, header, `TBCOL${index}`, { min: 1, max: rowLength + 1 }) - 1;
  if (code === undefined || !(width > 0) || first + width > rowLength) {
    throw new FormatError(
      `${label}: TFORM${index} must be Aw, Iw, Fw.d, Ew.d or Dw.d within rows of ${rowLength} characters, got ${format || "none"} at ${first + 1}; the file is damaged`,
      { fields: { format } },
    );
  }
  const decoder = new TextDecoder("latin1");
  const field = (row: number) => {
    const from = (start + row) * rowLength + first;
    return decoder
      .decode(data.subarray(from, from + width))
      .replaceAll("\0", " ")
      .trimEnd();
  };
  const column = { name, format, shape: [], variable: false, ...(unit === undefined ? {} : { unit }) };
  if (code === "A") return { ...column, values: Array.from({ length: rows }, (_, row) => field(row)) };
  const scaling = readScaling(label, header, [`TSCAL${index}`, `TZERO${index}`]);
  checkScale(label, scaling, rows);
  const { scale, zero } = scaling;
  const missing = header.text(`TNULL${index}`);
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const text = field(row).trim();
    if (text === missing) values[row] = Number.NaN;
    else if (text === "") values[row] = zero;
    else {
      const number = parseFortranNumber(text, Number(decimals));
      if (Number.isNaN(number)) {
        throw new FormatError(
          `${label}: fields must be numbers, got ${shownValue(text)} in row ${start + row}; the file is damaged`,
          { fields: { row: start + row, text } },
        );
      }
      values[row] = zero + scale * number;
    }
  }
  return { ...column, values };
}
