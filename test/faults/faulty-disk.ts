/**
 * A layer under the file operations of this program that counts them and can let any one go wrong: the program stops before it (a kill),
 * in the middle of a write (a torn one), with everything lost that was not pushed to the disk (a power cut), or the system refuses
 * (no space, no permission, a failing disk).
 *
 * It is put under `node:fs` itself: its functions are replaced, and `syncBuiltinESMExports` makes all modules see that. So the code
 * under test is that which ships. What returns promises is done at once, so that the operations come in the same order every time.
 * Reading never fails, and nothing is really pushed to the disk: what would have been is known.
 */

import { createRequire, syncBuiltinESMExports } from "node:module";

const require = createRequire(import.meta.url);
// Not imported: the functions are replaced in these objects.
const fs = require("node:fs") as typeof import("node:fs");
const promises = require("node:fs/promises") as typeof import("node:fs/promises");

/** What happens at an operation. */
export type Fault = "kill" | "tear" | "power" | "ENOSPC" | "EACCES" | "EIO";

/** An operation that changes a disk. */
export interface Operation {
  readonly name: "open" | "write" | "sync" | "truncate" | "rename" | "remove" | "mkdir";
  readonly path: string;
}

/** Faults that are possible at an operation; a disk that is full or fails does not keep a file from being removed. */
export function faultsAt({ name }: Operation): readonly Fault[] {
  switch (name) {
    case "write":
      return ["kill", "tear", "power", "ENOSPC", "EIO"];
    case "sync":
      return ["kill", "power", "ENOSPC", "EIO"];
    case "open":
    case "mkdir":
      return ["kill", "ENOSPC", "EACCES", "EIO"];
    case "rename":
      return ["kill", "power", "EACCES", "EIO"];
    case "truncate":
    case "remove":
      return ["kill", "EACCES", "EIO"];
  }
}

/** The end of a program at a fault; nothing of it reaches the disk afterwards. */
class Killed extends Error {}

/** A program that ran on the disk: how far it came, and what went wrong. */
export interface Attempt {
  readonly operations: readonly Operation[];
  /** Whether it was killed; an error that it threw otherwise. */
  readonly killed: boolean;
  readonly error?: unknown;
}

/** No process has a number as large (proc(5), pid_max). */
let nextProcess = 2 ** 22 + 1;

/**
 * Run something as a program of its own that meets a fault.
 *
 * To others it is another process: what it leaves behind is found by its number, and it is gone when this returns. Its clock moves
 * 15 ms whenever it is looked at, so that what depends on time happens at the same operations every time.
 *
 * @param fault at which operation, from 0, and which; none: all goes well; a power cut may come after the last one
 */
export async function runProgram(
  work: () => Promise<unknown>,
  fault?: { readonly at: number; readonly kind: Fault },
): Promise<Attempt> {
  const operations: Operation[] = [];
  let dead = false;
  /** Bytes of files that are known to be on the disk, where it is not all of them. */
  const pushed = new Map<string, number>();
  const size = (path: string) => (original.existsSync(path) ? original.statSync(path).size : 0);

  /** Let an operation happen, or go wrong. `half` does a part of it. */
  function meet(operation: Operation, half: () => void = () => undefined): void {
    if (dead) throw new Killed("the program is gone");
    const here = operations.length === fault?.at;
    operations.push(operation);
    if (!here) return;
    const { kind } = fault!;
    if (kind === "tear" || kind === "ENOSPC") half();
    if (kind === "kill" || kind === "tear" || kind === "power") {
      dead = true;
      throw new Killed(`killed at ${operation.name} of ${operation.path}`);
    }
    const { name, path } = operation;
    throw Object.assign(new Error(`${kind}: made by the test, ${name} '${path}'`), {
      code: kind,
      syscall: name,
      path,
    });
  }

  const original: typeof fs = { ...fs };
  const undo: (() => void)[] = [];
  function replace<Module extends object>(
    module: Module,
    functions: Partial<Record<keyof Module, unknown>>,
  ): void {
    const before = Object.fromEntries(
      Object.keys(functions).map((name) => [name, module[name as keyof Module]]),
    );
    Object.assign(module, functions);
    undo.push(() => Object.assign(module, before));
  }
  const paths = new Map<number, string>();
  const writes = (flag: unknown) => typeof flag === "string" && /[wa+]/.test(flag);
  const opened = (path: string, flag: string) => {
    if (flag.startsWith("w")) pushed.set(path, 0);
    else if (!pushed.has(path)) pushed.set(path, size(path));
  };
  const moved = (from: string, to: string) => {
    const known = pushed.get(from);
    pushed.delete(from);
    if (known === undefined) pushed.delete(to);
    else pushed.set(to, known);
  };
  const half = (data: Uint8Array, from: number, count: number) => data.subarray(from, from + (count >> 1));
  const text = (path: unknown) => String(path);

  replace(fs, {
    openSync(path: string, flag: string, ...rest: []) {
      if (writes(flag)) meet({ name: "open", path: text(path) });
      const file = original.openSync(path, flag, ...rest);
      paths.set(file, text(path));
      if (writes(flag)) opened(text(path), flag);
      return file;
    },
    writeSync(
      file: number,
      data: Uint8Array,
      from = 0,
      count = data.length - from,
      position: number | null = null,
    ) {
      const path = paths.get(file) ?? "";
      meet({ name: "write", path }, () =>
        original.writeSync(file, half(data, from, count), 0, undefined, position),
      );
      return original.writeSync(file, data, from, count, position);
    },
    fsyncSync(file: number) {
      const path = paths.get(file) ?? "";
      meet({ name: "sync", path });
      pushed.set(path, size(path));
    },
    ftruncateSync(file: number, length: number) {
      meet({ name: "truncate", path: paths.get(file) ?? "" });
      original.ftruncateSync(file, length);
    },
    renameSync(from: string, to: string) {
      meet({ name: "rename", path: text(to) });
      original.renameSync(from, to);
      moved(from, to);
    },
    rmSync(path: string, options: object) {
      meet({ name: "remove", path: text(path) });
      original.rmSync(path, options);
    },
    mkdirSync(path: string, options: object) {
      meet({ name: "mkdir", path: text(path) });
      return original.mkdirSync(path, options);
    },
    writeFileSync(path: string, data: string | Uint8Array, options: { readonly flag?: string }) {
      meet({ name: "open", path: text(path) });
      original.writeFileSync(path, data, options);
      pushed.set(text(path), 0);
    },
    utimesSync(...args: Parameters<typeof fs.utimesSync>) {
      if (!dead) original.utimesSync(...args);
    },
  });

  /** An open file, with the functions of a `FileHandle` that tslira uses. */
  const handleOf = (fd: number, path: string) => ({
    fd,
    async write(data: Uint8Array, from = 0, count = data.length - from, position: number | null = null) {
      const part = half(data, from, count);
      meet({ name: "write", path }, () => original.writeSync(fd, part, 0, part.length, position));
      return { bytesWritten: original.writeSync(fd, data, from, count, position), buffer: data };
    },
    read: async (out: Uint8Array, from: number, count: number, position: number | null) => ({
      bytesRead: original.readSync(fd, out, from, count, position),
      buffer: out,
    }),
    async sync() {
      meet({ name: "sync", path });
      pushed.set(path, size(path));
    },
    async truncate(length: number) {
      meet({ name: "truncate", path });
      original.ftruncateSync(fd, length);
    },
    stat: async () => original.fstatSync(fd),
    close: async () => original.closeSync(fd),
  });

  replace(promises, {
    async open(path: string, flag = "r", ...rest: []) {
      if (writes(flag)) meet({ name: "open", path: text(path) });
      const fd = original.openSync(path, flag, ...rest);
      if (writes(flag)) opened(text(path), flag);
      return handleOf(fd, text(path));
    },
    async rename(from: string, to: string) {
      meet({ name: "rename", path: text(to) });
      original.renameSync(from, to);
      moved(from, to);
    },
    async rm(path: string, options: object) {
      meet({ name: "remove", path: text(path) });
      original.rmSync(path, options);
    },
    async rmdir(path: string) {
      meet({ name: "remove", path: text(path) });
      original.rmdirSync(path);
    },
    async mkdir(path: string, options: object) {
      meet({ name: "mkdir", path: text(path) });
      return original.mkdirSync(path, options);
    },
    async copyFile(from: string, to: string, mode?: number) {
      meet({ name: "write", path: text(to) }, () =>
        original.writeFileSync(to, original.readFileSync(from).subarray(0, size(from) >> 1)),
      );
      original.copyFileSync(from, to, mode);
      pushed.set(text(to), 0);
    },
    readFile: async (path: string, options?: "utf8") => original.readFileSync(path, options),
    readdir: async (path: string) => original.readdirSync(path),
    realpath: async (path: string) => original.realpathSync(path),
    stat: async (path: string) => original.statSync(path),
  });
  syncBuiltinESMExports();

  const number = nextProcess++;
  const ours = process.pid;
  const kill = process.kill;
  const now = performance.now;
  let clock = now.call(performance);
  Object.defineProperty(process, "pid", { value: number, configurable: true, enumerable: true });
  process.kill = ((target: number, signal: string | number) => {
    if (target === number) return true;
    if (target > 2 ** 22) throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
    return kill.call(process, target, signal as string);
  }) as typeof process.kill;
  performance.now = () => {
    clock += 15;
    return clock;
  };
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  } finally {
    for (const one of undo) one();
    syncBuiltinESMExports();
    Object.defineProperty(process, "pid", { value: ours, configurable: true, enumerable: true });
    process.kill = kill;
    performance.now = now;
  }
  if (fault?.kind === "power" && (dead || fault.at >= operations.length)) {
    for (const [path, bytes] of pushed) {
      if (fs.existsSync(path) && fs.statSync(path).isFile() && bytes < size(path))
        fs.truncateSync(path, bytes);
    }
  }
  return { operations, killed: dead, ...(dead || error === undefined ? {} : { error }) };
}
