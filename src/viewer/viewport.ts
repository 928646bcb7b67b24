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

/** The view moved as little as it takes to hold a position. */
export function viewHolding(view: Viewport, [x, y]: readonly [number, number], shape: Shape): Viewport {
  const [halfX, halfY] = [shape[1] / view.zoom / 2, shape[0] / view.zoom / 2];
  const towards = (middle: number, at: number, half: number) =>
    Math.min(Math.max(middle, at - half + 1), at + half - 1);
  return clampView({ ...view, x: towards(view.x, x, halfX), y: towards(view.y, y, halfY) }, shape);
}

/** The pixel of the image that is nearest to a position. */
export function nearestPixel([x, y]: readonly [number, number], [ny, nx]: Shape): [x: number, y: number] {
  return [Math.min(Math.max(Math.round(x), 0), nx - 1), Math.min(Math.max(Math.round(y), 0), ny - 1)];
}

/** The view after a key: plus and minus zoom around a position, 0 shows all; undefined for any other. */
export function viewByKey(
  key: string,
  view: Viewport,
  [x, y]: readonly [number, number],
  shape: Shape,
): Viewport | undefined {
  if (key === "+" || key === "=") return zoomAt(view, 1.5, x, y, shape);
  if (key === "-") return zoomAt(view, 1 / 1.5, x, y, shape);
  return key === "0" ? wholeView(shape) : undefined;
}

/** Direction of an arrow key, x to the right and y up, times a step; undefined for any other key. */
export function arrowStep(key: string, step: number): readonly [x: number, y: number] | undefined {
  switch (key) {
    case "ArrowLeft":
      return [-step, 0];
    case "ArrowRight":
      return [step, 0];
    case "ArrowUp":
      return [0, step];
    case "ArrowDown":
      return [0, -step];
    default:
      return undefined;
  }
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
