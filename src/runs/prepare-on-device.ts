/** A run whose settings leave the device open: on that on which a few sweeps say that all chains take less time. */

import type { Observation } from "../data/observation/observation.js";
import { compileKernels } from "../kernels.js";
import { isOnGpu, isPortable, openChain } from "../samplers/open-chain.js";
import { type AwaitedChain, MAX_BATCH } from "../samplers/sampler.js";
import { availableCores } from "../workers/pool.js";
import type { RunPlan } from "./lira-options.js";
import { type ChainRunOptions, type PreparedRun, prepareRun } from "./prepare-run.js";
import type { SamplingOptions } from "./sample-run.js";

/** Milliseconds after which sweeps have been timed long enough: more than the chains of a run take for a batch. */
const ENOUGH = 100;

/**
 * `prepareRun`, and before it the choice of the device where the settings have `"auto"`.
 *
 * @param kept plan of an earlier run that this one continues, on whose device it stays
 * @throws as `prepareRun`
 */
export async function prepareOnDevice(
  data: Observation | readonly Observation[],
  settings: ChainRunOptions,
  { workers, onNote, onWarning }: SamplingOptions,
  kept: () => Promise<RunPlan | undefined> = async () => undefined,
): Promise<PreparedRun> {
  if (!("device" in settings) || settings.device !== "auto") return prepareRun(data, settings, onWarning);
  const on = (device: "cpu" | "gpu", warn?: (warning: string) => void) =>
    prepareRun(data, { ...settings, device }, warn);
  const chosen = (prepared: PreparedRun, chosenDevice: string | undefined): PreparedRun =>
    chosenDevice === undefined ? prepared : { ...prepared, plan: { ...prepared.plan, chosenDevice } };
  const before = await kept();
  if (before !== undefined) {
    const { device = "cpu" } = before.config as { readonly device?: "cpu" | "gpu" };
    return chosen(on(device, onWarning), before.chosenDevice);
  }
  const cpu = on("cpu", onWarning);
  const { chains } = cpu.plan.config;
  const [prepared, told] = await (async () => {
    try {
      const gpu = on("gpu");
      const { name, milliseconds } = await timeGpu(gpu);
      const cores = isPortable(cpu.law) ? Math.min(chains, workers ?? chains, availableCores()) : 1;
      const costs = [
        { device: "GPU", cost: milliseconds, text: `the GPU (${name}) takes ${timeText(milliseconds)}` },
        await timeCpu(cpu, Math.max(1, cores)),
      ].sort((one, other) => one.cost - other.cost);
      const [{ device, text }, slower] = costs;
      const all = chains === 1 ? "its chain" : `all ${chains} chains`;
      const step = cpu.plan.config.method === "nuts" ? "gradient" : "sweep";
      return [
        device === "GPU" ? gpu : cpu,
        `device: chains run on the ${device}; for a ${step} of ${all} ${text}, ${slower.text}`,
      ] as const;
    } catch (error) {
      // What is wrong with the data is wrong on both, and told by the one that is left.
      const reason = (error as Error).message.replace(/^(gpu|lira|nuts): /, "").replace(/;.*$/s, "");
      return [cpu, `device: chains run on the CPU; for the GPU ${reason}`] as const;
    }
  })();
  onNote?.(told);
  return chosen(prepared, told);
}

const timeText = (milliseconds: number) => `${Number(milliseconds.toPrecision(2))} ms`;

/**
 * Milliseconds of a sweep of chains that do theirs together, of the gradient sampler those of a gradient, of which sweeps have any number;
 * the first sweep, which makes everything ready, is not counted.
 */
async function timeSweep(chains: readonly AwaitedChain[]): Promise<number> {
  const { columns } = chains[0];
  const gradients = columns.indexOf("gradients");
  /** Steps of a chain. */
  const sweep = async (count: number): Promise<number> => {
    const rows = await Promise.all(chains.map((chain) => chain.sweep(count)));
    if (gradients < 0) return count;
    const all = rows.flatMap((trace) =>
      Array.from({ length: count }, (_, row) => trace[row * columns.length + gradients]),
    );
    return all.reduce((sum, value) => sum + value, 0) / chains.length;
  };
  await sweep(1);
  for (let count = 1; ; count = Math.min(MAX_BATCH, 2 * count)) {
    const start = performance.now();
    const steps = await sweep(count);
    const milliseconds = performance.now() - start;
    if (milliseconds >= ENOUGH || count === MAX_BATCH) return milliseconds / steps;
  }
}

/** By one chain on this thread. */
async function timeCpu({ inputs, law, plan: { config } }: PreparedRun, cores: number) {
  const chain = await openChain(inputs, law, {
    seed: config.seed,
    chain: 0,
    module: await compileKernels(),
  });
  try {
    const cost = (await timeSweep([chain])) * Math.ceil(config.chains / cores);
    const where = cores === 1 ? "a core" : `${cores} cores`;
    return {
      device: "CPU",
      cost,
      text: `${where} of the CPU ${cores === 1 ? "takes" : "take"} ${timeText(cost)}`,
    };
  } finally {
    chain.close?.();
  }
}

/** By all chains that there is room for. */
async function timeGpu({ inputs, law, plan: { config } }: PreparedRun) {
  if (!isOnGpu(law)) throw new TypeError("device: chains must be on the GPU to be timed there");
  const { openChainsOnGpu } = await import("../samplers/open-gpu-chains.js");
  const { slots, name, open, close } = await openChainsOnGpu(inputs, law, config.chains);
  try {
    const chains = Array.from({ length: slots }, (_, slot) => open(slot, { seed: config.seed, chain: slot }));
    return { name, milliseconds: (await timeSweep(chains)) * Math.ceil(config.chains / slots) };
  } finally {
    close();
  }
}
