/**
 * A large image in tiles against the same image whole: do they agree within their errors, do two tilings, and are seams seen?
 *
 *     npm run bench:tiles -- [--size 1024x512] [--tile 128] [--margin 32] [--iterations 700] [--chains 4] [--spin none]
 *                            [--pilot 1000 | --smoothing A,B,...] [--tilings 1|2] [--workers 2] [--folder DIR]
 *
 * The sky: a field of point sources of all brightnesses, extended sources and a background, counts through a psf of sigma 2.
 * With a pilot (sweeps of two chains in tiles) all runs have the smoothing parameters that its tiles have in common, or those
 * of `--smoothing`; with `--pilot 0` every tile and the whole image fit their own. Tile and margin are multiples of 32 so that
 * the trees of tiles and whole image have the same blocks up to 32 x 32.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gaussianPsf } from "../src/data/observation/psf.js";
import { simulateCounts } from "../src/data/observation/simulate.js";
import { figureDocument } from "../src/figures/document-node.js";
import { plotPanels } from "../src/figures/plot-panels.js";
import { constantImage, type Shape } from "../src/image.js";
import { findHdu, imageToSkyImage } from "../src/io/fits.js";
import { readFitsFile } from "../src/io/fits-file-node.js";
import { collectJob } from "../src/jobs/collect-job-node.js";
import { createTilesJob } from "../src/jobs/create-job-node.js";
import type { JobOptions } from "../src/jobs/job.js";
import type { Job } from "../src/jobs/job-folder-node.js";
import { runTasks } from "../src/jobs/run-task-node.js";
import { deconvolveToFile } from "../src/runs/deconvolve-to-file-node.js";
import { defaultPairTransfers } from "../src/runs/lira-options.js";
import {
  type Batches,
  compareBlocks,
  type MosaicComparison,
  mosaicSky,
  objections,
  resultBatches,
  someChains,
  tiledBatches,
} from "./mosaic-comparison.js";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "1024x512" },
    tile: { type: "string", default: "128" },
    margin: { type: "string", default: "32" },
    iterations: { type: "string", default: "700" },
    pilot: { type: "string", default: "1000" },
    smoothing: { type: "string" },
    chains: { type: "string", default: "4" },
    workers: { type: "string", default: "2" },
    spin: { type: "string", default: "none" },
    tilings: { type: "string", default: "1" },
    folder: { type: "string", default: join(tmpdir(), "tslira-tiles") },
  },
});

const [nx, ny] = values.size.split("x").map(Number);
const side = Number(values.tile);
const chains = Number(values.chains);
const iterations = Number(values.iterations);
const shape: Shape = [ny, nx];
const margin = Number(values.margin);
const cycleSpin = values.spin as NonNullable<JobOptions["cycleSpin"]>;
const psf = gaussianPsf(2, [17, 17]);
const background = constantImage(shape, 0.3);
const counts = simulateCounts(mosaicSky(shape, 5), psf, { background, seed: 6 });
const observation = { counts, psf, background, name: "mosaic" };
const workers = Number(values.workers);
const say = (text: string) => process.stdout.write(`${text}\n`);
await rm(values.folder, { recursive: true, force: true });
await mkdir(values.folder, { recursive: true });
const seconds = async (what: string, action: () => Promise<unknown>) => {
  const start = performance.now();
  await action();
  say(`${what}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
};

async function runTiles(name: string, run: JobOptions, first: number) {
  const job = await createTilesJob(join(values.folder, `${name}.job`), observation, run, {
    tile: [side, side],
    margin,
    offset: [first, first],
  });
  await seconds(`${name}: ${job.manifest.tasks.count} tiles, first border at ${first}`, async () => {
    const tasks = Array.from({ length: job.manifest.tasks.count }, (_, index) => index);
    const report = await runTasks(job, tasks, { workers });
    if (report.failed > 0) throw new Error(`${report.failed} tiles failed`);
  });
  const { remarks, figures } = await collectJob(job);
  for (const remark of remarks) say(`  ${remark}`);
  return { job, smoothing: (figures as { readonly smoothing?: readonly number[] }).smoothing };
}

// A total without a pull, so that whatever differs is not that.
const law: JobOptions = { cycleSpin, seed: 1, totalCountsPrior: { shape: 1, rate: 0 } };
const pilot = Number(values.pilot);
const smoothing =
  values.smoothing !== undefined
    ? values.smoothing.split(",").map(Number)
    : pilot === 0
      ? undefined
      : (await runTiles("pilot", { ...law, iterations: pilot, chains: 2, trace: { keep: 2 } }, side))
          .smoothing;
const options: JobOptions = {
  ...law,
  iterations,
  burnIn: Math.floor(iterations / 3),
  chains,
  trace: { keep: 100 },
  ...(smoothing === undefined ? {} : { alphaInit: smoothing, fitAlpha: false }),
};

const tilings: Job[] = [];
for (const [number, first] of [side, side / 2].slice(0, Number(values.tilings)).entries()) {
  tilings.push((await runTiles(`tiles-${number}`, { ...options, seed: 2 + number }, first)).job);
}
// A source of the whole image is offered as many transfers a sweep as one in a tile.
const sky: Shape = [side + 2 * margin, side + 2 * margin];
const pairTransfers = Math.ceil((defaultPairTransfers(sky) * nx * ny) / side ** 2);
const wholePath = join(values.folder, "whole.fits");
await seconds("whole image", () =>
  deconvolveToFile(
    observation,
    // Tiles have no sky beyond the frame, neither has the whole they are compared with.
    { ...options, margin: 0, ...(cycleSpin === "random" ? {} : { pairTransfers }) },
    wholePath,
    {
      workers,
    },
  ),
);

const whole = await resultBatches(wholePath);
const tiled = await Promise.all(tilings.map(tiledBatches));
const against = (batches: Batches) =>
  compareBlocks(
    someChains(batches, 0, Math.floor(chains / 2)),
    someChains(batches, Math.floor(chains / 2), chains),
  );
const rows: [string, MosaicComparison][] = [
  ["whole: chains against chains", against(whole)],
  ["tiles: chains against chains", against(tiled[0])],
  ["tiles against whole", compareBlocks(tiled[0], whole)],
];
if (tiled.length > 1) {
  rows.push(
    ["other tiles against whole", compareBlocks(tiled[1], whole)],
    ["two tilings", compareBlocks(tiled[0], tiled[1])],
  );
}
say("blocks of 8 x 8, 16 pixels from the outer edge");
say("                                rms(z)  max|z|  flux ratio");
for (const [name, { rms, largest, ratio, ratioError }] of rows) {
  say(
    `${name.padEnd(30)}  ${rms.toFixed(2).padStart(6)}  ${largest.toFixed(2).padStart(6)}  ${ratio.toFixed(4)} +- ${ratioError.toFixed(4)}`,
  );
}
const found = objections(tiled[0], whole);
say(
  found.length === 0
    ? "accepted: tiles equal the whole image within errors"
    : `not accepted: ${found.join("; ")}`,
);

// What the eye sees: residuals, and the difference of tiles and whole in Monte Carlo errors.
const mosaic = await readFitsFile(join(tilings[0].folder, "mosaic.fits"));
const plane = (name: string) => imageToSkyImage(findHdu(mosaic, name));
const svg = plotPanels(
  [
    { image: imageToSkyImage(mosaic[0]), title: "Posterior mean of the tiles", stretch: "asinh" },
    {
      image: plane("RESIDUAL"),
      title: "Residuals, standard deviations",
      colormap: "RdBu",
      vmin: -4,
      vmax: 4,
    },
    {
      image: rows[2][1].z,
      title: "Tiles minus whole, Monte Carlo errors",
      colormap: "RdBu",
      vmin: -4,
      vmax: 4,
    },
  ],
  { document: await figureDocument(), columns: 1, size: 640 },
);
// The font is found beside the built package, not beside this bench.
const { renderPng }: typeof import("../src/node.js") = await import(
  new URL("../../dist/node.js", import.meta.url).href
);
await writeFile(join(values.folder, "tiles.png"), await renderPng(svg));
say(`written ${join(values.folder, "tiles.png")}`);
