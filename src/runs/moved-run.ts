/** Runs that began on the GPU and go on on the CPU: their plan, and what their results say of it. */

import type { SamplerConfig } from "../posterior/result.js";
import { gpuSweepsOf } from "../samplers/moved-state.js";
import type { ChainState } from "../samplers/sampler.js";
import type { RunPlan } from "./lira-options.js";

/** Said when such a run is taken up. */
export const MOVED_NOTE = "device: chains that began on the GPU go on on the CPU";

/** Whether the chains of a plan run on the GPU. */
export function planIsOnGpu({ config }: RunPlan): boolean {
  return "device" in config && config.device === "gpu";
}

/** A plan whose chains run on the GPU, with them on the CPU. */
export function planOnCpu(plan: RunPlan): RunPlan {
  const { device: _gpu, ...config } = plan.config as SamplerConfig & { readonly device: "gpu" };
  return { ...plan, config: config as SamplerConfig };
}

/**
 * The configuration of a run that may have moved, and a sentence on its device.
 *
 * @param chosen how the device was chosen where the settings left it open
 * @param states where its chains ended
 */
export function deviceOf(
  config: SamplerConfig,
  chosen: string | undefined,
  states: readonly ChainState[],
): { readonly config: SamplerConfig; readonly device?: string } {
  const said = chosen === undefined ? {} : { device: chosen };
  const before = states.map(gpuSweepsOf);
  if (before.every((sweeps) => sweeps === undefined)) return { config, ...said };
  const sweeps = before.map((value) => value ?? 0);
  // All was sampled there; only the summary was made without it.
  if (states.every((state, chain) => state.sweeps === sweeps[chain])) {
    return { config: { ...config, device: "gpu" } as SamplerConfig, ...said };
  }
  const [least, most] = [Math.min(...sweeps), Math.max(...sweeps)];
  const after = least === most ? `${most}` : `${least} to ${most}`;
  const how = config.method === "nuts" ? "in double precision" : "with other random numbers of the same law";
  const moved = `went on on the CPU after ${after} sweeps, ${how}`;
  return {
    config,
    device:
      chosen === undefined ? `device: chains began on the GPU and ${moved}` : `${chosen}; they ${moved}`,
  };
}
