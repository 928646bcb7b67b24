/** Masks made at the desk: pixels of drawn regions that are left out. */

import type { SkyImage } from "tslira";
import { type Cutout, writeFits } from "tslira/fits";
import type { deskFiles } from "./files.js";
import {
  type Choices,
  type ChosenImages,
  type Composition,
  eachObservation,
  type ImageChoice,
} from "./observation-view.js";

/**
 * Choices whose masks leave out some more pixels: a mask of its whole image for each observation. Those that are alike share a file.
 *
 * @param pixels of the cut-out of each observation, row-major
 */
export async function maskOut(
  files: ReturnType<typeof deskFiles>,
  choices: Choices,
  composition: Composition,
  pixels: readonly (readonly number[])[],
): Promise<Choices> {
  const { cutout, ...uncut } = composition;
  const masks = files
    .compose(choices, uncut)
    .composed.observations.map((whole, index) => maskWithout(whole, pixels[index], cutout));
  const [first] = masks;
  const alike = masks.every(({ data }) => data.every((value, pixel) => value === first.data[pixel]));
  const made: Omit<ImageChoice, "before">[] = [];
  for (const [index, { data, shape }] of (alike ? [first] : masks).entries()) {
    const name = alike ? "mask.fits" : `mask-${index + 1}.fits`;
    const bytes = writeFits([{ kind: "image", shape, data }]);
    made.push({ file: await files.keep(name, bytes, true), hdu: 0, name });
  }
  const [masked, ...others] = eachObservation(choices).map(
    (images, index): ChosenImages => ({
      ...images,
      mask: { ...made[alike ? 0 : index], before: images.mask ?? "none" },
    }),
  );
  return { ...masked, ...(others.length > 0 && { others }) };
}

/** A mask of a whole image: 0 where its mask so far is 0, where there are no counts, and at pixels of its cut-out. */
function maskWithout(
  { counts, mask }: { readonly counts: SkyImage; readonly mask?: SkyImage },
  pixels: readonly number[],
  cutout: Cutout | undefined,
) {
  const [, nx] = counts.shape;
  const data = Uint8Array.from(counts.data, (_, pixel) => (mask?.data[pixel] === 0 ? 0 : 1));
  const [left, right] = cutout?.x ?? [0, nx];
  const bottom = cutout?.y[0] ?? 0;
  for (const pixel of pixels) {
    const [row, column] = [Math.floor(pixel / (right - left)), pixel % (right - left)];
    data[(bottom + row) * nx + left + column] = 0;
  }
  return { data, shape: counts.shape };
}
