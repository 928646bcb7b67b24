/**
 * The exact posteriors of four tiny problems: the sampler against importance sampling from the prior, 10^7 draws, which
 * `npm run study:importance` keeps in docs/studies/importance.json. Fewer draws of another seed say that what is kept is still so.
 *
 * 35 statistics each: the mean and P(x > 1) of 16 pixels, the total and two alphas, or the mean of ln alpha over the nodes of
 * two levels under the adaptive prior. Passed when the median rms z of three seeds is <= 1.5. The statistics are correlated (light on
 * the left is not on the right), so that rms z of a right sampler spreads by some 0.3: one seed in twenty is above 1.5, the median of
 * three for one case in a hundred.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compareWithPosterior, formatComparison } from "../oracles/exact-comparison.js";
import {
  adaptiveImportanceProblems,
  type ImportancePosterior,
  importanceProblems,
  samplePriorByImportance,
} from "../oracles/prior-importance.js";
import { startLiraChain } from "./samplers-under-test.js";

interface KeptPosteriors {
  readonly name: string;
  readonly none: ImportancePosterior;
  readonly sampled: ImportancePosterior;
}
const KEPT: readonly KeptPosteriors[] = JSON.parse(
  readFileSync(new URL("../../docs/studies/importance.json", import.meta.url), "utf8"),
).problems;

const PROBLEMS = [...importanceProblems(), ...adaptiveImportanceProblems()].map((problem, index) => ({
  name: problem.name,
  problem,
  posterior: KEPT[index],
}));

describe.each(PROBLEMS)("$name", ({ name, problem, posterior }) => {
  it("is kept as fewer draws find it", () => {
    expect(posterior.name).toBe(name);
    const fresh = samplePriorByImportance(problem, { draws: 500_000, seed: 1 });
    for (const law of ["none", "sampled"] as const) {
      const kept = posterior[law];
      const worth = [kept.ess, ...[...kept.statistics, ...kept.shifts].map(({ ess }) => ess)];
      expect(Math.min(...worth)).toBeGreaterThan(1e4);
      expect(kept.statistics.map((row) => row.name)).toEqual(fresh[law].statistics.map((row) => row.name));
      const squares = fresh[law].statistics.map(
        ({ mean, error }, row) =>
          (mean - kept.statistics[row].mean) ** 2 / (error ** 2 + kept.statistics[row].error ** 2),
      );
      const rms = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
      console.log(`${name}, ${law}: rms z of what is kept ${rms.toFixed(2)}`);
      // The mean of five independent squares is above 4.8 once in 5,000 times; these 35 are worth more than five.
      expect(rms).toBeLessThan(2.2);
    }
  });

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
