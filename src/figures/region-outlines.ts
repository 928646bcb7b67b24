import type { ShapedRegion } from "../data/regions/ds9-region.js";
import { fromAxes, type RegionShape } from "../data/regions/region-shape.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import { labelBeside, outlined } from "./marker.js";
import type { ImageBox } from "./sky-axes.js";
import { px } from "./svg.js";

/** Corners of an ellipse. */
const CORNERS = 72;
/** Names that the reader of region files makes up. */
const MADE_UP = /^(circle|ellipse|box|polygon|annulus|point|field|pie|sector|[ebp]?panda) \d+( \(\d+\))?$/;

/**
 * Outlines of regions as SVG elements, which may leave the box: a point is a cross, what is taken away is dashed.
 *
 * @param regions in pixels from 0
 */
export function regionElements(
  regions: readonly ShapedRegion[],
  { nx, ny, width, height }: ImageBox,
): string {
  const [dx, dy] = [width / nx, height / ny];
  const place = (x: number, y: number): [number, number] => [(x + 0.5) * dx, height - (y + 0.5) * dy];
  let elements = "";
  for (const { name, terms } of regions) {
    for (const { operator, shape } of terms) {
      const dashes = operator === "not" ? ' stroke-dasharray="4,3"' : "";
      for (const path of outlinesOf(shape, place)) elements += outlined(`<path d="${path}"${dashes}`);
    }
    const [first] = terms;
    if (first === undefined || name === "" || MADE_UP.test(name)) continue;
    let [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let [top, bottom] = [left, right];
    for (const corner of cornersOf(outermost(first.shape))) {
      const [x, y] = place(corner.x, corner.y);
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
    const reach = first.shape.kind === "point" ? 6 : 0.355 * (right - left);
    elements += labelBeside(name, (left + right) / 2, (top + bottom) / 2, reach, width);
  }
  return elements;
}

function outermost(shape: RegionShape): RegionShape {
  return shape.kind === "annulus" ? outermost(shape.outer) : shape;
}

/** SVG paths of a shape. */
function outlinesOf(shape: RegionShape, place: (x: number, y: number) => [number, number]): string[] {
  if (shape.kind === "annulus") return [...outlinesOf(shape.inner, place), ...outlinesOf(shape.outer, place)];
  if (shape.kind === "point") {
    const [x, y] = place(shape.x, shape.y);
    return [`M${px(x - 6)},${px(y)}h4.5m3,0h4.5M${px(x)},${px(y - 6)}v4.5m0,3v4.5`];
  }
  const corners = cornersOf(shape).map(({ x, y }) => place(x, y));
  return [`M${corners.map(([x, y]) => `${px(x)},${px(y)}`).join("L")}Z`];
}

/** Corners of a shape without holes, in pixels of the image. */
function cornersOf(shape: RegionShape): readonly PixelPosition[] {
  switch (shape.kind) {
    case "polygon":
      return shape.vertices;
    case "point":
      return [shape];
    case "annulus":
      return cornersOf(shape.outer);
    case "box": {
      const [u, v] = [shape.along / 2, shape.across / 2];
      return [fromAxes(shape, -u, -v), fromAxes(shape, u, -v), fromAxes(shape, u, v), fromAxes(shape, -u, v)];
    }
    default: {
      const [along, across, angle] =
        shape.kind === "circle" ? [shape.radius, shape.radius, 0] : [shape.along, shape.across, shape.angle];
      const { x, y } = shape;
      return Array.from({ length: CORNERS }, (_, corner) => {
        const phase = (2 * Math.PI * corner) / CORNERS;
        return fromAxes({ x, y, angle }, along * Math.cos(phase), across * Math.sin(phase));
      });
    }
  }
}
