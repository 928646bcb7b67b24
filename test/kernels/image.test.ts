// Statistical tests have fixed seeds; right code would have failed one of the about 600 tests of this file with a
// probability below 1e-3 (P_MINIMUM each).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Shape, skyImage } from "../../src/image.js";
import { naiveTree } from "../oracles/multiscale.js";
import { shiftedPixel } from "../oracles/textbook-prior.js";
import { textbookRandom } from "../oracles/textbook-random.js";
import { chiSquareTail, kolmogorovTail } from "../oracles/textbook-special.js";
import { meanTest } from "./goodness-of-fit.js";
import { createStepChain, type StepChain } from "./step-kernels.js";

const P_MINIMUM = 1e-6;
const random = textbookRandom(31, 0);
const TOTAL_PRIOR = { shape: 2.5, rate: 0.2 };

/** Chain of reference exposure 2 whose tree holds the given counts. */
function chainOf(
  shape: Shape,
  counts: ArrayLike<number>,
  alpha: readonly number[],
  shift: Shape,
  seed = 0,
): StepChain {
  const pixels = shape[0] * shape[1];
  const chain = createStepChain(
    shape,
    [
      {
        counts: skyImage(new Float64Array(pixels), shape),
        psf: skyImage([1], [1, 1]),
        exposure: skyImage(new Float64Array(pixels).fill(2), shape),
      },
    ],
    { totalCountsPrior: TOTAL_PRIOR, seed },
  );
  chain.sourceCounts.set(counts);
  chain.alpha.set(alpha);
  chain.kernels.stepAggregate(shift[0], shift[1]);
  return chain;
}

/** First and second moment of x = E0 flux in each pixel: moments of T times those of the Dirichlet fractions. */
function naiveMoments(shape: Shape, counts: ArrayLike<number>, alpha: readonly number[], shift: Shape) {
  const tree = naiveTree(counts, shape, shift);
  const top = tree.length - 1;
  const gammaShape = tree[top].nodes[0] + TOTAL_PRIOR.shape;
  const rate = 1 + TOTAL_PRIOR.rate;
  let means = [gammaShape / rate];
  let squares = [(gammaShape * (gammaShape + 1)) / rate ** 2];
  for (let level = top - 1; level >= 0; level--) {
    const { nodes, blocks } = tree[level];
    const childMeans: number[] = [];
    const childSquares: number[] = [];
    blocks.forEach((block, parent) => {
      const whole = block.reduce((sum, child) => sum + nodes[child] + alpha[level], 0);
      for (const child of block) {
        const a = block.length === 1 ? whole : nodes[child] + alpha[level];
        childMeans[child] = (means[parent] * a) / whole;
        childSquares[child] = (squares[parent] * a * (a + 1)) / (whole * (whole + 1));
      }
    });
    means = childMeans;
    squares = childSquares;
  }
  // Back from nodes to pixels.
  const pixelMeans = new Float64Array(means.length);
  const pixelSquares = new Float64Array(means.length);
  means.forEach((mean, node) => {
    pixelMeans[shiftedPixel(shape, shift, node)] = mean;
    pixelSquares[shiftedPixel(shape, shift, node)] = squares[node];
  });
  return { means: pixelMeans, squares: pixelSquares };
}

const cases: [Shape, readonly number[], Shape, number][] = [
  [[1, 1], [], [0, 0], 5],
  [[2, 2], [0.5], [0, 0], 8],
  [[2, 2], [0.001], [1, 1], 1],
  [[1, 2], [100], [0, 1], 3],
  [[4, 4], [0.1, 1], [1, 3], 4],
  [[4, 4], [100, 0.01], [0, 2], 0],
  [[3, 3], [0.3, 2], [2, 1], 3],
  [[5, 1], [0.7, 1.5, 0.2], [3, 0], 2],
  [[1, 7], [1, 0.05, 10], [0, 5], 2],
  [[3, 5], [0.2, 3, 1], [1, 4], 40],
  [[5, 6], [1, 0.5, 2], [4, 3], 1],
];

describe("drawImage", () => {
  it.each(cases)(
    "has the moments of Gamma and Dirichlet: %j, alpha %j, shift %j",
    (shape, alpha, shift, size) => {
      const pixels = shape[0] * shape[1];
      const counts = Array.from({ length: pixels }, () => random.below(size + 1));
      const chain = chainOf(shape, counts, alpha, shift, pixels);
      const draws: number[][] = counts.map(() => []);
      const totals: number[] = [];
      for (let draw = 0; draw < 12_000; draw++) {
        chain.kernels.stepImage(shift[0], shift[1]);
        draws.forEach((values, pixel) => {
          values.push(2 * chain.flux[pixel]);
        });
        totals.push(chain.kernels.totalCounts());
      }
      const expected = naiveMoments(shape, counts, alpha, shift);
      draws.forEach((values, pixel) => {
        const where = `pixel ${pixel}`;
        expect(meanTest(values, expected.means[pixel]), where).toBeGreaterThan(P_MINIMUM);
        const squares = values.map((value) => value * value);
        expect(meanTest(squares, expected.squares[pixel]), where).toBeGreaterThan(P_MINIMUM);
      });
      // T itself, by its whole distribution.
      const gammaShape = counts.reduce((sum, value) => sum + value, TOTAL_PRIOR.shape);
      const ranks = totals
        .map((total) => 1 - chiSquareTail(2 * (1 + TOTAL_PRIOR.rate) * total, 2 * gammaShape))
        .sort((a, b) => a - b);
      const distance = Math.max(
        ...ranks.map((rank, i) => Math.max(rank - i / ranks.length, (i + 1) / ranks.length - rank)),
      );
      expect(kolmogorovTail(distance, ranks.length)).toBeGreaterThan(P_MINIMUM);
    },
  );

  it("draws fractions of a pair from their Beta law", () => {
    // Beta(1 + 1/2, 1/2): the root of a fraction f of the other child is arcsine-like; compared by moments up to 4.
    const [a, b] = [1.5, 0.5];
    const chain = chainOf([1, 2], [1, 0], [0.5], [0, 0], 4);
    const fractions = Array.from({ length: 20_000 }, () => {
      chain.kernels.stepImage(0, 0);
      return (2 * chain.flux[0]) / chain.kernels.totalCounts();
    });
    let moment = 1;
    for (let power = 1; power <= 4; power++) {
      moment *= (a + power - 1) / (a + b + power - 1);
      expect(
        meanTest(
          fractions.map((value) => value ** power),
          moment,
        ),
      ).toBeGreaterThan(P_MINIMUM);
    }
  });

  it("undoes the shift: bright pixels stay where they are", () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })).chain((shape) =>
          fc.record({
            shape: fc.constant<Shape>(shape),
            shift: fc.tuple(fc.nat(shape[0] - 1), fc.nat(shape[1] - 1)),
          }),
        ),
        ({ shape, shift }) => {
          const pixels = shape[0] * shape[1];
          const counts = Array.from({ length: pixels }, (_, pixel) => 1_000_000 + 100_000 * (pixel % 50));
          const chain = chainOf(shape, counts, new Array(12).fill(0.1).slice(0, levelsOf(shape)), shift);
          chain.kernels.stepImage(shift[0], shift[1]);
          const unit = (2 * (1 + TOTAL_PRIOR.rate)) / 1;
          counts.forEach((value, pixel) => {
            // Relative spread 1e-3 a pixel at most, times the total's.
            expect(Math.abs((chain.flux[pixel] * unit) / value - 1)).toBeLessThan(0.01);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it("lays blocks over the shifted image: pixel (row + shiftRow, col + shiftCol) is node (row, col)", () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 9 })).chain((shape) =>
          fc.record({
            shape: fc.constant<Shape>(shape),
            shift: fc.tuple(fc.nat(shape[0] - 1), fc.nat(shape[1] - 1)),
          }),
        ),
        ({ shape, shift }) => {
          const pixels = shape[0] * shape[1];
          const counts = Array.from({ length: pixels }, () => 10_000 + random.below(100_000));
          // Fractions of level 0 are equal for such an alpha; those above follow the counts.
          const alpha = [1e13, ...new Array(12).fill(0.1)].slice(0, levelsOf(shape));
          const chain = chainOf(shape, counts, alpha, shift);
          chain.kernels.stepImage(shift[0], shift[1]);
          const tree = naiveTree(counts, shape, shift);
          const total = chain.kernels.totalCounts();
          tree[0].blocks.forEach((block, parent) => {
            const share = (tree[1].nodes[parent] / tree[tree.length - 1].nodes[0]) * total;
            for (const node of block) {
              const x = 2 * chain.flux[shiftedPixel(shape, shift, node)];
              expect(Math.abs((x * block.length) / share - 1)).toBeLessThan(0.1);
              // Within the block, far closer.
              const first = 2 * chain.flux[shiftedPixel(shape, shift, block[0])];
              expect(Math.abs(x / first - 1)).toBeLessThan(1e-4);
            }
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it("gives positive, finite pixels that sum to T, however small alpha", () => {
    const shapes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(
        shapes,
        fc.integer({ min: -10, max: 4 }),
        fc.constantFrom(0, 1, 1000),
        fc.nat(1000),
        (shape, exponent, size, seed) => {
          const pixels = shape[0] * shape[1];
          const counts = Array.from({ length: pixels }, () =>
            random.below(10) === 0 ? random.below(size + 1) : 0,
          );
          const shift: Shape = [seed % shape[0], seed % shape[1]];
          const chain = chainOf(shape, counts, new Array(levelsOf(shape)).fill(10 ** exponent), shift, seed);
          chain.kernels.stepImage(shift[0], shift[1]);
          let sum = 0;
          for (const value of chain.flux) sum += 2 * value;
          // The documented floor of 1e-270 counts, at reference exposure 2. NaN and infinity would show in the sum.
          expect(chain.flux.every((value) => value > 0.499e-270)).toBe(true);
          const total = chain.kernels.totalCounts();
          expect(Math.abs(sum - total)).toBeLessThan(1e-12 * total + 1e-260);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function levelsOf(shape: Shape): number {
  return naiveTree(new Float64Array(shape[0] * shape[1]), shape).length - 1;
}
