import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { Observation } from "./observation.js";
import { randomStream } from "./random.js";

/** One observation as two independent ones. */
export interface ThinnedObservation {
  /** Holds each photon with probability `fraction`; its exposure is `fraction` of the whole. */
  readonly kept: Observation;
  /** The other photons, and the rest of the exposure. */
  readonly heldOut: Observation;
}

/**
 * Split the photons of an observation at random into two independent observations of the same sky: what is Poisson(lambda)
 * becomes Poisson(fraction lambda) and Poisson((1 - fraction) lambda), independent of each other (binomial thinning).
 *
 * @param fraction probability that a photon is kept, between 0 and 1, both excluded
 * @param seed whole number in [0, 2^53)
 * @throws InvalidInputError for a fraction outside (0, 1), or counts that are not whole numbers >= 0
 */
export function thinObservation(
  observation: Observation,
  fraction: number,
  seed: number,
): ThinnedObservation {
  if (!(fraction > 0 && fraction < 1)) {
    throw new InvalidInputError(
      `thinObservation: fraction must lie between 0 and 1, got ${fraction}; 0.5 splits in halves`,
      {
        fields: { fraction },
      },
    );
  }
  const { counts, exposure, mask } = observation;
  const random = randomStream(seed);
  const kept = new Float64Array(counts.data.length);
  const rest = new Float64Array(counts.data.length);
  for (let index = 0; index < kept.length; index++) {
    if (mask?.data[index] === 0) continue;
    const photons = counts.data[index];
    if (!(photons >= 0 && Number.isInteger(photons))) {
      throw new InvalidInputError(
        `thinObservation: counts must be whole numbers >= 0, got ${photons}; give raw counts`,
        {
          fields: { value: photons },
        },
      );
    }
    for (let photon = 0; photon < photons; photon++) {
      if (random.uniform() < fraction) kept[index]++;
    }
    rest[index] = photons - kept[index];
  }
  const part = (data: Float64Array, factor: number): Observation => ({
    ...observation,
    counts: { data, shape: counts.shape },
    exposure: scaled(exposure, factor, counts),
  });
  return { kept: part(kept, fraction), heldOut: part(rest, 1 - fraction) };
}

function scaled(exposure: SkyImage | undefined, factor: number, { data, shape }: SkyImage): SkyImage {
  if (exposure === undefined) return { data: new Float64Array(data.length).fill(factor), shape };
  return { data: exposure.data.map((value) => factor * value), shape: exposure.shape };
}
