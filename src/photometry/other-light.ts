/** The light around a region, and what it lets expect in the region when the region's own light is taken out. */

import { invertCholesky } from "../data/law/patch-mixture.js";
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
/** How far around the emptied pixels light tells how it bends, in pixels, and the fewest pixels that can. */
const REACH = 6;
const FEWEST = 12;
/** The curvature in standard errors below which there is none: pixels of a posterior mean err together, about four alike. */
const CERTAIN = 4;
/** How many times the fitted light a pixel around counts at most: more is a source of its own. */
const MOST = 2;

/**
 * Empty a region and its guard.
 *
 * The logarithm of the fill has the boundary values of the posterior mean and the constant Laplacian that a paraboloid fitted to the logarithm
 * of the light around has; where that is not certain, none: then each pixel is the geometric mean of its four neighbours. Geometric means follow
 * slopes, and one bright pixel at the edge (the next source) does not shine into the region as arithmetic means would have it. But light that
 * scatters about its fit is brighter on average than its geometric mean, so the fill is scaled by the mean of that scatter. In a draw it is
 * scaled by the mean ratio of draw to posterior mean around, too.
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
    bright > 0 ? smoothFill(pixels, mean, DARK * bright, shape, kept) : new Float64Array(pixels.length);
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

/** How the light around a hole goes on. */
interface Surroundings {
  /** Laplacian of the logarithm of the light, where it is certain. */
  readonly bend: number;
  /** Mean of the light about its fit, by the geometric mean. */
  readonly scatter: number;
}

/** Fit a paraboloid, `a + b x + c y + q (x^2 + y^2)`, to the logarithm of the light around emptied pixels. */
function surroundings(
  pixels: readonly number[],
  mean: ArrayLike<number>,
  dark: number,
  shape: Shape,
  kept: ReadonlySet<number>,
): Surroundings {
  const [, nx] = shape;
  const hole = new Set(pixels);
  const around = [...grown(pixels, REACH, shape)].filter((pixel) => !hole.has(pixel) && !kept.has(pixel));
  if (around.length < FEWEST) return { bend: 0, scatter: 1 };
  const { x: middleX, y: middleY } = centreOfWeight(pixels, new Float64Array(pixels.length).fill(1), shape);
  const terms = around.map((pixel) => {
    const [x, y] = [(pixel % nx) - middleX, Math.floor(pixel / nx) - middleY];
    return [1, x, y, x * x + y * y];
  });
  const logs = around.map((pixel) => naturalLog(mean[pixel] + dark));
  const count = 4;
  const normal = new Float64Array(count * count);
  const root = new Float64Array(count * count);
  for (const term of terms) {
    for (let at = 0; at < normal.length; at++) normal[at] += term[Math.floor(at / count)] * term[at % count];
  }
  // All around in one line, or in two: no paraboloid.
  if (!Number.isFinite(invertCholesky(normal, root, count))) return { bend: 0, scatter: 1 };
  const product = (row: number, vector: ArrayLike<number>) => {
    let sum = 0;
    for (let col = 0; col <= row; col++) sum += root[row * count + col] * vector[col];
    return sum;
  };
  // The rows of `root` times the terms are orthonormal, so that the fit is their sum.
  const fit = new Float64Array(around.length);
  let last = 0;
  for (let row = 0; row < count; row++) {
    const unit = terms.map((term) => product(row, term));
    last = unit.reduce((sum, value, index) => sum + value * logs[index], 0);
    for (const [index, value] of unit.entries()) fit[index] += last * value;
  }
  const residuals = logs.map((log, index) => log - fit[index]);
  const variance =
    residuals.reduce((sum, value) => sum + value * value, 0) / Math.max(1, around.length - count);
  // James and Stein's shrinkage of the one number that says how the light bends.
  const certain = last === 0 ? 0 : Math.max(0, 1 - (CERTAIN ** 2 * variance) / last ** 2);
  const scatter =
    residuals.reduce((sum, value) => sum + Math.min(MOST, exponential(value)), 0) / around.length;
  return { bend: 4 * certain * last * root[count * count - 1], scatter: Math.max(1, scatter) };
}

/**
 * The function whose logarithm equals that of `mean` around `pixels` (ascending) and bends on them as it does around; the frame's edge and
 * `kept` pixels let nothing through.
 */
function smoothFill(
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
  const { bend, scatter } = surroundings(pixels, mean, dark, [ny, nx], kept);
  for (let pass = 0, change = 1; pass < MOST_PASSES && change > SETTLED; pass++) {
    change = 0;
    for (const [index, { inner, sum, count }] of neighbours.entries()) {
      let value = sum;
      for (const other of inner) value += logs[other];
      // Overrelaxed, which converges several times faster than plain substitution.
      const step = count === 0 ? 0 : 1.7 * ((value - bend) / count - logs[index]);
      logs[index] += step;
      change = Math.max(change, Math.abs(step));
    }
  }
  return logs.map((value) => scatter * exponential(value));
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
