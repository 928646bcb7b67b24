/** `tslira deconvolve`. */

import { stat, writeFile } from "node:fs/promises";
import {
  figureDocument,
  InvalidInputError,
  LiraDeconvolver,
  type LiraResult,
  plotPosterior,
  readObservationFiles,
  renderPng,
  type SkyImage,
  totalFlux,
  writeResult,
} from "../node.js";
import {
  type DeconvolveSettings,
  mergeSettings,
  type PartialSettings,
  readConfigFile,
} from "./deconvolve-config.js";
import { deconvolveOptions, type DeconvolveFlags as Flags } from "./deconvolve-options.js";
import { EXIT } from "./exit.js";
import { formatBytes, shellQuote } from "./format.js";
import { listenForInterrupt } from "./interrupt.js";
import { checkOutputPath } from "./output-path.js";
import { openProgress, type ProgressDisplay } from "./progress.js";
import { summaryData, summaryLines } from "./summary.js";

/** The command. */
export function deconvolveCommand() {
  return deconvolveOptions().action(deconvolve);
}

/** Flags in the form of a config file. */
function flagSettings(counts: string | undefined, flags: Flags): PartialSettings {
  const given = <T extends Record<string, unknown>>(values: T) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const trace = given({ every: flags.traceEvery, keep: flags.traceKeep });
  return {
    common: given({
      counts,
      psf: flags.psf,
      exposure: flags.exposure,
      background: flags.background,
      mask: flags.mask,
      backgroundUnit: flags.backgroundUnit,
      cutout: flags.cutout,
      psfCutout: flags.psfCutout,
      name: flags.name,
    }),
    options: given({
      alphaInit: flags.alphaInit,
      fitAlpha: flags.fixedAlpha ? false : undefined,
      iterations: flags.iterations,
      burnIn: flags.burnIn,
      chains: flags.chains,
      seed: flags.seed,
      boundary: flags.boundary,
      cycleSpin: flags.cycleSpin,
      fitBackgroundScale: flags.fitBackgroundScale,
      totalCountsPrior: flags.totalCountsPrior,
      smoothingPrior: flags.smoothingPrior,
      backgroundScalePrior: flags.backgroundScalePrior,
      trace: Object.keys(trace).length === 0 ? undefined : trace,
    }),
    ...given({ workers: flags.workers, output: flags.output, png: flags.png }),
  };
}

async function deconvolve(counts: string | undefined, flags: Flags): Promise<void> {
  const config =
    flags.config === undefined ? { common: {}, options: {} } : await readConfigFile(flags.config);
  const settings = mergeSettings(flagSettings(counts, flags), config);
  const { output, png } = settings;
  if (output === undefined) {
    throw new InvalidInputError("deconvolve: output must be given, got none; add -o result.fits");
  }
  const overwrite = flags.overwrite === true;
  await checkOutputPath(output, { overwrite });
  if (png !== undefined) await checkOutputPath(png, { overwrite });

  const progress = openProgress({ quiet: flags.quiet === true });
  const warnings: string[] = [];
  const { result, firstCounts, interrupted } = await sample(settings, progress, warnings);

  await writeResult(result, output);
  if (png !== undefined) await drawPosterior(result, firstCounts, png);
  const summary = { ...result, total: totalFlux(result) };
  const files = png === undefined ? [output] : [output, png];
  if (!flags.quiet) {
    progress.say(["", ...summaryLines(summary), ...(await closingLines(files, settings, result))].join("\n"));
  }
  if (flags.json) {
    const data = { ...summaryData(summary), output, png: png ?? null, warnings, interrupted };
    process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
  }
  if (interrupted) {
    process.stderr.write(
      `tslira: interrupted; ${output} holds the ${result.complete ? "complete" : "partial"} result\n`,
    );
    process.exitCode = EXIT.interrupted;
  }
}

interface Sampled {
  readonly result: LiraResult;
  readonly firstCounts: SkyImage;
  readonly interrupted: boolean;
}

/** Read the files and run the chains; warnings are shown and collected. */
async function sample(
  settings: DeconvolveSettings,
  progress: ProgressDisplay,
  warnings: string[],
): Promise<Sampled> {
  const deconvolver = new LiraDeconvolver(settings.options);
  const files = await Promise.all(settings.observations.map(readObservationFiles));
  const observations = files.map(({ observation }) => observation);
  const units = new Set(files.map(({ unit }) => unit));
  const unit = units.size === 1 ? files[0].unit : undefined;
  const warn = (text: string) => {
    warnings.push(text);
    progress.say(`tslira: warning: ${text}`);
  };
  for (const text of settings.observations.flatMap(doubtfulBackground)) warn(text);
  const interruption = listenForInterrupt(() =>
    progress.say("stopping; what was sampled so far is written. Ctrl-C again quits at once"),
  );
  try {
    const result = await deconvolver.run(observations, {
      onProgress: progress.update,
      onWarning: warn,
      signal: interruption.signal,
      command: `tslira ${shellQuote(process.argv.slice(2))}`,
      inputs: files.flatMap(({ inputs }) => inputs),
      ...(settings.workers === undefined ? {} : { workers: settings.workers }),
      ...(unit === undefined ? {} : { unit }),
    });
    return { result, firstCounts: observations[0].counts, interrupted: interruption.signal.aborted };
  } finally {
    progress.close();
    interruption.release();
  }
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

async function drawPosterior(result: LiraResult, counts: SkyImage, path: string): Promise<void> {
  const svg = plotPosterior(result, { document: await figureDocument(), counts });
  await writeFile(path, await renderPng(svg));
}

/** What was written, and the command to try next. */
async function closingLines(
  files: readonly string[],
  { options }: DeconvolveSettings,
  result: LiraResult,
): Promise<string[]> {
  const written = await Promise.all(
    files.map(async (file) => `${file} (${formatBytes((await stat(file)).size)})`),
  );
  const next =
    result.diagnostics.verdict.state === "agree"
      ? `tslira info ${shellQuote([files[0]])}`
      : `the same with more sweeps, for example --iterations ${10 * result.config.iterations}`;
  void options;
  return [`  written      ${written.join(", ")}`, `  next         ${next}`];
}
