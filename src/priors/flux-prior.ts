import type { PixelPrior } from "../data/law/prior-parameters.js";
import { randomStream } from "../data/random/random.js";
import { InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";
import { answeredHere, type Inquiry } from "../inquiry.js";
import type { PatchQuestion } from "./patch-density.js";

/**
 * What is believed of an image before any photon: the interface between priors and the methods `map` and `nuts`. Write your
 * own: two functions are enough.
 *
 * ```ts
 * const prior: FluxPrior = {
 *   logDensity: ({ data }) => -data.reduce((sum, flux) => sum + flux, 0),
 *   gradient: ({ data }, out) => { out.fill(-1); },
 * };
 * ```
 */
export interface FluxPrior {
  /** For messages and results; default "prior". */
  readonly name?: string;
  /**
   * Logarithm of the density of the image, up to a constant.
   *
   * @param flux `[ny, nx]`, > 0, expected counts a sky pixel for unit exposure
   * @param parameters logarithms of the prior's own parameters, where it has any
   */
  logDensity(flux: SkyImage, parameters?: Float64Array): number;
  /**
   * The derivatives of `logDensity`.
   *
   * @param out `ny * nx` values, overwritten: by each pixel of the flux
   * @param parameters as for `logDensity`
   * @param outParameters overwritten: by each of `parameters`
   */
  gradient(flux: SkyImage, out: Float64Array, parameters?: Float64Array, outParameters?: Float64Array): void;
  /**
   * `gradient` that also returns `logDensity`, for priors where that saves work. Not enumerable, so that a changed copy
   * (`{ ...prior, logDensity }`) is asked for each of the two.
   */
  densityAndGradient?(
    flux: SkyImage,
    out: Float64Array,
    parameters?: Float64Array,
    outParameters?: Float64Array,
  ): number;
  /**
   * The coordinates in which `map` looks for the mode: of the density of the flux (default), or of its logarithm. The mode of
   * a density that is infinite at flux 0 exists only in the latter.
   */
  readonly measure?: "flux" | "log-flux";
  /** Logarithms from which the prior's own parameters start; only for priors that have any to be fitted. */
  parameters?(shape: Shape): Float64Array;
  /** What the columns of a trace call those parameters, a number behind it; default "priorParam". */
  readonly parameterName?: string;
  /**
   * Present when the prior is exactly this: pixels independent, the flux of each `Gamma(shape, rate)`. The method `gibbs` then
   * samples it without gradients.
   */
  readonly conjugate?: PixelPrior;
  /** Throws an InvalidInputError when images of this shape cannot be judged. */
  checkShape?(shape: Shape): void;
  /** The prior to use in one iteration of a stochastic method, for priors that are averages over random shifts. */
  at?(iteration: number): FluxPrior;
  /**
   * How to make this prior in another thread, on another machine or when a run is continued. Not enumerable, so that a changed copy
   * (`{ ...prior, logDensity }`) does not pass for what it was made from. See `importPrior` for priors of one's own.
   */
  readonly data?: PriorData;
}

/** A prior as plain data: the function that makes it, and what that is given. */
export interface PriorData {
  /** Name of a function of tslira, or of what `module` exports. */
  readonly make: string;
  /** Plain data; of `productPrior` and `scaledPrior` priors as `PriorData`. */
  readonly with: readonly unknown[];
  /** Address of a JavaScript module of one's own. */
  readonly module?: string;
}

/** A prior that knows how it was made. */
export function priorWithData(prior: FluxPrior, data: PriorData): FluxPrior {
  return Object.defineProperty(prior, "data", { value: data, enumerable: false });
}

/** Name of a prior for messages. */
export function priorName({ name = "prior" }: FluxPrior): string {
  return name;
}

/** `densityAndGradient` of a prior, for whoever answers its questions. */
type Ask = (
  ...given: Parameters<NonNullable<FluxPrior["densityAndGradient"]>>
) => Inquiry<PatchQuestion, number>;

const ASK = Symbol("ask");

/** A prior that can leave the densities of patches to whoever answers. Not enumerable, as `densityAndGradient`. */
interface AskingPrior extends FluxPrior {
  readonly [ASK]?: Ask;
}

/** A prior whose log density comes with its derivatives, perhaps after questions. */
export function askingPrior(prior: FluxPrior, ask: Ask): FluxPrior {
  return Object.defineProperties(prior, {
    [ASK]: { value: ask, enumerable: false },
    densityAndGradient: {
      value: (...given: Parameters<Ask>) => answeredHere(ask(...given)),
      enumerable: false,
    },
  });
}

/** The log density of a prior, and its derivatives in `out` and `outParameters`, as `FluxPrior.gradient` describes them. */
export function densityAndGradient(prior: FluxPrior, ...given: Parameters<Ask>): number {
  return answeredHere(askDensity(prior, ...given));
}

/** `densityAndGradient` for whoever answers its questions. */
export function* askDensity(prior: FluxPrior, ...given: Parameters<Ask>): Inquiry<PatchQuestion, number> {
  const { [ASK]: ask } = prior as AskingPrior;
  if (ask !== undefined) return yield* ask(...given);
  if (prior.densityAndGradient !== undefined) return prior.densityAndGradient(...given);
  const [flux, , parameters] = given;
  prior.gradient(...given);
  return prior.logDensity(flux, parameters);
}

/** Check the number that says how strong a prior is. */
export function checkPositiveOption(where: string, name: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidInputError(`${where}: ${name} must be a finite number > 0, got ${value}; change it`, {
      fields: { [name]: value },
    });
  }
}

/** How well a gradient agrees with its function. */
export interface GradientCheck {
  /** Largest difference from central differences, over the largest derivative. */
  readonly error: number;
  /** Pixel of the largest difference. */
  readonly row: number;
  readonly col: number;
  readonly derivative: number;
  readonly difference: number;
}

/**
 * Compare the gradient of a prior with central differences of its density, at a random image or a given one.
 *
 * @param shape `[ny, nx]` of the random image
 * @param options `seed` of the random image (default 0); `at`, a flux > 0 `[ny, nx]` to use in its place; `pixels`, how many
 *   to look at (default 50)
 * @throws InvalidInputError when they disagree by more than 1e-5, naming the worst pixel
 */
export function checkGradient(
  prior: FluxPrior,
  shape: Shape,
  {
    seed = 0,
    at,
    pixels = 50,
  }: { readonly seed?: number; readonly at?: SkyImage; readonly pixels?: number } = {},
): GradientCheck {
  const random = randomStream(seed);
  const [ny, nx] = at?.shape ?? shape;
  const data = at?.data ?? Float64Array.from({ length: ny * nx }, () => 0.05 + 2 * random.uniform() ** 2);
  const parameters = prior.parameters?.([ny, nx]);
  const gradient = new Float64Array(data.length);
  prior.gradient({ data, shape: [ny, nx] }, gradient, parameters, parameters?.slice());
  const value = (index: number, by: number) => {
    const moved = data.slice();
    moved[index] += by;
    return prior.logDensity({ data: moved, shape: [ny, nx] }, parameters);
  };
  let largest = 0;
  let worst = { row: 0, col: 0, derivative: 0, difference: 0 };
  let most = 0;
  for (let look = 0; look < Math.min(pixels, data.length); look++) {
    const index = pixels >= data.length ? look : Math.floor(random.uniform() * data.length);
    const width = 1e-3 * data[index];
    const near = value(index, width) - value(index, -width);
    const far = value(index, 2 * width) - value(index, -2 * width);
    const difference = (8 * near - far) / (12 * width);
    largest = Math.max(largest, Math.abs(difference), Math.abs(gradient[index]));
    const off = Math.abs(difference - gradient[index]);
    if (off > most || !Number.isFinite(off)) {
      most = off;
      worst = { row: Math.floor(index / nx), col: index % nx, derivative: gradient[index], difference };
    }
  }
  const error = largest > 0 ? most / largest : 0;
  if (!(error < 1e-5)) {
    throw new InvalidInputError(
      `${priorName(prior)}: gradient must be the derivative of logDensity, got ${worst.derivative} at [${worst.row}, ` +
        `${worst.col}] where central differences give ${worst.difference}; correct one of the two`,
      { fields: { ...worst } },
    );
  }
  return { error, ...worst };
}

/**
 * The product of priors: their log densities add up. At most one may have parameters of its own.
 *
 * @throws InvalidInputError for an empty list, or more than one prior with parameters
 */
export function productPrior(...priors: readonly FluxPrior[]): FluxPrior {
  if (priors.length === 0) {
    throw new InvalidInputError("productPrior: must be given at least one prior, got none; see uniformPrior");
  }
  const fitted = priors.filter((prior) => prior.parameters !== undefined);
  if (fitted.length > 1) {
    throw new InvalidInputError(
      `productPrior: at most one prior may have parameters to be fitted, got ${fitted.map(priorName).join(" and ")}; ` +
        "fix those of the others",
    );
  }
  const [own] = fitted;
  const parts = priors.map(({ conjugate }) => conjugate);
  const conjugate = parts.every((part) => part !== undefined)
    ? {
        shape: parts.reduce((sum, part) => sum + part.shape - 1, 1),
        rate: parts.reduce((sum, part) => sum + part.rate, 0),
      }
    : undefined;
  const ask: Ask = function* (flux, out, parameters, outParameters) {
    const part = new Float64Array(out.length);
    out.fill(0);
    let sum = 0;
    for (const prior of priors) {
      sum +=
        prior === own
          ? yield* askDensity(prior, flux, part, parameters, outParameters)
          : yield* askDensity(prior, flux, part);
      for (let index = 0; index < out.length; index++) out[index] += part[index];
    }
    return sum;
  };
  const product: FluxPrior = {
    name: priors.map(priorName).join(" x "),
    ...(conjugate === undefined ? {} : { conjugate }),
    ...(own?.parameterName === undefined ? {} : { parameterName: own.parameterName }),
    ...(priors.some(({ measure }) => measure === "log-flux") ? { measure: "log-flux" as const } : {}),
    logDensity(flux, parameters) {
      let sum = 0;
      for (const prior of priors) sum += prior.logDensity(flux, prior === own ? parameters : undefined);
      return sum;
    },
    gradient(...given) {
      answeredHere(ask(...given));
    },
    ...(own?.parameters === undefined ? {} : { parameters: (shape: Shape) => own.parameters!(shape) }),
    checkShape(shape) {
      for (const prior of priors) prior.checkShape?.(shape);
    },
    ...(priors.some(({ at }) => at !== undefined)
      ? { at: (iteration: number) => productPrior(...priors.map((prior) => prior.at?.(iteration) ?? prior)) }
      : {}),
  };
  const factors = priors.map(({ data }) => data);
  askingPrior(product, ask);
  return factors.includes(undefined)
    ? product
    : priorWithData(product, { make: "productPrior", with: factors });
}

/**
 * A prior made stronger or weaker: its density to the power of a factor, in the coordinates of its `measure`. For priors with a
 * strength this is another strength; for an exponential prior another rate.
 *
 * @param factor finite, > 0
 * @throws InvalidInputError for another factor
 */
export function scaledPrior(prior: FluxPrior, factor: number): FluxPrior {
  checkPositiveOption("scaledPrior", "factor", factor);
  if (factor === 1) return prior;
  const { parameters, measure } = prior;
  // A density p of the flux is the density p flux of ln flux: that to the power of the factor, over the flux again.
  const logs = measure === "log-flux" ? factor - 1 : 0;
  const sumOfLogs = ({ data }: SkyImage): number => {
    let sum = 0;
    if (logs !== 0) for (const value of data) sum += Math.log(value);
    return logs * sum;
  };
  const ask: Ask = function* (flux, out, own, outOwn) {
    const log = yield* askDensity(prior, flux, out, own, outOwn);
    for (let index = 0; index < out.length; index++) {
      out[index] = factor * out[index] + (logs === 0 ? 0 : logs / flux.data[index]);
    }
    if (outOwn !== undefined) for (let index = 0; index < outOwn.length; index++) outOwn[index] *= factor;
    return factor * log + sumOfLogs(flux);
  };
  const scaled: FluxPrior = {
    name: priorName(prior),
    ...(measure === undefined ? {} : { measure }),
    logDensity: (flux, own) => factor * prior.logDensity(flux, own) + sumOfLogs(flux),
    gradient(...given) {
      answeredHere(ask(...given));
    },
    ...(parameters === undefined ? {} : { parameters: (shape: Shape) => prior.parameters!(shape) }),
    checkShape: (shape) => prior.checkShape?.(shape),
    ...(prior.at === undefined
      ? {}
      : { at: (iteration: number) => scaledPrior(prior.at!(iteration), factor) }),
  };
  askingPrior(scaled, ask);
  const { data } = prior;
  return data === undefined ? scaled : priorWithData(scaled, { make: "scaledPrior", with: [data, factor] });
}
