import { expectedDeviance } from "../data/random/expected-deviance.js";
import { InvalidInputError } from "../errors.js";
import type { ForwardModel } from "../model/forward-model.js";
import { cstat } from "../model/predicted-counts.js";

/** When Richardson-Lucy ends before its last iteration. */
export type StoppingRule =
  /** When an iteration moves less than this part of the detected light (0 < tolerance < 1). */
  | { readonly rule: "tolerance"; readonly tolerance: number }
  /**
   * When a part of the photons, held out by binomial thinning, is described worse than before: the number of iterations
   * with the least Cash statistic of the held-out photons is found first and then run on all photons.
   */
  | {
      readonly rule: "held-out";
      /** Part of the photons held out; default 0.5. */
      readonly fraction?: number;
      /** Seed of the split; default 0. */
      readonly seed?: number;
      /** Iterations without a new least value before the search ends; default 10 and a tenth of those done. */
      readonly patience?: number;
    }
  /**
   * When the C statistic has come down to `factor` (default 1) times its mean under the model, so that residuals are as
   * large as noise makes them (Morozov's discrepancy principle).
   */
  | { readonly rule: "discrepancy"; readonly factor?: number };

/** Check a rule. @throws InvalidInputError when a number of it is out of its range, or there is no such rule */
export function checkStoppingRule(rule: StoppingRule): void {
  switch (rule.rule) {
    case "tolerance":
      if (rule.tolerance > 0 && rule.tolerance < 1) return;
      throw new InvalidInputError(
        `richardson-lucy: stop.tolerance must lie between 0 and 1, got ${rule.tolerance}; 1e-3 is a good choice`,
      );
    case "discrepancy": {
      const { factor = 1 } = rule;
      if (factor > 0 && factor < Number.POSITIVE_INFINITY) return;
      throw new InvalidInputError(
        `richardson-lucy: stop.factor must be > 0, got ${factor}; 1 stops at the mean of the C statistic`,
      );
    }
    case "held-out":
      return;
    default:
      throw new InvalidInputError(
        `richardson-lucy: stop must be an object whose rule is "tolerance", "held-out" or "discrepancy", got ${JSON.stringify(rule)}; ` +
          "leave it out to run all iterations",
      );
  }
}

/** Why to stop after an iteration that moved so much of so much detected light; undefined: go on. */
export function movesLittle(moved: number, light: number, tolerance: number): string | undefined {
  return moved < tolerance * light
    ? `the last iteration moved less than ${tolerance} of the light`
    : undefined;
}

/** Why to stop at a C statistic, given its mean under the model; undefined: go on. */
export function isDownToNoise(found: number, expected: number, factor = 1): string | undefined {
  return found <= factor * expected
    ? `the C statistic, ${found.toFixed(1)}, came down to ${factor} times its mean, ${expected.toFixed(1)}`
    : undefined;
}

/** Judges an iteration; returns why to stop, or undefined. */
export type StopTest = (before: Float64Array, after: Float64Array) => string | undefined;

/** The test of a rule that looks at one iteration at a time. */
export function stopTest(model: ForwardModel, rule: StoppingRule | undefined): StopTest {
  if (rule !== undefined) checkStoppingRule(rule);
  switch (rule?.rule) {
    case "tolerance":
      return toleranceTest(model, rule.tolerance);
    case "discrepancy":
      return discrepancyTest(model, rule.factor);
    default:
      return () => undefined;
  }
}

function toleranceTest({ sensitivity }: ForwardModel, tolerance: number): StopTest {
  return (before, after) => {
    let moved = 0;
    let light = 0;
    for (let index = 0; index < after.length; index++) {
      moved += sensitivity[index] * Math.abs(after[index] - before[index]);
      light += sensitivity[index] * after[index];
    }
    return movesLittle(moved, light, tolerance);
  };
}

function discrepancyTest(model: ForwardModel, factor: number | undefined): StopTest {
  const mean = expectedDeviance();
  return (_before, after) => {
    let found = 0;
    let expected = 0;
    for (const [index, predicted] of model.predict(after).entries()) {
      const { counts, mask } = model.observations[index];
      found += cstat(counts, predicted, mask);
      for (let pixel = 0; pixel < predicted.data.length; pixel++) {
        if (mask?.data[pixel] !== 0) expected += mean(predicted.data[pixel]);
      }
    }
    return isDownToNoise(found, expected, factor);
  };
}
