/** `tslira psf`. */

import { Command } from "@commander-js/extra-typings";
import { psfComponents } from "../data/observation/psf-components.js";
import { MAX_COMPONENTS, psfEnsemble, withComponents } from "../data/observation/psf-ensemble.js";
import { InvalidInputError } from "../errors.js";
import { writeFitsFile } from "../io/fits-file-node.js";
import { psfEnsembleHdus } from "../io/psf-set-file.js";
import { type PsfStack, readPsfs, ringPsfs, stackPsfs } from "../io/psf-stack-node.js";
import { shellLine } from "../jobs/shell-command.js";
import { parseWhole } from "./option-values.js";
import { checkFitsName, checkOutputPaths, observationPaths } from "./output-path.js";

const DETAILS = `
A place is x,y in pixels of the counts from 0, or RA,DEC with the unit deg: psf.fits@83.63deg,22.01deg.
Each psf holds at its place; between them it varies. Of the psfs of an ensemble one is true, and the sampler draws which; of components it
draws how much of each makes the psf. See docs/psf.md.

Examples:
  tslira psf stack centre.fits@64,64 edge.fits@10,64 -o set.fits
  tslira psf stack a.fits@266.41deg,-29.01deg b.fits@266.52deg,-28.93deg -o set.fits
  tslira psf rings axis.fits@0 ring.fits@40 --aim 64,64 -o set.fits
  tslira psf ensemble draw1.fits draw2.fits draw3.fits -o ensemble.fits
  tslira psf components draw1.fits draw2.fits draw3.fits draw4.fits -o components.fits
  tslira deconvolve counts.fits --psf set.fits -o result.fits`;

/** One of its commands: images of psfs in, a file for --psf out. */
function maker(name: string) {
  return new Command(name)
    .requiredOption("-o, --output <file>", "FITS file to write")
    .option("--overwrite", "replace the output")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

/** The command, whose own commands do the work. */
export function command() {
  return new Command("psf")
    .description(
      "Make a file of several psfs: a set at places of the field, an ensemble of which one is true, or one between whose psfs the true one lies.",
    )
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .addHelpText("after", DETAILS)
    .addCommand(
      maker("stack")
        .summary("put psfs at places into one file")
        .description("Put images of psfs, each with the place where it holds, into one file for --psf.")
        .argument("<psfs...>", "images of psfs with their places, psf.fits@x,y")
        .action(async (names, flags) => {
          await checkOutput("psf stack", names, flags);
          await keep(await stackPsfs(names, "psf stack"), flags.output);
        }),
    )
    .addCommand(
      maker("rings")
        .summary("put psfs by their distance off axis into one file")
        .description(
          "Put images of psfs, each with its distance from the optical axis, on rings about it into one file for --psf, turned with the position angle.",
        )
        .argument("<psfs...>", "images of psfs with their distances, psf.fits@40 or psf.fits@5arcmin")
        .requiredOption(
          "--aim <place>",
          "the optical axis: x,y in pixels of the counts from 0, or RAdeg,DECdeg",
        )
        .option("--angles <n>", "places of a ring", parseWhole, 8)
        .action(async (names, flags) => {
          await checkOutput("psf rings", names, flags);
          await keep(await ringPsfs(names, flags.aim, flags.angles, "psf rings"), flags.output);
        }),
    )
    .addCommand(
      maker("ensemble")
        .summary("put psfs of which one is true into one file")
        .description("Put images of psfs, of which one is true, into one file for --psf.")
        .argument("<psfs...>", "images of psfs; put those side by side that are alike")
        .option("--weights <list>", "how likely each is before the data are seen, 2,1,1 (default: all alike)")
        .action(async (names, flags) => {
          await checkOutput("psf ensemble", names, flags);
          await ensemble(names, flags.output, flags.weights);
        }),
    )
    .addCommand(
      maker("components")
        .summary("put psfs between which the true one lies into one file")
        .description(
          "Put images of psfs, such as draws of a calibration, into one file for --psf, whose psf is their mean and some of each of their principal components.",
        )
        .argument("<psfs...>", "images of psfs")
        .option(
          "--count <n>",
          "components to use, 1 to 9 (default: as many as explain 99% of the variance)",
          parseWhole,
        )
        .option("--weights <list>", "how likely each is before the data are seen, 2,1,1 (default: all alike)")
        .action(async (names, flags) => {
          await checkOutput("psf components", names, flags);
          await components(names, flags.output, flags.count, flags.weights);
        }),
    );
}

interface OutputFlags {
  readonly output: string;
  readonly overwrite?: true;
}

/** Before psfs are read: that the output is a FITS file of its own. */
async function checkOutput(
  where: string,
  names: readonly string[],
  { output, overwrite }: OutputFlags,
): Promise<void> {
  checkFitsName(where, output);
  await checkOutputPaths([output], {
    overwrite: overwrite === true,
    inputs: observationPaths([{ psf: names }]),
  });
}

/** Write a set. */
async function keep({ hdus, unit, notes }: PsfStack, output: string): Promise<void> {
  warn(notes);
  await writeFitsFile(output, hdus);
  const [cube] = hdus;
  const count = cube.kind === "image" ? cube.shape[0] : 0;
  tell(output, `${count} psfs at places in ${unit === "deg" ? "degrees" : "pixels"}`);
}

/** The ensemble of psfs in files, and the cards that say how their pixels lie on the sky. */
async function readEnsemble(where: string, names: readonly string[], list: string | undefined) {
  const weights = list?.split(",").map(Number);
  if (weights !== undefined && weights.length !== names.length) {
    throw new InvalidInputError(
      `${where}: --weights must have a number for each of ${names.length} psfs, got ${list}; write them as 2,1,1`,
    );
  }
  const { psfs, cards, notes } = await readPsfs(where, names);
  warn(notes);
  const psf = psfEnsemble(
    psfs.map((image, index) => ({ psf: image, ...(weights && { weight: weights[index] }) })),
    where,
  );
  const { members } = psf;
  if (members === undefined) {
    throw new InvalidInputError(`${where}: psfs must differ, got the same ones; use one as it is`);
  }
  return { psf, members, cards };
}

async function ensemble(names: readonly string[], output: string, list: string | undefined): Promise<void> {
  const { members, cards } = await readEnsemble("psf ensemble", names, list);
  await writeFitsFile(output, psfEnsembleHdus({ members }, { cards }));
  tell(output, `an ensemble of ${members.length} psfs`);
}

/** Share of the variance that components explain where their number is not given. */
const EXPLAINED = 0.99;

async function components(
  names: readonly string[],
  output: string,
  wanted: number | undefined,
  list: string | undefined,
): Promise<void> {
  const where = "psf components";
  const { psf, members, cards } = await readEnsemble(where, names, list);
  const most = Math.min(MAX_COMPONENTS, members.length - 1);
  const counts = Array.from({ length: most }, (_, index) => index + 1);
  const count = wanted ?? counts.find((some) => psfComponents(members, some).explained >= EXPLAINED) ?? most;
  const mixture = withComponents(psf, count, where);
  await writeFitsFile(output, psfEnsembleHdus(mixture, { cards }));
  const share = (100 * psfComponents(members, count).explained).toFixed(1);
  tell(output, `${count} components of ${members.length} psfs, which explain ${share} % of their variance`);
}

function tell(output: string, what: string): void {
  process.stderr.write(
    `${output}: ${what}\n` +
      `  next  tslira ${shellLine(["deconvolve", "counts.fits", "--psf", output, "-o", "result.fits"])}\n`,
  );
}

function warn(notes: readonly string[]): void {
  for (const note of notes) process.stderr.write(`tslira: warning: ${note}\n`);
}
