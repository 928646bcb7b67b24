/** HEALPix maps to images. */

import type { WcsCard } from "../data/observation/observation.js";
import { galacticTurn } from "../data/sky/galactic.js";
import { healpixSide, healpixToSky } from "../data/sky/healpix.js";
import { pixelToSky } from "../data/sky/sky-position.js";
import { parseWcs, type SkyPosition } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { constantImage, type SkyImage } from "../image.js";
import { type EventGrid, roundUp, sizeThatReaches, skyGrid } from "./event-grid.js";
import { fitsCard } from "./fits-header.js";
import type { FitsHduInput } from "./fits-write.js";
import type { FitsTableHdu } from "./hdu.js";
import { type HealpixMap, readHealpixMap } from "./healpix-map.js";

/** Which part of the sky, and into which pixels. */
export interface HealpixImageOptions {
  /** Name of the column of values; default the first. */
  readonly column?: string;
  /** Sky coordinates of the image; default those of the map. Where the map does not say, what it has. */
  readonly coordinates?: "galactic" | "equatorial";
  /** Side of a pixel in degrees; default a round number that is not below the side of the map's pixels. */
  readonly binSize?: number;
  /** Middle of the image, longitude and latitude in degrees; default the middle of the pixels that have a value. */
  readonly center?: readonly [lon: number, lat: number];
  /** Columns and rows of the image, >= 1; default all that the map holds, at most 120 degrees around a center. */
  readonly size?: readonly [nx: number, ny: number];
  /** `"TAN"`, default for a part of the sky, or `"CAR"`, default where the map covers more than a quarter of it and no center is given. */
  readonly projection?: "TAN" | "CAR";
}

/** An image of a map. */
export interface HealpixImage {
  /** Values `[ny, nx]`; NaN where the map has none. */
  readonly image: SkyImage;
  /** Sky coordinates of the image. */
  readonly wcs: readonly WcsCard[];
  /** Column of the map, and its unit, for BUNIT. */
  readonly column: string;
  readonly unit?: string;
  /** Whether values are counts and were summed. */
  readonly counts: boolean;
  readonly nside: number;
  readonly coordinates: "galactic" | "equatorial";
  readonly binSize: number;
  readonly center: readonly [lon: number, lat: number];
  readonly size: readonly [nx: number, ny: number];
  /** Pixels of the image with a value. */
  readonly known: number;
  /** What should be known of the image, one sentence each. */
  readonly notes: readonly string[];
}

/** Part of the sky from which on all of it is shown as a cylinder. */
const MOST_OF_THE_SKY = 0.25;
/** Longest side of an image of all the sky whose pixels nobody chose. */
const LONGEST = 2048;
/** Points on a side of a pixel of the image, at most. */
const MOST_POINTS = 16;

/** Direction of the middle of all pixels with a value; longitude 0 on the equator where they have none. */
function middleOf(map: HealpixMap, turn: (position: SkyPosition) => SkyPosition): readonly [number, number] {
  const sum = [0, 0, 0];
  map.forEach((nside, pixel) => {
    const { lon, lat } = turn(healpixToSky(nside, map.ordering, pixel));
    const [a, d] = [(lon * Math.PI) / 180, (lat * Math.PI) / 180];
    sum[0] += (Math.cos(d) * Math.cos(a)) / nside ** 2;
    sum[1] += (Math.cos(d) * Math.sin(a)) / nside ** 2;
    sum[2] += Math.sin(d) / nside ** 2;
  });
  const [x, y, z] = sum as [number, number, number];
  const across = Math.hypot(x, y);
  const lon = (Math.atan2(y, x) * 180) / Math.PI;
  const tidy = (value: number) => Number(value.toFixed(4));
  return across + Math.abs(z) < 1e-9 * map.known
    ? [0, 0]
    : [tidy(lon < 0 ? lon + 360 : lon), tidy((Math.atan2(z, across) * 180) / Math.PI)];
}

/** The pixels of the image. */
function gridFor(
  hdu: FitsTableHdu,
  map: HealpixMap,
  coordinates: HealpixImage["coordinates"],
  turn: (position: SkyPosition) => SkyPosition,
  options: HealpixImageOptions,
): EventGrid {
  const chosen = options.center ?? options.size ?? (options.projection === "TAN" || undefined);
  const wide = map.cover > MOST_OF_THE_SKY && chosen === undefined;
  const { projection = wide ? "CAR" : "TAN" } = options;
  const center = options.center ?? (wide ? ([0, 0] as const) : middleOf(map, turn));
  const side = healpixSide(map.nside);
  const binSize = options.binSize ?? roundUp(wide ? Math.max(side, 360 / LONGEST) : side);
  const kind = { kind: coordinates };
  const extent = { x: [0, 0] as const, y: [0, 0] as const };
  const make = (size: readonly [number, number]) =>
    skyGrid(hdu, kind, extent, { projection, center, binSize, size });
  if (options.size !== undefined) return make(options.size);
  if (wide) return make([Math.ceil(360 / binSize), Math.ceil(180 / binSize)]);
  const one = make([1, 1]);
  const reach: [number, number] = [0, 0];
  map.forEach((nside, pixel) => {
    const { lon, lat } = turn(healpixToSky(nside, map.ordering, pixel));
    const place = one.place(lon, lat);
    // Its own half width goes with a pixel.
    const more = healpixSide(nside) / binSize / 2;
    for (const axis of [0, 1] as const)
      reach[axis] = Math.max(reach[axis], Math.abs(place[axis] - 0.5) + more || 0);
  });
  return make(sizeThatReaches(reach, binSize));
}

/** Counts, each in the pixel where the middle of its pixel of the map lies. */
function sumInto(
  image: SkyImage,
  map: HealpixMap,
  grid: EventGrid,
  turn: (position: SkyPosition) => SkyPosition,
): void {
  const [nx, ny] = grid.size;
  // On a whole cylinder its last edge is its first.
  const closed = Math.abs(nx * grid.binSize - 360) < 1e-9 && /CAR/.test(String(grid.wcs[0]?.value));
  map.forEach((nside, pixel, value) => {
    const { lon, lat } = turn(healpixToSky(nside, map.ordering, pixel));
    const [place, y] = grid.place(lon, lat);
    const x = closed ? place - nx * Math.floor(place / nx) : place;
    if (x >= 0 && x < nx && y >= 0 && y < ny) image.data[Math.floor(y) * nx + Math.floor(x)] += value;
  });
}

/** The mean of the map over each pixel, at its middle or so many points that pixels of the map are seen. */
function sampleInto(
  image: SkyImage,
  map: HealpixMap,
  grid: EventGrid,
  back: (position: SkyPosition) => SkyPosition,
): void {
  const { wcs } = parseWcs(grid.wcs);
  const [nx, ny] = grid.size;
  const points = Math.min(MOST_POINTS, Math.max(1, Math.round(grid.binSize / healpixSide(map.nside))));
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      let [sum, found] = [0, 0];
      for (let at = 0; at < points * points; at++) {
        const dx = ((at % points) + 0.5) / points - 0.5;
        const dy = (Math.floor(at / points) + 0.5) / points - 0.5;
        const value = map.valueAt(back(pixelToSky(wcs!, col + dx, row + dy)));
        if (Number.isNaN(value)) continue;
        sum += value;
        found++;
      }
      image.data[row * nx + col] = 2 * found >= points * points ? sum / found : Number.NaN;
    }
  }
}

/**
 * An image of a HEALPix map on pixels of a plane of the sky.
 *
 * Counts (by their unit, or columns called COUNTS or CHANNEL1 ...) are kept: those of a pixel of the map go to the pixel of the image in
 * which its middle lies. Everything else is a value of each place, such as exposure: a pixel of the image has the value of the map at its
 * middle or, where it is larger than pixels of the map, the mean over its area. Nothing is interpolated.
 *
 * @throws FormatError, InvalidInputError as `readHealpixMap`; InvalidInputError when no pixel of the image has a value
 */
export function healpixImage(hdu: FitsTableHdu, options: HealpixImageOptions = {}): HealpixImage {
  const map = readHealpixMap(hdu, { column: options.column, system: options.coordinates });
  const { coordinates = map.system } = options;
  const [from, to] = [map.system === "galactic", coordinates === "galactic"];
  const [turn, back] = [galacticTurn(from, to), galacticTurn(to, from)];
  const grid = gridFor(hdu, map, coordinates, turn, options);
  const [nx, ny] = grid.size;
  const image = constantImage([ny, nx], 0);
  if (map.counts) sumInto(image, map, grid, turn);
  else sampleInto(image, map, grid, back);
  const known = image.data.reduce(
    (sum, value) => sum + (Number.isNaN(value) || (map.counts && value === 0) ? 0 : 1),
    0,
  );
  const { binSize, center } = grid;
  if (known === 0) {
    const [lon, lat] = middleOf(map, turn);
    throw new InvalidInputError(
      `${hdu.label}: image must show pixels of the map, got none in ${nx} x ${ny} pixels of ${binSize} deg around ${center.join(", ")}; ` +
        `move the center, --center ${lon},${lat} is the middle of the map`,
      { fields: { center, size: grid.size } },
    );
  }
  const side = healpixSide(map.nside);
  const fine =
    map.counts && binSize < side * 0.999
      ? [
          `bin size: should not be below the side of the map's pixels, ${Number(side.toPrecision(4))} deg, for counts, got ${binSize}; pixels ` +
            `between stay empty, take --bin-size ${roundUp(side)}`,
        ]
      : [];
  return {
    ...{ image, known, coordinates, binSize, center, wcs: grid.wcs, size: grid.size, column: map.column },
    ...{ counts: map.counts, nside: map.nside, notes: [...map.notes, ...fine] },
    ...((map.counts || map.unit !== undefined) && { unit: map.counts ? "count" : map.unit }),
  };
}

/** An image of a map as the HDU of a FITS file: counts that are whole as 32-bit integers, others as 64-bit numbers with NaN. */
export function healpixImageHdus({
  image,
  wcs,
  unit,
  counts,
}: Pick<HealpixImage, "image" | "wcs" | "unit" | "counts">): FitsHduInput[] {
  const whole = counts && image.data.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31);
  return [
    {
      kind: "image",
      shape: [...image.shape],
      data: whole ? Int32Array.from(image.data) : image.data,
      cards: [...(unit === undefined ? [] : [fitsCard("BUNIT", unit)]), ...wcs],
    },
  ];
}
