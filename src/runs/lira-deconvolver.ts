import { checkObservations } from "../data/check-observation.js";
import type { Observation } from "../data/observation.js";
import type { LiraResult } from "../posterior/result.js";
import { type LiraDeconvolverOptions, planRun, startingFluxes } from "./lira-options.js";
import { memoryStore } from "./run-store.js";
import { type SamplingOptions, sampleRun } from "./sample-run.js";
import { summariseRun } from "./summarise-run.js";

/** How to run, and what to write into the result about it; none of these changes the draws. */
export interface RunOptions extends SamplingOptions {
  /** What is legal but probably not meant, one sentence each; default: nowhere. */
  readonly onWarning?: (warning: string) => void;
  /** The command or call behind the run, for the result's provenance. */
  readonly command?: string;
  /** Name and SHA-256 of input files, for the result's provenance. */
  readonly inputs?: LiraResult["provenance"]["inputs"];
  /** Unit of the flux for headers and figures; default none. */
  readonly unit?: string;
}

/**
 * Bayesian deconvolution of counts images by the LIRA method: samples images from the posterior under a multiscale
 * Dirichlet prior (Esch et al. 2004; Connors et al. 2011), by several chains, and says whether they agree.
 *
 * ```ts
 * const deconvolver = new LiraDeconvolver({ iterations: 5_000, burnIn: 500, chains: 4, seed: 372 });
 * const result = await deconvolver.run(simulatePointSource());
 * console.log(result.diagnostics.verdict.sentence);
 * ```
 */
export class LiraDeconvolver {
  readonly #options: LiraDeconvolverOptions;

  /** @throws InvalidInputError when an option that can be judged without data breaks its rule */
  constructor(options: LiraDeconvolverOptions = {}) {
    this.#options = options;
    planRun(options);
  }

  /**
   * Run all chains and summarise them.
   *
   * @param data one observation, or several of the same sky grid
   * @returns flux in the unit of the background: expected counts a pixel for unit exposure
   * @throws InvalidInputError for data that break a rule of `checkObservation` or do not fit the options
   * @throws NumericsError when a chain leaves the range of its numbers
   * @throws AbortedError when `signal` fires before all chains have two draws after burn-in
   */
  async run(data: Observation | readonly Observation[], options: RunOptions = {}): Promise<LiraResult> {
    const started = new Date();
    const { boundary = "spill" } = this.#options;
    const list: readonly Observation[] = "counts" in data ? [data] : data;
    const { observations, warnings } = checkObservations(list, { boundary });
    for (const warning of warnings) options.onWarning?.(warning);
    const shape = observations[0].counts.shape;
    const plan = planRun(this.#options, shape);
    const starts = startingFluxes(this.#options.fluxInit, shape, plan.config.chains);
    const store = memoryStore(plan.config.chains);
    const run = await sampleRun(observations, plan, starts, store, options);
    const traces = store.open(run.extent);
    const summary = await summariseRun(observations, plan, run, traces, { ...options, started });
    return { ...summary, trace: store.traces(run.extent) };
  }
}
