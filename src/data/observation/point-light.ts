import type { Shape } from "../../image.js";
import type { PixelPosition } from "../sky/sky-wcs.js";

/**
 * A point of flux 1 on the pixels of an image: shared among the four around it, so that the centroid is the point.
 *
 * @param position in pixels from 0; beyond the centres of the outermost pixels it counts as on them
 * @returns `ny * nx` values that sum to 1
 */
export function pointLight({ x, y }: PixelPosition, [ny, nx]: Shape): Float64Array {
  const light = new Float64Array(ny * nx);
  const [left, across] = split(x, nx);
  const [top, down] = split(y, ny);
  for (const [row, vertical] of [1 - down, down].entries()) {
    for (const [col, horizontal] of [1 - across, across].entries()) {
      if (vertical * horizontal > 0) light[(top + row) * nx + left + col] += vertical * horizontal;
    }
  }
  return light;
}

/** Pixel at or before a place, and the part of the way to the next. */
function split(place: number, size: number): [pixel: number, part: number] {
  const inside = Math.max(0, Math.min(size - 1, place));
  const pixel = Math.floor(inside);
  return [pixel, inside - pixel];
}
