import { describe, expect, it } from "vitest";
import {
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "../../src/data/observation/simulated-datasets.js";
import { thinObservation } from "../../src/data/observation/thin-observation.js";
import { expectedDeviance } from "../../src/data/random/expected-deviance.js";
import { drawPoisson, halfDeviance } from "../../src/data/random/poisson.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage, imageSum } from "../../src/image.js";
import { gradientDescent } from "../../src/methods/gradient-descent.js";
import { richardsonLucy } from "../../src/methods/richardson-lucy.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { randomObservation, relativeError } from "../model/random-observation.js";
import { naiveRichardsonLucy } from "../oracles/richardson-lucy.js";

const SEEDS = Array.from({ length: 8 }, (_, index) => index);

describe("richardsonLucy", () => {
  it.each(SEEDS)("equals the naive algorithm to 1e-9 after 50 iterations, seed %i", (seed) => {
    const observation = randomObservation(seed, 5, 14);
    for (const boundary of ["spill", "wrap"] as const) {
      for (const blurring of ["sums", "transforms"] as const) {
        const model = createForwardModel(observation, { boundary, blurring });
        const start = constantImage(observation.counts.shape, 1);
        const { flux } = richardsonLucy(model, { iterations: 50, start });
        const expected = naiveRichardsonLucy(model.observations[0], boundary, 50);
        expect(relativeError(flux.data, expected)).toBeLessThan(1e-9);
      }
    }
  });

  it.each(SEEDS)("never lowers the likelihood, with or without acceleration, seed %i", (seed) => {
    const model = createForwardModel([randomObservation(seed), randomObservation(seed)]);
    for (const acceleration of ["none", "biggs-andrews"] as const) {
      const { objective } = richardsonLucy(model, { iterations: 200, acceleration });
      for (let k = 1; k < objective.length; k++) {
        // Rounding of a sum of some hundred terms.
        expect(objective[k]).toBeLessThanOrEqual(objective[k - 1] + 1e-12 * Math.abs(objective[k - 1]));
      }
    }
  });

  it("conserves counts without a background after every iteration", () => {
    const { background: _none, ...observation } = randomObservation(2, 20, 30);
    const options = [{}, { boundary: "wrap" as const }, { upsampling: 2, margin: 3 }];
    for (const option of options) {
      const model = createForwardModel(observation, option);
      let seen = 0;
      richardsonLucy(model, {
        iterations: 20,
        onIteration({ flux }) {
          let sum = 0;
          for (let index = 0; index < flux.length; index++) sum += model.sensitivity[index] * flux[index];
          expect(Math.abs(sum / model.totalCounts - 1)).toBeLessThan(1e-12);
          seen++;
        },
      });
      expect(seen).toBe(20);
    }
  });

  it("gets farther in the same number of iterations when accelerated", () => {
    const model = createForwardModel(simulateGaussianAndPoints({ seed: 3 }));
    const plain = richardsonLucy(model, { iterations: 100 }).cash;
    const longer = richardsonLucy(model, { iterations: 400 }).cash;
    const ahead = richardsonLucy(model, { iterations: 100, acceleration: "biggs-andrews" }).cash;
    expect(ahead).toBeLessThan(plain);
    expect(ahead).toBeLessThan(longer);
  });

  it("fits the scale of a background that was given half too small", () => {
    const truth = simulatePointSource({ seed: 5, background: 3 });
    const model = createForwardModel({ ...truth, background: constantImage([32, 32], 1.5) });
    // A flat image explains a flat background as well; one that starts dark but for the source does not.
    const start = constantImage([32, 32], 1e-9);
    start.data[16 * 32 + 16] = 500;
    const options = { iterations: 50, fitBackgroundScale: true, start };
    const { backgroundScale, objective } = richardsonLucy(model, options);
    // 3,000 background photons: 4 standard deviations are 4 % of a factor of 2.
    expect(Math.abs(backgroundScale[0] - 2)).toBeLessThan(0.16);
    for (let k = 1; k < objective.length; k++) expect(objective[k]).toBeLessThan(objective[k - 1] + 1e-8);
  });

  it("stops where its rules say", () => {
    const data = simulateDisk({ seed: 4 });
    const make = () => createForwardModel(data);
    const tolerant = richardsonLucy(make(), {
      iterations: 500,
      stop: { rule: "tolerance", tolerance: 3e-3 },
    });
    expect(tolerant.converged).toBe(true);
    expect(tolerant.iterations).toBeGreaterThan(5);
    expect(tolerant.iterations).toBeLessThan(500);
    const noisy = richardsonLucy(make(), { iterations: 500, stop: { rule: "discrepancy" } });
    expect(noisy.converged).toBe(true);
    expect(noisy.iterations).toBeLessThan(100);
    const split = richardsonLucy(make(), { iterations: 500, stop: { rule: "held-out", seed: 2 } });
    expect(split.converged).toBe(true);
    expect(split.iterations).toBeGreaterThan(2);
    expect(split.iterations).toBeLessThan(200);
    // Stopped early, the image is nearer to the truth than after all iterations.
    const error = (image: { data: Float64Array }) =>
      image.data.reduce((sum, value, index) => sum + (value - data.flux.data[index]) ** 2, 0);
    expect(error(split.flux)).toBeLessThan(0.5 * error(richardsonLucy(make(), { iterations: 500 }).flux));
  });

  it("refuses wrong options and ends on a signal", () => {
    const model = createForwardModel(randomObservation(1));
    expect(() => richardsonLucy(model, { iterations: 0 })).toThrow(/iterations must be a whole number/);
    expect(() => richardsonLucy(model, { stop: { rule: "tolerance", tolerance: 2 } })).toThrow(
      /stop.tolerance/,
    );
    expect(() => richardsonLucy(model, { start: constantImage([1, 1], 1) })).toThrow(
      /start must have the shape/,
    );
    const signal = AbortSignal.abort();
    expect(() => richardsonLucy(model, { signal })).toThrow(/abort/);
  });
});

describe("gradientDescent", () => {
  it("comes down to where Richardson-Lucy gets, slowly", () => {
    const model = createForwardModel(simulatePointSource({ seed: 1 }));
    const lucy = richardsonLucy(model, { iterations: 30 });
    const { objective, cash, flux } = gradientDescent(model, { iterations: 1_000 });
    for (let k = 1; k < objective.length; k++) expect(objective[k]).toBeLessThanOrEqual(objective[k - 1]);
    expect(cash).toBeLessThan(lucy.cash);
    expect(flux.data.every((value) => value >= 0)).toBe(true);
  });
});

describe("thinObservation", () => {
  it("splits photons and exposure", () => {
    const data = simulateDisk({ seed: 9 });
    const { kept, heldOut } = thinObservation(data, 0.3, 1);
    const total = imageSum(data.counts);
    expect(imageSum(kept.counts) + imageSum(heldOut.counts)).toBe(total);
    // Binomial(total, 0.3): 5 standard deviations, false alarm 6e-7.
    expect(Math.abs(imageSum(kept.counts) - 0.3 * total)).toBeLessThan(5 * Math.sqrt(0.21 * total));
    expect(kept.exposure?.data[40]).toBeCloseTo(0.3 * data.exposure!.data[40], 12);
    expect(heldOut.exposure?.data[40]).toBeCloseTo(0.7 * data.exposure!.data[40], 12);
    expect(() => thinObservation(data, 1, 1)).toThrow(/fraction must lie in/);
  });
});

describe("expectedDeviance", () => {
  it.each([0.003, 0.1, 1.5, 12, 400])("is the mean over simulated numbers at lambda = %f", (lambda) => {
    const random = randomStream(7);
    const draws = 40_000;
    let [sum, squares] = [0, 0];
    for (let draw = 0; draw < draws; draw++) {
      const value = 2 * halfDeviance(drawPoisson(random, lambda), lambda);
      sum += value;
      squares += value * value;
    }
    const mean = sum / draws;
    const error = Math.sqrt((squares / draws - mean * mean) / draws);
    // 5 standard errors, false alarm 6e-7, and the table's 1e-3.
    expect(Math.abs(expectedDeviance()(lambda) - mean)).toBeLessThan(5 * error + 1e-3 * mean);
  });
});
