/** Pair transfers alone, on images small enough for their law to be known by quadrature, and what they keep in step. */
import { describe, expect, it } from "vitest";
import { neighbouringTransitions } from "../../src/data/law/adaptive-prior.js";
import type { AdaptivePrior } from "../../src/data/law/prior-parameters.js";
import type { Observation } from "../../src/data/observation/observation.js";
import { type Shape, skyImage } from "../../src/image.js";
import { type ImageModel, logImageDensity, pairDistribution } from "../oracles/pair-transfer.js";
import { alphasOfStates, stateTree } from "../oracles/smoothing-states.js";
import { textbookExpectedCounts, textbookObservation } from "../oracles/textbook-model.js";
import { createStepChain, type StepChain, type StepSettings } from "./step-kernels.js";

const PSF = skyImage([0.02, 0.1, 0.03, 0.08, 0.4, 0.12, 0.05, 0.15, 0.05], [3, 3]);

const ADAPTIVE: AdaptivePrior = {
  alphas: [0.4, 0.9, [1.7, 1.7, 0.3, 0.3], [0.5, 2.5, 0.5, 2.5]],
  transitions: neighbouringTransitions(4),
};

function chainOf(observations: readonly Observation[], settings: StepSettings, alpha: readonly number[]) {
  const shape = observations[0].counts.shape;
  const chain = createStepChain(shape, observations, { cycleSpin: "none", fitAlpha: false, ...settings });
  chain.alpha.set(alpha);
  return chain;
}

function modelOf(
  chain: StepChain,
  observations: readonly Observation[],
  boundary: "spill" | "wrap",
  shift: Shape = [0, 0],
): ImageModel {
  return {
    shape: observations[0].counts.shape,
    shift,
    alpha: chain.alpha,
    totalCountsPrior: { shape: 1, rate: 0.05 },
    observations: observations.map((observation) => textbookObservation(observation, boundary)),
    backgroundScale: observations.map((_, index) => chain.scale(index)),
    referenceExposure: chain.reference,
  };
}

/** Largest distance of the two distribution functions, times sqrt(draws). */
function kolmogorov(
  values: number[],
  { points, below }: { points: Float64Array; below: Float64Array },
): number {
  const sorted = values.toSorted((a, b) => a - b);
  let largest = 0;
  let cell = 0;
  sorted.forEach((value, index) => {
    while (cell + 2 < points.length && points[cell + 1] < value) cell++;
    const part = Math.min(1, Math.max(0, (value - points[cell]) / (points[cell + 1] - points[cell])));
    const at = below[cell] + part * (below[cell + 1] - below[cell]);
    largest = Math.max(
      largest,
      Math.abs(at - index / values.length),
      Math.abs(at - (index + 1) / values.length),
    );
  });
  return largest * Math.sqrt(values.length);
}

const LINES: readonly [string, Shape, Partial<Observation>, StepSettings, number[], number, number][] = [
  ["1 x 2, alpha 0.3", [1, 2], {}, {}, [0.3], 7, 4],
  ["2 x 1, alpha 0.02: mostly off or on", [2, 1], {}, {}, [0.02], 3, 2],
  ["1 x 2 periodic, psf wider than the image", [1, 2], {}, { boundary: "wrap" }, [0.5], 9, 1],
  [
    "2 x 1, uneven exposure and a background",
    [2, 1],
    { exposure: skyImage([0.2, 1.5], [2, 1]), background: skyImage([2, 1], [2, 1]) },
    {},
    [0.8],
    5,
    6,
  ],
  ["1 x 2, a pixel masked", [1, 2], { mask: skyImage([1, 0], [1, 2]) }, {}, [0.4], 4, 3],
  ["1 x 2, many counts", [1, 2], {}, {}, [1.5], 4_000, 3_000],
  ["1 x 2, no counts", [1, 2], {}, {}, [0.3], 0, 0],
];

describe("transferPairs", () => {
  it.each(LINES)(
    "%s: the share has the law of quadrature",
    (_, shape, changes, settings, alpha, first, second) => {
      const observation = { counts: skyImage([first, second], shape), psf: PSF, ...changes };
      // One transfer in 10 meets the other pixel (the rest point off the image), and up to four a call are tried however
      // bright it is: 25 calls give some 10 steps between draws.
      const chain = chainOf([observation], { ...settings, pairTransfers: 4, seed: 3 }, alpha);
      chain.flux.set([0.5 * (first + second) + 0.5, 0.5 * (first + second) + 0.5]);
      const model = modelOf(chain, [observation], settings.boundary ?? "spill");
      const image = chain.flux.map((value) => value * chain.reference);
      const expected = pairDistribution(image, 0, 1, model);
      const values = Array.from({ length: 4_000 }, () => {
        for (let call = 0; call < 25; call++) expect(chain.kernels.stepTransfers(0, 0)).toBe(1);
        return Math.log(chain.flux[0]) - Math.log(chain.flux[1]);
      });
      // Kolmogorov's distribution exceeds 2.23 once in 10,000 independent samples.
      expect(kolmogorov(values, expected)).toBeLessThan(2.23);
      const tried = Number(chain.kernels.transfersTried.value);
      expect(Number(chain.kernels.transfersAccepted.value) / tried).toBeGreaterThan(0.8);
    },
  );

  it.each([
    ["3 x 3, blocks of 1, 2 and 4", [3, 3], "spill", [0, 0], undefined],
    ["4 x 4 shifted", [4, 4], "spill", [1, 3], undefined],
    ["5 x 3 periodic, shifted", [5, 3], "wrap", [2, 1], undefined],
    ["3 x 3, every block in a state of its own", [3, 3], "spill", [0, 0], ADAPTIVE],
    ["5 x 3 periodic, shifted, every block in a state of its own", [5, 3], "wrap", [2, 1], ADAPTIVE],
  ] as const)(
    "%s: a neighbour's share has the law of quadrature given all others",
    (_, shape, boundary, shift, adaptivePrior) => {
      // All pixels but two are put back after each transfer, so that the law is that of one line.
      const [ny, nx] = shape;
      const pixels = ny * nx;
      const counts = Float64Array.from({ length: pixels }, (_value, pixel) => [0, 3, 1, 0, 7, 2][pixel % 6]);
      const observations = [
        { counts: skyImage(counts, shape), psf: PSF },
        {
          counts: skyImage(
            counts.map((value) => (value + 1) % 4),
            shape,
          ),
          psf: skyImage([0.3, 0.7], [1, 2]),
          exposure: skyImage(
            counts.map((_value, pixel) => 0.5 + 0.1 * pixel),
            shape,
          ),
          background: skyImage(
            counts.map(() => 0.3),
            shape,
          ),
        },
      ];
      const alpha = [0.4, 0.9, 1.7].slice(0, Math.ceil(Math.log2(Math.max(ny, nx))));
      const settings = { boundary, pairTransfers: 1, seed: 8, ...(adaptivePrior && { adaptivePrior }) };
      const chain = chainOf(observations, settings, alpha);
      chain.setScale(1, 1.3);
      chain.states.set(chain.states.map((_value, node) => node % 4));
      const start = Float64Array.from({ length: pixels }, (_value, pixel) => 0.1 + ((pixel * 7) % 5));
      const model = {
        ...modelOf(chain, observations, boundary, shift),
        ...(adaptivePrior && { alpha: alphasOfStates(adaptivePrior, stateTree(shape), chain.states) }),
      };
      for (const [first, second] of [
        [0, 1],
        [nx, 2 * nx],
        [nx + 1, 2 * nx + 2],
        [0, 2],
      ]) {
        const expected = pairDistribution(
          start.map((value) => value * chain.reference),
          first,
          second,
          model,
        );
        const together = start[first] + start[second];
        let share = start[first];
        const values: number[] = [];
        for (let tries = 0; values.length < 500 && tries < 1_000_000; tries++) {
          chain.flux.set(start);
          chain.flux[first] = share;
          chain.flux[second] = together - share;
          chain.kernels.stepTransfers(shift[0], shift[1]);
          const moved = chain.flux[first] !== share;
          const others = chain.flux.some(
            (value, pixel) => pixel !== first && pixel !== second && value !== start[pixel],
          );
          if (!moved || others) continue;
          share = chain.flux[first];
          values.push(Math.log(share) - Math.log(chain.flux[second]));
          // A share too small to survive `together - share` would leave the line.
          if (share < 1e-12 * together || together - share < 1e-12 * together) share = 0.5 * together;
        }
        // Rejections are not counted: with an acceptance of 0.98 this bends the law by less than the test can see.
        expect(kolmogorov(values, expected)).toBeLessThan(2.23);
      }
    },
  );

  it("1 x 3, a bright pixel that is mostly left alone: all shares have the law of quadrature", () => {
    // 60 transfers a call: pairs with more than a fifteenth of the total are left alone more often than not.
    const observation = { counts: skyImage([2, 40, 5], [1, 3]), psf: PSF };
    const chain = chainOf([observation], { pairTransfers: 60, seed: 4 }, [0.7, 0.5]);
    chain.flux.set([4, 36, 9]);
    const model = modelOf(chain, [observation], "spill");
    const total = 49 * chain.reference;
    const statistics = [
      (x: ArrayLike<number>) => x[0] / total,
      (x: ArrayLike<number>) => x[1] / total,
      (x: ArrayLike<number>) => Number(x[0] < x[2]),
      (x: ArrayLike<number>) => (x[0] * x[2]) / total ** 2,
      (x: ArrayLike<number>) => Number(x[0] > 0.05 * total),
    ];
    // Over logarithms of the ratios to the second pixel, whose density has the Jacobian x0 x1 x2 / total.
    const expected = statistics.map(() => 0);
    let sum = 0;
    for (let first = -24; first <= 4; first += 0.05) {
      for (let last = -24; last <= 4; last += 0.05) {
        const middle = total / (1 + Math.exp(first) + Math.exp(last));
        const image = [middle * Math.exp(first), middle, middle * Math.exp(last)];
        const weight = Math.exp(
          logImageDensity(image, model) + Math.log(image[0]) + Math.log(image[1]) + Math.log(image[2]) - 110,
        );
        sum += weight;
        for (const [index, statistic] of statistics.entries()) expected[index] += weight * statistic(image);
      }
    }
    const batches = statistics.map(() => new Float64Array(50));
    const draws = 2_000;
    for (let batch = 0; batch < 50; batch++) {
      for (let draw = 0; draw < draws; draw++) {
        expect(chain.kernels.stepTransfers(0, 0)).toBe(1);
        const image = chain.flux.map((value) => value * chain.reference);
        for (const [index, statistic] of statistics.entries()) {
          batches[index][batch] += statistic(image) / draws;
        }
      }
    }
    // Tried are a tenth of the calls (drawn uniformly) and some of the rest: far from all that meet a pixel.
    expect(Number(chain.kernels.transfersTried.value) / (50 * draws * 60)).toBeLessThan(0.12);
    for (const [index, means] of batches.entries()) {
      const mean = means.reduce((a, b) => a + b, 0) / 50;
      const variance = means.reduce((a, b) => a + (b - mean) ** 2, 0) / 49;
      // Student's t of 49 degrees of freedom exceeds 4 in size once in 4,700 samples, of five once in 900.
      expect(Math.abs(mean - expected[index] / sum) / Math.sqrt(variance / 50)).toBeLessThan(4);
    }
  });

  it("keeps the sum of the image, dark as most of it may be", () => {
    // alpha 0.003: most pixels are below the smallest mass and held there; whole nodes of them are multiplied up.
    const shape: Shape = [8, 8];
    const counts = new Float64Array(64);
    counts[27] = 300;
    counts[28] = 40;
    const observation = { counts: skyImage(counts, shape), psf: PSF };
    const chain = chainOf([observation], { pairTransfers: 20, seed: 6 }, [0.003, 0.003, 0.003]);
    chain.kernels.setTransfers(20, 0);
    for (let sweep = 0; sweep < 4_000; sweep++) {
      expect(chain.kernels.runSweeps(1, chain.trace, 0)).toBe(0);
      const total = chain.flux.reduce((sum, value) => sum + value, 0) * chain.reference;
      expect(Math.abs(total / chain.kernels.totalCounts() - 1)).toBeLessThan(1e-9);
    }
  });

  it("ends at no background so faint that none begins there", () => {
    // All light is that of one source, and the prior of the scale is flat in its logarithm.
    const shape: Shape = [8, 8];
    const counts = new Float64Array(64);
    counts[27] = 300;
    const background = skyImage(new Float64Array(64).fill(0.3), shape);
    const observation = { counts: skyImage(counts, shape), psf: PSF, background };
    const chain = chainOf(
      [observation],
      { pairTransfers: 1, fitBackgroundScale: true, seed: 6 },
      [0.1, 0.1, 0.1],
    );
    chain.kernels.setTransfers(0, 1);
    for (let call = 0; call < 500; call++) expect(chain.kernels.stepTransfers(0, 0)).toBe(1);
    // 1e-9 of the flux outside a node, times that part of the flux.
    expect(chain.scale(0)).toBeGreaterThan(1e-14);
  });

  it("leaves lambda and the masses of the tree those of the image", () => {
    const shape: Shape = [6, 7];
    const counts = Float64Array.from({ length: 42 }, (_, pixel) => (pixel * 5) % 4);
    const observation = {
      counts: skyImage(counts, shape),
      psf: PSF,
      background: skyImage(
        counts.map(() => 0.2),
        shape,
      ),
    };
    const chain = chainOf([observation], { pairTransfers: 2_000, seed: 1 }, [0.3, 0.6, 1]);
    const model = modelOf(chain, [observation], "spill", [4, 5]);
    chain.flux.set(counts.map((value) => value + 0.1));
    chain.kernels.stepTransfers(4, 5);
    const image = chain.flux.map((value) => value * chain.reference);
    expect(Number.isFinite(logImageDensity(image, model))).toBe(true);
    // A chain that starts at this image knows the same log prior and, after a sweep, log-likelihood.
    const lambda = textbookExpectedCounts(model.observations[0], chain.flux, 1);
    const sumLog = chain.kernels.stepRedistribute();
    let expected = 0;
    for (let pixel = 0; pixel < 42; pixel++)
      if (counts[pixel] > 0) expected += counts[pixel] * Math.log(lambda[pixel]);
    // f32 sums over the psf.
    expect(Math.abs(sumLog - expected)).toBeLessThan(1e-5);
    const total = image.reduce((sum, value) => sum + value, 0);
    expect(total).toBeCloseTo(
      counts.reduce((sum, value) => sum + (value + 0.1) * chain.reference, 0),
      9,
    );
  });
});
