/** The observations behind a result: files that the options name, or those of the command that the result remembers. */

import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import {
  type Cutout,
  InvalidInputError,
  type LiraSummary,
  type Observation,
  type ObservationFileNames,
  readObservationFiles,
} from "../node.js";
import { given } from "./given.js";
import { parseCutout } from "./option-values.js";
import { findRecordedData, recordedNames } from "./recorded-data.js";

/** Add the options of `InputFlags` to a command, as a group of their own in its help. */
export function addInputOptions(command: CommandUnknownOpts): void {
  command
    .optionsGroup("Observation (default: the files of the recorded command, where they are found):")
    .option("--counts <file>", "counts image that was deconvolved")
    .option("-p, --psf <file>", "point spread function")
    .option("-e, --exposure <file>", "exposure")
    .option("-b, --background <file>", "background")
    .addOption(
      new Option("--background-unit <unit>", "what the background file holds (default: flux)").choices([
        "flux",
        "counts",
      ]),
    )
    .option("-m, --mask <file>", "1 = use the pixel, 0 = ignore it")
    .option("--cutout <x0:x1,y0:y1>", "part of the counts", parseCutout)
    .option("--psf-cutout <x0:x1,y0:y1>", "part of the psf", parseCutout);
}

/** Values of the options that name the files of an observation. */
export interface InputFlags {
  readonly counts?: string | undefined;
  readonly psf?: string | undefined;
  readonly exposure?: string | undefined;
  readonly background?: string | undefined;
  readonly backgroundUnit?: "flux" | "counts" | undefined;
  readonly mask?: string | undefined;
  readonly cutout?: Cutout | undefined;
  readonly psfCutout?: Cutout | undefined;
}

/** What was found. */
export interface ResultInputs {
  /** Empty when they are not at hand. */
  readonly observations: readonly Observation[];
  /** Files as they were given, or as the recorded command names them. */
  readonly names?: readonly ObservationFileNames[];
  /** Why there are no observations, and what to do; empty when there are. */
  readonly missing: string;
}

/**
 * Find the observations of a result. Files count only when their SHA-256 are those that the result remembers.
 *
 * @param verb the command, for messages
 * @param path of the result
 * @throws InvalidInputError when files were given that are not those of the result, or only some of them
 */
export async function findResultInputs(
  verb: string,
  path: string,
  { provenance }: Pick<LiraSummary, "provenance">,
  flags: InputFlags,
): Promise<ResultInputs> {
  const names = givenNames(verb, flags);
  if (names === undefined) {
    const found = await findRecordedData(path, provenance);
    if (!("missing" in found)) return { ...found, missing: "" };
    const recorded = await namesOnRecord(provenance.command);
    const missing = `${found.missing}; give --counts and --psf (--exposure, --background)`;
    return { observations: [], missing, ...given({ names: recorded }) };
  }
  const { observation, inputs } = await readObservationFiles(names);
  const strange = inputs.find(
    ({ sha256 }) => !provenance.inputs.some((recorded) => recorded.sha256 === sha256),
  );
  if (strange !== undefined && provenance.inputs.length > 0) {
    throw new InvalidInputError(
      `${strange.name}: input must be a file that the result was made from, got another SHA-256 (${strange.sha256.slice(0, 12)}...); ` +
        "see tslira info for those recorded",
    );
  }
  return { observations: [observation], names: [names], missing: "" };
}

/** Files that a recorded command names; undefined when it cannot be read. */
export async function namesOnRecord(
  command: string | undefined,
): Promise<readonly ObservationFileNames[] | undefined> {
  return command === undefined ? undefined : recordedNames(command).catch(() => undefined);
}

/** Files that the flags name. */
function givenNames(verb: string, flags: InputFlags): ObservationFileNames | undefined {
  const { counts, psf, exposure, background, mask, backgroundUnit, cutout, psfCutout } = flags;
  if (counts === undefined && psf === undefined) return undefined;
  if (counts === undefined || psf === undefined) {
    throw new InvalidInputError(
      `${verb}: counts and psf must be given together, got ${counts === undefined ? "no counts" : "no psf"}; add --${
        counts === undefined ? "counts" : "psf"
      }`,
    );
  }
  return { counts, psf, ...given({ exposure, background, mask, backgroundUnit, cutout, psfCutout }) };
}
