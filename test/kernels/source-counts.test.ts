// Statistical tests have fixed seeds; right code would have failed one of the about 110 tests of this file with a
// probability below 2e-4 (P_MINIMUM each).

import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { skyImage } from "../../src/image.js";
import { chiSquareTail, kolmogorovTail } from "../oracles/textbook-special.js";
import { binomialProbabilities, meanTest, pearson, poissonProbabilities } from "./goodness-of-fit.js";
import { createStepChain } from "./step-kernels.js";

const P_MINIMUM = 1e-6;
const DELTA = skyImage([1], [1, 1]);

/** An observation of a row of sky pixels. */
function row(width: number, rest: Partial<Observation> = {}): Observation {
  return { counts: skyImage(new Float64Array(width), [1, width]), psf: DELTA, ...rest };
}

/** p-value of Pearson's test of whole numbers against their probabilities 0, 1, ... (the last: all above). */
function testNumbers(values: readonly number[], probabilities: readonly number[]): number {
  const observed = new Float64Array(probabilities.length);
  for (const value of values) observed[Math.min(value, probabilities.length - 1)]++;
  return pearson(
    observed,
    probabilities.map((p) => p * values.length),
  );
}

describe("splitBackground", () => {
  const photons = [0, 1, 2, 7, 30, 400, 3, 5];
  const flux = [1, 0.5, 2, 1e-3, 0.4, 7, 1, 1e-6];
  const background = [1, 1, 0.25, 1e-3, 0.01, 1, 0, 100];

  it("keeps Binomial(photons, flux / (flux + scale background)) of each pixel", () => {
    for (const scale of [1, 0.3, 12]) {
      const chain = createStepChain([1, 8], [row(8, { background: skyImage(background, [1, 8]) })], {
        seed: 1,
      });
      chain.flux.set(flux);
      chain.setScale(0, scale);
      chain.photons[0].set(photons);
      const kept: number[][] = photons.map(() => []);
      for (let step = 0; step < 20_000; step++) {
        chain.kernels.stepSourceCounts();
        kept.forEach((values, pixel) => {
          values.push(chain.sourceCounts[pixel]);
        });
      }
      kept.forEach((values, pixel) => {
        const n = photons[pixel];
        const p = flux[pixel] / (flux[pixel] + scale * background[pixel]);
        const where = `scale ${scale}, pixel ${pixel}`;
        if (n === 0 || p === 1) expect(new Set(values), where).toEqual(new Set([n]));
        else {
          expect(testNumbers(values, binomialProbabilities(n, p)), where).toBeGreaterThan(P_MINIMUM);
          // Too few events for a normal law: left to the test above.
          if (n * p * (1 - p) * values.length < 100) return;
          expect(meanTest(values, n * p), where).toBeGreaterThan(P_MINIMUM);
          const squares = values.map((value) => (value - n * p) ** 2);
          expect(meanTest(squares, n * p * (1 - p)), where).toBeGreaterThan(P_MINIMUM);
        }
      });
      // The photons themselves stay.
      expect([...chain.photons[0]]).toEqual(photons);
    }
  });

  it("adds up observations with and without background", () => {
    const withBackground = row(3, { background: skyImage([1, 1, 0], [1, 3]) });
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
    ]) {
      const observations = [row(3), withBackground, row(3)];
      const numbers = [
        [5, 0, 1],
        [6, 10, 3],
        [100, 0, 0],
      ];
      const chain = createStepChain(
        [1, 3],
        order.map((index) => observations[index]),
        { seed: 2 },
      );
      chain.flux.set([1, 3, 1]);
      order.forEach((index, position) => {
        chain.photons[position].set(numbers[index]);
      });
      const seen: number[][] = [[], [], []];
      for (let step = 0; step < 20_000; step++) {
        chain.kernels.stepSourceCounts();
        seen.forEach((values, pixel) => {
          values.push(chain.sourceCounts[pixel]);
        });
      }
      const surplus = seen[0].map((value) => value - 105);
      expect(testNumbers(surplus, binomialProbabilities(6, 0.5))).toBeGreaterThan(P_MINIMUM);
      expect(testNumbers(seen[1], binomialProbabilities(10, 0.75))).toBeGreaterThan(P_MINIMUM);
      expect(new Set(seen[2])).toEqual(new Set([4]));
    }
  });

  it("keeps the split of 2^30 photons inside them", () => {
    const chain = createStepChain([1, 2], [row(2, { background: skyImage([1e-12, 1e12], [1, 2]) })]);
    chain.photons[0].set([2 ** 30, 2 ** 30]);
    chain.kernels.stepSourceCounts();
    expect(chain.sourceCounts[0]).toBeGreaterThan(2 ** 30 - 10);
    expect(chain.sourceCounts[0]).toBeLessThanOrEqual(2 ** 30);
    expect(chain.sourceCounts[1]).toBeGreaterThanOrEqual(0);
    expect(chain.sourceCounts[1]).toBeLessThan(10);
  });
});

describe("addMissingCounts", () => {
  /** Source counts of many steps when nothing was detected; `missing` of the exposure 1 is missing. */
  function draw(shape: readonly [number, number], missing: readonly number[], flux: readonly number[]) {
    const chain = createStepChain(
      shape,
      [{ counts: skyImage(new Float64Array(missing.length), shape), psf: DELTA }],
      { exposed: Float64Array.from(missing, (value) => 1 - value), seed: 3 },
    );
    chain.flux.set(flux);
    const seen: number[][] = missing.map(() => []);
    for (let step = 0; step < 20_000; step++) {
      // As redistribution leaves them; the source counts of one observation without a background lie in the same place.
      chain.photons[0].fill(0);
      chain.kernels.stepSourceCounts();
      seen.forEach((values, pixel) => {
        values.push(chain.sourceCounts[pixel]);
      });
    }
    return seen;
  }

  const cases: [string, number[], number[]][] = [
    ["few photons a row, dealt to its pixels", [0.5, 0, 1, 0.25, 0.75, 1], [1, 5, 0.1, 2, 1e-9, 0.01]],
    ["many photons a row, drawn pixel by pixel", [0.5, 0, 1, 0.25, 0.75, 1], [40, 5, 0.1, 200, 1e-9, 2]],
    ["a single pixel with something missing", [0, 0, 0, 0.5, 0, 0], [1, 1, 1, 3, 1, 1]],
    ["just below the change of method", [1, 1, 1, 1, 1, 1], [0.999, 0.999, 0.999, 0.999, 0.999, 0.999]],
  ];
  it.each(cases)("adds Poisson((E0 - E) flux): %s", (_, missing, flux) => {
    for (const shape of [
      [1, 6],
      [2, 3],
      [6, 1],
    ] as const) {
      const seen = draw(shape, missing, flux);
      seen.forEach((values, pixel) => {
        const mean = missing[pixel] * flux[pixel];
        const where = `${shape.join(" x ")}, pixel ${pixel}`;
        if (mean === 0) {
          expect(Math.max(...values), where).toBe(0);
          return;
        }
        const most = Math.ceil(mean + 8 * Math.sqrt(mean) + 3);
        expect(testNumbers(values, poissonProbabilities(mean, most)), where).toBeGreaterThan(P_MINIMUM);
        // Independent pixels: the product of deviations has mean 0.
        for (let other = 0; other < pixel; other++) {
          const otherMean = missing[other] * flux[other];
          if (otherMean < 0.01 || mean < 0.01) continue;
          const products = values.map((value, step) => (value - mean) * (seen[other][step] - otherMean));
          expect(meanTest(products, 0), `${where} with ${other}`).toBeGreaterThan(P_MINIMUM);
        }
      });
    }
  });

  it("adds nothing when sums of probabilities miss 1 by rounding", () => {
    const chain = createStepChain([1, 2], [row(2)], { exposed: Float64Array.of(1 - 1e-15, 1 + 1e-15) });
    chain.flux.set([1e15, 1e15]);
    chain.kernels.stepSourceCounts();
    expect([...chain.sourceCounts]).toEqual([0, 0]);
  });

  it("adds to what splitBackground left", () => {
    const chain = createStepChain([1, 2], [row(2)], { exposed: Float64Array.of(0.5, 1) });
    chain.photons[0].set([10, 20]);
    chain.flux.set([100, 100]);
    chain.kernels.stepSourceCounts();
    expect(chain.sourceCounts[0]).toBeGreaterThan(15);
    expect(chain.sourceCounts[1]).toBe(20);
  });
});

describe("drawBackgroundScale", () => {
  /** Probability below `scale` under Gamma(shape, rate). */
  const below = (scale: number, shape: number, rate: number) =>
    1 - chiSquareTail(2 * rate * scale, 2 * shape);

  it("draws Gamma(background photons + shape, rate + expected background)", () => {
    for (const prior of [
      { shape: 0.001, rate: 0 },
      { shape: 3, rate: 40 },
    ]) {
      const background = skyImage([1, 2, 0.5, 0, 3, 1], [2, 3]);
      const exposure = skyImage([1, 2, 2, 2, 1, 0.5], [2, 3]);
      const counts = skyImage([3, 9, 2, 1, 6, 0], [2, 3]);
      const chain = createStepChain([2, 3], [{ counts, psf: DELTA, background, exposure }], {
        fitBackgroundScale: true,
        backgroundScalePrior: prior,
        // Nothing missing, so that background photons are those which are not the source's.
        exposed: new Float64Array(6).fill(2),
        seed: 6,
      });
      const rate = prior.rate + exposure.data.reduce((sum, value, j) => sum + value * background.data[j], 0);
      const trace = chain.kernels.allocate(8 * 20);
      const ranks: number[] = [];
      for (let sweep = 0; sweep < 5000; sweep++) {
        expect(chain.kernels.runSweeps(1, trace, 0)).toBe(0);
        const photons = 21 - chain.sourceCounts.reduce((sum, value) => sum + value, 0);
        // Without photons and with the default prior the scale is 0 but for rounding: its rank is not defined.
        if (photons + prior.shape > 0.5) ranks.push(below(chain.scale(0), photons + prior.shape, rate));
      }
      expect(ranks.length).toBeGreaterThan(1000);
      ranks.sort((a, b) => a - b);
      const distance = Math.max(
        ...ranks.map((rank, index) =>
          Math.max(rank - index / ranks.length, (index + 1) / ranks.length - rank),
        ),
      );
      expect(kolmogorovTail(distance, ranks.length)).toBeGreaterThan(P_MINIMUM);
    }
  });

  it("leaves the scale of observations without background, and of backgrounds that no detector pixel sees, at 1", () => {
    const dark = row(3, {
      background: skyImage([0, 1, 0], [1, 3]),
      exposure: skyImage([1, 0, 1], [1, 3]),
    });
    const lit = row(3, { background: skyImage([1, 1, 1], [1, 3]) });
    const chain = createStepChain([1, 3], [row(3), dark, lit], { fitBackgroundScale: true, seed: 7 });
    const trace = chain.kernels.allocate(8 * 30);
    expect(chain.kernels.runSweeps(1, trace, 0)).toBe(0);
    expect(chain.scale(0)).toBe(1);
    expect(chain.scale(1)).toBe(1);
    expect(chain.scale(2)).not.toBe(1);
  });
});
