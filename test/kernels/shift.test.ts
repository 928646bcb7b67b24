/** The conditional of the tree's shift: all scores against the naive trees, and the draws against the scores. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Shape, skyImage } from "../../src/image.js";
import { logShiftProbabilities } from "../oracles/shift.js";
import { createStepChain, type StepChain } from "./step-kernels.js";

function shiftChain(shape: Shape, counts: ArrayLike<number>, alpha: readonly number[], seed = 0): StepChain {
  const observation = {
    counts: skyImage(new Float64Array(shape[0] * shape[1]).fill(1), shape),
    psf: skyImage([1], [1, 1]),
  };
  const chain = createStepChain(shape, [observation], { cycleSpin: "sampled", seed });
  chain.alpha.set(alpha);
  chain.sourceCounts.set(counts);
  return chain;
}

function scores(chain: StepChain): Float64Array {
  chain.kernels.stepShift();
  const { kernels } = chain;
  return new Float64Array(kernels.memory.buffer, kernels.shiftScores(), chain.flux.length);
}

describe("drawShift", () => {
  it("scores all shifts as trees built one by one, for images of any shape", () => {
    const cases = fc
      .tuple(fc.integer({ min: 1, max: 17 }), fc.integer({ min: 1, max: 17 }))
      .filter(([ny, nx]) => ny * nx > 1)
      .chain(([ny, nx]) =>
        fc.record({
          shape: fc.constant<Shape>([ny, nx]),
          counts: fc.array(fc.oneof(fc.constant(0), fc.nat(5), fc.nat(4_000)), {
            minLength: ny * nx,
            maxLength: ny * nx,
          }),
          alpha: fc.array(fc.double({ min: 0.01, max: 30, noNaN: true }), { minLength: 5, maxLength: 5 }),
        }),
      );
    fc.assert(
      fc.property(cases, ({ shape, counts, alpha }) => {
        const levels = Math.ceil(Math.log2(Math.max(...shape)));
        const used = alpha.slice(0, levels);
        const ours = scores(shiftChain(shape, counts, used));
        const naive = logShiftProbabilities(counts, shape, used);
        const offset = ours[0] - naive[0];
        for (let shift = 0; shift < ours.length; shift++) {
          // Sums of log-gammas of up to 1e6 in size, in another order.
          expect(Math.abs(ours[shift] - offset - naive[shift])).toBeLessThan(1e-8);
        }
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  it("draws shifts with these probabilities", () => {
    // 20,000 draws, seed 5; chi-square of the shifts with at least 10 expected draws, and the rest together.
    const shape: Shape = [3, 4];
    const counts = [3, 0, 0, 1, 0, 0, 2, 0, 0, 5, 0, 0];
    const chain = shiftChain(shape, counts, [0.3, 0.7], 5);
    const draws = 20_000;
    const seen = new Float64Array(12);
    for (let draw = 0; draw < draws; draw++) {
      chain.kernels.stepShift();
      seen[chain.kernels.shiftRow() * 4 + chain.kernels.shiftCol()]++;
    }
    const expected = Float64Array.from(
      logShiftProbabilities(counts, shape, [0.3, 0.7]),
      (log) => draws * Math.exp(log),
    );
    let chi2 = 0;
    for (let shift = 0; shift < 12; shift++) chi2 += (seen[shift] - expected[shift]) ** 2 / expected[shift];
    expect(Math.min(...expected)).toBeGreaterThan(10);
    // The 99.99 % point of chi-square with 11 degrees of freedom (tables): a right kernel fails once in 10,000.
    expect(chi2).toBeLessThan(37.4);
  });
});
