import type { Boundary } from "../data/boundary.js";
import { checkObservations } from "../data/check-observation.js";
import type { Observation } from "../data/observation.js";
import { InvalidInputError } from "../errors.js";
import { displacedPsf } from "./observation-model.js";
import { ontoSky, skyGrid, withinSky } from "./sky-grid.js";

/** Options of `alignObservations`. */
export interface AlignOptions {
  /** Default `"spill"`. */
  readonly boundary?: Boundary;
}

/**
 * Observations of displaced pointings as observations of one sky, that of the first: what the sampler works on. Counts and mask
 * stay in their detector pixels; the displacement goes into the psf, by whole pixels exactly and by parts of a pixel by cubic
 * convolution, and exposure and background are moved onto the pixels of the sky. Detector pixels beyond its edge are masked. Prediction and likelihood are those of a forward
 * model with the same `offsets`.
 *
 * @param observations at least one, of the same shape `[ny, nx]`
 * @param offsets where pixel (0, 0) of each lies on the sky, in pixels, as `pointingOffsets` finds them
 * @returns the same objects where the offset is (0, 0); sky coordinates are those of the first
 * @throws InvalidInputError when observations break a rule, or offsets are not one for each, finite, and small enough for a
 *   part of the sky to be seen
 */
export function alignObservations(
  observations: readonly Observation[],
  offsets: readonly { readonly x: number; readonly y: number }[],
  { boundary = "spill" }: AlignOptions = {},
): readonly Observation[] {
  const { observations: checked } = checkObservations(observations, { boundary });
  if (offsets.length !== checked.length) {
    throw new InvalidInputError(
      `align: offsets must be one {x, y} for each of the ${checked.length} observations, got ${offsets.length}; see pointingOffsets`,
    );
  }
  const { shape } = checked[0].counts;
  const grid = skyGrid(shape, boundary, {});
  const { wcs } = observations[0];
  return observations.map((observation, index) => {
    const offset = offsets[index];
    if (!Number.isFinite(offset.x) || !Number.isFinite(offset.y)) {
      throw new InvalidInputError(
        `align: offsets must be finite, got (${offset.x}, ${offset.y}); see pointingOffsets`,
        { fields: { index, offset } },
      );
    }
    if (offset.x === 0 && offset.y === 0) return observation;
    const { exposure, background, psf, ...rest } = withinSky(checked[index], grid, offset, boundary);
    const { wcs: _own, ...others } = rest;
    return {
      ...others,
      psf: displacedPsf(psf, offset),
      exposure: ontoSky(exposure, grid, offset, boundary),
      background: ontoSky(background, grid, offset, boundary),
      ...(wcs === undefined ? {} : { wcs }),
    };
  });
}
