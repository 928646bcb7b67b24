/** The psf of a file with its centre where an observation has it, and without wings that hold next to no light. */

import { psfCentre, psfShells } from "../data/observation/psf.js";
import { type CentredPsf, centrePsf, type PsfCentring } from "../data/observation/psf-centring.js";
import { InvalidInputError } from "../errors.js";
import { cutout, imageSum, type SkyImage } from "../image.js";
import type { FitsHeader } from "./fits-header.js";

/** Where a psf comes from, and what is said of its centre. */
export interface PsfPlace {
  /** Name for messages, usually the file's. */
  readonly name: string;
  /** Header of the part in use. */
  readonly header: FitsHeader;
  /** First pixel of the part in use, from 0; default (0, 0). */
  readonly origin?: readonly [x: number, y: number];
  /** How the centre is found; a position counts in pixels of the whole image, from 0. Default `"auto"`. */
  readonly centring?: PsfCentring | undefined;
}

/** Words for how a centre was found. */
const FOUND: Readonly<Record<CentredPsf["reason"], string>> = {
  given: "as was said",
  peak: "its brightest pixel",
  centroid: "the centroid of its light",
  "reference pixel": "the reference pixel of its header",
  symmetry: "around it the psf is symmetric",
  middle: "its middle pixel",
};

const digits = (value: number) => String(Number(value.toFixed(3)));

/**
 * A psf with its centre on index `floor(n / 2)`, as `centrePsf` puts it there; its CRPIX1 and CRPIX2 declare the reference pixel.
 *
 * @param image the part in use
 * @returns the psf, and what was done, one sentence, when it was moved
 */
export function placePsf(
  image: SkyImage,
  { name, header, origin = [0, 0], centring }: PsfPlace,
): { psf: SkyImage; notes: string[] } {
  const [crpix1, crpix2] = [header.number("CRPIX1"), header.number("CRPIX2")];
  const declared =
    crpix1 === undefined || crpix2 === undefined ? undefined : { x: crpix1 - 1, y: crpix2 - 1 };
  const wanted =
    typeof centring === "object" ? { x: centring.x - origin[0], y: centring.y - origin[1] } : centring;
  const { psf, centre, reason, shift } = centrePsf(image, wanted, declared);
  if (psf === image) return { psf, notes: [] };
  const [ny, nx] = image.shape;
  const middle = [Math.floor(nx / 2), Math.floor(ny / 2)] as const;
  const by = [middle[0] - centre.x, middle[1] - centre.y].map(digits);
  const even = nx % 2 === 0 || ny % 2 === 0 ? "; even sizes have no middle pixel" : "";
  const how = shift.x !== 0 || shift.y !== 0 ? "interpolated and moved" : "moved";
  return {
    psf,
    notes: [
      `${name}: psf must have its centre on pixel ${middle.join(", ")} of its ${nx} x ${ny}, got x ${digits(centre.x)}, ` +
        `y ${digits(centre.y)} (${FOUND[reason]}${even}); it was ${how} by ${by[0]} px in x, ${by[1]} px in y, ` +
        "choose otherwise with --psf-centre",
    ],
  };
}

/** What a psf is trimmed to: the share of its light that is kept, in (0, 1]; `"none"`: it stays whole. */
export type PsfTrim = number | "none";

/** Share of the light that is kept where nobody says, */
const USUAL_SHARE = 0.999;
/** and the part of its pixels, and their number, that must go for that to be worth the wings. */
const WORTHWHILE = { part: 0.5, pixels: 500 };

/** @throws InvalidInputError unless it is a share, "none", or absent */
export function checkPsfTrim(trim: PsfTrim | undefined): void {
  if (trim === undefined || trim === "none" || (trim > 0 && trim <= 1)) return;
  throw new InvalidInputError(
    `psf trim: must be a share of the light in (0, 1] or "none", got ${JSON.stringify(trim)}; leave it out for ${USUAL_SHARE}`,
  );
}

/**
 * The square around the middle of a psf, index `floor(n / 2)`, that holds a share of its light. Without a share it is 99.9 %, where that
 * takes away half of the pixels, and 500 or more; a psf that `checkPsf` will refuse comes back as it is.
 *
 * @param name for messages, usually the file's
 * @returns the psf, and what was done, one sentence, when it lost pixels
 */
export function trimToLight(psf: SkyImage, name: string, trim?: PsfTrim): { psf: SkyImage; notes: string[] } {
  checkPsfTrim(trim);
  const {
    data,
    shape: [ny, nx],
  } = psf;
  const whole = { psf, notes: [] };
  const sum = imageSum(psf);
  if (trim === "none" || !(sum > 0 && Number.isFinite(sum)) || data.some((value) => value < 0)) return whole;
  const [row, col] = psfCentre(psf);
  const rings = psfShells(psf);
  let [half, light] = [0, rings[0]];
  // Sums in another order differ in their last digits.
  while (light < (trim ?? USUAL_SHARE) * sum * (1 - 1e-12)) light += rings[++half];
  const [height, width] = [Math.min(ny, 2 * half + 1), Math.min(nx, 2 * half + 1)];
  const gone = data.length - height * width;
  const least = Math.max(WORTHWHILE.part * data.length, WORTHWHILE.pixels);
  if (gone === 0 || (trim === undefined && gone < least)) return whole;
  const [top, left] = [row - Math.floor(height / 2), col - Math.floor(width / 2)];
  return {
    psf: cutout(psf, [top, top + height], [left, left + width]),
    notes: [
      `${name}: psf should have no more pixels than hold its light, got ${nx} x ${ny}; the middle ${width} x ${height} with ` +
        `${Number(((100 * light) / sum).toFixed(2))} % of it are used, choose otherwise with --psf-trim none`,
    ],
  };
}
