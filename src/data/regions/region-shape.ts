import type { PixelPosition } from "../sky/sky-wcs.js";

/**
 * A shape on an image; positions in pixels from 0, pixel centres at whole numbers, lengths in pixels >= 0, angles in degrees from x
 * towards y.
 */
export type RegionShape =
  | { readonly kind: "circle"; readonly x: number; readonly y: number; readonly radius: number }
  | {
      /** Semi-axes along `angle` and across. */
      readonly kind: "ellipse";
      readonly x: number;
      readonly y: number;
      readonly along: number;
      readonly across: number;
      readonly angle: number;
    }
  | {
      /** Full sides along `angle` and across. */
      readonly kind: "box";
      readonly x: number;
      readonly y: number;
      readonly along: number;
      readonly across: number;
      readonly angle: number;
    }
  | { readonly kind: "polygon"; readonly vertices: readonly PixelPosition[] }
  /** What is in `outer` but not in `inner`. */
  | { readonly kind: "annulus"; readonly inner: RegionShape; readonly outer: RegionShape }
  /** The one pixel that holds the position. */
  | { readonly kind: "point"; readonly x: number; readonly y: number };

/** Slack of a border in pixels, for positions that are not exact in binary. */
const ROUNDING = 1e-9;

/**
 * Whether a position lies in a shape. Borders belong to circle, ellipse and box, so not to the hole of an annulus; of a polygon those
 * at the side of small x and y do.
 */
export function shapeContains(shape: RegionShape, x: number, y: number): boolean {
  switch (shape.kind) {
    case "circle":
      return (x - shape.x) ** 2 + (y - shape.y) ** 2 <= (shape.radius + ROUNDING) ** 2;
    case "ellipse": {
      const [u, v] = alongAxes(shape, x, y);
      return (u / (shape.along + ROUNDING)) ** 2 + (v / (shape.across + ROUNDING)) ** 2 <= 1;
    }
    case "box": {
      const [u, v] = alongAxes(shape, x, y);
      return Math.abs(u) <= shape.along / 2 + ROUNDING && Math.abs(v) <= shape.across / 2 + ROUNDING;
    }
    case "polygon":
      return polygonContains(shape.vertices, x, y);
    case "annulus":
      return shapeContains(shape.outer, x, y) && !shapeContains(shape.inner, x, y);
    case "point":
      return Math.round(x) === Math.round(shape.x) && Math.round(y) === Math.round(shape.y);
  }
}

/** A place, and the direction of the first of two axes through it, in degrees. */
interface Axes extends PixelPosition {
  readonly angle: number;
}

/** Position along and across the axes of a shape. */
export function alongAxes(shape: Axes, x: number, y: number): [along: number, across: number] {
  const angle = (shape.angle * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const [dx, dy] = [x - shape.x, y - shape.y];
  return [dx * cosine + dy * sine, dy * cosine - dx * sine];
}

/** The inverse of `alongAxes`. */
export function fromAxes({ x, y, angle }: Axes, along: number, across: number): PixelPosition {
  const radians = (angle * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(radians), Math.sin(radians)];
  return { x: x + along * cosine - across * sine, y: y + along * sine + across * cosine };
}

/** By the number of sides that a ray to the right crosses: odd is inside. */
function polygonContains(vertices: readonly PixelPosition[], x: number, y: number): boolean {
  let inside = false;
  let previous = vertices[vertices.length - 1];
  for (const vertex of vertices) {
    if (previous !== undefined && vertex.y > y !== previous.y > y) {
      const crossing = vertex.x + ((y - vertex.y) / (previous.y - vertex.y)) * (previous.x - vertex.x);
      if (x < crossing) inside = !inside;
    }
    previous = vertex;
  }
  return inside;
}

/** A shape at another place, moved by pixels. */
export function movedShape(shape: RegionShape, dx: number, dy: number): RegionShape {
  switch (shape.kind) {
    case "polygon":
      return { ...shape, vertices: shape.vertices.map(({ x, y }) => ({ x: x + dx, y: y + dy })) };
    case "annulus":
      return { ...shape, inner: movedShape(shape.inner, dx, dy), outer: movedShape(shape.outer, dx, dy) };
    default:
      return { ...shape, x: shape.x + dx, y: shape.y + dy };
  }
}

/** A rectangle along the axes of the image. */
export interface ShapeBounds {
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
}

/** A rectangle that holds a shape, not always the smallest. */
export function shapeBounds(shape: RegionShape): ShapeBounds {
  switch (shape.kind) {
    case "polygon": {
      const xs = shape.vertices.map(({ x }) => x);
      const ys = shape.vertices.map(({ y }) => y);
      return { x: spanned(xs), y: spanned(ys) };
    }
    case "annulus":
      return shapeBounds(shape.outer);
    case "circle":
      return around(shape, shape.radius);
    case "ellipse":
      return around(shape, Math.max(shape.along, shape.across));
    case "box":
      return around(shape, Math.hypot(shape.along, shape.across) / 2);
    case "point":
      return around(shape, 0.5);
  }
}

function spanned(values: readonly number[]): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  // Not by arguments of a function, of which there may be too many.
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low - ROUNDING, high + ROUNDING];
}

function around({ x, y }: PixelPosition, reach: number): ShapeBounds {
  const most = reach + ROUNDING;
  return { x: [x - most, x + most], y: [y - most, y + most] };
}
