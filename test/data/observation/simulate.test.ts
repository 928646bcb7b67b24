import { describe, expect, it } from "vitest";
import { checkObservation } from "../../../src/data/observation/check-observation.js";
import { gaussianPsf } from "../../../src/data/observation/psf.js";
import { exposureGradient, simulateCounts } from "../../../src/data/observation/simulate.js";
import {
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "../../../src/data/observation/simulated-datasets.js";
import { constantImage, imageSum, type SkyImage } from "../../../src/image.js";

const at = ({ data, shape }: SkyImage, row: number, col: number) => data[row * shape[1] + col];

describe("simulateCounts", () => {
  it("draws counts with the mean of the model, whatever the exposure", () => {
    const flux = constantImage([64, 64], 3);
    const options = {
      exposure: exposureGradient([64, 64], "cols", 0, 2),
      background: 1,
      boundary: "wrap" as const,
    };
    const total = imageSum(simulateCounts(flux, gaussianPsf(1), { ...options, seed: 5 }));
    const expected = 64 * 64 * 4;
    // A fixed seed; 5 standard deviations would fail for 1 seed in 1.7 million.
    expect(Math.abs(total - expected)).toBeLessThan(5 * Math.sqrt(expected));
  });

  it("gives the same counts for a seed, others for another, and leaves unmasked pixels alone", () => {
    const flux = constantImage([8, 8], 2);
    const counts = simulateCounts(flux, gaussianPsf(1), { seed: 3 });
    expect(simulateCounts(flux, gaussianPsf(1), { seed: 3 })).toEqual(counts);
    expect(simulateCounts(flux, gaussianPsf(1), { seed: 4 })).not.toEqual(counts);
    expect(simulateCounts(flux, gaussianPsf(1))).toEqual(simulateCounts(flux, gaussianPsf(1), { seed: 0 }));
    const mask = constantImage([8, 8], 1);
    mask.data.fill(0, 0, 16);
    const masked = simulateCounts(flux, gaussianPsf(1), { seed: 3, mask });
    expect([...masked.data]).toEqual([...counts.data].map((count, index) => (index < 16 ? 0 : count)));
  });

  it("refuses bad inputs by name", () => {
    const flux = constantImage([2, 2], 1);
    const psf = gaussianPsf(1);
    expect(() => simulateCounts(constantImage([2, 2], -1), psf)).toThrow(
      "simulateCounts: flux must be finite and >= 0, got -1 at [0, 0]",
    );
    expect(() => simulateCounts(flux, psf, { exposure: -1 })).toThrow("exposure must be finite and >= 0");
    expect(() => simulateCounts(flux, psf, { background: constantImage([3, 2], 1) })).toThrow(
      "background must have the shape [2, 2]",
    );
    expect(() => simulateCounts(flux, psf, { seed: -1 })).toThrow("seed must be a whole number");
    expect(() => exposureGradient([2, 2], "rows", -1, 1)).toThrow("both ends must be finite and >= 0");
  });
});

// Expected numbers: the defaults of pylira's datasets of the same names, as facts about its test data.
describe("simulatePointSource", () => {
  const data = simulatePointSource();

  it("has flux 1000 at (16, 16), background 2, exposure 1, psf of sigma 3 on 17 x 17", () => {
    expect(data.counts.shape).toEqual([32, 32]);
    expect(at(data.flux, 16, 16)).toBe(1000);
    expect(imageSum(data.flux)).toBe(1000);
    expect(data.background).toEqual(constantImage([32, 32], 2));
    expect(data.exposure).toEqual(constantImage([32, 32], 1));
    expect(data.psf).toEqual(gaussianPsf(3, [17, 17]));
    expect(data.name).toBe("point source");
  });

  it("is a legal observation without warnings, as are the others", () => {
    for (const simulated of [data, simulateDisk(), simulateGaussianAndPoints()]) {
      expect(checkObservation(simulated).warnings).toEqual([]);
    }
  });

  it("takes options", () => {
    const other = simulatePointSource({
      shape: [5, 8],
      flux: 7,
      position: { x: 6, y: 1 },
      psf: gaussianPsf(1),
      exposure: 2,
      seed: 9,
      name: "mine",
    });
    expect(at(other.flux, 1, 6)).toBe(7);
    expect(other.exposure).toEqual(constantImage([5, 8], 2));
    expect(other.psf.shape).toEqual([9, 9]);
    expect(other.name).toBe("mine");
  });

  it.each([
    [{ flux: "5" }, "flux must be a finite number >= 0, got 5"],
    [{ shape: "32" }, "shape must be two whole numbers >= 1, got 32; give [ny, nx]"],
    [{ shape: 32 }, "shape must be two whole numbers >= 1, got 32"],
    [{ psfSigma: "2" }, "sigma must be a finite number > 0, got 2"],
    [{ psfShape: [] }, "shape must be two whole numbers"],
    [{ background: "1" }, 'value must be a number, got "1"'],
  ])("refuses what is of another type: %o", (wrong, message) => {
    expect(() => simulatePointSource(wrong as never)).toThrow(message);
  });

  it("refuses a source outside the image or of negative flux", () => {
    expect(() => simulatePointSource({ position: { x: 32, y: 0 } })).toThrow(
      "a point source must lie on a pixel of the image",
    );
    expect(() => simulatePointSource({ flux: -1 })).toThrow(
      "simulatePointSource: flux must be a finite number >= 0, got -1",
    );
  });
});

describe("simulateDisk", () => {
  const data = simulateDisk();

  it("is a uniform disk of radius 3 and total flux 1000 around (15.5, 15.5)", () => {
    expect(imageSum(data.flux)).toBeCloseTo(1000, 9);
    // 1000 / (9 pi), within the 0.02 % by which ten samples a pixel miss the disk's area
    expect(at(data.flux, 16, 16) / (1000 / (9 * Math.PI))).toBeCloseTo(1, 3);
    for (const [row, col] of [
      [15, 15],
      [15, 16],
      [16, 15],
    ])
      expect(at(data.flux, row, col)).toBeCloseTo(at(data.flux, 16, 16), 12);
    expect(at(data.flux, 16, 20)).toBe(0);
    expect(at(data.flux, 13, 12)).toBe(at(data.flux, 18, 19));
  });

  it("has an exposure from 0.5 to 1.5 across the columns", () => {
    const { exposure } = data;
    expect(exposure).toBeDefined();
    if (!exposure) return;
    expect([at(exposure, 0, 0), at(exposure, 31, 0), at(exposure, 0, 31)]).toEqual([0.5, 0.5, 1.5]);
    expect(at(exposure, 4, 1)).toBeCloseTo(0.53225806, 8);
  });

  it("refuses a radius below a sample", () => {
    expect(() => simulateDisk({ radius: 0.01 })).toThrow(
      "simulateDisk: radius must be a finite number >= 0.1 pixel, got 0.01",
    );
  });
});

describe("simulateGaussianAndPoints", () => {
  const data = simulateGaussianAndPoints();

  it("has a Gaussian of flux 1000 and points of 1000, 300, 100 and 30", () => {
    expect(imageSum(data.flux)).toBeCloseTo(2430, 8);
    // pylira's value of this pixel, sampled at ten points a pixel and axis
    expect(at(data.flux, 16, 16)).toBeCloseTo(36.664897, 6);
    expect(at(data.flux, 26, 16)).toBeCloseTo(1000, 2);
    expect(at(data.flux, 6, 16)).toBeCloseTo(300, 2);
    expect(at(data.flux, 16, 26)).toBeCloseTo(100, 2);
    expect(at(data.flux, 16, 6)).toBeCloseTo(30, 2);
  });

  it("has a psf of sigma 2 and an exposure from 0.5 to 1.5 across the rows", () => {
    const { exposure, psf } = data;
    expect(psf).toEqual(gaussianPsf(2, [17, 17]));
    expect(exposure).toEqual(exposureGradient([32, 32], "rows", 0.5, 1.5));
    expect(at(exposure ?? psf, 0, 31)).toBe(0.5);
  });

  it("places its points in proportion in other shapes, or where it is told", () => {
    const wide = simulateGaussianAndPoints({ shape: [64, 128], points: [{ x: 100, y: 3, flux: 50 }] });
    expect(at(wide.flux, 3, 100)).toBeCloseTo(50, 6);
    expect(at(simulateGaussianAndPoints({ shape: [64, 128] }).flux, 52, 64)).toBeCloseTo(1000, 6);
  });
});
