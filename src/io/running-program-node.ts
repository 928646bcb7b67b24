/**
 * Which program a file belongs to, written in its name, so that what a killed one left behind is told from what a running one needs:
 *
 *     .result.fits.node7.4711.83920.k3f9x0.tmp
 *     .<name>.<host>.<process>.<start>.<word>.<ending>
 */

import { createHash, randomBytes } from "node:crypto";
import { type Dirent, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

/** A program that runs or ran. */
export interface Program {
  /** Name of its machine, letters, digits and hyphens. */
  readonly host: string;
  readonly process: number;
  /** When it started, in ticks of its machine; 0 where that cannot be known. Tells programs of one number apart. */
  readonly start: number;
}

/** State and start of a process as Linux tells them; undefined elsewhere, and for one that is not there. */
function procStat(process: number): { readonly state: string; readonly start: number } | undefined {
  try {
    const text = readFileSync(`/proc/${process}/stat`, "latin1");
    // proc(5): the name of the program, in brackets, may hold anything; state is field 3, starttime field 22.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], start: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

/** This program. */
export function thisProgram(): Program {
  return {
    host:
      hostname()
        .replace(/[^\w-]/g, "-")
        .slice(0, 64) || "host",
    process: process.pid,
    start: procStat(process.pid)?.start ?? 0,
  };
}

/** Whether a program runs; undefined when it is of another machine. */
export function isRunning(program: Program): boolean | undefined {
  if (program.host !== thisProgram().host) return undefined;
  try {
    process.kill(program.process, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const stat = procStat(program.process);
  if (stat === undefined || program.start === 0) return true;
  // A zombie only waits to be asked for its exit code; another start means another program of that number.
  return stat.start === program.start && !/^[ZX]/.test(stat.state);
}

/** A name that stays below the limits of file systems when the rest is added. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= 100) return name;
  return createHash("sha256").update(name).digest("hex").slice(0, 32);
}

/**
 * A file name that says whose it is and what for.
 *
 * @param name of the file it is there for
 * @param word letters and digits that tell several of one program apart
 * @param ending what kind of file it is, letters
 */
export function ownedName(name: string, word: string, ending: string): string {
  const { host, process, start } = thisProgram();
  return `.${shortened(name)}.${host}.${process}.${start}.${word}.${ending}`;
}

/** A file or folder whose name says whose it is. */
export interface OwnedFile {
  readonly path: string;
  readonly owner: Program;
  readonly word: string;
}

/** Files of `ownedName` in a folder that are there for a file of this name. */
export function ownedFiles(folder: string, name: string, ending: string): OwnedFile[] {
  const before = `.${shortened(name)}.`;
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    if (!entry.name.startsWith(before)) return [];
    const found = /^([\w-]+)\.(\d+)\.(\d+)\.(\w+)\.(\w+)$/.exec(entry.name.slice(before.length));
    if (found === null || found[5] !== ending) return [];
    const owner = { host: found[1], process: Number(found[2]), start: Number(found[3]) };
    return [{ path: join(folder, entry.name), owner, word: found[4] }];
  });
}

/** A file of a program on another machine that nobody has touched for so long is left behind. */
const FORGOTTEN_MILLISECONDS = 24 * 3_600_000;

/** Whether the program of a file is gone; one on another machine by the time since it touched the file. */
export function isLeftBehind({ path, owner }: OwnedFile, patience = FORGOTTEN_MILLISECONDS): boolean {
  const running = isRunning(owner);
  if (running !== undefined) return !running;
  try {
    return Date.now() - statSync(path).mtimeMs > patience;
  } catch {
    return false;
  }
}

/** A new name beside a path, for what shall become it. What programs that are gone left of such is removed; that never throws. */
export function temporaryPath(path: string): string {
  const [folder, name] = [dirname(path), basename(path)];
  for (const file of ownedFiles(folder, name, "tmp")) {
    if (!isLeftBehind(file)) continue;
    try {
      rmSync(file.path, { recursive: true, force: true });
    } catch {
      // Whoever may not remove it need not.
    }
  }
  return join(folder, ownedName(name, randomBytes(6).toString("hex"), "tmp"));
}
