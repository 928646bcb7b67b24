/** `tslira deconvolve --method nuts`. */

import { checkObservations, deconvolve, type FileRun, shellLine, writeResult } from "../node.js";
import { libraryOptions } from "../settings/library-options.js";
import type { SettingValues } from "../settings/setting.js";
import type { DeconvolveSettings } from "./deconvolve-config.js";
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
  progress: ProgressDisplay,
  warn: (text: string) => void,
): Promise<FileRun> {
  const { observations: names, options, output } = settings;
  const prior = await requiredPrior("nuts", options);
  const { observations, inputs, notes, unit } = await readTogether(names);
  for (const note of notes) warn(note);
  for (const text of displacedHeaders(observations, settings)) warn(text);
  const interruption = listenForInterrupt(() =>
    progress.say("stopping; what was sampled so far is kept. Ctrl-C again quits at once"),
  );
  try {
    const result = await deconvolve(observations, {
      ...libraryOptions("nuts", options as SettingValues, "deconvolve"),
      method: "nuts",
      prior,
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
