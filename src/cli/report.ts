/** `tslira report`. */

import { writeFile } from "node:fs/promises";
import { Command, Option } from "@commander-js/extra-typings";
import {
  InvalidInputError,
  type Observation,
  type ObservationFileNames,
  readObservationFiles,
  readResultSummary,
  reportFromFile,
} from "../node.js";
import { formatBytes } from "./format.js";
import { parseBytes, parseCutout } from "./option-values.js";
import { checkOutputPath } from "./output-path.js";
import { findRecordedData, recordedNames } from "./recorded-data.js";

const DETAILS = `
The page needs nothing else, no network either: verdict on convergence, numbers, linked images with
cursor readout, traces, histograms and correlations of every pixel and region, a player of draws,
parameters, settings, and how to make the result again. Attach it to a paper.

Counts, expected counts and residuals are shown when the input files are at hand: those of the
command that made the result, or those given here; either way their SHA-256 must be the recorded one.

Examples:
  tslira report result.fits -o report.html
  tslira report result.fits -o report.html --counts counts.fits --psf psf.fits --max-size 10M`;

/** The command with all its options, but without its action. */
export function reportOptions() {
  return new Command("report")
    .summary("one page on a result, to read and to attach to a paper")
    .description("Write a self-contained HTML page on a result.")
    .argument("<result>", "result file, FITS, plain or .gz")
    .requiredOption("-o, --output <file>", "page to write, .html")
    .option("--title <text>", "heading (default: the object, or the name of the result)")
    .option(
      "--max-size <bytes>",
      "largest size of the page; decides how many draws it holds (default: 5M)",
      parseBytes,
    )
    .option("--overwrite", "replace a page that exists")
    .option("-q, --quiet", "warnings and errors only")
    .optionsGroup("Observation (default: the files of the recorded command, where they are found):")
    .option("--counts <file>", "counts image")
    .option("-p, --psf <file>", "point spread function")
    .option("-e, --exposure <file>", "exposure")
    .option("-b, --background <file>", "background")
    .addOption(
      new Option("--background-unit <unit>", "what the background file holds (default: flux)").choices([
        "flux",
        "counts",
      ]),
    )
    .option("-m, --mask <file>", "mask")
    .option("--cutout <x0:x1,y0:y1>", "part of the counts", parseCutout)
    .option("--psf-cutout <x0:x1,y0:y1>", "part of the psf", parseCutout)
    .option("--no-inputs", "do not look for input files")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

/** Values of the options. */
type ReportFlags = ReturnType<ReturnType<typeof reportOptions>["opts"]>;

/** The command. */
export function reportCommand() {
  return reportOptions().action(report);
}

async function report(path: string, flags: ReportFlags): Promise<void> {
  const { output, title, maxSize, overwrite = false, quiet = false } = flags;
  await checkOutputPath(output, { overwrite });
  const say = (text: string) => quiet || process.stderr.write(`${text}\n`);
  const inputs = await findInputs(path, flags);
  if (inputs.note !== undefined) say(`tslira: ${inputs.note}`);
  const html = await reportFromFile(path, {
    ...(title === undefined ? {} : { title }),
    ...(maxSize === undefined ? {} : { maxBytes: maxSize }),
    ...(inputs.names === undefined ? {} : { files: inputs.names }),
    ...(inputs.observations === undefined ? {} : { observations: inputs.observations }),
  });
  await writeFile(output, html);
  say(`  written      ${output} (${formatBytes(Buffer.byteLength(html))})`);
}

/** The observations behind a result. */
interface Inputs {
  /** As the command that made the result named them. */
  readonly names?: readonly ObservationFileNames[] | undefined;
  readonly observations?: readonly Observation[];
  /** Why there are no observations. */
  readonly note?: string;
}

/** @throws InvalidInputError when files were asked for that are not those of the result */
async function findInputs(path: string, flags: ReportFlags): Promise<Inputs> {
  const summary = await readResultSummary(path);
  if (summary === undefined) return {}; // told better by who reads the result
  const { command, inputs: recorded } = summary.provenance;
  const given = givenNames(flags);
  if (given !== undefined) {
    const { observation, inputs } = await readObservationFiles(given);
    const strange = inputs.find(({ sha256 }) => !recorded.some((one) => one.sha256 === sha256));
    if (strange !== undefined && recorded.length > 0) {
      throw new InvalidInputError(
        `${strange.name}: input must be a file that the result was made from, got another SHA-256 (${strange.sha256.slice(0, 12)}...); ` +
          "see tslira info for those recorded",
      );
    }
    return { names: [given], observations: [observation] };
  }
  if (flags.inputs === false) {
    const names = command === undefined ? undefined : await recordedNames(command).catch(() => undefined);
    return { names };
  }
  const found = await findRecordedData(path, summary);
  if (!("missing" in found)) return found;
  const names = command === undefined ? undefined : await recordedNames(command).catch(() => undefined);
  return {
    names,
    note: `${found.missing}; the page does without counts, residuals and predictive checks (give the files with --counts and --psf)`,
  };
}

/** Files that the flags name. */
function givenNames(flags: ReportFlags): ObservationFileNames | undefined {
  const { counts, psf, exposure, background, mask, backgroundUnit, cutout, psfCutout } = flags;
  if (counts === undefined && psf === undefined) return undefined;
  if (counts === undefined || psf === undefined) {
    throw new InvalidInputError(
      "report: counts and psf must be given together, got one of them; add --counts and --psf, or neither",
    );
  }
  return {
    counts,
    psf,
    ...(exposure === undefined ? {} : { exposure }),
    ...(background === undefined ? {} : { background }),
    ...(mask === undefined ? {} : { mask }),
    ...(backgroundUnit === undefined ? {} : { backgroundUnit }),
    ...(cutout === undefined ? {} : { cutout }),
    ...(psfCutout === undefined ? {} : { psfCutout }),
  };
}
