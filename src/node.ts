/**
 * tslira/node: everything of all entries, for programs in Node, and files: results, observations, regions, figures as PNG and PDF, runs that
 * keep themselves on disk.
 *
 * @module
 */

export * from "./cluster.js";
export * from "./diagnostics.js";
export { type AnimateDrawsOptions, animateDraws } from "./figures/animate-draws-node.js";
export { figureDocument } from "./figures/document-node.js";
export { renderPdf } from "./figures/pdf-node.js";
export { type DrawnFigure, type PngOptions, renderPng } from "./figures/png-node.js";
export * from "./figures.js";
export * from "./fits.js";
export * from "./index.js";
export {
  type FinishOptions,
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
export { readRegionFile } from "./io/region-file-node.js";
export { readResult, readResultSummary, writeResult } from "./io/result-file-node.js";
export { type ReportFileOptions, reportFromFile } from "./report/report-file-node.js";
export {
  deconvolveToFile,
  type FileEstimate,
  type FileRun,
  type FileRunOptions,
  type ResumeOptions,
  resumeRun,
} from "./runs/deconvolve-to-file-node.js";
export { readSignificance, writeSignificance } from "./significance/significance-file-node.js";
export * from "./significance.js";
export * from "./sky.js";
