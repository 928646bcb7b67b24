import { beforeAll, describe, expect, it } from "vitest";
import { figureDocument } from "../../src/figures/document-node.js";
import { autocorrelation, plotAutocorrelation } from "../../src/figures/plot-autocorrelation.js";
import { hyperpriorDensity, plotHyperprior } from "../../src/figures/plot-hyperprior.js";
import {
  plotParameterDistributions,
  plotRegionDistribution,
} from "../../src/figures/plot-parameter-distributions.js";
import { plotPixelTracesRegion } from "../../src/figures/plot-pixel-traces-region.js";
import { plotRank, rankBand, rankCounts } from "../../src/figures/plot-rank.js";
import { formatEstimate, logTicks } from "../../src/figures/ticks.js";
import { drawSums, pixelIndex, plainPixels, regionQuantity } from "../../src/figures/traced-quantity.js";
import type { DrawSource } from "../../src/posterior/draw-source.js";
import type { ImageTrace, ParameterTrace } from "../../src/posterior/trace.js";
import { imageOf, picturesOf, textsOf, uniforms } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});

/** Normal numbers by the method of Box & Muller. */
function normals(seed: number): () => number {
  const uniform = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

const levels = (count: number) => Array.from({ length: count }, (_, level) => `smoothingParam${level}`);

/** Chains of a log density and of `count` smoothing parameters. */
function trace(sweeps: number, chains: number, count = 2): ParameterTrace {
  const normal = normals(7);
  return {
    names: ["iteration", "logPost", ...levels(count)],
    burnIn: Math.floor(sweeps / 10),
    chains: Array.from({ length: chains }, () =>
      Float64Array.from(
        Array.from({ length: sweeps }, (_, sweep) => [
          sweep,
          -100 + normal(),
          ...levels(count).map((_, level) => 0.1 * (level + 1) * Math.exp(0.3 * normal())),
        ]).flat(),
      ),
    ),
  };
}

/** Draws of a 4 x 5 image whose pixel (x, y) holds x + 10 y in draw 0, 1 more in every draw, 100 more in every chain. */
const counting: ImageTrace = {
  shape: [4, 5],
  first: 100,
  every: 10,
  chains: [0, 100].map((offset) =>
    Float32Array.from({ length: 20 * 12 }, (_, index) => {
      const pixel = index % 20;
      return (pixel % 5) + 10 * Math.floor(pixel / 5) + Math.floor(index / 20) + offset;
    }),
  ),
};

const INVALID = expect.objectContaining({ code: "INVALID_INPUT" });

describe("regions", () => {
  it.each([
    [5, 0],
    [0, 4],
    [0.5, 0],
  ])("refuses (%d, %d) as a pixel", (x, y) => {
    expect(() => pixelIndex("test", x, y, [4, 5])).toThrow(INVALID);
  });

  it.each([
    { x: 0, y: 0, radius: -1 },
    { x: 7, y: 0, radius: 1 },
    { name: "none", weights: imageOf(4, 5, () => 0) },
    { name: "other", weights: imageOf(5, 4, () => 1) },
  ])("refuses %j as a region", (region) => {
    expect(() => regionQuantity(counting, region)).toThrow(INVALID);
  });

  it("sums the flux of each draw, from memory and from a source read piece by piece", () => {
    const set = [0, 6, 19];
    const offset = 0 + 11 + 34;
    const wanted = [0, 100].map((chain) =>
      Array.from({ length: 12 }, (_, draw) => offset + 3 * (draw + chain)),
    );
    const source: DrawSource = {
      shape: [4, 5],
      chains: 2,
      first: 100,
      every: 10,
      draws: () => 12,
      readBand: () => {
        throw new Error("draws are read whole");
      },
      readDraws: (chain, first, count) => counting.chains[chain].slice(first * 20, (first + count) * 20),
    };
    for (const images of [counting, source]) {
      expect(drawSums("test", images, [plainPixels(set)])[0].map((sums) => Array.from(sums))).toEqual(wanted);
    }
    expect(regionQuantity(counting, { x: 1, y: 1, radius: 1 }, { unit: "s-1" })).toMatchObject({
      label: "flux within 1 px of x = 1, y = 1",
      unit: "s-1",
      every: 10,
    });
  });
});

describe("plotPixelTracesRegion", () => {
  it("looks as it did", async () => {
    const svg = plotPixelTracesRegion(counting, 2, 1, {
      document,
      radius: 1,
      burnIn: 140,
      unit: "cm-2 s-1",
      title: "A pixel and its neighbours",
    });
    await expect(svg).toMatchFileSnapshot("snapshots/plot-pixel-traces-region.svg.snap");
  });

  it("counts draws after burn-in only", () => {
    // Chain 0 of the pixel: 12 + draw for draws 4 .. 11, chain 1 100 more: mean 12 + 7.5 + 50.
    const texts = textsOf(plotPixelTracesRegion(counting, 2, 1, { document, burnIn: 140 }));
    expect(texts.find((text) => text.startsWith("mean "))).toMatch(/^mean 69\.5, std 51\.7/);
    expect(texts).toEqual(
      expect.arrayContaining(["chain 1", "chain 2", "burn-in", "within 1 px", "within 2 px"]),
    );
  });

  it("shows one panel a chain beside one picture, and survives draws that never change", () => {
    const still: ImageTrace = { ...counting, chains: [new Float32Array(20 * 3)] };
    const svg = plotPixelTracesRegion(still, 0, 0, { document, radius: 0 });
    expect(picturesOf(svg)).toBe(2);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("plotParameterDistributions", () => {
  it("looks as it did", async () => {
    const svg = plotParameterDistributions(trace(200, 2), { document, title: "Two chains" });
    await expect(svg).toMatchFileSnapshot("snapshots/plot-parameter-distributions.svg.snap");
  });

  it("has one panel a parameter, with R-hat, ESS, median and errors", () => {
    const texts = textsOf(plotParameterDistributions(trace(400, 3, 10), { document }));
    for (const label of ["log posterior", "α₀", "α₉", "central 68 %"]) expect(texts).toContain(label);
    expect(texts.filter((text) => text.startsWith("R\u0302"))).toHaveLength(11);
    expect(texts.filter((text) => / \+[\d.]+ −[\d.]+$/.test(text))).toHaveLength(11);
  });

  it("leaves out a chain that has only just begun", () => {
    const { chains, ...rest } = trace(400, 3);
    const cut = { ...rest, chains: [chains[0], chains[1].subarray(0, 4 * 60), chains[2]] };
    const svg = plotParameterDistributions(cut, { document });
    // The colours of chains 1 and 3, not that of chain 2, are those of outlines.
    expect(svg).toMatch(/stroke="#0072b2"[^>]*stroke-width="1.1"|stroke-width="1.1"[^>]*stroke="#0072b2"/);
    expect(svg).not.toMatch(
      /stroke="#d55e00"[^>]*stroke-width="1.1"|stroke-width="1.1"[^>]*stroke="#d55e00"/,
    );
  });

  it("refuses names that are not there and traces without draws", () => {
    const invalid = expect.objectContaining({ code: "INVALID_INPUT" });
    expect(() => plotParameterDistributions(trace(50, 2), { document, names: ["beta"] })).toThrow(invalid);
    expect(() => plotParameterDistributions({ ...trace(50, 2), burnIn: 50 }, { document })).toThrow(invalid);
    expect(() => plotParameterDistributions([], { document })).toThrow(invalid);
  });

  it("shows the sum over a region", async () => {
    const normal = normals(3);
    const images = { ...counting, chains: counting.chains.map((chain) => chain.map(() => 50 + normal())) };
    const svg = plotRegionDistribution(images, { x: 2, y: 2, radius: 1 }, { document, unit: "cm-2 s-1" });
    await expect(svg).toMatchFileSnapshot("snapshots/plot-region-distribution.svg.snap");
    expect(textsOf(svg)).toContain("flux within 1 px of x = 2, y = 2");
  });
});

describe("plotRank", () => {
  it("looks as it did", async () => {
    const svg = plotRank(trace(200, 2), { document, bins: 10, title: "Two chains" });
    await expect(svg).toMatchFileSnapshot("snapshots/plot-rank.svg.snap");
  });

  it("counts ranks as a sort does, and spreads ties over the bins of their ranks", () => {
    // Pooled and sorted: 1 2 2 2 3 4 5 6, bins of two ranks: of the three that are 2 one rank is in the first bin, two in the second.
    const counts = rankCounts(
      [
        [2, 1, 6, 2],
        [2, 3, 5, 4],
      ],
      4,
    );
    const expected = [
      [1 + 2 / 3, 4 / 3, 0, 1],
      [1 / 3, 2 / 3, 2, 1],
    ];
    for (const [chain, row] of expected.entries()) {
      for (const [bin, count] of row.entries()) expect(counts[chain][bin]).toBeCloseTo(count, 12);
    }
  });

  it("agrees with a naive count of ranks", () => {
    const uniform = uniforms(11);
    const chains = [60, 75, 40].map((length) => Array.from({ length }, () => Math.floor(uniform() * 90)));
    const sorted = chains.flat().sort((a, b) => a - b);
    const counts = rankCounts(chains, 8);
    for (const [chain, draws] of chains.entries()) {
      for (let bin = 0; bin < 8; bin++) {
        const inBin = sorted.filter((_, rank) => Math.floor(((rank + 0.5) / sorted.length) * 8) === bin);
        const share = (value: number) =>
          inBin.filter((other) => other === value).length / sorted.filter((other) => other === value).length;
        expect(counts[chain][bin]).toBeCloseTo(
          draws.reduce((sum, value) => sum + share(value), 0),
          10,
        );
      }
    }
  });

  it("has all bars of a quantity of 8 values within the band", () => {
    // 4 chains of 500 independent draws of 8 values, seed 5. The band leaves out less than 1 of 20 such sets, ties fewer; with all ties
    // in the bin of their middle, 12 of 20 bars were empty.
    const uniform = uniforms(5);
    const chains = [0, 1, 2, 3].map(() => Array.from({ length: 500 }, () => Math.floor(8 * uniform())));
    const band = rankBand(500, 2000, 2000, 20, 4);
    const ratios = rankCounts(chains, 20)
      .flat()
      .map((count) => (count * 20) / 500);
    expect(Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)))).toBeLessThan(band);
  });

  it("has a band that holds all bars of independent chains in about 95 of 100 cases", () => {
    // 400 sets of 4 chains of 250 independent draws, seed 21. Bars are not independent, so that the true coverage is a little
    // above 0.95; with standard error sqrt(0.95 * 0.05 / 400) = 0.011 it leaves [0.915, 0.995] less than once in 1000.
    const uniform = uniforms(21);
    let inside = 0;
    for (let set = 0; set < 400; set++) {
      const chains = [0, 1, 2, 3].map(() => Array.from({ length: 250 }, uniform));
      const band = rankBand(250, 1000, 1000, 20, 4);
      const ratios = rankCounts(chains, 20)
        .flat()
        .map((count) => (count * 20) / 250);
      if (ratios.every((ratio) => Math.abs(ratio - 1) <= band)) inside++;
    }
    expect(inside / 400).toBeGreaterThan(0.915);
    expect(inside / 400).toBeLessThan(0.995);
  });

  it("is wider by the root of the autocorrelation time", () => {
    expect(rankBand(250, 1000, 100, 20, 4) / rankBand(250, 1000, 1000, 20, 4)).toBeCloseTo(Math.sqrt(10), 12);
  });

  it("refuses one chain and odd numbers of bins", () => {
    const invalid = expect.objectContaining({ code: "INVALID_INPUT" });
    expect(() => plotRank(trace(100, 1), { document })).toThrow(invalid);
    expect(() => plotRank(trace(100, 2), { document, bins: 1 })).toThrow(invalid);
  });
});

describe("plotAutocorrelation", () => {
  it("looks as it did", async () => {
    const svg = plotAutocorrelation(trace(200, 2), { document, title: "Two chains" });
    await expect(svg).toMatchFileSnapshot("snapshots/plot-autocorrelation.svg.snap");
  });

  it("equals the sum of products", () => {
    const normal = normals(5);
    const chain = Array.from({ length: 101 }, normal);
    const mean = chain.reduce((sum, value) => sum + value, 0) / chain.length;
    const product = (lag: number) =>
      chain.slice(lag).reduce((sum, value, index) => sum + (value - mean) * (chain[index] - mean), 0);
    const found = autocorrelation(chain);
    for (const lag of [0, 1, 2, 17, 100]) expect(found[lag]).toBeCloseTo(product(lag) / product(0), 12);
  });

  it("says the autocorrelation time in sweeps", () => {
    // First-order autoregression with coefficient 0.9: time (1 + 0.9) / (1 - 0.9) = 19 draws; 4 x 20,000 draws, seed 31. The
    // estimate scatters by about 4 %: [16, 22] is left less than once in 10,000 runs.
    const normal = normals(31);
    const chains = [0, 1, 2, 3].map(() => {
      let value = normal() / Math.sqrt(1 - 0.81);
      return Float64Array.from({ length: 20_000 }, () => {
        value = 0.9 * value + normal();
        return value;
      });
    });
    const texts = textsOf(plotAutocorrelation([{ label: "x", chains, every: 3 }], { document }));
    const time = Number(texts.find((text) => text.startsWith("τ"))?.split(" ")[1]);
    expect(time / 3).toBeGreaterThan(16);
    expect(time / 3).toBeLessThan(22);
  });

  it("draws a chain that does not move", () => {
    const still = [{ label: "x", chains: [new Float64Array(50).fill(2), new Float64Array(50).fill(2)] }];
    expect(plotAutocorrelation(still, { document })).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("plotHyperprior", () => {
  it("looks as it did", async () => {
    const svg = plotHyperprior(
      trace(200, 2),
      { power: 1, rate: 1000, exponent: 3 },
      { document, title: "Levels" },
    );
    await expect(svg).toMatchFileSnapshot("snapshots/plot-hyperprior.svg.snap");
  });

  it.each([
    // alpha exp(-rate alpha): Gamma(2), normalisation rate^2. alpha^2 exp(-rate alpha): Gamma(3), rate^3 / 2.
    [{ power: 1, rate: 4, exponent: 1 }, (alpha: number) => 16 * alpha * Math.exp(-4 * alpha)],
    [
      { power: 2, rate: 0.02, exponent: 1 },
      (alpha: number) => (0.02 ** 3 / 2) * alpha ** 2 * Math.exp(-0.02 * alpha),
    ],
    // alpha exp(-rate alpha^2): integral 1 / (2 rate).
    [{ power: 1, rate: 50, exponent: 2 }, (alpha: number) => 100 * alpha * Math.exp(-50 * alpha ** 2)],
  ])("is normalised for %j", (prior, exact) => {
    const { density, range } = hyperpriorDensity(prior);
    for (const at of [range[0], (range[0] + range[1]) / 2, range[1]]) {
      const alpha = 10 ** at;
      expect(density(at) / (exact(alpha) * alpha * Math.LN10)).toBeCloseTo(1, 6);
    }
  });

  it("refuses a run with fixed smoothing parameters", () => {
    const fixed = { ...trace(50, 2, 0) };
    expect(() => plotHyperprior(fixed, { power: 1, rate: 1, exponent: 1 }, { document })).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT" }),
    );
  });
});

describe("numbers of distributions", () => {
  it.each([
    [0.023, 0.018, 0.012, "", "0.023 +0.018 −0.012"],
    [-820.4, 472.1, 617, "", "−820 +472 −617"],
    [4503.12, 5.04, 5.71, "", "4503.1 +5.0 −5.7"],
    [1.234e-9, 5e-11, 4e-11, "cm-2 s-1", "(1.234 +0.050 −0.040) ×10⁻⁹ cm⁻² s⁻¹"],
    [3, 0, 0, "", "3.000 +0.000 −0.000"],
  ])("writes %d +%d -%d %s as %s", (value, up, down, unit, text) => {
    expect(formatEstimate(value, up, down, unit)).toBe(text);
  });

  it.each([
    [-3.2, 0.3, 6, ["0.001", "0.01", "0.1", "1"]],
    [1, 2.9, 9, ["10", "20", "50", "100", "200", "500"]],
    [-6.5, 1.2, 4, ["10⁻⁵", "10⁻³", "10⁻¹", "10¹"]],
  ])("puts logarithmic ticks between 10^%d and 10^%d", (low, high, most, labels) => {
    expect(logTicks(low, high, most).labels).toEqual(labels);
  });
});
