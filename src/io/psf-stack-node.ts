/** Psfs in files of their own, each named with the place where it holds. */

import { psfRings } from "../data/observation/psf-rings.js";
import { checkPlacesDiffer } from "../data/observation/psf-set.js";
import { pixelSize } from "../data/sky/pixel-size.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { type FitsHduInput, findHdu, imageToSkyImage, parseFitsName, wcsCards } from "./fits.js";
import { readFitsFile } from "./fits-file-node.js";
import { placePsf } from "./placed-psf.js";
import { type PlaceUnit, psfSetHdus } from "./psf-set-file.js";

/** A psf and its place as they are named. */
interface PlacedName {
  readonly file: string;
  readonly x: number;
  readonly y: number;
  readonly unit: PlaceUnit;
}

/** The file and the place of a name, which with neither is a file. */
export function splitPlace(name: string): { readonly file: string; readonly place: string } {
  const file = PLACED.exec(name)?.[1] ?? name;
  return { file, place: name.slice(file.length) };
}

const NUMBER = "[-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][-+]?\\d+)?";
const PLACED = new RegExp(`^(.+)@(${NUMBER})(deg)?,(${NUMBER})(deg)?$`);

function placedName(text: string, where: string): PlacedName {
  const [, file, x, unitX, y, unitY] = PLACED.exec(text) ?? [];
  if (file === undefined || unitX !== unitY) {
    throw new InvalidInputError(
      `${where}: a psf must be named with its place, got ${text}; write psf.fits@12,34 or psf.fits@83.63deg,22.01deg`,
    );
  }
  return { file, x: Number(x), y: Number(y), unit: unitX === "deg" ? "deg" : "pixel" };
}

const RINGED = new RegExp(`^(.+)@(${NUMBER})(arcmin)?$`);
const AIM = new RegExp(`^(${NUMBER})(deg)?,(${NUMBER})(deg)?$`);

/**
 * Psfs that are known by their distance off axis as a set of psfs on rings about it, turned with the position angle (`psfRings`).
 *
 * @param names `psf.fits@40` with the distance in pixels, or `psf.fits@5arcmin`
 * @param aim where the optical axis is: `64,64` in pixels of the counts from 0, or `83.63deg,22.01deg`, right ascension and declination
 * @throws InvalidInputError for a name without a distance, another unit than the aim's, and as `psfRings` and `readPsfs`
 */
export async function ringPsfs(
  names: readonly string[],
  aim: string,
  angles: number,
  where: string,
): Promise<PsfStack> {
  const [, x, unitX, y, unitY] = AIM.exec(aim) ?? [];
  if (x === undefined || unitX !== unitY) {
    throw new InvalidInputError(
      `${where}: --aim must be a place, got ${aim}; write 64,64 or 83.63deg,22.01deg`,
    );
  }
  const sky = unitX === "deg";
  const ringed = names.map((name) => {
    const [, file, radius, unit] = RINGED.exec(name) ?? [];
    if (file === undefined || (unit === "arcmin") !== sky) {
      throw new InvalidInputError(
        `${where}: a psf must be named with its distance off axis, in ${sky ? "arcmin as the aim is on the sky" : "pixels as the aim is"}, got ${name}; ` +
          `write psf.fits@${sky ? "5arcmin" : "40"}`,
      );
    }
    return { file, radius: Number(radius) };
  });
  const files = ringed.map(({ file }) => file);
  const { psfs, cards, notes, paths } = await readPsfs(where, files);
  const offAxis = ringed.map(({ radius }, index) => ({ psf: psfs[index], radius }));
  const rings = psfRings(offAxis, angles, where);
  const centre = { x: Number(x), y: Number(y) };
  const places = rings.map(({ psf, radius, angle }) => ({
    psf,
    ...(sky ? skyOffset(centre, radius / 60, angle) : pixelOffset(centre, radius, angle)),
  }));
  const unit = sky ? "deg" : "pixel";
  return { hdus: psfSetHdus(places, { unit, cards }), unit, notes, paths };
}

const RADIANS = Math.PI / 180;

/** A place at a distance and a position angle, counterclockwise from +y. */
function pixelOffset({ x, y }: { x: number; y: number }, radius: number, angle: number) {
  return { x: x - radius * Math.sin(angle * RADIANS), y: y + radius * Math.cos(angle * RADIANS) };
}

/** The same on the sphere, in degrees: the position angle is from north through east. */
function skyOffset({ x: lon, y: lat }: { x: number; y: number }, radius: number, angle: number) {
  const [sinLat, cosLat] = [Math.sin(lat * RADIANS), Math.cos(lat * RADIANS)];
  const [sinR, cosR] = [Math.sin(radius * RADIANS), Math.cos(radius * RADIANS)];
  const sine = sinLat * cosR + cosLat * sinR * Math.cos(angle * RADIANS);
  const east = Math.atan2(Math.sin(angle * RADIANS) * sinR * cosLat, cosR - sinLat * sine);
  return { x: (lon + east / RADIANS + 360) % 360, y: Math.asin(sine) / RADIANS };
}

/** A set of psfs as HDUs, and where it comes from. */
export interface PsfStack {
  readonly hdus: readonly FitsHduInput[];
  readonly unit: PlaceUnit;
  /** What was done to the psfs. */
  readonly notes: readonly string[];
  /** Their files. */
  readonly paths: readonly string[];
}

/**
 * Psfs with their places as one set.
 *
 * @param names `psf.fits@x,y` in pixels of the counts from 0, or `psf.fits@83.63deg,22.01deg`, right ascension and declination
 * @param where beginning of messages
 * @throws InvalidInputError for a name without a place, places in several units, and as `readPsfs`
 */
export async function stackPsfs(names: readonly string[], where: string): Promise<PsfStack> {
  const placed = names.map((name) => placedName(name, where));
  const [{ unit }] = placed;
  const other = placed.find((one) => one.unit !== unit);
  if (other !== undefined) {
    throw new InvalidInputError(
      `${where}: places must all be in pixels or all in degrees, got ${other.unit} for ${other.file}; write them alike`,
    );
  }
  checkPlacesDiffer(placed, where);
  const files = placed.map(({ file }) => file);
  const { psfs, cards, notes, paths } = await readPsfs(where, files);
  const places = placed.map(({ x, y }, index) => ({ psf: psfs[index], x, y }));
  return { hdus: psfSetHdus(places, { unit, cards }), unit, notes, paths };
}

/**
 * Psfs of one pixel size in files, each with its centre in the middle.
 *
 * @returns beside them the cards that say how their pixels lie on the sky, what was done to them, and the files without extensions
 * @throws InvalidInputError for pixels of another size than the first's, or no such file
 * @throws FormatError for a damaged file
 */
export async function readPsfs(where: string, files: readonly string[]) {
  const images = await Promise.all(files.map((file) => readPsf(file)));
  const [{ cards, size }] = images;
  const differs = images.findIndex(
    (image) =>
      (image.size === undefined) !== (size === undefined) ||
      Math.abs((image.size ?? 1) / (size ?? 1) - 1) > 1e-3,
  );
  if (differs >= 0) {
    throw new InvalidInputError(
      `${where}: psfs must have pixels of one size, got others in ${files[differs]} than in ${files[0]}; bin them alike`,
    );
  }
  return {
    psfs: images.map(({ psf }) => psf),
    cards,
    notes: images.flatMap(({ notes }) => notes),
    paths: images.map(({ path }) => path),
  };
}

/** A psf with its centre in the middle, and the cards that say how its pixels lie on the sky. */
async function readPsf(name: string) {
  const { path, extension } = parseFitsName(name);
  const hdu = findHdu(await readFitsFile(path), extension);
  const { psf, notes } = placePsf(imageToSkyImage(hdu), { name, header: hdu.header });
  const wcs = wcsCards(hdu.header);
  const sky = parseWcs(wcs).wcs;
  const cards = wcs.filter(({ keyword }) => !/^CRPIX/.test(keyword));
  return { path, psf, notes, cards, size: sky && pixelSize(sky) };
}
