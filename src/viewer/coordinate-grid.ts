/** Lines of equal coordinates on top of a picture, with their values along its lower and left edge. */

import { isEquatorial } from "../data/sky/sky-angle.js";
import type { SkyWcs } from "../data/sky/sky-wcs.js";
import { skyAxes } from "../figures/sky-axes.js";
import { textWidth } from "../figures/svg.js";
import { linearTicks } from "../figures/ticks.js";
import type { Shape } from "../image.js";
import type { Frame } from "./frame.js";
import { type Viewport, viewEdges } from "./viewport.js";

/** Size of the labels, px. */
const LABEL = 10;
/** px of the lower edge that its labels take. */
const LABEL_ROW = 16;
/** px of the left edge below which labels would cover the ruler and those of the lower edge. */
const CORNER = 44;
/** Narrowest picture that gets labels, px. */
const NARROW = 130;
/** px of an edge for each line of a grid in pixels. */
const EVERY = 70;

/**
 * A grid as SVG: of sky coordinates as the header has them, sexagesimal where they are equatorial; of pixels where it has none, or where
 * the middle of the view lies off the sky.
 *
 * @param view the part of the image that the frame shows
 */
export function coordinateGrid(frame: Frame, wcs: SkyWcs | undefined, view: Viewport, shape: Shape): string {
  const { clientWidth: width, clientHeight: height } = frame.element;
  if (width === 0 || height === 0) return "";
  const { path, x, y } = skyGrid(wcs, view, shape, width, height) ?? pixelGrid(view, shape, width, height);
  const lines = `<path class="grid-lines" d="${path}"/>`;
  if (width < NARROW) return lines;
  // Labels near a corner give way rather than fall out: in base 60 the first one has what the others leave out.
  let taken = 0;
  const below = x.map(([at, label]) => {
    const half = textWidth(label, LABEL) / 2 + 3;
    const middle = Math.min(Math.max(at, half), width - half);
    if (middle - half < taken) return "";
    taken = middle + half;
    return `<text class="grid-label" x="${middle.toFixed(1)}" y="${height - 4}" text-anchor="middle">${label}</text>`;
  });
  const left = y.map(([at, label]) => {
    if (at > height - CORNER) return "";
    const line = at < LABEL + 4 ? at + LABEL + 1 : at - 3;
    return `<text class="grid-label" x="4" y="${line.toFixed(1)}">${label}</text>`;
  });
  return lines + below.join("") + left.join("");
}

/** px at the lower edge that things there keep free for the labels of a grid. */
export function gridMargin(frame: Frame): number {
  return frame.element.clientWidth < NARROW ? 0 : LABEL_ROW;
}

interface Grid {
  readonly path: string;
  /** Places along the lower edge from the left, and along the left edge from the top, in px, with what stands there. */
  readonly x: readonly (readonly [at: number, label: string])[];
  readonly y: readonly (readonly [at: number, label: string])[];
}

function skyGrid(
  wcs: SkyWcs | undefined,
  view: Viewport,
  shape: Shape,
  width: number,
  height: number,
): Grid | undefined {
  if (wcs === undefined) return undefined;
  const { left, bottom, width: nx, height: ny } = viewEdges(view, shape);
  const { x, y } = wcs.referencePixel;
  const part = { ...wcs, referencePixel: { x: x - left - 0.5, y: y - bottom - 0.5 } };
  const axes = skyAxes(part, { nx, ny, width, height }, isEquatorial(wcs) ? "sexagesimal" : "degrees");
  if (axes === undefined) return undefined;
  const labelled = ({ positions, labels }: typeof axes.x.ticks, place: (at: number) => number) =>
    positions.map((at, index) => [place(at), labels[index]] as const);
  return {
    path: axes.gridPath,
    x: labelled(axes.x.ticks, (at) => ((at + 0.5) * width) / nx),
    y: labelled(axes.y.ticks, (at) => height - ((at + 0.5) * height) / ny),
  };
}

function pixelGrid(view: Viewport, shape: Shape, width: number, height: number): Grid {
  const { left, bottom, width: nx, height: ny } = viewEdges(view, shape);
  const along = (from: number, pixels: number, length: number, place: (at: number) => number) => {
    const { positions } = linearTicks(from, from + pixels, Math.max(2, length / EVERY), true);
    return positions.map((at) => [place((at - from) / pixels), String(at)] as const);
  };
  const x = along(left, nx, width, (part) => part * width);
  const y = along(bottom, ny, height, (part) => (1 - part) * height);
  const px = (at: number) => at.toFixed(1);
  return {
    path: [...x.map(([at]) => `M${px(at)},0V${height}`), ...y.map(([at]) => `M0,${px(at)}H${width}`)].join(
      "",
    ),
    x,
    y,
  };
}
