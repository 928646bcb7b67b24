/** Files that appear whole or not at all: written under a temporary name in the same folder, then renamed. */

import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { InvalidInputError, JobError } from "../errors.js";
import { temporaryPath } from "./running-program-node.js";

const REASONS: Readonly<Record<string, readonly [must: string, got: string, remedy: string]>> = {
  ENOENT: ["file or folder must exist", "none there", "check the path or make the folder"],
  ENOTDIR: ["path must lead through folders", "a file in its place", "check the path"],
  EEXIST: ["path must be a folder, or free for one", "a file in its place", "choose another"],
  EISDIR: ["path must name a file", "a folder", "add the file's name"],
  EACCES: ["path must be accessible", "permission denied", "change the permissions or choose another place"],
  EPERM: [
    "path must be accessible",
    "operation not permitted",
    "change the permissions or choose another place",
  ],
  EROFS: ["place must be writable", "a read-only file system", "choose another place"],
  ENAMETOOLONG: ["name must be short enough for the file system", "a longer one", "shorten it"],
  ELOOP: ["path must lead to a file", "a loop of links", "check the links"],
  // Of Node itself, before it asks the system.
  ERR_INVALID_ARG_VALUE: ["path must be without null characters", "one with some", "choose another"],
  ERR_FS_FILE_TOO_LARGE: [
    "file must have at most 2 GiB to be read at once",
    "a larger one",
    "give a part of it",
  ],
  ERR_STRING_TOO_LONG: ["text must have at most 512 MiB", "more", "give a part of it"],
};
const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/**
 * A file-system error in our words: `InvalidInputError` for what the caller can mend by another path, `JobError` for a
 * full disk and other failures of the machine. Other errors come back as they are.
 */
export function fileError(path: string, error: unknown): unknown {
  const { code, syscall, message } = (error ?? {}) as { code?: string; syscall?: string; message?: string };
  const reason = code === undefined ? undefined : REASONS[code];
  if (code === undefined || (syscall === undefined && reason === undefined)) return error;
  const details = { cause: error, fields: { path, system: code } };
  if (reason !== undefined) {
    const [must, got, remedy] = reason;
    return new InvalidInputError(`${path}: ${must}, got ${got} (${code}); ${remedy}`, details);
  }
  if (FULL.has(code)) {
    return new JobError(
      `${path}: disk must have room for the file, got ${code}; free some space or write elsewhere`,
      details,
    );
  }
  return new JobError(
    `${path}: file system must work, got "${message}"; try again or use another disk`,
    details,
  );
}

/** Run file operations; file-system errors are turned into ours. */
export async function withFileErrors<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw fileError(path, error);
  }
}

/** A file under a temporary name, open for writing. */
export interface TemporaryFile {
  readonly handle: FileHandle;
  /** The temporary name. */
  readonly path: string;
  /** Push the bytes to the disk, close, and take the final name; a file that has it is replaced, or gets the name `previous`. */
  readonly commit: (previous?: string) => Promise<void>;
  /** Close and remove. Never throws; safe to call again. */
  readonly discard: () => Promise<void>;
}

/** Systems that cannot push a folder's entries to the disk say so by one of these. */
const NO_FOLDER_SYNC = /^(EINVAL|EISDIR|EPERM|EACCES|EBADF|ENOTSUP)$/;

/** Push a folder's entries to the disk, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  const ignore = (error: NodeJS.ErrnoException) => {
    if (!NO_FOLDER_SYNC.test(error.code ?? "")) throw error;
  };
  const handle = await open(folder, "r").catch(ignore);
  if (!handle) return;
  try {
    await handle.sync().catch(ignore);
  } finally {
    await handle.close();
  }
}

/**
 * The place that a path leads to, through all links: the same for everybody, also where nothing is there yet, as behind a link whose file
 * is to come.
 *
 * @throws InvalidInputError for a loop of links, or a folder that may not be looked into
 */
export function placeBehindLinks(path: string): string {
  try {
    return followed(path);
  } catch (error) {
    throw fileError(path, error);
  }
}

function followed(path: string): string {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return realpathSync(path);
  const full = resolve(path);
  const folder = dirname(full);
  const own = existsSync(folder) ? join(realpathSync(folder), basename(full)) : full;
  const link = lstatSync(own, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(own);
  return link ? followed(resolve(dirname(own), link)) : own;
}

/** The place behind links; refuses to replace anything but a file. */
async function resolveTarget(path: string): Promise<string> {
  const target = placeBehindLinks(path);
  const status = await stat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (status !== undefined && !status.isFile()) {
    const kind = status.isDirectory() ? "a folder" : "a device, pipe or socket";
    throw new InvalidInputError(`${path}: path must name a file, got ${kind}; choose another name`, {
      fields: { path },
    });
  }
  return target;
}

/**
 * Start a file that shall become `path`. What killed programs left of earlier ones of that name is removed.
 *
 * @throws InvalidInputError when the folder does not exist or is not writable, or `path` is no file
 */
export async function openTemporary(path: string): Promise<TemporaryFile> {
  return withFileErrors(path, async () => {
    const target = await resolveTarget(path);
    const folder = dirname(target);
    const temporary = temporaryPath(target);
    const handle = await open(temporary, "wx+");
    const discard = async () => {
      await handle.close().catch(() => {});
      await rm(temporary, { force: true }).catch(() => {});
    };
    const commit = async (previous?: string) => {
      try {
        await handle.sync();
        await handle.close();
        if (previous !== undefined && existsSync(target)) await rename(target, previous);
        await rename(temporary, target);
      } catch (error) {
        await discard();
        throw fileError(path, error);
      }
      await withFileErrors(path, () => syncFolder(folder));
    };
    return { handle, path: temporary, commit, discard };
  });
}

/** Write all bytes at a position; the system may take them in parts. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(
      bytes,
      done,
      Math.min(bytes.length - done, 2 ** 30),
      position + done,
    );
    done += bytesWritten;
  }
}
