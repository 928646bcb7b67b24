import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { skyImage } from "../../src/image.js";
import { startingImage } from "../../src/samplers/starting-images.js";
import { images, masks, shapes } from "../data/random-images.js";

describe("startingImage", () => {
  it("is positive and finite for any counts, exposure, seed and chain, and the same every time", () => {
    fc.assert(
      fc.property(
        shapes.chain((shape) =>
          fc.record({
            counts: images(shape, fc.oneof(fc.constant(0), fc.nat(2 ** 20))),
            mask: fc.option(masks(shape), { nil: undefined }),
          }),
        ),
        fc.oneof(fc.constant(1e-12), fc.constant(1), fc.constant(1e14)),
        fc.oneof(fc.nat(), fc.constant(2 ** 53 - 1)),
        fc.nat(9999),
        ({ counts, mask }, exposure, seed, chain) => {
          const used = skyImage(
            counts.data.map((count, pixel) => count * (mask?.data[pixel] ?? 1)),
            counts.shape,
          );
          const first = startingImage(used, exposure, seed, chain);
          expect(first.shape).toEqual(counts.shape);
          expect(first.data.every((value) => value > 0 && value < Number.POSITIVE_INFINITY)).toBe(true);
          expect(startingImage(used, exposure, seed, chain)).toEqual(first);
        },
      ),
      { numRuns: 300 },
    );
  });

  const counts = skyImage([0, 3, 0, 0, 9, 1, 0, 0, 0, 2, 0, 5], [3, 4]);

  it("differs from chain to chain", () => {
    const starts = Array.from({ length: 12 }, (_, chain) => startingImage(counts, 2, 5, chain));
    const texts = new Set(starts.map(({ data }) => data.join()));
    expect(texts.size).toBe(12);
  });

  it("begins flat, then with the data, then with spikes, then with the data turned round", () => {
    const [flat, data, spikes, turned] = [0, 1, 2, 3].map((chain) => startingImage(counts, 2, 5, chain).data);
    const mean = 20 / 12 / 2;
    for (const value of flat) expect(value).toBeCloseTo(mean, 12);
    counts.data.forEach((value, pixel) => {
      expect(data[pixel]).toBeCloseTo(value / 2 + 0.02 * mean, 12);
      expect(turned[11 - pixel]).toBe(data[pixel]);
    });
    expect(spikes.reduce((sum, value) => sum + value, 0)).toBeCloseTo(5, 12);
    expect(Math.max(...spikes)).toBeGreaterThan(2 * Math.min(...spikes));
  });

  it("is one count in all when there are none", () => {
    const dark = skyImage(new Float64Array(4), [2, 2]);
    expect([...startingImage(dark, 1, 0, 0).data]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});
