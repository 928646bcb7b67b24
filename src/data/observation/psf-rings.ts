/** Psfs that are known by their distance from the optical axis alone, as a set of psfs at places on rings about it. */

import { InvalidInputError } from "../../errors.js";
import { imageSum, type SkyImage } from "../../image.js";
import { centredPsf, psfCentre } from "./psf.js";
import { keysKernel } from "./resample-psf.js";

/** A psf and how far off axis it holds. */
export interface RingedPsf {
  readonly psf: SkyImage;
  /** In any unit, >= 0. */
  readonly radius: number;
}

/** A psf of a ring, as it lies at one of its places. */
export interface RingPlace extends RingedPsf {
  /** Position angle of the place about the axis in degrees, counterclockwise from +y (north through east where north is up). */
  readonly angle: number;
}

/** Most places of a ring. */
const MOST_ANGLES = 72;

/**
 * Psfs at distances off axis, turned about it: each ring has `angles` places at equal steps, where its psf is rotated with the position angle.
 * On the axis there is one.
 *
 * @param given psfs as they are straight above the axis (position angle 0), at different distances
 * @param angles whole number from 1 to 72
 * @throws InvalidInputError for none, a distance below 0 or given twice, or another number of angles
 */
export function psfRings(given: readonly RingedPsf[], angles: number, where = "psf rings"): RingPlace[] {
  if (!(Number.isInteger(angles) && angles >= 1 && angles <= MOST_ANGLES)) {
    throw new InvalidInputError(
      `${where}: angles must be a whole number from 1 to ${MOST_ANGLES}, got ${angles}; 8 is enough for most`,
    );
  }
  const radii = given.map(({ radius }) => radius);
  const wrong = radii.findIndex((radius, index) => !(radius >= 0) || radii.indexOf(radius) < index);
  if (given.length === 0 || wrong >= 0) {
    throw new InvalidInputError(
      `${where}: distances off axis must differ and be at least 0, got ${radii.join(", ") || "none"}; correct them`,
    );
  }
  return given.flatMap(({ psf, radius }) =>
    Array.from({ length: radius === 0 ? 1 : angles }, (_, index) => {
      const angle = (360 * index) / angles;
      return { psf: rotatedPsf(psf, angle), radius, angle };
    }),
  );
}

/**
 * A psf turned counterclockwise about its centre, by cubic convolution between its cells (Keys 1981, IEEE Trans. ASSP 29, 1153); values below
 * 0 become 0, and the sum is kept. Right angles are exact.
 *
 * @param degrees any finite number
 * @returns a square of odd side with room for the corners
 */
export function rotatedPsf(psf: SkyImage, degrees: number): SkyImage {
  const { data, shape } = centredPsf({ psf, centre: psfCentre(psf) });
  const [ny, nx] = shape;
  const [middleY, middleX] = [(ny - 1) / 2, (nx - 1) / 2];
  const quarter = Number.isInteger(degrees / 90);
  const reach = quarter ? Math.max(middleX, middleY) : Math.ceil(Math.hypot(middleX, middleY));
  const [sin, cos] = [Math.sin, Math.cos].map((of) => {
    const value = of((degrees * Math.PI) / 180);
    return quarter ? Math.round(value) : value;
  });
  const side = 2 * reach + 1;
  const turned = new Float64Array(side * side);
  for (let row = -reach; row <= reach; row++) {
    for (let col = -reach; col <= reach; col++) {
      // Where the light of this cell was before.
      const x = cos * col + sin * row + middleX;
      const y = -sin * col + cos * row + middleY;
      let sum = 0;
      for (let j = Math.floor(y) - 1; j <= Math.floor(y) + 2; j++) {
        if (j < 0 || j >= ny) continue;
        const weight = keysKernel(y - j);
        for (let i = Math.floor(x) - 1; i <= Math.floor(x) + 2; i++) {
          if (i >= 0 && i < nx) sum += weight * keysKernel(x - i) * data[j * nx + i];
        }
      }
      turned[(row + reach) * side + col + reach] = Math.max(0, sum);
    }
  }
  const factor = imageSum(psf) / turned.reduce((all, value) => all + value, 0);
  return { data: turned.map((value) => value * factor), shape: [side, side] };
}
