import type { Boundary } from "../data/boundary.js";
import { type CheckedObservation, checkObservations } from "../data/check-observation.js";
import type { Observation } from "../data/observation.js";
import { pointingOffsets } from "../data/pointing-offsets.js";
import { psfCentre } from "../data/psf.js";
import type { PixelPosition } from "../data/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { imageSum } from "../image.js";
import { centredPsf } from "./psf-window.js";
import { resamplePsf } from "./resample-psf.js";
import { ontoSky, skyGrid } from "./sky-grid.js";

/** Observations that share the pixels of the sky. */
export interface AlignedObservations {
  readonly observations: readonly Observation[];
  /** What is legal but probably not meant, of the observations as they were given and of their places. */
  readonly warnings: readonly string[];
}

/**
 * Describe observations whose pixels are displaced by ones of the same sky pixels: the psf takes the offset up, so that a sampler
 * that knows nothing of offsets sees each source where it is. Counts stay as they are, at the pixels of their own detector;
 * exposure and background are interpolated to the pixels of the sky; detector pixels that lie beyond the sky are masked.
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
  checkOffsets(observations, places.offsets);
  const { observations: checked, warnings } = checkObservations(observations, { boundary });
  const { observations: seeing, warnings: masked } = maskUnseen(checked, places.offsets, {
    boundary,
    margin: 0,
  });
  const grid = skyGrid(checked[0].counts.shape, boundary);
  return {
    observations: seeing.map((observation, index) => {
      const offset = places.offsets[index];
      if (offset.x === 0 && offset.y === 0) return observation;
      const { psf, exposure, background } = observation as CheckedObservation;
      const shift = { x: -offset.x, y: -offset.y };
      return {
        ...observation,
        psf: centredPsf(resamplePsf({ psf, centre: psfCentre(psf) }, { upsampling: 1, shift })),
        exposure: ontoSky(exposure, grid, offset, boundary),
        background: ontoSky(background, grid, offset, boundary),
      };
    }),
    warnings: [...places.warnings, ...warnings, ...masked],
  };
}

/**
 * Mask the detector pixels whose middle lies beyond the sky: light from there has no sky pixel to come from.
 *
 * @param margin detector pixels by which the sky goes beyond the first detector
 */
export function maskUnseen<T extends Observation>(
  observations: readonly T[],
  offsets: readonly PixelPosition[],
  { boundary, margin }: { readonly boundary: Boundary; readonly margin: number },
): { readonly observations: readonly T[]; readonly warnings: readonly string[] } {
  checkOffsets(observations, offsets);
  if (boundary === "wrap") return { observations, warnings: [] };
  const warnings: string[] = [];
  const masked = observations.map((observation, index) => {
    const { counts, mask, name = `observation ${index + 1}` } = observation;
    const [ny, nx] = counts.shape;
    const { x, y } = offsets[index];
    const inside = (place: number, size: number) => place >= -0.5 - margin && place <= size - 0.5 + margin;
    const data = new Float64Array(ny * nx);
    for (let pixel = 0; pixel < data.length; pixel++) {
      const seen = inside((pixel % nx) + x, nx) && inside(Math.floor(pixel / nx) + y, ny);
      data[pixel] = seen ? (mask?.data[pixel] ?? 1) : 0;
    }
    const kept = imageSum({ data, shape: counts.shape });
    const before = mask === undefined ? data.length : imageSum(mask);
    if (kept === 0) {
      throw new InvalidInputError(
        `${name}: detector must overlap with the sky of the first observation, got an offset of (${x.toFixed(2)}, ${y.toFixed(2)}) ` +
          `pixels for an image of ${nx} x ${ny}; leave the observation out, or check its header`,
        { fields: { offset: { x, y } } },
      );
    }
    if (kept === before) return observation;
    warnings.push(
      `${name}: all pixels should lie on the sky of the first observation, got ${before - kept} beyond its edge; they are not used` +
        (margin > 0 ? "" : ", unless a margin is given, which methods of one image can have"),
    );
    return { ...observation, mask: { data, shape: counts.shape } };
  });
  return { observations: masked, warnings };
}

function checkOffsets(observations: readonly Observation[], offsets: readonly PixelPosition[]): void {
  if (
    Array.isArray(offsets) &&
    offsets.length === observations.length &&
    offsets.every((offset) => Number.isFinite(offset?.x) && Number.isFinite(offset?.y))
  ) {
    return;
  }
  throw new InvalidInputError(
    `observations: offsets must be one finite {x, y} for each of the ${observations.length} observations, got ${JSON.stringify(offsets)}; ` +
      "leave them out when all observations share one grid",
  );
}
