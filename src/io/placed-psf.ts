/** The psf of a file with its centre where an observation has it. */

import { type CentredPsf, centrePsf, type PsfCentring } from "../data/observation/psf-centring.js";
import type { SkyImage } from "../image.js";
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
  const [crpix1, crpix2] = [header.get("CRPIX1"), header.get("CRPIX2")];
  const declared =
    typeof crpix1 === "number" && typeof crpix2 === "number" ? { x: crpix1 - 1, y: crpix2 - 1 } : undefined;
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
