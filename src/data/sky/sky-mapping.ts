/** Where the pixels of one image lie in another, by the sky coordinates of both. */

import type { Shape } from "../../image.js";
import type { WcsCard } from "../observation/observation.js";
import { galacticTurn } from "./galactic.js";
import { pixelToSky, skyToPixel } from "./sky-position.js";
import { type PixelPosition, parseWcs, type SkyPosition, type SkyWcs } from "./sky-wcs.js";

/** From a position in one image to that in another, both in pixels from 0; NaN where one of them has no sky. */
export type PixelMap = (x: number, y: number) => PixelPosition;

/** The sky coordinates of two images. */
export interface TwoSkies {
  /** Those of both; absent where one has none that can be read. */
  readonly skies?: readonly [SkyWcs, SkyWcs];
  /** Why they cannot be compared, and whether the first is to blame, where both have some. */
  readonly unread?: { readonly reason: string; readonly first: boolean };
}

/** Read two headers that are to be compared. Nothing is unread where one says nothing of the sky, or both say the same. */
export function twoSkies(one: readonly WcsCard[], two: readonly WcsCard[]): TwoSkies {
  const [own, other] = [parseWcs(one), parseWcs(two)];
  if (own.wcs !== undefined && other.wcs !== undefined) return { skies: [own.wcs, other.wcs] };
  const reason = other.unread ?? own.unread;
  const saysNothing = [own, other].some(({ wcs, unread }) => wcs === undefined && unread === undefined);
  if (reason === undefined || saysNothing || sameCards(one, two)) return {};
  return { unread: { reason, first: other.unread === undefined } };
}

/** Whether two headers say the same of the sky. */
function sameCards(one: readonly WcsCard[], two: readonly WcsCard[]): boolean {
  const values = new Map(one.map(({ keyword, value }) => [keyword, value]));
  return one.length === two.length && two.every(({ keyword, value }) => values.get(keyword) === value);
}

/** One name for coordinates that can be compared as they are: ICRS and FK5 of 2000 differ by less than 0.1″. */
export function frameName({ system, equinox }: SkyWcs): string {
  const modern = system === "ICRS" || (system === "FK5" && (equinox === undefined || equinox === 2000));
  return modern ? "ICRS" : `${system} ${equinox ?? ""}`.trim();
}

/** Whether coordinates can be turned into ICRS and back. */
const isKnown = (wcs: SkyWcs) => frameName(wcs) === "ICRS" || wcs.system === "galactic";

/**
 * The map from pixels of one image to those of another that shows the same sky.
 *
 * @returns undefined when their coordinates cannot be compared: other systems or equinoxes than ICRS, FK5 of 2000 and galactic that
 *   are not the same
 */
export function pixelMap(from: SkyWcs, to: SkyWcs): PixelMap | undefined {
  if (frameName(from) !== frameName(to) && !(isKnown(from) && isKnown(to))) return undefined;
  const turn = galacticTurn(from.system === "galactic", to.system === "galactic");
  return (x, y) => {
    const { lon, lat } = turn(pixelToSky(from, x, y));
    return skyToPixel(to, lon, lat);
  };
}

/** How the pixels of one image lie to those of another. */
export interface Placement {
  /** Where the middle of the image lies in the other, less where it lies in itself; pixels of the other. */
  readonly offset: PixelPosition;
  /** Most by which a corner lies elsewhere than the offset says; infinite where there is no sky. */
  readonly deviation: number;
}

/**
 * How an image lies in another.
 *
 * @param shape `[ny, nx]` of the image
 * @param rounded what is made of the offset
 */
export function placement(map: PixelMap, [ny, nx]: Shape, rounded = (pixels: number) => pixels): Placement {
  const displaced = (x: number, y: number) => {
    const there = map(x, y);
    return { x: there.x - x, y: there.y - y };
  };
  const middle = displaced((nx - 1) / 2, (ny - 1) / 2);
  const offset = { x: rounded(middle.x), y: rounded(middle.y) };
  const corners = [0, nx - 1].flatMap((x) => [0, ny - 1].map((y) => displaced(x, y)));
  const deviations = corners.map(({ x, y }) => Math.hypot(x - offset.x, y - offset.y));
  return {
    offset,
    deviation: deviations.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...deviations),
  };
}

/** How a map of pixels turns and stretches at a position: pixels there for one pixel here. */
export interface LocalScale {
  /** Side there of the square with the area of a pixel here. */
  readonly scale: number;
  /** Degrees by which the x axis here is turned there, in (-180, 180]. */
  readonly turn: number;
  /** Whether one image is the mirror image of the other. */
  readonly mirrored: boolean;
  /** d(x there)/dx, d(x there)/dy, d(y there)/dx, d(y there)/dy. */
  readonly matrix: readonly [number, number, number, number];
}

/** Scale and direction of a map at a position, over one pixel around it. */
export function localScale(map: PixelMap, x: number, y: number): LocalScale {
  const [left, right] = [map(x - 0.5, y), map(x + 0.5, y)];
  const [low, high] = [map(x, y - 0.5), map(x, y + 0.5)];
  const matrix = [right.x - left.x, high.x - low.x, right.y - left.y, high.y - low.y] as const;
  const determinant = matrix[0] * matrix[3] - matrix[1] * matrix[2];
  return {
    scale: Math.sqrt(Math.abs(determinant)),
    turn: (Math.atan2(matrix[2], matrix[0]) * 180) / Math.PI,
    mirrored: determinant < 0,
    matrix,
  };
}

/** Angle in degrees between two positions of one system. */
export function skyDistance(first: SkyPosition, second: SkyPosition): number {
  const radians = Math.PI / 180;
  const half = (degrees: number) => Math.sin((degrees * radians) / 2) ** 2;
  const square =
    half(second.lat - first.lat) +
    Math.cos(first.lat * radians) * Math.cos(second.lat * radians) * half(second.lon - first.lon);
  return (2 * Math.asin(Math.min(1, Math.sqrt(square)))) / radians;
}
