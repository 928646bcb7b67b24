/** Flags of `tslira deconvolve --method`, and what goes with what. */

import {
  type HeldOutStrength,
  InvalidInputError,
  type Method,
  type PointMethod,
  type StoppingRule,
} from "../node.js";
import type { DeconvolveSettings } from "./deconvolve-config.js";
import type { DeconvolveFlags } from "./deconvolve-options.js";
import { parsePrior } from "./prior-text.js";

/** Flags that only methods of one image have. */
const METHOD_FLAGS = [
  "prior",
  "strength",
  "stop",
  "accelerate",
  "bootstrap",
  "upsampling",
  "margin",
] as const;

/** Refuse flags that the sampler would ignore. */
export function checkMethodFlags(flags: DeconvolveFlags): void {
  for (const flag of METHOD_FLAGS) {
    if (flags[flag] === undefined) continue;
    throw new InvalidInputError(
      `deconvolve: --${flag} must come with another method than lira, got ${String(flags[flag])}; ` +
        (flag === "prior" || flag === "strength"
          ? "add --method map"
          : "add --method richardson-lucy, map or em-multiscale"),
    );
  }
}

/** Flags that only the sampler has. */
const SAMPLER_FLAGS = [
  ...["burnIn", "until", "maxIterations", "chains", "pairTransfers", "backgroundScalePrior"],
  ...["traceEvery", "traceKeep", "checkpoint", "checkpointEvery", "workers"],
] as const;

/** Refuse flags that methods of one image would ignore. */
export function checkNoSamplerFlags(method: Method, flags: DeconvolveFlags): void {
  const given = flags as Readonly<Record<string, unknown>>;
  for (const flag of SAMPLER_FLAGS) {
    if (given[flag] === undefined) continue;
    const name = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new InvalidInputError(
      `deconvolve: --${name} must come with the method lira, got --method ${method}; leave it out`,
    );
  }
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
  method: Exclude<Method, "lira">,
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
    upsampling: flags.upsampling,
    margin: flags.margin,
  });
  const prior = flags.prior === undefined ? undefined : await parsePrior(flags.prior);
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
