/**
 * Simulation-based calibration under the adaptive prior: ten models, some fifteen quantities each, and the sensitivity of the
 * test itself to known mistakes. 100 simulations a model, fixed seeds; the false-alarm rate over all models is 1e-3 for a
 * new seed. `npm run study:calibration` does the same with more simulations.
 */
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels.js";
import {
  type CalibrationReport,
  type CalibrationScenario,
  calibrate,
  formatCalibration,
  judgeCalibration,
} from "../oracles/calibration.js";
import { adaptiveScenarios, darkScenarios } from "../oracles/calibration-scenarios.js";
import type { AdaptiveMistake, AdaptiveSettings } from "../oracles/textbook-adaptive.js";
import { startWithShiftBackwards } from "./mistaken-chains.js";
import {
  type StartChain,
  startDarkChain,
  startLiraChain,
  startTextbookChain,
} from "./samplers-under-test.js";

const OPTIONS = { simulations: 100, seed: 1998, draws: 24 };
const SCENARIOS = adaptiveScenarios();

function scenarioOf(name: string): CalibrationScenario<AdaptiveSettings> {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
}

describe("calibration of chains under the adaptive prior", () => {
  const reports: CalibrationReport[] = [];

  it.each(SCENARIOS)("$name", (scenario) => {
    const report = calibrate(scenario, startLiraChain, OPTIONS);
    console.log(formatCalibration(report));
    reports.push(report);
    // Each scenario by itself at the rate that is left for it; the whole is judged below.
    expect(judgeCalibration([report], 1e-3 / SCENARIOS.length).reasons).toEqual([]);
  });

  it("all models together", () => {
    expect(reports.length).toBe(SCENARIOS.length);
    expect(judgeCalibration(reports, 1e-3).reasons).toEqual([]);
  });
});

describe("calibration of chains that leave out what is dark", () => {
  const scenarios = darkScenarios();
  const reports: CalibrationReport[] = [];

  it.each(scenarios)("$name", (scenario) => {
    let dark = 0;
    const report = calibrate(
      scenario,
      (...given) => {
        const chain = startDarkChain(...given);
        dark += Number("kernels" in chain && (chain.kernels as Kernels).hasDark.value);
        return chain;
      },
      OPTIONS,
    );
    console.log(`${dark} of ${OPTIONS.simulations} have something dark`, formatCalibration(report));
    expect(dark).toBeGreaterThan(OPTIONS.simulations / 2);
    reports.push(report);
    expect(judgeCalibration([report], 1e-3 / scenarios.length).reasons).toEqual([]);
  });
});

describe("calibration under the adaptive prior notices", () => {
  const directed = scenarioOf("4 states, 2 of them directed, spill, scale fixed, 1 of 6 x 5");
  const faint = scenarioOf("faint, 4 states of one child each, wrap, scale fixed, 1 of 6 x 5");

  /** Expect a failure; `broken` runs, the truths are those of `scenario`. */
  function expectNoticed(
    scenario: CalibrationScenario<AdaptiveSettings>,
    start: StartChain,
    broken: Partial<AdaptiveSettings> = {},
  ): void {
    const settings = { ...scenario.settings, ...broken };
    const report = calibrate({ ...scenario, settings }, start, OPTIONS, scenario.settings);
    console.log(formatCalibration(report));
    expect(judgeCalibration([report], 1e-3).passed).toBe(false);
  }

  it.each([
    ["transitions of bright nodes", directed],
    ["transitions kept", directed],
    ["alpha of the next child", directed],
    ["alpha of the parent", directed],
  ] satisfies [AdaptiveMistake, CalibrationScenario<AdaptiveSettings>][])(
    "a textbook chain with the mistake: %s",
    (mistake, scenario) => {
      expectNoticed(scenario, startTextbookChain, { mistake });
    },
  );

  it("rows of a block taken for its columns", () => {
    const { adaptivePrior } = faint.settings;
    const alphas = adaptivePrior.alphas.map((alpha) => {
      if (typeof alpha === "number") return alpha;
      const [upperLeft, upperRight, lowerLeft, lowerRight] = alpha;
      return [upperLeft, lowerLeft, upperRight, lowerRight] as const;
    });
    expectNoticed(faint, startLiraChain, { adaptivePrior: { ...adaptivePrior, alphas } });
  });

  it("transitions from child to parent", () => {
    const { adaptivePrior } = directed.settings;
    // A law that is not symmetric, so that the transposed one is another.
    const transitions = [
      [3, 0.3, 0.3, 3],
      [0.3, 3, 3, 0.3],
      [0.3, 0.3, 3, 0.3],
      [0.3, 0.3, 0.3, 3],
    ];
    const transposed = transitions.map((row, a) => row.map((_, b) => transitions[b][a]));
    const scenario = {
      ...directed,
      settings: { ...directed.settings, adaptivePrior: { ...adaptivePrior, transitions } },
    };
    expectNoticed(scenario, startLiraChain, {
      adaptivePrior: { ...adaptivePrior, transitions: transposed },
    });
  });

  it("a shift that is shown backwards", () => {
    expectNoticed(
      scenarioOf(
        "4 states, 2 of them directed, wrap, scale fitted, 2 of 6 x 5, shift sampled, 8 pair transfers",
      ),
      startWithShiftBackwards,
    );
  });
});
