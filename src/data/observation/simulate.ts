import { InvalidInputError } from "../../errors.js";
import { constantImage, type SkyImage } from "../../image.js";
import { checkNames, type NamesOf } from "../../known-names.js";
import { drawPoisson } from "../random/poisson.js";
import { randomStream } from "../random/random.js";
import { type Boundary, checkBoundary } from "./boundary.js";
import { checkMask, checkSkyImage } from "./check-image.js";
import { convolve } from "./convolution.js";
import { normalisePsf } from "./psf.js";
import { type Psf, psfSet } from "./psf-set.js";

/** Options of `simulateCounts`. */
export interface SimulateCountsOptions {
  /** Exposure, an image `[ny, nx]` or one number for all pixels, >= 0; default 1. */
  readonly exposure?: SkyImage | number;
  /** Background before the psf, in the unit of flux: an image `[ny, nx]` or one number, >= 0; default 0. */
  readonly background?: SkyImage | number;
  /** Whole number in [0, 2^53); default 0. */
  readonly seed?: number;
  /** Default `"spill"`. */
  readonly boundary?: Boundary;
  /** Detector pixels in use, 1 or 0 `[ny, nx]`; the others get 0 counts. Default: all. */
  readonly mask?: SkyImage;
}

const NAMES: NamesOf<SimulateCountsOptions> = {
  ...{ exposure: true, background: true, seed: true, boundary: true, mask: true },
};

/**
 * Simulate counts: Poisson draws of `sum_j psf[i - j + c] * exposure[j] * (flux[j] + background[j])`.
 *
 * The random numbers are drawn in pixel order, masked pixels included, so that a mask changes no other pixel.
 *
 * @param flux true flux `[ny, nx]`, >= 0, expected counts a pixel for unit exposure
 * @param psf any shape, >= 0, or a set; normalised to sum 1 here
 * @returns counts `[ny, nx]`
 * @throws InvalidInputError when an input breaks its rule
 */
export function simulateCounts(flux: SkyImage, psf: Psf, options: SimulateCountsOptions = {}): SkyImage {
  const { seed = 0, boundary = "spill", mask } = options;
  checkNames("simulateCounts", options, Object.keys(NAMES));
  checkBoundary("simulateCounts", boundary);
  const fluxImage = checkSkyImage("simulateCounts", "flux", flux);
  const exposure = imageOption("exposure", options.exposure ?? 1, fluxImage);
  const background = imageOption("background", options.background ?? 0, fluxImage);
  const used = mask === undefined ? undefined : checkMask("simulateCounts", mask, fluxImage.shape);
  const normalised =
    psf.places === undefined
      ? normalisePsf(checkSkyImage("simulateCounts", "psf", psf))
      : psfSet(psf.places, "simulateCounts");

  const collected = fluxImage.data.map(
    (value, index) => exposure.data[index] * (value + background.data[index]),
  );
  const expected = convolve({ data: collected, shape: fluxImage.shape }, normalised, boundary);
  const stream = randomStream(seed);
  const counts = expected.data.map((mean) => drawPoisson(stream, mean));
  if (used) for (let index = 0; index < counts.length; index++) counts[index] *= used.data[index];
  return { data: counts, shape: expected.shape };
}

function imageOption(name: string, value: SkyImage | number, { shape }: SkyImage): SkyImage {
  const image = typeof value === "number" ? constantImage(shape, value) : value;
  return checkSkyImage("simulateCounts", name, image, shape);
}

/** An exposure that rises evenly from `first` at the first row or column to `last` at the last one; one pixel: the mean. */
export function exposureGradient(
  shape: readonly [number, number],
  axis: "rows" | "cols",
  first: number,
  last: number,
): SkyImage {
  if (!(first >= 0 && last >= 0 && Number.isFinite(first) && Number.isFinite(last))) {
    throw new InvalidInputError(
      `exposureGradient: both ends must be finite and >= 0, got ${first}, ${last}; clip them`,
      { fields: { first, last } },
    );
  }
  const image = constantImage(shape, 0);
  const [ny, nx] = shape;
  const steps = (axis === "rows" ? ny : nx) - 1;
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const fraction = steps === 0 ? 0.5 : (axis === "rows" ? row : col) / steps;
      image.data[row * nx + col] = first + (last - first) * fraction;
    }
  }
  return image;
}
