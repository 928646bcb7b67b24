import { describe, expect, it } from "vitest";
import { splitRhat } from "../../src/posterior/convergence.js";
import { comparableChains } from "../../src/posterior/draw-source.js";
import { type MomentSums, poolMoments, summariseParameters } from "../../src/posterior/summary.js";
import type { ParameterTrace } from "../../src/posterior/trace.js";
import { slowBulkEss } from "../oracles/diagnostics.js";
import { ar1Chains, normalSource } from "./chains.js";

/** Sums of a chain of images, directly from their definition. */
function sums(draws: readonly number[][]): MomentSums {
  const pixels = draws[0]?.length ?? 4;
  const mean = new Float64Array(pixels);
  const squares = new Float64Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (const draw of draws) mean[pixel] += draw[pixel] / draws.length;
    for (const draw of draws) squares[pixel] += (draw[pixel] - mean[pixel]) ** 2;
  }
  return { draws: draws.length, mean, squares };
}

describe("poolMoments", () => {
  const normal = normalSource(3);
  const chain = (draws: number, shift: number) =>
    Array.from({ length: draws }, () => [0, 1, 2, 3].map((p) => 1e3 * p + shift + normal()));
  const chains = [chain(50, 0), chain(7, 3), chain(1, -2), chain(120, 1)];

  it("equals mean and standard deviation of all draws at once", () => {
    const pooled = poolMoments(chains.map(sums), [2, 2]);
    const direct = sums(chains.flat());
    expect(pooled.draws).toBe(178);
    for (let pixel = 0; pixel < 4; pixel++) {
      expect(pooled.mean.data[pixel]).toBeCloseTo(direct.mean[pixel], 10);
      expect(pooled.std.data[pixel]).toBeCloseTo(Math.sqrt(direct.squares[pixel] / 177), 10);
    }
    expect(pooled.mean.shape).toEqual([2, 2]);
  });

  it("is the chain itself for one chain, and ignores chains without draws", () => {
    const one = sums(chains[0]);
    const pooled = poolMoments([sums([]), one, sums([])], [2, 2]);
    expect(pooled.mean.data).toEqual(one.mean);
    expect(pooled.std.data).toEqual(one.squares.map((squares) => Math.sqrt(squares / 49)));
  });

  it("gives NaN where there is nothing to average", () => {
    expect(poolMoments([], [1, 2]).mean.data).toEqual(new Float64Array([Number.NaN, Number.NaN]));
    const single = poolMoments([sums([[1, 2, 3, 4]])], [2, 2]);
    expect(single.mean.data[3]).toBe(4);
    expect(single.std.data[3]).toBeNaN();
  });

  it("does not change the sums and refuses those of another shape", () => {
    const part = sums(chains[0]);
    const copy = structuredClone(part);
    poolMoments([part, sums(chains[3])], [2, 2]);
    expect(part).toEqual(copy);
    expect(() => poolMoments([part], [3, 3])).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
  });
});

describe("comparableChains", () => {
  it("keeps chains of at least half the longest", () => {
    expect(comparableChains([10, 5, 4, 0])).toEqual([0, 1]);
    expect(comparableChains([0, 0])).toEqual([]);
    expect(comparableChains([])).toEqual([]);
  });
});

describe("summariseParameters", () => {
  const names = [
    "iteration",
    "chain",
    "stepSize",
    "cycleSpinRow",
    "cycleSpinCol",
    "alpha",
    "bkgScale",
    "total",
  ];
  const draws = { alpha: ar1Chains(0.5, 3, 100, 1), total: ar1Chains(0.1, 3, 100, 2) };
  const trace: ParameterTrace = {
    names,
    burnIn: 20,
    chains: [0, 1, 2].map((c) =>
      Float64Array.from(
        Array.from({ length: 100 }, (_, k) => [
          k,
          c,
          0,
          k % 7,
          k % 5,
          draws.alpha[c][k] + (k < 20 ? 1e6 : 0),
          1,
          draws.total[c][k],
        ]).flat(),
      ),
    ),
  };

  it("reports what varies, after burn-in, without bookkeeping", () => {
    const rows = summariseParameters(trace);
    expect(rows.map(({ name }) => name)).toEqual(["alpha", "total"]);
    const after = draws.alpha.map((chain) => chain.slice(20));
    expect(rows[0].rhat).toBe(splitRhat(after));
    expect(Math.abs(rows[0].mean)).toBeLessThan(1);
    expect(Math.abs(rows[0].ess / slowBulkEss(after) - 1)).toBeLessThan(1e-9);
  });

  it("says nothing when all sweeps are burn-in", () => {
    expect(summariseParameters({ ...trace, burnIn: 200 })).toEqual([]);
  });
});
