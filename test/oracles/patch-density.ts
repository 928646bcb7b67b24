import type { PatchMixture } from "../../src/data/law/patch-mixture.js";
import type { SkyImage } from "../../src/image.js";

/** Solve A x = b and give ln |det A|, by elimination. */
function solve(matrix: number[][], right: number[]): { readonly x: number[]; readonly logDet: number } {
  const a = matrix.map((row, index) => [...row, right[index]]);
  const n = right.length;
  let logDet = 0;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let row = k; row < n; row++) if (Math.abs(a[row][k]) > Math.abs(a[pivot][k])) pivot = row;
    [a[k], a[pivot]] = [a[pivot], a[k]];
    logDet += Math.log(Math.abs(a[k][k]));
    for (let row = k + 1; row < n; row++) {
      const factor = a[row][k] / a[k][k];
      for (let col = k; col <= n; col++) a[row][col] -= factor * a[k][col];
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let row = n - 1; row >= 0; row--) {
    x[row] =
      a[row].slice(row + 1, n).reduce((sum, value, at) => sum - value * x[row + 1 + at], a[row][n]) /
      a[row][row];
  }
  return { x, logDet };
}

/** Sum over patches of the log density of a mixture, by the textbook formula. */
export function naivePatchDensity(
  { patchSize: size, patchNorm, weights, means, covariances }: PatchMixture,
  { data, shape: [, nx] }: SkyImage,
  rows: readonly number[],
  cols: readonly number[],
): number {
  const n = size * size;
  let total = 0;
  for (const top of rows) {
    for (const left of cols) {
      const raw = Array.from(
        { length: n },
        (_, i) => data[(top + Math.floor(i / size)) * nx + left + (i % size)],
      );
      const mean = raw.reduce((sum, value) => sum + value, 0) / n;
      const patch = raw.map((value) =>
        patchNorm === "none" ? value : patchNorm === "relative" ? value / mean - 1 : value - mean,
      );
      let density = 0;
      for (const [k, weight] of weights.entries()) {
        const difference = patch.map((value, i) => value - means[k * n + i]);
        const matrix = patch.map((_, i) =>
          Array.from(covariances.subarray((k * n + i) * n, (k * n + i + 1) * n)),
        );
        const { x, logDet } = solve(matrix, difference);
        const square = difference.reduce((sum, value, i) => sum + value * x[i], 0);
        density += weight * Math.exp(-0.5 * (square + logDet + n * Math.log(2 * Math.PI)));
      }
      total += Math.log(density);
    }
  }
  return total;
}
