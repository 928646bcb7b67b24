/** Jobs from many observations. */

import { checkObservations } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError, toPlainError } from "../errors.js";
import { given } from "../given.js";
import type { LiraSummary } from "../posterior/result.js";
import { planRun } from "../runs/lira-options.js";
import { boundaryOf, type CreateJobOptions, manifestOf } from "./create-job-node.js";
import type { JobOptions } from "./job.js";
import { createJobFolder, type Job, type TaskDrafts } from "./job-folder-node.js";
import { taskSeed } from "./task-seed.js";

/** One entry of a survey. */
export interface SurveyEntry {
  /** Name of its result file, without `.fits`; letters, digits and `. _ + -`. */
  readonly name: string;
  /** One observation, or several of the same sky. */
  readonly observations: readonly Observation[];
  /** Settings that differ from those of the job; a seed among them is used as it is. */
  readonly options?: JobOptions;
  readonly sources?: LiraSummary["provenance"]["inputs"];
  readonly unit?: string;
}

/** A survey whose entries are read one after the other. */
export interface Survey {
  readonly count: number;
  /** Reads entry number `index`, from 0. */
  readonly entry: (index: number) => Promise<SurveyEntry>;
}

/** Errors in one entry of a survey that say nothing about the others. */
const OF_ONE_ENTRY: ReadonlySet<string> = new Set(["INVALID_INPUT", "FORMAT"]);

/**
 * Make a job of many observations, a task each. Every one gets a seed of its own, made from the job's seed and its number.
 *
 * An observation that cannot be read, or breaks a rule, becomes a task `observation-N` (N from 1) that fails and says why;
 * the others run. `onWarning` is told of it.
 *
 * @param survey the observations, in memory or read one after the other
 * @throws InvalidInputError for bad settings, names that are no file names or occur twice, and when no observation is good
 */
export async function createObservationsJob(
  folder: string,
  survey: readonly SurveyEntry[] | Survey,
  options: JobOptions,
  settings: CreateJobOptions = {},
): Promise<Job> {
  planRun(options);
  const { count, entry }: Survey =
    "entry" in survey ? survey : { count: survey.length, entry: async (index) => survey[index] };
  const { seed = 0 } = options;
  const taken = new Set<string>();
  const claimName = (name: string, index: number) => {
    if (!/^[\w+-][\w.+-]*$/.test(name) || taken.has(name)) {
      throw new InvalidInputError(
        `cluster: observation ${index + 1} must have a name of its own of letters, digits and . _ + -, got ` +
          `${JSON.stringify(name)}${taken.has(name) ? " a second time" : ""}; give another`,
        { fields: { name, index } },
      );
    }
    taken.add(name);
    return name;
  };
  let problems = 0;
  const drafts: TaskDrafts = {
    count,
    async draft(index) {
      let found: SurveyEntry;
      try {
        found = await entry(index);
        checkEntry(found, options, settings.onWarning);
      } catch (error) {
        const problem = toPlainError(error);
        if (!OF_ONE_ENTRY.has(problem.code) || ++problems === count) throw error;
        settings.onWarning?.(`observation ${index + 1} will fail: ${problem.message}`);
        const name = claimName(`observation-${index + 1}`, index);
        return { task: { name, seed: taskSeed(seed, index), problem }, observations: [] };
      }
      const { name, observations, options: own, sources, unit } = found;
      return {
        task: {
          name: claimName(name, index),
          seed: own?.seed ?? taskSeed(seed, index),
          ...given({ options: own, sources, unit }),
        },
        observations,
      };
    },
  };
  const defaults = { name: `${count} observations`, output: "collected" };
  return createJobFolder(folder, manifestOf("observations", defaults, options, settings), drafts);
}

/** @throws InvalidInputError when an entry of a survey cannot be deconvolved */
function checkEntry(
  { observations, options: own }: SurveyEntry,
  options: JobOptions,
  onWarning: CreateJobOptions["onWarning"],
): void {
  const both = { ...options, ...own };
  const checked = checkObservations(observations, boundaryOf(both));
  for (const warning of checked.warnings) onWarning?.(warning);
  planRun(both, checked.observations[0].counts.shape);
}
