import { describe, expect, it } from "vitest";
import {
  autocovarianceScratch,
  meanAutocovariance,
  rootsOfUnity,
} from "../../src/posterior/autocovariance.js";
import { slowAutocovariance } from "../oracles/diagnostics.js";
import { ar1Chains } from "./chains.js";

describe("rootsOfUnity", () => {
  it.each([2, 4, 8, 64, 4096])("gives cosine and sine of 2 pi j / %i", (size) => {
    const { cosines, sines } = rootsOfUnity(size);
    expect(cosines.length).toBe(size);
    for (let j = 0; j < size; j++) {
      expect(Math.abs(cosines[j] - Math.cos((2 * Math.PI * j) / size))).toBeLessThan(2e-15);
      expect(Math.abs(sines[j] - Math.sin((2 * Math.PI * j) / size))).toBeLessThan(2e-15);
    }
  });
});

describe("meanAutocovariance", () => {
  it.each([
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 5],
    [3, 16],
    [4, 17],
    [5, 33],
    [8, 100],
    [2, 129],
    [3, 500],
  ])("equals the direct sums for %i chains of %i draws", (chains, length) => {
    const draws = ar1Chains(0.7, chains, length, 100 * chains + length).map((chain) =>
      chain.map((x) => 3 * x + 50),
    );
    const values = Float64Array.from(draws.flat());
    const means = Float64Array.from(draws, (chain) => chain.reduce((sum, x) => sum + x, 0) / length);
    const scratch = autocovarianceScratch(length);
    meanAutocovariance(values, chains, means, scratch);
    for (let lag = 0; lag < length; lag++) {
      const slow = draws.reduce((sum, chain) => sum + slowAutocovariance(chain, lag), 0) / chains;
      expect(Math.abs(scratch.lags[lag] - slow)).toBeLessThan(1e-12 * 9);
    }
  });

  it("gives the same bits when its memory is used again", () => {
    const values = Float64Array.from(ar1Chains(0.5, 3, 40, 9).flat());
    const means = new Float64Array(3);
    const scratch = autocovarianceScratch(40);
    meanAutocovariance(values, 3, means, scratch);
    const first = scratch.lags.slice();
    meanAutocovariance(
      values.map((x) => 7 - x),
      3,
      means,
      scratch,
    );
    meanAutocovariance(values, 3, means, scratch);
    expect(scratch.lags).toEqual(first);
  });
});
