/**
 * Predictive p-values: uniform under the model, and small for a wrong psf. Seeds are fixed; for new seeds the tests of
 * uniformity fail with probability 1e-3 together, those of flags with the probabilities stated beside them.
 */
import { describe, expect, it } from "vitest";
import { DISCREPANCIES } from "../../src/checks/discrepancy.js";
import { predictiveCheck } from "../../src/checks/predictive-check.js";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import {
  simulateGaussianAndPoints,
  simulatePointSource,
} from "../../src/data/observation/simulated-datasets.js";
import { skyImage } from "../../src/image.js";
import { heldOutCheck } from "../../src/runs/held-out-check.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import { testUniform } from "../oracles/calibration.js";
import { calibrationScenarios } from "../oracles/calibration-scenarios.js";
import { textbookExpectedCounts, textbookObservation } from "../oracles/textbook-model.js";
import { drawFromPrior } from "../oracles/textbook-prior.js";
import { textbookRandom } from "../oracles/textbook-random.js";
import { startLiraChain } from "../samplers/samplers-under-test.js";

const SIMULATIONS = 400;
/** Of photons held out: each has a deconvolution. */
const HELD_OUT = 200;
/** Uniformity is tested once for each discrepancy and design. */
const LIMIT = 1e-3 / (2 * DISCREPANCIES.length);

// 6 x 5 pixels, background scale fitted, one tree (`cycleSpin: "none"`): the sampler draws from the exact posterior.
const scenario = calibrationScenarios().find(({ name }) => name.startsWith("spill, scale fitted, 1"));
if (scenario === undefined) throw new Error("no such scenario");
const { settings, observations } = scenario;

/** Flux and scale from the prior, counts from the model, by the oracles: data for which the model is right. */
function* simulatedData(seed: number): Generator<Observation> {
  const random = textbookRandom(seed, 0);
  for (let simulation = 0; simulation < SIMULATIONS; simulation++) {
    const truth = drawFromPrior(observations, settings, random);
    const [observation] = observations;
    const lambda = textbookExpectedCounts(
      textbookObservation(observation, settings.boundary),
      truth.flux,
      truth.backgroundScale[0],
    );
    yield {
      ...observation,
      counts: skyImage(
        lambda.map((mean) => random.poisson(mean)),
        observation.counts.shape,
      ),
    };
  }
}

describe("under the model", () => {
  it("the p of one posterior draw is uniform; that of all draws is conservative and raises few false alarms", async () => {
    const uniform = DISCREPANCIES.map((): number[] => []);
    const pooled = DISCREPANCIES.map((): number[] => []);
    let alarms = 0;
    let simulation = 0;
    for (const data of simulatedData(31)) {
      const chain = startLiraChain([data], settings, { seed: 32, chain: simulation });
      chain.sweep(500);
      const draws = 60;
      const pixels = data.counts.data.length;
      const images = new Float32Array(draws * pixels);
      const scales = new Float64Array(draws);
      for (let draw = 0; draw < draws; draw++) {
        chain.sweep(20);
        images.set(chain.flux, draw * pixels);
        scales[draw] = chain.backgroundScale[0];
      }
      const [check] = await predictiveCheck(
        data,
        {
          parameters: { names: ["bkgScale"], burnIn: 0, chains: [scales] },
          images: { shape: data.counts.shape, first: 0, every: 1, chains: [images] },
        },
        { draws, replicates: 20, seed: simulation, boundary: settings.boundary, falseAlarmRate: 0.05 },
      );
      for (const [index, row] of check.discrepancies.entries()) {
        uniform[index].push(row.uniformP);
        pooled[index].push(row.p);
      }
      if (check.flagged.length > 0) alarms++;
      simulation++;
    }
    for (const [index, name] of DISCREPANCIES.entries()) {
      const { p, mean } = testUniform(name, uniform[index]);
      const spread = pooled[index].reduce((sum, value) => sum + (value - 0.5) ** 2, 0) / SIMULATIONS;
      const low = pooled[index].filter((value) => value <= 0.05).length;
      console.log(
        `${name}: single draw p = ${p.toPrecision(2)}, mean ${mean.toFixed(3)}; all draws: ` +
          `mean square distance from 1/2 ${spread.toFixed(4)} (uniform 0.0833), ${low} of ${SIMULATIONS} at most 0.05`,
      );
      expect(p, name).toBeGreaterThan(LIMIT);
      // Meng's bound P(p <= a) <= 2 a: at most 40 of 400 expected, standard deviation 6; 65 is 4 sigma above.
      expect(low, name).toBeLessThan(65);
    }
    console.log(`false alarms at rate 0.05: ${alarms} of ${SIMULATIONS}`);
    // At most 20 expected, standard deviation 4.4; 38 is 4 sigma above.
    expect(alarms).toBeLessThan(38);
  });

  it("p of held-out photons is uniform, and flags come at the rate stated", async () => {
    const uniform = DISCREPANCIES.map((): number[] => []);
    let alarms = 0;
    let simulation = 0;
    for (const data of simulatedData(41)) {
      if (simulation === HELD_OUT) break;
      const { alphaInit, ...rest } = settings;
      const { checks } = await heldOutCheck(
        data,
        { ...rest, alphaInit, iterations: 4500, burnIn: 500, chains: 1, seed: 42 + simulation },
        { seed: simulation, workers: 0, draws: 400, replicates: 5, falseAlarmRate: 0.05 },
      );
      for (const [index, row] of checks[0].discrepancies.entries()) uniform[index].push(row.uniformP);
      if (checks[0].flagged.length > 0) alarms++;
      simulation++;
    }
    for (const [index, name] of DISCREPANCIES.entries()) {
      const { p, mean } = testUniform(name, uniform[index]);
      console.log(`${name}: held out p = ${p.toPrecision(2)}, mean ${mean.toFixed(3)}`);
      expect(p, name).toBeGreaterThan(LIMIT);
    }
    console.log(`false alarms at rate 0.05: ${alarms} of ${HELD_OUT}`);
    // At most 10 expected, standard deviation 3.1; 23 is 4 sigma above.
    expect(alarms).toBeLessThan(23);
  });
});

// The two datasets with their default counts: 1000 in the point source, 1000 in the Gaussian and 30 to 1000 in points.
// Measured before, on seeds 1 and 2 at these and at five times these counts: right psf, no flag in 8 runs; 30 % too wide,
// `profile` flagged in all 8; 30 % too narrow, flagged by `pointSource` in all 8 and, as it must be, never by the plain check.
describe.each([
  {
    name: "point source",
    make: simulatePointSource,
    sigma: 3,
    circle: { x: 16, y: 16, radius: 5 },
  },
  {
    name: "Gaussian and points",
    make: simulateGaussianAndPoints,
    sigma: 2,
    circle: { x: 16, y: 26, radius: 3 },
  },
])("$name", ({ make, sigma, circle }) => {
  const deconvolve = async (seed: number, factor: number) => {
    const data = { ...make({ seed }), psf: gaussianPsf(sigma * factor, [17, 17]) };
    const options = { iterations: 3000, burnIn: 1000, chains: 2, seed: 3 };
    const result = await new LiraDeconvolver({ ...options, totalCountsPrior: { shape: 1, rate: 0 } }).run(
      data,
      { workers: 0 },
    );
    const [plain] = await predictiveCheck(data, result.trace);
    const [point] = await predictiveCheck(data, result.trace, { pointSource: circle });
    return { data, plain, point };
  };

  it.each([11, 12])("seed %i: the right psf is not flagged (false-alarm rate 0.01 a check)", async (seed) => {
    const { plain, point } = await deconvolve(seed, 1);
    expect(plain.sentence).toContain("look like draws");
    expect(plain.flagged).toEqual([]);
    expect(point.flagged).toEqual([]);
  });

  it.each([11, 12])("seed %i: a psf 30 percent too wide is flagged", async (seed) => {
    const { plain, point } = await deconvolve(seed, 1.3);
    expect(plain.flagged).toContain("profile");
    expect(plain.sentence).toContain("check psf");
    expect(point.flagged).toContain("profile");
  });

  it.each([11, 12])(
    "seed %i: a psf 30 percent too narrow is flagged where the source is a point",
    async (seed) => {
      const { plain, point } = await deconvolve(seed, 0.7);
      expect(point.flagged).toContain("profile");
      // A wider source with a narrower psf gives the same counts: no check of the fit alone can see it.
      expect(plain.flagged).toEqual([]);
    },
  );
});
