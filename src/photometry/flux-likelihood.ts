/** The likelihood of the flux of a source beside surroundings whose level is fitted, and beside other sources whose fluxes are. */

import { naturalLog } from "../data/random/exponential.js";
import { sum } from "./extra-source.js";

/** A flux in the unit of the image. */
export interface LikelyFlux {
  /** Most likely, >= 0. */
  readonly best: number;
  /** Where the logarithm of the likelihood, with the best level for each flux, is lower by 1/2: 68 %. */
  readonly low: number;
  readonly high: number;
}

const STEPS = 300;
/** Change of a step that no longer matters. */
const SETTLED = 1e-5;

/**
 * The likelihood of the flux.
 *
 * @param known expected counts of what is given
 * @param others of the surroundings at level 1
 * @param units of the sources beside, each of flux 1
 * @param unit of the source, of flux 1
 */
export function fluxLikelihood(
  counts: Float64Array,
  known: Float64Array,
  others: Float64Array,
  units: readonly Float64Array[],
  unit: Float64Array,
) {
  const all = sum(others);
  // The source first, then the surroundings, then those beside.
  const parts = [unit, others, ...units];
  const totals = parts.map(sum);
  const expected = (amounts: ArrayLike<number>, pixel: number) => {
    let lambda = known[pixel];
    for (let part = 0; part < parts.length; part++) lambda += amounts[part] * parts[part][pixel];
    return lambda;
  };
  const logLikelihood = (amounts: ArrayLike<number>) => {
    let value = all > 0 ? all * (naturalLog(amounts[1]) - amounts[1]) : 0;
    for (let pixel = 0; pixel < counts.length; pixel++) {
      const lambda = expected(amounts, pixel);
      value -= lambda;
      if (counts[pixel] > 0) value += counts[pixel] * naturalLog(Math.max(lambda, Number.MIN_VALUE));
    }
    return value;
  };
  /** Expectation maximisation: which photons are whose, then as many as they are. @param free whether the flux is fitted too */
  const fitted = (flux: number, beside: number, free: boolean): Float64Array => {
    const amounts = Float64Array.from(parts, (_, part) => [flux, 1][part] ?? beside);
    const shares = new Float64Array(parts.length);
    for (let step = 0; step < STEPS; step++) {
      shares.fill(0);
      for (let pixel = 0; pixel < counts.length; pixel++) {
        if (counts[pixel] === 0) continue;
        const lambda = expected(amounts, pixel);
        if (!(lambda > 0)) continue;
        for (let part = 0; part < parts.length; part++)
          shares[part] += (counts[pixel] * parts[part][pixel]) / lambda;
      }
      let change = 0;
      for (let part = free ? 0 : 1; part < parts.length; part++) {
        if (!(totals[part] > 0)) continue;
        const before = amounts[part];
        amounts[part] =
          part === 1 ? (before * shares[1] + all) / (2 * all) : (before * shares[part]) / totals[part];
        change = Math.max(change, Math.abs(amounts[part] - before) / (amounts[part] + 1 / totals[part]));
      }
      if (change <= SETTLED) break;
    }
    return amounts;
  };
  const guess = (1 + sum(counts)) / totals[0];
  const best = fitted(guess, guess, true);
  const top = logLikelihood(best);
  const at = (flux: number) => logLikelihood(fitted(flux, guess, false));
  return {
    top,
    flux: best[0],
    statistic: () => Math.max(0, 2 * (top - at(0))),
    /** Where the logarithm of the likelihood is above a value, which is below `top`. */
    interval(floor: number): Omit<LikelyFlux, "best"> {
      const isLikely = (flux: number) => at(flux) > floor;
      const flux = best[0];
      let step = (1 + Math.sqrt(sum(counts))) / totals[0];
      while (isLikely(flux + step)) step *= 2;
      return {
        low: isLikely(0) ? 0 : bisect((value) => !isLikely(value), 0, flux),
        high: bisect(isLikely, flux, flux + step),
      };
    },
  };
}

/** The place in `[low, high]` where a condition that holds at `low` ends, to a thousandth. */
function bisect(holds: (value: number) => boolean, low: number, high: number): number {
  let [left, right] = [low, high];
  while (right - left > 1e-3 * (high - low)) {
    const middle = (left + right) / 2;
    if (holds(middle)) left = middle;
    else right = middle;
  }
  return (left + right) / 2;
}
