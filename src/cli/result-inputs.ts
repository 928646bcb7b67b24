/** The observations behind a result: files that the options name, or those of the command that the result remembers. */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { type ObservationFileNames, readObservationFiles } from "../io/public-datasets-node.js";
import type { PosteriorSummary } from "../posterior/result.js";
import { addFileOptions, type ObservationFlags, observationNames } from "./observation-options.js";
import { findRecordedData, recordedNames } from "./recorded-data.js";

/** Add the options of `InputFlags` to a command, as a group of their own in its help. */
export function addInputOptions(command: CommandUnknownOpts): void {
  addFileOptions(command, "Observation (default: the files of the recorded command, where they are found):");
}

/** Values of the options that name the files of an observation. */
export interface InputFlags extends Omit<ObservationFlags, "name"> {
  readonly counts?: string | undefined;
}

/** What a result remembers of its inputs. */
export type RecordedInputs = Pick<PosteriorSummary["provenance"], "command" | "inputs">;

/** What was found. */
export interface ResultInputs {
  /** Empty when they are not at hand. */
  readonly observations: readonly Observation[];
  /** Files as they were given, or as the recorded command names them. */
  readonly names?: readonly ObservationFileNames[];
  /** Where the files are that the recorded command names. */
  readonly files?: readonly string[];
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
  { provenance }: { readonly provenance: RecordedInputs },
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

/**
 * The same where a command cannot do without.
 *
 * @throws InvalidInputError when they are not at hand, besides what `findResultInputs` throws
 */
export async function requiredInputs(
  verb: string,
  path: string,
  result: { readonly provenance: RecordedInputs },
  flags: InputFlags,
): Promise<readonly Observation[]> {
  const { observations, missing } = await findResultInputs(verb, path, result, flags);
  if (observations.length > 0) return observations;
  throw new InvalidInputError(`${verb}: counts and psf of the result must be at hand, got none: ${missing}`);
}

/** Files that a recorded command names; undefined when it cannot be read. */
export async function namesOnRecord(
  command: string | undefined,
): Promise<readonly ObservationFileNames[] | undefined> {
  return command === undefined ? undefined : recordedNames(command).catch(() => undefined);
}

/** Files that the flags name. */
function givenNames(verb: string, flags: InputFlags): ObservationFileNames | undefined {
  const { counts, psf, ...names } = observationNames(flags.counts, flags);
  if (counts === undefined && psf === undefined) return undefined;
  if (counts === undefined || psf === undefined) {
    throw new InvalidInputError(
      `${verb}: counts and psf must be given together, got ${counts === undefined ? "no counts" : "no psf"}; add --${
        counts === undefined ? "counts" : "psf"
      }`,
    );
  }
  return { counts, psf, ...names };
}
