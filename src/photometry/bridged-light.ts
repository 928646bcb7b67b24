/** What a hole in an image would hold if the light around it went on through it, in one direction or another. */

import { exponential, naturalLog } from "../data/random/exponential.js";
import type { Shape } from "../image.js";

/** Directions in which a hole is bridged, as steps in x and y: along the axes and the diagonals. */
const DIRECTIONS: readonly (readonly [dx: number, dy: number])[] = [
  [1, 0],
  [1, 1],
  [0, 1],
  [1, -1],
];
/** Around a point at the edge the light of so many pixels on each side is averaged: single pixels of a posterior mean are lumpy. */
const PATCH = 1;
/** Distance in pixels between the two points whose logarithms give a slope. */
const STRIDE = 2;
/** Most by which the slopes at both ends may lift the logarithm in the middle: a third of a magnitude more would be a source of its own. */
const LIFT = 1;
/** Parts of the image's mean that count as dark. */
const DARK = 1e-3;

/**
 * Fill a hole along each of four directions.
 *
 * From edge to edge the logarithm is a cubic that has the values and the slopes of the light there, so that a Gaussian cloud goes on as it
 * is, and a filament or a shell is bridged along itself. Only slopes that rise towards the hole count.
 *
 * @param hole pixels to fill
 * @param kept pixels of other sources, which say nothing of the light around
 * @param image `[ny, nx]`, >= 0
 * @returns values for the pixels of the hole, one array a direction
 */
export function bridgedLight(
  hole: readonly number[],
  kept: ReadonlySet<number>,
  image: ArrayLike<number>,
  shape: Shape,
): Float64Array[] {
  const [ny, nx] = shape;
  let dark = 0;
  for (let pixel = 0; pixel < image.length; pixel++) dark += (DARK * image[pixel]) / image.length;
  const inside = new Set(hole);
  const isOutside = (pixel: number) => !inside.has(pixel) && !kept.has(pixel);
  /** Logarithm of the light around a point outside of the hole; undefined where there is no image. */
  const logLight = (x: number, y: number): number | undefined => {
    let [sum, count] = [0, 0];
    for (let row = Math.max(0, y - PATCH); row <= Math.min(ny - 1, y + PATCH); row++) {
      for (let col = Math.max(0, x - PATCH); col <= Math.min(nx - 1, x + PATCH); col++) {
        if (!isOutside(row * nx + col)) continue;
        sum += image[row * nx + col];
        count++;
      }
    }
    return count === 0 ? undefined : naturalLog(sum / count + dark);
  };
  /** The light at the edge of the hole that one reaches from a pixel, its slope a step towards the hole, and the steps to there. */
  const edge = (pixel: number, dx: number, dy: number) => {
    let [x, y, steps] = [pixel % nx, Math.floor(pixel / nx), 0];
    const isInImage = () => x >= 0 && y >= 0 && x < nx && y < ny;
    while (isInImage() && !isOutside(y * nx + x)) [x, y, steps] = [x + dx, y + dy, steps + 1];
    // One more, so that the patch stays clear of the hole.
    [x, y, steps] = [x + dx, y + dy, steps + 1];
    const value = isInImage() ? logLight(x, y) : undefined;
    if (value === undefined) return undefined;
    const further = logLight(x + STRIDE * dx, y + STRIDE * dy);
    return { value, slope: further === undefined ? 0 : Math.max(0, (value - further) / STRIDE), steps };
  };
  return DIRECTIONS.map(([dx, dy]) =>
    Float64Array.from(hole, (pixel) => {
      const [before, after] = [edge(pixel, -dx, -dy), edge(pixel, dx, dy)];
      if (before === undefined || after === undefined) {
        const one = before ?? after;
        return one === undefined ? 0 : exponential(one.value) - dark;
      }
      const length = before.steps + after.steps;
      const part = before.steps / length;
      const lift = length * part * (1 - part) * (before.slope * (1 - part) + after.slope * part);
      const level = before.value + part * (after.value - before.value);
      return Math.max(0, exponential(level + Math.min(LIFT, lift)) - dark);
    }),
  );
}
