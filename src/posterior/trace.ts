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
