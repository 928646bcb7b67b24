/**
 * The conditional law of the shift of the tree, by building the tree of every shift.
 *
 * Given the source photons y, with y[j] | x[j] ~ Poisson(x[j]), and alpha, the image integrated out:
 *
 *     p(y | s, alpha) ~ prod over levels l, blocks b of k children
 *         Gamma(k alpha_l) / Gamma(alpha_l)^k  prod_c Gamma(y_c + alpha_l) / Gamma(y_b + k alpha_l)
 *
 * where the blocks are those of the image shifted by s. The total and the factor prod 1 / y[j] do not depend on s. The
 * prior of s is uniform over the ny x nx cyclic shifts, for every shape.
 */
import type { Shape } from "../../src/image.js";
import { naiveTree } from "./multiscale.js";
import { logGammaFunction } from "./textbook-special.js";

/**
 * Log probability of the photons given their total, the shift and alpha, but for the multinomial coefficient
 * `y! / prod y[j]`, which no shift changes.
 *
 * @param counts y, whole numbers >= 0 `[ny, nx]`
 * @param shift `[row, col]`: node (row, col) of level 0 is pixel (row + shift row, col + shift col), cyclically
 * @param alpha smoothing parameter of each level, finest first
 */
export function logCountsOfShift(
  counts: ArrayLike<number>,
  shape: Shape,
  shift: Shape,
  alpha: ArrayLike<number>,
): number {
  const tree = naiveTree(counts, shape, shift);
  let sum = 0;
  for (let level = 0; level + 1 < tree.length; level++) {
    const a = alpha[level];
    tree[level].blocks.forEach((block, parent) => {
      const k = block.length;
      sum += logGammaFunction(k * a) - k * logGammaFunction(a);
      for (const child of block) sum += logGammaFunction(tree[level].nodes[child] + a);
      sum -= logGammaFunction(tree[level + 1].nodes[parent] + k * a);
    });
  }
  return sum;
}

/**
 * Log probability of every shift given the photons and alpha.
 *
 * @param counts y, whole numbers >= 0 `[ny, nx]`
 * @param alpha smoothing parameter of each level, finest first
 * @returns `[ny, nx]`: entry `row * nx + col` is log p(s = (row, col) | y, alpha); the exponentials sum to 1
 */
export function logShiftProbabilities(
  counts: ArrayLike<number>,
  shape: Shape,
  alpha: ArrayLike<number>,
): Float64Array {
  const [ny, nx] = shape;
  const logs = Float64Array.from({ length: ny * nx }, (_, index) =>
    logCountsOfShift(counts, shape, [Math.floor(index / nx), index % nx], alpha),
  );
  const largest = logs.reduce((a, b) => Math.max(a, b));
  const logSum = largest + Math.log(logs.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  return logs.map((value) => value - logSum);
}
