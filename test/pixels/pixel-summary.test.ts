import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { pixelConvergence, pixelQuantiles, pixelSummary } from "../../src/pixels/pixel-summary.js";
import { splitRhat } from "../../src/posterior/convergence.js";
import { traceSource } from "../../src/posterior/draw-source.js";
import type { ImageTrace } from "../../src/posterior/trace.js";
import { slowBulkEss, slowQuantile, slowRhat } from "../oracles/diagnostics.js";
import { slowPixelSummary } from "../oracles/pixel-summary.js";
import { ar1Chains, normalSource } from "../posterior/chains.js";

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

/** Two chains for an image of `side` x `side`: numbers without order, quickly made. */
function manyImages(side: number, draws: number): ImageTrace {
  const chains = [1, 2].map((seed) =>
    Float32Array.from(
      { length: draws * side * side },
      (_, at) => (Math.imul(at + seed, 0x9e3779b1) >>> 8) ** 2,
    ),
  );
  return { shape: [side, side], first: 0, every: 1, chains };
}

function pixelDraws({ shape, chains }: ImageTrace, pixel: number): number[][] {
  const pixels = shape[0] * shape[1];
  return chains.map((chain) => Array.from(chain).filter((_, i) => i % pixels === pixel));
}

/** Largest relative distance of two arrays; NaN must stand at the same places. */
function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let most = 0;
  for (let index = 0; index < expected.length; index++) {
    if (Number.isNaN(expected[index]) || !Number.isFinite(expected[index])) {
      if (!Object.is(found[index], expected[index])) return Number.POSITIVE_INFINITY;
    } else {
      most = Math.max(most, Math.abs(found[index] / expected[index] - 1));
    }
  }
  return most;
}

/**
 * Draws of every kind that a pixel may have, seed 5: AR(1) from white to nearly still, in logarithms from even to wild, with ties,
 * zeros of both signs, negative numbers, constants, chains that stand still apart, and numbers that are not finite.
 */
function oddImages(lengths: readonly number[]): ImageTrace {
  const kinds = 40;
  const images = syntheticImages(2, kinds / 2, lengths);
  const normal = normalSource(5);
  for (const [c, chain] of images.chains.entries()) {
    for (let k = 0; k < chain.length / kinds; k++) {
      const set = (pixel: number, change: (value: number) => number) => {
        chain[k * kinds + pixel] = change(chain[k * kinds + pixel]);
      };
      set(0, () => 0);
      set(1, (value) => (value < 1 ? -0 : 0));
      set(2, (value) => (value < 1 ? -0 : value));
      set(3, () => c + 1);
      set(4, (value) => Math.round(3 * value));
      set(5, (value) => 1e-30 * value ** 12);
      set(6, (value) => value - 2);
      set(7, () => (k === 17 && c === 0 ? Number.NaN : normal()));
      set(8, () => (k === 11 && c === 1 ? Number.POSITIVE_INFINITY : normal()));
      set(9, () => 1e30 * normal());
      set(10, (value) => (k === 3 ? 1e-38 : 1e6 + value));
      set(11, () => (k % 2 === 0 ? 1 : 2));
      set(12, () => -5);
      set(13, () => Number.NaN);
    }
  }
  return images;
}

describe("pixelSummary", () => {
  it.each([
    { name: "equal chains", lengths: [200, 200, 200, 200] },
    { name: "one chain", lengths: [301] },
    {
      name: "chains of odd and different lengths, one that has only begun, one without draws",
      lengths: [151, 140, 33, 0, 163],
    },
    { name: "chains in groups", lengths: [90, 97, 90, 91, 95, 90], groups: [[0, 1], [2, 3, 4], [5]] },
    { name: "as few draws as there may be", lengths: [1, 1] },
    { name: "four draws", lengths: [4, 4] },
    { name: "nine draws", lengths: [9, 10, 11] },
    { name: "long chains", lengths: [1100, 1100] },
  ])("of $name equals each figure by itself", async ({ lengths, groups }) => {
    const images = oddImages(lengths);
    const probabilities = [0, 0.16, 0.5, 0.84, 1];
    const slow = slowPixelSummary(images, probabilities, groups);
    const fast = await pixelSummary(images, { probabilities, ...(groups && { groups }) });
    // The same order statistics; sums of at most 2,200 terms in another order.
    for (const [k, image] of fast.quantiles.images.entries()) expect(image.data).toEqual(slow.quantiles[k]);
    expect(distance(fast.rhat.data, slow.rhat)).toBeLessThan(1e-11);
    expect(distance(fast.ess.data, slow.ess)).toBeLessThan(1e-9);
    if (lengths[0] > 50) expect(slow.ess.filter(Number.isFinite).length).toBeGreaterThan(30);
  });

  it("adds the pixels of every draw up, with weights", async () => {
    const images = syntheticImages(5, 7, [13, 20]);
    const weights = [
      new Float64Array(35).fill(1),
      Float64Array.from({ length: 35 }, (_, pixel) => pixel / 7),
    ];
    const { sums } = await pixelSummary(images, { weights });
    const draws = images.chains.flatMap((chain) =>
      Array.from({ length: chain.length / 35 }, (_, k) => chain.subarray(35 * k, 35 * (k + 1))),
    );
    for (const [index, values] of weights.entries()) {
      const expected = draws.map((draw) =>
        draw.reduce((sum, value, pixel) => sum + value * values[pixel], 0),
      );
      expect(distance(sums[index], expected)).toBeLessThan(1e-14);
    }
  });

  it("does not change the draws", async () => {
    const images = oddImages([30, 30]);
    const copy = structuredClone(images);
    await pixelSummary(images);
    expect(images).toEqual(copy);
  });

  // Workers are files of their own, which exist only after `npm run build`.
  const built = new URL("../../dist/pixels/pixel-summary.js", import.meta.url);
  it.runIf(existsSync(fileURLToPath(built)))("is the same to the bit for any number of workers", async () => {
    const { pixelSummary: inWorkers } = (await import(
      built.href
    )) as typeof import("../../src/pixels/pixel-summary.js");
    const images = manyImages(100, 450);
    const weights = [new Float64Array(10_000).fill(1)];
    const alone = await inWorkers(images, { weights, workers: 0 });
    expect(await inWorkers(images, { weights, workers: 3 })).toEqual(alone);
    const stop = new AbortController();
    const stopped = inWorkers(images, { workers: 2, signal: stop.signal, onProgress: () => stop.abort() });
    await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
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
    expect(rhat.data[0]).toBeCloseTo(splitRhat(pixelDraws(images, 0).slice(0, 2)), 12);
  });

  it("reads draws that arrive later, in any number of blocks, and gives the same", async () => {
    const images = manyImages(98, 450); // more values than are read at a time: three bands from two reads of each chain
    const memory = traceSource(images);
    let reads = 0;
    const source = {
      ...memory,
      readBand: async (chain: number, first: number, count: number, out: Float32Array) => {
        reads++;
        await Promise.resolve();
        await memory.readBand(chain, first, count, out);
      },
    };
    const fractions: number[] = [];
    const late = await pixelConvergence(source, {
      workers: 0,
      onProgress: (fraction) => fractions.push(fraction),
    });
    expect(late).toEqual(await pixelConvergence(images, { workers: 0 }));
    expect(reads).toBe(4);
    expect(fractions.length).toBe(3);
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
