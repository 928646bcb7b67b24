/** Result files on disk. */

import type { PosteriorResult, PosteriorSummary } from "../posterior/result.js";
import type { FitsHdu } from "./fits.js";
import { createFitsWriter, openFitsFile, type ReadFileOptions, readFitsFile } from "./fits-file-node.js";
import type { FinishOptions } from "./fits-writer-node.js";
import { decodeHdus, decodeSummary, type ResultSummary, SUMMARY_HDUS } from "./result-decode.js";
import { type ResultTraces, resultHdus, tracesOf } from "./result-encode.js";
import { isResult } from "./tslira-file.js";

/** Bytes of draws, and rows of parameters, that are encoded at once: large arrays are made of new pages of memory, which cost more than the work. */
const SLICE_BYTES = 2 ** 18;
const SLICE_ROWS = 4096;

/**
 * Write a result to a FITS file, gzip when the name ends in `.gz`. The file appears whole or not at all, and replaces one of
 * that name. It holds the bytes that `encodeResult` gives.
 *
 * @throws InvalidInputError when the folder does not exist or is not writable
 * @throws JobError when the disk is full or fails
 */
export async function writeResult(result: PosteriorResult, path: string): Promise<void> {
  await writeResultFrom(result, tracesOf(result), path);
}

/**
 * Write a result whose traces may be in files: they are copied piece by piece, so memory does not grow with them. Otherwise
 * as `writeResult`.
 *
 * @param options see `FitsWriter.finish`
 */
export async function writeResultFrom(
  summary: PosteriorSummary,
  traces: ResultTraces,
  path: string,
  options: FinishOptions = {},
): Promise<void> {
  const { before, parameterTrace, after, imageTrace } = resultHdus(summary, traces);
  const { parameters, images } = traces;
  const writer = await createFitsWriter(path);
  try {
    for (const hdu of before) await writer.writeHdu(hdu);
    const { rows, ...table } = parameterTrace;
    await writer.beginTable(table);
    for (let chain = 0; chain < parameters.chains; chain++) {
      const sweeps = parameters.sweeps(chain);
      for (let first = 0; first < sweeps; first += SLICE_ROWS) {
        await writer.appendRows(rows(chain, first, Math.min(SLICE_ROWS, sweeps - first)));
      }
    }
    for (const hdu of after) await writer.writeHdu(hdu);
    await writer.beginImage(imageTrace);
    const pixels = imageTrace.planeShape[0] * imageTrace.planeShape[1];
    const slice = Math.max(1, Math.floor(SLICE_BYTES / (4 * pixels)));
    for (let chain = 0; chain < images.chains; chain++) {
      const draws = images.draws(chain);
      for (let first = 0; first < draws; first += slice) {
        await writer.appendPlanes(images.readDraws(chain, first, Math.min(slice, draws - first)));
      }
    }
    await writer.finish(options);
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/**
 * Read a result from a file that `writeResult` made, plain or gzip.
 *
 * @throws InvalidInputError when the file cannot be read or is larger than `maxBytes`
 * @throws FormatError when it is not a result, or damaged
 */
export async function readResult(path: string, options: ReadFileOptions = {}): Promise<PosteriorResult> {
  return decodeHdus(await readFitsFile(path, options));
}

/**
 * Read what a result says, without its traces: quick for files of any size.
 *
 * @returns undefined when the file is FITS but not a result
 * @throws InvalidInputError when the file cannot be read
 * @throws FormatError when it is not FITS, or damaged
 */
export async function readResultSummary(path: string): Promise<ResultSummary | undefined> {
  const file = await openFitsFile(path);
  try {
    if (!isResult(file.hdus)) return undefined;
    const hdus: FitsHdu[] = [];
    for (const { name, index } of file.hdus) {
      if (SUMMARY_HDUS.includes(index === 0 ? "PRIMARY" : name)) hdus.push(await file.readHdu(index));
    }
    return decodeSummary(hdus);
  } finally {
    await file.close();
  }
}
