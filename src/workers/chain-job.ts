import type { Observation } from "../data/observation/observation.js";
import type { SkyImage } from "../image.js";
import { frameImage, frameOf, frameShape, type SkyGrid } from "../model/sky-grid.js";
import { nextTask } from "../samplers/next-task.js";
import { type ChainLaw, openChain } from "../samplers/open-chain.js";
import { type AwaitedChain, type ChainState, MAX_BATCH } from "../samplers/sampler.js";

export type { ChainState };

/**
 * One chain of any sampler as a piece of work: everything that is needed to run it, as data that can be posted to a worker, written
 * to a file or sent to another machine. The same job gives the same bytes wherever and however it is run.
 */
export interface ChainJob {
  readonly observations: readonly Observation[];
  /** Which sampler, and what it samples. */
  readonly settings: ChainLaw;
  /** Whole number in [0, 2^53). */
  readonly seed: number;
  /** Number of the chain, from 0. */
  readonly chain: number;
  /** Sweeps in all, burn-in included. */
  readonly iterations: number;
  /** Sweeps at the start that no statistic uses. */
  readonly burnIn: number;
  /** Sweeps between kept draws after burn-in, >= 1. */
  readonly traceEvery: number;
  /** Starting flux `[ny, nx]` of the sky; default by chain number. */
  readonly fluxInit?: SkyImage;
  /** Of a sky that goes on beyond the frame: draws and previews are of the frame alone; default all of the flux. */
  readonly frame?: SkyGrid;
  /** State to continue from; not with `files`, which remember it themselves. */
  readonly resume?: ChainState;
  /** Hand over what was sampled every so many seconds (`onPiece`), and keep nothing of it; default: all at the end. */
  readonly pieceSeconds?: number;
  /** Keep traces and checkpoints in files (Node only) instead of in memory, and continue from those that are there. */
  readonly files?: {
    readonly folder: string;
    /** Seconds between checkpoints. */
    readonly checkpointSeconds: number;
  };
  /** Most sweeps of one kernel call, 1 to 256; does not change the result. */
  readonly batch?: number;
}

/** What a chain has produced since it was taken up, or since the piece that it handed over before. */
export interface ChainOutput {
  /** Number of the chain, from 0. */
  readonly chain: number;
  /** Parameter trace, row-major `[sweeps since, columns]`; empty when it is in files. */
  readonly rows: Float64Array;
  /** Kept draws of the flux in the frame, row-major `[draws since, ny, nx]`; empty when they are in files. */
  readonly draws: Float32Array;
  /** Where the chain stands: enough to continue it. */
  readonly state: ChainState;
}

/** What a running chain has found so far. Copies: nothing of it changes later, and looking does not change the draws. */
export interface ChainPreview {
  /** Number of the chain, from 0. */
  readonly chain: number;
  /** Sweeps done, burn-in included. */
  readonly sweeps: number;
  /** Columns of the parameter trace. */
  readonly columns: readonly string[];
  /** Rows of the parameter trace since the last preview, row-major `[sweeps since, columns]`. */
  readonly rows: Float64Array;
  /** Flux after the last sweep `[ny, nx]` of the frame. */
  readonly flux: SkyImage;
  /** Sweeps behind `mean`: those after burn-in. */
  readonly draws: number;
  /** Mean of the flux over these sweeps `[ny, nx]`; undefined during burn-in. */
  readonly mean?: SkyImage;
}

/** How to watch and stop a chain job. */
export interface ChainJobOptions {
  readonly module?: WebAssembly.Module;
  /** Called every few tens of milliseconds with the sweeps done. */
  readonly onProgress?: (sweeps: number) => void;
  /** Called about four times a second, and at the end, with what there is so far. */
  readonly onPreview?: (preview: ChainPreview) => void;
  /** Called every `pieceSeconds` of the job with what was sampled since; what comes back at the end is the last piece. */
  readonly onPiece?: (piece: ChainOutput) => void;
  /** Told what went wrong with the files of the job and was mended, a sentence each. */
  readonly onWarning?: (warning: string) => void;
  /** Asked as often; true ends the job after the batch at hand. */
  readonly shouldStop?: () => boolean;
  /**
   * Called with every kept draw: flux `[ny, nx]` and the last row of the parameter trace, views that are valid until it returns.
   * Traces are then kept nowhere. For jobs on the calling thread.
   */
  readonly onDraw?: (flux: Float64Array, row: Float64Array) => void;
  /** Opens the chain, where that is not left to `openChain`. */
  readonly open?: typeof openChain;
}

/** Milliseconds of sampling between looks at the outside world. */
const SLICE_MILLISECONDS = 40;

/** Milliseconds between previews. */
const PREVIEW_MILLISECONDS = 250;

/** Number of draws that a chain keeps: one every `every` sweeps after burn-in. */
export function keptDraws(sweeps: number, burnIn: number, every: number): number {
  return Math.max(0, Math.floor((sweeps - burnIn) / every));
}

/** Collects what has been sampled since the last preview. */
function previewer(
  chain: AwaitedChain,
  { chain: number, frame }: ChainJob,
  show: NonNullable<ChainJobOptions["onPreview"]>,
) {
  let batches: Float64Array[] = [];
  let shown = performance.now();
  return {
    add(rows: Float64Array): void {
      batches.push(rows.slice());
    },
    isDue: (now: number) => now - shown > PREVIEW_MILLISECONDS,
    show(): void {
      const { columns, sweeps, shape, flux, moments } = chain;
      const imageOf = (data: Float64Array): SkyImage => {
        const image = { data: data.slice(), shape };
        return frame ? frameImage(image, frame) : image;
      };
      const rows = new Float64Array(batches.reduce((sum, { length }) => sum + length, 0));
      let end = 0;
      for (const batch of batches) {
        rows.set(batch, end);
        end += batch.length;
      }
      batches = [];
      shown = performance.now();
      const { count, mean } = moments;
      show({
        chain: number,
        sweeps,
        columns,
        rows,
        flux: imageOf(flux),
        draws: count,
        ...(count > 0 && { mean: imageOf(mean) }),
      });
    },
  };
}

/** Where a chain puts its traces. */
interface TraceSink {
  /** State to continue from; undefined for a new chain. */
  readonly state: ChainState | undefined;
  addRows(rows: Float64Array): void;
  addDraw(flux: Float64Array, row: Float64Array): void;
  /** Make everything so far safe against a crash. */
  checkpoint?(state: ChainState): Promise<void>;
  /** What came since it was last asked, to be given away. */
  take(): Pick<ChainOutput, "rows" | "draws">;
  close(): void;
}

/** A trace in memory: allocated once where its length is known, growing where it is handed over in pieces. */
function growingTrace<Values extends Float64Array | Float32Array>(
  make: (length: number) => Values,
  capacity: number,
) {
  let values = make(capacity);
  let end = 0;
  return {
    add(piece: Float64Array): void {
      if (end + piece.length > values.length) {
        const grown = make(Math.max(2 * values.length, end + piece.length));
        grown.set(values);
        values = grown;
      }
      values.set(piece, end);
      end += piece.length;
    },
    take(): Values {
      const taken = end === values.length ? values : (values.slice(0, end) as Values);
      if (taken === values) values = make(0);
      end = 0;
      return taken;
    },
  };
}

/** Traces in memory, of what this job adds. */
function memorySink(
  { iterations, burnIn, traceEvery, resume, pieceSeconds }: ChainJob,
  columns: number,
  pixels: number,
): TraceSink {
  const done = resume?.sweeps ?? 0;
  const kept = keptDraws(iterations, burnIn, traceEvery) - keptDraws(done, burnIn, traceEvery);
  const whole = pieceSeconds === undefined;
  const rows = growingTrace(
    (length) => new Float64Array(length),
    whole ? Math.max(0, iterations - done) * columns : 0,
  );
  const draws = growingTrace((length) => new Float32Array(length), whole ? Math.max(0, kept) * pixels : 0);
  return {
    state: resume,
    addRows: rows.add,
    addDraw: draws.add,
    take: () => ({ rows: rows.take(), draws: draws.take() }),
    close: () => undefined,
  };
}

async function fileSink(
  job: ChainJob,
  folder: string,
  [columns, pixels]: readonly [number, number],
  onWarning: ChainJobOptions["onWarning"],
): Promise<TraceSink> {
  // Named at a distance, so that bundlers for browsers leave it out.
  const module = "./chain-files-node.js";
  const { openChainFiles }: typeof import("./chain-files-node.js") = await import(/* @vite-ignore */ module);
  const { chain, burnIn, traceEvery } = job;
  const files = await openChainFiles(
    { folder, chain, columns, pixels, every: traceEvery },
    (sweeps) => keptDraws(sweeps, burnIn, traceEvery),
    onWarning,
  );
  return { ...files, take: () => ({ rows: new Float64Array(0), draws: new Float32Array(0) }) };
}

/** Traces that are looked at and forgotten. */
function passingSink(addDraw: NonNullable<ChainJobOptions["onDraw"]>): TraceSink {
  return {
    state: undefined,
    addRows: () => undefined,
    addDraw,
    take: () => ({ rows: new Float64Array(0), draws: new Float32Array(0) }),
    close: () => undefined,
  };
}

/**
 * Run a chain to its end, or until it is told to stop; either way what it returns is consistent and can be continued.
 *
 * @throws NumericsError when the chain leaves the range of its numbers
 * @throws JobError when files cannot be written
 */
export async function runChainJob(job: ChainJob, options: ChainJobOptions = {}): Promise<ChainOutput> {
  const { iterations, burnIn, traceEvery, batch = MAX_BATCH, files, pieceSeconds } = job;
  const chain = await (options.open ?? openChain)(job.observations, job.settings, {
    seed: job.seed,
    chain: job.chain,
    ...(job.fluxInit ? { fluxInit: job.fluxInit } : {}),
    ...(options.module ? { module: options.module } : {}),
  });
  const { frame } = job;
  const [ny, nx] = frame ? frameShape(frame) : chain.shape;
  const sizes = [chain.columns.length, ny * nx] as const;
  const sink = options.onDraw
    ? passingSink(options.onDraw)
    : files
      ? await fileSink(job, files.folder, sizes, options.onWarning)
      : memorySink(job, ...sizes);
  try {
    if (sink.state) chain.restore(sink.state);
    const preview = options.onPreview && previewer(chain, job, options.onPreview);
    let sliceStart = performance.now();
    let checkpointed = sliceStart;
    let size = 1;
    while (chain.sweeps < iterations) {
      const done = chain.sweeps;
      // Stop at the next draw to keep, so that it can be copied out.
      const keepAt = burnIn + traceEvery * (keptDraws(done, burnIn, traceEvery) + 1);
      const count = Math.min(batch, MAX_BATCH, size, iterations - done, keepAt - done);
      const begun = performance.now();
      const rows = await chain.sweep(count, Math.max(0, Math.min(count, burnIn - done)));
      sink.addRows(rows);
      preview?.add(rows);
      if (chain.sweeps === keepAt) {
        const { flux, columns } = chain;
        sink.addDraw(frame ? frameOf(flux, frame) : flux, rows.subarray(rows.length - columns.length));
      }
      const now = performance.now();
      // Slow sweeps are done in smaller batches, so that somebody who waits is heard.
      size = Math.max(
        1,
        Math.min(MAX_BATCH, Math.floor((count * SLICE_MILLISECONDS) / (now - begun + 0.01))),
      );
      if (now - sliceStart > SLICE_MILLISECONDS) {
        options.onProgress?.(chain.sweeps);
        if (preview?.isDue(now)) preview.show();
        if (files && now - checkpointed > 1000 * files.checkpointSeconds) {
          await sink.checkpoint?.(chain.save());
          checkpointed = now;
        }
        if (pieceSeconds !== undefined && now - checkpointed > 1000 * pieceSeconds) {
          options.onPiece?.({ chain: job.chain, ...sink.take(), state: chain.save() });
          checkpointed = now;
        }
        await nextTask();
        if (options.shouldStop?.()) break;
        sliceStart = performance.now();
      }
    }
    options.onProgress?.(chain.sweeps);
    preview?.show();
    const state = chain.save();
    // A chain that had nothing to do leaves its checkpoints as they are: one more would put the one before out of reach.
    if (chain.sweeps > (sink.state?.sweeps ?? -1)) await sink.checkpoint?.(state);
    return { chain: job.chain, ...sink.take(), state };
  } finally {
    sink.close();
    chain.close?.();
  }
}
