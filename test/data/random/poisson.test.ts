import { describe, expect, it } from "vitest";
import { drawPoisson, halfDeviance, logPoisson } from "../../../src/data/random/poisson.js";
import { randomStream } from "../../../src/data/random/random.js";

/** `ln P(count)` term by term. */
function naiveLogPoisson(count: number, mean: number): number {
  let sum = -mean;
  for (let n = 1; n <= count; n++) sum += Math.log(mean / n);
  return sum;
}

describe("logPoisson", () => {
  it.each([0.3, 1, 9.7, 16, 40, 200])("equals the product over the counts for mean %s", (mean) => {
    for (let count = 0; count < 3 * mean + 30; count++) {
      const expected = naiveLogPoisson(count, mean);
      expect(Math.abs(logPoisson(count, mean) - expected)).toBeLessThan(2e-13 * (1 + Math.abs(expected)));
    }
  });
});

describe("halfDeviance", () => {
  it("equals its formula away from the mean and joins both branches", () => {
    for (const count of [1, 3, 10, 1000]) {
      for (const ratio of [0.2, 0.7, 0.81, 0.82, 0.83, 0.9, 1, 1.1, 1.21, 1.22, 1.23, 4]) {
        const mean = count * ratio;
        const expected = count * Math.log(count / mean) + mean - count;
        expect(Math.abs(halfDeviance(count, mean) - expected)).toBeLessThan(1e-14 * (count + mean));
      }
    }
  });

  it("has the limits of 0 ln 0 = 0", () => {
    expect(halfDeviance(0, 2.5)).toBe(2.5);
    expect(halfDeviance(0, 0)).toBe(0);
    expect(halfDeviance(3, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(halfDeviance(5, 5)).toBe(0);
    // The series of NaN has no end.
    expect(halfDeviance(5, Number.NaN)).toBeNaN();
  });
});

/**
 * Chi-square of the draws against the law, in cells of at least 20 expected draws, as a standard normal by Wilson & Hilferty.
 */
function chiSquareZ(mean: number, draws: number): number {
  const stream = randomStream(372);
  const observed = new Map<number, number>();
  for (let draw = 0; draw < draws; draw++) {
    const count = drawPoisson(stream, mean);
    observed.set(count, (observed.get(count) ?? 0) + 1);
  }
  const low = Math.max(0, Math.floor(mean - 9 * Math.sqrt(mean) - 9));
  const high = Math.ceil(mean + 9 * Math.sqrt(mean) + 20);
  let statistic = 0;
  let cells = 0;
  let expectedCell = 0;
  let observedCell = 0;
  let expectedLeft = draws;
  let observedLeft = draws;
  for (let count = low; count <= high; count++) {
    expectedCell += draws * Math.exp(naiveLogPoisson(count, mean));
    observedCell += observed.get(count) ?? 0;
    if (expectedCell < 20 || expectedLeft - expectedCell < 20) continue;
    statistic += (observedCell - expectedCell) ** 2 / expectedCell;
    expectedLeft -= expectedCell;
    observedLeft -= observedCell;
    cells++;
    expectedCell = 0;
    observedCell = 0;
  }
  statistic += (observedLeft - expectedLeft) ** 2 / expectedLeft;
  const freedom = cells;
  return (Math.cbrt(statistic / freedom) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
}

describe("drawPoisson", () => {
  // The seed is fixed, so this never fails by chance; a sound generator would pass |z| < 4 for all but 6 in 100,000 seeds
  // and each mean.
  it.each([0.03, 1, 4.4, 9.99, 10, 11.3, 30, 123.4, 1500])("follows the law of mean %s", (mean) => {
    expect(Math.abs(chiSquareZ(mean, 200_000))).toBeLessThan(4);
  });

  it.each([1e6, 1e9, 1e12])("has mean and variance %s", (mean) => {
    const stream = randomStream(1);
    const draws = 20_000;
    let sum = 0;
    let squares = 0;
    for (let draw = 0; draw < draws; draw++) {
      const z = (drawPoisson(stream, mean) - mean) / Math.sqrt(mean);
      sum += z;
      squares += z * z;
    }
    expect(Math.abs(sum / draws)).toBeLessThan(5 / Math.sqrt(draws));
    expect(Math.abs(squares / draws - 1)).toBeLessThan(5 * Math.sqrt(2 / draws));
  });

  it("gives 0 for mean 0, whole numbers always", () => {
    const stream = randomStream(3);
    expect(drawPoisson(stream, 0)).toBe(0);
    expect(drawPoisson(stream, 1e-300)).toBe(0);
    for (const mean of [0.5, 50, 5e14]) expect(Number.isInteger(drawPoisson(stream, mean))).toBe(true);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e16])("refuses the mean %s", (mean) => {
    expect(() => drawPoisson(randomStream(0), mean)).toThrow(
      expect.objectContaining({
        code: "INVALID_INPUT",
        message: expect.stringContaining("mean must lie in [0, 2^52]"),
      }),
    );
  });
});
