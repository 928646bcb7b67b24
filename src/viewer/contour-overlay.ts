/** Contours of an image on top of pictures of the same pixels. */

import { gaussianProfile } from "../data/observation/psf.js";
import type { ColorScale } from "../figures/color-scale.js";
import { contourLines } from "../figures/contours.js";
import type { SkyImage } from "../image.js";
import { type Frame, outlined } from "./frame.js";

/** Lines of points `[x, y]` in pixels from 0. */
export type ContourSet = readonly (readonly (readonly [x: number, y: number])[])[];

/** Lines of an image at levels in its unit; levels that are not finite have none. */
export function contourSet(image: SkyImage, levels: readonly number[]): ContourSet {
  return levels.filter(Number.isFinite).flatMap((level) => contourLines(image, level));
}

/** Lines at other places, `NaN` where they have none; such points break a line. */
export function movedContours(
  contours: ContourSet,
  move: (x: number, y: number) => { readonly x: number; readonly y: number },
): ContourSet {
  return contours.flatMap((line) => {
    const parts: [number, number][][] = [[]];
    for (const point of line) {
      const { x, y } = move(...point);
      if (Number.isFinite(x + y)) parts[parts.length - 1].push([x, y]);
      else parts.push([]);
    }
    return parts.filter(({ length }) => length > 1);
  });
}

/**
 * An image smoothed by a Gaussian, for contours of images with much noise; pixels without a value, and those beyond the frame, are left out
 * of the means.
 *
 * @param sigma in pixels; 0 gives the image itself
 */
export function smoothedImage(image: SkyImage, sigma: number): SkyImage {
  if (!(sigma > 0)) return image;
  const [ny, nx] = image.shape;
  const reach = Math.ceil(4 * sigma);
  const profile = gaussianProfile(2 * reach + 1, reach, sigma);
  /** Means along one axis. */
  const along = (from: SkyImage, length: number, lines: number, next: number, step: number): SkyImage => {
    const data = new Float64Array(ny * nx);
    for (let line = 0; line < lines; line++) {
      for (let at = 0; at < length; at++) {
        let [sum, weights] = [0, 0];
        for (let to = Math.max(0, at - reach); to <= Math.min(length - 1, at + reach); to++) {
          const value = from.data[line * next + to * step];
          if (Number.isNaN(value)) continue;
          const weight = profile[to - at + reach];
          sum += weight * value;
          weights += weight;
        }
        data[line * next + at * step] = sum / weights;
      }
    }
    return { data, shape: image.shape };
  };
  return along(along(image, nx, ny, nx, 1), ny, nx, 1, nx);
}

/** Contours as SVG. */
export function contourOverlay(frame: Frame, contours: ContourSet): string {
  const path = contours
    .map(
      (line) =>
        `M${line
          .map((point) =>
            frame
              .project(...point)
              .map((at) => at.toFixed(1))
              .join(","),
          )
          .join("L")}`,
    )
    .join("");
  return path === "" ? "" : `<g class="contours">${outlined(`<path d="${path}"/>`)}</g>`;
}

/** How many levels are offered, each half of the one above. */
const OFFERED = 4;

/**
 * Levels to begin with: halves, quarters and so on of the upper end of the colours, with two digits; of what has no end at 0 in even
 * steps between the ends.
 */
export function offeredLevels({ limits: [low, high] }: Pick<ColorScale, "limits">): number[] {
  const levels =
    low >= 0 && low < high / 4
      ? Array.from({ length: OFFERED }, (_, index) => high / 2 ** (OFFERED - index))
      : Array.from({ length: OFFERED }, (_, index) => low + ((index + 1) * (high - low)) / (OFFERED + 1));
  return [...new Set(levels.map((level) => Number(level.toPrecision(2))))];
}
