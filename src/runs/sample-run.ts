import { AbortedError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { compileKernels } from "../kernels.js";
import { frameImage } from "../model/sky-grid.js";
import type { DiagnoseParts } from "../pixels/diagnose.js";
import { pixelConvergence } from "../pixels/pixel-summary.js";
import { chainGroups, groupedRhat } from "../posterior/chain-groups.js";
import type { SamplerConfig } from "../posterior/result.js";
import { shiftConvergence } from "../posterior/shift-bits.js";
import { type MomentSums, parameterDraws, poolMoments, summariseParameters } from "../posterior/summary.js";
import { isOnGpu, isPortable } from "../samplers/open-chain.js";
import type { ChainState } from "../samplers/sampler.js";
import { type ChainOutput, type ChainPreview, keptDraws } from "../workers/chain-job.js";
import { availableCores, openPoolOf } from "../workers/pool.js";
import { isWorkerDeath } from "../workers/worker-pool.js";
import { checkWhole, spacingOf } from "./lira-options.js";
import { warmUpOf } from "./nuts-options.js";
import type { PreparedRun } from "./prepare-run.js";
import type { RunPause } from "./run-pause.js";
import { type MemoryStore, memoryStore, type RunStore, type TraceExtent } from "./run-store.js";
import { meetsTarget } from "./target.js";

/** How far a run has come. */
export interface RunProgress {
  readonly stage: "sampling" | "diagnosing";
  /** Sweeps done and planned, all chains together (`sampling`), or the fraction done and 1 (`diagnosing`). */
  readonly done: number;
  readonly total: number;
  /** Sweeps of each chain. */
  readonly chains: readonly number[];
  /** Sweeps a second, all chains together, since the start. */
  readonly sweepsPerSecond: number;
  readonly secondsLeft: number;
}

/** How to run, as opposed to what: none of these changes the draws. */
export interface SamplingOptions {
  /** Workers (threads or Web Workers); default as many as there are cores, at most one a chain; 0 = none. */
  readonly workers?: number;
  /** Most sweeps of one kernel call, 1 to 256; default 256. */
  readonly batch?: number;
  /** Called after every batch of sweeps, and while the chains are compared. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** Called about four times a second for every running chain with what it has found so far. */
  readonly onPreview?: (preview: ChainPreview) => void;
  /** Stops the run after the batch at hand; the result then holds what was sampled, with `complete: false`. */
  readonly signal?: AbortSignal;
  /** Pauses the run after the batch at hand, and lets it go on; see `runPause`. */
  readonly pause?: RunPause;
  /** What was decided for settings that leave it open, one sentence each; default: nowhere. */
  readonly onNote?: (note: string) => void;
  /** What is legal but probably not meant, or went wrong and was mended, one sentence each; default: nowhere. */
  readonly onWarning?: (warning: string) => void;
}

/** Where all chains of a run ended. */
export interface SampledRun {
  /** The plan's configuration with what was found out on the way: burn-in, sweeps, spacing of kept draws. */
  readonly config: SamplerConfig;
  readonly extent: TraceExtent;
  readonly states: readonly ChainState[];
  /** Whether every chain did all its sweeps. */
  readonly complete: boolean;
  /** Whether the target was met; undefined without one. */
  readonly reached?: boolean;
  /** Wall-clock seconds of sampling. */
  readonly seconds: number;
  /**
   * Of a run that was stopped before every chain had two kept draws: the traces that `extent` is about, a few draws of each chain from
   * where it stood. They are in no checkpoint, from which the run goes on as if it had not been looked at.
   */
  readonly early?: MemoryStore;
}

/** Decisions of a run so far, which a resumed run must take over. */
export interface RunDecisions {
  /** Burn-in, once it is known. */
  readonly burnIn?: number;
  /** Sweeps between kept draws. */
  readonly every: number;
  /** Sweeps that the chains are on the way to. */
  readonly iterations: number;
}

/** First look at the chains when the burn-in is found automatically; doubled until they agree. */
const FIRST_LOOK = 100;
/** Largest R-hat over the second half of the sweeps so far at which the burn-in ends. */
const BURN_IN_RHAT = 1.1;
/** By how much a run is extended when it has not met its target. */
const EXTENSION = 1.5;
/** Draws of each chain that a run still takes when it is stopped before it has any. */
const EARLY_DRAWS = 4;
/** How often the worker of a chain may die without the chain having moved on in between. */
const MOST_DEATHS = 2;

/**
 * Run all chains of a plan: the burn-in (found on the way when it is automatic), the planned sweeps, and extensions
 * until the target is met.
 *
 * All decisions are taken at fixed numbers of sweeps from traces alone, so a run that was interrupted and resumed takes
 * the same ones.
 *
 * @param decisions decisions of an earlier, interrupted run of the same plan
 * @param onDecision called before a decision takes effect, to be remembered
 * @throws AbortedError when the signal has fired before
 */
export async function sampleRun(
  { inputs, plan, law, starts, names, shape, grid }: PreparedRun,
  store: RunStore,
  { workers, batch, onProgress, onPreview, signal, pause, onWarning }: SamplingOptions,
  decisions?: RunDecisions,
  onDecision: (decisions: RunDecisions) => Promise<void> | void = () => undefined,
): Promise<SampledRun> {
  const { config, target } = plan;
  const { chains, seed } = config;
  const where = config.method ?? "lira";
  if (workers !== undefined) checkWhole("workers", workers, 0, 1024, where);
  if (batch !== undefined) checkWhole("batch", batch, 1, 256, where);
  const portable = isOnGpu(law) || isPortable(law);
  if (!portable && workers !== undefined && workers > 0) {
    onWarning?.(
      `${where}: what workers run must be plain data, got functions; chains take turns on the calling thread (importPrior makes a ` +
        "prior of one's own that workers can load)",
    );
  }
  const size = portable ? (workers ?? Math.min(chains, availableCores())) : 0;
  if (signal?.aborted) {
    throw new AbortedError(
      `${where}: run must not be stopped before it begins, got a signal that had fired; start it again`,
      {
        cause: signal.reason,
      },
    );
  }
  const groups = comparison(config).groups ?? [Array.from({ length: chains }, (_, chain) => chain)];
  const pixels = shape[0] * shape[1];
  const module = await compileKernels();
  const clock = performance.now();
  const milliseconds = () => performance.now() - clock - (pause?.milliseconds ?? 0);
  const sweeps = new Array<number>(chains).fill(0);
  // Where each chain stood when it first reported: a resumed one begins in the middle, and the rate counts from there.
  const first = new Array<number>(chains).fill(Number.NaN);

  function report(goal: number): void {
    let done = 0;
    let since = 0;
    for (const [chain, value] of sweeps.entries()) {
      done += value;
      if (!Number.isNaN(first[chain])) since += value - first[chain];
    }
    const sweepsPerSecond = (1000 * since) / Math.max(1, milliseconds());
    const total = chains * goal;
    const secondsLeft = since > 0 ? (total - done) / sweepsPerSecond : Number.POSITIVE_INFINITY;
    onProgress?.({ stage: "sampling", done, total, chains: [...sweeps], sweepsPerSecond, secondsLeft });
  }

  const pool = await openPoolOf(law, inputs, { workers: Math.min(size, chains), chains });
  const states = new Array<ChainState>(chains);
  const jobOf = (chain: number) => ({
    observations: inputs,
    settings: law,
    seed,
    chain,
    ...(grid.margin > 0 ? { frame: grid } : {}),
    ...(batch ? { batch } : {}),
  });

  /** A few draws of every chain from where it was stopped. */
  async function drawEarly(): Promise<MemoryStore> {
    const few = memoryStore(chains);
    const draw = async (resume: ChainState, chain: number) => {
      const burnIn = resume.sweeps;
      const job = { ...jobOf(chain), iterations: burnIn + EARLY_DRAWS, burnIn, traceEvery: 1, resume };
      const output = await pool.run(job, { module });
      states[chain] = output.state;
      await few.accept(output, 1);
    };
    await Promise.all(states.map(draw));
    return few;
  }

  /** Bring all chains to so many sweeps; false when they were stopped on the way. */
  async function sweepTo(iterations: number, burnIn: number, every: number, goal: number): Promise<boolean> {
    let failed = false;
    const stopped = () => failed || signal?.aborted === true;

    /** How far a chain goes before others that wait for a worker have theirs: two draws, then as much again as it has. */
    function nextTurn(chain: number): number {
      if (chains <= pool.size) return iterations;
      const done = states[chain]?.sweeps ?? 0;
      return Math.min(iterations, Math.max(burnIn + 2 * every, 2 * done));
    }

    /** Run a chain until its turn is over, or it is stopped or paused. */
    async function sweepChain(chain: number, fluxInit: SkyImage | undefined): Promise<void> {
      const kept: Promise<void>[] = [];
      const accept = async (output: ChainOutput) => {
        states[chain] = output.state;
        try {
          await store.accept(output, every);
        } catch (error) {
          failed = true;
          throw error;
        }
      };
      const output = await pool.run(
        {
          ...jobOf(chain),
          iterations: nextTurn(chain),
          burnIn,
          traceEvery: every,
          ...store.continuation(chain),
          ...(fluxInit ? { fluxInit } : {}),
        },
        {
          module,
          onProgress: (done) => {
            sweeps[chain] = done;
            if (Number.isNaN(first[chain])) first[chain] = done;
            report(goal);
          },
          ...(onPreview && { onPreview }),
          ...(onWarning && { onWarning }),
          onPiece: (piece) => {
            const writing = accept(piece);
            // Heard of below; the chain is being stopped meanwhile.
            writing.catch(() => undefined);
            kept.push(writing);
          },
          shouldStop: () => stopped() || pause?.paused === true,
        },
      );
      await Promise.all(kept);
      await accept(output);
    }

    const ends = await Promise.allSettled(
      starts.map(async (fluxInit, chain) => {
        let deaths = 0;
        try {
          do {
            await pause?.whenOn(signal);
            const before = states[chain]?.sweeps ?? 0;
            try {
              await sweepChain(chain, fluxInit);
            } catch (error) {
              if (!isWorkerDeath(error) || stopped()) throw error;
              const reached = states[chain]?.sweeps ?? 0;
              deaths = reached > before ? 1 : deaths + 1;
              if (deaths > MOST_DEATHS) throw error;
              onWarning?.(
                `chain ${chain + 1}: its worker died, perhaps for want of memory; another one went on ` +
                  (reached > 0 ? `after sweep ${reached}` : "from its last checkpoint"),
              );
            }
          } while ((states[chain]?.sweeps ?? 0) < iterations && !stopped());
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
    );
    // When one fails the others have stopped too, and keep nothing behind the back of whoever takes the run up again.
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return states.every((state) => state.sweeps >= iterations);
  }

  function extentOf(burnIn: number, every: number): TraceExtent {
    // A run that was stopped leaves chains of different lengths: every chain counts as far as the shortest came.
    const shortest = Math.min(...states.map((state) => state.sweeps));
    return { names, shape, burnIn, every, sweeps: shortest, draws: keptDraws(shortest, burnIn, every) };
  }

  function agreeAfter(burnIn: number, look: number): boolean {
    // A run that was continued may have come further: only what was there at this look decides.
    const traces = store.open({ ...extentOf(burnIn, every), sweeps: look, draws: 0 });
    try {
      return names.every((name, column) => {
        if (!/^(logLikelihood|expectedMSCounts|(smoothingParam|smoothness)\d+)$/.test(name)) return true;
        const rhat = groupedRhat(groups.map((group) => parameterDraws(traces.parameters, column, group)));
        return Number.isNaN(rhat) || rhat < BURN_IN_RHAT;
      });
    } finally {
      traces.close();
    }
  }

  async function isGoodEnough(burnIn: number, every: number): Promise<boolean> {
    if (target === undefined) return true;
    const traces = store.open(extentOf(burnIn, every));
    try {
      const { mean: sky, std: spread } = poolMoments(momentSums(states), grid.shape);
      const [mean, std] = [frameImage(sky, grid), frameImage(spread, grid)];
      const parameters = summariseParameters(traces.parameters, groups);
      if (samplesShift(config)) {
        parameters.push(...shiftConvergence(traces.parameters, groups.flat()));
      }
      const watch = { ...(signal && { signal }), ...(workers !== undefined && { workers }) };
      const maps = await pixelConvergence(traces.images, watch, groups);
      return meetsTarget({ parameters, ...maps }, mean, std, target);
    } finally {
      traces.close();
    }
  }

  let every = decisions?.every ?? config.traceEvery;
  let goal = decisions?.iterations ?? config.iterations;
  let burnIn = decisions?.burnIn ?? (plan.autoBurnIn ? undefined : config.burnIn);
  let reached: boolean | undefined;
  let complete = true;
  let early: MemoryStore | undefined;
  let extent: TraceExtent;
  try {
    const latest = Math.floor(config.iterations / 2);
    // What adapts is not looked at before it is done with that.
    const earliest = config.method === "nuts" ? Math.max(4, 2 * warmUpOf({ ...plan, config })) : FIRST_LOOK;
    for (let look = Math.min(earliest, latest); burnIn === undefined; look = Math.min(2 * look, latest)) {
      complete = await sweepTo(look, look, every, goal);
      if (!complete) break;
      if (look === latest || agreeAfter(Math.floor(look / 2), look)) {
        burnIn = look;
        if (plan.keep !== undefined) every = spacingOf(goal - burnIn, plan.keep);
        await onDecision({ burnIn, every, iterations: goal });
      }
    }
    for (; complete && burnIn !== undefined; ) {
      complete = await sweepTo(goal, burnIn, every, goal);
      if (!complete || target === undefined) break;
      reached = await isGoodEnough(burnIn, every);
      if (reached || goal >= plan.maxIterations) break;
      goal = Math.min(plan.maxIterations, Math.ceil(goal * EXTENSION));
      while (plan.keep !== undefined && keptDraws(goal, burnIn, every) > 2 * plan.keep) {
        await store.halveDraws(pixels, every);
        every *= 2;
      }
      await onDecision({ burnIn, every, iterations: goal });
    }
    extent = extentOf(burnIn ?? Math.min(...states.map((state) => state.sweeps)), every);
    if (!complete && extent.draws < 2) {
      early = await drawEarly();
      extent = { names, shape, burnIn: 0, every: 1, sweeps: EARLY_DRAWS, draws: EARLY_DRAWS };
    }
  } finally {
    pool.close();
  }
  const seconds = milliseconds() / 1000;
  return {
    config: { ...config, burnIn: early ? config.burnIn : extent.burnIn, iterations: goal, traceEvery: every },
    extent,
    states,
    complete,
    ...(early && { early }),
    ...(target === undefined ? {} : { reached: reached ?? false }),
    seconds,
  };
}

/** Which chains of a run may be compared, and whether the shift of the tree is a parameter. */
export function comparison(config: SamplerConfig): Pick<DiagnoseParts, "groups" | "sampledShift"> {
  const groups = chainGroups(config);
  return { ...(groups && { groups }), sampledShift: samplesShift(config) };
}

function samplesShift(config: SamplerConfig): boolean {
  return config.method === undefined && config.cycleSpin === "sampled";
}

/** Running sums of the chains' moments, of the whole sky, in the form that `poolMoments` takes. */
export function momentSums(states: readonly ChainState[]): MomentSums[] {
  return states.map(({ moments: { count, mean, squares } }) => ({ draws: count, mean, squares }));
}
