import type { CheckedObservation } from "../data/observation/check-observation.js";
import type { CountsLedger } from "../data/observation/counts-ledger.js";
import { imageSum, type SkyImage } from "../image.js";
import type { ForwardModel } from "./forward-model.js";
import { frameImage, frameOf, ontoSky, type SkyGrid } from "./sky-grid.js";

/** What `ledgerEntry` needs besides the observation. */
export interface LedgerInputs {
  readonly grid: SkyGrid;
  /** Posterior mean flux `[ny, nx]` of the sky. */
  readonly flux: SkyImage;
  /** Exposure of the observation `[ny, nx]` of the sky, and times the probability to be detected, as `skyObservations` has them. */
  readonly exposure: SkyImage;
  readonly detected: SkyImage;
  /** Expected counts of the background in the pixels in use at scale 1. */
  readonly backgroundCounts: number;
  /** Posterior mean of the background scale; default 1. */
  readonly scale?: number;
  /** Posterior standard deviation of the source counts, or NaN (default) when unknown. */
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
 * The ledger of one observation: `observed` is near `source + background + outside`, and `source + lost` is what the exposure
 * collects from the frame.
 *
 * @param observation as `checkObservation` returns it
 */
export function ledgerEntry(
  { name, counts }: CheckedObservation,
  { grid, flux, exposure, detected, backgroundCounts, scale = 1, sourceStd = Number.NaN }: LedgerInputs,
): CountsLedger {
  const seen = frameImage(detected, grid);
  const light = frameOf(flux.data, grid);
  const collected = frameOf(exposure.data, grid);
  let lost = 0;
  for (let index = 0; index < light.length; index++) {
    lost += (collected[index] - seen.data[index]) * light[index];
  }
  const source = expectedSourceCounts(light, seen);
  return {
    name,
    observed: imageSum(counts),
    source,
    sourceStd,
    background: scale * backgroundCounts,
    lost,
    ...(grid.margin === 0 ? {} : { outside: expectedSourceCounts(flux.data, detected) - source }),
  };
}

/** The ledgers of all observations of a model, to be asked for many images. */
export function skyLedgers(model: ForwardModel) {
  const { observations, grid, boundary, options, shape } = model;
  const background = model.backgroundCounts();
  return observations.map((observation, index) => {
    const { mask, counts } = observation;
    const weights = mask ? mask.data : new Float64Array(counts.data.length).fill(1);
    const detected: SkyImage = { data: new Float64Array(shape[0] * shape[1]), shape };
    model.backProject(
      observations.map((other, m) => (m === index ? weights : new Float64Array(other.counts.data.length))),
      detected.data,
    );
    const offset = options.offsets?.[index] ?? { x: 0, y: 0 };
    const exposure = ontoSky(observation.exposure, grid, offset, boundary);
    const backgroundCounts = background[index];
    return {
      /** Expected counts in the pixels in use for unit flux of each pixel of the frame. */
      detected: frameOf(detected.data, grid),
      /** Of the mean of the whole sky. */
      entry: (flux: SkyImage, scale: number, sourceStd: number): CountsLedger =>
        ledgerEntry(observation, { flux, detected, exposure, backgroundCounts, grid, scale, sourceStd }),
    };
  });
}
