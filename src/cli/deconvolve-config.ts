/** Settings of `tslira deconvolve` from a JSON file and from flags; flags win. */

import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { nearestWord } from "../nearest-word.js";
import { type Cutout, InvalidInputError, isPsfName, type LiraDeconvolverOptions } from "../node.js";
import { parseJson } from "../parse-json.js";
import { shownValue } from "../shown-value.js";
import { cutoutFromText, planesFromText, psfCentreFromText } from "./option-values.js";
import type { NamedObservation } from "./read-together.js";

/** Where several observations lie: from their headers, the same pixels, or `[x, y]` of each relative to the first. */
export type Offsets = "wcs" | "none" | readonly (readonly [x: number, y: number])[];

/** What a run needs. */
export interface DeconvolveSettings {
  readonly observations: readonly NamedObservation[];
  readonly offsets?: Offsets;
  readonly options: LiraDeconvolverOptions;
  readonly workers?: number;
  readonly output?: string;
  readonly png?: string;
}

/** Names of one observation's files, perhaps not all yet. */
type PartialNames = { -readonly [Key in keyof NamedObservation]?: NamedObservation[Key] };
type Options = { -readonly [Key in keyof LiraDeconvolverOptions]: LiraDeconvolverOptions[Key] };

/** What a config file says, or the flags. */
export interface PartialSettings {
  /** Files and cut-outs of the only observation, or in common. */
  readonly common: PartialNames;
  readonly observations?: readonly PartialNames[];
  readonly offsets?: Offsets;
  readonly options: Options;
  readonly workers?: number;
  readonly output?: string;
  readonly png?: string;
}

/** Turns a JSON value into a setting. @throws InvalidInputError that begins with `where` */
export type Reader = (value: unknown, where: string, folder: string) => unknown;

/** A value that breaks a rule. */
export function wrong(where: string, rule: string, value: unknown): InvalidInputError {
  return new InvalidInputError(
    `${where} must be ${rule}, got ${shownValue(value)}; correct the config file`,
    {
      fields: { value },
    },
  );
}

function ofType(type: "string" | "boolean" | "number", rule: string): Reader {
  return (value, where) => {
    if (typeof value !== type) throw wrong(where, rule, value);
    return value;
  };
}

/** Readers of single values. */
export const text = ofType("string", "text");
export const flag = ofType("boolean", "true or false");
export const number = ofType("number", "a number");

/** A path, relative to the folder of the config file. */
export const path: Reader = (value, where, folder) => {
  if (typeof value !== "string") throw wrong(where, "a file name", value);
  return isAbsolute(value) || folder === "." ? value : join(folder, value);
};

const cutout: Reader = (value, where): Cutout => {
  const found = typeof value === "string" ? cutoutFromText(value) : undefined;
  if (found === undefined) throw wrong(where, 'text like "64:192,65:193" (columns, then rows)', value);
  return found;
};

export const numberOrList: Reader = (value, where) => {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((one) => typeof one === "number"))
    throw wrong(where, "a number or a list of numbers", value);
  return value;
};

const numberOrAuto: Reader = (value, where) => {
  if (typeof value !== "number" && value !== "auto") throw wrong(where, 'a number or "auto"', value);
  return value;
};

/** An object of numbers with exactly these keys, or some of them. */
export function numbers(keys: readonly string[], all: boolean): Reader {
  const readers = Object.fromEntries(keys.map((key) => [key, number]));
  return (value, where, folder) => {
    const found = readKeys(value, readers, where, folder);
    const missing = all ? keys.find((key) => !(key in found)) : undefined;
    if (missing !== undefined) throw wrong(`${where}.${missing}`, "a number", undefined);
    return found;
  };
}

/** Files of one observation. */
export const OBSERVATION_KEYS: Readonly<Record<keyof NamedObservation, Reader>> = {
  counts: path,
  psf: (value, where, folder) =>
    typeof value === "string" && isPsfName(value) ? value : path(value, where, folder),
  exposure: path,
  background: path,
  mask: (value, where, folder) =>
    typeof value === "string" && value.startsWith("!")
      ? `!${path(value.slice(1), where, folder)}`
      : path(value, where, folder),
  backgroundUnit: text,
  cutout,
  psfCutout: cutout,
  psfCentre: (value, where) => {
    const found = typeof value === "string" ? psfCentreFromText(value) : undefined;
    if (found === undefined) throw wrong(where, '"auto", "peak", "centroid" or text like "5.5,5.5"', value);
    return found;
  },
  planes: (value, where) => {
    const found = typeof value === "string" ? planesFromText(value) : undefined;
    if (found === undefined) throw wrong(where, 'text like "3" or "2:5"', value);
    return found;
  },
  align: text,
  invertMask: flag,
  separate: flag,
  name: text,
};

/** States and transitions of the adaptive prior; `planRun` checks the numbers. */
const adaptivePrior: Reader = (value, where) => {
  const { alphas, transitions, ...others } = (value ?? {}) as Record<string, unknown>;
  const isRow = (row: unknown) => Array.isArray(row) && row.every((one) => typeof one === "number");
  const isAlphas =
    Array.isArray(alphas) && alphas.every((alpha) => typeof alpha === "number" || isRow(alpha));
  const isMatrix = Array.isArray(transitions) && transitions.every(isRow);
  if (isAlphas && isMatrix && Object.keys(others).length === 0) return value;
  throw wrong(where, '{"alphas": [...], "transitions": [[...], ...]}', value);
};

/** Settings of the sampler. */
export const OPTION_KEYS: Readonly<Record<Exclude<keyof LiraDeconvolverOptions, "fluxInit">, Reader>> = {
  preset: text,
  adaptivePrior,
  upsampling: number,
  margin: numberOrAuto,
  alphaInit: numberOrList,
  fitAlpha: flag,
  iterations: number,
  burnIn: numberOrAuto,
  until: text,
  maxIterations: number,
  chains: number,
  seed: number,
  boundary: text,
  cycleSpin: text,
  pairTransfers: number,
  fitBackgroundScale: flag,
  totalCountsPrior: numbers(["shape", "rate"], true),
  smoothingPrior: numbers(["power", "rate", "exponent"], true),
  backgroundScalePrior: numbers(["shape", "rate"], true),
  trace: numbers(["every", "keep"], false),
};

/** Where several observations lie. */
export const offsets: Reader = (value, where) => {
  const isPair = (one: unknown) => Array.isArray(one) && one.length === 2 && one.every(Number.isFinite);
  if (value === "wcs" || value === "none" || (Array.isArray(value) && value.every(isPair))) return value;
  throw wrong(where, '"wcs", "none" or a list of [x, y]', value);
};

const RUN_KEYS: Readonly<Record<"workers" | "output" | "png" | "observations" | "offsets", Reader>> = {
  workers: number,
  output: path,
  png: path,
  offsets,
  observations: (value, where, folder) => {
    if (!Array.isArray(value)) throw wrong(where, "a list of observations", value);
    return value.map((one, index) => readKeys(one, OBSERVATION_KEYS, `${where}[${index}]`, folder));
  },
};

/** Read the known keys of an object. @throws InvalidInputError for any other key, naming the nearest */
export function readKeys(
  value: unknown,
  readers: Readonly<Record<string, Reader>>,
  where: string,
  folder: string,
): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(where, "an object {...}", value);
  const found: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (!Object.hasOwn(readers, key)) {
      const known = Object.keys(readers);
      throw new InvalidInputError(
        `${where}: key must be a known one, got ${JSON.stringify(key)}; did you mean "${nearestWord(key, known)}"?`,
        { fields: { key, known } },
      );
    }
    found[key] = readers[key](inner, `${where}: ${key}`, folder);
  }
  return found;
}

/** The entries of an object that are among these keys. */
export function pick(
  from: Readonly<Record<string, unknown>>,
  keys: Readonly<Record<string, unknown>>,
): object {
  return Object.fromEntries(Object.entries(from).filter(([key]) => Object.hasOwn(keys, key)));
}

/**
 * Read a config file: JSON with the keys of `LiraDeconvolverOptions`, of `ObservationFileNames` (one observation) or
 * `observations` (a list of them), and `workers`, `output`, `png`. File names are relative to the folder of the config file.
 *
 * @throws InvalidInputError when it cannot be read, is not JSON, has an unknown key or a value of the wrong type
 */
export async function readConfigFile(file: string): Promise<PartialSettings> {
  return (await readConfig(file, {})).settings;
}

/** Read a config file that may have more keys. @returns their values beside the settings */
export async function readConfig(
  file: string,
  more: Readonly<Record<string, Reader>>,
): Promise<{ readonly settings: PartialSettings; readonly more: object }> {
  const json = await readJsonFile(file);
  const keys = { ...OBSERVATION_KEYS, ...OPTION_KEYS, ...RUN_KEYS, ...more };
  const values = readKeys(json, keys, file, dirname(file));
  const settings = {
    common: pick(values, OBSERVATION_KEYS),
    options: pick(values, OPTION_KEYS) as Options,
    ...(pick(values, RUN_KEYS) as Omit<PartialSettings, "common" | "options">),
  };
  return { settings, more: pick(values, more) };
}

/** Read a text file that says what to do. @throws InvalidInputError when it cannot be read */
export async function readConfigText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new InvalidInputError(`${file}: config file must be readable, got ${code}; check the path`, {
      cause,
    });
  }
}

/** Read a file of JSON. @throws InvalidInputError when it cannot be read @throws FormatError when it is not JSON */
export async function readJsonFile(file: string): Promise<unknown> {
  return parseJson(await readConfigText(file), file, "correct the config file");
}

/** Files that a flag gives for one observation only. */
const FILE_KEYS = ["counts", "psf", "exposure", "background", "mask"] as const;

/**
 * Join flags and config file.
 *
 * @param verb the command, for messages
 * @throws InvalidInputError when counts or psf are missing, or a flag names a file while the config has several observations
 */
export function mergeSettings(
  flags: PartialSettings,
  config: PartialSettings,
  verb = "deconvolve",
): DeconvolveSettings {
  const { trace: flagTrace, ...flagOptions } = flags.options;
  const trace = { ...config.options.trace, ...flagTrace };
  const list = config.observations ?? [{}];
  const clash = list.length > 1 ? FILE_KEYS.find((key) => flags.common[key] !== undefined) : undefined;
  if (clash !== undefined) {
    throw new InvalidInputError(
      `${verb}: ${clash} must be given with each observation, got one on the command line for ${list.length} in the ` +
        "config file; put it there",
    );
  }
  const observations = list.map((one, index): NamedObservation => {
    const names: PartialNames = { ...config.common, ...one, ...flags.common };
    const { counts, psf } = names;
    const where = list.length > 1 ? `${verb}: observation ${index + 1}` : verb;
    if (counts === undefined) {
      throw new InvalidInputError(
        `${where}: counts must be given, got none; name a file: tslira ${verb} counts.fits --psf psf.fits`,
      );
    }
    if (psf === undefined) {
      throw new InvalidInputError(
        `${where}: psf must be given, got none; add --psf psf.fits, or --psf gaussian:fwhm=2.5`,
      );
    }
    return { ...names, counts, psf };
  });
  const run = { ...pick(config as never, RUN_KEYS), ...pick(flags as never, RUN_KEYS) };
  return {
    ...run,
    observations,
    options: {
      ...config.options,
      ...flagOptions,
      ...(Object.keys(trace).length === 0 ? {} : { trace }),
    },
  };
}
