/** `tslira simulate`. */

import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Argument, Command } from "@commander-js/extra-typings";
import type { SimulatedObservation } from "../data/observation/observation.js";
import {
  type SimulatedDatasetOptions,
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "../data/observation/simulated-datasets.js";
import { imageSum, type SkyImage } from "../image.js";
import { fitsCard } from "../io/fits.js";
import { writeFitsFile } from "../io/fits-file-node.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { shellLine } from "../jobs/shell-command.js";
import { EXIT } from "./exit.js";
import { formatCount } from "./format.js";
import { parseNumber, parseShape, parseWhole } from "./option-values.js";
import { checkOutputPaths } from "./output-path.js";

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

Writes counts.fits, psf.fits, exposure.fits, background.fits and flux.fits (the truth).

Examples:
  tslira simulate disk -o sim                     files sim/counts.fits ...; the folder is made
  tslira simulate point-source -o runs/faint-     files runs/faint-counts.fits ... (ends in - _ or .)
  tslira simulate disk --shape 96x64 --flux 200 --background 0.1 --seed 7 -o sim`;

/** The command with all its options, but without its action. */
function simulateOptions() {
  return new Command("simulate")
    .summary("make an observation of a known sky, to try things on")
    .description("Simulate counts of a known sky: Poisson draws of psf * (exposure * (flux + background)).")
    .addArgument(new Argument("<sky>", "what to observe").choices(Object.keys(SKIES)))
    .requiredOption("-o, --output <folder>", "folder for the files, or the start of their names")
    .option("-s, --seed <n>", "seed of the Poisson draws", parseWhole, 0)
    .option("--shape <columns x rows>", "size of the image, 64 or 64x32 (default: 32)", parseShape)
    .option("--flux <counts>", "flux of the source (default: 1000)", parseNumber)
    .option("--background <counts>", "background a pixel for unit exposure (default: 2)", parseNumber)
    .option("--exposure <number>", "the same exposure everywhere (default: see below)", parseNumber)
    .option("--psf-sigma <pixels>", "width of the Gaussian psf (default: see below)", parseNumber)
    .option("--overwrite", "replace files that exist")
    .option("--json", "print the file names for programs on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

type Flags = ReturnType<ReturnType<typeof simulateOptions>["opts"]>;

/** The command. */
export function simulateCommand() {
  return simulateOptions().action(simulate);
}

async function simulate(sky: string, flags: Flags): Promise<void> {
  const { output, overwrite = false, quiet = false, json = false, seed, ...source } = flags;
  const observation = simulateSky(sky, { seed, ...source });
  const prefix = await filePrefix(output);
  const images = {
    counts: observation.counts,
    psf: observation.psf,
    exposure: observation.exposure,
    background: observation.background,
    flux: observation.flux,
  };
  const files: Record<string, string> = {};
  for (const [name, image] of Object.entries(images)) {
    if (image === undefined) continue;
    files[name] = `${prefix}${name}.fits`;
  }
  await checkOutputPaths(Object.values(files), { overwrite });
  for (const [name, file] of Object.entries(files)) {
    const image = images[name as keyof typeof images];
    if (image !== undefined) await writeImage(file, image, observation.name ?? sky, name === "counts");
  }
  const next = nextCommand(prefix, files);
  if (!quiet) {
    const [ny, nx] = observation.counts.shape;
    process.stderr.write(
      `${observation.name}: ${nx} x ${ny} pixels, ${formatCount(imageSum(observation.counts))} counts, ` +
        `true flux ${formatCount(imageSum(observation.flux))}, seed ${seed}\n` +
        `  written      ${Object.values(files).join(", ")}\n` +
        `  next         ${next}\n`,
    );
  }
  if (json) process.stdout.write(`${JSON.stringify({ files, seed, next }, undefined, 2)}\n`);
  process.exitCode = EXIT.done;
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
  await withFileErrors(folder, () => mkdir(folder, { recursive: true }));
}

/** Counts as 32-bit integers, everything else as doubles. */
async function writeImage(
  file: string,
  { data, shape }: SkyImage,
  object: string,
  counts: boolean,
): Promise<void> {
  const whole = counts && data.every((value) => Number.isInteger(value) && value < 2 ** 31);
  await writeFitsFile(file, [
    {
      kind: "image",
      shape: [...shape],
      data: whole ? Int32Array.from(data) : data,
      cards: [
        fitsCard("OBJECT", object, "simulated by tslira"),
        ...(whole ? [fitsCard("BUNIT", "count")] : []),
      ],
    },
  ]);
}

function nextCommand(prefix: string, { counts, psf, exposure, background }: Record<string, string>): string {
  return `tslira ${shellLine([
    "deconvolve",
    counts,
    "--psf",
    psf,
    "--exposure",
    exposure,
    "--background",
    background,
    "-o",
    `${prefix}result.fits`,
    "--png",
    `${prefix}posterior.png`,
  ])}`;
}
