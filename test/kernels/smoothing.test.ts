// Statistical tests have fixed seeds; right code would have failed one of the about 100 tests of this file with a
// probability below 1e-4 (P_MINIMUM each).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Shape, skyImage } from "../../src/image.js";
import {
  type GridDistribution,
  type NaivePriors,
  naiveSmoothingDistribution,
  naiveTree,
} from "../oracles/multiscale.js";
import { textbookRandom } from "../oracles/textbook-random.js";
import { pearson } from "./goodness-of-fit.js";
import { createStepChain } from "./step-kernels.js";

const P_MINIMUM = 1e-6;

/** Chain whose tree holds the given counts. */
function chainOf(
  shape: Shape,
  counts: ArrayLike<number>,
  prior: NaivePriors["smoothing"],
  shift: Shape,
  seed = 0,
) {
  const pixels = shape[0] * shape[1];
  const chain = createStepChain(
    shape,
    [{ counts: skyImage(new Float64Array(pixels), shape), psf: skyImage([1], [1, 1]) }],
    { smoothingPrior: prior, seed },
  );
  chain.sourceCounts.set(counts);
  chain.kernels.stepAggregate(shift[0], shift[1]);
  return chain;
}

/** Number of the grid's `bins` equally probable bins that holds t. */
function binOf({ points, below }: GridDistribution, t: number, bins: number): number {
  const at = (t - points[0]) / (points[1] - points[0]);
  const index = Math.min(Math.max(Math.floor(at), 0), points.length - 2);
  const part = Math.min(Math.max(at - index, 0), 1);
  const rank = below[index] + part * (below[index + 1] - below[index]);
  return Math.min(bins - 1, Math.floor(rank * bins));
}

/** Chi-square p-value of each level's draws of alpha, by the exact conditional distribution. */
function testLevels(
  shape: Shape,
  counts: ArrayLike<number>,
  prior: NaivePriors["smoothing"],
  shift: Shape,
  seed: number,
): number[] {
  const bins = 25;
  const draws = 6000;
  // Ten proposals a step make draws nearly independent; two more steps between them do the rest.
  const thin = 3;
  const chain = chainOf(shape, counts, prior, shift, seed);
  const tree = naiveTree(counts, shape, shift);
  const laws = Array.from({ length: chain.levels }, (_, level) =>
    naiveSmoothingDistribution(tree, level, prior),
  );
  chain.alpha.set(laws.map(({ points, below }) => Math.exp(points[below.findIndex((p) => p > 0.5)])));
  const observed = laws.map(() => new Float64Array(bins));
  for (let step = 0; step < 20; step++) chain.kernels.stepSmoothing();
  for (let draw = 0; draw < draws; draw++) {
    for (let step = 0; step < thin; step++) chain.kernels.stepSmoothing();
    laws.forEach((law, level) => {
      observed[level][binOf(law, Math.log(chain.alpha[level]), bins)]++;
    });
  }
  return observed.map((seen) => pearson(seen, new Float64Array(bins).fill(draws / bins)));
}

const DEFAULT = { power: 1, rate: 1000, exponent: 3 };
const random = textbookRandom(99, 0);
const numbers = (size: number, value: (index: number) => number) =>
  Array.from({ length: size }, (_, i) => value(i));

const cases: [string, Shape, number[], NaivePriors["smoothing"], Shape][] = [
  ["no counts, blocks of 4, default prior", [4, 4], numbers(16, () => 0), DEFAULT, [0, 0]],
  ["few counts, default prior", [8, 8], numbers(64, () => random.below(2)), DEFAULT, [3, 5]],
  ["no counts, flat prior", [4, 4], numbers(16, () => 0), { power: 0, rate: 1, exponent: 1 }, [0, 0]],
  [
    "few counts, flat prior",
    [8, 8],
    numbers(64, () => random.below(4)),
    { power: 0, rate: 1, exponent: 1 },
    [0, 0],
  ],
  [
    "one source in the dark",
    [8, 8],
    numbers(64, (i) => (i === 27 ? 5000 : 0)),
    { power: 0, rate: 1, exponent: 1 },
    [0, 0],
  ],
  [
    "a million in each pixel",
    [4, 4],
    numbers(16, () => 1_000_000),
    { power: 0, rate: 1e-3, exponent: 1 },
    [0, 0],
  ],
  [
    "a million, and nothing",
    [4, 4],
    numbers(16, (i) => (i % 3 === 0 ? 1_000_000 : 0)),
    { power: 2, rate: 1, exponent: 1 },
    [1, 1],
  ],
  [
    "values about the end of the table",
    [6, 6],
    numbers(36, (i) => [46, 47, 48, 49, 50, 97][i % 6]),
    { power: 1, rate: 0.02, exponent: 1 },
    [0, 1],
  ],
  [
    "blocks of 2, one row",
    [1, 8],
    numbers(8, () => random.below(20)),
    { power: 0, rate: 0.5, exponent: 1 },
    [0, 3],
  ],
  ["blocks of 2 and 1, one column", [5, 1], [3, 0, 60, 2, 7], { power: 1, rate: 1, exponent: 1 }, [2, 0]],
  ["two pixels", [1, 2], [70, 3], { power: 0, rate: 0.1, exponent: 1 }, [0, 0]],
  [
    "blocks of 1, 2 and 4",
    [3, 3],
    [1, 0, 5, 52, 0, 0, 300, 4, 2],
    { power: 1, rate: 1, exponent: 2 },
    [1, 2],
  ],
  [
    "blocks of 2 and 4",
    [3, 4],
    numbers(12, () => random.below(9)),
    { power: 0.5, rate: 1, exponent: 1 },
    [2, 0],
  ],
  ["odd and wide", [5, 11], numbers(55, () => random.below(30)), { power: 1, rate: 3, exponent: 1 }, [4, 7]],
  [
    "heavy tails of the prior",
    [4, 4],
    numbers(16, (i) => (i === 3 ? 1 : 0)),
    { power: 0, rate: 2, exponent: 0.5 },
    [0, 0],
  ],
  [
    "a prior that nearly diverges at 0",
    [4, 4],
    numbers(16, () => 0),
    { power: -0.5, rate: 1, exponent: 1 },
    [0, 0],
  ],
  [
    "a narrow prior",
    [4, 4],
    numbers(16, () => random.below(3)),
    { power: 200, rate: 100, exponent: 2 },
    [0, 0],
  ],
];

describe("drawSmoothing", () => {
  it.each(cases)("draws alpha from its exact conditional: %s", (name, shape, counts, prior, shift) => {
    testLevels(shape, counts, prior, shift, name.length).forEach((p, level) => {
      expect(p, `level ${level}`).toBeGreaterThan(P_MINIMUM);
    });
  });

  const starts: [string, number, NaivePriors["smoothing"], number][] = [
    ["high above", 3, { power: 1, rate: 1, exponent: 1 }, 1e6],
    ["above", 3, { power: 1, rate: 1, exponent: 1 }, 50],
    ["below", 3, { power: 1, rate: 1, exponent: 1 }, 1e-3],
    ["far below", 3, { power: 1, rate: 1, exponent: 1 }, 1e-8],
    ["far below the default prior", 0, DEFAULT, 1e-6],
    ["at pylira's 0.1, for a flat bright image", 1_000_000, { power: 0, rate: 1e-3, exponent: 1 }, 0.1],
  ];
  it.each(starts)("forgets within 200 steps a start %s", (_, counts, prior, start) => {
    const image = numbers(16, (i) => (counts === 3 ? [0, 5, 1, 2, 0, 3, 1][i % 7] : counts));
    const chain = chainOf([4, 4], image, prior, [0, 0], 5);
    chain.alpha.fill(start);
    chain.kernels.startChain();
    for (let step = 0; step < 200; step++) chain.kernels.stepSmoothing();
    const laws = [0, 1].map((level) => naiveSmoothingDistribution(naiveTree(image, [4, 4]), level, prior));
    const observed = [new Float64Array(10), new Float64Array(10)];
    for (let draw = 0; draw < 2000; draw++) {
      for (let step = 0; step < 3; step++) chain.kernels.stepSmoothing();
      observed.forEach((seen, level) => {
        seen[binOf(laws[level], Math.log(chain.alpha[level]), 10)]++;
      });
    }
    for (const seen of observed) {
      expect(pearson(seen, new Float64Array(10).fill(200))).toBeGreaterThan(P_MINIMUM);
    }
  });

  it("stays finite and positive for any counts and priors", () => {
    const sizes = fc.integer({ min: 1, max: 12 });
    const count = fc.oneof(fc.constant(0), fc.nat(60), fc.nat(3_000_000));
    fc.assert(
      fc.property(
        fc.tuple(sizes, sizes).chain((shape) =>
          fc.record({
            shape: fc.constant<Shape>(shape),
            counts: fc.array(count, { minLength: shape[0] * shape[1], maxLength: shape[0] * shape[1] }),
          }),
        ),
        fc.record({
          power: fc.double({ min: -0.9, max: 50, noNaN: true }),
          rate: fc.integer({ min: -4, max: 6 }).map((e) => 10 ** e),
          exponent: fc.double({ min: 0.2, max: 6, noNaN: true }),
        }),
        fc.integer({ min: -10, max: 4 }),
        ({ shape, counts }, prior, start) => {
          const chain = chainOf(shape, counts, prior, [0, 0]);
          chain.alpha.fill(10 ** start);
          chain.kernels.startChain();
          for (let step = 0; step < 5; step++) {
            chain.kernels.stepSmoothing();
            for (const alpha of chain.alpha) {
              expect(alpha).toBeGreaterThan(0);
              expect(alpha).toBeLessThan(Number.POSITIVE_INFINITY);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
