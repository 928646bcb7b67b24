import type { BackgroundScalePrior } from "../data/law/prior-parameters.js";
import { exponential, naturalLog } from "../data/random/exponential.js";
import type { SkyImage } from "../image.js";
import type { Inquiry, Question } from "../inquiry.js";
import type { ForwardModel } from "../model/forward-model.js";
import { densityAndGradient, type FluxPrior } from "../priors/flux-prior.js";
import type { Potential } from "./nuts.js";

/**
 * Minus the log posterior of the logarithms of all fluxes, of the prior's own parameters and of the background scales.
 *
 * The flux of a pixel is `exp(q)`. Priors are densities of the flux, so the density of q has the Jacobian `d flux / d q = flux`
 * of every pixel as a factor:
 *
 *     potential(q) = C(flux) / 2 - ln prior(flux) - sum_j q_j
 *
 * with C the Cash statistic. The prior's own parameters are logarithms already, and so is their density. The scale s of a
 * background with the prior Gamma(shape, rate) adds `-shape ln s + rate s`, its Jacobian included.
 */
export interface LogFluxPosterior extends Potential<SkyQuestion> {
  readonly pixels: number;
  /** Number of the prior's own parameters, behind the pixels. */
  readonly ownParameters: number;
  /** Observations whose background scale is fitted: the last coordinates. */
  readonly scaled: readonly number[];
  /** Put the flux of a place into `out`, `pixels` numbers. */
  flux(position: Float64Array, out: Float64Array): void;
  /**
   * Log prior density of the logarithms at a place, up to a constant: what its potential holds besides the likelihood.
   */
  logPrior(position: Float64Array): number;
  /** The place of fluxes > 0, with the prior's own parameters and scales where they start. */
  place(flux: ArrayLike<number>): Float64Array;
}

/** Asks for the Cash statistic of a sky. */
export interface SkyQuestion extends Question {
  /** Flux `[ny, nx]`. */
  readonly flux: Float64Array;
  /** Scale of each observation's background. */
  readonly backgroundScale: readonly number[];
  /** `ny * nx` numbers, to be overwritten: derivative of the statistic by the flux. */
  readonly gradient: Float64Array;
  /** To be overwritten: its derivative by each scale, where scales are fitted. */
  readonly scaleGradient: number[];
}

/** Logarithms outside are left to no density: fluxes there overflow, or vanish. */
const LOWEST = -700;
const HIGHEST = 300;

/**
 * The posterior of an image in its logarithm.
 *
 * @param scalePrior prior of each background scale; undefined: they stay as they are
 */
export function logFluxPosterior(
  model: ForwardModel,
  prior: FluxPrior,
  scalePrior?: BackgroundScalePrior,
): LogFluxPosterior {
  const pixels = model.shape[0] * model.shape[1];
  const own = prior.parameters?.(model.shape);
  const ownCount = own?.length ?? 0;
  const scaled =
    scalePrior === undefined
      ? []
      : model.backgroundCounts().flatMap((counts, index) => (counts > 0 ? [index] : []));
  const size = pixels + ownCount + scaled.length;
  const firstScale = pixels + ownCount;
  const image: SkyImage = { data: new Float64Array(pixels), shape: model.shape };
  const { data } = image;
  const cashGradient = new Float64Array(pixels);
  const priorGradient = new Float64Array(pixels);
  const parameters = own?.slice();
  const parameterGradient = own?.slice();
  const scales = [...model.backgroundScale];
  const initialScales = [...model.backgroundScale];

  /** Fill flux, parameters and scales; false outside the range of doubles. */
  const unpack = (position: Float64Array): boolean => {
    for (let i = 0; i < size; i++) if (!(position[i] > LOWEST && position[i] < HIGHEST)) return false;
    for (let j = 0; j < pixels; j++) data[j] = exponential(position[j]);
    if (parameters !== undefined) {
      for (let i = 0; i < ownCount; i++) parameters[i] = position[pixels + i];
    }
    for (let i = 0; i < scaled.length; i++) scales[scaled[i]] = exponential(position[firstScale + i]);
    return true;
  };
  const logScalePrior = (position: Float64Array): number => {
    let sum = 0;
    if (scalePrior === undefined) return sum;
    for (let i = 0; i < scaled.length; i++) {
      sum += scalePrior.shape * position[firstScale + i] - scalePrior.rate * scales[scaled[i]];
    }
    return sum;
  };

  const scaleGradient = scales.map(() => 0);
  const question: SkyQuestion = {
    ...{ flux: data, backgroundScale: scales, gradient: cashGradient, scaleGradient },
    here() {
      if (scaled.length === 0) return model.cashGradient(data, cashGradient);
      model.setBackgroundScale(scales);
      const cash = model.cashGradient(data, cashGradient);
      scaleGradient.splice(0, scales.length, ...model.scaleGradient());
      return cash;
    },
  };

  function* ask(position: Float64Array, gradient: Float64Array): Inquiry<SkyQuestion, number> {
    if (!unpack(position)) return Number.POSITIVE_INFINITY;
    const cash = yield question;
    const log = densityAndGradient(prior, image, priorGradient, parameters, parameterGradient);
    let value = 0.5 * cash - log - logScalePrior(position);
    for (let j = 0; j < pixels; j++) {
      value -= position[j];
      gradient[j] = data[j] * (0.5 * cashGradient[j] - priorGradient[j]) - 1;
    }
    if (parameterGradient !== undefined) {
      for (let i = 0; i < ownCount; i++) gradient[pixels + i] = -parameterGradient[i];
    }
    if (scalePrior !== undefined) {
      for (let i = 0; i < scaled.length; i++) {
        const scale = scales[scaled[i]];
        const slope = 0.5 * scaleGradient[scaled[i]] + scalePrior.rate;
        gradient[firstScale + i] = scale * slope - scalePrior.shape;
      }
    }
    return value;
  }

  return {
    size,
    pixels,
    ownParameters: ownCount,
    scaled,
    ask,
    flux(position, out) {
      for (let j = 0; j < pixels; j++) out[j] = exponential(position[j]);
    },
    logPrior(position) {
      if (!unpack(position)) return Number.NEGATIVE_INFINITY;
      let sum = prior.logDensity(image, parameters) + logScalePrior(position);
      for (let j = 0; j < pixels; j++) sum += position[j];
      return sum;
    },
    place(flux) {
      const position = new Float64Array(size);
      for (let j = 0; j < pixels; j++) position[j] = naturalLog(flux[j]);
      if (own !== undefined) position.set(own, pixels);
      for (let i = 0; i < scaled.length; i++) {
        position[firstScale + i] = naturalLog(Math.max(initialScales[scaled[i]], 1e-6));
      }
      return position;
    },
  };
}
