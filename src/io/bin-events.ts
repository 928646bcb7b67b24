/** Event lists to images of counts. */

import type { WcsCard } from "../data/observation/observation.js";
import { skyToPixel } from "../data/sky/sky-position.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { constantImage, type SkyImage } from "../image.js";
import type { EnergyUnit } from "./energy-unit.js";
import type { EventColumn, EventLattice } from "./event-column.js";
import { type ColumnValues, type EventCutTest, eventCuts, unitWords } from "./event-cuts.js";
import {
  type EventExtent,
  type EventGrid,
  gridOf,
  type PixelsOf,
  planeGrid,
  sizeThatReaches,
  skyGrid,
} from "./event-grid.js";
import { type EventPositions, eventColumns } from "./event-list.js";
import { forEachEventChunk, isLegal, withinLimits } from "./event-rows.js";
import { fitsCard } from "./fits-header.js";
import type { FitsHduInput } from "./fits-write.js";
import { type GoodTimes, intervalsLength } from "./good-times.js";
import type { FitsHdu, FitsTableHdu } from "./hdu.js";

/** Which events to take, and into which pixels. */
export interface BinEventsOptions {
  /**
   * Columns of positions: `"pixel"` (X and Y), `"galactic"` (L and B) or `"equatorial"` (RA and DEC). Default the best that
   * there are: pixels with sky coordinates, then the sky, then bare pixels.
   */
  readonly coordinates?: EventPositions["kind"];
  /** Half-open range `[low, high)` of ENERGY (or of the channel PI or PHA); default all. */
  readonly energy?: readonly [low: number, high: number];
  /** Unit of `energy`; default that of the column. PI of missions whose scale is known is converted. */
  readonly energyUnit?: EnergyUnit;
  /** Half-open range of the pulse height channel PI (or else PHA); default all. */
  readonly channels?: readonly [low: number, high: number];
  /** Condition on columns, as `parseEventFilter` reads it: `"PATTERN<=4 && FLAG==0"`; default all. */
  readonly where?: string;
  /** Good time intervals to keep to, as `findGoodTimes` finds them; default all times. */
  readonly goodTimes?: readonly GoodTimes[];
  /** Half-open range `[start, stop)` of TIME, in the unit of the column; default all. */
  readonly time?: readonly [start: number, stop: number];
  /**
   * Side of a pixel in units of the positions: pixels of the plane, or degrees. Default for planes 1, doubled until all
   * events fit in 1024 x 1024; for the sky a round number of degrees with which they fit in about 400 x 400.
   */
  readonly binSize?: number;
  /**
   * Middle of the image: (X, Y), or longitude and latitude in degrees; default the middle of the events. Where X and Y are whole numbers
   * and a side is even, the pixel after the middle has its centre there.
   */
  readonly center?: readonly [number, number];
  /**
   * What `center` is where positions are X and Y: `"pixel"`, or `"sky"`, longitude and latitude in degrees. By default X and Y, unless only
   * the sky position lies among the events.
   */
  readonly centerUnit?: "pixel" | "sky";
  /** Columns and rows of the image, >= 1; default: all events of the range fit. */
  readonly size?: readonly [nx: number, ny: number];
  /**
   * An image whose pixels the events fall into, such as an exposure map, whatever its projection and direction; in place of `binSize`,
   * `center`, `size` and `projection`.
   */
  readonly pixelsOf?: PixelsOf;
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
  /** Left out by cuts, all together. */
  readonly filtered: number;
  /** The cuts in their order, and how many events each took of those that were left. */
  readonly cuts: readonly EventCut[];
  /** Good time within the range of time, in the unit of TIME, the mean of the detectors; absent without good times. */
  readonly goodTime?: number;
  /** What should be known of the image, one sentence each. */
  readonly notes: readonly string[];
  /** In range, but beyond the edges of the image. */
  readonly outside: number;
  /** In range, but without a position (NaN or undefined). */
  readonly unplaced: number;
}

/** A cut, and what it took. */
export interface EventCut {
  readonly kind: EventCutTest["kind"];
  /** Column, range and unit, or the condition. */
  readonly text: string;
  readonly column?: string;
  readonly unit?: string;
  readonly taken: number;
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

/** Visit the events that pass all cuts, in degrees on the sky; without a legal position NaN. @returns how many each cut took */
function visit(
  hdu: FitsTableHdu,
  { x, y, degrees, legal }: EventPositions,
  cuts: readonly EventCutTest[],
  see: (x: number, y: number) => void,
): number[] {
  const taken = cuts.map(() => 0);
  const columns = [...new Set([x, y, ...cuts.flatMap((cut) => cut.columns)])];
  forEachEventChunk(hdu, columns, (values, rows) => {
    const valuesOf: ColumnValues = (column) => values[columns.indexOf(column)];
    const [xs, ys] = [valuesOf(x), valuesOf(y)];
    const tests = cuts.map((cut) => cut.test(valuesOf));
    for (let row = 0; row < rows; row++) {
      const failed = tests.findIndex((test) => !test(row));
      if (failed >= 0) taken[failed]++;
      else if (legal !== undefined && !isLegal(legal, xs[row], ys[row])) see(Number.NaN, Number.NaN);
      else see(xs[row] * degrees[0], ys[row] * degrees[1]);
    }
  });
  return taken;
}

/** Where events lie; longitudes unwrapped around their mean direction. */
function extentOf(
  hdu: FitsTableHdu,
  positions: EventPositions,
  cuts: readonly EventCutTest[],
): EventExtent | undefined {
  const sky = positions.kind !== "pixel";
  let around = 0;
  if (sky) {
    let [east, north] = [0, 0];
    visit(hdu, positions, cuts, (x) => {
      if (!Number.isFinite(x)) return;
      east += Math.sin((x * Math.PI) / 180);
      north += Math.cos((x * Math.PI) / 180);
    });
    around = (Math.atan2(east, north) * 180) / Math.PI;
  }
  const x: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const y: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  visit(hdu, positions, cuts, (px, py) => {
    if (!Number.isFinite(px) || !Number.isFinite(py)) return;
    const value = sky ? px - 360 * Math.round((px - around) / 360) : px;
    if (value < x[0]) x[0] = value;
    if (value > x[1]) x[1] = value;
    if (py < y[0]) y[0] = py;
    if (py > y[1]) y[1] = py;
  });
  return x[0] <= x[1] ? { x, y } : undefined;
}

/** Smallest and largest value of a column, of all rows. */
function rangeOf(hdu: FitsTableHdu, column: EventColumn): string {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  forEachEventChunk(hdu, [column], ([values]) => {
    for (const value of values!) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  });
  return least <= most ? `${short(least)} to ${short(most)} ${unitWords(column)}` : "no values";
}

const short = (value: number) => String(Number(value.toPrecision(6)));

/** The error of cuts that leave nothing. */
function noEvents(
  hdu: FitsTableHdu,
  positions: EventPositions,
  cuts: readonly EventCutTest[],
): InvalidInputError {
  const taken = visit(hdu, positions, cuts, () => undefined);
  const said = cuts.map(({ text, column }, index) => {
    const has = column === undefined ? "" : `, of ${column.name} from ${rangeOf(hdu, column)}`;
    return `${taken[index]} taken by ${text}${has}`;
  });
  const remedy = cuts.some(({ kind }) => kind === "good times")
    ? "widen the ranges, or take all times with --no-gti"
    : "widen the ranges";
  return new InvalidInputError(
    `${hdu.label}: must hold events that pass, got none of ${hdu.rows}${said.length > 0 ? ` (${said.join("; ")})` : " with a position"}; ${remedy}`,
    { fields: { events: hdu.rows } },
  );
}

/** How values of X and Y are spaced, judged by all of them: whole numbers whatever cards scale them, or the steps of stored integers. */
function latticesOf(
  hdu: FitsTableHdu,
  { x, y }: EventPositions,
): [x: EventLattice | undefined, y: EventLattice | undefined] {
  const whole = [true, true];
  forEachEventChunk(hdu, [x, y], (values, rows) => {
    for (const axis of [0, 1] as const) {
      const of = values[axis];
      for (let row = 0; row < rows && whole[axis]; row++)
        whole[axis] = Number.isInteger(of[row]) || !Number.isFinite(of[row]);
    }
  });
  const lattice = (column: EventColumn, isWhole: boolean) =>
    isWhole ? { step: 1, zero: 0 } : column.lattice;
  return [lattice(x, whole[0]), lattice(y, whole[1])];
}

const inside = ({ x, y }: EventExtent, [px, py]: readonly [number, number]) =>
  px >= x[0] && px <= x[1] && py >= y[0] && py <= y[1];

/** The middle of an image of X and Y, given as such or on the sky. */
function planeCenter(
  hdu: FitsTableHdu,
  positions: EventPositions,
  extent: EventExtent,
  { center, centerUnit }: BinEventsOptions,
): { readonly center?: readonly [number, number]; readonly notes: string[] } {
  if (center === undefined || !center.every(Number.isFinite)) return { notes: [], ...(center && { center }) };
  const { x, y } = positions;
  const { wcs } = parseWcs(positions.wcs);
  const place = wcs && skyToPixel(wcs, center[0], center[1]);
  const converted = place && Number.isFinite(place.x) ? ([place.x + 1, place.y + 1] as const) : undefined;
  const said = (at: readonly [number, number]) => `${x.name} ${short(at[0])}, ${y.name} ${short(at[1])}`;
  if (centerUnit === "sky") {
    if (converted !== undefined) return { center: converted, notes: [] };
    throw new InvalidInputError(
      `${hdu.label}: sky coordinates of ${x.name} and ${y.name} must reach a center in degrees, got ${center.join(", ")}` +
        `${wcs === undefined ? " and no sky coordinates in the header" : ""}; give ${x.name},${y.name}`,
      { fields: { center } },
    );
  }
  if (centerUnit === undefined && !inside(extent, center) && converted && inside(extent, converted)) {
    return {
      center: converted,
      notes: [
        `center: must lie among the events, got ${center.join(", ")} outside of ${x.name} and ${y.name}; taken as degrees on the sky, it is ${said(converted)}`,
      ],
    };
  }
  return { center, notes: [] };
}

/**
 * Bin the events of a list into an image of counts with sky coordinates, ready to be deconvolved.
 *
 * Pixels are half-open: an event on the edge between two belongs to the one after it. Rows are decoded some thousand at a
 * time from the bytes of the file, so that nothing is held twice.
 *
 * @param hdu table of events, as `findEvents` finds it
 * @throws InvalidInputError when the table has no positions, an option breaks its rule, no event is in range, or the pixels of an image
 * are wanted whose sky coordinates do not go with those of the events
 * @throws FormatError when the table is damaged
 */
export function binEvents(hdu: FitsHdu, options: BinEventsOptions = {}): BinnedEvents {
  const columns = eventColumns(hdu);
  if (hdu.kind !== "table" || columns === undefined) {
    throw new InvalidInputError(
      `${hdu.label}: must be a table of events with columns X and Y, L and B or RA and DEC, got none of these; name another HDU`,
    );
  }
  const { positions, notes: limits } = withinLimits(
    hdu,
    positionsOf(hdu, columns.positions, options.coordinates),
  );
  const plane = positions.kind === "pixel";
  const cuts = eventCuts(hdu, columns, options);
  const found = extentOf(hdu, positions, cuts);
  if (found === undefined) throw noEvents(hdu, positions, cuts);
  const extent: EventExtent = plane ? { ...found, lattices: latticesOf(hdu, positions) } : found;
  const middle = plane
    ? planeCenter(hdu, positions, extent, options)
    : { notes: [], ...(options.center && { center: options.center }) };
  const wanted = { ...options, center: middle.center };
  const makeGrid = plane ? planeGrid : skyGrid;
  const { pixelsOf } = options;
  checkOnePlace(options);
  if (plane && options.projection !== undefined)
    throw new InvalidInputError(
      `${hdu.label}: projection must go with positions on the sky, got ${options.projection} for ${positions.x.name} and ${positions.y.name}, ` +
        "whose plane has its own; leave it out, or choose columns by coordinates",
      { fields: { projection: options.projection } },
    );
  let grid: EventGrid = makeGrid(hdu, positions, extent, wanted);
  if (pixelsOf !== undefined) grid = gridOf(pixelsOf, grid, plane);
  else if (!plane && options.size === undefined) {
    const reach: [number, number] = [0, 0];
    visit(hdu, positions, cuts, (x, y) => {
      const place = grid.place(x, y);
      for (const axis of [0, 1] as const)
        reach[axis] = Math.max(reach[axis], Math.abs(place[axis] - 0.5) || 0);
    });
    const { binSize, center } = grid;
    grid = makeGrid(hdu, positions, extent, {
      ...wanted,
      ...{ binSize, center, size: sizeThatReaches(reach, binSize) },
    });
  }
  const [nx, ny] = grid.size;
  const counts = constantImage([ny, nx], 0);
  let [binned, outside, unplaced] = [0, 0, 0];
  const taken = visit(hdu, positions, cuts, (x, y) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      unplaced++;
      return;
    }
    const [px, py] = grid.place(x, y);
    if (px >= 0 && px < nx && py >= 0 && py < ny) {
      counts.data[Math.floor(py) * nx + Math.floor(px)] += 1;
      binned++;
    } else outside++;
  });
  const { binSize, center, size } = grid;
  if (binned === 0) {
    throw new InvalidInputError(
      `${hdu.label}: image must hold events, got none of the ${outside} left by the cuts in ${nx} x ${ny} pixels of ${short(binSize)} around ` +
        `${center.map(short).join(", ")}; they lie at ${positions.x.name} ${extent.x.map(short).join(" to ")}, ` +
        `${positions.y.name} ${extent.y.map(short).join(" to ")}${plane ? "" : " deg"}, move the center there${plane ? ` (${positions.x.name},${positions.y.name}, or 266.4deg,-29deg on the sky)` : ""}`,
      { fields: { center, size } },
    );
  }
  const time = goodTimeOf(options);
  return {
    counts,
    wcs: time === undefined ? grid.wcs : shortened(grid.wcs, time.left / time.all),
    coordinates: positions.kind,
    ...{ binSize, center, size, events: hdu.rows, binned, outside, unplaced },
    filtered: taken.reduce((sum, one) => sum + one, 0),
    cuts: cuts.map(({ kind, text, column }, index) => ({
      ...{ kind, text, taken: taken[index] },
      ...(column && { column: column.name, unit: unitWords(column) }),
    })),
    ...(time && { goodTime: time.left }),
    notes: [
      ...(hdu.warnings ?? []),
      ...(options.goodTimes ?? []).flatMap(({ warnings = [] }) => warnings),
      ...positions.warnings,
      ...limits,
      ...middle.notes,
      ...unevenBins(positions, extent, binSize),
      ...timeByCondition(cuts, columns.time, grid.wcs, time !== undefined),
    ],
  };
}

/** Pixels are chosen in one way. */
function checkOnePlace({ pixelsOf, ...options }: BinEventsOptions): void {
  const besides = (["binSize", "center", "size", "projection"] as const).filter(
    (key) => options[key] !== undefined,
  );
  if (pixelsOf === undefined || besides.length === 0) return;
  throw new InvalidInputError(
    `${pixelsOf.name}: pixels must be those of an image or chosen otherwise, got ${besides.join(", ")} besides; leave that out`,
  );
}

/** Good time in all and within the range of time, the mean of the detectors. */
function goodTimeOf({ goodTimes = [], time }: BinEventsOptions): { all: number; left: number } | undefined {
  if (goodTimes.length === 0) return undefined;
  const mean = (range?: readonly [number, number]) =>
    goodTimes.reduce((sum, { intervals }) => sum + intervalsLength(intervals, range), 0) / goodTimes.length;
  return { all: mean(), left: mean(time) };
}

/** Exposure times of the header in what a range of time leaves. */
function shortened(cards: readonly WcsCard[], part: number): WcsCard[] {
  return cards.map((card) =>
    EXPOSURES.test(card.keyword) && typeof card.value === "number"
      ? { ...card, value: card.value * part }
      : card,
  );
}

/** A condition on TIME, whose part of the exposure is not known, as it is of a range. */
function timeByCondition(
  cuts: readonly EventCutTest[],
  time: EventColumn | undefined,
  cards: readonly WcsCard[],
  withGoodTimes: boolean,
): string[] {
  const asked = cuts.some((cut) => cut.kind === "where" && time !== undefined && cut.columns.includes(time));
  const exposed = withGoodTimes || cards.some(({ keyword }) => EXPOSURES.test(keyword));
  if (!asked || !exposed) return [];
  return [
    `time: ranges should be given as such (--time start:stop), got a condition on ${time!.name}; good time and exposure of the header are ` +
      "those of all times, not of what the condition leaves",
  ];
}

/** Cards of exposure times. */
const EXPOSURES = /^(EXPOSURE|LIVETIME|ONTIME)$/;

/** Pixels that hold now more, now fewer of equally spaced values. */
function unevenBins(
  { x, y }: EventPositions,
  { lattices = [undefined, undefined] }: EventExtent,
  binSize: number,
): string[] {
  return [x, y].flatMap(({ name }, axis) => {
    const steps = binSize / (lattices[axis]?.step ?? binSize);
    if (Math.abs(steps - Math.round(steps)) < 1e-6 * steps || steps > 100) return [];
    return [
      `bin size: must be a whole number of the steps of ${name}, ${lattices[axis]!.step}, for even pixels, got ${binSize}; take ` +
        `${short(Math.max(1, Math.round(steps)) * lattices[axis]!.step)}`,
    ];
  });
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
      cards: [fitsCard("BUNIT", "count"), ...wcs],
    },
  ];
}
