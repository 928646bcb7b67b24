import type { SkyImage } from "../../image.js";
import type { Observation } from "./observation.js";
import { thinCounts } from "./thin-counts.js";

/** One observation as two independent ones. */
export interface ThinnedObservation {
  /** Holds each photon with probability `fraction`; its exposure is `fraction` of the whole. */
  readonly kept: Observation;
  /** The other photons, and the rest of the exposure. */
  readonly heldOut: Observation;
}

/**
 * Split the photons of an observation at random into two independent observations of the same sky (see `thinCounts`). Masked
 * pixels hold no photons in either.
 *
 * @param fraction probability that a photon is kept, between 0 and 1, both excluded
 * @param seed whole number in [0, 2^53 - 2^31)
 * @throws InvalidInputError for a fraction outside (0, 1), or counts that are not whole numbers >= 0
 */
export function thinObservation(
  observation: Observation,
  fraction: number,
  seed: number,
): ThinnedObservation {
  const { counts, exposure, mask } = observation;
  const used = mask
    ? { data: counts.data.map((count, index) => (mask.data[index] === 0 ? 0 : count)), shape: counts.shape }
    : counts;
  const { kept, rest } = thinCounts(used, fraction, seed);
  const part = (photons: SkyImage, factor: number): Observation => ({
    ...observation,
    counts: photons,
    exposure: scaled(exposure, factor, counts),
  });
  return { kept: part(kept, fraction), heldOut: part(rest, 1 - fraction) };
}

/** `thinObservation` for several, each by random numbers of its own. */
export function thinObservations(
  observations: readonly Observation[],
  fraction: number,
  seed: number,
): ThinnedObservation[] {
  return observations.map((observation, index) =>
    thinObservation(observation, fraction, (seed + 0x9e3779b9 * index) % 2 ** 53),
  );
}

function scaled(exposure: SkyImage | undefined, factor: number, { data, shape }: SkyImage): SkyImage {
  if (exposure === undefined) return { data: new Float64Array(data.length).fill(factor), shape };
  return { data: exposure.data.map((value) => factor * value), shape: exposure.shape };
}
