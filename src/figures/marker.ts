import type { ImageBox } from "./sky-axes.js";
import { px, textElement, textWidth } from "./svg.js";
import { FONT_SIZE } from "./theme.js";

/** A position to point out on an image. */
export interface Marker {
  /** Column of the position, 0-based; whole numbers are pixel centres. */
  readonly x: number;
  /** Row of the position, 0-based. */
  readonly y: number;
  /** Radius of a circle in image pixels; without it a cross is drawn. */
  readonly radius?: number;
  /** Text beside the marker. */
  readonly label?: string;
  /** CSS colour; default white over a black outline. */
  readonly color?: string;
}

/** Markers of an image as SVG elements; they may leave the box. */
export function markerElements(markers: readonly Marker[], { nx, ny, width, height }: ImageBox): string {
  const [dx, dy] = [width / nx, height / ny];
  let shapes = "";
  for (const { x, y, radius, label, color = "#ffffff" } of markers) {
    const [cx, cy] = [(x + 0.5) * dx, height - (y + 0.5) * dy];
    shapes += outlined(
      radius === undefined
        ? `<path d="M${px(cx - 6)},${px(cy)}h4.5m3,0h4.5M${px(cx)},${px(cy - 6)}v4.5m0,3v4.5"`
        : `<ellipse cx="${px(cx)}" cy="${px(cy)}" rx="${px(radius * dx)}" ry="${px(radius * dy)}"`,
      color,
    );
    if (label !== undefined)
      shapes += labelBeside(label, cx, cy, radius === undefined ? 6 : radius * dx * 0.71, width, color);
  }
  return shapes;
}

/** Text at the upper right of what reaches so far around (x, y), at its upper left where there is no room; all in px. */
export function labelBeside(
  label: string,
  x: number,
  y: number,
  reach: number,
  width: number,
  color?: string,
): string {
  const leftwards = x + reach + 4 + textWidth(label, FONT_SIZE.tick) > width;
  return outlinedText(
    label,
    leftwards ? x - reach - 4 : x + reach + 4,
    Math.max(FONT_SIZE.tick + 2, y - reach),
    leftwards ? "end" : "start",
    color,
  );
}

/** A line drawing that is seen on every ground. @param shape an SVG element without its end */
export function outlined(shape: string, color = "#ffffff", width = 1.2): string {
  return (
    `${shape} fill="none" stroke="#000000" stroke-opacity="0.6" stroke-width="${px(2.5 * width)}"/>` +
    `${shape} fill="none" stroke="${color}" stroke-width="${width}"/>`
  );
}

/** Text that is seen on every ground. */
export function outlinedText(
  text: string,
  x: number,
  y: number,
  anchor: "start" | "middle" | "end",
  color = "#ffffff",
): string {
  const element = textElement(text, x, y, { size: FONT_SIZE.tick, fill: color, anchor });
  return (
    `<g stroke="#000000" stroke-opacity="0.6" stroke-width="2.5" stroke-linejoin="round">${element}</g>` +
    element
  );
}
