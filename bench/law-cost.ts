// What a sweep costs under the laws that presets name, chains in turn within one run: what other work does to the machine's clock and
// caches falls on all alike. Medians of the rounds, and of the ratios of each round.

import { defaultPairTransfers } from "../src/runs/lira-options.js";
import { createLiraChain } from "../src/samplers/lira.js";
import { adaptiveSettings, type BenchCase } from "./cases.js";
import { median } from "./median.js";
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

/**
 * Milliseconds of a sweep in every round: under LIRA's law with random shifts, with one alpha a level and transfers, under the default,
 * and whatever else takes its turn, which gets the image that the chain of the default has come to.
 */
export function lawRounds(
  { observation, settings }: BenchCase,
  rounds: number,
  others: readonly ((flux: Float64Array) => number)[] = [],
): number[][] {
  const { shape } = observation.counts;
  const exact = { ...settings, cycleSpin: "none", pairTransfers: defaultPairTransfers(shape) } as const;
  const chains = [{ ...settings, cycleSpin: "random" as const }, exact, adaptiveSettings(exact)].map((law) =>
    createLiraChain([observation], law, { seed: 1, chain: 0 }),
  );
  const warm = Math.max(20, Math.min(1_000, Math.floor(1e7 / observation.counts.data.length)));
  for (const chain of chains) for (let sweep = 0; sweep < warm; sweep++) chain.sweep(1);
  return Array.from({ length: rounds }, () => [
    ...chains.map((chain) => {
      const start = cpuSeconds();
      let sweeps = 0;
      for (; cpuSeconds() - start < ROUND_SECONDS; sweeps++) chain.sweep(1);
      return (1000 * (cpuSeconds() - start)) / sweeps;
    }),
    ...others.map((measure) => measure(chains[2].flux)),
  ]);
}

/** Measure one dataset. */
export function lawCost(bench: BenchCase): LawCost {
  const rounds = lawRounds(bench, ROUNDS);
  const [random, level, adaptive] = [0, 1, 2].map((law) => median(rounds.map((times) => times[law])));
  return { random, level, adaptive, ratio: median(rounds.map((times) => times[2] / times[1])) };
}
