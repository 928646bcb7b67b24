/**
 * Discrepancies: numbers that say how far counts are from a prediction, each blind to something else.
 *
 * With counts d, prediction lambda, Pearson residuals r = (d - lambda) / sqrt(lambda), sums over the pixels in use:
 *
 * | name | formula | sees |
 * |---|---|---|
 * | total | sum d | lost or invented photons |
 * | maximum | max d | a peak that is too sharp or too flat |
 * | pearson | sum r^2 | scatter that is not Poisson |
 * | cash | 2 sum (lambda - d ln lambda) (Cash 1979) | counts that avoid, or crowd, the bright pixels |
 * | cstat | 2 sum (lambda - d + d ln (d / lambda)) | as pearson, less moved by faint pixels |
 * | neighbours | sum over adjacent pixels of r_i r_j | structure of a few pixels that the model lacks |
 * | patches | sum over overlapping squares B of (d(B) - lambda(B))^2 / lambda(B) | structure as wide as the psf |
 * | profile | sum over rings A of (d(A) - lambda(A))^2 / lambda(A) | a wrong psf, about the brightest pixel |
 */

import { naturalLog } from "../data/exponential.js";
import { type Rings, ringSums } from "../data/radial-profile.js";
import type { Shape, SkyImage } from "../image.js";

/** Names of all discrepancies, in the order in which they are computed. */
export const DISCREPANCIES = [
  "total",
  "maximum",
  "pearson",
  "cash",
  "cstat",
  "neighbours",
  "patches",
  "profile",
] as const;

/** Name of a discrepancy; the table in the documentation says what each one is. */
export type DiscrepancyName = (typeof DISCREPANCIES)[number];

/** A prediction prepared for many comparisons. */
export interface Prediction {
  readonly shape: Shape;
  /** Expected counts `[ny, nx]`. */
  readonly lambda: Float64Array;
  /** `ln lambda`; -Infinity where nothing is expected. */
  readonly logLambda: Float64Array;
  /** `1 / sqrt(lambda)`; 0 where nothing is expected and in pixels not in use. */
  readonly weight: Float64Array;
  /** Sum of lambda over the pixels in use. */
  readonly total: number;
  readonly mask: SkyImage | undefined;
  readonly rings: Rings;
  /** Sum of lambda over each ring. */
  readonly ringLambda: Float64Array;
  /** Side of the squares in pixels. */
  readonly side: number;
  /** Sums of lambda over all rectangles from the first pixel `[ny + 1, nx + 1]`. */
  readonly lambdaSums: Float64Array;
}

/** Memory for `discrepancies`, and its result. */
export interface DiscrepancyScratch {
  /** Values in the order of `DISCREPANCIES`. */
  readonly values: Float64Array;
  readonly residual: Float64Array;
  readonly ringCounts: Float64Array;
  readonly countSums: Float64Array;
}

/** Memory for images of a shape. */
export function discrepancyScratch([ny, nx]: Shape, rings: number): DiscrepancyScratch {
  return {
    values: new Float64Array(DISCREPANCIES.length),
    residual: new Float64Array(ny * nx),
    ringCounts: new Float64Array(rings),
    countSums: new Float64Array((ny + 1) * (nx + 1)),
  };
}

/** Sums over all rectangles that begin at the first pixel, `[ny + 1, nx + 1]`. */
function rectangleSums(image: Float64Array, [ny, nx]: Shape, mask: SkyImage | undefined, out: Float64Array) {
  const width = nx + 1;
  for (let row = 0; row < ny; row++) {
    let sum = 0;
    for (let col = 0; col < nx; col++) {
      const index = row * nx + col;
      if (mask === undefined || mask.data[index] !== 0) sum += image[index];
      out[(row + 1) * width + col + 1] = out[row * width + col + 1] + sum;
    }
  }
}

/**
 * Side of the squares of `patches`: that of a square with the area `1 / sum psf^2` in which the psf gathers its light, halved,
 * so that the core of the psf fills one and its wings the next; at least 2 pixels, at most the image.
 *
 * @param psf sum 1
 */
export function patchSide(psf: SkyImage, [ny, nx]: Shape): number {
  let squares = 0;
  for (const value of psf.data) squares += value * value;
  return Math.max(1, Math.min(ny, nx, Math.max(2, Math.round(0.5 / Math.sqrt(squares)))));
}

/** Prepare a prediction. The arrays of `lambda` and `rings` are used, not copied. */
export function preparePrediction(
  lambda: SkyImage,
  mask: SkyImage | undefined,
  rings: Rings,
  side: number,
): Prediction {
  const { data, shape } = lambda;
  const weight = new Float64Array(data.length);
  const logLambda = new Float64Array(data.length);
  let total = 0;
  for (let index = 0; index < data.length; index++) {
    const value = data[index];
    logLambda[index] = value > 0 ? naturalLog(value) : Number.NEGATIVE_INFINITY;
    if (mask?.data[index] === 0) continue;
    total += value;
    if (value > 0) weight[index] = 1 / Math.sqrt(value);
  }
  const ringLambda = new Float64Array(rings.count);
  ringSums(data, rings, ringLambda);
  const lambdaSums = new Float64Array((shape[0] + 1) * (shape[1] + 1));
  rectangleSums(data, shape, mask, lambdaSums);
  return { shape, lambda: data, logLambda, weight, total, mask, rings, ringLambda, side, lambdaSums };
}

/** `d ln d` for counts; small ones from a table. */
const SMALL_LOGS = Float64Array.from({ length: 256 }, (_, d) => (d === 0 ? 0 : d * naturalLog(d)));

/**
 * All discrepancies of counts from a prediction; the result is left in `scratch.values`.
 *
 * Infinite where a formula divides by an expectation of 0 while there are counts.
 *
 * @param counts `[ny, nx]`, pixels that are not in use do not matter
 */
export function discrepancies(
  counts: Float64Array,
  prediction: Prediction,
  scratch: DiscrepancyScratch,
): void {
  const { shape, lambda, logLambda, weight, total, mask, rings, ringLambda, side, lambdaSums } = prediction;
  const { values, residual, ringCounts, countSums } = scratch;
  const [ny, nx] = shape;
  let sum = 0;
  let maximum = 0;
  let pearson = 0;
  let alongLambda = 0;
  let alongCounts = 0;
  for (let index = 0; index < counts.length; index++) {
    if (mask !== undefined && mask.data[index] === 0) {
      residual[index] = 0;
      continue;
    }
    const count = counts[index];
    const distance = (count - lambda[index]) * weight[index];
    residual[index] = distance;
    pearson += distance * distance;
    if (count === 0) continue;
    sum += count;
    if (count > maximum) maximum = count;
    alongLambda += count * logLambda[index];
    alongCounts += count < 256 ? SMALL_LOGS[count] : count * naturalLog(count);
  }
  if (alongLambda === Number.NEGATIVE_INFINITY) pearson = Number.POSITIVE_INFINITY;

  let neighbours = 0;
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const index = row * nx + col;
      let others = 0;
      if (col + 1 < nx) others += residual[index + 1];
      if (row + 1 < ny) others += residual[index + nx];
      neighbours += residual[index] * others;
    }
  }

  rectangleSums(counts, shape, mask, countSums);
  const width = nx + 1;
  let patches = 0;
  const least = 1e-12 * total; // differences of sums are no more exact than that
  for (let row = 0; row + side <= ny; row++) {
    for (let col = 0; col + side <= nx; col++) {
      const a = row * width + col;
      const b = a + side * width;
      const expected = lambdaSums[b + side] - lambdaSums[b] - lambdaSums[a + side] + lambdaSums[a];
      if (!(expected > least)) continue;
      const difference = countSums[b + side] - countSums[b] - countSums[a + side] + countSums[a] - expected;
      patches += (difference * difference) / expected;
    }
  }

  ringSums(counts, rings, ringCounts);
  let profile = 0;
  for (let ring = 0; ring < rings.count; ring++) {
    const expected = ringLambda[ring];
    if (!(expected > 0)) continue;
    const difference = ringCounts[ring] - expected;
    profile += (difference * difference) / expected;
  }

  values[0] = sum;
  values[1] = maximum;
  values[2] = pearson;
  values[3] = 2 * (total - alongLambda);
  values[4] = 2 * (total - sum + alongCounts - alongLambda);
  values[5] = neighbours;
  values[6] = patches;
  values[7] = profile;
}

/**
 * `"posterior"`: the counts that were fitted are compared. `p` then is conservative, it gathers about 1/2 and
 * P(p <= a) <= 2 a (Meng 1994), and `uniformP` is that of one draw picked by the seed.
 * `"held-out"`: counts that the fit has not seen, compared with the predictive mean; `p` itself is uniform up to ties.
 * `"point source"`: as posterior, under the hypothesis of `pointSource`.
 */
export type PredictiveKind = "posterior" | "held-out" | "point source";

/** One discrepancy, observed and replicated. */
export interface DiscrepancyCheck {
  readonly name: DiscrepancyName;
  /** T(observed counts, draw), mean over the draws used. */
  readonly observed: number;
  /** T(replicated counts, draw): mean and standard deviation over all replicates. */
  readonly replicated: { readonly mean: number; readonly std: number };
  /**
   * Probability that replicated counts are at least as discrepant as the observed, T(rep) >= T(obs) (Gelman, Meng & Stern 1996,
   * eq. 6); near 0 or near 1 is bad.
   */
  readonly p: number;
  /** Monte Carlo standard error of `p`. */
  readonly pError: number;
  /** `2 min(P(T(rep) >= T(obs)), P(T(rep) <= T(obs)))`, at most 1; small is bad. */
  readonly twoSided: number;
  /** One-sided p, ties broken at random, that is uniform when the model is right (see `PredictiveCheck.kind`). */
  readonly uniformP: number;
  readonly flagged: boolean;
}
