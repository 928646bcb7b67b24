import type { Boundary } from "../data/observation/boundary.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import type { SkyImage } from "../image.js";
import { detectionProbability } from "./detection.js";

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

/** Reference exposure `E0 = sum_m max_j exposure[m][j]` of the prior, which acts on `E0 * flux`; without exposure an observation has 1. */
export function referenceExposure(observations: readonly Pick<Observation, "exposure">[]): number {
  return observations.reduce((sum, { exposure }) => sum + (exposure ? largest(exposure) : 1), 0);
}

function largest({ data }: SkyImage): number {
  let maximum = 0;
  for (const value of data) if (value > maximum) maximum = value;
  return maximum;
}
