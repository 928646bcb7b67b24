/**
 * The laws of the states are the oracle of other tests; here enumeration, the upward pass and the textbook sampler are held
 * to each other and to what must be true of them.
 *
 * Monte Carlo comparisons ask |z| < 4.5 with the standard error of 50 batches (Student t with 49 degrees of freedom: a
 * false alarm with probability 4e-5): some 70 of them, 3e-3 for a new set of seeds.
 */
import { describe, expect, it } from "vitest";
import { type Shape, skyImage } from "../../src/image.js";
import {
  countTransitions,
  enumerateStates,
  logCountsOfStates,
  logEvidenceOfStates,
  type NaiveAdaptivePrior,
  passUpward,
  type StatesModel,
  smoothnessOfStates,
  stateTree,
} from "./smoothing-states.js";
import { drawStates, drawTransitions } from "./textbook-adaptive.js";
import { createTextbookChain } from "./textbook-lira.js";
import { textbookRandom } from "./textbook-random.js";

const THREE: NaiveAdaptivePrior = {
  alphas: [0.1, 0.8, 6],
  transitions: [
    [1.6, 0.6, 0.3],
    [0.6, 1.6, 0.6],
    [0.3, 0.6, 1.6],
  ],
};
const DIRECTED: NaiveAdaptivePrior = {
  alphas: [0.15, [4, 0.3, 0.5, 2]],
  transitions: [
    [1.6, 0.6],
    [0.3, 2],
  ],
};
const COUNTS_4X4 = [7, 0, 1, 0, 0, 0, 2, 0, 0, 1, 5, 4, 0, 0, 3, 6];

function modelOf(prior: NaiveAdaptivePrior, shape: Shape, shift: Shape, seed: number): StatesModel {
  return { prior, shape, shift, transitions: drawTransitions(prior, textbookRandom(seed)) };
}

/** Ask that the mean of values that follow each other in a chain is `expected`. */
function expectMean(what: string, values: readonly number[], expected: number): void {
  const batches = 50;
  const size = Math.floor(values.length / batches);
  const means = Array.from(
    { length: batches },
    (_, batch) =>
      values.slice(batch * size, (batch + 1) * size).reduce((sum, value) => sum + value, 0) / size,
  );
  const mean = means.reduce((sum, value) => sum + value, 0) / batches;
  const variance = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (batches - 1);
  const z = (mean - expected) / Math.sqrt(variance / batches);
  expect(Math.abs(z), `${what}: mean ${mean}, expected ${expected}, z = ${z}`).toBeLessThan(4.5);
}

describe("stateTree", () => {
  it("numbers the nodes level by level and knows their parents", () => {
    // 3 x 5 has levels of 2 x 3, 1 x 2 and 1 x 1 nodes.
    const tree = stateTree([3, 5]);
    expect(tree.nodes).toBe(9);
    expect([...tree.parent]).toEqual([6, 6, 7, 6, 6, 7, 8, 8, -1]);
    expect(stateTree([1, 1]).nodes).toBe(0);
  });

  it("gives the means of the logarithms of the parameters, level by level", () => {
    const tree = stateTree([3, 5]);
    const low = Math.log(0.15);
    const high = Math.log(4 * 0.3 * 0.5 * 2) / 4;
    const smoothness = smoothnessOfStates(DIRECTED, tree, [0, 1, 1, 0, 0, 1, 0, 1, 1]);
    expect([...smoothness]).toEqual([
      expect.closeTo((low + high) / 2, 12),
      expect.closeTo((low + high) / 2, 12),
      expect.closeTo(high, 12),
    ]);
  });
});

describe("evidence", () => {
  it.each([
    ["three states", THREE, [4, 4], [0, 0]],
    ["three states", THREE, [4, 4], [1, 3]],
    ["three states", THREE, [1, 7], [0, 2]],
    ["directed states", DIRECTED, [4, 4], [3, 2]],
    ["directed states", DIRECTED, [3, 5], [2, 1]],
  ] as const)(
    "is the same by enumeration and by the upward pass: %s, %j from %j",
    (_, prior, shape, shift) => {
      const random = textbookRandom(4);
      const counts = Array.from({ length: shape[0] * shape[1] }, () =>
        random.poisson(random.gamma(0.5, 0.2)),
      );
      const model = modelOf(prior, shape, shift, 5);
      const { logEvidence, marginals, pairs } = enumerateStates(counts, model);
      expect(logEvidenceOfStates(counts, model)).toBeCloseTo(logEvidence, 10);
      const { parent, nodes } = stateTree(shape);
      for (let node = 0; node < nodes; node++) {
        expect(marginals[node].reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
        if (parent[node] < 0) continue;
        marginals[parent[node]].forEach((probability, a, all) => {
          const row = pairs[node].slice(a * all.length, (a + 1) * all.length);
          expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(probability, 12);
        });
      }
    },
  );

  it.each([
    ["given A", true],
    ["A integrated out", false],
  ])("sums to 1 over all ways to spread three photons over three pixels: %s", (_, given) => {
    const { transitions, ...rest } = modelOf(DIRECTED, [1, 3], [0, 1], 2);
    let sum = 0;
    for (const [first, second] of [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].map((b) => [a, b]))) {
      if (first + second > 3) continue;
      const counts = [first, second, 3 - first - second];
      const ways = counts.reduce((all, count) => all / [1, 1, 2, 6][count], 6);
      const { logEvidence } = enumerateStates(counts, given ? { transitions, ...rest } : rest);
      sum += ways * Math.exp(logEvidence);
    }
    expect(sum).toBeCloseTo(1, 12);
  });

  it("with A integrated out is the mean of that given A over its prior", () => {
    const { transitions: _, ...rest } = modelOf(THREE, [2, 4], [0, 1], 1);
    const counts = [3, 0, 0, 1, 8, 0, 0, 2];
    const { logEvidence } = enumerateStates(counts, rest);
    const random = textbookRandom(6);
    const ratios = Array.from({ length: 5000 }, () =>
      Math.exp(
        logEvidenceOfStates(counts, { ...rest, transitions: drawTransitions(THREE, random) }) - logEvidence,
      ),
    );
    expectMean("ratio", ratios, 1);
  });

  it("learns nothing from a single photon where all children are alike, and something where they are not", () => {
    const one = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    const none = new Array<number>(16).fill(0);
    const distance = (prior: NaiveAdaptivePrior) => {
      const model = modelOf(prior, [4, 4], [0, 0], 3);
      const given = enumerateStates(one, model).marginals;
      return enumerateStates(none, model)
        .marginals.flatMap((row, node) => row.map((value, state) => Math.abs(value - given[node][state])))
        .reduce((a, b) => Math.max(a, b));
    };
    expect(distance(THREE)).toBeLessThan(1e-12);
    expect(distance(DIRECTED)).toBeGreaterThan(0.05);
  });
});

it("drawStates draws every state and transition with its probability", () => {
  const model = modelOf(THREE, [4, 4], [1, 2], 8);
  const { marginals, pairs } = enumerateStates(COUNTS_4X4, model);
  const tree = stateTree(model.shape);
  const { beliefs } = passUpward(logCountsOfStates(COUNTS_4X4, model), tree, model.transitions);
  const random = textbookRandom(9);
  const draws = Array.from({ length: 20_000 }, () => drawStates(beliefs, tree, model.transitions, random));
  for (const node of [0, 3, 4]) {
    const values = draws.map((states) => Number(states[node] === 0));
    expectMean(`node ${node}`, values, marginals[node][0]);
  }
  for (const pair of [1, 4, 8]) {
    const values = draws.map((states) => countTransitions(tree, states, 3, (node) => node === 1)[pair]);
    expectMean(`pair ${pair}`, values, pairs[1][pair]);
  }
});

describe("textbook chain under the adaptive prior", () => {
  // A point for a psf, one exposure everywhere and no background: the source photons are the counts, so that states, A and
  // image have the laws that enumeration finds, A integrated out.
  const total = { shape: 2, rate: 0.3 };
  const start = (
    prior: NaiveAdaptivePrior,
    shape: Shape,
    counts: readonly number[],
    cycleSpin: "none" | "sampled",
  ) =>
    createTextbookChain(
      [{ counts: skyImage(counts, shape), psf: skyImage([1], [1, 1]) }],
      {
        boundary: "spill",
        cycleSpin,
        fitBackgroundScale: false,
        totalCountsPrior: total,
        adaptivePrior: prior,
      },
      12,
    );
  /** E(x[j] | y) = E(T | y) P(the next photon is in pixel j | y). */
  const meanPixels = (prior: NaiveAdaptivePrior, shape: Shape, counts: readonly number[], shift?: Shape) => {
    const model = { prior, shape, ...(shift === undefined ? {} : { shift }) };
    const { logEvidence } = enumerateStates(counts, model);
    const photons = counts.reduce((sum, value) => sum + value, 0);
    return counts.map((_, pixel) => {
      const next = counts.map((value, j) => value + Number(j === pixel));
      const probability = Math.exp(enumerateStates(next, model).logEvidence - logEvidence);
      return ((photons + total.shape) / (1 + total.rate)) * probability;
    });
  };

  it.each([
    ["three states", THREE, [4, 4], COUNTS_4X4],
    ["directed states", DIRECTED, [3, 5], [4, 0, 0, 1, 1, 0, 1, 9, 0, 0, 2, 0, 3, 1, 0]],
  ] as const)("samples the enumerated posterior: %s", (_, prior, shape, counts) => {
    const { marginals, transitions } = enumerateStates(counts, { prior, shape });
    const pixels = meanPixels(prior, shape, counts);
    const chain = start(prior, shape, counts, "none");
    const means = [...marginals.map((row) => row[0]), ...transitions, ...pixels];
    const series = means.map(() => [] as number[]);
    chain.sweep(50);
    for (let sweep = 0; sweep < 6000; sweep++) {
      chain.sweep();
      const values = [
        ...Array.from(chain.states, (state) => Number(state === 0)),
        ...chain.transitions,
        ...chain.flux,
      ];
      values.forEach((value, quantity) => {
        series[quantity].push(value);
      });
    }
    means.forEach((mean, quantity) => {
      expectMean(`quantity ${quantity}`, series[quantity], mean);
    });
  });

  it("samples the shift", () => {
    const shape: Shape = [2, 3];
    const counts = [6, 5, 0, 0, 1, 0];
    const logs = Array.from(
      { length: 6 },
      (_, shift) =>
        enumerateStates(counts, { prior: THREE, shape, shift: [Math.floor(shift / 3), shift % 3] })
          .logEvidence,
    );
    const sum = logs.reduce((all, value) => all + Math.exp(value), 0);
    const chain = start(THREE, shape, counts, "sampled");
    const visits: number[] = [];
    for (let sweep = 0; sweep < 6000; sweep++) {
      chain.sweep();
      visits.push(chain.cycleSpin.row * 3 + chain.cycleSpin.col);
    }
    logs.forEach((value, shift) => {
      expectMean(
        `shift ${shift}`,
        visits.map((visit) => Number(visit === shift)),
        Math.exp(value) / sum,
      );
    });
  });
});
