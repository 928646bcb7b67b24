// Counts made and compared by the kernel, against plain TypeScript and against their exact law.

import { describe, expect, it } from "vitest";
import { countsKernel } from "../../src/checks/counts-kernel.js";
import { DISCREPANCIES, preparePrediction } from "../../src/checks/discrepancy.js";
import { evenEdges, ringSums, ringsAbout } from "../../src/data/observation/radial-profile.js";
import { drawPoisson } from "../../src/data/random/poisson.js";
import { randomStream } from "../../src/data/random/random.js";
import type { Shape, SkyImage } from "../../src/image.js";
import { pearson, poissonProbabilities } from "../kernels/goodness-of-fit.js";
import { discrepancies } from "../oracles/discrepancies.js";

/** A prediction of very different pixels, some dark, and counts of it; about a fifth of the pixels masked if asked for. */
function scene(shape: Shape, masked: boolean, scale = 1) {
  const stream = randomStream(shape[0] * 100 + shape[1]);
  const pixels = shape[0] * shape[1];
  const lambda: SkyImage = {
    data: Float64Array.from({ length: pixels }, () =>
      stream.uniform() < 0.1 ? 0 : scale * stream.uniform() ** -2,
    ),
    shape,
  };
  const counts: SkyImage = { data: lambda.data.map((mean) => drawPoisson(stream, mean)), shape };
  const mask: SkyImage | undefined = masked
    ? { data: Float64Array.from({ length: pixels }, () => Number(stream.uniform() > 0.2)), shape }
    : undefined;
  const edges = evenEdges(1, Math.max(1, Math.min(...shape) / 2));
  const profile = ringsAbout({ x: 0, y: 0 }, shape, edges, mask);
  const rings = ringsAbout({ x: Math.floor(shape[1] / 2), y: 0.5 }, shape, edges, mask);
  return { lambda, counts, mask, profile, rings };
}

describe("discrepancies", () => {
  it.each<{ shape: Shape; side: number; masked: boolean; scale?: number }>([
    { shape: [16, 16], side: 3, masked: false },
    { shape: [16, 16], side: 4, masked: true },
    { shape: [7, 12], side: 2, masked: false },
    { shape: [12, 7], side: 7, masked: true, scale: 0.1 },
    { shape: [9, 33], side: 1, masked: false },
    { shape: [5, 5], side: 5, masked: false, scale: 300 },
    { shape: [1, 6], side: 1, masked: false },
  ])(
    "of $shape, squares of $side, masked $masked are those of plain sums",
    ({ shape, side, masked, scale }) => {
      const { lambda, counts, mask, profile, rings } = scene(shape, masked, scale);
      const kernel = countsKernel(shape, mask, profile);
      kernel.compareWith(preparePrediction(lambda, mask, rings, side));
      const found = Array.from(kernel.discrepanciesOf(counts.data));
      const expected = discrepancies(counts, lambda, mask, rings, side);
      for (const [index, value] of expected.entries()) {
        // Neighbours and cash are differences of large sums.
        expect(Math.abs(found[index] - value), DISCREPANCIES[index]).toBeLessThan(
          1e-10 * (1 + expected[2] + Math.abs(value)),
        );
      }
    },
  );

  it("are infinite where counts lie in pixels that expect none", () => {
    const { lambda, counts, profile, rings } = scene([6, 6], false);
    lambda.data[7] = 0;
    counts.data[7] = 1;
    const kernel = countsKernel([6, 6], undefined, profile);
    kernel.compareWith(preparePrediction(lambda, undefined, rings, 2));
    const found = Array.from(kernel.discrepanciesOf(counts.data));
    expect(found.slice(2, 5)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
    expect(discrepancies(counts, lambda, undefined, rings, 2).slice(2, 5)).toEqual(found.slice(2, 5));
  });
});

describe("replicated counts", () => {
  // Seed 7, 40 images of 64 x 64: 163,840 numbers of each mean, Pearson's test. False-alarm rate of all means together below 1e-4.
  it.each([1e-3, 0.04, 0.06, 0.3, 0.99, 1, 2.5, 6, 9.99, 10, 17, 120])(
    "of mean %d have their law",
    (mean) => {
      const shape: Shape = [64, 64];
      const lambda = { data: new Float64Array(64 * 64).fill(mean), shape };
      const rings = ringsAbout({ x: 32, y: 32 }, shape);
      const kernel = countsKernel(shape, undefined, rings);
      kernel.compareWith(preparePrediction(lambda, undefined, rings, 2));
      kernel.drawFrom(lambda.data);
      kernel.seed(7, Math.round(1000 * mean));
      const most = Math.ceil(mean + 12 * Math.sqrt(mean) + 12);
      const seen = new Float64Array(most + 1);
      for (let image = 0; image < 40; image++) {
        kernel.replicate();
        for (const count of kernel.counts()) seen[Math.min(count, most)]++;
      }
      const expected = poissonProbabilities(mean, most).map((probability) => probability * 40 * 64 * 64);
      expect(pearson(seen, expected)).toBeGreaterThan(1e-4 / 12);
    },
  );

  it("come with their discrepancies and profile, are none in masked pixels, and follow from seed and number", () => {
    const { lambda, mask, profile, rings } = scene([11, 14], true);
    const kernel = countsKernel([11, 14], mask, profile);
    kernel.compareWith(preparePrediction(lambda, mask, rings, 3));
    kernel.drawFrom(lambda.data);
    const make = (seed: number, number: number) => {
      kernel.seed(seed, number);
      const { values, profile: sums } = kernel.replicate();
      return { values: Array.from(values), sums: Array.from(sums), counts: kernel.counts() };
    };
    const first = make(1, 0);
    const expected = discrepancies({ data: first.counts, shape: [11, 14] }, lambda, mask, rings, 3);
    for (const [index, value] of expected.entries()) expect(first.values[index] / value).toBeCloseTo(1, 9);
    const sums = new Float64Array(profile.count);
    ringSums(first.counts, profile, sums);
    expect(first.sums).toEqual(Array.from(sums));
    expect(first.counts.some((count, pixel) => count > 0 && mask?.data[pixel] === 0)).toBe(false);
    expect(make(1, 1).counts).not.toEqual(first.counts);
    expect(make(2, 0).counts).not.toEqual(first.counts);
    expect(make(1, 0)).toEqual(first);
  });
});
