import { describe, expect, it } from "vitest";
import { gaussianPsf, normalisePsf, psfCentre, psfCentroid } from "../../../src/data/observation/psf.js";
import { constantImage, imageSum, skyImage } from "../../../src/image.js";

describe("gaussianPsf", () => {
  it("sums to 1, is centred at floor(n / 2) and falls off with its sigma", () => {
    for (const shape of [
      [17, 17],
      [9, 16],
      [1, 5],
    ] as const) {
      const psf = gaussianPsf(3, shape);
      const [row, col] = psfCentre(psf);
      const peak = psf.data[row * shape[1] + col];
      expect(imageSum(psf)).toBeCloseTo(1, 14);
      expect(Math.max(...psf.data)).toBe(peak);
      const sigma = 1 / Math.sqrt(2 * Math.log(peak / psf.data[row * shape[1] + col + 1]));
      expect(sigma).toBeCloseTo(3, 12);
    }
  });

  it("has a default array that reaches 4 sigma", () => {
    expect(gaussianPsf(2).shape).toEqual([17, 17]);
    expect(gaussianPsf(0.3).shape).toEqual([5, 5]);
  });

  it("refuses a sigma that is not positive", () => {
    expect(() => gaussianPsf(0)).toThrow("gaussianPsf: sigma must be a finite number > 0, got 0;");
    expect(() => gaussianPsf(Number.NaN, [3, 3])).toThrow("sigma must be a finite number > 0, got NaN");
  });
});

describe("normalisePsf", () => {
  it("scales to sum 1 and leaves the caller's psf alone", () => {
    const psf = skyImage([1, 2, 1], [1, 3]);
    expect([...normalisePsf(psf).data]).toEqual([0.25, 0.5, 0.25]);
    expect([...psf.data]).toEqual([1, 2, 1]);
  });

  it("refuses what is no psf", () => {
    expect(() => normalisePsf(skyImage([1, -0.2], [1, 2]))).toThrow(
      "psf must be finite and >= 0, got -0.2 at [0, 1]",
    );
    expect(() => normalisePsf(constantImage([2, 2], 0))).toThrow("psf must have a finite sum > 0, got 0");
  });
});

describe("psfCentroid", () => {
  it("is 0 for a symmetric odd psf and -1/2 for an even one", () => {
    expect(psfCentroid(constantImage([3, 5], 1))).toEqual({ x: 0, y: 0 });
    expect(psfCentroid(constantImage([4, 2], 1))).toEqual({ x: -0.5, y: -0.5 });
  });

  it("counts x along columns and y along rows", () => {
    expect(psfCentroid(skyImage([0, 0, 0, 0, 0, 0, 1, 0, 0], [3, 3]))).toEqual({ x: -1, y: 1 });
  });
});
