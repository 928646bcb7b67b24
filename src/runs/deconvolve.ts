import { checkObservations } from "../data/check-observation.js";
import type { Observation } from "../data/observation.js";
import { pointingOffsets } from "../data/pointing-offsets.js";
import { InvalidInputError } from "../errors.js";
import { type BootstrapOptions, parametricBootstrap } from "../methods/bootstrap.js";
import { type EmMultiscaleOptions, emMultiscale } from "../methods/em-multiscale.js";
import { type GradientDescentOptions, gradientDescent } from "../methods/gradient-descent.js";
import { type MapOptions, maximumAPosteriori } from "../methods/map.js";
import { type HeldOutStrength, mapOfHeldOutStrength } from "../methods/prior-strength.js";
import { type RichardsonLucyOptions, richardsonLucy } from "../methods/richardson-lucy.js";
import { alignObservations } from "../model/align-observations.js";
import { createForwardModel, type ForwardModel, type ForwardModelOptions } from "../model/forward-model.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import type { LiraResult } from "../posterior/result.js";
import { type FluxPrior, priorName, scaledPrior } from "../priors/flux-prior.js";
import { LiraDeconvolver, type RunOptions } from "./lira-deconvolver.js";
import type { LiraDeconvolverOptions } from "./lira-options.js";

/** How several observations lie on one sky, for all methods. */
export interface PointingOptions {
  /**
   * Where pixel (0, 0) of each observation lies on the sky, in detector pixels, parts of a pixel allowed; or `"wcs"`: found from
   * the sky coordinates (`pointingOffsets`), those of the first being the sky. Default (0, 0) for all.
   */
  readonly offsets?: NonNullable<ForwardModelOptions["offsets"]> | "wcs";
}

/** Options of the model that all methods of point estimates share. */
export type ModelOptions = Pick<
  ForwardModelOptions,
  "boundary" | "upsampling" | "margin" | "psfPixels" | "backgroundScale"
> &
  PointingOptions;

/** What methods of point estimates have in common. */
export interface PointMethodOptions extends ModelOptions {
  /** Errors by parametric bootstrap: how many replicates, or its options; default none. */
  readonly bootstrap?: number | BootstrapOptions;
}

/** A prior, or how to make one for a model. */
export type PriorChoice = FluxPrior | ((model: ForwardModel) => FluxPrior);

/** Methods that return a `PointEstimate`, with their options. */
export type PointMethod =
  | ({ readonly method: "richardson-lucy" } & RichardsonLucyOptions & PointMethodOptions)
  | ({ readonly method: "gradient-descent" } & GradientDescentOptions & PointMethodOptions)
  | ({
      readonly method: "map";
      readonly prior: PriorChoice;
      /**
       * Factor of the prior's log density: a number > 0 (default 1), or `"held-out"`, chosen by photons held out; see
       * `HeldOutStrength`.
       */
      readonly strength?: number | "held-out" | HeldOutStrength;
    } & MapOptions &
      PointMethodOptions)
  | ({ readonly method: "em-multiscale" } & EmMultiscaleOptions & PointMethodOptions);

/** The Gibbs sampler, with its options; the default. */
export type LiraMethod = { readonly method?: "lira" } & LiraDeconvolverOptions & RunOptions & PointingOptions;

/** How to deconvolve: one of the methods, with its options. */
export type DeconvolveOptions = PointMethod | LiraMethod;

/** The words for the methods. */
export const METHODS = ["lira", "richardson-lucy", "gradient-descent", "map", "em-multiscale"] as const;

/** One of the methods of `deconvolve`. */
export type Method = (typeof METHODS)[number];

/**
 * Deconvolve by any of the methods: change one word to compare them.
 *
 * ```ts
 * const lucy = await deconvolve(data, { method: "richardson-lucy", stop: { rule: "held-out" } });
 * const smooth = await deconvolve(data, { method: "map", prior: totalVariationPrior({ strength: 1, smoothing: 0.1 }) });
 * const posterior = await deconvolve(data, { method: "lira", iterations: 5_000, seed: 1 });
 * ```
 *
 * `"lira"`, the default, samples a posterior and returns a `LiraResult`; the others return a `PointEstimate`. A prior that needs
 * to know the model, such as the multiscale prior with its reference exposure, may be given as a function of it.
 *
 * @param observations one, or several of the same sky
 * @throws InvalidInputError when data or options break a rule, or do not go together
 * @throws AbortedError when `signal` fires
 */
export async function deconvolve(
  observations: Observation | readonly Observation[],
  options?: LiraMethod,
): Promise<LiraResult>;
export async function deconvolve(
  observations: Observation | readonly Observation[],
  options: PointMethod,
): Promise<PointEstimate>;
export async function deconvolve(
  observations: Observation | readonly Observation[],
  options: DeconvolveOptions = {},
): Promise<LiraResult | PointEstimate> {
  checkCombination(options);
  if (isLira(options)) return lira(observations, options);
  const model = createForwardModel(observations, modelOptions(options, observations));
  const estimate = estimator(options, model);
  const found = estimate(model);
  if (options.bootstrap === undefined || !found.complete) return found;
  const bootstrap =
    typeof options.bootstrap === "number" ? { replicates: options.bootstrap } : options.bootstrap;
  const { onIteration: _first, ...silent } = options;
  return parametricBootstrap(model, found, estimator(silent, model), bootstrap);
}

function isLira(options: DeconvolveOptions): options is LiraMethod {
  return options.method === undefined || options.method === "lira";
}

/** The sampler, on observations that are brought onto one sky first. */
async function lira(
  observations: Observation | readonly Observation[],
  { offsets, ...options }: LiraMethod,
): Promise<LiraResult> {
  const deconvolver = new LiraDeconvolver(options);
  if (offsets === undefined) return deconvolver.run(observations, options);
  const { boundary = "spill", onWarning, ...rest } = options;
  const list = "counts" in observations ? [observations] : observations;
  // Warnings are about what was given: a displaced psf is off its centre on purpose.
  for (const warning of checkObservations(list, { boundary }).warnings) onWarning?.(warning);
  return deconvolver.run(alignObservations(list, findOffsets(list, offsets), { boundary }), rest);
}

function findOffsets(
  observations: Observation | readonly Observation[],
  offsets: NonNullable<PointingOptions["offsets"]>,
): NonNullable<ForwardModelOptions["offsets"]> {
  if (offsets !== "wcs") return offsets;
  return "counts" in observations ? [{ x: 0, y: 0 }] : pointingOffsets(observations).offsets;
}

/** What of the options shapes the model. */
export function modelOptions(
  { boundary, upsampling, margin, psfPixels, offsets, backgroundScale }: ModelOptions,
  observations: Observation | readonly Observation[],
): ForwardModelOptions {
  const given = {
    ...{ boundary, upsampling, margin, psfPixels, backgroundScale },
    offsets: offsets === undefined ? undefined : findOffsets(observations, offsets),
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as ForwardModelOptions;
}

function estimator(options: PointMethod, model: ForwardModel): (model: ForwardModel) => PointEstimate {
  switch (options.method) {
    case "richardson-lucy":
      return (one) => richardsonLucy(one, options);
    case "gradient-descent":
      return (one) => gradientDescent(one, options);
    case "em-multiscale":
      return (one) => emMultiscale(one, options);
    case "map": {
      const prior = typeof options.prior === "function" ? options.prior(model) : options.prior;
      const { strength = 1 } = options;
      if (typeof strength === "number") {
        const scaled = strength === 1 ? prior : scaledPrior(prior, strength);
        return (one) => maximumAPosteriori(one, scaled, options);
      }
      const rule: HeldOutStrength =
        typeof strength === "string" ? { rule: strength as "held-out" } : strength;
      return (one) => mapOfHeldOutStrength(one, prior, rule, options);
    }
  }
}

/** Options that only some methods have, and what to do in their place. */
function checkCombination(options: DeconvolveOptions): void {
  const { method = "lira" } = options;
  if (!METHODS.includes(method)) {
    throw new InvalidInputError(
      `deconvolve: method must be one of ${METHODS.join(", ")}, got ${JSON.stringify(method)}; choose one`,
      { fields: { method } },
    );
  }
  const given = options as Readonly<Record<string, unknown>>;
  const refuse = (option: string, remedy: string) => {
    throw new InvalidInputError(
      `deconvolve: ${option} must be left out with the method "${method}", got ${describe(given[option])}; ${remedy}`,
      { fields: { method, option } },
    );
  };
  if (given.prior !== undefined && method !== "map") {
    refuse(
      "prior",
      method === "lira" || method === "em-multiscale"
        ? 'its prior is the multiscale one; for another choose the method "map"'
        : 'it maximises the likelihood alone; choose the method "map"',
    );
  }
  if (given.prior === undefined && method === "map") {
    throw new InvalidInputError(
      'deconvolve: the method "map" must be given a prior, got none; for example exponentialPrior({ rate: 1 }), or ' +
        'choose "richardson-lucy" for none',
    );
  }
  if (method === "lira") {
    for (const option of ["upsampling", "margin", "psfPixels", "backgroundScale"]) {
      if (given[option] !== undefined)
        refuse(option, 'the sampler works on the pixels of the counts; choose "em-multiscale" or "map"');
    }
    if (given.bootstrap !== undefined) refuse("bootstrap", "its draws are the errors");
  }
  if (given.strength !== undefined && method !== "map") {
    refuse("strength", 'it is a factor of the prior of "map"');
  }
  if (given.stop !== undefined && method !== "richardson-lucy") {
    refuse("stop", 'it is for "richardson-lucy"; other methods end by their tolerance');
  }
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null && "logDensity" in value)
    return priorName(value as FluxPrior);
  return typeof value === "function" ? "a function" : JSON.stringify(value);
}
