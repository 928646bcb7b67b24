/**
 * The pixels of HEALPix (Górski et al. 2005, ApJ 622, 759): 12 `nside`^2 of one area on the sphere, numbered from 0 along rings of
 * latitude from the north (RING), or face by face in quarters of quarters (NESTED).
 */

import type { SkyPosition } from "./sky-wcs.js";

/** How pixels are numbered. */
export type HealpixOrdering = "RING" | "NESTED";

/** A pixel of one of the twelve base faces: `x` to the north-east, `y` to the north-west, each in `[0, nside)`. */
interface FacePixel {
  readonly face: number;
  readonly x: number;
  readonly y: number;
}

/** Most pixels along the side of a face: their numbers stay exact. */
export const MAX_NSIDE = 2 ** 24;

/** Degrees along the side of a square with the area of a pixel. */
export function healpixSide(nside: number): number {
  return (Math.sqrt(Math.PI / 3) / nside) * (180 / Math.PI);
}

/** Whether there are such pixels: `nside` must be a whole number >= 1, and a power of two where they are nested. */
export function isNside(nside: number, ordering: HealpixOrdering): boolean {
  if (!Number.isInteger(nside) || nside < 1 || nside > MAX_NSIDE) return false;
  return ordering === "RING" || Number.isInteger(Math.log2(nside));
}

/**
 * Number of the pixel in which a position lies.
 *
 * @param position degrees; longitude any number, latitude in [-90, 90]
 * @returns number in [0, 12 nside^2); NaN for a position that is NaN
 */
export function skyToHealpix(nside: number, ordering: HealpixOrdering, position: SkyPosition): number {
  const { lon, lat } = position;
  if (!Number.isFinite(lon) || !Number.isFinite(lat)) return Number.NaN;
  const pixel = facePixel(nside, lon, lat);
  return ordering === "RING" ? ringNumber(nside, pixel) : nestedNumber(nside, pixel);
}

/** The middle of a pixel, degrees. @param pixel number in [0, 12 nside^2) */
export function healpixToSky(nside: number, ordering: HealpixOrdering, pixel: number): SkyPosition {
  const { ring, place } =
    ordering === "RING" ? ringPlace(nside, pixel) : placeOnRing(nside, nestedPixel(nside, pixel));
  // Equations 4 to 9; rings of the south are those of the north mirrored.
  const north = Math.min(ring, 4 * nside - ring);
  const sign = ring > 2 * nside ? -1 : 1;
  if (north < nside) {
    // From the pole, so that small distances keep their digits: 1 - z = 2 sin^2(colatitude / 2).
    const colatitude = 2 * Math.asin(north / (nside * Math.sqrt(6)));
    return { lon: (90 / north) * (place - 0.5), lat: sign * (90 - (colatitude * 180) / Math.PI) };
  }
  const z = 4 / 3 - (2 * north) / (3 * nside);
  const lon = (90 / nside) * (place - ringShift(nside, ring) / 2);
  return { lon, lat: (sign * Math.asin(z) * 180) / Math.PI };
}

/**
 * Half pixels from place 0 of a ring to longitude 0. Rings of the belt begin in turns with the middle of a pixel and with its border
 * (equation 9, whose s is 0 where the pixel at longitude 0 is the first, place 1: 2 here).
 */
function ringShift(nside: number, ring: number): 1 | 2 {
  const belt = ring >= nside && ring <= 3 * nside;
  return belt && (ring + nside) % 2 === 1 ? 2 : 1;
}

/**
 * The pixel of a face. On the belt |z| <= 2/3 borders of pixels are lines of constant z + or - 8 phi / (3 pi) (equations 19 and 20), on
 * the caps they are those of section 5.3 that count from the meridians between faces.
 */
function facePixel(nside: number, lon: number, lat: number): FacePixel {
  const quarters = (lon - 360 * Math.floor(lon / 360)) / 90;
  const z = Math.sin((lat * Math.PI) / 180);
  if (Math.abs(z) <= 2 / 3) {
    const rising = Math.floor(nside * (0.5 + quarters - 0.75 * z));
    const falling = Math.floor(nside * (0.5 + quarters + 0.75 * z));
    const [first, second] = [Math.floor(rising / nside), Math.floor(falling / nside)];
    const face = first === second ? 4 + (first % 4) : first < second ? first % 4 : 8 + (second % 4);
    return { face, x: falling % nside, y: nside - 1 - (rising % nside) };
  }
  const column = Math.min(3, Math.floor(quarters));
  const part = quarters - column;
  // sqrt(3 (1 - |z|)) from the half distance to the pole, which keeps its digits.
  const height = nside * Math.sqrt(6) * Math.sin(((90 - Math.abs(lat)) * Math.PI) / 360);
  const west = Math.min(nside - 1, Math.floor(part * height));
  const east = Math.min(nside - 1, Math.floor((1 - part) * height));
  return z > 0
    ? { face: column, x: nside - 1 - east, y: nside - 1 - west }
    : { face: column + 8, x: west, y: east };
}

/** Ring from 1 at the north, and place on it from 1 (equations 10 to 14 with the rows of faces). */
function placeOnRing(nside: number, { face, x, y }: FacePixel): { ring: number; place: number } {
  const row = Math.floor(face / 4);
  const ring = (row + 2) * nside - x - y - 1;
  const column = 2 * (face % 4) + (row === 1 ? 0 : 1);
  const north = Math.min(ring, 4 * nside - ring);
  const length = Math.min(north, nside);
  // The middle of a face is `column` halves of its width from longitude 0.
  const place = (column * length + (x - y) + ringShift(nside, ring)) / 2;
  return { ring, place: place < 1 ? place + 4 * length : place > 4 * length ? place - 4 * length : place };
}

/** Number of the pixel at a place of a ring. */
function ringNumber(nside: number, pixel: FacePixel): number {
  const { ring, place } = placeOnRing(nside, pixel);
  if (ring < nside) return 2 * ring * (ring - 1) + place - 1;
  if (ring <= 3 * nside) return 2 * nside * (nside - 1) + 4 * nside * (ring - nside) + place - 1;
  const south = 4 * nside - ring;
  return 12 * nside * nside - 2 * south * (south + 1) + place - 1;
}

/** Ring and place on it of a number. */
function ringPlace(nside: number, pixel: number): { ring: number; place: number } {
  const cap = 2 * nside * (nside - 1);
  const all = 12 * nside * nside;
  // The ring of the cap whose first number is not above this one.
  const capRing = (number: number) => {
    let ring = Math.floor((1 + Math.sqrt(1 + 2 * number)) / 2);
    while (2 * ring * (ring - 1) > number) ring--;
    while (2 * ring * (ring + 1) <= number) ring++;
    return ring;
  };
  if (pixel < cap) {
    const ring = capRing(pixel);
    return { ring, place: pixel - 2 * ring * (ring - 1) + 1 };
  }
  if (pixel < all - cap) {
    const past = pixel - cap;
    return { ring: nside + Math.floor(past / (4 * nside)), place: (past % (4 * nside)) + 1 };
  }
  const ring = capRing(all - 1 - pixel);
  return { ring: 4 * nside - ring, place: pixel - (all - 2 * ring * (ring + 1)) + 1 };
}

/** Bits of x and y in turns, x first (section 4.1, figure 3). */
function nestedNumber(nside: number, { face, x, y }: FacePixel): number {
  let number = 0;
  for (let bit = 1; bit < nside; bit *= 2)
    number += ((Math.floor(x / bit) % 2) + 2 * (Math.floor(y / bit) % 2)) * bit * bit;
  return face * nside * nside + number;
}

function nestedPixel(nside: number, number: number): FacePixel {
  const face = Math.floor(number / (nside * nside));
  const within = number - face * nside * nside;
  let [x, y] = [0, 0];
  for (let bit = 1; bit < nside; bit *= 2) {
    const quarter = Math.floor(within / (bit * bit)) % 4;
    x += (quarter % 2) * bit;
    y += Math.floor(quarter / 2) * bit;
  }
  return { face, x, y };
}
