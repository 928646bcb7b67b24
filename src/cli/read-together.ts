/** The files of observations that are deconvolved together. */

import { type Observation, type ObservationFileNames, readObservationFiles } from "../node.js";

/** Observations with what a result records of them. */
export interface ReadTogether {
  readonly observations: readonly Observation[];
  /** Name as given and SHA-256 of each file. */
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
  /** What was done to bring the images of each together, one sentence each. */
  readonly notes: readonly string[];
  /** Unit of the flux; missing when they disagree. */
  readonly unit?: string;
}

/** Read them. */
export async function readTogether(names: readonly ObservationFileNames[]): Promise<ReadTogether> {
  const files = await Promise.all(names.map(readObservationFiles));
  const [{ unit }] = files;
  return {
    observations: files.map(({ observation }) => observation),
    inputs: files.flatMap(({ inputs }) => inputs),
    notes: [...new Set(files.flatMap(({ notes }) => notes))],
    ...(unit !== undefined && files.every((file) => file.unit === unit) && { unit }),
  };
}
