/**
 * Psfs at places, as HDUs: a cube of images, and a table of as many rows that says where in the field each of its planes holds, in columns
 * X and Y (pixels of the counts, from 0) or RA and DEC (degrees, in the sky coordinates of the counts). Psfs of which one is true, alike:
 * the table has a column WEIGHT, or is without.
 */

import { type GivenMember, psfEnsemble, withErrors } from "../data/observation/psf-ensemble.js";
import { alikePsfs, type PlacedPsf, type Psf } from "../data/observation/psf-set.js";
import { longitudeDegrees } from "../data/sky/angle-unit.js";
import { skyToPixel } from "../data/sky/sky-position.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { FormatError, InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";
import type { CountsGrid } from "./companion-image.js";
import {
  columnNumbers,
  type FitsHdu,
  type FitsHduInput,
  findColumn,
  readImageData,
  readTable,
} from "./fits.js";
import type { FitsCard } from "./fits-card.js";
import { fitsCard } from "./fits-header.js";
import { imageSize } from "./fits-shape.js";
import type { FitsHduInfo } from "./hdu.js";
import { isPsfTable, PSF_TABLES } from "./hdu-kind.js";
import { cube } from "./result-encode.js";

/** Keyword in the HDU of an ensemble: its principal components that the psf is made of, see `withComponents`. */
const COMPONENTS = "PSFCOMP";

/** How the places of a table are given. */
export type PlaceUnit = "pixel" | "deg";

/** A cube of psfs in a file: a set at places, or an ensemble. */
export interface NamedPsfSet {
  /** For messages, usually the file's. */
  readonly name: string;
  /** The cube. */
  readonly hdu: FitsHdu;
  /** The table of its planes. */
  readonly table: FitsHdu;
}

/**
 * Which HDUs of a file are a cube of psfs and the table of its planes.
 *
 * @returns undefined where the file has no such table; the first HDU stands for a cube that is missing
 */
export function findPsfSet<Hdu extends FitsHduInfo>(
  hdus: readonly Hdu[],
): { readonly hdu: Hdu; readonly table: Hdu } | undefined {
  const table = hdus.find((hdu) => isPsfTable(hdu));
  const hdu = hdus.find(({ kind, dataLength }) => kind === "image" && dataLength > 0) ?? hdus[0];
  return table && hdu && { hdu, table };
}

/**
 * A set of psfs as HDUs; smaller psfs get zeros around them.
 *
 * @param given `x` and `y` are RA and DEC where the unit is degrees
 * @param options name of the cube, before which `_PLACES` names the table; cards of the cube, its pixels on the sky
 */
export function psfSetHdus(
  given: readonly PlacedPsf[],
  options: { readonly unit?: PlaceUnit; readonly name?: string; readonly cards?: readonly FitsCard[] } = {},
): FitsHduInput[] {
  const { unit = "pixel", name = "PSF", cards = [] } = options;
  const [first, second] = unit === "pixel" ? ["X", "Y"] : ["RA", "DEC"];
  const column = (title: string, axis: "x" | "y") => ({
    ...{ name: title, format: "1D", unit, values: given.map((place) => place[axis]) },
  });
  return [
    psfCube(given, name, cards),
    {
      ...{ kind: "table", name: `${name}${PSF_TABLES.places}` },
      columns: [column(first, "x"), column(second, "y")],
    },
  ];
}

/**
 * An ensemble of psfs as HDUs, also one of which the psf is a mixture (`withComponents`).
 *
 * @param options name of the cube, before which `_MEMBERS` names the table; cards of the cube, its pixels on the sky
 */
export function psfEnsembleHdus(
  { members = [], components }: Pick<Psf, "members" | "components">,
  options: { readonly name?: string; readonly cards?: readonly FitsCard[] } = {},
): FitsHduInput[] {
  const { name = "PSF", cards = [] } = options;
  const mixture = components === undefined ? [] : [fitsCard(COMPONENTS, components)];
  return [
    psfCube(members, name, [...mixture, ...cards]),
    {
      ...{ kind: "table", name: `${name}${PSF_TABLES.members}` },
      columns: [{ name: "WEIGHT", format: "1D", values: members.map(({ weight }) => weight) }],
    },
  ];
}

function psfCube(
  given: readonly Pick<PlacedPsf, "psf">[],
  name: string,
  cards: readonly FitsCard[],
): FitsHduInput {
  const psfs = alikePsfs(given);
  const { shape } = psfs[0];
  // The place of a psf is its middle pixel.
  const middle = [fitsCard("CRPIX1", (shape[1] + 1) / 2), fitsCard("CRPIX2", (shape[0] + 1) / 2)];
  return cube(name, shape, psfs, [...middle, ...cards]);
}

/** Whether the planes are psfs of which one is true, and not psfs at places. */
export function isEnsemble({ table }: Pick<NamedPsfSet, "table">): boolean {
  return table.name.toUpperCase().endsWith(PSF_TABLES.members);
}

/**
 * The ensemble that a cube and its table are.
 *
 * @param images of its planes
 * @throws InvalidInputError when weights break a rule of `psfEnsemble`, or its components one of `withComponents`
 */
export function storedEnsemble({ name, hdu, table }: NamedPsfSet, images: readonly SkyImage[]): Psf {
  const columns = readTable(table);
  const column = findColumn(columns, "WEIGHT");
  const weights = column && columnNumbers(column);
  const members = images.map(
    (psf, plane): GivenMember => ({ psf, ...(weights && { weight: weights[plane] }) }),
  );
  return withErrors(psfEnsemble(members, name), { components: hdu.header.number(COMPONENTS) }, name);
}

/** The planes of the cube of a set. @throws FormatError unless they are as many as rows of the table */
export function psfPlanes({ name, hdu, table }: NamedPsfSet): SkyImage[] {
  const size = hdu.kind === "image" ? imageSize(hdu.shape) : undefined;
  const rows = table.kind === "table" ? table.rows : 0;
  if (size === undefined || size.planes !== rows || rows === 0) {
    throw new FormatError(
      `${name}: a set of psfs must be a cube with a plane for each of the ${rows} rows of ${table.name}, got ` +
        `${size === undefined ? "no image" : `${size.planes} planes`}; correct one of them`,
    );
  }
  const { data } = readImageData(hdu);
  const area = size.nx * size.ny;
  return Array.from({ length: rows }, (_, plane) => ({
    data: Float64Array.from(data.subarray(plane * area, (plane + 1) * area) as ArrayLike<number>),
    shape: [size.ny, size.nx],
  }));
}

/**
 * Where the psfs of a set hold, in pixels of the counts in use.
 *
 * @param origin first pixel of the counts that is in use, for places in pixels
 * @throws FormatError when the table has no places, or has them twice or in another unit
 * @throws InvalidInputError when the places are on the sky and the counts are not, or a place is out of sight
 */
export function psfPlaces(
  { name, table: places }: Pick<NamedPsfSet, "name" | "table">,
  { wcs }: Pick<CountsGrid, "wcs">,
  origin: { readonly x: number; readonly y: number } = { x: 0, y: 0 },
): { readonly x: number; readonly y: number }[] {
  const table = readTable(places);
  /** Two columns, their numbers times the size of the unit that each is in. */
  const pair = (
    names: readonly [string, string],
    rule: string,
    sizeOf: (unit: string) => number | undefined,
  ) => {
    const columns = names.map((title) => findColumn(table, title));
    if (columns.includes(undefined)) return undefined;
    return columns.map((column) => {
      const { unit = "", name: title } = column!;
      const size = unit.trim() === "" ? 1 : sizeOf(unit);
      if (size !== undefined) return Float64Array.from(columnNumbers(column!), (value) => value * size);
      throw new FormatError(
        `${name}: ${title} of ${places.name} must be in ${rule}, got ${unit}; convert it, or correct its TUNIT`,
      );
    });
  };
  const pixels = pair(["X", "Y"], "pixels of the counts", (unit) =>
    /^pix/i.test(unit.trim()) ? 1 : undefined,
  );
  const sky = pair(["RA", "DEC"], "degrees", longitudeDegrees);
  if (pixels !== undefined && sky !== undefined) {
    throw new FormatError(
      `${name}: ${places.name} must give places once, got X and Y beside RA and DEC; leave one pair of columns out`,
    );
  }
  if (pixels !== undefined) {
    const [xs, ys] = pixels;
    return Array.from(xs, (x, index) => ({ x: x - origin.x, y: ys[index] - origin.y }));
  }
  if (sky === undefined) {
    throw new FormatError(
      `${name}: ${places.name} must have columns X and Y, or RA and DEC, got ${table.columns.map((column) => column.name).join(", ")}; ` +
        "name them so",
    );
  }
  const own = parseWcs(wcs).wcs;
  if (own === undefined) {
    throw new InvalidInputError(
      `${name}: psfs at places on the sky must go with counts that have sky coordinates, got none in their header; give X and Y in pixels`,
    );
  }
  return Array.from(sky[0], (lon, index) => {
    const place = skyToPixel(own, lon, sky[1][index]);
    if (Number.isFinite(place.x) && Number.isFinite(place.y)) return place;
    throw new InvalidInputError(
      `${name}: places must lie on the sky that the counts show, got ${lon}, ${sky[1][index]}; leave it out`,
    );
  });
}

/**
 * What to say of places that lie beside the image together, so that one psf holds in all of it, one sentence.
 *
 * @param places in pixels of the image
 * @param shape `[ny, nx]` of the image
 */
export function farPlaces(
  name: string,
  places: readonly { readonly x: number; readonly y: number }[],
  [ny, nx]: Shape,
): string[] {
  const beside = (values: readonly number[], length: number) =>
    Math.max(...values) < -0.5 || Math.min(...values) > length - 0.5;
  const [xs, ys] = [places.map(({ x }) => x), places.map(({ y }) => y)];
  if (!beside(xs, nx) && !beside(ys, ny)) return [];
  const digits = (value: number) => Number(value.toFixed(1));
  return [
    `${name}: psfs at places should lie on the image or around it, got all of them beside its ${nx} x ${ny} pixels, x from ` +
      `${digits(Math.min(...xs))} to ${digits(Math.max(...xs))}, y from ${digits(Math.min(...ys))} to ${digits(Math.max(...ys))}; the nearest holds, ` +
      "check them: X and Y are pixels of the counts from 0",
  ];
}
