import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { simulateDisk, simulateGaussianAndPoints } from "../../src/data/observation/simulated-datasets.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage, type SkyImage } from "../../src/image.js";
import { decodePatchMixture, encodePatchMixture } from "../../src/io/patch-mixture-file.js";
import { fitPatchPrior } from "../../src/priors/fit-patch-prior.js";
import { checkGradient, densityAndGradient, productPrior, scaledPrior } from "../../src/priors/flux-prior.js";
import { patchPrior } from "../../src/priors/patch-prior.js";
import { exponentialPrior, gammaPrior } from "../../src/priors/pixel-priors.js";
import { naivePatchDensity } from "../oracles/patch-density.js";
import { slowPatchPrior } from "../oracles/patch-prior.js";
import { randomImage, randomMixture } from "./random-mixture.js";

/** Largest difference over the largest expected number. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  const off = Array.from(found, (value, index) => Math.abs(value - expected[index]));
  return Math.max(...off) / Math.max(...Array.from(expected, Math.abs));
}

describe("patchPrior", () => {
  const norms = ["none", "subtract-mean", "relative"] as const;
  it.each(norms)("is the sum over patches of the density written out, norm %s", (norm) => {
    const mixture = randomMixture(2, 3, norm);
    const flux = randomImage([5, 7]);
    for (const stride of [1, 2] as const) {
      const starts = (size: number) => [...Array(size - 1).keys()].filter((at) => at % stride === 0);
      const rows = stride === 1 ? starts(5) : [0, 2, 3];
      const cols = stride === 1 ? starts(7) : [0, 2, 4, 5];
      const expected = naivePatchDensity(mixture, flux, rows, cols) * ((0.7 * stride ** 2) / 4);
      const found = patchPrior(mixture, { stride, strength: 0.7 }).logDensity(flux);
      expect(found).toBeCloseTo(expected, 9);
    }
  });

  it.each(norms)("has an exact gradient, norm %s", (patchNorm) => {
    const mixture = randomMixture(3, 4, patchNorm);
    const imageNorms = ["none", { norm: "asinh", scale: 0.4 }, { norm: "log", scale: 0.01 }] as const;
    for (const imageNorm of imageNorms) {
      for (const cycleSpin of ["none", "average"] as const) {
        const prior = patchPrior(mixture, { imageNorm, cycleSpin, stride: 2 });
        expect(checkGradient(prior, [7, 8]).error).toBeLessThan(1e-6);
      }
    }
    const spinning = patchPrior(mixture, { cycleSpin: "random", stride: 2 }).at!(3);
    expect(checkGradient(spinning, [7, 8]).error).toBeLessThan(1e-6);
  });

  it.each(norms)("takes any number of patches: density and gradient of the plain code, norm %s", (norm) => {
    // 31 x 37 patches of 4 x 4 are two batches and a part of a third, whose last block is not full; of 3 x 3 pixels there is an odd
    // number. Rounding: sums of some 1,000 terms.
    for (const patchSize of [3, 4]) {
      const mixture = randomMixture(patchSize, 5, norm);
      const flux = randomImage([patchSize === 3 ? 20 : 64, 76]);
      const slow = slowPatchPrior(mixture);
      const expected = new Float64Array(flux.data.length);
      slow.gradient(flux, expected);
      const prior = patchPrior(mixture);
      const gradient = new Float64Array(flux.data.length).fill(Number.NaN);
      expect(densityAndGradient(prior, flux, gradient)).toBe(prior.logDensity(flux));
      expect(relativeError([prior.logDensity(flux)], [slow.logDensity(flux)])).toBeLessThan(1e-12);
      expect(relativeError(gradient, expected)).toBeLessThan(1e-12);
    }
  });

  it("hands on density and gradient together through products and powers, but not through a changed copy", () => {
    const flux = randomImage([9, 9]);
    const patches = patchPrior(randomMixture(3, 4, "relative"));
    const gradients = [new Float64Array(81), new Float64Array(81)];
    for (const prior of [
      productPrior(patches, exponentialPrior({ rate: 0.3 })),
      scaledPrior(productPrior(patches, gammaPrior({ shape: 2, rate: 0.3 })), 1.7),
    ]) {
      const log = densityAndGradient(prior, flux, gradients[0]);
      prior.gradient(flux, gradients[1]);
      expect(log).toBe(prior.logDensity(flux));
      expect(gradients[0]).toEqual(gradients[1]);
    }
    expect(densityAndGradient({ ...patches, logDensity: () => 5 }, flux, gradients[0])).toBe(5);
  });

  it("does not care about brightness under the relative norm", () => {
    const prior = patchPrior(randomMixture(2, 3, "relative"));
    const flux = randomImage([6, 6]);
    const brighter = { data: flux.data.map((value) => 37 * value), shape: flux.shape };
    expect(prior.logDensity(brighter)).toBeCloseTo(prior.logDensity(flux), 9);
  });

  it("refuses images smaller than a patch and wrong options", () => {
    const mixture = randomMixture(3, 2, "none");
    expect(() => patchPrior(mixture).checkShape?.([2, 9])).toThrow(
      /at least one patch of 3 x 3 large, got 2 x 9/,
    );
    expect(() => patchPrior(mixture, { stride: 4 })).toThrow(/stride must be a whole number from 1/);
    const broken = { ...mixture, covariances: mixture.covariances.map((value) => -value) };
    expect(() => patchPrior(broken)).toThrow(/covariance 0 must be positive definite/);
    expect(() => patchPrior({ ...mixture, patchSize: 2 })).toThrow(/patches of 2 x 2/);
  });
});

describe("fitPatchPrior", () => {
  it("raises the likelihood and finds the mixture that patches were drawn from", () => {
    // Two kinds of patches of one pixel: N(1, 0.1^2) and N(5, 0.5^2), 30 % and 70 %.
    const random = randomStream(3);
    const normal = () =>
      Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
    const data = Float64Array.from({ length: 10_000 }, () =>
      random.uniform() < 0.3 ? 1 + 0.1 * normal() : 5 + 0.5 * normal(),
    );
    const image: SkyImage = { data, shape: [100, 100] };
    const fit = fitPatchPrior([image], { components: 2, patchSize: 1, patchNorm: "none", stride: 1 });
    const { meanLogDensity } = fit;
    for (let k = 1; k < meanLogDensity.length; k++) {
      expect(meanLogDensity[k]).toBeGreaterThan(meanLogDensity[k - 1] - 1e-9);
    }
    const [first, second] = fit.means[0] < fit.means[1] ? [0, 1] : [1, 0];
    // 5 standard errors of 3,000 and 7,000 draws, false alarm 6e-7 each.
    expect(Math.abs(fit.means[first] - 1)).toBeLessThan(5 * (0.1 / Math.sqrt(3_000)));
    expect(Math.abs(fit.means[second] - 5)).toBeLessThan(5 * (0.5 / Math.sqrt(7_000)));
    expect(Math.abs(Math.sqrt(fit.covariances[second]) - 0.5)).toBeLessThan(5 * (0.5 / Math.sqrt(14_000)));
    expect(Math.abs(fit.weights[first] - 0.3)).toBeLessThan(5 * Math.sqrt(0.21 / 10_000));
  });

  it("learns patches of images, and survives being written", async () => {
    const images = [simulateDisk().flux, simulateGaussianAndPoints().flux];
    const fit = fitPatchPrior(images, { components: 4, patchSize: 4, stride: 1, iterations: 5 });
    const read = await decodePatchMixture(encodePatchMixture(fit));
    expect(read.patchSize).toBe(4);
    expect(read.patchNorm).toBe("relative");
    expect([...read.covariances]).toEqual([...fit.covariances]);
    expect(checkGradient(patchPrior(read), [9, 9]).error).toBeLessThan(1e-6);
  });

  it("refuses too few patches", () => {
    expect(() => fitPatchPrior([constantImage([8, 8], 1)])).toThrow(/at least twice as many patches/);
  });
});

const LIBRARY = fileURLToPath(new URL("../../../shared/data/gmm", import.meta.url));
const missing = !existsSync(LIBRARY);
if (missing && process.env.TSLIRA_REQUIRE_SHARED === "1") throw new Error(`${LIBRARY} is absent`);

describe.skipIf(missing)("the mixtures of the Jolideco library (skipped without ../shared/data/gmm)", () => {
  it.each(["gleam-v0.1", "chandra-snrs-v0.1"])("%s is read and has an exact gradient", async (name) => {
    const mixture = await decodePatchMixture(readFileSync(`${LIBRARY}/${name}.fits.gz`));
    // Facts of the files: 128 components, 8 x 8 pixels, PNPTYPE std-subtract-mean.
    expect(mixture.weights.length).toBe(128);
    expect(mixture.patchSize).toBe(8);
    expect(mixture.patchNorm).toBe("relative");
    expect(mixture.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    const { flux } = simulateGaussianAndPoints();
    const at = { data: flux.data.map((value) => value + 1), shape: flux.shape };
    expect(checkGradient(patchPrior(mixture), [32, 32], { at, pixels: 20 }).error).toBeLessThan(1e-6);
  });
});
