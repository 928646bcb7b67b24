import { closeSync, openSync, readSync } from "node:fs";
import { FormatError } from "../errors.js";
import { type DrawSource, traceSource } from "../posterior/draw-source.js";
import type { LiraSummary } from "../posterior/result.js";
import type { ParameterTrace } from "../posterior/trace.js";
import type { FitsHdu, FitsHduInfo } from "./fits.js";
import { openFitsFile } from "./fits-file-node.js";
import { decodeLiraSummary, isResult, parameterTrace, traceSteps } from "./result-decode.js";
import { readResult } from "./result-file-node.js";
import { IMAGE_TRACE, PARAMETER_TRACE } from "./result-layout.js";

/** A result of which the kept draws stay in the file. */
export interface OpenResult {
  /** All of the result but its traces. */
  readonly result: LiraSummary;
  readonly parameters: ParameterTrace;
  /** Kept draws, read from the file when asked for; not after `close`. */
  readonly images: DrawSource;
  /** Close the file. */
  readonly close: () => void;
}

/**
 * Open a result file without reading its draws: memory does not grow with their number. A file that is gzip is read whole.
 *
 * @throws InvalidInputError when the file cannot be read
 * @throws FormatError when it is not a result, or damaged
 */
export async function openResult(path: string): Promise<OpenResult> {
  const file = await openFitsFile(path);
  let hdus: FitsHdu[];
  let draws: FitsHduInfo | undefined;
  try {
    if (/\.gz$/i.test(path) || !isResult(file.hdus)) {
      // The reader of whole files says what is wrong with a file that is no result.
      const { trace, ...result } = await readResult(path);
      return { result, parameters: trace.parameters, images: traceSource(trace.images), close: () => {} };
    }
    draws = file.hdus.find(({ name }) => name === IMAGE_TRACE);
    hdus = [];
    for (const { name, index } of file.hdus) if (name !== IMAGE_TRACE) hdus.push(await file.readHdu(index));
  } finally {
    await file.close();
  }
  const { result, keptDraws, sweeps } = decodeLiraSummary(hdus);
  const table = hdus.find(({ name }) => name === PARAMETER_TRACE);
  if (draws === undefined || table === undefined) {
    throw new FormatError(
      `${path}: must hold HDUs ${PARAMETER_TRACE} and ${IMAGE_TRACE}, got one without; write it again`,
    );
  }
  const descriptor = openSync(path, "r");
  return {
    result,
    parameters: parameterTrace(table, sweeps),
    images: fileDraws(path, descriptor, draws, keptDraws),
    close: () => closeSync(descriptor),
  };
}

/** Values that are read from the file at a time when all draws of some pixels are asked for. */
const SLICE_VALUES = 2 ** 21;

function fileDraws(path: string, descriptor: number, hdu: FitsHduInfo, kept: readonly number[]): DrawSource {
  const shape = hdu.kind === "image" ? hdu.shape : [];
  const [count = -1, ny = 0, nx = 0] = shape;
  const total = kept.reduce((sum, draws) => sum + draws, 0);
  if (hdu.kind !== "image" || hdu.bitpix !== -32 || shape.length !== 3 || count !== total) {
    throw new FormatError(
      `${hdu.label}: must hold ${total} draws in f4, got shape [${shape.join(", ")}]; the file is damaged or no result, write it again`,
    );
  }
  const pixels = ny * nx;
  const starts = kept.map((_, chain) => kept.slice(0, chain).reduce((sum, draws) => sum + draws, 0));
  const readDraws = (chain: number, first: number, draws: number): Float32Array => {
    const bytes = new Uint8Array(4 * draws * pixels);
    const position = hdu.dataOffset + 4 * pixels * (starts[chain] + first);
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(descriptor, bytes, done, bytes.length - done, position + done);
      if (read === 0)
        throw new FormatError(`${path}: file must keep its draws while they are read; read it again`);
      done += read;
    }
    return bigEndianFloats(bytes);
  };
  return {
    shape: [ny, nx],
    chains: kept.length,
    ...traceSteps(hdu.header),
    draws: (chain) => kept[chain],
    readDraws,
    readPixels(chain, firstPixel, width, out) {
      const draws = kept[chain];
      const slice = Math.max(1, Math.floor(SLICE_VALUES / pixels));
      for (let first = 0; first < draws; first += slice) {
        const values = readDraws(chain, first, Math.min(slice, draws - first));
        for (let draw = 0; draw < values.length / pixels; draw++) {
          for (let pixel = 0; pixel < width; pixel++) {
            out[pixel * draws + first + draw] = values[draw * pixels + firstPixel + pixel];
          }
        }
      }
    },
  };
}

function bigEndianFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer);
  const values = new Float32Array(bytes.length / 4);
  for (let index = 0; index < values.length; index++) values[index] = view.getFloat32(4 * index);
  return values;
}
