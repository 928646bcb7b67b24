/**
 * tslira/fits: FITS in memory: headers, images and tables; observations composed of images; results as bytes and back.
 *
 * @module
 */

export type { CountsGrid } from "./io/companion-image.js";
export {
  type ComposedObservation,
  type ComposeOptions,
  type Cutout,
  composeObservation,
  type NamedHdu,
  type ObservationHdus,
  type RegionMask,
} from "./io/compose-observation.js";
export type { EstimateProvenance } from "./io/file-origin.js";
export {
  columnNumbers,
  type FitsCard,
  type FitsColumn,
  type FitsHdu,
  type FitsHduInfo,
  type FitsHduInput,
  FitsHeader,
  type FitsImage,
  type FitsName,
  type FitsTable,
  type FitsValue,
  findColumn,
  findHdu,
  fitsCard,
  type HduSelector,
  imageToSkyImage,
  parseFitsName,
  readFits,
  readFitsMaybeGzip,
  readImageData,
  readTable,
  wcsCards,
  writeFits,
} from "./io/fits.js";
export type { CellValues, Logical } from "./io/fits-column.js";
export type { CellInput, FitsColumnFormat, FitsColumnInput } from "./io/fits-encode-column.js";
export type { ExactArray, NumberArray } from "./io/fits-scaling.js";
export type { FitsSection } from "./io/fits-section.js";
export type { ReadTableOptions } from "./io/fits-table.js";
export type { FitsEmptyInput, FitsImageInput, PixelArray, WriteFitsOptions } from "./io/fits-write.js";
export type { FitsTableInput } from "./io/fits-write-table.js";
export type { GunzipOptions } from "./io/gzip.js";
export type {
  Bitpix,
  FitsData,
  FitsEmptyHdu,
  FitsEmptyInfo,
  FitsImageHdu,
  FitsImageInfo,
  FitsTableHdu,
  FitsTableInfo,
} from "./io/hdu.js";
export { type HduKind, type HduKindName, hduKind, type ImageValues } from "./io/hdu-kind.js";
export {
  type LegacyImagesOptions,
  type LegacyParameters,
  type LegacySettings,
  parseLegacyImages,
  parseLegacyParameters,
} from "./io/lira-legacy.js";
export { isPsfName, type NamedPsf, namedPsfImage, type PsfLength, parsePsfName } from "./io/named-psf.js";
export { decodePatchMixture, encodePatchMixture } from "./io/patch-mixture-file.js";
export type { PsfTrim } from "./io/placed-psf.js";
export {
  decodePointEstimate,
  encodePointEstimate,
  type StoredEstimate,
} from "./io/point-estimate-file.js";
export { findPsfSet, type NamedPsfSet } from "./io/psf-set-file.js";
export { decodeHdus as resultFromHdus, type ResultSummary } from "./io/result-decode.js";
export { decodeResult, encodeResult } from "./io/result-file.js";
export { isResult } from "./io/tslira-file.js";
