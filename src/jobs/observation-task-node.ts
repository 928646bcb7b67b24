/** A task that deconvolves one observation, or several of the same sky, from the first sweep to the result file. */

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, toPlainError } from "../errors.js";
import { given } from "../given.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import type { ResultSummary } from "../io/result-decode.js";
import { readResultSummary } from "../io/result-file-node.js";
import { deconvolveToFile, type FileRun, resumeRun } from "../runs/deconvolve-to-file-node.js";
import type { JobOptions, TaskRecord } from "./job.js";
import { type Job, readTaskInput } from "./job-folder-node.js";
import type { TaskContext } from "./task-context.js";

/** Settings of the run of a task. */
export function taskOptions({ manifest }: Job, task: TaskRecord): JobOptions {
  return { ...manifest.options, ...task.options, seed: task.seed };
}

/** Deconvolve the data of a task; the result is an ordinary result file, dated by the job. */
export async function runObservationTask(job: Job, task: TaskRecord, context: TaskContext): Promise<void> {
  const { work, output, workers, checkpointSeconds, signal, onWarning } = context;
  const { manifest } = job;
  const checkpoint = join(work, "run");
  const unit = task.unit ?? manifest.unit;
  const watch = {
    workers,
    checkpointSeconds,
    // The folder is the task's own.
    overwrite: true,
    onProgress: ({ stage, done, total }: { stage: string; done: number; total: number }) =>
      context.onProgress?.(stage === "sampling" ? done / total : 1),
    ...given({ signal }),
  };
  let run: FileRun;
  try {
    if (existsSync(join(checkpoint, "run.json"))) {
      // Warnings about the data were given when the job was made.
      const warn = onWarning === undefined ? {} : { onWarning };
      run = await resumeRun(checkpoint, { ...watch, ...warn, output });
    } else {
      await withFileErrors(checkpoint, () => rm(checkpoint, { recursive: true, force: true }));
      run = await deconvolveToFile(await readTaskInput(job, task), taskOptions(job, task), output, {
        ...watch,
        checkpoint,
        date: manifest.created,
        inputs: task.sources ?? manifest.sources,
        ...given({ command: manifest.command, unit }),
      });
    }
  } catch (error) {
    if (signal?.aborted && toPlainError(error).code === "ABORTED") return context.stopped();
    throw error;
  }
  if (run.checkpoint !== undefined) {
    await withFileErrors(output, () => rm(output, { force: true }));
    return context.stopped();
  }
}

/**
 * Read what the result of such a task says, without its traces.
 *
 * @param path of the result file
 * @throws FormatError when it is no result, or that of another task
 */
export async function readTaskResult(job: Job, task: TaskRecord, path: string): Promise<ResultSummary> {
  const result = await readResultSummary(path);
  const sources = task.sources ?? job.manifest.sources;
  const texts = (inputs: typeof sources) => inputs.map(({ name, sha256 }) => `${name} ${sha256}`).join();
  if (
    result === undefined ||
    result.config.seed !== task.seed ||
    texts(result.provenance.inputs) !== texts(sources)
  ) {
    const got = result === undefined ? "another file" : "that of another task";
    throw new FormatError(
      `${path}: must be the result of task ${task.index}, got ${got}; run task ${task.index} again`,
    );
  }
  return result;
}
