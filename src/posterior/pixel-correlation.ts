import { InvalidInputError } from "../errors.js";
import { constantImage, type SkyImage } from "../image.js";
import { asDrawSource, type DrawSource, forEachDraw, type WatchOptions } from "./draw-source.js";
import { type Region, regionPixels, weightedSum } from "./region.js";
import type { ImageTrace } from "./trace.js";

/** Options of `pixelCorrelation`. */
export interface PixelCorrelationOptions extends WatchOptions {
  /** Distance in pixels beyond which nothing is computed, >= 0; default the whole image. */
  readonly radius?: number;
}

/**
 * Correlation of the flux of a pixel with that of the pixels around it, over the kept draws of all chains: which photons the
 * data cannot tell apart. Next to a point source it is negative: flux given to one pixel is taken from the others.
 *
 * Pearson's coefficient `sum (x - mean x)(y - mean y) / sqrt(sum (x - mean x)^2 sum (y - mean y)^2)`, by Welford's updates.
 * Its Monte Carlo error is about `(1 - r^2) / sqrt(ESS)` with the effective sample size of the pixel.
 *
 * @param images kept draws after burn-in, in memory or in a file; read once, draw by draw
 * @param pixel position `(x, y)` of the chosen pixel, whole numbers from 0
 * @returns `[ny, nx]` in [-1, 1], 1 at the pixel; NaN outside the radius, in pixels that never change, and everywhere when
 * the chosen pixel never changes or there are fewer than two draws
 * @throws InvalidInputError when the pixel is not in the image or the radius is negative
 * @throws AbortedError when `signal` says so
 */
export async function pixelCorrelation(
  images: ImageTrace | DrawSource,
  pixel: { readonly x: number; readonly y: number },
  { radius = Number.POSITIVE_INFINITY, ...watch }: PixelCorrelationOptions = {},
): Promise<SkyImage> {
  const source = asDrawSource(images);
  const [ny, nx] = source.shape;
  const { x, y } = pixel;
  if (!Number.isInteger(x) || !Number.isInteger(y) || x < 0 || y < 0 || x >= nx || y >= ny) {
    throw new InvalidInputError(
      `pixelCorrelation: pixel must lie in the image of ${nx} x ${ny}, got (x, y) = (${x}, ${y}); count from 0`,
      { fields: { x, y, shape: source.shape } },
    );
  }
  if (!(radius >= 0)) {
    throw new InvalidInputError(`pixelCorrelation: radius must be >= 0, got ${radius}; give pixels`, {
      fields: { radius },
    });
  }
  const near: number[] = [];
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      if ((row - y) ** 2 + (col - x) ** 2 <= radius * radius) near.push(row * nx + col);
    }
  }
  const chosen = y * nx + x;
  const result = await correlate(source, near, (image) => image[chosen], watch);
  if (!Number.isNaN(result.data[chosen])) result.data[chosen] = 1;
  return result;
}

/**
 * Correlation of the flux of a region with that of every pixel, over the kept draws of all chains: pixels outside with which the region
 * shares its photons are negative. As `pixelCorrelation` otherwise.
 *
 * @param images kept draws after burn-in, in memory or in a file; read once, draw by draw
 * @param region weights of the shape of the draws
 * @returns `[ny, nx]` in [-1, 1]; NaN in pixels that never change, and everywhere when the flux of the region never changes
 * @throws InvalidInputError when the weights do not fit the draws, are not finite or all 0
 * @throws AbortedError when `signal` says so
 */
export async function regionCorrelation(
  images: ImageTrace | DrawSource,
  region: Region,
  watch: WatchOptions = {},
): Promise<SkyImage> {
  const source = asDrawSource(images);
  const pixels = regionPixels(region, source.shape);
  const all = Array.from({ length: source.shape[0] * source.shape[1] }, (_, pixel) => pixel);
  return correlate(source, all, (image) => weightedSum(pixels, image), watch);
}

/** Correlation of a number of each draw with the flux of some pixels; NaN in the others. */
async function correlate(
  source: DrawSource,
  near: readonly number[],
  of: (image: ArrayLike<number>) => number,
  watch: WatchOptions,
): Promise<SkyImage> {
  const means = new Float64Array(near.length);
  const squares = new Float64Array(near.length);
  const products = new Float64Array(near.length);
  const chains = Array.from({ length: source.chains }, (_, chain) => chain);
  let count = 0;
  let mean = 0;
  let square = 0;
  await forEachDraw(source, chains, watch, (image) => {
    count++;
    const chosen = of(image);
    const step = chosen - mean;
    mean += step / count;
    const rest = chosen - mean;
    square += step * rest;
    for (let k = 0; k < near.length; k++) {
      const value = image[near[k]];
      const delta = value - means[k];
      means[k] += delta / count;
      squares[k] += delta * (value - means[k]);
      products[k] += delta * rest;
    }
  });
  const result = constantImage(source.shape, Number.NaN);
  if (!(square > 0)) return result;
  for (let k = 0; k < near.length; k++) {
    if (!(squares[k] > 0)) continue;
    const r = products[k] / Math.sqrt(square * squares[k]);
    result.data[near[k]] = Math.min(1, Math.max(-1, r));
  }
  return result;
}
