/** A task in a thread of its own, so that Ctrl-C is heard while it computes. */

import { Worker } from "node:worker_threads";
import { JobError } from "../errors.js";
import { interruptible } from "./interrupt.js";
import type { ProgressDisplay } from "./progress.js";

/** What is told of a thread. */
export interface ThreadWords<Message, Outcome> {
  /** Said at the first Ctrl-C. */
  readonly stopping: string;
  /** What the thread must do, for the error when it ends before. */
  readonly rule: string;
  readonly onMessage: (
    message: Message,
    resolve: (outcome: Outcome) => void,
    reject: (error: Error) => void,
    signal: AbortSignal,
  ) => void;
}

/**
 * Run a module as a thread.
 *
 * @param task its `workerData`, besides the word `ending`, which is 1 from the first Ctrl-C on
 * @throws JobError when it ends without an outcome
 */
export function inThread<Message, Outcome>(
  module: URL,
  task: object,
  progress: ProgressDisplay,
  { stopping, rule, onMessage }: ThreadWords<Message, Outcome>,
): Promise<Outcome> {
  return interruptible(progress, stopping, async (signal) => {
    const ending = new Int32Array(new SharedArrayBuffer(4));
    signal.addEventListener("abort", () => Atomics.store(ending, 0, 1));
    const worker = new Worker(module, { workerData: { ...task, ending } });
    try {
      return await new Promise<Outcome>((resolve, reject) => {
        worker.on("message", (message: Message) => onMessage(message, resolve, reject, signal));
        worker.on("error", reject);
        worker.on("exit", (code) => reject(new JobError(`${rule}, got exit code ${code}; run it again`)));
      });
    } finally {
      await worker.terminate();
    }
  });
}
