import type { Boundary } from "../data/observation/boundary.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { psfShells } from "../data/observation/psf.js";
import { psfsOf } from "../data/observation/psf-set.js";
import { constantImage, imageSum, MAX_PIXELS, type Shape, type SkyImage } from "../image.js";
import { detectionProbability } from "./detection.js";

/** How far the sky goes beyond the frame: so many detector pixels, or as far as the data need (`automaticMargin`). */
export type Margin = number | "auto";

/** Part of the psf's light that its reach holds. */
const REACH_LIGHT = 0.99;
/** Standard deviations by which the counts along the frame must exceed what the inside explains. */
const EXCESS = 4;

/**
 * The margin in detector pixels: a number as it is, `"auto"` by the data.
 *
 * @param observations checked
 */
export function resolveMargin(
  observations: readonly CheckedObservation[],
  { boundary, upsampling = 1, margin }: SkyOutside,
): number {
  return margin === "auto" ? automaticMargin(observations, { boundary, upsampling }) : margin;
}

/** What `resolveMargin` needs besides the data. */
export interface SkyOutside {
  readonly boundary: Boundary;
  readonly upsampling?: number;
  readonly margin: Margin;
}

/**
 * Does the sky go on beyond the frame? The psf's reach when the counts along the frame say so, else 0.
 *
 * Looked at are the outermost pixels in use, one deep. With `q[j]` the probability that a photon born at pixel j lands there, they are
 * expected to hold
 *
 *     E = sum_j q[j] exposure[j] background[j] + sum over pixels j not looked at of q[j] (counts[j] - exposure[j] background[j])
 *
 * the background inside the frame, and the wings of what shines farther inside, for which the counts stand in. They are spread wider
 * than the sky is, so that a source inside the frame adds rather too much. There is light beyond when an observation has
 *
 *     counts along the frame - E > 4 sqrt(E + sum_j q[j]^2 counts[j] + 1)
 *
 * Only + - * / and square roots are used: the same bytes everywhere. The reach is the half width of the smallest square about the psf's
 * centre that holds 99 % of its light; of several observations the widest. A periodic sky has no outside, and a sky that would have
 * more than `MAX_PIXELS` pixels gets none.
 *
 * @param observations checked
 * @returns detector pixels, whole, >= 0
 */
export function automaticMargin(
  observations: readonly CheckedObservation[],
  { boundary, upsampling = 1 }: { readonly boundary: Boundary; readonly upsampling?: number },
): number {
  if (boundary === "wrap" || !observations.some(shinesBeyond)) return 0;
  const margin = Math.max(...observations.flatMap(({ psf }) => psfsOf(psf).map(psfReach)));
  const [ny, nx] = observations[0].counts.shape;
  const pixels = upsampling * upsampling * (ny + 2 * margin) * (nx + 2 * margin);
  return pixels > MAX_PIXELS ? 0 : margin;
}

/** Whether the counts along the frame of an observation are more than its inside explains. */
function shinesBeyond({ counts, psf, exposure, background, mask }: CheckedObservation): boolean {
  const rim = rimOf(counts.shape, mask);
  if (imageSum(rim) === 0) return false;
  const { data: toRim } = detectionProbability(psf, counts.shape, { boundary: "spill", mask: rim });
  let found = 0;
  let expected = 0;
  let variance = 0;
  for (let pixel = 0; pixel < toRim.length; pixel++) {
    const emitted = exposure.data[pixel] * background.data[pixel];
    const count = counts.data[pixel];
    expected += toRim[pixel] * emitted;
    if (rim.data[pixel] === 1) {
      found += count;
    } else if (mask?.data[pixel] !== 0) {
      expected += toRim[pixel] * (count - emitted);
      variance += toRim[pixel] * toRim[pixel] * count;
    }
  }
  const least = Math.max(expected, 0);
  return found - least > EXCESS * Math.sqrt(least + variance + 1);
}

/** 1 for the outermost pixels that are in use, else 0. */
function rimOf([ny, nx]: Shape, mask: SkyImage | undefined): SkyImage {
  const rim = constantImage([ny, nx], 0);
  for (let row = 0, pixel = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++, pixel++) {
      const outermost = row === 0 || col === 0 || row === ny - 1 || col === nx - 1;
      if (outermost && mask?.data[pixel] !== 0) rim.data[pixel] = 1;
    }
  }
  return rim;
}

/** Half width of the smallest square about the centre of a psf that holds `REACH_LIGHT` of it. */
export function psfReach(psf: SkyImage): number {
  const shells = psfShells(psf);
  const wanted = REACH_LIGHT * imageSum(psf);
  let reach = 0;
  for (let light = shells[0]; light < wanted && reach < shells.length - 1; light += shells[reach]) reach++;
  return reach;
}
