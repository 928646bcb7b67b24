import { checkChoice } from "../choice.js";
import { thinObservations } from "../data/observation/thin-observation.js";
import { AbortedError } from "../errors.js";
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
  const settled = settleRichardsonLucy(options);
  const { stop } = settled;
  if (stop?.rule !== "held-out") {
    return finishEstimate(model, { method: "richardson-lucy", started, ...climb(model, settled) });
  }
  const best = heldOutIterations(model, settled, stop);
  const run = climb(model, foundIterations(settled, best));
  return finishEstimate(model, { method: "richardson-lucy", started, ...asFound(run, best, settled) });
}

/** Options with their defaults. */
export type ClimbOptions = RichardsonLucyOptions &
  Required<Pick<RichardsonLucyOptions, "iterations" | "acceleration" | "fitBackgroundScale">>;

/** Fill in defaults. @throws InvalidInputError when an option breaks its rule */
export function settleRichardsonLucy(options: RichardsonLucyOptions): ClimbOptions {
  const { iterations = 100, acceleration = "none", fitBackgroundScale = false } = options;
  checkCount("richardson-lucy", "iterations", iterations, 1);
  checkChoice("richardson-lucy: acceleration", acceleration, ["none", "biggs-andrews"]);
  return { ...options, iterations, acceleration, fitBackgroundScale };
}

/** Options of the run on all photons, for as many iterations as the photons held out chose. */
export function foundIterations({ stop: _found, ...rest }: ClimbOptions, best: BestIterations): ClimbOptions {
  return { ...rest, iterations: best.iterations };
}

/** That run, which ended as the photons held out said. */
export function asFound<Run extends Climb>(
  run: Run,
  best: BestIterations,
  { iterations }: ClimbOptions,
): Run {
  if (!run.complete) return run;
  return {
    ...run,
    converged: best.found,
    stopped: best.found
      ? `the photons held out were described best after ${best.iterations} iterations`
      : `the photons held out were still described better after the last of ${iterations} iterations`,
  };
}

/** What the iterations lead to. */
export interface Climb {
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
  return { flux, iterations, objective, ...atTheLimit(options) };
}

/** How iterations end that nothing ended earlier. */
export function atTheLimit({
  stop,
  iterations,
}: ClimbOptions): Pick<Climb, "complete" | "converged" | "stopped"> {
  return {
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

/** Iterations after which the photons held out are described best, and whether more would describe them worse. */
export interface BestIterations {
  readonly iterations: number;
  readonly found: boolean;
}

/** Watches how the photons held out are described. */
export interface HeldOutWatch {
  /** Hear of an iteration; true when the search is over. */
  readonly ends: (iteration: number, cash: number) => boolean;
  /** What was found, of a search of at most so many iterations. */
  readonly best: (iterations: number) => BestIterations;
}

/** A watch that ends after `patience` iterations without a new least value. */
export function heldOutWatch(patience?: number): HeldOutWatch {
  let best = Number.POSITIVE_INFINITY;
  let bestAt = 1;
  let found = false;
  return {
    ends(iteration, cash) {
      if (cash < best) {
        best = cash;
        bestAt = iteration;
      }
      found = iteration - bestAt >= (patience ?? 10 + Math.floor(iteration / 10));
      return found;
    },
    best: (iterations) => ({ iterations: bestAt, found: found || bestAt < iterations }),
  };
}

/** Why there is no image of a run that was ended while photons held out were looking for the number of iterations. */
export function endedInSearch(iteration: number): AbortedError {
  return new AbortedError(
    "richardson-lucy: the run must last until the photons held out have told the number of iterations, got an end " +
      `after ${iteration} of them; there is no image yet: start it again, or give the number of iterations`,
  );
}

function heldOutIterations(
  model: ForwardModel,
  options: ClimbOptions,
  { fraction = 0.5, seed = 0, patience }: Extract<StoppingRule, { rule: "held-out" }>,
): BestIterations {
  const { training, test } = splitModel(model, 1 - fraction, seed);
  const watch = heldOutWatch(patience);
  const { stop: _rule, onIteration, start, ...rest } = options;
  climb(training, {
    ...rest,
    ...(start === undefined ? {} : { start }),
    onIteration(report) {
      const { iteration, flux } = report;
      if (onIteration?.({ ...report, stage: "held-out" }) === false) throw endedInSearch(iteration);
      test.setBackgroundScale(training.backgroundScale);
      return !watch.ends(iteration, test.cash(flux));
    },
  });
  return watch.best(options.iterations);
}

/** Two models of the same sky whose counts are independent halves (or other parts) of one. */
export function splitModel(
  model: ForwardModel,
  fraction: number,
  seed: number,
): { readonly training: ForwardModel; readonly test: ForwardModel } {
  const parts = thinObservations(model.observations, fraction, seed);
  const [training, test] = (["kept", "heldOut"] as const).map((which) =>
    createForwardModel(
      parts.map((part) => part[which]),
      { ...model.options, backgroundScale: model.backgroundScale },
    ),
  );
  return { training, test };
}
