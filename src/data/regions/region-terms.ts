import { type RegionShape, type ShapeBounds, shapeBounds, shapeContains } from "./region-shape.js";

/** A shape and how it joins those before it: `"or"` adds its pixels, `"and"` keeps only its pixels, `"not"` takes them away. */
export interface RegionTerm {
  readonly operator: "or" | "and" | "not";
  readonly shape: RegionShape;
}

/** Whether a position, in pixels from 0, lies in a region of terms, which are applied in order to an empty region. */
export function termsContain(terms: readonly RegionTerm[], x: number, y: number): boolean {
  let inside = false;
  for (const { operator, shape } of terms) {
    if (operator === "or") inside ||= shapeContains(shape, x, y);
    else inside &&= shapeContains(shape, x, y) === (operator === "and");
  }
  return inside;
}

/** Rectangles that together hold a region of terms. */
export function termsBounds(terms: readonly RegionTerm[]): ShapeBounds[] {
  return terms.flatMap(({ operator, shape }) => (operator === "or" ? [shapeBounds(shape)] : []));
}

/**
 * Pixels whose centres lie in a region of terms, as indices `row * nx + col` in ascending order; cut off at the edge of the image, and
 * empty where no centre is inside.
 *
 * @param shape `[ny, nx]` of the image
 */
export function termsPixels(
  terms: readonly RegionTerm[],
  [ny, nx]: readonly [ny: number, nx: number],
): number[] {
  const bounds = termsBounds(terms);
  const first = (axis: "x" | "y") =>
    Math.max(
      0,
      Math.floor(bounds.reduce((low, one) => Math.min(low, one[axis][0]), Number.POSITIVE_INFINITY)),
    );
  const last = (axis: "x" | "y", size: number) => {
    const most = bounds.reduce((high, one) => Math.max(high, one[axis][1]), Number.NEGATIVE_INFINITY);
    return Math.min(size - 1, Math.ceil(most));
  };
  const [left, right, bottom, top] = [first("x"), last("x", nx), first("y"), last("y", ny)];
  const pixels: number[] = [];
  for (let y = bottom; y <= top; y++) {
    for (let x = left; x <= right; x++) if (termsContain(terms, x, y)) pixels.push(y * nx + x);
  }
  return pixels;
}
