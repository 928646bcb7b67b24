// How near an estimate is to a known sky, and how honest its intervals are.
import { quantileOfSorted } from "../src/data/random/sorted-quantile.js";
import { imageSum, type SkyImage } from "../src/image.js";
import { normalisedRmsError } from "../src/quality/image-error.js";
import { brightPixels } from "../src/quality/interval-coverage.js";
import { structuralSimilarity } from "../src/quality/structural-similarity.js";
import type { Estimate } from "./prior-methods.js";
import type { Sky } from "./skies.js";

/** Central intervals that are judged, in parts of the posterior. */
export const LEVELS = [0.5, 0.68, 0.9];

/** A sum of pixels. */
export interface SumScore {
  readonly name: string;
  readonly truth: number;
  /** Posterior mean or point estimate. */
  readonly mean: number;
  /** Posterior standard deviation. */
  readonly std?: number;
  /** Upper end of the central 90 % interval. */
  readonly upper?: number;
  /** Whether the interval of each of `LEVELS` holds the truth: 1 or 0. */
  readonly inside?: readonly number[];
}

/** Many numbers judged together. */
export interface Coverage {
  readonly judged: number;
  /** Part of the intervals of each of `LEVELS` that hold the truth. */
  readonly covered: readonly number[];
}

/** Scores of one estimate. Absent where the truth is empty or the method gives no intervals. */
export interface SkyScores {
  readonly nrmse?: number;
  readonly similarity?: number;
  readonly total: SumScore;
  readonly sources: readonly SumScore[];
  /** The brightest pixels that hold 90 % of the flux. */
  readonly pixels?: Coverage;
  /** Sums over 4 x 4 pixels that send a count or more. */
  readonly blocks?: Coverage;
}

/** Score an estimate of a sky. */
export function scoreSky({ mean, draws }: Estimate, sky: Pick<Sky, "flux" | "sources">): SkyScores {
  const { flux, sources } = sky;
  const everywhere = [...flux.data.keys()];
  const isEmpty = imageSum(flux) === 0;
  const sum = (name: string, pixels: readonly number[]) => sumScore(name, pixels, mean, draws, flux);
  const bright = isEmpty ? flux : brightPixels(flux, 0.9);
  const pixels = everywhere.filter((pixel) => bright.data[pixel] > 0).map((pixel) => [pixel]);
  const blocks = blocksOf(flux.shape).filter((block) => sumOf(flux.data, block) >= 1);
  return {
    ...(isEmpty
      ? {}
      : {
          nrmse: normalisedRmsError(mean, flux),
          similarity: structuralSimilarity(mean, flux, { weights: "uniform" }),
        }),
    total: sum("total", everywhere),
    sources: sources.map(({ name, pixels: own }) => sum(name, own)),
    ...(draws.length === 0 || isEmpty
      ? {}
      : { pixels: coverage(pixels, draws, flux), blocks: coverage(blocks, draws, flux) }),
  };
}

function sumOf(data: ArrayLike<number>, pixels: readonly number[]): number {
  let sum = 0;
  for (const pixel of pixels) sum += data[pixel];
  return sum;
}

/** Pixels of the blocks of 4 x 4. */
function blocksOf([ny, nx]: readonly [number, number]): number[][] {
  return Array.from({ length: (ny / 4) * (nx / 4) }, (_, block) => {
    const [top, left] = [4 * Math.floor(block / (nx / 4)), 4 * (block % (nx / 4))];
    return Array.from({ length: 16 }, (__, index) => (top + Math.floor(index / 4)) * nx + left + (index % 4));
  });
}

/** Sums of all draws in ascending order. */
function sortedSums(draws: readonly Float32Array[], pixels: readonly number[]): Float64Array {
  return Float64Array.from(draws, (draw) => sumOf(draw, pixels)).sort();
}

function insideEach(sorted: Float64Array, truth: number): number[] {
  return LEVELS.map((level) =>
    Number(
      truth >= quantileOfSorted(sorted, (1 - level) / 2) &&
        truth <= quantileOfSorted(sorted, (1 + level) / 2),
    ),
  );
}

function sumScore(
  name: string,
  pixels: readonly number[],
  mean: SkyImage,
  draws: readonly Float32Array[],
  flux: SkyImage,
): SumScore {
  const score = { name, truth: sumOf(flux.data, pixels), mean: sumOf(mean.data, pixels) };
  if (draws.length === 0) return score;
  const sorted = sortedSums(draws, pixels);
  const centre = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const squares = sorted.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return {
    ...score,
    std: Math.sqrt(squares / (sorted.length - 1)),
    upper: quantileOfSorted(sorted, 0.95),
    inside: insideEach(sorted, score.truth),
  };
}

function coverage(
  sums: readonly (readonly number[])[],
  draws: readonly Float32Array[],
  flux: SkyImage,
): Coverage {
  const held = LEVELS.map(() => 0);
  for (const pixels of sums) {
    const inside = insideEach(sortedSums(draws, pixels), sumOf(flux.data, pixels));
    inside.forEach((value, level) => {
      held[level] += value;
    });
  }
  return { judged: sums.length, covered: held.map((count) => count / sums.length) };
}
