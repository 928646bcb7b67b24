/** What a task is given to run, and how it says that it was stopped. */

import { AbortedError } from "../errors.js";

/** Where and how one task runs; none of it changes its result. */
export interface TaskContext {
  /** Folder for checkpoints and unfinished files; it may hold what an earlier attempt left. */
  readonly work: string;
  /** File to write the result to, in the work folder. */
  readonly output: string;
  /** Threads for the chains of the task, >= 1. */
  readonly workers: number;
  readonly checkpointSeconds: number;
  /** Ends the task in good order; what was done is kept. */
  readonly signal?: AbortSignal;
  /** Called now and then with the fraction done, in [0, 1]. */
  readonly onProgress?: (fraction: number) => void;
  /** Told what went wrong and was mended, a sentence each. */
  readonly onWarning?: (warning: string) => void;
  /** Throws what says that the task was stopped. @throws AbortedError always */
  readonly stopped: () => never;
}

/** The `stopped` of a task's context. */
export function taskStopped(index: number): never {
  throw new AbortedError(
    `task ${index}: must run to its end, got stopped before; what was done is kept, submit the job again to continue`,
    { fields: { index } },
  );
}
