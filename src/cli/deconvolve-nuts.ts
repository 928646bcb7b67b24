/** `tslira deconvolve --method nuts`. */

import { checkObservations, deconvolve, type FileRun, shellLine, writeResult } from "../node.js";
import type { DeconvolveSettings } from "./deconvolve-config.js";
import type { DeconvolveFlags } from "./deconvolve-options.js";
import { given } from "./given.js";
import { listenForInterrupt } from "./interrupt.js";
import { requiredPrior } from "./method-options.js";
import { displacedHeaders, libraryOffsets } from "./place-observations.js";
import type { ProgressDisplay } from "./progress.js";
import { readTogether } from "./read-together.js";

/**
 * Sample and write the result. An interrupted run leaves what there is, and cannot be continued.
 *
 * @param warn shows and collects warnings
 */
export async function sampleGradients(
  settings: DeconvolveSettings & { readonly output: string },
  flags: DeconvolveFlags,
  progress: ProgressDisplay,
  warn: (text: string) => void,
): Promise<FileRun> {
  const { observations: names, options, output } = settings;
  const prior = await requiredPrior("nuts", flags);
  const { observations, inputs, notes, unit } = await readTogether(names);
  for (const note of notes) warn(note);
  const { iterations, burnIn, chains, seed, boundary, trace } = options;
  const { fitBackgroundScale, backgroundScalePrior, upsampling, margin } = options;
  for (const text of displacedHeaders(observations, settings)) warn(text);
  const interruption = listenForInterrupt(() =>
    progress.say("stopping; what was sampled so far is kept. Ctrl-C again quits at once"),
  );
  try {
    const result = await deconvolve(observations, {
      method: "nuts",
      prior,
      ...given({ iterations, chains, seed, boundary, trace, fitBackgroundScale, backgroundScalePrior }),
      // "auto" is refused by the method, which says why.
      ...given({ burnIn: burnIn as number | undefined }),
      ...given({
        upsampling,
        margin,
        targetAcceptance: flags.targetAcceptance,
        maxDepth: flags.maxDepth,
      }),
      ...given({ offsets: libraryOffsets(settings.offsets), unit }),
      command: `tslira ${shellLine(process.argv.slice(2))}`,
      inputs,
      onProgress: progress.update,
      onWarning: warn,
      signal: interruption.signal,
    });
    await writeResult(result, output);
    const { boundary: edges } = result.config;
    return {
      summary: result,
      observations: checkObservations(observations, { boundary: edges }).observations,
      output,
    };
  } finally {
    progress.close();
    interruption.release();
  }
}
