import type { Observation } from "../data/observation/observation.js";
import { JobError } from "../errors.js";
import { openGpuChains } from "../samplers/gpu-chain.js";
import { type ChainLaw, isOnGpu } from "../samplers/open-chain.js";
import { runChainJob } from "./chain-job.js";
import { type ChainPool, openChainPool } from "./pool.js";

/**
 * Open a pool for the chains of a law: workers, or where the law asks for it the GPU, on which as many chains run at once as there is
 * room for. Their jobs then run on the calling thread, which only waits for the device.
 *
 * @param workers number of workers, >= 0; the GPU needs none
 * @param chains chains of the run
 * @throws JobError when the device is not there
 */
export async function openPoolOf(
  law: ChainLaw,
  observations: readonly Observation[],
  { workers, chains }: { readonly workers: number; readonly chains: number },
): Promise<ChainPool> {
  if (!isOnGpu(law)) return openChainPool(workers);
  const device = await openGpuChains(observations, law, chains);
  const free = Array.from({ length: device.slots }, (_, slot) => slot);
  const waiting: ((slot: number) => void)[] = [];
  let closed = false;
  return {
    size: device.slots,
    async run(job, watch = {}) {
      if (closed) throw new JobError("pool: must be open to run jobs, got closed; open another");
      const slot = free.shift() ?? (await new Promise<number>((resolve) => waiting.push(resolve)));
      try {
        return await runChainJob(job, {
          ...watch,
          open: async (_observations, _law, options) => device.open(slot, options),
        });
      } finally {
        const next = waiting.shift();
        if (next) next(slot);
        else free.push(slot);
      }
    },
    close() {
      closed = true;
      device.close();
    },
  };
}
