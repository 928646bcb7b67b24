/** The rows of event lists, and which of them have a position. */

import type { EventColumn } from "./event-column.js";
import type { EventPositions } from "./event-list.js";
import { columnNumbers } from "./fits-column.js";
import { readTable } from "./fits-table.js";
import type { FitsTableHdu } from "./hdu.js";

/** Rows decoded at a time: a few MB, so that a list of any length needs no second copy. */
const CHUNK = 2 ** 16;

/** Go through columns of a table, some thousand rows at a time. */
export function forEachEventChunk(
  hdu: FitsTableHdu,
  columns: readonly EventColumn[],
  see: (values: readonly Float64Array[], rows: number) => void,
): void {
  const names = columns.map(({ name }) => name);
  for (let start = 0; start < hdu.rows; start += CHUNK) {
    const rows = [start, Math.min(hdu.rows, start + CHUNK)] as const;
    const table = readTable(hdu, { columns: names, rows });
    see(
      table.columns.map((column, index) => {
        const values = columnNumbers(column);
        const { bits } = columns[index];
        return bits === undefined ? values : bitNumbers(values, bits);
      }),
      table.rows,
    );
  }
}

/** Numbers that rows of bits spell. */
function bitNumbers(values: Float64Array, bits: number): Float64Array {
  const numbers = new Float64Array(values.length / bits);
  for (const [index, bit] of values.entries()) {
    const row = Math.floor(index / bits);
    numbers[row] = 2 * numbers[row] + bit;
  }
  return numbers;
}

/** Whether values lie within TLMIN and TLMAX; those that are not there do as well. */
export function isLegal([x, y]: NonNullable<EventPositions["legal"]>, px: number, py: number): boolean {
  return !(px < x[0] || px > x[1] || py < y[0] || py > y[1]);
}

/**
 * Positions of which those beyond TLMIN and TLMAX are none, such as the -1 of NuSTAR and the -99999999 of XMM-Newton for events that
 * have no place on the sky. Limits that leave no event are wrong ones.
 */
export function withinLimits(
  hdu: FitsTableHdu,
  positions: EventPositions,
): { readonly positions: EventPositions; readonly notes: readonly string[] } {
  const { x, y, legal, ...rest } = positions;
  if (legal === undefined || !legal.flat().some(Number.isFinite)) return { positions, notes: [] };
  let [found, beyond] = [0, 0];
  forEachEventChunk(hdu, [x, y], (values, rows) => {
    const [xs, ys] = values as [Float64Array, Float64Array];
    for (let row = 0; row < rows; row++) {
      if (!isLegal(legal, xs[row], ys[row])) beyond++;
      else if (Number.isFinite(xs[row]) && Number.isFinite(ys[row])) found++;
    }
  });
  if (beyond === 0) return { positions, notes: [] };
  const rule = `${hdu.label}: ${x.name} and ${y.name} should lie within TLMIN and TLMAX of the header, got ${beyond} of ${hdu.rows} events beyond them`;
  return found === 0
    ? { positions: { ...rest, x, y }, notes: [`${rule}; these cards are not used, correct them`] }
    : { positions, notes: [`${rule}; they have no position and are left out`] };
}
