/**
 * tslira for Node: everything of the main entry, and files.
 *
 * @module
 */
export { figureDocument } from "./figures/document-node.js";
export { type PngOptions, renderPng } from "./figures/png-node.js";
export * from "./index.js";
export {
  createFitsWriter,
  type FitsFile,
  type FitsWriter,
  type GrowingImage,
  type GrowingTable,
  openFitsFile,
  type ReadFileOptions,
  readFitsFile,
  writeFitsFile,
} from "./io/fits-file-node.js";
export { readPointEstimate, writePointEstimate } from "./io/point-estimate-file-node.js";
export {
  type ChandraGalacticCenterOptions,
  type Cutout,
  chandraGalacticCenter,
  type ObservationFileNames,
  type ObservationFiles,
  readObservationFiles,
} from "./io/public-datasets-node.js";
export { readResult, readResultSummary, writeResult } from "./io/result-file-node.js";
export {
  deconvolveToFile,
  type FileRun,
  type FileRunOptions,
  resumeRun,
} from "./runs/deconvolve-to-file-node.js";
