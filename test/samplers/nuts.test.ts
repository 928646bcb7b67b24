import { describe, expect, it } from "vitest";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { randomStream } from "../../src/data/random/random.js";
import { answeredHere } from "../../src/inquiry.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { multiscalePrior } from "../../src/priors/multiscale-prior.js";
import { totalVariationPrior } from "../../src/priors/neighbour-priors.js";
import { gammaPrior } from "../../src/priors/pixel-priors.js";
import { logFluxPosterior } from "../../src/samplers/log-flux-posterior.js";
import { createNutsChain, type Transition } from "../../src/samplers/nuts.js";
import { warmUp, windowEnds } from "../../src/samplers/warm-up.js";

/** A potential that asks nothing. */
interface Potential {
  readonly size: number;
  evaluate(position: Float64Array, gradient: Float64Array): number;
}

function chainOn({ size, evaluate }: Potential, start: Float64Array, seed: number, maxDepth: number) {
  // biome-ignore lint/correctness/useYield: nothing is asked
  const ask = function* (position: Float64Array, gradient: Float64Array) {
    return evaluate(position, gradient);
  };
  return createNutsChain<never>({ size, ask }, start, randomStream(seed), maxDepth);
}

function run(potential: Potential, start: Float64Array, seed: number, adapt: number, draws: number) {
  const chain = chainOn(potential, start, seed, 10);
  const warm = warmUp(chain, adapt, 0.8);
  const transition = () => chain.transition().next().value as Transition;
  warm.begin().next();
  for (let i = 0; i < adapt; i++) warm.adapt(transition()).next();
  const rows: Float64Array[] = [];
  let divergences = 0;
  let acceptance = 0;
  for (let i = 0; i < draws; i++) {
    const done = transition();
    divergences += Number(done.divergent);
    acceptance += done.acceptance / draws;
    rows.push(chain.position.slice());
  }
  return { chain, rows, divergences, acceptance };
}

/** Mean over draws of a function, and its standard error from 40 batches. */
function estimate(rows: readonly Float64Array[], of: (row: Float64Array) => number) {
  const batches = Array.from({ length: 40 }, (_, batch) => {
    const part = rows.slice((batch * rows.length) / 40, ((batch + 1) * rows.length) / 40);
    return part.reduce((sum, row) => sum + of(row) / part.length, 0);
  });
  const mean = batches.reduce((sum, value) => sum + value / 40, 0);
  const error = Math.sqrt(batches.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 39 / 40);
  return { mean, error };
}

describe("nuts", () => {
  // Seeds fixed; |z| > 4.5 in one of 9 comparisons has a probability of about 1e-4.
  it("samples a Gaussian of scales 0.01 to 100 with a correlation of 0.95", () => {
    const scales = [0.01, 1, 100, 1];
    const correlation = 0.95;
    const det = 1 - correlation ** 2;
    const potential: Potential = {
      size: 4,
      evaluate(q, gradient) {
        const [a, b, c, d] = [q[0] / scales[0], q[1] - 3, q[2] / scales[2], q[3]];
        gradient[0] = a / scales[0];
        gradient[1] = (b - correlation * d) / det;
        gradient[2] = c / scales[2];
        gradient[3] = (d - correlation * b) / det;
        return 0.5 * (a * a + c * c + (b * b - 2 * correlation * b * d + d * d) / det);
      },
    };
    const { rows, divergences, acceptance, chain } = run(potential, new Float64Array(4), 7, 1_000, 8_000);
    expect(divergences).toBe(0);
    expect(acceptance).toBeGreaterThan(0.7);
    // The last 50 transitions settle the step, on the safe side of the target 0.8.
    expect(acceptance).toBeLessThan(0.97);
    const near = (of: (row: Float64Array) => number, value: number) => {
      const { mean, error } = estimate(rows, of);
      expect(Math.abs(mean - value) / error, `${mean} +- ${error} against ${value}`).toBeLessThan(4.5);
    };
    for (const [i, scale] of scales.entries()) {
      const centre = i === 1 ? 3 : 0;
      near((row) => row[i], centre);
      near((row) => (row[i] - centre) ** 2, scale * scale);
      // Variances of the last window of the warm-up: 500 draws, known to 10 % and more.
      expect(Math.sqrt(chain.inverseMass[i]) / scale).toBeGreaterThan(0.6);
      expect(Math.sqrt(chain.inverseMass[i]) / scale).toBeLessThan(i === 0 ? 4 : 1.6);
    }
    near((row) => (row[1] - 3) * row[3], correlation);
  });

  it("samples the logarithm of a Gamma number, with its Jacobian", () => {
    const [shape, rate] = [0.7, 3];
    const potential: Potential = {
      size: 1,
      evaluate([q], gradient) {
        gradient[0] = rate * Math.exp(q) - shape;
        return rate * Math.exp(q) - shape * q;
      },
    };
    const { rows } = run(potential, Float64Array.of(2), 3, 500, 20_000);
    // Mean and mean square of Gamma(shape, rate).
    for (const [power, value] of [
      [1, shape / rate],
      [2, (shape * (shape + 1)) / rate ** 2],
    ]) {
      const { mean, error } = estimate(rows, ([q]) => Math.exp(power * q));
      expect(Math.abs(mean - value) / error).toBeLessThan(4.5);
    }
  });

  it("counts divergences where the density has a cliff", () => {
    // Neal's funnel (2003): its neck is too narrow for any fixed step.
    const potential: Potential = {
      size: 10,
      evaluate(q, gradient) {
        let sum = 0;
        for (let i = 1; i < 10; i++) sum += q[i] * q[i];
        const width = Math.exp(-q[0]);
        gradient[0] = q[0] / 9 - 0.5 * width * sum + 4.5;
        for (let i = 1; i < 10; i++) gradient[i] = width * q[i];
        return (q[0] * q[0]) / 18 + 0.5 * width * sum + 4.5 * q[0];
      },
    };
    const start = new Float64Array(10).fill(0.1);
    expect(run(potential, start, 1, 1_000, 2_000).divergences).toBeGreaterThan(0);
  });

  it("divides the warm-up as Stan does", () => {
    expect(windowEnds(1_000)).toEqual([100, 150, 250, 450, 950]);
    expect(windowEnds(150)).toEqual([100]);
    expect(windowEnds(100)).toEqual([90]);
    expect(windowEnds(10)).toEqual([]);
  });

  it("is not finite where the start is not", () => {
    const potential: Potential = { size: 1, evaluate: () => Number.NaN };
    const chain = chainOn(potential, new Float64Array(1), 1, 5);
    expect(() => chain.transition().next()).toThrow(/must be finite where a chain starts/);
  });
});

describe("logFluxPosterior", () => {
  const data = simulatePointSource({ seed: 1, shape: [6, 7], background: 0.5 });
  const model = createForwardModel(data, { upsampling: 2, margin: 1 });
  it.each([
    ["gamma", gammaPrior({ shape: 0.5, rate: 0.3 })],
    ["total variation", totalVariationPrior({ strength: 1, smoothing: 0.1 })],
    ["multiscale, alpha fitted", multiscalePrior({ alpha: 0.6, fitAlpha: true, referenceExposure: 2 })],
  ])("has the gradient of its value: %s", (_name, prior) => {
    const posterior = logFluxPosterior(model, prior, { shape: 2, rate: 1.5 });
    expect(posterior.scaled).toEqual([0]);
    const random = randomStream(5);
    const flux = Float64Array.from({ length: posterior.pixels }, () => 0.1 + 3 * random.uniform());
    const at = posterior.place(flux);
    for (let i = posterior.pixels; i < posterior.size; i++) at[i] += random.uniform() - 0.5;
    const gradient = new Float64Array(posterior.size);
    const evaluate = (place: Float64Array, out: Float64Array) => answeredHere(posterior.ask(place, out));
    evaluate(at, gradient);
    const scratch = new Float64Array(posterior.size);
    const value = (index: number, by: number) => {
      const moved = at.slice();
      moved[index] += by;
      return evaluate(moved, scratch);
    };
    const largest = gradient.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
    for (let i = 0; i < posterior.size; i += i < posterior.pixels - 5 ? 13 : 1) {
      const width = 1e-3;
      const near = value(i, width) - value(i, -width);
      const far = value(i, 2 * width) - value(i, -2 * width);
      const difference = (8 * near - far) / (12 * width);
      expect(Math.abs(difference - gradient[i]) / largest, `coordinate ${i}`).toBeLessThan(1e-7);
    }
    const image = new Float64Array(posterior.pixels);
    posterior.flux(at, image);
    const potential = evaluate(at, gradient);
    expect(potential).toBeCloseTo(0.5 * model.cash(image) - posterior.logPrior(at), 8);
  });
});
