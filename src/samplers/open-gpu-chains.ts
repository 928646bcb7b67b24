import type { Observation } from "../data/observation/observation.js";
import { type GpuChains, openGpuChains } from "./gpu-chain.js";
import { openGpuNuts } from "./gpu-nuts.js";
import type { GpuLaw } from "./open-chain.js";

/**
 * Open a device for chains of one run, of any law that runs there.
 *
 * @param chains how many are wanted at once
 * @throws InvalidInputError for settings or observations that the GPU does not do
 * @throws JobError without a device, or without room on it
 */
export function openChainsOnGpu(
  observations: readonly Observation[],
  law: GpuLaw,
  chains: number,
): Promise<GpuChains> {
  return "model" in law ? openGpuNuts(observations, law, chains) : openGpuChains(observations, law, chains);
}
