import { InvalidInputError } from "../errors.js";
import type { ForwardModel } from "../model/forward-model.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import {
  checkAborted,
  checkCount,
  endedByCaller,
  finishEstimate,
  type IterationOptions,
  startingFlux,
} from "./estimate.js";

/** Options of `gradientDescent`. */
export interface GradientDescentOptions extends IterationOptions {
  /** Most iterations; default 1,000. */
  readonly iterations?: number;
  /** First step length, flux per unit of the gradient, > 0; default: such that the first step moves a tenth of the start. */
  readonly step?: number;
  /** End when an iteration lowers the Cash statistic by less than this; default 1e-6. */
  readonly tolerance?: number;
}

/**
 * Plain gradient descent on the Cash statistic, `flux <- max(0, flux - step dC/dflux)`: the textbook formula, with a step that
 * is halved until the statistic falls enough (Armijo's rule for projected gradients, Bertsekas 1976) and doubled after
 * each success. Meant for teaching: it needs far more iterations than `richardsonLucy`, which is the same descent with a
 * step of its own for every pixel.
 *
 * @throws InvalidInputError when an option breaks its rule
 * @throws AbortedError when `signal` fires
 */
export function gradientDescent(model: ForwardModel, options: GradientDescentOptions = {}): PointEstimate {
  const started = performance.now();
  const { iterations = 1_000, tolerance = 1e-6, onIteration, signal } = options;
  checkCount("gradient-descent", "iterations", iterations, 1);
  if (options.step !== undefined && !(options.step > 0)) {
    throw new InvalidInputError(
      `gradient-descent: step must be > 0, got ${options.step}; leave it out for a first guess`,
    );
  }
  const flux = startingFlux("gradient-descent", model, options.start);
  const length = flux.length;
  const gradient = new Float64Array(length);
  const trial = new Float64Array(length);
  const objective: number[] = [];
  let cash = model.cashGradient(flux, gradient);
  let step = options.step ?? firstStep(flux, gradient);
  let stopped = `all ${iterations} iterations were done`;
  let converged = false;
  let complete = true;
  let iteration = 0;
  while (iteration < iterations && !converged && complete) {
    checkAborted("gradient-descent", signal);
    objective.push(cash);
    iteration++;
    let next = Number.POSITIVE_INFINITY;
    for (let halvings = 0; ; halvings++) {
      let slope = 0;
      for (let index = 0; index < length; index++) {
        trial[index] = Math.max(0, flux[index] - step * gradient[index]);
        slope += gradient[index] * (flux[index] - trial[index]);
      }
      next = model.cash(trial);
      if (next <= cash - SUFFICIENT * slope) break;
      if (halvings === MOST_HALVINGS) {
        trial.set(flux);
        next = cash;
        break;
      }
      step /= 2;
    }
    converged = cash - next < tolerance;
    if (converged) stopped = `the last iteration lowered the Cash statistic by less than ${tolerance}`;
    flux.set(trial);
    complete = onIteration?.({ iteration, objective: cash, flux }) !== false || converged;
    if (!complete) stopped = endedByCaller(iteration);
    cash = model.cashGradient(flux, gradient);
    step *= 2;
  }
  return finishEstimate(model, {
    method: "gradient-descent",
    flux,
    iterations: iteration,
    objective,
    converged,
    complete,
    stopped,
    started,
  });
}

/** Part of the linear prediction by which a step must lower the statistic. */
const SUFFICIENT = 1e-4;
const MOST_HALVINGS = 60;

function firstStep(flux: Float64Array, gradient: Float64Array): number {
  let light = 0;
  let slope = 0;
  for (let index = 0; index < flux.length; index++) {
    light += flux[index];
    slope += Math.abs(gradient[index]);
  }
  return slope > 0 ? (0.1 * light) / slope : 1;
}
