/** Draws grid and contours. Fetched when they are wanted first. */

import type { SkyImage } from "tslira";
import {
  contourOverlay,
  contourSet,
  coordinateGrid,
  gridMargin,
  smoothedImage,
  type Viewport,
} from "#viewer";
import type { LineDrawing, WantedContours } from "./sky-lines.js";

/** Lines on a picture, drawn once for each view and size of it: the cursor moves more often. */
export function drawnLines(
  grid: boolean,
  wanted: WantedContours | undefined,
  image: SkyImage | undefined,
): LineDrawing {
  const contours = wanted && image ? contourSet(smoothedImage(image, wanted.smoothing), wanted.levels) : [];
  const drawn = new WeakMap<
    Element,
    { readonly view: Viewport; readonly width: number; readonly height: number; readonly text: string }
  >();
  return {
    overlay(frame, wcs, view, shape) {
      const { clientWidth: width, clientHeight: height } = frame.element;
      const before = drawn.get(frame.element);
      if (before?.view === view && before.width === width && before.height === height) return before.text;
      const text = contourOverlay(frame, contours) + (grid ? coordinateGrid(frame, wcs, view, shape) : "");
      drawn.set(frame.element, { view, width, height, text });
      return text;
    },
    margin: (frame) => (grid ? gridMargin(frame) : 0),
  };
}
