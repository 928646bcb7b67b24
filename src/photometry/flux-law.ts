/** What counts in an aperture say about the flux of one more source, whatever else shines there. Sums over one variable, no sampling. */

import { exponential, naturalLog } from "../data/random/exponential.js";

/** What one possible sky expects in every pixel of an aperture. */
export interface ExpectedCounts {
  /** Of all light but the source, >= 0. */
  readonly other: Float64Array;
  /** Of a source of flux 1, >= 0, not 0 everywhere. */
  readonly unit: Float64Array;
}

/**
 * Prior of the flux, on [0, infinity): `"flat"`, or `"jeffreys"`, the root of the expected information
 * `sum unit^2 / (other + flux unit)`, which is `flux^(-1/2)` where nothing else shines.
 */
export type ExtraFluxPrior = "flat" | "jeffreys";

/** The flux of a source, and how sure it is. */
export interface FluxLaw {
  /** The most probable flux under a flat prior: of greatest likelihood, averaged over the possible skies. */
  readonly best: number;
  /** The flux lies below this with the probability: one-sided. */
  readonly limits: readonly { readonly probability: number; readonly limit: number }[];
  /** The shortest interval that holds the flux with the probability; it begins at 0 where 0 is among the likely fluxes. */
  readonly intervals: readonly {
    readonly probability: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/** Probabilities of limits and intervals: one, two and three standard deviations of a normal law, and 90 %. */
export const PROBABILITIES: readonly number[] = [0.68, 0.9, 0.95, 0.997];

/** Cells of the flux axis: 0.03 standard deviations wide where many skies agree. */
const CELLS = 1024;
/** Where the likelihood has fallen by `exp(-DROP)`, nothing is left of it. */
const DROP = 30;

/**
 * The law of a flux from a Poisson likelihood over pixels, averaged over possible skies:
 *
 *     p(flux | counts) = mean over skies of  prior(flux) product over pixels of Poisson(counts | other + flux unit) / norm
 *
 * Each sky counts alike: the skies come from the posterior, which has seen the counts already.
 *
 * @param counts of each pixel, >= 0; need not be whole
 * @param skies at least one
 */
export function fluxLaw(
  counts: ArrayLike<number>,
  skies: readonly ExpectedCounts[],
  prior: ExtraFluxPrior = "flat",
): FluxLaw {
  const likelihoods = skies.map((sky) => skyLikelihood(counts, sky));
  const low = Math.min(...likelihoods.map((one) => one.low));
  const high = Math.max(...likelihoods.map((one) => one.high));
  // Cells grow with the distance from `low`: a density like flux^(-1/2) is flat in their number.
  const edges = Float64Array.from(
    { length: CELLS + 1 },
    (_, edge) => low + (high - low) * (edge / CELLS) ** 2,
  );
  const flat = new Float64Array(CELLS);
  const chosen = prior === "flat" ? flat : new Float64Array(CELLS);
  for (const { logLikelihood, information } of likelihoods) {
    const values = new Float64Array(CELLS);
    let most = Number.NEGATIVE_INFINITY;
    for (let cell = 0; cell < CELLS; cell++) {
      values[cell] = logLikelihood((edges[cell] + edges[cell + 1]) / 2);
      most = Math.max(most, values[cell]);
    }
    for (let cell = 0; cell < CELLS; cell++) {
      values[cell] = (edges[cell + 1] - edges[cell]) * exponential(values[cell] - most);
    }
    addNormalised(values, flat);
    if (chosen === flat) continue;
    for (let cell = 0; cell < CELLS; cell++) {
      values[cell] *= Math.sqrt(information((edges[cell] + edges[cell + 1]) / 2));
    }
    addNormalised(values, chosen);
  }
  return { best: highest(flat, edges), ...intervalsOf(chosen, edges) };
}

function addNormalised(values: Float64Array, sums: Float64Array): void {
  const total = values.reduce((sum, value) => sum + value, 0);
  for (let cell = 0; cell < CELLS; cell++) sums[cell] += values[cell] / total;
}

/** The likelihood of a flux under one sky, and between which fluxes it is not negligible. */
function skyLikelihood(counts: ArrayLike<number>, { other, unit }: ExpectedCounts) {
  let total = 0;
  let seen = 0;
  const lit: number[] = [];
  for (let pixel = 0; pixel < unit.length; pixel++) {
    total += unit[pixel];
    if (counts[pixel] > 0 && unit[pixel] > 0) {
      lit.push(pixel);
      seen += counts[pixel];
    }
  }
  const logLikelihood = (flux: number): number => {
    let sum = -flux * total;
    for (const pixel of lit) sum += counts[pixel] * naturalLog(other[pixel] + flux * unit[pixel]);
    return sum;
  };
  const slope = (flux: number): number => {
    let sum = -total;
    for (const pixel of lit) sum += (counts[pixel] * unit[pixel]) / (other[pixel] + flux * unit[pixel]);
    return sum;
  };
  const information = (flux: number): number => {
    let sum = 0;
    for (let pixel = 0; pixel < unit.length; pixel++) {
      if (unit[pixel] > 0) sum += unit[pixel] ** 2 / (other[pixel] + flux * unit[pixel]);
    }
    return sum;
  };
  // The slope falls with the flux, and is at most seen / flux - total.
  const best = slope(0) <= 0 ? 0 : bisect((flux) => slope(flux) > 0, 0, seen / total);
  const top = best === 0 ? logLikelihood(Number.MIN_VALUE) : logLikelihood(best);
  const within = (flux: number) => logLikelihood(flux) > top - DROP;
  let step = (1 + Math.sqrt(seen)) / total;
  while (within(best + step)) step *= 2;
  return {
    logLikelihood,
    information,
    low: best === 0 || within(0) ? 0 : bisect((flux) => !within(flux), 0, best),
    high: bisect(within, best, best + step),
  };
}

/** The place in `[low, high]` where a condition that holds at `low` ends. */
function bisect(holds: (value: number) => boolean, low: number, high: number): number {
  let [left, right] = [low, high];
  for (let step = 0; step < 60 && right - left > 1e-12 * right; step++) {
    const middle = (left + right) / 2;
    if (holds(middle)) left = middle;
    else right = middle;
  }
  return (left + right) / 2;
}

/** Middle of the cell of greatest density; the lower end of the axis where that is the first. */
function highest(masses: Float64Array, edges: Float64Array): number {
  let [best, most] = [0, -1];
  for (let cell = 0; cell < CELLS; cell++) {
    const density = masses[cell] / (edges[cell + 1] - edges[cell]);
    if (density > most) [best, most] = [cell, density];
  }
  return best === 0 ? edges[0] : (edges[best] + edges[best + 1]) / 2;
}

function intervalsOf(masses: Float64Array, edges: Float64Array): Pick<FluxLaw, "limits" | "intervals"> {
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  const density = (cell: number) => masses[cell] / (edges[cell + 1] - edges[cell]);
  const order = [...masses.keys()].sort((a, b) => density(b) - density(a));
  const limit = (probability: number) => {
    let below = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      const next = below + masses[cell] / total;
      if (next >= probability) {
        const part = (probability - below) / (next - below);
        return edges[cell] + part * (edges[cell + 1] - edges[cell]);
      }
      below = next;
    }
    return edges[CELLS];
  };
  const interval = (probability: number) => {
    let [held, first, last] = [0, CELLS, -1];
    for (const cell of order) {
      held += masses[cell] / total;
      first = Math.min(first, cell);
      last = Math.max(last, cell);
      if (held >= probability) break;
    }
    return { probability, low: edges[first], high: edges[last + 1] };
  };
  return {
    limits: PROBABILITIES.map((probability) => ({ probability, limit: limit(probability) })),
    intervals: PROBABILITIES.map(interval),
  };
}
