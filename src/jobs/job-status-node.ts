/** Where the tasks of a job stand. */

import { toPlainError } from "../errors.js";
import { type Job, readTask } from "./job-folder-node.js";
import {
  readFailure,
  scanResults,
  TASK_STATES,
  type TaskFailure,
  type TaskState,
} from "./result-files-node.js";
import { slurmQueue } from "./slurm-node.js";
import { readSubmissions } from "./submission-node.js";

/** How to look. */
export interface JobStatusOptions {
  /** Compute the SHA-256 of every result (default); `false` compares lengths only, which is quicker for large results. */
  readonly verify?: boolean;
  /** Ask the scheduler what runs or waits, if the job was ever submitted to one; default true. */
  readonly queue?: boolean;
}

/** What was found. The five counts add up to the number of tasks. */
export interface JobStatus {
  readonly total: number;
  readonly done: number;
  /** Running or waiting in the queue of a scheduler. */
  readonly running: number;
  readonly waiting: number;
  /** Ended with an error. */
  readonly failed: number;
  /** With a result that is damaged. */
  readonly corrupt: number;
  /** Neither result nor error, and in no queue: never begun, killed, or running in another program. */
  readonly missing: number;
  /** Tasks to submit: those that are failed, corrupt or missing. */
  readonly todo: readonly number[];
  /** The first ten that failed. */
  readonly failures: readonly (TaskFailure & { readonly name: string })[];
  /** The first damaged results. */
  readonly damage: readonly { readonly index: number; readonly file: string; readonly reason: string }[];
  /** Why the queue could not be asked; absent when it could, or nothing was submitted. */
  readonly queueProblem?: string;
}

const SHOWN = 10;

/**
 * Look at all tasks of a job. Files decide; the queue only tells of tasks without a result whether somebody is at them.
 */
export async function jobStatus(
  job: Job,
  { verify = true, queue = true }: JobStatusOptions = {},
): Promise<JobStatus> {
  // The queue first: a task that ends in between is then seen as done, and not as missing.
  let running: readonly number[] = [];
  let waiting: readonly number[] = [];
  let queueProblem: string | undefined;
  if (queue && readSubmissions(job).length > 0) {
    try {
      ({ running, waiting } = await slurmQueue(job));
    } catch (error) {
      queueProblem = toPlainError(error).message;
    }
  }
  const { states, corrupt } = scanResults(job, { verify });
  const done = TASK_STATES.indexOf("done");
  const counts: Record<TaskState | "running" | "waiting", number> = {
    ...{ missing: 0, done: 0, failed: 0, corrupt: 0, running: 0, waiting: 0 },
  };
  const queued = new Map<number, "running" | "waiting">();
  for (const index of waiting) queued.set(index, "waiting");
  for (const index of running) queued.set(index, "running");
  const todo: number[] = [];
  const failures: (TaskFailure & { name: string })[] = [];
  for (let index = 0; index < states.length; index++) {
    const place = states[index] === done ? undefined : queued.get(index);
    const state = place ?? TASK_STATES[states[index]];
    counts[state]++;
    if (state === "done" || place !== undefined) continue;
    todo.push(index);
    if (state === "failed" && failures.length < SHOWN) {
      const failure = await readFailure(job, index);
      if (failure !== undefined) failures.push({ ...failure, name: readTask(job, index).name });
    }
  }
  return {
    total: states.length,
    ...counts,
    todo,
    failures,
    damage: corrupt.slice(0, SHOWN),
    ...(queueProblem === undefined ? {} : { queueProblem }),
  };
}
