/**
 * Simulation-based calibration of the sampler: eight models, some ten quantities each, and the sensitivity of the test
 * itself to known mistakes. The false-alarm rate over all models is 1e-3 for a new seed.
 */
import { describe, expect, it } from "vitest";
import {
  type CalibrationReport,
  calibrate,
  calibrationScenarios,
  formatCalibration,
  judgeCalibration,
} from "../oracles/calibration.js";
import { startLiraChain } from "./samplers-under-test.js";

const SIMULATIONS = 400;

describe("calibration", () => {
  const reports: CalibrationReport[] = [];

  it.each(calibrationScenarios())("$name", (scenario) => {
    const report = calibrate(scenario, startLiraChain, { simulations: SIMULATIONS, seed: 1804 });
    console.log(formatCalibration(report));
    reports.push(report);
    // Each scenario by itself at the rate that is left for it; the whole is judged below.
    expect(judgeCalibration([report], 1e-3 / calibrationScenarios().length).reasons).toEqual([]);
  });

  it("all models together", () => {
    expect(reports.length).toBe(calibrationScenarios().length);
    expect(judgeCalibration(reports, 1e-3).reasons).toEqual([]);
  });

  const spill = calibrationScenarios().find(({ name }) => name.startsWith("spill, scale fitted, 1"));
  it.each([
    ["alpha to the power of one too many", { smoothingPrior: { power: 3, rate: 1, exponent: 1 } }],
    ["wrap where photons spill", { boundary: "wrap" }],
    ["a prior on the total of another shape", { totalCountsPrior: { shape: 1, rate: 0.05 } }],
    ["a cycle spin, whose law is not the posterior of one tree", { cycleSpin: "random" }],
  ] as const)("notices %s", (_, mistake) => {
    if (spill === undefined) throw new Error("no such scenario");
    const broken = { ...spill, settings: { ...spill.settings, ...mistake } };
    const report = calibrate(
      broken,
      startLiraChain,
      { simulations: SIMULATIONS, seed: 1804 },
      spill.settings,
    );
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).passed).toBe(false);
  });
});
