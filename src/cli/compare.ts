/** `tslira compare`. */

import { extname } from "node:path";
import { Option } from "@commander-js/extra-typings";
import { AbortedError, fromPlainError, InvalidInputError } from "../errors.js";
import { figureDocument } from "../figures/document-node.js";
import { renderPdf } from "../figures/pdf-node.js";
import { plotComparison } from "../figures/plot-comparison.js";
import { renderPng } from "../figures/png-node.js";
import { given } from "../given.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import type { CompareProgress } from "../runs/compare-methods.js";
import { durationText } from "../viewer/numbers.js";
import type { CompareData, ComparedData, CompareMessage, CompareTask, PlainScore } from "./compare-worker.js";
import { comparedMethod, DEFAULT_METHODS } from "./compared-methods.js";
import { type Comparison, comparisonCsv, comparisonJson, comparisonLines } from "./comparison-report.js";
import { mergeSettings, readConfigFile } from "./deconvolve-config.js";
import { EXIT } from "./exit.js";
import { formatCount } from "./format.js";
import { madeBy } from "./made-by.js";
import { OBSERVATION_FLAGS, observationCommand, observationNames } from "./observation-options.js";
import { collected, flagName, parseNumber, parseShape, parseWhole } from "./option-values.js";
import { checkOutputPaths, observationPaths } from "./output-path.js";
import { openProgress, type ProgressDisplay } from "./progress.js";
import { SKIES } from "./simulate.js";
import { inThread } from "./thread.js";

const DETAILS = `
Methods: --method "NAME=METHOD FLAGS", as often as you like; METHOD and FLAGS are those of
  tslira deconvolve --method: --prior, --strength, --stop, --bootstrap, --iterations, --seed ...
  NAME= may be left out. Without any --method:
${DEFAULT_METHODS.map((text) => `    --method "${text}"`).join("\n")}

Every method runs twice: on all photons, for its image and its time, and on those not held out.
The table goes to stdout.

Examples:
  tslira compare --simulate disk --figure disk.png
  tslira compare counts.fits --psf psf.fits --truth flux.fits -o table.csv --figure compared.pdf
  tslira compare counts.fits --psf psf.fits \\
    --method "RL=richardson-lucy --stop held-out" \\
    --method "TV=map --prior total-variation:strength=1,smoothing=0.1 --strength held-out" \\
    --method "lira -n 5000 --seed 1" -o table.json

Ctrl-C ends it: the methods that are done are written, and the exit code is 130.`;

const TABLES = [".csv", ".json"];
const FIGURES = [".png", ".svg", ".pdf"];

function compareOptions() {
  return observationCommand("compare")
    .description(
      "Run several methods on the same data and compare them: error, similarity and flux where the truth is known, coverage " +
        "of intervals, and how well each describes photons that it has not seen.",
    )
    .option("--truth <file>", "true flux, FITS image, of the same pixels")
    .optionsGroup("Simulated observation, in place of files:")
    .addOption(new Option("--simulate <sky>", "see tslira simulate --help").choices(Object.keys(SKIES)))
    .option("--shape <columns x rows>", "size of the image, 64 or 64x32 (default: 32)", parseShape)
    .option("--flux <counts>", "flux of the source (default: 1000)", parseNumber)
    .option("--sky-background <counts>", "background a pixel (default: 2)", parseNumber)
    .option("--psf-sigma <pixels>", "width of the psf", parseNumber)
    .optionsGroup("Comparison:")
    .option(
      "--method <text>",
      "a method with its flags, in quotes; may be given again (see below)",
      collected(String),
    )
    .option("--held-out <part>", "part of the photons to judge by (default: 0.5)", parseNumber)
    .option("--no-held-out", "hold no photons out: half the time")
    .option("-s, --seed <n>", "seed of the simulation and of the photons held out (default: 0)", parseWhole)
    .optionsGroup("Output:")
    .option("-o, --output <file>", "table: x.csv or x.json")
    .option("--figure <file>", "images side by side: x.png, x.svg or x.pdf")
    .option("--overwrite", "replace files that exist")
    .option("--json", "print JSON on stdout in place of the table")
    .option("-q, --quiet", "no progress")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

type Flags = ReturnType<ReturnType<typeof compareOptions>["opts"]>;

/** The command. */
export const command = () => compareOptions().action(compare);

async function compare(counts: string | undefined, flags: Flags): Promise<void> {
  const { output, figure, overwrite = false, seed, method: methods = DEFAULT_METHODS } = flags;
  checkEnding("--output", output, TABLES);
  checkEnding("--figure", figure, FIGURES);
  await Promise.all(methods.map(comparedMethod)); // wrong words are told before files are read
  const data = await compareData(counts, flags);
  const files = "files" in data ? observationPaths(data.files) : [];
  await checkOutputPaths([output, figure], { overwrite, inputs: [flags.config, flags.truth, ...files] });
  const heldOut =
    (flags.heldOut as number | boolean | undefined) === false
      ? (false as const)
      : given({ fraction: typeof flags.heldOut === "number" ? flags.heldOut : undefined, seed });
  const progress = openProgress(flags);
  const found = await compareInThread({ data, methods, heldOut }, progress, flags.quiet === true);
  const comparison: Comparison = {
    ...found,
    heldOut,
    ...madeBy(),
  };
  const written = await write(comparison, output, figure);
  process.stdout.write(
    flags.json ? comparisonJson(comparison) : `${comparisonLines(comparison).join("\n")}\n`,
  );
  if (written.length > 0 && !flags.quiet) progress.say(`written ${written.join(", ")}`);
  if (!comparison.complete) {
    progress.say(
      `tslira: interrupted after ${comparison.scores.length} of ${methods.length} methods; what is there is about these`,
    );
    process.exitCode = EXIT.interrupted;
  }
}

function checkEnding(flag: string, path: string | undefined, endings: readonly string[]): void {
  if (path !== undefined && !endings.includes(extname(path).toLowerCase())) {
    throw new InvalidInputError(
      `compare: ${flag} must end in ${endings.join(", ")}, got ${path}; choose one of them`,
    );
  }
}

const FILE_FLAGS = [...OBSERVATION_FLAGS, "config", "truth"];
const SIMULATION_FLAGS = ["shape", "flux", "skyBackground", "psfSigma"] as const;

async function compareData(counts: string | undefined, flags: Flags): Promise<CompareData> {
  const all = flags as Readonly<Record<string, unknown>>;
  const { simulate, truth } = flags;
  if (simulate !== undefined) {
    const clash =
      counts ??
      FILE_FLAGS.map((flag) => (all[flag] === undefined ? undefined : flagName(flag))).find(Boolean);
    if (clash !== undefined) {
      throw new InvalidInputError(
        `compare: data must be files or simulated, got --simulate ${simulate} and ${clash}; choose one`,
      );
    }
    const { shape, flux, skyBackground: background, psfSigma, seed } = flags;
    return { sky: simulate, source: given({ shape, flux, background, psfSigma, seed }) };
  }
  const stray = SIMULATION_FLAGS.find((flag) => all[flag] !== undefined);
  if (stray !== undefined) {
    throw new InvalidInputError(
      `compare: ${flagName(stray)} must come with --simulate, got it without; add --simulate disk or leave it out`,
    );
  }
  const config = await readConfigFile(flags.config);
  if (counts === undefined && flags.config === undefined) {
    throw new InvalidInputError(
      "compare: data must be given, got none; name a counts file with --psf, or add --simulate disk",
    );
  }
  const names = { common: observationNames(counts, flags), options: {} };
  const { observations, offsets } = mergeSettings(names, config, "compare");
  return { files: observations, ...given({ truth, offsets: flags.offsets ?? offsets }) };
}

interface Found {
  readonly data: ComparedData;
  readonly scores: readonly PlainScore[];
  readonly complete: boolean;
}

async function compareInThread(
  task: Omit<CompareTask, "ending">,
  progress: ProgressDisplay,
  quiet: boolean,
): Promise<Found> {
  const scores: PlainScore[] = [];
  let data: ComparedData | undefined;
  const module = new URL("./compare-worker.js", import.meta.url);
  const complete = await inThread<CompareMessage, boolean>(module, task, progress, {
    stopping: "stopping; methods that are done are kept. Ctrl-C again quits at once",
    rule: "compare: the thread must finish",
    onMessage(message, resolve, reject, { aborted }) {
      if (message.type === "data") {
        data = message.data;
        for (const note of data.notes) progress.say(`tslira: warning: ${note}`);
      } else if (message.type === "score") {
        scores.push(message.score);
        const { name, seconds } = message.score;
        if (!quiet)
          progress.say(`${name}: ${durationText(seconds)} (${scores.length} of ${task.methods.length})`);
      } else if (message.type === "progress") showProgress(progress, message.progress);
      else if (message.type === "done") resolve(true);
      else if (aborted && scores.length > 0) resolve(false);
      else reject(fromPlainError(message.error));
    },
  });
  if (data === undefined) throw new AbortedError("compare: was ended before it began; start it again");
  return { data, scores, complete };
}

function showProgress(display: ProgressDisplay, at: CompareProgress): void {
  const { name, method, methods, photons, done, total } = at;
  const of = total === undefined ? "" : ` of ${formatCount(total)}`;
  const part = photons === "part" ? ", photons held out" : "";
  display.show(
    `${name} (${method + 1} of ${methods}${part}): ${formatCount(done)}${of}`,
    `${method} ${photons}`,
  );
}

async function write(
  comparison: Comparison,
  output: string | undefined,
  figure: string | undefined,
): Promise<string[]> {
  const written: string[] = [];
  if (output !== undefined) {
    const csv = extname(output).toLowerCase() === ".csv";
    await writeWholeFile(output, csv ? comparisonCsv(comparison) : comparisonJson(comparison));
    written.push(output);
  }
  if (figure !== undefined) {
    const { data, scores } = comparison;
    const { truth, wcs, unit } = data;
    const svg = plotComparison(
      scores.map(({ name, image }) => ({ title: name, image })),
      {
        document: await figureDocument(),
        title: data.name,
        ...given({ truth, wcs, unit }),
      },
    );
    const ending = extname(figure).toLowerCase();
    const bytes = ending === ".png" ? await renderPng(svg) : ending === ".pdf" ? await renderPdf(svg) : svg;
    await writeWholeFile(figure, bytes);
    written.push(figure);
  }
  return written;
}
