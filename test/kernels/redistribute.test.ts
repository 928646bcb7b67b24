// Statistical tests have fixed seeds; right code would have failed one of the about 1,400 tests of this file with a
// probability below 2e-3 (P_MINIMUM each).

import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { type Shape, type SkyImage, skyImage } from "../../src/image.js";
import { forEachSource, textbookExpectedCounts, textbookObservation } from "../oracles/textbook-model.js";
import { textbookRandom } from "../oracles/textbook-random.js";
import { normalTwoSidedTail } from "../oracles/textbook-special.js";
import { pearson } from "./goodness-of-fit.js";
import { createStepChain } from "./step-kernels.js";

const P_MINIMUM = 1e-6;

/** Scheme of `setRedistribution` under test: 1 sums over the whole window, 2 tiles. */
let scheme = 1;

type Boundary = "spill" | "wrap";

/** An observation with what the sampler would know at some point: flux and background scale. */
interface Situation {
  readonly observation: Observation;
  readonly boundary: Boundary;
  readonly flux: Float64Array;
  readonly scale: number;
}

/** Chance that a photon of detector pixel `pixel` came from each sky pixel, and lambda of that pixel. */
function naiveOrigins({ observation, boundary, flux, scale }: Situation, pixel: number) {
  const prepared = textbookObservation(observation, boundary);
  const nx = prepared.shape[1];
  const probabilities = new Float64Array(flux.length);
  let lambda = 0;
  forEachSource(prepared, Math.floor(pixel / nx), pixel % nx, (source, reach) => {
    const light = reach * prepared.exposure[source] * (flux[source] + scale * prepared.background[source]);
    probabilities[source] += light;
    lambda += light;
  });
  return { probabilities: probabilities.map((light) => (lambda > 0 ? light / lambda : 0)), lambda };
}

function withCounts(situation: Situation, counts: ArrayLike<number>): Situation {
  const { observation } = situation;
  return {
    ...situation,
    observation: { ...observation, counts: skyImage(counts, observation.counts.shape) },
  };
}

/** Photons of one observation, as the kernel assigns them. */
function startChain(situation: Situation, seed: number) {
  const { observation, boundary, flux, scale } = situation;
  const chain = createStepChain(observation.counts.shape, [observation], {
    boundary,
    seed,
    redistribution: scheme,
  });
  chain.flux.set(flux);
  chain.setScale(0, scale);
  return chain;
}

function sumOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}

// --- Arbitrary situations ---------------------------------------------------------------------------------------------

const amount = fc.integer({ min: 0, max: 1000 }).map((value) => value / 32);
const positive = fc.integer({ min: 1, max: 1000 }).map((value) => value / 32);

function imagesOf(shape: Shape, value: fc.Arbitrary<number>): fc.Arbitrary<SkyImage> {
  const length = shape[0] * shape[1];
  return fc.array(value, { minLength: length, maxLength: length }).map((data) => skyImage(data, shape));
}

const skyShapes = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 }));
const psfShapes = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 11 }));

/** Psf odd or even, square or not, also larger than the image; zeros everywhere but in its centre. */
const psfs = psfShapes.chain((shape) =>
  imagesOf(shape, fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: amount })).map(
    ({ data }) => {
      data[Math.floor(shape[0] / 2) * shape[1] + Math.floor(shape[1] / 2)] += 1;
      return skyImage(data, shape);
    },
  ),
);

/** Counts are 7 everywhere for now. */
const situations: fc.Arbitrary<Situation> = fc
  .record({ shape: skyShapes, psf: psfs, boundary: fc.constantFrom<Boundary>("spill", "wrap") })
  .chain(({ shape, psf, boundary }) =>
    fc
      .record({
        exposure: fc.option(imagesOf(shape, amount), { nil: undefined }),
        background: fc.option(imagesOf(shape, amount), { nil: undefined }),
        mask: fc.option(imagesOf(shape, fc.constantFrom(0, 1, 1)), { nil: undefined }),
        flux: imagesOf(shape, positive),
        scale: positive,
      })
      .map(({ exposure, background, mask, flux, scale }) => ({
        observation: {
          counts: skyImage(new Float64Array(shape[0] * shape[1]).fill(7), shape),
          psf,
          ...(exposure ? { exposure } : {}),
          ...(background ? { background } : {}),
          ...(mask ? { mask } : {}),
        },
        boundary,
        flux: flux.data,
        scale,
      })),
  );

/** The pixels that are in use and get light. */
function litPixels({ observation, boundary, flux, scale }: Situation): number[] {
  const lambda = textbookExpectedCounts(textbookObservation(observation, boundary), flux, scale);
  return [...lambda.keys()].filter((pixel) => lambda[pixel] > 0);
}

const counted = situations
  .chain((situation) =>
    imagesOf(situation.observation.counts.shape, fc.oneof(fc.nat(3), fc.nat(40), fc.constant(100_000))).map(
      ({ data, shape }) => {
        const lit = new Set(litPixels(situation));
        const mask = situation.observation.mask?.data;
        // Counts of masked pixels must be left alone.
        return withCounts(
          situation,
          skyImage(
            data.map((value, pixel) => (lit.has(pixel) || mask?.[pixel] === 0 ? value : 0)),
            shape,
          ).data,
        );
      },
    ),
  )
  .filter((situation) => litPixels(situation).length > 0);

/**
 * p-value of the kernel's assignment of the photons of one detector pixel.
 *
 * @param counts photons a step: below the number of psf cells the kernel draws them one by one
 */
function testPixel(
  situation: Situation,
  pixel: number,
  counts: number,
  photons: number,
  seed: number,
): number {
  const alone = new Float64Array(situation.flux.length);
  alone[pixel] = counts;
  const chain = startChain(withCounts(situation, alone), seed);
  const steps = Math.ceil(photons / counts);
  const seen = new Float64Array(situation.flux.length);
  for (let step = 0; step < steps; step++) {
    chain.kernels.stepRedistribute();
    for (let source = 0; source < seen.length; source++) seen[source] += chain.photons[0][source];
  }
  expect(sumOf(seen)).toBe(steps * counts);
  const { probabilities } = naiveOrigins(situation, pixel);
  return pearson(
    seen,
    probabilities.map((p) => p * steps * counts),
  );
}

describe.each([
  ["window sums", 1],
  ["tiles", 2],
])("by %s", (_, number) => {
  beforeEach(() => {
    scheme = number;
  });

  describe("redistributeCounts, for any situation", () => {
    it("keeps every photon of the pixels in use, and puts it where it can have come from", () => {
      fc.assert(
        fc.property(counted, fc.nat(1000), (situation, seed) => {
          const { counts, mask } = situation.observation;
          const chain = startChain(situation, seed);
          chain.kernels.stepRedistribute();
          const used = counts.data.map((value, pixel) => value * (mask?.data[pixel] ?? 1));
          expect(sumOf(chain.photons[0])).toBe(sumOf(used));
          const possible = new Set<number>();
          used.forEach((value, pixel) => {
            if (value === 0) return;
            naiveOrigins(situation, pixel).probabilities.forEach((p, source) => {
              if (p > 0) possible.add(source);
            });
          });
          chain.photons[0].forEach((photons, source) => {
            expect(photons).toBeGreaterThanOrEqual(0);
            if (photons > 0) expect(possible).toContain(source);
          });
        }),
        { numRuns: 300 },
      );
    });

    it("returns the sum of counts log lambda", () => {
      fc.assert(
        fc.property(counted, (situation) => {
          const chain = startChain(situation, 1);
          const { observation, boundary, flux, scale } = situation;
          const prepared = textbookObservation(observation, boundary);
          const lambda = textbookExpectedCounts(prepared, flux, scale);
          let expected = 0;
          let size = 1;
          lambda.forEach((value, pixel) => {
            const counts = prepared.counts[pixel];
            if (value === 0 || counts === 0) return;
            expected += counts * Math.log(value);
            size += counts;
          });
          // lambda is good to 1e-6 of itself, so each count adds as much.
          expect(Math.abs(chain.kernels.stepRedistribute() - expected)).toBeLessThan(1e-6 * size);
        }),
        { numRuns: 300 },
      );
    });

    // Widths whose padded rows have no pixel to spare, so that the last window ends with the row: it once lost its last column.
    it.each([
      [[1, 9], 8],
      [[2, 13], 4],
      [[3, 5], 12],
      [[1, 25], 8],
      [[2, 41], 8],
    ] as const)("knows lambda of the last pixels of %o under a psf %i wide", (shape, width) => {
      const psf = skyImage(
        Float64Array.from({ length: width }, (_, cell) => 1 + ((cell * 7) % 5)),
        [1, width],
      );
      const flux = Float64Array.from({ length: shape[0] * shape[1] }, (_, pixel) => 0.1 + ((pixel * 13) % 7));
      for (const boundary of ["spill", "wrap"] as const) {
        for (let pixel = 0; pixel < flux.length; pixel++) {
          const counts = new Float64Array(flux.length);
          counts[pixel] = 1;
          const observation = { counts: skyImage(counts, shape), psf };
          const situation = { observation, boundary, flux, scale: 1 };
          const { lambda } = naiveOrigins(situation, pixel);
          const found = startChain(situation, 1).kernels.stepRedistribute();
          expect(Math.abs(found - Math.log(lambda)), `pixel ${pixel}, ${boundary}`).toBeLessThan(1e-6);
        }
      }
    });

    it("overwrites the photons of the step before", () => {
      const situation = fc.sample(counted, { numRuns: 1, seed: 3 })[0];
      const chain = startChain(situation, 2);
      chain.kernels.stepRedistribute();
      const before = sumOf(chain.photons[0]);
      chain.kernels.stepRedistribute();
      expect(sumOf(chain.photons[0])).toBe(before);
    });
  });

  describe("redistributeCounts draws from psf exposure (flux + scale background) / lambda", () => {
    const sampled = fc
      .sample(situations, { numRuns: 150, seed: 20_261_123 })
      .filter((situation) => litPixels(situation).length > 0);

    it("in the scheme that was asked for", () => {
      for (const situation of sampled) expect(startChain(situation, 0).usesTiles(0)).toBe(scheme === 2);
    });

    it("photon by photon", () => {
      sampled.forEach((situation, index) => {
        const lit = litPixels(situation);
        const pixel = lit[(index * 7919) % lit.length];
        expect(testPixel(situation, pixel, 1, 8000, index), `case ${index}`).toBeGreaterThan(P_MINIMUM);
      });
    });

    it("bright pixels, by conditional binomials", () => {
      sampled.forEach((situation, index) => {
        const lit = litPixels(situation);
        const pixel = lit[(index * 104_729) % lit.length];
        const cells = situation.observation.psf.data.length;
        const p = testPixel(situation, pixel, cells + 1 + (index % 50), 8000, 1000 + index);
        expect(p, `case ${index}`).toBeGreaterThan(P_MINIMUM);
      });
    });

    it("pixels with a million counts", () => {
      sampled.slice(0, 40).forEach((situation, index) => {
        const lit = litPixels(situation);
        const p = testPixel(situation, lit[index % lit.length], 1_000_000, 1_000_000, 2000 + index);
        expect(p, `case ${index}`).toBeGreaterThan(P_MINIMUM);
      });
    });

    it("all lit pixels together: means of the photon image", () => {
      let tests = 0;
      sampled.slice(0, 30).forEach((situation, index) => {
        const random = textbookRandom(index, 9);
        const lit = new Set(litPixels(situation));
        const whole = withCounts(
          situation,
          situation.flux.map((_, pixel) => (lit.has(pixel) ? random.below(30) : 0)),
        );
        const mean = new Float64Array(situation.flux.length);
        const variance = new Float64Array(situation.flux.length);
        whole.observation.counts.data.forEach((counts, pixel) => {
          if (counts === 0) return;
          naiveOrigins(whole, pixel).probabilities.forEach((p, source) => {
            mean[source] += counts * p;
            variance[source] += counts * p * (1 - p);
          });
        });
        const chain = startChain(whole, 3000 + index);
        const steps = 1000;
        const seen = new Float64Array(situation.flux.length);
        for (let step = 0; step < steps; step++) {
          chain.kernels.stepRedistribute();
          for (let source = 0; source < seen.length; source++) seen[source] += chain.photons[0][source];
        }
        seen.forEach((photons, source) => {
          // Too few photons for a normal law: left to the tests of single pixels.
          if (variance[source] * steps < 25) return;
          tests++;
          const z = (photons - steps * mean[source]) / Math.sqrt(steps * variance[source]);
          expect(normalTwoSidedTail(z), `case ${index}, pixel ${source}`).toBeGreaterThan(P_MINIMUM);
        });
      });
      expect(tests).toBeGreaterThan(150);
      expect(tests).toBeLessThan(600);
    });
  });

  describe("redistributeCounts at the ends of its range", () => {
    const shape: Shape = [7, 6];
    const psf = skyImage([1, 2, 1, 3, 9, 2, 0, 2, 5, 1, 1, 1], [4, 3]);
    const random = textbookRandom(77, 0);
    const pattern = Float64Array.from({ length: 42 }, () => 0.05 + random.uniform());

    it.each([1e-15, 1e-19, 1e-21, 1e-25, 1e-27, 1e-30, 1e-100, 1e-250])(
      "a pixel that sees only %s of light still assigns its photons rightly",
      (light) => {
        for (const boundary of ["spill", "wrap"] as const) {
          const situation: Situation = {
            observation: { counts: skyImage(new Float64Array(42), shape), psf },
            boundary,
            flux: pattern.map((value) => value * light),
            scale: 1,
          };
          for (const pixel of [0, 16, 41]) {
            expect(testPixel(situation, pixel, 3, 20_000, pixel)).toBeGreaterThan(P_MINIMUM);
          }
          const alone = new Float64Array(42);
          alone[16] = 2;
          alone[41] = 1;
          const expected = [16, 16, 41].reduce(
            (sum, pixel) => sum + Math.log(naiveOrigins(situation, pixel).lambda),
            0,
          );
          const value = startChain(withCounts(situation, alone), 0).kernels.stepRedistribute();
          expect(value / expected).toBeCloseTo(1, 6);
        }
      },
    );

    it("adds up the logarithms of many faint pixels without underflow", () => {
      const size: Shape = [60, 50];
      const flux = Float64Array.from({ length: 3000 }, (_, j) => 10 ** (-19 + (j % 38)));
      const delta = skyImage([1, 0], [1, 2]);
      const counts = skyImage(
        flux.map((_, j) => 1 + (j % 2)),
        size,
      );
      const situation: Situation = {
        observation: { counts, psf: skyImage([0, 1], delta.shape) },
        boundary: "spill",
        flux,
        scale: 1,
      };
      const expected = flux.reduce((sum, value, j) => sum + (1 + (j % 2)) * Math.log(value), 0);
      expect(startChain(situation, 0).kernels.stepRedistribute()).toBeCloseTo(expected, 2);
    });

    it("does not lose a source of 1e8 next to a void, nor put photons into the void", () => {
      const flux = new Float64Array(42).fill(1e-200);
      flux[15] = 1e8;
      const situation: Situation = {
        observation: { counts: skyImage(new Float64Array(42), shape), psf },
        boundary: "spill",
        flux,
        scale: 1,
      };
      const alone = new Float64Array(42);
      alone[15] = 1000;
      alone[16] = 3;
      const chain = startChain(withCounts(situation, alone), 5);
      chain.kernels.stepRedistribute();
      expect(chain.photons[0][15]).toBe(1003);
    });

    it("returns NaN when a lit pixel gets no light", () => {
      for (const counts of [1, 100]) {
        const situation: Situation = {
          observation: {
            counts: skyImage([0, counts], [1, 2]),
            psf: skyImage([1, 1, 1], [1, 3]),
            exposure: skyImage([0, 0], [1, 2]),
          },
          boundary: "spill",
          flux: Float64Array.of(1, 1),
          scale: 1,
        };
        expect(startChain(situation, 0).kernels.stepRedistribute()).toBeNaN();
      }
    });

    it("splits 2^30 counts without losing one", () => {
      const alone = new Float64Array(42);
      alone[20] = 2 ** 30;
      const situation: Situation = {
        observation: { counts: skyImage(alone, shape), psf },
        boundary: "wrap",
        flux: pattern,
        scale: 1,
      };
      const chain = startChain(situation, 8);
      chain.kernels.stepRedistribute();
      expect(sumOf(chain.photons[0])).toBe(2 ** 30);
    });
  });

  describe("redistributeCounts with psfs that miss their own centre", () => {
    // Where the light begins in a psf of 12 x 12 whose centre is [6, 6]: trimming leaves 2 x 2 cells beside the centre.
    const corners: [number, number][] = [
      [0, 0],
      [0, 10],
      [10, 0],
      [10, 10],
      [5, 0],
      [5, 10],
      [0, 5],
      [10, 5],
    ];
    const shape: Shape = [9, 8];
    it.each(corners)("all light in 2 x 2 cells at [%i, %i] of 12 x 12", (row, col) => {
      const psf = new Float64Array(144);
      [0.4, 0.3, 0.2, 0.1].forEach((value, cell) => {
        psf[(row + (cell >> 1)) * 12 + col + (cell & 1)] = value;
      });
      for (const boundary of ["spill", "wrap"] as const) {
        const random = textbookRandom(5, 5);
        const situation: Situation = {
          observation: { counts: skyImage(new Float64Array(72), shape), psf: skyImage(psf, [12, 12]) },
          boundary,
          flux: Float64Array.from({ length: 72 }, () => 0.1 + random.uniform()),
          scale: 1,
        };
        const lit = new Set(litPixels(situation));
        const whole = withCounts(
          situation,
          situation.flux.map((_, pixel) => (lit.has(pixel) ? 1 + (pixel % 3) : 0)),
        );
        const counts = whole.observation.counts.data;
        const possible = new Set<number>();
        let expected = 0;
        counts.forEach((value, pixel) => {
          if (value === 0) return;
          const { probabilities, lambda } = naiveOrigins(whole, pixel);
          expected += value * Math.log(lambda);
          for (const [source, p] of probabilities.entries()) if (p > 0) possible.add(source);
        });
        const chain = startChain(whole, 0);
        for (let step = 0; step < 5; step++) {
          expect(chain.kernels.stepRedistribute() / expected, boundary).toBeCloseTo(1, 5);
          expect(sumOf(chain.photons[0]), boundary).toBe(sumOf(counts));
          chain.photons[0].forEach((photons, source) => {
            if (photons > 0) expect(possible, boundary).toContain(source);
          });
        }
      }
    });
  });

  describe("redistributeCounts of several observations", () => {
    it("assigns each one's photons by its own psf, exposure and background, and adds up the logarithms", () => {
      const shape: Shape = [5, 4];
      const random = textbookRandom(11, 0);
      const image = (value: () => number) => skyImage(Float64Array.from({ length: 20 }, value), shape);
      const flux = image(() => 0.1 + random.uniform()).data;
      const observations: Observation[] = [
        {
          counts: image(() => random.below(5)),
          psf: skyImage([1, 2, 1, 2, 8, 4, 0, 3, 1], [3, 3]),
          background: image(() => random.uniform()),
        },
        {
          counts: image(() => random.below(200)),
          psf: skyImage([1, 3, 2, 6, 0, 2], [2, 3]),
          exposure: image(() => random.uniform()),
        },
        {
          counts: image(() => random.below(2)),
          psf: skyImage([1], [1, 1]),
          mask: image(() => random.below(2)),
        },
      ];
      const scales = [2.5, 1, 1];
      const chain = createStepChain(shape, observations, { seed: 4, redistribution: scheme });
      chain.flux.set(flux);
      chain.setScale(0, 2.5);
      const steps = 4000;
      const seen = observations.map(() => new Float64Array(20));
      let returned = 0;
      for (let step = 0; step < steps; step++) {
        returned = chain.kernels.stepRedistribute();
        chain.photons.forEach((photons, index) => {
          for (let source = 0; source < 20; source++) seen[index][source] += photons[source];
        });
      }
      let sumLog = 0;
      observations.forEach((observation, index) => {
        const situation: Situation = { observation, boundary: "spill", flux, scale: scales[index] };
        const mean = new Float64Array(20);
        const variance = new Float64Array(20);
        observation.counts.data.forEach((value, pixel) => {
          const counts = value * (observation.mask?.data[pixel] ?? 1);
          if (counts === 0) return;
          const { probabilities, lambda } = naiveOrigins(situation, pixel);
          sumLog += counts * Math.log(lambda);
          probabilities.forEach((p, source) => {
            mean[source] += counts * p;
            variance[source] += counts * p * (1 - p);
          });
        });
        for (let source = 0; source < 20; source++) {
          const deviation = seen[index][source] - steps * mean[source];
          if (variance[source] < 1e-12) expect(Math.abs(deviation)).toBeLessThan(1e-3);
          else {
            const p = normalTwoSidedTail(deviation / Math.sqrt(steps * variance[source]));
            expect(p, `observation ${index}, pixel ${source}`).toBeGreaterThan(P_MINIMUM);
          }
        }
      });
      expect(returned / sumLog).toBeCloseTo(1, 6);
    });
  });
});
