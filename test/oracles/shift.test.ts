/** The law of the shift is the oracle of other tests; here its probabilities are counted out and simulated. */
import { describe, expect, it } from "vitest";
import type { Shape } from "../../src/image.js";
import { skyImage } from "../../src/image.js";
import { logCountsOfShift, logShiftProbabilities } from "./shift.js";
import { drawFromPrior } from "./textbook-prior.js";
import { textbookRandom } from "./textbook-random.js";
import { logGammaFunction } from "./textbook-special.js";

/** All ways to place `photons` in `pixels`. */
function placements(photons: number, pixels: number): number[][] {
  if (pixels === 1) return [[photons]];
  return Array.from({ length: photons + 1 }, (_, first) => first).flatMap((first) =>
    placements(photons - first, pixels - 1).map((rest) => [first, ...rest]),
  );
}

function logMultinomial(counts: readonly number[]): number {
  const total = counts.reduce((a, b) => a + b);
  return counts.reduce((sum, y) => sum - logGammaFunction(y + 1), logGammaFunction(total + 1));
}

describe("logCountsOfShift", () => {
  it.each([
    [
      [2, 3],
      [1, 2],
      [0.4, 1.1],
    ],
    [
      [4, 1],
      [3, 0],
      [0.4, 1.1],
    ],
    [
      [1, 5],
      [0, 3],
      [0.2, 0.6, 1.3],
    ],
  ] as const)("adds up to 1 over all placements of 5 photons in %j, shift %j", (shape, shift, alpha) => {
    const sum = placements(5, shape[0] * shape[1]).reduce(
      (total, counts) =>
        total + Math.exp(logMultinomial(counts) + logCountsOfShift(counts, shape, shift, alpha)),
      0,
    );
    expect(sum).toBeCloseTo(1, 10);
  });

  it("is the probability of photons of images drawn from the prior", () => {
    // 60,000 draws, seed 17. 15 shifts, |z| < 4.5: a right formula fails once in 10,000.
    const shape: Shape = [3, 5];
    const alpha = [0.5, 0.8, 1.4];
    const counts = [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
    const random = textbookRandom(17);
    const observation = { counts: skyImage(counts, shape), psf: skyImage([1], [1, 1]) };
    const sums = new Float64Array(15);
    const squares = new Float64Array(15);
    const draws = 60_000;
    for (let draw = 0; draw < draws; draw++) {
      const { flux, totalCounts } = drawFromPrior(
        [observation],
        {
          boundary: "spill",
          cycleSpin: "none",
          fitAlpha: false,
          alphaInit: alpha,
          fitBackgroundScale: false,
          totalCountsPrior: { shape: 2, rate: 0.1 },
          smoothingPrior: { power: 1, rate: 1, exponent: 1 },
        },
        random,
      );
      for (let shift = 0; shift < 15; shift++) {
        let product = 1;
        for (let pixel = 0; pixel < 15; pixel++) {
          // Pixel (row, col) sits at node (row - shift row, col - shift col).
          const row = (Math.floor(pixel / 5) - Math.floor(shift / 5) + 3) % 3;
          const col = ((pixel % 5) - (shift % 5) + 5) % 5;
          product *= (flux[row * 5 + col] / totalCounts) ** counts[pixel];
        }
        sums[shift] += product;
        squares[shift] += product * product;
      }
    }
    for (let shift = 0; shift < 15; shift++) {
      const mean = sums[shift] / draws;
      const error = Math.sqrt((squares[shift] / draws - mean * mean) / draws);
      const expected = Math.exp(logCountsOfShift(counts, shape, [Math.floor(shift / 5), shift % 5], alpha));
      expect(Math.abs(mean - expected) / error, `shift ${shift}: ${mean}, ${expected}`).toBeLessThan(4.5);
    }
  });
});

describe("logShiftProbabilities", () => {
  it("sums to 1, and is uniform for an image without photons", () => {
    const logs = logShiftProbabilities(new Float64Array(15), [3, 5], [0.3, 0.4, 0.5]);
    for (const value of logs) expect(value).toBeCloseTo(-Math.log(15), 12);
  });

  it("prefers the shift that puts neighbours into one block when alpha_1 is small", () => {
    // Photons in columns 1 and 2 of a row of 4: one block at odd shifts. By hand, a0 = 1, a1 = 0.1:
    // odd: Dir(1,1) of (1,1) = 1/6, times Dir(.1,.1) of (2,0) = (0.1 1.1)/(0.2 1.2); even: 1/2 1/2 times Dir of (1,1).
    const logs = logShiftProbabilities([0, 1, 1, 0], [1, 4], [1, 0.1]);
    const odd = (1 / 6) * ((0.1 * 1.1) / (0.2 * 1.2));
    const even = (1 / 4) * ((0.1 * 0.1) / (0.2 * 1.2));
    expect(Math.exp(logs[1])).toBeCloseTo(odd / (2 * odd + 2 * even), 12);
    expect(Math.exp(logs[2])).toBeCloseTo(even / (2 * odd + 2 * even), 12);
    expect(logs.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
  });

  it("turns with the image on a torus of a power of two", () => {
    const random = textbookRandom(4);
    const counts = Float64Array.from({ length: 16 }, () => random.poisson(1));
    const turned = counts.map((_, pixel) => counts[(((pixel >> 2) + 1) % 4) * 4 + ((pixel + 3) % 4)]);
    const before = logShiftProbabilities(counts, [4, 4], [0.3, 0.7]);
    const after = logShiftProbabilities(turned, [4, 4], [0.3, 0.7]);
    for (let shift = 0; shift < 16; shift++) {
      expect(after[shift]).toBeCloseTo(before[(((shift >> 2) + 1) % 4) * 4 + ((shift + 3) % 4)], 10);
    }
  });
});
