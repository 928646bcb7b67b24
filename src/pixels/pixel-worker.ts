import { serveJobs } from "../workers/serve-jobs.js";
import { type PixelJob, type PixelOutput, pixelKernel } from "./pixel-job.js";

/* The far end of the pool that summarises pixels. A pool serves one layout of draws, so its kernels are laid out once. */

let run: ReturnType<typeof pixelKernel> | undefined;

serveJobs<PixelJob, PixelOutput>(async (job, { module }) => {
  run ??= pixelKernel(job.layout, module);
  const output = run(job);
  const { band, quantiles, rhat, ess, sums } = output;
  return { output, transfer: [band, ...quantiles, rhat, ess, ...sums].map(({ buffer }) => buffer) };
});
