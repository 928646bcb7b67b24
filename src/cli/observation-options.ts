/** The options that describe an observation, the same in all commands, and what they name. */

import { Command, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { PSF_LAWS } from "../data/observation/psf-ensemble.js";
import { given, givenOptions } from "../given.js";
import {
  parseCutout,
  parsePlanes,
  parsePsfCentre,
  parsePsfTrim,
  parseShare,
  parseWhole,
} from "./option-values.js";
import type { NamedObservation } from "./read-together.js";

/** One psf, or several where the option is repeated. */
function collectPsfs(value: string, before?: string | string[]): string | string[] {
  return before === undefined ? value : [before, value].flat();
}

/** Files and cut-outs of one observation. */
export function fileOptions() {
  return {
    psf: new Option(
      "-p, --psf <file or name>",
      "point spread function, any size, or gaussian:fwhm=0.8arcsec, king:core=2.5px,slope=1.5, moffat:...; several with their places, file@x,y",
    ).argParser(collectPsfs),
    exposure: new Option("-e, --exposure <file>", "exposure, same pixels as the counts (default: 1)"),
    background: new Option("-b, --background <file>", "background, same pixels as the counts (default: 0)"),
    backgroundUnit: new Option(
      "--background-unit <unit>",
      "what the background file holds (default: flux)",
    ).choices(["flux", "counts"]),
    mask: new Option(
      "-m, --mask <file>",
      "image, 1 = use the pixel, 0 = ignore it, or region file, inside is used; '!holes.reg' turns it round",
    ),
    cutout: new Option(
      "--cutout <x0:x1,y0:y1>",
      "part of the counts: columns, rows, from 0, ends excluded",
    ).argParser(parseCutout),
    psfCutout: new Option("--psf-cutout <x0:x1,y0:y1>", "part of the psf").argParser(parseCutout),
    psfCentre: new Option(
      "--psf-centre <where>",
      "centre of the psf: auto, peak, centroid, or x,y in pixels from 0 (default: auto)",
    ).argParser(parsePsfCentre),
    psfTrim: new Option(
      "--psf-trim <share>",
      "share of the light of the psf that is kept, or none (default: 0.999, where that halves its pixels)",
    ).argParser(parsePsfTrim),
    psfComponents: new Option(
      "--psf-components <n>",
      "principal components of an ensemble of psfs that the psf is made of, 1 to 9 (default: it is one of the psfs)",
    ).argParser(parseWhole),
    psfWidthError: new Option(
      "--psf-width-error <share>",
      "standard error of the psf's width, 10% or 0.1: the width is drawn with the image (default: known)",
    ).argParser(parseShare),
    psfLaw: new Option(
      "--psf-law <law>",
      "of a psf that is not known exactly: sampled, drawn with the image; ensemble, each pair of chains keeps one; fixed (default: sampled)",
    ).choices(PSF_LAWS),
    plane: new Option(
      "--plane <n>",
      "plane of a cube of counts, from 0; 2:5 sums planes 2, 3 and 4",
    ).argParser(parsePlanes),
    planes: new Option(
      "--planes <how>",
      "separate: each plane of a cube of counts is an observation of one sky",
    ).choices(["separate"] as const),
    align: new Option(
      "--align <by>",
      "how what goes with the counts lies on them: sky, by the headers, or pixels, one by one (default: sky)",
    ).choices(["sky", "pixels"] as const),
  };
}

/**
 * A command that takes one observation as a counts file and options, or several from a config file. Options that are added later
 * belong to this group of the help until another is opened.
 */
export function observationCommand(name: string) {
  const command = new Command(name)
    .argument("[counts]", "counts image, whole numbers >= 0")
    .optionsGroup("Observation:");
  for (const option of Object.values(fileOptions())) command.addOption(option);
  return (command as Command<[string | undefined], ObservationFlags>)
    .option("--name <name>", "name of the observation (default: the file's)")
    .option("--config <file>", "settings, and several observations, as JSON; flags win over it")
    .addOption(
      new Option(
        "--offsets <from>",
        "of several observations: wcs, their pixels lie where their headers say; none, they are the same (default: none)",
      ).choices(["wcs", "none"]),
    );
}

/** Add the options that name the files behind something made before, as a group of their own in the help. */
export function addFileOptions(command: CommandUnknownOpts, group: string): void {
  command.optionsGroup(group).option("--counts <file>", "counts image that was deconvolved");
  for (const option of Object.values(fileOptions())) command.addOption(option);
}

type FileFlag = Exclude<keyof ReturnType<typeof fileOptions>, "plane" | "planes">;

/** Values of the options that describe one observation. */
export type ObservationFlags = { readonly [Key in FileFlag | "name"]?: NamedObservation[Key] | undefined } & {
  readonly plane?: readonly [start: number, end: number] | undefined;
  readonly planes?: "separate" | undefined;
};

/** Names of these options. */
export const OBSERVATION_FLAGS = [
  ...Object.keys(fileOptions()),
  "name",
] as readonly (keyof ObservationFlags)[];

/** The entries of `NamedObservation` that were given. */
export function observationNames(
  counts: string | undefined,
  flags: ObservationFlags,
): Partial<NamedObservation> {
  const { plane, planes, ...names } = givenOptions(flags, OBSERVATION_FLAGS);
  return given({ counts, ...names, planes: plane, separate: planes === "separate" ? true : undefined });
}
