import { constants } from "node:fs";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import {
  openTemporary,
  syncFolder,
  type TemporaryFile,
  withFileErrors,
  writeFully,
} from "./fits-temporary-node.js";
import { temporaryPath } from "./running-program-node.js";

/**
 * Write a file that appears whole or not at all: under a temporary name in its folder, pushed to the disk, renamed. It replaces a file
 * of that name.
 *
 * @param content text is written as UTF-8
 * @param options `previous`: name that the replaced file gets, once the new one is whole; default: it goes
 * @throws InvalidInputError when the folder does not exist or is not writable, or `path` is no file
 * @throws JobError when the disk is full or fails
 */
export async function writeWholeFile(
  path: string,
  content: string | Uint8Array,
  options: { readonly previous?: string } = {},
): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await fillWholeFile(path, ({ handle }) => writeFully(handle, bytes, 0), options.previous);
}

/** Fill a file under a temporary name, then give it its own. @throws as `writeWholeFile` */
export async function fillWholeFile(
  path: string,
  fill: (file: TemporaryFile) => Promise<void>,
  previous?: string,
): Promise<void> {
  const file = await openTemporary(path);
  try {
    await withFileErrors(path, () => fill(file));
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.commit(previous);
}

/**
 * Copy a file, to one that appears whole or not at all as by `writeWholeFile`; on file systems that can, without a second copy of its
 * bytes.
 *
 * @throws as `writeWholeFile`
 */
export async function copyWholeFile(from: string, to: string): Promise<void> {
  await fillWholeFile(to, (file) => copyFile(from, file.path, constants.COPYFILE_FICLONE));
}

/** Make a folder that appears whole or not at all: filled under a temporary name beside it, renamed. @throws as `writeWholeFile` */
export async function makeWholeFolder<T>(path: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const building = temporaryPath(path);
  return withFileErrors(path, async () => {
    try {
      await mkdir(building);
      const made = await fill(building);
      await rename(building, path);
      await syncFolder(dirname(path));
      return made;
    } catch (error) {
      await rm(building, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
  });
}
