import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "../errors.js";
import type { Shape } from "../image.js";
import { fitsCard, readFits, readImageData } from "../io/fits.js";
import { writeFitsFile } from "../io/fits-file-node.js";
import { fileError } from "../io/fits-temporary-node.js";
import type { DrawSource } from "../posterior/draw-source.js";
import type { ParameterSource } from "../posterior/trace.js";
import type { ChainState } from "../samplers/lira.js";

/*
 * The files of one chain of a run that is kept on disk while it goes on:
 *
 *     chain-3.rows         parameter trace, f64, one row a sweep
 *     chain-3.draws.8      kept draws, f4, one after the other; 8 = sweeps between draws
 *     chain-3.state.fits   state of the chain at the last checkpoint
 *
 * Traces only grow, in the byte order of the machine. A state is written after what it counts on has reached the disk,
 * under a temporary name and then renamed; whatever traces hold beyond it is cut off when the chain is taken up again.
 */

/** Where the files of a chain are, and the sizes of what they hold. */
export interface ChainFilesOptions {
  readonly folder: string;
  readonly chain: number;
  /** Columns of the parameter trace. */
  readonly columns: number;
  /** Pixels of the image. */
  readonly pixels: number;
  /** Sweeps between kept draws. */
  readonly every: number;
}

/** The open files of one chain. */
export interface ChainFiles {
  /** State of the last checkpoint, or undefined for a new chain. */
  readonly state: ChainState | undefined;
  addRows(rows: Float64Array): void;
  addDraw(flux: Float64Array): void;
  /** Make everything so far safe against a crash. */
  checkpoint(state: ChainState): Promise<void>;
  close(): void;
}

/** Name of the state file of a chain. */
export function statePath(folder: string, chain: number): string {
  return join(folder, `chain-${chain}.state.fits`);
}

function rowsPath(folder: string, chain: number): string {
  return join(folder, `chain-${chain}.rows`);
}

function drawsPath(folder: string, chain: number, every: number): string {
  return join(folder, `chain-${chain}.draws.${every}`);
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw fileError(path, error);
  }
}

function writeAll(file: number, path: string, data: Float64Array | Float32Array): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  guarded(path, () => {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  });
}

/** Read exactly `out.byteLength` bytes at a position. */
function readAll(file: number, path: string, out: Float64Array | Float32Array, position: number): void {
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  guarded(path, () => {
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(file, bytes, done, bytes.length - done, position + done);
      if (read === 0) {
        throw new FormatError(
          `${path}: trace must hold ${position + bytes.length} bytes, got ${position + done}; start anew`,
          {
            fields: { path },
          },
        );
      }
      done += read;
    }
  });
}

async function writeState(path: string, state: ChainState): Promise<void> {
  const series = (name: string, data: Float64Array) => ({
    kind: "image" as const,
    name,
    shape: [data.length],
    data,
  });
  await writeFitsFile(path, [
    {
      kind: "image",
      shape: [state.random.length],
      data: state.random,
      cards: [
        fitsCard("SWEEPS", state.sweeps, "sweeps done"),
        fitsCard("MOMENTS", state.moments.count, "sweeps in MEAN and SQUARES"),
      ],
    },
    series("SCALARS", state.scalars),
    series("FLUX", state.flux),
    series("SCALES", state.backgroundScale),
    series("MEAN", state.moments.mean),
    series("SQUARES", state.moments.squares),
    ...(state.smoothness.length > 0 ? [series("SMOOTHNESS", state.smoothness)] : []),
  ]);
}

/**
 * Read the state of a chain at its last checkpoint; undefined when there is none.
 *
 * @throws FormatError when the file is damaged
 */
export async function readState(folder: string, chain: number): Promise<ChainState | undefined> {
  const path = statePath(folder, chain);
  if (!existsSync(path)) return undefined;
  const hdus = readFits(new Uint8Array(await readFile(path)), { name: path });
  const numbers = (index: number) => Float64Array.from(readImageData(hdus[index]).data as Float64Array);
  const header = (keyword: string) => Number(hdus[0].header.get(keyword));
  return {
    sweeps: header("SWEEPS"),
    random: Uint8Array.from(readImageData(hdus[0]).data as Uint8Array),
    scalars: numbers(1),
    flux: numbers(2),
    backgroundScale: numbers(3),
    moments: { count: header("MOMENTS"), mean: numbers(4), squares: numbers(5) },
    smoothness: hdus.length > 6 ? numbers(6) : new Float64Array(0),
  };
}

/**
 * Open the files of a chain: new ones, or those of the last checkpoint with everything later cut off.
 *
 * @param keptDraws number of draws that a chain has kept after so many sweeps
 */
export async function openChainFiles(
  { folder, chain, columns, pixels, every }: ChainFilesOptions,
  keptDraws: (sweeps: number) => number,
): Promise<ChainFiles> {
  const state = await readState(folder, chain);
  const sweeps = state?.sweeps ?? 0;
  const openAt = (path: string, bytes: number) =>
    guarded(path, () => {
      const file = openSync(path, "a");
      ftruncateSync(file, bytes);
      return file;
    });
  const rowsName = rowsPath(folder, chain);
  const drawsName = drawsPath(folder, chain, every);
  const rowsFile = openAt(rowsName, 8 * columns * sweeps);
  const drawsFile = openAt(drawsName, 4 * pixels * keptDraws(sweeps));
  const draw = new Float32Array(pixels);
  return {
    state,
    addRows: (rows) => writeAll(rowsFile, rowsName, rows),
    addDraw(flux) {
      draw.set(flux);
      writeAll(drawsFile, drawsName, draw);
    },
    async checkpoint(next) {
      guarded(rowsName, () => fsyncSync(rowsFile));
      guarded(drawsName, () => fsyncSync(drawsFile));
      await writeState(statePath(folder, chain), next);
    },
    close() {
      closeSync(rowsFile);
      closeSync(drawsFile);
    },
  };
}

/**
 * Keep only every other draw of a chain whose draws are `every` sweeps apart, leaving a file of draws `2 every` apart.
 * Done already, it does nothing: a crash in between costs nothing.
 */
export function halveDraws(folder: string, chain: number, pixels: number, every: number): void {
  const from = drawsPath(folder, chain, every);
  const to = drawsPath(folder, chain, 2 * every);
  if (!existsSync(from)) return;
  const temporary = `${to}.tmp`;
  guarded(to, () => {
    const source = openSync(from, "r");
    const target = openSync(temporary, "w");
    const draw = new Float32Array(pixels);
    const bytes = new Uint8Array(draw.buffer);
    for (let position = bytes.length; ; position += 2 * bytes.length) {
      if (readSync(source, bytes, 0, bytes.length, position) < bytes.length) break;
      writeAll(target, temporary, draw);
    }
    fsyncSync(target);
    closeSync(source);
    closeSync(target);
    renameSync(temporary, to);
    rmSync(from);
  });
}

/** Traces of a run on disk, read piece by piece. */
export interface TraceFiles {
  readonly parameters: ParameterSource;
  readonly images: DrawSource;
  close(): void;
}

/** Bytes of draws of one chain that are held in memory while pixels are visited in order. */
const BAND_BYTES = 2 ** 24;

/**
 * Open the traces of all chains for reading.
 *
 * @param sweeps sweeps of every chain to look at
 */
export function openTraceFiles(
  folder: string,
  {
    names,
    burnIn,
    chains,
    shape,
    every,
    sweeps,
    draws,
    numbers = Array.from({ length: chains }, (_, chain) => chain),
  }: {
    readonly names: readonly string[];
    readonly burnIn: number;
    readonly chains: number;
    readonly shape: Shape;
    readonly every: number;
    readonly sweeps: number;
    /** Kept draws of every chain to look at. */
    readonly draws: number;
    /** Numbers of the chains in the names of their files; default 0, 1, 2 ... */
    readonly numbers?: readonly number[];
  },
): TraceFiles {
  const width = names.length;
  const pixels = shape[0] * shape[1];
  const open = (path: string) => ({ path, file: guarded(path, () => openSync(path, "r")) });
  const rows = numbers.map((chain) => open(rowsPath(folder, chain)));
  const planes = numbers.map((chain) => open(drawsPath(folder, chain, every)));
  // Pixels are asked for in order and in small runs: a band of them is read at once for each chain.
  const bandPixels = Math.min(pixels, Math.max(1, Math.floor(BAND_BYTES / (4 * Math.max(1, draws)))));
  const bands = planes.map(() => ({ first: 0, count: 0, data: new Float32Array(0) }));

  function readBand(chain: number, first: number): void {
    const band = bands[chain];
    if (band.data.length === 0) band.data = new Float32Array(bandPixels * draws);
    band.first = first;
    band.count = Math.min(bandPixels, pixels - first);
    const { path, file } = planes[chain];
    for (let draw = 0; draw < draws; draw++) {
      const run = band.data.subarray(draw * band.count, (draw + 1) * band.count);
      readAll(file, path, run, 4 * (draw * pixels + first));
    }
  }

  return {
    parameters: {
      names,
      burnIn,
      chains,
      sweeps: () => sweeps,
      readRows(chain, first, count) {
        const out = new Float64Array(count * width);
        readAll(rows[chain].file, rows[chain].path, out, 8 * first * width);
        return out;
      },
    },
    images: {
      shape,
      chains,
      first: burnIn + every - 1,
      every,
      draws: () => draws,
      readDraws(chain, first, count) {
        const out = new Float32Array(count * pixels);
        readAll(planes[chain].file, planes[chain].path, out, 4 * first * pixels);
        return out;
      },
      readPixels(chain, firstPixel, count, out) {
        const band = bands[chain];
        for (let pixel = 0; pixel < count; pixel++) {
          const wanted = firstPixel + pixel;
          if (wanted < band.first || wanted >= band.first + band.count) readBand(chain, wanted);
          const column = wanted - band.first;
          for (let draw = 0; draw < draws; draw++) {
            out[pixel * draws + draw] = band.data[draw * band.count + column];
          }
        }
      },
    },
    close() {
      for (const { file } of [...rows, ...planes]) closeSync(file);
    },
  };
}
