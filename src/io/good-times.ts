/** Good time intervals of event lists: which tables of a file hold them, and for which detector. */

import { columnNumbers, columnTitle } from "./fits-column.js";
import { readTable } from "./fits-table.js";
import type { FitsHdu, FitsTableHdu } from "./hdu.js";

/** Good times of one detector, or of all. */
export interface GoodTimes {
  /** Name of the table, as in messages. */
  readonly name: string;
  /** Start and stop of each interval in the unit of TIME, sorted, overlaps joined. */
  readonly intervals: readonly (readonly [start: number, stop: number])[];
  /** The events they are for: those with this value in this column; absent when for all. */
  readonly detector?: { readonly column: string; readonly value: number };
}

/** Columns that name the detector, with the part of a table's header or name that says for which it is. */
const DETECTORS: readonly { readonly column: string; readonly keyword?: string; readonly name?: RegExp }[] = [
  // Chandra: one table for each CCD, with a card CCD_ID.
  { column: "CCD_ID", keyword: "CCD_ID" },
  // XMM-Newton: STDGTI01 ... for each CCD of EPIC.
  { column: "CCDNR", name: /^STDGTI(\d+)$/ },
  // eROSITA: GTI1 ... GTI7 for each telescope module.
  { column: "TM_NR", name: /^GTI(\d)$/ },
];

/** Sort intervals and join those that overlap; those without length or with a missing end are left out. */
export function joinIntervals(
  intervals: readonly (readonly [number, number])[],
): (readonly [start: number, stop: number])[] {
  const sorted = intervals.filter(([start, stop]) => stop > start).sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [start, stop] of sorted) {
    const last = joined[joined.length - 1];
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], stop);
    else joined.push([start, stop]);
  }
  return joined;
}

/** Length of joined intervals within a range, in their unit. */
export function intervalsLength(
  intervals: readonly (readonly [number, number])[],
  [from, to]: readonly [number, number] = [-Infinity, Infinity],
): number {
  return intervals.reduce(
    (sum, [start, stop]) => sum + Math.max(0, Math.min(stop, to) - Math.max(start, from)),
    0,
  );
}

/** Whether a table is one of good times, by its name and columns. */
function isGoodTimes(hdu: FitsHdu): hdu is FitsTableHdu {
  if (hdu.kind !== "table" || !/^(STD)?GTI/i.test(hdu.name)) return false;
  const names = Array.from({ length: hdu.columnCount }, (_, index) => columnTitle(hdu, index + 1).name);
  return ["START", "STOP"].every((wanted) => names.some((name) => name.toUpperCase() === wanted));
}

/**
 * The good time intervals that come with an event list: tables called GTI or STDGTI, with a number or without, of columns START and
 * STOP. Tables of single detectors (Chandra's CCD_ID, XMM-Newton's STDGTI01, eROSITA's GTI1) are for their events, when the list has
 * the column; otherwise several tables hold together.
 *
 * @param hdus of the file
 * @param events the list, one of them
 * @returns one entry a detector, or one for all; empty when the file has none
 * @throws FormatError when a table is damaged
 */
export function findGoodTimes(hdus: readonly FitsHdu[], events: FitsHdu): GoodTimes[] {
  const tables = hdus.filter(isGoodTimes).map((hdu) => {
    const [starts, stops] = readTable(hdu, { columns: ["START", "STOP"] }).columns.map(columnNumbers) as [
      Float64Array,
      Float64Array,
    ];
    const intervals = Array.from(starts, (start, row) => [start, stops[row]] as const);
    return { hdu, intervals };
  });
  if (events.kind !== "table" || tables.length === 0) return [];
  const columns = new Set(
    Array.from({ length: events.columnCount }, (_, index) =>
      columnTitle(events, index + 1).name.toUpperCase(),
    ),
  );
  for (const { column, keyword, name } of DETECTORS) {
    if (!columns.has(column)) continue;
    const numbers = tables.map(({ hdu }) => {
      const value =
        keyword === undefined ? Number(name?.exec(hdu.name.toUpperCase())?.[1]) : hdu.header.get(keyword);
      return typeof value === "number" && Number.isInteger(value) ? value : undefined;
    });
    if (numbers.some((value) => value === undefined)) continue;
    return [...new Set(numbers as number[])].map((value) => ({
      name: tables.find((_, index) => numbers[index] === value)!.hdu.name,
      intervals: joinIntervals(
        tables.flatMap((table, index) => (numbers[index] === value ? table.intervals : [])),
      ),
      detector: { column, value },
    }));
  }
  return [
    {
      name: [...new Set(tables.map(({ hdu }) => hdu.name))].join(", "),
      intervals: joinIntervals(tables.flatMap(({ intervals }) => intervals)),
    },
  ];
}
