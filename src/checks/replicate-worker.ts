import { serveJobs } from "../workers/serve-jobs.js";
import { type ReplicatedDraw, type ReplicateJob, replicateKernel } from "./replicate-job.js";

/* The far end of the pool that replicates counts. A pool serves one check, so its model is laid out once. */

let run: ReturnType<typeof replicateKernel> | undefined;

serveJobs<ReplicateJob, readonly ReplicatedDraw[]>(async ({ task, draws }, { module }) => {
  run ??= replicateKernel(task, module);
  const output = draws.map(run);
  const transfer = output.flatMap(({ observed, values, profiles }) => [observed, values, profiles]);
  return { output, transfer: transfer.map(({ buffer }) => buffer) };
});
