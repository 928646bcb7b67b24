import { checkChoice } from "../choice.js";
import { gaussianProfile } from "../data/observation/psf.js";
import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { checkPair } from "./image-error.js";

/** Options of `structuralSimilarity`. */
export interface StructuralSimilarityOptions {
  /**
   * How the pixels of a window count: `"gaussian"` (default), a round Gaussian of sigma 1.5 on 11 x 11 pixels, as in the paper;
   * `"uniform"`, all alike on 7 x 7 pixels, which is cheaper and fits smaller images.
   */
  readonly weights?: "gaussian" | "uniform";
  /** Pixels on each side of the window, odd; default 11 or 7. */
  readonly size?: number;
  /** Dynamic range L of the images, > 0; default the largest value of the truth minus its smallest. */
  readonly range?: number;
}

/** Constants of the paper: K1 and K2 keep the ratios finite where means or variances are near 0. */
const K1 = 0.01;
const K2 = 0.03;
const SIGMA = 1.5;

/**
 * Mean structural similarity of an image and the truth (Wang, Bovik, Sheikh & Simoncelli 2004, IEEE Transactions on Image
 * Processing 13, 600, equations 13 to 17): over all windows that lie within the image, the mean of
 *
 *     (2 mx my + C1) (2 sxy + C2) / ((mx^2 + my^2 + C1) (sx^2 + sy^2 + C2)),   C1 = (0.01 L)^2, C2 = (0.03 L)^2
 *
 * with weighted means m, variances s^2 and covariance sxy of the window (divided by the sum of weights, not one less). 1 for
 * the truth itself. The number depends on the dynamic range L: an image that is empty but for a bright point has windows that
 * differ by nothing but noise far below L, and they count as equal.
 *
 * @param image `[ny, nx]`
 * @param truth `[ny, nx]`
 * @returns in [-1, 1]
 * @throws InvalidInputError when shapes differ, the window does not fit, or the range is not > 0
 */
export function structuralSimilarity(
  image: SkyImage,
  truth: SkyImage,
  options: StructuralSimilarityOptions = {},
): number {
  checkPair("structuralSimilarity", image, truth);
  const { weights: weighting = "gaussian", size = weighting === "uniform" ? 7 : 11 } = options;
  const [ny, nx] = truth.shape;
  checkChoice("structuralSimilarity: weights", weighting, ["gaussian", "uniform"]);
  if (!Number.isInteger(size) || size < 1 || size % 2 === 0 || size > ny || size > nx) {
    throw new InvalidInputError(
      `structuralSimilarity: size must be an odd whole number of pixels that fits into ${ny} x ${nx}, got ${size}; ` +
        'smaller images need a smaller size, for example weights "uniform" with size 3',
      { fields: { size, shape: truth.shape } },
    );
  }
  const range = options.range ?? rangeOf(truth);
  if (!(range > 0 && range < Number.POSITIVE_INFINITY)) {
    throw new InvalidInputError(
      `structuralSimilarity: range must be a finite number > 0, got ${range}; a flat truth has none, give it`,
      { fields: { range } },
    );
  }
  const profile =
    weighting === "uniform"
      ? new Float64Array(size).fill(1)
      : gaussianProfile(size, (size - 1) / 2, SIGMA, 1);
  const c1 = (K1 * range) ** 2;
  const c2 = (K2 * range) ** 2;
  const mean = (value: (index: number) => number) => windowMeans(value, [ny, nx], profile);
  const { data: x } = image;
  const { data: y } = truth;
  const mx = mean((index) => x[index]);
  const my = mean((index) => y[index]);
  const xx = mean((index) => x[index] * x[index]);
  const yy = mean((index) => y[index] * y[index]);
  const xy = mean((index) => x[index] * y[index]);
  let sum = 0;
  for (let index = 0; index < mx.length; index++) {
    const [a, b] = [mx[index], my[index]];
    // Rounding may leave a hair below 0.
    const variances = Math.max(0, xx[index] - a * a) + Math.max(0, yy[index] - b * b);
    const covariance = xy[index] - a * b;
    sum += ((2 * a * b + c1) * (2 * covariance + c2)) / ((a * a + b * b + c1) * (variances + c2));
  }
  return sum / mx.length;
}

function rangeOf({ data }: SkyImage): number {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return most - least;
}

/** Weighted means over all windows within the image, columns first, then rows. */
function windowMeans(
  value: (index: number) => number,
  [ny, nx]: readonly [number, number],
  weights: Float64Array,
): Float64Array {
  const size = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const [rows, cols] = [ny - size + 1, nx - size + 1];
  const across = new Float64Array(ny * cols);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < cols; col++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += weights[k] * value(row * nx + col + k);
      across[row * cols + col] = sum / total;
    }
  }
  const means = new Float64Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += weights[k] * across[(row + k) * cols + col];
      means[row * cols + col] = sum / total;
    }
  }
  return means;
}
