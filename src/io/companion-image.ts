/** Images that go with the counts, brought onto the pixels of the counts by the sky coordinates of both. */

import type { WcsCard } from "../data/observation/observation.js";
import { psfCentre } from "../data/observation/psf.js";
import { cardReader } from "../data/sky/card-reader.js";
import { pixelSize, pixelSizeAt } from "../data/sky/pixel-size.js";
import { resampleImage } from "../data/sky/resample-image.js";
import {
  localScale,
  type PixelMap,
  pixelMap,
  placement,
  skyDistance,
  type TwoSkies,
  twoSkies,
} from "../data/sky/sky-mapping.js";
import { pixelToSky, skyStep } from "../data/sky/sky-position.js";
import { parseWcs, type SkyWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { cutout, imageSum, paddedImage, type Shape, type SkyImage } from "../image.js";
import type { FitsHeader } from "./fits-header.js";
import { angularPixelSize, untoldPixelSize } from "./psf-pixel-size.js";

/** What an image beside the counts is. */
export type CompanionKind = "exposure" | "background" | "mask";

/** An image and the sky that it shows. */
export interface SkyImageOnSky {
  /** For messages, usually the file's. */
  readonly name: string;
  readonly image: SkyImage;
  /** Header cards, as `wcsCards` returns them. */
  readonly wcs: readonly WcsCard[];
}

/** The pixels of the counts. */
export interface CountsGrid {
  readonly shape: Shape;
  readonly wcs: readonly WcsCard[];
}

/** An image on the pixels of the counts, and what was done to bring it there. */
export interface PlacedImage {
  /** NaN where the image says nothing of a pixel. */
  readonly image: SkyImage;
  readonly notes: readonly string[];
}

/** Distance in pixels up to which pixels count as the same. */
const SAME = 0.1;
/** Differences of a psf that nobody sees: parts of the size of a pixel, degrees. */
const SAME_SIZE = 0.01;
const SAME_TURN = 2;
/** A psf on pixels so many times larger than those of the counts has lost its shape. */
const COARSEST_PSF = 2;
/** Part of a pixel at the edge of a psf that is left out. */
const EDGE = 0.01;

const AS_IT_IS = "--align pixels takes it as it is";

/** An angle in the unit that people use for its size. */
export function angleText(degrees: number): string {
  const [value, unit] =
    degrees < 1 / 60 ? [degrees * 3600, '"'] : degrees < 1 ? [degrees * 60, "'"] : [degrees, " deg"];
  return `${Number(value.toPrecision(3))}${unit}`;
}

/** Whether the pixels of two images are the same ones, or nothing is known of it. */
export function sharesPixels(grid: CountsGrid, wcs: readonly WcsCard[]): boolean {
  const { skies } = twoSkies(grid.wcs, wcs);
  const map = skies && pixelMap(...skies);
  if (map === undefined) return true;
  const { offset, deviation } = placement(map, grid.shape);
  return Math.hypot(offset.x, offset.y) <= SAME && deviation <= SAME;
}

/**
 * Bring an image that goes with the counts onto their pixels. Without sky coordinates that can be compared it is taken as it is.
 *
 * Pixels that are the same are taken over. On other pixels an exposure is interpolated, of a background what lies in a pixel is summed,
 * and of a mask the nearest pixel counts.
 *
 * @throws InvalidInputError when it shows another part of the sky
 */
export function ontoCounts(kind: CompanionKind, companion: SkyImageOnSky, grid: CountsGrid): PlacedImage {
  const { name, image } = companion;
  const asGiven = { image, notes: [] };
  const { skies, unread } = twoSkies(grid.wcs, companion.wcs);
  if (skies === undefined) return { image, notes: unreadSky(kind, name, unread, "pixel by pixel") };
  const [own, other] = skies;
  const map = pixelMap(own, other);
  if (map === undefined) return { image, notes: [incomparable(kind, name, own, other)] };

  const { offset, deviation } = placement(map, grid.shape);
  const [dx, dy] = [Math.round(offset.x), Math.round(offset.y)];
  const parallel = deviation <= SAME && Math.hypot(offset.x - dx, offset.y - dy) <= SAME;
  const [ny, nx] = grid.shape;
  const sameShape = image.shape[0] === ny && image.shape[1] === nx;
  if (parallel && dx === 0 && dy === 0 && sameShape) return asGiven;
  const covers = dx >= 0 && dy >= 0 && dx + nx <= image.shape[1] && dy + ny <= image.shape[0] && parallel;
  const how = covers ? "the counts' part of it was taken" : `${DONE[kind]} on the counts' pixels`;
  const { scale, turn, mirrored } = localScale(map, (nx - 1) / 2, (ny - 1) / 2);
  const { found, used } = covers
    ? { found: cutout(image, [dy, dy + ny], [dx, dx + nx]), used: true }
    : onOtherPixels(kind, image, grid.shape, map, scale);
  if (!used) throw elsewhere(kind, name, image.shape, grid.shape, own, other);
  const differences = [
    ...(sameShape ? [] : [`${image.shape[1]} x ${image.shape[0]} of them`]),
    ...(Math.abs(scale - 1) > 1e-3
      ? [`a size of ${angleText(pixelSize(other))} against ${angleText(pixelSize(own))}`]
      : []),
    ...(mirrored || Math.abs(turn) > 0.05
      ? [mirrored ? "mirrored axes" : `axes turned by ${turn.toFixed(1)} deg`]
      : []),
    ...(Math.hypot(offset.x, offset.y) > SAME && sameShape
      ? [`an offset of ${Math.hypot(offset.x, offset.y).toPrecision(3)} pixels`]
      : []),
  ];
  const got = differences.length === 0 ? "others" : differences.join(", ");
  const note = `${name}: pixels of the ${kind} should be those of the counts, by sky coordinates, got ${got}; ${how} (${AS_IT_IS})`;
  return { image: found, notes: [note] };
}

const DONE: Readonly<Record<CompanionKind, string>> = {
  exposure: "it was interpolated",
  background: "its counts were summed",
  mask: "the nearest of its pixels count",
};

function onOtherPixels(kind: CompanionKind, image: SkyImage, shape: Shape, map: PixelMap, scale: number) {
  const how = kind === "exposure" ? "mean" : kind === "background" ? "sum" : "nearest";
  const found = resampleImage(image, { map, shape, scale: Number.isFinite(scale) ? scale : 1, kind: how });
  const used = found.data.some((value) => !Number.isNaN(value));
  if (kind !== "mask") return { found, used };
  return { found: { ...found, data: found.data.map((value) => (Number.isNaN(value) ? 0 : value)) }, used };
}

function incomparable(kind: string, name: string, own: SkyWcs, other: SkyWcs): string {
  return (
    `${name}: sky coordinates of the ${kind} should be of the system of the counts, ${own.system}, got ${other.system}; ` +
    "it was taken pixel by pixel"
  );
}

/** What to say where coordinates of the sky are there and cannot be compared because one header cannot be read. */
function unreadSky(
  kind: CompanionKind | "psf",
  name: string,
  unread: TwoSkies["unread"],
  how: string,
): string[] {
  if (unread === undefined) return [];
  const whose = unread.first ? "the counts" : `the ${kind}`;
  return [
    `${name}: sky coordinates of the ${kind} should be comparable with those of the counts, got for ${whose} some that cannot be read ` +
      `(${unread.reason}); it was taken ${how}, check that it is`,
  ];
}

function elsewhere(
  kind: string,
  name: string,
  size: Shape,
  shape: Shape,
  own: SkyWcs,
  other: SkyWcs,
): InvalidInputError {
  const back = pixelMap(other, own)!;
  const middle = back((size[1] - 1) / 2, (size[0] - 1) / 2);
  const pixels = Math.hypot(middle.x - (shape[1] - 1) / 2, middle.y - (shape[0] - 1) / 2);
  const here = pixelToSky(own, (shape[1] - 1) / 2, (shape[0] - 1) / 2);
  const there = pixelToSky(own, middle.x, middle.y);
  const distance = skyDistance(here, there);
  const far = Number.isFinite(pixels)
    ? `${Number(pixels.toPrecision(3))} pixels away (${angleText(distance)})`
    : "on the other side of the sky";
  return new InvalidInputError(
    `${name}: ${kind} must cover the sky of the counts, got an image whose middle is ${far}; choose the ${kind} of this observation, ` +
      "or add --align pixels if its coordinates are wrong",
    { fields: { image: kind, pixels } },
  );
}

/** Degrees to the east and north of steps along x and y, at a pixel: columns of a matrix. */
function skySteps(wcs: SkyWcs, x: number, y: number): readonly [number, number, number, number] {
  const alongX = skyStep(wcs, { x: x - 0.5, y }, { x: x + 0.5, y });
  const alongY = skyStep(wcs, { x, y: y - 0.5 }, { x, y: y + 0.5 });
  return [alongX[0], alongY[0], alongX[1], alongY[1]];
}

/** `pixelSizeAt` in the middle of the counts, to nine digits, as on any machine; that of the reference position where nobody sees the difference. */
export function middlePixelSize(wcs: SkyWcs, [ny, nx]: Shape): number {
  const size = Number(pixelSizeAt(wcs, (nx - 1) / 2, (ny - 1) / 2).toPrecision(9));
  const reference = pixelSize(wcs);
  return Math.abs(size / reference - 1) > SAME_SIZE ? size : reference;
}

/**
 * A psf on pixels of the size and direction of those of the counts, as the headers of both have them; where it lies on the sky does not
 * matter. Its light is summed, or interpolated from pixels that are larger; its middle stays at `floor(n / 2)`.
 *
 * @param header of the psf, which may tell the size of its pixels in a way that is not understood
 * @throws InvalidInputError when its pixels are more than twice as large as those of the counts
 */
export function psfOntoCounts(
  { name, image, wcs }: SkyImageOnSky,
  grid: CountsGrid,
  header?: FitsHeader,
): PlacedImage {
  const asGiven = { image, notes: [] };
  const { skies, unread } = twoSkies(grid.wcs, wcs);
  if (skies === undefined) {
    const own = parseWcs(grid.wcs).wcs;
    if (own === undefined || unread !== undefined) {
      const how = "as if its pixels were those of the counts";
      return { image, notes: unreadSky("psf", name, unread, how) };
    }
    const mine = middlePixelSize(own, grid.shape);
    const theirs = angularPixelSize(cardReader(wcs)) ?? mine;
    const scale = mine / theirs;
    if (Math.abs(scale - 1) > SAME_SIZE)
      return resampledTo({ name, image }, [scale, 0, 0, scale], { mine, theirs, direction: "" });
    return { image, notes: header === undefined ? [] : untoldPixelSize(name, header, mine, grid.wcs) };
  }
  const [own, other] = skies;
  const [centreRow, centreCol] = psfCentre(image);
  const here = skySteps(own, (grid.shape[1] - 1) / 2, (grid.shape[0] - 1) / 2);
  const there = skySteps(other, centreCol, centreRow);
  const determinant = there[0] * there[3] - there[1] * there[2];
  if (!Number.isFinite(determinant) || determinant === 0 || here.some(Number.isNaN)) return asGiven;
  // Pixels of the psf for a pixel of the counts.
  const across = [
    (there[3] * here[0] - there[1] * here[2]) / determinant,
    (there[3] * here[1] - there[1] * here[3]) / determinant,
    (there[0] * here[2] - there[2] * here[0]) / determinant,
    (there[0] * here[3] - there[2] * here[1]) / determinant,
  ] as const;
  const turned = pixelMap(own, other) === undefined || own.system !== other.system;
  const area = across[0] * across[3] - across[1] * across[2];
  const scale = Math.sqrt(Math.abs(area));
  const turn = (Math.atan2(across[2], across[0]) * 180) / Math.PI;
  // North of other coordinates is elsewhere: then the size alone counts.
  const matrix = turned ? ([scale, 0, 0, scale] as const) : across;
  const sameDirection = turned || (area > 0 && Math.abs(turn) <= SAME_TURN);
  if (Math.abs(scale - 1) <= SAME_SIZE && sameDirection) return asGiven;
  const mine = Math.sqrt(Math.abs(here[0] * here[3] - here[1] * here[2]));
  const direction = sameDirection ? "" : area < 0 ? ", mirrored" : `, turned by ${turn.toFixed(0)} deg`;
  return resampledTo({ name, image }, matrix, { mine, theirs: Math.sqrt(Math.abs(determinant)), direction });
}

/** A psf on pixels of the counts; `matrix` has its pixels for one of theirs, sizes of both are degrees. */
function resampledTo(
  { name, image }: Pick<SkyImageOnSky, "name" | "image">,
  matrix: readonly [number, number, number, number],
  { mine, theirs, direction }: { readonly mine: number; readonly theirs: number; readonly direction: string },
): PlacedImage {
  const scale = Math.sqrt(Math.abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]));
  const sizes = `${angleText(mine)}, got ${angleText(theirs)}`;
  if (scale * COARSEST_PSF < 1 - SAME_SIZE) {
    throw new InvalidInputError(
      `${name}: pixels of the psf must be at most ${COARSEST_PSF} times as large as those of the counts, ${sizes}; ` +
        "make the psf on pixels of the counts, or add --align pixels if its header is wrong",
      { fields: { image: "psf", scale } },
    );
  }
  const resampled = resampledPsf(image, matrix, scale);
  const size = (shape: Shape) => `${shape[1]} x ${shape[0]}`;
  return {
    image: resampled,
    notes: [
      `${name}: pixel size and axes of the psf should be those of the counts, ${sizes}${direction}; it was resampled ` +
        `from ${size(image.shape)} to ${size(resampled.shape)} pixels of the counts (${AS_IT_IS})`,
    ],
  };
}

function resampledPsf(
  image: SkyImage,
  [xx, xy, yx, yy]: readonly [number, number, number, number],
  scale: number,
): SkyImage {
  const [ny, nx] = image.shape;
  const [centreRow, centreCol] = psfCentre(image);
  const determinant = xx * yy - xy * yx;
  // Corners of the psf's pixels, in pixels of the counts from the centre.
  const places = [-0.5, nx - 0.5].flatMap((x) =>
    [-0.5, ny - 0.5].map((y) => {
      const [dx, dy] = [x - centreCol, y - centreRow];
      return [(yy * dx - xy * dy) / determinant, (xx * dy - yx * dx) / determinant] as const;
    }),
  );
  const reach = (axis: 0 | 1) =>
    Math.max(0, Math.ceil(Math.max(...places.map((place) => Math.abs(place[axis]))) - 0.5 - EDGE));
  const [halfX, halfY] = [reach(0), reach(1)];
  // No light beyond the edges.
  const border = Math.ceil(2 * scale) + 2;
  const padded = paddedImage(image, [ny + 2 * border, nx + 2 * border], border, border);
  const found = resampleImage(padded, {
    map: (x, y) => ({
      x: border + centreCol + xx * (x - halfX) + xy * (y - halfY),
      y: border + centreRow + yx * (x - halfX) + yy * (y - halfY),
    }),
    shape: [2 * halfY + 1, 2 * halfX + 1],
    scale,
    kind: "sum",
  });
  const data = found.data.map((value) => (Number.isNaN(value) ? 0 : value));
  const factor = imageSum(image) / imageSum({ data, shape: found.shape });
  return { data: data.map((value) => value * factor), shape: found.shape };
}
