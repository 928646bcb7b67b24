import { checkSameShape, imageSum, type SkyImage } from "../image.js";

/** Check that an image and the truth can be compared. */
export function checkPair(where: string, image: SkyImage, truth: SkyImage): void {
  checkSameShape(`${where}: image`, image, "the truth", truth, "cut or bin them alike");
}

/**
 * Error of an image, over the size of the truth:
 *
 *     sqrt( sum (image - truth)^2 / sum truth^2 )
 *
 * 0 for the truth itself, 1 for an empty image. Of the usual ways to normalise a root mean square error this is the one
 * by the Euclidean norm (Fienup 1997, Applied Optics 36, 8352, without his scale factor), which has no favourite pixels: the
 * brightest count most.
 *
 * @param image `[ny, nx]`
 * @param truth `[ny, nx]`, not all 0
 * @returns >= 0; NaN when the truth is 0 everywhere
 * @throws InvalidInputError when the shapes differ
 */
export function normalisedRmsError(image: SkyImage, truth: SkyImage): number {
  checkPair("normalisedRmsError", image, truth);
  let squares = 0;
  let power = 0;
  for (let index = 0; index < truth.data.length; index++) {
    squares += (image.data[index] - truth.data[index]) ** 2;
    power += truth.data[index] ** 2;
  }
  return power > 0 ? Math.sqrt(squares / power) : Number.NaN;
}

/**
 * Relative error of the total flux: `sum image / sum truth - 1`, 0 when no flux is lost or made.
 *
 * @param image `[ny, nx]`
 * @param truth `[ny, nx]`, of a sum > 0
 * @returns > -1 for images >= 0; NaN when the truth sums to 0
 * @throws InvalidInputError when the shapes differ
 */
export function fluxBias(image: SkyImage, truth: SkyImage): number {
  checkPair("fluxBias", image, truth);
  const total = imageSum(truth);
  return total > 0 ? imageSum(image) / total - 1 : Number.NaN;
}
