import { describe, expect, it } from "vitest";
import { exponential, naturalLog } from "../../../src/data/random/exponential.js";

// The engine's own functions are within one unit in the last place, so 3 units bound the difference.
const TOLERANCE = 3 * 2 ** -52;

function expectNear(value: number, expected: number): void {
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(TOLERANCE * Math.abs(expected));
}

describe("exponential", () => {
  it("agrees with the engine over its whole range", () => {
    for (let x = -708; x < 709.7; x += 0.137) expectNear(exponential(x), Math.exp(x));
  });

  it("is exact at 0 and has the right limits", () => {
    expect(exponential(0)).toBe(1);
    expect(exponential(710)).toBe(Number.POSITIVE_INFINITY);
    expect(exponential(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(exponential(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(exponential(Number.NaN)).toBeNaN();
    expect(Math.abs(exponential(-740) - Math.exp(-740))).toBeLessThanOrEqual(5e-324);
  });
});

describe("naturalLog", () => {
  it("keeps its relative accuracy near 1, where it vanishes", () => {
    for (const x of [1 - 2 ** -53, 1 + 2 ** -52, 1 + 1e-9, 1 - 1e-9, 1.001, 0.999])
      expect(Math.abs(naturalLog(x) / Math.log(x) - 1)).toBeLessThan(5e-16);
  });

  it("agrees with the engine from subnormal numbers to the largest", () => {
    for (let x = 5e-324; x < 1e308; x *= 2.37) expectNear(naturalLog(x), Math.log(x));
    for (let x = 0.5; x < 2; x += 0.00137) expectNear(naturalLog(x), Math.log(x));
    expectNear(naturalLog(Number.MAX_VALUE), Math.log(Number.MAX_VALUE));
  });

  it("is exact at 1 and has the right limits", () => {
    expect(naturalLog(1)).toBe(0);
    expect(naturalLog(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(naturalLog(-1)).toBeNaN();
    expect(naturalLog(Number.NaN)).toBeNaN();
    expect(naturalLog(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });
});

it("exponential agrees with the host's within a few units in the last place, over its whole range", () => {
  for (let x = -708; x < 709.7; x += 0.3701) {
    expect(Math.abs(exponential(x) / Math.exp(x) - 1), `${x}`).toBeLessThan(4 * Number.EPSILON);
  }
  expect(
    [0, -800, 710, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN].map(exponential),
  ).toEqual([1, 0, Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY, Number.NaN]);
  // Below the smallest normal number there are fewer digits: e^-740 is 84.78 times the smallest (60 digits of Python's decimal).
  expect(exponential(-740)).toBe(85 * Number.MIN_VALUE);
});
