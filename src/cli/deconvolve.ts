/** `tslira deconvolve`. */

import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import { deconvolveToFile, type FileRun } from "../runs/deconvolve-to-file-node.js";
import { LiraDeconvolver } from "../runs/lira-deconvolver.js";
import {
  type DeconvolveSettings,
  type GivenOptions,
  mergeSettings,
  type PartialSettings,
  readConfigFile,
} from "./deconvolve-config.js";
import { estimate } from "./deconvolve-method.js";
import { deconvolveOptions, type DeconvolveFlags as Flags } from "./deconvolve-options.js";
import { madeBy } from "./made-by.js";
import { checkMethodSettings, priorFiles, requiredPrior } from "./method-options.js";
import { observationNames } from "./observation-options.js";
import { checkFitsName, checkOutputPaths, observationPaths } from "./output-path.js";
import { placeObservations } from "./place-observations.js";
import { openProgress, type ProgressDisplay } from "./progress.js";
import { readImage } from "./read-image.js";
import { readTogether } from "./read-together.js";
import { keepingChains, reportRun } from "./run-report.js";
import { type SamplerName, samplerOptions } from "./sampler-settings.js";
import { flagValues } from "./setting-options.js";
import { checkTraceRoom } from "./trace-room.js";

/** The command. */
export const command = () => deconvolveOptions().action(deconvolve);

/** Flags in the form of a config file. */
export function flagSettings(counts: string | undefined, flags: Flags): PartialSettings {
  return {
    common: observationNames(counts, flags),
    options: flagValues(flags) as GivenOptions,
    ...given({ start: flags.start, workers: flags.workers, output: flags.output }),
    ...given({ png: flags.png, offsets: flags.offsets }),
  };
}

async function deconvolve(counts: string | undefined, flags: Flags): Promise<void> {
  const config = await readConfigFile(flags.config);
  const own = flagSettings(counts, flags);
  const settings = mergeSettings(own, config);
  const { output, png } = settings;
  if (output === undefined) {
    throw new InvalidInputError("deconvolve: output must be given, got none; add -o result.fits");
  }
  checkFitsName("deconvolve", output, ", and draw it with --png or tslira plot");
  const overwrite = flags.overwrite === true;
  const { config: configFile } = flags;
  await checkOutputPaths([output, png], {
    overwrite,
    inputs: [
      configFile,
      settings.start,
      ...observationPaths(settings.observations),
      ...priorFiles(settings.options),
    ],
  });
  const { method = "lira" } = settings.options;
  // A file of settings may serve several methods, of which a flag chooses one.
  checkMethodSettings(method, own.options.method === undefined ? settings.options : own.options, flags);
  if (method !== "lira" && method !== "nuts" && method !== "gibbs") {
    await estimate({ ...settings, output }, method, flags);
    return;
  }

  const { checkpoint = `${output}.checkpoint` } = flags;
  const progress = openProgress(flags);
  const warnings: string[] = [];
  const warn = (text: string) => {
    warnings.push(text);
    progress.say(`tslira: warning: ${text}`);
  };
  const run = await sample({ ...settings, output, checkpoint, overwrite }, flags, method, progress, warn);
  await reportRun(run, { ...flags, png, progress, warnings });
}

/** Read the files and run the chains; warnings are shown and collected. */
async function sample(
  settings: DeconvolveSettings & {
    readonly output: string;
    readonly checkpoint: string;
    readonly overwrite: boolean;
  },
  flags: Flags,
  method: SamplerName,
  progress: ProgressDisplay,
  warn: (text: string) => void,
): Promise<FileRun> {
  const { checkpointEvery: checkpointSeconds } = flags;
  const prior = method === "lira" ? undefined : await requiredPrior(method, settings.options);
  if (method === "lira") new LiraDeconvolver(settings.options); // wrong settings are told before files are read
  const { observations: asRead, inputs, notes, unit } = await readTogether(settings.observations);
  for (const note of notes) warn(note);
  const { observations, warnings: doubts, expected } = placeObservations(asRead, settings, method);
  const start = settings.start === undefined ? undefined : await readImage(settings.start);
  const run = samplerOptions(settings, method, prior, start);
  for (const text of [...doubts, ...settings.observations.flatMap(doubtfulBackground)]) warn(text);
  for (const text of await largeTrace(settings, observations[0].counts)) warn(text);
  const { checkpoint, overwrite, output } = settings;
  return keepingChains(progress, checkpoint, (signal) =>
    deconvolveToFile(observations, run, output, {
      onProgress: progress.update,
      onNote: (text) => progress.say(`tslira: ${text}`),
      onWarning: (text) => expected.includes(text) || warn(text),
      signal,
      checkpoint,
      overwrite,
      command: madeBy().command,
      inputs,
      ...given({ checkpointSeconds, workers: settings.workers, unit }),
    }),
  );
}

/** A background unit without effect. */
function doubtfulBackground({
  background,
  exposure,
  backgroundUnit,
}: DeconvolveSettings["observations"][number]) {
  if (backgroundUnit !== "counts" || (background !== undefined && exposure !== undefined)) return [];
  return [
    `background unit: counts should come with a background and an exposure, got no ${
      background === undefined ? "background" : "exposure"
    }; it changes nothing`,
  ];
}

/** Draws and traces that the disk will feel. @throws InvalidInputError when there is no room for them */
async function largeTrace(
  { options, output }: DeconvolveSettings & { readonly output: string },
  counts: SkyImage,
): Promise<string[]> {
  const free = await statfs(dirname(resolve(output))).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Number.POSITIVE_INFINITY,
  );
  return checkTraceRoom(options, counts, free);
}
