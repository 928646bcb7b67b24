// What a sweep of the default law costs on a large sky of few photons, when what no photon can reach is left out and when it is drawn: chains in
// turn within one run, CPU times, medians of the rounds and of the ratios of each round.

import { gaussianPsf } from "../src/data/observation/psf.js";
import { randomStream } from "../src/data/random/random.js";
import { defaultPairTransfers } from "../src/runs/lira-options.js";
import { createLiraChain } from "../src/samplers/lira.js";
import { adaptiveSettings, benchSettings } from "./cases.js";
import { median } from "./median.js";
import { cpuSeconds } from "./watched-chains.js";

const ROUNDS = 7;
const SWEEPS = 8;

/** What one way to do it costs. */
interface Cost {
  /** CPU milliseconds of a sweep. */
  readonly sweep: number;
  /** Memory of the chain in MiB. */
  readonly memory: number;
}

/** Cost of a sky `[size, size]` of so many photons, spread evenly, under a psf of 17 x 17. */
export function darkCost(
  size: number,
  photons: number,
): { readonly left: Cost; readonly drawn: Cost; readonly ratio: number } {
  const random = randomStream(size + photons);
  const data = new Float64Array(size * size);
  for (let photon = 0; photon < photons; photon++) data[Math.floor(random.uniform() * data.length)]++;
  const shape = [size, size] as const;
  const observation = { counts: { data, shape }, psf: gaussianPsf(17 / 8, [17, 17]) };
  const settings = adaptiveSettings(
    benchSettings(observation, { cycleSpin: "ensemble", pairTransfers: defaultPairTransfers(shape) }),
  );
  const chains = (["automatic", "never"] as const).map((darkSky) => {
    const chain = createLiraChain([observation], settings, { seed: 1, chain: 0, darkSky });
    chain.sweep(5);
    return chain;
  });
  const rounds = Array.from({ length: ROUNDS }, () =>
    chains.map((chain) => {
      const start = cpuSeconds();
      chain.sweep(SWEEPS);
      return (1000 * (cpuSeconds() - start)) / SWEEPS;
    }),
  );
  const [left, drawn] = chains.map((chain, index) => ({
    sweep: median(rounds.map((times) => times[index])),
    memory: chain.kernels.memory.buffer.byteLength / 2 ** 20,
  }));
  return { left, drawn, ratio: median(rounds.map((times) => times[1] / times[0])) };
}
