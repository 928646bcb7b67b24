// What follows the last sweep: figures of every pixel, and predictive checks. Ratios are medians of seven alternations of the plain
// TypeScript that the tests compare with and of the kernels, in CPU time of this process without workers; the last table is the
// work of all workers in wall time. `-- 512` for the large image: 512 x 512, 4,000 draws, 4.2 GB of them. With `--file` a result of
// that image is sampled and written, and `diagnose`, `report` and `plot` of it are timed as programs of their own.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { countsKernel } from "../src/checks/counts-kernel.js";
import { preparePrediction } from "../src/checks/discrepancy.js";
import { predictiveCheck } from "../src/checks/predictive-check.js";
import { ringsAbout } from "../src/data/observation/radial-profile.js";
import { drawPoisson } from "../src/data/random/poisson.js";
import { randomStream } from "../src/data/random/random.js";
import { pixelSummary } from "../src/pixels/pixel-summary.js";
import { type DrawSource, traceSource } from "../src/posterior/draw-source.js";
import type { ImageTrace } from "../src/posterior/trace.js";
import { availableCores } from "../src/workers/worker-pool.js";
import { discrepancies } from "../test/oracles/discrepancies.js";
import { slowPixelSummary } from "../test/oracles/pixel-summary.js";
import { simulateField } from "./cases.js";
import { median } from "./median.js";
import { runTslira } from "./watched-program.js";

const ROUNDS = 7;
const CHAINS = 4;
const DRAWS = 1_000;
const PROBABILITIES = [0.16, 0.5, 0.84];

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function timed(call: () => unknown): Promise<number> {
  const start = cpuSeconds();
  await call();
  return cpuSeconds() - start;
}

/** CPU seconds of two ways in turn: the median of each, and of their ratios. */
async function alternate(old: () => unknown, fresh: () => unknown) {
  await old();
  await fresh();
  const rounds: [number, number][] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push([await timed(old), await timed(fresh)]);
  return {
    old: median(rounds.map(([seconds]) => seconds)),
    fresh: median(rounds.map(([, seconds]) => seconds)),
    ratio: median(rounds.map(([before, after]) => before / after)),
  };
}

/** Draws like those of faint pixels: AR(1) in logarithms, from white to slow. */
function faintDraws(pixels: number, draws: number): Float32Array<ArrayBuffer>[] {
  const stream = randomStream(1);
  return Array.from({ length: CHAINS }, () => {
    const chain = new Float32Array(draws * pixels);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const phi = 0.95 * (pixel / pixels);
      let x = 0;
      for (let draw = 0; draw < draws; draw++) {
        let noise = -6;
        for (let k = 0; k < 12; k++) noise += stream.uniform();
        x = phi * x + Math.sqrt(1 - phi * phi) * noise;
        chain[draw * pixels + pixel] = Math.exp(2 * x);
      }
    }
    return chain;
  });
}

/** An image of any size whose pixels repeat those of a small one. */
function repeated(side: number, small: ImageTrace): DrawSource {
  const pixels = small.shape[0] * small.shape[1];
  const { readBand } = traceSource(small);
  return {
    ...traceSource(small),
    shape: [side, side],
    readBand(chain, first, count, out) {
      if ((first % pixels) + count <= pixels) return readBand(chain, first % pixels, count, out);
      for (let draw = 0; draw < DRAWS; draw++) {
        const flux = small.chains[chain].subarray(draw * pixels, (draw + 1) * pixels);
        for (let done = 0; done < count; ) {
          const piece = flux.subarray((first + done) % pixels).subarray(0, count - done);
          out.set(piece, draw * count + done);
          done += piece.length;
        }
      }
    },
  };
}

const pixels = 256;
const small: ImageTrace = { shape: [16, 16], first: 0, every: 1, chains: faintDraws(pixels, DRAWS) };
const summary = await alternate(
  () => slowPixelSummary(small, PROBABILITIES),
  () => pixelSummary(small, { workers: 0 }),
);
console.log(`pixels, ${CHAINS} x ${DRAWS} draws: quantiles, R-hat, effective size`);
console.table({
  "microseconds a pixel": {
    TypeScript: ((1e6 * summary.old) / pixels).toFixed(0),
    kernel: ((1e6 * summary.fresh) / pixels).toFixed(0),
    ratio: summary.ratio.toFixed(2),
  },
});

const field = simulateField(128, 17, 7_920);
const shape = field.counts.shape;
const lambda = { data: field.counts.data.map((count) => 0.1 + 0.8 * count), shape };
const rings = ringsAbout({ x: 64, y: 64 }, shape);
const kernel = countsKernel(shape, undefined, rings);
kernel.compareWith(preparePrediction(lambda, undefined, rings, 3));
kernel.drawFrom(lambda.data);
kernel.seed(1, 0);
const stream = randomStream(1);
const IMAGES = 20;
const replicates = await alternate(
  () => {
    for (let image = 0; image < IMAGES; image++) {
      const counts = { data: lambda.data.map((mean) => drawPoisson(stream, mean)), shape };
      discrepancies(counts, lambda, undefined, rings, 3);
    }
  },
  () => {
    for (let image = 0; image < IMAGES; image++) kernel.replicate();
  },
);
console.log("replicated counts, 128 x 128, some 8,000 in an image: drawn and compared");
console.table({
  "nanoseconds a pixel": {
    TypeScript: ((1e9 * replicates.old) / IMAGES / lambda.data.length).toFixed(0),
    kernel: ((1e9 * replicates.fresh) / IMAGES / lambda.data.length).toFixed(1),
    ratio: replicates.ratio.toFixed(1),
  },
});

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { file: { type: "boolean", default: false } },
});
const side = Number(positionals[0] ?? 128);
const workers = availableCores();
const rows: Record<string, Record<string, string>> = {};
async function row(name: string, call: () => Promise<unknown>): Promise<void> {
  const [wall, cpu] = [performance.now(), cpuSeconds()];
  await call();
  rows[name] = {
    "wall s": ((performance.now() - wall) / 1000).toFixed(2),
    "CPU s": (cpuSeconds() - cpu).toFixed(2),
    "peak MiB": (process.resourceUsage().maxRSS / 1024).toFixed(0),
  };
}
await row(`pixels of ${side} x ${side}`, () => pixelSummary(repeated(side, small)));
const flux = Float32Array.from(lambda.data);
const posterior = {
  parameters: { names: [], burnIn: 0, chains: Array.from({ length: CHAINS }, () => new Float64Array(0)) },
  images: {
    shape,
    first: 0,
    every: 1,
    chains: Array.from({ length: CHAINS }, () =>
      Float32Array.from({ length: 50 * flux.length }, (_, at) => flux[at % flux.length]),
    ),
  },
};
await row("predictive check, 128 x 128, 200 draws, 4,000 replicates", () =>
  predictiveCheck(field, posterior),
);
console.log(`all of it on ${workers} workers`);
console.table(rows);

if (flags.file) {
  const folder = mkdtempSync(join(tmpdir(), "tslira-diagnose-"));
  try {
    const at = (name: string) => join(folder, name);
    const shape = `${side}x${side}`;
    runTslira([
      "simulate",
      "gaussian-and-points",
      "--shape",
      shape,
      "--background",
      "0.01",
      "-o",
      folder,
      "-q",
    ]);
    const inputs = ["psf", "exposure", "background"].flatMap((name) => [`--${name}`, at(`${name}.fits`)]);
    const draws = ["-n", String(DRAWS + 100), "--burn-in", "100", "-c", String(CHAINS), "--seed", "1"];
    const result = at("result.fits");
    const sampled = runTslira(["deconvolve", at("counts.fits"), ...inputs, ...draws, "-o", result, "-q"]);
    const programs = {
      deconvolve: sampled,
      diagnose: runTslira(["diagnose", result, "-q"]),
      report: runTslira(["report", result, "-o", at("report.html"), "-q"]),
      plot: runTslira(["plot", result, "-o", at("plot.png")]),
    };
    console.log(
      `a result of ${shape}, ${CHAINS} x ${DRAWS} draws, ${(statSync(result).size / 1e9).toFixed(2)} GB`,
    );
    console.table(
      Object.fromEntries(
        Object.entries(programs).map(([name, { seconds, cpuSeconds, peak }]) => [
          name,
          { "wall s": seconds.toFixed(1), "CPU s": cpuSeconds.toFixed(1), "peak MiB": peak.toFixed(0) },
        ]),
      ),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
