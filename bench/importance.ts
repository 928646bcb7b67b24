// The posteriors to which exact samplers are held: four tiny problems by importance sampling from the prior, 10^7 draws each. They are kept in
// docs/studies/importance.json, and `test:slow` compares chains with them, and them with fewer draws of another seed.
//
//   npm run study:importance
import {
  adaptiveImportanceProblems,
  importanceProblems,
  samplePriorByImportance,
} from "../test/oracles/prior-importance.js";
import { printTable, writeStudy } from "./study-file.js";

const WORK = { draws: 10_000_000, seed: 20_040_810 };

const problems = [...importanceProblems(), ...adaptiveImportanceProblems()].map((problem) => {
  const { none, sampled } = samplePriorByImportance(problem, WORK);
  return { name: problem.name, none, sampled };
});
printTable(
  ["problem", "shift", "draws are worth", "evidence"],
  problems.flatMap(({ name, ...posteriors }) =>
    Object.entries(posteriors).map(
      ([
        shift,
        {
          ess,
          evidence: { mean, error },
        },
      ]) => [...[name, shift, Math.round(ess)], `${mean.toPrecision(6)} ± ${error.toPrecision(2)}`],
    ),
  ),
);
writeStudy("importance", { ...WORK, problems });
