// Milliseconds a sweep, step by step. Times are CPU times of this process, the shortest of several rounds: what other work
// on the machine does to the caches and the clock can only add. The last column is the ratio to the textbook sampler of the tests, a plain
// transcription of the method, timed in the same run.
import { createLiraChain, type LiraChain } from "../src/samplers/lira.js";
import { createTextbookChain } from "../test/oracles/textbook-lira.js";
import { type BenchCase, benchCases, withPsfSet } from "./cases.js";
import { darkCost } from "./dark-cost.js";
import { lawCost } from "./law-cost.js";

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU milliseconds of one sweep of the textbook sampler: a few sweeps are enough for a ratio. */
function timeTextbook({ observation, settings }: BenchCase): number {
  const chain = createTextbookChain([observation], { ...settings, cycleSpin: "random" }, 1);
  chain.sweep();
  let sweeps = 0;
  const start = cpuMilliseconds();
  do {
    chain.sweep();
    sweeps++;
  } while (cpuMilliseconds() - start < 500);
  return (cpuMilliseconds() - start) / sweeps;
}

/** The least CPU milliseconds of one call over `rounds` rounds of about `slice` ms each. */
function timeCall(call: () => void, slice = 40, rounds = 11): number {
  let calls = 1;
  for (;;) {
    const start = cpuMilliseconds();
    for (let index = 0; index < calls; index++) call();
    const spent = cpuMilliseconds() - start;
    if (spent > slice / 2) break;
    calls *= 2;
  }
  const times = Array.from({ length: rounds }, () => {
    const start = cpuMilliseconds();
    for (let index = 0; index < calls; index++) call();
    return (cpuMilliseconds() - start) / calls;
  });
  return Math.min(...times);
}

function timeSteps(chain: LiraChain): Record<string, number> {
  const { kernels } = chain;
  return {
    redistribute: timeCall(() => kernels.stepRedistribute()),
    source: timeCall(() => kernels.stepSourceCounts()),
    tree: timeCall(() => kernels.stepAggregate(3 % chain.shape[0], 5 % chain.shape[1])),
    smoothing: timeCall(() => kernels.stepSmoothing()),
    image: timeCall(() => kernels.stepImage(3 % chain.shape[0], 5 % chain.shape[1])),
  };
}

function benchmark(bench: BenchCase): Record<string, string> {
  const { name, observation, settings } = bench;
  const { counts, psf } = observation;
  const chain = createLiraChain([observation], settings, { seed: 1, chain: 0 });
  const warm = Math.max(20, Math.min(2_000, Math.floor(2e7 / counts.data.length)));
  for (let sweep = 0; sweep < warm; sweep++) chain.sweep(1);
  const sweep = timeCall(() => chain.sweep(1), 80);
  const steps = timeSteps(chain);
  const photons = counts.data.reduce((sum, value) => sum + value, 0);
  const lit = counts.data.reduce((sum, value) => sum + Number(value > 0), 0);
  return {
    dataset: name,
    lit: String(lit),
    photons: String(photons),
    psf: psf.shape.join("x"),
    "ms/sweep": sweep.toFixed(4),
    ...Object.fromEntries(Object.entries(steps).map(([step, ms]) => [step, ms.toFixed(4)])),
    "ns/photon": ((1e6 * steps.redistribute) / photons).toFixed(1),
    textbook: (timeTextbook(bench) / sweep).toFixed(0),
  };
}

const only = process.argv.slice(2);
const cases = benchCases().filter(({ name }) => only.every((word) => name.includes(word)));
console.table(cases.map(benchmark));
console.log(
  "\nA sweep of LIRA's own chain, of one alpha a level with transfers, and of the adaptive prior with the same transfers:",
);
console.table(
  cases.map((bench) => {
    const { random, level, adaptive, ratio } = lawCost(bench);
    // Photons of the background need no sky pixel: at a scale that each law finds for itself the two do not do the same work.
    const held = { ...bench, settings: { ...bench.settings, fitBackgroundScale: false } };
    return {
      dataset: bench.name,
      "LIRA, random": `${random.toFixed(3)} ms`,
      "alpha a level": `${level.toFixed(3)} ms`,
      adaptive: `${adaptive.toFixed(3)} ms`,
      "adaptive / level": ratio.toFixed(2),
      ...(bench.settings.fitBackgroundScale && { "scale held": lawCost(held).ratio.toFixed(2) }),
    };
  }),
);

console.log("\nA sweep under a set of 3 x 3 psfs over one under one psf of the same size, by the same laws:");
console.table(
  cases
    .filter(({ observation }) => observation.counts.data.length >= 128 * 128)
    .map((bench) => {
      const [one, set] = [lawCost(bench), lawCost(withPsfSet(bench))];
      const row = (law: "random" | "level" | "adaptive") =>
        `${set[law].toFixed(3)} ms, ${(set[law] / one[law]).toFixed(2)} times`;
      return {
        dataset: bench.name,
        "LIRA, random": row("random"),
        "alpha a level": row("level"),
        adaptive: row("adaptive"),
      };
    }),
);

if (only.length === 0 || only.includes("dark")) {
  console.log(
    "\nA sweep of the default law, 2048 x 2048, when what no photon can reach is drawn and when it is left out:",
  );
  console.table(
    [1_000, 10_000].map((photons) => {
      const { left, drawn, ratio } = darkCost(2048, photons);
      const row = ({ sweep, memory }: typeof left) => `${sweep.toFixed(1)} ms, ${memory.toFixed(0)} MiB`;
      return { photons, drawn: row(drawn), "left out": row(left), ratio: ratio.toFixed(2) };
    }),
  );
}
