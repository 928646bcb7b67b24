// How fast the chains mix: R-hat and effective draws a second of CPU time for the slow quantities of each dataset, without
// and with pair transfers, for each way to shift the tree, and what the transfers cost (alone with --cost). Four chains from separated starts; the first fifth is burn-in.
//
//   npm run bench:mixing -- [--case gausspoints32] [--variant none] [--sweeps 4000] [--seconds 60] [--cost]
import { parseArgs } from "node:util";
import type { Shape } from "../src/image.js";
import { bulkEss, splitRhat } from "../src/posterior/convergence.js";
import { defaultPairTransfers } from "../src/runs/lira-options.js";
import { createLiraChain, type LiraChainSettings } from "../src/samplers/lira.js";
import { type BenchCase, mixingCases } from "./cases.js";
import { transferCost } from "./transfer-cost.js";
import { CHAINS, groupDraws, sweepsToAgreement, watchChains } from "./watched-chains.js";

/** Milliseconds a sweep of the original C code, measured on the same kind of machine (32 x 32; Chandra 128 x 128). */
const ORIGINAL_MS: Readonly<Record<string, number>> = { "32x32": 14, "128x128": 170 };

interface Variant {
  readonly name: string;
  readonly changes: Partial<LiraChainSettings>;
}

function variantsOf(shape: Shape): Variant[] {
  const transfers = { pairTransfers: defaultPairTransfers(shape) };
  return [
    { name: "random", changes: { cycleSpin: "random" } },
    { name: "none", changes: { cycleSpin: "none" } },
    { name: "none + pairs", changes: { cycleSpin: "none", ...transfers } },
    { name: "sampled", changes: { cycleSpin: "sampled" } },
    { name: "sampled + pairs", changes: { cycleSpin: "sampled", ...transfers } },
  ];
}

/** The pixels with most posterior flux, found by a short run. */
function brightPixels({ observation, settings }: BenchCase, count: number): number[] {
  const shape = observation.counts.shape;
  const changes = { cycleSpin: "none", pairTransfers: defaultPairTransfers(shape) } as const;
  const sum = new Float64Array(shape[0] * shape[1]);
  for (let chain = 0; chain < 2; chain++) {
    const running = createLiraChain([observation], { ...settings, ...changes }, { seed: 9, chain });
    running.sweep(200);
    for (let batch = 0; batch < 4; batch++) running.sweep(200);
    running.moments.mean.forEach((value, pixel) => {
      sum[pixel] += value;
    });
  }
  return [...sum.keys()].sort((a, b) => sum[b] - sum[a]).slice(0, count);
}

/** What transfers cost: all chains in turn, with the shift fixed. */
function printCost(bench: BenchCase): void {
  const { plain, withTransfers, pair, start, accepted } = transferCost(bench);
  console.log(
    `a sweep takes ${plain.toFixed(3)} ms without and ${withTransfers.toFixed(3)} ms with transfers, ` +
      `${(withTransfers / plain).toFixed(2)} times as long; a pair transfer ${pair.toFixed(2)} us, ` +
      `their beginning ${start.toFixed(0)} us a sweep; ${(100 * accepted).toFixed(1)} % are accepted`,
  );
}

function compare(bench: BenchCase, sweepsWanted: number | undefined, seconds: number, only: string[]): void {
  const { name, observation } = bench;
  const shape = observation.counts.shape;
  const pixels = bench.watched ?? brightPixels(bench, 6);
  const results = variantsOf(shape)
    .filter((variant) => only.length === 0 || only.includes(variant.name))
    .map((variant) => {
      const settings = { ...bench.settings, ...variant.changes };
      const pilot = watchChains(observation, settings, pixels, 40);
      const sweeps = sweepsWanted ?? Math.ceil((40 * seconds) / pilot.seconds);
      return { variant: variant.name, recorded: watchChains(observation, settings, pixels, sweeps) };
    });
  console.log(`\n${name} ${shape.join(" x ")}, ${defaultPairTransfers(shape)} transfers a sweep`);
  printCost(bench);
  console.table(
    results.map(({ variant, recorded }) => {
      const agreed = sweepsToAgreement(recorded, [[0, 1, 2, 3]]);
      const ms = (1000 * recorded.seconds) / (CHAINS * recorded.sweeps);
      return {
        variant,
        sweeps: recorded.sweeps,
        "ms/sweep": ms.toFixed(3),
        "sweeps to R-hat < 1.05": Number.isNaN(agreed) ? "not reached" : agreed,
        "s a chain": Number.isNaN(agreed) ? "" : ((agreed * ms) / 1000).toFixed(2),
      };
    }),
  );
  const quantities = [...new Set(results.flatMap(({ recorded }) => [...recorded.traces.keys()]))];
  const plainRandom = results.find(({ variant }) => variant === "random")?.recorded;
  const original = ORIGINAL_MS[shape.join("x")];
  console.table(
    quantities.map((quantity) => {
      const row: Record<string, string> = { quantity };
      for (const { variant, recorded } of results) {
        const chains = recorded.traces.get(quantity);
        if (chains === undefined) continue;
        const [after] = groupDraws(chains, [[0, 1, 2, 3]], Math.floor(recorded.sweeps / 5), recorded.sweeps);
        const ess = bulkEss(after);
        row[variant] = `${splitRhat(after).toFixed(3)}  ${(ess / recorded.seconds / 0.8).toPrecision(3)}/s`;
      }
      const chains = plainRandom?.traces.get(quantity);
      if (plainRandom && chains && original !== undefined) {
        const [after] = groupDraws(
          chains,
          [[0, 1, 2, 3]],
          Math.floor(plainRandom.sweeps / 5),
          plainRandom.sweeps,
        );
        const perSweep = bulkEss(after) / (CHAINS * after[0].length);
        row["original C"] = `${((1000 * perSweep) / original).toPrecision(3)}/s`;
      }
      return row;
    }),
  );
}

const { values: flags } = parseArgs({
  options: {
    case: { type: "string", multiple: true },
    variant: { type: "string", multiple: true },
    sweeps: { type: "string" },
    seconds: { type: "string" },
    cost: { type: "boolean", default: false },
  },
});
for (const bench of mixingCases()) {
  if (flags.case === undefined || flags.case.some((word) => bench.name.includes(word))) {
    if (flags.cost) {
      console.log(bench.name);
      printCost(bench);
      continue;
    }
    const sweeps = flags.sweeps === undefined ? undefined : Number(flags.sweeps);
    compare(bench, sweeps, Number(flags.seconds ?? 20), flags.variant ?? []);
  }
}
