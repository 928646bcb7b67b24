/** Files of estimates on disk. */

import type { PointEstimate } from "../posterior/point-estimate.js";
import type { EstimateProvenance } from "./file-origin.js";
import { type ReadFileOptions, readFitsFile, writeFitsFile } from "./fits-file-node.js";
import { decodeEstimateHdus, estimateHdus, type StoredEstimate } from "./point-estimate-file.js";

/**
 * Write an estimate to a FITS file, laid out as `encodePointEstimate` says, gzip when the name ends in `.gz`. The file appears
 * whole or not at all, and replaces one of that name.
 *
 * @throws InvalidInputError when the folder does not exist or is not writable
 * @throws JobError when the disk is full or fails
 */
export async function writePointEstimate(
  estimate: PointEstimate,
  path: string,
  provenance: EstimateProvenance = {},
): Promise<void> {
  await writeFitsFile(path, estimateHdus(estimate, provenance));
}

/**
 * Read an estimate that `writePointEstimate` wrote, plain or gzip.
 *
 * @throws InvalidInputError when the file cannot be read or is larger than `maxBytes`
 * @throws FormatError when it is not an estimate, or damaged
 */
export async function readPointEstimate(
  path: string,
  options: ReadFileOptions = {},
): Promise<StoredEstimate> {
  return decodeEstimateHdus(await readFitsFile(path, options));
}
