import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { simulateDisk, simulateGaussianAndPoints } from "../../src/data/observation/simulated-datasets.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage, type SkyImage, skyImage } from "../../src/image.js";
import { heldOutCash, splitPhotons } from "../../src/quality/held-out-cash.js";
import { fluxBias, normalisedRmsError } from "../../src/quality/image-error.js";
import { brightPixels, intervalCoverage } from "../../src/quality/interval-coverage.js";
import { structuralSimilarity } from "../../src/quality/structural-similarity.js";
import { naiveSimilarity } from "../oracles/image-quality.js";

function noise(seed: number, shape: [number, number]): SkyImage {
  const random = randomStream(seed);
  return { data: Float64Array.from({ length: shape[0] * shape[1] }, () => 3 * random.uniform() ** 3), shape };
}
const mixed = (a: SkyImage, b: SkyImage, part: number): SkyImage => ({
  data: a.data.map((value, index) => (1 - part) * value + part * b.data[index]),
  shape: a.shape,
});

describe("normalisedRmsError and fluxBias", () => {
  it("are what the formulas give by hand", () => {
    const truth = skyImage([3, 4, 0, 0], [2, 2]);
    // Differences 0, 1, 2, -2 over a truth of length 5.
    const image = skyImage([3, 5, 2, -2], [2, 2]);
    expect(normalisedRmsError(image, truth)).toBeCloseTo(3 / 5, 14);
    expect(fluxBias(image, truth)).toBeCloseTo(8 / 7 - 1, 14);
    expect(normalisedRmsError(constantImage([2, 2], 0), truth)).toBe(1);
    expect(fluxBias(constantImage([2, 2], 0), truth)).toBe(-1);
  });

  it("scale with the error and not with the unit", () => {
    const truth = noise(1, [9, 14]);
    const other = noise(2, [9, 14]);
    const whole = normalisedRmsError(other, truth);
    expect(normalisedRmsError(mixed(truth, other, 0.3), truth)).toBeCloseTo(0.3 * whole, 12);
    const scaled = (image: SkyImage) => ({ ...image, data: image.data.map((value) => 1e-12 * value) });
    expect(normalisedRmsError(scaled(other), scaled(truth))).toBeCloseTo(whole, 12);
    expect(fluxBias(scaled(other), scaled(truth))).toBeCloseTo(fluxBias(other, truth), 12);
  });

  it("have no number for an empty truth, and refuse other shapes", () => {
    const empty = constantImage([2, 3], 0);
    expect(normalisedRmsError(constantImage([2, 3], 1), empty)).toBeNaN();
    expect(fluxBias(constantImage([2, 3], 1), empty)).toBeNaN();
    const message = /shape of the truth, \[2, 3\], got \[3, 2\]; cut or bin them alike/;
    expect(() => normalisedRmsError(constantImage([3, 2], 1), empty)).toThrow(message);
    expect(() => fluxBias(constantImage([3, 2], 1), empty)).toThrow(message);
  });
});

describe("structuralSimilarity", () => {
  it("agrees with the definition for random images, sizes and windows", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 11, max: 19 }),
        fc.integer({ min: 11, max: 19 }),
        fc.constantFrom("gaussian" as const, "uniform" as const),
        fc.constantFrom(undefined, 3, 5, 11),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (ny, nx, weights, size, part) => {
          const truth = noise(ny, [ny, nx]);
          const image = mixed(truth, noise(nx + 50, [ny, nx]), part);
          const range = 2.5;
          const found = structuralSimilarity(image, truth, { weights, range, ...(size && { size }) });
          const expected = naiveSimilarity(image, truth, {
            size: size ?? (weights === "uniform" ? 7 : 11),
            range,
            ...(weights === "gaussian" && { sigma: 1.5 }),
          });
          expect(found).toBeCloseTo(expected, 10);
        },
      ),
      { numRuns: 30, seed: 4 },
    );
  });

  it("is 1 for the truth, and has closed forms for flat images and reversed ones", () => {
    const truth = noise(3, [16, 12]);
    expect(structuralSimilarity(truth, truth)).toBeCloseTo(1, 12);
    // Two flat images have the luminance term alone: (2 a b + C1) / (a^2 + b^2 + C1).
    const [a, b] = [2, 5];
    const c1 = 0.01 ** 2;
    const flat = structuralSimilarity(constantImage([12, 12], a), constantImage([12, 12], b), { range: 1 });
    expect(flat).toBeCloseTo((2 * a * b + c1) / (a * a + b * b + c1), 12);
    // Equal means and opposite contrast: a window with as much of one as of the other has the structure term -1 for small C2.
    const board = skyImage(
      Array.from({ length: 256 }, (_, k) => (k + Math.floor(k / 16)) % 2),
      [16, 16],
    );
    const reversed = { ...board, data: board.data.map((value) => 1 - value) };
    expect(structuralSimilarity(reversed, board, { weights: "uniform", size: 15 })).toBeLessThan(-0.98);
  });

  it("takes the range of the truth, and says what to do without one", () => {
    const truth = noise(4, [14, 14]);
    const image = noise(5, [14, 14]);
    const range = Math.max(...truth.data) - Math.min(...truth.data);
    expect(structuralSimilarity(image, truth)).toBe(structuralSimilarity(image, truth, { range }));
    expect(() => structuralSimilarity(image, constantImage([14, 14], 1))).toThrow(
      /range must be a finite number > 0, got 0; a flat truth has none/,
    );
    expect(() => structuralSimilarity(noise(1, [8, 20]), noise(2, [8, 20]))).toThrow(
      /fits into 8 x 20, got 11/,
    );
    expect(() => structuralSimilarity(image, truth, { size: 4 })).toThrow(/odd whole number/);
    expect(() => structuralSimilarity(image, truth, { weights: "box" as never })).toThrow(/weights must be/);
  });
});

describe("intervalCoverage", () => {
  it("counts by hand", () => {
    const truth = skyImage([10, 8, 6, 0, 0, 0.1], [2, 3]);
    const lower = skyImage([9, 8, 7, 0, 0.1, 0], [2, 3]);
    const upper = skyImage([9.5, 8, 9, 1, 1, 0.2], [2, 3]);
    // 90 % of 24.1 takes the three brightest: one above its interval, one on both ends of it, one below.
    expect(intervalCoverage([lower, upper], truth)).toEqual({
      covered: 1 / 3,
      below: 1 / 3,
      above: 1 / 3,
      pixels: 3,
    });
    const where = constantImage([2, 3], 1);
    expect(intervalCoverage([lower, upper], truth, { where })).toMatchObject({ covered: 3 / 6, pixels: 6 });
    expect(intervalCoverage([lower, upper], constantImage([2, 3], 0)).covered).toBeNaN();
  });

  it("finds 68 % for exact intervals", () => {
    // Truths are uniform, and so is the point within the interval of length 1 that holds each with probability 0.68.
    const random = randomStream(12);
    const shape: [number, number] = [100, 100];
    const truth = { data: Float64Array.from({ length: 10_000 }, () => 5 + random.uniform()), shape };
    const lower = { data: truth.data.map((value) => value - random.uniform() / 0.68), shape };
    const upper = { data: lower.data.map((value) => value + 1), shape };
    const where = constantImage(shape, 1);
    const { covered } = intervalCoverage([lower, upper], truth, { where });
    // Binomial standard error 0.0047; 5 of them: a false alarm once in two million seeds.
    expect(Math.abs(covered - 0.68)).toBeLessThan(5 * 0.0047);
  });

  it("takes the brightest pixels and their equals", () => {
    const image = skyImage([5, 1, 1, 1, 0, 2], [2, 3]);
    expect([...brightPixels(image, 0.5).data]).toEqual([1, 0, 0, 0, 0, 0]);
    expect([...brightPixels(image, 0.7).data]).toEqual([1, 0, 0, 0, 0, 1]);
    expect([...brightPixels(image, 0.75).data]).toEqual([1, 1, 1, 1, 0, 1]);
    expect([...brightPixels(image, 1).data]).toEqual([1, 1, 1, 1, 0, 1]);
    expect(() => brightPixels(image, 0)).toThrow(/part must lie in \(0, 1\], got 0/);
  });
});

describe("heldOutCash", () => {
  it("is the sum of the definition over the photons held out", () => {
    const data = simulateDisk({ seed: 2, shape: [12, 10], psf: skyImage([1], [1, 1]) });
    const { training, heldOut } = splitPhotons(data, { fraction: 0.3, seed: 5 });
    const sum = (index: number) => training[0].counts.data[index] + heldOut[0].counts.data[index];
    expect(data.counts.data.every((count, index) => count === sum(index))).toBe(true);
    let expected = 0;
    data.flux.data.forEach((flux, index) => {
      // Without blurring: 0.3 of the exposure times flux and background.
      const lambda = 0.3 * data.exposure!.data[index] * (flux + data.background!.data[index]);
      expected += 2 * (lambda - heldOut[0].counts.data[index] * Math.log(lambda));
    });
    expect(heldOutCash(data.flux, heldOut)).toBeCloseTo(expected, 8);
  });

  it("is least for the true sky, by twice the divergence on the mean", () => {
    // Mean over many splits and simulations of cash(image) - cash(truth) is 2 sum(l' - l - l ln(l' / l)), from the definition.
    const sky = simulateGaussianAndPoints({ seed: 1, shape: [16, 16], flux: 300 });
    const { psf, exposure, background } = sky;
    const brighter = { ...sky.flux, data: sky.flux.data.map((value) => 1.2 * value + 0.1) };
    const differences: number[] = [];
    for (let seed = 0; seed < 60; seed++) {
      const counts = simulateCounts(sky.flux, psf, { exposure: exposure!, background: background!, seed });
      const { heldOut } = splitPhotons({ ...sky, counts }, { seed });
      differences.push(heldOutCash(brighter, heldOut) - heldOutCash(sky.flux, heldOut));
    }
    const expectation = (flux: SkyImage) => {
      // Expected Cash statistic: the true prediction in place of the counts.
      const lambda = heldOutPrediction(sky, sky.flux);
      return heldOutPrediction(sky, flux).reduce(
        (total, value, index) => total + 2 * (value - lambda[index] * Math.log(value)),
        0,
      );
    };
    const expected = expectation(brighter) - expectation(sky.flux);
    const mean = differences.reduce((total, value) => total + value, 0) / differences.length;
    const variance = differences.reduce((total, value) => total + (value - mean) ** 2, 0) / 59;
    expect(expected).toBeGreaterThan(1);
    // Four standard errors: a false alarm in some 10^4 seeds.
    expect(Math.abs(mean - expected)).toBeLessThan(4 * Math.sqrt(variance / 60));
  });

  it("is infinite for photons where none can be, and refuses another sky", () => {
    const data = simulateDisk({ seed: 2, shape: [12, 12] });
    const { background: _none, ...dark } = data;
    const { heldOut } = splitPhotons(dark);
    expect(heldOutCash(constantImage([12, 12], 0), heldOut)).toBe(Number.POSITIVE_INFINITY);
    expect(() => heldOutCash(data.flux, heldOut, { upsampling: 2 })).toThrow(
      /shape of the sky, \[24, 24\], got \[12, 12\]; give the upsampling/,
    );
    expect(() => splitPhotons(data, { fraction: 1 })).toThrow(/fraction must be a number in \(0, 1\), got 1/);
  });
});

/** Half of the expected counts of a sky, by convolution from its definition. */
function heldOutPrediction(sky: ReturnType<typeof simulateGaussianAndPoints>, flux: SkyImage): number[] {
  const [ny, nx] = flux.shape;
  const total = sky.psf.data.reduce((sum, value) => sum + value, 0);
  const [rows, cols] = sky.psf.shape;
  return Array.from({ length: ny * nx }, (_, index) => {
    let sum = 0;
    for (let from = 0; from < ny * nx; from++) {
      const row = Math.floor(index / nx) - Math.floor(from / nx) + Math.floor(rows / 2);
      const col = (index % nx) - (from % nx) + Math.floor(cols / 2);
      if (row < 0 || col < 0 || row >= rows || col >= cols) continue;
      const emitted = flux.data[from] + sky.background!.data[from];
      sum += (sky.psf.data[row * cols + col] / total) * 0.5 * sky.exposure!.data[from] * emitted;
    }
    return sum;
  });
}
