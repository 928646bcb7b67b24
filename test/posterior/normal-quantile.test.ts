import { describe, expect, it } from "vitest";
import { normalQuantile } from "../../src/posterior/normal-quantile.js";
import { slowNormalCdf, slowNormalQuantile } from "../oracles/diagnostics.js";

describe("normalQuantile", () => {
  it("matches bisection of the distribution function to 1e-12 on a grid and in both tails", () => {
    const probabilities = [1e-300, 1e-100, 1e-20, 1e-12, 1.4e-11, 1e-9, 1e-6, 1e-4, 0.01, 0.0749, 0.0751];
    for (let k = 1; k < 200; k++) probabilities.push(k / 200);
    for (const p of probabilities) {
      const slow = slowNormalQuantile(p);
      expect(Math.abs(normalQuantile(p) - slow)).toBeLessThan(1e-12 * Math.max(Math.abs(slow), 1));
    }
  });

  it("is odd about 1/2", () => {
    for (const p of [0.5, 0.25, 0.125, 2 ** -10, 2 ** -30])
      expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), 12);
  });

  it("undoes the distribution function", () => {
    for (let x = -6; x <= 6; x += 0.37) {
      const p = slowNormalCdf(-Math.abs(x)); // the side where probabilities have full precision
      expect(normalQuantile(p)).toBeCloseTo(-Math.abs(x), 11);
    }
  });

  it("gives infinities at 0 and 1 and NaN outside", () => {
    expect(normalQuantile(0)).toBe(-Infinity);
    expect(normalQuantile(1)).toBe(Infinity);
    expect(normalQuantile(-0.1)).toBeNaN();
    expect(normalQuantile(1.1)).toBeNaN();
    expect(normalQuantile(Number.NaN)).toBeNaN();
  });
});
