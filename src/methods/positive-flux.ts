import { exponential, naturalLog } from "../data/exponential.js";
import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { ForwardModel } from "../model/forward-model.js";
import type { FluxPrior } from "../priors/flux-prior.js";

/** How fluxes > 0 are written as numbers of any sign. */
export type Parametrisation = "square" | "log" | "softplus";

/** A map from numbers of any sign to fluxes > 0, pixel by pixel. */
export interface PositiveMap {
  /** flux of a number. */
  readonly flux: (number: number) => number;
  /** d flux / d number, given both. */
  readonly slope: (number: number, flux: number) => number;
  /** The number of a flux. */
  readonly number: (flux: number) => number;
}

/** Numbers beyond this would overflow when a step is too long. */
const HIGHEST = 300;

/**
 * The map of a parametrisation: `flux = number^2`, `flux = exp(number)`, or `flux = unit ln(1 + exp(number))`, which is linear far above the unit.
 *
 * @param unit flux at which softplus bends, > 0
 */
export function positiveMap(parametrisation: Parametrisation, unit: number): PositiveMap {
  if (parametrisation === "log") {
    return {
      flux: (number) => exponential(Math.min(number, HIGHEST)),
      slope: (_number, flux) => flux,
      number: naturalLog,
    };
  }
  if (parametrisation === "square") {
    return { flux: (number) => number * number, slope: (number) => 2 * number, number: Math.sqrt };
  }
  if (parametrisation !== "softplus") {
    throw new InvalidInputError(
      `map: parametrisation must be "square", "log" or "softplus", got ${JSON.stringify(parametrisation)}`,
    );
  }
  return {
    flux: (number) =>
      unit *
      (number > 36 ? number : number < -36 ? exponential(number) : naturalLog(1 + exponential(number))),
    slope: (number) => unit / (1 + exponential(-number)),
    number(flux) {
      const x = flux / unit;
      if (x > 36) return x;
      // ln(e^x - 1); for tiny x the difference is x itself.
      return x < 1e-8 ? naturalLog(x) : naturalLog(exponential(x) - 1);
    },
  };
}

/** Minus the log posterior of an image as a function of numbers of any sign. */
export interface PosteriorFunction {
  /** Numbers: one a pixel, then the prior's own parameters. */
  readonly start: Float64Array;
  /** Value and gradient; `iteration` picks the part of a prior that is an average over shifts. */
  readonly evaluate: (at: Float64Array, gradient: Float64Array, iteration?: number) => number;
  readonly flux: (at: Float64Array) => Float64Array;
  readonly parameters: (at: Float64Array) => Float64Array | undefined;
  /** d flux / d number of every pixel. */
  readonly slopes: (at: Float64Array) => Float64Array;
}

/**
 * Half the Cash statistic minus the log prior, as a function of numbers of any sign.
 *
 * @param measure whose density: that of the flux, or of its logarithm, which has one more factor flux a pixel
 * @param startFlux fluxes > 0
 */
export function posteriorFunction(
  model: ForwardModel,
  prior: FluxPrior,
  map: PositiveMap,
  measure: "flux" | "log-flux",
  startFlux: Float64Array,
): PosteriorFunction {
  const pixels = startFlux.length;
  const { shape } = model;
  const own = prior.parameters?.(shape);
  const start = new Float64Array(pixels + (own?.length ?? 0));
  for (let index = 0; index < pixels; index++) start[index] = map.number(startFlux[index]);
  if (own !== undefined) start.set(own, pixels);
  const flux = new Float64Array(pixels);
  const image: SkyImage = { data: flux, shape };
  const priorGradient = new Float64Array(pixels);
  const ownGradient = own?.slice();
  const parameters = (at: Float64Array) => (own === undefined ? undefined : at.slice(pixels));
  return {
    start,
    evaluate(at, gradient, iteration) {
      for (let index = 0; index < pixels; index++) flux[index] = map.flux(at[index]);
      const cash = model.cashGradient(flux, gradient.subarray(0, pixels));
      const used = (iteration === undefined ? undefined : prior.at?.(iteration)) ?? prior;
      const theirs = parameters(at);
      let value = 0.5 * cash - used.logDensity(image, theirs);
      used.gradient(image, priorGradient, theirs, ownGradient);
      for (let index = 0; index < pixels; index++) {
        let slope = 0.5 * gradient[index] - priorGradient[index];
        if (measure === "log-flux") {
          value -= naturalLog(flux[index]);
          slope -= 1 / flux[index];
        }
        gradient[index] = slope * map.slope(at[index], flux[index]);
      }
      if (ownGradient !== undefined) {
        for (let index = 0; index < ownGradient.length; index++)
          gradient[pixels + index] = -ownGradient[index];
      }
      return value;
    },
    flux: (at) => at.slice(0, pixels).map(map.flux),
    parameters,
    slopes: (at) => at.slice(0, pixels).map((number) => map.slope(number, map.flux(number))),
  };
}
