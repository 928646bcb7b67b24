/** Tasks of a significance run: the observation and its null replicates, and the table of them. */

import { readFile } from "node:fs/promises";
import { FormatError, JobError, toPlainError } from "../errors.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import { compileKernels } from "../kernels.js";
import { collectSignificance, type SignificanceEstimate } from "../significance/collect.js";
import { SIGNIFICANCE_TASKS } from "../significance/estimate.js";
import type { SignificanceRun, SignificanceTaskResult } from "../significance/task.js";
import { decodeTaskResult, encodeTaskResult } from "../significance/task-file.js";
import { openWorkerPool } from "../workers/worker-pool.js";
import type { CollectContext, Collected } from "./collected.js";
import type { TaskRecord } from "./job.js";
import { type Job, readTask, readTaskInput } from "./job-folder-node.js";
import type { TaskContext } from "./task-context.js";

function runOf({ folder, manifest }: Job): SignificanceRun {
  if (manifest.significance !== undefined) return manifest.significance;
  throw new FormatError(`${folder}: job.json must hold the significance run, got none; make the job again`);
}

/** Run the observation (task 0) or a replicate, in a thread of its own so that several use several cores. */
export async function runReplicateTask(job: Job, task: TaskRecord, context: TaskContext): Promise<void> {
  const { index, name, seed } = task;
  const { signal, output, onProgress } = context;
  const observations = await readTaskInput(job, task);
  const pool = openWorkerPool(SIGNIFICANCE_TASKS, 1);
  try {
    const result = await pool.run(
      { observations, run: runOf(job), task: { index, name, seed } },
      {
        module: await compileKernels(),
        shouldStop: () => signal?.aborted === true,
        ...(onProgress === undefined ? {} : { onProgress }),
      },
    );
    await writeWholeFile(output, encodeTaskResult(result));
  } catch (error) {
    if (signal?.aborted && toPlainError(error).code === "ABORTED") return context.stopped();
    throw error;
  } finally {
    pool.close();
  }
}

/** The results of the tasks that there are. */
async function readResults(
  job: Job,
  results: ReadonlyMap<number, string>,
): Promise<SignificanceTaskResult[]> {
  const found: SignificanceTaskResult[] = [];
  for (const [index, path] of results) {
    const result = await decodeTaskResult(await withFileErrors(path, () => readFile(path)));
    if (result.index !== index || result.seed !== readTask(job, index).seed) {
      throw new FormatError(
        `${path}: must be the result of task ${index}, got that of another; run the task again`,
      );
    }
    found.push(result);
  }
  return found;
}

/**
 * Make the estimate of a significance run from the results of its tasks.
 *
 * @throws JobError while the observation or all replicates are missing
 */
export async function jobSignificance(
  job: Job,
  results: ReadonlyMap<number, string>,
): Promise<SignificanceEstimate> {
  if (!results.has(0) || results.size < 2) {
    throw new JobError(
      `${job.folder}: the observation (task 0) and a replicate must have results to say anything, got ${results.size} results; wait for them`,
    );
  }
  const { thresholds } = job.manifest;
  return collectSignificance(
    runOf(job),
    await readResults(job, results),
    thresholds === undefined ? {} : { thresholds },
  );
}

/** Collect a significance run into its table. */
export async function collectReplicates(job: Job, { output, results }: CollectContext): Promise<Collected> {
  const estimate = await jobSignificance(job, results);
  await writeWholeFile(output, `${JSON.stringify(estimate, undefined, 1)}\n`);
  return {
    files: [output],
    remarks: [
      ...estimate.regions.map(
        ({ name, bound, direct }) =>
          `${name}: p <= ${bound.toPrecision(3)} (bound), ${direct.toPrecision(3)} by the rank of the observation`,
      ),
      ...estimate.warnings,
    ],
    figures: {
      replicates: estimate.replicates,
      complete: estimate.complete,
      regions: estimate.regions.map(({ name, bound, direct }) => ({ name, bound, direct })),
    },
  };
}
