/**
 * Result files of tasks: `results/000/000012-11520-9f86d081884c7d65.fits` holds 11,520 bytes of which that is the start of
 * the SHA-256. A file is right when it is what its name says, so no list of results is kept that could disagree with them.
 */

import { createHash, hash as oneHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type PlainError, toPlainError } from "../errors.js";
import { fileError, syncFolder, withFileErrors } from "../io/fits-temporary-node.js";
import { checkSchema } from "../io/side-file.js";
import { copyWholeFile, writeWholeFile } from "../io/whole-file-node.js";
import { parseJson } from "../parse-json.js";
import { SHARD, shardName, taskName } from "./job.js";
import type { Job } from "./job-folder-node.js";
import { FAILURE_SCHEMA } from "./job-schema.js";

const NAME = /^(\d{6,})-(\d+)-([0-9a-f]{16})\.fits$/;
const HASH_DIGITS = 16;
const BUFFER_BYTES = 2 ** 20;

/** Where a task stands, as its files tell. */
export type TaskState = "missing" | "done" | "failed" | "corrupt";

/** States by number, in the order of a `Uint8Array`. */
export const TASK_STATES: readonly TaskState[] = ["missing", "done", "failed", "corrupt"];

/** What was found of the results of a job. */
export interface ResultScan {
  /** State of each task, an index of `TASK_STATES`. */
  readonly states: Uint8Array;
  /** Why results are corrupt, at most a hundred. */
  readonly corrupt: readonly { readonly index: number; readonly file: string; readonly reason: string }[];
}

/** Names in a folder; none when it does not exist. */
function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileError(folder, error);
  }
}

/** Start of the SHA-256 of a file, and its length; the file is never in memory whole. */
function fingerprint(path: string, buffer: Uint8Array): { readonly bytes: number; readonly hash: string } {
  const file = openSync(path, "r");
  try {
    let read = readSync(file, buffer, 0, buffer.length, null);
    // Most results are small: one call is three times as quick as a hash that is fed.
    if (read < buffer.length)
      return { bytes: read, hash: oneHash("sha256", buffer.subarray(0, read)).slice(0, HASH_DIGITS) };
    const feed = createHash("sha256");
    let bytes = 0;
    for (; read > 0; read = readSync(file, buffer, 0, buffer.length, null)) {
      feed.update(buffer.subarray(0, read));
      bytes += read;
    }
    return { bytes, hash: feed.digest("hex").slice(0, HASH_DIGITS) };
  } finally {
    closeSync(file);
  }
}

/** Numbers of shards that a job has. */
function shards({ manifest }: Job): number {
  return Math.ceil(manifest.tasks.count / SHARD);
}

/**
 * Look at all result files.
 *
 * @param verify compute the SHA-256 of every file; otherwise only lengths are compared
 * @param visit called with each good file
 */
export function scanResults(
  job: Job,
  { verify = true }: { readonly verify?: boolean } = {},
  visit: (index: number, path: string) => void = () => undefined,
): ResultScan {
  const { folder, manifest } = job;
  const { count } = manifest.tasks;
  const states = new Uint8Array(count);
  const corrupt: { index: number; file: string; reason: string }[] = [];
  const buffer = new Uint8Array(BUFFER_BYTES);
  const state = (name: TaskState) => TASK_STATES.indexOf(name);
  // Files of one task follow one another. A good one makes up for bad ones, but two that differ contradict each other.
  let disputed = -1;
  const spoil = (index: number, file: string, reason: string) => {
    if (corrupt.length < 100) corrupt.push({ index, file, reason });
    if (states[index] !== state("done")) states[index] = state("corrupt");
  };
  for (let shard = 0; shard < shards(job); shard++) {
    const name = shardName(shard * SHARD);
    for (const file of names(join(folder, "failures", name))) {
      const index = Number.parseInt(file, 10);
      if (/^\d{6,}\.json$/.test(file) && index < count) states[index] = state("failed");
    }
    const results = join(folder, "results", name);
    for (const file of names(results).sort()) {
      const [, task, bytes, hash] = NAME.exec(file) ?? [];
      const index = Number(task);
      if (task === undefined || index >= count) continue;
      const path = join(results, file);
      try {
        const found = verify ? fingerprint(path, buffer) : { bytes: statSync(path).size, hash };
        if (found.bytes !== Number(bytes)) {
          spoil(index, path, `length must be ${bytes} bytes, got ${found.bytes}`);
        } else if (found.hash !== hash) {
          spoil(index, path, `SHA-256 must begin with ${hash}, got ${found.hash}`);
        } else if (states[index] === state("done") || disputed === index) {
          states[index] = state("corrupt");
          disputed = index;
          spoil(index, path, "another result of the same task has other bytes");
        } else {
          states[index] = state("done");
          visit(index, path);
        }
      } catch (error) {
        spoil(index, path, String((error as Error).message));
      }
    }
  }
  return { states, corrupt };
}

/** Path of the good result of a task; undefined when it has none. */
export function findResult({ folder }: Job, index: number): string | undefined {
  const results = join(folder, "results", shardName(index));
  const buffer = new Uint8Array(BUFFER_BYTES);
  const good = names(results).filter((file) => {
    const [, task, bytes, hash] = NAME.exec(file) ?? [];
    if (task === undefined || Number(task) !== index) return false;
    const found = fingerprint(join(results, file), buffer);
    return found.bytes === Number(bytes) && found.hash === hash;
  });
  return good.length === 1 ? join(results, good[0]) : undefined;
}

/** Remove result files of a task that are no good, and the note of its failure. */
export async function clearTask({ folder }: Job, index: number): Promise<void> {
  const results = join(folder, "results", shardName(index));
  const remove = (path: string) => withFileErrors(path, () => rm(path, { force: true }));
  for (const file of names(results)) {
    if (file.startsWith(`${taskName(index)}-`)) await remove(join(results, file));
  }
  await remove(failurePath(folder, index));
}

/**
 * Give a finished file its place among the results: copied beside it when it comes from another disk, pushed to the disk,
 * renamed. The note of an earlier failure goes.
 */
export async function acceptResult(job: Job, index: number, path: string): Promise<string> {
  const folder = join(job.folder, "results", shardName(index));
  await withFileErrors(folder, () => mkdir(folder, { recursive: true }));
  const { bytes, hash } = fingerprint(path, new Uint8Array(BUFFER_BYTES));
  const target = join(folder, `${taskName(index)}-${bytes}-${hash}.fits`);
  await withFileErrors(target, async () => {
    try {
      await rename(path, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
      await copyWholeFile(path, target);
      await rm(path, { force: true });
    }
    await syncFolder(folder);
  });
  const note = failurePath(job.folder, index);
  await withFileErrors(note, () => rm(note, { force: true }));
  return target;
}

/** What went wrong with a task. */
export interface TaskFailure {
  readonly index: number;
  readonly error: PlainError;
  readonly host: string;
  readonly at: string;
}

function failurePath(folder: string, index: number): string {
  return join(folder, "failures", shardName(index), `${taskName(index)}.json`);
}

/** Write down why a task failed. */
export async function noteFailure(job: Job, index: number, error: unknown, host: string): Promise<void> {
  const path = failurePath(job.folder, index);
  await withFileErrors(path, () => mkdir(dirname(path), { recursive: true }));
  const failure: TaskFailure = { index, error: toPlainError(error), host, at: new Date().toISOString() };
  await writeWholeFile(path, `${JSON.stringify(failure, undefined, 2)}\n`);
}

/** Remove the notes of tasks that have a good result by now. Never throws. */
export function removeOldNotes({ folder }: Job, isDone: (index: number) => boolean): void {
  try {
    for (const shard of readdirSync(join(folder, "failures"))) {
      for (const file of names(join(folder, "failures", shard))) {
        const index = Number.parseInt(file, 10);
        if (isDone(index)) rmSync(failurePath(folder, index), { force: true });
      }
    }
  } catch {
    // Whoever may not remove them need not.
  }
}

/** Read why a task failed; undefined when it did not. */
export async function readFailure({ folder }: Job, index: number): Promise<TaskFailure | undefined> {
  const path = failurePath(folder, index);
  try {
    const json = parseJson(await readFile(path, "utf8"), path, "run the task again");
    checkSchema(FAILURE_SCHEMA, json, path, "run the task again");
    return json as TaskFailure;
  } catch {
    return undefined;
  }
}
