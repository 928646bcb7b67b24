import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CheckedObservation } from "../data/check-observation.js";
import type { Observation } from "../data/observation.js";
import { FormatError, InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { findHdu, imageToSkyImage, readFits } from "../io/fits.js";
import { writeFitsFile } from "../io/fits-file-node.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { observationHdus, observationsOf } from "../io/observation-hdus.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import type { LiraSummary } from "../posterior/result.js";
import { halveDraws, openTraceFiles } from "../workers/chain-files-node.js";
import type { RunPlan } from "./lira-options.js";
import type { RunStore } from "./run-store.js";
import type { RunDecisions } from "./sample-run.js";

/*
 * The checkpoint of a run: a folder that holds all that is needed to take the run up again on any machine.
 *
 *     run.json      plan, decisions so far, where the result goes and what is said about its origin
 *     inputs.fits   the observations, and starting images if there were any
 *     chain-*.*     traces and states of the chains, see workers/chain-files-node.ts
 *
 * The folder is complete before the first sweep, and removed when the result is.
 */

/** Layout of `run.json`. */
const RUN_FORMAT = 1;

/** What `run.json` says. */
export interface RunRecord {
  readonly format: number;
  readonly plan: RunPlan;
  readonly decisions?: RunDecisions;
  /** Absolute path of the result. */
  readonly output: string;
  readonly observations: readonly { readonly name: string; readonly hasMask: boolean }[];
  /** Numbers of the chains that have a starting image of the caller's. */
  readonly starts: readonly number[];
  readonly started: string;
  /** Seconds of sampling so far. */
  readonly seconds: number;
  readonly command?: string;
  readonly inputs?: LiraSummary["provenance"]["inputs"];
  readonly unit?: string;
  /** Date of the result, where it shall not be the time of the run. */
  readonly date?: string;
}

/** Write `run.json`. */
export async function writeRunRecord(folder: string, record: RunRecord): Promise<void> {
  // JSON has no Infinity, which is how a target leaves a condition out.
  const text = JSON.stringify(
    record,
    (_, value) => (value === Number.POSITIVE_INFINITY ? "Infinity" : value),
    2,
  );
  await writeWholeFile(join(folder, "run.json"), `${text}\n`);
}

/**
 * Start a checkpoint folder.
 *
 * @throws InvalidInputError when it exists already: it may hold somebody's chains
 */
export async function createRunFolder(
  folder: string,
  record: Omit<RunRecord, "format" | "observations" | "starts">,
  observations: readonly CheckedObservation[],
  starts: readonly (SkyImage | undefined)[],
): Promise<RunRecord> {
  if (existsSync(folder)) {
    throw new InvalidInputError(
      `${folder}: checkpoint must not exist yet, got one of an earlier run; ` +
        "continue that run (tslira resume) or remove the folder",
      { fields: { folder } },
    );
  }
  await withFileErrors(folder, () => mkdir(folder, { recursive: true }));
  const hdus = observationHdus(observations);
  for (const [chain, start] of starts.entries()) {
    if (start) hdus.push({ kind: "image", name: `START${chain}`, shape: start.shape, data: start.data });
  }
  await writeFitsFile(join(folder, "inputs.fits"), hdus);
  const whole: RunRecord = {
    ...record,
    format: RUN_FORMAT,
    observations: observations.map(({ name, mask }) => ({ name, hasMask: mask !== undefined })),
    starts: starts.flatMap((start, chain) => (start ? [chain] : [])),
  };
  await writeRunRecord(folder, whole);
  return whole;
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
 * @throws InvalidInputError when there is none
 * @throws FormatError when it is damaged or of another version
 */
export async function readRunFolder(folder: string): Promise<RunFolder> {
  const path = join(folder, "run.json");
  if (!existsSync(path)) {
    throw new InvalidInputError(
      `${folder}: checkpoint must be a folder with a run.json, found none; give the folder that a stopped run left behind`,
      { fields: { folder } },
    );
  }
  let record: RunRecord;
  try {
    record = JSON.parse(await readFile(path, "utf8"), (_, value) =>
      value === "Infinity" ? Number.POSITIVE_INFINITY : value,
    );
  } catch (cause) {
    throw new FormatError(`${path}: checkpoint must be JSON, got something else; it cannot be continued`, {
      cause,
    });
  }
  if (record.format !== RUN_FORMAT) {
    throw new FormatError(
      `${path}: checkpoint must have format ${RUN_FORMAT}, got ${record.format}; continue it with the version that made it`,
    );
  }
  const inputs = join(folder, "inputs.fits");
  const hdus = readFits(new Uint8Array(await withFileErrors(inputs, () => readFile(inputs))), {
    name: inputs,
  });
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

/** Remove a checkpoint folder with everything in it. */
export async function removeRunFolder(folder: string): Promise<void> {
  await withFileErrors(folder, () => rm(folder, { recursive: true, force: true }));
}

/** Traces of a run in its checkpoint folder. */
export function folderStore(folder: string, chains: number, checkpointSeconds: number): RunStore {
  return {
    continuation: () => ({ files: { folder, checkpointSeconds } }),
    accept: () => undefined,
    halveDraws(pixels, every) {
      for (let chain = 0; chain < chains; chain++) halveDraws(folder, chain, pixels, every);
    },
    open: (extent) => openTraceFiles(folder, { ...extent, chains }),
  };
}
