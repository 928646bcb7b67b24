/**
 * tslira for Node: everything of the main entry, and files.
 *
 * @module
 */

export { type AnimateDrawsOptions, animateDraws } from "./figures/animate-draws-node.js";
export { figureDocument } from "./figures/document-node.js";
export { renderPdf } from "./figures/pdf-node.js";
export { type DrawnFigure, type PngOptions, renderPixels, renderPng } from "./figures/png-node.js";
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
export { type OpenResult, openResult } from "./io/open-result-node.js";
export { readPointEstimate, writePointEstimate } from "./io/point-estimate-file-node.js";
export {
  type ChandraGalacticCenterOptions,
  chandraGalacticCenter,
  type ObservationFileNames,
  type ObservationFiles,
  readObservationFiles,
} from "./io/public-datasets-node.js";
export { readResult, readResultSummary, writeResult } from "./io/result-file-node.js";
export { type ReportFileOptions, reportFromFile } from "./report/report-file-node.js";
export {
  deconvolveToFile,
  type FileRun,
  type FileRunOptions,
  resumeRun,
} from "./runs/deconvolve-to-file-node.js";
