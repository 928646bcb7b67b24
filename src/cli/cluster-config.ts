/** Jobs of `tslira cluster` from a JSON file. */

import { basename, dirname, join } from "node:path";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { createChainsJob, createReplicatesJob, createTilesJob } from "../jobs/create-job-node.js";
import { createObservationsJob, type SurveyEntry } from "../jobs/create-survey-job-node.js";
import type { SlurmSettings } from "../jobs/job.js";
import type { Job } from "../jobs/job-folder-node.js";
import { parseJson } from "../parse-json.js";
import { type Circle, circularRegion } from "../posterior/region.js";
import { SAMPLERS } from "../settings/methods.js";
import type { SettingValues } from "../settings/setting.js";
import { foreignSetting } from "../settings/settle.js";
import type { SignificanceSettings } from "../significance/plan.js";
import {
  number,
  path,
  pick,
  type Reader,
  readConfigText,
  readJsonFile,
  readKeys,
  text,
  wrong,
} from "./config-reader.js";
import {
  type DeconvolveSettings,
  type GivenOptions,
  mergeSettings,
  OBSERVATION_KEYS,
  type Offsets,
  OPTION_KEYS,
  offsets,
  type PartialSettings,
} from "./deconvolve-config.js";
import { requiredPrior } from "./method-options.js";
import { placeObservations } from "./place-observations.js";
import { readTogether } from "./read-together.js";
import { type SamplerName, samplerOptions } from "./sampler-settings.js";
import { MEASURE_KEYS, TEST_KEYS } from "./significance-config.js";

/** How the tasks of a job are run. */
export const EXECUTORS = ["local", "slurm", "shell"] as const;
export type Executor = (typeof EXECUTORS)[number];

/** What a job file says. */
export interface JobDescription {
  readonly kind: string;
  readonly folder: string;
  readonly output?: string;
  readonly name?: string;
  readonly executor?: Executor;
  readonly slurm?: SlurmSettings;
  readonly tile?: readonly [number, number];
  readonly settings: PartialSettings;
  /** For replicates. */
  readonly significance: SignificanceSettings;
  readonly circles?: readonly Circle[];
  readonly thresholds?: readonly number[];
  /** Entries of a survey. */
  readonly survey: readonly Record<string, unknown>[];
}

function oneOf(choices: readonly string[]): Reader {
  return (value, where) => {
    if (typeof value !== "string" || !choices.includes(value)) {
      throw wrong(where, choices.map((choice) => JSON.stringify(choice)).join(" or "), value);
    }
    return value;
  };
}

const texts: Reader = (value, where) => {
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string"))
    throw wrong(where, "a list of texts", value);
  return value;
};

const SLURM_KEYS: Readonly<Record<keyof SlurmSettings, Reader>> = {
  partition: text,
  time: text,
  memory: text,
  cpusPerTask: number,
  throttle: number,
  bundle: number,
  arraySize: number,
  lines: texts,
  setup: texts,
  scratch: text,
  program: texts,
};

const KINDS = ["chains", "observations", "tiles", "replicates"];
/** Kinds that any sampler runs, and whose observations may lie displaced on the sky. */
const MOVABLE: readonly string[] = ["chains", "replicates"];

/** What an entry of a survey may say. */
const ENTRY_KEYS: Readonly<Record<string, Reader>> = { ...OBSERVATION_KEYS, ...OPTION_KEYS };

const JOB_KEYS: Readonly<Record<string, Reader>> = {
  kind: oneOf(KINDS),
  folder: path,
  // Relative to the job's folder, or absolute: it moves with the job.
  output: text,
  executor: oneOf(EXECUTORS),
  // Settings, or a file that holds them: a cluster has the same for all jobs.
  slurm: (value, where, folder) =>
    typeof value === "string" ? path(value, where, folder) : readKeys(value, SLURM_KEYS, where, folder),
  tile: (value, where) => {
    const sides: unknown[] = Array.isArray(value) ? value : [value, value];
    if (sides.length !== 2 || !sides.every((side) => typeof side === "number")) {
      throw wrong(where, "a number of pixels, or [rows, columns]", value);
    }
    return sides;
  },
  ...MEASURE_KEYS,
  offsets,
  // A list of objects, or a file with one in each line.
  observations: (value, where, folder) => {
    if (typeof value === "string") return path(value, where, folder);
    if (!Array.isArray(value))
      throw wrong(where, "a list of observations, or a file with one in each line", value);
    return value.map((one, index) => readKeys(one, ENTRY_KEYS, `${where}[${index}]`, folder));
  },
};

/** Observations of a file with one object of JSON in each line. */
async function readLines(file: string): Promise<Record<string, unknown>[]> {
  const lines = (await readConfigText(file)).split("\n").map((line) => line.trim());
  return lines.flatMap((line, index) => {
    if (line === "") return [];
    const where = `${file}: line ${index + 1}`;
    return [readKeys(parseJson(line, where, "correct the line"), ENTRY_KEYS, where, dirname(file))];
  });
}

/** Settings of Slurm from a file. @throws InvalidInputError for unknown keys */
export async function readSlurmFile(file: string): Promise<SlurmSettings> {
  return readKeys(await readJsonFile(file), SLURM_KEYS, file, dirname(file)) as SlurmSettings;
}

/**
 * Read a job file: the keys of a config file of `tslira deconvolve`, and `kind`, `folder`, `output`, `executor`, `slurm`, and for
 * tiles `tile` and `margin`. File names are relative to the folder of the job file.
 *
 * @throws InvalidInputError when it cannot be read, has an unknown key or a value of the wrong type
 */
export async function readJobFile(file: string): Promise<JobDescription> {
  const keys = { ...ENTRY_KEYS, ...JOB_KEYS, ...TEST_KEYS };
  const values = readKeys(await readJsonFile(file), keys, file, dirname(file));
  const { kind, folder, slurm, observations, ...rest } = values as {
    kind?: string;
    folder?: string;
    slurm?: SlurmSettings | string;
    observations?: Record<string, unknown>[] | string;
  };
  if (kind === undefined)
    throw wrong(`${file}: kind`, KINDS.map((one) => `"${one}"`).join(" or "), undefined);
  const list = typeof observations === "string" ? await readLines(observations) : observations;
  const isSurvey = kind === "observations";
  const common = pick(values, OBSERVATION_KEYS);
  return {
    ...(pick(rest, { ...JOB_KEYS, name: text }) as Pick<
      JobDescription,
      "output" | "name" | "executor" | "tile" | "circles" | "thresholds"
    >),
    kind,
    folder: folder ?? join(dirname(file), `${basename(file).replace(/\.json$/, "")}.job`),
    ...(slurm === undefined ? {} : { slurm: typeof slurm === "string" ? await readSlurmFile(slurm) : slurm }),
    settings: {
      common,
      options: pick(values, OPTION_KEYS),
      ...given({ offsets: values.offsets as Offsets | undefined }),
      ...(list === undefined || isSurvey
        ? {}
        : { observations: list as PartialSettings["observations"] & object }),
    },
    significance: pick(values, TEST_KEYS) as SignificanceSettings,
    survey: isSurvey ? (list ?? [{}]) : [],
  };
}

/**
 * The sampler of a job's tasks.
 *
 * @param known samplers of this kind of job
 * @throws InvalidInputError for another method, and for settings that it would not heed
 */
function checkSampler(options: GivenOptions, known: readonly SamplerName[]): SamplerName {
  const { method: name = "lira" } = options;
  const method = known.find((one) => one === name);
  if (method === undefined) {
    throw wrong("method", `${known.join(", ")}, the samplers of this kind of job`, name);
  }
  const foreign = foreignSetting(method, options as SettingValues);
  if (foreign === undefined) return method;
  throw new InvalidInputError(
    `cluster: ${foreign.key} must come with the method ${foreign.methods.join(", ")}, got it with ${method}; leave it out`,
    { fields: { method, setting: foreign.key } },
  );
}

function merged({ settings }: JobDescription): DeconvolveSettings {
  return mergeSettings({ common: {}, options: {} }, settings);
}

/**
 * Make the job that a job file describes.
 *
 * @param command for the provenance of results
 * @param warn told of what is legal but probably not meant
 */
export async function createJob(
  description: JobDescription,
  command: string,
  warn: (warning: string) => void,
): Promise<Job> {
  const { kind, folder, output, name, slurm, tile, settings, survey } = description;
  const shared = {
    command,
    onWarning: warn,
    ...given({ output, name, slurm }),
  };
  const { options } = settings;
  const method = checkSampler(options, MOVABLE.includes(kind) ? SAMPLERS : ["lira"]);
  if (settings.offsets !== undefined && !MOVABLE.includes(kind)) {
    throw wrong("offsets", `left out but for ${MOVABLE.join(" and ")}`, settings.offsets);
  }
  if (kind === "observations") {
    const entry = async (index: number): Promise<SurveyEntry> => {
      const own: GivenOptions = pick(survey[index], OPTION_KEYS);
      checkSampler(own, ["lira"]);
      const common = { ...settings.common, ...pick(survey[index], OBSERVATION_KEYS) };
      const {
        inputs: sources,
        notes,
        ...files
      } = await readTogether(merged({ ...description, settings: { common, options: {} } }).observations);
      for (const note of notes) warn(note);
      const found = files.observations[0].name ?? `observation-${index + 1}`;
      return {
        name: found.replace(/[^\w.+-]+/g, "-"),
        ...files,
        sources,
        ...(Object.keys(own).length === 0 ? {} : { options: own }),
      };
    };
    return createObservationsJob(folder, { count: survey.length, entry }, options, shared);
  }
  const together = merged(description);
  const { observations: asRead, inputs: sources, notes, unit } = await readTogether(together.observations);
  for (const note of notes) warn(note);
  const prior = method === "lira" ? undefined : await requiredPrior(method, options);
  const { observations, warnings, expected } = placeObservations(
    asRead,
    together,
    kind === "chains" ? method : undefined,
  );
  for (const warning of warnings) warn(warning);
  const onWarning = (warning: string) => [...warnings, ...expected].includes(warning) || warn(warning);
  const origin = { sources, onWarning, ...given({ unit }) };
  if (kind === "replicates") {
    const { shape } = observations[0].counts;
    const { circles = [], thresholds, significance } = description;
    const regions = circles.map((one) => circularRegion(one, shape));
    const { prior: _text, ...own } = options;
    const both = { ...own, ...given({ prior }), ...significance } as SignificanceSettings;
    return createReplicatesJob(folder, observations, regions, both, {
      ...shared,
      ...origin,
      ...given({ thresholds }),
    });
  }
  if (kind === "chains") {
    const run = samplerOptions(together, method, prior);
    return createChainsJob(folder, observations, run, { ...shared, ...origin });
  }
  // Of tiles the margin is what they share with their neighbours.
  const { margin, ...others } = options;
  return createTilesJob(folder, observations, others, {
    ...shared,
    ...origin,
    ...given({ tile }),
    ...(margin === undefined || margin === "auto" ? {} : { margin }),
  });
}
