/** Tasks of a job as arrays of Slurm. */

import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { InvalidInputError, JobError } from "../errors.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import type { SlurmSettings } from "./job.js";
import type { Job } from "./job-folder-node.js";
import { hasControlCharacter, shellLine } from "./shell-command.js";
import {
  nextSubmission,
  readSubmissions,
  type Submission,
  type SubmittedArray,
  submissionPath,
  submittedTasks,
  writeSubmission,
  writeTaskList,
} from "./submission-node.js";

const DEFAULT_ARRAY_SIZE = 1000;

/** Run a command of Slurm. @throws JobError when it is not there or fails */
async function slurm(command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 2 ** 28 });
    return stdout;
  } catch (cause) {
    const { code, stderr, message } = cause as { code?: unknown; stderr?: string; message: string };
    const reason =
      code === "ENOENT" ? "no such command" : (stderr?.trim() || message).replace(/\s*\n\s*/g, " ");
    throw new JobError(
      `${command}: must do as it is told, got ${JSON.stringify(reason)}; mend the slurm settings, or run on a machine with Slurm`,
      { cause, fields: { command } },
    );
  }
}

/** Name of a job's arrays in the queue. */
export function slurmName({ manifest }: Job): string {
  return `tslira-${manifest.id}`;
}

/** @throws InvalidInputError for settings that would become something else in a script */
function checkSettings(
  { folder }: Job,
  {
    bundle = 1,
    arraySize = DEFAULT_ARRAY_SIZE,
    throttle = 1,
    cpusPerTask = 1,
    lines = [],
    scratch,
    ...words
  }: SlurmSettings,
) {
  for (const name of ["partition", "time", "memory"] as const) {
    const value = words[name];
    if (value === undefined || (typeof value === "string" && /^[\w.,:+@%=-]+$/.test(value))) continue;
    throw new InvalidInputError(
      `slurm: ${name} must be one word of letters, digits and . , : + @ % = - _, got ${JSON.stringify(value)}; correct it`,
      { fields: { [name]: value } },
    );
  }
  for (const [name, value] of Object.entries({ folder, scratch })) {
    if (value === undefined || !hasControlCharacter(value)) continue;
    throw new InvalidInputError(
      `slurm: ${name} must be without line ends and control characters, got ${JSON.stringify(value)}; choose another`,
      { fields: { [name]: value } },
    );
  }
  for (const [name, value] of Object.entries({ bundle, arraySize, throttle, cpusPerTask })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new InvalidInputError(`slurm: ${name} must be a whole number >= 1, got ${value}; correct it`, {
      fields: { [name]: value },
    });
  }
  const bad = lines.find((line) => !/^--?[a-z]/i.test(line) || hasControlCharacter(line));
  if (bad === undefined) return;
  throw new InvalidInputError(
    `slurm: lines must be options of sbatch such as "--account=x", got ${JSON.stringify(bad)}; correct it`,
  );
}

/** The options that all scripts of a job share. */
function directives(name: string, settings: SlurmSettings): string[] {
  const { partition, time, memory, lines = [] } = settings;
  return [
    `--job-name=${name}`,
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(time === undefined ? [] : [`--time=${time}`]),
    ...(memory === undefined ? [] : [`--mem=${memory}`]),
    "--ntasks=1",
    ...lines,
  ].map((line) => `#SBATCH ${line}`);
}

/**
 * The script of an array. Its elements are counted from `TSLIRA_FIRST`, because an array of Slurm begins at 0 and has at most
 * `MaxArraySize` elements.
 *
 * @param number of the submission
 * @param program how tslira is called on the nodes
 */
export function slurmScript(
  job: Job,
  number: number,
  settings: SlurmSettings,
  program: readonly string[],
): string {
  const { setup = [], scratch, bundle = 1, cpusPerTask = 1 } = settings;
  const run = [...program, "cluster", "run-task", job.folder];
  const options = [
    "--submission",
    String(number),
    "--bundle",
    String(bundle),
    "--workers",
    String(cpusPerTask),
  ];
  return [
    "#!/bin/bash",
    ...directives(slurmName(job), settings),
    `#SBATCH --cpus-per-task=${cpusPerTask}`,
    "",
    ...setup,
    `exec ${shellLine(run)} ${shellLine(options)} \\`,
    '  --element "$((TSLIRA_FIRST + SLURM_ARRAY_TASK_ID))"' +
      // Expanded on the node: its own disk.
      (scratch === undefined ? "" : ` --scratch "${scratch.replace(/["\\`]|\$(?!\w|\{\w+\})/g, "\\$&")}"`),
    "",
  ].join("\n");
}

/** The script that collects. */
function collectScript(job: Job, settings: SlurmSettings, program: readonly string[]): string {
  return [
    "#!/bin/bash",
    ...directives(`${slurmName(job)}-collect`, settings),
    "",
    ...(settings.setup ?? []),
    `exec ${shellLine([...program, "cluster", "collect", job.folder])}`,
    "",
  ].join("\n");
}

/** How to submit to Slurm. */
export interface SlurmOptions {
  /** How tslira is called on the nodes unless the settings say otherwise, for example `["tslira"]`. */
  readonly program: readonly string[];
  /** Settings for this submission; default those of the job. */
  readonly settings?: SlurmSettings;
  /** Also submit a job that collects when all tasks have ended, whatever became of them; default true. */
  readonly collect?: boolean;
}

/**
 * Submit tasks as one array, or as several when there are more elements than one may have.
 *
 * @param tasks numbers of the tasks
 * @throws JobError when Slurm is not there or refuses; arrays submitted before are written down all the same
 */
export async function submitToSlurm(
  job: Job,
  tasks: readonly number[],
  options: SlurmOptions,
): Promise<Submission> {
  const { collect = true, settings = job.manifest.slurm ?? {} } = options;
  const { program = options.program } = settings;
  checkSettings(job, settings);
  const { bundle = 1, arraySize = DEFAULT_ARRAY_SIZE, throttle } = settings;
  const number = nextSubmission(job);
  await writeTaskList(job, number, tasks);
  const path = submissionPath(job, number);
  const script = `${path}.sh`;
  await writeWholeFile(script, slurmScript(job, number, settings, program));
  const logs = join(job.folder, "logs", String(number).padStart(4, "0"));
  const elements = Math.ceil(tasks.length / bundle);
  const arrays: SubmittedArray[] = [];
  let submission: Submission = {
    number,
    executor: "slurm",
    at: new Date().toISOString(),
    tasks: tasks.length,
    bundle,
    arrays,
  };
  const record = async (more: Partial<Submission> = {}) => {
    submission = { ...submission, ...more };
    await writeSubmission(job, submission);
  };
  for (let first = 0; first < elements; first += arraySize) {
    const count = Math.min(arraySize, elements - first);
    const folder = join(logs, String(arrays.length).padStart(3, "0"));
    await withFileErrors(folder, () => mkdir(folder, { recursive: true }));
    const range = `0-${count - 1}${throttle === undefined ? "" : `%${throttle}`}`;
    const id = await sbatch([
      // Not in the script, where a blank in it would end it.
      `--chdir=${job.folder}`,
      `--array=${range}`,
      `--output=${join(folder, "%a.log")}`,
      "--open-mode=append",
      `--export=ALL,TSLIRA_FIRST=${first}`,
      script,
    ]);
    arrays.push({ id, first, elements: count });
    await record({ arrays: [...arrays] });
  }
  if (collect) {
    const after = `${path}-collect.sh`;
    await writeWholeFile(after, collectScript(job, settings, program));
    const id = await sbatch([
      `--chdir=${job.folder}`,
      `--dependency=afterany:${arrays.map((array) => array.id).join(":")}`,
      `--output=${join(logs, "collect.log")}`,
      after,
    ]);
    await record({ collect: id });
  }
  return submission;
}

async function sbatch(args: readonly string[]): Promise<string> {
  return (await slurm("sbatch", ["--parsable", ...args])).trim().split(";")[0];
}

/** What the queue says of the tasks of a job. */
export interface SlurmQueue {
  readonly running: readonly number[];
  readonly waiting: readonly number[];
  /** Numbers of the arrays and other jobs that have not ended. */
  readonly jobs: readonly string[];
}

/** Ask Slurm which tasks run or wait. */
export async function slurmQueue(job: Job): Promise<SlurmQueue> {
  const name = slurmName(job);
  const text = await slurm("squeue", [
    ...["--noheader", "--array", "--states=all", `--name=${name},${name}-collect`],
    "--format=%i %T",
  ]);
  const submissions = readSubmissions(job);
  const [running, waiting]: number[][] = [[], []];
  const jobs = new Set<string>();
  for (const line of text.split("\n").filter(Boolean)) {
    const [id, state] = line.trim().split(" ");
    if (!ALIVE.test(state)) continue;
    const [array, element] = id.split("_");
    jobs.add(array);
    if (element === undefined) continue;
    for (const { number, arrays, bundle } of submissions) {
      const found = arrays.find((one) => one.id === array);
      if (found === undefined) continue;
      const tasks = submittedTasks(job, number, found.first + Number(element), 1, bundle);
      (STARTED.test(state) ? running : waiting).push(...tasks);
    }
  }
  return { running, waiting, jobs: [...jobs] };
}

const STARTED = /^(RUNNING|COMPLETING|STOPPED|SUSPENDED|SIGNALING|STAGE_OUT)$/;
const ALIVE =
  /^(RUNNING|COMPLETING|STOPPED|SUSPENDED|SIGNALING|STAGE_OUT|PENDING|CONFIGURING|REQUEUED|REQUEUE_HOLD|RESIZING|REQUEUE_FED|SPECIAL_EXIT|RESV_DEL_HOLD)$/;

/** End everything of a job that runs or waits. @returns what was ended */
export async function cancelSlurm(job: Job): Promise<readonly string[]> {
  const { jobs } = await slurmQueue(job);
  if (jobs.length > 0) await slurm("scancel", jobs);
  return jobs;
}
