/**
 * The density of patches on the GPU against that of the CPU. Without a device of WebGPU this is skipped with a printed reason;
 * `TSLIRA_REQUIRE_GPU=1` makes its absence an error.
 */
import { afterAll, describe, expect, it } from "vitest";
import { logMixture, type PreparedMixture, prepareMixture } from "../../src/data/law/patch-mixture.js";
import type { SkyImage } from "../../src/image.js";
import { createGpuPatchDensity } from "../../src/priors/gpu-patch-density.js";
import { patchDensity } from "../../src/priors/patch-density.js";
import { normPatch } from "../../src/priors/patch-prior.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import { randomImage, randomMixture } from "./random-mixture.js";

const found = await findTestGpu();
if ("missing" in found) console.warn(`gpu-patch-density.slow.test.ts skipped: ${found.missing}`);
afterAll(() => {
  if ("gpu" in found) found.gpu.close();
});

/** Rounding of f32. */
const UNIT = 2 ** -24;

/**
 * The most that f32 can change of the sum of all log densities, and of a derivative: numbers that go into a sum of n products may each be
 * taken for others that differ by n roundings and those of a few operations more.
 */
function mostRounding(
  mixture: PreparedMixture,
  { data, shape: [, nx] }: SkyImage,
  tops: readonly number[],
  lefts: readonly number[],
): { readonly sum: number; readonly slope: number } {
  const { patchSize, patchNorm, weights, means, whitening, logNorms } = mixture;
  const n = patchSize * patchSize;
  const each = (n + 16) * UNIT;
  const logs = new Float64Array(weights.length);
  let sum = 0;
  let slope = 0;
  for (const top of tops) {
    for (const left of lefts) {
      const patch = Float64Array.from({ length: n }, (_, index) => {
        return data[(top + Math.floor(index / patchSize)) * nx + left + (index % patchSize)];
      });
      const mean = normPatch(patch, patchNorm);
      const density = logMixture(mixture, patch, logs);
      let ofLog = 0;
      const ofSlopes = new Float64Array(n);
      const slopes = new Float64Array(n);
      for (let k = 0; k < weights.length; k++) {
        const share = Math.exp(logs[k] - density);
        ofLog += share * Math.abs(logNorms[k]);
        for (let row = 0; row < n; row++) {
          const factor = whitening.subarray((k * n + row) * n, (k * n + row + 1) * n);
          let white = 0;
          let size = 0;
          for (let col = 0; col <= row; col++) {
            white += factor[col] * (patch[col] - means[k * n + col]);
            // A normed pixel was a difference from 1 or from the mean.
            size += Math.abs(factor[col]) * (Math.abs(patch[col]) + 1 + Math.abs(means[k * n + col]));
          }
          ofLog += share * Math.abs(white) * size;
          for (let col = 0; col <= row; col++) {
            ofSlopes[col] += share * Math.abs(factor[col]) * size;
            slopes[col] += share * Math.abs(factor[col] * white);
          }
        }
      }
      sum += each * ofLog;
      // The shares are wrong by what the densities are; the norm takes the mean of all slopes away and divides.
      const most = Math.max(...ofSlopes.map((size, index) => size + slopes[index] * (1 + 2 * ofLog)));
      slope = Math.max(
        slope,
        (2 * each * most * (1 + Math.max(...patch))) / (patchNorm === "relative" ? mean : 1),
      );
    }
  }
  return { sum, slope };
}

describe.skipIf("missing" in found)("the density of patches on the GPU", () => {
  // Sides of 3 leave a quad that is not full; patches at the lower and right edge are moved inwards, by another number for each shift.
  const CASES = [
    ["none", 3, [0, 2, 4, 6, 8, 10, 11], [0, 1, 3, 5, 7, 9]],
    ["subtract-mean", 4, [0, 3, 6, 9, 10], [0, 3, 6, 8]],
    ["relative", 4, [0, 1, 5, 9, 10], [0, 4, 8]],
  ] as const;
  it.each(CASES)(
    "has the sum and the derivatives of the CPU's, again with the same bytes: norm %s",
    async (norm, side, tops, lefts) => {
      if (!("gpu" in found)) return;
      const mixture = prepareMixture(randomMixture(side, 5, norm));
      const image = randomImage([14, 12]);
      const onGpu = await createGpuPatchDensity(found.gpu, mixture, [image.data, image.shape, tops, lefts]);
      const onCpu = patchDensity(mixture);
      // The second grid is another shift, with fewer patches.
      for (const rows of [tops, tops.slice(1)]) {
        const most = mostRounding(mixture, image, rows, lefts);
        // What is there already is added to.
        const [slopes, again, expected] = [1, 1, 1].map((value) => new Float64Array(14 * 12).fill(value));
        const sum = await onGpu(image.data, image.shape, rows, lefts, slopes);
        expect(await onGpu(image.data, image.shape, rows, lefts, again)).toBe(sum);
        expect(again).toEqual(slopes);
        expect(await onGpu(image.data, image.shape, rows, lefts)).toBe(sum);
        const exact = onCpu(image.data, image.shape, rows, lefts, expected);
        expect(Math.abs(sum - exact)).toBeLessThan(most.sum);
        // Most patches that share a pixel.
        const shared =
          Math.max(
            ...[rows, lefts].map((starts) =>
              Math.max(
                ...starts.map((at) => starts.filter((other) => other <= at && at < other + side).length),
              ),
            ),
          ) ** 2;
        for (const [pixel, slope] of slopes.entries()) {
          expect(Math.abs(slope - expected[pixel]), `pixel ${pixel}`).toBeLessThan(shared * most.slope);
        }
        // Or the bounds would say nothing.
        expect(most.sum).toBeLessThan(1e-3 * Math.abs(exact));
        expect(shared * most.slope).toBeLessThan(1e-2 * Math.max(...expected.map(Math.abs)));
      }
    },
  );
});
