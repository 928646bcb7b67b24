/** What the reader has picked on the image. */

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
    };

/** Pixels whose centres are selected, as indices `row * nx + col`. */
export function selectedPixels(selection: Selection, [ny, nx]: Shape): number[] {
  if (selection.kind === "pixel") return [selection.y * nx + selection.x];
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

/** Middle of a selection. */
export function selectionCentre(selection: Selection): [x: number, y: number] {
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
  }
}

/** Half of the larger side of a selection, in pixels. */
export function selectionReach(selection: Selection): number {
  if (selection.kind === "pixel") return 0;
  if (selection.kind === "circle") return selection.radius;
  const { x0, x1, y0, y1 } = selection;
  return Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)) / 2;
}

/** A selection at another place. */
export function movedSelection(selection: Selection, dx: number, dy: number): Selection {
  if (selection.kind !== "rectangle") return { ...selection, x: selection.x + dx, y: selection.y + dy };
  const { x0, x1, y0, y1 } = selection;
  return { kind: "rectangle", x0: x0 + dx, x1: x1 + dx, y0: y0 + dy, y1: y1 + dy };
}
