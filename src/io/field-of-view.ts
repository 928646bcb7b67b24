/** Pixels of which nothing is known: NaN or blank in what goes with the counts. */

import { InvalidInputError } from "../errors.js";
import { constantImage, type SkyImage, sameShape } from "../image.js";

/** Images on the pixels of the counts. */
export interface FieldImages {
  readonly counts: SkyImage;
  readonly exposure?: SkyImage;
  readonly background?: SkyImage;
  readonly mask?: SkyImage;
}

/** Pixels that a message names, at most. */
const NAMED = 5;

/**
 * Take pixels without a value for what they mean: without exposure or background nothing was observed, so the exposure is 0 there; without
 * counts the pixel is masked.
 *
 * @param images not changed; one of another shape than the counts is left for later checks
 * @returns images without NaN in these pixels, and what was done, one sentence each
 * @throws InvalidInputError when counts lie where exposure or background has no value
 */
export function withinField(images: FieldImages): { readonly images: FieldImages; readonly notes: string[] } {
  const { counts, mask } = images;
  const notes: string[] = [];
  const found: { -readonly [Key in keyof FieldImages]: FieldImages[Key] } = { ...images };
  const unknown = counts.data.reduce((count, value) => count + Number(Number.isNaN(value)), 0);
  if (unknown > 0 && unknown === counts.data.length) {
    throw new InvalidInputError(
      "counts: must have a value in at least one pixel, got NaN or blank in all; choose another image or plane",
      { fields: { image: "counts" } },
    );
  }
  if (unknown > 0 && (mask === undefined || sameShape(mask, counts))) {
    found.mask = {
      data: counts.data.map((value, index) => (Number.isNaN(value) ? 0 : (mask?.data[index] ?? 1))),
      shape: counts.shape,
    };
    notes.push(`counts: pixels should have values, got ${unknown} without (NaN or blank); they are masked`);
  }
  for (const kind of ["exposure", "background"] as const) {
    const image = images[kind];
    if (image === undefined || !sameShape(image, counts)) continue;
    const missing = [...image.data.keys()].filter((index) => Number.isNaN(image.data[index]));
    if (missing.length === 0 || missing.length === image.data.length) continue;
    const used = missing.filter((index) => counts.data[index] > 0 && (found.mask?.data[index] ?? 1) !== 0);
    if (used.length > 0) throw countsOutside(kind, used, images);
    const before = found.exposure ?? constantImage(counts.shape, 1);
    if (!sameShape(before, counts)) continue;
    const left = missing.filter((index) => before.data[index] !== 0).length;
    const exposure = Float64Array.from(before.data);
    for (const index of missing) exposure[index] = 0;
    found.exposure = { data: exposure, shape: counts.shape };
    if (kind === "background") {
      const data = image.data.map((value) => (Number.isNaN(value) ? 0 : value));
      found.background = { data, shape: image.shape };
    }
    if (left > 0) {
      notes.push(
        `${kind}: pixels should have values, got ${left} of ${image.data.length} without (NaN, blank or beyond its edge); ` +
          "they are taken as outside of the field, with exposure 0",
      );
    }
  }
  return { images: found, notes };
}

function countsOutside(kind: string, used: readonly number[], { counts }: FieldImages): InvalidInputError {
  const nx = counts.shape[1];
  const places = used.slice(0, NAMED).map((index) => `[${Math.floor(index / nx)}, ${index % nx}]`);
  const more = used.length > NAMED ? ` and ${used.length - NAMED} more` : "";
  return new InvalidInputError(
    `${kind}: must have a value where there are counts, got none at [row, column] ${places.join(", ")}${more}; ` +
      `give the ${kind} of the whole field, mask these pixels with --mask, or set them to 0 where no light but that of neighbours falls`,
    { fields: { image: kind, pixels: used.slice(0, NAMED) } },
  );
}
