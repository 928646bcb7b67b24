/** What `tslira deconvolve --method` takes: what goes with what, and priors. */

import { InvalidInputError } from "../errors.js";
import { readBytes } from "../io/fits-file-node.js";
import { decodePatchMixture } from "../io/patch-mixture-file.js";
import type { ForwardModel } from "../model/forward-model.js";
import type { FluxPrior } from "../priors/flux-prior.js";
import type { PointMethod } from "../runs/deconvolve-options.js";
import { parsePrior, type ReadPatches } from "../runs/prior-text.js";
import { libraryOptions } from "../settings/library-options.js";
import { SETTINGS } from "../settings/list.js";
import type { Method } from "../settings/methods.js";
import { isSampler, SAMPLERS } from "../settings/methods.js";
import { flagOf, givenValue, type SettingValues } from "../settings/setting.js";
import type { GivenOptions } from "./deconvolve-config.js";
import type { DeconvolveFlags } from "./deconvolve-options.js";
import { flagName } from "./option-values.js";

/** Methods of one image. */
export type PointMethodName = PointMethod["method"];

/** Flags of runs that are kept while they go, or have threads. */
const RUN_FLAGS = ["checkpoint", "checkpointEvery", "workers"] as const;

/** Settings that methods of one image refuse by themselves with a better reason. */
const REFUSED_LATER: ReadonlySet<string> = new Set(["prior", "strength", "stop"]);

/** Refuse settings and flags that the method would ignore. */
export function checkMethodSettings(method: Method, options: GivenOptions, flags: DeconvolveFlags): void {
  const values = options as SettingValues;
  const given = [
    ...SETTINGS.filter(({ key }) => isSampler(method) || !REFUSED_LATER.has(key)).map(
      (setting) => [flagOf(setting), setting.methods, givenValue(setting, values)] as const,
    ),
    ...RUN_FLAGS.map((flag) => [flagName(flag), SAMPLERS as readonly Method[], flags[flag]] as const),
  ];
  const foreign = given.find(([, methods, value]) => value !== undefined && !methods.includes(method));
  if (foreign === undefined) return;
  const [name, methods, value] = foreign;
  const others = methods.join(", ").replace(/, ([^,]*)$/, " or $1");
  throw new InvalidInputError(
    method === "lira"
      ? `deconvolve: ${name} must come with another method than lira, got ${String(value)}; add --method ${others}`
      : `deconvolve: ${name} must come with the method ${others}, got --method ${method}; leave it out`,
  );
}

/** Patches of a file. */
const readPatches: ReadPatches = async (file) => decodePatchMixture(await readBytes(file), { name: file });

/** Files that a prior names. */
export function priorFiles({ prior = "" }: GivenOptions): string[] {
  return [...prior.matchAll(/[:,]file=([^,+]*)/g)].map(([, file]) => file);
}

/** The prior by its text. @throws InvalidInputError without */
export async function requiredPrior(
  method: Method,
  { prior }: GivenOptions,
): Promise<(model: ForwardModel) => FluxPrior> {
  if (prior !== undefined) return parsePrior(prior, readPatches);
  throw new InvalidInputError(
    `deconvolve: --method ${method} must come with --prior, got none; for example --prior exponential:rate=1`,
  );
}

/** Options of `deconvolve` for a method of one image. What does not go with it is refused by `deconvolve`, which says why. */
export async function pointMethod(method: PointMethodName, given: GivenOptions): Promise<PointMethod> {
  const { prior, ...others } = given;
  const values = others as SettingValues;
  const refused = Object.fromEntries(
    ["strength", "stop"].flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])),
  );
  return {
    ...refused,
    ...libraryOptions(method, values, "deconvolve"),
    ...(prior === undefined && method !== "map" ? {} : { prior: await requiredPrior(method, given) }),
  } as PointMethod;
}
