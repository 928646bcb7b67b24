/** Images made smaller for the eye. */

import type { SkyImage } from "tslira";

/** Longest side of a preview in pixels. */
const PREVIEW_SIDE = 96;

/** An image of at most `PREVIEW_SIDE` pixels a side; each the largest of a block, so that points stay. */
export function previewOf({ data, shape: [ny, nx] }: SkyImage): SkyImage {
  const step = Math.max(1, Math.ceil(Math.max(ny, nx) / PREVIEW_SIDE));
  const [rows, columns] = [Math.ceil(ny / step), Math.ceil(nx / step)];
  const small = new Float64Array(rows * columns).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const at = Math.floor(row / step) * columns + Math.floor(col / step);
      const value = data[row * nx + col];
      if (value > small[at]) small[at] = value;
    }
  }
  return { data: small, shape: [rows, columns] };
}
