import type { Observation } from "../data/observation/observation.js";
import { JobError } from "../errors.js";
import type { GpuLaw } from "../samplers/open-chain.js";
import { openChainsOnGpu } from "../samplers/open-gpu-chains.js";
import { runChainJob } from "./chain-job.js";
import type { ChainPool } from "./pool.js";

/**
 * Open a pool on the GPU, on which as many chains run at once as there is room for. Jobs run on the calling thread, which only waits for
 * the device.
 *
 * @param chains chains of the run
 * @throws JobError when the device is not there
 */
export async function openGpuPool(
  law: GpuLaw,
  observations: readonly Observation[],
  chains: number,
): Promise<ChainPool> {
  const device = await openChainsOnGpu(observations, law, chains);
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
