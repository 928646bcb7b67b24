import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { FormatError, InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { findHdu, imageToSkyImage, readFits } from "../io/fits.js";
import { writeFitsFile } from "../io/fits-file-node.js";
import { syncFolder, withFileErrors } from "../io/fits-temporary-node.js";
import { observationHdus, observationsOf } from "../io/observation-hdus.js";
import { temporaryPath } from "../io/running-program-node.js";
import { makeWholeFolder } from "../io/whole-file-node.js";
import { DRAWS_VERSION } from "../samplers/draws-version.js";
import { VERSION } from "../version.js";
import { halveDraws, openTraceFiles } from "../workers/chain-files-node.js";
import {
  copyPath,
  hasRunRecord,
  RUN_FORMAT,
  type RunRecord,
  readRunRecord,
  recordPath,
  writeRunRecord,
} from "./run-record-node.js";
import type { RunStore } from "./run-store.js";

/*
 * The checkpoint of a run: a folder that holds all that is needed to take the run up again on any machine.
 *
 *     run.json      plan, decisions so far, where the result goes and what is said about its origin; with a copy, see
 *                   run-record-node.ts
 *     inputs.fits   the observations, and starting images if there were any
 *     chain-*.*     traces and states of the chains, see workers/chain-files-node.ts
 *
 * The folder appears whole before the first sweep, and goes at once when the result is there: it is made, and removed, under
 * another name. Of what is in it only files of these names are ever removed.
 */

const INPUTS = "inputs.fits";
/** Names of our files, and of those that killed programs left of them. */
const OURS =
  /^(run(\.copy)?\.json|inputs\.fits|chain-\d+\.(rows|state(\.previous)?\.fits|draws\.\d+(\.tmp)?)|\.(run(\.copy)?\.json|chain-\d+\.state\.fits)\..+\.tmp)$/;

/**
 * Start a checkpoint folder.
 *
 * @throws InvalidInputError when it exists already: it may hold somebody's chains
 */
export async function createRunFolder(
  folder: string,
  record: Omit<
    RunRecord,
    "program" | "format" | "version" | "draws" | "observations" | "inputsSha256" | "starts"
  >,
  observations: readonly CheckedObservation[],
  starts: readonly (SkyImage | undefined)[],
): Promise<RunRecord> {
  if (existsSync(folder)) {
    const found = [recordPath(folder), copyPath(folder)].some(existsSync)
      ? "one of an earlier run"
      : "another file or folder";
    const remedy =
      found === "one of an earlier run"
        ? "continue that run (tslira resume), or put this one in its place (--overwrite)"
        : "choose another with --checkpoint, or move what is in it";
    throw new InvalidInputError(`${folder}: checkpoint must not exist yet, got ${found}; ${remedy}`, {
      fields: { folder },
    });
  }
  await withFileErrors(folder, () => mkdir(dirname(folder), { recursive: true }));
  return makeWholeFolder(folder, async (building) => {
    const hdus = observationHdus(observations);
    for (const [chain, start] of starts.entries()) {
      if (start) hdus.push({ kind: "image", name: `START${chain}`, shape: start.shape, data: start.data });
    }
    const inputs = join(building, INPUTS);
    await writeFitsFile(inputs, hdus);
    const whole: RunRecord = {
      program: "tslira run",
      format: RUN_FORMAT,
      version: VERSION,
      draws: DRAWS_VERSION,
      ...record,
      observations: observations.map(({ name, mask }) => ({ name, hasMask: mask !== undefined })),
      inputsSha256: hash("sha256", await readFile(inputs)),
      starts: starts.flatMap((start, chain) => (start ? [chain] : [])),
    };
    await writeRunRecord(building, whole);
    return whole;
  });
}

/** What a checkpoint folder holds besides the chains. */
export interface RunFolder {
  readonly record: RunRecord;
  readonly observations: readonly Observation[];
  readonly starts: readonly (SkyImage | undefined)[];
}

/**
 * Read a checkpoint folder.
 *
 * @param onWarning told what is damaged and was mended
 * @throws InvalidInputError when there is none, or another version made it
 * @throws FormatError when it is damaged or of another layout
 */
export async function readRunFolder(
  folder: string,
  onWarning?: (warning: string) => void,
): Promise<RunFolder> {
  const record = await readRunRecord(folder, onWarning);
  const path = join(folder, INPUTS);
  const bytes = new Uint8Array(await withFileErrors(path, () => readFile(path)));
  const found = hash("sha256", bytes);
  if (found !== record.inputsSha256) {
    throw new FormatError(
      `${path}: data of the run must have SHA-256 ${record.inputsSha256}, got ${found}; the file was changed, begin the run anew`,
      { fields: { path } },
    );
  }
  const hdus = readFits(bytes, { name: path });
  const image = (name: string) => imageToSkyImage(findHdu(hdus, name));
  return {
    record,
    observations: observationsOf(
      hdus,
      record.observations.map(({ name }) => name),
    ),
    starts: Array.from({ length: record.plan.config.chains }, (_, chain) =>
      record.starts.includes(chain) ? image(`START${chain}`) : undefined,
    ),
  };
}

/**
 * Check that a folder may be removed to make place: it is a checkpoint, or what is left of one, and holds nothing else.
 *
 * @param isDefault whether the program chose its name: only then a folder without a `run.json` may be ours
 * @throws InvalidInputError when it is somebody's
 */
export async function checkRemovable(folder: string, isDefault: boolean): Promise<void> {
  const names = await withFileErrors(folder, () => readdir(folder));
  const foreign = names.find((name) => !OURS.test(name));
  const unmarked =
    names.length > 0 && !(await hasRunRecord(folder)) && !(isDefault && !names.includes("run.json"));
  if (foreign === undefined && !unmarked) return;
  const got = unmarked ? "a folder that tslira did not make" : `one that also holds ${foreign}`;
  throw new InvalidInputError(
    `${folder}: a checkpoint that is overwritten must be one of tslira and nothing else, got ${got}; ` +
      "choose another folder with --checkpoint, or move what is in it",
    { fields: { folder } },
  );
}

/** Whether a chain has come to a checkpoint. */
export async function hasStates(folder: string): Promise<boolean> {
  const names = await withFileErrors(folder, () => readdir(folder));
  return names.some((name) => /^chain-\d+\.state/.test(name));
}

/** Remove the files of a checkpoint, and the folder unless somebody put other files into it. */
export async function removeRunFolder(folder: string): Promise<void> {
  await withFileErrors(folder, async () => {
    const names = await readdir(folder);
    if (names.every((name) => OURS.test(name))) {
      // At once: a half of it would be neither a checkpoint nor none.
      const going = temporaryPath(folder);
      await rename(folder, going);
      await rm(going, { recursive: true, force: true });
      return;
    }
    // The copy first: with one of the two it is still a checkpoint.
    for (const path of [copyPath(folder), recordPath(folder)]) await rm(path, { force: true });
    for (const name of names.filter((one) => OURS.test(one))) await rm(join(folder, name), { force: true });
    await rmdir(folder).catch(() => undefined);
  });
}

/** Traces of a run in its checkpoint folder. */
export function folderStore(folder: string, chains: number, checkpointSeconds: number): RunStore {
  return {
    continuation: () => ({ files: { folder, checkpointSeconds } }),
    accept: () => undefined,
    async halveDraws(pixels, every) {
      for (let chain = 0; chain < chains; chain++) halveDraws(folder, chain, pixels, every);
      await withFileErrors(folder, () => syncFolder(folder));
    },
    open: (extent) => openTraceFiles(folder, { ...extent, chains }),
  };
}
