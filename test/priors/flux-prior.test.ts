import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage, type SkyImage } from "../../src/image.js";
import { checkGradient, type FluxPrior, productPrior } from "../../src/priors/flux-prior.js";
import { multiscalePrior } from "../../src/priors/multiscale-prior.js";
import {
  gradientTikhonovPrior,
  markovPrior,
  smoothnessPrior,
  totalVariationPrior,
} from "../../src/priors/neighbour-priors.js";
import {
  entropyPrior,
  exponentialPrior,
  gammaPrior,
  inverseGammaPrior,
  tikhonovPrior,
  uniformPrior,
} from "../../src/priors/pixel-priors.js";
import { logDirichlet, logGammaDensity } from "../oracles/multiscale-density.js";

const PRIORS: Record<string, FluxPrior> = {
  uniform: uniformPrior(),
  exponential: exponentialPrior({ rate: 0.7 }),
  gamma: gammaPrior({ shape: 0.4, rate: 2 }),
  "inverse gamma": inverseGammaPrior({ shape: 1.5, scale: 0.3 }),
  entropy: entropyPrior({ strength: 3, reference: 0.5 }),
  Tikhonov: tikhonovPrior({ strength: 2, reference: 0.3 }),
  "gradient Tikhonov": gradientTikhonovPrior({ strength: 2 }),
  "total variation": totalVariationPrior({ strength: 2, smoothing: 0.1 }),
  "Markov random field": markovPrior({ strength: 4 }),
  smoothness: smoothnessPrior({ strength: 2, sigma: 1.3 }),
  multiscale: multiscalePrior({
    alpha: 0.3,
    totalCountsPrior: { shape: 1, rate: 0.05 },
    referenceExposure: 1.7,
  }),
  "multiscale, alpha fitted": multiscalePrior({
    alpha: 0.3,
    fitAlpha: true,
    totalCountsPrior: { shape: 1, rate: 0.05 },
  }),
  product: productPrior(
    gammaPrior({ shape: 2, rate: 1 }),
    totalVariationPrior({ strength: 1, smoothing: 0.2 }),
  ),
};
// Neither square nor a power of two, a single row, a single pixel.
const SHAPES = [
  [7, 11],
  [8, 8],
  [1, 5],
  [13, 2],
  [1, 1],
] as const;

describe("priors", () => {
  it.each(Object.keys(PRIORS))("%s: the gradient agrees with central differences to 1e-6", (name) => {
    for (const [index, shape] of SHAPES.entries()) {
      expect(checkGradient(PRIORS[name], shape, { seed: index }).error).toBeLessThan(1e-6);
    }
  });

  it("checkGradient finds a wrong gradient and names the pixel", () => {
    const wrong: FluxPrior = {
      name: "mine",
      logDensity: ({ data }) => -(data[3] ** 2),
      gradient: ({ data }, out) => {
        out.fill(0);
        out[3] = -data[3];
      },
    };
    expect(() => checkGradient(wrong, [2, 2])).toThrow(
      /mine: gradient must be the derivative .* at \[1, 1\]/,
    );
  });

  it("a multiscale prior on 2 x 2 pixels is a Dirichlet times a Gamma", () => {
    const prior = multiscalePrior({
      alpha: 0.6,
      referenceExposure: 2,
      totalCountsPrior: { shape: 1.5, rate: 0.3 },
    });
    const image = (data: number[]): SkyImage => ({ data: Float64Array.from(data), shape: [2, 2] });
    const exact = (flux: number[]) => {
      const total = 2 * flux.reduce((sum, value) => sum + value, 0);
      const fractions = flux.map((value) => (2 * value) / total);
      // Density of four fluxes: that of total and fractions over the Jacobian total^3.
      return logGammaDensity(total, 1.5, 0.3) + logDirichlet(fractions, 0.6) - 3 * Math.log(total);
    };
    const [a, b] = [
      [0.2, 1.1, 3, 0.04],
      [1, 1, 1, 1],
    ];
    // Constants drop out of differences.
    const found = prior.logDensity(image(a)) - prior.logDensity(image(b));
    expect(found).toBeCloseTo(exact(a) - exact(b), 10);
  });

  it("the derivatives by ln alpha agree with central differences", () => {
    const prior = multiscalePrior({
      alpha: 0.2,
      fitAlpha: true,
      smoothingPrior: { power: 2, rate: 3, exponent: 2 },
    });
    const random = randomStream(4);
    const flux: SkyImage = {
      data: Float64Array.from({ length: 6 * 9 }, () => 0.1 + random.uniform()),
      shape: [6, 9],
    };
    const parameters = prior.parameters!([6, 9]);
    const slopes = new Float64Array(parameters.length);
    prior.gradient(flux, new Float64Array(54), parameters, slopes);
    for (let level = 0; level < parameters.length; level++) {
      const at = (by: number) => {
        const moved = parameters.slice();
        moved[level] += by;
        return prior.logDensity(flux, moved);
      };
      const difference = (8 * (at(1e-3) - at(-1e-3)) - (at(2e-3) - at(-2e-3))) / 12e-3;
      expect(Math.abs(slopes[level] - difference)).toBeLessThan(1e-6 * (1 + Math.abs(difference)));
    }
  });

  it("entropy and Tikhonov are largest at their reference", () => {
    for (const prior of [
      entropyPrior({ strength: 1, reference: 2 }),
      tikhonovPrior({ strength: 1, reference: 2 }),
    ]) {
      const at = (level: number) => prior.logDensity(constantImage([3, 3], level));
      expect(at(2)).toBe(0);
      expect(at(1.9)).toBeLessThan(0);
      expect(at(2.1)).toBeLessThan(0);
    }
  });

  it("smooth images cost nothing where smoothness is asked for", () => {
    const flat = constantImage([9, 7], 3);
    expect(smoothnessPrior({ strength: 1, sigma: 2 }).logDensity(flat)).toBeCloseTo(0, 20);
    expect(gradientTikhonovPrior({ strength: 1 }).logDensity(flat)).toBeCloseTo(0, 20);
  });

  it("refuses wrong options", () => {
    expect(() => exponentialPrior({ rate: 0 })).toThrow(/rate must be a finite number > 0/);
    expect(() => totalVariationPrior({ strength: 1, smoothing: 0 })).toThrow(/smoothing/);
    expect(() => productPrior()).toThrow(/at least one prior/);
    const fitted = multiscalePrior({ fitAlpha: true });
    expect(() => productPrior(fitted, fitted)).toThrow(/at most one prior may have parameters/);
  });
});
