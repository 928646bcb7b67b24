/** What one chain of a run has produced, as a FITS file, and how chains from several machines become a run again. */

import { CHAINS_PER_SHIFT, type CycleSpin } from "../data/law/cycle-spin.js";
import { FormatError } from "../errors.js";
import { type FitsHdu, fitsCard } from "../io/fits.js";
import { createFitsWriter, openFitsFile } from "../io/fits-file-node.js";
import { compileKernels } from "../kernels.js";
import type { SamplerConfig } from "../posterior/result.js";
import { type PreparedRun, prepareAgain } from "../runs/prepare-run.js";
import type { ChainState } from "../samplers/sampler.js";
import { openChainFiles, openTraceFiles } from "../workers/chain-files-node.js";
import { keptDraws } from "../workers/chain-job.js";
import { isOfState, stateHdus, stateOf } from "../workers/chain-state-fits.js";
import { openPoolOf } from "../workers/pool.js";
import type { TaskRecord } from "./job.js";
import type { Job } from "./job-folder-node.js";
import { readTaskInput } from "./job-folder-node.js";
import type { TaskContext } from "./task-context.js";

/** Bytes of a trace that are copied at once: large arrays are made of new pages of memory, which cost more than the work. */
const SLICE_BYTES = 2 ** 18;

/** The run of the chains of a job. @throws FormatError when the job does not hold its plan */
export async function planChains({ folder, manifest }: Job, task: TaskRecord): Promise<PreparedRun> {
  if (manifest.plan === undefined)
    throw new FormatError(`${folder}: job.json must hold the plan of the run, got none; make the job again`);
  return prepareAgain(await readTaskInput({ folder, manifest }, task), manifest.plan, []);
}

/** Run one chain. */
export async function runChainTask(job: Job, task: TaskRecord, context: TaskContext): Promise<void> {
  const { inputs, law, plan, shape, grid, names } = await planChains(job, task);
  const { config } = plan;
  const { chain = 0 } = task;
  const { signal, onWarning } = context;
  const pool = await openPoolOf(law, inputs, { workers: 1, chains: 1 });
  try {
    const { state } = await pool.run(
      {
        observations: inputs,
        settings: law,
        seed: config.seed,
        chain,
        iterations: config.iterations,
        burnIn: config.burnIn,
        traceEvery: config.traceEvery,
        ...(grid.margin > 0 ? { frame: grid } : {}),
        files: { folder: context.work, checkpointSeconds: context.checkpointSeconds },
      },
      {
        module: await compileKernels(),
        onProgress: (sweeps) => context.onProgress?.(sweeps / config.iterations),
        shouldStop: () => signal?.aborted === true,
        ...(onWarning && { onWarning }),
      },
    );
    if (state.sweeps < config.iterations) return context.stopped();
    await writeChain(context, config, { chain, state, shape, names, input: task.sha256 });
  } finally {
    pool.close();
  }
}

async function writeChain(
  { work, output }: TaskContext,
  config: SamplerConfig,
  {
    chain,
    state,
    shape,
    names,
    input,
  }: {
    readonly chain: number;
    readonly state: ChainState;
    readonly shape: readonly [number, number];
    readonly names: readonly string[];
    /** SHA-256 of the data. */
    readonly input: string;
  },
): Promise<void> {
  const { burnIn, traceEvery: every, iterations: sweeps } = config;
  const draws = keptDraws(sweeps, burnIn, every);
  const traces = openTraceFiles(work, {
    names,
    burnIn,
    chains: 1,
    numbers: [chain],
    shape,
    every,
    sweeps,
    draws,
  });
  const writer = await createFitsWriter(output);
  try {
    const cards = [
      fitsCard("TSCHAIN", 1, "version of this layout of a chain of tslira"),
      fitsCard("CHAIN", chain, "number of the chain, from 0"),
      fitsCard("SEED", config.seed, "seed of the run"),
      fitsCard("INPUT", input, "SHA-256 of the data"),
      fitsCard("BURNIN", burnIn, "sweeps of burn-in"),
      fitsCard("EVERY", every, "sweeps between draws"),
    ];
    for (const hdu of stateHdus(state, cards)) await writer.writeHdu(hdu);
    await writer.beginImage({ name: "ROWS", planeShape: [names.length], type: "float64" });
    const rows = Math.max(1, Math.floor(SLICE_BYTES / (8 * names.length)));
    for (let first = 0; first < sweeps; first += rows) {
      await writer.appendPlanes(traces.parameters.readRows(0, first, Math.min(rows, sweeps - first)));
    }
    await writer.beginImage({ name: "DRAWS", planeShape: shape });
    const planes = Math.max(1, Math.floor(SLICE_BYTES / (4 * shape[0] * shape[1])));
    for (let first = 0; first < draws; first += planes) {
      await writer.appendPlanes(traces.images.readDraws(0, first, Math.min(planes, draws - first)));
    }
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  } finally {
    traces.close();
  }
}

/**
 * Lay the files of a chain into a folder as if it had run there.
 *
 * @param path the chain's result file
 * @param chain number that the chain gets there
 * @param task whose chain it must be
 * @returns state at its end
 * @throws FormatError when the file is no chain, or another one
 */
export async function unpackChain(
  path: string,
  folder: string,
  chain: number,
  task: TaskRecord,
  {
    columns,
    shape,
    every,
  }: { readonly columns: number; readonly shape: readonly [number, number]; readonly every: number },
): Promise<ChainState> {
  const file = await openFitsFile(path);
  try {
    const [primary] = file.hdus;
    const card = (keyword: string) => Number(primary.header.get(keyword));
    if (card("TSCHAIN") !== 1) {
      throw new FormatError(
        `${path}: must be a chain of tslira (card TSCHAIN), got another FITS file; run its task again`,
      );
    }
    const from = [card("CHAIN"), card("SEED"), primary.header.get("INPUT")];
    if (from.join() !== [task.chain, task.seed, task.sha256].join()) {
      throw new FormatError(
        `${path}: must be chain ${task.chain} of seed ${task.seed} of the job's data, got chain ${from[0]} of seed ${from[1]}` +
          `${from[2] === task.sha256 ? "" : " of other data"}; run task ${task.index} again`,
      );
    }
    const hdus: FitsHdu[] = [];
    for (const { index } of file.hdus.filter(isOfState)) hdus.push(await file.readHdu(index));
    const state = stateOf(hdus);
    const draws = keptDraws(state.sweeps, card("BURNIN"), card("EVERY"));
    const pixels = shape[0] * shape[1];
    // Files that begin empty.
    const files = await openChainFiles({ folder, chain, columns, pixels, every }, () => 0);
    try {
      const rows = Math.max(1, Math.floor(SLICE_BYTES / (8 * columns)));
      for (let first = 0; first < state.sweeps; first += rows) {
        const { data } = await file.readPlanes("ROWS", first, Math.min(rows, state.sweeps - first));
        files.addRows(Float64Array.from(data as Float64Array));
      }
      for (let draw = 0; draw < draws; draw++) {
        files.addDraw(Float64Array.from((await file.readPlanes("DRAWS", draw, 1)).data as Float32Array));
      }
      await files.checkpoint(state);
    } finally {
      files.close();
    }
    return state;
  } finally {
    await file.close();
  }
}

/**
 * The chains that a result can be made of while others still run: all that are there, but of an ensemble whole pairs of
 * equal shift, and at most one chain whose partner is missing, as the last.
 */
export function comparableFinished(
  config: { readonly chains: number; readonly cycleSpin?: CycleSpin },
  done: readonly number[],
): number[] {
  if (config.cycleSpin !== "ensemble" || done.length === config.chains) return [...done];
  const partner = (chain: number) =>
    CHAINS_PER_SHIFT * Math.floor(chain / CHAINS_PER_SHIFT) + ((chain + 1) % CHAINS_PER_SHIFT);
  const present = new Set(done);
  const pairs = done.filter((chain) => present.has(partner(chain)));
  const single = done.find((chain) => !present.has(partner(chain)));
  return single === undefined ? pairs : [...pairs, single];
}
