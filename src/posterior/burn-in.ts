import { InvalidInputError } from "../errors.js";
import { type AutocovarianceScratch, autocovarianceScratch } from "./autocovariance.js";
import { comparableChains } from "./draw-source.js";
import { effectiveSize, splitVariance } from "./effective-size.js";
import { normalTwoSidedTail } from "./normal-tail.js";
import { BOOKKEEPING_COLUMNS, parameterDraws, sweepsAfterBurnIn } from "./summary.js";
import { asParameterSource, type ParameterSource, type ParameterTrace } from "./trace.js";

/** Which parts of a chain Geweke's check compares, as fractions of its length. */
export interface GewekeOptions {
  /** Length of the part at the start, in (0, 1); default 0.1. */
  readonly first?: number;
  /** Length of the part at the end, in (0, 1); default 0.5; together at most 1. */
  readonly last?: number;
}

/** Geweke's comparison of the start of a chain with its end. */
export interface GewekeCheck {
  /** Difference of the two means in its standard errors; near N(0, 1) for a chain at rest. NaN when undefined. */
  readonly z: number;
  /** Two-sided probability of such a z or a larger one; NaN when undefined. */
  readonly p: number;
  readonly firstMean: number;
  readonly lastMean: number;
  /** Effective sample size of each part; below 20 the error of z is so rough that p is too small too often. */
  readonly firstEss: number;
  readonly lastEss: number;
}

/** Memory for chains of a length: parts of many chains have the same few. */
type ScratchFor = (length: number) => AutocovarianceScratch;

function keptScratch(): ScratchFor {
  const kept = new Map<number, AutocovarianceScratch>();
  return (length) => {
    const scratch = kept.get(length) ?? autocovarianceScratch(length);
    kept.set(length, scratch);
    return scratch;
  };
}

/** Mean of a run of draws, and its squared standard error `S(0) / n`. */
function meanAndError(
  values: Float64Array,
  scratchFor: ScratchFor,
): { mean: number; squaredError: number; ess: number } {
  const means = new Float64Array(1);
  const split = { within: Number.NaN, pooled: Number.NaN };
  splitVariance(values, 1, values.length, means, split);
  const ess = effectiveSize(values, 1, means, split, scratchFor(values.length));
  return { mean: means[0], squaredError: split.within / ess, ess };
}

/**
 * Geweke's check of a single chain (Geweke 1992, in Bayesian Statistics 4, ed. Bernardo et al., section 3.2):
 *
 *     z = (mean of the first part - mean of the last part) / sqrt(S1(0) / n1 + S2(0) / n2)
 *
 * with `S(0)` the spectral density of a part at frequency zero, that is its variance times its autocorrelation time.
 *
 * Deviation: Geweke smooths the periodogram; here `S(0)` is the sum of autocovariances cut by Geyer's initial monotone sequence
 * (Geyer 1992), the estimate behind every effective sample size of this package.
 *
 * @param chain draws of one chain
 * @returns NaN figures when a part has fewer than 5 draws, never changes, or holds a value that is not finite
 * @throws InvalidInputError when the fractions are not in (0, 1) or overlap
 */
export function gewekeCheck(chain: ArrayLike<number>, options: GewekeOptions = {}): GewekeCheck {
  return compareParts(chain, options, keptScratch());
}

function compareParts(
  chain: ArrayLike<number>,
  { first = 0.1, last = 0.5 }: GewekeOptions,
  scratchFor: ScratchFor,
): GewekeCheck {
  if (!(first > 0 && last > 0 && first + last <= 1)) {
    throw new InvalidInputError(
      `gewekeCheck: first and last must be > 0 and sum to at most 1, got ${first} and ${last}; try 0.1 and 0.5`,
      { fields: { first, last } },
    );
  }
  const { length } = chain;
  const part = (start: number, end: number) =>
    Float64Array.from({ length: end - start }, (_, index) => chain[start + index]);
  const head = meanAndError(part(0, Math.floor(first * length)), scratchFor);
  const tail = meanAndError(part(length - Math.floor(last * length), length), scratchFor);
  const error = Math.sqrt(head.squaredError + tail.squaredError);
  const z = error > 0 ? (head.mean - tail.mean) / error : Number.NaN;
  return {
    z,
    p: normalTwoSidedTail(z),
    firstMean: head.mean,
    lastMean: tail.mean,
    firstEss: head.ess,
    lastEss: tail.ess,
  };
}

/** Geweke's check of one parameter in one chain. */
export interface BurnInRow extends GewekeCheck {
  readonly name: string;
  /** Number of the chain, from 0. */
  readonly chain: number;
  /** Whether both parts have an effective sample size of at least 20, so that p means what it says. */
  readonly judged: boolean;
}

/** A burn-in that was tried, and the worst that Geweke's check says of the rest. */
export interface BurnInTrial {
  /** Sweeps left out at the start of each chain. */
  readonly burnIn: number;
  /** Largest |z| over the parameters and chains that can be judged; 0 when there is none. */
  readonly largest: number;
  /** The parameter and chain where it is; undefined when there is none. */
  readonly worst?: { readonly name: string; readonly chain: number };
  /** Whether something can be judged and every p is above the limit. */
  readonly passed: boolean;
}

/** Was the burn-in long enough? */
export interface BurnInCheck {
  /** Burn-in of the run, in sweeps. */
  readonly burnIn: number;
  /** Every varying parameter of every chain, from the sweeps after the burn-in: those judged first, largest |z| first. */
  readonly rows: readonly BurnInRow[];
  /** p below which a row counts as a drift: the false-alarm rate divided by the number of rows judged (Bonferroni). */
  readonly limit: number;
  /** Whether something can be judged and no row judged is below the limit. */
  readonly passed: boolean;
  /** Burn-ins tried: 0, 5, 10 ... 50 % of the sweeps. */
  readonly trials: readonly BurnInTrial[];
  /**
   * A longer one of these that would do, where the burn-in of the run does not pass; undefined when none would: the chains are too
   * short, or do not rest.
   */
  readonly suggested?: number;
}

/** Options of `checkBurnIn`. */
export interface BurnInOptions extends GewekeOptions {
  /** Probability that a run at rest fails, in (0, 1); default 0.01. */
  readonly falseAlarmRate?: number;
}

/** Effective sample size of both parts from which z is near enough to a standard normal number. */
const FEWEST_EFFECTIVE = 20;
const TRIAL_STEP = 0.05;
const LAST_TRIAL = 10;

/**
 * Check the burn-in of a run by Geweke's test of every parameter and chain, and suggest one.
 *
 * Where the burn-in does not pass, the suggestion is the shortest longer one of 5, 10 ... 50 % of the sweeps that passes, judges all that
 * drifted, and has none behind it that fails. A chain at rest stays there: a failure behind a pass says that the pass was for want
 * of power, as in the wake of a drift the first tenth has too few effective draws to be judged, or so large an error that
 * nothing differs from it. The price: chains at rest that fail one of the longer ones by chance are told to run longer.
 *
 * It finds drifts that last for a good part of the first tenth; a few sweeps at the start of a long run it does not see, and they
 * do no harm to the mean. It judges each chain by itself: that all of them rest at the same place is for R-hat to say.
 *
 * @param trace parameters of all sweeps, burn-in included
 * @throws InvalidInputError when an option is out of range
 */
export function checkBurnIn(
  trace: ParameterTrace | ParameterSource,
  { falseAlarmRate = 0.01, ...parts }: BurnInOptions = {},
): BurnInCheck {
  if (!(falseAlarmRate > 0 && falseAlarmRate < 1)) {
    throw new InvalidInputError(
      `checkBurnIn: falseAlarmRate must lie in (0, 1), got ${falseAlarmRate}; try 0.01`,
      {
        fields: { falseAlarmRate },
      },
    );
  }
  const source = asParameterSource(trace);
  const whole: ParameterSource = { ...source, burnIn: 0 };
  const which = comparableChains(sweepsAfterBurnIn(source));
  const columns = source.names.flatMap((name, column) =>
    BOOKKEEPING_COLUMNS.has(name) ? [] : [{ name, draws: parameterDraws(whole, column, which) }],
  );
  const scratchFor = keptScratch();
  const rowsAfter = (burnIn: number): BurnInRow[] =>
    columns
      .flatMap(({ name, draws }) =>
        draws.map((values, index) => {
          const check = compareParts(values.subarray(burnIn), parts, scratchFor);
          const judged = Math.min(check.firstEss, check.lastEss) >= FEWEST_EFFECTIVE;
          return { name, chain: which[index], judged, ...check };
        }),
      )
      .filter(({ p }) => !Number.isNaN(p))
      .sort((a, b) => Number(b.judged) - Number(a.judged) || Math.abs(b.z) - Math.abs(a.z));
  const judge = (rows: readonly BurnInRow[]) => {
    const judged = rows.filter((row) => row.judged);
    const limit = falseAlarmRate / Math.max(1, judged.length);
    const drifting = judged.filter(({ p }) => p < limit);
    return { limit, judged, drifting, passed: judged.length > 0 && drifting.length === 0 };
  };

  const rows = rowsAfter(source.burnIn);
  const { limit, passed, drifting } = judge(rows);
  const sweeps = which.reduce((least, chain) => Math.min(least, source.sweeps(chain)), Infinity);
  const tried = Array.from({ length: which.length === 0 ? 0 : LAST_TRIAL + 1 }, (_, step) => {
    const burnIn = Math.floor(step * TRIAL_STEP * sweeps);
    return { burnIn, ...judge(rowsAfter(burnIn)) };
  });
  const lastFailure = tried.findLastIndex((trial) => trial.drifting.length > 0);
  const isSame = (one: BurnInRow, other: BurnInRow) => one.name === other.name && one.chain === other.chain;
  const suggested = passed
    ? undefined
    : tried.find(
        (trial, step) =>
          step > lastFailure &&
          trial.passed &&
          trial.burnIn > source.burnIn &&
          drifting.every((row) => trial.judged.some((other) => isSame(row, other))),
      )?.burnIn;
  return {
    burnIn: source.burnIn,
    rows,
    limit,
    passed,
    trials: tried.map(
      ({ burnIn, judged: [worst], passed }): BurnInTrial => ({
        burnIn,
        largest: worst === undefined ? 0 : Math.abs(worst.z),
        ...(worst === undefined ? {} : { worst: { name: worst.name, chain: worst.chain } }),
        passed,
      }),
    ),
    ...(suggested === undefined ? {} : { suggested }),
  };
}
