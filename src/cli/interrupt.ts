/** Ctrl-C and SIGTERM. */

import { EXIT } from "./exit.js";
import type { ProgressDisplay } from "./progress.js";

/**
 * Work that Ctrl-C and SIGTERM may end: the first one asks it to stop and keep what it has, the second ends the program at once. Progress
 * is closed when the work is over.
 *
 * @param stopping said at the first one
 * @param work told by a signal, which fires at the first one
 */
export async function interruptible<T>(
  progress: ProgressDisplay,
  stopping: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
    progress.say(stopping);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    progress.close();
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
