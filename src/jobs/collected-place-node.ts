/**
 * What a job has collected, and where: `collected.json`. Collecting again replaces what the job itself has written, and nothing
 * else.
 */

import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import * as v from "valibot";
import { InvalidInputError } from "../errors.js";
import { checkNotRead, fileSha256 } from "../io/file-sha256-node.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { checkSchema, sha256Text } from "../io/side-file.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import { parseJson } from "../parse-json.js";
import type { Job } from "./job-folder-node.js";
import { shellLine } from "./shell-command.js";

/** By path from the job's folder, which can be moved: SHA-256 of the file that was written there; null of a folder, and while it is being written. */
const SCHEMA = v.record(v.string(), v.nullable(sha256Text));

const FILE = "collected.json";
const REMEDY = "delete it, and collect with --overwrite";

/** What a job has collected so far. */
async function readCollected(folder: string): Promise<Record<string, string | null>> {
  const path = join(folder, FILE);
  if (!existsSync(path)) return {};
  const text = await withFileErrors(path, () => readFile(path, "utf8"));
  return checkSchema(SCHEMA, parseJson(text, path, REMEDY), path, REMEDY);
}

/** Paths of what a job has collected and is still there. */
export async function collectedPaths({ folder }: Pick<Job, "folder">): Promise<string[]> {
  return Object.keys(await readCollected(folder))
    .map((place) => join(folder, place))
    .filter((path) => existsSync(path));
}

/** A path that a job may write to. */
export interface CollectedPlace {
  /** Remember what is there now as written by the job. */
  written(): Promise<void>;
}

/**
 * Check that a job may write to a path: nothing is there, or what the job wrote itself, or it may replace what is there. A folder is
 * the job's when it was empty or not there at the first time.
 *
 * @param output absolute path of a file or folder
 * @throws InvalidInputError otherwise, and when it is a file that the job was made from
 */
export async function openCollectedPlace(
  { folder, manifest }: Job,
  output: string,
  overwrite: boolean,
): Promise<CollectedPlace> {
  const path = join(folder, FILE);
  const known = await readCollected(folder);
  const place = relative(folder, output);
  const remember = (sha256: string | null) =>
    writeWholeFile(path, `${JSON.stringify({ ...known, [place]: sha256 }, undefined, 2)}\n`);
  if (!overwrite && (await isForeign(output, Object.hasOwn(known, place) ? known[place] : undefined))) {
    throw new InvalidInputError(
      `${output}: output must be new or what this job wrote, got something else; ` +
        `choose another with -o, or replace it with tslira cluster collect ${shellLine([folder, "-o", output, "--overwrite"])}`,
      { fields: { output } },
    );
  }
  await checkNotRead(output, manifest.sources);
  await remember(null);
  return {
    written: async () => remember((await stat(output)).isFile() ? await fileSha256(output) : null),
  };
}

/** Whether something is at a path that is not what was remembered of it. */
async function isForeign(output: string, known: string | null | undefined): Promise<boolean> {
  if (known === null || !existsSync(output)) return false;
  return withFileErrors(output, async () => {
    if ((await stat(output)).isFile()) return known !== (await fileSha256(output));
    return known === undefined && (await readdir(output)).length > 0;
  });
}
