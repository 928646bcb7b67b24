/** `tslira sources`. */

import { Command } from "@commander-js/extra-typings";
import { formatSkyPosition } from "../data/sky/sky-angle.js";
import { pixelToSky } from "../data/sky/sky-position.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { given } from "../given.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import { type FoundSource, findSources } from "../photometry/find-sources.js";
import type { MeasuredFileOptions } from "../photometry/measured-file.js";
import type { MeasuredTableOptions } from "../photometry/measured-table.js";
import { encodeSourcesFits, sourcesCsv, sourcesDs9, sourcesVotable } from "../photometry/source-table.js";
import { fittedSky } from "../posterior/fitted-sky.js";
import { regionFluxUnit } from "../posterior/region.js";
import { formatChance, formatNumber, formatWithError, tableLines } from "./format.js";
import { madeBy } from "./made-by.js";
import { collected, parseNumber, parseWhole } from "./option-values.js";
import { byEnding, checkOutputPaths } from "./output-path.js";
import { addInputOptions, type InputFlags, requiredInputs } from "./result-inputs.js";
import { workOnResult } from "./result-work.js";

const DETAILS = `
Peaks of the posterior mean are tested as points in addition to everything else: the light there is taken out of the
mean and the hole bridged, and the likelihood of the counts says how much better a source describes them. What is
listed would be found by chance in --false-alarms of all fields without sources; see docs/sources.md for what was
tried and where it fails. Positions have ellipses, fluxes 68 % intervals, and sources a width where one is seen.
Fluxes are of whole sources: of extended ones a Gaussian or a beta model says what lies beyond the aperture. Light that
is wider than about twice the psf is no source to it: measure that as a region.
The observation is found by the command that the result remembers (files unchanged, by SHA-256), or given.
-o writes by extension: .fits, .vot or .xml (VOTable), .csv, and .reg, the apertures as DS9 regions.

Examples:
  tslira sources result.fits
  tslira sources result.fits -o sources.fits -o sources.reg
  tslira sources result.fits --false-alarms 1 --csv > candidates.csv`;

function sourcesOptions() {
  const command = new Command("sources")
    .description("Find sources in the draws of a result: positions, fluxes, extents, false alarms.")
    .argument("<result>", "result of tslira deconvolve")
    .option("--false-alarms <number>", "to expect in a field without sources (default: 0.1)", parseNumber)
    .option("--draws <n>", "draws that predict all other light for limits (default: 200)", parseWhole)
    .option(
      "-o, --output <file>",
      "catalogue: .fits, .vot, .xml, .csv or .reg; may be repeated",
      collected(String),
    )
    .option("--overwrite", "replace the outputs")
    .option("--csv", "print all columns as CSV")
    .option("--json", "print everything for programs")
    .option("-q, --quiet", "no progress");
  addInputOptions(command);
  return command.helpOption("-h, --help", "print this help").addHelpText("after", DETAILS);
}

type Flags = ReturnType<ReturnType<typeof sourcesOptions>["opts"]> & InputFlags;

/** The command. */
export const command = () => sourcesOptions().action(sourcesFile);

const ENCODERS: Readonly<
  Record<string, (sources: readonly FoundSource[], options: MeasuredFileOptions) => Uint8Array | string>
> = {
  ".fits": encodeSourcesFits,
  ".vot": sourcesVotable,
  ".xml": sourcesVotable,
  ".csv": sourcesCsv,
  ".reg": sourcesDs9,
};

async function sourcesFile(path: string, flags: Flags): Promise<void> {
  const outputs = (flags.output ?? []).map((file) => ({ file, encode: byEnding("sources", file, ENCODERS) }));
  await checkOutputPaths(
    outputs.map(({ file }) => file),
    { overwrite: flags.overwrite === true, inputs: [path] },
  );
  await workOnResult(path, flags, async (open, progress, signal) => {
    const { result, images, parameters } = open;
    const observations = await requiredInputs("sources", path, result, flags);
    const sources = await findSources(images, observations, {
      ...fittedSky(result),
      parameters,
      signal,
      onProgress: (fraction) => progress.show(`${Math.floor(100 * fraction)} %`, "looking for sources"),
      ...given({ falseAlarms: flags.falseAlarms, extraDraws: flags.draws }),
    });
    progress.close();
    const table: MeasuredTableOptions = { wcs: result.wcs ?? [], ...given({ unit: result.unit }) };
    const origin = { ...madeBy(), inputs: result.provenance.inputs };
    for (const { file, encode } of outputs) {
      await writeWholeFile(file, encode(sources, { ...table, ...origin }));
    }
    process.stdout.write(printed(sources, table, flags));
  });
}

function printed(sources: readonly FoundSource[], table: MeasuredTableOptions, flags: Flags): string {
  if (flags.csv) return sourcesCsv(sources, table);
  if (!flags.json) return `${sourceLines(sources, table, flags.falseAlarms).join("\n")}\n`;
  const plain = sources.map(({ measured: { flux: _, draws: __, ...measured }, ...one }) => ({
    ...one,
    measured,
  }));
  return `${JSON.stringify({ unit: regionFluxUnit(table.unit) ?? null, sources: plain }, undefined, 2)}\n`;
}

const short = (value: number) => formatNumber(Number(value.toPrecision(3)));

/** Part of the flux from which on the table says that it lies beyond the aperture. */
const FAR = 0.05;

/** The catalogue, for people. */
function sourceLines(
  sources: readonly FoundSource[],
  { unit, wcs: cards = [] }: MeasuredTableOptions,
  falseAlarms = 0.1,
): string[] {
  const { wcs } = parseWcs(cards);
  const rows = sources.map(({ name, centroid, flux, extent, profile, falseAlarms: alarms, neighbours }) => {
    const { x, y, xStd, yStd } = centroid;
    return [
      name,
      formatWithError(x, xStd),
      formatWithError(y, yStd),
      ...(wcs === undefined ? [] : [formatSkyPosition(wcs, pixelToSky(wcs, x, y))]),
      short(flux.best),
      `${short(flux.low)} to ${short(flux.high)}`,
      formatChance(alarms),
      profile === "point"
        ? profile
        : `${profile} ${short(extent.width)} (${short(extent.low)} to ${short(extent.high)})`,
      neighbours.map((one) => `${one.name} ${one.correlation.toFixed(2)}`).join(", "),
    ];
  });
  const sky = wcs === undefined ? [] : ["position"];
  const head = ["source", "x", "y", ...sky, "flux", "68 %", "false alarms", "extent", "trades with"];
  return [
    `${sources.length === 1 ? "1 source" : `${sources.length} sources`}, ${falseAlarms} false alarms to expect. Flux in ${
      regionFluxUnit(unit) ?? "unit of the flux"
    }, lengths in pixels.`,
    ...(sources.length === 0 ? [] : tableLines([head, ...rows])),
    ...sources
      .filter(({ inside }) => inside < 1 - FAR)
      .map(
        ({ name, inside, radius }) =>
          `${name}: ${Math.round(100 * (1 - inside))} % of the flux lies beyond the aperture of ${short(radius)} pixels, by its profile; ` +
          "half of it is in the interval. See docs/sources.md.",
      ),
  ];
}
