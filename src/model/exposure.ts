import type { Boundary } from "../data/observation/boundary.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { constantImage, type SkyImage } from "../image.js";
import { detectionProbability } from "./detection.js";

/** Exposure that counts: how many photons of unit flux each observation, and all together, detect. */
export interface DetectedExposure {
  /** `exposure[m][j] * q[m][j]` of each observation, `[ny, nx]`. */
  readonly observations: readonly SkyImage[];
  /** Their sum `E[j]`, `[ny, nx]`, at most `reference`. */
  readonly total: SkyImage;
  /** Reference exposure `E0 = sum_m max_j exposure[m][j]` > 0: the multiscale prior acts on `E0 * flux`. */
  readonly reference: number;
}

/**
 * Exposure times detection probability of one observation.
 *
 * @param observation as `checkObservation` returns it
 * @returns `exposure[j] * q[j]`, `[ny, nx]`, unit of the exposure
 */
export function detectedExposure(observation: CheckedObservation, boundary: Boundary): SkyImage {
  const { psf, exposure, mask } = observation;
  const detection = detectionProbability(psf, exposure.shape, { boundary, ...(mask ? { mask } : {}) });
  return { data: exposure.data.map((value, index) => value * detection.data[index]), shape: exposure.shape };
}

/**
 * Detected exposure of all observations, and the reference exposure of the prior.
 *
 * @param observations at least one, as `checkObservations` returns them
 */
export function detectedExposures(
  observations: readonly CheckedObservation[],
  boundary: Boundary,
): DetectedExposure {
  const images = observations.map((observation) => detectedExposure(observation, boundary));
  const total = constantImage(images[0].shape, 0);
  for (const { data } of images) {
    for (let index = 0; index < data.length; index++) total.data[index] += data[index];
  }
  return { observations: images, total, reference: referenceExposure(observations) };
}

/** Reference exposure of the prior: the largest exposure of each observation, summed; without exposure it is 1. */
export function referenceExposure(observations: readonly Pick<Observation, "exposure">[]): number {
  return observations.reduce((sum, { exposure }) => sum + (exposure ? largest(exposure) : 1), 0);
}

function largest({ data }: SkyImage): number {
  let maximum = 0;
  for (const value of data) if (value > maximum) maximum = value;
  return maximum;
}
