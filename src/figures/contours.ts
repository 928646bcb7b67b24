import { contours as d3Contours } from "d3-contour";
import type { WcsCard } from "../data/observation/observation.js";
import { frameName, pixelMap } from "../data/sky/sky-mapping.js";
import { parseWcs, type SkyWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { type SkyImage, sameShape } from "../image.js";
import { outlined } from "./marker.js";
import type { ImageBox } from "./sky-axes.js";
import { px } from "./svg.js";

/** An image to draw contours of. */
export interface ContourImage {
  /** `[ny, nx]`, any unit. */
  readonly image: SkyImage;
  /** Its sky coordinates: with them it may have other pixels than the image below. */
  readonly wcs?: readonly WcsCard[];
}

/**
 * Lines of equal value, by marching squares with linear interpolation between the centres of pixels (d3-contour). Beyond the centres of
 * the outermost pixels values go on as they are, so that lines cross the frame; they end within a pixel behind it. Pixels that are NaN count
 * as lowest.
 *
 * @returns open and closed lines of points `[x, y]` in pixels from 0, centres at whole numbers
 * @throws InvalidInputError when the level is not finite
 */
export function contourLines({ data, shape }: SkyImage, level: number): [number, number][][] {
  if (!Number.isFinite(level)) {
    throw new InvalidInputError(`figure: contours must be finite levels, got ${level}; leave it out`);
  }
  const [ny, nx] = [shape[0] + 2, shape[1] + 2];
  const inside = (at: number, pixels: number) => Math.min(Math.max(at - 1, 0), pixels - 1);
  const framed = Float64Array.from(
    { length: ny * nx },
    (_, at) => data[inside(Math.floor(at / nx), shape[0]) * shape[1] + inside(at % nx, shape[1])],
  );
  const onFrame = ([x, y]: readonly [number, number]) => x === 0 || x === nx || y === 0 || y === ny;
  const lines: [number, number][][] = [];
  for (const ring of d3Contours().size([nx, ny]).contour(framed, level).coordinates.flat()) {
    let line: [number, number][] = [];
    for (const [index, point] of ring.entries()) {
      // What runs along the frame closes rings, and is no contour.
      if (index > 0 && onFrame(ring[index - 1]) && onFrame(point)) {
        if (line.length > 1) lines.push(line);
        line = [];
      }
      line.push([point[0] - 1.5, point[1] - 1.5]);
    }
    if (line.length > 1) lines.push(line);
  }
  return lines;
}

/**
 * Contours as SVG elements, which may leave the box.
 *
 * @param below the image that they are drawn over
 * @throws InvalidInputError when the two have neither sky coordinates that go together nor the same shape
 */
export function contourElements(
  { image, wcs: cards }: ContourImage,
  levels: readonly number[],
  below: { readonly image: SkyImage; readonly wcs?: SkyWcs },
  { nx, ny, width, height }: ImageBox,
): string {
  const own = cards === undefined ? undefined : parseWcs(cards).wcs;
  const same = sameShape(image, below.image);
  if (!same && (own === undefined || below.wcs === undefined)) {
    throw new InvalidInputError(
      `figure: contoursOf must have sky coordinates as the image has, or its shape [${ny}, ${nx}], got [${image.shape.join(", ")}]; ` +
        "give an image with a header of sky coordinates",
      { fields: { shape: image.shape, expected: [ny, nx] } },
    );
  }
  const both = own !== undefined && below.wcs !== undefined;
  const map = both ? pixelMap(own, below.wcs) : undefined;
  if (both && map === undefined) {
    throw new InvalidInputError(
      `figure: contoursOf must have sky coordinates that go with those of the image, ${frameName(below.wcs)}, got ${frameName(own)}; ` +
        "convert its header",
    );
  }
  const place = (x: number, y: number): [number, number] => {
    const at = map?.(x, y) ?? { x, y };
    return [at.x, at.y];
  };
  let path = "";
  for (const line of levels.flatMap((level) => contourLines(image, level))) {
    let pen = "M";
    for (const [x, y] of line.map((point) => place(...point))) {
      const [left, top] = [((x + 0.5) * width) / nx, height - ((y + 0.5) * height) / ny];
      if (Number.isFinite(left + top)) path += `${pen}${px(left)},${px(top)}`;
      pen = Number.isFinite(left + top) ? "L" : "M";
    }
  }
  return path === "" ? "" : outlined(`<path d="${path}" stroke-linejoin="round"`, "#ffffff", 0.8);
}
