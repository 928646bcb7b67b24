import type { Shape, SkyImage } from "../../image.js";
import type { PixelMap } from "./sky-mapping.js";

/** How an image is brought onto other pixels. */
export interface ResampleImageOptions {
  /** Position in the image of a position on the wanted pixels. */
  readonly map: PixelMap;
  /** `[ny, nx]` of the wanted pixels. */
  readonly shape: Shape;
  /** Side of a wanted pixel in pixels of the image, > 0. */
  readonly scale: number;
  /**
   * `"mean"`: a wanted pixel has the mean value of its area, as of an exposure; `"sum"`: what lies in its area, as of counts and
   * light; `"nearest"`: the value at its middle, as of a mask.
   */
  readonly kind: "mean" | "sum" | "nearest";
}

/** Points on a side of a wanted pixel, at most. */
const MOST_POINTS = 32;
const WHOLE = 1e-3;

/**
 * An image on other pixels. Values between the centres of its pixels are interpolated linearly, at so many points of a wanted pixel that
 * one in whole numbers of pixels gets exactly their sum or mean; otherwise light is kept to about a percent.
 *
 * @returns values `[ny, nx]`; NaN in pixels of which at least half lies outside of the image or where it is NaN
 */
export function resampleImage(image: SkyImage, options: ResampleImageOptions): SkyImage {
  const { map, shape, scale, kind } = options;
  const [ny, nx] = shape;
  const whole = Math.round(scale);
  const fits = whole >= 1 && Math.abs(scale - whole) < WHOLE * whole;
  const points =
    kind === "nearest" ? 1 : Math.min(MOST_POINTS, fits ? whole : 4 * Math.max(1, Math.ceil(scale)));
  const places = Array.from({ length: points }, (_, index) => (index + 0.5) / points - 0.5);
  const valueAt = kind === "nearest" ? nearest : interpolated;
  const area = kind === "sum" ? scale * scale : 1;
  const data = new Float64Array(ny * nx);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      let sum = 0;
      let found = 0;
      for (const dy of places) {
        for (const dx of places) {
          const { x, y } = map(col + dx, row + dy);
          const value = valueAt(image, x, y);
          if (Number.isNaN(value)) continue;
          sum += value;
          found++;
        }
      }
      data[row * nx + col] = 2 * found > points * points ? (area * sum) / found : Number.NaN;
    }
  }
  return { data, shape: [ny, nx] };
}

/** Slack in pixels of the border of an image. */
const ROUNDING = 1e-6;

function inside(x: number, y: number, [ny, nx]: Shape): boolean {
  const most = 0.5 + ROUNDING;
  return x >= -most && x <= nx - 1 + most && y >= -most && y <= ny - 1 + most;
}

function nearest({ data, shape }: SkyImage, x: number, y: number): number {
  if (!inside(x, y, shape)) return Number.NaN;
  const [ny, nx] = shape;
  const col = Math.min(nx - 1, Math.max(0, Math.round(x)));
  return data[Math.min(ny - 1, Math.max(0, Math.round(y))) * nx + col];
}

/** Between the four nearest pixels that have a value, of those at least half by weight. */
function interpolated({ data, shape }: SkyImage, x: number, y: number): number {
  if (!inside(x, y, shape)) return Number.NaN;
  const [ny, nx] = shape;
  const [left, bottom] = [Math.floor(x), Math.floor(y)];
  let sum = 0;
  let weights = 0;
  for (let row = bottom; row <= bottom + 1; row++) {
    const down = 1 - Math.abs(y - row);
    for (let col = left; col <= left + 1; col++) {
      const weight = down * (1 - Math.abs(x - col));
      if (weight === 0) continue;
      const at = Math.min(ny - 1, Math.max(0, row)) * nx + Math.min(nx - 1, Math.max(0, col));
      if (Number.isNaN(data[at])) continue;
      sum += weight * data[at];
      weights += weight;
    }
  }
  return weights >= 0.5 ? sum / weights : Number.NaN;
}
