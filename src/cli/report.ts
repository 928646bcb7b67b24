/** `tslira report`. */

import { Command } from "@commander-js/extra-typings";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { readBytes } from "../io/fits-file-node.js";
import { readResultSummary } from "../io/result-file-node.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import { decodeSources } from "../photometry/catalogue-file.js";
import { reportFromFile } from "../report/report-file-node.js";
import { readSignificance } from "../significance/significance-file-node.js";
import { formatBytes } from "./format.js";
import { parseBytes } from "./option-values.js";
import { checkOutputPaths, observationPaths } from "./output-path.js";
import { openPlotted } from "./plotted-result.js";
import {
  addInputOptions,
  findResultInputs,
  type InputFlags,
  namesOnRecord,
  type RecordedInputs,
  type ResultInputs,
} from "./result-inputs.js";

const DETAILS = `
The page needs nothing else, no network either: verdict on convergence, numbers, linked images with
cursor readout, traces, histograms and correlations of every pixel and region, a player of draws,
parameters, settings, and how to make the result again. Attach it to a paper.

Of a method that gives one image (richardson-lucy, map, ...) it is shorter, without draws.

Counts, expected counts and residuals are shown when the input files are at hand: those of the
command that made the result, or those given here; either way their SHA-256 must be the recorded one.

Examples:
  tslira report result.fits -o report.html
  tslira report result.fits -o report.html --counts counts.fits --psf psf.fits --max-size 10M`;

/** The command with all its options, but without its action. */
export function reportOptions() {
  const command = new Command("report")
    .description("Write a self-contained HTML page on a result.")
    .argument("<result>", "result file, FITS, plain or .gz")
    .requiredOption("-o, --output <file>", "page to write, .html")
    .option("--title <text>", "heading (default: the object, or the name of the result)")
    .option(
      "--max-size <bytes>",
      "largest size of the page; decides how many draws it holds (default: 5M)",
      parseBytes,
    )
    .option("--significance <file>", "add what tslira significance found about the same observation")
    .option("--sources <file>", "add a catalogue, .fits of tslira sources of the same result")
    .option("--overwrite", "replace a page that exists")
    .option("-q, --quiet", "warnings and errors only");
  addInputOptions(command);
  return command
    .option("--no-inputs", "do not look for input files")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

/** Values of the options. */
type ReportFlags = ReturnType<ReturnType<typeof reportOptions>["opts"]> & InputFlags;

/** The command. */
export const command = () => reportOptions().action(report);

async function report(path: string, flags: ReportFlags): Promise<void> {
  const { output, title, maxSize, overwrite = false, quiet = false } = flags;
  const read = [path, flags.significance, flags.sources, ...observationPaths([flags])];
  await checkOutputPaths([output], { overwrite, inputs: read });
  const say = (text: string) => quiet || process.stderr.write(`${text}\n`);
  const summary = await readResultSummary(path);
  // What has no report is told by who reads it.
  const plotted = summary === undefined ? await openPlotted(path).catch(() => undefined) : undefined;
  const recorded = summary ?? (plotted?.estimate && plotted);
  const idle = (["significance", "sources"] as const).find((flag) => flags[flag] !== undefined);
  if (recorded !== undefined && summary === undefined && idle !== undefined) {
    throw new InvalidInputError(
      `report: --${idle} must come with a posterior, got one image in ${path}; leave it out`,
    );
  }
  const inputs = recorded && (await inputsOf(path, recorded, flags));
  if (inputs?.files) await checkOutputPaths([output], { overwrite, inputs: inputs.files });
  if (inputs && inputs.missing !== "" && flags.inputs) {
    say(`tslira: ${inputs.missing}; the page does without counts, residuals and predictive checks`);
  }
  const { significance, sources } = flags;
  const html = await reportFromFile(path, {
    ...(significance !== undefined && { significance: await readSignificance(significance) }),
    ...(sources !== undefined && { catalogue: decodeSources(await readBytes(sources), sources) }),
    ...given({ title, maxBytes: maxSize, files: inputs?.names }),
    ...(inputs && inputs.observations.length > 0 && { observations: inputs.observations }),
  });
  await writeWholeFile(output, html);
  say(`  written      ${output} (${formatBytes(Buffer.byteLength(html))})`);
}

async function inputsOf(
  path: string,
  summary: { readonly provenance: RecordedInputs },
  flags: ReportFlags,
): Promise<ResultInputs> {
  if (flags.inputs) return findResultInputs("report", path, summary, flags);
  const names = await namesOnRecord(summary.provenance.command);
  return { observations: [], missing: "left out (--no-inputs)", ...given({ names }) };
}
