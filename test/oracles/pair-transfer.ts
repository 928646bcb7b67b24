/**
 * The density that transfers between two pixels must leave invariant, computed from the whole image each time.
 *
 * The image x = E0 flux `[ny, nx]`, counts at the reference exposure, given the data, alpha and the shift:
 *
 *     log p(x | d, alpha, s) = log p(x | alpha, s) + sum_m sum_i (d log lambda - lambda)
 *
 * The prior is stated for the total T and the fractions f of the blocks. As a density in the pixels of x a block of k
 * children with parent X has the Jacobian X^-(k - 1), since x_c = X f_c. (Collected by nodes this is
 * `prod x^(alpha_0 - 1) prod X^(alpha_l - k alpha_{l-1}) T^(a_T - k alpha_{L-1}) e^(-b_T T)`, k the children of each node.)
 */
import type { Shape } from "../../src/image.js";
import { type GridDistribution, naiveTree } from "./multiscale.js";
import { type TextbookObservation, textbookExpectedCounts, textbookLogLikelihood } from "./textbook-model.js";
import type { BlockAlphas } from "./textbook-prior.js";
import { logGammaFunction } from "./textbook-special.js";

/** The prior of an image: tree, alpha and total. */
export interface ImagePrior {
  readonly shape: Shape;
  /** `[row, col]`: node (row, col) of level 0 is pixel (row + shift row, col + shift col), cyclically. */
  readonly shift: Shape;
  /** Smoothing parameter of each level, finest first, or those of every block's children. */
  readonly alpha: ArrayLike<number> | BlockAlphas;
  /** T ~ Gamma(shape, rate), both > 0. */
  readonly totalCountsPrior: { readonly shape: number; readonly rate: number };
}

/** All that the density of an image depends on. */
export interface ImageModel extends ImagePrior {
  /** As `textbookObservation` returns them. */
  readonly observations: readonly TextbookObservation[];
  /** Scale of each observation's background. */
  readonly backgroundScale: ArrayLike<number>;
  /** E0: x = E0 flux. */
  readonly referenceExposure: number;
}

/**
 * Log prior density of the image, normalised over x in (0, inf)^(ny nx).
 *
 * @param image x = E0 flux `[ny, nx]`, > 0
 */
export function logImagePrior(
  image: ArrayLike<number>,
  { shape, shift, alpha, totalCountsPrior }: ImagePrior,
): number {
  const tree = naiveTree(image, shape, shift);
  const total = tree[tree.length - 1].nodes[0];
  const { shape: a, rate: b } = totalCountsPrior;
  let sum = a * Math.log(b) - logGammaFunction(a) + (a - 1) * Math.log(total) - b * total;
  for (let level = 0; level + 1 < tree.length; level++) {
    tree[level].blocks.forEach((block, index) => {
      // The fraction of an only child is 1.
      if (block.length === 1) return;
      const parent = tree[level + 1].nodes[index];
      const alphas = typeof alpha === "function" ? alpha(level, index) : block.map(() => alpha[level]);
      sum += logGammaFunction(alphas.reduce((all, a) => all + a, 0));
      block.forEach((child, place) => {
        sum -= logGammaFunction(alphas[place]);
        sum += (alphas[place] - 1) * (Math.log(tree[level].nodes[child]) - Math.log(parent));
      });
      sum -= (block.length - 1) * Math.log(parent);
    });
  }
  return sum;
}

/**
 * Log-likelihood `sum_m sum_i (d log lambda - lambda)` of the image.
 *
 * @param image x = E0 flux `[ny, nx]`
 */
export function logImageLikelihood(
  image: ArrayLike<number>,
  { observations, backgroundScale, referenceExposure }: ImageModel,
): number {
  const flux = Float64Array.from(image, (value) => value / referenceExposure);
  let sum = 0;
  observations.forEach((observation, index) => {
    const lambda = textbookExpectedCounts(observation, flux, backgroundScale[index]);
    sum += textbookLogLikelihood(observation, lambda);
  });
  return sum;
}

/**
 * Log density of the image given data, alpha, shift and scales: normalised prior plus log-likelihood. The constants left
 * out depend on the data alone.
 *
 * @param image x = E0 flux `[ny, nx]`, > 0
 */
export function logImageDensity(image: ArrayLike<number>, model: ImageModel): number {
  return logImagePrior(image, model) + logImageLikelihood(image, model);
}

/**
 * The image with the sum of two pixels shared anew: `x[first] = m f`, `x[second] = m (1 - f)` with f = 1 / (1 + e^-z).
 *
 * @returns a new image
 */
export function shareOut(
  image: ArrayLike<number>,
  first: number,
  second: number,
  logitShare: number,
): Float64Array {
  const sum = image[first] + image[second];
  const shared = Float64Array.from(image);
  shared[first] = sum / (1 + Math.exp(-logitShare));
  shared[second] = sum / (1 + Math.exp(logitShare));
  return shared;
}

/**
 * Log density of `z = logit(x[first] / (x[first] + x[second]))` given the sum of the two pixels and all the rest, up to a
 * constant: that of the image plus the Jacobian `log f + log(1 - f)`.
 *
 * @param image x = E0 flux `[ny, nx]`, > 0; of the two pixels only the sum matters
 * @param first index of a pixel
 * @param second index of another
 * @param logitShare z
 */
export function logPairDensity(
  image: ArrayLike<number>,
  first: number,
  second: number,
  logitShare: number,
  model: ImageModel,
): number {
  const jacobian = -Math.log1p(Math.exp(-logitShare)) - Math.log1p(Math.exp(logitShare));
  return logImageDensity(shareOut(image, first, second, logitShare), model) + jacobian;
}

/**
 * The distribution of z with the density `logPairDensity`, on a grid of step 0.01 for |z| < 20 and 0.1 up to `limit`.
 * Between points the logarithm of the density is taken to be linear, which is exact in the tails.
 *
 * @param limit largest |z|; beyond 690 pixels would underflow
 */
export function pairDistribution(
  image: ArrayLike<number>,
  first: number,
  second: number,
  model: ImageModel,
  limit = 600,
): GridDistribution {
  const points: number[] = [];
  const near = Math.min(limit, 20);
  for (let step = Math.round(-10 * limit); step < -10 * near; step++) points.push(step / 10);
  for (let step = Math.round(-100 * near); step < 100 * near; step++) points.push(step / 100);
  for (let step = Math.round(10 * near); step <= Math.round(10 * limit); step++) points.push(step / 10);
  const logs = points.map((z) => logPairDensity(image, first, second, z, model));
  const height = logs.reduce((a, b) => Math.max(a, b));
  const below = new Float64Array(points.length);
  for (let cell = 0; cell + 1 < points.length; cell++) {
    const low = logs[cell] - height;
    const rise = logs[cell + 1] - logs[cell];
    const mean = Math.abs(rise) < 1e-6 ? 1 + rise / 2 : Math.expm1(rise) / rise;
    below[cell + 1] = below[cell] + (points[cell + 1] - points[cell]) * Math.exp(low) * mean;
  }
  const all = below[points.length - 1];
  return { points: Float64Array.from(points), below: below.map((sum) => sum / all) };
}

/** Mean of a function of z under a distribution on a grid; the function is taken at the middle of every cell. */
export function gridMean({ points, below }: GridDistribution, value: (point: number) => number): number {
  let sum = 0;
  for (let cell = 0; cell + 1 < points.length; cell++) {
    sum += (below[cell + 1] - below[cell]) * value((points[cell] + points[cell + 1]) / 2);
  }
  return sum;
}
