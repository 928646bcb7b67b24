/** Tasks of a job, one or many, in this program: what array elements run, and the local executor. */

import { hostname } from "node:os";
import { join } from "node:path";
import { toPlainError } from "../errors.js";
import { availableCores } from "../workers/pool.js";
import { runChainTask } from "./chain-result-node.js";
import type { JobKind, TaskRecord } from "./job.js";
import { checkJobVersion, type Job, readTask } from "./job-folder-node.js";
import { runObservationTask } from "./observation-task-node.js";
import { runReplicateTask } from "./replicate-task-node.js";
import { acceptResult, clearTask, findResult, noteFailure } from "./result-files-node.js";
import { type TaskContext, taskStopped } from "./task-context.js";
import { claimWorkFolder } from "./work-folder-node.js";

const RUN: Readonly<Record<JobKind, (job: Job, task: TaskRecord, context: TaskContext) => Promise<void>>> = {
  chains: runChainTask,
  observations: runObservationTask,
  tiles: runObservationTask,
  replicates: runReplicateTask,
};

/** How to run tasks; none of it changes their results. */
export interface RunTasksOptions {
  /** Tasks that run at the same time, each on threads of its own; default one a core. */
  readonly workers?: number;
  /** Seconds between checkpoints; default 30. */
  readonly checkpointSeconds?: number;
  /** Folder for checkpoints and unfinished files, for example on the disk of a node; default in the job's folder. */
  readonly scratch?: string;
  /** Ends running tasks in good order; they continue where they were when they are run again. */
  readonly signal?: AbortSignal;
  /** Called now and then: tasks done and failed so far, and the sum of the fractions of those that run. */
  readonly onProgress?: (progress: TasksProgress) => void;
  /** Called when a task has ended; `error` tells why it failed. */
  readonly onTask?: (index: number, seconds: number, error?: unknown) => void;
  /** Told what went wrong and was mended, a sentence each. */
  readonly onWarning?: (warning: string) => void;
}

/** How far a list of tasks has come. */
export interface TasksProgress {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
  /** Fraction of all the work, in [0, 1]. */
  readonly fraction: number;
}

/** What became of a list of tasks. */
export interface TasksReport {
  readonly done: number;
  /** Of `done`, those that were there already. */
  readonly found: number;
  readonly failed: number;
  /** Tasks that a signal stopped or kept from starting. */
  readonly stopped: number;
}

const DEFAULT_CHECKPOINT_SECONDS = 30;

/** Run one task, if it has no good result yet. @returns whether it had to run */
async function runTask(
  job: Job,
  index: number,
  threads: number,
  { scratch, checkpointSeconds = DEFAULT_CHECKPOINT_SECONDS, signal, onWarning }: RunTasksOptions,
  onProgress: (fraction: number) => void,
): Promise<boolean> {
  if (findResult(job, index) !== undefined) return false;
  const task = readTask(job, index);
  const root = scratch === undefined ? join(job.folder, "work") : join(scratch, `tslira-${job.manifest.id}`);
  const work = claimWorkFolder(root, index);
  const output = join(work.path, "result.fits");
  try {
    await RUN[job.manifest.kind](job, task, {
      work: work.path,
      output,
      workers: threads,
      checkpointSeconds,
      onProgress,
      stopped: () => taskStopped(index),
      ...(signal === undefined ? {} : { signal }),
      ...(onWarning === undefined
        ? {}
        : { onWarning: (warning: string) => onWarning(`task ${index}: ${warning}`) }),
    });
    await clearTask(job, index);
    await acceptResult(job, index, output);
    work.remove();
    return true;
  } catch (error) {
    // A failure that is the same each time must not begin from its own remains; all others continue.
    if (/^(INVALID_INPUT|FORMAT|NUMERICS)$/.test(toPlainError(error).code)) work.remove();
    else work.release();
    throw error;
  }
}

/**
 * Run tasks of a job, several at a time. Tasks that have a good result are left alone; one that fails does not stop the
 * others, but is written down.
 *
 * @param indices numbers of the tasks
 * @throws InvalidInputError when the job was made by another version of tslira
 */
export async function runTasks(
  job: Job,
  indices: readonly number[],
  options: RunTasksOptions = {},
): Promise<TasksReport> {
  checkJobVersion(job);
  const { signal, workers = availableCores(), onProgress, onTask } = options;
  const lanes = Math.max(1, Math.min(workers, indices.length));
  const threads = Math.max(1, Math.floor(workers / lanes));
  const running = new Map<number, number>();
  let [done, found, failed, next] = [0, 0, 0, 0];
  const report = () => {
    const part = [...running.values()].reduce((sum, value) => sum + value, 0);
    const total = indices.length;
    onProgress?.({ done, failed, total, fraction: (done + failed + part) / total });
  };
  async function lane(): Promise<void> {
    while (next < indices.length && signal?.aborted !== true) {
      const index = indices[next++];
      const start = performance.now();
      const seconds = () => (performance.now() - start) / 1000;
      running.set(index, 0);
      try {
        const ran = await runTask(job, index, threads, options, (fraction) => {
          running.set(index, fraction);
          report();
        });
        done++;
        if (!ran) found++;
        onTask?.(index, seconds());
      } catch (error) {
        if (toPlainError(error).code === "ABORTED") break;
        failed++;
        await noteFailure(job, index, error, hostname());
        onTask?.(index, seconds(), error);
      } finally {
        running.delete(index);
        report();
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane));
  return { done, found, failed, stopped: indices.length - done - failed };
}
