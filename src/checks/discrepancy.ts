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

import { type Rings, ringSums } from "../data/observation/radial-profile.js";
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

/** A prediction prepared for many comparisons. Images `[ny, nx]`. */
export interface Prediction {
  readonly shape: Shape;
  /** Expected counts. */
  readonly lambda: Float64Array;
  /** Sum of lambda over the pixels in use. */
  readonly total: number;
  readonly rings: Rings;
  /** Sum of lambda over each ring. */
  readonly ringLambda: Float64Array;
  /** Side of the squares in pixels. */
  readonly side: number;
  /** Sum of lambda over the square whose first pixel it is; 0 where none begins. */
  readonly expected: Float64Array;
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

/** Sums over all rectangles that begin at the first pixel, `[ny + 1, nx + 1]`. */
function rectangleSums(image: Float64Array, [ny, nx]: Shape, mask: SkyImage | undefined): Float64Array {
  const width = nx + 1;
  const out = new Float64Array((ny + 1) * width);
  for (let row = 0; row < ny; row++) {
    let sum = 0;
    for (let col = 0; col < nx; col++) {
      const index = row * nx + col;
      if (mask === undefined || mask.data[index] !== 0) sum += image[index];
      out[(row + 1) * width + col + 1] = out[row * width + col + 1] + sum;
    }
  }
  return out;
}

/** Prepare a prediction. The arrays of `lambda` and `rings` are used, not copied. */
export function preparePrediction(
  lambda: SkyImage,
  mask: SkyImage | undefined,
  rings: Rings,
  side: number,
): Prediction {
  const { data, shape } = lambda;
  const [ny, nx] = shape;
  let total = 0;
  for (let index = 0; index < data.length; index++) if (mask?.data[index] !== 0) total += data[index];
  const ringLambda = new Float64Array(rings.count);
  ringSums(data, rings, ringLambda);
  const sums = rectangleSums(data, shape, mask);
  const expected = new Float64Array(data.length);
  const width = nx + 1;
  for (let row = 0; row + side <= ny; row++) {
    for (let col = 0; col + side <= nx; col++) {
      const a = row * width + col;
      const b = a + side * width;
      expected[row * nx + col] = sums[b + side] - sums[b] - sums[a + side] + sums[a];
    }
  }
  return { shape, lambda: data, total, rings, ringLambda, side, expected };
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
