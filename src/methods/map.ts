import { checkChoice } from "../choice.js";
import { exponential } from "../data/random/exponential.js";
import { randomStream } from "../data/random/random.js";
import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { Inquiry } from "../inquiry.js";
import type { ForwardModel } from "../model/forward-model.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import { type FluxPrior, priorName } from "../priors/flux-prior.js";
import { minimiseAdam } from "./adam.js";
import {
  checkAborted,
  checkCount,
  endedByCaller,
  finishEstimate,
  type IterationOptions,
  startingFlux,
} from "./estimate.js";
import { estimateDiagonal, estimateInverseDiagonal, hessianProduct } from "./hessian.js";
import { minimiseLbfgs } from "./lbfgs.js";
import {
  type Parametrisation,
  type PosteriorFunction,
  type PosteriorPart,
  type PosteriorQuestion,
  positiveMap,
  posteriorFunction,
} from "./positive-flux.js";
import { richardsonLucy } from "./richardson-lucy.js";
import { valueNoise } from "./value-noise.js";

/** Errors of a mode from the curvature of the posterior there. */
export interface CurvatureErrors {
  /**
   * `"diagonal"`: one over the root of the diagonal of the Hessian, the spread of a pixel when all others are held;
   * `"inverse"`: the root of the diagonal of the inverse Hessian, the spread whatever the others do.
   */
  readonly errors: "diagonal" | "inverse";
  /** Random vectors of the estimate; default 30. Its relative error is about sqrt(2 / probes). */
  readonly probes?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** Options of `maximumAPosteriori`. */
export interface MapOptions extends IterationOptions {
  /** Most iterations; default 1,000. */
  readonly iterations?: number;
  /**
   * Relative change of the objective below which it ends, three times in a row; default 1e-7, which leaves the objective within
   * about 0.1 of its minimum.
   */
  readonly tolerance?: number;
  /**
   * Flux as the square of a number (default for densities of the flux), as its exponential (default for densities of its
   * logarithm), or as its softplus. With the last two a pixel that once came too near to 0 hardly leaves it again, as its
   * gradient vanishes with the flux, so that the end need not be the maximum.
   */
  readonly parametrisation?: Parametrisation;
  /** `"lbfgs"` (default), or `"adam"` for priors with random shifts. */
  readonly optimizer?: "lbfgs" | "adam";
  /** Step length of Adam, in units of the parametrisation; default 0.05. */
  readonly learningRate?: number;
  /** Density whose mode is wanted: of the flux, or of its logarithm; default what the prior asks for. */
  readonly measure?: "flux" | "log-flux";
  /** Errors from the curvature; default none. */
  readonly curvature?: CurvatureErrors;
}

/** In what the questions of a search are answered: with `"single"` what rounding does to the values is measured before it begins. */
export type Precision = "double" | "single";

/** One of several images that add up to the sky, each with a prior of its own. */
export interface SkyComponent {
  /** For results; default "component 1" and so on. */
  readonly name?: string;
  readonly prior: FluxPrior;
  /** As for `MapOptions`; default what the prior asks for. */
  readonly measure?: "flux" | "log-flux";
  /** As for `MapOptions`. */
  readonly parametrisation?: Parametrisation;
  /** Flux to start from `[ny, nx]` of the sky, > 0; default an equal part of a few iterations of Richardson-Lucy. */
  readonly start?: SkyImage;
}

/**
 * The most probable image: the maximum of likelihood times prior over fluxes > 0.
 *
 * The mode depends on the coordinates: that of the density of the flux is not that of ln flux, see `measure`.
 *
 * @param prior any with a gradient; its own parameters, if it has any, are fitted too
 * @param precision of the answers to what it asks for
 * @throws InvalidInputError when an option breaks its rule or the prior cannot judge images of this shape
 * @throws NumericsError when a prior gives a density or a gradient that is not finite
 * @throws AbortedError when `signal` fires
 */
export function* maximumAPosteriori(
  model: ForwardModel,
  prior: FluxPrior,
  options: MapOptions = {},
  precision: Precision = "double",
): Inquiry<PosteriorQuestion, PointEstimate> {
  const { components: _only, ...estimate } = yield* climb(model, [{ prior }], options, precision);
  return estimate;
}

/**
 * The most probable sum of images, for example of points and a diffuse one: each has a prior of its own, and the data see
 * their sum. What the data cannot tell apart the priors decide: priors that are alike leave the division to the start.
 *
 * @param components at least two
 * @param precision as for `maximumAPosteriori`
 * @returns the sum as `flux`, and the images as `components`
 * @throws InvalidInputError when an option breaks its rule or a prior cannot judge images of this shape
 * @throws NumericsError when a prior gives a density or a gradient that is not finite
 * @throws AbortedError when `signal` fires
 */
export function* maximumOfComponents(
  model: ForwardModel,
  components: readonly SkyComponent[],
  options: Omit<MapOptions, "measure" | "parametrisation" | "curvature"> = {},
  precision: Precision = "double",
): Inquiry<PosteriorQuestion, PointEstimate> {
  if (!Array.isArray(components) || components.length < 2) {
    throw new InvalidInputError(
      `map: components must be two or more, each with its prior, got ${Array.isArray(components) ? components.length : typeof components}; ` +
        "give a single prior as prior",
    );
  }
  if ("curvature" in options && options.curvature !== undefined) {
    throw new InvalidInputError(
      "map: curvature must be left out with components, whose sum has no curvature of its own, got one; use bootstrap",
    );
  }
  return yield* climb(model, components, options, precision);
}

function* climb(
  model: ForwardModel,
  components: readonly SkyComponent[],
  options: MapOptions,
  precision: Precision,
): Inquiry<PosteriorQuestion, PointEstimate> {
  const started = performance.now();
  const { iterations = 1_000, tolerance = 1e-7, optimizer = "lbfgs" } = options;
  const { learningRate = 0.05, curvature, onIteration, signal } = options;
  checkCount("map", "iterations", iterations, 1);
  for (const { prior, measure = options.measure ?? prior?.measure ?? "flux" } of components) {
    checkMapOptions(prior, { optimizer, measure, learningRate });
    prior.checkShape?.(model.shape);
  }
  checkAborted("map", signal);
  const { start, level } = firstFlux("map", model, options.start);
  const share = 1 / components.length;
  const posterior = posteriorFunction(
    model,
    components.map((component): PosteriorPart => {
      const { prior, measure = options.measure ?? prior.measure ?? "flux" } = component;
      const fallback = options.parametrisation ?? (measure === "log-flux" ? "log" : "square");
      const { parametrisation = fallback } = component;
      return {
        prior,
        measure,
        map: positiveMap(parametrisation, level * share),
        start:
          component.start === undefined
            ? start.map((value) => value * share)
            : startingFlux("map", model, component.start),
      };
    }),
  );
  let ended = false;
  const minimiser = {
    iterations,
    tolerance,
    onIteration(iteration: number, at: Float64Array, value: number) {
      checkAborted("map", signal);
      if (onIteration === undefined) return;
      ended = onIteration({ iteration, objective: 2 * value, flux: posterior.flux(at) }) === false;
      return !ended;
    },
  };
  // Adam looks at means of many values.
  const noise =
    precision === "single" && optimizer === "lbfgs" ? yield* valueNoise(posterior.ask, posterior.start) : 0;
  const found =
    optimizer === "lbfgs"
      ? yield* minimiseLbfgs(posterior.ask, posterior.start, { ...minimiser, noise })
      : yield* minimiseAdam(posterior.ask, posterior.start, learningRate, minimiser);
  const parts = posterior.parts(found.at);
  const parameters = parts.flatMap((part) => [...(part.parameters ?? [])]);
  const complete = found.converged || !ended;
  const std =
    curvature === undefined || !complete ? undefined : curvatureErrors(posterior, found.at, curvature);
  return finishEstimate(model, {
    method: "map",
    flux: posterior.flux(found.at),
    started,
    iterations: found.iterations,
    objective: found.values.map((value) => 2 * value),
    converged: found.converged,
    complete,
    stopped: found.converged
      ? `the objective changed by less than ${noise > tolerance * Math.max(1, Math.abs(found.value)) ? "rounding changes it" : `${tolerance} of itself`}`
      : complete
        ? `the limit of ${iterations} iterations was reached before it converged`
        : endedByCaller(found.iterations),
    logPrior: parts.reduce((sum, { logPrior }) => sum + logPrior, 0),
    ...(parameters.length === 0 ? {} : { priorParameters: parameters.map(exponential) }),
    components: parts.map(({ flux, logPrior }, index) => ({
      name: components[index].name ?? `component ${index + 1}`,
      prior: priorName(components[index].prior),
      flux: { data: flux, shape: model.shape },
      logPrior,
    })),
    ...(std === undefined ? {} : { std: { data: std, shape: model.shape } }),
  });
}

/** Least flux of the start, in parts of the mean one. */
const FAINT = 0.03;
const START_ITERATIONS = 10;

/** The flux to start from, > 0 everywhere, and its typical level: the caller's, or a few iterations of Richardson-Lucy. */
export function firstFlux(
  method: string,
  model: ForwardModel,
  given?: SkyImage,
): { readonly start: Float64Array; readonly level: number } {
  const start = startingFlux(method, model, given);
  const seen = start.filter((value) => value > 0);
  const level = seen.reduce((sum, value) => sum + value / seen.length, 0);
  if (given === undefined) {
    const { flux } = richardsonLucy(model, { iterations: START_ITERATIONS });
    for (let index = 0; index < start.length; index++) {
      if (start[index] > 0) start[index] = Math.max(flux.data[index], FAINT * level);
    }
  }
  // Pixels that nobody sees have a flux too, as far as the prior says.
  return { start: start.map((value) => (value > 0 ? value : level)), level };
}

function checkMapOptions(
  prior: FluxPrior,
  { optimizer, measure, learningRate }: { optimizer: string; measure: string; learningRate: number },
): void {
  if (typeof prior?.logDensity !== "function" || typeof prior.gradient !== "function") {
    throw new InvalidInputError(
      "map: prior must be an object with the functions logDensity and gradient; see FluxPrior and examples/own-prior.ts",
    );
  }
  checkChoice("map: optimizer", optimizer, ["lbfgs", "adam"]);
  if (optimizer === "lbfgs" && prior.at !== undefined) {
    throw new InvalidInputError(
      `map: a prior with random shifts (${priorName(prior)}) must be used with the optimizer "adam", got "lbfgs"; ` +
        'or choose cycleSpin "average" or "none"',
    );
  }
  checkChoice("map: measure", measure, ["flux", "log-flux"]);
  if (!(learningRate > 0)) {
    throw new InvalidInputError(`map: learningRate must be > 0, got ${learningRate}; 0.05 is a good choice`);
  }
}

/** Standard deviations of the flux; NaN where the posterior is not curved downwards. */
function curvatureErrors(
  posterior: PosteriorFunction,
  at: Float64Array,
  { errors, probes = 30, seed = 0 }: CurvatureErrors,
): Float64Array {
  checkCount("map", "curvature.probes", probes, 1);
  checkChoice("map: curvature.errors", errors, ["diagonal", "inverse"]);
  const random = randomStream(seed);
  const product = hessianProduct((point) => {
    const gradient = new Float64Array(point.length);
    posterior.evaluate(point, gradient);
    return gradient;
  }, at);
  const diagonal = estimateDiagonal(product, at.length, probes, random);
  const slopes = posterior.slopes(at);
  if (errors === "diagonal") return slopes.map((slope, index) => slope / Math.sqrt(diagonal[index]));
  const typical = diagonal.reduce((sum, value) => sum + Math.max(value, 0), 0) / diagonal.length;
  const safe = diagonal.map((value) => Math.max(value, 1e-3 * typical));
  const variances = estimateInverseDiagonal(product, safe, probes, random);
  return slopes.map((slope, index) => slope * Math.sqrt(variances[index]));
}
