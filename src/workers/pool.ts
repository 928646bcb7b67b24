import type { Observation } from "../data/observation/observation.js";
import { type ChainLaw, isOnGpu } from "../samplers/open-chain.js";
import { type ChainJob, type ChainOutput, type ChainPreview, runChainJob } from "./chain-job.js";
import { openWorkerPool, type WorkerKind, type WorkerPool } from "./worker-pool.js";

export { availableCores } from "./worker-pool.js";

/** Workers (or, with `workers: 0`, the calling thread) that run chain jobs; progress is in sweeps. */
export type ChainPool = WorkerPool<ChainJob, ChainOutput, ChainPreview>;

const CHAINS: WorkerKind<ChainJob, ChainOutput, ChainPreview> = {
  script: () => new URL("./chain-worker.js", import.meta.url),
  webWorker: () => new Worker(new URL("./chain-worker.js", import.meta.url), { type: "module" }),
  runHere: runChainJob,
  nameOf: ({ chain }) => `chain ${chain}`,
};

/**
 * Open a pool.
 *
 * @param workers number of workers, >= 0; 0 runs jobs one after the other on the calling thread
 */
export function openChainPool(workers: number): ChainPool {
  return openWorkerPool(CHAINS, workers);
}

/** Fetch the code of chains on the GPU: when it is wanted, or ahead, lest the server of a page be gone by then. */
export const fetchGpuPool = () => import("./gpu-pool.js");

/** Open a pool for the chains of a law: so many workers, or where the law asks for it the GPU. @throws JobError without that */
export async function openPoolOf(
  law: ChainLaw,
  observations: readonly Observation[],
  { workers, chains }: { readonly workers: number; readonly chains: number },
): Promise<ChainPool> {
  if (!isOnGpu(law)) return openChainPool(workers);
  const { openGpuPool } = await fetchGpuPool();
  return openGpuPool(law, observations, chains);
}
