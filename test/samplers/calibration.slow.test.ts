/**
 * Simulation-based calibration of the sampler: fifteen models, some ten quantities each, and the sensitivity of the test
 * itself to known mistakes. The false-alarm rate over the eight models of the plain chain is 1e-3 for a new seed, and the
 * same over the seven of pair transfers and sampled shifts.
 */
import { describe, expect, it } from "vitest";
import { psfEnsemble } from "../../src/data/observation/psf-ensemble.js";
import {
  type CalibrationReport,
  calibrate,
  formatCalibration,
  judgeCalibration,
  type StartCalibrationChain,
} from "../oracles/calibration.js";
import {
  calibrationScenarios,
  displacedScenario,
  mixingScenarios,
  psfEnsembleScenarios,
  psfSetScenarios,
} from "../oracles/calibration-scenarios.js";
import { startWithShiftBackwards } from "./mistaken-chains.js";
import { startLiraChain } from "./samplers-under-test.js";

const OPTIONS = { simulations: 250, seed: 1804, draws: 24 };

describe.each([
  ["plain chains", calibrationScenarios()],
  ["chains that mix", mixingScenarios()],
])("calibration of %s", (_, scenarios) => {
  const reports: CalibrationReport[] = [];

  it.each(scenarios)("$name", (scenario) => {
    // The two models of 240 pixels take most of the time.
    const simulations = scenario.name.includes("12 x 20") ? 100 : 160;
    const report = calibrate(scenario, startLiraChain, { ...OPTIONS, simulations });
    console.log(formatCalibration(report));
    reports.push(report);
    // Each scenario by itself at the rate that is left for it; the whole is judged below.
    expect(judgeCalibration([report], 1e-3 / scenarios.length).reasons).toEqual([]);
  });

  it("all models together", () => {
    expect(reports.length).toBe(scenarios.length);
    expect(judgeCalibration(reports, 1e-3).reasons).toEqual([]);
  });
});

describe("calibration of displaced exposures", () => {
  it("holds for the joint posterior, at a false-alarm rate of 1e-3", () => {
    const report = calibrate(displacedScenario(), startLiraChain, OPTIONS);
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).reasons).toEqual([]);
  });

  it("fails when the second psf is turned round, as a wrong sign would do", () => {
    const scenario = displacedScenario();
    const [, second] = scenario.observations;
    const psf = { ...second.psf, data: second.psf.data.slice().reverse() };
    const wrong: StartCalibrationChain = (observations, settings, options) =>
      startLiraChain([observations[0], { ...observations[1], psf }], settings, options);
    const report = calibrate(scenario, wrong, OPTIONS);
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).passed).toBe(false);
  });
});

describe("calibration under a psf that varies", () => {
  const [scenario] = psfSetScenarios();

  it("holds for four psfs, at a false-alarm rate of 1e-3", () => {
    const report = calibrate(scenario, startLiraChain, { ...OPTIONS, simulations: 60 });
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).reasons).toEqual([]);
  });

  it("fails under their mean", () => {
    const [observation] = scenario.observations;
    const { places: _, ...psf } = observation.psf;
    const wrong: StartCalibrationChain = ([{ counts }], settings, options) =>
      startLiraChain([{ ...observation, counts, psf }], settings, options);
    const report = calibrate(scenario, wrong, { ...OPTIONS, simulations: 80 });
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).passed).toBe(false);
  });
});

describe("calibration under a psf that is one of several", () => {
  const [scenario] = psfEnsembleScenarios();
  const [observation] = scenario.observations;

  it("holds for five psfs, at a false-alarm rate of 1e-3", () => {
    const report = calibrate(scenario, startLiraChain, { ...OPTIONS, simulations: 60 });
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).reasons).toEqual([]);
  });

  it("fails with their weights turned round", () => {
    const { members = [] } = observation.psf;
    const weights = [4, 2, 1, 2, 4];
    const psf = psfEnsemble(members.map((member, index) => ({ ...member, weight: weights[index] })));
    const wrong: StartCalibrationChain = ([{ counts }], settings, options) =>
      startLiraChain([{ ...observation, counts, psf }], settings, options);
    const report = calibrate(scenario, wrong, { ...OPTIONS, simulations: 120 });
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).passed).toBe(false);
  });
});

describe("calibration notices", () => {
  const spill = calibrationScenarios().find(({ name }) => name === "spill, scale fitted, 1 of 6 x 5");
  const sampled = mixingScenarios().find(
    ({ name }) => name === "wrap, scale fitted, 2 of 6 x 5, shift sampled, 8 pair transfers",
  );
  if (spill === undefined || sampled === undefined) throw new Error("no such scenario");

  it.each([
    ["alpha to the power of one too many", spill, { smoothingPrior: { power: 3, rate: 1, exponent: 1 } }],
    ["wrap where photons spill", spill, { boundary: "wrap" }],
    ["a prior on the total of another shape", spill, { totalCountsPrior: { shape: 1, rate: 0.05 } }],
    ["a cycle spin, whose law is not the posterior of one tree", spill, { cycleSpin: "random" }],
    ["a shift drawn whatever the data", sampled, { cycleSpin: "random", pairTransfers: 0 }],
  ] as const)("%s", (_, scenario, mistake) => {
    const broken = { ...scenario, settings: { ...scenario.settings, ...mistake } };
    const report = calibrate(broken, startLiraChain, OPTIONS, scenario.settings);
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).passed).toBe(false);
  });

  it("a shift that is shown backwards", () => {
    const report = calibrate(sampled, startWithShiftBackwards, OPTIONS);
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).passed).toBe(false);
  });
});
