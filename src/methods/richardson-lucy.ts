import { thinObservation } from "../data/observation/thin-observation.js";
import { AbortedError, InvalidInputError } from "../errors.js";
import { createForwardModel, type ForwardModel } from "../model/forward-model.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import {
  checkAborted,
  checkCount,
  endedByCaller,
  finishEstimate,
  type IterationOptions,
  startingFlux,
} from "./estimate.js";
import { type StoppingRule, stopTest } from "./stopping.js";

/** Options of `richardsonLucy`. */
export interface RichardsonLucyOptions extends IterationOptions {
  /** Most iterations; default 100. */
  readonly iterations?: number;
  /** A reason to end earlier; default none. */
  readonly stop?: StoppingRule;
  /** Extrapolate from the last two steps (Biggs & Andrews 1997); default `"none"`. */
  readonly acceleration?: "none" | "biggs-andrews";
  /**
   * Fit the scale of each background together with the image; default false. A smooth image explains a smooth background
   * as well, so the scale means something only where the start is dark.
   */
  readonly fitBackgroundScale?: boolean;
}

/**
 * Richardson-Lucy: the EM algorithm for the maximum likelihood of Poisson counts (Richardson 1972; Lucy 1974; Shepp & Vardi
 * 1982), with exposure, background, masks and several observations:
 *
 *     flux[j] <- flux[j] / S[j] * sum_m exposure[m,j] sum_i psf[m][i - j + c] counts[m,i] / lambda[m,i]
 *
 * with the sensitivity S[j] of the model. The likelihood never falls, and without a background `sum(S flux)` equals the
 * counts after every iteration. Sky pixels that no observation sees stay 0.
 *
 * The maximum itself is a set of spikes; what one usually wants is an image on the way there, so choose `iterations` or
 * `stop` with care.
 *
 * @throws InvalidInputError when an option breaks its rule
 * @throws AbortedError when `signal` fires
 */
export function richardsonLucy(model: ForwardModel, options: RichardsonLucyOptions = {}): PointEstimate {
  const started = performance.now();
  const { iterations = 100, stop, acceleration = "none", fitBackgroundScale = false } = options;
  checkCount("richardson-lucy", "iterations", iterations, 1);
  if (acceleration !== "none" && acceleration !== "biggs-andrews") {
    throw new InvalidInputError(
      `richardson-lucy: acceleration must be "none" or "biggs-andrews", got ${JSON.stringify(acceleration)}`,
    );
  }
  if (stop?.rule !== "held-out") {
    const run = climb(model, { ...options, iterations, acceleration, fitBackgroundScale });
    return finishEstimate(model, { method: "richardson-lucy", started, ...run });
  }
  const best = heldOutIterations(model, { ...options, iterations, acceleration, fitBackgroundScale }, stop);
  const { stop: _found, ...rest } = options;
  const run = climb(model, { ...rest, iterations: best.iterations, acceleration, fitBackgroundScale });
  if (!run.complete) return finishEstimate(model, { method: "richardson-lucy", started, ...run });
  return finishEstimate(model, {
    method: "richardson-lucy",
    started,
    ...run,
    converged: best.found,
    stopped: best.found
      ? `the photons held out were described best after ${best.iterations} iterations`
      : `the photons held out were still described better after the last of ${iterations} iterations`,
  });
}

type ClimbOptions = RichardsonLucyOptions &
  Required<Pick<RichardsonLucyOptions, "iterations" | "acceleration" | "fitBackgroundScale">>;

interface Climb {
  readonly flux: Float64Array;
  readonly iterations: number;
  readonly objective: number[];
  readonly converged: boolean;
  readonly complete: boolean;
  readonly stopped: string;
}

/** The iterations themselves. */
function climb(model: ForwardModel, options: ClimbOptions): Climb {
  const { iterations, acceleration, fitBackgroundScale, stop, onIteration, signal } = options;
  const { sensitivity } = model;
  const why = stopTest(model, stop);
  const backgrounds = model.backgroundCounts();
  const extrapolate = acceleration === "biggs-andrews" ? extrapolation(sensitivity.length) : undefined;
  let flux = startingFlux("richardson-lucy", model, options.start);
  /** Where the next step starts: the flux itself, or ahead of it. */
  const from = flux.slice();
  const back = new Float64Array(flux.length);
  const inverse = sensitivity.map((value) => (value > 0 ? 1 / value : 0));
  let next: Float64Array = new Float64Array(flux.length);
  const objective: number[] = [];
  for (let iteration = 1; iteration <= iterations; iteration++) {
    checkAborted("richardson-lucy", signal);
    let cash = model.backProjectRatios(from, back);
    if (extrapolate !== undefined && iteration > 1 && !(cash <= objective[iteration - 2])) {
      // Too far ahead: step from the flux, which is never worse than the start of the last step.
      from.set(flux);
      extrapolate.forget();
      cash = model.backProjectRatios(from, back);
    }
    objective.push(cash);
    if (fitBackgroundScale) rescale(model, backgrounds);
    emStep(from, back, inverse, next);
    const reason = stop === undefined ? undefined : why(flux, next);
    if (extrapolate !== undefined) extrapolate.advance(flux, next, from);
    else from.set(next);
    [flux, next] = [next, flux];
    const goOn = onIteration?.({ iteration, objective: cash, flux });
    const done = { flux, iterations: iteration, objective };
    if (reason !== undefined) return { ...done, converged: true, complete: true, stopped: reason };
    if (goOn === false)
      return { ...done, converged: false, complete: false, stopped: endedByCaller(iteration) };
  }
  return {
    flux,
    iterations,
    objective,
    complete: true,
    converged: stop === undefined,
    stopped:
      stop === undefined
        ? `all ${iterations} iterations were done`
        : `the limit of ${iterations} iterations was reached`,
  };
}

function emStep(from: Float64Array, back: Float64Array, inverse: Float64Array, out: Float64Array): void {
  for (let index = 0; index < out.length; index++) {
    const value = from[index] * back[index] * inverse[index];
    // Rounding of a transform may leave a hair below 0.
    out[index] = value > 0 ? value : 0;
  }
}

/** The EM step of the background scales: photons that each explains over those it expects. */
function rescale(model: ForwardModel, backgrounds: readonly number[]): void {
  const photons = model.expectedBackgroundPhotons();
  model.setBackgroundScale(
    backgrounds.map((expected, index) =>
      expected > 0 ? photons[index] / expected : model.backgroundScale[index],
    ),
  );
}

/**
 * Steps ahead along the last direction (Biggs & Andrews 1997, Applied Optics 36, 1766, equations 7 to 10), never farther
 * than a pixel can go without becoming negative.
 */
function extrapolation(length: number) {
  let older = new Float64Array(length);
  let newer = new Float64Array(length);
  let steps = 0;
  return {
    forget() {
      steps = 0;
    },
    /** Set `from`, where the step to `next` began, to where the following one begins. */
    advance(flux: Float64Array, next: Float64Array, from: Float64Array) {
      [older, newer] = [newer, older];
      let both = 0;
      let square = 0;
      for (let index = 0; index < length; index++) {
        newer[index] = next[index] - from[index];
        both += newer[index] * older[index];
        square += older[index] * older[index];
      }
      steps++;
      const factor = steps > 1 && square > 0 ? Math.min(Math.max(both / square, 0), 0.999) : 0;
      for (let index = 0; index < length; index++) {
        const ahead = next[index] + factor * (next[index] - flux[index]);
        from[index] = ahead > 0 ? ahead : next[index];
      }
    },
  };
}

/** Iterations after which the photons held out are described best. */
function heldOutIterations(
  model: ForwardModel,
  options: ClimbOptions,
  { fraction = 0.5, seed = 0, patience }: Extract<StoppingRule, { rule: "held-out" }>,
): { readonly iterations: number; readonly found: boolean } {
  const { training, test } = splitModel(model, 1 - fraction, seed);
  let best = Number.POSITIVE_INFINITY;
  let bestAt = 1;
  let found = false;
  const { stop: _rule, onIteration, start, ...rest } = options;
  const done = {};
  try {
    climb(training, {
      ...rest,
      ...(start === undefined ? {} : { start }),
      onIteration(report) {
        const { iteration, flux } = report;
        if (onIteration?.({ ...report, stage: "held-out" }) === false) {
          throw new AbortedError(
            "richardson-lucy: the run must last until the photons held out have told the number of iterations, got an end " +
              `after ${iteration} of them; there is no image yet: start it again, or give the number of iterations`,
          );
        }
        test.setBackgroundScale(training.backgroundScale);
        const cash = test.cash(flux);
        if (cash < best) {
          best = cash;
          bestAt = iteration;
        }
        if (iteration - bestAt >= (patience ?? 10 + Math.floor(iteration / 10))) {
          found = true;
          throw done;
        }
      },
    });
  } catch (error) {
    if (error !== done) throw error;
  }
  return { iterations: bestAt, found: found || bestAt < options.iterations };
}

/** Two models of the same sky whose counts are independent halves (or other parts) of one. */
export function splitModel(
  model: ForwardModel,
  fraction: number,
  seed: number,
): { readonly training: ForwardModel; readonly test: ForwardModel } {
  const parts = model.observations.map((observation, index) =>
    thinObservation(observation, fraction, (seed + 0x9e3779b9 * index) % 2 ** 53),
  );
  const [training, test] = (["kept", "heldOut"] as const).map((which) =>
    createForwardModel(
      parts.map((part) => part[which]),
      { ...model.options, backgroundScale: model.backgroundScale },
    ),
  );
  return { training, test };
}
