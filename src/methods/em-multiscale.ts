import { checkChoice } from "../choice.js";
import {
  DEFAULT_SMOOTHING_PRIOR,
  DEFAULT_TOTAL_COUNTS_PRIOR,
  type SmoothingPrior,
  type TotalCountsPrior,
} from "../data/law/prior-parameters.js";
import { exponential, naturalLog } from "../data/random/exponential.js";
import { digamma } from "../data/random/log-gamma.js";
import { randomStream } from "../data/random/random.js";
import { InvalidInputError } from "../errors.js";
import type { ForwardModel } from "../model/forward-model.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import { checkPriors, startingAlpha } from "../priors/multiscale.js";
import { multiscalePrior } from "../priors/multiscale-prior.js";
import {
  childCount,
  fillTree,
  type MultiscaleTree,
  multiscaleTree,
  parentIndex,
} from "../priors/multiscale-tree.js";
import {
  checkAborted,
  checkCount,
  endedByCaller,
  finishEstimate,
  type IterationOptions,
  startingFlux,
} from "./estimate.js";

/** Options of `emMultiscale`. */
export interface EmMultiscaleOptions extends IterationOptions {
  /** Most iterations; default 1,000. */
  readonly iterations?: number;
  /** End when an iteration moves less than this part of the expected counts; default 1e-5. */
  readonly tolerance?: number;
  /** Smoothing parameter, or one a level (finest first), > 0; default 0.1. */
  readonly alphaInit?: number | readonly number[];
  /** Set alpha of every level to its mode in each iteration; default false. */
  readonly fitAlpha?: boolean;
  /** Shift the tree in each iteration; default `"none"`: with `"random"` there is no single mode to converge to. */
  readonly cycleSpin?: "none" | "random";
  /** Seed of the shifts; default 0. */
  readonly seed?: number;
  readonly smoothingPrior?: SmoothingPrior;
  readonly totalCountsPrior?: TotalCountsPrior;
}

/**
 * The mode of LIRA's posterior by EM (Esch et al. 2004, section 4): the sweep of the sampler with expectations in place of draws.
 *
 *     photons of every sky pixel      expected, given image and counts; those that exposure and edges kept away included
 *     alpha (when fitted)             the mode of ln alpha, given these photons
 *     fractions of every block        (photons of the child + alpha) / (photons of the block + children alpha)
 *     total                           (photons + shape) / (1 + rate)
 *
 * Fractions and total are modes of the density of their logarithms, which exist for every alpha > 0; `maximumAPosteriori` finds
 * the same with `multiscalePrior`. With the tree at rest and alpha fixed the log posterior never falls.
 *
 * @throws InvalidInputError when an option breaks its rule
 * @throws AbortedError when `signal` fires
 */
export function emMultiscale(model: ForwardModel, options: EmMultiscaleOptions = {}): PointEstimate {
  const started = performance.now();
  const { iterations = 1_000, tolerance = 1e-5, cycleSpin = "none" } = options;
  const { alphaInit = 0.1, fitAlpha = false } = options;
  const { smoothingPrior = DEFAULT_SMOOTHING_PRIOR, totalCountsPrior = DEFAULT_TOTAL_COUNTS_PRIOR } = options;
  const { seed = 0, onIteration, signal } = options;
  checkCount("em-multiscale", "iterations", iterations, 1);
  checkPriors({ totalCountsPrior, smoothingPrior });
  checkChoice("em-multiscale: cycleSpin", cycleSpin, ["none", "random"]);
  if (!(tolerance >= 0)) {
    throw new InvalidInputError(
      `em-multiscale: tolerance must be >= 0, got ${tolerance}; 0 runs all iterations`,
    );
  }
  const { shape, sensitivity, reference } = model;
  const [ny, nx] = shape;
  const alpha = startingAlpha(alphaInit, shape);
  const random = randomStream(seed);
  const tree = multiscaleTree(shape);
  const masses = tree.values.map((values) => new Float64Array(values.length));
  const flux = startingFlux("em-multiscale", model, options.start);
  const level = flux.reduce((most, value) => Math.max(most, value), 0);
  for (let index = 0; index < flux.length; index++) if (flux[index] === 0) flux[index] = level;
  const photons = new Float64Array(flux.length);
  const shifted = new Float64Array(flux.length);
  const objective: number[] = [];
  const logPrior = () =>
    multiscalePrior({ alpha, totalCountsPrior, referenceExposure: reference }).logDensity({
      data: flux,
      shape,
    });
  let stopped = `the limit of ${iterations} iterations was reached`;
  let converged = false;
  let complete = true;
  let iteration = 0;
  while (iteration < iterations && !converged && complete) {
    checkAborted("em-multiscale", signal);
    iteration++;
    const cash = model.backProjectRatios(flux, photons);
    let logs = 0;
    for (let index = 0; index < flux.length; index++) {
      photons[index] = flux[index] * (photons[index] + Math.max(0, reference - sensitivity[index]));
      logs += naturalLog(flux[index]);
    }
    // The density of the logarithms is that of the flux times every flux.
    objective.push(cash - 2 * (logPrior() + logs));
    const spin = cycleSpin === "random";
    const down = spin ? Math.floor(random.uniform() * ny) : 0;
    const across = spin ? Math.floor(random.uniform() * nx) : 0;
    shiftImage(photons, shifted, ny, nx, down, across);
    fillTree(tree, shifted);
    if (fitAlpha) {
      for (let at = 0; at < alpha.length; at++) alpha[at] = modeOfAlpha(tree, at, alpha[at], smoothingPrior);
    }
    spreadTotal(tree, masses, alpha, totalCountsPrior);
    let moved = 0;
    let light = 0;
    for (let row = 0, index = 0; row < ny; row++) {
      for (let col = 0; col < nx; col++, index++) {
        const to = ((row + down) % ny) * nx + ((col + across) % nx);
        const next = masses[0][index] / reference;
        moved += Math.abs(next - flux[to]);
        light += next;
        flux[to] = next;
      }
    }
    converged = tolerance > 0 && moved < tolerance * light;
    if (converged) stopped = `the last iteration moved less than ${tolerance} of the light`;
    const report = { iteration, objective: objective[objective.length - 1], flux };
    complete = onIteration?.(report) !== false || converged;
    if (!complete) stopped = endedByCaller(iteration);
  }
  return finishEstimate(model, {
    method: "em-multiscale",
    flux,
    iterations: iteration,
    objective,
    converged,
    complete,
    stopped,
    started,
    logPrior: logPrior(),
    priorParameters: alpha,
  });
}

/** Node (row, col) of the tree takes pixel (row + down, col + across), modulo the shape. */
function shiftImage(
  from: Float64Array,
  to: Float64Array,
  ny: number,
  nx: number,
  down: number,
  across: number,
): void {
  for (let row = 0, index = 0; row < ny; row++) {
    const line = ((row + down) % ny) * nx;
    for (let col = 0; col < nx; col++, index++) to[index] = from[line + ((col + across) % nx)];
  }
}

/** Modes of the total and of all fractions, multiplied down the tree. */
function spreadTotal(
  { shapes, values }: MultiscaleTree,
  masses: readonly Float64Array[],
  alpha: readonly number[],
  { shape, rate }: TotalCountsPrior,
): void {
  const top = values.length - 1;
  masses[top][0] = (values[top][0] + shape) / (1 + rate);
  for (let level = top - 1; level >= 0; level--) {
    const a = alpha[level];
    for (let index = 0; index < masses[level].length; index++) {
      const parent = parentIndex(index, shapes[level]);
      const children = childCount(parent, shapes[level]);
      masses[level][index] =
        (masses[level + 1][parent] * (values[level][index] + a)) / (values[level + 1][parent] + children * a);
    }
  }
}

/** Bounds of ln alpha in which a mode is looked for. */
const LOWEST = -12;
const HIGHEST = 12;

/**
 * Mode of ln alpha of a level given the photons of its nodes, fractions integrated out: the law of `drawSmoothing`, whose counts
 * need not be whole numbers here.
 */
function modeOfAlpha(
  { shapes, values }: MultiscaleTree,
  level: number,
  start: number,
  { power, rate, exponent }: SmoothingPrior,
): number {
  const children = values[level];
  const parents = values[level + 1];
  const shape = shapes[level];
  /** Derivative by ln alpha. */
  const slope = (log: number): number => {
    const a = exponential(log);
    const own = digamma(a);
    let sum = 0;
    for (let parent = 0; parent < parents.length; parent++) {
      const k = childCount(parent, shape);
      if (k > 1 && parents[parent] > 0) sum += k * (digamma(k * a) - digamma(parents[parent] + k * a));
    }
    for (let index = 0; index < children.length; index++) {
      if (children[index] > 0 && childCount(parentIndex(index, shape), shape) > 1) {
        sum += digamma(children[index] + a) - own;
      }
    }
    return a * sum + power + 1 - rate * exponent * exponential(exponent * log);
  };
  // The slope is > 0 far below the mode and < 0 far above: bracket it from the last value, then halve by false position.
  let low = naturalLog(start);
  let width = 0.1;
  let atLow = slope(low);
  const upwards = atLow > 0;
  let high = low;
  let atHigh = atLow;
  while (upwards ? atHigh > 0 && high < HIGHEST : atLow < 0 && low > LOWEST) {
    if (upwards) {
      low = high;
      atLow = atHigh;
      high += width;
      atHigh = slope(high);
    } else {
      high = low;
      atHigh = atLow;
      low -= width;
      atLow = slope(low);
    }
    width *= 2;
  }
  for (let step = 0; step < 60 && high - low > 1e-9; step++) {
    const secant = low + ((high - low) * atLow) / (atLow - atHigh);
    // Every third step halves, so that one end cannot stick.
    const middle = step % 3 === 2 || !(secant > low && secant < high) ? 0.5 * (low + high) : secant;
    const there = slope(middle);
    if (there > 0) {
      low = middle;
      atLow = there;
    } else {
      high = middle;
      atHigh = there;
    }
  }
  return exponential(0.5 * (low + high));
}
