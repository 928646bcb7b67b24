/**
 * Is there a source at a place? The likelihood ratio of a source against everything else, over the pixels that its psf lights:
 *
 *     lambda = background + level surroundings + flux unit,    statistic = 2 ln (greatest likelihood / greatest with flux 0)
 *
 * The surroundings are the posterior mean with the light at the place taken out and the hole bridged (`bridgedLight`). How bright they are is
 * known only as well as their own photons tell, so their level is fitted too, with the likelihood of another measurement of as many
 * photons, as on and off the source (Li & Ma 1983, ApJ 272, 317).
 */

import { exponential, naturalLog } from "../data/random/exponential.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import type { Shape } from "../image.js";
import type { ForwardModel } from "../model/forward-model.js";
import { frameShape, setFrame } from "../model/sky-grid.js";
import { bridgedLight } from "./bridged-light.js";
import { sum } from "./extra-source.js";

/** Light of a source: where, and how wide, as the standard deviation of a round Gaussian in pixels of the frame; 0 is a point. */
export interface SourceLight extends PixelPosition {
  readonly width: number;
}

/** A flux in the unit of the image. */
export interface LikelyFlux {
  /** Most likely, >= 0. */
  readonly best: number;
  /** Where the logarithm of the likelihood, with the best level for each flux, is lower by 1/2: 68 %. */
  readonly low: number;
  readonly high: number;
}

/**
 * Fits a source where the light is taken out, together with others `beside` it, whose fluxes are as free as its own: what two sources may
 * share out between them is part of both errors.
 */
export interface SourceFit {
  /**
   * Twice the logarithm of the likelihood ratio to no source, >= 0: the least of those against the surroundings bridged in one direction
   * or another.
   */
  ratio(source: SourceLight, beside: readonly SourceLight[]): number;
  /**
   * The same of a source alone, lowered by not knowing the surroundings: as the squared ratio of a flux to its error is where the scatter of
   * the flux between the bridges adds to that error.
   */
  statistic(source: SourceLight): number;
  /** Its flux beside the mean of the bridges, with their scatter in the interval. */
  flux(source: SourceLight, beside: readonly SourceLight[]): LikelyFlux;
  /** The most likely place of a point, and its covariance from the curvature of the likelihood, in pixels of the frame. */
  locate(place: PixelPosition, beside: readonly SourceLight[]): LocatedSource;
}

/** Where a source is. */
export interface LocatedSource extends PixelPosition {
  readonly varX: number;
  readonly varY: number;
  readonly covariance: number;
}

/** Parts of the largest value of the psf from which on a pixel is fitted. */
const WINDOW = 0.01;
const STEPS = 300;
/** Of the search for the place: differences in detector pixels, rounds, and how far away it may end. */
const STEP = 0.5;
const ROUNDS = 8;
const MOST_STEPS = 5;
/** Change of a step that no longer matters. */
const SETTLED = 1e-5;

/**
 * Set up the test on a posterior mean.
 *
 * @param mean `ny * nx` values of the frame
 * @param whole mean on the whole sky, whose frame is `mean`
 * @returns a function of a place in pixels from 0, the pixels whose light is taken out there, and those of other sources; undefined where
 *   no pixel in use sees the place
 */
export function sourceTester(
  model: ForwardModel,
  mean: Float64Array,
  whole: Float64Array,
): (place: PixelPosition, hole: readonly number[], kept: ReadonlySet<number>) => SourceFit | undefined {
  const { grid, observations } = model;
  const shape = frameShape(grid);
  const light = model.project(whole);
  const background = model
    .predict(whole)
    .map(({ data }, index) => data.map((all, pixel) => all - light[index][pixel]!));
  const onSky = (frame: Float64Array) => {
    const sky = new Float64Array(whole.length);
    setFrame(sky, frame, grid);
    return model.project(sky);
  };

  return (place, hole, kept) => {
    const point = onSky(sharpPoint(place, shape));
    const most = Math.max(...point.map((image) => image.reduce((a, b) => Math.max(a, b), 0)));
    const lit = observations.flatMap(({ mask }, index) =>
      [...point[index].keys()].flatMap((pixel) =>
        point[index][pixel]! > WINDOW * most && mask?.data[pixel] !== 0 ? [{ index, pixel }] : [],
      ),
    );
    if (!(most > 0) || lit.length === 0) return undefined;
    const at = (images: readonly ArrayLike<number>[]) =>
      Float64Array.from(lit, ({ index, pixel }) => Math.max(0, images[index][pixel]!));
    const counts = at(observations.map((one) => one.counts.data));
    const known = at(background);
    const bridges = bridgedLight(hole, kept, mean, shape).map((fill) => {
      const change = new Float64Array(mean.length);
      for (const [index, pixel] of hole.entries()) change[pixel] = fill[index] - mean[pixel];
      const more = onSky(change);
      return at(light.map((image, index) => image.map((value, pixel) => value + more[index][pixel]!)));
    });
    const middle = known.map((_, pixel) =>
      bridges.reduce((sum, one) => sum + one[pixel] / bridges.length, 0),
    );
    const unitOf = (source: SourceLight) =>
      at(onSky(source.width === 0 ? sharpPoint(source, shape) : wideLight(source, shape)));
    /** Light of those that reach the pixels, one by one. */
    const unitsOf = (beside: readonly SourceLight[]) =>
      beside.map(unitOf).filter((unit) => unit.some((value) => value > WINDOW * most));
    const fits = (others: readonly Float64Array[], source: SourceLight, beside: readonly SourceLight[]) => {
      const [unit, units] = [unitOf(source), unitsOf(beside)];
      return others.map((one) => likelihood(counts, known, one, units, unit));
    };
    return {
      ratio: (source, beside) => Math.min(...fits(bridges, source, beside).map((one) => one.statistic())),
      statistic(source) {
        const each = fits(bridges, source, []);
        const least = Math.min(...each.map((one) => one.statistic()));
        const { mean, variance } = scatter(each);
        return least === 0 ? 0 : least / (1 + (least * variance) / mean ** 2);
      },
      flux(source, beside) {
        const [all, ...each] = fits([middle, ...bridges], source, beside);
        const { best, low, high } = all.interval();
        const { variance } = scatter(each);
        return {
          best,
          low: Math.max(0, best - Math.sqrt((best - low) ** 2 + variance)),
          high: best + Math.sqrt((high - best) ** 2 + variance),
        };
      },
      locate(where, beside) {
        const units = unitsOf(beside);
        const height = (at: PixelPosition) =>
          likelihood(counts, known, middle, units, unitOf({ ...at, width: 0 })).top;
        return climb(where, height, STEP * grid.upsampling);
      },
    };
  };
}

/** Mean and variance of the fluxes beside different bridges: how well the surroundings are known. */
function scatter(fits: readonly { readonly flux: number }[]): {
  readonly mean: number;
  readonly variance: number;
} {
  const mean = sum(fits.map(({ flux }) => flux)) / fits.length;
  return { mean, variance: sum(fits.map(({ flux }) => (flux - mean) ** 2)) / (fits.length - 1) };
}

/**
 * Newton's method by differences.
 *
 * @param step of the differences, in pixels
 */
function climb(start: PixelPosition, height: (at: PixelPosition) => number, step: number): LocatedSource {
  let [x, y] = [start.x, start.y];
  for (let round = 1; ; round++) {
    const at = (dx: number, dy: number) => height({ x: x + dx * step, y: y + dy * step });
    const [middle, left, right, down, up] = [at(0, 0), at(-1, 0), at(1, 0), at(0, -1), at(0, 1)];
    const cross = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step * step);
    // Minus the curvature; at least that of one photon that is known to 3 steps, so that the ellipse of a faint source stays finite.
    const least = 1 / (9 * step * step);
    const xx = Math.max(least, (2 * middle - left - right) / (step * step));
    const yy = Math.max(least, (2 * middle - down - up) / (step * step));
    const limited = Math.max(-0.95, Math.min(0.95, cross / Math.sqrt(xx * yy))) * Math.sqrt(xx * yy);
    const determinant = xx * yy - limited * limited;
    const [gx, gy] = [(right - left) / (2 * step), (up - down) / (2 * step)];
    const [dx, dy] = [(yy * gx + limited * gy) / determinant, (xx * gy + limited * gx) / determinant];
    const part = Math.min(1, step / Math.hypot(dx, dy));
    x += part * dx;
    y += part * dy;
    const isAway = Math.hypot(x - start.x, y - start.y) > MOST_STEPS * step;
    if (round === ROUNDS || isAway || Math.hypot(dx, dy) < 0.02 * step) {
      const place = isAway ? start : { x, y };
      return { ...place, varX: yy / determinant, varY: xx / determinant, covariance: limited / determinant };
    }
  }
}

/**
 * A point of flux 1 between pixels, so that the psf is interpolated by cubics (Keys 1981, IEEE Trans. ASSP 29, 1153): shared linearly it would be
 * wider than at the centre of a pixel.
 */
function sharpPoint({ x, y }: PixelPosition, [ny, nx]: Shape): Float64Array {
  const light = new Float64Array(ny * nx);
  const [left, top] = [Math.floor(x), Math.floor(y)];
  for (let row = top - 1; row <= top + 2; row++) {
    for (let col = left - 1; col <= left + 2; col++) {
      const inside = (at: number, size: number) => Math.max(0, Math.min(size - 1, at));
      light[inside(row, ny) * nx + inside(col, nx)] += cubic(row - y) * cubic(col - x);
    }
  }
  return light;
}

function cubic(distance: number): number {
  const at = Math.abs(distance);
  if (at >= 2) return 0;
  return at <= 1 ? 1 + at * at * (1.5 * at - 2.5) : 2 + at * (-4 + at * (2.5 - 0.5 * at));
}

/** Light of a round Gaussian of flux 1, cut off at 3 standard deviations. */
function wideLight({ x, y, width }: SourceLight, [ny, nx]: Shape): Float64Array {
  const light = new Float64Array(ny * nx);
  const reach = 3 * width + 1;
  let total = 0;
  for (let row = Math.max(0, Math.ceil(y - reach)); row <= Math.min(ny - 1, y + reach); row++) {
    for (let col = Math.max(0, Math.ceil(x - reach)); col <= Math.min(nx - 1, x + reach); col++) {
      const value = exponential(-((col - x) ** 2 + (row - y) ** 2) / (2 * width * width));
      light[row * nx + col] = value;
      total += value;
    }
  }
  return light.map((value) => value / total);
}

/**
 * The likelihood of the flux.
 *
 * @param known expected counts of what is given
 * @param others of the surroundings at level 1
 * @param units of the sources beside, each of flux 1
 * @param unit of the source, of flux 1
 */
function likelihood(
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
    interval(): LikelyFlux {
      const isLikely = (flux: number) => at(flux) > top - 0.5;
      const flux = best[0];
      let step = (1 + Math.sqrt(sum(counts))) / totals[0];
      while (isLikely(flux + step)) step *= 2;
      return {
        best: flux,
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
