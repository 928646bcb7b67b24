import type { Boundary } from "../data/observation/boundary.js";
import { checkObservations } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { mapPsf } from "../data/observation/psf-set.js";
import { movedPsf } from "../data/observation/resample-psf.js";
import { pointingOffsets } from "../data/sky/pointing-offsets.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import { checkOffsets, ontoSky, skyGrid, withinSky } from "./sky-grid.js";

/** Observations that share the pixels of the sky. */
export interface AlignedObservations {
  readonly observations: readonly Observation[];
  /** What is legal but probably not meant, of the observations as they were given and of their places. */
  readonly warnings: readonly string[];
  /** What `checkObservation` will say of them because of their places: a psf that took up an offset is displaced. */
  readonly expected: readonly string[];
}

/**
 * Describe observations whose pixels are displaced by ones of the same sky pixels: the psf takes the offset up, so that a sampler
 * that knows nothing of offsets sees each source where it is. Counts stay as they are, at the pixels of their own detector;
 * exposure and background are interpolated to the pixels of the sky; detector pixels that lie beyond the sky are masked, their counts 0.
 * It is the same model as that of `createForwardModel` with the same `offsets`.
 *
 * A psf moved by a part of a pixel is interpolated (Keys 1981), which suits psfs that are sampled well: two pixels or more across at
 * half maximum.
 *
 * @param observations one or several of one shape
 * @param offsets where the pixel (0, 0) of each lies on the sky, in pixels; `"wcs"`: as `pointingOffsets` finds them
 * @throws InvalidInputError when an observation breaks a rule of `checkObservation`, there is not one finite offset for each, or
 *   an observation does not overlap with the sky
 */
export function alignObservations(
  observations: readonly Observation[],
  offsets: "wcs" | readonly PixelPosition[],
  { boundary = "spill" }: { readonly boundary?: Boundary } = {},
): AlignedObservations {
  const places = offsets === "wcs" ? pointingOffsets(observations) : { offsets, warnings: [] };
  checkOffsets(places.offsets, observations, "observations");
  const { observations: checked, warnings } = checkObservations(observations, { boundary });
  const grid = skyGrid(checked[0].counts.shape, boundary);
  const seen = withinSky(checked, grid, places.offsets, boundary);
  const aligned = seen.observations.map((observation, index) => {
    const offset = places.offsets[index];
    if (offset.x === 0 && offset.y === 0) return observation;
    const { psf, exposure, background } = observation;
    const shift = { x: -offset.x, y: -offset.y };
    return {
      ...observation,
      psf: mapPsf(
        psf,
        (image) => movedPsf(image, shift),
        ({ x, y }) => ({ x: x + offset.x, y: y + offset.y }),
      ),
      exposure: ontoSky(exposure, grid, offset, boundary),
      background: ontoSky(background, grid, offset, boundary),
    };
  });
  return {
    observations: aligned,
    warnings: [...places.warnings, ...warnings, ...seen.warnings],
    expected: checkObservations(aligned, { boundary }).warnings,
  };
}
