/** Where the centre of a psf is, and putting it where `Observation.psf` has it. */

import { InvalidInputError } from "../../errors.js";
import { imageSum, type SkyImage } from "../../image.js";
import type { PixelPosition } from "../sky/sky-wcs.js";
import { centredPsf, type PsfWindow, psfCentre, psfCentroid } from "./psf.js";
import { resamplePsf } from "./resample-psf.js";

/**
 * How the centre of a psf is found: `"auto"`, the rules of `centrePsf`; `"peak"`, its brightest pixel (the middle of several);
 * `"centroid"`, the mean position of its light; or a position in pixels from 0.
 */
export type PsfCentring = "auto" | "peak" | "centroid" | PixelPosition;

/** Why a psf has its centre where it has it. */
export type PsfCentreReason =
  | "given"
  | "peak"
  | "centroid"
  | "reference pixel"
  | "symmetry"
  /** Index `floor(n / 2)` of both axes. */
  | "middle";

/** A psf in its place. */
export interface CentredPsf {
  /** The psf with its centre on index `floor(n / 2)`; the one given when it is there already. */
  readonly psf: SkyImage;
  /** Where the centre was found, in pixels of the psf given, from 0. */
  readonly centre: PixelPosition;
  readonly reason: PsfCentreReason;
  /** By how much the psf was moved to have its centre on a pixel, a whole number of pixels left out; in [-0.5, 0.5]. */
  readonly shift: PixelPosition;
}

/** Part of the light that may differ between a psf and itself turned by 180 degrees for it to be called symmetric. */
const SYMMETRIC = 0.02;
/** Distance in pixels from the centroid up to which a reference pixel is believed: those of sky coordinates may lie anywhere. */
const BELIEVED = 1;
/** Distance in pixels below which a psf stays where it is. */
const IN_PLACE = 1e-3;

/**
 * Put the centre of a psf on index `floor(n / 2)`, where the model of the counts has it.
 *
 * `"auto"` takes, in this order: the declared reference pixel when it lies within a pixel of the centroid; the centre of a pixel, edge or
 * corner of pixels around which the psf is point-symmetric to 2 % of its light; for odd sizes the middle index, for a psf with an
 * even side the centroid, since it has no middle pixel.
 *
 * A shift by a part of a pixel interpolates (Keys 1981), which widens psfs narrower than about two pixels; whole pixels are exact. Light
 * and negative or undefined values are kept: a psf that `checkPsf` will refuse comes back as it is.
 *
 * @param declared reference pixel of its header, in pixels from 0
 */
export function centrePsf(
  psf: SkyImage,
  centring: PsfCentring = "auto",
  declared?: PixelPosition,
): CentredPsf {
  const [row, col] = psfCentre(psf);
  const middle = { x: col, y: row };
  const sum = imageSum(psf);
  const sound = sum > 0 && Number.isFinite(sum) && psf.data.every((value) => value >= 0);
  const { centre, reason } = sound
    ? findCentre(psf, centring, declared)
    : ({ centre: middle, reason: "middle" } as const);
  const distance = Math.hypot(centre.x - middle.x, centre.y - middle.y);
  if (distance < IN_PLACE) return { psf, centre, reason, shift: { x: 0, y: 0 } };
  // The pixel after the middle of two takes the centre, as in even sizes.
  const pixel = { x: Math.floor(centre.x + 0.5), y: Math.floor(centre.y + 0.5) };
  const part = (value: number) => (Math.abs(value) < IN_PLACE ? 0 : value);
  const shift = { x: part(pixel.x - centre.x), y: part(pixel.y - centre.y) };
  const window: PsfWindow = { psf, centre: [pixel.y, pixel.x] };
  const moved = shift.x === 0 && shift.y === 0 ? window : resamplePsf(window, { upsampling: 1, shift });
  return { psf: centredPsf(moved), centre, reason, shift };
}

function findCentre(
  psf: SkyImage,
  centring: PsfCentring,
  declared: PixelPosition | undefined,
): Pick<CentredPsf, "centre" | "reason"> {
  if (typeof centring === "object") {
    const [ny, nx] = psf.shape;
    const { x, y } = centring;
    if (!(x >= -0.5 && y >= -0.5 && x <= nx - 0.5 && y <= ny - 0.5))
      throw new InvalidInputError(
        `psf: centre must lie in its ${nx} x ${ny} pixels, which count from 0, got ${x},${y}; give x,y inside, or auto`,
        { fields: { x, y } },
      );
    return { centre: centring, reason: "given" };
  }
  if (centring === "peak") return { centre: peakOf(psf), reason: "peak" };
  const [row, col] = psfCentre(psf);
  const offset = psfCentroid(psf);
  const centroid = { x: col + offset.x, y: row + offset.y };
  if (centring === "centroid") return { centre: centroid, reason: "centroid" };
  const near =
    declared && Math.max(Math.abs(declared.x - centroid.x), Math.abs(declared.y - centroid.y)) <= BELIEVED;
  if (declared && near) return { centre: declared, reason: "reference pixel" };
  const symmetric = symmetryCentre(psf, centroid);
  if (symmetric !== undefined) return { centre: symmetric, reason: "symmetry" };
  const even = psf.shape.some((side) => side % 2 === 0);
  return even ? { centre: centroid, reason: "centroid" } : { centre: { x: col, y: row }, reason: "middle" };
}

/** The brightest pixel; the middle of those that are as bright. */
function peakOf({ data, shape: [, nx] }: SkyImage): PixelPosition {
  const most = data.reduce((top, value) => Math.max(top, value), 0);
  let [count, x, y] = [0, 0, 0];
  for (const [index, value] of data.entries()) {
    if (value < most * (1 - 1e-9)) continue;
    count++;
    x += index % nx;
    y += Math.floor(index / nx);
  }
  return { x: x / count, y: y / count };
}

/** The middle, edge or corner of a pixel nearest to the centroid, when the psf looks the same turned around it by 180 degrees. */
function symmetryCentre(psf: SkyImage, centroid: PixelPosition): PixelPosition | undefined {
  const {
    data,
    shape: [ny, nx],
  } = psf;
  // Twice the centre: pixel p and twice - p are opposite. Of a symmetric psf the centroid is the centre.
  const twice = { x: Math.round(2 * centroid.x), y: Math.round(2 * centroid.y) };
  let different = 0;
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const [otherRow, otherCol] = [twice.y - row, twice.x - col];
      const inside = otherRow >= 0 && otherRow < ny && otherCol >= 0 && otherCol < nx;
      const value = data[row * nx + col];
      // A partner beyond the edge has been cut off; each pair inside is met twice.
      different += inside ? Math.abs(value - data[otherRow * nx + otherCol]) / 2 : value;
    }
  }
  return different <= SYMMETRIC * imageSum(psf) ? { x: twice.x / 2, y: twice.y / 2 } : undefined;
}
