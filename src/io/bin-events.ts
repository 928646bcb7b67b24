/** Event lists to images of counts. */

import type { WcsCard } from "../data/observation.js";
import { InvalidInputError } from "../errors.js";
import { constantImage, type SkyImage } from "../image.js";
import { type EventExtent, type EventGrid, planeGrid, sizeThatReaches, skyGrid } from "./event-grid.js";
import { type EventColumn, type EventPositions, eventColumns } from "./event-list.js";
import { columnNumbers } from "./fits-column.js";
import type { FitsHdu, FitsTableHdu } from "./fits-hdu.js";
import { fitsCard } from "./fits-header.js";
import { readTable } from "./fits-table.js";
import type { FitsHduInput } from "./fits-write.js";

/** Which events to take, and into which pixels. */
export interface BinEventsOptions {
  /**
   * Columns of positions: `"pixel"` (X and Y), `"galactic"` (L and B) or `"equatorial"` (RA and DEC). Default the best that
   * there are: pixels with sky coordinates, then the sky, then bare pixels.
   */
  readonly coordinates?: EventPositions["kind"];
  /** Half-open range `[low, high)` of ENERGY (or of the channel PI or PHA), in the unit of the column; default all. */
  readonly energy?: readonly [low: number, high: number];
  /** Half-open range `[start, stop)` of TIME, in the unit of the column; default all. */
  readonly time?: readonly [start: number, stop: number];
  /**
   * Side of a pixel in units of the positions: pixels of the plane, or degrees. Default for planes 1, doubled until all
   * events fit in 1024 x 1024; for the sky a round number of degrees with which they fit in about 400 x 400.
   */
  readonly binSize?: number;
  /** Middle of the image: (X, Y), or longitude and latitude in degrees; default the middle of the events. */
  readonly center?: readonly [number, number];
  /** Columns and rows of the image, >= 1; default: all events of the range fit. */
  readonly size?: readonly [nx: number, ny: number];
  /** For positions on the sky: `"TAN"` (default) around the center, or `"CAR"`, whose pixels are equal steps of longitude and latitude. */
  readonly projection?: "TAN" | "CAR";
}

/** An image of counts, and what became of the events. */
export interface BinnedEvents {
  /** Events a pixel `[ny, nx]`, whole numbers >= 0. */
  readonly counts: SkyImage;
  /** Sky coordinates of the image; X and Y of a plane as physical coordinates; when and with what was observed. */
  readonly wcs: readonly WcsCard[];
  readonly coordinates: EventPositions["kind"];
  readonly binSize: number;
  readonly center: readonly [number, number];
  readonly size: readonly [nx: number, ny: number];
  /** Rows of the list. */
  readonly events: number;
  /** Events in the image: the sum of `counts`. */
  readonly binned: number;
  /** Left out by energy or time. */
  readonly filtered: number;
  /** In range, but beyond the edges of the image. */
  readonly outside: number;
  /** In range, but without a position (NaN or undefined). */
  readonly unplaced: number;
}

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
    see(table.columns.map(columnNumbers), table.rows);
  }
}

function checkRange(name: string, range: readonly [number, number] | undefined): void {
  if (range === undefined || (range.length === 2 && range[0] < range[1])) return;
  throw new InvalidInputError(
    `binEvents: ${name} must be a range [low, high) with low < high, got [${range.join(", ")}]; swap them or leave it out`,
    { fields: { range } },
  );
}

/** A range of values of a column. */
interface Filter {
  readonly column: EventColumn;
  readonly range: readonly [number, number];
}

function filtersOf(
  hdu: FitsTableHdu,
  { energy, time }: { readonly energy?: EventColumn; readonly time?: EventColumn },
  options: BinEventsOptions,
): Filter[] {
  const filters: Filter[] = [];
  for (const [name, column] of [
    ["energy", energy],
    ["time", time],
  ] as const) {
    const range = options[name];
    checkRange(name, range);
    if (range === undefined) continue;
    if (column === undefined) {
      const wanted = name === "energy" ? "ENERGY, PI or PHA" : "TIME";
      throw new InvalidInputError(
        `${hdu.label}: must have a column ${wanted} to choose events by ${name}, got none; leave the range out`,
      );
    }
    filters.push({ column, range });
  }
  return filters;
}

function positionsOf(
  hdu: FitsTableHdu,
  positions: readonly EventPositions[],
  kind: EventPositions["kind"] | undefined,
): EventPositions {
  const found = kind === undefined ? positions[0] : positions.find((one) => one.kind === kind);
  if (found !== undefined) return found;
  throw new InvalidInputError(
    `${hdu.label}: must have columns of ${kind} positions, got ${positions.map(({ x, y }) => `${x.name}, ${y.name}`).join("; ")}; leave coordinates out`,
    { fields: { coordinates: kind } },
  );
}

/** Visit the events that pass all filters. @returns how many did not */
function visit(
  hdu: FitsTableHdu,
  { x, y }: EventPositions,
  filters: readonly Filter[],
  see: (x: number, y: number) => void,
): number {
  let filtered = 0;
  forEachEventChunk(hdu, [x, y, ...filters.map(({ column }) => column)], (values, rows) => {
    const [xs, ys, ...others] = values as [Float64Array, Float64Array, ...Float64Array[]];
    for (let row = 0; row < rows; row++) {
      let passes = true;
      for (let index = 0; index < others.length; index++) {
        const [low, high] = filters[index]!.range;
        const value = others[index]![row]!;
        if (!(value >= low && value < high)) passes = false;
      }
      if (passes) see(xs[row]!, ys[row]!);
      else filtered++;
    }
  });
  return filtered;
}

/** Where events lie; longitudes unwrapped around their mean direction. */
function extentOf(hdu: FitsTableHdu, positions: EventPositions, filters: readonly Filter[]): EventExtent {
  const sky = positions.kind !== "pixel";
  let around = 0;
  if (sky) {
    let [east, north] = [0, 0];
    visit(hdu, positions, filters, (x) => {
      if (!Number.isFinite(x)) return;
      east += Math.sin((x * Math.PI) / 180);
      north += Math.cos((x * Math.PI) / 180);
    });
    around = (Math.atan2(east, north) * 180) / Math.PI;
  }
  const x: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const y: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  visit(hdu, positions, filters, (px, py) => {
    if (!Number.isFinite(px) || !Number.isFinite(py)) return;
    const value = sky ? px - 360 * Math.round((px - around) / 360) : px;
    if (value < x[0]) x[0] = value;
    if (value > x[1]) x[1] = value;
    if (py < y[0]) y[0] = py;
    if (py > y[1]) y[1] = py;
  });
  if (x[0] <= x[1]) return { x, y };
  throw new InvalidInputError(
    `${hdu.label}: must hold events in the ranges of energy and time, got none of ${hdu.rows}; widen the ranges`,
    { fields: { events: hdu.rows } },
  );
}

/**
 * Bin the events of a list into an image of counts with sky coordinates, ready to be deconvolved.
 *
 * Pixels are half-open: an event on the edge between two belongs to the one after it. Rows are decoded some thousand at a
 * time from the bytes of the file, so that nothing is held twice.
 *
 * @param hdu table of events, as `findEvents` finds it
 * @throws InvalidInputError when the table has no positions, an option breaks its rule, or no event is in range
 * @throws FormatError when the table is damaged
 */
export function binEvents(hdu: FitsHdu, options: BinEventsOptions = {}): BinnedEvents {
  const columns = eventColumns(hdu);
  if (hdu.kind !== "table" || columns === undefined) {
    throw new InvalidInputError(
      `${hdu.label}: must be a table of events with columns X and Y, L and B or RA and DEC, got none of these; name another HDU`,
    );
  }
  const positions = positionsOf(hdu, columns.positions, options.coordinates);
  const filters = filtersOf(hdu, columns, options);
  const settled = options.center !== undefined && options.size !== undefined && options.binSize !== undefined;
  const extent: EventExtent = settled ? { x: [0, 0], y: [0, 0] } : extentOf(hdu, positions, filters);
  const makeGrid = positions.kind === "pixel" ? planeGrid : skyGrid;
  let grid: EventGrid = makeGrid(hdu, positions, extent, options);
  if (positions.kind !== "pixel" && options.size === undefined) {
    const reach: [number, number] = [0, 0];
    visit(hdu, positions, filters, (x, y) => {
      const place = grid.place(x, y);
      for (const axis of [0, 1] as const)
        reach[axis] = Math.max(reach[axis], Math.abs(place[axis] - 0.5) || 0);
    });
    const { binSize, center } = grid;
    grid = makeGrid(hdu, positions, extent, {
      ...options,
      ...{ binSize, center, size: sizeThatReaches(reach, binSize) },
    });
  }
  const [nx, ny] = grid.size;
  const counts = constantImage([ny, nx], 0);
  let [binned, outside, unplaced] = [0, 0, 0];
  const filtered = visit(hdu, positions, filters, (x, y) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      unplaced++;
      return;
    }
    const [px, py] = grid.place(x, y);
    if (px >= 0 && px < nx && py >= 0 && py < ny) {
      counts.data[Math.floor(py) * nx + Math.floor(px)]! += 1;
      binned++;
    } else outside++;
  });
  const { binSize, center, size, wcs } = grid;
  return {
    counts,
    wcs,
    coordinates: positions.kind,
    ...{ binSize, center, size, events: hdu.rows, binned, filtered, outside, unplaced },
  };
}

/**
 * Binned events as the HDU of a FITS file: counts as 32-bit integers, with the cards of `wcs`. The same events and options
 * give the same bytes.
 */
export function binnedEventsHdus({ counts, wcs }: Pick<BinnedEvents, "counts" | "wcs">): FitsHduInput[] {
  return [
    {
      kind: "image",
      shape: [...counts.shape],
      data: Int32Array.from(counts.data),
      cards: [
        fitsCard("BUNIT", "count"),
        ...wcs.map(({ keyword, value, comment }) => fitsCard(keyword, value, comment)),
      ],
    },
  ];
}
