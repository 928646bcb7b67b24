/** Which events of a list are taken: cuts by good times, time, energy, channel and conditions on columns. */

import { InvalidInputError } from "../errors.js";
import { nearestWord } from "../nearest-word.js";
import {
  channelEnergy,
  channelFrom,
  channelScale,
  type EnergyUnit,
  electronvolts,
  rounded,
} from "./energy-unit.js";
import type { EventColumn } from "./event-column.js";
import { filterColumns, filterTest, parseEventFilter } from "./event-filter.js";
import type { EventColumns } from "./event-list.js";
import type { GoodTimes } from "./good-times.js";
import type { FitsTableHdu } from "./hdu.js";

/** What is asked of events; see `BinEventsOptions`. */
export interface EventCutOptions {
  readonly energy?: readonly [low: number, high: number];
  readonly energyUnit?: EnergyUnit;
  readonly channels?: readonly [low: number, high: number];
  readonly time?: readonly [start: number, stop: number];
  readonly where?: string;
  readonly goodTimes?: readonly GoodTimes[];
}

/** Values of a column in a run of rows. */
export type ColumnValues = (column: EventColumn) => Float64Array;

/** A condition that events must meet. */
export interface EventCutTest {
  readonly kind: "good times" | "time" | "energy" | "channels" | "where";
  /** What was cut, with column, range and unit. */
  readonly text: string;
  /** Column of a range. */
  readonly column?: EventColumn;
  readonly columns: readonly EventColumn[];
  /** Whether a row of the values passes. */
  readonly test: (values: ColumnValues) => (row: number) => boolean;
}

type Range = readonly [number, number];

function checkRange(name: string, range: Range | undefined): void {
  if (range === undefined || (range.length === 2 && range[0] < range[1])) return;
  throw new InvalidInputError(
    `binEvents: ${name} must be a range [low, high) with low < high, got [${range.join(", ")}]; swap them or leave it out`,
    { fields: { range } },
  );
}

function columnNeeded(
  label: string,
  column: EventColumn | undefined,
  wanted: string,
  by: string,
): EventColumn {
  if (column !== undefined) return column;
  throw new InvalidInputError(
    `${label}: must have a column ${wanted} to choose events by ${by}, got none; leave the range out`,
  );
}

/** The unit of a column in words: channels are called so. */
export function unitWords(column: EventColumn): string {
  const unit = column.unit?.trim() ?? "";
  if (electronvolts(unit) !== undefined) return unit;
  if (/^(PI|PHA)$/i.test(column.name)) return "channels";
  return unit === "" ? "no unit in the header" : unit;
}

const rangeText = ([low, high]: Range) =>
  `${Number.isFinite(low) ? low : ""}:${Number.isFinite(high) ? high : ""}`;

function rangeCut(kind: EventCutTest["kind"], column: EventColumn, range: Range, also = ""): EventCutTest {
  return {
    kind,
    text: `${column.name} in ${rangeText(range)} (${unitWords(column)})${also}`,
    column,
    columns: [column],
    test(values) {
      const of = values(column);
      const [low, high] = range;
      return (row) => of[row] >= low && of[row] < high;
    },
  };
}

function energyCut(
  hdu: FitsTableHdu,
  { energy }: EventColumns,
  range: Range,
  unit: EnergyUnit | undefined,
): EventCutTest {
  const column = columnNeeded(hdu.label, energy, "ENERGY, PI or PHA", "energy");
  const scale = channelScale(hdu.header, column);
  const own = electronvolts(column.unit);
  const channels = own === undefined && /^(PI|PHA)$/i.test(column.name);
  if (unit === undefined) {
    if (!channels || scale === undefined) return rangeCut("energy", column, range);
    const [low, high] = range.map((channel) => rounded(channelEnergy(scale, channel) / 1e3));
    return rangeCut(
      "energy",
      column,
      range,
      `, that is ${rangeText([low!, high!])} keV; energies need a unit: 0.5:7keV`,
    );
  }
  const wanted = electronvolts(unit)!;
  const asked = `, ${rangeText(range)} ${unit}`;
  if (own !== undefined)
    return rangeCut(
      "energy",
      column,
      range.map((end) => rounded((end * wanted) / own)) as [number, number],
      own === wanted ? "" : asked,
    );
  if (channels && scale !== undefined) {
    const whole = column.lattice !== undefined;
    const ends = range.map((end) => channelFrom(scale, end * wanted, whole)) as [number, number];
    return rangeCut("energy", column, ends, `${asked} at ${scale.width} eV a channel`);
  }
  throw new InvalidInputError(
    channels
      ? `${hdu.label}: energies in ${unit} must have a column of energies, got ${column.name} in channels of unknown width; choose by channels, --pi low:high instead of --energy`
      : `${hdu.label}: energies in ${unit} must have a column with a unit of energy, got ${column.name} with ${unitWords(column)}; give the range in the unit of the column`,
    { fields: { column: column.name, unit: column.unit } },
  );
}

/** A condition with those of the header in it, as SAS has them: `#XMMEA_EP` is what the card XMMEA_EP says. */
function withHeaderConditions({ header, label }: FitsTableHdu, text: string): string {
  return text.replace(/#([A-Za-z]\w*)/g, (word, name: string) => {
    const condition = header.text(name.toUpperCase());
    if (condition !== undefined) return `(${condition})`;
    throw new InvalidInputError(
      `${label}: ${word} must be a condition in the header, got no card ${name.toUpperCase()}; write the condition out, such as FLAG==0`,
      { fields: { where: text } },
    );
  });
}

function whereCut(hdu: FitsTableHdu, { numeric }: EventColumns, text: string): EventCutTest {
  const filter = parseEventFilter(withHeaderConditions(hdu, text));
  const names = numeric.map((one) => one.name);
  const find = (name: string): EventColumn => {
    const column = numeric.find((one) => one.name.toUpperCase() === name.toUpperCase());
    if (column !== undefined) return column;
    throw new InvalidInputError(
      `${hdu.label}: where must name columns of the list, got ${name}; did you mean ${nearestWord(name, names)}? There are ${names.join(", ")}`,
      { fields: { column: name } },
    );
  };
  return {
    kind: "where",
    text,
    columns: filterColumns(filter).map(find),
    test(values) {
      return filterTest(filter, (name) => {
        const of = values(find(name));
        return (row) => of[row];
      });
    },
  };
}

/** Whether a time lies in sorted intervals. */
function within(intervals: readonly Range[], time: number): boolean {
  let [from, to] = [0, intervals.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (time >= intervals[middle][1]) from = middle + 1;
    else to = middle;
  }
  return from < intervals.length && time >= intervals[from][0];
}

function goodTimesCut(
  goodTimes: readonly GoodTimes[],
  time: EventColumn,
  numeric: readonly EventColumn[],
): EventCutTest {
  const detector = goodTimes[0].detector?.column;
  const byDetector = numeric.find(({ name }) => name.toUpperCase() === detector);
  const intervals = new Map(goodTimes.map((one) => [one.detector?.value, one.intervals]));
  const names = [...new Set(goodTimes.map(({ name }) => name))].join(", ");
  return {
    kind: "good times",
    text: `good times of ${names}`,
    columns: byDetector === undefined ? [time] : [time, byDetector],
    test(values) {
      const times = values(time);
      if (byDetector === undefined) return (row) => within(intervals.get(undefined) ?? [], times[row]);
      const detectors = values(byDetector);
      return (row) => within(intervals.get(detectors[row]) ?? [], times[row]);
    },
  };
}

/**
 * The cuts of a list, in the order in which they are applied.
 *
 * @throws InvalidInputError when a range is none, a column is missing, or a unit cannot be that of the column
 */
export function eventCuts(
  hdu: FitsTableHdu,
  columns: EventColumns,
  options: EventCutOptions,
): EventCutTest[] {
  const { energy, energyUnit, channels, time, where, goodTimes = [] } = options;
  const cuts: EventCutTest[] = [];
  if (goodTimes.length > 0) {
    const column = columnNeeded(hdu.label, columns.time, "TIME", "good times");
    cuts.push(goodTimesCut(goodTimes, column, columns.numeric));
  }
  checkRange("time", time);
  checkRange("energy", energy);
  checkRange("channels", channels);
  if (time !== undefined)
    cuts.push(rangeCut("time", columnNeeded(hdu.label, columns.time, "TIME", "time"), time));
  if (energy !== undefined) cuts.push(energyCut(hdu, columns, energy, energyUnit));
  if (channels !== undefined)
    cuts.push(
      rangeCut("channels", columnNeeded(hdu.label, columns.channel, "PI or PHA", "channel"), channels),
    );
  if (where !== undefined) cuts.push(whereCut(hdu, columns, where));
  return cuts;
}
