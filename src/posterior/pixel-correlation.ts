import { InvalidInputError } from "../errors.js";
import { constantImage, type SkyImage } from "../image.js";
import { asDrawSource, type DrawSource, forEachDraw, type WatchOptions } from "./draw-source.js";
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
  const means = new Float64Array(near.length);
  const squares = new Float64Array(near.length);
  const products = new Float64Array(near.length);
  const chains = Array.from({ length: source.chains }, (_, chain) => chain);
  let count = 0;
  let mean = 0;
  let square = 0;
  await forEachDraw(source, chains, watch, (image) => {
    count++;
    const step = image[chosen] - mean;
    mean += step / count;
    const rest = image[chosen] - mean;
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
    result.data[near[k]] = near[k] === chosen ? 1 : Math.min(1, Math.max(-1, r));
  }
  return result;
}
