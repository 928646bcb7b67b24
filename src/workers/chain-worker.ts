import { type ChainJob, type ChainOutput, type ChainPreview, runChainJob } from "./chain-job.js";
import { serveJobs } from "./serve-jobs.js";

/* The far end of the pool of chains. */

const buffersOf = ({ rows, draws, state }: ChainOutput): ArrayBuffer[] => {
  const { moments, arrays: saved } = state;
  const arrays = [rows, draws, moments.mean, moments.squares, ...Object.values(saved)];
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
};

serveJobs<ChainJob, ChainOutput, ChainPreview>(async (job, { onPiece, ...watch }) => {
  const output = await runChainJob(job, {
    ...watch,
    onPiece: (piece) => onPiece(piece, buffersOf(piece)),
  });
  return { output, transfer: buffersOf(output) };
});
