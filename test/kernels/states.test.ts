/**
 * The states of the adaptive prior: the evidence of the counts against a plain pass up the tree, and the draw of states and transitions
 * against the enumeration of all of them.
 */
import { describe, expect, it } from "vitest";
import { DEFAULT_ADAPTIVE_PRIOR, neighbouringTransitions } from "../../src/data/law/adaptive-prior.js";
import type { AdaptivePrior } from "../../src/data/law/prior-parameters.js";
import { type Shape, skyImage } from "../../src/image.js";
import { createLiraChain } from "../../src/samplers/lira.js";
import { enumerateStates, logEvidenceOfStates } from "../oracles/smoothing-states.js";
import { textbookRandom } from "../oracles/textbook-random.js";
import { createStepChain } from "./step-kernels.js";

const THREE: AdaptivePrior = { alphas: [0.05, 0.7, 20], transitions: neighbouringTransitions(3) };
const DIRECTIONAL: AdaptivePrior = {
  alphas: [0.1, [2, 2, 0.1, 0.1], [0.1, 5, 0.1, 5]],
  transitions: [
    [1, 0.5, 0.4],
    [0.3, 2, 0.3],
    [0.6, 0.2, 0.9],
  ],
};

function chainWith(shape: Shape, adaptivePrior: AdaptivePrior, counts: ArrayLike<number>) {
  const observation = {
    counts: skyImage(new Float64Array(shape[0] * shape[1]), shape),
    psf: skyImage([1], [1, 1]),
  };
  const chain = createStepChain(shape, [observation], { adaptivePrior, cycleSpin: "none", seed: 5 });
  chain.sourceCounts.set(Int32Array.from(counts));
  return chain;
}

describe("evidence of the counts given the transition matrix", () => {
  it.each([
    [[8, 8], DEFAULT_ADAPTIVE_PRIOR, 1],
    [[12, 20], DEFAULT_ADAPTIVE_PRIOR, 3],
    [[5, 7], THREE, 40],
    [[1, 11], THREE, 2],
    [[9, 1], DIRECTIONAL, 2],
    [[6, 10], DIRECTIONAL, 1],
    // Beyond the tables of factorials and of logarithms.
    [[4, 4], DEFAULT_ADAPTIVE_PRIOR, 3_000],
    [[3, 5], DIRECTIONAL, 20_000],
  ] as const)("is that of a plain pass up the tree: %j", (shape, prior, most) => {
    const random = textbookRandom(77, shape[0] * 100 + shape[1]);
    for (let trial = 0; trial < 4; trial++) {
      // Half of the pixels dark, the others from 0 to `most`.
      const counts = Array.from({ length: shape[0] * shape[1] }, () =>
        random.uniform() < 0.5 ? 0 : random.below(most + 1),
      );
      const chain = chainWith(shape, prior, counts);
      const shift = [random.below(shape[0]), random.below(shape[1])] as const;
      const found = (row: number, col: number) => chain.kernels.stepEvidence(row, col);
      const expected = (row: number, col: number) =>
        logEvidenceOfStates(counts, {
          prior,
          shape,
          shift: [row, col],
          transitions: chain.transitions.slice(),
        });
      // Rounding of log Gamma of counts up to 20,000: 1e-15 of 2e5, a few at a time.
      expect(found(0, 0)).toBeCloseTo(expected(0, 0), 7);
      expect(found(...shift)).toBeCloseTo(expected(...shift), 7);
    }
  });

  it("of no counts and of one are those of chance alone", () => {
    const dark = chainWith([4, 4], THREE, new Float64Array(16));
    expect(dark.kernels.stepEvidence(0, 0)).toBe(0);
    const one = chainWith(
      [4, 4],
      THREE,
      Float64Array.from({ length: 16 }, (_, pixel) => Number(pixel === 6)),
    );
    expect(one.kernels.stepEvidence(0, 0)).toBeCloseTo(-Math.log(16), 12);
  });
});

describe("the draw of states and transitions", () => {
  // Of 18 to 24 quantities each; at |z| < 4.5 a new seed fails for all three together in 5e-4 of all cases.
  it.each([
    ["bright, faint and dark blocks", [4, 4], THREE, [9, 0, 1, 0, 0, 1, 0, 0, 0, 0, 2, 3, 0, 0, 4, 1]],
    ["an image that is no power of two", [3, 5], THREE, [2, 0, 0, 5, 1, 1, 0, 0, 0, 0, 3, 0, 0, 0, 30]],
    ["states that know directions", [4, 4], DIRECTIONAL, [3, 2, 0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0]],
  ] as const)("has the law that enumeration finds: %s", (_, shape, prior, counts) => {
    const chain = chainWith([...shape], prior, counts);
    const exact = enumerateStates([...counts], { prior, shape: [...shape] });
    const states = prior.alphas.length;
    const { kernels } = chain;
    kernels.stepAggregate(0, 0);
    const BATCHES = 40;
    const SIZE = 2_000;
    const batches: Float64Array[] = [];
    const nodes = exact.marginals.length;
    for (let batch = -1; batch < BATCHES; batch++) {
      const sums = new Float64Array(nodes * states + states * states);
      for (let draw = 0; draw < SIZE; draw++) {
        kernels.stepSmoothing();
        for (let node = 0; node < nodes; node++) sums[node * states + chain.states[node]] += 1 / SIZE;
        for (let at = 0; at < states * states; at++)
          sums[nodes * states + at] += chain.transitions[at] / SIZE;
      }
      // The first belongs to the burn-in.
      if (batch >= 0) batches.push(sums);
    }
    const expected = [...exact.marginals.flat(), ...exact.transitions];
    const z = expected.map((value, quantity) => {
      const mean = batches.reduce((sum, batch) => sum + batch[quantity], 0) / BATCHES;
      const square = batches.reduce((sum, batch) => sum + (batch[quantity] - mean) ** 2, 0);
      return (mean - value) / Math.sqrt(square / (BATCHES - 1) / BATCHES + 1e-12);
    });
    expect(Math.max(...z.map(Math.abs))).toBeLessThan(4.5);
    expect(Math.sqrt(z.reduce((sum, value) => sum + value ** 2, 0) / z.length)).toBeLessThan(1.8);
  });
});

it("collects the states of more counts than were foreseen without touching what lies behind their room", () => {
  const shape = [64, 64] as const;
  const counts = new Float64Array(64 * 64);
  counts[700] = 2;
  const chain = createLiraChain(
    [{ counts: skyImage(counts, shape), psf: skyImage([1, 2, 1], [1, 3]) }],
    {
      boundary: "spill",
      cycleSpin: "sampled",
      pairTransfers: 8,
      fitBackgroundScale: false,
      totalCountsPrior: { shape: 1, rate: 0 },
      backgroundScalePrior: { shape: 1, rate: 1 },
      adaptivePrior: DEFAULT_ADAPTIVE_PRIOR,
    },
    { seed: 1, chain: 0 },
  );
  const { kernels } = chain;
  const before = kernels.likelihood();
  new Int32Array(kernels.memory.buffer, kernels.sourceCountsArray(), 64 * 64).fill(5);
  expect(kernels.stepEvidence(3, 5)).toBeLessThan(0);
  expect(kernels.likelihood()).toBe(before);
});
