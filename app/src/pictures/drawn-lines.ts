/** Draws grid and contours. Fetched when they are wanted first. */

import type { SkyImage } from "tslira";
import { parseWcs, type SkyWcs } from "tslira/sky";
import { type PixelMap, pixelMap } from "#studio";
import {
  type ContourSet,
  contourOverlay,
  contourSet,
  coordinateGrid,
  gridMargin,
  movedContours,
  smoothedImage,
  type Viewport,
} from "#viewer";
import type { ContourImage } from "../desk/contour-image.js";
import type { LineDrawing, WantedContours } from "./sky-lines.js";

/** From pixels of the image of another file to those of the pictures. */
function placeOf({ step, first, wcs: cards }: ContourImage, below: SkyWcs | undefined): PixelMap {
  const own = cards && parseWcs(cards).wcs;
  const map = own && below && pixelMap(own, below);
  return (x, y) => {
    const at = { x: first.x + (x + 0.5) * step - 0.5, y: first.y + (y + 0.5) * step - 0.5 };
    return map ? map(at.x, at.y) : at;
  };
}

/**
 * Contours of an image in pixels of the pictures.
 *
 * @param wcs of the pictures
 * @param source of an image of another file
 */
export function contoursOf(
  image: SkyImage,
  { levels, smoothing }: WantedContours,
  wcs: SkyWcs | undefined,
  source: ContourImage | undefined,
): ContourSet {
  const contours = contourSet(smoothedImage(image, smoothing / (source?.step ?? 1)), levels);
  return source ? movedContours(contours, placeOf(source, wcs)) : contours;
}

/** Lines on a picture, drawn once for each view and size of it: the cursor moves more often. */
export function drawnLines(grid: boolean, contours: ContourSet): LineDrawing {
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
