/** Images of other files whose contours are drawn over those of the data: plain data, and how they are read. */

import type { Shape, SkyImage, WcsCard } from "tslira";
import { findHdu, imageToSkyImage, readFitsMaybeGzip, wcsCards } from "tslira/fits";
import { galacticToIcrs, type PixelPosition, parseWcs, pixelToSky, type SkyWcs } from "tslira/sky";
import { angleText, frameName, type PixelMap, pixelMap, resampleImage, skyDistance } from "#studio";
import { fileBytes, MAX_BYTES } from "./file-bytes.js";

/** The pixels of the data on the screen. */
export interface ContourFrame {
  readonly shape: Shape;
  readonly wcs: readonly WcsCard[];
  /** Shape of the counts before they were cut out, and the first pixel of the cut-out in it. */
  readonly fullShape: Shape;
  readonly first: PixelPosition;
}

/** The part of an image that shows the sky of the data. */
export interface ContourImage {
  readonly name: string;
  /** BUNIT; empty where the header has none. */
  readonly unit: string;
  /** Means of blocks of `step` by `step` pixels. */
  readonly image: SkyImage;
  readonly step: number;
  /** Place of the middle of the first pixel of the first block: in the pixels of the file, or of the data where there is no `wcs`. */
  readonly first: PixelPosition;
  /** Sky coordinates of the file; missing when it is taken pixel by pixel. */
  readonly wcs?: readonly WcsCard[];
}

/** Most pixels of a side: finer contours than the screen shows take long. */
const MOST = 1024;
/** Points along a side of the data that are looked up in the file. */
const POINTS = 33;

/** Read the first image of a file. @throws Error when it does not show the sky of the data */
export async function readContourImage(file: Blob, name: string, frame: ContourFrame): Promise<ContourImage> {
  const hdus = await readFitsMaybeGzip(await fileBytes(file, name), { name, maxBytes: MAX_BYTES });
  const hdu = findHdu(hdus);
  const whole = imageToSkyImage(hdu);
  const unit = hdu.header.text("BUNIT") ?? "";
  const wcs = wcsCards(hdu.header);
  const [own, below] = [parseWcs(wcs).wcs, parseWcs(frame.wcs).wcs];
  if (own === undefined || below === undefined)
    return { name, unit, image: whole, step: 1, first: sharedPixel(name, whole.shape, frame, own, below) };
  const map = pixelMap(below, own);
  if (map === undefined)
    throw new Error(
      `${name}: sky coordinates must go with those of the counts, ${frameName(below)}, got ${frameName(own)}; convert its header`,
    );
  const part = partThere(map, frame.shape, whole.shape);
  if (part === undefined) throw elsewhere(name, whole.shape, frame.shape, own, below);
  const [width, height] = [part.x[1] - part.x[0], part.y[1] - part.y[0]];
  const step = Math.ceil(Math.max(width, height) / MOST);
  const image = resampleImage(whole, {
    map: (x, y) => ({ x: part.x[0] + (x + 0.5) * step - 0.5, y: part.y[0] + (y + 0.5) * step - 0.5 }),
    shape: [Math.ceil(height / step), Math.ceil(width / step)],
    ...{ scale: step, kind: "mean" },
  });
  return { name, unit, image, step, first: { x: part.x[0], y: part.y[0] }, wcs };
}

/** Where the first pixel lies of an image that is taken pixel by pixel. */
function sharedPixel(
  name: string,
  shape: Shape,
  { shape: shown, fullShape, first }: ContourFrame,
  own: SkyWcs | undefined,
  below: SkyWcs | undefined,
): PixelPosition {
  const has = ([ny, nx]: Shape) => shape[0] === ny && shape[1] === nx;
  if (has(fullShape)) return { x: -first.x || 0, y: -first.y || 0 };
  if (has(shown)) return { x: 0, y: 0 };
  const lacking =
    own === undefined ? (below === undefined ? "none in both" : "none in it") : "none in the counts";
  throw new Error(
    `${name}: image must have sky coordinates as the counts have, or their ${shown[1]} × ${shown[0]} pixels, got ${lacking} and ` +
      `${shape[1]} × ${shape[0]} pixels; choose another file`,
  );
}

/** Columns and rows of an image in which the data lie, with some around; undefined where none of them does. */
function partThere(map: PixelMap, [ny, nx]: Shape, [height, width]: Shape) {
  const along = (length: number) =>
    Array.from({ length: POINTS }, (_, index) => (length * index) / (POINTS - 1) - 0.5);
  const places = along(ny)
    .flatMap((y) => along(nx).map((x) => map(x, y)))
    .filter(({ x, y }) => Number.isFinite(x + y));
  const range = (key: "x" | "y", length: number): readonly [number, number] | undefined => {
    const values = places.map((place) => place[key]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    if (!(low < length - 0.5 && high > -0.5)) return undefined;
    const around = 2 + (high - low) / POINTS;
    return [Math.max(0, Math.floor(low - around)), Math.min(length, Math.ceil(high + around) + 1)];
  };
  const [x, y] = [range("x", width), range("y", height)];
  return x && y && { x, y };
}

function elsewhere(name: string, shape: Shape, shown: Shape, own: SkyWcs, below: SkyWcs): Error {
  const middle = (wcs: SkyWcs, [ny, nx]: Shape) => {
    const position = pixelToSky(wcs, (nx - 1) / 2, (ny - 1) / 2);
    return wcs.system === "galactic" ? galacticToIcrs(position) : position;
  };
  const distance = angleText(skyDistance(middle(own, shape), middle(below, shown)));
  return new Error(
    `${name}: image must show some of the sky of the counts, got one whose middle is ${distance} away; choose another file`,
  );
}
