/** What the draws of a result say about regions, against sums written down by hand. */
import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { constantImage } from "../../src/image.js";
import { measureRegions } from "../../src/significance/measure-regions.js";

// 2 x 3 pixels; the region holds (0, 0) and (2, 0), in a row.
const shape = [2, 3] as const;
const observation: Observation = {
  counts: constantImage(shape, 1),
  psf: { data: Float64Array.of(1), shape: [1, 1] },
  exposure: { data: Float64Array.of(2, 2, 4, 2, 2, 2), shape },
};
const trace = {
  shape,
  first: 0,
  every: 1,
  chains: [Float32Array.of(1, 9, 3, 9, 9, 9, 2, 9, 2, 9, 9, 9), Float32Array.of(0, 9, 4, 9, 9, 9)],
};
const regions = [
  { name: "one", pixels: [1] },
  { name: "pair", pixels: [0, 2] },
];

describe("measureRegions", () => {
  it("takes fluxes, photons and centroids of each draw, of chains of different lengths", async () => {
    const [one, pair] = await measureRegions(trace, [observation], regions, { thresholds: [3.5, 4] });
    expect(one.flux.map((chain) => [...chain])).toEqual([[9, 9], [9]]);
    expect(pair.flux.map((chain) => [...chain])).toEqual([[4, 4], [4]]);
    expect(pair.products.flux.mean).toBe(4);
    // Photons 2 + 12, 4 + 8 and 0 + 16; centroids 6 / 4, 4 / 4 and 8 / 4.
    expect(pair.products.source.mean).toBeCloseTo(14, 12);
    expect(pair.products.centroid).toMatchObject({ x: 1.5, y: 0, xStd: 0.5, yStd: 0 });
    expect(pair.products.exceeds).toEqual([
      { threshold: 3.5, probability: 1 },
      { threshold: 4, probability: 0 },
    ]);
  });

  it("refuses regions without pixels or beyond the image", async () => {
    for (const pixels of [[], [6], [0.5]]) {
      await expect(measureRegions(trace, [observation], [{ name: "a", pixels }])).rejects.toThrow(
        /^region a: pixels must be one or more from 0 to 5/,
      );
    }
  });
});
