/**
 * tslira/cluster: jobs of many tasks in a folder, run here or by Slurm: chains, replicates, surveys, tiles.
 *
 * @module
 */

export { type CollectJobOptions, collectJob } from "./jobs/collect-job-node.js";
export type { CollectedJob } from "./jobs/collected.js";
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
export { type Job, readJob } from "./jobs/job-folder-node.js";
export { type JobStatus, type JobStatusOptions, jobStatus } from "./jobs/job-status-node.js";
export type { TaskFailure } from "./jobs/result-files-node.js";
export {
  type RunTasksOptions,
  runTasks,
  type TasksProgress,
  type TasksReport,
} from "./jobs/run-task-node.js";
