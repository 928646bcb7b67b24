import type { Boundary } from "./data/boundary.js";
import { type CheckedObservation, checkObservations } from "./data/check-observation.js";
import type { Observation } from "./data/observation.js";
import type { BackgroundScalePrior, SmoothingPrior, TotalCountsPrior } from "./data/prior-parameters.js";
import { AbortedError, InvalidInputError } from "./errors.js";
import type { Shape, SkyImage } from "./image.js";
import { compileKernels } from "./kernels.js";
import { detectedExposures } from "./model/exposure.js";
import { ledgerEntry, sourceCountsStd } from "./model/ledger.js";
import { diagnose } from "./posterior/diagnose.js";
import type { LiraConfig, LiraResult } from "./posterior/result.js";
import { type MomentSums, parameterDraws, pixelQuantiles, poolMoments } from "./posterior/summary.js";
import type { ImageTrace, ParameterTrace } from "./posterior/trace.js";
import {
  checkPriors,
  DEFAULT_BACKGROUND_SCALE_PRIOR,
  DEFAULT_SMOOTHING_PRIOR,
  DEFAULT_TOTAL_COUNTS_PRIOR,
  startingAlpha,
} from "./priors/multiscale.js";
import { traceColumns } from "./samplers/lira.js";
import { VERSION } from "./version.js";
import { type ChainOutput, keptDraws } from "./workers/chain-job.js";
import { availableCores, openChainPool } from "./workers/pool.js";

/** Settings of `LiraDeconvolver`; every one has a default. */
export interface LiraDeconvolverOptions {
  /** Starting smoothing parameter: one number, or one a level (finest first), > 0; default 0.1. */
  readonly alphaInit?: number | readonly number[];
  /** Sample the smoothing parameters; default true. */
  readonly fitAlpha?: boolean;
  /** Sweeps a chain, burn-in included; default 5,000. */
  readonly iterations?: number;
  /** Sweeps at the start of each chain that no statistic uses; default a tenth of `iterations`. */
  readonly burnIn?: number;
  /** Chains, from separated starting images; default 4. */
  readonly chains?: number;
  /** Whole number in [0, 2^53); default 0. The same seed and inputs give the same bytes on every machine. */
  readonly seed?: number;
  /** Photons beyond the edge are lost (`"spill"`, default) or periodic (`"wrap"`, LIRA and pylira). */
  readonly boundary?: Boundary;
  /** Shift of the multiscale tree: `"random"` (default, LIRA's) or `"none"` (exact posterior of one tree). */
  readonly cycleSpin?: "random" | "none";
  /** Fit a scale of the background for each observation; default false. */
  readonly fitBackgroundScale?: boolean;
  /** Default shape 1, rate 0.05. */
  readonly totalCountsPrior?: TotalCountsPrior;
  /** Default power 1, rate 1000, exponent 3: the chain that pylira runs with its defaults. */
  readonly smoothingPrior?: SmoothingPrior;
  /** Default shape 0.001, rate 0. */
  readonly backgroundScalePrior?: BackgroundScalePrior;
  /** Which draws of the image to keep after burn-in. */
  readonly trace?: {
    /** Keep every n-th draw; default the smallest n that keeps at most `keep` draws a chain. */
    readonly every?: number;
    /** Most draws kept a chain; default 1,000. */
    readonly keep?: number;
  };
  /** Starting flux `[ny, nx]`, > 0, for all chains or one for each; default separated starts made from the data. */
  readonly fluxInit?: SkyImage | readonly SkyImage[];
}

/** How far a run has come. */
export interface RunProgress {
  readonly stage: "sampling" | "diagnosing";
  /** Sweeps done and asked for, all chains together (`sampling`), or the fraction done and 1 (`diagnosing`). */
  readonly done: number;
  readonly total: number;
  /** Sweeps of each chain. */
  readonly chains: readonly number[];
  /** Sweeps a second, all chains together, since the start. */
  readonly sweepsPerSecond: number;
  readonly secondsLeft: number;
}

/** How to run, as opposed to what: none of these changes the draws. */
export interface RunOptions {
  /** Workers (threads or Web Workers); default as many as there are cores, at most one a chain; 0 = none. */
  readonly workers?: number;
  /** Most sweeps of one kernel call, 1 to 256; default 256. */
  readonly batch?: number;
  readonly onProgress?: (progress: RunProgress) => void;
  /** What is legal but probably not meant, one sentence each; default: nowhere. */
  readonly onWarning?: (warning: string) => void;
  /** Stops the run after the batch at hand; the result then holds what was sampled, with `complete: false`. */
  readonly signal?: AbortSignal;
  /** The command or call behind the run, for the result's provenance. */
  readonly command?: string;
  /** Name and SHA-256 of input files, for the result's provenance. */
  readonly inputs?: LiraResult["provenance"]["inputs"];
  /** Unit of the flux for headers and figures; default none. */
  readonly unit?: string;
}

const DEFAULT_ALPHA_INIT = 0.1;
const DEFAULT_ITERATIONS = 5_000;
const DEFAULT_KEPT_DRAWS = 1_000;

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
    liraConfig(options, [2, 2]);
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
    const list: readonly Observation[] = "counts" in data ? [data] : data;
    const { boundary = "spill" } = this.#options;
    const { observations, warnings } = checkObservations(list, { boundary });
    for (const warning of warnings) options.onWarning?.(warning);
    const shape = observations[0].counts.shape;
    const config = liraConfig(this.#options, shape);
    const starts = startingFluxes(this.#options.fluxInit, shape, config.chains);

    const clock = performance.now();
    const outputs = await runChains(observations, config, starts, options);
    const seconds = (performance.now() - clock) / 1000;
    const kept = Math.min(
      ...outputs.map(({ state }) => keptDraws(state.sweeps, config.burnIn, config.traceEvery)),
    );
    if (options.signal?.aborted && kept < 2) {
      throw new AbortedError(
        `lira: a result needs two kept draws of every chain, got ${kept} before the run was stopped; let it run longer`,
      );
    }
    return summarise(observations, config, outputs, { ...options, started, seconds });
  }
}

function checkWhole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidInputError(
      `lira: ${name} must be a whole number from ${least} to ${most}, got ${value}; round it`,
      {
        fields: { [name]: value },
      },
    );
  }
}

/** Fill in defaults for images of a shape, and check every setting. */
function liraConfig(options: LiraDeconvolverOptions, shape: Shape): LiraConfig {
  const {
    alphaInit = DEFAULT_ALPHA_INIT,
    fitAlpha = true,
    iterations = DEFAULT_ITERATIONS,
    burnIn = Math.floor(iterations / 10),
    chains = 4,
    seed = 0,
    boundary = "spill",
    cycleSpin = "random",
    fitBackgroundScale = false,
    totalCountsPrior = DEFAULT_TOTAL_COUNTS_PRIOR,
    smoothingPrior = DEFAULT_SMOOTHING_PRIOR,
    backgroundScalePrior = DEFAULT_BACKGROUND_SCALE_PRIOR,
    trace = {},
  } = options;
  checkWhole("iterations", iterations, 2, 1e9);
  checkWhole("burnIn", burnIn, 0, iterations - 2);
  checkWhole("chains", chains, 1, 10_000);
  checkWhole("seed", seed, 0);
  if (cycleSpin !== "random" && cycleSpin !== "none") {
    throw new InvalidInputError(
      `lira: cycleSpin must be "random" or "none", got ${JSON.stringify(cycleSpin)}; choose one`,
    );
  }
  checkPriors(totalCountsPrior, smoothingPrior, backgroundScalePrior);
  const { keep = DEFAULT_KEPT_DRAWS } = trace;
  checkWhole("trace.keep", keep, 2);
  const { every = Math.max(1, Math.ceil((iterations - burnIn) / keep)) } = trace;
  checkWhole("trace.every", every, 1, Math.floor((iterations - burnIn) / 2));
  // Without a shape yet, a list of alphas cannot be counted; its values are checked when the data are known.
  const isPreview = shape[0] === 2 && shape[1] === 2 && typeof alphaInit !== "number";
  return {
    alphaInit: isPreview ? [...alphaInit] : startingAlpha(alphaInit, shape),
    fitAlpha,
    iterations,
    burnIn,
    chains,
    seed,
    boundary,
    cycleSpin,
    fitBackgroundScale,
    totalCountsPrior: { ...totalCountsPrior },
    smoothingPrior: { ...smoothingPrior },
    backgroundScalePrior: { ...backgroundScalePrior },
    traceEvery: every,
  };
}

function startingFluxes(
  fluxInit: LiraDeconvolverOptions["fluxInit"],
  shape: Shape,
  chains: number,
): readonly (SkyImage | undefined)[] {
  if (fluxInit === undefined) return new Array<undefined>(chains).fill(undefined);
  const images: readonly SkyImage[] =
    "data" in fluxInit ? new Array<SkyImage>(chains).fill(fluxInit) : fluxInit;
  if (images.length !== chains) {
    throw new InvalidInputError(
      `lira: fluxInit must be one image or one for each of the ${chains} chains, got ${images.length}; give one for all`,
    );
  }
  for (const { data, shape: size } of images) {
    if (size[0] !== shape[0] || size[1] !== shape[1]) {
      throw new InvalidInputError(
        `lira: fluxInit must have the shape of the counts, [${shape.join(", ")}], got [${size.join(", ")}]; cut it out`,
      );
    }
    const bad = data.findIndex((value) => !(value > 0 && value < Number.POSITIVE_INFINITY));
    if (bad >= 0) {
      throw new InvalidInputError(
        `lira: fluxInit must be finite and > 0, got ${data[bad]} at [${Math.floor(bad / shape[1])}, ${bad % shape[1]}]; ` +
          "add a small constant",
      );
    }
  }
  return images;
}

async function runChains(
  observations: readonly CheckedObservation[],
  config: LiraConfig,
  starts: readonly (SkyImage | undefined)[],
  { workers, batch, onProgress, signal }: RunOptions,
): Promise<ChainOutput[]> {
  const { chains, iterations, burnIn, traceEvery, seed } = config;
  const size = workers ?? Math.min(chains, availableCores());
  checkWhole("workers", size, 0, 1024);
  if (batch !== undefined) checkWhole("batch", batch, 1, 256);
  const module = await compileKernels();
  const sweeps = new Array<number>(chains).fill(0);
  const clock = performance.now();
  const report = () => {
    const done = sweeps.reduce((sum, value) => sum + value, 0);
    const total = chains * iterations;
    const sweepsPerSecond = (1000 * done) / Math.max(1, performance.now() - clock);
    const secondsLeft = done > 0 ? (total - done) / sweepsPerSecond : Number.POSITIVE_INFINITY;
    onProgress?.({ stage: "sampling", done, total, chains: [...sweeps], sweepsPerSecond, secondsLeft });
  };
  const pool = openChainPool(Math.min(size, chains));
  let failed = false;
  try {
    return await Promise.all(
      starts.map(async (fluxInit, chain) => {
        try {
          return await pool.run(
            {
              observations,
              settings: config,
              seed,
              chain,
              iterations,
              burnIn,
              traceEvery,
              ...(fluxInit ? { fluxInit } : {}),
              ...(batch ? { batch } : {}),
            },
            {
              module,
              onProgress: (done) => {
                sweeps[chain] = done;
                report();
              },
              shouldStop: () => failed || signal?.aborted === true,
            },
          );
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
    );
  } finally {
    pool.close();
  }
}

async function summarise(
  observations: readonly CheckedObservation[],
  config: LiraConfig,
  outputs: readonly ChainOutput[],
  run: RunOptions & { readonly started: Date; readonly seconds: number },
): Promise<LiraResult> {
  const shape = observations[0].counts.shape;
  const pixels = shape[0] * shape[1];
  const names = traceColumns(config.alphaInit.length, observations.length);
  // A run that was stopped leaves chains of different lengths: every chain counts as far as the shortest came.
  const sweeps = Math.min(...outputs.map(({ state }) => state.sweeps));
  const draws = keptDraws(sweeps, config.burnIn, config.traceEvery);
  const parameters: ParameterTrace = {
    names,
    burnIn: config.burnIn,
    chains: outputs.map(({ rows }) => rows.subarray(0, sweeps * names.length)),
  };
  const images: ImageTrace = {
    shape,
    first: config.burnIn + config.traceEvery - 1,
    every: config.traceEvery,
    chains: outputs.map((output) => output.draws.subarray(0, draws * pixels)),
  };
  const sums: MomentSums[] = outputs.map(({ state: { moments } }) => ({ draws: moments.count, ...moments }));
  const pooled = poolMoments(sums, shape);
  const watch = {
    ...(run.onProgress
      ? {
          onProgress: (fraction: number) =>
            run.onProgress?.({
              stage: "diagnosing",
              done: fraction,
              total: 1,
              chains: outputs.map(({ state }) => state.sweeps),
              sweepsPerSecond: 0,
              secondsLeft: 0,
            }),
        }
      : {}),
  };
  const quantiles = await pixelQuantiles(images);
  const diagnostics = await diagnose({ parameters, images, mean: pooled.mean, std: pooled.std }, watch);

  const detected = detectedExposures(observations, config.boundary);
  const scaleColumn = names.length - 2 - observations.length;
  const ledger = observations.map((observation, index) => {
    let scale = 0;
    let count = 0;
    for (const chain of parameterDraws(parameters, scaleColumn + index)) {
      for (const value of chain) scale += value;
      count += chain.length;
    }
    const seen = detected.observations[index];
    return ledgerEntry(observation, {
      flux: pooled.mean,
      detected: seen,
      scale: scale / count,
      sourceStd: sourceCountsStd(keptImages(images), seen),
    });
  });

  return {
    mean: pooled.mean,
    std: pooled.std,
    quantiles,
    chains: sums.map((chain) => poolMoments([chain], shape)),
    trace: { parameters, images },
    diagnostics,
    ledger,
    config,
    referenceExposure: detected.reference,
    complete: sweeps === config.iterations,
    wcs: observations.find(({ wcs }) => wcs !== undefined)?.wcs ?? [],
    ...(run.unit === undefined ? {} : { unit: run.unit }),
    name: observations[0].name,
    provenance: {
      version: VERSION,
      ...(run.command === undefined ? {} : { command: run.command }),
      started: run.started.toISOString(),
      finished: new Date().toISOString(),
      seconds: run.seconds,
      inputs: run.inputs ?? [],
    },
  };
}

function* keptImages({ shape, chains }: ImageTrace): Generator<Float32Array> {
  const pixels = shape[0] * shape[1];
  for (const chain of chains) {
    for (let start = 0; start < chain.length; start += pixels) yield chain.subarray(start, start + pixels);
  }
}
