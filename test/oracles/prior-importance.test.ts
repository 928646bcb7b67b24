/**
 * Importance sampling from the prior is the truth that exact samplers are held to; here it is held to closed forms.
 *
 * 200,000 draws a case, fixed seeds, |z| < 4.5 with the oracle's own standard errors: some 75 comparisons, a right oracle
 * fails one for about one new set of seeds in 2,000.
 */
import { describe, expect, it } from "vitest";
import { type Shape, skyImage } from "../../src/image.js";
import { fastRandom } from "./fast-random.js";
import {
  type ImportanceStatistic,
  importanceProblems,
  type LevelProblem,
  samplePriorByImportance,
} from "./prior-importance.js";
import {
  enumerateStates,
  type NaiveAdaptivePrior,
  smoothnessOfStates,
  stateTree,
} from "./smoothing-states.js";
import { chiSquareTail, logGammaFunction } from "./textbook-special.js";

const DRAWS = 200_000;

function problem(counts: readonly number[], shape: Shape, exposure: number): LevelProblem {
  return {
    name: "closed form",
    observation: {
      counts: skyImage(counts, shape),
      psf: skyImage([1], [1, 1]),
      exposure: skyImage(new Float64Array(counts.length).fill(exposure), shape),
    },
    boundary: "spill",
    totalCountsPrior: { shape: 3, rate: 0.4 },
    smoothingPrior: { power: 1, rate: 0.7, exponent: 2 },
  };
}

function expectStatistic({ name, mean, error }: ImportanceStatistic, expected: number): void {
  expect(error).toBeGreaterThan(0);
  expect(error, `${name} +- ${error}`).toBeLessThan(0.02 * Math.max(expected, 0.5));
  expect(Math.abs(mean - expected) / error, `${name}: ${mean} +- ${error}, ${expected}`).toBeLessThan(4.5);
}

/** Integral over p(alpha) of a function, and the normalised mean of others under p(alpha) times it. */
function overAlpha(
  { power, rate, exponent }: LevelProblem["smoothingPrior"],
  weight: (alpha: number) => number,
  values: readonly ((alpha: number) => number)[],
): { integral: number; means: number[] } {
  let norm = 0;
  let integral = 0;
  const sums = values.map(() => 0);
  for (let t = -12; t < 4; t += 0.01) {
    const alpha = Math.exp(t);
    const density = Math.exp((power + 1) * t - rate * alpha ** exponent);
    norm += density;
    integral += density * weight(alpha);
    values.forEach((value, index) => {
      sums[index] += density * weight(alpha) * value(alpha);
    });
  }
  return { integral: integral / norm, means: sums.map((sum) => sum / integral) };
}

/** Probability of (a, b) under a fair-headed Dirichlet(alpha, alpha), but for the binomial coefficient. */
function pairOf(a: number, b: number, alpha: number): number {
  return Math.exp(
    logGammaFunction(a + alpha) +
      logGammaFunction(b + alpha) -
      logGammaFunction(a + b + 2 * alpha) +
      logGammaFunction(2 * alpha) -
      2 * logGammaFunction(alpha),
  );
}

describe("samplePriorByImportance", () => {
  it("finds the gamma posterior of a single pixel", () => {
    // x = T ~ Gamma(3 + 4, 1.4): its tail is a sum of Poisson probabilities.
    const given = problem([4], [1, 1], 2.5);
    const { none } = samplePriorByImportance(given, { draws: DRAWS, seed: 1 });
    expectStatistic(none.statistics[0], 7 / 1.4);
    expect(none.statistics[2].mean).toBe(none.statistics[0].mean);
    let below1 = 0;
    for (let k = 0, term = Math.exp(-1.4); k < 7; k++, term *= 1.4 / k) below1 += term;
    expectStatistic(none.statistics[1], below1);
    const evidence = Math.exp(logGammaFunction(7) - logGammaFunction(3)) * 0.4 ** 3 * 1.4 ** -7;
    expect(Math.abs(none.evidence.mean - evidence) / none.evidence.error).toBeLessThan(4.5);
  });

  it("finds the posterior of a row of four pixels, its shift, and the probability of the data", () => {
    const counts = [3, 0, 1, 2];
    const given = problem(counts, [1, 4], 2);
    const { none, sampled } = samplePriorByImportance(given, { draws: DRAWS, seed: 2 });
    const total = 9 / 1.4;
    const ofTotal = Math.exp(logGammaFunction(9) - logGammaFunction(3)) * 0.4 ** 3 * 1.4 ** -9;
    const perShift = [0, 1, 2, 3].map((shift) => {
      const y = [0, 1, 2, 3].map((node) => counts[(node + shift) % 4]);
      const halves = [y[0] + y[1], y[2] + y[3]];
      const leaves = overAlpha(
        given.smoothingPrior,
        (alpha) => pairOf(y[0], y[1], alpha) * pairOf(y[2], y[3], alpha),
        [
          (alpha) => alpha,
          ...y.map((count, node) => (a: number) => (count + a) / (halves[node >> 1] + 2 * a)),
        ],
      );
      const top = overAlpha(given.smoothingPrior, (alpha) => pairOf(halves[0], halves[1], alpha), [
        (alpha) => alpha,
        ...halves.map((count) => (a: number) => (count + a) / (6 + 2 * a)),
      ]);
      const means = new Array<number>(4);
      y.forEach((_, node) => {
        means[(node + shift) % 4] = total * top.means[1 + (node >> 1)] * leaves.means[1 + node];
      });
      return {
        evidence: ofTotal * leaves.integral * top.integral,
        alpha: [leaves.means[0], top.means[0]],
        means,
      };
    });

    const check = (
      { statistics, evidence }: typeof none,
      weights: readonly number[],
      probability: number,
    ) => {
      const average = (of: (row: (typeof perShift)[0]) => number) =>
        perShift.reduce((sum, row, shift) => sum + weights[shift] * of(row), 0);
      for (let pixel = 0; pixel < 4; pixel++) {
        expectStatistic(
          statistics[pixel],
          average(({ means }) => means[pixel]),
        );
      }
      expectStatistic(statistics[8], total);
      expectStatistic(
        statistics[9],
        average(({ alpha }) => alpha[0]),
      );
      expectStatistic(
        statistics[10],
        average(({ alpha }) => alpha[1]),
      );
      expect(Math.abs(evidence.mean - probability) / evidence.error).toBeLessThan(4.5);
    };
    check(none, [1, 0, 0, 0], perShift[0].evidence);
    const sum = perShift.reduce((all, { evidence }) => all + evidence, 0);
    const probabilities = perShift.map(({ evidence }) => evidence / sum);
    check(sampled, probabilities, sum / 4);
    expect(none.shifts).toEqual([]);
    // An even row of blocks does not care which comes first, so shifts 2 apart are alike, and only those.
    expect(probabilities[0]).toBeCloseTo(probabilities[2], 12);
    expect(Math.abs(probabilities[0] - probabilities[1])).toBeGreaterThan(0.02);
    sampled.shifts.forEach((row, shift) => {
      expectStatistic(row, probabilities[shift]);
    });
  });

  it.each([
    ["alike", [0.3, 2]],
    ["directed", [0.4, [3, 0.5, 0.6, 1] as const]],
  ])("gives the posterior under the adaptive prior that enumeration finds, children %s", (_, alphas) => {
    const shape: Shape = [1, 4];
    const y = [4, 0, 2, 1];
    const { smoothingPrior: __, ...base } = problem(y, shape, 1);
    const prior: NaiveAdaptivePrior = {
      alphas,
      transitions: [
        [1.5, 0.5],
        [0.4, 0.8],
      ],
    };
    const photons = 7;
    const { shape: a, rate: b } = base.totalCountsPrior;
    const result = samplePriorByImportance({ ...base, adaptivePrior: prior }, { draws: DRAWS, seed: 6 });
    // The probability of the total, Gamma and Poisson, but for 1 / y!.
    const ofTotal = Math.exp(
      logGammaFunction(a + photons) - logGammaFunction(a) + a * Math.log(b) - (a + photons) * Math.log1p(b),
    );
    const perShift = [0, 1, 2, 3].map((shift) => {
      const model = { prior, shape, shift: [0, shift] as const };
      const { logEvidence, marginals } = enumerateStates(y, model);
      // E(x[j] | y) = E(T | y) P(the next photon is in pixel j | y).
      const means = y.map((_, pixel) => {
        const next = enumerateStates(
          y.map((count, j) => count + Number(j === pixel)),
          model,
        );
        return ((a + photons) / (1 + b)) * Math.exp(next.logEvidence - logEvidence);
      });
      const smoothness = [0, 1].map(
        (state) => smoothnessOfStates(prior, stateTree(shape), [state, state, state])[0],
      );
      const ofNode = (node: number) =>
        marginals[node].reduce((sum, probability, state) => sum + probability * smoothness[state], 0);
      return {
        evidence: ofTotal * Math.exp(logEvidence),
        means,
        smoothness: [(ofNode(0) + ofNode(1)) / 2, ofNode(2)],
      };
    });
    const check = (
      { statistics, evidence }: typeof result.none,
      weights: readonly number[],
      probability: number,
    ) => {
      const average = (of: (row: (typeof perShift)[0]) => number) =>
        perShift.reduce((sum, row, shift) => sum + weights[shift] * of(row), 0);
      for (let pixel = 0; pixel < 4; pixel++) {
        expectStatistic(
          statistics[pixel],
          average(({ means }) => means[pixel]),
        );
      }
      for (const level of [0, 1]) {
        expect(statistics[9 + level].name).toBe(`smoothness${level}`);
        expectStatistic(
          statistics[9 + level],
          average(({ smoothness }) => smoothness[level]),
        );
      }
      expect(Math.abs(evidence.mean - probability) / evidence.error).toBeLessThan(4.5);
    };
    check(result.none, [1, 0, 0, 0], perShift[0].evidence);
    const sum = perShift.reduce((all, { evidence }) => all + evidence, 0);
    check(
      result.sampled,
      perShift.map(({ evidence }) => evidence / sum),
      sum / 4,
    );
  });

  it("covers all shifts with equal prior weight where the image is not a power of two", () => {
    // Without counts the shift is unknown: every probability 1 / 15.
    const { sampled } = samplePriorByImportance(problem(new Array<number>(15).fill(0), [3, 5], 1), {
      draws: 50_000,
      seed: 3,
    });
    for (const row of sampled.shifts) {
      expect(Math.abs(row.mean - 1 / 15) / row.error, row.name).toBeLessThan(4.5);
    }
  });

  it("repeats itself", () => {
    const [first] = importanceProblems();
    const run = () => samplePriorByImportance(first, { draws: 2000, seed: 9 });
    expect(run()).toEqual(run());
  });
});

describe("fastRandom", () => {
  it.each([0.05, 0.6, 1, 3.7, 40])("draws Gamma(%f): mean, variance and mean logarithm", (shape) => {
    const random = fastRandom(11);
    const size = 300_000;
    let sum = 0;
    let square = 0;
    for (let draw = 0; draw < size; draw++) {
      const value = random.gamma(shape);
      sum += value;
      square += (value - shape) ** 2;
    }
    // Mean and variance are the shape; the fourth central moment is 3 shape^2 + 6 shape.
    expect(Math.abs(sum / size - shape) / Math.sqrt(shape / size)).toBeLessThan(4.5);
    expect(Math.abs(square / size - shape) / Math.sqrt((2 * shape ** 2 + 6 * shape) / size)).toBeLessThan(
      4.5,
    );
  });

  it("draws uniforms that fill pairs of bins evenly", () => {
    const random = fastRandom(12);
    const seen = new Float64Array(1024);
    const size = 500_000;
    for (let draw = 0; draw < size; draw++) {
      seen[32 * Math.floor(32 * random.uniform()) + Math.floor(32 * random.uniform())]++;
    }
    const expected = size / 1024;
    const statistic = seen.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const tail = chiSquareTail(statistic, 1023);
    expect(tail).toBeGreaterThan(1e-4);
    expect(tail).toBeLessThan(1 - 1e-4);
  });
});
