/**
 * The exact posteriors of four tiny problems: the sampler against importance sampling from the prior, 10^7 draws.
 *
 * 35 statistics each: the mean and P(x > 1) of 16 pixels, the total and two alphas, or the mean of ln alpha over the nodes of
 * two levels under the adaptive prior. Passed when the median rms z of three seeds is <= 1.5. The statistics are correlated (light on
 * the left is not on the right), so that rms z of a right sampler spreads by some 0.3: one seed in twenty is above 1.5, the median of
 * three for one case in a hundred.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { compareWithPosterior, formatComparison } from "../oracles/exact-comparison.js";
import {
  adaptiveImportanceProblems,
  type ImportanceResult,
  importanceProblems,
  samplePriorByImportance,
} from "../oracles/prior-importance.js";
import { startLiraChain } from "./samplers-under-test.js";

const DRAWS = 10_000_000;
const SEED = 20_040_810;

describe.each([...importanceProblems(), ...adaptiveImportanceProblems()])("$name", (problem) => {
  let posterior: ImportanceResult;
  beforeAll(() => {
    posterior = samplePriorByImportance(problem, { draws: DRAWS, seed: SEED });
  }, 1_200_000);

  it("has been found well enough", () => {
    for (const { ess, statistics, shifts } of [posterior.none, posterior.sampled]) {
      const worth = [ess, ...statistics.map((row) => row.ess), ...shifts.map((row) => row.ess)];
      console.log(`${problem.name}: importance draws worth ${Math.round(Math.min(...worth))} at the least`);
      expect(Math.min(...worth)).toBeGreaterThan(1e4);
    }
  });

  it.each([
    ["none", 0, 80_000],
    ["none", 20, 50_000],
    ["sampled", 0, 120_000],
    ["sampled", 20, 80_000],
  ] as const)(
    "is what the sampler samples: shift %s, %i pair transfers",
    (cycleSpin, pairTransfers, sweeps) => {
      const comparisons = [7, 8, 9].map((seed) =>
        compareWithPosterior(problem, posterior[cycleSpin], startLiraChain, {
          cycleSpin,
          pairTransfers,
          sweeps,
          seed,
        }),
      );
      for (const comparison of comparisons) {
        console.log(`${problem.name}, ${cycleSpin}, ${pairTransfers}: ${formatComparison(comparison)}`);
        expect(comparison.shiftDifference).toBeLessThanOrEqual(0.005);
      }
      expect(comparisons.map(({ rms }) => rms).sort((a, b) => a - b)[1]).toBeLessThanOrEqual(1.5);
    },
  );
});
