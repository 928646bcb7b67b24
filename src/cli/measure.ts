/** `tslira measure`. */

import { Command, Option } from "@commander-js/extra-typings";
import { formatSkyPosition } from "../data/sky/sky-angle.js";
import { pixelToSky } from "../data/sky/sky-position.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import type { SourceShape } from "../photometry/extra-source.js";
import type { ExtraFluxPrior } from "../photometry/flux-law.js";
import { type MeasuredRegion, measureRegions } from "../photometry/measure-regions.js";
import {
  encodeMeasuredFits,
  type MeasuredFileOptions,
  measuredVotable,
} from "../photometry/measured-file.js";
import { type MeasuredTableOptions, measuredCsv, measuredPairs } from "../photometry/measured-table.js";
import { fittedSky } from "../posterior/fitted-sky.js";
import { regionFluxUnit } from "../posterior/region.js";
import { formatChance, formatCount, formatNumber, formatWithError, tableLines } from "./format.js";
import { madeBy } from "./made-by.js";
import { collected, parseNumber, parseWhole } from "./option-values.js";
import { byEnding, checkOutputPaths } from "./output-path.js";
import { REGION_DETAILS, readRegions, regionOptions } from "./region-options.js";
import { addInputOptions, type InputFlags, requiredInputs } from "./result-inputs.js";
import { workOnResult } from "./result-work.js";

const DETAILS = `
Two questions, two tables:
  image   How bright is the image in the region? The posterior under the prior of the image, as the draws
          have it. Of a faint region it says mostly what the prior expects: its quantiles are no limits.
  source  How bright can a source in the region be, in addition to all other light? The region is taken out of
          each draw, the rest predicts the counts in its pixels, and the Poisson likelihood of what more is there
          gives intervals and upper limits, with a flat prior on the flux alone. p: probability that other light
          alone gives so many counts. See docs/significance.md.
The observation is found by the command that the result remembers (files unchanged, by SHA-256), or given.
-o writes all columns with their units by extension: .fits, .vot or .xml (VOTable), .csv.
${REGION_DETAILS}

Examples:
  tslira measure result.fits --circle 16,16,2 --circle 7,7,5
  tslira measure result.fits --regions knots.reg -o knots.vot
  tslira measure result.fits --circle 22,16,2 --source point --csv > knot.csv`;

function measureOptions() {
  const { regions, circle } = regionOptions();
  const command = new Command("measure")
    .description(
      "Photometry from the draws of a result: flux, upper limits, counts, centroid and extent of regions.",
    )
    .argument("<result>", "result of tslira deconvolve")
    .addOption(regions)
    .addOption(circle)
    .addOption(
      new Option("--source <shape>", "a source as the draws have it in the region, or a point at its centre")
        .choices(["drawn", "point"] as const)
        .default("drawn" as const),
    )
    .addOption(
      new Option("--flux-prior <name>", "prior of the flux of the source")
        .choices(["flat", "jeffreys"] as const)
        .default("flat" as const),
    )
    .option(
      "-t, --threshold <flux>",
      "also the probability that the image's flux exceeds this; may be repeated",
      collected(parseNumber),
    )
    .option("--draws <n>", "draws that predict all other light (default: 200)", parseWhole)
    .option("-o, --output <file>", "table of all columns: .fits, .vot, .xml or .csv")
    .option("--overwrite", "replace the output")
    .option("--csv", "print all columns as CSV")
    .option("--json", "print everything for programs")
    .option("-q, --quiet", "no progress");
  addInputOptions(command);
  return command.helpOption("-h, --help", "print this help").addHelpText("after", DETAILS);
}

type Flags = ReturnType<ReturnType<typeof measureOptions>["opts"]> & InputFlags;

/** The command. */
export const command = () => measureOptions().action(measureFile);

const ENCODERS: Readonly<
  Record<string, (regions: readonly MeasuredRegion[], options: MeasuredFileOptions) => Uint8Array | string>
> = {
  ".fits": encodeMeasuredFits,
  ".vot": measuredVotable,
  ".xml": measuredVotable,
  ".csv": measuredCsv,
};

async function measureFile(path: string, flags: Flags): Promise<void> {
  const { output } = flags;
  const encode = output === undefined ? undefined : byEnding("measure", output, ENCODERS);
  const inputs = [path, ...(flags.regions ?? [])];
  await checkOutputPaths([output], { overwrite: flags.overwrite === true, inputs });
  await workOnResult(path, flags, async (open, progress, signal) => {
    const { result, images, parameters } = open;
    const { shape } = result.mean;
    const regions = await readRegions(
      given({ regions: flags.regions, circle: flags.circle }),
      { shape, wcs: result.wcs },
      (text) => progress.say(`tslira: warning: ${text}`),
    );
    if (regions.length === 0) {
      throw new InvalidInputError(
        "measure: regions must name at least one, got none; add --circle 16,16,2 or --regions",
      );
    }
    const observations = await requiredInputs("measure", path, result, flags);
    const measured = await measureRegions(images, observations, regions, {
      ...fittedSky(result),
      parameters,
      sourceShape: flags.source,
      fluxPrior: flags.fluxPrior,
      signal,
      onProgress: (fraction) => progress.show(`${Math.floor(100 * fraction)} %`, "measuring"),
      ...given({ thresholds: flags.threshold, extraDraws: flags.draws }),
    });
    progress.close();
    const table: MeasuredTableOptions = {
      wcs: result.wcs ?? [],
      ...given({ unit: result.unit }),
    };
    if (output !== undefined && encode !== undefined) {
      await writeWholeFile(
        output,
        encode(measured, { ...table, ...madeBy(), inputs: result.provenance.inputs }),
      );
    }
    process.stdout.write(printed(measured, table, flags));
  });
}

function printed(measured: readonly MeasuredRegion[], table: MeasuredTableOptions, flags: Flags): string {
  if (flags.csv) return measuredCsv(measured, table);
  if (!flags.json) return `${measuredLines(measured, table, flags).join("\n")}\n`;
  const regions = measured.map(({ flux: _, draws: __, ...region }) => region);
  const found = { unit: regionFluxUnit(table.unit) ?? null, regions, pairs: measuredPairs(measured) };
  return `${JSON.stringify(found, undefined, 2)}\n`;
}

const short = (value: number) => formatNumber(Number(value.toPrecision(4)));

/** An interval; one that reaches down to next to nothing says how much it is at most. */
const range = ({ low, high }: { readonly low: number; readonly high: number }) =>
  low < 1e-4 * high ? `< ${short(high)}` : `${short(low)} to ${short(high)}`;

/** What was measured, for people. */
function measuredLines(
  measured: readonly MeasuredRegion[],
  { unit, wcs: cards = [] }: MeasuredTableOptions,
  { source, fluxPrior }: { readonly source: SourceShape; readonly fluxPrior: ExtraFluxPrior },
): string[] {
  const fluxUnit = regionFluxUnit(unit) ?? "unit of the flux";
  const { wcs } = parseWcs(cards);
  const position = ({ x, y }: { readonly x: number; readonly y: number }) =>
    wcs === undefined ? [] : [formatSkyPosition(wcs, pixelToSky(wcs, x, y))];
  const image = measured.map(({ name, area, products: { flux, source: photons, centroid, width } }) => [
    name,
    formatNumber(area),
    short(flux.median),
    range(flux.intervals[0]),
    range(flux.intervals[2]),
    short(flux.median / area),
    formatWithError(photons.mean, photons.std),
    formatWithError(centroid.x, centroid.xStd),
    formatWithError(centroid.y, centroid.yStd),
    ...position(centroid),
    formatWithError(width.mean, width.std),
  ]);
  const sources = measured.flatMap(({ name, extra }) =>
    extra === undefined
      ? []
      : [
          [
            name,
            formatCount(extra.counts),
            formatWithError(extra.other.mean, extra.other.std),
            formatChance(extra.chance),
            short(extra.best),
            range(extra.intervals[0]),
            short(extra.limits[2].limit),
            short(extra.limits[3].limit),
            short(extra.expectedLimits[2].limit),
            short(extra.detectable),
          ],
        ],
  );
  const unseen = measured.filter(({ extra }) => extra === undefined);
  const pairs = measuredPairs(measured);
  const shape = source === "point" ? "a point at the centre" : "light as the draws have it there";
  return [
    `Image: how bright is it in the region? Posterior under the prior of the image. Flux in ${fluxUnit}, lengths in pixels.`,
    ...tableLines([
      [
        ...["region", "area", "flux", "68 %", "95 %", "per pixel", "photons", "x", "y"],
        ...(wcs === undefined ? [] : ["position"]),
        "extent",
      ],
      ...image,
    ]),
    ...(sources.length === 0
      ? []
      : [
          "",
          `Source in addition to all other light: ${shape}, ${fluxPrior} prior, Poisson likelihood. Flux in ${fluxUnit}.`,
          ...tableLines([
            [
              "region",
              "counts",
              "other light",
              "p",
              "flux",
              "68 %",
              "95 % limit",
              "99.7 % limit",
              "expected 95 %",
              "detectable",
            ],
            ...sources,
          ]),
          "other light: expected counts in the region's pixels; expected: the limit where there is no source; detectable: found half of the time at 3 sigma",
        ]),
    ...unseen.map(({ name }) => `${name}: no pixel in use sees the region, so nothing limits a source there`),
    ...pairs.map(({ first, second, ratio, offset }) => {
      const distance = formatWithError(offset.distance.mean, offset.distance.std);
      return `${first} : ${second} = ${short(ratio.median)} (68 %: ${range(ratio.intervals[0])}), apart by ${distance} pixels`;
    }),
  ];
}
