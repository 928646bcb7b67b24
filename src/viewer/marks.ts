/** Cursor and selection on top of a picture, as SVG text. */

import { type Frame, outlined } from "./frame.js";
import type { Selection } from "./selection.js";

/** A selection on top of a picture. */
export function selectionShape(frame: Frame, selection: Selection): string {
  const size = frame.pixelSize();
  if (selection.kind === "circle") {
    const [cx, cy] = frame.project(selection.x, selection.y);
    return outlined(`<circle cx="${cx}" cy="${cy}" r="${Math.max(2, selection.radius * size)}"/>`);
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

/** Lines through the pixel under the cursor, open at the pixel itself. */
export function crossShape(frame: Frame, [x, y]: readonly [number, number]): string {
  const [cx, cy] = frame.project(x, y);
  const gap = Math.max(4, frame.pixelSize());
  const { clientWidth: width, clientHeight: height } = frame.element;
  return `<path class="cross" d="M0,${cy}H${cx - gap}M${cx + gap},${cy}H${width}M${cx},0V${cy - gap}M${cx},${cy + gap}V${height}"/>`;
}
