import { describe, expect, it } from "vitest";
import { checkBurnIn, gewekeCheck } from "../../src/posterior/burn-in.js";
import { meanMcse, quantileMcse, splitRhat, stdMcse, tailEss } from "../../src/posterior/convergence.js";
import { normalTwoSidedTail } from "../../src/posterior/normal-tail.js";
import { pixelCorrelation, regionCorrelation } from "../../src/posterior/pixel-correlation.js";
import { summarisePixels } from "../../src/posterior/quantities.js";
import { summariseQuantity } from "../../src/posterior/quantity-summary.js";
import { circlePixels, circularRegion, regionDraws, summariseRegions } from "../../src/posterior/region.js";
import type { ImageTrace } from "../../src/posterior/trace.js";
import { normalTwoSidedTail as slowTail } from "../oracles/textbook-special.js";
import { ar1Chains, normalSource } from "./chains.js";

/** Draws of a 3 x 4 image: pixel 0 is x, pixel 1 is 10 - x, pixel 2 is x + noise of the same variance, pixel 3 constant, others noise. */
function trace(chains = 2, draws = 2000): ImageTrace {
  const normal = normalSource(99);
  return {
    shape: [3, 4],
    first: 0,
    every: 1,
    chains: Array.from({ length: chains }, () => {
      const data = new Float32Array(draws * 12);
      for (let draw = 0; draw < draws; draw++) {
        const x = normal();
        for (let pixel = 0; pixel < 12; pixel++) {
          data[draw * 12 + pixel] =
            pixel === 0 ? x : pixel === 1 ? 10 - x : pixel === 2 ? x + normal() : pixel === 3 ? 7 : normal();
        }
      }
      return data;
    }),
  };
}

describe("quantities", () => {
  it("a row holds what the single functions say", () => {
    const chains = ar1Chains(0.5, 3, 300, 1);
    const row = summariseQuantity("x", chains, [0.5]);
    expect(row).toMatchObject({
      name: "x",
      chains: 3,
      draws: 900,
      rhat: splitRhat(chains),
      tailEss: tailEss(chains),
      stdMcse: stdMcse(chains),
    });
    expect(row.mcse).toBeCloseTo(meanMcse(chains), 12);
    expect(row.quantiles[0].mcse).toBe(quantileMcse(chains, 0.5));
    const sorted = chains.flat().sort((a, b) => a - b);
    expect(row.quantiles[0].value).toBeCloseTo((sorted[449] + sorted[450]) / 2, 12);
  });

  it("chains in groups: the worst R-hat, summed sizes, errors of the mean over the groups", () => {
    // Two laws, 5 apart and of unit width: together nothing would agree.
    const groups = [
      [0, 1],
      [2, 3],
    ];
    const chains = ar1Chains(0.5, 4, 2000, 7).map((chain, index) =>
      chain.map((x) => x + (index < 2 ? 0 : 5)),
    );
    const mixed = summariseQuantity("x", chains);
    const row = summariseQuantity("x", chains, [0.25, 0.5], groups);
    const [first, second] = groups.map((group) =>
      summariseQuantity(
        "x",
        group.map((chain) => chains[chain]),
      ),
    );
    expect(mixed.rhat).toBeGreaterThan(1.5);
    expect(row.rhat).toBe(Math.max(first.rhat, second.rhat));
    expect(row.ess).toBeCloseTo(first.ess + second.ess, 9);
    expect(row.tailEss).toBeCloseTo(first.tailEss + second.tailEss, 9);
    expect(row.mean).toBeCloseTo((first.mean + second.mean) / 2, 12);
    expect(row.mcse).toBeCloseTo(Math.hypot(first.mcse, second.mcse) / 2, 12);
    // AR(1) of unit variance with coefficient 1/2: autocorrelation time 3; variance of the mixture 1 + 2.5^2.
    expect(row.std).toBeCloseTo(Math.sqrt(7.25), 1);
    expect(row.autocorrelationTime).toBeGreaterThan(2.5);
    expect(row.autocorrelationTime).toBeLessThan(3.5);
    // The lower quartile of the mixture is about the median of the first law: half of its draws lie below, none of the others.
    expect(row.quantiles[0].value).toBeCloseTo(first.quantiles[1].value, 0);
    expect(row.quantiles[0].mcse / first.quantiles[1].mcse).toBeGreaterThan(0.8);
    expect(row.quantiles[0].mcse / first.quantiles[1].mcse).toBeLessThan(1.25);
    expect(row.stdMcse).toBeGreaterThan(0);
    expect(row.stdMcse).toBeLessThan(mixed.stdMcse);
    expect(summariseQuantity("x", chains, [0.5], [[0, 1, 2, 3]])).toEqual(
      summariseQuantity("x", chains, [0.5]),
    );
  });

  it("a constant keeps its value, nothing else is defined", () => {
    const row = summariseQuantity("c", [
      [2, 2, 2, 2],
      [2, 2, 2, 2],
    ]);
    expect(row.mean).toBe(2);
    expect(row.quantiles.map(({ value }) => value)).toEqual([2, 2, 2]);
    expect(row.tailEss).toBeNaN();
  });

  it("pixels are quantities", async () => {
    const images = trace();
    const [row] = await summarisePixels(images, [{ x: 1, y: 0 }]);
    expect(row.mean).toBeCloseTo(10, 0);
    expect(row.draws).toBe(4000);
  });
});

describe("regions", () => {
  it("a circle holds the pixels whose centres it holds", () => {
    const { weights } = circularRegion({ x: 1, y: 1, radius: 1 }, [3, 4]);
    expect([...weights.data]).toEqual([0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0]);
    expect(() => circularRegion({ x: 9, y: 9, radius: 1 }, [3, 4])).toThrow(/none in circle/);
    expect(circlePixels({ x: 2, y: 1, radius: 0 }, [4, 5])).toEqual([7]);
    expect(circlePixels({ x: 2, y: 1, radius: 1 }, [4, 5])).toEqual([2, 6, 7, 8, 12]);
    expect(circlePixels({ x: 0, y: 0, radius: 1.5 }, [4, 5])).toEqual([0, 1, 5, 6]);
    expect(circlePixels({ x: 0.5, y: 2.5, radius: 1 }, [4, 5])).toEqual([10, 11, 15, 16]);
    expect(() => circularRegion({ x: 1, y: 1, radius: -1 }, [3, 4])).toThrow(/radius >= 0/);
    expect(() => circularRegion({ x: 0.5, y: 0, radius: 0 }, [3, 4])).toThrow(/none in circle/);
  });

  it("sums draw by draw: two anticorrelated pixels make a constant", async () => {
    const weights = {
      data: Float64Array.from({ length: 12 }, (_, k) => (k < 2 ? 1 : 0)),
      shape: [3, 4],
    } as const;
    const [[sums]] = [await regionDraws(trace(), [{ name: "pair", weights }])];
    expect(sums.length).toBe(2);
    for (const value of sums[0]) expect(value).toBeCloseTo(10, 5);
    const half = { data: weights.data.map((w) => w / 2), shape: weights.shape };
    const [[first]] = await regionDraws(trace(), [{ name: "half", weights: half }]);
    expect(first[0]).toBeCloseTo(5, 5);
  });

  it("are summarised like any quantity, and can be stopped", async () => {
    const region = circularRegion({ x: 2, y: 0, radius: 0.4 }, [3, 4], "one pixel");
    const [row] = await summariseRegions(trace(), [region]);
    const [pixel] = await summarisePixels(trace(), [{ x: 2, y: 0 }]);
    expect(row).toEqual({ ...pixel, name: "one pixel" });
    await expect(regionDraws(trace(), [region], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
    await expect(
      regionDraws(trace(), [{ name: "r", weights: { data: new Float64Array(4), shape: [2, 2] } }]),
    ).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });
});

describe("pixelCorrelation", () => {
  it("is 1 at the pixel, -1 for its opposite, 1 / sqrt(2) for it plus equal noise, NaN for a constant", async () => {
    const { data } = await pixelCorrelation(trace(), { x: 0, y: 0 });
    expect(data[0]).toBe(1);
    expect(data[1]).toBeCloseTo(-1, 5);
    // n = 4,000: standard error (1 - r^2) / sqrt(n) = 0.008.
    expect(Math.abs(data[2] - Math.SQRT1_2)).toBeLessThan(0.03);
    expect(data[3]).toBeNaN();
    expect(Math.abs(data[8])).toBeLessThan(0.06);
  });
  it("stops at the radius and refuses pixels outside", async () => {
    const { data } = await pixelCorrelation(trace(), { x: 0, y: 0 }, { radius: 1 });
    expect([...data.keys()].filter((k) => !Number.isNaN(data[k]))).toEqual([0, 1, 4]);
    await expect(pixelCorrelation(trace(), { x: 4, y: 0 })).rejects.toThrow(/must lie in the image/);
  });
});

describe("regionCorrelation", () => {
  it("is that of the sum: nothing of opposites, the pixel's own of a single one", async () => {
    const region = (pixels: readonly number[]) => {
      const data = new Float64Array(12);
      for (const pixel of pixels) data[pixel] = 1;
      return { name: "r", weights: { data, shape: [3, 4] as const } };
    };
    const single = await regionCorrelation(trace(), region([0]));
    const pixel = await pixelCorrelation(trace(), { x: 0, y: 0 });
    for (const [index, value] of pixel.data.entries()) {
      if (Number.isNaN(value)) expect(single.data[index]).toBeNaN();
      else expect(single.data[index]).toBeCloseTo(value, 12);
    }
    // x and pixel 2 = x + noise: sum 2 x + noise; corr(x, sum) = 2 / sqrt(5). n = 4,000: standard error 0.2 / 63 = 0.003.
    const pair = await regionCorrelation(trace(), region([0, 2]));
    expect(Math.abs(pair.data[0] - 2 / Math.sqrt(5))).toBeLessThan(0.015);
    expect(Math.abs(pair.data[1] + 2 / Math.sqrt(5))).toBeLessThan(0.015);
  });
});

describe("burn-in", () => {
  it("normal tails agree with the oracle", () => {
    for (const z of [0, 0.1, 1, 2.9, 3, 3.1, 5, 8]) {
      expect(normalTwoSidedTail(-z) / slowTail(z)).toBeCloseTo(1, 8);
    }
    expect(normalTwoSidedTail(1.959963984540054)).toBeCloseTo(0.05, 12); // 97.5 % quantile of N(0, 1)
  });

  it("z of chains at rest has unit variance", () => {
    // 300 chains: the variance of z is known to sqrt(2 / 300) = 8 %; 4 sigma.
    let squares = 0;
    for (let seed = 0; seed < 300; seed++)
      squares += gewekeCheck(ar1Chains(0.5, 1, 2000, 500 + seed)[0]).z ** 2;
    expect(Math.abs(squares / 300 - 1.03)).toBeLessThan(0.33);
  });

  it("suggests to leave out a drift", () => {
    const names = ["iteration", "x"];
    const chains = ar1Chains(0.3, 2, 4000, 8).map((chain) =>
      Float64Array.from(chain.flatMap((x, sweep) => [sweep, x + 8 * Math.exp(-sweep / 300)])),
    );
    const check = checkBurnIn({ names, burnIn: 0, chains });
    expect(check.passed).toBe(false);
    expect(check.rows[0].name).toBe("x");
    // exp(-sweep / 300) * 8 is below the error of a mean over 360 draws, 0.07, after some 1,000 sweeps.
    expect(check.suggested).toBeGreaterThanOrEqual(600);
    expect(check.suggested).toBeLessThanOrEqual(1800);
    expect(checkBurnIn({ names, burnIn: 2000, chains }).passed).toBe(true);
  });

  it("never suggests a shorter one than the burn-in that fails, nor one before another that fails", () => {
    // At the start of the drift the first tenth of x has few effective draws: it is not judged, and the other parameter passes.
    const names = ["still", "x"];
    const still = ar1Chains(0, 2, 4000, 31);
    const chains = ar1Chains(0.3, 2, 4000, 32).map((chain, index) =>
      Float64Array.from(chain.flatMap((x, sweep) => [still[index][sweep], x + 40 * Math.exp(-sweep / 400)])),
    );
    const { passed, trials, suggested } = checkBurnIn({ names, burnIn: 1200, chains });
    expect(passed).toBe(false);
    expect(trials[0].passed).toBe(true);
    expect(trials.filter(({ passed }) => !passed).map(({ burnIn }) => burnIn)).toEqual([
      1000, 1200, 1400, 1600, 1800,
    ]);
    expect(suggested).toBe(2000);
    expect(checkBurnIn({ names, burnIn: 2000, chains }).suggested).toBeUndefined();
  });

  it("suggests none that does not judge what drifted", () => {
    // After 200 and 400 sweeps the step lies in the first tenth, whose effective sample size it takes below 20.
    const names = ["still", "x"];
    const still = ar1Chains(0, 1, 4000, 41)[0];
    const slow = ar1Chains(0.8, 1, 4000, 42)[0];
    const chains = [
      Float64Array.from(still.flatMap((value, sweep) => [value, slow[sweep] + (sweep < 500 ? 3 : 0)])),
    ];
    const check = checkBurnIn({ names, burnIn: 0, chains });
    expect(check.rows.filter(({ p }) => p < check.limit).map(({ name }) => name)).toEqual(["x"]);
    expect(check.trials.slice(0, 3).map(({ passed }) => passed)).toEqual([false, true, true]);
    expect(check.suggested).toBe(600);
  });

  it("says nothing about chains that are too short", () => {
    const check = checkBurnIn({
      names: ["x"],
      burnIn: 0,
      chains: [Float64Array.of(1, 2, 3), Float64Array.of(1, 2, 3)],
    });
    expect(check.passed).toBe(false);
    expect(check.suggested).toBeUndefined();
    expect(() => gewekeCheck([1, 2, 3], { first: 0.6, last: 0.6 })).toThrow(/sum to at most 1/);
  });
});
