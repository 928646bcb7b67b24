/** Event lists at the desk: what is in them, and images of counts made of them. */

import { type FitsHdu, writeFits } from "tslira/fits";
import {
  type BinEventsOptions,
  binEvents,
  binnedEventsHdus,
  type EventColumn,
  eventColumns,
  findEvents,
  findGoodTimes,
  forEachEventChunk,
  parseWcs,
} from "tslira/sky";
import { shellLine } from "#studio";
import { fileWord, flagWords } from "../settings/reproduce.js";
import { previewOf } from "./preview.js";
import type { ColumnHistogram, EventsPreview, FoundEvents } from "./start-calls.js";

type Table = Extract<FitsHdu, { kind: "table" }>;

const BARS = 48;

/** The table of events of a file; undefined when it has none. */
export function eventTable(hdus: readonly FitsHdu[]): Table | undefined {
  const found = hdus.some((hdu) => eventColumns(hdu) !== undefined) ? findEvents(hdus) : undefined;
  return found?.kind === "table" ? found : undefined;
}

/** Options with the good times of the file, as `tslira bin` applies them. */
function inGoodTimes(hdus: readonly FitsHdu[], hdu: Table, options: BinEventsOptions): BinEventsOptions {
  const goodTimes = findGoodTimes(hdus, hdu);
  const timed = eventColumns(hdu)?.time !== undefined;
  return goodTimes.length > 0 && timed ? { ...options, goodTimes } : options;
}

/** How often values of some columns occur: two passes over the rows for all of them together. */
function histograms(hdu: Table, columns: readonly EventColumn[]): (ColumnHistogram | undefined)[] {
  const ranges = columns.map(() => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as [number, number]);
  forEachEventChunk(hdu, columns, (values) => {
    for (const [index, range] of ranges.entries()) {
      for (const value of values[index]) {
        if (!Number.isFinite(value)) continue;
        if (value < range[0]) range[0] = value;
        if (value > range[1]) range[1] = value;
      }
    }
  });
  const scales = ranges.map(([least, most]) => {
    const logarithmic = least > 0 && most > 30 * least;
    const scale = logarithmic ? Math.log : (value: number) => value;
    const from = scale(least);
    const factor = most > least ? BARS / (scale(most) - from) : 0;
    return {
      logarithmic,
      place: (value: number) => Math.min(BARS - 1, Math.floor((scale(value) - from) * factor)),
    };
  });
  const bars = columns.map(() => new Array<number>(BARS).fill(0));
  forEachEventChunk(hdu, columns, (values) => {
    for (const [index, { place }] of scales.entries())
      for (const value of values[index]) if (Number.isFinite(value)) bars[index][place(value)]++;
  });
  return columns.map(({ name, unit }, index) => {
    const [least, most] = ranges[index];
    if (!(least <= most)) return undefined;
    const label = unit ? `${name} in ${unit}` : name;
    return { label, least, most, logarithmic: scales[index].logarithmic, bars: bars[index] };
  });
}

/** What an event list offers. */
export function describeEvents(hdu: Table): FoundEvents {
  const columns = eventColumns(hdu);
  if (columns === undefined)
    throw new Error(`${hdu.label}: must be a table of events, got another; choose another file`);
  const { energy, time, positions, events } = columns;
  const shown = [energy, time].filter((column) => column !== undefined);
  const found = histograms(hdu, shown);
  const histogram = (column: EventColumn | undefined) => column && found[shown.indexOf(column)];
  const [energies, times] = [histogram(energy), histogram(time)];
  return {
    name: hdu.label,
    events,
    positions: positions.map(({ kind }) => kind),
    hasSky: positions.some(({ kind, wcs }) => kind !== "pixel" || parseWcs(wcs).wcs !== undefined),
    ...(energies && { energy: energies }),
    ...(times && { time: times }),
  };
}

/** What the events look like. */
export function previewEvents(
  hdus: readonly FitsHdu[],
  hdu: Table,
  options: BinEventsOptions,
): EventsPreview {
  const { counts, binSize, center, size, events, binned, filtered, outside, cuts, notes } = binEvents(
    hdu,
    inGoodTimes(hdus, hdu, options),
  );
  const said = [
    ...cuts.map(
      ({ kind, text, taken }) => `${taken} left out by ${kind === "where" ? `not ${text}` : text}.`,
    ),
    ...notes.map((note) => `${note}.`),
  ];
  return {
    ...{ preview: previewOf(counts), said },
    ...{ binSize, center, size, events, binned, filtered, outside },
  };
}

/** The command that makes the same file. */
export function binCommand(source: string, target: string, options: BinEventsOptions): string {
  const { energy, time, binSize, center, size, coordinates, projection, where, pixelsOf } = options;
  const range = (ends: readonly [number, number] | undefined) =>
    ends?.map((end) => (Number.isFinite(end) ? end : "")).join(":");
  const flags = {
    "-o": target,
    "--energy": range(energy),
    "--time": range(time),
    "--where": where,
    "--coordinates": coordinates,
    "--bin-size": binSize,
    "--center": center?.join(","),
    "--size": size?.join("x"),
    "--projection": projection,
    "--like": pixelsOf?.name,
  };
  return `tslira ${shellLine(["bin", fileWord(source), ...flagWords(flags)])}`;
}

/** The image of counts as a FITS file, the bytes of `tslira bin`. */
export function countsFile(hdus: readonly FitsHdu[], hdu: Table, source: string, options: BinEventsOptions) {
  const name = `${source.replace(/\.gz$/i, "").replace(/\.(fits?|fts|evt)$/i, "")}-counts.fits`;
  const bytes = writeFits(binnedEventsHdus(binEvents(hdu, inGoodTimes(hdus, hdu, options))));
  return { name, bytes, command: binCommand(source, name, options) };
}
