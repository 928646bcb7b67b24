/** Chances of Poisson counts, against sums written out. */
import { describe, expect, it } from "vitest";
import { chanceOf, criticalCount, fluxFoundHalf, medianCount } from "../../src/photometry/sensitivity.js";

describe("sensitivity of an aperture", () => {
  it("knows the chance of counts", () => {
    expect(chanceOf(0, [5])).toBe(1);
    expect(chanceOf(1, [0])).toBe(0);
    // 1 - exp(-2) (1 + 2 + 2)
    expect(chanceOf(3, [2])).toBeCloseTo(0.323324, 6);
    expect(chanceOf(3, [2, 0])).toBeCloseTo(0.161662, 6);
    // Three standard deviations above a million: 0.00135 of a normal law, a little more of a Poisson law.
    expect(chanceOf(1_003_000, [1e6])).toBeCloseTo(0.00137, 4);
  });

  it("has an answer for means of any size, the same on both sides of where sums become long", () => {
    // Two standard deviations off, where the laws differ by what the mean changes.
    for (const z of [-2, 2]) {
      const [below, above] = [0.99e8, 1.01e8].map((mean) =>
        chanceOf(Math.round(mean + z * Math.sqrt(mean)), [mean]),
      );
      expect(Math.abs(above / below - 1)).toBeLessThan(1e-3);
    }
    expect(medianCount([1e30]) / 1e30).toBeCloseTo(1, 9);
    expect(criticalCount(1e-3, [1e38, 1])).toBeGreaterThan(1e38);
  });

  it("finds critical and median counts", () => {
    // P(N >= 6) = 0.0839, P(N >= 7) = 0.0335 for a mean of 3; P(N <= 2) = 0.42, P(N <= 3) = 0.65.
    expect(criticalCount(0.05, [3])).toBe(7);
    expect(medianCount([3])).toBe(3);
    expect(medianCount([0.1])).toBe(0);
  });

  it("finds the flux that gives a count half of the time", () => {
    // One or more with probability 1/2: a mean of ln 2, of which 0.1 is there and half of the photons are seen.
    expect(fluxFoundHalf(1, [0.1], [0.5])).toBeCloseTo((Math.LN2 - 0.1) / 0.5, 4);
    expect(fluxFoundHalf(1, [2], [0.5])).toBe(0);
  });
});
