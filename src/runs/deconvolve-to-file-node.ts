import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError, toPlainError } from "../errors.js";
import { given } from "../given.js";
import { type Claim, claimPath } from "../io/claim-node.js";
import { checkNotRead, fileSha256 } from "../io/file-sha256-node.js";
import { writePointEstimate } from "../io/point-estimate-file-node.js";
import { writeResultFrom } from "../io/result-file-node.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import type { PosteriorSummary } from "../posterior/result.js";
import type { FluxPrior } from "../priors/flux-prior.js";
import { VERSION } from "../version.js";
import { checkCombination, deconvolve, isSampled } from "./deconvolve.js";
import type { PointMethod } from "./deconvolve-options.js";
import { MOVED_NOTE, planIsOnGpu, planOnCpu } from "./moved-run.js";
import { checkNames, RUN_NAMES } from "./option-names.js";
import { prepareOnDevice } from "./prepare-on-device.js";
import { type ChainRunOptions, type PreparedRun, prepareAgain } from "./prepare-run.js";
import type { RunOptions } from "./run-chains.js";
import {
  checkRemovable,
  createRunFolder,
  folderStore,
  hasStates,
  readRunFolder,
  removeRunFolder,
} from "./run-folder-node.js";
import { type RunRecord, writeRunRecord } from "./run-record-node.js";
import { sampleRun } from "./sample-run.js";
import { summariseRun } from "./summarise-run.js";

/** How to run into a file. */
export interface FileRunOptions extends Omit<RunOptions, "checkpoints"> {
  /** Folder of the checkpoint; default the result's path with `.checkpoint` behind it. Removed when the run is complete. */
  readonly checkpoint?: string;
  /** Seconds between checkpoints; default 30. */
  readonly checkpointSeconds?: number;
  /** Replace a result that exists, and a checkpoint of an earlier run that is in the way, instead of refusing; default false. */
  readonly overwrite?: boolean;
  /**
   * ISO 8601 date to write instead of start and end of the run, with 0 seconds of sampling: the same inputs then give the
   * same file, byte for byte. Default: the times of the run.
   */
  readonly date?: string;
}

/** How to continue a run. */
export interface ResumeOptions
  extends Omit<FileRunOptions, "checkpoint" | "command" | "inputs" | "unit" | "date"> {
  /** Path of the result; default the one that the run was given. */
  readonly output?: string;
  /** Prior of a run of the gradient sampler that was given one as functions, which the checkpoint cannot hold. */
  readonly prior?: FluxPrior;
  /** `"cpu"`: chains that began on the GPU go on on the CPU, and stay there; default: where they are. */
  readonly device?: "cpu";
}

/** What a run into a file leaves behind. */
export interface FileRun {
  readonly summary: PosteriorSummary;
  /** What was deconvolved, checked. */
  readonly observations: readonly CheckedObservation[];
  /** Path of the result. */
  readonly output: string;
  /** Folder from which the run can be continued; undefined when it is complete. */
  readonly checkpoint?: string;
}

/** What a method of one image leaves in a file. */
export interface FileEstimate {
  readonly estimate: PointEstimate;
  /** Path of the result. */
  readonly output: string;
}

const DEFAULT_CHECKPOINT_SECONDS = 30;

/** Options of a run into a file, and of one that is continued, beside those of runs. */
const FILE_NAMES: Readonly<Record<Exclude<keyof FileRunOptions, keyof RunOptions>, true>> = {
  checkpoint: true,
  overwrite: true,
  date: true,
};
const RESUME_NAMES: Readonly<Record<Exclude<keyof ResumeOptions, keyof RunOptions>, true>> = {
  output: true,
  overwrite: true,
  prior: true,
  device: true,
};

/**
 * Run all chains with their traces on disk, and write the result: memory does not grow with the number of sweeps, and a
 * run that is interrupted, killed or out of disk space can be taken up again by `resumeRun` with the same final bytes.
 *
 * Methods of one image work in memory, and write what `writePointEstimate` writes.
 *
 * @param data one observation, or several of the same sky
 * @param settings as for `deconvolve`: the method with its settings, and where the observations lie
 * @param output path of the result, a FITS file; gzip when it ends in `.gz`
 * @throws InvalidInputError for bad data or settings, when result or checkpoint exist already, or another program is at work on
 * them
 * @throws FormatError when a checkpoint is damaged
 * @throws NumericsError when a chain leaves the range of its numbers
 * @throws JobError when the disk is full; the last checkpoint stays, where there is one
 * @throws AbortedError when `signal` has fired before
 */
export async function deconvolveToFile(
  data: Observation | readonly Observation[],
  settings: ChainRunOptions,
  output: string,
  options?: FileRunOptions,
): Promise<FileRun>;
export async function deconvolveToFile(
  data: Observation | readonly Observation[],
  settings: PointMethod,
  output: string,
  options?: FileRunOptions,
): Promise<FileEstimate>;
export async function deconvolveToFile(
  data: Observation | readonly Observation[],
  settings: ChainRunOptions | PointMethod,
  output: string,
  options: FileRunOptions = {},
): Promise<FileRun | FileEstimate> {
  checkCombination(settings);
  checkNames(output, options, [...RUN_NAMES, ...Object.keys(FILE_NAMES)]);
  if (!isSampled(settings)) return estimateToFile(data, settings, output, options);
  const prepared = await prepareOnDevice(data, settings, options);
  const { plan, observations, starts } = prepared;
  const { command, inputs, unit, date } = options;
  const folder = resolve(options.checkpoint ?? `${output}.checkpoint`);
  if (folder === resolve(output)) {
    throw new InvalidInputError(
      `${output}: result and checkpoint must have names of their own, got one for both; choose another --checkpoint`,
      { fields: { output } },
    );
  }
  return claimed([folder, output], async () => {
    const replaces = await replaceable(output, [], inputs, options.overwrite);
    if (options.overwrite && existsSync(folder)) {
      await checkRemovable(folder, folder === resolve(`${output}.checkpoint`));
      await removeRunFolder(folder);
    }
    const record = await createRunFolder(
      folder,
      {
        plan,
        output: resolve(output),
        replaces,
        started: new Date().toISOString(),
        seconds: 0,
        ...given({ command, inputs, unit, date }),
      },
      // The psf as it was given: to normalise it twice would change its last bits.
      observations.map((observation, index) => ({ ...observation, psf: prepared.given[index].psf })),
      starts,
    );
    try {
      return await runInFolder(folder, record, prepared, options);
    } catch (error) {
      // What fails before the first state is begun anew: there is nothing to go on from.
      if (/^(INVALID_INPUT|NUMERICS|JOB)$/.test(toPlainError(error).code) && !(await hasStates(folder))) {
        await removeRunFolder(folder).catch(() => undefined);
      }
      throw error;
    }
  });
}

async function estimateToFile(
  data: Observation | readonly Observation[],
  settings: PointMethod,
  output: string,
  { command, inputs, unit, overwrite, onWarning }: FileRunOptions,
): Promise<FileEstimate> {
  return claimed([output], async () => {
    await replaceable(output, [], inputs, overwrite);
    const estimate = await deconvolve(data, settings);
    for (const warning of estimate.warnings) onWarning?.(warning);
    await writePointEstimate(estimate, output, {
      version: VERSION,
      ...given({ command, inputs, unit }),
    });
    return { estimate, output };
  });
}

/** Work on paths that no other program works on meanwhile. */
async function claimed<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
  const claims: Claim[] = [];
  try {
    for (const path of paths) claims.push(claimPath(path));
    return await work();
  } finally {
    for (const claim of claims) claim.release();
  }
}

/**
 * SHA-256 of the files that a result may replace.
 *
 * @param known of those that it was allowed to replace before
 * @param inputs files that were read, which nothing replaces
 * @throws InvalidInputError when there is another file of its name
 */
async function replaceable(
  output: string,
  known: readonly string[],
  inputs: FileRunOptions["inputs"] = [],
  overwrite = false,
): Promise<readonly string[]> {
  if (!existsSync(output)) return known;
  await checkNotRead(output, inputs);
  const present = await fileSha256(output);
  if (known.includes(present)) return known;
  if (overwrite) return [...known, present];
  throw new InvalidInputError(
    `${output}: output must be a new file, got one that this run did not write; choose another name, or add --overwrite`,
    { fields: { output } },
  );
}

/**
 * Continue a run from its checkpoint, or from the one before where the last is damaged; `onWarning` is told then.
 *
 * @param folder the checkpoint that the run left behind
 * @throws as `deconvolveToFile`
 */
export async function resumeRun(folder: string, options: ResumeOptions = {}): Promise<FileRun> {
  // What only a run that begins takes is known too, and stands in the record: the options that it was begun with may be given again.
  checkNames(folder, options, [...RUN_NAMES, ...Object.keys({ ...FILE_NAMES, ...RESUME_NAMES })]);
  const path = resolve(folder);
  // Read first: nothing is put beside what is no checkpoint.
  const { record } = await readRunFolder(path);
  const output = resolve(options.output ?? record.output);
  return claimed([path, output], async () => {
    const { record: latest, observations, starts } = await readRunFolder(path, options.onWarning);
    const moves = options.device === "cpu" && planIsOnGpu(latest.plan);
    const plan = moves ? planOnCpu(latest.plan) : latest.plan;
    const prepared = await prepareAgain(observations, plan, starts, options.prior);
    const replaces = await replaceable(output, latest.replaces, latest.inputs, options.overwrite);
    if (moves) {
      // Before a chain has a state that only the CPU can read.
      await writeRunRecord(path, { ...latest, plan });
      options.onNote?.(MOVED_NOTE);
    }
    return runInFolder(path, { ...latest, plan, output, replaces }, prepared, options);
  });
}

async function runInFolder(
  folder: string,
  record: RunRecord,
  prepared: PreparedRun,
  options: FileRunOptions,
): Promise<FileRun> {
  const { output } = record;
  const { observations } = prepared;
  const store = folderStore(
    folder,
    prepared.plan.config.chains,
    options.checkpointSeconds ?? DEFAULT_CHECKPOINT_SECONDS,
  );
  let current = record;
  const run = await sampleRun(prepared, store, options, record.decisions, async (decisions) => {
    current = { ...current, decisions };
    await writeRunRecord(folder, current);
  });
  const traces = (run.early ?? store).open(run.extent);
  let summary: PosteriorSummary;
  try {
    const { started, command, inputs, unit, date, seconds } = record;
    summary = await summariseRun(prepared, run, traces, {
      started: new Date(started),
      secondsBefore: seconds,
      ...given({ command, inputs, unit, date, workers: options.workers }),
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    });
    await writeResultFrom(summary, traces, output, {
      // Somebody's file may have come to that name meanwhile; and when we are killed after the renaming, the result is known as ours.
      async beforeNaming(temporary) {
        const replaces = await replaceable(output, current.replaces, current.inputs);
        current = { ...current, replaces: [...new Set([...replaces, await fileSha256(temporary)])] };
        await writeRunRecord(folder, current);
      },
    });
  } finally {
    traces.close();
  }
  if (!run.complete) {
    await writeRunRecord(folder, { ...current, seconds: summary.provenance.seconds });
    return { summary, observations, output, checkpoint: folder };
  }
  if (existsSync(output)) await removeRunFolder(folder);
  return { summary, observations, output };
}
