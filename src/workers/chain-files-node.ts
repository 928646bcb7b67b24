import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { FormatError, toPlainError } from "../errors.js";
import type { Shape } from "../image.js";
import { fileError } from "../io/fits-temporary-node.js";
import type { DrawSource } from "../posterior/draw-source.js";
import type { ParameterSource } from "../posterior/trace.js";
import type { ChainState } from "../samplers/sampler.js";
import { type Checkpoint, readCheckpoint, statePaths, writeCheckpoint } from "./chain-state-node.js";

/*
 * The files of one chain of a run that is kept on disk while it goes on:
 *
 *     chain-3.rows         parameter trace, f64, one row a sweep
 *     chain-3.draws.8      kept draws, f4, one after the other; 8 = sweeps between draws
 *     chain-3.state.*      states of the chain at the last two checkpoints, see chain-state-node.ts
 *
 * Traces only grow, in the byte order of the machine. A state is written after what it counts on has reached the disk. It knows the
 * checksums of the traces so far and has one itself. Whatever traces hold beyond it is cut off when the chain is taken up again;
 * what they hold up to it is compared byte by byte. Where a byte differs, in the state or in the traces, the chain goes on from
 * the state before it, which the traces had reached earlier; where that one has another byte too, it is not continued.
 *
 * When every other draw is dropped a file of those that stay appears beside the old one, which goes when a chain is taken up
 * with the new spacing: by then the run has written down that it has it.
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

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function writeAll(file: number, path: string, data: Float64Array | Float32Array): void {
  const bytes = bytesOf(data);
  guarded(path, () => {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  });
}

/** Read exactly `out.byteLength` bytes at a position. */
function readAll(file: number, path: string, out: Float64Array | Float32Array, position: number): void {
  const bytes = bytesOf(out);
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

function damagedTrace(path: string, what: string): FormatError {
  return new FormatError(
    `${path}: trace must hold what its chain has written, got ${what}; it is damaged, begin the run anew`,
    { fields: { path } },
  );
}

/** Bytes of a trace that are compared at once. */
const SLICE_BYTES = 2 ** 22;

/** Compare the first rows of a trace with their checksum. */
function checkRows(file: number, path: string, bytes: number, need: number): void {
  const slice = new Float64Array(Math.min(bytes, SLICE_BYTES) / 8);
  let crc = 0;
  for (let done = 0; done < bytes; done += SLICE_BYTES) {
    const part = slice.subarray(0, Math.min(SLICE_BYTES, bytes - done) / 8);
    readAll(file, path, part, done);
    crc = crc32(bytesOf(part), crc);
  }
  if (crc !== need) throw damagedTrace(path, "other bytes");
}

/** Compare draws with their checksums. */
function checkDraws(file: number, path: string, pixels: number, need: readonly number[]): void {
  const draw = new Float32Array(pixels);
  for (const [index, crc] of need.entries()) {
    readAll(file, path, draw, 4 * pixels * index);
    if (crc32(bytesOf(draw)) !== crc) throw damagedTrace(path, `other bytes in draw ${index}`);
  }
}

/** Of draws so many sweeps apart those that stay when they are to be further apart. */
function thinned(draws: readonly number[], from: number, to: number): number[] {
  return draws.filter((_, index) => ((index + 1) * from) % to === 0);
}

/**
 * Open the files of a chain: new ones, or those of the last checkpoint, compared with their checksums and with everything
 * later cut off. Where that checkpoint is damaged, those of the one before it.
 *
 * @param keptDraws number of draws that a chain has kept after so many sweeps
 * @param onWarning told when the last checkpoint is damaged; it is removed then
 * @throws FormatError when a byte of every checkpoint is not as it was written
 */
export async function openChainFiles(
  options: ChainFilesOptions,
  keptDraws: (sweeps: number) => number,
  onWarning: (warning: string) => void = () => undefined,
): Promise<ChainFiles> {
  const { folder, chain } = options;
  const states = statePaths(folder, chain).filter((path) => existsSync(path));
  let damage: unknown;
  for (const [index, path] of states.entries()) {
    try {
      const files = openAtCheckpoint(options, keptDraws, await readCheckpoint(path));
      if (index === 0) return files;
      // Or the next checkpoint would keep it as the one before.
      guarded(states[0], () => rmSync(states[0]));
      onWarning(
        `${toPlainError(damage).message.replace(/; [^;]*$/, "")}; ` +
          `chain ${chain + 1} goes on from the checkpoint before, after sweep ${files.state?.sweeps}`,
      );
      return files;
    } catch (error) {
      if (toPlainError(error).code !== "FORMAT") throw error;
      damage ??= error;
    }
  }
  if (damage !== undefined) throw damage;
  return openAtCheckpoint(options, keptDraws, undefined);
}

/** Open the files of a chain as they were at a checkpoint; empty ones where there is none. */
function openAtCheckpoint(
  { folder, chain, columns, pixels, every }: ChainFilesOptions,
  keptDraws: (sweeps: number) => number,
  last: Checkpoint | undefined,
): ChainFiles {
  const sweeps = last?.state.sweeps ?? 0;
  const rowsName = rowsPath(folder, chain);
  const drawsName = drawsPath(folder, chain, every);
  const draws = last === undefined ? [] : thinned(last.draws, last.every, every);
  // A run that looks for its burn-in anew asks of a chain that came further with a shorter one; such a chain has no draws yet.
  if (last !== undefined && last.draws.length > 0 && draws.length !== keptDraws(sweeps)) {
    throw damagedTrace(
      drawsName,
      `${draws.length} draws in ${sweeps} sweeps where ${keptDraws(sweeps)} were kept`,
    );
  }
  let rows = last?.rows ?? 0;
  const openAt = (path: string, bytes: number, check: (file: number) => void) =>
    guarded(path, () => {
      const file = openSync(path, "a+");
      try {
        const { size } = fstatSync(file);
        if (size < bytes) throw damagedTrace(path, `${size} bytes of ${bytes}`);
        check(file);
        ftruncateSync(file, bytes);
      } catch (error) {
        closeSync(file);
        throw error;
      }
      return file;
    });
  const rowsBytes = 8 * columns * sweeps;
  const rowsFile = openAt(rowsName, rowsBytes, (file) => checkRows(file, rowsName, rowsBytes, rows));
  let drawsFile: number;
  try {
    drawsFile = openAt(drawsName, 4 * pixels * draws.length, (file) =>
      checkDraws(file, drawsName, pixels, draws),
    );
  } catch (error) {
    closeSync(rowsFile);
    throw error;
  }
  removeOtherSpacings(folder, chain, drawsName);
  const draw = new Float32Array(pixels);
  return {
    state: last?.state,
    addRows(added) {
      writeAll(rowsFile, rowsName, added);
      rows = crc32(bytesOf(added), rows);
    },
    addDraw(flux) {
      draw.set(flux);
      writeAll(drawsFile, drawsName, draw);
      draws.push(crc32(bytesOf(draw)));
    },
    async checkpoint(state) {
      guarded(rowsName, () => fsyncSync(rowsFile));
      guarded(drawsName, () => fsyncSync(drawsFile));
      await writeCheckpoint(folder, chain, { state, rows, every, draws });
    },
    close() {
      closeSync(rowsFile);
      closeSync(drawsFile);
    },
  };
}

/** Remove the draws of a chain that are closer together or further apart than those in use. */
function removeOtherSpacings(folder: string, chain: number, inUse: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.startsWith(`chain-${chain}.draws.`) && path !== inUse) guarded(path, () => rmSync(path));
  }
}

/**
 * Of the draws of a chain that are `every` sweeps apart copy every other one into a file of draws `2 every` apart. The first file
 * stays until the chain is taken up with the new spacing, so a crash on the way costs nothing. Whoever writes down the new
 * spacing pushes the folder to the disk before.
 */
export function halveDraws(folder: string, chain: number, pixels: number, every: number): void {
  const from = drawsPath(folder, chain, every);
  const to = drawsPath(folder, chain, 2 * every);
  const temporary = `${to}.tmp`;
  guarded(to, () => {
    const source = openSync(from, "r");
    const target = openSync(temporary, "w");
    try {
      const draw = new Float32Array(pixels);
      const kept = Math.floor(fstatSync(source).size / (8 * pixels));
      for (let index = 0; index < kept; index++) {
        readAll(source, from, draw, 4 * pixels * (2 * index + 1));
        writeAll(target, temporary, draw);
      }
      fsyncSync(target);
    } finally {
      closeSync(source);
      closeSync(target);
    }
    renameSync(temporary, to);
  });
}

/** Traces of a run on disk, read piece by piece. */
export interface TraceFiles {
  readonly parameters: ParameterSource;
  readonly images: DrawSource;
  close(): void;
}

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
      readBand(chain, firstPixel, count, out) {
        const { path, file } = planes[chain];
        for (let draw = 0; draw < draws; draw++) {
          const run = out.subarray(draw * count, (draw + 1) * count);
          readAll(file, path, run, 4 * (draw * pixels + firstPixel));
        }
      },
    },
    close() {
      for (const { file } of [...rows, ...planes]) closeSync(file);
    },
  };
}
