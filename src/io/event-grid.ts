/** The pixels into which events are binned: where they lie, and their sky coordinates. */

import type { WcsCard } from "../data/observation/observation.js";
import { frameName, localScale, pixelMap } from "../data/sky/sky-mapping.js";
import { pixelToSky, skyToPixel } from "../data/sky/sky-position.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { MAX_PIXELS, type Shape } from "../image.js";
import type { EventLattice } from "./event-column.js";
import type { EventPositions } from "./event-list.js";
import { wcsCards } from "./fits-wcs.js";
import type { FitsTableInfo } from "./hdu.js";

/** Pixels for events. */
export interface EventGrid {
  /** Units of the position columns a pixel: pixels of the plane, or degrees. */
  readonly binSize: number;
  /** Middle of the image: (x, y) of the plane, or longitude and latitude in degrees. */
  readonly center: readonly [number, number];
  /** Columns and rows. */
  readonly size: readonly [nx: number, ny: number];
  /** Sky coordinates of the image and what the observation was; see `wcsCards`. */
  readonly wcs: readonly WcsCard[];
  /** Image column and row of a position, fractions dropped by the caller: `[0, 1)` is the first pixel. */
  readonly place: (x: number, y: number) => readonly [number, number];
}

/** What is asked of a grid. */
export interface EventGridOptions {
  readonly binSize?: number | undefined;
  readonly center?: readonly [number, number] | undefined;
  readonly size?: readonly [nx: number, ny: number] | undefined;
  readonly projection?: "TAN" | "CAR" | undefined;
}

/** Where events lie: smallest and largest value on both axes; longitudes as offsets from `origin`. */
export interface EventExtent {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** Where values are equally spaced, as whole numbers are: pixels hold whole steps and have their edges half-way between two. */
  readonly lattices?: readonly [x: EventLattice | undefined, y: EventLattice | undefined];
}

/** Longest side of an image whose bin size nobody gave, in pixels: a plane of Chandra stays finer than its psf. */
const PLANE_SIDE = 1024;
const SKY_SIDE = 400;

function checkGrid({ binSize, center, size }: EventGridOptions): void {
  const fail = (what: string, got: unknown, remedy: string) => {
    throw new InvalidInputError(`image: ${what}, got ${String(got)}; ${remedy}`);
  };
  if (binSize !== undefined && !(binSize > 0 && Number.isFinite(binSize)))
    fail("binSize must be a finite number > 0", binSize, "leave it out for a choice by the data");
  if (center !== undefined && !center.every(Number.isFinite))
    fail("center must be two finite numbers", center, "leave it out for the middle of the events");
  if (size !== undefined && !size.every((side) => Number.isInteger(side) && side > 0))
    fail("size must be whole numbers of pixels > 0", size, "leave it out for all events");
}

function checkPixels([nx, ny]: readonly [number, number], binSize: number): void {
  if (nx * ny <= MAX_PIXELS && Number.isFinite(nx * ny)) return;
  throw new InvalidInputError(
    `image: must have at most ${MAX_PIXELS} pixels, got ${nx} x ${ny}; take a binSize above ${binSize} or a smaller size`,
    { fields: { nx, ny, binSize } },
  );
}

/** Cards that say when, how long and with what, without coordinates. */
function observationCards({ header }: FitsTableInfo): WcsCard[] {
  const known = wcsCards(header).filter(({ keyword }) =>
    /^(MJD|DATE-|TIMESYS|TELESCOP|INSTRUME|DETNAM|OBJECT|OBSERVER|OBS_ID|RADESYS|RADECSYS|EQUINOX)/.test(
      keyword,
    ),
  );
  const times = header.cards.flatMap(({ keyword, value, comment }): WcsCard[] => {
    if (!/^(DATE|EXPOSURE|LIVETIME|ONTIME|TELAPSE|TSTART|TSTOP|TIMEUNIT)$/.test(keyword)) return [];
    if (typeof value !== "string" && typeof value !== "number") return [];
    return [{ keyword, value, ...(comment !== undefined && { comment }) }];
  });
  return [...known, ...times];
}

/** The largest edge between steps of a lattice that is not above a value. */
function edgeBelow(value: number, { step, zero }: EventLattice): number {
  return zero + step * (Math.floor((value - zero) / step - 0.5 + 1e-9) + 0.5);
}

/** Pixels for X and Y of a plane. */
export function planeGrid(
  info: FitsTableInfo,
  { x, y, wcs }: EventPositions,
  extent: EventExtent,
  options: EventGridOptions,
): EventGrid {
  checkGrid(options);
  const { lattices = [undefined, undefined] } = extent;
  const origins = [x, y].map(({ index }, axis) => {
    const edge = info.header.number(`TLMIN${index}`) ?? 0.5;
    // A whole number is the middle of its pixel.
    return lattices[axis] === undefined ? edge : edgeBelow(edge, lattices[axis]);
  }) as [number, number];
  const spans = [extent.x, extent.y].map(([low, high]) => high - low);
  let binSize = options.binSize ?? 1;
  if (options.binSize === undefined && options.size === undefined)
    while (Math.max(...spans) / binSize > PLANE_SIDE - 2) binSize *= 2;
  const edges = [extent.x, extent.y].map(([low, high], axis) => {
    const from = Math.floor((low - origins[axis]) / binSize);
    const to = Math.floor((high - origins[axis]) / binSize) + 1;
    return [origins[axis] + from * binSize, Math.max(1, to - from)] as const;
  });
  const size = options.size ?? ([edges[0][1], edges[1][1]] as const);
  checkPixels(size, binSize);
  const start = [0, 1].map((axis) => {
    if (options.center !== undefined) {
      const edge = options.center[axis] - (size[axis] * binSize) / 2;
      return lattices[axis] === undefined ? edge : edgeBelow(edge, lattices[axis]);
    }
    const [edge, side] = edges[axis];
    return edge + Math.round((side - size[axis]) / 2) * binSize;
  }) as [number, number];
  const cards = wcs.map((card): WcsCard => {
    const [, name, axis] = /^(CRPIX|CDELT|CD)([12])(?:_[12])?$/.exec(card.keyword) ?? [];
    if (name === undefined || typeof card.value !== "number") return card;
    const first = start[Number(axis) - 1];
    const value = name === "CRPIX" ? (card.value - first) / binSize + 0.5 : card.value * binSize;
    return { ...card, value };
  });
  if (wcs.length > 0) {
    // Without any scale a unit of the columns is a degree.
    if (!wcs.some(({ keyword }) => /^(CDELT[12]|CD[12]_[12])$/.test(keyword)))
      for (const axis of [1, 2]) cards.push({ keyword: `CDELT${axis}`, value: binSize });
    for (const axis of [1, 2]) {
      if (!cards.some(({ keyword }) => keyword === `CRPIX${axis}`))
        cards.push({ keyword: `CRPIX${axis}`, value: -start[axis - 1] / binSize + 0.5 });
    }
  }
  // Physical coordinates, as DS9 shows them: X and Y of the plane.
  const physical = [1, 2].flatMap((axis): WcsCard[] => [
    { keyword: `LTM${axis}_${axis}`, value: 1 / binSize },
    { keyword: `LTV${axis}`, value: 0.5 - start[axis - 1] / binSize },
  ]);
  return {
    binSize,
    center: [start[0] + (size[0] * binSize) / 2, start[1] + (size[1] * binSize) / 2],
    size,
    wcs: [...cards, ...physical, ...observationCards(info)],
    place: (px, py) => [(px - start[0]) / binSize, (py - start[1]) / binSize],
  };
}

/** The smallest of 1, 2, 5, 10 ... times a power of ten that is not below a number. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10;
  return Number((step * power).toPrecision(6));
}

/** Most degrees of a side that nobody gave: a tangent plane ends before 180. */
const WIDEST = 120;

/**
 * The size, around its center, with which a grid of 1 x 1 pixels on the sky reaches all events.
 *
 * @param reach largest distance of an event from the center of that pixel, in pixels, on both axes
 */
export function sizeThatReaches(reach: readonly [number, number], binSize: number): [number, number] {
  const most = Math.ceil(WIDEST / binSize);
  return reach.map((far) => Math.min(most, Math.floor(2 * far) + 1)) as [number, number];
}

/** Longitude in [0, 360). */
function turned(lon: number): number {
  const inside = lon - 360 * Math.floor(lon / 360);
  return inside >= 360 ? 0 : inside;
}

/** Pixels for longitudes and latitudes. */
export function skyGrid(
  info: FitsTableInfo,
  { kind }: Pick<EventPositions, "kind">,
  extent: EventExtent,
  options: EventGridOptions,
): EventGrid {
  checkGrid(options);
  const { projection = "TAN" } = options;
  const center = options.center ?? [turned((extent.x[0] + extent.x[1]) / 2), (extent.y[0] + extent.y[1]) / 2];
  const [lon, lat] = [turned(center[0]), center[1]];
  if (Math.abs(lat) > 90)
    throw new InvalidInputError(
      `image: latitude of the center must be in [-90, 90], got ${lat}; give lon,lat`,
    );
  const stretch = projection === "CAR" ? 1 : Math.cos((lat * Math.PI) / 180);
  const spans = [(extent.x[1] - extent.x[0]) * stretch, extent.y[1] - extent.y[0]];
  const binSize = options.binSize ?? roundUp(Math.min(Math.max(...spans, 1e-6), WIDEST) / SKY_SIDE);
  // A grid without size is there to see how far the events reach.
  const size = options.size ?? [1, 1];
  checkPixels(size, binSize);
  const [first, second] = kind === "galactic" ? ["GLON", "GLAT"] : ["RA--", "DEC-"];
  // A plain cylinder has its reference on the equator.
  const equator = projection === "CAR";
  const cards: WcsCard[] = [
    { keyword: "CTYPE1", value: `${first}-${projection}` },
    { keyword: "CTYPE2", value: `${second}-${projection}` },
    { keyword: "CUNIT1", value: "deg" },
    { keyword: "CUNIT2", value: "deg" },
    { keyword: "CRPIX1", value: size[0] / 2 + 0.5 },
    { keyword: "CRPIX2", value: size[1] / 2 + 0.5 - (equator ? lat / binSize : 0) },
    { keyword: "CRVAL1", value: lon },
    { keyword: "CRVAL2", value: equator ? 0 : lat },
    { keyword: "CDELT1", value: -binSize },
    { keyword: "CDELT2", value: binSize },
  ];
  const others = observationCards(info).filter(
    ({ keyword }) => kind !== "galactic" || !/^(RADESYS|RADECSYS|EQUINOX)$/.test(keyword),
  );
  const { wcs } = parseWcs([...cards, ...others]);
  if (wcs === undefined)
    throw new InvalidInputError(`image: center must lie on the sky, got ${center}; give lon,lat`);
  return {
    binSize,
    center: [lon, lat],
    size,
    wcs: [...cards, ...others],
    place: (px, py) => {
      const at = skyToPixel(wcs, px, py);
      return [at.x + 0.5, at.y + 0.5];
    },
  };
}

/** An image whose pixels events are to fall into. */
export interface PixelsOf {
  /** For messages, usually the file's. */
  readonly name: string;
  readonly shape: Shape;
  /** Its header's, see `wcsCards`. */
  readonly wcs: readonly WcsCard[];
}

/** Cards of an observation, not of the pixels of an image. */
const OBSERVED =
  /^(MJD|DATE|TIMESYS|TELESCOP|INSTRUME|DETNAM|OBJECT|OBSERVER|OBS_ID|EXPOSURE|LIVETIME|ONTIME|TELAPSE|TSTART|TSTOP|TIMEUNIT)/;

/**
 * The pixels of an image for events, reached on the sky from a grid of the events' own.
 *
 * @throws InvalidInputError when one of the two has no sky coordinates, or none that can be turned into the other's
 */
export function gridOf({ name, shape: [ny, nx], wcs }: PixelsOf, own: EventGrid, plane: boolean): EventGrid {
  const [from, to] = [own.wcs, wcs].map((cards) => parseWcs(cards).wcs);
  const map = from && to && pixelMap(from, to);
  const back = from && to && pixelMap(to, from);
  if (from === undefined || map === undefined || back === undefined) {
    const got = [to, from].map((one) => (one === undefined ? "none" : frameName(one)));
    throw new InvalidInputError(
      `${name}: an image whose pixels events fall into must have sky coordinates that go with those of the events, got ${got.join(" beside ")}; ` +
        "choose pixels by center, size and bin size",
    );
  }
  const middle = back((nx - 1) / 2, (ny - 1) / 2);
  const { lon, lat } = pixelToSky(from, middle.x, middle.y);
  const inPlane = [middle.x, middle.y].map(
    (at, axis) => own.center[axis] + (at + 0.5 - own.size[axis] / 2) * own.binSize,
  );
  return {
    binSize: own.binSize / localScale(map, middle.x, middle.y).scale,
    center: plane ? [inPlane[0], inPlane[1]] : [lon, lat],
    size: [nx, ny],
    wcs: [
      ...wcs.filter(({ keyword }) => !OBSERVED.test(keyword)),
      ...own.wcs.filter(({ keyword }) => OBSERVED.test(keyword)),
    ],
    place: (px, py) => {
      const [x, y] = own.place(px, py);
      const at = map(x - 0.5, y - 0.5);
      return [at.x + 0.5, at.y + 0.5];
    },
  };
}
