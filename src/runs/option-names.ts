/** Names of options: those of settings, and those that the types have beside them. A misspelled one would be ignored without a word. */

import { InvalidInputError } from "../errors.js";
import { checkNames, refuseName, unknownName } from "../known-names.js";
import type { BootstrapOptions } from "../methods/bootstrap.js";
import type { IterationOptions } from "../methods/estimate.js";
import type { CurvatureErrors, SkyComponent } from "../methods/map.js";
import type { HeldOutStrength } from "../methods/prior-strength.js";
import type { StoppingRule } from "../methods/stopping.js";
import { libraryNames } from "../settings/library-options.js";
import type { SettingName } from "../settings/list.js";
import { METHODS, type Method } from "../settings/methods.js";
import { shownValue } from "../shown-value.js";
import type {
  GibbsMethod,
  LiraMethod,
  ModelOptions,
  NutsMethod,
  OwnMethod,
  PointMethod,
} from "./deconvolve-options.js";
import type { Pointing } from "./prepare-run.js";
import type { RunOptions } from "./run-chains.js";

type KeysOf<Options> = Options extends unknown ? keyof Options : never;
/** Every key of a type: one that is missing, or too much, does not compile. */
type Names<Key extends PropertyKey> = Readonly<Record<Key, true>>;
/** Options of a method that are no settings, nor about how to run. */
type Beside<Options> = Names<Exclude<KeysOf<Options>, SettingName | keyof RunOptions>>;
/** Names of the parts of an option, by those of a type. */
function partsOf<Key extends PropertyKey>(option: string, names: Names<Key>): Readonly<Record<string, true>> {
  return Object.fromEntries(Object.keys(names).map((name) => [`${option}.${name}`, true]));
}
type OfPoint<Word extends Method> = Extract<PointMethod, { readonly method: Word }>;

const RUN: Names<keyof RunOptions> = {
  workers: true,
  batch: true,
  onProgress: true,
  onPreview: true,
  signal: true,
  pause: true,
  onNote: true,
  onWarning: true,
  command: true,
  inputs: true,
  unit: true,
  checkpoints: true,
  checkpointSeconds: true,
};
const POINTING: Names<keyof Pointing> = { offsets: true };
const MODEL: Names<Exclude<keyof ModelOptions, SettingName>> = {
  ...POINTING,
  psfPixels: true,
  backgroundScale: true,
};
const ITERATION: Names<keyof IterationOptions> = {
  ...{ onIteration: true, signal: true, start: true },
  ...partsOf<keyof BootstrapOptions>("bootstrap", { replicates: true, seed: true, onReplicate: true }),
};

const LIRA: Beside<LiraMethod> = { ...POINTING, fluxInit: true };
const GIBBS: Beside<GibbsMethod> = LIRA;
const NUTS: Beside<NutsMethod> = { ...MODEL, start: true };
const OWN: Names<Exclude<keyof OwnMethod, keyof RunOptions>> = {
  ...LIRA,
  sampler: true,
  columns: true,
  name: true,
  method: true,
  iterations: true,
  burnIn: true,
  until: true,
  maxIterations: true,
  chains: true,
  seed: true,
  boundary: true,
  trace: true,
};
const RICHARDSON_LUCY: Beside<OfPoint<"richardson-lucy">> = {
  ...MODEL,
  ...ITERATION,
  ...partsOf<KeysOf<StoppingRule>>("stop", {
    ...{ rule: true, tolerance: true, fraction: true, seed: true, patience: true, factor: true },
  }),
  acceleration: true,
};
const GRADIENT_DESCENT: Beside<OfPoint<"gradient-descent">> = {
  ...MODEL,
  ...ITERATION,
  step: true,
  tolerance: true,
};
const MAP: Beside<OfPoint<"map">> = {
  ...MODEL,
  ...ITERATION,
  components: true,
  tolerance: true,
  parametrisation: true,
  optimizer: true,
  learningRate: true,
  measure: true,
  curvature: true,
  ...partsOf<keyof CurvatureErrors>("curvature", { errors: true, probes: true, seed: true }),
  ...partsOf<keyof HeldOutStrength>("strength", { rule: true, seed: true }),
};
const COMPONENT: Names<keyof SkyComponent> = {
  name: true,
  prior: true,
  measure: true,
  parametrisation: true,
  start: true,
};
const EM_MULTISCALE: Beside<OfPoint<"em-multiscale">> = { ...MODEL, ...ITERATION, tolerance: true };

const BESIDE: Readonly<Record<Method | "own", object>> = {
  lira: LIRA,
  nuts: NUTS,
  gibbs: GIBBS,
  own: OWN,
  "richardson-lucy": RICHARDSON_LUCY,
  "gradient-descent": GRADIENT_DESCENT,
  map: MAP,
  "em-multiscale": EM_MULTISCALE,
};

/** Options of how to run, of whatever takes them. */
export const RUN_NAMES: readonly string[] = Object.keys(RUN);

/** Options of a method but how to run; parts of an option behind a point, as `trace.keep`. */
function namesOf(method: Method | "own"): readonly string[] {
  return [...(method === "own" ? [] : libraryNames(method)), ...Object.keys(BESIDE[method])];
}

const LIST = new Intl.ListFormat("en-GB");

/**
 * Refuse options that a method does not have.
 *
 * @param more names that are known besides
 * @throws InvalidInputError naming the nearest that it has, or the methods that have it
 */
export function checkOptionNames(
  where: string,
  method: Method | "own",
  options: object,
  more: readonly string[] = [],
): void {
  const known = [...namesOf(method), ...more];
  checkComponents(where, options);
  const stranger = unknownName(options, known);
  if (stranger === undefined) return;
  const others = METHODS.filter((other) => namesOf(other).includes(stranger));
  if (others.length > 0) {
    throw new InvalidInputError(
      `${where}: ${stranger} must be left out with the method "${method}", got ${shownValue(valueAt(options, stranger))}; it is ` +
        `an option of ${LIST.format(others.map((other) => `"${other}"`))}`,
      { fields: { method, option: stranger } },
    );
  }
  refuseName(where, stranger, known);
}

function checkComponents(where: string, { components }: { readonly components?: unknown }): void {
  if (!Array.isArray(components)) return;
  for (const [index, one] of components.entries()) {
    if (typeof one === "object" && one !== null)
      checkNames(`${where}: components[${index}]`, one, Object.keys(COMPONENT));
  }
}

function valueAt(options: object, name: string): unknown {
  return name.split(".").reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], options);
}
