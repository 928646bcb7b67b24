/** In which unit a background is given, by what it would predict. */

import type { FoundImage } from "../desk/observation-view.js";

/** A background is in one of these. */
export type BackgroundUnit = "flux" | "counts";

/** A background beyond so many times the counts is more likely in another unit. */
const FAR = 10;

/**
 * Guess the unit: flux, unless that predicts far more than was counted, and counts fit better.
 *
 * @param images of which each is an image of the whole field, with the sum of its values
 * @returns the unit, and what each would predict in all
 */
export function guessBackgroundUnit(
  images: Readonly<Record<"counts" | "exposure" | "background", Pick<FoundImage, "sum" | "shape">>>,
): { readonly unit: BackgroundUnit; readonly asFlux: number; readonly asCounts: number } {
  const { counts, exposure, background } = images;
  const asCounts = background.sum;
  const asFlux = (asCounts * exposure.sum) / (exposure.shape[0] * exposure.shape[1]);
  const observed = counts.sum + FAR;
  const off = (expected: number) => Math.abs(Math.log(expected / observed));
  const unit = asFlux > FAR * observed && off(asCounts) < off(asFlux) ? "counts" : "flux";
  return { unit, asFlux, asCounts };
}
