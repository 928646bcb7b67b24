/**
 * Tiles of a simulated mosaic against the same image whole, by the statistic of `test/oracles/acceptance.ts`: batch means of
 * the chains of both, summed over blocks, differences in their standard errors.
 */
import { randomStream } from "../src/data/random/random.js";
import { constantImage, type Shape, type SkyImage } from "../src/image.js";
import { openResult } from "../src/io/open-result-node.js";
import { jobTiles } from "../src/jobs/create-job-node.js";
import { type Job, readTask } from "../src/jobs/job-folder-node.js";
import { scanResults } from "../src/jobs/result-files-node.js";
import { tileWeights } from "../src/jobs/tile-plan.js";
import { cautiousMeanAndError } from "../test/oracles/acceptance.js";

/** Batches that a chain is cut into. */
const BATCHES = 10;
/** Only blocks at least so far from the outer edge are compared. */
const EDGE = 16;
/** Most that rms(z) may be, in units of the whole image's against itself. */
const RMS_FACTOR = 1.5;
/** Most that the flux may differ, in standard errors. */
const MAX_Z = 4;

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

/** Batch means of the kept draws `[ny, nx]`, ten for each chain, chain after chain. */
export interface Batches {
  readonly shape: Shape;
  readonly images: readonly Float64Array[];
}

/** Batch means of a result file. */
export async function resultBatches(path: string): Promise<Batches> {
  const { images, close } = await openResult(path);
  const pixels = images.shape[0] * images.shape[1];
  const means: Float64Array[] = [];
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
      means.push(mean);
    }
  }
  close();
  return { shape: images.shape, images: means };
}

/** Batch means of the tiles of a job, merged as their means are. */
export async function tiledBatches(job: Job): Promise<Batches> {
  const plan = jobTiles(job);
  const [, nx] = plan.shape;
  const merged: Float64Array[] = [];
  const results = new Map<number, string>();
  scanResults(job, {}, (index, path) => results.set(index, path));
  for (const [index, path] of results) {
    const tile = plan.tiles[readTask(job, index).tile ?? 0];
    const weights = tileWeights(plan, tile);
    const { images } = await resultBatches(path);
    const { rows, cols } = tile.sky;
    const width = cols[1] - cols[0];
    for (const [batch, mean] of images.entries()) {
      merged[batch] ??= new Float64Array(plan.shape[0] * nx);
      for (let local = 0; local < mean.length; local++) {
        const pixel = (rows[0] + Math.floor(local / width)) * nx + cols[0] + (local % width);
        merged[batch][pixel] += weights[local] * mean[local];
      }
    }
  }
  return { shape: plan.shape, images: merged };
}

/** Batch means of some of the chains. */
export function someChains({ shape, images }: Batches, first: number, end: number): Batches {
  return { shape, images: images.slice(first * BATCHES, end * BATCHES) };
}

/** Sums over blocks of `size` x `size` pixels that lie far enough from the outer edge. */
function blockSums([ny, nx]: Shape, image: Float64Array, size: number): Float64Array {
  const [rows, cols] = [Math.floor((ny - 2 * EDGE) / size), Math.floor((nx - 2 * EDGE) / size)];
  const sums = new Float64Array(rows * cols);
  for (let row = 0; row < rows * size; row++) {
    for (let col = 0; col < cols * size; col++) {
      sums[Math.floor(row / size) * cols + Math.floor(col / size)] += image[(row + EDGE) * nx + col + EDGE];
    }
  }
  return sums;
}

/** Two posteriors compared. */
export interface MosaicComparison {
  /** Root mean square and largest of |z| of blocks. */
  readonly rms: number;
  readonly largest: number;
  /** z of each block `[rows, cols]`. */
  readonly z: SkyImage;
  /** Flux of all blocks, first over second, and the standard error of the ratio. */
  readonly ratio: number;
  readonly ratioError: number;
}

/** Compare sums over blocks of `size` x `size` pixels. */
export function compareBlocks(first: Batches, second: Batches, size = 8): MosaicComparison {
  const { shape } = first;
  const [a, b] = [first, second].map(({ images }) => images.map((image) => blockSums(shape, image, size)));
  const data = a[0].map((_, block) => {
    const [one, other] = [a, b].map((batches) =>
      cautiousMeanAndError(
        batches.map((sums) => sums[block]),
        BATCHES,
      ),
    );
    return (one.mean - other.mean) / Math.sqrt(one.error ** 2 + other.error ** 2 + 1e-12);
  });
  const [flux, reference] = [a, b].map((batches) =>
    cautiousMeanAndError(
      batches.map((sums) => sums.reduce((total, value) => total + value, 0)),
      BATCHES,
    ),
  );
  const ratio = flux.mean / reference.mean;
  return {
    rms: Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length),
    largest: data.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    z: {
      data,
      shape: [Math.floor((shape[0] - 2 * EDGE) / size), Math.floor((shape[1] - 2 * EDGE) / size)],
    },
    ratio,
    ratioError: ratio * Math.hypot(flux.error / flux.mean, reference.error / reference.mean),
  };
}

/**
 * Are tiles the whole image within their errors? For blocks of 8 x 8, rms(z) must be at most 1.5 times that of the whole
 * image's first chains against its others, or 1.5; the fluxes must agree within 4 standard errors.
 *
 * @returns what breaks the rule; empty when nothing does
 */
export function objections(tiles: Batches, whole: Batches): string[] {
  const chains = whole.images.length / BATCHES;
  const half = Math.floor(chains / 2);
  const own = compareBlocks(someChains(whole, 0, half), someChains(whole, half, chains));
  const { rms, ratio, ratioError } = compareBlocks(tiles, whole);
  const limit = RMS_FACTOR * Math.max(1, own.rms);
  return [
    ...(rms <= limit ? [] : [`rms(z) must be at most ${limit.toFixed(2)}, got ${rms.toFixed(2)}`]),
    ...(Math.abs(ratio - 1) <= MAX_Z * ratioError
      ? []
      : [`flux ratio must be 1 within ${MAX_Z} times ${ratioError.toFixed(4)}, got ${ratio.toFixed(4)}`]),
  ];
}
