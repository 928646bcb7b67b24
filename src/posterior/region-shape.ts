/** Shapes on the pixels of an image, and the pixels whose centres lie in them. */

import type { PixelPosition } from "../data/sky-wcs.js";
import type { Shape } from "../image.js";

/**
 * A shape; positions and lengths in pixels, positions from 0 with whole numbers at pixel centres. Angles in degrees turn from the x
 * axis towards the y axis. A pixel belongs to a shape when its centre lies inside or on the edge.
 */
export type RegionShape =
  | { readonly kind: "circle"; readonly x: number; readonly y: number; readonly radius: number }
  | {
      readonly kind: "ellipse";
      readonly x: number;
      readonly y: number;
      /** Semi-axes. */
      readonly a: number;
      readonly b: number;
      readonly angle: number;
    }
  | {
      readonly kind: "box";
      readonly x: number;
      readonly y: number;
      /** Full sides. */
      readonly width: number;
      readonly height: number;
      readonly angle: number;
    }
  | { readonly kind: "polygon"; readonly points: readonly PixelPosition[] }
  /** What lies in the outer shape but not in the inner one. */
  | { readonly kind: "ring"; readonly outer: RegionShape; readonly inner: RegionShape }
  /** The pixel at a position. */
  | { readonly kind: "point"; readonly x: number; readonly y: number };

/** Slack in pixels, for positions that are not exact in binary. */
const ROUNDING = 1e-9;

/** Offset of a pixel from a centre, in axes that are turned by an angle. */
function turned(
  col: number,
  row: number,
  x: number,
  y: number,
  angle: number,
): [along: number, across: number] {
  const radians = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  return [cos * (col - x) + sin * (row - y), -sin * (col - x) + cos * (row - y)];
}

/** Whether the position (col, row) lies in a shape. */
export function insideShape(shape: RegionShape, col: number, row: number): boolean {
  switch (shape.kind) {
    case "circle":
      return (col - shape.x) ** 2 + (row - shape.y) ** 2 <= (shape.radius + ROUNDING) ** 2;
    case "ellipse": {
      const [along, across] = turned(col, row, shape.x, shape.y, shape.angle);
      return (along / (shape.a + ROUNDING)) ** 2 + (across / (shape.b + ROUNDING)) ** 2 <= 1;
    }
    case "box": {
      const [along, across] = turned(col, row, shape.x, shape.y, shape.angle);
      return Math.abs(along) <= shape.width / 2 + ROUNDING && Math.abs(across) <= shape.height / 2 + ROUNDING;
    }
    case "polygon":
      return insidePolygon(shape.points, col, row);
    case "ring":
      return insideShape(shape.outer, col, row) && !insideShape(shape.inner, col, row);
    case "point":
      return Math.floor(shape.x + 0.5) === col && Math.floor(shape.y + 0.5) === row;
  }
}

/** By the number of edges that a ray to the right crosses (even: outside). */
function insidePolygon(points: readonly PixelPosition[], col: number, row: number): boolean {
  let inside = false;
  for (const [index, to] of points.entries()) {
    const from = points[(index + points.length - 1) % points.length]!;
    if (from.y > row === to.y > row) continue;
    const crossing = from.x + ((row - from.y) / (to.y - from.y)) * (to.x - from.x);
    if (col < crossing) inside = !inside;
  }
  return inside;
}

/** Half-open ranges of columns and rows outside of which no pixel lies in a shape. */
function bounds(shape: RegionShape): { x: [number, number]; y: [number, number] } {
  const around = (x: number, y: number, reach: number) => ({
    x: [x - reach - 1, x + reach + 2] as [number, number],
    y: [y - reach - 1, y + reach + 2] as [number, number],
  });
  switch (shape.kind) {
    case "circle":
      return around(shape.x, shape.y, shape.radius);
    case "ellipse":
      return around(shape.x, shape.y, Math.max(shape.a, shape.b));
    case "box":
      return around(shape.x, shape.y, Math.hypot(shape.width, shape.height) / 2);
    case "ring":
      return bounds(shape.outer);
    case "point":
      return around(shape.x, shape.y, 0);
    case "polygon": {
      const xs = shape.points.map(({ x }) => x);
      const ys = shape.points.map(({ y }) => y);
      return {
        x: [Math.min(...xs) - 1, Math.max(...xs) + 2],
        y: [Math.min(...ys) - 1, Math.max(...ys) + 2],
      };
    }
  }
}

/**
 * Mark the pixels of a shape.
 *
 * @param shape `[ny, nx]` of the image
 * @returns 1 inside and 0 outside, `ny * nx` values; what lies beyond the image is cut off
 */
export function shapeMask(region: RegionShape, [ny, nx]: Shape): Uint8Array {
  const mask = new Uint8Array(ny * nx);
  const { x, y } = bounds(region);
  const clip = (value: number, size: number) => Math.min(Math.max(Math.floor(value), 0), size);
  for (let row = clip(y[0], ny); row < clip(y[1], ny); row++) {
    for (let col = clip(x[0], nx); col < clip(x[1], nx); col++) {
      if (insideShape(region, col, row)) mask[row * nx + col] = 1;
    }
  }
  return mask;
}
