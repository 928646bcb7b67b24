import type { Observation } from "../data/observation/observation.js";
import { checkNames } from "../known-names.js";
import type { LiraResult } from "../posterior/result.js";
import { type LiraDeconvolverOptions, planRun } from "./lira-options.js";
import { checkOptionNames, RUN_NAMES } from "./option-names.js";
import { type RunOptions, runChains } from "./run-chains.js";

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
    checkOptionNames("lira", "lira", options);
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
   * @throws AbortedError when `signal` has fired before
   */
  async run(data: Observation | readonly Observation[], options: RunOptions = {}): Promise<LiraResult> {
    checkNames("lira", options, RUN_NAMES);
    // Settings of LIRA give the configuration of LIRA.
    return (await runChains(data, { ...this.#options, method: "lira" }, options)) as LiraResult;
  }
}
