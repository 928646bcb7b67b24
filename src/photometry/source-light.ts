/** The light of a source of flux 1 on the pixels of an image. */

import { exponential, naturalLog } from "../data/random/exponential.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import type { Shape } from "../image.js";

/** How the light of an extended source falls off: a round Gaussian, or a beta model `(1 + (r / width)^2)^(-3/2)` (beta = 2/3). */
export type SourceProfile = "gaussian" | "beta";

/** Light of a source: where, and how wide. */
export interface SourceLight extends PixelPosition {
  /** Standard deviation of the Gaussian, or core radius of the beta model, in pixels of the frame; 0 is a point. */
  readonly width: number;
  /** Default `"gaussian"`. */
  readonly profile?: SourceProfile;
}

/** Its light in the frame `[ny, nx]`, which sums to 1. */
export function lightOf(source: SourceLight, shape: Shape): Float64Array {
  return source.width === 0 ? sharpPoint(source, shape) : wideLight(source, shape);
}

/**
 * A point of flux 1 between pixels, so that the psf is interpolated by cubics (Keys 1981, IEEE Trans. ASSP 29, 1153): shared linearly it would be
 * wider than at the centre of a pixel.
 */
function sharpPoint({ x, y }: PixelPosition, [ny, nx]: Shape): Float64Array {
  const light = new Float64Array(ny * nx);
  const [left, top] = [Math.floor(x), Math.floor(y)];
  for (let row = top - 1; row <= top + 2; row++) {
    for (let col = left - 1; col <= left + 2; col++) {
      const inside = (at: number, size: number) => Math.max(0, Math.min(size - 1, at));
      light[inside(row, ny) * nx + inside(col, nx)] += cubic(row - y) * cubic(col - x);
    }
  }
  return light;
}

function cubic(distance: number): number {
  const at = Math.abs(distance);
  if (at >= 2) return 0;
  return at <= 1 ? 1 + at * at * (1.5 * at - 2.5) : 2 + at * (-4 + at * (2.5 - 0.5 * at));
}

/** Standard deviations at which a Gaussian is cut off. */
const CUT = 4;

/** Round light of flux 1 within the frame. */
function wideLight({ x, y, width, profile }: SourceLight, [ny, nx]: Shape): Float64Array {
  const light = new Float64Array(ny * nx);
  const reach = profile === "beta" ? Number.POSITIVE_INFINITY : CUT * width + 1;
  let total = 0;
  for (let row = Math.max(0, Math.ceil(y - reach)); row <= Math.min(ny - 1, y + reach); row++) {
    for (let col = Math.max(0, Math.ceil(x - reach)); col <= Math.min(nx - 1, x + reach); col++) {
      const square = ((col - x) ** 2 + (row - y) ** 2) / (width * width);
      const value = exponential(profile === "beta" ? -1.5 * naturalLog(1 + square) : -square / 2);
      light[row * nx + col] = value;
      total += value;
    }
  }
  return light.map((value) => value / total);
}
