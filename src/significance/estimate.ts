/** A significance run on this machine. */

import { checkObservations, observationList } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { AbortedError, toPlainError } from "../errors.js";
import { compileKernels } from "../kernels.js";
import { alignObservations } from "../model/align-observations.js";
import type { Region } from "../posterior/region.js";
import { checkWhole } from "../runs/lira-options.js";
import type { Pointing } from "../runs/prepare-run.js";
import { availableCores, openWorkerPool, type WorkerKind } from "../workers/worker-pool.js";
import { type CollectOptions, collectSignificance, type SignificanceEstimate } from "./collect.js";
import { planSignificance, type SignificanceSettings } from "./plan.js";
import {
  runSignificanceTask,
  type SignificanceRun,
  type SignificanceTask,
  type SignificanceTaskResult,
  significanceTasks,
} from "./task.js";

/** A task with all that it needs, as it is sent to a worker. */
export interface SignificanceJob {
  readonly observations: readonly Observation[];
  readonly run: SignificanceRun;
  readonly task: SignificanceTask;
}

/** How far a significance run has come. */
export interface SignificanceProgress {
  /** Tasks done and in all: the observation and the replicates. */
  readonly done: number;
  readonly total: number;
  /** Fraction of all the work, in [0, 1]. */
  readonly fraction: number;
  /** Seconds left at the speed so far; Infinity in the beginning. */
  readonly secondsLeft: number;
}

/** Where results of tasks are kept between runs. */
export interface TaskStore {
  /** The result of a task that is there already; undefined when it has to run. */
  load(task: SignificanceTask): Promise<SignificanceTaskResult | undefined>;
  /** Keep the result of a task that has run. */
  save(result: SignificanceTaskResult): Promise<void>;
}

/** How to run, as opposed to what: none of these changes the result. */
export interface RunSignificanceOptions extends CollectOptions {
  /** Tasks that run at the same time; default one a core; 0 = on the calling thread. */
  readonly workers?: number;
  /** Called now and then, and after every task. */
  readonly onProgress?: (progress: SignificanceProgress) => void;
  /** Ends the run with an `AbortedError`; finished tasks stay in the store. */
  readonly signal?: AbortSignal;
  /** Default: none, all tasks run. */
  readonly store?: TaskStore;
}

/** Tasks of a significance run as a pool runs them. */
export const SIGNIFICANCE_TASKS: WorkerKind<SignificanceJob, SignificanceTaskResult> = {
  script: () => new URL("./significance-worker.js", import.meta.url),
  webWorker: () => new Worker(new URL("./significance-worker.js", import.meta.url), { type: "module" }),
  runHere: ({ observations, run, task }, watch) => runSignificanceTask(observations, run, task, watch),
  nameOf: ({ task }) => task.name,
};

/**
 * Is it real? Test whether regions of an observation hold more than a null hypothesis explains, and measure them.
 *
 * The observation and `replicates` data sets that are drawn from the null hypothesis, each from random numbers of its own, are
 * deconvolved alike. The share of the source in each region, `xi = tau1 / (tau1 + tau0)` in expected photons, is compared by the
 * test of Stein et al. (2015, ApJ 813, 66): `docs/significance.md` says what the numbers mean.
 *
 * ```ts
 * const region = circularRegion({ x: 16, y: 16, radius: 2 }, data.counts.shape, "jet");
 * const { regions } = await estimateSignificance(data, [region], { replicates: 50, iterations: 2_000, seed: 1 });
 * console.log(`p <= ${regions[0].bound} +- ${regions[0].boundError}`);
 * ```
 *
 * Several observations are tested together: counts of each replicate are drawn for every observation from its own background,
 * exposure and psf, and deconvolved jointly; photons of source and baseline are those expected in all observations.
 *
 * @param data one observation, or several of the same sky
 * @param regions to test, on the pixels of the first observation; weights in [0, 1]
 * @returns what was found; its warnings begin with those about the observations
 * @throws InvalidInputError when data, regions or settings break a rule
 * @throws NumericsError when a chain leaves the range of its numbers
 * @throws AbortedError when `signal` fires
 */
export async function estimateSignificance(
  data: Observation | readonly Observation[],
  regions: readonly Region[],
  settings: SignificanceSettings & RunSignificanceOptions & Pointing = {},
): Promise<SignificanceEstimate> {
  const { workers, onProgress, signal, store, thresholds, offsets, ...asked } = settings;
  const { boundary = "spill" } = asked;
  const list = observationList(data);
  const { observations, warnings } =
    offsets === undefined
      ? { observations: list, warnings: checkObservations(list, { boundary }).warnings }
      : alignObservations(list, offsets, { boundary });
  const run = planSignificance(observations, regions, asked);
  const estimate = await runSignificance(observations, run, settings);
  return { ...estimate, warnings: [...warnings, ...estimate.warnings] };
}

/**
 * Run all tasks of a planned significance run and collect their results.
 *
 * @param data the observations that it was planned for
 * @throws as `estimateSignificance`
 */
export async function runSignificance(
  data: Observation | readonly Observation[],
  run: SignificanceRun,
  { workers = availableCores(), onProgress, signal, store, ...collecting }: RunSignificanceOptions = {},
): Promise<SignificanceEstimate> {
  checkWhole("workers", workers, 0, 1024);
  const observations = observationList(data);
  const tasks = significanceTasks(run);
  const total = tasks.length;
  const results: SignificanceTaskResult[] = [];
  const waiting: SignificanceTask[] = [];
  for (const task of tasks) {
    const stored = await store?.load(task);
    if (stored === undefined) waiting.push(task);
    else results.push(stored);
  }
  const found = results.length;
  const running = new Map<number, number>();
  const clock = performance.now();
  const report = () => {
    let part = 0;
    for (const fraction of running.values()) part += fraction;
    const worked = results.length - found + part;
    const seconds = (performance.now() - clock) / 1000;
    onProgress?.({
      done: results.length,
      total,
      fraction: (results.length + part) / total,
      secondsLeft: worked > 0 ? ((total - found - worked) * seconds) / worked : Number.POSITIVE_INFINITY,
    });
  };
  report();
  let failed = false;
  const stopped = () => failed || signal?.aborted === true;
  const module = await compileKernels();
  const pool = openWorkerPool(SIGNIFICANCE_TASKS, Math.min(workers, waiting.length));
  const failures: unknown[] = [];
  let next = 0;
  const lane = async () => {
    while (next < waiting.length && !stopped()) {
      const task = waiting[next++];
      try {
        const result = await pool.run(
          { observations, run, task },
          {
            module,
            shouldStop: stopped,
            onProgress(fraction) {
              running.set(task.index, fraction);
              report();
            },
          },
        );
        await store?.save(result);
        results.push(result);
      } catch (error) {
        failed = true;
        failures.push(error);
      } finally {
        running.delete(task.index);
      }
      report();
    }
  };
  try {
    await Promise.all(Array.from({ length: pool.size }, lane));
  } finally {
    pool.close();
  }
  const cause = failures.find((error) => toPlainError(error).code !== "ABORTED");
  if (cause !== undefined) throw cause;
  if (results.length < total) {
    throw new AbortedError(
      `significance: all ${total} tasks must be done, got ${results.length} before the run was stopped` +
        `${store === undefined ? "" : "; those that were done are kept, start it again to go on"}`,
      { cause: signal?.reason },
    );
  }
  return collectSignificance(run, results, collecting);
}
