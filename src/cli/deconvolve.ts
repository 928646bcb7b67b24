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
      until: flags.until,
      maxIterations: flags.maxIterations,
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
  const files = png === undefined ? [output] : [output, png];
  if (!flags.quiet) {
    progress.say(["", ...summaryLines(result), ...(await closingLines(files, result))].join("\n"));
  }
  if (flags.json) {
    const data = { ...summaryData(result), output, png: png ?? null, warnings, interrupted };
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
  for (const text of largeTrace(settings, observations[0].counts)) warn(text);
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

/** Draws that memory and disk will feel. */
function largeTrace({ options }: DeconvolveSettings, { data }: SkyImage): string[] {
  const { iterations = 5_000, chains = 4, trace = {} } = options;
  const burnIn = typeof options.burnIn === "number" ? options.burnIn : iterations / 10;
  const sweeps = Math.max(0, iterations - burnIn);
  const kept = trace.every === undefined ? Math.min(sweeps, trace.keep ?? 1_000) : sweeps / trace.every;
  const bytes = 4 * data.length * chains * kept;
  if (bytes < LARGE_TRACE) return [];
  return [
    `trace: kept draws should take less than ${formatBytes(LARGE_TRACE)}, got ${formatBytes(bytes)} in memory and on disk; ` +
      "keep fewer with --trace-keep 200",
  ];
}

async function drawPosterior(result: LiraResult, counts: SkyImage, path: string): Promise<void> {
  const object = result.wcs.find(({ keyword }) => keyword === "OBJECT")?.value;
  const svg = plotPosterior(result, {
    document: await figureDocument(),
    counts,
    title: typeof object === "string" && object !== "" ? object : result.name,
  });
  await writeFile(path, await renderPng(svg));
}

/** Bytes of kept draws from which on a warning is due. */
const LARGE_TRACE = 1.5e9;

/** What was written, and the command to try next. */
async function closingLines(files: readonly string[], { diagnostics }: LiraResult): Promise<string[]> {
  const sizes = await Promise.all(files.map(async (file) => formatBytes((await stat(file)).size)));
  const written = files.map((file, index) => `${file} (${sizes[index]})`);
  const [, sweeps] = /--iterations (\d+)/.exec(diagnostics.verdict.remedy) ?? [];
  const next =
    sweeps === undefined
      ? `tslira info ${shellQuote([files[0]])}`
      : `the same command with --iterations ${sweeps} --overwrite`;
  return [`  written      ${written.join(", ")}`, `  next         ${next}`];
}
