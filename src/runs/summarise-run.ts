import type { CheckedObservation } from "../data/check-observation.js";
import { imageSum, type Shape, type SkyImage } from "../image.js";
import { detectedExposures } from "../model/exposure.js";
import { ledgerEntry } from "../model/ledger.js";
import { diagnose } from "../pixels/diagnose.js";
import { pixelSummary } from "../pixels/pixel-summary.js";
import type { DrawSource } from "../posterior/draw-source.js";
import type {
  CountsLedger,
  GibbsConfig,
  LiraConfig,
  PosteriorSummary,
  RunTarget,
  SamplerConfig,
} from "../posterior/result.js";
import { type MomentSums, parameterDraws, poolMoments } from "../posterior/summary.js";
import type { ParameterSource } from "../posterior/trace.js";
import { smoothnessMaps } from "../samplers/smoothness-maps.js";
import { VERSION } from "../version.js";
import type { RunPlan } from "./lira-options.js";
import { comparison, momentSums, type RunProgress, type SampledRun } from "./sample-run.js";

/** What a summary says about where a run came from. */
export interface RunOrigin {
  readonly started: Date;
  /** Seconds of sampling in earlier runs that this one continued. */
  readonly secondsBefore?: number;
  readonly command?: string;
  readonly inputs?: PosteriorSummary["provenance"]["inputs"];
  readonly unit?: string;
  /** Written instead of start and end of the run, with 0 seconds of sampling. */
  readonly date?: string;
  /** Most workers that compare the chains; default as many as there are cores, 0 = none. */
  readonly workers?: number;
  readonly onProgress?: (progress: RunProgress) => void;
}

/** Standard deviation, by Welford's recurrence; NaN for fewer than two values. */
function standardDeviation(values: Float64Array): number {
  let mean = 0;
  let squares = 0;
  for (const [index, value] of values.entries()) {
    const step = value - mean;
    mean += step / (index + 1);
    squares += step * (value - mean);
  }
  return values.length < 2 ? Number.NaN : Math.sqrt(squares / (values.length - 1));
}

/** What a summary needs of any sampler. */
export interface ChainParts {
  readonly config: SamplerConfig;
  readonly complete: boolean;
  readonly traces: { readonly parameters: ParameterSource; readonly images: DrawSource };
  /** Moments of each chain. */
  readonly sums: readonly MomentSums[];
  /** Sweeps of each chain. */
  readonly sweeps: readonly number[];
  readonly names: readonly string[];
  readonly shape: Shape;
  readonly seconds: number;
  readonly target?: RunTarget;
}

/** Where the counts of one observation went, from its draws. */
export interface LedgerParts {
  /** Expected counts in the pixels in use for unit flux of each sky pixel `ny * nx`. */
  readonly detected: Float64Array;
  readonly entry: (flux: SkyImage, scale: number, sourceStd: number) => CountsLedger;
}

/** Turn the chains of any sampler into what is reported of them: everything of a result but the draws. */
export async function summariseChains<Config extends SamplerConfig>(
  observations: readonly CheckedObservation[],
  {
    config,
    complete,
    traces,
    sums,
    sweeps,
    names,
    shape,
    seconds,
    target,
  }: ChainParts & {
    readonly config: Config;
  },
  referenceExposure: number,
  ledgers: readonly LedgerParts[],
  origin: RunOrigin,
): Promise<PosteriorSummary<Config>> {
  const { parameters, images } = traces;
  const { onProgress, workers } = origin;
  const pooled = poolMoments(sums, shape);
  const compared = comparison(config);
  const {
    quantiles,
    rhat,
    ess,
    sums: [totalFlux, ...sourceCounts],
  } = await pixelSummary(images, {
    ...compared,
    ...(workers === undefined ? {} : { workers }),
    weights: [
      new Float64Array(shape[0] * shape[1]).fill(1),
      ...observations.map((_, index) => ledgers[index].detected),
    ],
    onProgress: (done) =>
      onProgress?.({
        stage: "diagnosing",
        done,
        total: 1,
        chains: sweeps,
        sweepsPerSecond: 0,
        secondsLeft: 0,
      }),
  });
  const diagnostics = await diagnose({
    parameters,
    images,
    mean: pooled.mean,
    std: pooled.std,
    ...compared,
    pixels: { rhat, ess },
  });

  const ledger = observations.map((_, index) => {
    let scale = 0;
    let count = 0;
    const column = names.indexOf(observations.length === 1 ? "bkgScale" : `bkgScale${index}`);
    for (const chain of parameterDraws(parameters, column)) {
      for (const value of chain) scale += value;
      count += chain.length;
    }
    return ledgers[index].entry(pooled.mean, scale / count, standardDeviation(sourceCounts[index]));
  });

  return {
    mean: pooled.mean,
    std: pooled.std,
    quantiles,
    chains: sums.map((chain) => poolMoments([chain], shape)),
    total: { mean: imageSum(pooled.mean), std: standardDeviation(totalFlux) },
    diagnostics,
    ledger,
    config,
    referenceExposure,
    complete,
    wcs: observations.find(({ wcs }) => wcs !== undefined)?.wcs ?? [],
    ...(origin.unit === undefined ? {} : { unit: origin.unit }),
    name: observations[0].name,
    provenance: {
      version: VERSION,
      ...(origin.command === undefined ? {} : { command: origin.command }),
      started: origin.date ?? origin.started.toISOString(),
      finished: origin.date ?? new Date().toISOString(),
      seconds: origin.date === undefined ? (origin.secondsBefore ?? 0) + seconds : 0,
      inputs: origin.inputs ?? [],
    },
    ...(target === undefined ? {} : { target }),
  };
}

/** Turn the chains of a run of kernels into what is reported of them. */
export async function summariseRun(
  observations: readonly CheckedObservation[],
  plan: RunPlan,
  run: SampledRun,
  traces: { readonly parameters: ParameterSource; readonly images: DrawSource },
  origin: RunOrigin,
): Promise<PosteriorSummary<LiraConfig | GibbsConfig>> {
  const { config, extent, states, complete, seconds } = run;
  const detected = detectedExposures(observations, config.boundary);
  const treeMoves =
    config.method === undefined && (config.cycleSpin === "random" || config.cycleSpin === "sampled");
  const smoothness = smoothnessMaps(states, extent.shape, treeMoves);
  const summary = await summariseChains(
    observations,
    {
      config,
      complete,
      traces,
      sums: momentSums(states),
      sweeps: states.map(({ sweeps }) => sweeps),
      names: extent.names,
      shape: extent.shape,
      seconds,
      ...(plan.target === undefined
        ? {}
        : {
            target: {
              until: plan.target.text,
              maxIterations: plan.maxIterations,
              reached: run.reached === true,
            },
          }),
    },
    detected.reference,
    observations.map((observation, index) => ({
      detected: detected.observations[index].data,
      entry: (flux, scale, sourceStd) =>
        ledgerEntry(observation, { flux, detected: detected.observations[index], scale, sourceStd }),
    })),
    origin,
  );
  return smoothness === undefined ? summary : { ...summary, smoothness };
}
