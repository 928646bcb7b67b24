/** Settings of `tslira deconvolve` from a JSON file and from flags; flags win. */

import { dirname } from "node:path";
import { InvalidInputError } from "../errors.js";
import { isPsfName } from "../io/named-psf.js";
import type { LiraDeconvolverOptions } from "../runs/lira-options.js";
import type { Method } from "../settings/methods.js";
import {
  flag,
  number,
  path,
  pick,
  type Reader,
  readJsonFile,
  readKeys,
  text,
  wrong,
} from "./config-reader.js";
import { cutoutFromText, planesFromText, psfCentreFromText } from "./option-values.js";
import type { NamedObservation } from "./read-together.js";
import { settingKeys } from "./setting-options.js";

/** Where several observations lie: from their headers, the same pixels, or `[x, y]` of each relative to the first. */
export type Offsets = "wcs" | "none" | readonly (readonly [x: number, y: number])[];

/** What a run needs. */
export interface DeconvolveSettings {
  readonly observations: readonly NamedObservation[];
  readonly offsets?: Offsets;
  readonly options: GivenOptions;
  /** Image of the flux where chains and iterations begin. */
  readonly start?: string;
  readonly workers?: number;
  readonly output?: string;
  readonly png?: string;
}

/** Names of one observation's files, perhaps not all yet. */
type PartialNames = { -readonly [Key in keyof NamedObservation]?: NamedObservation[Key] };

/** Values of settings as flags and config files give them. */
export interface GivenOptions extends Omit<LiraDeconvolverOptions, "fluxInit"> {
  readonly method?: Method;
  /** As `--prior` takes it. */
  readonly prior?: string;
}

/** What a config file says, or the flags. */
export interface PartialSettings extends Omit<DeconvolveSettings, "observations"> {
  /** Files and cut-outs of the only observation, or in common. */
  readonly common: PartialNames;
  readonly observations?: readonly PartialNames[];
}

const amount: Reader = (value, where): number => {
  if (typeof value !== "number") throw wrong(where, "a number such as 0.1", value);
  return value;
};

/** What a text says, as `read` understands it. */
function fromText(read: (text: string) => unknown, rule: string): Reader {
  return (value, where) => {
    const found = typeof value === "string" ? read(value) : undefined;
    if (found === undefined) throw wrong(where, rule, value);
    return found;
  };
}

const cutout = fromText(cutoutFromText, 'text like "64:192,65:193" (columns, then rows)');

/** Files of one observation. */
export const OBSERVATION_KEYS: Readonly<Record<keyof NamedObservation, Reader>> = {
  counts: path,
  psf: (value, where, folder) => {
    if (Array.isArray(value) && value.length === 0)
      throw wrong(where, "a file name, or several with their places", value);
    if (Array.isArray(value)) return value.map((one, index) => path(one, `${where} ${index}`, folder));
    return typeof value === "string" && isPsfName(value) ? value : path(value, where, folder);
  },
  exposure: path,
  background: path,
  mask: (value, where, folder) =>
    typeof value === "string" && value.startsWith("!")
      ? `!${path(value.slice(1), where, folder)}`
      : path(value, where, folder),
  backgroundUnit: text,
  cutout,
  psfCutout: cutout,
  psfCentre: fromText(psfCentreFromText, '"auto", "peak", "centroid" or text like "5.5,5.5"'),
  psfTrim: (value, where) => {
    if (value !== "none" && typeof value !== "number") throw wrong(where, 'a number or "none"', value);
    return value;
  },
  psfComponents: amount,
  psfWidthError: amount,
  pointingError: amount,
  psfLaw: text,
  planes: fromText(planesFromText, 'text like "3" or "2:5"'),
  align: text,
  invertMask: flag,
  separate: flag,
  name: text,
};

/** Settings of the run. */
export const OPTION_KEYS = settingKeys();

/** Where several observations lie. */
export const offsets: Reader = (value, where) => {
  const isPair = (one: unknown) => Array.isArray(one) && one.length === 2 && one.every(Number.isFinite);
  if (value === "wcs" || value === "none" || (Array.isArray(value) && value.every(isPair))) return value;
  throw wrong(where, '"wcs", "none" or a list of [x, y]', value);
};

const RUN_KEYS: Readonly<
  Record<"start" | "workers" | "output" | "png" | "observations" | "offsets", Reader>
> = {
  start: path,
  workers: number,
  output: path,
  png: path,
  offsets,
  observations: (value, where, folder) => {
    if (!Array.isArray(value)) throw wrong(where, "a list of observations", value);
    return value.map((one, index) => readKeys(one, OBSERVATION_KEYS, `${where}[${index}]`, folder));
  },
};

/**
 * Read a config file: JSON with the settings by their keys, those of `ObservationFileNames` (one observation) or
 * `observations` (a list of them), and `start`, `workers`, `output`, `png`. File names are relative to the folder of the config file.
 *
 * @throws InvalidInputError when it cannot be read, is not JSON, has an unknown key or a value of the wrong type
 */
export async function readConfigFile(file: string | undefined): Promise<PartialSettings> {
  return (await readConfig(file, {})).settings;
}

/** Read a config file that may have more keys. @returns their values beside the settings; nothing without a file */
export async function readConfig(
  file: string | undefined,
  more: Readonly<Record<string, Reader>>,
): Promise<{ readonly settings: PartialSettings; readonly more: object }> {
  if (file === undefined) return { settings: { common: {}, options: {} }, more: {} };
  const json = await readJsonFile(file);
  const keys = { ...OBSERVATION_KEYS, ...OPTION_KEYS, ...RUN_KEYS, ...more };
  const values = readKeys(json, keys, file, dirname(file));
  const settings = {
    common: pick(values, OBSERVATION_KEYS),
    options: pick(values, OPTION_KEYS) as GivenOptions,
    ...(pick(values, RUN_KEYS) as Omit<PartialSettings, "common" | "options">),
  };
  return { settings, more: pick(values, more) };
}

/** Files of an observation, which a flag gives for one only. */
export const FILE_KEYS = ["counts", "psf", "exposure", "background", "mask"] as const;

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
  if (list.length === 0) {
    throw new InvalidInputError(
      `${verb}: observations of the config file must be one at least, got []; add {"counts": ..., "psf": ...}, or leave the list out`,
    );
  }
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
