/** Result files in memory; their layout is in `result-layout.ts`, files on disk in `result-file-node.ts`. */

import { concatenated } from "../concatenated.js";
import type { PosteriorResult } from "../posterior/result.js";
import { readFits, type WriteFitsOptions, writeFits } from "./fits.js";
import { decodeHdus } from "./result-decode.js";
import { resultHdus, tracesOf } from "./result-encode.js";

/** Values of a column of several chains. */
function joined(chains: readonly (Int32Array | Float64Array)[]): Int32Array | Float64Array {
  const Type = chains[0] instanceof Int32Array ? Int32Array : Float64Array;
  return concatenated<Int32Array | Float64Array>(Type, chains);
}

/**
 * A result as the bytes of a FITS file.
 *
 * @param options see `writeFits`
 * @throws InvalidInputError when a sky coordinate card cannot be written
 */
export function encodeResult(result: PosteriorResult, options: WriteFitsOptions = {}): Uint8Array {
  const traces = tracesOf(result);
  const { before, parameterTrace, after, imageTrace } = resultHdus(result, traces);
  const { planeShape, ...title } = imageTrace;
  const pixels = planeShape[0] * planeShape[1];
  const { images } = result.trace;
  const values = images.chains.reduce((sum, { length }) => sum + length, 0);
  const { name, columns, cards, rows } = parameterTrace;
  const { parameters } = traces;
  const chains = Array.from({ length: parameters.chains }, (_, chain) =>
    rows(chain, 0, parameters.sweeps(chain)),
  );
  return writeFits(
    [
      ...before,
      {
        kind: "table",
        name,
        cards,
        columns: columns.map((column, index) => ({
          ...column,
          values: joined(chains.map((chain) => chain[index])),
        })),
      },
      ...after,
      { kind: "image", ...title, shape: [values / pixels, ...planeShape], data: images.chains },
    ],
    options,
  );
}

/**
 * The result in the bytes of a FITS file, equal in every field to what `encodeResult` was given.
 *
 * @param bytes the whole file, not compressed
 * @param options.name name of the file in error messages
 * @throws FormatError when the bytes are not FITS, not a result, or damaged
 */
export function decodeResult(bytes: Uint8Array, options: { readonly name?: string } = {}): PosteriorResult {
  return decodeHdus(readFits(bytes, options));
}
