// What the marginal moves cost: CPU time of a plain sweep, of one with the default number of pair transfers (and the node and background
// transfers that come with them), and of one more pair transfer. All are timed in turn within one run, so that what other
// work does to the machine's clock and caches falls on all alike; each is the least of its rounds.
import { defaultPairTransfers } from "../src/runs/lira-options.js";
import { createLiraChain, type LiraChain } from "../src/samplers/lira.js";
import type { BenchCase } from "./cases.js";
import { cpuSeconds } from "./watched-chains.js";

/** CPU times of sweeps of one dataset. */
export interface TransferCost {
  /** Milliseconds of a sweep without transfers, and with the default number of them. */
  readonly plain: number;
  readonly withTransfers: number;
  /** Microseconds of a pair transfer, a tenth of a node transfer not included, and of computing lambda before the first one. */
  readonly pair: number;
  readonly start: number;
  /** Part of the pair transfers that are accepted. */
  readonly accepted: number;
}

const ROUNDS = 15;
const WARM_UP = 1_000;
/** Sweeps of a round, in one call. */
const SWEEPS = 200;
/** Pair transfers a sweep of the chains from whose difference the cost of one that is tried follows: some are left alone. */
const FEW = 16;
const MANY = 272;

/** Milliseconds a sweep, the least of the rounds; rounds of all chains in turn. */
function timeInTurn(chains: readonly LiraChain[]): number[] {
  for (const chain of chains) {
    for (let done = 0; done < WARM_UP; done += SWEEPS) chain.sweep(SWEEPS);
  }
  const least = chains.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, chain] of chains.entries()) {
      const start = cpuSeconds();
      chain.sweep(SWEEPS);
      least[index] = Math.min(least[index], ((cpuSeconds() - start) * 1000) / SWEEPS);
    }
  }
  return least;
}

/** Measure one dataset, with the shift of the tree fixed. */
export function transferCost({ observation, settings }: BenchCase): TransferCost {
  const create = (pairTransfers: number) =>
    createLiraChain([observation], { ...settings, cycleSpin: "none", pairTransfers }, { seed: 1, chain: 0 });
  const few = create(FEW);
  const many = create(MANY);
  for (const { kernels } of [few, many]) kernels.setTransfers(0, 0);
  const chains = [create(0), create(defaultPairTransfers(observation.counts.shape)), few, many];
  const [plain, withTransfers, withFew, withMany] = timeInTurn(chains);
  const [fewTried, manyTried] = [few, many].map(
    ({ kernels }) => Number(kernels.transfersTried.value) / (WARM_UP + ROUNDS * SWEEPS),
  );
  const pair = (1000 * (withMany - withFew)) / (manyTried - fewTried);
  const { transfersAccepted, transfersTried } = many.kernels;
  return {
    plain,
    withTransfers,
    pair,
    start: 1000 * (withFew - plain) - fewTried * pair,
    accepted: Number(transfersAccepted.value) / Number(transfersTried.value),
  };
}
