/** A chain against the posterior that importance sampling found: means of the same statistics, with batch errors. */
import type { Observation } from "../../src/data/observation/observation.js";
import type { ImportancePosterior, ImportanceProblem } from "./prior-importance.js";
import { smoothnessOfStates, stateTree } from "./smoothing-states.js";
import type { AdaptiveSettings } from "./textbook-adaptive.js";
import type { ChainView } from "./textbook-lira.js";
import { referenceExposureOf } from "./textbook-model.js";
import type { TextbookSettings } from "./textbook-prior.js";

/** What makes a chain exact. */
export interface ExactOptions {
  readonly cycleSpin: "none" | "sampled";
  readonly pairTransfers: number;
  /** Number of chains; default 4. */
  readonly chains?: number;
  /** Sweeps of each chain that count. */
  readonly sweeps: number;
  /** Sweeps before; default 1,000. */
  readonly burnIn?: number;
  readonly seed: number;
}

/** How far a sampler is from a posterior. */
export interface ExactComparison {
  readonly rows: readonly {
    readonly name: string;
    readonly mean: number;
    readonly error: number;
    readonly expected: number;
    readonly expectedError: number;
    /** Difference over the combined standard error. */
    readonly z: number;
  }[];
  /** Root of the mean of z^2 over the rows. */
  readonly rms: number;
  /** Largest |z|. */
  readonly worst: number;
  /** Largest |frequency - probability| of a shift; 0 when the shift is fixed. */
  readonly shiftDifference: number;
}

/** Batches a chain. */
const BATCHES = 25;

/**
 * Run chains of a sampler on a problem and compare them with its posterior.
 *
 * The standard error of a chain's mean is that of 25 batch means a chain, pooled about the mean of all. The 35 statistics
 * of a 4 x 4 image are correlated, so that for a right sampler rms z is near 1 with a spread of about 0.2.
 */
export function compareWithPosterior(
  problem: ImportanceProblem,
  posterior: ImportancePosterior,
  startChain: (
    observations: readonly Observation[],
    settings: TextbookSettings | AdaptiveSettings,
    options: { readonly seed: number; readonly chain: number },
  ) => ChainView,
  { cycleSpin, pairTransfers, chains = 4, sweeps, burnIn = 1000, seed }: ExactOptions,
): ExactComparison {
  const { observation, boundary, totalCountsPrior } = problem;
  const reference = referenceExposureOf([observation]);
  const tree = stateTree(observation.counts.shape);
  const settings = {
    boundary,
    cycleSpin,
    pairTransfers,
    fitBackgroundScale: false,
    totalCountsPrior,
    ...("adaptivePrior" in problem
      ? { adaptivePrior: problem.adaptivePrior }
      : { fitAlpha: true, alphaInit: 0.5, smoothingPrior: problem.smoothingPrior }),
  };
  const [ny, nx] = observation.counts.shape;
  const pixels = ny * nx;
  const quantities = posterior.statistics.length;
  const size = Math.floor(sweeps / BATCHES);
  const batches: Float64Array[] = [];
  const visits = new Float64Array(pixels);
  for (let index = 0; index < chains; index++) {
    const chain = startChain([observation], settings, { seed, chain: index });
    chain.sweep(burnIn);
    for (let batch = 0; batch < BATCHES; batch++) {
      const sums = new Float64Array(quantities);
      for (let sweep = 0; sweep < size; sweep++) {
        chain.sweep(1);
        const { flux, alpha, states, cycleSpin: shift } = chain;
        for (let pixel = 0; pixel < pixels; pixel++) {
          const value = flux[pixel] * reference;
          sums[pixel] += value;
          if (value > 1) sums[pixels + pixel] += 1;
        }
        sums[2 * pixels] += chain.totalCounts;
        const parameters =
          "adaptivePrior" in problem ? smoothnessOfStates(problem.adaptivePrior, tree, states) : alpha;
        for (let level = 0; level < parameters.length; level++) {
          sums[2 * pixels + 1 + level] += parameters[level];
        }
        visits[shift.row * nx + shift.col] += 1;
      }
      batches.push(sums.map((sum) => sum / size));
    }
  }
  const rows = posterior.statistics.map(({ name, mean: expected, error: expectedError }, index) => {
    const mean = batches.reduce((sum, batch) => sum + batch[index], 0) / batches.length;
    const square = batches.reduce((sum, batch) => sum + (batch[index] - mean) ** 2, 0);
    const error = Math.sqrt(square / (batches.length - 1) / batches.length);
    return {
      name,
      mean,
      error,
      expected,
      expectedError,
      z: (mean - expected) / Math.hypot(error, expectedError),
    };
  });
  const all = visits.reduce((sum, count) => sum + count, 0);
  return {
    rows,
    rms: Math.sqrt(rows.reduce((sum, { z }) => sum + z * z, 0) / rows.length),
    worst: rows.reduce((worst, { z }) => Math.max(worst, Math.abs(z)), 0),
    shiftDifference: posterior.shifts.reduce(
      (worst, { mean }, shift) => Math.max(worst, Math.abs(visits[shift] / all - mean)),
      0,
    ),
  };
}

/** The comparison in a line: rms and largest z, the worst statistics, and the shift. */
export function formatComparison({ rows, rms, worst, shiftDifference }: ExactComparison): string {
  const worstRows = [...rows].sort((a, b) => Math.abs(b.z) - Math.abs(a.z)).slice(0, 3);
  const cells = worstRows.map(
    ({ name, mean, expected, z }) =>
      `${name} ${mean.toFixed(4)} for ${expected.toFixed(4)} (z ${z.toFixed(1)})`,
  );
  return (
    `rms z ${rms.toFixed(2)}, largest ${worst.toFixed(1)}; shift off by ${shiftDifference.toFixed(4)}; ` +
    cells.join(", ")
  );
}
