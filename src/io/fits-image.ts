/** Pixels of FITS images. */

import { FormatError } from "../errors.js";
import { MAX_PIXELS, type SkyImage, skyImage } from "../image.js";
import { BITPIX_CODES, decodeNumbers, type StoredArray } from "./fits-bytes.js";
import {
  applyScaling,
  type NumberArray,
  readScaling,
  type Scaling,
  SIGN_ZERO,
  safeNumbers,
} from "./fits-scaling.js";
import { unpackImage } from "./fits-tiles.js";
import type { FitsHdu, FitsHduInfo, FitsImageInfo } from "./hdu.js";
import { hduKind } from "./hdu-kind.js";

/** An image with physical pixel values. */
export interface FitsImage {
  /** Length of each axis, slowest first. */
  readonly shape: number[];
  /** Row-major, the last axis fastest. */
  readonly data: NumberArray;
  /** BUNIT. */
  readonly unit?: string;
}

/** An image with pixel values as stored. */
export interface FitsStoredImage extends Scaling {
  readonly shape: number[];
  readonly data: StoredArray;
}

function scalingOf({ header, label, bitpix }: FitsImageInfo): Scaling {
  return readScaling(label, header, bitpix > 0 ? ["BSCALE", "BZERO", "BLANK"] : ["BSCALE", "BZERO"]);
}

/** @throws FormatError unless the HDU is an image */
export function checkIsImage<H extends FitsHduInfo>(
  hdu: H,
): asserts hdu is Extract<H, { readonly kind: "image" }> {
  if (hdu.kind === "image") return;
  throw new FormatError(`${hdu.label}: must be an image, got ${hduKind(hdu).is}; ${hduKind(hdu).remedy}`, {
    fields: { kind: hdu.kind },
  });
}

/**
 * Physical values of some stored pixels of an image.
 *
 * @param bytes big-endian pixels, a whole number of them
 * @param shape of the pixels given, slowest first
 */
export function decodePixels(info: FitsImageInfo, bytes: Uint8Array, shape: readonly number[]): FitsImage {
  const scaling = scalingOf(info);
  const code = BITPIX_CODES[info.bitpix];
  const values = applyScaling(info.label, decodeNumbers(bytes, code), code, scaling);
  const blank = scaling.blank;
  const physicalBlank =
    values instanceof BigUint64Array && blank !== undefined ? BigInt(blank) + SIGN_ZERO.K : blank;
  const data =
    values instanceof BigInt64Array || values instanceof BigUint64Array
      ? safeNumbers(info.label, values, physicalBlank)
      : values;
  const unit = info.header.text("BUNIT");
  return unit === undefined || unit === "" ? { shape: [...shape], data } : { shape: [...shape], data, unit };
}

/**
 * Physical pixel values of an image HDU.
 *
 * The array type is the narrowest exact one: 8, 16 and 32-bit integers and floats keep theirs (unsigned where BZERO says so);
 * scaled images, images with BLANK (which reads as NaN) and 64-bit integers give `Float64Array`.
 *
 * @throws FormatError for other HDUs, or 64-bit integers beyond 2^53 (see `readStoredImage`)
 */
export function readImageData(hdu: FitsHdu): FitsImage {
  checkIsImage(hdu);
  return decodePixels(hdu, unpackImage(hdu).data, hdu.shape);
}

/** Pixel values as stored, with scale, zero point and blank value; 64-bit integers as `BigInt64Array`. */
export function readStoredImage(hdu: FitsHdu): FitsStoredImage {
  checkIsImage(hdu);
  const { data } = unpackImage(hdu);
  return { shape: [...hdu.shape], data: decodeNumbers(data, BITPIX_CODES[hdu.bitpix]), ...scalingOf(hdu) };
}

/**
 * A two-dimensional image HDU as `SkyImage`; leading axes of length 1 are dropped. NaN pixels are kept.
 *
 * @throws FormatError when the HDU is no image, has no two such axes, or more than `MAX_PIXELS` pixels
 */
export function imageToSkyImage(hdu: FitsHdu): SkyImage {
  checkIsImage(hdu);
  const [ny, nx] = hdu.shape.slice(-2);
  const flat = hdu.shape.slice(0, -2).every((length) => length === 1);
  if (ny === undefined || nx === undefined || !flat || ny === 0 || nx === 0) {
    throw new FormatError(
      `${hdu.label}: image must have two axes with pixels (others of length 1), got [${hdu.shape.join(", ")}]; name another HDU or take a slice`,
      { fields: { shape: hdu.shape } },
    );
  }
  if (ny * nx > MAX_PIXELS) {
    throw new FormatError(
      `${hdu.label}: image must have at most ${MAX_PIXELS} pixels, got ${ny} x ${nx}; cut out a part or bin it`,
      { fields: { shape: hdu.shape } },
    );
  }
  const { data } = readImageData(hdu);
  return skyImage(data instanceof Float64Array ? data : new Float64Array(data), [ny, nx]);
}
