import { serveJobs } from "../workers/serve-jobs.js";
import type { SignificanceJob } from "./estimate.js";
import { runSignificanceTask, type SignificanceTaskResult } from "./task.js";

/* The far end of the pool of a significance run. */

serveJobs<SignificanceJob, SignificanceTaskResult>(async ({ observations, run, task }, watch) => {
  const output = await runSignificanceTask(observations, run, task, watch);
  const arrays = [...Object.values(output.values), output.histogram, output.apertureMean];
  const transfer = arrays.flatMap((array) => (array === undefined ? [] : [array.buffer as ArrayBuffer]));
  return { output, transfer };
});
