/**
 * The density behind pair transfers is the oracle of other tests; here it is held to what must be true of it: it
 * integrates to 1, it is a product of gamma laws where alpha makes it one, and pairs have beta laws then.
 */
import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { type Shape, skyImage } from "../../src/image.js";
import { naiveTree } from "./multiscale.js";
import {
  gridMean,
  type ImageModel,
  type ImagePrior,
  logImageDensity,
  logImagePrior,
  logPairDensity,
  pairDistribution,
  shareOut,
} from "./pair-transfer.js";
import { referenceExposureOf, textbookObservation } from "./textbook-model.js";
import type { BlockAlphas } from "./textbook-prior.js";
import { textbookRandom } from "./textbook-random.js";
import { logGammaFunction } from "./textbook-special.js";

function prior(
  shape: Shape,
  alpha: readonly number[],
  total: { shape: number; rate: number },
  shift: Shape = [0, 0],
): ImagePrior {
  return { shape, shift, alpha, totalCountsPrior: total };
}

function modelOf(observations: readonly Observation[], base: ImagePrior, boundary: "spill" | "wrap") {
  const model: ImageModel = {
    ...base,
    observations: observations.map((observation) => textbookObservation(observation, boundary)),
    backgroundScale: observations.map((_, index) => 1 + 0.3 * index),
    referenceExposure: referenceExposureOf(observations),
  };
  return model;
}

/** Log density of Gamma(shape, rate). */
function logGammaDensity(x: number, shape: number, rate: number): number {
  return shape * Math.log(rate) - logGammaFunction(shape) + (shape - 1) * Math.log(x) - rate * x;
}

/** Integral of exp(log density) over all pixels in (0, inf), by the trapezoidal rule in log x. */
function integrate(base: ImagePrior, step: number, low: number, high: number): number {
  const pixels = base.shape[0] * base.shape[1];
  const points = Math.round((high - low) / step);
  const image = new Float64Array(pixels);
  let sum = 0;
  for (let index = 0; index < points ** pixels; index++) {
    let logVolume = 0;
    for (let pixel = 0, rest = index; pixel < pixels; pixel++, rest = Math.floor(rest / points)) {
      const t = low + ((rest % points) + 0.5) * step;
      image[pixel] = Math.exp(t);
      logVolume += t;
    }
    sum += Math.exp(logImagePrior(image, base) + logVolume);
  }
  return sum * step ** pixels;
}

describe("logImagePrior", () => {
  // The trapezoidal rule in log x converges faster than any power; what is left out below exp(low) is some alpha low.
  it.each([
    [[1, 1], [], { shape: 2.5, rate: 0.7 }, 0.05, -14, 5],
    [[1, 2], [1.7], { shape: 2.2, rate: 0.5 }, 0.1, -12, 5],
    [[3, 1], [2.1, 1.6], { shape: 2.6, rate: 0.8 }, 0.4, -10, 4],
    [[2, 2], [2.4], { shape: 3.1, rate: 1 }, 0.5, -6.5, 4],
    [[1, 4], [2.2, 2.9], { shape: 5, rate: 2 }, 0.5, -6.5, 3.5],
  ] as const)("integrates to 1 over images of %j", (shape, alpha, total, step, low, high) => {
    const shift: Shape = [shape[0] - 1, Math.min(1, shape[1] - 1)];
    expect(integrate(prior(shape, alpha, total, shift), step, low, high)).toBeCloseTo(1, 4);
  });

  it.each([
    [
      [3, 3],
      [0, 1],
    ],
    [
      [3, 4],
      [1, 3],
    ],
  ] as const)("integrates to 1 over images of %j, by importance sampling", (shape, shift) => {
    // 60,000 draws, seed 5; |z| < 4.4 fails a right formula once in 1e5. The proposal's tails are the heavier ones.
    const pixels = shape[0] * shape[1];
    const base = prior(shape, [1.6, 2.8], { shape: 11, rate: 1 }, shift);
    const random = textbookRandom(5, pixels);
    const draws = 60_000;
    const image = new Float64Array(pixels);
    let sum = 0;
    let squares = 0;
    for (let draw = 0; draw < draws; draw++) {
      let logProposal = 0;
      for (let pixel = 0; pixel < pixels; pixel++) {
        image[pixel] = random.gamma(1.2, 0.8);
        logProposal += logGammaDensity(image[pixel], 1.2, 0.8);
      }
      const weight = Math.exp(logImagePrior(image, base) - logProposal);
      sum += weight;
      squares += weight * weight;
    }
    const mean = sum / draws;
    const error = Math.sqrt((squares / draws - mean * mean) / draws);
    expect(error).toBeLessThan(0.05);
    expect(Math.abs(mean - 1) / error, `${mean} +- ${error}`).toBeLessThan(4.4);
  });

  it.each([
    // Gamma laws add up: X ~ Gamma(k alpha) has fractions Dirichlet(alpha), so these alphas make every pixel independent.
    [[4, 4], [0.3, 1.2], 4.8, () => 0.3],
    [[2, 4], [0.3, 1.2], 2.4, () => 0.3],
    // Node 2 of a row of three is an only child: its law is that of its parent.
    [[1, 3], [0.4, 0.8], 1.6, (node: number) => (node === 2 ? 0.8 : 0.4)],
  ] as const)(
    "is a product of gamma densities over %j where alpha_l = k alpha_{l-1}",
    (shape, alpha, total, of) => {
      const random = textbookRandom(3, shape[1]);
      const [ny, nx] = shape;
      const shift: Shape = [1 % ny, 2 % nx];
      const image = Float64Array.from({ length: ny * nx }, () => random.gamma(0.5, 0.1));
      const expected = naiveTree(image, shape, shift)[0].nodes.reduce(
        (sum, x, node) => sum + logGammaDensity(x, of(node), 0.35),
        0,
      );
      expect(logImagePrior(image, prior(shape, alpha, { shape: total, rate: 0.35 }, shift))).toBeCloseTo(
        expected,
        9,
      );
    },
  );

  it("is a product of gamma densities where the parameter of every node is the sum of its children's", () => {
    // 4 x 3 from [1, 2]: blocks of 4 and of 2 children, each child with a parameter of its own.
    const shape: Shape = [4, 3];
    const own = Array.from({ length: 12 }, (_, node) => 0.2 + 0.15 * node);
    const shapes = naiveTree(own, shape);
    const alphas: BlockAlphas = (level, block) =>
      shapes[level].blocks[block].map((child) => shapes[level].nodes[child]);
    const shift: Shape = [1, 2];
    const random = textbookRandom(7);
    const image = Float64Array.from({ length: 12 }, () => random.gamma(0.8, 0.1));
    const expected = naiveTree(image, shape, shift)[0].nodes.reduce(
      (sum, x, node) => sum + logGammaDensity(x, own[node], 0.35),
      0,
    );
    const total = own.reduce((sum, value) => sum + value, 0);
    const base = { shape, shift, alpha: alphas, totalCountsPrior: { shape: total, rate: 0.35 } };
    expect(logImagePrior(image, base)).toBeCloseTo(expected, 9);
  });

  it.each([
    [
      [4, 4],
      [0, 0],
    ],
    [
      [6, 5],
      [5, 2],
    ],
    [
      [12, 20],
      [7, 13],
    ],
    [
      [1, 9],
      [0, 4],
    ],
  ] as const)("depends on the image as the powers of its nodes say, over %j", (shape, shift) => {
    const random = textbookRandom(11, shape[1]);
    const alpha = [0.21, 0.5, 0.34, 1.3, 0.8].slice(0, naiveTree([], shape).length - 1);
    const base = prior(shape, alpha, { shape: 1.4, rate: 0.05 }, shift);
    /** Each node but the top to the power alpha_l - k alpha_{l-1}, or alpha_0 - 1 at a leaf; no constants. */
    const byNodes = (image: ArrayLike<number>) => {
      const tree = naiveTree(image, shape, shift);
      let sum = 0;
      tree.forEach(({ nodes }, level) => {
        const top = level === tree.length - 1;
        nodes.forEach((x, node) => {
          const below = level === 0 ? 1 : tree[level - 1].blocks[node].length * alpha[level - 1];
          sum += ((top ? base.totalCountsPrior.shape : alpha[level]) - below) * Math.log(x);
          if (top) sum -= base.totalCountsPrior.rate * x;
        });
      });
      return sum;
    };
    const images = Array.from({ length: 3 }, () =>
      Float64Array.from({ length: shape[0] * shape[1] }, () => random.gamma(0.3, 0.1)),
    );
    const constants = images.map((image) => logImagePrior(image, base) - byNodes(image));
    expect(constants[1]).toBeCloseTo(constants[0], 7);
    expect(constants[2]).toBeCloseTo(constants[0], 7);
  });

  it("shifts the image, not the tree's blocks", () => {
    const shape: Shape = [3, 5];
    const random = textbookRandom(2);
    const image = Float64Array.from({ length: 15 }, () => random.gamma(0.7, 0.1));
    const rolled = Float64Array.from({ length: 15 }, (_, node) => {
      const row = (Math.floor(node / 5) + 2) % 3;
      const col = ((node % 5) + 4) % 5;
      return image[row * 5 + col];
    });
    const alpha = [0.3, 0.9, 0.5];
    const total = { shape: 2, rate: 0.1 };
    expect(logImagePrior(image, prior(shape, alpha, total, [2, 4]))).toBe(
      logImagePrior(rolled, prior(shape, alpha, total)),
    );
  });
});

describe("pairs", () => {
  const total = { shape: 4.8, rate: 0.35 };
  const counts = [3, 0, 1, 0, 0, 7, 2, 0, 0, 0, 4, 1, 0, 5, 0, 0];

  it.each([
    ["siblings", 0, 1],
    ["cousins", 1, 2],
    ["across the centre", 5, 10],
    ["opposite corners", 15, 0],
  ])(
    "have beta laws when the psf is a point and the prior a product of gamma laws: %s",
    (_, first, second) => {
      // f ~ Beta(alpha_0 + d_first, alpha_0 + d_second); moments of the beta law in closed form.
      const model = modelOf(
        [{ counts: skyImage(counts, [4, 4]), psf: skyImage([1], [1, 1]) }],
        prior([4, 4], [0.3, 1.2], total, [1, 3]),
        "spill",
      );
      const a = 0.3 + counts[first];
      const b = 0.3 + counts[second];
      const image = Float64Array.from({ length: 16 }, (_, pixel) => 0.1 + (pixel % 5));
      const distribution = pairDistribution(image, first, second, model);
      const mean = gridMean(distribution, (z) => 1 / (1 + Math.exp(-z)));
      const square = gridMean(distribution, (z) => 1 / (1 + Math.exp(-z)) ** 2);
      expect(mean).toBeCloseTo(a / (a + b), 4);
      expect(square).toBeCloseTo((a * (a + 1)) / ((a + b) * (a + b + 1)), 4);
    },
  );

  it("have the beta law of their exposures' own when only one of them is exposed", () => {
    // Expected counts m f e: with no counts the density of f is f^(a-1) (1-f)^(a-1) exp(-m f); its mean by a plain sum.
    const exposure = skyImage([2, 0], [1, 2]);
    const model = modelOf(
      [{ counts: skyImage([0, 0], [1, 2]), psf: skyImage([1], [1, 1]), exposure }],
      prior([1, 2], [1.5], { shape: 2, rate: 0.1 }),
      "spill",
    );
    const m = 3;
    let sum = 0;
    let weighted = 0;
    for (let f = 0.0005; f < 1; f += 0.001) {
      const density = Math.sqrt(f * (1 - f)) * Math.exp(-m * f);
      sum += density;
      weighted += density * f;
    }
    const distribution = pairDistribution([1, 2], 0, 1, model);
    expect(gridMean(distribution, (z) => 1 / (1 + Math.exp(-z)))).toBeCloseTo(weighted / sum, 4);
  });

  it("share out their own sum, and nothing else", () => {
    const image = [1, 2, 3, 4];
    expect([...shareOut(image, 3, 1, 0)]).toEqual([1, 3, 3, 3]);
    expect(image).toEqual([1, 2, 3, 4]);
    expect(shareOut(image, 3, 1, 600)[1]).toBeGreaterThan(0);
  });

  it("see the density of the image of several observations, with its Jacobian", () => {
    const shape: Shape = [3, 4];
    const random = textbookRandom(8);
    const pixels = (mean: number) =>
      skyImage(
        Array.from({ length: 12 }, () => random.gamma(2, 2 / mean)),
        shape,
      );
    const draw = () =>
      skyImage(
        Array.from({ length: 12 }, () => random.poisson(2)),
        shape,
      );
    const model = modelOf(
      [
        { counts: draw(), psf: skyImage([1, 2, 1, 2, 8, 4, 0, 3, 1], [3, 3]), exposure: pixels(2) },
        {
          counts: draw(),
          psf: skyImage([1, 3, 2, 6, 0, 2], [2, 3]),
          background: pixels(0.3),
          mask: skyImage([1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1], shape),
        },
      ],
      prior(shape, [0.2, 0.6], { shape: 1, rate: 0.05 }, [2, 1]),
      "wrap",
    );
    const image = Float64Array.from({ length: 12 }, () => random.gamma(0.5, 0.1));
    const z = Math.log(image[7] / image[2]);
    const f = image[7] / (image[7] + image[2]);
    expect(logPairDensity(image, 7, 2, z, model)).toBeCloseTo(
      logImageDensity(image, model) + Math.log(f * (1 - f)),
      9,
    );
    // Swapping the two mirrors z.
    expect(logPairDensity(image, 2, 7, 1.3, model)).toBeCloseTo(logPairDensity(image, 7, 2, -1.3, model), 9);
  });
});
