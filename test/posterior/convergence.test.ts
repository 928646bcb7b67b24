import { describe, expect, it } from "vitest";
import {
  autocorrelationTime,
  bulkEss,
  convergence,
  meanEss,
  meanMcse,
  quantileEss,
  quantileMcse,
  splitRhat,
  stdEss,
  stdMcse,
  tailEss,
} from "../../src/posterior/convergence.js";
import { slowBulkEss, slowHalves, slowPlainEss, slowQuantileEss, slowRhat } from "../oracles/diagnostics.js";
import { ar1Chains, normalSource, uniformSource } from "./chains.js";

/** Relative difference. */
const off = (fast: number, slow: number) => Math.abs(fast / slow - 1);

describe("against the slow oracle", () => {
  const cases: [string, number[][]][] = [
    ["independent draws", ar1Chains(0, 4, 100, 1)],
    ["slow chains", ar1Chains(0.95, 4, 120, 2)],
    ["antithetic chains", ar1Chains(-0.8, 3, 90, 3)],
    ["odd length", ar1Chains(0.5, 4, 101, 4)],
    ["unequal lengths", ar1Chains(0.5, 3, 120, 5).map((chain, c) => chain.slice(0, 120 - 13 * c))],
    ["one chain", ar1Chains(0.3, 1, 151, 6)],
    ["many ties", ar1Chains(0.6, 4, 100, 7).map((chain) => chain.map((x) => Math.round(x)))],
    ["half of the draws zero", ar1Chains(0.6, 4, 100, 8).map((chain) => chain.map((x) => Math.max(x, 0)))],
    [
      "signed zeros",
      ar1Chains(0, 2, 80, 9).map((chain) => chain.map((x, i) => (x > 0.3 ? x : i % 2 ? 0 : -0))),
    ],
    ["different spread", ar1Chains(0.2, 4, 100, 10).map((chain, c) => chain.map((x) => x * (c + 1)))],
    ["different place", ar1Chains(0.2, 4, 100, 11).map((chain, c) => chain.map((x) => x + c))],
    ["tiny and huge", ar1Chains(0.2, 2, 60, 12).map((chain) => chain.map((x) => Math.exp(20 * x)))],
    ["enough draws for long digits", ar1Chains(0.4, 4, 400, 13)],
    ["shortest chains", ar1Chains(0, 2, 10, 14)],
  ];
  it.each(cases)("%s", (_, chains) => {
    expect(off(splitRhat(chains), slowRhat(chains))).toBeLessThan(1e-9);
    expect(off(bulkEss(chains), slowBulkEss(chains))).toBeLessThan(1e-9);
    expect(off(meanEss(chains), slowPlainEss(slowHalves(chains)))).toBeLessThan(1e-9);
    const lower = slowQuantileEss(chains, 0.05);
    const upper = slowQuantileEss(chains, 0.95);
    expect(off(quantileEss(chains, 0.95), upper) < 1e-9 || Number.isNaN(upper)).toBe(true);
    const least = Number.isNaN(lower) ? upper : Number.isNaN(upper) ? lower : Math.min(lower, upper);
    expect(off(tailEss(chains), least)).toBeLessThan(1e-9);
  });

  it("ignores the order of values in memory: Float32Array and number[] give the same", () => {
    const chains = ar1Chains(0.5, 4, 200, 20).map((chain) => Float32Array.from(chain));
    expect(splitRhat(chains)).toBe(splitRhat(chains.map((chain) => Array.from(chain))));
  });

  it("does not change its input", () => {
    const chains = ar1Chains(0.5, 2, 50, 21);
    const copy = structuredClone(chains);
    splitRhat(chains);
    tailEss(chains);
    stdMcse(chains);
    expect(chains).toEqual(copy);
  });
});

describe("against ArviZ", () => {
  // Expected numbers: ArviZ 0.23.4, az.rhat(x), az.ess(x), az.ess(x, method="tail"), az.ess(x, method="mean"),
  // az.ess(x, method="quantile", prob=0.84), az.mcse(x), az.mcse(x, method="sd") of these very chains.
  const uniform = uniformSource(2021);
  const chains = [0, 1, 2, 3].map((c) => {
    let x = 0;
    return Array.from({ length: 200 }, () => {
      x = 0.75 * x + uniform() - 0.5;
      return x + c / 16;
    });
  });
  it.each([
    ["rhat", splitRhat(chains), 1.0314722869390514],
    ["bulk ESS", bulkEss(chains), 95.8807903507265],
    ["tail ESS", tailEss(chains), 189.39540311030942],
    ["ESS of the mean", meanEss(chains), 95.1559547004329],
    ["ESS of the 84 % quantile", quantileEss(chains, 0.84), 142.50728588779873],
    ["MCSE of the mean", meanMcse(chains), 0.044805038205781335],
    ["MCSE of the standard deviation", stdMcse(chains), 0.02142953240568914],
  ])("%s", (_, ours, theirs) => {
    expect(off(ours, theirs)).toBeLessThan(1e-10);
  });
});

describe("closed forms", () => {
  // For AR(1) the relative error of an estimated autocorrelation time tau, summed over a window of about 3 tau, is near
  // sqrt(2 (2 * 3 tau) / n): with n = 160,000 draws and tau <= 9 at most 2.6 %. The bounds below are 3 times that.
  it.each([0, 0.3, 0.6, 0.8])("ESS of AR(1) chains with phi = %f is n (1 - phi) / (1 + phi)", (phi) => {
    const chains = ar1Chains(phi, 4, 40_000, 1000 + 100 * phi);
    const expected = (160_000 * (1 - phi)) / (1 + phi);
    const tolerance = 3 * Math.sqrt((12 * ((1 + phi) / (1 - phi))) / 160_000);
    expect(off(meanEss(chains), expected)).toBeLessThan(tolerance);
    // The normal scores of normal draws are the draws themselves, standardised.
    expect(off(bulkEss(chains), expected)).toBeLessThan(tolerance);
    expect(splitRhat(chains)).toBeLessThan(1.001);
    expect(autocorrelationTime(chains)).toBeCloseTo(160_000 / meanEss(chains), 9);
  });

  it("ESS of AR(1) within 2 % at phi = 0.3 and 0.5", () => {
    for (const phi of [0.3, 0.5]) {
      const chains = ar1Chains(phi, 4, 250_000, 77);
      expect(off(meanEss(chains), (1e6 * (1 - phi)) / (1 + phi))).toBeLessThan(0.02);
    }
  });

  it("antithetic chains are worth more than their draws", () => {
    const chains = ar1Chains(-0.5, 4, 100_000, 5);
    expect(off(meanEss(chains), 3 * 400_000)).toBeLessThan(0.02);
  });

  it("the ESS of chains that only flip their sign is capped at S log10(S)", () => {
    const chains = [0, 1].map((c) => Array.from({ length: 1000 }, (_, i) => ((i + c) % 2 === 0 ? 1 : -1)));
    expect(meanEss(chains)).toBeCloseTo(2000 * Math.log10(2000), 6);
  });

  it("ESS of a squared AR(1) chain: correlation phi^2, so n (1 - phi^2) / (1 + phi^2)", () => {
    const chains = ar1Chains(0.6, 4, 100_000, 8);
    expect(off(stdEss(chains), (400_000 * (1 - 0.36)) / (1 + 0.36))).toBeLessThan(0.03);
  });

  it("R-hat of two chains a distance d apart: the scores of the mixture N(-d/2, 1) + N(d/2, 1)", () => {
    // For a small distance the mixture is nearly normal with variance V = 1 + d^2 / 4, scores are x / sqrt(V), and the variance of the
    // four half-chain means, divisor 3, is (d^2 / 3) / V; within 1 / V. Terms of order d^4 / 24 (kurtosis) are left out.
    const d = 0.4;
    const chains = ar1Chains(0, 2, 200_000, 30).map((chain, c) => chain.map((x) => x + (c - 0.5) * d));
    expect(splitRhat(chains)).toBeCloseTo(Math.sqrt(1 + (d * d) / 3), 2);
    expect(off(splitRhat(chains) - 1, Math.sqrt(1 + (d * d) / 3) - 1)).toBeLessThan(0.05);
  });

  it("R-hat of two chains without overlap has its value from half-normal scores", () => {
    // All ranks of one chain lie below all ranks of the other, so the scores of each are a half-normal distribution: means
    // -+ sqrt(2 / pi), variance 1 - 2 / pi. Means of four half-chains: variance (4 / 3) (2 / pi).
    const chains = ar1Chains(0, 2, 100_000, 31).map((chain, c) => chain.map((x) => x + 100 * c));
    const expected = Math.sqrt(1 + ((4 / 3) * (2 / Math.PI)) / (1 - 2 / Math.PI));
    expect(off(splitRhat(chains), expected)).toBeLessThan(2e-3);
    expect(meanEss(chains)).toBeLessThan(10);
  });

  it("folding sees chains that differ only in spread", () => {
    const chains = ar1Chains(0, 4, 2000, 32).map((chain, c) => chain.map((x) => (c === 0 ? 5 * x : x)));
    expect(splitRhat(chains)).toBeGreaterThan(1.1);
  });

  it("splitting sees a drift that all chains share", () => {
    const normal = normalSource(33);
    const chains = [0, 1, 2, 3].map(() => Array.from({ length: 1000 }, (_, i) => i / 250 + normal()));
    // Halves are uniform on a range of 2 plus N(0, 1): variance 4 / 3; eight means at +-1: variance 8 / 7, divisor 7.
    expect(splitRhat(chains)).toBeCloseTo(Math.sqrt(1 + 8 / 7 / (4 / 3)), 1);
  });
});

describe("Monte Carlo standard errors", () => {
  const chains = ar1Chains(0, 4, 50_000, 40);
  it("mean of independent normal draws: 1 / sqrt(n)", () => {
    expect(off(meanMcse(chains), 1 / Math.sqrt(200_000))).toBeLessThan(0.02);
  });
  it("standard deviation of independent normal draws: 1 / sqrt(2 n)", () => {
    expect(off(stdMcse(chains), 1 / Math.sqrt(400_000))).toBeLessThan(0.03);
  });
  it("quantile of independent draws: sqrt(p (1 - p) / n) / density", () => {
    const median = Math.sqrt(0.25 / 200_000) * Math.sqrt(2 * Math.PI);
    expect(off(quantileMcse(chains, 0.5), median)).toBeLessThan(0.15); // the density is known from some 200 draws only
    const density = Math.exp(-(1.2815515655446004 ** 2) / 2) / Math.sqrt(2 * Math.PI);
    expect(off(quantileMcse(chains, 0.9), Math.sqrt(0.09 / 200_000) / density)).toBeLessThan(0.2);
  });
  it("mean of 200 repeated AR(1) runs scatters as announced", () => {
    let squares = 0;
    let announced = 0;
    for (let run = 0; run < 200; run++) {
      const draws = ar1Chains(0.7, 4, 500, 5000 + run);
      squares += (draws.flat().reduce((sum, x) => sum + x, 0) / 2000) ** 2;
      announced += meanMcse(draws) ** 2;
    }
    expect(Math.abs(squares / announced - 1)).toBeLessThan(3 * Math.sqrt(2 / 200));
  });
});

describe("what cannot be judged", () => {
  const all = [splitRhat, bulkEss, tailEss, meanEss, stdEss, meanMcse, stdMcse, autocorrelationTime];
  it.each(all.map((f) => [f.name, f] as const))("%s is NaN without information", (_, figure) => {
    expect(figure([])).toBeNaN();
    expect(figure([[], []])).toBeNaN();
    expect(figure([[1], [2]])).toBeNaN();
    expect(
      figure([
        [3, 3, 3, 3, 3, 3, 3, 3],
        [3, 3, 3, 3, 3, 3, 3, 3],
      ]),
    ).toBeNaN();
    expect(
      figure([
        [1, 2, Number.NaN, 4, 1, 2, 3, 4],
        [1, 2, 3, 4, 5, 6, 7, 8],
      ]),
    ).toBeNaN();
    expect(figure([[1, 2, Infinity, 4, 1, 2, 3, 4]])).toBeNaN();
  });

  it("R-hat is infinite for chains that stand still at different places", () => {
    const chains = [new Array(50).fill(0.1), new Array(50).fill(0.3)];
    expect(splitRhat(chains)).toBe(Infinity);
    expect(bulkEss(chains)).toBeLessThan(5);
  });

  it("chains without draws are ignored, and values beyond the shortest are not looked at", () => {
    const chains = ar1Chains(0.4, 3, 60, 50);
    expect(splitRhat([...chains, []])).toBe(splitRhat(chains));
    expect(bulkEss([[...chains[0], Number.NaN], chains[1], chains[2]])).toBe(bulkEss(chains));
  });

  it("a row for a constant keeps its value", () => {
    expect(
      convergence("bkgScale", [
        [1, 1, 1],
        [1, 1, 1],
      ]),
    ).toEqual({
      name: "bkgScale",
      mean: 1,
      std: 0,
      rhat: Number.NaN,
      ess: Number.NaN,
      mcse: Number.NaN,
    });
  });

  it("a row holds what the single functions say", () => {
    const chains = ar1Chains(0.4, 3, 200, 51);
    const row = convergence("x", chains);
    expect(row.rhat).toBe(splitRhat(chains));
    expect(row.ess).toBe(bulkEss(chains));
    expect(row.mcse).toBeCloseTo(meanMcse(chains), 14);
    const all = chains.flat();
    const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
    expect(row.mean).toBeCloseTo(mean, 12);
    expect(row.std).toBeCloseTo(
      Math.sqrt(all.reduce((s, x) => s + (x - mean) ** 2, 0) / (all.length - 1)),
      12,
    );
  });
});
