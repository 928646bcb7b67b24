/** Cursor and selection on top of a picture, as SVG text. */

import type { RegionShape } from "../data/regions/region-shape.js";
import { type Frame, outlined } from "./frame.js";
import type { Selection } from "./selection.js";

/** A selection on top of a picture. */
export function selectionShape(frame: Frame, selection: Selection): string {
  const size = frame.pixelSize();
  if (selection.kind === "circle") {
    const [cx, cy] = frame.project(selection.x, selection.y);
    return outlined(`<circle cx="${cx}" cy="${cy}" r="${Math.max(2, selection.radius * size)}"/>`);
  }
  if (selection.kind === "region") {
    return outlined(selection.terms.map(({ shape }) => shapeOutline(frame, shape)).join(""));
  }
  const [x0, y0, x1, y1] =
    selection.kind === "pixel"
      ? [selection.x, selection.y, selection.x, selection.y]
      : [
          Math.min(selection.x0, selection.x1),
          Math.min(selection.y0, selection.y1),
          Math.max(selection.x0, selection.x1),
          Math.max(selection.y0, selection.y1),
        ];
  const [left, bottom] = frame.project(x0 - 0.5, y0 - 0.5);
  const [right, top] = frame.project(x1 + 0.5, y1 + 0.5);
  const pad = selection.kind === "pixel" && size < 6 ? 3 : 0;
  return outlined(
    `<rect x="${left - pad}" y="${top - pad}" width="${right - left + 2 * pad}" height="${bottom - top + 2 * pad}"/>`,
  );
}

/** The border of a shape as SVG text, without a colour. */
export function shapeOutline(frame: Frame, shape: RegionShape): string {
  const size = frame.pixelSize();
  switch (shape.kind) {
    case "circle":
    case "ellipse":
    case "box": {
      const [cx, cy] = frame.project(shape.x, shape.y);
      if (shape.kind === "circle")
        return `<circle cx="${cx}" cy="${cy}" r="${Math.max(2, shape.radius * size)}"/>`;
      const turn = `transform="translate(${cx},${cy}) rotate(${-shape.angle})"`;
      const [along, across] = [Math.max(2, shape.along * size), Math.max(2, shape.across * size)];
      return shape.kind === "ellipse"
        ? `<ellipse ${turn} rx="${along}" ry="${across}"/>`
        : `<rect ${turn} x="${-along / 2}" y="${-across / 2}" width="${along}" height="${across}"/>`;
    }
    case "polygon":
      return `<polygon points="${shape.vertices.map(({ x, y }) => frame.project(x, y).join(",")).join(" ")}"/>`;
    case "annulus":
      return shapeOutline(frame, shape.inner) + shapeOutline(frame, shape.outer);
    case "point": {
      const [left, bottom] = frame.project(Math.round(shape.x) - 0.5, Math.round(shape.y) - 0.5);
      return `<rect x="${left}" y="${bottom - size}" width="${size}" height="${size}"/>`;
    }
  }
}

/** Lines through the pixel under the cursor, open at the pixel itself. */
export function crossShape(frame: Frame, [x, y]: readonly [number, number]): string {
  const [cx, cy] = frame.project(x, y);
  const gap = Math.max(4, frame.pixelSize());
  const { clientWidth: width, clientHeight: height } = frame.element;
  return `<path class="cross" d="M0,${cy}H${cx - gap}M${cx + gap},${cy}H${width}M${cx},0V${cy - gap}M${cx},${cy + gap}V${height}"/>`;
}
