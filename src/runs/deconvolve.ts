import { observationList } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { openGpu } from "../gpu.js";
import type { SkyImage } from "../image.js";
import { answeredHere, type Inquiry } from "../inquiry.js";
import { type BootstrapOptions, parametricBootstrap } from "../methods/bootstrap.js";
import { emMultiscale } from "../methods/em-multiscale.js";
import type { IterationReport } from "../methods/estimate.js";
import { gradientDescent } from "../methods/gradient-descent.js";
import { maximumAPosteriori, maximumOfComponents, type Precision } from "../methods/map.js";
import type { PosteriorQuestion } from "../methods/positive-flux.js";
import { type HeldOutStrength, mapOfHeldOutStrength } from "../methods/prior-strength.js";
import { richardsonLucy } from "../methods/richardson-lucy.js";
import type { ForwardModel } from "../model/forward-model.js";
import { frameImage, frameOf, type SkyGrid, startOnSky } from "../model/sky-grid.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import type { GibbsConfig, LiraResult, NutsConfig, OwnConfig, PosteriorResult } from "../posterior/result.js";
import { type FluxPrior, priorName, scaledPrior } from "../priors/flux-prior.js";
import { settingOf } from "../settings/by-method.js";
import { isSampler, METHODS, type Method } from "../settings/methods.js";
import { checkValue } from "../settings/value.js";
import type {
  DeconvolveOptions,
  DeviceChoice,
  GibbsMethod,
  LiraMethod,
  NutsMethod,
  OwnMethod,
  PointMethod,
} from "./deconvolve-options.js";
import { usualMargin } from "./lira-options.js";
import { checkOptionNames, RUN_NAMES } from "./option-names.js";
import { type ChainRunOptions, placedModel } from "./prepare-run.js";
import { runChains } from "./run-chains.js";

/**
 * Deconvolve by any of the methods: change one word to compare them.
 *
 * ```ts
 * const lucy = await deconvolve(data, { method: "richardson-lucy", stop: { rule: "held-out" } });
 * const smooth = await deconvolve(data, { method: "map", prior: totalVariationPrior({ strength: 1, smoothing: 0.1 }) });
 * const posterior = await deconvolve(data, { method: "lira", iterations: 5_000, seed: 1 });
 * const another = await deconvolve(data, { method: "nuts", prior: gammaPrior({ shape: 0.5, rate: 0.1 }), seed: 1 });
 * ```
 *
 * `"lira"`, the default, `"nuts"` and `"gibbs"` sample a posterior and return a `PosteriorResult`; the others return a
 * `PointEstimate`. A prior that needs
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
  options: NutsMethod,
): Promise<PosteriorResult<NutsConfig>>;
export async function deconvolve(
  observations: Observation | readonly Observation[],
  options: GibbsMethod,
): Promise<PosteriorResult<GibbsConfig>>;
export async function deconvolve(
  observations: Observation | readonly Observation[],
  options: OwnMethod,
): Promise<PosteriorResult<OwnConfig>>;
export async function deconvolve(
  observations: Observation | readonly Observation[],
  options: DeconvolveOptions,
): Promise<PosteriorResult | PointEstimate>;
export async function deconvolve(
  observations: Observation | readonly Observation[],
  options: DeconvolveOptions = {},
): Promise<PosteriorResult | PointEstimate> {
  checkCombination(options);
  const list = observationList(observations);
  if (isSampled(options)) return runChains(list, options, options);
  const { margin = usualMargin(options.method) } = options;
  const { model, warnings } = placedModel(list, { ...options, margin });
  const laid = onSky(options, model.grid);
  const image = isOnGpu(laid) ? await estimateOnGpu(laid, model) : estimator(laid, model)(model);
  const found = warnings.length === 0 ? image : { ...image, warnings: [...image.warnings, ...warnings] };
  if (laid.bootstrap === undefined || !found.complete) return inFrame(found, model.grid);
  const bootstrap = typeof laid.bootstrap === "number" ? { replicates: laid.bootstrap } : laid.bootstrap;
  const { onIteration: _first, ...silent } = laid;
  return inFrame(parametricBootstrap(model, found, estimator(silent, model), bootstrap), model.grid);
}

/** Options whose images of the frame are of the whole sky, and that hand out images of the frame. */
function onSky(options: PointMethod, grid: SkyGrid): PointMethod {
  if (grid.margin === 0) return options;
  const { start, onIteration } = options;
  const laid = (image: SkyImage) => startOnSky(image, grid, `${options.method}: start`);
  return {
    ...options,
    ...(start && { start: laid(start) }),
    ...(onIteration && {
      onIteration: (report: IterationReport) => onIteration({ ...report, flux: frameOf(report.flux, grid) }),
    }),
    ...("components" in options && {
      components: options.components.map((one) => ({ ...one, ...(one.start && { start: laid(one.start) }) })),
    }),
  } as PointMethod;
}

/** An estimate whose images are of the frame, with the whole sky beside them where it is larger. */
function inFrame(estimate: PointEstimate, grid: SkyGrid): PointEstimate {
  if (grid.margin === 0) return estimate;
  const { flux, std, interval, components } = estimate;
  const cut = (image: SkyImage) => frameImage(image, grid);
  return {
    ...estimate,
    flux: cut(flux),
    sky: flux,
    ...(std && { std: cut(std) }),
    ...(interval && { interval: [cut(interval[0]), cut(interval[1])] as const }),
    ...(components && { components: components.map((one) => ({ ...one, flux: cut(one.flux) })) }),
  };
}

/** Whether a method samples a posterior by chains. */
export function isSampled<Sampled extends ChainRunOptions>(
  options: Sampled | PointMethod,
): options is Sampled {
  const { method = "lira" } = options;
  return method === "lira" || method === "gibbs" || method === "nuts" || method === "own";
}

type MapMethod = Extract<PointMethod, { readonly method: "map" }>;
type GpuMethod = Extract<PointMethod, DeviceChoice>;

function isOnGpu(options: PointMethod): options is GpuMethod {
  return "device" in options && options.device === "gpu";
}

async function estimateOnGpu(options: GpuMethod, model: ForwardModel): Promise<PointEstimate> {
  const gpu = await openGpu();
  try {
    // Shaders are fetched when they are wanted.
    if (options.method === "map") {
      const { mapOnGpu } = await import("../methods/gpu-map.js");
      return await mapOnGpu(gpu, mapInquiry(options, model)(model, "single"));
    }
    const { richardsonLucyOnGpu } = await import("../methods/gpu-richardson-lucy.js");
    return await richardsonLucyOnGpu(gpu, model, options);
  } finally {
    gpu.close();
  }
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
      const inquiry = mapInquiry(options, model);
      return (one) => answeredHere(inquiry(one));
    }
  }
}

/** What `map` does, for whoever answers its questions. */
function mapInquiry(
  options: MapMethod,
  model: ForwardModel,
): (model: ForwardModel, precision?: Precision) => Inquiry<PosteriorQuestion, PointEstimate> {
  if ("components" in options && options.components !== undefined) {
    const components = options.components.map((one) => ({
      ...one,
      prior: typeof one.prior === "function" ? one.prior(model) : one.prior,
    }));
    return (one, precision) => maximumOfComponents(one, components, options, precision);
  }
  if (!("prior" in options)) throw new InvalidInputError(NO_PRIOR);
  const prior = typeof options.prior === "function" ? options.prior(model) : options.prior;
  const { strength = 1 } = options;
  if (typeof strength === "number") {
    const scaled = strength === 1 ? prior : scaledPrior(prior, strength);
    return (one, precision) => maximumAPosteriori(one, scaled, options, precision);
  }
  const rule: HeldOutStrength = typeof strength === "string" ? { rule: strength as "held-out" } : strength;
  return (one, precision) => mapOfHeldOutStrength(one, prior, rule, options, precision);
}

const NO_PRIOR = 'deconvolve: the method "map" must be given a prior or components, got none; add one';

/** Refuse options that the method does not have. @throws InvalidInputError with what to do in their place */
export function checkCombination(options: { readonly method?: Method | "own" | undefined }): void {
  if (typeof options !== "object" || options === null) {
    throw new InvalidInputError(
      `deconvolve: options must be an object, got ${String(options)}; leave them out for the usual ones`,
    );
  }
  const { method = "lira" } = options;
  if (method === "own") {
    checkOptionNames("deconvolve", method, options, RUN_NAMES);
    return;
  }
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
  const takesPrior = method === "map" || method === "nuts" || method === "gibbs";
  if (given.prior !== undefined && !takesPrior) {
    refuse(
      "prior",
      method === "lira"
        ? 'its prior is the multiscale one; for draws under another choose the method "nuts", for one image "map"'
        : method === "em-multiscale"
          ? 'its prior is the multiscale one; for another choose the method "map"'
          : 'it maximises the likelihood alone; choose the method "map"',
    );
  }
  if (given.components !== undefined) {
    if (method !== "map") refuse("components", 'only "map" fits a sum of images; choose it');
    if (given.prior !== undefined) refuse("prior", "each of the components has its own");
    for (const option of ["measure", "parametrisation"]) {
      if (given[option] !== undefined) refuse(option, "give it with each component");
    }
  }
  if (given.prior === undefined && takesPrior && given.components === undefined) {
    throw new InvalidInputError(
      `deconvolve: the method "${method}" must be given a prior, got none; for example exponentialPrior({ rate: 1 }), or ` +
        `choose ${method === "map" ? '"richardson-lucy" for none' : '"lira" for the multiscale one'}`,
    );
  }
  if (method === "lira" || method === "gibbs") {
    for (const option of ["psfPixels", "backgroundScale"]) {
      if (given[option] !== undefined) {
        refuse(
          option,
          `the sampler has the psf in the pixels of the counts and scales that begin at 1; choose ${method === "lira" ? '"em-multiscale" or "map"' : '"nuts"'}`,
        );
      }
    }
  }
  if (method === "lira" || method === "gibbs" || method === "nuts") {
    if (given.bootstrap !== undefined) refuse("bootstrap", "its draws are the errors");
  }
  if (method === "nuts" && given.fluxInit !== undefined) {
    refuse("fluxInit", "give start, one image on the pixels of the sky");
  }
  if (method === "nuts" || method === "gibbs") {
    for (const option of ["alphaInit", "fitAlpha", "cycleSpin", "totalCountsPrior", "smoothingPrior"]) {
      if (given[option] !== undefined) {
        refuse(
          option,
          `it belongs to the multiscale prior of "lira"${method === "nuts" ? "; multiscalePrior takes alpha and fitAlpha" : ""}`,
        );
      }
    }
  }
  checkDevice(given, method, refuse);
  if (given.strength !== undefined && method !== "map") {
    refuse("strength", 'it is a factor of the prior of "map"');
  }
  if (given.strength !== undefined && given.components !== undefined) {
    refuse("strength", "scale the prior of each component");
  }
  if (given.stop !== undefined && method !== "richardson-lucy") {
    refuse(
      "stop",
      'it is for "richardson-lucy"; other methods end by their tolerance or after their iterations',
    );
  }
  checkOptionNames("deconvolve", method, options, isSampler(method) ? RUN_NAMES : []);
}

const LIST = new Intl.ListFormat("en-GB");

/** Refuse a device that there is not, and what the GPU does not do for methods of one image. */
function checkDevice(
  { device, bootstrap }: Readonly<Record<string, unknown>>,
  method: Method,
  refuse: (option: string, remedy: string) => void,
): void {
  if (device === undefined) return;
  const setting = settingOf("device", method);
  if (!setting.methods.includes(method)) {
    refuse("device", `the GPU has ${LIST.format(setting.methods.map((one) => `"${one}"`))} alone`);
  }
  checkValue(setting, device, "deconvolve");
  if (method !== "lira" && device === "gpu" && bootstrap !== undefined) {
    const got = (bootstrap as BootstrapOptions | null)?.replicates ?? JSON.stringify(bootstrap);
    throw new InvalidInputError(
      `deconvolve: bootstrap must be left out with device "gpu", got ${got}; leave it out or choose device "cpu"`,
      { fields: { bootstrap: got } },
    );
  }
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null && "logDensity" in value)
    return priorName(value as FluxPrior);
  return typeof value === "function" ? "a function" : JSON.stringify(value);
}
