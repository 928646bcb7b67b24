import type { CheckedObservation } from "../data/check-observation.js";
import { imageSum, type SkyImage } from "../image.js";
import type { ForwardModel } from "./forward-model.js";
import { ontoSky } from "./sky-grid.js";

/** Where the counts of one observation went; the fields of `CountsLedger` in a result. */
export interface LedgerEntry {
  readonly name: string;
  /** Observed counts in the pixels in use. */
  readonly observed: number;
  /** Expected counts from the source image in the pixels in use, with posterior standard deviation. */
  readonly source: number;
  readonly sourceStd: number;
  /** Expected counts from the background in the pixels in use. */
  readonly background: number;
  /** Expected source photons that the exposure collects but that land outside the pixels in use. */
  readonly lost: number;
}

/** What `ledgerEntry` needs besides the observation. */
export interface LedgerInputs {
  /** Posterior mean flux `[ny, nx]`. */
  readonly flux: SkyImage;
  /** `exposure * q` of the observation `[ny, nx]`, from `detectedExposure`. */
  readonly detected: SkyImage;
  /** Posterior mean of the background scale; default 1. */
  readonly scale?: number;
  /** Posterior standard deviation of `expectedSourceCounts`, or NaN (default) when unknown. */
  readonly sourceStd?: number;
}

/**
 * Expected source counts of an observation in its pixels in use, `sum_j exposure[j] q[j] flux[j]`; for the mean image or any
 * draw.
 *
 * @param flux `ny * nx` values
 * @param detected `exposure * q` `[ny, nx]`
 */
export function expectedSourceCounts(flux: ArrayLike<number>, detected: SkyImage): number {
  let sum = 0;
  for (let index = 0; index < detected.data.length; index++) sum += detected.data[index] * flux[index];
  return sum;
}

/**
 * The ledger of one observation: `observed` is near `source + background`, and `source + lost` is what the exposure
 * collects.
 *
 * @param observation as `checkObservation` returns it
 */
export function ledgerEntry(observation: CheckedObservation, inputs: LedgerInputs): LedgerEntry {
  const { flux, detected, scale = 1, sourceStd = Number.NaN } = inputs;
  const { exposure } = observation;
  let lost = 0;
  for (let index = 0; index < flux.data.length; index++) {
    lost += (exposure.data[index] - detected.data[index]) * flux.data[index];
  }
  return {
    name: observation.name,
    observed: imageSum(observation.counts),
    source: expectedSourceCounts(flux.data, detected),
    sourceStd,
    background: scale * expectedSourceCounts(observation.background.data, detected),
    lost,
  };
}

/** The ledgers of all observations on a sky of any grid, to be asked for many images. */
export function skyLedgers(model: ForwardModel) {
  const { observations, grid, boundary, options } = model;
  const background = model.backgroundCounts();
  const pixels = model.shape[0] * model.shape[1];
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < b.length; i++) sum += a[i] * b[i];
    return sum;
  };
  return observations.map((observation, index) => {
    const { mask, counts } = observation;
    const weights = mask ? mask.data : new Float64Array(counts.data.length).fill(1);
    const seen = new Float64Array(pixels);
    model.backProject(
      observations.map((other, m) => (m === index ? weights : new Float64Array(other.counts.data.length))),
      seen,
    );
    const offset = options.offsets?.[index] ?? { x: 0, y: 0 };
    const exposure = ontoSky(observation.exposure, grid, offset, boundary).data;
    return {
      detected: seen,
      entry: ({ data }: SkyImage, scale: number, sourceStd: number): LedgerEntry => {
        const source = dot(data, seen);
        return {
          name: observation.name,
          observed: dot(counts.data, weights),
          source,
          sourceStd,
          background: scale * background[index],
          lost: dot(data, exposure) - source,
        };
      },
    };
  });
}
