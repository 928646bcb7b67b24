import { InvalidInputError } from "../errors.js";
import { constantImage, type SkyImage } from "../image.js";
import type { Region } from "./region.js";

/** Most labels of an image. */
const MOST_LABELS = 10_000;

/**
 * The regions of a label image: all pixels of one number, 0 for none.
 *
 * @param labels `[ny, nx]`, whole numbers >= 0
 * @param names of the labels by number; default `label 1`, `label 2` ...
 * @returns in ascending order of the labels
 * @throws InvalidInputError when a label is no whole number >= 0, or there is none above 0
 */
export function labelRegions(labels: SkyImage, names: Readonly<Record<number, string>> = {}): Region[] {
  const found = new Map<number, SkyImage>();
  for (const [pixel, label] of labels.data.entries()) {
    if (label === 0) continue;
    if (!(label > 0 && Number.isInteger(label))) {
      throw new InvalidInputError(
        `labels: must be whole numbers >= 0, got ${label} at [${Math.floor(pixel / labels.shape[1])}, ${pixel % labels.shape[1]}]; ` +
          "use 0 for pixels without a region",
        { fields: { label } },
      );
    }
    let weights = found.get(label);
    if (weights === undefined) {
      if (found.size === MOST_LABELS) {
        throw new InvalidInputError(`labels: must be at most ${MOST_LABELS}, got more; use fewer regions`);
      }
      weights = constantImage(labels.shape, 0);
      found.set(label, weights);
    }
    weights.data[pixel] = 1;
  }
  if (found.size === 0) {
    throw new InvalidInputError(
      "labels: must be above 0 somewhere, got 0 everywhere; number the regions from 1",
    );
  }
  return [...found.entries()]
    .sort(([a], [b]) => a - b)
    .map(([label, weights]) => ({ name: names[label] ?? `label ${label}`, weights }));
}
