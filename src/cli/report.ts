/** `tslira report`. */

import { writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import {
  InvalidInputError,
  type ObservationFileNames,
  type ObservationFiles,
  readObservationFiles,
  readResultSummary,
  reportFromFile,
} from "../node.js";
import { commandObservations } from "./command-observations.js";
import { formatBytes } from "./format.js";
import { parseBytes, parseCutout } from "./option-values.js";
import { checkOutputPath } from "./output-path.js";

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
    ...(inputs.files === undefined
      ? {}
      : { observations: inputs.files.map(({ observation }) => observation) }),
  });
  await writeFile(output, html);
  say(`  written      ${output} (${formatBytes(Buffer.byteLength(html))})`);
}

/** The observations behind a result. */
interface Inputs {
  /** As the command that made the result named them. */
  readonly names?: readonly ObservationFileNames[];
  readonly files?: readonly ObservationFiles[];
  /** Why there are no files. */
  readonly note?: string;
}

/** @throws InvalidInputError when files were asked for that are not those of the result */
async function findInputs(path: string, flags: ReportFlags): Promise<Inputs> {
  const { provenance } = (await readResultSummary(path)) ?? {};
  if (provenance === undefined) return {}; // told better by who reads the result
  const recorded = provenance.inputs.map(({ sha256 }) => sha256);
  const { counts, psf } = flags;
  if (counts !== undefined || psf !== undefined) {
    if (counts === undefined || psf === undefined) {
      throw new InvalidInputError(
        "report: counts and psf must be given together, got one of them; add --counts and --psf, or neither",
      );
    }
    const { exposure, background, mask, backgroundUnit, cutout, psfCutout } = flags;
    const names: ObservationFileNames = {
      counts,
      psf,
      ...(exposure === undefined ? {} : { exposure }),
      ...(background === undefined ? {} : { background }),
      ...(mask === undefined ? {} : { mask }),
      ...(backgroundUnit === undefined ? {} : { backgroundUnit }),
      ...(cutout === undefined ? {} : { cutout }),
      ...(psfCutout === undefined ? {} : { psfCutout }),
    };
    const files = await readObservationFiles(names);
    const strange = files.inputs.find(({ sha256 }) => recorded.length > 0 && !recorded.includes(sha256));
    if (strange !== undefined) {
      throw new InvalidInputError(
        `${strange.name}: input must be a file that the result was made from, got another SHA-256 (${strange.sha256.slice(0, 12)}...); ` +
          "see tslira info for those recorded",
      );
    }
    return { names: [names], files: [files] };
  }
  const names = provenance.command === undefined ? undefined : await commandObservations(provenance.command);
  if (names === undefined) return {};
  if (flags.inputs === false) return { names };
  // Names are relative to where the command ran: here, most likely, or where its result lies.
  for (const folder of ["", dirname(path)]) {
    const files = await Promise.all(names.map((one) => readObservationFiles(placed(one, folder)))).catch(
      () => undefined,
    );
    if (files === undefined) continue;
    const found = files.flatMap(({ inputs }) => inputs.map(({ sha256 }) => sha256));
    if (found.length === recorded.length && found.every((sha256, index) => sha256 === recorded[index])) {
      return { names, files };
    }
    return {
      names,
      note: "input files have changed since the run; the page does without counts and residuals",
    };
  }
  return {
    names,
    note: "input files were not found; the page does without counts and residuals (give them with --counts, --psf ...)",
  };
}

/** Names of files with a folder before those that are relative. */
function placed(names: ObservationFileNames, folder: string): ObservationFileNames {
  const place = (name: string) => (folder === "" || isAbsolute(name) ? name : join(folder, name));
  const { counts, psf, exposure, background, mask } = names;
  return {
    ...names,
    counts: place(counts),
    psf: place(psf),
    ...(exposure === undefined ? {} : { exposure: place(exposure) }),
    ...(background === undefined ? {} : { background: place(background) }),
    ...(mask === undefined ? {} : { mask: place(mask) }),
  };
}
