/**
 * The prior of a whole image, and what it says of a tile.
 *
 * Every tile fits smoothing parameters of its own. Were each given the whole prior `p(alpha)`, it would be counted once for
 * every tile and pull all of them down (the default expects `alpha` below 0.1). So a tile gets its share: with `w` the tile's
 * part of the pixels, `p(alpha)^w`, as for parts of a data set in Scott et al. 2016, "Bayes and big data: the consensus Monte
 * Carlo algorithm", Int. J. Management Science and Engineering Management 11, 78. Since
 *
 *     p(alpha) ~ alpha^power exp(-rate alpha^exponent),    p(T) ~ T^(shape - 1) exp(-rate T),
 *
 * power and rate of the first are multiplied by `w`, and `shape - 1` of the second. Its rate stays: `exp(-rate T)` is a
 * product over pixels. It acts on counts at the reference exposure, so it goes with the tile's. Under the adaptive prior every tile
 * fits a transition matrix of its own, whose prior weighs no more than a few blocks: it stays.
 */

import { multiscaleLevels } from "../data/observation/multiscale-decomposition.js";
import type { Shape } from "../image.js";
import type { LevelConfig } from "../posterior/result.js";
import { planRun } from "../runs/lira-options.js";
import type { JobOptions } from "./job.js";

/** An image, or a tile of it. */
export interface PriorPlace {
  /** `[ny, nx]`, margin included. */
  readonly shape: Shape;
  /** Reference exposure E0 > 0 (`referenceExposure`). */
  readonly reference: number;
}

/**
 * The settings of a tile that follow from those of the whole image: its priors, and of a list of smoothing parameters the
 * levels that it has.
 *
 * @param options of the whole image; defaults as in `LiraDeconvolver`
 */
export function tilePrior(options: JobOptions, whole: PriorPlace, tile: PriorPlace): JobOptions {
  const { config } = planRun(options, whole.shape);
  const { totalCountsPrior: total } = config;
  const share = (tile.shape[0] * tile.shape[1]) / (whole.shape[0] * whole.shape[1]);
  return {
    totalCountsPrior: {
      shape: 1 + (total.shape - 1) * share,
      rate: total.rate * (whole.reference / tile.reference),
    },
    ...(config.adaptivePrior === undefined ? tileSmoothing(options, config, share, tile.shape) : {}),
  };
}

function tileSmoothing(
  options: JobOptions,
  { smoothingPrior: { power, rate, exponent }, alphaInit }: LevelConfig,
  share: number,
  shape: Shape,
): JobOptions {
  return {
    smoothingPrior: { power: power * share, rate: rate * share, exponent },
    ...(Array.isArray(options.alphaInit)
      ? { alphaInit: alphaInit.slice(0, multiscaleLevels(finer(shape, options))) }
      : {}),
  };
}

/** Shape of the sky on an image. */
function finer([ny, nx]: Shape, { upsampling = 1 }: JobOptions): Shape {
  return [upsampling * ny, upsampling * nx];
}

/** Posterior of one smoothing parameter in a tile. */
export interface TileSmoothing {
  readonly mean: number;
  readonly std: number;
}

/**
 * Smoothing parameters that all tiles have in common, one for each level of the whole image, finest first.
 *
 * Their logarithms are averaged with the inverse variances of the tiles as weights, which is the mean of the product of their
 * posteriors were these log-normal. Levels that no tile has repeat the coarsest.
 *
 * @param tiles posteriors of the levels of each tile, finest first
 * @param whole shape of the whole sky
 * @returns undefined where nothing was fitted
 */
export function commonSmoothing(
  tiles: readonly (readonly TileSmoothing[])[],
  whole: Shape,
): number[] | undefined {
  const common: number[] = [];
  for (let level = 0; level < multiscaleLevels(whole); level++) {
    const found = tiles.flatMap((levels) => (levels[level]?.std > 0 ? [levels[level]] : []));
    const weights = found.map(({ mean, std }) => (mean / std) ** 2);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const logs = found.reduce((total, { mean }, index) => total + weights[index] * Math.log(mean), 0);
    const previous = common.at(-1);
    if (sum > 0) common.push(Math.exp(logs / sum));
    else if (previous !== undefined) common.push(previous);
  }
  return common.length === multiscaleLevels(whole) ? common : undefined;
}
