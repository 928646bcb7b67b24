import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { DrawSource } from "../posterior/draw-source.js";
import { type ColorScale, type ColorScaleOptions, colorScale } from "./color-scale.js";

/** One draw of a chain and the mean of all draws up to it. */
export interface DrawFrame {
  /** Number of the chain, from 0. */
  readonly chain: number;
  /** Number of the draw in its chain, from 0. */
  readonly draw: number;
  /** Sweep after which it was kept. */
  readonly sweep: number;
  /** Flux of the draw `[ny, nx]`. */
  readonly image: SkyImage;
  /** Mean of this draw and all before it. */
  readonly mean: SkyImage;
  /** Number of draws behind the mean. */
  readonly averaged: number;
}

/**
 * Visit draws of one chain from the first to the last, at most `frames`, evenly spread; all draws count for the mean.
 *
 * @param start mean and number of draws before; not changed
 */
export function* drawFrames(
  source: DrawSource,
  chain: number,
  frames: number,
  start?: { readonly mean: SkyImage; readonly averaged: number },
): Generator<DrawFrame> {
  const draws = source.draws(chain);
  const count = Math.min(frames, draws);
  const pixels = source.shape[0] * source.shape[1];
  const mean = Float64Array.from(start?.mean.data ?? new Float64Array(pixels));
  let averaged = start?.averaged ?? 0;
  let shown = 0;
  for (let draw = 0; draw < draws; draw++) {
    const values = source.readDraws(chain, draw, 1);
    averaged++;
    for (let pixel = 0; pixel < pixels; pixel++) mean[pixel] += (values[pixel] - mean[pixel]) / averaged;
    // The last draw of every equal share is shown, so that the final mean is that of all draws.
    if ((draw + 1) * count < (shown + 1) * draws) continue;
    shown++;
    yield {
      chain,
      draw,
      sweep: source.first + draw * source.every,
      image: { data: Float64Array.from(values), shape: source.shape },
      mean: { data: mean.slice(), shape: source.shape },
      averaged,
    };
  }
}

/** Percentage of the pixels of single draws above which colours end: one bright pixel should not hide the others. */
const TOP_PERCENT = 99.8;
/** Draws that are looked at for the limits of the colours. */
const SAMPLE = 12;

/** A colour scale that suits draws all along the chains. */
export function drawScale(
  source: DrawSource,
  chains: readonly number[],
  options: ColorScaleOptions,
): ColorScale {
  const sample = chains.flatMap((chain) => {
    const draws = source.draws(chain);
    const count = Math.min(draws, Math.ceil(SAMPLE / chains.length));
    return Array.from({ length: count }, (_, index): SkyImage => {
      const at = Math.floor(((index + 0.5) * draws) / count);
      return { data: Float64Array.from(source.readDraws(chain, at, 1)), shape: source.shape };
    });
  });
  return colorScale(sample, { stretch: "asinh", limits: TOP_PERCENT, ...options });
}

/**
 * Numbers of the chains to show.
 *
 * @param chain number of one chain, from 0; undefined for all that have draws
 * @throws InvalidInputError when there is no such chain or no draw
 */
export function shownChains(where: string, source: DrawSource, chain: number | undefined): number[] {
  const filled = Array.from({ length: source.chains }, (_, index) => index).filter(
    (index) => source.draws(index) > 0,
  );
  if (chain !== undefined && !(Number.isInteger(chain) && chain >= 0 && chain < source.chains)) {
    throw new InvalidInputError(
      `${where}: chain must be one of the ${source.chains} chains, counted from 0, got ${chain}; leave it out for all`,
      { fields: { chain, chains: source.chains } },
    );
  }
  const chains = chain === undefined ? filled : filled.filter((index) => index === chain);
  if (chains.length > 0) return chains;
  throw new InvalidInputError(
    `${where}: the image trace must hold at least one draw, got none; keep draws with the option trace`,
    { fields: { chains: source.chains } },
  );
}
