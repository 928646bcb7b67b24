/** A thread that runs one task of a significance run, so that several use several cores. */

import { parentPort, workerData } from "node:worker_threads";
import type { Observation } from "../data/observation.js";
import { toPlainError } from "../errors.js";
import { compileKernels } from "../kernels.js";
import { runSignificanceTask, type SignificanceRun, type SignificanceTask } from "../significance/task.js";
import { encodeTaskResult } from "../significance/task-file.js";

/** What the thread is given. */
export interface ReplicateWork {
  readonly observations: readonly Observation[];
  readonly run: SignificanceRun;
  readonly task: SignificanceTask;
}

/** What the thread says. */
export type ReplicateMessage =
  | { readonly type: "progress"; readonly fraction: number }
  | { readonly type: "done"; readonly bytes: Uint8Array }
  | { readonly type: "failed"; readonly error: ReturnType<typeof toPlainError> };

const post = (message: ReplicateMessage) => parentPort?.postMessage(message);

try {
  const { observations, run, task } = workerData as ReplicateWork;
  const result = await runSignificanceTask(observations, run, task, {
    module: await compileKernels(),
    onProgress: (fraction) => post({ type: "progress", fraction }),
  });
  post({ type: "done", bytes: encodeTaskResult(result) });
} catch (error) {
  post({ type: "failed", error: toPlainError(error) });
}
