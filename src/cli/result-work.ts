/** Work on a result: opened and closed again, with progress, and ended by Ctrl-C. */

import { type OpenResult, openResult } from "../io/open-result-node.js";
import { interruptible } from "./interrupt.js";
import { openProgress, type ProgressDisplay } from "./progress.js";

/** @throws InvalidInputError when the file cannot be read, FormatError when it is no result */
export async function workOnResult(
  path: string,
  flags: { readonly quiet?: boolean | undefined },
  work: (open: OpenResult, progress: ProgressDisplay, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const progress = openProgress(flags);
  await interruptible(progress, "stopping", async (signal) => {
    const open = await openResult(path);
    try {
      await work(open, progress, signal);
    } finally {
      open.close();
    }
  });
}
