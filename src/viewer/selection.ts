/** What the reader has picked on the image. */

import { movedShape, type RegionShape } from "../data/regions/region-shape.js";
import { type RegionTerm, termsBounds, termsPixels } from "../data/regions/region-terms.js";
import type { Shape } from "../image.js";

/** A pixel, or a part of the image; positions in pixels from 0, centres at whole numbers. */
export type Selection =
  | { readonly kind: "pixel"; readonly x: number; readonly y: number }
  | { readonly kind: "circle"; readonly x: number; readonly y: number; readonly radius: number }
  | {
      readonly kind: "rectangle";
      readonly x0: number;
      readonly y0: number;
      readonly x1: number;
      readonly y1: number;
    }
  /** A region of one or several shapes, at least one. */
  | { readonly kind: "region"; readonly name: string; readonly terms: readonly RegionTerm[] };

/** Pixels whose centres are selected, as indices `row * nx + col`. */
export function selectedPixels(selection: Selection, [ny, nx]: Shape): number[] {
  if (selection.kind === "pixel") return [selection.y * nx + selection.x];
  if (selection.kind === "region") return termsPixels(selection.terms, [ny, nx]);
  const inside =
    selection.kind === "circle"
      ? (x: number, y: number) => (x - selection.x) ** 2 + (y - selection.y) ** 2 <= selection.radius ** 2
      : (x: number, y: number) =>
          x >= Math.min(selection.x0, selection.x1) &&
          x <= Math.max(selection.x0, selection.x1) &&
          y >= Math.min(selection.y0, selection.y1) &&
          y <= Math.max(selection.y0, selection.y1);
  const pixels: number[] = [];
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) if (inside(x, y)) pixels.push(y * nx + x);
  }
  return pixels;
}

/** Corners of the smallest rectangle that surely holds a region. */
function regionEdges(terms: readonly RegionTerm[]) {
  const bounds = termsBounds(terms);
  const [low, high] = [
    (axis: "x" | "y") =>
      bounds.reduce((least, one) => Math.min(least, one[axis][0]), Number.POSITIVE_INFINITY),
    (axis: "x" | "y") => bounds.reduce((most, one) => Math.max(most, one[axis][1]), Number.NEGATIVE_INFINITY),
  ];
  return { x0: low("x"), x1: high("x"), y0: low("y"), y1: high("y") };
}

/** Middle of a selection. */
export function selectionCentre(selection: Selection): [x: number, y: number] {
  if (selection.kind === "region") {
    const { x0, x1, y0, y1 } = regionEdges(selection.terms);
    return [(x0 + x1) / 2, (y0 + y1) / 2];
  }
  return selection.kind === "rectangle"
    ? [(selection.x0 + selection.x1) / 2, (selection.y0 + selection.y1) / 2]
    : [selection.x, selection.y];
}

/** A selection in words. */
export function selectionText(selection: Selection): string {
  const short = (value: number) => String(Math.round(value * 10) / 10);
  switch (selection.kind) {
    case "pixel":
      return `Pixel x = ${selection.x}, y = ${selection.y}`;
    case "circle":
      return `Circle around x = ${short(selection.x)}, y = ${short(selection.y)}, radius ${short(selection.radius)} px`;
    case "rectangle": {
      const { x0, x1, y0, y1 } = selection;
      return (
        `Rectangle x ${short(Math.min(x0, x1))} to ${short(Math.max(x0, x1))}, ` +
        `y ${short(Math.min(y0, y1))} to ${short(Math.max(y0, y1))}`
      );
    }
    case "region": {
      const [{ shape }, ...more] = selection.terms as [RegionTerm, ...RegionTerm[]];
      const text = shapeText(shape);
      return more.length === 0 ? text : `${text}, with ${more.length} more`;
    }
  }
}

/** A shape in words. */
function shapeText(shape: RegionShape): string {
  const short = (value: number) => String(Math.round(value * 10) / 10);
  const around = ({ x, y }: { readonly x: number; readonly y: number }) =>
    `around x = ${short(x)}, y = ${short(y)}`;
  switch (shape.kind) {
    case "circle":
      return `Circle ${around(shape)}, radius ${short(shape.radius)} px`;
    case "ellipse":
      return `Ellipse ${around(shape)}, semi-axes ${short(shape.along)} and ${short(shape.across)} px`;
    case "box":
      return `Box ${around(shape)}, ${short(shape.along)} × ${short(shape.across)} px`;
    case "polygon":
      return `Polygon of ${shape.vertices.length} corners`;
    case "annulus": {
      const { inner, outer } = shape;
      return inner.kind === "circle" && outer.kind === "circle"
        ? `Annulus ${around(outer)}, radii ${short(inner.radius)} and ${short(outer.radius)} px`
        : `Ring within ${shapeText(outer).toLowerCase()}`;
    }
    case "point":
      return `Point x = ${short(shape.x)}, y = ${short(shape.y)}`;
  }
}

/** Half of the larger side of a selection, in pixels. */
export function selectionReach(selection: Selection): number {
  if (selection.kind === "pixel") return 0;
  if (selection.kind === "circle") return selection.radius;
  const { x0, x1, y0, y1 } = selection.kind === "region" ? regionEdges(selection.terms) : selection;
  return Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)) / 2;
}

/** A selection at another place. */
export function movedSelection(selection: Selection, dx: number, dy: number): Selection {
  if (selection.kind === "region") {
    const terms = selection.terms.map((term) => ({ ...term, shape: movedShape(term.shape, dx, dy) }));
    return { ...selection, terms };
  }
  if (selection.kind !== "rectangle") return { ...selection, x: selection.x + dx, y: selection.y + dy };
  const { x0, x1, y0, y1 } = selection;
  return { kind: "rectangle", x0: x0 + dx, x1: x1 + dx, y0: y0 + dy, y1: y1 + dy };
}
