import { checkChoice } from "../choice.js";
import { exponential, naturalLog } from "../data/random/exponential.js";
import { NumericsError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { answeredHere, type Inquiry, type Question } from "../inquiry.js";
import type { ForwardModel } from "../model/forward-model.js";
import { askDensity, type FluxPrior, priorName } from "../priors/flux-prior.js";
import type { PatchQuestion } from "../priors/patch-density.js";

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
  checkChoice("map: parametrisation", parametrisation, ["square", "log", "softplus"]);
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

/** One of the images that add up to the sky, with its prior. */
export interface PosteriorPart {
  readonly prior: FluxPrior;
  readonly map: PositiveMap;
  /** Whose density: that of the flux, or of its logarithm, which has one more factor flux a pixel. */
  readonly measure: "flux" | "log-flux";
  /** Fluxes > 0 to start from `[ny, nx]`. */
  readonly start: Float64Array;
}

/** Where a posterior asks for the Cash statistic of a flux, and for its gradient in `out`. */
export interface CashQuestion extends Question {
  readonly model: ForwardModel;
  readonly flux: Float64Array;
  readonly out: Float64Array;
}

/** What a posterior asks for. */
export type PosteriorQuestion = CashQuestion | PatchQuestion;

/** Minus the log posterior of one image, or of several that add up, as a function of numbers of any sign. */
export interface PosteriorFunction {
  /** Numbers of each part in turn: one a pixel, then its prior's own parameters. */
  readonly start: Float64Array;
  /** Value and gradient; `iteration` picks the part of a prior that is an average over shifts. */
  readonly ask: (
    at: Float64Array,
    gradient: Float64Array,
    iteration?: number,
  ) => Inquiry<PosteriorQuestion, number>;
  /** The same by the CPU. */
  readonly evaluate: (at: Float64Array, gradient: Float64Array) => number;
  /** The sum of all parts. */
  readonly flux: (at: Float64Array) => Float64Array;
  /** Flux, parameters (if the prior has any) and log prior of each part. */
  readonly parts: (at: Float64Array) => readonly {
    readonly flux: Float64Array;
    readonly parameters: Float64Array | undefined;
    readonly logPrior: number;
  }[];
  /** d flux / d number of every pixel of the first part. */
  readonly slopes: (at: Float64Array) => Float64Array;
}

/**
 * Refuse what no prior may say of fluxes > 0: a log density that is NaN or +Infinity, or derivatives of a finite one that are NaN.
 * A step may end where the density is 0, or where derivatives overflow, and is shortened then; a search cannot begin there.
 */
function checkJudgement(
  prior: FluxPrior,
  { data }: SkyImage,
  log: number,
  derivatives: readonly Float64Array[],
  begins: boolean,
): void {
  // A flux that a long step took to 0 or to NaN is no fault of the prior.
  if (!data.every((flux) => flux > 0)) return;
  const refuse = (what: string, got: number) => {
    throw new NumericsError(
      `map: the prior "${priorName(prior)}" must have ${what}${begins ? " where the search begins" : ""}, got ${got}; ` +
        `check it with checkGradient${begins ? ", or give another start" : ""}`,
      { fields: { prior: priorName(prior), got: String(got) } },
    );
  };
  if (Number.isNaN(log) || log === Number.POSITIVE_INFINITY || (begins && !Number.isFinite(log))) {
    refuse(`a logDensity that is ${begins ? "finite" : "finite or -Infinity"}`, log);
  }
  if (log === Number.NEGATIVE_INFINITY) return;
  for (const values of derivatives) {
    const wrong = values.findIndex((value) => (begins ? !Number.isFinite(value) : Number.isNaN(value)));
    if (wrong >= 0) refuse("a finite gradient", values[wrong]);
  }
}

/**
 * Half the Cash statistic minus the log priors, as a function of numbers of any sign.
 *
 * The first question asks where the search begins.
 *
 * @param parts at least one
 * @throws NumericsError from its functions when a prior says what no prior may say
 */
export function posteriorFunction(model: ForwardModel, parts: readonly PosteriorPart[]): PosteriorFunction {
  const { shape } = model;
  const pixels = shape[0] * shape[1];
  let size = 0;
  const laid = parts.map((part) => {
    const own = part.prior.parameters?.(shape);
    const first = size;
    size += pixels + (own?.length ?? 0);
    const image: SkyImage = { data: new Float64Array(pixels), shape };
    return { ...part, own, first, image, priorGradient: new Float64Array(pixels), ownGradient: own?.slice() };
  });
  const start = new Float64Array(size);
  for (const { first, map, own, start: flux } of laid) {
    for (let index = 0; index < pixels; index++) start[first + index] = map.number(flux[index]);
    if (own !== undefined) start.set(own, first + pixels);
  }
  let begun = false;
  const total = new Float64Array(pixels);
  const cashGradient = new Float64Array(pixels);
  const parametersOf = (at: Float64Array, { first, own }: (typeof laid)[number]) =>
    own === undefined ? undefined : at.slice(first + pixels, first + pixels + own.length);
  const cashQuestion: CashQuestion = {
    model,
    flux: total,
    out: cashGradient,
    here: () => model.cashGradient(total, cashGradient),
  };
  function* ask(
    at: Float64Array,
    gradient: Float64Array,
    iteration?: number,
  ): Inquiry<PosteriorQuestion, number> {
    total.fill(0);
    for (const { first, map, image } of laid) {
      for (let index = 0; index < pixels; index++) {
        image.data[index] = map.flux(at[first + index]);
        total[index] += image.data[index];
      }
    }
    let value = 0.5 * (yield cashQuestion);
    for (const part of laid) {
      const { first, map, measure, prior, image, priorGradient, ownGradient } = part;
      const { data } = image;
      const used = (iteration === undefined ? undefined : prior.at?.(iteration)) ?? prior;
      const theirs = parametersOf(at, part);
      const log = yield* askDensity(used, image, priorGradient, theirs, ownGradient);
      checkJudgement(
        used,
        image,
        log,
        [priorGradient, ...(ownGradient === undefined ? [] : [ownGradient])],
        !begun,
      );
      value -= log;
      for (let index = 0; index < pixels; index++) {
        let slope = 0.5 * cashGradient[index] - priorGradient[index];
        if (measure === "log-flux") {
          value -= naturalLog(data[index]);
          slope -= 1 / data[index];
        }
        gradient[first + index] = slope * map.slope(at[first + index], data[index]);
      }
      if (ownGradient !== undefined) {
        for (let index = 0; index < ownGradient.length; index++)
          gradient[first + pixels + index] = -ownGradient[index];
      }
    }
    begun = true;
    return value;
  }
  return {
    start,
    ask,
    evaluate: (at, gradient) => answeredHere(ask(at, gradient)),
    flux(at) {
      const flux = new Float64Array(pixels);
      for (const { first, map } of laid) {
        for (let index = 0; index < pixels; index++) flux[index] += map.flux(at[first + index]);
      }
      return flux;
    },
    parts: (at) =>
      laid.map((part) => {
        const flux = at.slice(part.first, part.first + pixels).map(part.map.flux);
        const parameters = parametersOf(at, part);
        return { flux, parameters, logPrior: part.prior.logDensity({ data: flux, shape }, parameters) };
      }),
    slopes(at) {
      const [{ map }] = laid;
      return at.slice(0, pixels).map((number) => map.slope(number, map.flux(number)));
    },
  };
}
