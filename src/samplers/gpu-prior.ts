/** What the host adds to the sums of the GPU to have the log prior of the trace, and where chains begin. */

import { stateAlphas } from "../data/law/adaptive-prior.js";
import { exponential, naturalLog } from "../data/random/exponential.js";
import { logGamma } from "../data/random/log-gamma.js";
import type { GpuLayout } from "./gpu-layout.js";
import type { LiraChainSettings } from "./lira.js";

/** The prior of a run, for its trace. None of it comes back into a chain. */
export interface GpuPrior {
  /** Where alpha of every level begins. */
  readonly alpha: readonly number[];
  /** Where the transition matrix begins, one number without the adaptive prior. */
  readonly matrix: Float64Array;
  /** Log prior of the start, as kernels/log-posterior.ts has it. */
  ofStart(masses: Float32Array, shift: readonly [row: number, col: number]): number;
  /**
   * Log prior after a sweep.
   *
   * @param densities of each level: sum of the log fractions, or under the adaptive prior their log density
   * @param logMatrix sum over transitions of their logarithms, with those of the prior
   */
  after(total: number, alpha: ArrayLike<number>, densities: ArrayLike<number>, logMatrix: number): number;
}

/** The log prior of a run's image. */
export function gpuPrior(layout: GpuLayout, settings: LiraChainSettings): GpuPrior {
  const { tree, levels, states } = layout;
  const { adaptivePrior, totalCountsPrior } = settings;
  const ofTotal = (total: number) =>
    totalCountsPrior.shape * naturalLog(total) - totalCountsPrior.rate * total;
  /** Blocks of level `level` of four children, and of two. */
  const blocks = (level: number) => {
    const [rows, cols] = tree[level];
    const [tall, wide] = [rows >> 1, cols >> 1];
    return [tall * wide, tall * (cols & 1) + wide * (rows & 1)];
  };
  /** Sums of the logarithms of the fractions of blocks of more than one child, of each level. */
  function logFractions(masses: Float32Array, [downwards, sidewards]: readonly [number, number]): number[] {
    const [ny, nx] = layout.shape;
    let children: ArrayLike<number> = masses.map((_, pixel) => {
      const row = (Math.floor(pixel / nx) + downwards) % ny;
      return masses[row * nx + (((pixel % nx) + sidewards) % nx)];
    });
    return Array.from({ length: levels }, (_, level) => {
      const [rows, cols] = tree[level];
      const [parentRows, parentCols] = tree[level + 1];
      const parents = new Float64Array(parentRows * parentCols);
      const parentOf = (node: number) => (Math.floor(node / cols) >> 1) * parentCols + ((node % cols) >> 1);
      for (let node = 0; node < rows * cols; node++) parents[parentOf(node)] += children[node];
      let sum = 0;
      for (let node = 0; node < rows * cols; node++)
        sum += naturalLog(children[node] / parents[parentOf(node)]);
      children = parents;
      return sum;
    });
  }
  const logNorm = (level: number, single: number, pair: number, quad: number) => {
    const [quads, pairs] = blocks(level);
    return quads * (quad - 4 * single) + pairs * (pair - 2 * single);
  };
  if (adaptivePrior === undefined) {
    const { alphaInit, smoothingPrior } = settings;
    const { power, rate, exponent } = smoothingPrior;
    const after: GpuPrior["after"] = (total, alphas, sums) => {
      let sum = ofTotal(total);
      for (let level = 0; level < levels; level++) {
        const alpha = alphas[level];
        sum +=
          logNorm(level, logGamma(alpha), logGamma(2 * alpha), logGamma(4 * alpha)) + alpha * sums[level];
        sum += (power + 1) * naturalLog(alpha) - rate * exponential(exponent * naturalLog(alpha));
      }
      return sum;
    };
    return {
      alpha: alphaInit,
      matrix: Float64Array.of(1),
      after,
      ofStart: (masses) =>
        after(
          masses.reduce((sum, mass) => sum + mass, 0),
          alphaInit,
          logFractions(masses, [0, 0]),
          0,
        ),
    };
  }
  const rows = adaptivePrior.transitions;
  const matrix = Float64Array.from(
    rows.flatMap((row) => {
      const sum = row.reduce((all, value) => all + value, 0);
      return row.map((value) => value / sum);
    }),
  );
  const middle = states >> 1;
  const after: GpuPrior["after"] = (total, _, densities, logMatrix) =>
    Array.from(densities).reduce((sum, density) => sum + density, ofTotal(total) + logMatrix);
  return {
    alpha: new Array<number>(levels).fill(1),
    matrix,
    after,
    /** All nodes begin in the middle state. Exact where its children are alike, as those of the default are. */
    ofStart(masses, shift) {
      const alpha = stateAlphas(adaptivePrior)[4 * middle];
      const sums = logFractions(masses, shift);
      let logMatrix = 0;
      for (const [entry, value] of matrix.entries()) {
        const transitions = entry === middle * states + middle ? layout.above - 1 : 0;
        logMatrix += (rows.flat()[entry] + transitions) * naturalLog(value);
      }
      const densities = sums.map(
        (sum, level) =>
          logNorm(level, logGamma(alpha), logGamma(2 * alpha), logGamma(4 * alpha)) + alpha * sum,
      );
      return after(
        masses.reduce((sum, mass) => sum + mass, 0),
        [],
        densities,
        logMatrix,
      );
    },
  };
}
