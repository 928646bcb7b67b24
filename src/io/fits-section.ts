/** Parts of FITS images: rectangles and planes, as images of their own, undecoded. */

import { InvalidInputError } from "../errors.js";
import { FitsHeader } from "./fits-header.js";
import { checkIsImage } from "./fits-image.js";
import { imageSize } from "./fits-shape.js";
import { unpackImage } from "./fits-tiles.js";
import { shiftWcs, wcsCards } from "./fits-wcs.js";
import type { FitsHdu, FitsImageHdu, FitsImageInfo } from "./hdu.js";

/** A rectangle of an image: half-open, 0-based ranges of columns (x) and rows (y). */
export interface Cutout {
  readonly x: readonly [start: number, end: number];
  readonly y: readonly [start: number, end: number];
}

/** Which part of an image to take: a rectangle, planes, or both; what is absent is taken whole. */
export interface FitsSection {
  readonly cutout?: Cutout;
  /** Half-open, 0-based range of the planes of a cube, all axes beyond the second counted as one. */
  readonly planes?: readonly [start: number, end: number];
}

/** Rows of bytes that make up a part of an image. */
export interface SectionLayout {
  /** The part as an image of its own, without data; reference pixels of its header have moved. */
  readonly info: FitsImageInfo;
  /** First byte of each of its rows in the data of the whole, ascending. */
  readonly starts: readonly number[];
  /** Bytes of a row. */
  readonly rowLength: number;
}

const isRange = ([start, end]: readonly [number, number], size: number) =>
  Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= size;

/**
 * Check a part against the image that it is of.
 *
 * @param name what messages call the image
 * @throws InvalidInputError when it leaves the image
 */
function checkSection(name: string, shape: readonly number[], section: FitsSection): void {
  const { nx, ny, planes } = imageSize(shape);
  const { cutout, planes: range } = section;
  if (cutout !== undefined && !(isRange(cutout.x, nx) && isRange(cutout.y, ny))) {
    throw new InvalidInputError(
      `${name}: cut-out must lie inside the image, columns 0:${nx} and rows 0:${ny}, got ${cutout.x.join(":")},${cutout.y.join(":")}; ` +
        "ranges are 0-based and half-open, x first",
      { fields: { cutout, shape } },
    );
  }
  if (range !== undefined && !isRange(range, planes)) {
    throw new InvalidInputError(
      `${name}: planes must lie in 0:${planes}, got ${range.join(":")}; they count from 0, and the end of a range does not belong to it`,
      { fields: { planes: range, shape } },
    );
  }
}

/** Where the bytes of a part lie. @throws InvalidInputError when it leaves the image */
export function sectionLayout(name: string, whole: FitsImageInfo, section: FitsSection): SectionLayout {
  checkSection(name, whole.shape, section);
  const { nx, ny, planes } = imageSize(whole.shape);
  const { x, y } = section.cutout ?? { x: [0, nx], y: [0, ny] };
  const [first, last] = section.planes ?? [0, planes];
  const size = Math.abs(whole.bitpix) / 8;
  const starts: number[] = [];
  for (let plane = first; plane < last; plane++) {
    for (let row = y[0]; row < y[1]; row++) starts.push(((plane * ny + row) * nx + x[0]) * size);
  }
  const flat = [y[1] - y[0], x[1] - x[0]];
  const shape = last - first === 1 ? flat : [last - first, ...flat];
  const rowLength = flat[1] * size;
  const header = movedHeader(whole.header, x[0], y[0]);
  return { info: { ...whole, header, shape, dataLength: starts.length * rowLength }, starts, rowLength };
}

/** A header whose reference pixels belong to a part that begins at (x, y). */
function movedHeader(header: FitsHeader, x: number, y: number): FitsHeader {
  if (x === 0 && y === 0) return header;
  const before = wcsCards(header);
  const moved = new Map(shiftWcs(before, x, y).map((card) => [card.keyword, card]));
  const cards = header.cards.map((card) => {
    const found = moved.get(card.keyword);
    moved.delete(card.keyword);
    return found ?? card;
  });
  return new FitsHeader([...cards, ...moved.values()]);
}

/**
 * A part of an image as an image of its own. Nothing is decoded; only the part is copied.
 *
 * @param name what messages call the image
 * @throws FormatError when the HDU is no image
 * @throws InvalidInputError when the part leaves the image
 */
export function sectionHdu(name: string, hdu: FitsHdu, section: FitsSection): FitsImageHdu {
  checkIsImage(hdu);
  if (section.cutout === undefined && section.planes === undefined) return hdu;
  const plain = unpackImage(hdu);
  const { info, starts, rowLength } = sectionLayout(name, plain, section);
  const data = new Uint8Array(info.dataLength);
  for (const [row, start] of starts.entries())
    data.set(plain.data.subarray(start, start + rowLength), row * rowLength);
  return { ...info, data };
}
