/** The files of observations that are deconvolved together. */

import { type ComposedTogether, composeTogether } from "../io/compose-together.js";
import {
  type ObservationFileNames,
  readObservationFiles,
  separatePlanes,
} from "../io/public-datasets-node.js";

/** Observations with what a result records of them. */
export interface ReadTogether extends ComposedTogether {
  /** Name as given and SHA-256 of each file. */
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
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
  return { ...composeTogether(files), inputs: files.flatMap(({ inputs }) => inputs) };
}
