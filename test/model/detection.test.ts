import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { constantImage, skyImage } from "../../src/image.js";
import { detectionProbability } from "../../src/model/detection.js";
import { boundaries, masks, psfs, shapes } from "../data/random-images.js";
import { naiveDetection } from "../oracles/convolution.js";

describe("detectionProbability", () => {
  it("equals the definition for all shapes, with and without a mask", () => {
    const inputs = shapes.chain((shape) =>
      fc.tuple(fc.constant(shape), psfs, boundaries, fc.option(masks(shape), { nil: undefined })),
    );
    fc.assert(
      fc.property(inputs, ([shape, psf, boundary, mask]) => {
        const { data } = detectionProbability(psf, shape, { boundary, ...(mask ? { mask } : {}) });
        for (const [index, value] of naiveDetection(psf, shape, boundary, mask).entries()) {
          expect(data[index]).toBeCloseTo(value, 12);
          expect(data[index] >= 0 && data[index] <= 1).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is exactly 1 with wrap and no mask", () => {
    const psf = gaussianPsf(2, [9, 9]);
    expect(detectionProbability(psf, [5, 6], { boundary: "wrap" })).toEqual(constantImage([5, 6], 1));
  });

  it("is exactly 1 away from edges and masks, below 1 near them", () => {
    const psf = gaussianPsf(1, [5, 5]);
    const mask = constantImage([20, 20], 1);
    mask.data[0] = 0;
    const at = (q: { data: Float64Array }, row: number, col: number) => q.data[row * 20 + col];
    const spill = detectionProbability(psf, [20, 20], { boundary: "spill", mask });
    const wrap = detectionProbability(psf, [20, 20], { boundary: "wrap", mask });
    expect(at(spill, 10, 10)).toBe(1);
    expect(at(spill, 10, 1)).toBeLessThan(1);
    expect(at(wrap, 10, 1)).toBe(1);
    expect(at(wrap, 19, 19)).toBeCloseTo(1 - psf.data[6], 14);
  });

  it("is exactly 0 where nothing in use can be reached, whichever way it is computed", () => {
    const psf = gaussianPsf(1, [3, 3]);
    for (const used of [3, 15]) {
      const mask = skyImage(
        Array.from({ length: 18 }, (_, col) => (col < used ? 1 : 0)),
        [1, 18],
      );
      const { data } = detectionProbability(psf, [1, 18], { boundary: "spill", mask });
      expect([...data.subarray(used + 1)].every((value) => value === 0)).toBe(true);
      expect(data[used]).toBeGreaterThan(0);
    }
  });

  it("keeps the relative accuracy of small probabilities at the edges", () => {
    // One cell of 1e-20 is all that a photon born in the last pixel has to reach the detector.
    const psf = skyImage([1e-20, 0, 0, 0, 0, 0, 1], [1, 7]);
    expect(detectionProbability(psf, [1, 4], { boundary: "spill" }).data[3]).toBe(1e-20);
  });

  it("refuses an unknown boundary", () => {
    expect(() => detectionProbability(gaussianPsf(1), [4, 4], { boundary: "none" as "wrap" })).toThrow(
      'detectionProbability: boundary must be "spill" or "wrap"',
    );
  });
});
