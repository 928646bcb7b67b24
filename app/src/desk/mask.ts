/** Masks made at the desk: pixels of drawn regions that are left out. */

import { writeFits } from "tslira/fits";
import type { deskFiles } from "./files.js";
import type { Choices, Composition } from "./observation-view.js";

/**
 * A mask of the whole image as a FITS file: 0 where the mask so far is 0, where there are no counts, and at the pixels given.
 *
 * @param pixels of the cut-out, row-major
 */
export function maskFile(
  files: ReturnType<typeof deskFiles>,
  choices: Choices,
  composition: Composition,
  pixels: readonly number[],
): { readonly name: string; readonly bytes: Uint8Array } {
  const { cutout, ...uncut } = composition;
  const { counts, mask } = files.compose(choices, uncut).composed.observations[0];
  const [, nx] = counts.shape;
  const used = Uint8Array.from(counts.data, (_, pixel) => (mask?.data[pixel] === 0 ? 0 : 1));
  const [left, right] = cutout?.x ?? [0, nx];
  const bottom = cutout?.y[0] ?? 0;
  for (const pixel of pixels) {
    const [row, column] = [Math.floor(pixel / (right - left)), pixel % (right - left)];
    used[(bottom + row) * nx + left + column] = 0;
  }
  return { name: "mask.fits", bytes: writeFits([{ kind: "image", shape: counts.shape, data: used }]) };
}
