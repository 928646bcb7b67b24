import type { CheckedObservation } from "../data/check-observation.js";
import { imageSum, type SkyImage } from "../image.js";
import { scaleWcs } from "../io/fits-wcs.js";
import { expectedSourceCounts, ledgerEntry } from "../model/ledger.js";
import { frameImage, type SkyGrid, skyGrid } from "../model/sky-grid.js";
import { skyObservations } from "../model/sky-observation.js";
import { diagnose } from "../posterior/diagnose.js";
import { type DrawSource, forEachDraw } from "../posterior/draw-source.js";
import type {
  CountsLedger,
  GibbsConfig,
  LiraConfig,
  Moments,
  PosteriorSummary,
  RunTarget,
  SamplerConfig,
} from "../posterior/result.js";
import { type MomentSums, parameterDraws, pixelQuantiles, poolMoments } from "../posterior/summary.js";
import type { ParameterSource } from "../posterior/trace.js";
import { smoothnessMaps } from "../samplers/smoothness-maps.js";
import { VERSION } from "../version.js";
import type { RunPlan } from "./lira-options.js";
import { comparison, type RunProgress, type SampledRun } from "./sample-run.js";

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
  readonly onProgress?: (progress: RunProgress) => void;
}

/** Standard deviation, by Welford's recurrence. */
function runningStd(): { add(value: number): void; std(): number } {
  let count = 0;
  let mean = 0;
  let squares = 0;
  return {
    add(value) {
      count++;
      const step = value - mean;
      mean += step / count;
      squares += step * (value - mean);
    },
    std: () => (count < 2 ? Number.NaN : Math.sqrt(squares / (count - 1))),
  };
}

/** What a summary needs of any sampler. */
export interface ChainParts {
  readonly config: SamplerConfig;
  readonly complete: boolean;
  readonly traces: { readonly parameters: ParameterSource; readonly images: DrawSource };
  /** Moments of each chain, of the whole sky. */
  readonly sums: readonly MomentSums[];
  readonly grid: SkyGrid;
  /** Sweeps of each chain. */
  readonly sweeps: readonly number[];
  readonly names: readonly string[];
  readonly seconds: number;
  readonly target?: RunTarget;
}

/** Where the counts of one observation went, from its draws. */
export interface LedgerParts {
  /** Expected counts of a source in the frame, in the pixels in use. */
  readonly sourceCounts: (flux: ArrayLike<number>) => number;
  /** Of the mean of the whole sky. */
  readonly entry: (sky: SkyImage, scale: number, sourceStd: number) => CountsLedger;
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
    grid,
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
  const { onProgress } = origin;
  const inFrame = ({ mean, std, draws }: Moments): Moments => ({
    mean: frameImage(mean, grid),
    std: frameImage(std, grid),
    draws,
  });
  const { mean: sky, ...spread } = poolMoments(sums, grid.shape);
  const pooled = inFrame({ mean: sky, ...spread });
  const watch = (from: number, to: number) => ({
    onProgress: (fraction: number) =>
      onProgress?.({
        stage: "diagnosing",
        done: from + (to - from) * fraction,
        total: 1,
        chains: sweeps,
        sweepsPerSecond: 0,
        secondsLeft: 0,
      }),
  });
  const quantiles = await pixelQuantiles(images, watch(0, 0.4));
  const diagnostics = await diagnose(
    { parameters, images, mean: pooled.mean, std: pooled.std, ...comparison(config) },
    watch(0.4, 1),
  );

  const totalFlux = runningStd();
  const sourceCounts = observations.map(runningStd);
  const everyChain = Array.from({ length: images.chains }, (_, chain) => chain);
  await forEachDraw(images, everyChain, {}, (draw) => {
    let sum = 0;
    for (let pixel = 0; pixel < draw.length; pixel++) sum += draw[pixel];
    totalFlux.add(sum);
    for (const [index, running] of sourceCounts.entries()) running.add(ledgers[index].sourceCounts(draw));
  });
  const ledger = observations.map((_, index) => {
    let scale = 0;
    let count = 0;
    const column = names.indexOf(observations.length === 1 ? "bkgScale" : `bkgScale${index}`);
    for (const chain of parameterDraws(parameters, column)) {
      for (const value of chain) scale += value;
      count += chain.length;
    }
    return ledgers[index].entry(sky, scale / count, sourceCounts[index].std());
  });

  return {
    mean: pooled.mean,
    std: pooled.std,
    quantiles,
    chains: sums.map((chain) => inFrame(poolMoments([chain], grid.shape))),
    ...(grid.margin === 0 ? {} : { sky }),
    total: { mean: imageSum(pooled.mean), std: totalFlux.std() },
    diagnostics,
    ledger,
    config,
    referenceExposure,
    complete,
    wcs: scaleWcs(observations.find(({ wcs }) => wcs !== undefined)?.wcs ?? [], grid.upsampling),
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
  const grid = skyGrid(observations[0].counts.shape, config.boundary, config);
  const seen = skyObservations(observations, grid, config.boundary);
  const treeMoves =
    config.method === undefined && (config.cycleSpin === "random" || config.cycleSpin === "sampled");
  const smoothness = smoothnessMaps(states, grid.shape, treeMoves)?.map((map) => frameImage(map, grid));
  const summary = await summariseChains(
    observations,
    {
      config,
      complete,
      traces,
      sums: states.map(({ moments: { count, mean, squares } }) => ({ draws: count, mean, squares })),
      sweeps: states.map(({ sweeps }) => sweeps),
      names: extent.names,
      grid,
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
    seen.reference,
    observations.map((observation, index) => {
      const { detected, background, exposure } = seen.observations[index];
      const inFrame = frameImage(detected, grid);
      const backgroundCounts = expectedSourceCounts(background.data, detected);
      return {
        sourceCounts: (flux) => expectedSourceCounts(flux, inFrame),
        entry: (flux, scale, sourceStd) =>
          ledgerEntry(observation, { flux, detected, exposure, backgroundCounts, grid, scale, sourceStd }),
      };
    }),
    origin,
  );
  return smoothness === undefined ? summary : { ...summary, smoothness };
}
