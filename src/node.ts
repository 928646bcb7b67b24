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
  separatePlanes,
} from "./io/public-datasets-node.js";
export { readRegionFile } from "./io/region-file-node.js";
export { readResult, readResultSummary, writeResult } from "./io/result-file-node.js";
export { writeWholeFile } from "./io/whole-file-node.js";
export {
  type CollectedJob,
  type CollectJobOptions,
  collectJob,
} from "./jobs/collect-job-node.js";
export {
  type CreateJobOptions,
  createChainsJob,
  createReplicatesJob,
  createTilesJob,
  type ReplicatesJobOptions,
} from "./jobs/create-job-node.js";
export { createObservationsJob, type Survey, type SurveyEntry } from "./jobs/create-survey-job-node.js";
export type {
  JobKind,
  JobManifest,
  JobOptions,
  SlurmSettings,
  TaskRecord,
  TileSettings,
} from "./jobs/job.js";
export { forEachTask, type Job, readJob, readTask } from "./jobs/job-folder-node.js";
export { type JobStatus, type JobStatusOptions, jobStatus } from "./jobs/job-status-node.js";
export type { TaskFailure } from "./jobs/result-files-node.js";
export {
  type RunTasksOptions,
  runTasks,
  type TasksProgress,
  type TasksReport,
} from "./jobs/run-task-node.js";
export { shellCommands } from "./jobs/shell-command.js";
export {
  cancelSlurm,
  type SlurmOptions,
  type SlurmQueue,
  slurmQueue,
  submitToSlurm,
} from "./jobs/slurm-node.js";
export {
  readSubmissions,
  type Submission,
  type SubmittedArray,
  submittedTasks,
} from "./jobs/submission-node.js";
export { type ReportFileOptions, reportFromFile } from "./report/report-file-node.js";
export {
  deconvolveToFile,
  type FileEstimate,
  type FileRun,
  type FileRunOptions,
  resumeRun,
} from "./runs/deconvolve-to-file-node.js";
export { readSignificance, writeSignificance } from "./significance/significance-file-node.js";
export { openTaskFolder, type TaskFolder } from "./significance/task-folder-node.js";
