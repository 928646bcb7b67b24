import type { CheckedObservation } from "../data/observation/check-observation.js";
import { checkObservations } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { halfDeviance } from "../data/random/poisson.js";
import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { framePrediction } from "../model/frame-prediction.js";
import { cash, cstat, residuals } from "../model/predicted-counts.js";
import { frameShape } from "../model/sky-grid.js";
import { withMeanPsfs } from "../posterior/drawn-psf.js";
import type { PosteriorSummary } from "../posterior/result.js";
import { meanBackgroundScale } from "../posterior/summary.js";
import type { ParameterSource, ParameterTrace } from "../posterior/trace.js";

/** How one observation compares with the posterior mean. */
export interface ModelCheck {
  readonly observation: CheckedObservation;
  /** Expected counts of the posterior mean `[ny, nx]`. */
  readonly predicted: SkyImage;
  /** Signed root of the deviance of each pixel, see `residuals`. */
  readonly sigma: SkyImage;
  readonly observed: number;
  readonly expected: number;
  readonly cash: number;
  readonly cstat: number;
  /** Pixels in use. */
  readonly pixels: number;
  /** Of these, pixels more than 3 sigma away. */
  readonly beyond3: number;
  /** How many there would be on average if the prediction were the truth. */
  readonly beyond3Expected: number;
  /** Pixel that is farthest away. */
  readonly worst: { readonly x: number; readonly y: number; readonly sigma: number };
}

/**
 * Compare observations with the expected counts of the posterior mean; the model is linear, so these are the posterior mean
 * of the expected counts. Of a psf that was drawn it is the mean, and the expected counts are so but for what image and psf share.
 *
 * @throws InvalidInputError when an observation is not valid or does not fit the result
 */
export function checkModel(
  { mean, config, ledger, sky }: Pick<PosteriorSummary, "mean" | "config" | "ledger" | "sky">,
  parameters: ParameterTrace | ParameterSource,
  given: readonly Observation[],
): ModelCheck[] {
  const { boundary } = config;
  const { observations: checked } = checkObservations(given, { boundary });
  const observations = withMeanPsfs(checked, parameters);
  if (observations.length !== ledger.length) {
    throw new InvalidInputError(
      `checkModel: observations must be those of the result, ${ledger.length}, got ${observations.length}; give all of them in order`,
      { fields: { observations: observations.length, expected: ledger.length } },
    );
  }
  return observations.map((observation, index) => {
    const { counts, mask, name } = observation;
    const model = framePrediction(observation, { ...config, ...(sky && { sky }) }, "checkModel");
    const frame = frameShape(model.grid);
    if (frame[0] !== mean.shape[0] || frame[1] !== mean.shape[1]) {
      throw new InvalidInputError(
        `checkModel: counts of ${name} must have the shape of the result, [${mean.shape.join(", ")}], got ` +
          `[${frame.join(", ")}]; give the same cut-out as for the run`,
        { fields: { shape: frame, expected: mean.shape } },
      );
    }
    const scale = meanBackgroundScale(parameters, index, observations.length);
    const predicted = model.predict(mean.data, scale);
    const { sigma } = residuals(counts, predicted, mask);
    let [observed, expected, pixels, beyond3, beyond3Expected] = [0, 0, 0, 0, 0];
    let worst = { x: 0, y: 0, sigma: 0 };
    for (const [pixel, value] of sigma.data.entries()) {
      if (mask?.data[pixel] === 0) continue;
      pixels++;
      observed += counts.data[pixel];
      expected += predicted.data[pixel];
      if (Math.abs(value) > 3) beyond3++;
      beyond3Expected += chanceBeyond3(predicted.data[pixel]);
      if (Math.abs(value) > Math.abs(worst.sigma)) {
        worst = { x: pixel % counts.shape[1], y: Math.floor(pixel / counts.shape[1]), sigma: value };
      }
    }
    return {
      observation,
      predicted,
      sigma,
      observed,
      expected,
      cash: cash(counts, predicted, mask),
      cstat: cstat(counts, predicted, mask),
      pixels,
      beyond3,
      beyond3Expected,
      worst,
    };
  });
}

/** Expectation from which on the deviance's root is taken for normal. */
const MANY = 200;

/**
 * Probability that a Poisson number lies more than 3 sigma (roots of the deviance) from its expectation. A sum over the numbers
 * that may occur; 0.0027, the value of the normal law, from 200 on.
 */
export function chanceBeyond3(expected: number): number {
  if (!(expected > 0)) return 0;
  if (expected > MANY) return 0.0027;
  let probability = Math.exp(-expected);
  let beyond = 0;
  for (let count = 0; count < expected + 20 * Math.sqrt(expected) + 30; count++) {
    if (count > 0) probability *= expected / count;
    if (2 * halfDeviance(count, expected) > 9) beyond += probability;
  }
  return beyond;
}
