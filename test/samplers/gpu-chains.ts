/** Chains on the GPU behind the face of those that the oracles know. */
import type { Observation } from "../../src/data/observation/observation.js";
import type { SkyImage } from "../../src/image.js";
import { type GpuChainSettings, openGpuChains } from "../../src/samplers/gpu-chain.js";
import type { RunChains } from "../oracles/acceptance.js";
import { perLevel, textbookTreeShapes } from "../oracles/textbook-prior.js";

/** Run chains of LIRA's prior together on a reference case, each from a start of its own. */
export const runGpuChains =
  (starts: readonly SkyImage[]): RunChains =>
  async ({ observation, settings }, { chains, iterations, seed, onDraw }) => {
    const levels = textbookTreeShapes(observation.counts.shape).length - 1;
    const law = {
      ...settings,
      alphaInit: [...perLevel(settings.alphaInit, levels)],
      backgroundScalePrior: settings.backgroundScalePrior ?? { shape: 0.001, rate: 0 },
      pairTransfers: 0,
      device: "gpu",
    } as GpuChainSettings;
    await sweepGpuChains([observation], law, { chains, iterations, seed, starts }, onDraw);
  };

/** Sweep chains together, one sweep at a time, and show every draw. */
async function sweepGpuChains(
  observations: readonly Observation[],
  law: GpuChainSettings,
  options: {
    readonly chains: number;
    readonly iterations: number;
    readonly seed: number;
    readonly starts: readonly SkyImage[];
  },
  onDraw: Parameters<RunChains>[1]["onDraw"],
): Promise<void> {
  const { chains, iterations, seed, starts } = options;
  const device = await openGpuChains(observations, law, chains);
  try {
    const open = Array.from({ length: chains }, (_, chain) =>
      device.open(chain, { seed, chain, fluxInit: starts[chain] }),
    );
    const { columns } = open[0];
    const at = (name: string) => columns.flatMap((column, index) => (column.startsWith(name) ? [index] : []));
    const [alpha, [total], scale] = [at("smoothingParam"), at("expectedMSCounts"), at("bkgScale")];
    for (let iteration = 0; iteration < iterations; iteration++) {
      const rows = await Promise.all(open.map((chain) => chain.sweep(1)));
      for (const [chain, row] of rows.entries()) {
        onDraw(chain, iteration, {
          flux: open[chain].flux,
          alpha: Float64Array.from(alpha, (index) => row[index]),
          totalCounts: row[total],
          backgroundScale: Float64Array.from(scale, (index) => row[index]),
        });
      }
    }
  } finally {
    device.close();
  }
}
