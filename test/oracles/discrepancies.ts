/**
 * Discrepancies of counts from a prediction, pixel after pixel in plain TypeScript: what the kernel is compared with. The table in
 * `src/checks/discrepancy.ts` says what each of them is.
 */

import { type Rings, ringSums } from "../../src/data/observation/radial-profile.js";
import { naturalLog } from "../../src/data/random/exponential.js";
import type { SkyImage } from "../../src/image.js";

/**
 * Values in the order of `DISCREPANCIES`; infinite where a formula divides by an expectation of 0 while there are counts.
 *
 * @param counts `[ny, nx]`, pixels that are not in use do not matter
 * @param side of the squares of `patches` in pixels
 */
export function discrepancies(
  counts: SkyImage,
  lambda: SkyImage,
  mask: SkyImage | undefined,
  rings: Rings,
  side: number,
): number[] {
  const [ny, nx] = counts.shape;
  const used = (index: number) => mask === undefined || mask.data[index] !== 0;
  const inUse = (image: SkyImage) => image.data.map((value, index) => (used(index) ? value : 0));
  const observed = inUse(counts);
  const expected = inUse(lambda);
  const residual = observed.map((count, index) =>
    expected[index] > 0 ? (count - expected[index]) / Math.sqrt(expected[index]) : 0,
  );
  let [sum, maximum, pearson, total, alongLambda, alongCounts, neighbours] = [0, 0, 0, 0, 0, 0, 0];
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const index = row * nx + col;
      const count = observed[index];
      sum += count;
      maximum = Math.max(maximum, count);
      total += expected[index];
      pearson += residual[index] ** 2;
      if (col + 1 < nx) neighbours += residual[index] * residual[index + 1];
      if (row + 1 < ny) neighbours += residual[index] * residual[index + nx];
      if (count === 0) continue;
      alongLambda += expected[index] > 0 ? count * naturalLog(expected[index]) : Number.NEGATIVE_INFINITY;
      alongCounts += count * naturalLog(count);
    }
  }
  if (alongLambda === Number.NEGATIVE_INFINITY) pearson = Number.POSITIVE_INFINITY;
  let patches = 0;
  for (let row = 0; row + side <= ny; row++) {
    for (let col = 0; col + side <= nx; col++) {
      let [inside, prediction] = [0, 0];
      for (let a = 0; a < side; a++) {
        for (let b = 0; b < side; b++) {
          inside += observed[(row + a) * nx + col + b];
          prediction += expected[(row + a) * nx + col + b];
        }
      }
      if (prediction > 1e-12 * total) patches += (inside - prediction) ** 2 / prediction;
    }
  }
  const [ringCounts, ringLambda] = [new Float64Array(rings.count), new Float64Array(rings.count)];
  ringSums(observed, rings, ringCounts);
  ringSums(expected, rings, ringLambda);
  let profile = 0;
  for (let ring = 0; ring < rings.count; ring++) {
    if (ringLambda[ring] > 0) profile += (ringCounts[ring] - ringLambda[ring]) ** 2 / ringLambda[ring];
  }
  return [
    sum,
    maximum,
    pearson,
    2 * (total - alongLambda),
    2 * (total - sum + alongCounts - alongLambda),
    neighbours,
    patches,
    profile,
  ];
}
