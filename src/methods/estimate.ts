import { pixelError } from "../data/observation/check-image.js";
import { AbortedError, InvalidInputError } from "../errors.js";
import { checkSameShape, type SkyImage } from "../image.js";
import type { ForwardModel } from "../model/forward-model.js";
import type { PointEstimate } from "../posterior/point-estimate.js";

/** What a method reports while it runs. */
export interface IterationReport {
  /** Iterations done. */
  readonly iteration: number;
  /** What the method minimises, before this iteration. */
  readonly objective: number;
  /** The flux after this iteration `[ny, nx]`: a view, valid during the call only. */
  readonly flux: Float64Array;
  /** Present while the photons held out look for the number of iterations: objective and flux are then those of the others. */
  readonly stage?: "held-out";
}

/** Options that every method of point estimates has. */
export interface IterationOptions {
  /** Called after every iteration. Return `false` to end here: the estimate so far comes back with `complete` false. */
  readonly onIteration?: (report: IterationReport) => unknown;
  /** Ends the work with an `AbortedError`. */
  readonly signal?: AbortSignal;
  /** Starting flux `[ny, nx]` of the sky, > 0 where anything is seen; default flat, of the total that the counts suggest. */
  readonly start?: SkyImage;
}

/** Throw when the signal has fired. */
export function checkAborted(method: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new AbortedError(
      `${method}: the run must not be aborted to give a result, got an abort signal; start it again`,
    );
  }
}

/** Why an estimate stopped whose caller returned `false`. */
export function endedByCaller(iteration: number): string {
  return `it was ended from outside after ${iteration} ${iteration === 1 ? "iteration" : "iterations"}`;
}

/** Check a whole number of an option. */
export function checkCount(
  method: string,
  name: string,
  value: number,
  least: number,
  most = Number.POSITIVE_INFINITY,
): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    const range = most < Number.POSITIVE_INFINITY ? `from ${least} to ${most}` : `>= ${least}`;
    throw new InvalidInputError(
      `${method}: ${name} must be a whole number ${range}, got ${value}; change it`,
      { fields: { [name]: value } },
    );
  }
}

/** The starting flux of a method: a copy. */
export function startingFlux(method: string, model: ForwardModel, start?: SkyImage): Float64Array {
  const { sensitivity, totalCounts } = model;
  if (start !== undefined) {
    const remedy = "with upsampling or margin the sky is larger than the counts";
    checkSameShape(`${method}: start`, start, "the sky", model, remedy);
    const bad = start.data.findIndex((value) => !(value > 0 && value < Number.POSITIVE_INFINITY));
    if (bad >= 0) {
      throw pixelError(method, "start", start, bad, "must be finite and > 0", "add a small constant");
    }
    return start.data.slice();
  }
  let exposed = 0;
  for (const value of sensitivity) exposed += value;
  const flat = Math.max(totalCounts, 1) / exposed;
  return sensitivity.map((value) => (value > 0 ? flat : 0));
}

/** What `finishEstimate` adds to. */
export type EstimateParts = Pick<PointEstimate, "method" | "objective" | "converged" | "stopped"> &
  Partial<
    Pick<
      PointEstimate,
      "complete" | "logPrior" | "priorParameters" | "priorStrength" | "std" | "interval" | "components"
    >
  > & {
    readonly flux: Float64Array;
    readonly iterations: number;
    /** `performance.now()` when the method started. */
    readonly started: number;
  };

/** The result of a method: predictions and statistics of its flux. */
export function finishEstimate(
  model: ForwardModel,
  { flux, started, ...parts }: EstimateParts,
): PointEstimate {
  const predicted = model.predict(flux);
  const [{ wcs }] = model.observations;
  return {
    complete: true,
    ...parts,
    flux: { data: flux, shape: model.shape },
    predicted,
    backgroundScale: [...model.backgroundScale],
    cash: model.cash(flux),
    upsampling: model.grid.upsampling,
    margin: model.grid.margin,
    warnings: model.warnings,
    ...(wcs === undefined ? {} : { wcs }),
    seconds: (performance.now() - started) / 1000,
  };
}
