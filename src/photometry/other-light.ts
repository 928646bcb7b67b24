/** The light around a region, and what it lets expect in the region when the region's own light is taken out. */

import { exponential, naturalLog } from "../data/random/exponential.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import type { Shape } from "../image.js";

/** A region taken out of an image, with a guard around it, and the light that takes its place. */
export interface EmptiedRegion {
  /** Pixels `row * nx + col` whose light is taken out: the region, and all within the guard of it. */
  readonly pixels: readonly number[];
  /**
   * The light that takes their place in a draw, one value a pixel. The level follows the draw's own light around the region.
   *
   * @param image `ny * nx` values of the draw
   */
  fill(image: ArrayLike<number>): Float64Array;
}

/** How far around the emptied pixels their surroundings reach, in pixels. */
const RING = 2;
/** Parts of the mean that count as dark, so that a pixel without light does not make all of the fill dark. */
const DARK = 1e-6;

/**
 * Empty a region and its guard.
 *
 * The logarithm of the fill is the harmonic function of the surroundings: each pixel the mean of its four neighbours, where the neighbours
 * outside are those of the posterior mean. Geometric means follow slopes, and one bright pixel at the edge (the next source) does not
 * shine into the region as arithmetic means would have it. In a draw the fill is scaled by the mean ratio of draw to posterior mean around.
 *
 * @param region its pixels
 * @param guard pixels around each, >= 0
 * @param mean posterior mean `[ny, nx]`, >= 0
 * @param kept pixels of other sources: they keep their light, and are no part of the surroundings
 */
export function emptyRegion(
  region: ArrayLike<number>,
  guard: number,
  mean: ArrayLike<number>,
  shape: Shape,
  kept: ReadonlySet<number> = new Set(),
): EmptiedRegion {
  const emptied = grown(region, guard, shape);
  for (const pixel of kept) emptied.delete(pixel);
  for (const pixel of Array.from(region)) emptied.add(pixel);
  const ring = [...grown([...emptied], RING, shape)].filter(
    (pixel) => !emptied.has(pixel) && !kept.has(pixel),
  );
  const pixels = [...emptied].sort((a, b) => a - b);
  const bright = ring.reduce((most, pixel) => Math.max(most, mean[pixel]), 0);
  // Nothing around, or no light there: nothing else shines but the background.
  const middle =
    bright > 0 ? harmonicFill(pixels, mean, DARK * bright, shape, kept) : new Float64Array(pixels.length);
  return {
    pixels,
    fill(image) {
      let ratio = 0;
      let count = 0;
      for (const pixel of ring) {
        if (!(mean[pixel] > 0)) continue;
        ratio += image[pixel] / mean[pixel];
        count++;
      }
      const level = count === 0 ? 0 : ratio / count;
      return middle.map((value) => level * value);
    },
  };
}

/** All pixels of an image within a distance of given ones. */
function grown(pixels: ArrayLike<number>, distance: number, [ny, nx]: Shape): Set<number> {
  const reach = Math.floor(distance);
  const found = new Set<number>();
  for (let index = 0; index < pixels.length; index++) {
    const row = Math.floor(pixels[index] / nx);
    const col = pixels[index] % nx;
    for (let y = Math.max(0, row - reach); y <= Math.min(ny - 1, row + reach); y++) {
      for (let x = Math.max(0, col - reach); x <= Math.min(nx - 1, col + reach); x++) {
        if ((x - col) ** 2 + (y - row) ** 2 <= distance * distance) found.add(y * nx + x);
      }
    }
  }
  return found;
}

/** Passes over the emptied pixels: enough for a hole of a hundred pixels across. */
const MOST_PASSES = 2000;
const SETTLED = 1e-4;

/**
 * The function whose logarithm is harmonic on `pixels` (ascending) and equals that of `mean` around them; the frame's edge and `kept` pixels
 * let nothing through.
 */
function harmonicFill(
  pixels: readonly number[],
  mean: ArrayLike<number>,
  dark: number,
  [ny, nx]: Shape,
  kept: ReadonlySet<number>,
): Float64Array {
  const place = new Map(pixels.map((pixel, index) => [pixel, index]));
  const outside: number[] = [];
  const neighbours = pixels.map((pixel) => {
    const col = pixel % nx;
    const around = [
      ...(pixel >= nx ? [pixel - nx] : []),
      ...(pixel < (ny - 1) * nx ? [pixel + nx] : []),
      ...(col > 0 ? [pixel - 1] : []),
      ...(col < nx - 1 ? [pixel + 1] : []),
    ].filter((one) => place.has(one) || !kept.has(one));
    const inner = around.flatMap((one) => place.get(one) ?? []);
    const logs = around.filter((one) => !place.has(one)).map((one) => naturalLog(mean[one] + dark));
    outside.push(...logs);
    return { inner, sum: logs.reduce((sum, value) => sum + value, 0), count: around.length };
  });
  const start = outside.reduce((sum, value) => sum + value, 0) / Math.max(1, outside.length);
  const logs = new Float64Array(pixels.length).fill(start);
  for (let pass = 0, change = 1; pass < MOST_PASSES && change > SETTLED; pass++) {
    change = 0;
    for (const [index, { inner, sum, count }] of neighbours.entries()) {
      let value = sum;
      for (const other of inner) value += logs[other];
      // Overrelaxed, which converges several times faster than plain substitution.
      const step = count === 0 ? 0 : 1.7 * (value / count - logs[index]);
      logs[index] += step;
      change = Math.max(change, Math.abs(step));
    }
  }
  return logs.map(exponential);
}

/** The centre of weight of pixels. */
export function centreOfWeight(
  pixels: ArrayLike<number>,
  weights: ArrayLike<number>,
  [, nx]: Shape,
): PixelPosition {
  let [sum, x, y] = [0, 0, 0];
  for (let index = 0; index < pixels.length; index++) {
    sum += weights[index];
    x += weights[index] * (pixels[index] % nx);
    y += weights[index] * Math.floor(pixels[index] / nx);
  }
  return { x: x / sum, y: y / sum };
}
