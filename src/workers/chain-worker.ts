import { type ChainJob, type ChainOutput, type ChainPreview, runChainJob } from "./chain-job.js";
import { serveJobs } from "./serve-jobs.js";

/* The far end of the pool of chains. */

const buffersOf = ({ rows, draws, state }: ChainOutput): ArrayBuffer[] => {
  const arrays = [rows, draws, state.flux, state.scalars, state.moments.mean, state.moments.squares];
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
};

serveJobs<ChainJob, ChainOutput, ChainPreview>(async (job, { onPiece, ...watch }) => {
  const output = await runChainJob(job, {
    ...watch,
    onPiece: (piece) => onPiece(piece, buffersOf(piece)),
  });
  return { output, transfer: buffersOf(output) };
});
