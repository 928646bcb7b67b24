/** `tslira resume`. */

import { Command, Option } from "@commander-js/extra-typings";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { resumeRun } from "../runs/deconvolve-to-file-node.js";
import { parseSeconds, parseWhole } from "./option-values.js";
import { checkOutputPaths } from "./output-path.js";
import { openProgress } from "./progress.js";
import { keepingChains, reportRun } from "./run-report.js";

const DETAILS = `
A run keeps its chains in a folder beside its result (result.fits.checkpoint) until it is complete.
Whether it was stopped by Ctrl-C, killed, or ran out of disk: continued, it ends in the same bytes
as a run that nobody disturbed. Inputs and settings are in the folder; nothing else is needed.

A run goes on where its chains are. With --device cpu those that began on a GPU go on on the CPU, by
the same law with other random numbers, and stay there; the result says after how many sweeps.

Example:
  tslira resume result.fits.checkpoint`;

/** The command with all its options, but without its action. */
export function resumeOptions() {
  return new Command("resume")
    .description("Continue a run from its checkpoint, and write its result.")
    .argument("<checkpoint>", "folder that the run left behind")
    .option("--png <file>", "also draw counts, mean, std, signal to noise and R-hat")
    .option("-o, --output <file>", "result file (default: the one that the run was given)")
    .option("--overwrite", "replace a figure, or a result that this run did not write")
    .option(
      "--checkpoint-every <time>",
      "time between checkpoints, for example 30s or 5m (default: 30s)",
      parseSeconds,
    )
    .addOption(
      new Option("--device <where>", "go on on the CPU with what began on a GPU").choices(["cpu"] as const),
    )
    .option("--json", "print a summary for programs on stdout, that for people on stderr")
    .option("-q, --quiet", "no progress and no summary; warnings and errors only")
    .option("-w, --workers <n>", "worker threads, 0 for none (default: one a core)", parseWhole)
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

/** The command. */
export const command = () =>
  resumeOptions().action(async (checkpoint, flags) => {
    const { png, workers, checkpointEvery, output, device } = flags;
    const overwrite = flags.overwrite === true;
    // What the run read is known by its bytes alone: nothing of that is a .png.
    if (png !== undefined && !/\.png$/i.test(png)) {
      throw new InvalidInputError(`resume: figure must be a .png, got ${png}; add .png to its name`);
    }
    await checkOutputPaths([png], { overwrite, inputs: [output] });
    const progress = openProgress(flags);
    const warnings: string[] = [];
    const run = await keepingChains(progress, checkpoint, (signal) =>
      resumeRun(checkpoint, {
        onProgress: progress.update,
        onNote: (text) => progress.say(`tslira: ${text}`),
        onWarning(text) {
          warnings.push(text);
          progress.say(`tslira: warning: ${text}`);
        },
        signal,
        overwrite,
        ...given({ output, workers, device, checkpointSeconds: checkpointEvery }),
      }),
    );
    await reportRun(run, { ...flags, png, progress, warnings });
  });
