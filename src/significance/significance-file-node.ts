/** Files of significance runs on disk. */

import { readBytes, writeFitsFile } from "../io/fits-file-node.js";
import type { SignificanceEstimate } from "./collect.js";
import {
  decodeSignificance,
  type SignificanceProvenance,
  type StoredSignificance,
  significanceHdus,
} from "./significance-file.js";

/**
 * Write an estimate to a FITS file, laid out as `significanceHdus` says, gzip when the name ends in `.gz`. The file appears whole or
 * not at all, and replaces one of that name.
 *
 * @throws InvalidInputError when the folder does not exist or is not writable
 * @throws JobError when the disk is full or fails
 */
export async function writeSignificance(
  estimate: SignificanceEstimate,
  path: string,
  provenance: SignificanceProvenance = {},
): Promise<void> {
  await writeFitsFile(path, significanceHdus(estimate, provenance));
}

/**
 * Read an estimate that `writeSignificance` wrote.
 *
 * @throws InvalidInputError when the file does not exist
 * @throws FormatError when it is something else, or damaged
 */
export async function readSignificance(path: string): Promise<StoredSignificance> {
  return decodeSignificance(await readBytes(path), path);
}
