// What a sweep costs under the laws that presets name, chains in turn within one run: what other work does to the machine's clock and
// caches falls on all alike. Medians of the rounds, and of the ratios of each round.
import { defaultPairTransfers } from "../src/runs/lira-options.js";
import { createLiraChain } from "../src/samplers/lira.js";
import { adaptiveSettings, type BenchCase } from "./cases.js";
import { cpuSeconds } from "./watched-chains.js";

/** CPU times of sweeps of one dataset, medians. */
export interface LawCost {
  /** Milliseconds of a sweep of LIRA's own chain, with random shifts and without transfers. */
  readonly random: number;
  /** With one alpha a level, a fixed shift and transfers. */
  readonly level: number;
  /** Under the adaptive prior, with the same transfers: the default. */
  readonly adaptive: number;
  /** Adaptive over level. */
  readonly ratio: number;
}

const ROUNDS = 11;
const ROUND_SECONDS = 0.15;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Measure one dataset. */
export function lawCost({ observation, settings }: BenchCase): LawCost {
  const { shape } = observation.counts;
  const exact = { ...settings, cycleSpin: "none", pairTransfers: defaultPairTransfers(shape) } as const;
  const chains = [{ ...settings, cycleSpin: "random" as const }, exact, adaptiveSettings(exact)].map((law) =>
    createLiraChain([observation], law, { seed: 1, chain: 0 }),
  );
  const warm = Math.max(20, Math.min(1_000, Math.floor(1e7 / observation.counts.data.length)));
  for (const chain of chains) for (let sweep = 0; sweep < warm; sweep++) chain.sweep(1);
  const rounds = Array.from({ length: ROUNDS }, () =>
    chains.map((chain) => {
      const start = cpuSeconds();
      let sweeps = 0;
      for (; cpuSeconds() - start < ROUND_SECONDS; sweeps++) chain.sweep(1);
      return (1000 * (cpuSeconds() - start)) / sweeps;
    }),
  );
  const [random, level, adaptive] = chains.map((_, law) => median(rounds.map((times) => times[law])));
  return { random, level, adaptive, ratio: median(rounds.map((times) => times[2] / times[1])) };
}
