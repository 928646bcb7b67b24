import { AbortedError, InvalidInputError } from "../errors.js";
import type { Inquiry } from "../inquiry.js";
import type { ForwardModel } from "../model/forward-model.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import { type FluxPrior, scaledPrior } from "../priors/flux-prior.js";
import type { IterationReport } from "./estimate.js";
import { type MapOptions, maximumAPosteriori, type Precision } from "./map.js";
import type { PosteriorQuestion } from "./positive-flux.js";
import { splitModel } from "./richardson-lucy.js";

/**
 * The strength of a prior by photons held out: the strongest with which they are described as well as can be.
 *
 * The photons are divided into two halves. With each factor of the log density the mode is found for either half, and judged by
 * the Cash statistic of the other (two-fold cross-validation). The curve is flat where the prior is weak, so the least value
 * would be a matter of chance: what is taken is the largest factor whose mean Cash statistic lies within 1 of the least (in the
 * manner of the one-standard-error rule of Breiman et al. 1984, Classification and Regression Trees, section 3.4.3).
 */
export interface HeldOutStrength {
  readonly rule: "held-out";
  /** Seed of the division; default 0. */
  readonly seed?: number;
}

/** Factor between neighbouring strengths, and how far the search goes from 1 in such steps. */
const STEP = 3;
const STEPS = 10;
/** Difference of the Cash statistic that does not count. */
const ALIKE = 1;

/**
 * The mode under a prior whose strength photons held out have chosen, from all photons.
 *
 * The search starts at the prior as it is and goes by factors of 3 towards the least Cash statistic, then by factors of sqrt(3)
 * to where it has risen by 1. The prior is one of the flux, so that a strength found with fewer photons holds for all. Its log
 * density is multiplied (`scaledPrior`): a strength of 3 of `totalVariationPrior({ strength: 2, ... })` is 6.
 *
 * @param precision as for `maximumAPosteriori`
 * @returns the estimate with `priorStrength`
 * @throws InvalidInputError for another rule
 * @throws AbortedError when `signal` fires, or `onIteration` returns false while the strength is being looked for
 */
export function* mapOfHeldOutStrength(
  model: ForwardModel,
  prior: FluxPrior,
  { rule, seed = 0 }: HeldOutStrength,
  options: MapOptions = {},
  precision: Precision = "double",
): Inquiry<PosteriorQuestion, PointEstimate> {
  const started = performance.now();
  if (rule !== "held-out") {
    throw new InvalidInputError(
      `map: strength must be a number > 0, "held-out" or {rule: "held-out"}, got ${JSON.stringify(rule)}; choose one`,
      { fields: { strength: rule } },
    );
  }
  const { onIteration, curvature: _errors, ...search } = options;
  const { training, test } = splitModel(model, 0.5, seed);
  let done = 0;
  const watch = (report: IterationReport): void => {
    done++;
    if (onIteration?.({ ...report, stage: "held-out" }) !== false) return;
    throw new AbortedError(
      `map: the run must last until photons held out have told the strength of the prior, got an end after ${done} ` +
        "iterations of that; there is no image yet: start it again, or give the strength",
    );
  };
  const cashes = new Map<number, number>();
  /** Mean Cash statistic of the photons held out with a factor of STEP to a power. */
  function* cashAt(power: number): Inquiry<PosteriorQuestion, number> {
    const known = cashes.get(power);
    if (known !== undefined) return known;
    let sum = 0;
    for (const [one, other] of [
      [training, test],
      [test, training],
    ]) {
      const scaled = scaledPrior(prior, STEP ** power);
      const { flux } = yield* maximumAPosteriori(one, scaled, { ...search, onIteration: watch }, precision);
      sum += other.cash(flux.data) / 2;
    }
    cashes.set(power, sum);
    return sum;
  }
  let best = 0;
  for (const direction of [1, -1]) {
    while (Math.abs(best) < STEPS && (yield* cashAt(best + direction)) < (yield* cashAt(best))) {
      best += direction;
    }
  }
  const limit = (yield* cashAt(best)) + ALIKE;
  let power = best;
  while (power < STEPS && (yield* cashAt(power + 0.5)) <= limit) power += 0.5;
  if (power < STEPS && Number.isFinite(limit)) {
    const [below, above] = [yield* cashAt(power), yield* cashAt(power + 0.5)];
    power += (0.5 * (limit - below)) / (above - below);
  }
  const strength = STEP ** power;
  const found = yield* maximumAPosteriori(model, scaledPrior(prior, strength), options, precision);
  return {
    ...found,
    priorStrength: strength,
    stopped: `${found.stopped}; photons held out chose ${Number(strength.toPrecision(3))} times the prior`,
    seconds: (performance.now() - started) / 1000,
  };
}
