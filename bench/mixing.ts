// How fast the chains mix: R-hat and effective draws a second of CPU time for the slow quantities of each dataset, without
// and with pair transfers, for each way to shift the tree, under LIRA's prior and the adaptive one, and what the transfers cost (alone with --cost). Four chains from separated starts; the first fifth is burn-in.
//
//   npm run bench:mixing -- [--case gausspoints32] [--variant none] [--sweeps 4000] [--seconds 60] [--cost]
//
// The plain chain of the Gaussian and points is so slow at some pixels that its effective size takes 200,000 sweeps to be known
// to 10 %: its chains of a fixed shift run that far, a quarter of an hour, unless --sweeps or --seconds ask for less.
import { parseArgs } from "node:util";
import type { Shape } from "../src/image.js";
import { bulkEss, splitRhat } from "../src/posterior/convergence.js";
import { defaultPairTransfers } from "../src/runs/lira-options.js";
import { createLiraChain, type LevelChainSettings, type LiraChainSettings } from "../src/samplers/lira.js";
import { adaptiveSettings, type BenchCase, mixingCases } from "./cases.js";
import { transferCost } from "./transfer-cost.js";
import { CHAINS, groupDraws, sweepsToAgreement, watchChains } from "./watched-chains.js";

/** Milliseconds a sweep of the original C code, measured on the same kind of machine (32 x 32; Chandra 128 x 128). */
const ORIGINAL_MS: Readonly<Record<string, number>> = { "32x32": 14, "128x128": 170 };

interface Variant {
  readonly name: string;
  readonly settings: (lira: LevelChainSettings) => LiraChainSettings;
}

function variantsOf(shape: Shape): Variant[] {
  const transfers = { pairTransfers: defaultPairTransfers(shape) };
  return [
    { name: "random", settings: (lira) => ({ ...lira, cycleSpin: "random" }) },
    { name: "none", settings: (lira) => ({ ...lira, cycleSpin: "none" }) },
    { name: "none + pairs", settings: (lira) => ({ ...lira, cycleSpin: "none", ...transfers }) },
    { name: "sampled", settings: (lira) => ({ ...lira, cycleSpin: "sampled" }) },
    { name: "sampled + pairs", settings: (lira) => ({ ...lira, cycleSpin: "sampled", ...transfers }) },
    {
      name: "adaptive",
      settings: (lira) => adaptiveSettings({ ...lira, cycleSpin: "none", ...transfers }),
    },
    {
      name: "adaptive, sampled",
      settings: (lira) => adaptiveSettings({ ...lira, cycleSpin: "sampled", ...transfers }),
    },
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

/** CPU seconds of the four chains of a variant together. */
const DEFAULT_SECONDS = 20;

function compare(
  bench: BenchCase,
  sweepsWanted: number | undefined,
  seconds: number | undefined,
  only: string[],
): void {
  const { name, observation } = bench;
  const shape = observation.counts.shape;
  const pixels = bench.watched ?? brightPixels(bench, 6);
  const results = variantsOf(shape)
    .filter((variant) => only.length === 0 || only.includes(variant.name))
    .map((variant) => {
      const settings = variant.settings(bench.settings);
      const pilot = watchChains(observation, settings, pixels, 40);
      const known = seconds === undefined && settings.cycleSpin === "none" ? bench.sweeps : undefined;
      const sweeps = sweepsWanted ?? known ?? Math.ceil((40 * (seconds ?? DEFAULT_SECONDS)) / pilot.seconds);
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
  const original = ORIGINAL_MS[shape.join("x")];
  console.table(
    quantities.map((quantity) => {
      const row: Record<string, string> = { quantity };
      const rates = new Map<string, number>();
      for (const { variant, recorded } of results) {
        const chains = recorded.traces.get(quantity);
        if (chains === undefined) continue;
        const [after] = groupDraws(chains, [[0, 1, 2, 3]], Math.floor(recorded.sweeps / 5), recorded.sweeps);
        const rate = bulkEss(after) / recorded.seconds / 0.8;
        rates.set(variant, rate);
        row[variant] = `${splitRhat(after).toFixed(3)}  ${rate.toPrecision(3)}/s`;
      }
      const plain = results.find(({ variant }) => variant === "none")?.recorded;
      const plainRate = rates.get("none");
      const rate = rates.get("none + pairs");
      if (plain && plainRate !== undefined && rate !== undefined) {
        row["pairs / plain"] = (rate / plainRate).toPrecision(3);
        // The original code at the effective size a sweep of the plain chain.
        const milliseconds = (1000 * plain.seconds) / (CHAINS * plain.sweeps);
        if (original !== undefined) {
          row["pairs / original C"] = ((rate / plainRate) * (original / milliseconds)).toPrecision(3);
        }
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
    const seconds = flags.seconds === undefined ? undefined : Number(flags.seconds);
    compare(bench, sweeps, seconds, flags.variant ?? []);
  }
}
