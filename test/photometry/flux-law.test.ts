/** The law of an extra flux against closed forms and sums over a fine grid. */
import { describe, expect, it } from "vitest";
import { type ExpectedCounts, fluxLaw } from "../../src/photometry/flux-law.js";

const sky = (other: readonly number[], unit: readonly number[]): ExpectedCounts => ({
  other: Float64Array.from(other),
  unit: Float64Array.from(unit),
});
const limits = (...args: Parameters<typeof fluxLaw>) => fluxLaw(...args).limits.map(({ limit }) => limit);

/** The flux below which a part of the flat-prior posterior lies, by the midpoint rule on 20,000 cells up to `most`. */
function quantileByGrid(
  counts: readonly number[],
  { other, unit }: ExpectedCounts,
  part: number,
  most: number,
) {
  const cells = 20_000;
  const masses = Array.from({ length: cells }, (_, cell) => {
    const flux = ((cell + 0.5) * most) / cells;
    return counts.reduce((product, count, pixel) => {
      const mean = other[pixel] + flux * unit[pixel];
      return product * mean ** count * Math.exp(-mean);
    }, 1);
  });
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  let [cell, below] = [0, 0];
  while (below < part) below += masses[cell++] / total;
  return (cell * most) / cells;
}

describe("fluxLaw", () => {
  it("is Gamma(n + 1) where nothing else shines: -ln(1 - p) without counts, chi2(12) / 2 for five", () => {
    const none = limits([0], [sky([0], [1])]);
    for (const [at, limit] of [1.1394, Math.LN10, 2.9957, 5.8091].entries())
      expect(none[at]).toBeCloseTo(limit, 2);
    // chi2(12 degrees) is 21.026 at 95 %, 18.549 at 90 %.
    const five = limits([5], [sky([0], [1])]);
    expect(five[2]).toBeCloseTo(10.513, 2);
    expect(five[1]).toBeCloseTo(9.275, 2);
    // Half of the photons fall outside.
    expect(limits([5], [sky([0], [0.5])])[2]).toBeCloseTo(21.026, 1);
  });

  it("is Gamma(1/2) under Jeffreys's prior without counts: chi2(1) / 2", () => {
    expect(limits([0], [sky([0], [1])], "jeffreys")[2]).toBeCloseTo(3.8415 / 2, 2);
  });

  it("agrees with the grid for several pixels of other light", () => {
    const other = sky([2, 0.5, 0], [0.6, 0.3, 0.1]);
    const counts = [4, 0, 1];
    const law = fluxLaw(counts, [other]);
    for (const { probability, limit } of law.limits) {
      expect(limit / quantileByGrid(counts, other, probability, 60)).toBeCloseTo(1, 2);
    }
    // The slope of the likelihood is 0 at the best flux.
    const slope = 4 * (0.6 / (2 + 0.6 * law.best)) + 0.1 / (0.1 * law.best) - 1;
    expect(slope).toBeCloseTo(0, 1);
  });

  it("averages the laws of the skies, each of norm 1", () => {
    const [, , limit] = limits([0], [sky([0], [1]), sky([9], [2])]);
    // P(flux > x) = (exp(-x) + exp(-2 x)) / 2
    expect((Math.exp(-limit) + Math.exp(-2 * limit)) / 2).toBeCloseTo(0.05, 3);
  });

  it("is normal for many counts, and its shortest intervals begin at 0 where nothing is seen", () => {
    const law = fluxLaw([1_010_000], [sky([10_000], [1])]);
    expect(Math.abs(law.best - 1e6)).toBeLessThan(50);
    expect((law.limits[2].limit - 1e6) / 1005).toBeCloseTo(1.645, 1);
    expect((law.intervals[0].high - law.intervals[0].low) / 2 / 1005).toBeCloseTo(0.994, 1);
    const none = fluxLaw([2], [sky([3], [1])]);
    expect(none.best).toBe(0);
    expect(none.intervals.map(({ low }) => low)).toEqual([0, 0, 0, 0]);
    // Beginning at 0, the shortest interval ends at the one-sided limit.
    expect(none.intervals[2].high / none.limits[2].limit).toBeCloseTo(1, 2);
  });
});
