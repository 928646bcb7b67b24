import type { Observation } from "../data/observation.js";
import type { SkyImage } from "../image.js";
import { type ChainState, createLiraChain, type LiraChainSettings, MAX_BATCH } from "../samplers/lira.js";

/**
 * One chain as a piece of work: everything that is needed to run it, as data that can be posted to a worker, written to
 * a file or sent to another machine. The same job gives the same bytes wherever and however it is run.
 */
export interface ChainJob {
  readonly observations: readonly Observation[];
  readonly settings: LiraChainSettings;
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
  /** Starting flux `[ny, nx]`; default by chain number. */
  readonly fluxInit?: SkyImage;
  /** State to continue from, with the trace so far. */
  readonly resume?: ChainOutput;
  /** Most sweeps of one kernel call, 1 to 256; does not change the result. */
  readonly batch?: number;
}

/** What a chain has produced, complete or stopped early. */
export interface ChainOutput {
  readonly chain: number;
  /** Parameter trace, row-major `[state.sweeps, columns]`. */
  readonly rows: Float64Array;
  /** Kept draws of the flux, row-major `[draws, ny, nx]`. */
  readonly draws: Float32Array;
  /** Where the chain stands: enough to continue it. */
  readonly state: ChainState;
}

/** How to watch and stop a chain job. */
export interface ChainJobOptions {
  readonly module?: WebAssembly.Module;
  /** Called every few tens of milliseconds with the sweeps done. */
  readonly onProgress?: (sweeps: number) => void;
  /** Asked as often; true ends the job after the batch at hand. */
  readonly shouldStop?: () => boolean;
}

/** Milliseconds of sampling between looks at the outside world. */
const SLICE_MILLISECONDS = 40;

/** Number of draws that a chain keeps: one every `every` sweeps after burn-in. */
export function keptDraws(sweeps: number, burnIn: number, every: number): number {
  return Math.max(0, Math.floor((sweeps - burnIn) / every));
}

/**
 * Run a chain to its end, or until it is told to stop; either way what it returns is consistent and can be continued.
 *
 * @throws NumericsError when the chain leaves the range of its numbers
 */
export async function runChainJob(job: ChainJob, options: ChainJobOptions = {}): Promise<ChainOutput> {
  const { iterations, burnIn, traceEvery, resume, batch = MAX_BATCH } = job;
  const chain = createLiraChain(job.observations, job.settings, {
    seed: job.seed,
    chain: job.chain,
    ...(job.fluxInit ? { fluxInit: job.fluxInit } : {}),
    ...(options.module ? { module: options.module } : {}),
  });
  const columns = chain.columns.length;
  const pixels = chain.flux.length;
  const rows = new Float64Array(iterations * columns);
  const draws = new Float32Array(keptDraws(iterations, burnIn, traceEvery) * pixels);
  if (resume) {
    chain.restore(resume.state);
    rows.set(resume.rows);
    draws.set(resume.draws);
  }

  let sliceStart = performance.now();
  while (chain.sweeps < iterations) {
    const done = chain.sweeps;
    // Stop at the next draw to keep, so that it can be copied out.
    const keepAt = burnIn + traceEvery * (keptDraws(done, burnIn, traceEvery) + 1);
    const count = Math.min(batch, MAX_BATCH, iterations - done, keepAt - done);
    rows.set(chain.sweep(count, Math.max(0, Math.min(count, burnIn - done))), done * columns);
    if (chain.sweeps === keepAt) {
      draws.set(chain.flux, (keptDraws(keepAt, burnIn, traceEvery) - 1) * pixels);
    }
    if (performance.now() - sliceStart > SLICE_MILLISECONDS) {
      options.onProgress?.(chain.sweeps);
      await nextTask();
      if (options.shouldStop?.()) break;
      sliceStart = performance.now();
    }
  }
  options.onProgress?.(chain.sweeps);
  const state = chain.save();
  return {
    chain: job.chain,
    rows: rows.slice(0, state.sweeps * columns),
    draws: draws.slice(0, keptDraws(state.sweeps, burnIn, traceEvery) * pixels),
    state,
  };
}

/** Give waiting messages and timers a turn; unlike `setTimeout`, without a minimum delay. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
