/**
 * The contract of a sampler, in the manner of BlackJAX's init and step (Cabezas et al. 2024, arXiv:2402.10797): something that can do
 * a sweep, show where it stands, and save and restore it. What runs chains (`workers/chain-job.ts`) knows no more than this.
 */

import { InvalidInputError } from "../errors.js";
import type { Shape } from "../image.js";

/** What a sampler needs to continue exactly where it stood, between two sweeps: arrays of at least one number by name, copies. */
export type SavedArrays = Readonly<Record<string, Float64Array | Uint8Array>>;

/**
 * One chain of a sampler, set up and at its start. It holds its own random numbers: from the same start, or a state that it was given
 * back, it draws the same bytes.
 */
export interface Sampler {
  /** `[ny, nx]` of the flux. */
  readonly shape: Shape;
  /** Names of what a sweep writes into its row of the trace; `logPost`, `logLikelihood`, `bkgScale` have a meaning to figures. */
  readonly columns: readonly string[];
  /** Flux `[ny, nx]` after the last sweep, >= 0: a view, valid until the next one. */
  readonly flux: Float64Array;
  /**
   * Do one sweep.
   *
   * @param row `columns.length` numbers, overwritten
   * @throws NumericsError when the chain left the range of its numbers
   */
  sweep(row: Float64Array): void;
  /** Copy where the chain stands. */
  save(): SavedArrays;
  /** Go on from what `save` of a chain of the same inputs and settings gave. */
  restore(saved: SavedArrays): void;
}

/** Where a chain stands, and the mean of what it drew: everything that is needed to continue it. Plain data, never changed later. */
export interface ChainState {
  readonly sweeps: number;
  /** Running mean and sum of squared deviations of the flux `[ny, nx]` over the sweeps after burn-in. */
  readonly moments: { readonly count: number; readonly mean: Float64Array; readonly squares: Float64Array };
  /** Of the sampler. */
  readonly arrays: SavedArrays;
}

/** A chain that counts its sweeps and their moments: what is run. `chainOf` makes one of any sampler. */
export interface Chain {
  readonly shape: Shape;
  readonly columns: readonly string[];
  /** Sweeps done so far. */
  readonly sweeps: number;
  /** The flux `[ny, nx]` after the last sweep: a view, valid until the next call of `sweep`. */
  readonly flux: Float64Array;
  /** See `ChainState`: views. */
  readonly moments: ChainState["moments"];
  /**
   * Run sweeps.
   *
   * @param count number of sweeps, at most `MAX_BATCH`
   * @param burnIn how many of these, at the start, belong to the burn-in and stay out of the moments; default 0
   * @returns a view of the trace of these sweeps, `[count, columns.length]`, valid until the next call
   * @throws NumericsError when the chain left the range of its numbers; it must not be used any more
   */
  sweep(count: number, burnIn?: number): Float64Array;
  /** Copy the state of the chain. */
  save(): ChainState;
  /** Continue from a state saved by a chain of the same inputs and settings. */
  restore(state: ChainState): void;
}

/** A chain whose sweeps may have to be waited for, as those of another device. Any `Chain` is one. */
export interface AwaitedChain extends Omit<Chain, "sweep"> {
  sweep(count: number, burnIn?: number): Float64Array | Promise<Float64Array>;
  /** Told that the chain is not used any more. */
  close?(): void;
}

/** Most sweeps of one call of `Chain.sweep`. */
export const MAX_BATCH = 256;

/** Check that a saved state is of an image of this shape. @throws InvalidInputError when it is not */
export function checkState(where: string, { moments }: ChainState, [ny, nx]: Shape, fits = true): void {
  if (fits && moments.mean.length === ny * nx) return;
  throw new InvalidInputError(
    `${where}: a saved state must be of the same settings and of an image of ${ny} x ${nx}, got ${moments.mean.length} pixels; ` +
      "use the checkpoint with the inputs it was made from",
    { fields: { pixels: moments.mean.length } },
  );
}

/** How far a sampler has come: its sweeps, and the mean and spread of its flux (Welford 1962, Technometrics 4, 419). */
export function tallyOf({ shape, columns }: Pick<Sampler, "shape" | "columns">) {
  const width = columns.length;
  const pixels = shape[0] * shape[1];
  const rows = new Float64Array(MAX_BATCH * width);
  const mean = new Float64Array(pixels);
  const squares = new Float64Array(pixels);
  let draws = 0;
  let sweeps = 0;
  return {
    get sweeps() {
      return sweeps;
    },
    get moments() {
      return { count: draws, mean, squares };
    },
    /** Where a sweep of a call puts its row. */
    row: (done: number): Float64Array => rows.subarray(done * width, (done + 1) * width),
    rows: (count: number): Float64Array => rows.subarray(0, count * width),
    /** Count a sweep that was done. */
    add(flux: Float64Array, isBurnIn: boolean): void {
      sweeps++;
      if (isBurnIn) return;
      draws++;
      for (let pixel = 0; pixel < pixels; pixel++) {
        const delta = flux[pixel] - mean[pixel];
        mean[pixel] += delta / draws;
        squares[pixel] += delta * (flux[pixel] - mean[pixel]);
      }
    },
    save: (arrays: SavedArrays): ChainState => ({
      sweeps,
      moments: { count: draws, mean: mean.slice(), squares: squares.slice() },
      arrays,
    }),
    restore(state: ChainState): void {
      checkState("chain", state, shape);
      sweeps = state.sweeps;
      draws = state.moments.count;
      mean.set(state.moments.mean);
      squares.set(state.moments.squares);
    },
  };
}

/** A chain of any sampler. */
export function chainOf(sampler: Sampler): Chain {
  const tally = tallyOf(sampler);
  return {
    shape: sampler.shape,
    columns: sampler.columns,
    get sweeps() {
      return tally.sweeps;
    },
    get flux() {
      return sampler.flux;
    },
    get moments() {
      return tally.moments;
    },
    sweep(count, burnIn = 0) {
      for (let done = 0; done < count; done++) {
        sampler.sweep(tally.row(done));
        tally.add(sampler.flux, done < burnIn);
      }
      return tally.rows(count);
    },
    save: () => tally.save(sampler.save()),
    restore(state) {
      tally.restore(state);
      sampler.restore(state.arrays);
    },
  };
}
