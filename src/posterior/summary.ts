import { InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";
import { constantImage } from "../image.js";
import { type ChainGroups, comparableGroups, groupedConvergence } from "./chain-groups.js";
import { asDrawSource, type DrawSource, forEachPixelBlock, type WatchOptions } from "./draw-source.js";
import { rankScratch, sortDraws, sortedQuantile } from "./rank.js";
import type { Convergence, Moments } from "./result.js";
import { asParameterSource, type ImageTrace, type ParameterSource, type ParameterTrace } from "./trace.js";

/** Running sums of one chain, as Welford's recurrence leaves them. */
export interface MomentSums {
  /** Number of sweeps behind the sums. */
  readonly draws: number;
  /** Mean of each pixel, length `ny * nx`. */
  readonly mean: Float64Array;
  /** Sum of squared distances from the mean of each pixel, length `ny * nx`. */
  readonly squares: Float64Array;
}

/**
 * Mean and standard deviation of all chains together, every sweep counting the same.
 *
 * The sums are joined chain by chain (Chan, Golub & LeVeque 1983, The American Statistician 37, 242): with
 * `delta = mean_b - mean_a` and `n = n_a + n_b`, the mean moves by `delta n_b / n` and the squares grow by
 * `delta^2 n_a n_b / n`. Chains without draws do not count. One chain gives its own moments.
 *
 * @param chains sums of each chain; not changed
 * @returns NaN means when there are no draws, NaN standard deviations when there is at most one
 * @throws InvalidInputError when sums do not fit the shape
 */
export function poolMoments(chains: readonly MomentSums[], shape: Shape): Moments {
  const mean = constantImage(shape, 0).data;
  const squares = new Float64Array(mean.length);
  let draws = 0;
  for (const [c, chain] of chains.entries()) {
    if (chain.mean.length !== mean.length || chain.squares.length !== mean.length) {
      throw new InvalidInputError(
        `moments: chain ${c} must hold ${mean.length} pixels, got ${chain.mean.length} means and ` +
          `${chain.squares.length} sums of squares; use the chains of one run`,
        { fields: { chain: c, shape } },
      );
    }
    if (chain.draws === 0) continue;
    const total = draws + chain.draws;
    const weight = chain.draws / total;
    for (let pixel = 0; pixel < mean.length; pixel++) {
      const delta = chain.mean[pixel] - mean[pixel];
      mean[pixel] += delta * weight;
      squares[pixel] += chain.squares[pixel] + delta * delta * draws * weight;
    }
    draws = total;
  }
  if (draws === 0) mean.fill(Number.NaN);
  const std = squares; // turned into standard deviations in place
  for (let pixel = 0; pixel < std.length; pixel++) {
    std[pixel] = draws > 1 ? Math.sqrt(squares[pixel] / (draws - 1)) : Number.NaN;
  }
  return { mean: { data: mean, shape }, std: { data: std, shape }, draws };
}

/** Probabilities of the quantile images in a result: median and the ends of the central 68 %. */
export const QUANTILE_PROBABILITIES: readonly number[] = [0.16, 0.5, 0.84];

/**
 * Quantiles of the flux in every pixel over the kept draws of all chains, by linear interpolation between order
 * statistics (type 7 of Hyndman & Fan 1996, the default of numpy and R).
 *
 * @param images kept draws after burn-in, in memory or elsewhere; not changed
 * @param options progress and a signal, and `probabilities`, each in [0, 1], default 0.16, 0.5, 0.84
 * @returns one image `[ny, nx]` for each probability; NaN in pixels with a draw that is not finite or without draws
 * @throws InvalidInputError when a probability is out of range
 * @throws AbortedError when `signal` says so
 */
export async function pixelQuantiles(
  images: ImageTrace | DrawSource,
  {
    probabilities = QUANTILE_PROBABILITIES,
    ...watch
  }: WatchOptions & { readonly probabilities?: readonly number[] } = {},
): Promise<{ readonly probabilities: readonly number[]; readonly images: readonly SkyImage[] }> {
  for (const probability of probabilities) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new InvalidInputError(
        `quantiles: probabilities must lie in [0, 1], got ${probability}; give for example 0.5 for the median`,
        { fields: { probability } },
      );
    }
  }
  const source = asDrawSource(images);
  const results = probabilities.map(() => constantImage(source.shape, Number.NaN));
  const chains = Array.from({ length: source.chains }, (_, chain) => chain).filter(
    (chain) => source.draws(chain) > 0,
  );
  const draws = chains.reduce((sum, chain) => sum + source.draws(chain), 0);
  if (draws > 0) {
    const scratch = rankScratch(draws, { scores: false });
    const values = new Float32Array(draws);
    await forEachPixelBlock(source, chains, watch, (block) => {
      for (let pixel = 0; pixel < block.count; pixel++) {
        let end = 0;
        for (const [index, chain] of chains.entries()) {
          const count = source.draws(chain);
          values.set(block.chains[index].subarray(pixel * count, (pixel + 1) * count), end);
          end += count;
        }
        if (!values.every(Number.isFinite)) continue;
        sortDraws(values, scratch);
        for (const [index, probability] of probabilities.entries()) {
          results[index].data[block.firstPixel + pixel] = sortedQuantile(scratch, probability);
        }
      }
    });
  }
  return { probabilities: [...probabilities], images: results };
}

/**
 * Columns of a parameter trace that keep the books of the chain and are no parameters of the model: their convergence
 * means nothing.
 */
export const BOOKKEEPING_COLUMNS: ReadonlySet<string> = new Set([
  "iteration",
  "chain",
  "stepSize",
  "cycleSpinRow",
  "cycleSpinCol",
  "treeDepth",
  "gradients",
  "acceptance",
  "divergent",
]);

/** Rows that are read at a time. */
const ROWS_AT_ONCE = 4096;

/** Draws of one column after burn-in, one array for each of the chains asked for. */
export function parameterDraws(
  trace: ParameterTrace | ParameterSource,
  column: number,
  which?: readonly number[],
): Float64Array[] {
  const source = asParameterSource(trace);
  const width = source.names.length;
  const sweeps = sweepsAfterBurnIn(source);
  return (which ?? sweeps.map((_, chain) => chain)).map((chain) => {
    const draws = new Float64Array(sweeps[chain]);
    for (let first = 0; first < draws.length; first += ROWS_AT_ONCE) {
      const count = Math.min(ROWS_AT_ONCE, draws.length - first);
      const rows = source.readRows(chain, source.burnIn + first, count);
      for (let row = 0; row < count; row++) draws[first + row] = rows[row * width + column];
    }
    return draws;
  });
}

/** Sweeps after burn-in of each chain. */
export function sweepsAfterBurnIn(trace: ParameterTrace | ParameterSource): number[] {
  const source = asParameterSource(trace);
  return Array.from({ length: source.chains }, (_, chain) =>
    Math.max(source.sweeps(chain) - source.burnIn, 0),
  );
}

/**
 * Convergence of every parameter of the trace that varies, from the sweeps after burn-in.
 *
 * Left out: the columns in `BOOKKEEPING_COLUMNS`, constant columns, and chains with fewer than half the sweeps of the
 * longest (see `comparableChains`). The others are cut to the shortest.
 *
 * @param groups chains that sample the same law; default all
 */
export function summariseParameters(
  trace: ParameterTrace | ParameterSource,
  groups?: ChainGroups,
): Convergence[] {
  const compared = comparableGroups(sweepsAfterBurnIn(trace), groups);
  return trace.names.flatMap((name, column) => {
    if (BOOKKEEPING_COLUMNS.has(name)) return [];
    const draws = compared.map((group) => parameterDraws(trace, column, group));
    const first = draws[0]?.[0]?.[0];
    if (draws.every((group) => group.every((chain) => chain.every((value) => value === first)))) return [];
    return [groupedConvergence(name, draws)];
  });
}
