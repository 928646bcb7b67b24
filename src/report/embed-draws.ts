import { zlibSync } from "fflate";
import { base64Length } from "../base64.js";
import { binImage, type SkyImage } from "../image.js";
import type { DrawSource } from "../posterior/draw-source.js";
import { pixelsThatMatter } from "../posterior/verdict.js";
import {
  COARSE_TOP,
  drawsToBytes,
  errorBound,
  FINE_TOP,
  type PackedDraws,
  packDraws,
} from "./packed-draws.js";
import type { DataBlock, DrawBlock, FilmData, PixelDrawData } from "./report-data.js";

/** Draws chosen for a report, and how well they are kept. */
export interface EmbeddedDraws {
  readonly film?: FilmData;
  readonly pixelDraws?: PixelDrawData;
  readonly blocks: readonly DataBlock[];
  /** Median over the pixels of the error bound of a draw in the film, in posterior standard deviations of the pixel. */
  readonly filmError: number;
  /** The same for `pixelDraws`; NaN without them. */
  readonly pixelError: number;
}

/** Part of the budget for whole images; the rest goes to the pixels that hold the flux. */
const FILM_SHARE = 0.65;
/** Draws of a chain that a film should have at least, before its codes are made coarser, or its pixels larger. */
const FEWEST_FRAMES = 12;
/** Draws of a chain that traces of pixels aim at. */
const TRACE_DRAWS = 250;
/** Estimate of base64 characters a value, by highest code; measured on draws of Chandra's Galactic Center. */
const CHARACTERS: Readonly<Record<number, number>> = { [FINE_TOP]: 1.25, [COARSE_TOP]: 1 };

/**
 * Choose, thin, quantise and compress draws, so that they fit into a budget: as many whole images as possible (binned when
 * they would be too few), and longer traces of the pixels that matter.
 *
 * @param mean posterior mean of the flux `[ny, nx]`
 * @param std its standard deviation
 * @param budget characters of base64
 */
export function embedDraws(
  source: DrawSource,
  { mean, std }: { readonly mean: SkyImage; readonly std: SkyImage },
  budget: number,
): EmbeddedDraws {
  const kept = Array.from({ length: source.chains }, (_, chain) => source.draws(chain));
  const longest = Math.max(0, ...kept);
  const total = kept.reduce((sum, count) => sum + count, 0);
  const pixels = mean.data.length;
  if (total === 0 || budget <= 0) return { blocks: [], filmError: Number.NaN, pixelError: Number.NaN };

  const whole = total * pixels * CHARACTERS[FINE_TOP] <= budget;
  const { bin, top, frames } = whole
    ? { bin: 1, top: FINE_TOP, frames: longest }
    : filmPlan(mean.shape, source.chains, longest, FILM_SHARE * budget);
  const filmStds = bin === 1 ? std.data : undefined;
  const film = thinToFit(whole ? budget : FILM_SHARE * budget, frames, longest, (step) => {
    const thinned = readFilm(source, kept, step, bin);
    return { ...thinned, top };
  });
  if (film === undefined) return { blocks: [], filmError: Number.NaN, pixelError: Number.NaN };
  const shape: readonly [number, number] = [Math.ceil(mean.shape[0] / bin), Math.ceil(mean.shape[1] / bin)];
  const filmData: FilmData = { ...block("film", film, source), bin, shape };
  const blocks: DataBlock[] = [{ id: "film", bytes: film.bytes }];
  const filmError = medianError(film.packed, filmStds ?? blockSpread(film.packed));
  if (film.step === 1 && bin === 1) return { film: filmData, blocks, filmError, pixelError: Number.NaN };

  const rest = budget - base64Length(film.bytes.length);
  const values = rest / CHARACTERS[FINE_TOP];
  const chosen = tracedPixels(
    mean,
    std,
    Math.floor(values / (source.chains * Math.min(TRACE_DRAWS, longest))),
  );
  const wanted = chosen.length === 0 ? 0 : Math.floor(values / (source.chains * chosen.length));
  const traces =
    wanted === 0
      ? undefined
      : thinToFit(rest, Math.min(wanted, longest), longest, (step) => ({
          ...readTraces(source, kept, step, chosen),
          top: FINE_TOP,
        }));
  if (traces === undefined || traces.step >= film.step) {
    return { film: filmData, blocks, filmError, pixelError: Number.NaN };
  }
  return {
    film: filmData,
    pixelDraws: { ...block("pixel-draws", traces, source), pixels: chosen },
    blocks: [...blocks, { id: "pixel-draws", bytes: traces.bytes }],
    filmError,
    pixelError: medianError(
      traces.packed,
      Float64Array.from(chosen, (pixel) => std.data[pixel]),
    ),
  };
}

/** How coarse a film has to be. */
function filmPlan(
  shape: readonly [number, number],
  chains: number,
  longest: number,
  budget: number,
): { bin: number; top: number; frames: number } {
  for (let bin = 1; ; bin *= 2) {
    const series = Math.ceil(shape[0] / bin) * Math.ceil(shape[1] / bin);
    for (const top of [FINE_TOP, COARSE_TOP]) {
      const frames = Math.floor(budget / (CHARACTERS[top] * series * chains));
      // A little binning is worse than few draws: half as many are accepted before pixels are merged.
      const enough = top === COARSE_TOP ? FEWEST_FRAMES / 2 : FEWEST_FRAMES;
      if (frames >= Math.min(enough, longest) || series === 1) return { bin, top, frames };
    }
  }
}

/** Draws read for packing: `[draws of all chains, series]`. */
interface ThinnedDraws {
  readonly values: Float32Array;
  readonly chains: readonly number[];
  readonly series: number;
  readonly top: number;
}

interface FittedDraws {
  readonly step: number;
  readonly chains: readonly number[];
  readonly packed: PackedDraws;
  readonly bytes: Uint8Array;
}

/**
 * Thin until the compressed draws fit.
 *
 * @param frames draws of a chain to begin with
 */
function thinToFit(
  budget: number,
  frames: number,
  longest: number,
  read: (step: number) => ThinnedDraws,
): FittedDraws | undefined {
  if (frames < 1) return undefined;
  for (let step = Math.max(1, Math.ceil(longest / frames)); step <= longest; ) {
    const { values, chains, series, top } = read(step);
    const draws = chains.reduce((sum, count) => sum + count, 0);
    const packed = packDraws(values, draws, series, top);
    const bytes = zlibSync(drawsToBytes(packed), { level: 6 });
    const size = base64Length(bytes.length);
    if (size <= budget) return { step, chains, packed, bytes };
    step = Math.max(step + 1, Math.ceil((step * size) / budget));
  }
  return undefined;
}

/** Draws of a chain when every `step`-th is taken, from number `step - 1` on. */
const thinnedCount = (draws: number, step: number) => Math.floor(draws / step);

function readFilm(source: DrawSource, kept: readonly number[], step: number, bin: number) {
  const [ny, nx] = source.shape;
  const series = Math.ceil(ny / bin) * Math.ceil(nx / bin);
  const chains = kept.map((draws) => thinnedCount(draws, step));
  const values = new Float32Array(series * chains.reduce((sum, count) => sum + count, 0));
  let end = 0;
  for (const [chain, draws] of chains.entries()) {
    for (let draw = 0; draw < draws; draw++, end += series) {
      const data = source.readDraws(chain, draw * step + step - 1, 1);
      values.set(bin === 1 ? data : binImage({ data, shape: source.shape }, bin).data, end);
    }
  }
  return { values, chains, series };
}

function readTraces(source: DrawSource, kept: readonly number[], step: number, pixels: readonly number[]) {
  const chains = kept.map((draws) => thinnedCount(draws, step));
  const series = pixels.length;
  const values = new Float32Array(series * chains.reduce((sum, count) => sum + count, 0));
  let at = 0;
  for (const [chain, draws] of chains.entries()) {
    for (let draw = 0; draw < draws; draw++) {
      const data = source.readDraws(chain, draw * step + step - 1, 1);
      for (const pixel of pixels) values[at++] = data[pixel];
    }
  }
  return { values, chains, series };
}

/** Pixels that deserve longer traces, in the order of the image: those that matter, the brightest first, and the rest. */
function tracedPixels(mean: SkyImage, std: SkyImage, most: number): number[] {
  const matter = pixelsThatMatter(mean, std);
  const chosen = new Set(matter.slice(0, Math.max(0, most)));
  return [...chosen].sort((a, b) => a - b);
}

function block(id: string, { step, chains, packed }: FittedDraws, { first, every }: DrawSource): DrawBlock {
  return {
    id,
    series: packed.series,
    chains,
    top: packed.top,
    step,
    firstSweep: first + (step - 1) * every,
    everySweeps: step * every,
  };
}

/** Median over the series of the largest error of a draw, in standard deviations. */
function medianError({ low, high, top }: PackedDraws, stds: ArrayLike<number>): number {
  const errors = Array.from(low, (bottom, index) => errorBound(bottom, high[index], top) / stds[index])
    .filter((error) => Number.isFinite(error))
    .sort((a, b) => a - b);
  return errors.length === 0 ? 0 : errors[errors.length >> 1];
}

/** Standard deviation of each series over all its draws, for blocks whose exact one is not known. */
function blockSpread({ series, draws, codes, low, high, top }: PackedDraws): Float64Array {
  return Float64Array.from({ length: series }, (_, index) => {
    let [sum, squares] = [0, 0];
    for (let draw = 0; draw < draws; draw++) {
      const place = codes[draw * series + index] / top;
      const value = (high[index] - low[index]) * place * place;
      sum += value;
      squares += value * value;
    }
    return Math.sqrt(Math.max(0, squares - (sum * sum) / draws) / Math.max(1, draws - 1));
  });
}
