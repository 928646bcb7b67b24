/** Which part of the image all panels show. */

import type { Shape } from "../image.js";

/** Middle of the part shown, in pixels, and how many times it is enlarged; 1 shows the whole image. */
export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** The whole image. */
export function wholeView([ny, nx]: Shape): Viewport {
  return { x: (nx - 1) / 2, y: (ny - 1) / 2, zoom: 1 };
}

/** Edges of the part shown, in pixels. */
export function viewEdges({ x, y, zoom }: Viewport, [ny, nx]: Shape) {
  return { left: x - nx / zoom / 2, bottom: y - ny / zoom / 2, width: nx / zoom, height: ny / zoom };
}

/** A view that stays on the image, between all of it and eight pixels a side. */
export function clampView({ x, y, zoom }: Viewport, [ny, nx]: Shape): Viewport {
  const most = Math.max(1, Math.min(nx, ny) / 8);
  const factor = Math.min(Math.max(zoom, 1), most);
  const keep = (value: number, size: number) => {
    const half = size / factor / 2;
    return Math.min(Math.max(value, half - 0.5), size - 0.5 - half);
  };
  return { x: keep(x, nx), y: keep(y, ny), zoom: factor };
}

/** Enlarge around a fixed position. */
export function zoomAt(view: Viewport, factor: number, x: number, y: number, shape: Shape): Viewport {
  const { zoom } = clampView({ ...view, zoom: view.zoom * factor }, shape);
  const ratio = view.zoom / zoom;
  return clampView({ x: x + (view.x - x) * ratio, y: y + (view.y - y) * ratio, zoom }, shape);
}

/** Pixels of a line, and of a page, of wheels that count in these. */
const LINE = 16;
const PAGE = 400;
/** Zoom by a notch of a common mouse, 100 px, and by pinching, which browsers tell as small turns with Ctrl. */
const NOTCH = Math.log(1.25) / 100;
const PINCH = 0.01;

/**
 * By how much a turn of the wheel enlarges: in proportion to it, so that a touchpad zooms gently; 1 where the turn is sideways.
 *
 * @param event a `WheelEvent`
 */
export function wheelFactor({
  deltaX,
  deltaY,
  deltaMode,
  ctrlKey,
}: Pick<WheelEvent, "deltaX" | "deltaY" | "deltaMode" | "ctrlKey">): number {
  if (Math.abs(deltaX) > Math.abs(deltaY)) return 1;
  const pixels = deltaY * (deltaMode === 1 ? LINE : deltaMode === 2 ? PAGE : 1);
  const most = Math.log(2);
  return Math.exp(Math.min(Math.max(-pixels * (ctrlKey ? PINCH : NOTCH), -most), most));
}
