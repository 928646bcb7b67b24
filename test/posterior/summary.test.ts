import { describe, expect, it } from "vitest";
import { splitRhat } from "../../src/posterior/convergence.js";
import { comparableChains, traceSource } from "../../src/posterior/draw-source.js";
import { pixelConvergence } from "../../src/posterior/pixel-convergence.js";
import {
  type MomentSums,
  pixelQuantiles,
  poolMoments,
  summariseParameters,
} from "../../src/posterior/summary.js";
import type { ImageTrace, ParameterTrace } from "../../src/posterior/trace.js";
import { slowBulkEss, slowQuantile, slowRhat } from "../oracles/diagnostics.js";
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

/** A trace of images `[ny, nx]` whose pixel p holds AR(1) chains of its own. */
function syntheticImages(ny: number, nx: number, lengths: readonly number[]): ImageTrace {
  const pixels = ny * nx;
  const chains = lengths.map((length) => new Float32Array(length * pixels));
  for (let pixel = 0; pixel < pixels; pixel++) {
    const draws = ar1Chains((0.9 * pixel) / pixels, lengths.length, Math.max(...lengths), 100 + pixel);
    for (const [c, length] of lengths.entries()) {
      for (let k = 0; k < length; k++) chains[c][k * pixels + pixel] = Math.exp(draws[c][k]);
    }
  }
  return { shape: [ny, nx], first: 10, every: 1, chains };
}

function pixelDraws({ shape, chains }: ImageTrace, pixel: number): number[][] {
  const pixels = shape[0] * shape[1];
  return chains.map((chain) => Array.from(chain).filter((_, i) => i % pixels === pixel));
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

describe("pixelQuantiles", () => {
  const images = syntheticImages(3, 5, [40, 31, 0]);

  it("equals quantiles of the sorted draws of all chains", async () => {
    const { probabilities, images: quantiles } = await pixelQuantiles(images);
    expect(probabilities).toEqual([0.16, 0.5, 0.84]);
    for (let pixel = 0; pixel < 15; pixel++) {
      const all = pixelDraws(images, pixel).flat();
      probabilities.forEach((probability, k) => {
        expect(quantiles[k].data[pixel]).toBeCloseTo(slowQuantile(all, probability), 12);
      });
    }
    expect(quantiles[0].shape).toEqual([3, 5]);
  });

  it("is NaN without draws and where a draw is not finite", async () => {
    const empty = await pixelQuantiles({ ...images, chains: [] }, { probabilities: [0.5] });
    expect(empty.images[0].data.every(Number.isNaN)).toBe(true);
    const broken = images.chains[0].slice();
    broken[15 + 4] = Number.NaN;
    const { images: quantiles } = await pixelQuantiles(
      { ...images, chains: [broken] },
      { probabilities: [0.5] },
    );
    expect(Array.from(quantiles[0].data.keys()).filter((p) => Number.isNaN(quantiles[0].data[p]))).toEqual([
      4,
    ]);
  });

  it("refuses probabilities out of range", async () => {
    await expect(pixelQuantiles(images, { probabilities: [1.5] })).rejects.toMatchObject({
      code: "INVALID_INPUT",
    });
  });
});

describe("pixelConvergence", () => {
  it("equals the diagnostics of each pixel by itself", async () => {
    const images = syntheticImages(3, 4, [60, 55, 58]);
    const { rhat, ess } = await pixelConvergence(images);
    for (let pixel = 0; pixel < 12; pixel++) {
      const draws = pixelDraws(images, pixel);
      expect(Math.abs(rhat.data[pixel] / slowRhat(draws) - 1)).toBeLessThan(1e-9);
      expect(Math.abs(ess.data[pixel] / slowBulkEss(draws) - 1)).toBeLessThan(1e-9);
    }
  });

  it("is NaN for pixels that never change, and leaves out a chain that has only begun", async () => {
    const images = syntheticImages(2, 2, [60, 60, 8]);
    for (const chain of images.chains) for (let k = 3; k < chain.length; k += 4) chain[k] = 0;
    const { rhat, ess } = await pixelConvergence(images);
    expect(rhat.data[3]).toBeNaN();
    expect(ess.data[3]).toBeNaN();
    expect(rhat.data[0]).toBe(splitRhat(pixelDraws(images, 0).slice(0, 2)));
  });

  it("reads draws that arrive later, in any number of blocks, and gives the same", async () => {
    const images = syntheticImages(40, 40, [220, 220]); // more values than one block holds
    const memory = traceSource(images);
    let reads = 0;
    const source = {
      ...memory,
      readPixels: async (chain: number, first: number, count: number, out: Float32Array) => {
        reads++;
        await Promise.resolve();
        await memory.readPixels(chain, first, count, out);
      },
    };
    const fractions: number[] = [];
    const late = await pixelConvergence(source, { onProgress: (fraction) => fractions.push(fraction) });
    expect(late).toEqual(await pixelConvergence(images));
    expect(reads).toBeGreaterThan(2);
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });

  it("stops when told to, and says why", async () => {
    const images = syntheticImages(2, 2, [20, 20]);
    const signal = AbortSignal.abort("enough");
    await expect(pixelConvergence(images, { signal })).rejects.toMatchObject({
      code: "ABORTED",
      cause: "enough",
    });
  });

  it("refuses a trace of the wrong size", () => {
    expect(() => traceSource({ shape: [2, 2], first: 0, every: 1, chains: [new Float32Array(7)] })).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT" }),
    );
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
