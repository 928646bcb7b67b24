import type { Shape } from "../image.js";

/**
 * The value of every scalar parameter after every sweep of every chain, burn-in included.
 *
 * `chains[c][sweep * names.length + parameter]` holds the value of `names[parameter]` in chain `c`.
 */
export interface ParameterTrace {
  /** Column names, in order; see `parameterNames` for those of the LIRA sampler. */
  readonly names: readonly string[];
  /** Sweeps of burn-in at the start of each chain, excluded from every statistic. */
  readonly burnIn: number;
  /** One array a chain, row-major `[sweeps, names.length]`. */
  readonly chains: readonly Float64Array[];
}

/**
 * Kept draws of the flux image after burn-in.
 *
 * `chains[c]` is row-major `[draws, ny, nx]` in single precision; draw `k` of every chain was kept after sweep
 * `first + k * every` (counted from 0, burn-in included).
 */
export interface ImageTrace {
  readonly shape: Shape;
  /** Sweep index of the first kept draw. */
  readonly first: number;
  /** Sweeps between kept draws, >= 1. */
  readonly every: number;
  readonly chains: readonly Float32Array[];
}

/** A parameter trace that may live in memory or in a file; what `ParameterTrace` says holds here too. */
export interface ParameterSource {
  readonly names: readonly string[];
  readonly burnIn: number;
  /** Number of chains. */
  readonly chains: number;
  /** Sweeps of a chain, burn-in included. */
  sweeps(chain: number): number;
  /** A copy of whole rows of a chain: `[count, names.length]` from sweep `first` on. */
  readRows(chain: number, first: number, count: number): Float64Array;
}

/** A trace in memory as a source; a source stays as it is. */
export function asParameterSource(trace: ParameterTrace | ParameterSource): ParameterSource {
  if ("readRows" in trace) return trace;
  const { names, burnIn, chains } = trace;
  const width = names.length;
  return {
    names,
    burnIn,
    chains: chains.length,
    sweeps: (chain) => chains[chain].length / width,
    readRows: (chain, first, count) => chains[chain].slice(first * width, (first + count) * width),
  };
}
