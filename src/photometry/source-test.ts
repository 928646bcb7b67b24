/**
 * Is there a source at a place? The likelihood ratio of a source against everything else, over the pixels that its psf lights:
 *
 *     lambda = background + level surroundings + flux unit,    statistic = 2 ln (greatest likelihood / greatest with flux 0)
 *
 * The surroundings are the posterior mean with the light at the place taken out and the hole bridged (`bridgedLight`). How bright they are is
 * known only as well as their own photons tell, so their level is fitted too, with the likelihood of another measurement of as many
 * photons, as on and off the source (Li & Ma 1983, ApJ 272, 317).
 */

import type { PixelPosition } from "../data/sky/sky-wcs.js";
import type { Shape } from "../image.js";
import type { ForwardModel } from "../model/forward-model.js";
import { frameShape, setFrame } from "../model/sky-grid.js";
import { circlePixels } from "../posterior/region.js";
import { bridgedLight } from "./bridged-light.js";
import { sum } from "./extra-source.js";
import { fluxLikelihood, type LikelyFlux } from "./flux-likelihood.js";
import { lightOf, type SourceLight } from "./source-light.js";

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
  /** Logarithm of the greatest likelihood beside the mean of the bridges. */
  height(source: SourceLight, beside: readonly SourceLight[]): number;
  /**
   * Its flux beside the mean of the bridges, with their scatter in the interval.
   *
   * @param lights it may have: the first is the most likely; the interval is where any of them is as likely as a lower logarithm by 1/2 lets it
   */
  flux(lights: readonly SourceLight[], beside: readonly SourceLight[]): LikelyFlux;
  /** The most likely place of such a source, and its covariance from the curvature of the likelihood, in pixels of the frame. */
  locate(source: SourceLight, beside: readonly SourceLight[]): LocatedSource;
}

/** Where a source is. */
export interface LocatedSource extends PixelPosition {
  readonly varX: number;
  readonly varY: number;
  readonly covariance: number;
}

/** Parts of the largest value from which on a pixel that the psf lights is fitted. */
const WINDOW = 0.01;
/** Of the search for the place: differences in detector pixels, rounds, and how far away it may end. */
const STEP = 0.5;
const ROUNDS = 8;
const MOST_STEPS = 5;

/**
 * Set up the test on a posterior mean.
 *
 * @param mean `ny * nx` values of the frame
 * @param whole mean on the whole sky, whose frame is `mean`
 * @returns a function of a place in pixels from 0, the pixels whose light is taken out there, those of other sources, and how far from the
 *   place light is fitted, in pixels (0: what the psf lights of a point); undefined where no pixel in use sees the place
 */
export function sourceTester(
  model: ForwardModel,
  mean: Float64Array,
  whole: Float64Array,
): (
  place: PixelPosition,
  hole: readonly number[],
  kept: ReadonlySet<number>,
  reach?: number,
) => SourceFit | undefined {
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

  return (place, hole, kept, reach = 0) => {
    const spot = onSky(reach === 0 ? lightOf({ ...place, width: 0 }, shape) : disk(place, reach, shape));
    const most = Math.max(...spot.map((image) => image.reduce((a, b) => Math.max(a, b), 0)));
    const lit = observations.flatMap(({ mask }, index) =>
      [...spot[index].keys()].flatMap((pixel) =>
        spot[index][pixel]! > WINDOW * most && mask?.data[pixel] !== 0 ? [{ index, pixel }] : [],
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
    const unitOf = (source: SourceLight) => at(onSky(lightOf(source, shape)));
    /** Light of those that reach the pixels, one by one. */
    const unitsOf = (beside: readonly SourceLight[]) =>
      beside.map(unitOf).filter((unit) => unit.some((value) => value > WINDOW * most));
    const fits = (others: readonly Float64Array[], source: SourceLight, beside: readonly SourceLight[]) => {
      const [unit, units] = [unitOf(source), unitsOf(beside)];
      return others.map((one) => fluxLikelihood(counts, known, one, units, unit));
    };
    return {
      ratio: (source, beside) => Math.min(...fits(bridges, source, beside).map((one) => one.statistic())),
      statistic(source) {
        const each = fits(bridges, source, []);
        const least = Math.min(...each.map((one) => one.statistic()));
        const { mean, variance } = scatter(each);
        return least === 0 ? 0 : least / (1 + (least * variance) / mean ** 2);
      },
      height: (source, beside) => fluxLikelihood(counts, known, middle, unitsOf(beside), unitOf(source)).top,
      flux(lights, beside) {
        const units = unitsOf(beside);
        const all = lights.map((light) => fluxLikelihood(counts, known, middle, units, unitOf(light)));
        const best = all[0].flux;
        const floor = Math.max(...all.map(({ top }) => top)) - 0.5;
        const intervals = all.filter(({ top }) => top > floor).map((one) => one.interval(floor));
        const low = Math.min(best, ...intervals.map((one) => one.low));
        const high = Math.max(best, ...intervals.map((one) => one.high));
        const { variance } = scatter(fits(bridges, lights[0], beside));
        return {
          best,
          low: Math.max(0, best - Math.sqrt((best - low) ** 2 + variance)),
          high: best + Math.sqrt((high - best) ** 2 + variance),
        };
      },
      locate(source, beside) {
        const units = unitsOf(beside);
        const heightAt = (place: PixelPosition) =>
          fluxLikelihood(counts, known, middle, units, unitOf({ ...source, ...place })).top;
        return climb(source, heightAt, STEP * Math.max(grid.upsampling, source.width));
      },
    };
  };
}

/** Even light of the pixels around a place. */
function disk({ x, y }: PixelPosition, radius: number, shape: Shape): Float64Array {
  const light = new Float64Array(shape[0] * shape[1]);
  for (const pixel of circlePixels({ x, y, radius }, shape)) light[pixel] = 1;
  return light;
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
