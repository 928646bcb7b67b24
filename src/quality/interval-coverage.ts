import { InvalidInputError } from "../errors.js";
import { imageSum, type SkyImage } from "../image.js";
import { checkPair } from "./image-error.js";

/** How often intervals held the truth. */
export interface IntervalCoverage {
  /** Part of the judged pixels whose interval holds the truth, in [0, 1]; NaN when none was judged. */
  readonly covered: number;
  /** Part of them whose truth lies below the interval, and above it. */
  readonly below: number;
  readonly above: number;
  /** Pixels judged. */
  readonly pixels: number;
}

/** Options of `intervalCoverage`. */
export interface IntervalCoverageOptions {
  /** Pixels to judge `[ny, nx]`: those that are not 0. Default: `brightPixels(truth, 0.9)`. */
  readonly where?: SkyImage;
}

/**
 * Part of the pixels whose interval holds the truth: for a central 68 % interval it should be near 0.68.
 *
 * By default only the brightest pixels are judged that hold 90 % of the true flux: an interval of a flux > 0 can never hold a
 * truth of 0, so that dark sky would say nothing but how much of it there is. Neighbours are correlated: the error of the
 * number is larger than that of as many independent pixels.
 *
 * @param interval lower and upper ends `[ny, nx]`; both ends belong to it
 * @param truth `[ny, nx]`, >= 0
 * @throws InvalidInputError when shapes differ
 */
export function intervalCoverage(
  [lower, upper]: readonly [lower: SkyImage, upper: SkyImage],
  truth: SkyImage,
  { where }: IntervalCoverageOptions = {},
): IntervalCoverage {
  checkPair("intervalCoverage", lower, truth);
  checkPair("intervalCoverage", upper, truth);
  if (where !== undefined) checkPair("intervalCoverage", where, truth);
  const judged = where ?? brightPixels(truth, 0.9);
  let [pixels, covered, below, above] = [0, 0, 0, 0];
  for (let index = 0; index < truth.data.length; index++) {
    if (judged.data[index] === 0) continue;
    pixels++;
    const value = truth.data[index];
    if (value < lower.data[index]) below++;
    else if (value > upper.data[index]) above++;
    else if (value >= lower.data[index] && value <= upper.data[index]) covered++;
  }
  return { covered: covered / pixels, below: below / pixels, above: above / pixels, pixels };
}

/**
 * The fewest pixels that together hold a part of the flux: 1 in the brightest, 0 elsewhere. Pixels as bright as the last one
 * belong to them too.
 *
 * @param image `[ny, nx]`, >= 0
 * @param part of the total, in (0, 1]
 * @throws InvalidInputError for another part
 */
export function brightPixels(image: SkyImage, part: number): SkyImage {
  if (!(part > 0 && part <= 1)) {
    throw new InvalidInputError(`brightPixels: part must lie in (0, 1], got ${part}; 0.9 is a good choice`, {
      fields: { part },
    });
  }
  const sorted = image.data.slice().sort().reverse();
  // What rounding of a sum can hide is not asked for.
  const wanted = part * imageSum(image) * (1 - 1e-12);
  let limit = Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let index = 0; index < sorted.length && sum < wanted; index++) {
    limit = sorted[index];
    sum += limit;
  }
  return { data: image.data.map((value) => Number(value >= limit && value > 0)), shape: image.shape };
}
