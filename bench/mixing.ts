// How fast the chains mix: R-hat and effective draws a second of CPU time for the slow quantities of each dataset, without
// and with pair transfers, for each way to shift the tree. Four chains from separated starts; the first fifth is burn-in.
//
//   npm run bench:mixing [-- --case gausspoints32] [-- --sweeps 4000] [-- --seconds 60]
import { parseArgs } from "node:util";
import type { Shape } from "../src/image.js";
import { bulkEss, splitRhat } from "../src/posterior/convergence.js";
import { defaultPairTransfers } from "../src/runs/lira-options.js";
import { createLiraChain, type LiraChainSettings } from "../src/samplers/lira.js";
import { type BenchCase, mixingCases } from "./cases.js";

const CHAINS = 4;
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

/** Traces of the watched quantities, `[chain][sweep]`, and CPU seconds of all chains together. */
interface Recorded {
  readonly traces: Map<string, Float64Array[]>;
  readonly seconds: number;
  readonly sweeps: number;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
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

function record(
  { observation, settings }: BenchCase,
  { changes }: Variant,
  pixels: readonly number[],
  sweeps: number,
): Recorded {
  const nx = observation.counts.shape[1];
  const used = { ...settings, ...changes };
  const traces = new Map<string, Float64Array[]>();
  const series = (name: string) => {
    const values = new Float64Array(sweeps);
    traces.set(name, [...(traces.get(name) ?? []), values]);
    return values;
  };
  const start = cpuSeconds();
  for (let chain = 0; chain < CHAINS; chain++) {
    const running = createLiraChain([observation], used, { seed: 1, chain });
    const width = running.columns.length;
    const columns = running.columns.flatMap((name, column) => {
      const watched = /^(expectedMSCounts|smoothingParam[01]|logLikelihood)$/.test(name);
      const scale = name === "bkgScale" && settings.fitBackgroundScale;
      return watched || scale ? [{ column, values: series(name) }] : [];
    });
    const watched = pixels.map((pixel) => ({
      pixel,
      values: series(`(${Math.floor(pixel / nx)},${pixel % nx})`),
    }));
    const spins = used.cycleSpin === "sampled";
    const rowBit = spins ? series("shift row mod 2") : undefined;
    const colBit = spins ? series("shift col mod 2") : undefined;
    const rowAt = running.columns.indexOf("cycleSpinRow");
    for (let sweep = 0; sweep < sweeps; sweep++) {
      const row = running.sweep(1);
      for (const { column, values } of columns) values[sweep] = row[(column + width) % width];
      const { flux } = running;
      for (const { pixel, values } of watched) values[sweep] = flux[pixel];
      if (rowBit && colBit) {
        rowBit[sweep] = row[rowAt] % 2;
        colBit[sweep] = row[rowAt + 1] % 2;
      }
    }
  }
  return { traces, seconds: cpuSeconds() - start, sweeps };
}

const tail = (chains: readonly Float64Array[], from: number, to: number) =>
  chains.map((chain) => chain.subarray(from, to));

/** Sweeps from which on R-hat of the second half of everything watched stays below 1.05; NaN if never. */
function sweepsToAgreement({ traces, sweeps }: Recorded): number {
  let agreed = Number.NaN;
  for (let at = 50; at <= sweeps; at = Math.ceil(at * 1.15)) {
    const worst = Math.max(
      ...[...traces.values()].map((chains) => {
        const rhat = splitRhat(tail(chains, Math.floor(at / 2), at));
        return Number.isNaN(rhat) ? 1 : rhat;
      }),
    );
    if (worst >= 1.05) agreed = Number.NaN;
    else if (Number.isNaN(agreed)) agreed = at;
  }
  return agreed;
}

function compare(bench: BenchCase, sweepsWanted: number | undefined, seconds: number, only: string[]): void {
  const { name, observation } = bench;
  const shape = observation.counts.shape;
  const pixels = bench.watched ?? brightPixels(bench, 6);
  const results = variantsOf(shape)
    .filter((variant) => only.length === 0 || only.includes(variant.name))
    .map((variant) => {
      const pilot = record(bench, variant, pixels, 40);
      const sweeps = sweepsWanted ?? Math.ceil((40 * seconds) / pilot.seconds);
      return { variant: variant.name, recorded: record(bench, variant, pixels, sweeps) };
    });
  console.log(`\n${name} ${shape.join(" x ")}, ${defaultPairTransfers(shape)} transfers a sweep`);
  console.table(
    results.map(({ variant, recorded }) => {
      const agreed = sweepsToAgreement(recorded);
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
        const after = tail(chains, Math.floor(recorded.sweeps / 5), recorded.sweeps);
        const ess = bulkEss(after);
        row[variant] = `${splitRhat(after).toFixed(3)}  ${(ess / recorded.seconds / 0.8).toPrecision(3)}/s`;
      }
      const chains = plainRandom?.traces.get(quantity);
      if (plainRandom && chains && original !== undefined) {
        const after = tail(chains, Math.floor(plainRandom.sweeps / 5), plainRandom.sweeps);
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
  },
});
for (const bench of mixingCases()) {
  if (flags.case === undefined || flags.case.some((word) => bench.name.includes(word))) {
    const sweeps = flags.sweeps === undefined ? undefined : Number(flags.sweeps);
    compare(bench, sweeps, Number(flags.seconds ?? 20), flags.variant ?? []);
  }
}
