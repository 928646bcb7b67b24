/** Job folders: made whole or not at all, read line by line. The layout is in `job.ts`. */

import { createHash, hash, randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import * as v from "valibot";
import type { Observation } from "../data/observation/observation.js";
import { FormatError, fromPlainError, InvalidInputError } from "../errors.js";
import { fileSha256 } from "../io/file-sha256-node.js";
import { readFits } from "../io/fits.js";
import { writeFitsFile } from "../io/fits-file-node.js";
import { fileError, withFileErrors, writeFully } from "../io/fits-temporary-node.js";
import { arraysFromJson, arraysToJson } from "../io/json-arrays-node.js";
import { observationHdus, observationsOf } from "../io/observation-hdus.js";
import { crcText } from "../io/sealed-bytes-node.js";
import { checkSchema } from "../io/side-file.js";
import { fillWholeFile, makeWholeFolder, writeWholeFile } from "../io/whole-file-node.js";
import { parseJson } from "../parse-json.js";
import { DRAWS_VERSION } from "../samplers/draws-version.js";
import { VERSION } from "../version.js";
import { JOB_FORMAT, type JobManifest, shardName, type TaskRecord, taskName } from "./job.js";
import { JOB_SCHEMA, TASK_SCHEMA } from "./job-schema.js";
import { hasControlCharacter } from "./shell-command.js";

/** Lines of the list of tasks that are written or read at once. */
const SLICE_LINES = 4096;

/** What is known of a task before its input is frozen. */
export type TaskDraft = Omit<TaskRecord, "index" | "input" | "sha256" | "observations">;

/** Tasks of a job, asked for one after the other, so that their data need not be in memory together. */
export interface TaskDrafts {
  readonly count: number;
  /**
   * A task, and its data; data that are the same object as those of the task before are stored once. Without any where the
   * task has a `problem`.
   */
  readonly draft: (
    index: number,
  ) => Promise<{ readonly task: TaskDraft; readonly observations: readonly Observation[] }>;
}

/** A large image that is cut into tiles; it is kept to compare the merged one with. */
export interface MosaicDraft
  extends Omit<NonNullable<JobManifest["mosaic"]>, "input" | "sha256" | "observations"> {
  readonly observations: readonly Observation[];
}

/** A job folder that was read. */
export interface Job {
  /** Absolute path. */
  readonly folder: string;
  readonly manifest: JobManifest;
}

/** Store data in a job folder that is being made. */
async function freezeInput(folder: string, input: string, observations: readonly Observation[]) {
  await mkdir(join(folder, dirname(input)), { recursive: true });
  await writeFitsFile(join(folder, input), observationHdus(observations));
  return { input, sha256: hash("sha256", await readFile(join(folder, input))) };
}

/** Write the list of tasks, every line of the same width. */
async function writeTasks(folder: string, lines: readonly string[]) {
  const width = lines.reduce((most, line) => Math.max(most, Buffer.byteLength(line)), 0) + 1;
  const path = join(folder, "tasks.jsonl");
  const sum = createHash("sha256");
  await fillWholeFile(path, async ({ handle }) => {
    for (let first = 0; first < lines.length; first += SLICE_LINES) {
      const text = lines
        .slice(first, first + SLICE_LINES)
        .map((line) => `${line}${" ".repeat(width - 1 - Buffer.byteLength(line))}\n`)
        .join("");
      const bytes = Buffer.from(text);
      sum.update(bytes);
      await writeFully(handle, bytes, first * width);
    }
  });
  return { count: lines.length, width, sha256: sum.digest("hex") };
}

/**
 * Make a job folder. It appears whole or not at all.
 *
 * @throws InvalidInputError when the folder exists already, or its parent does not
 */
export async function createJobFolder(
  folder: string,
  manifest: Omit<JobManifest, "format" | "version" | "draws" | "id" | "created" | "tasks" | "mosaic">,
  drafts: TaskDrafts,
  mosaic?: MosaicDraft,
): Promise<Job> {
  const path = resolve(folder);
  if (hasControlCharacter(path)) {
    throw new InvalidInputError(
      `${JSON.stringify(folder)}: name of a job folder must be without line ends and control characters, got some; choose another`,
      { fields: { folder } },
    );
  }
  if (existsSync(path)) {
    throw new InvalidInputError(
      `${folder}: job folder must be new, got one that exists; submit it again as it is (tslira cluster submit ${folder}), ` +
        "or choose another",
      { fields: { folder } },
    );
  }
  if (drafts.count < 1) {
    throw new InvalidInputError(`${folder}: a job must have at least one task, got none; add one`);
  }
  return makeWholeFolder(folder, async (building) => {
    const lines: string[] = [];
    let last:
      | { readonly observations: readonly Observation[]; readonly input: string; readonly sha256: string }
      | undefined;
    for (let index = 0; index < drafts.count; index++) {
      const { task, observations } = await drafts.draft(index);
      if (task.problem !== undefined) {
        lines.push(JSON.stringify({ index, ...task, input: "", sha256: "", observations: [] }));
        continue;
      }
      if (last?.observations !== observations) {
        const input = join("inputs", shardName(index), `${taskName(index)}.fits`);
        last = { observations, ...(await freezeInput(building, input, observations)) };
      }
      const names = observations.map(({ name }) => name ?? "observation");
      const record: TaskRecord = {
        index,
        ...task,
        input: last.input,
        sha256: last.sha256,
        observations: names,
      };
      lines.push(JSON.stringify(record));
    }
    const names = mosaic?.observations.map(({ name }) => name ?? "observation") ?? [];
    const whole: JobManifest = {
      format: JOB_FORMAT,
      version: VERSION,
      draws: DRAWS_VERSION,
      id: randomBytes(4).toString("hex"),
      ...manifest,
      created: new Date().toISOString(),
      tasks: await writeTasks(building, lines),
      ...(mosaic === undefined
        ? {}
        : {
            mosaic: {
              ...mosaic,
              ...(await freezeInput(building, join("inputs", "mosaic.fits"), mosaic.observations)),
              observations: names,
            },
          }),
    };
    for (const name of ["results", "failures", "work", "submissions", "logs"])
      await mkdir(join(building, name));
    const sealed = { ...whole, crc32: checksum(whole) };
    await writeWholeFile(join(building, "job.json"), `${JSON.stringify(sealed, arraysToJson, 2)}\n`);
    return { folder: path, manifest: whole };
  });
}

/** Of all but what may be changed when a job is there: where its results go, and how a scheduler is to be asked. */
function checksum({ output: _output, slurm: _slurm, ...rest }: JobManifest): string {
  return crcText(crc32(JSON.stringify(rest, arraysToJson)));
}

/**
 * Read `job.json`, compare it with its checksum, and the list of tasks with the SHA-256 in it.
 *
 * @throws InvalidInputError when there is none
 * @throws FormatError when it is damaged or of another layout
 */
export async function readJob(folder: string): Promise<Job> {
  const path = join(folder, "job.json");
  if (!existsSync(path)) {
    throw new InvalidInputError(
      `${folder}: must be a job folder with a job.json, got none; make one with tslira cluster submit`,
      { fields: { folder } },
    );
  }
  const remedy = "the job folder is damaged, make it again";
  const text = await withFileErrors(path, () => readFile(path, "utf8"));
  const json = parseJson(text, path, remedy, arraysFromJson);
  const { format, version } = checkSchema(v.looseObject({ format: v.number() }), json, path, remedy);
  if (format !== JOB_FORMAT) {
    throw new FormatError(
      `${path}: must be a job of layout ${JOB_FORMAT}, that of tslira ${VERSION}, got layout ${format} of tslira ` +
        `${String(version)}; use that version, or make the job again`,
    );
  }
  checkSchema(JOB_SCHEMA, json, path, remedy);
  const { crc32: found, ...rest } = json as JobManifest & { readonly crc32?: unknown };
  const manifest: JobManifest = rest;
  if (found !== checksum(manifest)) {
    throw new FormatError(
      `${path}: job must have the checksum that it was written with, got another; only "output" and "slurm" may be changed, make the job again`,
      { fields: { path } },
    );
  }
  const tasks = join(folder, "tasks.jsonl");
  if ((await fileSha256(tasks)) !== manifest.tasks.sha256) throw damaged(tasks);
  return { folder: resolve(folder), manifest };
}

/** @throws InvalidInputError when a job was made by a version with other draws */
export function checkJobVersion({ folder, manifest: { version, draws } }: Job): void {
  if (draws === DRAWS_VERSION) return;
  throw new InvalidInputError(
    `${folder}: job must be run with version ${draws} of the draws, that of tslira ${version}, which made it, got version ` +
      `${DRAWS_VERSION} (tslira ${VERSION}); install that one, or make the job again`,
    { fields: { version, draws } },
  );
}

/** A line of the list of tasks. */
function readLine({ folder, manifest }: Job, index: number): string {
  const path = join(folder, "tasks.jsonl");
  const { width } = manifest.tasks;
  const bytes = Buffer.alloc(width);
  try {
    const file = openSync(path, "r");
    try {
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(file, bytes, done, bytes.length - done, index * width + done);
        if (read === 0) throw damaged(path);
        done += read;
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError(path, error);
  }
  return bytes.toString("utf8");
}

function damaged(path: string): FormatError {
  return new FormatError(
    `${path}: list of tasks must be the one that job.json says, got another; the job folder is damaged, make it again`,
  );
}

/**
 * Read one task without the others.
 *
 * @throws InvalidInputError for a number that the job does not have
 * @throws FormatError when the list is damaged
 */
export function readTask(job: Job, index: number): TaskRecord {
  const { count } = job.manifest.tasks;
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new InvalidInputError(
      `${job.folder}: task must be a whole number from 0 to ${count - 1}, got ${index}; see tslira cluster status`,
      { fields: { index } },
    );
  }
  const path = join(job.folder, "tasks.jsonl");
  const where = `${path}: line ${index + 1}`;
  const remedy = "the job folder is damaged, make it again";
  const record = parseJson(readLine(job, index), where, remedy);
  if (checkSchema(TASK_SCHEMA, record, where, remedy).index !== index) throw damaged(path);
  return record as TaskRecord;
}

/**
 * Data of a task, as they were when the job was made.
 *
 * @throws FormatError when their SHA-256 is another
 * @throws the task's problem when they could not be had then
 */
export async function readTaskInput(
  { folder }: Job,
  task: Pick<TaskRecord, "input" | "sha256" | "observations" | "problem">,
): Promise<Observation[]> {
  if (task.problem !== undefined) throw fromPlainError(task.problem);
  const path = join(folder, task.input);
  const bytes = await withFileErrors(path, () => readFile(path));
  const found = hash("sha256", bytes);
  if (found !== task.sha256) {
    throw new FormatError(
      `${path}: data of the job must have SHA-256 ${task.sha256}, got ${found}; the file was changed, make the job again`,
      { fields: { path } },
    );
  }
  return observationsOf(readFits(bytes, { name: path }), task.observations);
}
