import { compileDrawKernels } from "../draw-kernels.js";
import { checkSignal, type DrawSource, type WatchOptions } from "../posterior/draw-source.js";
import { availableCores, openWorkerPool } from "../workers/worker-pool.js";
import {
  type PosteriorDraw,
  type ReplicatedDraw,
  type ReplicateTask,
  replicateWorkers,
} from "./replicate-job.js";

/** The draws of a posterior as one of its observations sees them. */
export interface ObservedDraws {
  readonly images: DrawSource;
  /** Scale of the background of each draw. */
  readonly scaleOf: (chain: number, draw: number) => number;
  /** The psf of each draw, as `psfAt` takes it; undefined where it is known. */
  readonly psfOf: ((chain: number, draw: number) => readonly number[]) | undefined;
}

/** Fewer pixels of replicated counts in all are made before a worker has started. */
const WORTH_WORKERS = 2 ** 24;
/** Most values of the draws that a worker is given at a time. */
const JOB_VALUES = 2 ** 21;

/** Replicate counts of every `step`-th draw, on all workers, and take what comes of them in the order of the draws. */
export async function replicateDraws(
  task: ReplicateTask,
  { images, step, draws, scaleOf, psfOf }: ObservedDraws & { step: number; draws: number },
  replicatesOf: (number: number) => number,
  { workers = availableCores(), onProgress, signal }: WatchOptions & { readonly workers?: number },
  take: (replicated: ReplicatedDraw) => void,
): Promise<void> {
  const pixels = images.shape[0] * images.shape[1];
  const worth = draws * replicatesOf(0) * pixels > WORTH_WORKERS;
  const threads = worth ? Math.min(workers, draws) : 0;
  const pool = openWorkerPool(replicateWorkers(), threads);
  const module = await compileDrawKernels();
  const most = Math.max(
    1,
    Math.min(Math.ceil(draws / (4 * Math.max(1, threads))), Math.floor(JOB_VALUES / pixels)),
  );
  const running: Promise<readonly ReplicatedDraw[]>[] = [];
  let batch: PosteriorDraw[] = [];
  let taken = 0;
  const start = () => {
    const output = pool.run({ task, draws: batch }, { module });
    output.catch(() => undefined); // heard of when its turn comes, unless the work has ended before
    running.push(output);
    batch = [];
  };
  const finish = async () => {
    for (const replicated of (await running.shift()) ?? []) {
      take(replicated);
      taken++;
    }
    onProgress?.(taken / draws);
    if (threads === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  };
  try {
    let number = 0;
    for (let chain = 0; chain < images.chains; chain++) {
      for (let draw = 0; draw < images.draws(chain); draw += step) {
        checkSignal(signal);
        const flux = images.readDraws(chain, draw, 1).slice();
        const psf = psfOf?.(chain, draw);
        batch.push({ number, flux, scale: scaleOf(chain, draw), psf, replicates: replicatesOf(number) });
        number++;
        if (batch.length >= (threads === 0 ? 1 : most)) start();
        if (running.length > threads) await finish();
      }
    }
    if (batch.length > 0) start();
    while (running.length > 0) {
      checkSignal(signal);
      await finish();
    }
  } finally {
    pool.close();
  }
}
