/** Ctrl-C, SIGTERM and SIGHUP. */

import { isatty } from "node:tty";
import { EXIT } from "./exit.js";
import type { ProgressDisplay } from "./progress.js";

/**
 * Work that Ctrl-C, SIGTERM and the end of the terminal (SIGHUP) may end: the first one asks it to stop and keep what it has, the second
 * ends the program at once. Without a terminal SIGHUP is of no concern: nohup, whose word Node forgets, leaves none. Progress is closed
 * when the work is over.
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
  // A terminal that has gone is none any more.
  const onTerminal = [0, 1, 2].some((stream) => isatty(stream));
  const hungUp = () => {
    if (onTerminal && !controller.signal.aborted) stop();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.on("SIGHUP", hungUp);
  try {
    return await work(controller.signal);
  } finally {
    progress.close();
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    process.off("SIGHUP", hungUp);
  }
}
