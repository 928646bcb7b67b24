import { closeSync, openSync, readSync } from "node:fs";
import { FormatError } from "../errors.js";
import type { Shape } from "../image.js";
import type { DrawSource } from "../posterior/draw-source.js";
import type { PosteriorSummary } from "../posterior/result.js";
import type { ParameterSource } from "../posterior/trace.js";
import { columnNumbers, type FitsHdu, type FitsHduInfo, type FitsTableInfo, readTable } from "./fits.js";
import { readColumnLayouts } from "./fits-column.js";
import { openFitsFile } from "./fits-file-node.js";
import { fileError } from "./fits-temporary-node.js";
import { decodeLiraSummary, parameterColumns, traceBurnIn, traceSteps } from "./result-decode.js";
import { AMOUNT, type ChainLengths, checkNumbers } from "./result-rules.js";
import { isResult, noResult } from "./tslira-file.js";

/** A result file open for reading. Its traces are read when they are asked for; close it when done. */
export interface OpenResult {
  /** All of the result but its traces. */
  readonly result: PosteriorSummary;
  /** Parameters of every sweep of every chain, burn-in included; not after `close`. */
  readonly parameters: ParameterSource;
  /** Kept draws of the flux after burn-in; not after `close`. */
  readonly images: DrawSource;
  /** Close the file. */
  readonly close: () => void;
}

/** Read bytes of the data of an HDU into `out`. */
type ReadBytes = (hdu: FitsHduInfo, offset: number, out: Uint8Array) => void;

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
/** Float32 that are turned at a time, while they are in the cache. */
const TURNED_AT_ONCE = 2 ** 14;

/** Fluxes as the machine holds them, from the big-endian bytes that are in their place. @throws FormatError when one cannot be */
function turnBytes(values: Float32Array, where: string): void {
  for (let first = 0; first < values.length; first += TURNED_AT_ONCE) {
    const turned = values.subarray(first, first + TURNED_AT_ONCE);
    const { buffer, byteOffset, byteLength } = turned;
    if (LITTLE_ENDIAN) Buffer.from(buffer, byteOffset, byteLength).swap32();
    checkNumbers(where, turned, AMOUNT);
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/**
 * Open a result file without reading its traces: memory does not grow with them. In memory are the images and tables beside
 * the traces; of a gzip file everything.
 *
 * @throws InvalidInputError when the file cannot be read
 * @throws FormatError when it is not FITS, not a result, or damaged
 */
export async function openResult(path: string): Promise<OpenResult> {
  const file = await openFitsFile(path);
  try {
    if (!isResult(file.hdus)) throw noResult(path, file.hdus);
    const hdus: FitsHdu[] = [];
    for (const { name, index } of file.hdus) {
      if (name !== "PARAMETER_TRACE" && name !== "IMAGE_TRACE") hdus.push(await file.readHdu(index));
    }
    const { result, keptDraws, sweeps } = decodeLiraSummary(hdus);
    const parameterHdu = named(path, file.hdus, "PARAMETER_TRACE");
    const imageHdu = named(path, file.hdus, "IMAGE_TRACE");
    // A compressed file is in memory already: its HDUs come with their bytes.
    const held = new Map<number, Uint8Array>();
    for (const hdu of [parameterHdu, imageHdu]) {
      if ("data" in hdu) held.set(hdu.index, (hdu as FitsHdu).data);
    }
    const { read, close } = held.size > 0 ? heldBytes(held) : fileBytes(path);
    try {
      return {
        result,
        parameters: parameterSource(path, parameterHdu, sweeps, read),
        images: drawSource(path, imageHdu, { kept: keptDraws, sweeps }, result.mean.shape, read),
        close,
      };
    } catch (error) {
      close();
      throw error;
    }
  } finally {
    await file.close();
  }
}

function named(path: string, hdus: readonly FitsHduInfo[], name: string): FitsHduInfo {
  const found = hdus.find((hdu) => hdu.name === name);
  if (found === undefined) throw damaged(path, `must hold HDU ${name}, got none`);
  return found;
}

function damaged(path: string, text: string): FormatError {
  return new FormatError(`${path}: result ${text}; the file is damaged, write it again`, {
    fields: { path },
  });
}

function heldBytes(held: ReadonlyMap<number, Uint8Array>): { read: ReadBytes; close: () => void } {
  return {
    read: ({ index }, offset, out) =>
      out.set((held.get(index) ?? new Uint8Array(0)).subarray(offset, offset + out.length)),
    close: () => undefined,
  };
}

function fileBytes(path: string): { read: ReadBytes; close: () => void } {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw fileError(path, error);
  }
  return {
    read({ dataOffset }, offset, out) {
      const { length } = out;
      try {
        for (let done = 0; done < length; ) {
          const count = readSync(file, out, done, length - done, dataOffset + offset + done);
          if (count === 0) throw damaged(path, `must keep its bytes while it is read, got an end`);
          done += count;
        }
      } catch (error) {
        throw fileError(path, error);
      }
    },
    close: () => closeSync(file),
  };
}

/** Sum of all numbers before each one, and of all of them at the end. */
function startsOf(lengths: readonly number[]): number[] {
  const starts = [0];
  for (const length of lengths) starts.push(starts[starts.length - 1] + length);
  return starts;
}

function parameterSource(
  path: string,
  hdu: FitsHduInfo,
  sweeps: readonly number[],
  read: ReadBytes,
): ParameterSource {
  const starts = startsOf(sweeps);
  const total = starts[sweeps.length];
  if (hdu.kind !== "table" || hdu.rows !== total) {
    throw damaged(path, `must have ${total} rows of parameters, got ${hdu.kind === "table" ? hdu.rows : 0}`);
  }
  const table: FitsTableInfo = hdu;
  const slice = (first: number, count: number) => {
    const data = new Uint8Array(count * table.rowLength);
    read(table, first * table.rowLength, data);
    return parameterColumns(readTable({ ...table, rows: count, dataLength: data.length, data }), hdu.header);
  };
  const names = slice(0, 0).map(({ name }) => name);
  // Our own files have nothing but doubles, which are taken from the rows without a look at the header for each.
  const layouts = hdu.form === "binary" ? readColumnLayouts(table) : [];
  const offsets = names.flatMap((name) =>
    layouts
      .filter(
        ({ name: found, code, width, scale, zero }) =>
          found === name && code === "D" && width === 8 && scale === 1 && zero === 0,
      )
      .map(({ offset }) => offset),
  );
  return {
    names,
    burnIn: traceBurnIn(hdu.header, sweeps),
    chains: sweeps.length,
    sweeps: (chain) => sweeps[chain],
    readRows(chain, first, count) {
      if (offsets.length === names.length) {
        const bytes = new DataView(new ArrayBuffer(count * table.rowLength));
        read(table, (starts[chain] + first) * table.rowLength, new Uint8Array(bytes.buffer));
        const rows = new Float64Array(count * names.length);
        for (let row = 0, at = 0; row < count; row++) {
          for (const offset of offsets) rows[at++] = bytes.getFloat64(row * table.rowLength + offset);
        }
        return rows;
      }
      const values = slice(starts[chain] + first, count).map(columnNumbers);
      const rows = new Float64Array(count * names.length);
      for (const [column, numbers] of values.entries()) {
        for (let row = 0; row < count; row++) rows[row * names.length + column] = numbers[row];
      }
      return rows;
    },
  };
}

function drawSource(
  path: string,
  hdu: FitsHduInfo,
  { kept, sweeps }: Pick<ChainLengths, "kept" | "sweeps">,
  of: Shape,
  read: ReadBytes,
): DrawSource {
  const starts = startsOf(kept);
  const total = starts[kept.length];
  if (hdu.kind !== "image" || hdu.bitpix !== -32 || hdu.shape.length !== 3 || hdu.shape[0] !== total) {
    throw damaged(path, `must hold ${total} draws in f4, got another IMAGE_TRACE`);
  }
  const [, ny, nx] = hdu.shape;
  if ([ny, nx].join() !== of.join()) {
    throw damaged(path, `must hold draws of [${of.join(", ")}] as the mean, got [${ny}, ${nx}]`);
  }
  const pixels = ny * nx;

  return {
    shape: [ny, nx],
    chains: kept.length,
    ...traceSteps(hdu.header, kept, sweeps),
    draws: (chain) => kept[chain],
    readDraws(chain, first, count) {
      const out = new Float32Array(count * pixels);
      read(hdu, 4 * (starts[chain] + first) * pixels, bytesOf(out));
      turnBytes(out, hdu.label);
      return out;
    },
    readBand(chain, firstPixel, count, out) {
      const draws = kept[chain];
      for (let draw = 0; draw < draws; draw++) {
        const run = out.subarray(draw * count, (draw + 1) * count);
        read(hdu, 4 * ((starts[chain] + draw) * pixels + firstPixel), bytesOf(run));
      }
      turnBytes(out.subarray(0, draws * count), hdu.label);
    },
  };
}
