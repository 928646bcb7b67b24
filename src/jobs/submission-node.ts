/** What was handed to a scheduler: `submissions/0001.json`, and `0001.tasks` with the numbers of its tasks, a line each. */

import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { FormatError, InvalidInputError } from "../errors.js";
import { fileError } from "../io/fits-temporary-node.js";
import { checkSchema } from "../io/side-file.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import { parseJson } from "../parse-json.js";
import type { Job } from "./job-folder-node.js";
import { SUBMISSION_SCHEMA } from "./job-schema.js";

/** An array of a scheduler: so many elements from one of the submission on. */
export interface SubmittedArray {
  readonly id: string;
  readonly first: number;
  readonly elements: number;
}

/** A submission. */
export interface Submission {
  readonly number: number;
  readonly executor: "slurm";
  readonly at: string;
  readonly tasks: number;
  /** Tasks of an array element. */
  readonly bundle: number;
  readonly arrays: readonly SubmittedArray[];
  /** The job that collects when all elements have ended. */
  readonly collect?: string;
}

/** Bytes of a line of the list of tasks: up to ten digits. */
const WIDTH = 11;

/** Start of the names of a submission's files. */
export function submissionPath({ folder }: Pick<Job, "folder">, number: number): string {
  return join(folder, "submissions", String(number).padStart(4, "0"));
}

/** Submissions so far, in order. */
export function readSubmissions({ folder }: Job): Submission[] {
  const place = join(folder, "submissions");
  try {
    return readdirSync(place)
      .filter((name) => /^\d{4,}\.json$/.test(name))
      .sort()
      .map((name) => {
        const path = join(place, name);
        const remedy = "remove it, and submit the job again";
        const json = parseJson(readFileSync(path, "utf8"), path, remedy);
        checkSchema(SUBMISSION_SCHEMA, json, path, remedy);
        return json as Submission;
      });
  } catch (error) {
    throw fileError(place, error);
  }
}

/** A number that no submission has, whether it was completed or not. */
export function nextSubmission({ folder }: Job): number {
  const numbers = readdirSync(join(folder, "submissions")).map((name) => Number.parseInt(name, 10) || 0);
  return 1 + Math.max(0, ...numbers);
}

/** Write the list of tasks of a submission. */
export async function writeTaskList(job: Job, number: number, tasks: readonly number[]): Promise<void> {
  const text = tasks.map((task) => `${String(task).padStart(WIDTH - 1)}\n`).join("");
  await writeWholeFile(`${submissionPath(job, number)}.tasks`, text);
}

/** Write what was submitted. */
export async function writeSubmission(job: Job, submission: Submission): Promise<void> {
  const path = `${submissionPath(job, submission.number)}.json`;
  await writeWholeFile(path, `${JSON.stringify(submission, undefined, 2)}\n`);
}

/**
 * Tasks of some elements of a submission.
 *
 * @param first element, from 0
 * @param count elements
 * @throws InvalidInputError when there is no such submission or element
 */
export function submittedTasks(
  job: Job,
  number: number,
  first: number,
  count: number,
  bundle: number,
): number[] {
  const path = `${submissionPath(job, number)}.tasks`;
  if (!existsSync(path)) {
    throw new InvalidInputError(
      `${job.folder}: submission must be one of those in ${join(job.folder, "submissions")}, got ${number}; see there`,
    );
  }
  let text = "";
  try {
    const start = first * bundle * WIDTH;
    const file = openSync(path, "r");
    // No more than there is, whatever was asked for.
    const bytes = Buffer.alloc(Math.max(0, Math.min(count * bundle * WIDTH, fstatSync(file).size - start)));
    text = bytes.toString("latin1", 0, bytes.length > 0 ? readSync(file, bytes, 0, bytes.length, start) : 0);
    closeSync(file);
  } catch (error) {
    throw fileError(path, error);
  }
  const tasks = text.split("\n").filter(Boolean).map(Number);
  if (tasks.length === 0) {
    throw new InvalidInputError(
      `${job.folder}: element must be one of submission ${number}, got ${first}; see ${path}`,
    );
  }
  if (tasks.some((task) => !Number.isInteger(task))) {
    throw new FormatError(`${path}: must hold a number a line, got something else; submit the job again`);
  }
  return tasks;
}
