/**
 * Work folders of tasks, with the checkpoints of their chains. A task that was interrupted, killed or preempted is taken up
 * where it was, and two programs that run the same task by mistake do not touch each other's files.
 *
 *     work/000012.free            left behind in good order
 *     work/000012.node7.4711      of a program that runs, or was killed
 *
 * To take over a folder is to rename it, which only one program can do. A folder of a program that is gone is found by its
 * process number on this machine, and elsewhere by its heart, a file that is touched every minute.
 */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileError } from "../io/fits-temporary-node.js";
import { isRunning, thisProgram } from "../io/running-program-node.js";
import { taskName } from "./job.js";

const HEART = "heart";
const BEAT_MILLISECONDS = 60_000;
/** A program on another machine that has not shown itself for so long is gone. */
const GONE_MILLISECONDS = 10 * BEAT_MILLISECONDS;

/** A work folder that is ours. */
export interface WorkFolder {
  readonly path: string;
  /** Leave it for whoever takes the task up again. */
  readonly release: () => void;
  /** Remove it with all that is in it. */
  readonly remove: () => void;
}

/** Whether the program that owns a folder is gone. */
function isAbandoned(root: string, name: string, host: string): boolean {
  const owner = name.slice(name.indexOf(".") + 1);
  if (owner === "free") return true;
  const split = owner.lastIndexOf(".");
  const processNumber = Number(owner.slice(split + 1));
  if (owner.slice(0, split) === host)
    return (
      processNumber !== process.pid && !isRunning({ ...thisProgram(), process: processNumber, start: 0 })
    );
  try {
    return Date.now() - statSync(join(root, name, HEART)).mtimeMs > GONE_MILLISECONDS;
  } catch {
    return false;
  }
}

/**
 * Remove the work folders of tasks that are done: of programs that were killed between the two.
 *
 * @param isDone whether a task has a good result
 */
export function removeFinishedWork(root: string, isDone: (index: number) => boolean): void {
  try {
    for (const name of existsSync(root) ? readdirSync(root) : []) {
      if (!/^\d{6,}\./.test(name) || !isDone(Number.parseInt(name, 10))) continue;
      if (isAbandoned(root, name, hostname())) rmSync(join(root, name), { recursive: true, force: true });
    }
  } catch {
    // Whoever may not remove it need not.
  }
}

/**
 * Take up the work folder of a task, or make a new one.
 *
 * @param root folder of the work folders
 */
export function claimWorkFolder(root: string, index: number): WorkFolder {
  const host = hostname();
  const task = taskName(index);
  const path = join(root, `${task}.${host}.${process.pid}`);
  try {
    mkdirSync(root, { recursive: true });
    for (const name of readdirSync(root).sort()) {
      if (existsSync(path)) break;
      if (!name.startsWith(`${task}.`) || !isAbandoned(root, name, host)) continue;
      try {
        renameSync(join(root, name), path);
      } catch (error) {
        // Somebody else was faster.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, HEART), "");
  } catch (error) {
    throw fileError(path, error);
  }
  const beat = setInterval(() => {
    try {
      utimesSync(join(path, HEART), new Date(), new Date());
    } catch {
      // A disk that is away for a moment does not end the task.
    }
  }, BEAT_MILLISECONDS);
  beat.unref();
  return {
    path,
    release() {
      clearInterval(beat);
      const free = join(root, `${task}.free`);
      try {
        if (!existsSync(free)) renameSync(path, free);
      } catch {
        // Found by its owner's absence then.
      }
    },
    remove() {
      clearInterval(beat);
      try {
        rmSync(path, { recursive: true, force: true });
      } catch (error) {
        throw fileError(path, error);
      }
    },
  };
}
