import { type ChainJob, type ChainOutput, type ChainPreview, runChainJob } from "./chain-job.js";
import { serveJobs } from "./serve-jobs.js";

/* The far end of the pool of chains. */

serveJobs<ChainJob, ChainOutput, ChainPreview>(async (job, watch) => {
  const output = await runChainJob(job, watch);
  const { rows, draws, state } = output;
  const arrays = [rows, draws, state.flux, state.scalars, state.moments.mean, state.moments.squares];
  return { output, transfer: arrays.map(({ buffer }) => buffer as ArrayBuffer) };
});
