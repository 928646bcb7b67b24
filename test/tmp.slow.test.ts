import { it } from "vitest";
import { compareWithPosterior, formatComparison } from "./oracles/exact-comparison.js";
import { adaptiveImportanceProblems, samplePriorByImportance } from "./oracles/prior-importance.js";
import { startLiraChain, startTextbookChain } from "./samplers/samplers-under-test.js";
it("many seeds", { timeout: 3e6 }, () => {
  for (const which of [0, 1]) {
  const problem = adaptiveImportanceProblems()[which];
  const truth = samplePriorByImportance(problem, { draws: 1.5e7, seed: 77 + which });
  const other = samplePriorByImportance(problem, { draws: 1.5e7, seed: 177 + which });
  for (const spin of ["none", "sampled"] as const) {
    const z = truth[spin].statistics.map((s, i) => (s.mean - other[spin].statistics[i].mean) / Math.hypot(s.error, other[spin].statistics[i].error));
    console.log(problem.name, spin, "importance against itself: rms", Math.sqrt(z.reduce((a, b) => a + b * b, 0) / z.length).toFixed(2), "ess", truth[spin].ess.toFixed(0));
    for (const pairTransfers of [0, 20]) for (const seed of [11, 12, 13, 14]) {
      const c = compareWithPosterior(problem, truth[spin], startLiraChain, { cycleSpin: spin, pairTransfers, sweeps: 200_000, seed });
      const d = compareWithPosterior(problem, other[spin], startLiraChain, { cycleSpin: spin, pairTransfers, sweeps: 200_000, seed });
      console.log(problem.name, spin, pairTransfers, seed, formatComparison(c), "| other", d.rms.toFixed(2));
    }
  }
  }
});
