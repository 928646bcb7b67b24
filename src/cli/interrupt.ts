/** Ctrl-C and SIGTERM. */

import { EXIT } from "./exit.js";

/** Interruption of a run. */
export interface Interruption {
  /** Fires at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Stop listening: the default behaviour returns. */
  readonly release: () => void;
}

/**
 * Listen for Ctrl-C and SIGTERM: the first one asks the run to stop and keep what it has, the second ends the program at once.
 *
 * @param onFirst called at the first one
 */
export function listenForInterrupt(onFirst: () => void): Interruption {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
    onFirst();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    signal: controller.signal,
    release: () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}
