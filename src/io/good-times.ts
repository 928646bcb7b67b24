/** Good time intervals of event lists: which tables of a file hold them, and for which detector. */

import { columnNumbers, columnTitles } from "./fits-column.js";
import { readTable } from "./fits-table.js";
import type { FitsHdu, FitsHduInfo, FitsTableInfo } from "./hdu.js";

/** Good times of one detector, or of all. */
export interface GoodTimes {
  /** Name of the table, as in messages. */
  readonly name: string;
  /** Start and stop of each interval in the unit of TIME, sorted, overlaps joined. */
  readonly intervals: readonly (readonly [start: number, stop: number])[];
  /** The events they are for: those with this value in this column; absent when for all. */
  readonly detector?: { readonly column: string; readonly value: number };
  /** What breaks the standard in their tables, one sentence each; absent when nothing does. */
  readonly warnings?: readonly string[];
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

/** Columns of starts and stops, by the names that missions give them. */
const [STARTS, STOPS] = [
  ["START", "TSTART"],
  ["STOP", "TSTOP", "END"],
];

/** Whether a table is called one of good times. */
function isCalledGoodTimes(hdu: FitsHduInfo): hdu is FitsTableInfo {
  return hdu.kind === "table" && (/GTI/i.test(hdu.name) || hdu.header.text("HDUCLAS1")?.trim() === "GTI");
}

/** Seconds of the units of times. */
const SECONDS: Readonly<Record<string, number>> = { s: 1, sec: 1, ms: 1e-3, min: 60, h: 3600, d: 86400 };

/** What times of a column are counted in and from: TUNIT, TIMEZERO and MJDREF; what the header does not say is undefined. */
function clockOf({ header }: FitsTableInfo, unit: string | undefined) {
  const number = (...keywords: string[]) => {
    const given = keywords.flatMap((keyword) => header.number(keyword) ?? []);
    return given.length === 0 ? undefined : given;
  };
  const [seconds, headerSeconds] = [unit, header.text("TIMEUNIT")].map((text) => SECONDS[text?.trim() ?? ""]);
  const zero = number("TIMEZERO") ?? number("TIMEZERI", "TIMEZERF");
  return {
    seconds: seconds ?? headerSeconds,
    zero: zero?.map((value) => value * (headerSeconds ?? 1)),
    reference: (number("MJDREF") ?? number("MJDREFI", "MJDREFF"))?.map((days) => 86400 * days),
  };
}

type Clock = ReturnType<typeof clockOf>;

/** Times by one clock as times by another; where a header does not say, both are alike. */
function betweenClocks(from: Clock, to: Clock): (time: number) => number {
  const unit = to.seconds ?? from.seconds ?? 1;
  const factor = (from.seconds ?? unit) / unit;
  const apart = (["zero", "reference"] as const).reduce((sum, key) => {
    const [own, other] = [from[key], to[key]];
    if (own === undefined || other === undefined) return sum;
    // Whole days and fractions apart, which keeps the digits.
    return sum + [0, 1].reduce((part, at) => part + (own[at] ?? 0) - (other[at] ?? 0), 0);
  }, 0);
  const offset = apart / unit;
  return (time) => factor * time + offset;
}

/**
 * The good time intervals that come with an event list: tables called GTI or STDGTI, with a number or without, else those of HDUCLAS1 GTI
 * or with GTI in their names (but none of flares or bad times), with columns START and STOP. Tables of single detectors (Chandra's CCD_ID,
 * XMM-Newton's STDGTI01, eROSITA's GTI1) are for their events, when the list has the column; otherwise several tables hold together.
 * Times are converted where units, TIMEZERO or MJDREF of the headers differ.
 *
 * @param hdus of the file
 * @param events the list, one of them
 * @returns one entry a detector, or one for all, in the time of the events; empty when the file has none
 * @throws FormatError when a table is damaged
 */
export function findGoodTimes(hdus: readonly FitsHdu[], events: FitsHdu): GoodTimes[] {
  if (events.kind !== "table") return [];
  const titles = columnTitles(events);
  const time = titles.find(({ name }) => name.toUpperCase() === "TIME");
  const found = hdus.flatMap((hdu) => {
    if (hdu.kind !== "table" || !isCalledGoodTimes(hdu)) return [];
    const named = (wanted: readonly string[]) =>
      columnTitles(hdu).find(({ name }) => wanted.includes(name.toUpperCase()));
    const [start, stop] = [named(STARTS), named(STOPS)];
    return start && stop ? [{ hdu, start, stop }] : [];
  });
  const usual = found.filter(({ hdu }) => /^(STD)?GTI/i.test(hdu.name));
  const chosen = usual.length > 0 ? usual : found.filter(({ hdu }) => !/FLARE|BTI|BAD/i.test(hdu.name));
  const tables = chosen.map(({ hdu, start, stop }) => {
    const convert = betweenClocks(clockOf(hdu, start.unit), clockOf(events, time?.unit));
    const [starts, stops] = readTable(hdu, { columns: [start.name, stop.name] }).columns.map((column) =>
      columnNumbers(column).map(convert),
    ) as [Float64Array, Float64Array];
    return { hdu, intervals: Array.from(starts, (from, row) => [from, stops[row]] as const) };
  });
  if (tables.length === 0) return [];
  const joined = (of: typeof tables) => {
    const warnings = of.flatMap(({ hdu }) => hdu.warnings ?? []);
    return {
      intervals: joinIntervals(of.flatMap(({ intervals }) => intervals)),
      ...(warnings.length > 0 && { warnings }),
    };
  };
  const columns = new Set(titles.map(({ name }) => name.toUpperCase()));
  for (const { column, keyword, name } of DETECTORS) {
    if (!columns.has(column)) continue;
    const numbers = tables.map(({ hdu }) => {
      const value =
        keyword === undefined ? Number(name?.exec(hdu.name.toUpperCase())?.[1]) : hdu.header.get(keyword);
      return typeof value === "number" && Number.isInteger(value) ? value : undefined;
    });
    const detectors = [...new Set(numbers.filter((value) => value !== undefined))];
    if (detectors.length === 0) continue;
    return detectors.map((value) => ({
      name: tables.find((_, index) => numbers[index] === value)!.hdu.name,
      ...joined(tables.filter((_, index) => numbers[index] === value)),
      detector: { column, value },
    }));
  }
  return [{ name: [...new Set(tables.map(({ hdu }) => hdu.name))].join(", "), ...joined(tables) }];
}

/** Names of the tables of a file that are called good times and are none of those found: of flares, or with columns of other names. */
export function unusedGoodTimes(hdus: readonly FitsHduInfo[], found: readonly GoodTimes[]): string[] {
  const used = new Set(found.flatMap(({ name }) => name.split(", ")));
  return [...new Set(hdus.filter(isCalledGoodTimes).map(({ name }) => name))].filter(
    (name) => !used.has(name),
  );
}
