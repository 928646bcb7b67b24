/** Figures of every pixel from its kept draws, in slices of bounded memory on all workers. */

import { compileDrawKernels } from "../draw-kernels.js";
import { InvalidInputError } from "../errors.js";
import { constantImage, type SkyImage } from "../image.js";
import { type ChainGroups, comparableGroups } from "../posterior/chain-groups.js";
import { asDrawSource, checkSignal, type DrawSource, type WatchOptions } from "../posterior/draw-source.js";
import { QUANTILE_PROBABILITIES } from "../posterior/summary.js";
import type { ImageTrace } from "../posterior/trace.js";
import { availableCores, openWorkerPool } from "../workers/worker-pool.js";
import { type PixelLayout, type PixelOutput, pixelWorkers } from "./pixel-job.js";

/** How work over all pixels is watched, ended and shared out. */
export interface PixelWatchOptions extends WatchOptions {
  /** Most workers (threads or Web Workers), 0 for none; default as many as there are cores. The numbers are the same. */
  readonly workers?: number;
}

/** R-hat and effective sample size of every pixel. */
export interface PixelConvergence {
  /** Rank-normalised split R-hat `[ny, nx]`; NaN where undefined (a pixel that never changes). */
  readonly rhat: SkyImage;
  /** Bulk effective sample size `[ny, nx]` over all chains compared; NaN where undefined. */
  readonly ess: SkyImage;
}

/** Quantile images. */
export interface PixelQuantiles {
  readonly probabilities: readonly number[];
  /** `[ny, nx]` for each probability. */
  readonly images: readonly SkyImage[];
}

/** All that one pass over the draws says. */
export interface PixelSummary extends PixelConvergence {
  readonly quantiles: PixelQuantiles;
  /** For each of the weights the weighted sum over the pixels of every draw, chain after chain. */
  readonly sums: readonly Float64Array[];
}

/** Options of `pixelSummary`. */
export interface PixelSummaryOptions extends PixelWatchOptions {
  /** Each in [0, 1]; default 0.16, 0.5, 0.84. */
  readonly probabilities?: readonly number[];
  /** Chains that sample the same law; default all. */
  readonly groups?: ChainGroups;
  /** Weights `ny * nx` of sums over the pixels of every draw; default none. */
  readonly weights?: readonly Float64Array[];
}

/** Draws in a band of pixels. Sums over a draw are made band by band, so it must not depend on the machine. */
const BAND_VALUES = 2 ** 22;
/** Most draws that are read at a time, for several bands: a source in a file is asked once for the run of pixels of each draw. */
const READ_VALUES = 2 ** 23;
/** Pixels of a band are a multiple of this (but at the end of the image): the kernels take so many at a time. */
const BAND_STEP = 16;
/** Fewer draws in all are summarised before a worker has started. */
const WORTH_WORKERS = 2 ** 23;

/**
 * Quantiles, R-hat and effective sample size of the flux in every pixel over the kept draws, from one sorted pass, and sums
 * over the pixels of every draw.
 *
 * Quantiles are those of all chains, by linear interpolation between order statistics (type 7 of Hyndman & Fan 1996); NaN in
 * pixels with a draw that is not finite. For R-hat and sizes, chains with fewer than half of the draws of the longest are
 * left out (see `comparableChains`), and the others cut to the shortest; of groups the worst R-hat and the summed sizes.
 *
 * About 0.1 ms a pixel for 4 chains of 1,000 draws on one core; some 16 MiB a worker, and 32 MiB for what has been read. The same numbers for any number of workers.
 *
 * @param images kept draws after burn-in, in memory or elsewhere; not changed
 * @throws InvalidInputError when a probability is out of range
 * @throws NumericsError when the draws of a few pixels do not fit into memory
 * @throws JobError when a worker dies
 * @throws AbortedError when `signal` says so
 */
export async function pixelSummary(
  images: ImageTrace | DrawSource,
  {
    probabilities = QUANTILE_PROBABILITIES,
    groups,
    weights = [],
    workers = availableCores(),
    onProgress,
    signal,
  }: PixelSummaryOptions = {},
): Promise<PixelSummary> {
  for (const probability of probabilities) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new InvalidInputError(
        `quantiles: probabilities must lie in [0, 1], got ${probability}; give for example 0.5 for the median`,
        { fields: { probability } },
      );
    }
  }
  const source = asDrawSource(images);
  const pixels = source.shape[0] * source.shape[1];
  const rhat = constantImage(source.shape, Number.NaN);
  const ess = constantImage(source.shape, Number.NaN);
  const quantiles = probabilities.map(() => constantImage(source.shape, Number.NaN));
  const all = Array.from({ length: source.chains }, (_, chain) => source.draws(chain));
  const chains = [...all.keys()].filter((chain) => all[chain] > 0);
  const lengths = chains.map((chain) => all[chain]);
  const draws = lengths.reduce((sum, length) => sum + length, 0);
  const sums = weights.map(() => new Float64Array(draws));
  const result = { rhat, ess, quantiles: { probabilities: [...probabilities], images: quantiles }, sums };
  checkSignal(signal);
  if (draws === 0) return result;

  const steps = Math.max(1, Math.floor(BAND_VALUES / draws / BAND_STEP));
  const bandPixels = Math.min(pixels, steps * BAND_STEP);
  const layout: PixelLayout = {
    lengths,
    groups: comparableGroups(all, groups).map((group) => group.map((chain) => chains.indexOf(chain))),
    probabilities,
    bandPixels,
  };
  const bands = Math.ceil(pixels / bandPixels);
  const threads = draws * pixels < WORTH_WORKERS ? 0 : Math.min(workers, bands);
  const pool = openWorkerPool(pixelWorkers(), threads);
  const module = await compileDrawKernels();
  const spare: Float32Array<ArrayBuffer>[] = [];
  const running: { readonly firstPixel: number; readonly output: Promise<PixelOutput> }[] = [];

  const wide = Math.min(pixels, bandPixels * Math.max(1, Math.floor(READ_VALUES / (draws * bandPixels))));
  const read = new Float32Array(draws * wide);
  /** Fill `read` with the draws `[draws of all chains, columns]` of the pixels from `firstPixel` on. */
  const readPixels = async (firstPixel: number, columns: number) => {
    let at = 0;
    for (const [index, chain] of chains.entries()) {
      const end = at + lengths[index] * columns;
      const pending = source.readBand(chain, firstPixel, columns, read.subarray(at, end));
      if (pending !== undefined) await pending;
      at = end;
    }
  };
  const start = async (firstPixel: number) => {
    const count = Math.min(bandPixels, pixels - firstPixel);
    const band = spare.pop() ?? new Float32Array(draws * bandPixels);
    const from = firstPixel % wide;
    const columns = Math.min(wide, pixels - firstPixel + from);
    if (from === 0) await readPixels(firstPixel, columns);
    for (let draw = 0; draw < draws; draw++) {
      const place = draw * columns + from;
      band.set(read.subarray(place, place + count), draw * count);
    }
    const job = {
      layout,
      firstPixel,
      pixels: count,
      band,
      weights: weights.map((values) => values.slice(firstPixel, firstPixel + count)),
    };
    const output = pool.run(job, { module });
    output.catch(() => undefined); // heard of when its turn comes, unless the work has ended before
    running.push({ firstPixel, output });
  };
  // In the order of the bands, so that sums are the same however many workers there are.
  const finish = async () => {
    const next = running.shift();
    if (next === undefined) return;
    const { firstPixel, output } = next;
    const found = await output;
    spare.push(found.band);
    rhat.data.set(found.rhat, firstPixel);
    ess.data.set(found.ess, firstPixel);
    for (const [level, image] of quantiles.entries()) image.data.set(found.quantiles[level], firstPixel);
    for (const [index, sum] of sums.entries()) {
      for (let draw = 0; draw < draws; draw++) sum[draw] += found.sums[index][draw];
    }
    onProgress?.((firstPixel + found.rhat.length) / pixels);
  };

  try {
    for (let firstPixel = 0; firstPixel < pixels; firstPixel += bandPixels) {
      checkSignal(signal);
      await start(firstPixel);
      // One band waits while the others are worked on; without workers each is done before the next is read.
      if (running.length > threads) await finish();
      if (threads === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    while (running.length > 0) {
      checkSignal(signal);
      await finish();
    }
  } finally {
    pool.close();
  }
  return result;
}

/**
 * Quantiles of the flux in every pixel over the kept draws of all chains, by linear interpolation between order
 * statistics (type 7 of Hyndman & Fan 1996, the default of numpy and R).
 *
 * @param images kept draws after burn-in, in memory or elsewhere; not changed
 * @param options how to watch and end it, and `probabilities`, each in [0, 1], default 0.16, 0.5, 0.84
 * @returns one image `[ny, nx]` for each probability; NaN in pixels with a draw that is not finite or without draws
 * @throws InvalidInputError when a probability is out of range
 * @throws AbortedError when `signal` says so
 */
export async function pixelQuantiles(
  images: ImageTrace | DrawSource,
  options: PixelWatchOptions & { readonly probabilities?: readonly number[] } = {},
): Promise<PixelQuantiles> {
  const { quantiles } = await pixelSummary(images, options);
  return quantiles;
}

/**
 * R-hat and effective sample size of the flux in every pixel, from the kept draws.
 *
 * Chains with fewer than half of the draws of the longest are left out (see `comparableChains`); the others are cut to
 * the shortest.
 *
 * @param images kept draws after burn-in, in memory or elsewhere; not changed
 * @param groups chains that sample the same law; default all. The worst R-hat and the summed sizes are reported
 * @throws AbortedError when `signal` says so
 */
export async function pixelConvergence(
  images: ImageTrace | DrawSource,
  watch: PixelWatchOptions = {},
  groups?: ChainGroups,
): Promise<PixelConvergence> {
  const { rhat, ess } = await pixelSummary(images, {
    ...watch,
    probabilities: [],
    ...(groups === undefined ? {} : { groups }),
  });
  return { rhat, ess };
}
