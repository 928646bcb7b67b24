import { describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage, imageSum, type SkyImage } from "../../src/image.js";
import { detectionProbability } from "../../src/model/detection.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { cash } from "../../src/model/predicted-counts.js";
import { naiveConvolution } from "../oracles/convolution.js";
import { naivePrediction } from "../oracles/sky-model.js";
import { centralDifferences, randomFlux, randomObservation, relativeError } from "./random-observation.js";

const SEEDS = Array.from({ length: 12 }, (_, index) => index);

describe("createForwardModel", () => {
  for (const boundary of ["spill", "wrap"] as const) {
    for (const blurring of ["sums", "transforms"] as const) {
      it.each(SEEDS)(`predicts what the definition says: ${boundary}, ${blurring}, seed %i`, (seed) => {
        const { mask: _all, ...observation } = randomObservation(seed);
        const { shape } = observation.counts;
        const model = createForwardModel(observation, { boundary, blurring, backgroundScale: [1.7] });
        const flux = randomFlux(shape[0] * shape[1], seed + 100);
        const source = flux.map(
          (value, index) =>
            observation.exposure.data[index] * (value + 1.7 * observation.background.data[index]),
        );
        const expected = naiveConvolution({ data: source, shape }, observation.psf, boundary);
        // Rounding: a few units of 1e-16 times the logarithm of the block.
        expect(relativeError(model.predict(flux)[0].data, expected)).toBeLessThan(1e-13);
      });
    }
  }

  it.each(SEEDS)("is the same by sums and by transforms on larger images, seed %i", (seed) => {
    const observation = randomObservation(seed, 40, 150);
    const pixels = observation.counts.data.length;
    const flux = randomFlux(pixels, seed);
    for (const boundary of ["spill", "wrap"] as const) {
      const [sums, transforms] = (["sums", "transforms"] as const).map((blurring) =>
        createForwardModel(observation, { boundary, blurring }),
      );
      expect(relativeError(transforms.predict(flux)[0].data, sums.predict(flux)[0].data)).toBeLessThan(1e-13);
      const [first, second] = [new Float64Array(pixels), new Float64Array(pixels)];
      transforms.cashGradient(flux, first);
      sums.cashGradient(flux, second);
      expect(relativeError(first, second)).toBeLessThan(1e-12);
    }
  });

  it.each(SEEDS)("backProject is the transpose of project, seed %i", (seed) => {
    const observations = [randomObservation(seed), randomObservation(seed)];
    const options = [
      {},
      { boundary: "wrap" as const },
      { upsampling: 2, margin: 2 },
      {
        upsampling: 3,
        offsets: [
          { x: 0, y: 0 },
          { x: 0.3, y: -1.6 },
        ],
      },
    ][seed % 4];
    const model = createForwardModel(observations, options);
    const random = randomStream(seed);
    const numbers = (length: number) => Float64Array.from({ length }, () => random.uniform() - 0.5);
    const sky = numbers(model.shape[0] * model.shape[1]);
    const images = observations.map(({ counts }) => numbers(counts.data.length));
    const back = new Float64Array(sky.length);
    model.backProject(images, back);
    let left = 0;
    for (const [index, image] of model.project(sky).entries()) {
      left += image.reduce((sum, value, pixel) => sum + value * images[index][pixel], 0);
    }
    const right = back.reduce((sum, value, pixel) => sum + value * sky[pixel], 0);
    expect(Math.abs(left - right)).toBeLessThan(1e-11);
  });

  it.each([
    { upsampling: 1, margin: 2 },
    { upsampling: 2, margin: 0 },
    { upsampling: 2, margin: 1 },
    { upsampling: 3, margin: 1 },
  ])("bins a finer and larger sky: $upsampling, $margin", ({ upsampling, margin }) => {
    const { counts, psf } = randomObservation(5, 5, 7);
    const model = createForwardModel({ counts, psf }, { upsampling, margin, psfPixels: "sky" });
    const flux = randomFlux(model.shape[0] * model.shape[1], 9);
    const expected = naivePrediction({ data: flux, shape: model.shape }, psf, counts.shape, {
      upsampling,
      margin,
    });
    expect(relativeError(model.predict(flux)[0].data, expected)).toBeLessThan(1e-13);
  });

  it.each(SEEDS)("has a gradient that agrees with central differences, seed %i", (seed) => {
    const observations = [randomObservation(seed), randomObservation(seed)];
    const options = [
      {},
      { boundary: "wrap" as const },
      { upsampling: 2, margin: 1 },
      {
        offsets: [
          { x: 0, y: 0 },
          { x: 0.5, y: 0.25 },
        ],
      },
    ][seed % 4];
    const model = createForwardModel(observations, { ...options, backgroundScale: [1, 0.5] });
    const pixels = model.shape[0] * model.shape[1];
    const flux = randomFlux(pixels, seed + 40);
    const gradient = new Float64Array(pixels);
    const value = model.cashGradient(flux, gradient);
    expect(value).toBe(model.cash(flux));
    const indices = Array.from({ length: 12 }, (_, k) => (k * 7919) % pixels);
    const expected = centralDifferences((at) => model.cash(at), flux, indices, 1e-3);
    const found = indices.map((index) => gradient[index]);
    // Rounding of the differences: 1e-13 of the statistic over a step of 1e-3.
    expect(relativeError(found, expected)).toBeLessThan(1e-6);
  });

  it("gives the Cash statistic of its prediction and the derivative by the background scale", () => {
    const observation = randomObservation(3);
    const model = createForwardModel(observation);
    const flux = randomFlux(observation.counts.data.length, 1);
    const [predicted] = model.predict(flux);
    // Another summation order: rounding only.
    expect(model.cash(flux)).toBeCloseTo(cash(model.observations[0].counts, predicted, observation.mask), 9);
    model.cash(flux);
    const [derivative] = model.scaleGradient();
    const at = (scale: number) => {
      model.setBackgroundScale([scale]);
      return model.cash(flux);
    };
    const difference = (at(1 + 1e-5) - at(1 - 1e-5)) / 2e-5;
    expect(Math.abs(difference - derivative)).toBeLessThan(1e-5 * Math.abs(derivative));
  });

  it("knows how much of each sky pixel is detected", () => {
    for (const boundary of ["spill", "wrap"] as const) {
      const observation = randomObservation(8);
      const { counts, mask, psf, exposure } = observation;
      const model = createForwardModel(observation, { boundary });
      const detected = detectionProbability(psf, counts.shape, { boundary, mask });
      const expected = detected.data.map((value, index) => value * exposure.data[index]);
      expect(relativeError(model.sensitivity, expected)).toBeLessThan(1e-13);
    }
  });

  it("sums directly where transforms would drown faint light", () => {
    // A psf of an image of zeros but one bright pixel: far away, lambda is 1e-20 of its peak.
    const shape: [number, number] = [64, 64];
    const psf = gaussianPsf(3, [63, 63]);
    const counts = constantImage(shape, 1);
    const flux = new Float64Array(64 * 64).fill(1e-18);
    flux[32 * 64 + 32] = 1e6;
    const [sums, transforms] = (["sums", "transforms"] as const).map(
      (blurring) => createForwardModel({ counts, psf }, { blurring }).predict(flux)[0].data,
    );
    for (const [index, value] of sums.entries()) {
      // A millionth of the value at worst, by construction.
      expect(Math.abs(transforms[index] - value)).toBeLessThan(1e-6 * value);
    }
  });

  it("sees a displaced observation where its offset says", () => {
    const { psf } = simulatePointSource();
    const shape: [number, number] = [32, 32];
    const counts = constantImage(shape, 1);
    const flux = constantImage(shape, 0);
    flux.data[16 * 32 + 16] = 100;
    for (const offset of [
      { x: 2, y: -3 },
      { x: 0.5, y: 0.25 },
    ]) {
      const model = createForwardModel({ counts, psf }, { offsets: [offset], margin: 0 });
      const centroid = centroidOf(model.predict(flux.data)[0]);
      // Cubic convolution keeps the centroid; clipping and edges of the psf displace it by less than 0.01.
      expect(centroid.x).toBeCloseTo(16 - offset.x, 1);
      expect(centroid.y).toBeCloseTo(16 - offset.y, 1);
    }
  });

  it("keeps totals when the psf is made finer", () => {
    const { psf } = simulatePointSource();
    const counts = constantImage([20, 20], 1);
    for (const upsampling of [2, 3]) {
      const model = createForwardModel({ counts, psf }, { upsampling });
      const flux = new Float64Array(model.sensitivity.length);
      const middle = Math.floor(model.shape[0] / 2);
      flux[middle * model.shape[1] + middle] = 10;
      expect(imageSum(model.predict(flux)[0])).toBeLessThanOrEqual(10 + 1e-9);
      expect(imageSum(model.predict(flux)[0])).toBeGreaterThan(9.8);
    }
  });

  it("refuses what makes no sense, with the remedy", () => {
    const observation = randomObservation(1);
    const make = (options: object) => () => createForwardModel(observation, options);
    expect(make({ upsampling: 4 })).toThrow(/upsampling must be 1, 2 or 3/);
    expect(make({ margin: 1.5 })).toThrow(/margin must be a whole number/);
    expect(make({ margin: 2, boundary: "wrap" })).toThrow(/choose "spill"/);
    expect(make({ offsets: [] })).toThrow(/offsets must be one finite/);
    expect(make({ backgroundScale: [-1] })).toThrow(/backgroundScale must be/);
    const [ny, nx] = observation.counts.shape;
    const mask: SkyImage = constantImage([2 * ny, 2 * nx], 1);
    expect(() => createForwardModel({ ...observation, mask }, { upsampling: 2 })).toThrow(
      /mask must have the shape .* of the counts also when the sky is finer/,
    );
    expect(() => createForwardModel(observation).cash([1, 2, 3])).toThrow(/flux must hold/);
  });
});

function centroidOf({ data, shape: [, nx] }: SkyImage) {
  let [sum, x, y] = [0, 0, 0];
  for (const [index, value] of data.entries()) {
    sum += value;
    x += value * (index % nx);
    y += value * Math.floor(index / nx);
  }
  return { x: x / sum, y: y / sum };
}
