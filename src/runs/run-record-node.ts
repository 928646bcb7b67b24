/**
 * `run.json` of a checkpoint: what the run is, with a checksum of its own. `run.copy.json` is written after it: the record before
 * until then, the same afterwards, and read where `run.json` is damaged.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import * as v from "valibot";
import { FormatError, InvalidInputError, toPlainError } from "../errors.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { arraysFromJson, arraysToJson } from "../io/json-arrays-node.js";
import { crcText } from "../io/sealed-bytes-node.js";
import { checkSchema, inputFiles, sha256Text, wholeNumber } from "../io/side-file.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import { parseJson } from "../parse-json.js";
import type { LiraSummary } from "../posterior/result.js";
import { DRAWS_VERSION } from "../samplers/draws-version.js";
import { VERSION } from "../version.js";
import type { RunPlan } from "./lira-options.js";
import type { RunDecisions } from "./sample-run.js";

/** Layout of a checkpoint. */
export const RUN_FORMAT = 3;

/** What `run.json` says. */
export interface RunRecord {
  /** Says that the folder is a checkpoint of a run, which may be removed with the run. */
  readonly program: "tslira run";
  readonly format: number;
  /** Version of tslira that began it. */
  readonly version: string;
  /** Version of the draws: another one samples other bytes. */
  readonly draws: number;
  readonly plan: RunPlan;
  readonly decisions?: RunDecisions;
  /** Absolute path of the result. */
  readonly output: string;
  /** SHA-256 of files at that path that the result may replace: one that was to be overwritten, results of this run so far. */
  readonly replaces: readonly string[];
  readonly observations: readonly { readonly name: string; readonly hasMask: boolean }[];
  /** SHA-256 of `inputs.fits`. */
  readonly inputsSha256: string;
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

const positive = v.pipe(v.number(), v.finite(), v.minValue(0));
const SCHEMA = v.looseObject({
  program: v.literal("tslira run"),
  version: v.string(),
  draws: wholeNumber(0),
  plan: v.looseObject({
    config: v.looseObject({
      iterations: wholeNumber(1),
      burnIn: wholeNumber(0),
      chains: wholeNumber(1, 10_000),
      seed: wholeNumber(0),
      boundary: v.picklist(["spill", "wrap"]),
      fitBackgroundScale: v.boolean(),
      traceEvery: wholeNumber(1),
    }),
    autoBurnIn: v.boolean(),
    maxIterations: wholeNumber(1),
    keep: v.optional(wholeNumber(1)),
    chosenDevice: v.optional(v.string()),
    target: v.optional(v.looseObject({ text: v.string(), rhat: v.number(), ess: v.number() })),
    gradient: v.optional(
      v.looseObject({ model: v.looseObject({}), prior: v.optional(v.looseObject({ make: v.string() })) }),
    ),
  }),
  decisions: v.optional(
    v.looseObject({ burnIn: v.optional(wholeNumber(0)), every: wholeNumber(1), iterations: wholeNumber(1) }),
  ),
  output: v.string(),
  replaces: v.array(sha256Text),
  observations: v.pipe(v.array(v.looseObject({ name: v.string(), hasMask: v.boolean() })), v.minLength(1)),
  inputsSha256: sha256Text,
  starts: v.array(wholeNumber(0)),
  started: v.pipe(v.string(), v.isoTimestamp()),
  seconds: positive,
  command: v.optional(v.string()),
  inputs: v.optional(inputFiles),
  unit: v.optional(v.string()),
  date: v.optional(v.string()),
});

/** Path of the record of a checkpoint. */
export function recordPath(folder: string): string {
  return join(folder, "run.json");
}

/** Path of its copy. */
export function copyPath(folder: string): string {
  return join(folder, "run.copy.json");
}

// JSON has no Infinity, which is how a target leaves the condition on R-hat out.
const write = (key: string, value: unknown) =>
  key === "rhat" && value === Number.POSITIVE_INFINITY ? "Infinity" : arraysToJson(key, value);
const revive = (key: string, value: unknown) =>
  key === "rhat" && value === "Infinity" ? Number.POSITIVE_INFINITY : arraysFromJson(key, value);

/** Of the entries in the order of their names. */
function checksum(record: object): string {
  const sorted = Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return crcText(crc32(JSON.stringify(sorted, write)));
}

/** Write `run.json` and its copy, each whole or not at all. */
export async function writeRunRecord(folder: string, record: RunRecord): Promise<void> {
  const text = JSON.stringify({ ...record, crc32: checksum(record) }, write, 2);
  for (const path of [recordPath(folder), copyPath(folder)]) await writeWholeFile(path, `${text}\n`);
}

const REMEDY = "it cannot be continued";

/** A record as JSON. @throws FormatError when it is none */
async function readJson(path: string): Promise<unknown> {
  return parseJson(await withFileErrors(path, () => readFile(path, "utf8")), path, REMEDY, revive);
}

/**
 * Read `run.json`, or its copy where it is damaged or gone.
 *
 * @param onWarning told when the copy was read
 * @throws InvalidInputError when there is none, or another version made it
 * @throws FormatError when both are damaged, or of another layout
 */
export async function readRunRecord(
  folder: string,
  onWarning: (warning: string) => void = () => undefined,
): Promise<RunRecord> {
  const path = recordPath(folder);
  if (!existsSync(path)) {
    if (existsSync(copyPath(folder))) {
      const record = await readOneRecord(folder, copyPath(folder));
      onWarning(`${path}: record of the checkpoint must be there, got none; its copy run.copy.json is used`);
      return record;
    }
    throw new InvalidInputError(
      `${folder}: checkpoint must be a folder with a run.json, got none; give the folder that a stopped run left behind`,
      { fields: { folder } },
    );
  }
  try {
    return await readOneRecord(folder, path);
  } catch (error) {
    const copy = copyPath(folder);
    if (toPlainError(error).code !== "FORMAT" || !existsSync(copy)) throw error;
    const record = await readOneRecord(folder, copy).catch(() => {
      throw error;
    });
    onWarning(`${toPlainError(error).message.replace(/; [^;]*$/, "")}; its copy run.copy.json is used`);
    return record;
  }
}

async function readOneRecord(folder: string, path: string): Promise<RunRecord> {
  const json = await readJson(path);
  const {
    format,
    crc32: found,
    ...record
  } = checkSchema(v.looseObject({ format: v.number() }), json, path, REMEDY);
  if (format !== RUN_FORMAT) {
    throw new FormatError(
      `${path}: checkpoint must have layout ${RUN_FORMAT}, that of tslira ${VERSION}, got layout ${format} of tslira ` +
        `${String((record as { version?: unknown }).version)}; continue it with that version`,
    );
  }
  checkSchema(SCHEMA, record, path, REMEDY);
  if (found !== checksum({ format, ...record })) {
    throw new FormatError(
      `${path}: checkpoint must have the checksum that it was written with, got another; it is damaged, begin the run anew`,
      { fields: { path } },
    );
  }
  if (record.draws !== DRAWS_VERSION) {
    throw new InvalidInputError(
      `${folder}: run must be continued with version ${String(record.draws)} of the draws, that of tslira ${String(record.version)}, ` +
        `which began it, got version ${DRAWS_VERSION} (tslira ${VERSION}); install that one, or begin the run anew`,
      { fields: { version: record.version, draws: record.draws } },
    );
  }
  return { format, ...record } as unknown as RunRecord;
}

/** Whether a folder has the `run.json` of a checkpoint, of this version or an earlier one. Never throws. */
export async function hasRunRecord(folder: string): Promise<boolean> {
  const json = await readJson(recordPath(folder)).catch(() => undefined);
  if (v.is(v.looseObject({ program: v.literal("tslira run") }), json)) return true;
  // Version 0.2 and before wrote no name into it; nobody's configuration has these.
  const earlier = { format: v.literal(1), plan: v.looseObject({}), observations: v.array(v.unknown()) };
  return v.is(v.looseObject({ ...earlier, starts: v.array(v.unknown()), output: v.string() }), json);
}
