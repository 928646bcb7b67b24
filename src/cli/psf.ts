/** `tslira psf`. */

import { Command } from "@commander-js/extra-typings";
import { psfEnsemble } from "../data/observation/psf-ensemble.js";
import { pixelSize } from "../data/sky/sky-angle.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { findHdu, imageToSkyImage, parseFitsName, wcsCards } from "../io/fits.js";
import { readFitsFile, writeFitsFile } from "../io/fits-file-node.js";
import { placePsf } from "../io/placed-psf.js";
import { type PlaceUnit, psfEnsembleHdus, psfSetHdus } from "../io/psf-set-file.js";
import { shellLine } from "../jobs/shell-command.js";

const DETAILS = `
A place is x,y in pixels of the counts from 0, or RA,DEC with the unit deg: psf.fits@83.63deg,22.01deg.
Each psf holds at its place; between them it varies. Of the psfs of an ensemble one is true, and the sampler draws which. See docs/psf.md.

Examples:
  tslira psf stack centre.fits@64,64 edge.fits@10,64 -o set.fits
  tslira psf stack a.fits@266.41deg,-29.01deg b.fits@266.52deg,-28.93deg -o set.fits
  tslira psf ensemble draw1.fits draw2.fits draw3.fits -o ensemble.fits
  tslira deconvolve counts.fits --psf set.fits -o result.fits`;

/** The command, whose own commands do the work. */
export function psfCommand() {
  return new Command("psf")
    .summary("psfs that vary over the field, or are not known exactly")
    .description(
      "Make a file of several psfs: a set at places of the field, or an ensemble of which one is true.",
    )
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .addHelpText("after", DETAILS)
    .addCommand(
      new Command("stack")
        .summary("put psfs at places into one file")
        .description("Put images of psfs, each with the place where it holds, into one file for --psf.")
        .argument("<psfs...>", "images of psfs with their places, psf.fits@x,y")
        .requiredOption("-o, --output <file>", "FITS file to write")
        .helpOption("-h, --help", "print this help")
        .addHelpText("after", DETAILS)
        .action((names, { output }) => stack(names, output)),
    )
    .addCommand(
      new Command("ensemble")
        .summary("put psfs of which one is true into one file")
        .description("Put images of psfs, of which one is true, into one file for --psf.")
        .argument("<psfs...>", "images of psfs; put those side by side that are alike")
        .requiredOption("-o, --output <file>", "FITS file to write")
        .option("--weights <list>", "how likely each is before the data are seen, 2,1,1 (default: all alike)")
        .helpOption("-h, --help", "print this help")
        .addHelpText("after", DETAILS)
        .action((names, { output, weights }) => ensemble(names, output, weights)),
    );
}

/** A psf and its place as they are named. */
interface PlacedName {
  readonly file: string;
  readonly x: number;
  readonly y: number;
  readonly unit: PlaceUnit;
}

const NUMBER = "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?";
const PLACED = new RegExp(`^(.+)@(${NUMBER})(deg)?,(${NUMBER})(deg)?$`);

function placedName(text: string): PlacedName {
  const [, file, x, unitX, y, unitY] = PLACED.exec(text) ?? [];
  if (file === undefined || unitX !== unitY) {
    throw new InvalidInputError(
      `psf stack: a psf must be named with its place, got ${text}; write psf.fits@12,34 or psf.fits@83.63deg,22.01deg`,
    );
  }
  return { file, x: Number(x), y: Number(y), unit: unitX === "deg" ? "deg" : "pixel" };
}

async function stack(names: readonly string[], output: string): Promise<void> {
  const placed = names.map(placedName);
  const [{ unit }] = placed;
  const other = placed.find((one) => one.unit !== unit);
  if (other !== undefined) {
    throw new InvalidInputError(
      `psf stack: places must all be in pixels or all in degrees, got ${other.unit} for ${other.file}; write them alike`,
    );
  }
  const { psfs, cards } = await readPsfs(
    "psf stack",
    placed.map(({ file }) => file),
  );
  const places = placed.map(({ x, y }, index) => ({ psf: psfs[index], x, y }));
  await writeFitsFile(output, psfSetHdus(places, { unit, cards }));
  tell(output, `${placed.length} psfs at places in ${unit === "deg" ? "degrees" : "pixels"}`);
}

async function ensemble(names: readonly string[], output: string, list: string | undefined): Promise<void> {
  const weights = list?.split(",").map(Number);
  if (weights !== undefined && weights.length !== names.length) {
    throw new InvalidInputError(
      `psf ensemble: --weights must have a number for each of ${names.length} psfs, got ${list}; write them as 2,1,1`,
    );
  }
  const { psfs, cards } = await readPsfs("psf ensemble", names);
  const { members } = psfEnsemble(
    psfs.map((psf, index) => ({ psf, ...(weights && { weight: weights[index] }) })),
    "psf ensemble",
  );
  if (members === undefined) {
    throw new InvalidInputError("psf ensemble: psfs must differ, got the same ones; use one as it is");
  }
  await writeFitsFile(output, psfEnsembleHdus(members, { cards }));
  tell(output, `an ensemble of ${members.length} psfs`);
}

function tell(output: string, what: string): void {
  process.stderr.write(
    `${output}: ${what}\n` +
      `  next  tslira ${shellLine(["deconvolve", "counts.fits", "--psf", output, "-o", "result.fits"])}\n`,
  );
}

/** Psfs of one pixel size, and the cards that say how their pixels lie on the sky. */
async function readPsfs(where: string, files: readonly string[]) {
  const images = await Promise.all(files.map((file) => readPsf(file)));
  const [{ cards, size }] = images;
  const differs = images.findIndex(
    (image) =>
      (image.size === undefined) !== (size === undefined) ||
      Math.abs((image.size ?? 1) / (size ?? 1) - 1) > 1e-3,
  );
  if (differs >= 0) {
    throw new InvalidInputError(
      `${where}: psfs must have pixels of one size, got others in ${files[differs]} than in ${files[0]}; bin them alike`,
    );
  }
  for (const { notes } of images) {
    for (const note of notes) process.stderr.write(`tslira: warning: ${note}\n`);
  }
  return { psfs: images.map(({ psf }) => psf), cards };
}

/** A psf with its centre in the middle, and the cards that say how its pixels lie on the sky. */
async function readPsf(name: string) {
  const { path, extension } = parseFitsName(name);
  const hdu = findHdu(await readFitsFile(path), extension);
  const { psf, notes } = placePsf(imageToSkyImage(hdu), { name, header: hdu.header });
  const wcs = wcsCards(hdu.header);
  const sky = parseWcs(wcs).wcs;
  const cards = wcs.filter(({ keyword }) => !/^CRPIX/.test(keyword));
  return { psf, notes, cards, size: sky && pixelSize(sky) };
}
