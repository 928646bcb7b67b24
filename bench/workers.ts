// Sweeps a second of four chains with two workers against one, on a Chandra-like image. Throughput is a matter of
// wall-clock time, so the machine should have two idle cores: the load average is printed, and with it the cores that
// the workers really got. Only when two workers had two cores does the ratio mean anything; sweeps a CPU second then show
// what they lose to sharing caches and memory.

import { loadavg } from "node:os";
import { compileKernels } from "../src/kernels.js";
import type { ChainJob } from "../src/workers/chain-job.js";
import { openChainPool } from "../src/workers/pool.js";
import { benchSettings, simulateField } from "./cases.js";
import { median } from "./median.js";

const CHAINS = 4;
const SWEEPS = Number(process.argv[2] ?? 500);
const ROUNDS = 5;

interface Run {
  /** Sweeps of all chains for a second of wall-clock time, and for a second of CPU time. */
  readonly perSecond: number;
  readonly perCpuSecond: number;
  /** CPU time over wall-clock time. */
  readonly cores: number;
}

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const observation = simulateField(128, 17, 7_920);
const settings = benchSettings(observation, { smoothingPrior: { power: 2, rate: 0.02, exponent: 1 } });
const module = await compileKernels();

const job = (chain: number, iterations: number): ChainJob => ({
  observations: [observation],
  settings,
  seed: 1,
  chain,
  iterations,
  burnIn: 0,
  traceEvery: Math.ceil(iterations / 10),
});

/** Run all chains on a pool whose workers have started and warmed up already. */
async function timeChains(pool: ReturnType<typeof openChainPool>): Promise<Run> {
  const wall = performance.now();
  const cpu = cpuMilliseconds();
  const chains = Array.from({ length: CHAINS }, (_, chain) => pool.run(job(chain, SWEEPS), { module }));
  await Promise.all(chains);
  const wallSpent = performance.now() - wall;
  const cpuSpent = cpuMilliseconds() - cpu;
  const sweeps = CHAINS * SWEEPS;
  return {
    perSecond: (1000 * sweeps) / wallSpent,
    perCpuSecond: (1000 * sweeps) / cpuSpent,
    cores: cpuSpent / wallSpent,
  };
}

const [load] = loadavg();
const pools = [openChainPool(1), openChainPool(2)];
for (const pool of pools) {
  await Promise.all(Array.from({ length: pool.size }, (_, chain) => pool.run(job(chain, 50), { module })));
}
// In turn, so that other work on the machine meets both.
const runs: [Run[], Run[]] = [[], []];
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, pool] of pools.entries()) runs[index].push(await timeChains(pool));
}
for (const pool of pools) pool.close();

console.log(
  `${CHAINS} chains of ${SWEEPS} sweeps, 128 x 128, medians of ${ROUNDS} runs; load before: ${load.toFixed(2)}\n`,
);
console.log("| workers | sweeps a second | sweeps a CPU second | cores used |");
console.log("|---|---|---|---|");
for (const [index, those] of runs.entries()) {
  const [perSecond, perCpuSecond, cores] = (["perSecond", "perCpuSecond", "cores"] as const).map((name) =>
    median(those.map((run) => run[name])),
  );
  console.log(
    `| ${index + 1} | ${perSecond.toFixed(0)} | ${perCpuSecond.toFixed(0)} | ${cores.toFixed(2)} |`,
  );
}
const [one, two] = runs;
const ratios = one.map(({ perSecond }, round) => two[round].perSecond / perSecond);
const cores = two.map((run) => run.cores);
console.log(
  `\nratio of sweeps a second: ${median(ratios).toFixed(2)} (best ${Math.max(...ratios).toFixed(2)}); wanted: 1.8`,
);
if (load > 0.5 || median(cores) < 1.8) {
  console.log(
    "The machine was busy: other work took part of the two cores. Run it again when the machine is idle.",
  );
}
