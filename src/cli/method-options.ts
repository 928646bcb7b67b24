/** Flags of `tslira deconvolve --method`, and what goes with what. */

import { readFile } from "node:fs/promises";
import {
  decodePatchMixture,
  type FluxPrior,
  type ForwardModel,
  type HeldOutStrength,
  InvalidInputError,
  type Method,
  type PointMethod,
  parsePrior,
  type ReadPatches,
  type StoppingRule,
} from "../node.js";
import type { DeconvolveSettings } from "./deconvolve-config.js";
import type { DeconvolveFlags } from "./deconvolve-options.js";
import { flagName } from "./option-values.js";

/** Methods of one image. */
export type PointMethodName = PointMethod["method"];

/** Flags that only some methods have, and which. */
const METHOD_FLAGS: Readonly<Record<string, readonly Method[]>> = {
  prior: ["map", "nuts", "gibbs"],
  strength: ["map"],
  stop: ["richardson-lucy"],
  accelerate: ["richardson-lucy"],
  bootstrap: ["richardson-lucy", "gradient-descent", "map", "em-multiscale"],
  targetAcceptance: ["nuts"],
  maxDepth: ["nuts"],
  burnIn: ["lira", "nuts", "gibbs"],
  chains: ["lira", "nuts", "gibbs"],
  backgroundScalePrior: ["lira", "nuts", "gibbs"],
  traceEvery: ["lira", "nuts", "gibbs"],
  traceKeep: ["lira", "nuts", "gibbs"],
  until: ["lira", "nuts", "gibbs"],
  maxIterations: ["lira", "nuts", "gibbs"],
  pairTransfers: ["lira", "gibbs"],
  checkpoint: ["lira", "nuts", "gibbs"],
  checkpointEvery: ["lira", "nuts", "gibbs"],
  workers: ["lira", "nuts", "gibbs"],
  preset: ["lira"],
  alphaInit: ["lira", "em-multiscale"],
  fixedAlpha: ["lira", "em-multiscale"],
  cycleSpin: ["lira", "em-multiscale"],
  totalCountsPrior: ["lira", "em-multiscale"],
  smoothingPrior: ["lira", "em-multiscale"],
};

/** Flags of models of one image that it has long ignored without harm, or refuses by itself with a better reason. */
const LENIENT: ReadonlySet<string> = new Set([
  ...["alphaInit", "fixedAlpha", "cycleSpin", "totalCountsPrior", "smoothingPrior"],
  ...["prior", "strength", "stop", "accelerate"],
]);

/** Refuse flags that the method would ignore. */
export function checkMethodFlags(method: Method, flags: DeconvolveFlags): void {
  const given = flags as Readonly<Record<string, unknown>>;
  const samples = method === "lira" || method === "nuts" || method === "gibbs";
  for (const [flag, methods] of Object.entries(METHOD_FLAGS)) {
    if (given[flag] === undefined || methods.includes(method)) continue;
    if (!samples && LENIENT.has(flag)) continue;
    const name = flagName(flag);
    const others = methods.join(", ").replace(/, ([^,]*)$/, " or $1");
    throw new InvalidInputError(
      method === "lira"
        ? `deconvolve: ${name} must come with another method than lira, got ${String(given[flag])}; add --method ${others}`
        : `deconvolve: ${name} must come with the method ${others}, got --method ${method}; leave it out`,
    );
  }
}

/** Patches of a file. */
const readPatches: ReadPatches = async (file) => {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidInputError(
      `prior: patches must come from a file that can be read, got ${cause.code} of ${file}; check the path`,
      { cause },
    );
  });
  return decodePatchMixture(bytes, { name: file });
};

/** Files that `--prior` names. */
export function priorFiles({ prior = "" }: DeconvolveFlags): string[] {
  return [...prior.matchAll(/[:,]file=([^,+]*)/g)].map(([, file]) => file);
}

/** The prior of `--prior`. @throws InvalidInputError without */
export async function requiredPrior(
  method: "nuts" | "gibbs",
  { prior }: Pick<DeconvolveFlags, "prior">,
): Promise<(model: ForwardModel) => FluxPrior> {
  if (prior !== undefined) return parsePrior(prior, readPatches);
  throw new InvalidInputError(
    `deconvolve: --method ${method} must come with --prior, got none; for example --prior exponential:rate=1`,
  );
}

/** `tolerance=1e-3`, `held-out`, `held-out=0.3`, `discrepancy` or `discrepancy=0.9`. */
function parseStop(text: string, seed: number | undefined): StoppingRule {
  const [rule, value] = text.split("=");
  const number = value === undefined ? undefined : Number(value);
  if (number === undefined || !Number.isNaN(number)) {
    if (rule === "tolerance" && number !== undefined) return { rule, tolerance: number };
    if (rule === "held-out") {
      return {
        rule,
        ...(number === undefined ? {} : { fraction: number }),
        ...(seed === undefined ? {} : { seed }),
      };
    }
    if (rule === "discrepancy") return number === undefined ? { rule } : { rule, factor: number };
  }
  throw new InvalidInputError(
    `deconvolve: --stop must be tolerance=1e-3, held-out or discrepancy, got ${text}; choose one`,
  );
}

/** A number or `held-out`. */
function parseStrength(text: string, seed: number | undefined): number | HeldOutStrength {
  if (text === "held-out") return { rule: "held-out", ...(seed === undefined ? {} : { seed }) };
  const number = Number(text);
  if (number > 0 && number < Number.POSITIVE_INFINITY) return number;
  throw new InvalidInputError(
    `deconvolve: --strength must be a number > 0 or held-out, got ${text}; choose one`,
  );
}

/** Options of `deconvolve` from the flags. */
export async function pointMethod(
  method: PointMethodName,
  { options }: DeconvolveSettings,
  flags: DeconvolveFlags,
): Promise<PointMethod> {
  const { iterations, boundary, alphaInit, fitAlpha, cycleSpin, seed, smoothingPrior, totalCountsPrior } =
    options;
  const given = <T extends Record<string, unknown>>(values: T) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
      [Key in keyof T]?: NonNullable<T[Key]>;
    };
  const bootstrap =
    flags.bootstrap === undefined ? undefined : { replicates: flags.bootstrap, seed: seed ?? 0 };
  const common = given({
    iterations,
    boundary,
    bootstrap,
    upsampling: options.upsampling,
    margin: options.margin,
  });
  const prior = flags.prior === undefined ? undefined : await parsePrior(flags.prior, readPatches);
  const stop = flags.stop === undefined ? undefined : parseStop(flags.stop, seed);
  const strength = flags.strength === undefined ? undefined : parseStrength(flags.strength, seed);
  // What does not go with the method is refused by `deconvolve`, which says why.
  const strict = given({ prior, stop, strength });
  switch (method) {
    case "richardson-lucy":
      return {
        ...common,
        ...strict,
        ...(flags.accelerate ? { acceleration: "biggs-andrews" as const } : {}),
        ...(options.fitBackgroundScale ? { fitBackgroundScale: true } : {}),
        method,
      };
    case "gradient-descent":
      return { ...common, ...strict, method };
    case "map":
      return { ...common, ...strict, method } as PointMethod;
    case "em-multiscale":
      return {
        ...common,
        ...strict,
        ...given({ alphaInit, cycleSpin, seed, smoothingPrior, totalCountsPrior }),
        fitAlpha: fitAlpha ?? true,
        method,
        // Spins that only the sampler knows are refused by the method, which says which it has.
      } as PointMethod;
  }
}
