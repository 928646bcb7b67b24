/** The files of observations that are deconvolved together. */

import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import {
  type ObservationFileNames,
  readObservationFiles,
  separatePlanes,
} from "../io/public-datasets-node.js";

/** Observations with what a result records of them. */
export interface ReadTogether {
  readonly observations: readonly Observation[];
  /** Name as given and SHA-256 of each file. */
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
  /** What was done to bring the images of each together, one sentence each. */
  readonly notes: readonly string[];
  /** Unit of the flux; missing when an exposure does not say. */
  readonly unit?: string;
}

/** Files of an observation, or of one a plane. */
export interface NamedObservation extends ObservationFileNames {
  /** Whether each plane of a cube of counts is an observation of its own. */
  readonly separate?: boolean;
}

/** The observations of files, one a plane where they are separate. */
export async function withPlanes(names: readonly NamedObservation[]): Promise<ObservationFileNames[]> {
  const lists = await Promise.all(
    names.map(({ separate, ...one }) => (separate === true ? separatePlanes(one) : [one])),
  );
  return lists.flat();
}

/** Read them. */
export async function readTogether(names: readonly NamedObservation[]): Promise<ReadTogether> {
  const files = await Promise.all((await withPlanes(names)).map(readObservationFiles));
  const [{ unit }] = files;
  const other = files.findIndex(
    (file) => file.unit !== undefined && unit !== undefined && file.unit !== unit,
  );
  if (other > 0) {
    throw new InvalidInputError(
      `observations: exposures must have one unit, got flux in ${unit} by ${names[0].counts} and in ${files[other].unit} by ` +
        `observation ${other + 1}; convert them, and BUNIT with them`,
      { fields: { units: files.map((file) => file.unit) } },
    );
  }
  return {
    observations: files.map(({ observation }) => observation),
    inputs: files.flatMap(({ inputs }) => inputs),
    notes: [...new Set(files.flatMap(({ notes }) => notes))],
    ...(unit !== undefined && files.every((file) => file.unit === unit) && { unit }),
  };
}
