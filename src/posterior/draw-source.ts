import { AbortedError, InvalidInputError } from "../errors.js";
import type { Shape } from "../image.js";
import type { ImageTrace } from "./trace.js";

/**
 * Where kept draws of the flux come from: memory (`traceSource`) or a file that is read piece by piece.
 *
 * Only draws after burn-in.
 */
export interface DrawSource {
  readonly shape: Shape;
  /** Number of chains. */
  readonly chains: number;
  /** Number of kept draws of a chain, counted from 0. */
  draws(chain: number): number;
  /**
   * Copy all draws of neighbouring pixels of one chain.
   *
   * @param firstPixel index `row * nx + col` of the first pixel
   * @param count number of pixels
   * @param out result `[draws(chain), count]`, row-major: draw after draw, as they are stored
   */
  readBand(chain: number, firstPixel: number, count: number, out: Float32Array): void | Promise<void>;
  /** Sweep index of the first kept draw, and sweeps between draws; see `ImageTrace`. */
  readonly first: number;
  readonly every: number;
  /** A copy or view of whole draws of a chain: `[count, ny, nx]` from draw `first` on. */
  readDraws(chain: number, first: number, count: number): Float32Array;
}

/** Draws that are in memory, as a source. */
export function traceSource({ shape, first, every, chains }: ImageTrace): DrawSource {
  const pixels = shape[0] * shape[1];
  chains.forEach((chain, c) => {
    if (chain.length % pixels !== 0) {
      throw new InvalidInputError(
        `trace: chain ${c} must hold whole images of ${pixels} pixels, got ${chain.length} values; check the shape`,
        { fields: { chain: c, length: chain.length, shape } },
      );
    }
  });
  return {
    shape,
    chains: chains.length,
    first,
    every,
    draws: (chain) => chains[chain].length / pixels,
    readDraws: (chain, start, count) => chains[chain].subarray(start * pixels, (start + count) * pixels),
    readBand(chain, firstPixel, count, out) {
      const data = chains[chain];
      for (let start = firstPixel, at = 0; start < data.length; start += pixels, at += count) {
        if (count === 1) out[at] = data[start];
        else out.set(data.subarray(start, start + count), at);
      }
    },
  };
}

/** Turn a trace into a source; a source stays as it is. */
export function asDrawSource(draws: ImageTrace | DrawSource): DrawSource {
  return "readBand" in draws ? draws : traceSource(draws);
}

/**
 * Numbers of the chains that are long enough to compare: at least half as many draws as the longest.
 *
 * Chains are compared over the draws that all of them have; one that had only just begun when a run was interrupted
 * would leave nothing of the others.
 */
export function comparableChains(lengths: readonly number[]): number[] {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  return lengths.flatMap((length, chain) => (length > 0 && 2 * length >= longest ? [chain] : []));
}

/** How long work over many pixels is watched and ended. */
export interface WatchOptions {
  /** Called now and then with the fraction done, in [0, 1]. */
  readonly onProgress?: (fraction: number) => void;
  /** Ends the work with an `AbortedError`. */
  readonly signal?: AbortSignal;
}

/** End work that is not wanted any more. @throws AbortedError when the signal has fired */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new AbortedError(
    "posterior: the summary of the draws was stopped before it was complete; run it again",
    { cause: signal.reason },
  );
}

const BREATH_MILLISECONDS = 40;

/**
 * Visit whole draws of chains, one after the other, and let the event loop breathe in between.
 *
 * @param chains numbers of the chains to read
 * @param visit called for every draw: the image `[ny, nx]` (not to be kept), and the numbers of chain and draw
 * @param step visit every `step`-th draw of each chain only, from the first on; default 1
 * @throws AbortedError when `signal` says so
 */
export async function forEachDraw(
  source: DrawSource,
  chains: readonly number[],
  { onProgress, signal }: WatchOptions,
  visit: (image: Float32Array, chain: number, draw: number) => void,
  step = 1,
): Promise<void> {
  const total = chains.reduce((sum, chain) => sum + Math.ceil(source.draws(chain) / step), 0);
  let done = 0;
  let breath = performance.now();
  for (const chain of chains) {
    const draws = source.draws(chain);
    for (let draw = 0; draw < draws; draw += step) {
      checkSignal(signal);
      visit(source.readDraws(chain, draw, 1), chain, draw);
      onProgress?.(++done / total);
      if (performance.now() - breath > BREATH_MILLISECONDS) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        breath = performance.now();
      }
    }
  }
}
