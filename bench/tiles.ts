/**
 * A large image in tiles against the same image whole: do they agree within their errors, do two tilings, and are seams seen?
 *
 *     npm run bench:tiles -- [--size 1024x512] [--iterations 600] [--chains 2] [--whole 0|1] [--folder DIR]
 *
 * The sky: a field of point sources of all brightnesses, extended sources and a background, counts through a psf of sigma 2.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gaussianPsf } from "../src/data/psf.js";
import { randomStream } from "../src/data/random.js";
import { simulateCounts } from "../src/data/simulate.js";
import { figureDocument } from "../src/figures/document-node.js";
import { plotPanels } from "../src/figures/plot-panels.js";
import { renderPng } from "../src/figures/png-node.js";
import { constantImage, type Shape, type SkyImage } from "../src/image.js";
import { findHdu, imageToSkyImage } from "../src/io/fits.js";
import { readFitsFile } from "../src/io/fits-file-node.js";
import { openResult } from "../src/io/open-result-node.js";
import { collectJob } from "../src/jobs/collect-job-node.js";
import { createTilesJob, jobTiles } from "../src/jobs/create-job-node.js";
import type { JobOptions } from "../src/jobs/job.js";
import { type Job, readTask } from "../src/jobs/job-folder-node.js";
import { scanResults } from "../src/jobs/result-files-node.js";
import { runTasks } from "../src/jobs/run-task-node.js";
import { tileWeights } from "../src/jobs/tile-plan.js";
import { deconvolveToFile } from "../src/runs/deconvolve-to-file-node.js";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "1024x512" },
    tile: { type: "string", default: "128" },
    iterations: { type: "string", default: "600" },
    chains: { type: "string", default: "2" },
    workers: { type: "string", default: "2" },
    spin: { type: "string", default: "random" },
    folder: { type: "string", default: join(tmpdir(), "tslira-tiles") },
  },
});

/** Blocks of 8 x 8 pixels at least so far from the outer edge are compared. */
const EDGE = 16;
const BLOCK = 8;
const BATCHES = 10;

/** Point sources, one for each 600 pixels, with fluxes of a power law; Gaussians of sigma 6 and 15, one for each 12,000. */
export function mosaicSky([ny, nx]: Shape, seed: number): SkyImage {
  const random = randomStream(seed);
  const sky = constantImage([ny, nx], 0);
  for (let source = 0; source < (ny * nx) / 600; source++) {
    const pixel = Math.floor(random.uniform() * ny) * nx + Math.floor(random.uniform() * nx);
    sky.data[pixel] += Math.min(3000, 10 / (1 - random.uniform()));
  }
  for (let source = 0; source < (ny * nx) / 12_000; source++) {
    const [y, x] = [random.uniform() * ny, random.uniform() * nx];
    const sigma = source % 2 === 0 ? 6 : 15;
    const peak = 1500 / (2 * Math.PI * sigma * sigma);
    const [top, bottom] = [Math.max(0, Math.floor(y - 4 * sigma)), Math.min(ny, Math.ceil(y + 4 * sigma))];
    const [left, right] = [Math.max(0, Math.floor(x - 4 * sigma)), Math.min(nx, Math.ceil(x + 4 * sigma))];
    for (let row = top; row < bottom; row++) {
      for (let col = left; col < right; col++) {
        sky.data[row * nx + col] += peak * Math.exp(-((row - y) ** 2 + (col - x) ** 2) / (2 * sigma * sigma));
      }
    }
  }
  return sky;
}

/** Sums over blocks of batch means: `[batch][block]`. */
type BatchBlocks = readonly Float64Array[];

function blockSums([ny, nx]: Shape, image: ArrayLike<number>): Float64Array {
  const [rows, cols] = [Math.floor(ny / BLOCK), Math.floor(nx / BLOCK)];
  const sums = new Float64Array(rows * cols);
  for (let row = 0; row < rows * BLOCK; row++) {
    for (let col = 0; col < cols * BLOCK; col++) {
      sums[Math.floor(row / BLOCK) * cols + Math.floor(col / BLOCK)] += image[row * nx + col];
    }
  }
  return sums;
}

/** Means of the kept draws of a result in batches, chain after chain. */
async function batchImages(path: string): Promise<{ shape: Shape; batches: Float64Array[] }> {
  const { images, close } = await openResult(path);
  const pixels = images.shape[0] * images.shape[1];
  const batches: Float64Array[] = [];
  for (let chain = 0; chain < images.chains; chain++) {
    const draws = images.draws(chain);
    for (let batch = 0; batch < BATCHES; batch++) {
      const first = Math.floor((batch * draws) / BATCHES);
      const count = Math.floor(((batch + 1) * draws) / BATCHES) - first;
      const mean = new Float64Array(pixels);
      for (let draw = first; draw < first + count; draw++) {
        const image = images.readDraws(chain, draw, 1);
        for (let pixel = 0; pixel < pixels; pixel++) mean[pixel] += image[pixel] / count;
      }
      batches.push(mean);
    }
  }
  close();
  return { shape: images.shape, batches };
}

async function tiledBlocks(job: Job, chains: number): Promise<BatchBlocks> {
  const plan = jobTiles(job);
  const merged = Array.from({ length: chains * BATCHES }, () => constantImage(plan.shape, 0));
  const results = new Map<number, string>();
  scanResults(job, {}, (index, path) => results.set(index, path));
  for (const [index, path] of results) {
    const tile = plan.tiles[readTask(job, index).tile ?? 0];
    const weights = tileWeights(plan, tile);
    const { batches } = await batchImages(path);
    const [height, width] = [tile.sky.rows[1] - tile.sky.rows[0], tile.sky.cols[1] - tile.sky.cols[0]];
    for (const [batch, mean] of batches.entries()) {
      for (let row = 0; row < height; row++) {
        for (let col = 0; col < width; col++) {
          const local = row * width + col;
          merged[batch].data[(tile.sky.rows[0] + row) * plan.shape[1] + tile.sky.cols[0] + col] +=
            weights[local] * mean[local];
        }
      }
    }
  }
  return merged.map(({ data }) => blockSums(plan.shape, data));
}

/** Mean and its standard error for each block: the larger of those from batches and from chains. */
function moments(blocks: BatchBlocks, chains: readonly number[]) {
  const used = chains.flatMap((chain) => blocks.slice(chain * BATCHES, (chain + 1) * BATCHES));
  return Array.from({ length: blocks[0].length }, (_, block) => {
    const mean = used.reduce((sum, batch) => sum + batch[block], 0) / used.length;
    const square = used.reduce((sum, batch) => sum + (batch[block] - mean) ** 2, 0);
    return { mean, error: Math.sqrt(square / (used.length - 1) / used.length) };
  });
}

interface Comparison {
  readonly rms: number;
  readonly largest: number;
  readonly blocks: number;
  /** Ratio of the fluxes of all blocks. */
  readonly ratio: number;
  readonly z: Float64Array;
}

function compare(
  [ny, nx]: Shape,
  first: ReturnType<typeof moments>,
  second: ReturnType<typeof moments>,
): Comparison {
  const [rows, cols] = [Math.floor(ny / BLOCK), Math.floor(nx / BLOCK)];
  const z = new Float64Array(rows * cols).fill(Number.NaN);
  let [squares, count, largest, a, b] = [0, 0, 0, 0, 0];
  for (let row = EDGE / BLOCK; row < rows - EDGE / BLOCK; row++) {
    for (let col = EDGE / BLOCK; col < cols - EDGE / BLOCK; col++) {
      const block = row * cols + col;
      const error = Math.hypot(first[block].error, second[block].error, 1e-6);
      z[block] = (first[block].mean - second[block].mean) / error;
      squares += z[block] ** 2;
      largest = Math.max(largest, Math.abs(z[block]));
      a += first[block].mean;
      b += second[block].mean;
      count++;
    }
  }
  return { rms: Math.sqrt(squares / count), largest, blocks: count, ratio: a / b, z };
}

const [nx, ny] = values.size.split("x").map(Number);
const side = Number(values.tile);
const chains = Number(values.chains);
const iterations = Number(values.iterations);
const shape: Shape = [ny, nx];
const options: JobOptions = {
  iterations,
  burnIn: Math.floor(iterations / 3),
  chains,
  seed: 1,
  cycleSpin: values.spin as "random",
  totalCountsPrior: { shape: 1, rate: 0 },
  trace: { keep: 100 },
};
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

const tilings: Job[] = [];
for (const [number, offset] of [
  [side, side],
  [side / 2, side / 2],
].entries()) {
  const job = await createTilesJob(
    join(values.folder, `tiles-${number}.job`),
    observation,
    { ...options, seed: 2 + number },
    { tile: [side, side], offset: offset as [number, number] },
  );
  await seconds(`${job.manifest.tasks.count} tiles, first border at ${offset[0]}`, async () => {
    const tasks = Array.from({ length: job.manifest.tasks.count }, (_, index) => index);
    const report = await runTasks(job, tasks, { workers });
    if (report.failed > 0) throw new Error(`${report.failed} tiles failed`);
  });
  const { remarks } = await collectJob(job);
  for (const remark of remarks) say(`  ${remark}`);
  tilings.push(job);
}
const wholePath = join(values.folder, "whole.fits");
await seconds("whole image", () => deconvolveToFile(observation, options, wholePath, { workers }));

const all = Array.from({ length: chains }, (_, chain) => chain);
const half = chains / 2;
const blocks = await Promise.all(tilings.map((job) => tiledBlocks(job, chains)));
const { batches } = await batchImages(wholePath);
const whole = batches.map((image) => blockSums(shape, image));
const rows: [string, Comparison][] = [
  [
    "whole: chains against chains",
    compare(shape, moments(whole, all.slice(0, half)), moments(whole, all.slice(half))),
  ],
  [
    "tiles: chains against chains",
    compare(shape, moments(blocks[0], all.slice(0, half)), moments(blocks[0], all.slice(half))),
  ],
  ["tiles against whole", compare(shape, moments(blocks[0], all), moments(whole, all))],
  ["other tiles against whole", compare(shape, moments(blocks[1], all), moments(whole, all))],
  ["two tilings", compare(shape, moments(blocks[0], all), moments(blocks[1], all))],
];
say(`blocks of ${BLOCK} x ${BLOCK}, ${EDGE} pixels from the outer edge`);
say("                                rms(z)  max|z|  flux ratio");
for (const [name, { rms, largest, ratio }] of rows) {
  say(
    `${name.padEnd(30)}  ${rms.toFixed(2).padStart(6)}  ${largest.toFixed(2).padStart(6)}  ${ratio.toFixed(4)}`,
  );
}

// What the eye sees: residuals, and the difference of tiles and whole in Monte Carlo errors.
const mosaic = await readFitsFile(join(tilings[0].folder, "mosaic.fits"));
const plane = (name: string) => imageToSkyImage(findHdu(mosaic, name));
const map: SkyImage = {
  data: rows[2][1].z.map((value) => (Number.isNaN(value) ? 0 : value)),
  shape: [Math.floor(ny / BLOCK), Math.floor(nx / BLOCK)],
};
const svg = plotPanels(
  [
    { image: imageToSkyImage(mosaic[0]), title: "Posterior mean of the tiles", stretch: "asinh" },
    { image: plane("RESIDUAL"), title: "Residuals, standard deviations", colormap: "RdBu", limits: [-4, 4] },
    { image: map, title: "Tiles minus whole, Monte Carlo errors", colormap: "RdBu", limits: [-4, 4] },
  ],
  { document: await figureDocument(), columns: 1, size: 640 },
);
await writeFile(join(values.folder, "tiles.png"), await renderPng(svg));
say(`written ${join(values.folder, "tiles.png")}`);
