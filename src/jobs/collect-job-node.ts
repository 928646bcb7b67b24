/** Results of tasks become the result of the job. */

import { join, resolve } from "node:path";
import { JobError } from "../errors.js";
import { collectChains } from "./collect-chains-node.js";
import { collectObservations } from "./collect-observations-node.js";
import { collectTiles } from "./collect-tiles-node.js";
import type { CollectContext, Collected, CollectedJob } from "./collected.js";
import { openCollectedPlace } from "./collected-place-node.js";
import type { JobKind } from "./job.js";
import { checkJobVersion, type Job } from "./job-folder-node.js";
import { collectReplicates } from "./replicate-task-node.js";
import { removeOldNotes, scanResults, TASK_STATES } from "./result-files-node.js";
import { removeFinishedWork } from "./work-folder-node.js";

/** How to collect. */
export interface CollectJobOptions {
  /** Where to, a file or (for a list of observations) a folder; default what the job says. */
  readonly output?: string;
  /** Replace what is there already though this job did not write it, instead of refusing; default false. */
  readonly overwrite?: boolean;
  /** Compute the SHA-256 of every result before it is used (default); `false` compares lengths only. */
  readonly verify?: boolean;
  /** Called now and then with the fraction done, in [0, 1]. */
  readonly onProgress?: (fraction: number) => void;
}

const COLLECT: Readonly<Record<JobKind, (job: Job, context: CollectContext) => Promise<Collected>>> = {
  chains: collectChains,
  observations: collectObservations,
  tiles: collectTiles,
  replicates: collectReplicates,
};

/**
 * Make the result of a job from the results of its tasks: from all of them, or from those that there are while others still
 * run. Files are replaced whole, and the tasks' results stay, so it can be done again at any time; what comes out depends on
 * the tasks' results alone.
 *
 * @throws InvalidInputError when something is there that this job did not write
 * @throws JobError when there is no result yet, or too few to say anything
 */
export async function collectJob(job: Job, options: CollectJobOptions = {}): Promise<CollectedJob> {
  checkJobVersion(job);
  const { manifest, folder } = job;
  const { verify = true, overwrite = false, onProgress } = options;
  const output = options.output ?? resolve(folder, manifest.output);
  const found = new Map<number, string>();
  const { states } = scanResults(job, { verify }, (index, path) => found.set(index, path));
  const good = [...found].filter(([index]) => TASK_STATES[states[index]] === "done");
  const results = new Map(good.sort(([one], [other]) => one - other));
  if (results.size === 0) {
    throw new JobError(
      `${folder}: at least one task must have a result to collect, got none of ${manifest.tasks.count}; see tslira cluster status`,
      { fields: { folder } },
    );
  }
  // What programs left that were killed, or kept from tidying up.
  const isDone = (index: number) => results.has(index);
  removeFinishedWork(join(folder, "work"), isDone);
  removeOldNotes(job, isDone);
  const place = await openCollectedPlace(job, resolve(output), overwrite);
  const collected = await COLLECT[manifest.kind](job, {
    output,
    results,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  await place.written();
  const { used = results.size, ...rest } = collected;
  return { collected: used, total: manifest.tasks.count, ...rest };
}
