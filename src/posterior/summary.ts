import { InvalidInputError } from "../errors.js";
import type { Shape } from "../image.js";
import { constantImage } from "../image.js";
import { type ChainGroups, comparableGroups, groupedConvergence } from "./chain-groups.js";
import type { Convergence, Moments } from "./result.js";
import { asParameterSource, type ParameterSource, type ParameterTrace } from "./trace.js";

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

/**
 * Draws of one column after burn-in, one array for each of the chains asked for.
 *
 * @param column index into `names` of the trace
 * @throws InvalidInputError when the trace has no such column
 */
export function parameterDraws(
  trace: ParameterTrace | ParameterSource,
  column: number,
  which?: readonly number[],
): Float64Array[] {
  const source = asParameterSource(trace);
  const width = source.names.length;
  if (!(column in source.names)) {
    throw new InvalidInputError(
      `parameterDraws: column must be a whole number from 0 to ${width - 1}, got ${column}; take the index of one of ${source.names.join(", ")}`,
      { fields: { column } },
    );
  }
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

/** Column of the background's factor of an observation; -1 where a sampler of one's own has none. */
export function backgroundColumn(
  names: readonly string[],
  observation: number,
  observations: number,
): number {
  return names.indexOf(observations === 1 ? "bkgScale" : `bkgScale${observation}`);
}

/** Posterior mean of the background's factor of an observation; 1 when it was not fitted. */
export function meanBackgroundScale(
  parameters: ParameterTrace | ParameterSource,
  observation: number,
  observations: number,
): number {
  const column = backgroundColumn(parameters.names, observation, observations);
  if (column < 0) return 1;
  let [sum, draws] = [0, 0];
  for (const chain of parameterDraws(parameters, column)) {
    for (const value of chain) sum += value;
    draws += chain.length;
  }
  return draws === 0 ? 1 : sum / draws;
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
