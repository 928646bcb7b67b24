/** Result files in memory; their layout is in `result-layout.ts`, files on disk in `result-file-node.ts`. */

import type { LiraResult } from "../posterior/result.js";
import { readFits, writeFits } from "./fits.js";
import { decodeHdus } from "./result-decode.js";
import { resultHdus } from "./result-encode.js";

/**
 * A result as the bytes of a FITS file.
 *
 * @throws InvalidInputError when a sky coordinate card cannot be written
 */
export function encodeResult(result: LiraResult): Uint8Array {
  const { hdus, imageTrace, draws } = resultHdus(result);
  const { planeShape, ...title } = imageTrace;
  const pixels = planeShape[0] * planeShape[1];
  const data = new Float32Array(draws.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const chain of draws) {
    data.set(chain, start);
    start += chain.length;
  }
  return writeFits([
    ...hdus,
    { kind: "image", ...title, shape: [data.length / pixels, ...planeShape], data },
  ]);
}

/**
 * The result in the bytes of a FITS file, equal in every field to what `encodeResult` was given.
 *
 * @param bytes the whole file, not compressed
 * @param options.name name of the file in error messages
 * @throws FormatError when the bytes are not FITS, not a result, or damaged
 */
export function decodeResult(bytes: Uint8Array, options: { readonly name?: string } = {}): LiraResult {
  return decodeHdus(readFits(bytes, options));
}
