/** Images that are too large to be shown whole: the part that is opened instead. */

import type { Shape, SkyImage } from "tslira";
import type { Cutout } from "tslira/fits";
import { brightestPixel } from "#studio";

/** Most pixels of counts on the screen: six panels of it are drawn at once, and chains sample every one. */
export const MAX_SHOWN = 2 ** 21;
/** Side of the part that is opened unless another is chosen. */
const PART = 512;

/** Whether an image is too large to be opened whole. */
export function isLarge([ny, nx]: Shape): boolean {
  return ny * nx > MAX_SHOWN;
}

/** The part around the brightest point of a large image, by its preview. */
export function brightPart([ny, nx]: Shape, preview: SkyImage): Cutout {
  const [rows, columns] = preview.shape;
  const at = brightestPixel(preview);
  const range = (middle: number, size: number): [number, number] => {
    const side = Math.min(PART, size);
    const start = Math.min(Math.max(0, Math.round(middle - side / 2)), size - side);
    return [start, start + side];
  };
  return {
    x: range((((at % columns) + 0.5) * nx) / columns, nx),
    y: range(((Math.floor(at / columns) + 0.5) * ny) / rows, ny),
  };
}
