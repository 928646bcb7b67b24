import type { Boundary } from "../data/observation/boundary.js";
import { checkLayout } from "../data/observation/check-image.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { convolve } from "../data/observation/convolution.js";
import { naturalLog } from "../data/random/exponential.js";
import { halfDeviance } from "../data/random/poisson.js";
import type { SkyImage } from "../image.js";

/** Options of `predictedCounts`. */
export interface PredictedCountsOptions {
  readonly boundary: Boundary;
  /** Scale of the background, >= 0; default 1. */
  readonly scale?: number;
}

/**
 * Expected counts of an observation: `sum_j psf[i - j + c] * exposure[j] * (flux[j] + scale * background[j])`.
 *
 * @param flux `[ny, nx]`, expected counts a pixel for unit exposure
 * @param observation as `checkObservation` returns it; its counts are not used
 * @returns lambda `[ny, nx]`; in masked pixels what would be expected if they were in use
 */
export function predictedCounts(
  flux: SkyImage,
  { psf, exposure, background }: Pick<CheckedObservation, "psf" | "exposure" | "background">,
  { boundary, scale = 1 }: PredictedCountsOptions,
): SkyImage {
  const source = flux.data.map(
    (value, index) => exposure.data[index] * (value + scale * background.data[index]),
  );
  return convolve({ data: source, shape: flux.shape }, psf, boundary);
}

/** @throws InvalidInputError unless images have the shape of the counts */
function checkShapes(
  where: string,
  counts: SkyImage,
  images: Readonly<Record<string, SkyImage | undefined>>,
): void {
  checkLayout(where, "counts", counts);
  for (const [name, image] of Object.entries(images))
    if (image !== undefined) checkLayout(where, name, image, counts.shape);
}

/** How counts differ from their prediction, pixel by pixel. */
export interface Residuals {
  /** Counts minus prediction `[ny, nx]`; NaN in masked pixels. */
  readonly counts: SkyImage;
  /**
   * The same in standard deviations `[ny, nx]`: the signed square root of the deviance of the pixel, whose law is much
   * closer to a unit normal at low counts than that of `(counts - predicted) / sqrt(predicted)`. NaN in masked
   * pixels; infinite for counts where none are predicted.
   */
  readonly sigma: SkyImage;
}

/**
 * Residuals of counts against a prediction.
 *
 * @param counts `[ny, nx]`
 * @param predicted `[ny, nx]`, from `predictedCounts`
 * @param mask detector pixels in use, 1 or 0 `[ny, nx]`; default all
 */
export function residuals(counts: SkyImage, predicted: SkyImage, mask?: SkyImage): Residuals {
  checkShapes("residuals", counts, { predicted, mask });
  const difference = new Float64Array(counts.data.length).fill(Number.NaN);
  const sigma = new Float64Array(counts.data.length).fill(Number.NaN);
  for (let index = 0; index < difference.length; index++) {
    if (mask?.data[index] === 0) continue;
    const observed = counts.data[index];
    const expected = predicted.data[index];
    difference[index] = observed - expected;
    const distance = Math.sqrt(2 * halfDeviance(observed, expected));
    sigma[index] = observed < expected ? -distance : distance;
  }
  return { counts: { data: difference, shape: counts.shape }, sigma: { data: sigma, shape: counts.shape } };
}

/**
 * The Cash statistic `2 sum(predicted - counts ln predicted)` over the pixels in use (Cash 1979, ApJ 228, 939): minus
 * twice the log-likelihood, up to a constant of the data. Infinity when counts lie where none are predicted.
 */
export function cash(counts: SkyImage, predicted: SkyImage, mask?: SkyImage): number {
  checkShapes("cash", counts, { predicted, mask });
  let sum = 0;
  for (let index = 0; index < counts.data.length; index++) {
    if (mask?.data[index] === 0) continue;
    const observed = counts.data[index];
    const expected = predicted.data[index];
    sum += observed === 0 ? expected : expected - observed * naturalLog(expected);
  }
  return 2 * sum;
}

/**
 * The C statistic `2 sum(predicted - counts + counts ln(counts / predicted))` over the pixels in use: the deviance, near
 * the number of pixels for a good model of many counts a pixel, and 0 for a perfect one.
 */
export function cstat(counts: SkyImage, predicted: SkyImage, mask?: SkyImage): number {
  checkShapes("cstat", counts, { predicted, mask });
  let sum = 0;
  for (let index = 0; index < counts.data.length; index++) {
    if (mask?.data[index] === 0) continue;
    sum += halfDeviance(counts.data[index], predicted.data[index]);
  }
  return 2 * sum;
}
