import { expect, it } from "vitest";
import { exponential } from "../../src/posterior/exponential.js";

it("agrees with the host's within a few units in the last place, over its whole range", () => {
  for (let x = -708; x < 709.7; x += 0.3701) {
    expect(Math.abs(exponential(x) / Math.exp(x) - 1), `${x}`).toBeLessThan(4 * Number.EPSILON);
  }
  expect(
    [0, -800, 710, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN].map(exponential),
  ).toEqual([1, 0, Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY, Number.NaN]);
  // Below the smallest normal number there are fewer digits: e^-740 is 84.78 times the smallest (60 digits of Python's decimal).
  expect(exponential(-740)).toBe(85 * Number.MIN_VALUE);
});
