/** Images made smaller for the eye. */

import type { Shape, SkyImage } from "tslira";

/** Longest side of a preview in pixels. */
const PREVIEW_SIDE = 96;

/** Pixels along a side of the blocks of an image of at most `side` pixels a side. */
export function previewStep([ny, nx]: Shape, side = PREVIEW_SIDE): number {
  return Math.max(1, Math.ceil(Math.max(ny, nx) / side));
}

/** An image of at most `PREVIEW_SIDE` pixels a side; each the largest of a block, so that points stay. */
export function previewOf(image: SkyImage): SkyImage {
  return inBlocks(image, previewStep(image.shape), Number.NEGATIVE_INFINITY, (most, value) =>
    value > most ? value : most,
  );
}

/** An image of at most `side` pixels a side; each the sum of a block, so that compact sources stand out from single counts. */
export function overviewOf(image: SkyImage, side: number): SkyImage {
  return inBlocks(image, previewStep(image.shape, side), 0, (sum, value) => sum + (value || 0));
}

function inBlocks(
  { data, shape: [ny, nx] }: SkyImage,
  step: number,
  start: number,
  join: (before: number, value: number) => number,
): SkyImage {
  const [rows, columns] = [Math.ceil(ny / step), Math.ceil(nx / step)];
  const small = new Float64Array(rows * columns).fill(start);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const at = Math.floor(row / step) * columns + Math.floor(col / step);
      small[at] = join(small[at], data[row * nx + col]);
    }
  }
  return { data: small, shape: [rows, columns] };
}
