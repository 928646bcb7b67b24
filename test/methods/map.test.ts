import { describe, expect, it } from "vitest";
import {
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "../../src/data/observation/simulated-datasets.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage } from "../../src/image.js";
import { answeredHere, type Question } from "../../src/inquiry.js";
import { minimiseAdam } from "../../src/methods/adam.js";
import { emMultiscale } from "../../src/methods/em-multiscale.js";
import { estimateDiagonal, estimateInverseDiagonal } from "../../src/methods/hessian.js";
import { minimiseLbfgs, type Objective } from "../../src/methods/lbfgs.js";
import { maximumAPosteriori } from "../../src/methods/map.js";
import { valueNoise } from "../../src/methods/value-noise.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import type { FluxPrior } from "../../src/priors/flux-prior.js";
import { multiscalePrior } from "../../src/priors/multiscale-prior.js";
import { markovPrior, totalVariationPrior } from "../../src/priors/neighbour-priors.js";
import { exponentialPrior, gammaPrior, tikhonovPrior, uniformPrior } from "../../src/priors/pixel-priors.js";
import { randomObservation, relativeError } from "../model/random-observation.js";

const quiet = { iterations: 2_000, tolerance: 1e-14, onIteration: () => {} };

/** A function whose values are asked for. */
function asked(value: (at: Float64Array, gradient: Float64Array) => number): Objective<Question> {
  return function* (at, gradient) {
    return yield { here: () => value(at, gradient) };
  };
}

/** Rosenbrock's valley in pairs of variables: minimum 0 at (1, 1, ...). */
function valley(at: Float64Array, gradient: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < at.length; k += 2) {
    const [x, y] = [at[k], at[k + 1]];
    sum += 100 * (y - x * x) ** 2 + (1 - x) ** 2;
    gradient[k] = -400 * x * (y - x * x) - 2 * (1 - x);
    gradient[k + 1] = 200 * (y - x * x);
  }
  return sum;
}

describe("minimisers", () => {
  it("L-BFGS finds the end of Rosenbrock's valley", () => {
    const start = Float64Array.from({ length: 20 }, (_, k) => (k % 2 === 0 ? -1.2 : 1));
    const { at, value, iterations, values } = answeredHere(minimiseLbfgs(asked(valley), start, quiet));
    expect(value).toBeLessThan(1e-12);
    for (const component of at) expect(component).toBeCloseTo(1, 5);
    expect(iterations).toBeLessThan(150);
    for (let k = 1; k < values.length; k++) expect(values[k]).toBeLessThanOrEqual(values[k - 1]);
  });

  it("L-BFGS does not step to where the gradient has overflown", () => {
    const cliff = (at: Float64Array, gradient: Float64Array) => {
      gradient[0] = at[0] < 1 ? -1 : Number.POSITIVE_INFINITY;
      return at[0] < 1 ? -at[0] : -2;
    };
    const { at } = answeredHere(minimiseLbfgs(asked(cliff), Float64Array.of(0), quiet));
    expect(at[0]).toBeGreaterThan(0.5);
    expect(at[0]).toBeLessThan(1);
  });

  it("measures the rounding of values, and L-BFGS does not look for what it takes", () => {
    const start = Float64Array.from({ length: 20 }, (_, k) => (k % 2 === 0 ? -1.2 : 1));
    const random = randomStream(5);
    let asked = 0;
    // Uniform errors, of which some 1e-3 is the root mean square.
    const rounded: Objective<Question> = function* (at, gradient) {
      asked++;
      return (yield { here: () => valley(at, gradient) }) + 1e-3 * Math.sqrt(12) * (random.uniform() - 0.5);
    };
    // Five differences of one another of variance 1 and correlations 3 / 4, 3 / 10, 1 / 20: a factor of 4 either way is beyond 1 in 1,000.
    const noise = answeredHere(valueNoise(rounded, start));
    expect(noise / 3).toBeGreaterThan(1e-3 / 4);
    expect(noise / 3).toBeLessThan(4e-3);
    asked = 0;
    const { at, converged, iterations } = answeredHere(minimiseLbfgs(rounded, start, { ...quiet, noise }));
    expect(converged).toBe(true);
    expect(valley(at, new Float64Array(20))).toBeLessThan(noise);
    // A step that goes down but for rounding is taken: hardly one needs a second trial, where else the last would be halved again and again.
    expect(asked).toBeLessThan(1.5 * iterations);
    asked = 0;
    const without = answeredHere(minimiseLbfgs(rounded, start, quiet));
    expect(asked).toBeGreaterThan(3 * without.iterations);
  });

  it("Adam gets to the minimum of a bowl", () => {
    const bowl = (at: Float64Array, gradient: Float64Array) => {
      for (let k = 0; k < at.length; k++) gradient[k] = 2 * (k + 1) * (at[k] - k);
      return at.reduce((sum, value, k) => sum + (k + 1) * (value - k) ** 2, 0);
    };
    const { at } = answeredHere(minimiseAdam(asked(bowl), new Float64Array(5), 0.1, quiet));
    for (const [k, value] of at.entries()) expect(value).toBeCloseTo(k, 3);
  });

  it("estimates diagonals of a matrix and of its inverse", () => {
    // Tridiagonal 4, -1: known inverse by elimination in the middle of a long chain, 1 / sqrt(4^2 - 4).
    const n = 60;
    const product = (vector: Float64Array) =>
      vector.map((value, k) => 4 * value - (vector[k - 1] ?? 0) - (vector[k + 1] ?? 0));
    const random = randomStream(1);
    const diagonal = estimateDiagonal(product, n, 400, random);
    // Standard error of a probe: root of the sum of squares off the diagonal, 1.4; 5 standard errors of 400.
    expect(Math.abs(diagonal[30] - 4)).toBeLessThan(5 * (1.4143 / 20));
    const inverse = estimateInverseDiagonal(product, diagonal, 400, random);
    expect(Math.abs(inverse[30] - 1 / Math.sqrt(12))).toBeLessThan(5 * (0.11 / 20));
  });
});

describe("maximumAPosteriori", () => {
  it.each(["square", "log", "softplus"] as const)(
    "finds the mode known in closed form: %s",
    (parametrisation) => {
      // Without blurring pixels are independent: Poisson counts and a Gamma(a, b) prior have the mode (d + a - 1) / (E + b).
      const observation = randomObservation(3, 6, 9);
      const { mask: _m, background: _b, ...rest } = observation;
      const psf = constantImage([1, 1], 1);
      const model = createForwardModel({ ...rest, psf });
      const { flux, converged } = answeredHere(
        maximumAPosteriori(model, gammaPrior({ shape: 2.5, rate: 0.7 }), {
          parametrisation,
          tolerance: 1e-14,
        }),
      );
      expect(converged).toBe(true);
      const expected = observation.counts.data.map(
        (d, j) => (d + 1.5) / (observation.exposure.data[j] + 0.7),
      );
      expect(relativeError(flux.data, expected)).toBeLessThan(1e-5);
      const log = answeredHere(
        maximumAPosteriori(model, gammaPrior({ shape: 2.5, rate: 0.7 }), {
          measure: "log-flux",
          parametrisation,
          tolerance: 1e-14,
        }),
      );
      const ofLog = observation.counts.data.map((d, j) => (d + 2.5) / (observation.exposure.data[j] + 0.7));
      expect(relativeError(log.flux.data, ofLog)).toBeLessThan(1e-5);
    },
  );

  it("gives the errors of the closed form", () => {
    const observation = randomObservation(4, 6, 9);
    const { mask: _m, background: _b, ...rest } = observation;
    const model = createForwardModel({ ...rest, psf: constantImage([1, 1], 1) });
    const prior = gammaPrior({ shape: 3, rate: 1 });
    for (const errors of ["diagonal", "inverse"] as const) {
      const { flux, std } = answeredHere(
        maximumAPosteriori(model, prior, {
          tolerance: 1e-14,
          curvature: { errors, probes: 2 },
        }),
      );
      // Curvature in ln flux at the mode is (E + b) flux, so the flux has the variance flux / (E + b); a diagonal Hessian
      // is estimated exactly by any probe.
      const expected = flux.data.map((value, j) => Math.sqrt(value / (observation.exposure.data[j] + 1)));
      expect(relativeError(std!.data, expected)).toBeLessThan(1e-4);
    }
  });

  it("the gradient vanishes at the mode, for both optimisers and parametrisations", () => {
    const model = createForwardModel(simulateDisk({ seed: 2, shape: [20, 20] }));
    const prior = markovPrior({ strength: 4 });
    const best = answeredHere(maximumAPosteriori(model, prior, { tolerance: 1e-13 }));
    const soft = answeredHere(
      maximumAPosteriori(model, prior, { tolerance: 1e-13, parametrisation: "softplus" }),
    );
    expect(relativeError(soft.flux.data, best.flux.data)).toBeLessThan(1e-3);
    const adam = answeredHere(maximumAPosteriori(model, prior, { optimizer: "adam", iterations: 2_000 }));
    const end = (result: typeof best) => {
      let logs = 0;
      for (const value of result.flux.data) logs += Math.log(value);
      return result.cash - 2 * (result.logPrior! + logs);
    };
    expect(Math.abs(end(adam) - end(best))).toBeLessThan(0.05);
    expect(end(best)).toBeLessThanOrEqual(end(adam) + 1e-6);
  });

  it("converges with total variation and is where no pixel wants to move", () => {
    const model = createForwardModel(simulateDisk({ seed: 1, shape: [20, 20] }));
    const prior = totalVariationPrior({ strength: 1, smoothing: 0.1 });
    const { flux, converged } = answeredHere(maximumAPosteriori(model, prior));
    expect(converged).toBe(true);
    const { data } = answeredHere(
      maximumAPosteriori(model, prior, { tolerance: 1e-13, iterations: 5_000 }),
    ).flux;
    // The problem is convex: the maximum is where every slope is 0, or upwards at 0 flux (Karush, Kuhn and Tucker).
    const slopes = new Float64Array(data.length);
    model.cashGradient(data, slopes);
    const other = new Float64Array(data.length);
    prior.gradient({ data, shape: model.shape }, other);
    for (const [index, value] of data.entries()) {
      const slope = 0.5 * slopes[index] - other[index];
      expect(slope).toBeGreaterThan(-1e-2);
      expect(Math.abs(slope) * value).toBeLessThan(1e-2);
    }
    // And what the default tolerance gives lies close, compared to the noise.
    const light = data.reduce((sum, value) => sum + value, 0);
    const apart = data.reduce((sum, value, index) => sum + Math.abs(value - flux.data[index]), 0);
    expect(apart / light).toBeLessThan(0.01);
  });

  it("ends early and keeps the image when told to", () => {
    const model = createForwardModel(randomObservation(3, 6, 9));
    for (const optimizer of ["lbfgs", "adam"] as const) {
      const { complete, converged, iterations, stopped } = answeredHere(
        maximumAPosteriori(model, exponentialPrior({ rate: 1 }), {
          optimizer,
          onIteration: ({ iteration }) => iteration < 3,
        }),
      );
      expect({ complete, converged, iterations }).toEqual({
        complete: false,
        converged: false,
        iterations: 3,
      });
      expect(stopped).toBe("it was ended from outside after 3 iterations");
    }
  });

  it("is nearer to the truth than the flat start with every prior of smoothness, and beats none", () => {
    const data = simulateDisk({ seed: 2 });
    const model = createForwardModel(data);
    const error = (image: Float64Array) =>
      image.reduce((sum, value, index) => sum + (value - data.flux.data[index]) ** 2, 0);
    const none = error(
      answeredHere(maximumAPosteriori(model, uniformPrior(), { iterations: 300 })).flux.data,
    );
    for (const prior of [
      totalVariationPrior({ strength: 0.5, smoothing: 0.1 }),
      markovPrior({ strength: 2 }),
      tikhonovPrior({ strength: 0.01 }),
    ]) {
      expect(error(answeredHere(maximumAPosteriori(model, prior)).flux.data)).toBeLessThan(none);
    }
  });

  it("fits alpha of the multiscale prior", () => {
    const model = createForwardModel(simulatePointSource({ seed: 2, shape: [16, 16] }));
    const prior = multiscalePrior({
      fitAlpha: true,
      referenceExposure: model.reference,
      smoothingPrior: { power: 1, rate: 1, exponent: 1 },
    });
    const { priorParameters, converged } = answeredHere(
      maximumAPosteriori(model, prior, { iterations: 3_000 }),
    );
    expect(priorParameters).toHaveLength(4);
    expect(converged).toBe(true);
    for (const alpha of priorParameters!) expect(alpha).toBeGreaterThan(0);
  });

  it("runs for several observations, displaced and on a finer sky", () => {
    const first = simulateGaussianAndPoints({ seed: 1 });
    const second = simulateGaussianAndPoints({ seed: 2 });
    const model = createForwardModel([first, second], {
      upsampling: 2,
      margin: 2,
      offsets: [
        { x: 0, y: 0 },
        { x: 0.5, y: 0 },
      ],
    });
    const { flux } = answeredHere(
      maximumAPosteriori(model, exponentialPrior({ rate: 0.1 }), { iterations: 30 }),
    );
    expect(flux.shape).toEqual([72, 72]);
    expect(flux.data.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
  });

  it.each(["lbfgs", "adam"] as const)("names a prior that gives no numbers, by %s", (optimizer) => {
    const model = createForwardModel(simulatePointSource({ seed: 1 }));
    const flat = uniformPrior();
    const climb = (prior: Partial<FluxPrior>) =>
      answeredHere(
        maximumAPosteriori(model, { ...flat, name: "mine", ...prior }, { optimizer, iterations: 60 }),
      );
    const said = (what: RegExp) => ({ code: "NUMERICS", message: expect.stringMatching(what) });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => climb({ logDensity: () => value })).toThrow(
        expect.objectContaining(
          said(new RegExp(`^map: the prior "mine" must have a logDensity .*got ${value};`)),
        ),
      );
      const gradient: FluxPrior["gradient"] = (_, out) => {
        out.fill(0);
        out[3] = value;
      };
      expect(() => climb({ gradient })).toThrow(
        expect.objectContaining(
          said(new RegExp(`^map: the prior "mine" must have a finite gradient .*got ${value};`)),
        ),
      );
    }
    // Later on too.
    let asked = 0;
    expect(() => climb({ logDensity: () => (asked++ < 3 ? 0 : Number.NaN) })).toThrow(
      expect.objectContaining(said(/"mine" must have a logDensity that is finite or -Infinity, got NaN/)),
    );
  });

  it("shortens steps to where the density is 0 or has no gradient", () => {
    const data = simulatePointSource({ seed: 1 });
    const model = createForwardModel(data);
    const wall = 2 * Math.max(...data.counts.data);
    let beyond = 0;
    const walled: FluxPrior = {
      logDensity: ({ data }) => (data.some((flux) => flux > wall) ? Number.NEGATIVE_INFINITY : 0),
      gradient({ data }, out) {
        const outside = data.some((flux) => flux > wall);
        if (outside) beyond++;
        out.fill(outside ? Number.NaN : 0);
      },
    };
    // A start whose first step leads far beyond the wall.
    const start = constantImage(model.shape, 1e-3);
    const { flux } = answeredHere(maximumAPosteriori(model, walled, { start, iterations: 30 }));
    expect(beyond).toBeGreaterThan(0);
    expect(Math.max(...flux.data)).toBeLessThanOrEqual(wall);
    expect(flux.data.every(Number.isFinite)).toBe(true);
  });

  it("refuses what cannot work", () => {
    const model = createForwardModel(randomObservation(1));
    expect(() => answeredHere(maximumAPosteriori(model, {} as never))).toThrow(/logDensity and gradient/);
    const spinning = { ...uniformPrior(), at: () => uniformPrior() };
    expect(() => answeredHere(maximumAPosteriori(model, spinning))).toThrow(/optimizer "adam"/);
    expect(() =>
      answeredHere(maximumAPosteriori(model, uniformPrior(), { signal: AbortSignal.abort() })),
    ).toThrow(/abort/);
  });
});

describe("emMultiscale", () => {
  const data = simulateGaussianAndPoints({ seed: 5, shape: [16, 16] });

  it.each([
    { alpha: 0.05, boundary: "spill" },
    { alpha: 0.5, boundary: "wrap" },
    { alpha: 3, boundary: "spill" },
  ] as const)(
    "raises the log posterior in every iteration: alpha $alpha, $boundary",
    ({ alpha, boundary }) => {
      const model = createForwardModel(data, { boundary });
      const { objective } = emMultiscale(model, { alphaInit: alpha, iterations: 150, tolerance: 0 });
      for (let k = 1; k < objective.length; k++) {
        expect(objective[k]).toBeLessThanOrEqual(objective[k - 1] + 1e-9);
      }
    },
  );

  it("finds the mode that map finds", () => {
    const mask = constantImage([16, 16], 1);
    mask.data[40] = 0;
    const model = createForwardModel({ ...data, mask });
    const alpha = 0.7;
    const em = emMultiscale(model, { alphaInit: alpha, iterations: 20_000, tolerance: 1e-9 });
    const prior = multiscalePrior({ alpha, referenceExposure: model.reference });
    const map = answeredHere(maximumAPosteriori(model, prior, { tolerance: 1e-14, iterations: 5_000 }));
    expect(relativeError(em.flux.data, map.flux.data)).toBeLessThan(1e-4);
    expect(em.logPrior).toBeCloseTo(map.logPrior!, 3);
  });

  it("fits alpha: small for a point source, larger for a flat sky", () => {
    const model = (flux: number, background: number) =>
      createForwardModel(simulatePointSource({ seed: 1, flux, background, shape: [16, 16] }));
    const options = { fitAlpha: true, iterations: 200, smoothingPrior: { power: 1, rate: 0.1, exponent: 1 } };
    const points = emMultiscale(model(5_000, 0.01), options).priorParameters!;
    const flat = emMultiscale(
      createForwardModel({
        ...simulatePointSource({ seed: 1, flux: 0, background: 30, shape: [16, 16] }),
        background: constantImage([16, 16], 0),
      }),
      options,
    ).priorParameters!;
    for (const [level, alpha] of points.entries()) expect(alpha).toBeLessThan(flat[level]);
  });

  it("works with the tree spinning, on any shape", () => {
    const model = createForwardModel(randomObservation(6, 7, 13));
    const { flux, converged } = emMultiscale(model, { cycleSpin: "random", iterations: 50, tolerance: 0 });
    expect(converged).toBe(false);
    expect(flux.data.every((value) => value > 0)).toBe(true);
  });
});
