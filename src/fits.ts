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
export {
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
  findHdu,
  fitsCard,
  type HduSelector,
  imageToSkyImage,
  readFits,
  readFitsMaybeGzip,
  readTable,
  wcsCards,
  writeFits,
} from "./io/fits.js";
export type { CellValues, Logical } from "./io/fits-column.js";
export type { CellInput, FitsColumnFormat, FitsColumnInput } from "./io/fits-encode-column.js";
export type { ExactArray, NumberArray } from "./io/fits-scaling.js";
export type { FitsSection } from "./io/fits-section.js";
export type { ReadTableOptions } from "./io/fits-table.js";
export type { FitsEmptyInput, FitsImageInput, PixelArray } from "./io/fits-write.js";
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
export type { NamedPsf, PsfLength } from "./io/named-psf.js";
export {
  decodePointEstimate,
  type EstimateProvenance,
  encodePointEstimate,
  type StoredEstimate,
} from "./io/point-estimate-file.js";
export type { ResultSummary } from "./io/result-decode.js";
export { decodeResult, encodeResult } from "./io/result-file.js";
