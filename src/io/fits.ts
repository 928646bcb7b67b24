/** FITS files in memory: the door to the `fits-*` modules. Files on disk: `fits-file-node.ts`. */

import { readFits } from "./fits-hdu.js";
import { type GunzipOptions, gunzip, isGzip } from "./gzip.js";
import type { FitsHdu } from "./hdu.js";

export type { FitsCard, FitsValue } from "./fits-card.js";
export { type CellValues, columnNumbers, type FitsColumn, type Logical } from "./fits-column.js";
export type { CellInput, FitsColumnFormat, FitsColumnInput } from "./fits-encode-column.js";
export { findHdu, readFits } from "./fits-hdu.js";
export { FitsHeader, fitsCard } from "./fits-header.js";
export {
  type FitsImage,
  type FitsStoredImage,
  imageToSkyImage,
  readImageData,
  readStoredImage,
} from "./fits-image.js";
export { type FitsName, parseFitsName } from "./fits-name.js";
export { type FitsTable, findColumn, type ReadTableOptions, readTable } from "./fits-table.js";
export { shiftWcs, wcsCards } from "./fits-wcs.js";
export {
  carriedCards,
  type FitsEmptyInput,
  type FitsHduInput,
  type FitsImageInput,
  type PixelArray,
  type WriteFitsOptions,
  writeFits,
} from "./fits-write.js";
export type { FitsHduTitle, FitsTableInput } from "./fits-write-table.js";
export type {
  Bitpix,
  FitsEmptyHdu,
  FitsHdu,
  FitsHduInfo,
  FitsImageHdu,
  FitsImageInfo,
  FitsTableHdu,
  FitsTableInfo,
  HduSelector,
} from "./hdu.js";

/**
 * Find all HDUs of a FITS file in memory, decompressing it first when it is gzip.
 *
 * @param options.name name of the file in error messages, default "FITS"
 * @param options.maxBytes most bytes to decompress to, default 2 GiB
 * @throws FormatError when the bytes are neither, damaged, cut short, or decompress to more than `maxBytes`
 */
export async function readFitsMaybeGzip(bytes: Uint8Array, options: GunzipOptions = {}): Promise<FitsHdu[]> {
  const { name = "FITS" } = options;
  return readFits(isGzip(bytes) ? await gunzip(bytes, { ...options, name }) : bytes, { name });
}
