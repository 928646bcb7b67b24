/** A psf that varies over the field, against its definition: predicted counts, gradients, detection, the sampler's step 1 and its light. */
import { describe, expect, it } from "vitest";
import { convolve } from "../../src/data/observation/convolution.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { type PlacedPsf, psfSet, psfShares } from "../../src/data/observation/psf-set.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage, type Shape, type SkyImage, skyImage } from "../../src/image.js";
import { alignObservations } from "../../src/model/align-observations.js";
import { detectionProbability } from "../../src/model/detection.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { skyGrid } from "../../src/model/sky-grid.js";
import { startingAlpha } from "../../src/priors/multiscale.js";
import { createLiraChain, type LiraChain } from "../../src/samplers/lira.js";
import { naiveResponse, naiveShares } from "../oracles/psf-set.js";
import { chiSquareTail } from "../oracles/textbook-special.js";
import { centralDifferences, randomFlux, randomObservation, relativeError } from "./random-observation.js";

const SEEDS = [1, 2, 3, 4];

/** Psfs without symmetry of several shapes, on a grid or anywhere, some beyond the image. */
function randomPlaces(seed: number, [ny, nx]: Shape): PlacedPsf[] {
  const random = randomStream(1000 + seed);
  const at = (size: number) => (1.4 * random.uniform() - 0.2) * size;
  const psf = (): SkyImage => {
    const shape: Shape = [1 + Math.floor(6 * random.uniform()), 1 + Math.floor(6 * random.uniform())];
    return { data: Float64Array.from({ length: shape[0] * shape[1] }, () => random.uniform()), shape };
  };
  if (seed % 2 === 0) return Array.from({ length: 7 }, () => ({ psf: psf(), x: at(nx), y: at(ny) }));
  const [xs, ys] = [nx, ny].map((size) => Array.from({ length: 3 }, () => at(size)));
  return ys.flatMap((y) => xs.map((x) => ({ psf: psf(), x, y })));
}

function withSet(seed: number, least = 4, most = 9) {
  const observation = randomObservation(seed, least, most);
  const places = randomPlaces(seed, observation.counts.shape);
  return { places, observation: { ...observation, psf: psfSet(places) } };
}

const product = (matrix: number[][], vector: ArrayLike<number>) =>
  matrix.map((row) => row.reduce((sum, value, index) => sum + value * vector[index], 0));

describe("psfShares", () => {
  it.each(SEEDS)("are those of the definition and sum to 1, seed %i", (seed) => {
    const shape: Shape = [13, 17];
    const places = randomPlaces(seed, shape);
    const total = constantImage(shape, 0);
    for (const { psf, row, col, weights } of psfShares(places, shape)) {
      const place = places.findIndex((one) => one.psf === psf);
      for (let index = 0; index < weights.data.length; index++) {
        const [y, x] = [row + Math.floor(index / weights.shape[1]), col + (index % weights.shape[1])];
        expect(weights.data[index]).toBeCloseTo(naiveShares(places, x, y)[place], 12);
        total.data[y * shape[1] + x] += weights.data[index];
      }
    }
    for (const value of total.data) expect(value).toBeCloseTo(1, 12);
  });

  it("gives the light of a pixel to four places, whatever their number", () => {
    const places = Array.from({ length: 36 }, (_, index) => ({
      psf: gaussianPsf(1 + index / 36),
      x: 8 * (index % 6),
      y: 8 * Math.floor(index / 6),
    }));
    const cells = psfShares(places, [41, 41]).reduce((sum, { weights }) => sum + weights.data.length, 0);
    // Boxes of 15 x 15 inside, half as wide along the edges.
    expect(cells).toBeLessThan(4.2 * 41 * 41);
  });
});

describe("psfSet", () => {
  it("is one psf where all are the same", () => {
    const psf = gaussianPsf(1.5);
    const places = [0, 20].map((x) => ({ psf, x, y: 3 }));
    expect(psfSet(places)).toEqual(psfSet(places.slice(0, 1)));
    expect(psfSet(places).places).toBeUndefined();
  });

  it.each([
    [[], "at least one"],
    [[{ psf: gaussianPsf(1), x: Number.NaN, y: 0 }], "finite"],
    [[1, 2].map((sigma) => ({ psf: gaussianPsf(sigma), x: 4, y: 5 })), "must differ, got two psfs at 4, 5"],
    [[{ psf: skyImage([1, -1], [1, 2]), x: 4, y: 5 }], "finite and >= 0"],
  ])("refuses %j", (places, words) => {
    expect(() => psfSet(places)).toThrow(words);
  });
});

describe("a psf that varies", () => {
  for (const boundary of ["spill", "wrap"] as const) {
    // The definition is slow where it is periodic: one set on a grid, one of places anywhere.
    const seeds = boundary === "wrap" ? SEEDS.slice(0, 2) : SEEDS;
    it.each(seeds)(`is predicted as the definition says: ${boundary}, seed %i`, (seed) => {
      const { observation, places } = withSet(seed);
      const { shape } = observation.counts;
      const response = naiveResponse(places, shape, boundary);
      const flux = randomFlux(shape[0] * shape[1], seed);
      const { exposure, background } = observation;
      const source = flux.map((value, j) => exposure.data[j] * (value + 1.7 * background.data[j]));
      const expected = product(response, source);
      for (const blurring of ["sums", "transforms"] as const) {
        const model = createForwardModel(observation, { boundary, blurring, backgroundScale: [1.7] });
        expect(relativeError(model.predict(flux)[0].data, expected)).toBeLessThan(1e-10);
      }
      const plain = convolve({ data: Float64Array.from(source), shape }, observation.psf, boundary);
      expect(relativeError(plain.data, expected)).toBeLessThan(1e-10);
      const { mask } = observation;
      const detected = detectionProbability(observation.psf, shape, { boundary, mask });
      const columns = response[0].map((_, j) => response.map((row) => row[j]));
      expect(relativeError(detected.data, product(columns, mask.data))).toBeLessThan(1e-10);
    });

    it.each(SEEDS)(`has the gradient of its Cash statistic: ${boundary}, seed %i`, (seed) => {
      const { observation } = withSet(seed);
      const grids = [{}, { upsampling: 2, margin: boundary === "wrap" ? 0 : 2 }];
      for (const grid of grids) {
        const model = createForwardModel([observation, withSet(seed).observation], { boundary, ...grid });
        const flux = randomFlux(model.shape[0] * model.shape[1], seed);
        const gradient = new Float64Array(flux.length);
        model.cashGradient(flux, gradient);
        const middle = (model.shape[0] >> 1) * model.shape[1] + (model.shape[1] >> 1);
        const indices = [0, 3, middle, flux.length - 1];
        const differences = centralDifferences((at) => model.cash(at), flux, indices);
        const found = indices.map((index) => gradient[index]);
        expect(relativeError(found, differences)).toBeLessThan(1e-6);
      }
    });
  }

  it("is displaced with its observation", () => {
    const { observation } = withSet(1, 9, 12);
    const offsets = [
      { x: 0, y: 0 },
      { x: 1.3, y: -0.6 },
    ];
    const pair = [observation, observation];
    const model = createForwardModel(pair, { offsets });
    const aligned = createForwardModel(alignObservations(pair, offsets).observations);
    const flux = randomFlux(model.shape[0] * model.shape[1], 4);
    expect(relativeError(aligned.predict(flux)[1].data, model.predict(flux)[1].data)).toBeLessThan(1e-10);
  });
});

function chainOf(seed: number, boundary: "spill" | "wrap", grid = {}, bright = 1): LiraChain {
  const { observation } = withSet(seed, 7, 10);
  const { shape, data } = observation.counts;
  const counts = { shape, data: data.map((count, index) => (index % 7 === 3 ? bright * count : count)) };
  return createLiraChain(
    [{ ...observation, counts }],
    {
      boundary,
      ...grid,
      cycleSpin: "none",
      pairTransfers: 20,
      fitAlpha: true,
      alphaInit: startingAlpha(1, skyGrid(shape, boundary, grid).shape),
      fitBackgroundScale: true,
      totalCountsPrior: { shape: 1, rate: 0 },
      smoothingPrior: { power: 2, rate: 1, exponent: 1 },
      backgroundScalePrior: { shape: 4, rate: 4 },
    },
    { seed, chain: 0 },
  );
}

describe("the sampler under a psf that varies", () => {
  for (const boundary of ["spill", "wrap"] as const) {
    it.each(SEEDS)(`sees the light of the forward model: ${boundary}, seed %i`, (seed) => {
      const grids = boundary === "wrap" ? [{}, { upsampling: 2 }] : [{}, { upsampling: 2, margin: 2 }];
      for (const grid of grids) {
        const chain = chainOf(seed, boundary, grid);
        const { observation } = withSet(seed, 7, 10);
        const model = createForwardModel(
          { ...observation, counts: { ...observation.counts } },
          { boundary, ...grid },
        );
        // After transfers and shifts of the background, with scale and image anywhere.
        chain.sweep(5);
        const flux = chain.flux.slice();
        model.setBackgroundScale([chain.backgroundScale[0]]);
        const cash = model.cash(flux);
        chain.sweep(1);
        // f32 sums: 1e-7 of each of some 100 logarithms.
        expect(chain.logLikelihood).toBeCloseTo(-cash / 2, 3);
      }
    });
  }

  // Six tests of some 100 pixels each, seeds fixed; a right sampler fails one of them at a rate of 1e-5.
  it.each([
    [1, "spill", 1],
    [2, "spill", 1],
    [3, "spill", 400],
    [4, "spill", 400],
    [1, "wrap", 1],
    [3, "wrap", 400],
  ] as const)(
    "draws place and pixel behind each photon: seed %i, %s, brightness %i",
    (seed, boundary, bright) => {
      const chain = chainOf(seed, boundary, {}, bright);
      const { observation, places } = withSet(seed, 7, 10);
      const { shape, data } = observation.counts;
      const counts = data.map(
        (count, index) => (observation.mask.data[index] * count || 0) * (index % 7 === 3 ? bright : 1),
      );
      const response = naiveResponse(places, shape, boundary);
      const { exposure, background } = observation;
      const light = chain.flux.map((flux, j) => exposure.data[j] * (flux + background.data[j]));
      const lambda = product(response, light);
      const repeats = 400;
      const sums = new Float64Array(light.length);
      for (let repeat = 0; repeat < repeats; repeat++) {
        chain.kernels.stepRedistribute();
        const address = chain.kernels.photonsArray(chain.handles[0]);
        const photons = new Int32Array(chain.kernels.memory.buffer, address, sums.length);
        for (let j = 0; j < sums.length; j++) sums[j] += photons[j];
      }
      let chiSquare = 0;
      let cells = 0;
      for (let j = 0; j < sums.length; j++) {
        const parts = response.map((row, i) => (counts[i] > 0 ? (row[j] * light[j]) / lambda[i] : 0));
        const mean = parts.reduce((sum, part, i) => sum + part * counts[i], 0);
        const variance = parts.reduce((sum, part, i) => sum + part * (1 - part) * counts[i], 0);
        if (repeats * variance < 20) continue;
        chiSquare += (sums[j] - repeats * mean) ** 2 / (repeats * variance);
        cells++;
      }
      expect(cells).toBeGreaterThan(20);
      // Pixels compete for the same photons, which only narrows the sum.
      expect(chiSquareTail(chiSquare, cells)).toBeGreaterThan(1e-6);
    },
  );
});
