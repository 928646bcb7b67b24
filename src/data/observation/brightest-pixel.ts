import type { Shape, SkyImage } from "../../image.js";
import type { PixelPosition } from "../sky/sky-wcs.js";

/**
 * Index `row * nx + col` of the brightest pixel, the first of several; 0 when no pixel has a value.
 *
 * @param mask pixels where it is 0 do not count
 */
export function brightestPixel({ data }: SkyImage, mask?: SkyImage): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < data.length; index++) {
    if (mask?.data[index] === 0 || !(data[index] > most)) continue;
    most = data[index];
    best = index;
  }
  return best;
}

/** Position of a pixel given by its index. */
export function positionOf(index: number, [, nx]: Shape): PixelPosition {
  return { x: index % nx, y: Math.floor(index / nx) };
}
