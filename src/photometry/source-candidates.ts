/** Where there may be a source: peaks of the posterior mean. */

import { convolve } from "../data/observation/convolution.js";
import { gaussianPsf } from "../data/observation/psf.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import type { SkyImage } from "../image.js";

/** Standard deviation of the Gaussian that joins the pixels among which a point wanders, in half-light radii of the psf. */
const KERNEL = 0.4;

/**
 * Peaks of a posterior mean, brightest first, each at least a distance from all brighter ones.
 *
 * The mean is smoothed by a Gaussian of half the width of the psf: of a point, draws have the light now in one pixel, now in the next.
 *
 * @param radius of half of the psf's light, in pixels of the image
 */
export function sourceCandidates(mean: SkyImage, radius: number): PixelPosition[] {
  const [ny, nx] = mean.shape;
  const sigma = Math.max(0.5, KERNEL * radius);
  const size = 2 * Math.ceil(3 * sigma) + 1;
  const { data } = convolve(mean, gaussianPsf(sigma, [size, size]), "spill");
  const peaks: number[] = [];
  for (let pixel = 0; pixel < data.length; pixel++) {
    const [row, col] = [Math.floor(pixel / nx), pixel % nx];
    let highest = data[pixel] > 0;
    for (let y = Math.max(0, row - 1); highest && y <= Math.min(ny - 1, row + 1); y++) {
      for (let x = Math.max(0, col - 1); x <= Math.min(nx - 1, col + 1); x++) {
        const other = y * nx + x;
        // Of equal neighbours the first is the peak.
        if (data[other] > data[pixel] || (data[other] === data[pixel] && other < pixel)) highest = false;
      }
    }
    if (highest) peaks.push(pixel);
  }
  const apart = Math.max(1.5, radius) ** 2;
  const found: PixelPosition[] = [];
  for (const pixel of peaks.sort((a, b) => data[b] - data[a] || a - b)) {
    const [x, y] = [pixel % nx, Math.floor(pixel / nx)];
    if (found.every((one) => (one.x - x) ** 2 + (one.y - y) ** 2 >= apart)) found.push({ x, y });
  }
  return found;
}
