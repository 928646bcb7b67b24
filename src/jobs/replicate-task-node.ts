/** Tasks of a significance run: the observation and its null replicates, and the table of them. */

import { readFile, writeFile } from "node:fs/promises";
import { FormatError, JobError, toPlainError } from "../errors.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { compileKernels } from "../kernels.js";
import { collectSignificance, type SignificanceEstimate } from "../significance/collect.js";
import {
  runSignificanceTask,
  type SignificanceRun,
  type SignificanceTaskResult,
} from "../significance/task.js";
import { decodeTaskResult, encodeTaskResult } from "../significance/task-file.js";
import type { CollectContext, Collected } from "./collect-job-node.js";
import type { TaskRecord } from "./job.js";
import { type Job, readTask, readTaskInput, writeWholeFile } from "./job-folder-node.js";
import type { TaskContext } from "./task-context.js";

function runOf({ folder, manifest }: Job): SignificanceRun {
  if (manifest.significance !== undefined) return manifest.significance;
  throw new FormatError(`${folder}: job.json must hold the significance run, got none; make the job again`);
}

/** Run the observation (task 0) or a replicate. */
export async function runReplicateTask(job: Job, task: TaskRecord, context: TaskContext): Promise<void> {
  const { index, name, seed } = task;
  const { signal, output } = context;
  let result: SignificanceTaskResult;
  try {
    result = await runSignificanceTask(
      await readTaskInput(job, task),
      runOf(job),
      { index, name, seed },
      {
        module: await compileKernels(),
        onProgress: (fraction) => context.onProgress?.(fraction),
        shouldStop: () => signal?.aborted === true,
      },
    );
  } catch (error) {
    if (signal?.aborted && toPlainError(error).code === "ABORTED") return context.stopped();
    throw error;
  }
  await withFileErrors(output, () => writeFile(output, encodeTaskResult(result)));
}

/** The results of the tasks that there are. */
async function readResults(
  job: Job,
  results: ReadonlyMap<number, string>,
): Promise<SignificanceTaskResult[]> {
  const found: SignificanceTaskResult[] = [];
  for (const index of [...results.keys()].sort((a, b) => a - b)) {
    const path = results.get(index) ?? "";
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
