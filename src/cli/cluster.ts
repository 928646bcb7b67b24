/** `tslira cluster`. */

import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Command, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { InvalidInputError, toPlainError } from "../errors.js";
import { given } from "../given.js";
import { collectJob } from "../jobs/collect-job-node.js";
import { collectedPaths } from "../jobs/collected-place-node.js";
import type { SlurmSettings } from "../jobs/job.js";
import { type Job, readJob } from "../jobs/job-folder-node.js";
import { type JobStatus, jobStatus } from "../jobs/job-status-node.js";
import { runTasks, type TasksReport } from "../jobs/run-task-node.js";
import { shellCommands, shellLine } from "../jobs/shell-command.js";
import { cancelSlurm, submitToSlurm } from "../jobs/slurm-node.js";
import { readSubmissions, submittedTasks } from "../jobs/submission-node.js";
import { durationText } from "../viewer/numbers.js";
import { createJob, EXECUTORS, type Executor, readJobFile, readSlurmFile } from "./cluster-config.js";
import { EXIT } from "./exit.js";
import { formatCount, formatThings } from "./format.js";
import { interruptible } from "./interrupt.js";
import { madeBy } from "./made-by.js";
import { parseSeconds, parseWhole } from "./option-values.js";
import { openProgress, type ProgressDisplay } from "./progress.js";

/** How the program that runs now is called again. */
const PROGRAM = [process.execPath, fileURLToPath(new URL("./main.js", import.meta.url))];

const DETAILS = `
A job is a folder of independent tasks. Whoever runs them, the results are the same, byte for byte:
  local    this program, all cores                        (default)
  slurm    arrays of Slurm, and a job that collects when they have ended
  shell    prints a command for each task, for any other scheduler

  submit <job.json | folder>   make the job and run its tasks; of a job that exists, run those
                               without a good result: missing, failed, damaged
      --executor <name>  --folder <folder>  --workers <n>  --slurm <file>  --bundle <n>
      --no-collect  --checkpoint-every <time>  --json  --quiet
  status <folder>              count tasks done, running, waiting, failed, damaged, missing
      --fast  --json
  collect <folder>             make the result from the tasks' results, all or those there are
      -o <file>  --overwrite  --fast  --json  --quiet
  cancel <folder>              end what runs or waits in the queue; submit continues it
  run-task <folder> [n ...]    run tasks here (what arrays and commands do)
      --submission <n>  --element <n>  --bundle <n>  --workers <n>  --scratch <folder>
      --checkpoint-every <time>

Kinds of jobs, by "kind" in job.json: "chains" of one run, "replicates" of a significance run,
"observations" of a survey, "tiles" of a large image. Its other keys are those of a config file of tslira deconvolve.

Examples:
  tslira cluster submit job.json --executor slurm
  tslira cluster status job.job
  tslira cluster submit job.job --executor slurm      what failed or was killed, again
  tslira cluster submit job.json --executor shell --bundle 10 > commands.txt`;

/** The command. */
export function command() {
  const cluster = new Command("cluster")
    .description(
      "Run chains, null replicates, a list of observations, or the tiles of a large image as a job of many tasks.",
    )
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .addHelpText("after", DETAILS);
  const inner: readonly CommandUnknownOpts[] = [
    submitOptions().action(submit),
    statusOptions().action(status),
    collectOptions().action(collect),
    cancelOptions().action(cancel),
    runTaskOptions().action(runTask),
  ];
  for (const one of inner) cluster.addCommand(one.helpOption("-h, --help", "print this help"));
  return cluster.action(() => {
    throw new InvalidInputError(
      "cluster: must be told what to do, got nothing; give submit, status, collect, cancel or run-task (tslira cluster --help)",
    );
  });
}

function submitOptions() {
  return new Command("submit")
    .description("Make a job and run its tasks, or run those tasks of a job that have no good result.")
    .argument("<job>", "a job file, or the folder of a job")
    .addOption(new Option("-e, --executor <name>", "who runs the tasks (default: local)").choices(EXECUTORS))
    .option("--folder <folder>", "folder of a new job (default: the name of the job file with .job)")
    .option("-w, --workers <n>", "local: tasks at the same time (default: one a core)", parseWhole)
    .option("--slurm <file>", "slurm: settings from a JSON file, instead of those of the job")
    .option("--bundle <n>", "slurm, shell: tasks of an array element or a command", parseWhole)
    .option("--no-collect", "do not collect when the tasks have ended")
    .option("--checkpoint-every <time>", "local: time between checkpoints (default: 30s)", parseSeconds)
    .option("--json", "print a summary for programs on stdout")
    .option("-q, --quiet", "print nothing but warnings and errors");
}

function statusOptions() {
  return new Command("status")
    .description("Count the tasks of a job by where they stand.")
    .argument("<folder>", "folder of the job")
    .option("--fast", "compare lengths of results only, not their SHA-256")
    .option("--json", "print all figures for programs on stdout");
}

function collectOptions() {
  return new Command("collect")
    .description(
      "Make the result of a job from the results of its tasks; can be done at any time, and again.",
    )
    .argument("<folder>", "folder of the job")
    .option("-o, --output <file>", "where to (default: as the job says)")
    .option("--overwrite", "replace a file there that this job did not write")
    .option("--fast", "compare lengths of results only, not their SHA-256")
    .option("--json", "print a summary for programs on stdout")
    .option("-q, --quiet", "print nothing but errors");
}

function cancelOptions() {
  return new Command("cancel")
    .description("End all tasks that run or wait in the queue; what was done is kept.")
    .argument("<folder>", "folder of the job");
}

function runTaskOptions() {
  return new Command("run-task")
    .description("Run tasks of a job in this program.")
    .argument("<folder>", "folder of the job")
    .argument("[tasks...]", "numbers of the tasks")
    .option("--submission <n>", "instead of numbers: an element of this submission", parseWhole)
    .option("--element <n>", "number of the element, from 0", parseWhole)
    .option("--bundle <n>", "tasks of an element", parseWhole, 1)
    .option("-w, --workers <n>", "tasks at the same time, or threads of one", parseWhole, 1)
    .option("--scratch <folder>", "folder for checkpoints and unfinished files (default: in the job's)")
    .option("--checkpoint-every <time>", "time between checkpoints (default: 30s)", parseSeconds);
}

type SubmitFlags = ReturnType<ReturnType<typeof submitOptions>["opts"]>;

/** Open the job of a folder, or make the one of a job file. */
async function openJob(path: string, flags: SubmitFlags, progress: ProgressDisplay) {
  const place = await stat(path).catch(() => undefined);
  if (place?.isDirectory()) {
    if (flags.folder !== undefined) {
      throw new InvalidInputError(
        "cluster: --folder must come with a job file, got the folder of a job; leave it out",
      );
    }
    return { job: await readJob(path), executor: undefined };
  }
  const description = await readJobFile(path);
  const folder = flags.folder ?? description.folder;
  const job = await createJob({ ...description, folder }, madeBy().command, (text) =>
    progress.say(`tslira: warning: ${text}`),
  );
  return { job, executor: description.executor };
}

async function submit(path: string, flags: SubmitFlags): Promise<void> {
  const { quiet = false, json = false } = flags;
  const progress = openProgress({ quiet });
  const say = (text: string) => {
    if (!quiet) progress.say(text);
  };
  const { job, executor: described } = await openJob(path, flags, progress);
  const executor: Executor = flags.executor ?? described ?? "local";
  const { todo, total, running, waiting } = await jobStatus(job);
  say(`${job.folder}: ${formatThings(total, job.manifest.kind)}, ${formatCount(todo.length)} to run`);
  if (todo.length === 0) {
    if (running + waiting > 0)
      say(`  ${formatCount(running + waiting)} in the queue; see tslira cluster status`);
    else if (flags.collect && executor !== "shell")
      await collect(job.folder, { quiet: quiet || undefined, json: json || undefined });
    return;
  }
  if (executor === "shell") {
    const program = job.manifest.slurm?.program ?? PROGRAM;
    process.stdout.write(`${shellCommands(program, job.folder, todo, flags.bundle ?? 1).join("\n")}\n`);
    say(`  then         tslira cluster collect ${shellLine([job.folder])}`);
    return;
  }
  if (executor === "slurm") {
    await submitSlurm(job, todo, flags, say);
    return;
  }
  const report = await runHere(job, todo, progress, {
    ...given({ workers: flags.workers, checkpointSeconds: flags.checkpointEvery }),
  });
  tellReport(job, report, say);
  if (process.exitCode === undefined && flags.collect) {
    await collect(job.folder, { quiet: quiet || undefined, json: json || undefined });
  }
}

async function submitSlurm(
  job: Job,
  todo: readonly number[],
  flags: SubmitFlags,
  say: (text: string) => void,
): Promise<void> {
  const base: SlurmSettings =
    flags.slurm === undefined ? (job.manifest.slurm ?? {}) : await readSlurmFile(flags.slurm);
  const settings = flags.bundle === undefined ? base : { ...base, bundle: flags.bundle };
  const submission = await submitToSlurm(job, todo, { program: PROGRAM, settings, collect: flags.collect });
  const arrays = submission.arrays.map(({ id }) => id).join(", ");
  say(`  submitted    ${submission.arrays.length === 1 ? "array" : "arrays"} ${arrays}`);
  if (submission.collect !== undefined) say(`  collects     job ${submission.collect}, when they have ended`);
  say(`  next         tslira cluster status ${shellLine([job.folder])}`);
  if (flags.json) process.stdout.write(`${JSON.stringify(submission, undefined, 2)}\n`);
}

/** Run tasks in this program; sets the exit code when not all were done. */
async function runHere(
  job: Job,
  tasks: readonly number[],
  progress: ProgressDisplay,
  options: Parameters<typeof runTasks>[2],
): Promise<TasksReport> {
  const clock = performance.now();
  const stopping = "stopping; what was done so far is kept. Ctrl-C again quits at once";
  const report = await interruptible(progress, stopping, (signal) =>
    runTasks(job, tasks, {
      onTask(index, _seconds, error) {
        if (error !== undefined) progress.say(`tslira: task ${index}: ${toPlainError(error).message}`);
      },
      onWarning: (warning) => progress.say(`tslira: warning: ${warning}`),
      ...options,
      signal,
      onProgress({ done, failed, total, fraction }) {
        const seconds = (performance.now() - clock) / 1000;
        const left = fraction > 0 ? `, ${durationText((seconds * (1 - fraction)) / fraction)} left` : "";
        const wrong = failed === 0 ? "" : `, ${formatCount(failed)} failed`;
        const percent = `${Math.floor(100 * fraction)} %`.padStart(5);
        progress.show(
          `${percent}  ${formatCount(done)} of ${formatCount(total)} tasks${wrong}${left}`,
          "tasks",
        );
      },
    }),
  );
  if (report.failed > 0) process.exitCode = EXIT.failed;
  if (report.stopped > 0) process.exitCode = EXIT.interrupted;
  return report;
}

function tellReport(job: Job, { done, failed, stopped }: TasksReport, say: (text: string) => void): void {
  say(
    `  done         ${formatCount(done)}${failed === 0 ? "" : `, failed ${formatCount(failed)}`}${stopped === 0 ? "" : `, stopped ${formatCount(stopped)}`}`,
  );
  if (failed + stopped > 0) say(`  next         tslira cluster submit ${shellLine([job.folder])}`);
}

async function status(
  folder: string,
  { fast, json }: { fast?: true | undefined; json?: true | undefined },
): Promise<void> {
  const job = await readJob(folder);
  const found = await jobStatus(job, { verify: fast !== true });
  if (json) {
    const submissions = readSubmissions(job);
    process.stdout.write(
      `${JSON.stringify({ folder: job.folder, kind: job.manifest.kind, ...found, submissions }, undefined, 2)}\n`,
    );
    return;
  }
  process.stdout.write(`${statusLines(job, found, await collectedPaths(job)).join("\n")}\n`);
}

/** @param collected paths of what was collected before */
function statusLines(job: Job, found: JobStatus, collected: readonly string[]): string[] {
  const { total, todo, failures, damage, queueProblem } = found;
  const { name, kind } = job.manifest;
  const rows = (["done", "running", "waiting", "failed", "corrupt", "missing"] as const).filter(
    (state) => state === "done" || found[state] > 0,
  );
  const folder = shellLine([job.folder]);
  const next =
    todo.length > 0
      ? `tslira cluster submit ${folder}`
      : found.done === total && collected.length === 0
        ? `tslira cluster collect ${folder}`
        : undefined;
  return [
    `${name}: ${formatThings(total, kind)}`,
    "",
    ...rows.map((state) => `  ${state.padEnd(12)} ${formatCount(found[state])}`),
    ...collected.map((path) => `  collected    ${path}; collect again where results came since`),
    ...failures.map(({ index, name: task, error }) => `  task ${index}, ${task}: ${error.message}`),
    ...damage.map(({ file, reason }) => `  ${file}: ${reason}`),
    ...(queueProblem === undefined ? [] : [`  queue        not known: ${queueProblem}`]),
    ...(next === undefined ? [] : ["", `  next         ${next}`]),
  ];
}

async function collect(
  folder: string,
  flags: {
    readonly output?: string | undefined;
    readonly overwrite?: true | undefined;
    readonly fast?: true | undefined;
    readonly json?: true | undefined;
    readonly quiet?: true | undefined;
  },
): Promise<void> {
  const job = await readJob(folder);
  const progress = openProgress(flags);
  const collected = await collectJob(job, {
    verify: flags.fast !== true,
    overwrite: flags.overwrite === true,
    onProgress: (fraction) => progress.show(`${Math.floor(100 * fraction)} %  collecting`, "collecting"),
    ...given({ output: flags.output }),
  });
  progress.close();
  const { collected: used, total, files, remarks } = collected;
  const lines = [
    `  collected    ${used === total ? `all ${formatCount(total)}` : `${formatCount(used)} of ${formatCount(total)}`}`,
    ...remarks.map((remark) => `  note         ${remark}`),
    ...files.map((file) => `  written      ${file}`),
  ];
  progress.report(lines.join("\n"), flags.json && collected);
}

async function cancel(folder: string): Promise<void> {
  const job = await readJob(folder);
  if (readSubmissions(job).length === 0) {
    throw new InvalidInputError(
      `${folder}: job must have been submitted to a scheduler, got none; what runs on this machine ends by Ctrl-C`,
    );
  }
  const ended = await cancelSlurm(job);
  process.stderr.write(ended.length === 0 ? "nothing runs or waits\n" : `cancelled ${ended.join(", ")}\n`);
}

type RunTaskFlags = ReturnType<ReturnType<typeof runTaskOptions>["opts"]>;

async function runTask(folder: string, numbers: readonly string[], flags: RunTaskFlags): Promise<void> {
  const { submission, element, bundle, workers, scratch, checkpointEvery } = flags;
  const job = await readJob(folder);
  const tasks =
    submission === undefined
      ? numbers.map(wholeNumber)
      : submittedTasks(job, submission, element ?? 0, 1, bundle);
  if (tasks.length === 0 || (submission !== undefined && (numbers.length > 0 || element === undefined))) {
    throw new InvalidInputError(
      "run-task: must be given numbers of tasks, or --submission and --element, got neither or a mixture; choose one",
    );
  }
  const progress = openProgress({ quiet: true });
  const report = await runHere(job, tasks, progress, {
    workers: Math.max(1, workers),
    onTask: (index, seconds, error) =>
      process.stderr.write(
        `task ${index}: ${error === undefined ? "done" : `failed: ${toPlainError(error).message}`} after ${durationText(seconds)}\n`,
      ),
    ...given({ scratch, checkpointSeconds: checkpointEvery }),
  });
  if (report.stopped > 0)
    process.stderr.write(`stopped ${report.stopped} of ${tasks.length}; what was done is kept\n`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidInputError(
      `run-task: tasks must be whole numbers >= 0, got ${JSON.stringify(text)}; see tslira cluster status`,
    );
  }
  return value;
}
