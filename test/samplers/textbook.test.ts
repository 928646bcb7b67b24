/**
 * The textbook sampler is the oracle of other tests; here it is held to posteriors with closed forms.
 *
 * Every Monte Carlo comparison asks |z| < 5 with the standard error from 100 batches (Student t, 99 degrees of
 * freedom: a false alarm with probability 2.5e-6). There are about 80 of them: 2e-4 overall for a new set of seeds.
 */
import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { type Shape, skyImage } from "../../src/image.js";
import { createTextbookChain, type TextbookChain } from "../oracles/textbook-lira.js";
import { textbookExpectedCounts, textbookObservation } from "../oracles/textbook-model.js";
import {
  drawFromPrior,
  type TextbookSettings,
  textbookBlocks,
  textbookTreeShapes,
} from "../oracles/textbook-prior.js";
import { textbookRandom } from "../oracles/textbook-random.js";
import {
  chiSquareTail,
  digamma,
  kolmogorovTail,
  logGammaFunction,
  trigamma,
} from "../oracles/textbook-special.js";

const SETTINGS: TextbookSettings = {
  boundary: "spill",
  cycleSpin: "none",
  fitAlpha: false,
  alphaInit: 0.7,
  fitBackgroundScale: false,
  totalCountsPrior: { shape: 1, rate: 0.05 },
  smoothingPrior: { power: 1, rate: 1000, exponent: 3 },
};

const DELTA = skyImage([1], [1, 1]);

function observe(counts: readonly number[], shape: Shape, rest: Partial<Observation> = {}): Observation {
  return { counts: skyImage(counts, shape), psf: DELTA, ...rest };
}

/** Ask that the mean of a chain's values is `expected`. */
function expectMean(what: string, values: ArrayLike<number>, expected: number): void {
  const batches = 100;
  const size = Math.floor(values.length / batches);
  const means = Array.from({ length: batches }, (_, batch) => {
    let sum = 0;
    for (let index = batch * size; index < (batch + 1) * size; index++) sum += values[index];
    return sum / size;
  });
  const mean = means.reduce((sum, value) => sum + value, 0) / batches;
  const variance = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (batches - 1);
  const z = (mean - expected) / Math.sqrt(variance / batches);
  expect(Math.abs(z), `${what}: mean ${mean}, expected ${expected}, z = ${z}`).toBeLessThan(5);
}

/** Ask for the mean and the variance of a Gamma(shape, rate) law. */
function expectGamma(what: string, values: readonly number[], shape: number, rate: number): void {
  expectMean(what, values, shape / rate);
  expectMean(
    `${what}, squared deviation`,
    values.map((value) => (value - shape / rate) ** 2),
    shape / rate ** 2,
  );
}

/** Record `draws` draws of what `read` returns, after a burn-in of 200 sweeps. */
function record(chain: TextbookChain, draws: number, read: () => readonly number[]): number[][] {
  chain.sweep(200);
  const columns = read().map(() => [] as number[]);
  for (let draw = 0; draw < draws; draw++) {
    chain.sweep();
    read().forEach((value, column) => {
      columns[column].push(value);
    });
  }
  return columns;
}

describe("special functions", () => {
  it("agree with exact values", () => {
    expect(logGammaFunction(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13);
    expect(logGammaFunction(11)).toBeCloseTo(Math.log(3_628_800), 12);
    // lgamma(x) = -log(x) - euler x + O(x^2)
    expect(logGammaFunction(1e-8)).toBeCloseTo(-Math.log(1e-8) - 0.5772156649015329e-8, 12);
    // A&S 6.3.2 and 6.3.3: psi(1) = -euler, psi(1/2) = -euler - 2 log 2
    expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 13);
    expect(digamma(0.5)).toBeCloseTo(-0.5772156649015329 - 2 * Math.LN2, 13);
    // A&S 6.4.2 and 6.4.4: psi'(1) = pi^2 / 6, psi'(1/2) = pi^2 / 2
    expect(trigamma(1)).toBeCloseTo(Math.PI ** 2 / 6, 13);
    expect(trigamma(0.5)).toBeCloseTo(Math.PI ** 2 / 2, 13);
  });

  it("give tail probabilities", () => {
    // Two degrees of freedom: exp(-x / 2). One: A&S table 26.8, 3.84146 at 5 %; ten: 18.3070 at 5 %.
    expect(chiSquareTail(7, 2)).toBeCloseTo(Math.exp(-3.5), 12);
    expect(chiSquareTail(0.3, 2)).toBeCloseTo(Math.exp(-0.15), 12);
    expect(chiSquareTail(3.84146, 1)).toBeCloseTo(0.05, 6);
    expect(chiSquareTail(18.307, 10)).toBeCloseTo(0.05, 5);
    // Limiting Kolmogorov law: 5 % at 1.358, 1 % at 1.628.
    expect(kolmogorovTail(1.358 / 1e4, 1e8)).toBeCloseTo(0.05, 3);
    expect(kolmogorovTail(1.628 / 1e4, 1e8)).toBeCloseTo(0.01, 3);
  });
});

describe("random variates", () => {
  const draws = 40_000;
  const many = (draw: () => number) => Array.from({ length: draws }, draw);
  const random = textbookRandom(1, 0);

  it.each([0.01, 0.5, 1, 3.7, 250])("gamma of shape %d", (shape) => {
    expectGamma(
      `gamma(${shape})`,
      many(() => random.gamma(shape, 2)),
      shape,
      2,
    );
    // E log G = psi(shape): sees the far left tail, where the variate itself underflows.
    expectMean(
      `log gamma(${shape})`,
      many(() => random.logGamma(shape)),
      digamma(shape),
    );
  });

  it.each([0.3, 12, 17, 90, 1e6])("poisson of mean %d", (mean) => {
    const values = many(() => random.poisson(mean));
    expectMean(`poisson(${mean})`, values, mean);
    expectMean(
      `poisson(${mean}) squared`,
      values.map((value) => (value - mean) ** 2),
      mean,
    );
  });

  it.each([
    [7, 0.2],
    [60, 0.03],
    [1000, 0.9],
    [1_000_000, 0.37],
  ])("binomial of %d trials, probability %d", (trials, p) => {
    const values = many(() => random.binomial(trials, p));
    expectMean(`binomial(${trials}, ${p})`, values, trials * p);
    expectMean(
      `binomial(${trials}, ${p}) squared`,
      values.map((value) => (value - trials * p) ** 2),
      trials * p * (1 - p),
    );
  });

  it("is a function of seed and stream", () => {
    const first = textbookRandom(5, 2);
    const again = textbookRandom(5, 2);
    const values = Array.from({ length: 20 }, () => first.uniform());
    expect(Array.from({ length: 20 }, () => again.uniform())).toEqual(values);
    expect(textbookRandom(5, 3).uniform()).not.toBe(values[0]);
    expect(textbookRandom(5 + 2 ** 32, 2).uniform()).not.toBe(values[0]);
  });
});

describe("model", () => {
  // counts[i] comes from j with probability psf[i - j + c], c = floor(n / 2): an even psf 2 x 4 has c = (1, 2).
  const psf = skyImage([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]);
  const flux = new Float64Array(5 * 6);
  flux[1 * 6 + 2] = 36;

  it("puts the psf around a point source", () => {
    const lambda = textbookExpectedCounts(
      textbookObservation(observe(Array(30).fill(0), [5, 6], { psf }), "spill"),
      flux,
      1,
    );
    expect([...lambda.slice(0, 12)].map((value) => Math.round(1e9 * value) / 1e9)).toEqual([
      1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 0, 0,
    ]);
  });

  it("loses or wraps what leaves the detector", () => {
    const corner = new Float64Array(30);
    corner[0] = 36;
    const dark = observe(Array(30).fill(0), [5, 6], { psf });
    const spill = textbookObservation(dark, "spill");
    expect([...textbookExpectedCounts(spill, corner, 1)].reduce((a, b) => a + b, 0)).toBeCloseTo(7 + 8, 12);
    expect(spill.detected[0]).toBeCloseTo((7 + 8) / 36, 12);
    const wrap = textbookObservation(dark, "wrap");
    const wrapped = textbookExpectedCounts(wrap, corner, 1);
    expect([wrapped[24], wrapped[25], wrapped[28], wrapped[29]].map((value) => Math.round(value!))).toEqual([
      3, 4, 1, 2,
    ]);
    expect(Math.min(...wrap.detected)).toBeCloseTo(1, 12);
  });

  it("has a tree that halves with ceil", () => {
    expect(textbookTreeShapes([6, 5])).toEqual([
      [6, 5],
      [3, 3],
      [2, 2],
      [1, 1],
    ]);
    expect(textbookTreeShapes([1, 1])).toEqual([[1, 1]]);
    const sizes = textbookBlocks(
      [
        [3, 3],
        [2, 2],
      ],
      0,
    ).map((block) => block.length);
    expect(sizes).toEqual([4, 2, 2, 1]);
  });
});

describe("conjugate posteriors", () => {
  it("total of a single pixel", () => {
    const chain = createTextbookChain([observe([9], [1, 1])], SETTINGS, 11);
    const [total] = record(chain, 20_000, () => [chain.totalCounts]);
    expectGamma("T", total!, 9 + 1, 1 + 0.05);
  });

  it.each([
    ["spill", 0.4],
    ["wrap", 1],
  ] as const)("total of a single pixel under a psf, %s", (boundary, detected) => {
    const psf = skyImage([0.1, 0.05, 0.05, 0.1, 0.4, 0.1, 0.1, 0.05, 0.05], [3, 3]);
    const chain = createTextbookChain([observe([9], [1, 1], { psf })], { ...SETTINGS, boundary }, 12);
    const [total] = record(chain, 20_000, () => [chain.totalCounts]);
    expectGamma("T", total!, 9 + 1, detected + 0.05);
  });

  it("Dirichlet fractions of a 2 x 2 image", () => {
    const counts = [0, 3, 10, 1];
    const chain = createTextbookChain([observe(counts, [2, 2])], SETTINGS, 13);
    const fractions = record(chain, 20_000, () => [...chain.flux].map((value) => value / chain.totalCounts));
    const whole = 14 + 4 * 0.7;
    fractions.forEach((values, j) => {
      const mean = (counts[j] + 0.7) / whole;
      expectMean(`fraction ${j}`, values, mean);
      expectMean(
        `fraction ${j} squared`,
        values.map((f) => (f - mean) ** 2),
        (mean * (1 - mean)) / (whole + 1),
      );
    });
  });

  it.each(["none", "random"] as const)(
    "fractions down the tree of a 3 x 5 image, cycle spin %s",
    (cycleSpin) => {
      const shape: Shape = [3, 5];
      const counts = [0, 3, 0, 0, 7, 1, 0, 2, 0, 0, 4, 0, 1, 0, 30];
      const alpha = [0.3, 1.1, 2.5];
      const chain = createTextbookChain(
        [observe(counts, shape)],
        { ...SETTINGS, alphaInit: alpha, cycleSpin },
        14,
      );
      const draws = record(chain, 20_000, () => [...chain.flux]);
      const shapes = textbookTreeShapes(shape);
      // Mean over the shifts of (E T) x the product over levels of (y_child + alpha) / (y_parent + k alpha).
      const expected = new Array<number>(15).fill(0);
      const shifts = cycleSpin === "none" ? [[0, 0]] : counts.map((_, j) => [Math.floor(j / 5), j % 5]);
      for (const [down, right] of shifts) {
        const place = (index: number) =>
          ((Math.floor(index / 5) + down!) % 3) * 5 + (((index % 5) + right!) % 5);
        let owner = counts.map((_, index) => index);
        let sums = counts.map((_, index) => counts[place(index)]);
        const means = new Array<number>(15).fill((48 + 1) / (1 + 0.05));
        for (let level = 0; level < alpha.length; level++) {
          const blocks = textbookBlocks(shapes, level);
          const parents = blocks.map((block) => block.reduce((sum, child) => sum + sums[child], 0));
          const parentOf = (node: number) => blocks.findIndex((block) => block.includes(node));
          owner = owner.map((node, index) => {
            const parent = parentOf(node);
            const k = blocks[parent].length;
            means[index] *= (sums[node] + alpha[level]) / (parents[parent] + k * alpha[level]);
            return parent;
          });
          sums = parents;
        }
        means.forEach((mean, index) => {
          expected[place(index)] += mean / shifts.length;
        });
      }
      draws.forEach((values, j) => {
        expectMean(`flux ${j}`, values, expected[j]);
      });
    },
  );

  it("independent gamma pixels under uneven and zero exposure, two observations, a mask", () => {
    // With a_T = 4 alpha the four pixels are independent Gamma(alpha, b) in x = E0 flux.
    const alpha = 0.8;
    const settings = { ...SETTINGS, alphaInit: alpha, totalCountsPrior: { shape: 4 * alpha, rate: 0.1 } };
    const first = observe([5, 2, 0, 8], [2, 2], { exposure: skyImage([2, 1, 0, 0.5], [2, 2]) });
    const second = observe([3, 70, 0, 1], [2, 2], {
      exposure: skyImage([1, 1, 0, 3], [2, 2]),
      mask: skyImage([1, 0, 1, 1], [2, 2]),
    });
    const chain = createTextbookChain([first, second], settings, 15);
    expect(chain.referenceExposure).toBe(5);
    const draws = record(chain, 30_000, () => [...chain.flux]);
    const photons = [8, 2, 0, 9];
    const exposure = [3, 1, 0, 3.5];
    draws.forEach((values, j) => {
      expectGamma(`flux ${j}`, values, photons[j] + alpha, 5 * 0.1 + exposure[j]);
    });
  });

  it("background scale where the source is negligible", () => {
    const psf = skyImage([0, 1, 0, 1, 4, 2, 0, 1, 1], [3, 3]);
    const exposure = skyImage([1, 2, 1, 0.5], [2, 2]);
    const background = skyImage([3, 1, 2, 4], [2, 2]);
    const one = observe([4, 9, 2, 5], [2, 2], { psf, exposure, background });
    const settings: TextbookSettings = {
      ...SETTINGS,
      fitBackgroundScale: true,
      totalCountsPrior: { shape: 1, rate: 1e12 },
      backgroundScalePrior: { shape: 2.5, rate: 3 },
    };
    const chain = createTextbookChain([one], settings, 16);
    const [scale] = record(chain, 20_000, () => [chain.backgroundScale[0]]);
    // q by hand: psf[i - j + 1] summed over the four detector pixels i, over 10.
    const detected = [(4 + 2 + 1 + 1) / 10, (1 + 4 + 0 + 1) / 10, (1 + 0 + 4 + 2) / 10, (0 + 1 + 1 + 4) / 10];
    const rate = detected.reduce((sum, q, j) => sum + q * exposure.data[j] * background.data[j], 3);
    expectGamma("scale", scale!, 20 + 2.5, rate);
  });
});

describe("numerical posteriors", () => {
  it("smoothing parameter of one block", () => {
    const counts = [0, 3, 10, 1];
    const settings = {
      ...SETTINGS,
      fitAlpha: true,
      smoothingPrior: { power: 1.5, rate: 0.8, exponent: 1.3 },
    };
    const chain = createTextbookChain([observe(counts, [2, 2])], settings, 17);
    const [logAlpha] = record(chain, 30_000, () => [Math.log(chain.alpha[0])]);
    // Density of u = log alpha by the trapezoidal rule.
    let [norm, first, second] = [0, 0, 0];
    for (let u = -14; u < 4; u += 0.002) {
      const a = Math.exp(u);
      let log = logGammaFunction(4 * a) - 4 * logGammaFunction(a) - logGammaFunction(14 + 4 * a);
      for (const y of counts) log += logGammaFunction(y + a);
      const density = Math.exp(log + 1.5 * u - 0.8 * a ** 1.3 + u);
      norm += density;
      first += u * density;
      second += u * u * density;
    }
    const mean = first / norm;
    expectMean("log alpha", logAlpha!, mean);
    expectMean(
      "log alpha squared",
      logAlpha!.map((u) => (u - mean) ** 2),
      second / norm - mean ** 2,
    );
    expect(chain.proposals.accepted / chain.proposals.made).toBeGreaterThan(0.3);
  });

  it.each(["spill", "wrap"] as const)("two pixels under a psf with background, %s", (boundary) => {
    const psf = skyImage([1, 5, 2], [1, 3]);
    const exposure = skyImage([2, 1.2], [1, 2]);
    const background = skyImage([0.4, 1], [1, 2]);
    const counts = [3, 6];
    const settings: TextbookSettings = { ...SETTINGS, boundary, totalCountsPrior: { shape: 2, rate: 0.2 } };
    const chain = createTextbookChain([observe(counts, [1, 2], { psf, exposure, background })], settings, 18);
    const draws = record(chain, 30_000, () => [...chain.flux, chain.totalCounts]);
    // Left pixel sees the right one through psf[0 - 1 + 1] = 1/8, the right sees the left through psf[2] = 2/8; wrapped,
    // either sees the other through both.
    const [a, b] = boundary === "spill" ? [1 / 8, 2 / 8] : [3 / 8, 3 / 8];
    const [norm, sums] = [[0], [0, 0, 0]];
    for (let total = 0.02; total < 60; total += 0.04) {
      // f = v^2 (3 - 2 v) tames the ends of the Dirichlet density.
      for (let v = 0.0025; v < 1; v += 0.005) {
        const f = v * v * (3 - 2 * v);
        const flux = [(total * f) / 2, (total * (1 - f)) / 2];
        const left = 2 * (flux[0] + 0.4);
        const right = 1.2 * (flux[1] + 1);
        const lambda = [(5 / 8) * left + a * right, b * left + (5 / 8) * right];
        const log =
          Math.log(total) -
          0.2 * total -
          0.3 * Math.log(f) -
          0.3 * Math.log(1 - f) +
          counts[0] * Math.log(lambda[0]) -
          lambda[0] +
          counts[1] * Math.log(lambda[1]) -
          lambda[1];
        const density = Math.exp(log) * 6 * v * (1 - v);
        norm[0] += density;
        [flux[0], flux[1], total].forEach((value, index) => {
          sums[index] += value * density;
        });
      }
    }
    draws.forEach((values, index) => {
      expectMean(`quantity ${index}`, values, sums[index] / norm[0]);
    });
  });

  it("leaves the prior invariant when there are no data", () => {
    // No exposure but in one masked pixel: the posterior is the prior.
    const dark = observe([0, 0, 0, 0, 0, 0], [2, 3], {
      exposure: skyImage([0, 0, 1, 0, 0, 0], [2, 3]),
      mask: skyImage([0, 0, 0, 0, 0, 0], [2, 3]),
    });
    const settings: TextbookSettings = {
      ...SETTINGS,
      fitAlpha: true,
      totalCountsPrior: { shape: 3, rate: 0.1 },
      smoothingPrior: { power: 2, rate: 1, exponent: 1 },
    };
    const chain = createTextbookChain([dark], settings, 19);
    const [total, fine, coarse, ...flux] = record(chain, 30_000, () => [
      chain.totalCounts,
      ...chain.alpha,
      ...chain.flux,
    ]);
    expectMean("T", total!, 30);
    // Gamma(3, 1) for either alpha.
    expectMean("alpha 0", fine!, 3);
    expectMean("alpha 1", coarse!, 3);
    // A lone child takes what its block has: half of the total goes to column 2.
    [5, 5, 10].forEach((share, col) => {
      for (const row of [0, 1]) expectMean(`flux ${row}, ${col}`, flux[row * 3 + col], (30 * share) / 40);
    });
    const random = textbookRandom(20, 0);
    const prior = Array.from({ length: 20_000 }, () => drawFromPrior([dark], settings, random));
    expectGamma(
      "prior T",
      prior.map((draw) => draw.totalCounts),
      3,
      0.1,
    );
    expectGamma(
      "prior alpha",
      prior.map((draw) => draw.alpha[1]),
      3,
      1,
    );
    expectMean(
      "prior flux",
      prior.map((draw) => draw.flux[2]),
      7.5,
    );
  });
});
