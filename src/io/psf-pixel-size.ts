/** How large the pixels of a psf are where its header has no sky coordinates, as psfs of ray tracers and of calibrations often have none. */

import type { WcsCard } from "../data/observation/observation.js";
import { degreesIn } from "../data/sky/angle-unit.js";
import { type CardReader, cardReader } from "../data/sky/card-reader.js";
import type { FitsHeader } from "./fits-header.js";

type Values = Pick<CardReader, "number" | "text">;

/** Sides of a pixel by CDELT or CD, in the units of the header; undefined where it says nothing of them. */
function sides(values: Values): readonly [number, number] | undefined {
  const columns = [1, 2].map((axis) => {
    const matrix = [values.number(`CD1_${axis}`), values.number(`CD2_${axis}`)];
    if (matrix.every((value) => value === undefined)) return Math.abs(values.number(`CDELT${axis}`) ?? 0);
    return Math.hypot(matrix[0] ?? 0, matrix[1] ?? 0);
  }) as [number, number];
  return columns.every((side) => side > 0 && Number.isFinite(side)) ? columns : undefined;
}

/** Degrees of the side of a pixel by CDELT or CD, where CUNIT of both axes is an angle; else undefined. */
export function angularPixelSize(values: Values): number | undefined {
  const [width, height] = sides(values) ?? [];
  const [one, other] = [1, 2].map((axis) => degreesIn(values.text(`CUNIT${axis}`) ?? ""));
  if (width === undefined || height === undefined || one === undefined || other === undefined)
    return undefined;
  return Math.sqrt(width * one * height * other);
}

/** Pixels of the image for a physical pixel. */
function physicalScale(values: Values): number | undefined {
  const [factor, size] = [values.number("LTM1_1"), values.number("CDELT1P")];
  const scale = factor !== undefined ? Math.abs(factor) : size !== undefined ? 1 / Math.abs(size) : 0;
  return scale > 0 && Number.isFinite(scale) ? scale : undefined;
}

/** Keywords by which headers tell the size of pixels besides, usually in arc seconds. */
const SCALES =
  /^(PIXSCALE?\d?|PIXSCL|PIXELSCL|PIXELSCA|SECPIX\d?|PIXSIZE|PIX_SIZE|PLATESCL|PSFSCALE|OVERSAMP)$/;

/**
 * What a header says of the size of the psf's pixels in a way that is not understood, one sentence or none.
 *
 * @param header of the psf
 * @param size degrees of a pixel of the counts
 * @param counts cards of the counts
 */
export function untoldPixelSize(
  name: string,
  header: FitsHeader,
  size: number,
  counts: readonly WcsCard[],
): string[] {
  const same = (value: number, own: number) => Math.abs(value / own - 1) <= 0.01;
  const told = header.cards.find(({ keyword, value }) => {
    if (!SCALES.test(keyword) || (typeof value !== "number" && typeof value !== "string")) return false;
    const number = Number(value);
    return !(keyword === "OVERSAMP" ? number === 1 : same(number, size * 3600) || same(number, size));
  });
  const [width] = angularPixelSize(header) === undefined ? (sides(header) ?? []) : [];
  // 1 is what headers have where nobody said anything, and the size of the counts needs no word.
  const unlike = width !== undefined && Math.abs(width - 1) > 1e-6 && !same(width, size);
  const cdelt = header.has("CDELT1") ? "CDELT1" : "CD1_1";
  const physical = physicalScale(header);
  const binned = physical !== undefined && !same(physical, physicalScale(cardReader(counts)) ?? 1);
  const got =
    told !== undefined
      ? `${told.keyword} = ${told.value}`
      : unlike
        ? `${cdelt} = ${header.get(cdelt)} without an angle in CUNIT1`
        : binned
          ? `${Number(physical.toPrecision(6))} of them for a physical one (LTM1_1, CDELT1P), unlike the counts`
          : undefined;
  if (got === undefined) return [];
  const seconds = Number((size * 3600).toPrecision(6));
  return [
    `${name}: pixel size of the psf should be told by CDELT1, CDELT2 and CUNIT1, CUNIT2, got ${got}; its pixels are taken as those of the ` +
      `counts, ${seconds}", add these cards if they are others`,
  ];
}
