import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/data/random/random.js";
import {
  bonferroni,
  holm,
  monteCarloP,
  tailFraction,
  tailOf,
  tailTest,
} from "../../src/significance/upper-bound.js";

const uniforms = (seed: number, count: number, power = 1) => {
  const stream = randomStream(seed);
  return Float64Array.from({ length: count }, () => stream.uniform() ** power);
};

describe("the tail value", () => {
  it("has the stated part of the draws at or above it", () => {
    const sorted = Float64Array.from({ length: 1000 }, (_, index) => index);
    expect(tailOf(sorted, 0.005)).toEqual({ value: 995, probability: 0.005 });
    expect(tailOf(sorted, 0.1)).toEqual({ value: 900, probability: 0.1 });
  });

  it("never has more, unless the largest draws are tied", () => {
    // 0.1 falls among the tied sevens: they are left out.
    const tied = Float64Array.of(0, 1, 2, 3, 4, 7, 7, 7, 7, 9);
    expect(tailOf(tied, 0.3)).toEqual({ value: 9, probability: 0.1 });
    expect(tailOf(tied, 0.1)).toEqual({ value: 9, probability: 0.1 });
    // All alike: nothing can be told apart, and no bound below 1 follows.
    const alike = new Float64Array(50).fill(1);
    expect(tailOf(alike, 0.005)).toEqual({ value: 1, probability: 1 });
    expect(tailTest([alike, alike], [alike, alike], 0.005).bound).toBe(1);
  });
});

describe("the bound of Stein et al.", () => {
  const nulls = Array.from({ length: 20 }, (_, index) => uniforms(10 + index, 500));

  it("is gamma when all draws of the observation exceed the tail value, and 1 when none does", () => {
    const above = [new Float64Array(300).fill(1), new Float64Array(300).fill(1)];
    const found = tailTest(above, nulls, 0.005);
    expect(found.test).toBe(1);
    expect(found.bound).toBe(0.005);
    expect(found.boundError).toBeGreaterThan(0);
    const below = tailTest([new Float64Array(300)], nulls, 0.005);
    expect(below).toMatchObject({ test: 0, bound: 1, boundError: 0 });
  });

  it("is tail probability over T, and never above 1", () => {
    // Uniform draws to the power 1/4 exceed c with probability 1 - c^4.
    const observed = [uniforms(1, 4000, 0.25), uniforms(2, 4000, 0.25)];
    const found = tailTest(observed, nulls, 0.05);
    const expected = 1 - found.tailValue ** 4;
    // Three binomial errors of 8000 independent draws.
    expect(Math.abs(found.test - expected)).toBeLessThan(3 * Math.sqrt((expected * (1 - expected)) / 8000));
    expect(found.bound).toBeCloseTo(found.tailProbability / found.test, 14);
    expect(found.tailProbability).toBe(0.05);
    // The other way round: a statistic below the nulls' gives a ratio above 1.
    expect(tailTest([uniforms(3, 4000, 4)], nulls, 0.05).bound).toBe(1);
  });

  it("has the errors that repeating it has", () => {
    // 200 repetitions with new nulls and new draws; errors of errors are 1 / sqrt(2 * 200), 5 %; accepted 20 %.
    const found = Array.from({ length: 200 }, (_, repeat) => {
      const fresh = Array.from({ length: 20 }, (__, index) => uniforms(1_000 + 40 * repeat + index, 200));
      return tailTest([uniforms(50_000 + repeat, 400, 0.25)], fresh, 0.05);
    });
    // At a fixed tail value the fraction of the nulls above it scatters by its error.
    const errors = found.map(({ tailError }) => tailError);
    const mean = errors.reduce((sum, value) => sum + value, 0) / errors.length;
    const truth = Math.sqrt((0.05 * 0.95) / (20 * 200));
    expect(mean / truth).toBeGreaterThan(0.8);
    expect(mean / truth).toBeLessThan(1.2);
    const testErrors = found.map(({ testError }) => testError).reduce((sum, value) => sum + value, 0) / 200;
    const typical = found[0].test;
    expect(testErrors / Math.sqrt((typical * (1 - typical)) / 400)).toBeGreaterThan(0.8);
    expect(testErrors / Math.sqrt((typical * (1 - typical)) / 400)).toBeLessThan(1.3);
  });

  it("averages over groups of chains that sample different laws", () => {
    const chains = [
      new Float64Array(100).fill(1),
      new Float64Array(100).fill(1),
      new Float64Array(100),
      new Float64Array(100),
    ];
    expect(
      tailFraction(chains, 0.5, [
        [0, 1],
        [2, 3],
      ]).fraction,
    ).toBe(0.5);
  });
});

describe("several tests", () => {
  it("direct p-values count the observation among the replicates", () => {
    expect(monteCarloP(5, [1, 2, 3])).toBe(0.25);
    expect(monteCarloP(2, [1, 2, 3])).toBe(0.75);
  });

  it("Bonferroni multiplies, Holm steps down", () => {
    // Holm (1979) by hand: sorted 0.01, 0.02, 0.04, times 3, 2, 1, cumulative maximum.
    expect(bonferroni([0.04, 0.01, 0.02])).toEqual([0.12, 0.03, 0.06]);
    expect(holm([0.04, 0.01, 0.02])).toEqual([0.04, 0.03, 0.04]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });
});
