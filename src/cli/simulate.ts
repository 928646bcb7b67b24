/** `tslira simulate`. */

import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Argument, Command, Option } from "@commander-js/extra-typings";
import type { SimulatedObservation } from "../data/observation/observation.js";
import {
  type SimulatedDatasetOptions,
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "../data/observation/simulated-datasets.js";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { imageSum, type SkyImage } from "../image.js";
import { fitsCard } from "../io/fits.js";
import { writeFitsFile } from "../io/fits-file-node.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { shellLine } from "../jobs/shell-command.js";
import { EXIT } from "./exit.js";
import { formatCount } from "./format.js";
import { fileOptions } from "./observation-options.js";
import { collected, flagName, parseNumber, parseShape, parseWhole } from "./option-values.js";
import { checkOutputPaths } from "./output-path.js";
import { FLUX_CARD, simulateFiles, wholeNumbers } from "./simulate-files.js";

type Simulate = (options: SimulatedDatasetOptions & { readonly flux?: number }) => SimulatedObservation;

/** Skies by the names that people give. */
export const SKIES: Readonly<Record<string, Simulate>> = {
  "point-source": simulatePointSource,
  disk: simulateDisk,
  "gaussian-and-points": simulateGaussianAndPoints,
};

const DETAILS = `
Skies (32 x 32 pixels unless --shape says otherwise; the datasets of pylira):
  point-source         flux 1000 in one pixel; psf of sigma 3
  disk                 flux 1000 in a disk of radius 3; exposure rises from 0.5 to 1.5 along x
  gaussian-and-points  a Gaussian of flux 1000 and four point sources of flux 1000, 300, 100 and 30;
                       psf of sigma 2; exposure rises from 0.5 to 1.5 along y
They write counts.fits, psf.fits, exposure.fits, background.fits and flux.fits (the truth).

Own files, taken and checked as tslira deconvolve takes them:
  --sky sky.fits       counts of this sky, a flux a pixel in the unit that the exposure makes: count, or photon /
                       (cm2 s pixel) for an exposure in cm2 s
  --counts counts.fits --inject x,y,flux
                       a Poisson draw of a point source through psf and exposure, added to the observed counts
Positions of --inject are pixels from 0, as those of --circle, or of the sky as region files have them:
17:45:40.03,-29:00:28.1,30 or galactic;359.95,-0.04,30 (fk5, icrs, galactic, physical, image).
They write counts.fits with the header of the file and HISTORY, and flux.fits: the true flux, of --inject that of the
sources alone, which the table INJECTED lists with the counts that each was drawn to have.

Examples:
  tslira simulate disk -o sim                     files sim/counts.fits ...; the folder is made
  tslira simulate point-source -o runs/faint-     files runs/faint-counts.fits ... (ends in - _ or .)
  tslira simulate disk --shape 96x64 --flux 200 --background 0.1 --seed 7 -o sim
  tslira simulate --sky sky.fits --psf psf.fits --exposure 2 --background 0.1 -o mine
  tslira simulate --counts counts.fits --psf psf.fits --inject 40,17,30 --inject 12,50,10 -o injected`;

/** The command with all its options, but without its action. */
function simulateOptions() {
  const { psf, backgroundUnit, psfCutout, psfCentre, align } = fileOptions();
  return new Command("simulate")
    .description("Simulate counts of a known sky: Poisson draws of psf * (exposure * (flux + background)).")
    .addArgument(new Argument("[sky]", "what to observe").choices(Object.keys(SKIES)))
    .requiredOption("-o, --output <folder>", "folder for the files, or the start of their names")
    .option("-s, --seed <n>", "seed of the Poisson draws", parseWhole, 0)
    .option(
      "-e, --exposure <number or file>",
      "exposure; one number is the same everywhere (default: see below)",
    )
    .option(
      "-b, --background <counts or file>",
      "background a pixel for unit exposure (default: 2, of own files 0)",
    )
    .option("--overwrite", "replace files that exist")
    .option("--json", "print the file names for programs on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .helpOption("-h, --help", "print this help")
    .optionsGroup("Named skies:")
    .option("--shape <columns x rows>", "size of the image, 64 or 64x32 (default: 32)", parseShape)
    .option("--flux <counts>", "flux of the source (default: 1000)", parseNumber)
    .option("--psf-sigma <pixels>", "width of the Gaussian psf (default: see below)", parseNumber)
    .optionsGroup("Own files:")
    .option("--sky <file>", "image of a sky to observe")
    .option("--counts <file>", "observed counts to inject sources into")
    .option("--inject <x,y,flux>", "a point source; may be repeated", collected(String))
    .addOption(
      new Option(
        "--inject-unit <unit>",
        "what the flux of a source is: expected photons, or the unit of the flux",
      )
        .choices(["counts", "flux"] as const)
        .default("counts" as const),
    )
    .addOption(psf)
    .addOption(backgroundUnit)
    .addOption(psfCutout)
    .addOption(psfCentre)
    .addOption(align)
    .addOption(
      new Option("--boundary <how>", "photons that leave the image are lost (spill), or come in again (wrap)")
        .choices(["spill", "wrap"] as const)
        .default("spill" as const),
    )
    .addHelpText("after", DETAILS);
}

type Flags = ReturnType<ReturnType<typeof simulateOptions>["opts"]>;

/** The command. */
export const command = () => simulateOptions().action(simulate);

const NAMED_ONLY = ["shape", "flux", "psfSigma"] as const;
const FILES_ONLY = ["inject", "psf", "backgroundUnit", "psfCutout", "psfCentre", "align"] as const;

async function simulate(sky: string | undefined, flags: Flags): Promise<void> {
  const sources = [sky, flags.sky, flags.counts].filter((one) => one !== undefined);
  if (sources.length !== 1) {
    throw new InvalidInputError(
      `simulate: one sky must be given, got ${sources.length === 0 ? "none" : sources.join(" and ")}; ` +
        `name it (${Object.keys(SKIES).join(", ")}), or give --sky sky.fits, or --counts counts.fits and --inject`,
    );
  }
  const strange = (sky === undefined ? NAMED_ONLY : FILES_ONLY).find((key) => flags[key] !== undefined);
  if (strange !== undefined) {
    throw new InvalidInputError(
      `simulate: ${flagName(strange)} must go with ${sky === undefined ? "a named sky" : "--sky or --counts"}, got ${sources[0]}; leave it out`,
    );
  }
  if (sky === undefined) await simulateFiles(await filePrefix(flags.output), flags);
  else await simulateNamed(sky, flags);
  process.exitCode = EXIT.done;
}

async function simulateNamed(sky: string, flags: Flags): Promise<void> {
  const { output, overwrite = false, quiet = false, json = false, seed, shape, flux, psfSigma } = flags;
  const observation = simulateSky(sky, {
    seed,
    ...given({
      ...{ shape, flux, psfSigma },
      exposure: numberOf("exposure", flags.exposure),
      background: numberOf("background", flags.background),
    }),
  });
  const prefix = await filePrefix(output);
  const { counts, psf, exposure, background, flux: truth } = observation;
  const images = Object.entries({ counts, psf, exposure, background, flux: truth }).flatMap(
    ([name, image]) => (image === undefined ? [] : [{ name, image, file: `${prefix}${name}.fits` }]),
  );
  const files = Object.fromEntries(images.map(({ name, file }) => [name, file]));
  await checkOutputPaths(Object.values(files), { overwrite });
  for (const { name, image, file } of images) await writeImage(file, image, observation.name ?? sky, name);
  const next = nextCommand(prefix, files);
  if (!quiet) {
    const [ny, nx] = counts.shape;
    process.stderr.write(
      `${observation.name}: ${nx} x ${ny} pixels, ${formatCount(imageSum(counts))} counts, ` +
        `true flux ${formatCount(imageSum(truth))}, seed ${seed}\n` +
        `  written      ${Object.values(files).join(", ")}\n` +
        `  next         ${next}\n`,
    );
  }
  if (json) process.stdout.write(`${JSON.stringify({ files, seed, next }, undefined, 2)}\n`);
}

/** A number that an option of a named sky gives. */
function numberOf(key: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidInputError(
    `simulate: --${key} must be a number for a named sky, got ${text}; files go with --sky or --counts`,
  );
}

/** Simulate one of the skies, with a psf that fits its width. */
export function simulateSky(
  sky: string,
  { psfSigma, ...source }: Parameters<Simulate>[0],
): SimulatedObservation {
  return SKIES[sky]({
    ...source,
    ...(psfSigma === undefined ? {} : { psfSigma, psfShape: psfShape(psfSigma) }),
  });
}

/** An odd square that reaches 4 sigma, at least the 17 x 17 of the defaults. */
function psfShape(sigma: number): [number, number] {
  const size = Math.max(17, 2 * Math.ceil(4 * sigma) + 1);
  return [size, size];
}

/** Start of the file names: a folder (made when missing) with a slash, or the text given when it ends in - _ or a dot. */
async function filePrefix(output: string): Promise<string> {
  const isFolder = (await stat(output).catch(() => undefined))?.isDirectory() === true;
  if (!isFolder && /[-_.]$/.test(output) && !/(^|\/)\.{1,2}$/.test(output)) {
    await makeFolder(dirname(output));
    return output;
  }
  await makeFolder(output);
  return join(output, "/");
}

async function makeFolder(folder: string): Promise<void> {
  await withFileErrors(folder, () =>
    // Node calls a protected disk a missing folder when it may make several.
    mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? mkdir(folder) : Promise.reject(error),
    ),
  );
}

/** Counts as 32-bit integers, everything else as doubles. */
async function writeImage(file: string, image: SkyImage, object: string, name: string): Promise<void> {
  const counts = name === "counts";
  await writeFitsFile(file, [
    {
      kind: "image",
      shape: [...image.shape],
      data: counts ? wholeNumbers(image) : image.data,
      cards: [
        fitsCard("OBJECT", object, "simulated by tslira"),
        ...(counts ? [fitsCard("BUNIT", "count")] : []),
        ...(name === "flux" ? [FLUX_CARD] : []),
      ],
    },
  ]);
}

function nextCommand(prefix: string, { counts, psf, exposure, background }: Record<string, string>): string {
  return `tslira ${shellLine([
    ...["deconvolve", counts, "--psf", psf, "--exposure", exposure, "--background", background],
    ...["-o", `${prefix}result.fits`, "--png", `${prefix}posterior.png`],
  ])}`;
}
