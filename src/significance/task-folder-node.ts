/** Results of tasks in a folder, so that a run that was stopped goes on where it was. */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { observationList } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { psfImages } from "../data/observation/psf-set.js";
import { InvalidInputError, toPlainError } from "../errors.js";
import { type Claim, claimPath } from "../io/claim-node.js";
import { fileError, withFileErrors } from "../io/fits-temporary-node.js";
import { checkSchema } from "../io/side-file.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import { parseJson } from "../parse-json.js";
import { VERSION } from "../version.js";
import type { TaskStore } from "./estimate.js";
import { STAMP_SCHEMA } from "./significance-schema.js";
import type { SignificanceRun } from "./task.js";
import { decodeTaskResult, encodeTaskResult } from "./task-file.js";

/** What a folder was made for. */
interface FolderStamp {
  readonly version: string;
  readonly sha256: string;
  readonly run: SignificanceRun;
}

/** SHA-256 of all that the results depend on: the run but for the number of replicates, and the images. */
function fingerprint(run: SignificanceRun, observations: readonly Observation[]): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify({ ...run, replicates: 0, otherGammas: [], gamma: 0 }));
  for (const { counts, psf, exposure, background, mask } of observations) {
    for (const image of [counts, ...psfImages(psf), exposure, background, mask]) {
      hash.update(image === undefined ? "none" : `${image.shape.join("x")};`);
      if (image !== undefined) {
        const { buffer, byteOffset, byteLength } = image.data;
        hash.update(new Uint8Array(buffer, byteOffset, byteLength));
      }
    }
  }
  return hash.digest("hex");
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileError(path, error);
  }
}

/** Names of the files of a folder, and of those that killed programs left of them. */
const OURS = /^(run\.json|task-\d+\.fits|\.(run\.json|task-\d+\.fits)\..+\.tmp)$/;

/** A folder of results. */
export interface TaskFolder extends TaskStore {
  /** Leave the folder to other programs; `remove` does so too. Never throws. */
  release(): void;
  /** Delete the results when they are no longer needed, and the folder unless something else is in it. */
  remove(): Promise<void>;
}

/**
 * Open a folder of results, made when it does not exist. A folder that holds results of the same run is gone on with; gamma and the
 * number of replicates may differ. No other program may use it until it is released.
 *
 * @returns a store for `runSignificance`
 * @throws InvalidInputError when the folder belongs to another run, or was made by another version, or a program is at work in it
 */
export async function openTaskFolder(
  folder: string,
  run: SignificanceRun,
  data: Observation | readonly Observation[],
): Promise<TaskFolder> {
  const observations = observationList(data);
  await withFileErrors(folder, () => mkdir(dirname(resolve(folder)), { recursive: true }));
  const claim = claimPath(folder);
  try {
    return await claimedFolder(folder, run, observations, claim);
  } catch (error) {
    claim.release();
    throw error;
  }
}

async function claimedFolder(
  folder: string,
  run: SignificanceRun,
  observations: readonly Observation[],
  claim: Claim,
): Promise<TaskFolder> {
  const stamp: FolderStamp = { version: VERSION, sha256: fingerprint(run, observations), run };
  const stampPath = join(folder, "run.json");
  const present = await readIfPresent(stampPath);
  if (present !== undefined) {
    const remedy = "choose another folder, or delete it";
    const json = parseJson(new TextDecoder().decode(present), stampPath, remedy);
    const other = checkSchema(STAMP_SCHEMA, json, stampPath, remedy);
    if (other.sha256 !== stamp.sha256 || other.version !== stamp.version) {
      const got = other.version === stamp.version ? "another one" : `one of version ${other.version}`;
      throw new InvalidInputError(
        `${folder}: tasks must be those of this run (same data, regions, settings and seed), got ${got}; ` +
          "choose another folder or delete it",
      );
    }
  } else {
    await withFileErrors(folder, () => mkdir(folder, { recursive: true }));
    await writeWholeFile(stampPath, `${JSON.stringify(stamp)}\n`);
  }
  const pathOf = (index: number) => join(folder, `task-${String(index).padStart(6, "0")}.fits`);
  return {
    async load(task) {
      const bytes = await readIfPresent(pathOf(task.index));
      if (bytes === undefined) return undefined;
      try {
        const result = await decodeTaskResult(bytes);
        return result.index === task.index && result.seed === task.seed ? result : undefined;
      } catch (error) {
        // Damaged: run it again.
        if (toPlainError(error).code === "FORMAT") return undefined;
        throw error;
      }
    },
    save: (result) => writeWholeFile(pathOf(result.index), encodeTaskResult(result)),
    release: claim.release,
    async remove() {
      // Only what was made here: the folder may be somebody's. Last what says whose it is.
      await withFileErrors(folder, async () => {
        const names = (await readdir(folder)).filter((name) => OURS.test(name)).sort();
        for (const name of [...names.filter((one) => one !== "run.json"), "run.json"])
          await rm(join(folder, name), { force: true });
      });
      await rmdir(folder).catch(() => undefined);
      claim.release();
    },
  };
}
