import { observationList } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { thinObservations } from "../data/observation/thin-observation.js";
import { InvalidInputError } from "../errors.js";
import { checkSameShape, type SkyImage } from "../image.js";
import { createForwardModel, type ForwardModelOptions } from "../model/forward-model.js";

/** One sky's observations as two independent sets. */
export interface HeldOutSplit {
  /** Photons to deconvolve, with the part of the exposure that belongs to them. */
  readonly training: readonly Observation[];
  /** The others. */
  readonly heldOut: readonly Observation[];
}

/** Options of `splitPhotons`. */
export interface SplitPhotonsOptions {
  /** Part of the photons held out, in (0, 1); default 0.5. */
  readonly fraction?: number;
  /** Whole number in [0, 2^53 - 2^31); default 0. */
  readonly seed?: number;
}

/**
 * Divide the photons of every observation at random into those to deconvolve and those to judge the image by (binomial thinning,
 * see `thinCounts`): given the flux the two parts are independent Poisson counts, for exposures in the same proportion.
 *
 * @throws InvalidInputError for a fraction outside (0, 1), or counts that are not whole numbers >= 0
 */
export function splitPhotons(
  observations: Observation | readonly Observation[],
  { fraction = 0.5, seed = 0 }: SplitPhotonsOptions = {},
): HeldOutSplit {
  if (!(Number.isFinite(fraction) && fraction > 0 && fraction < 1)) {
    throw new InvalidInputError(
      `splitPhotons: fraction must be a number in (0, 1), got ${fraction}; try 0.5`,
      {
        fields: { fraction },
      },
    );
  }
  const parts = thinObservations(observationList(observations), 1 - fraction, seed);
  return { training: parts.map(({ kept }) => kept), heldOut: parts.map(({ heldOut }) => heldOut) };
}

/**
 * How well an image describes photons that it was not made from: their Cash statistic (Cash 1979),
 *
 *     2 sum over pixels in use (lambda - counts ln lambda)
 *
 * The expected value over counts is least for the true sky, and the excess over it is twice the Kullback-Leibler divergence of
 * the prediction: fitted noise raises it, and so does too much smoothing. Only differences between images on the same counts
 * mean something.
 *
 * @param flux image of the sky that `options` describe `[ny, nx]`, >= 0, made from other photons (`splitPhotons`)
 * @param heldOut observations with the photons held out
 * @param options the model, as for the image
 * @returns Infinity when photons came where the image expects none
 * @throws InvalidInputError when the flux does not have the shape of the sky, or observations break a rule
 */
export function heldOutCash(
  flux: SkyImage,
  heldOut: readonly Observation[],
  options: ForwardModelOptions = {},
): number {
  const model = createForwardModel(heldOut, options);
  const remedy = "give the upsampling and margin it was made with";
  checkSameShape("heldOutCash: flux", flux, "the sky", model, remedy);
  return model.cash(flux.data);
}
