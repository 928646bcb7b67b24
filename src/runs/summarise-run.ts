import { given } from "../given.js";
import { imageSum } from "../image.js";
import { scaleWcs } from "../io/fits-wcs.js";
import { frameImage } from "../model/sky-grid.js";
import { diagnose } from "../pixels/diagnose.js";
import { pixelSummary } from "../pixels/pixel-summary.js";
import type { DrawSource } from "../posterior/draw-source.js";
import type { Moments, PosteriorSummary } from "../posterior/result.js";
import { meanBackgroundScale, poolMoments } from "../posterior/summary.js";
import type { ParameterSource } from "../posterior/trace.js";
import { judgeTransitions, reportTransitions } from "../posterior/transitions.js";
import { smoothnessMaps } from "../samplers/smoothness-maps.js";
import { VERSION } from "../version.js";
import { deviceOf } from "./moved-run.js";
import type { PreparedRun } from "./prepare-run.js";
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

/** Of a run that was stopped before its chains had two kept draws each. */
const EARLY_VERDICT = {
  state: "unknown",
  sentence:
    "The run was stopped before every chain had two draws after its burn-in: the few that it holds tell where the chains stood, not what the posterior is.",
  remedy: "Continue the run.",
} as const;

/** Turn the chains of a run into what is reported of them: everything of a result but the draws. */
export async function summariseRun(
  { plan, observations, shape, grid, reference, ledgersOf }: PreparedRun,
  run: SampledRun,
  traces: { readonly parameters: ParameterSource; readonly images: DrawSource },
  origin: RunOrigin,
): Promise<PosteriorSummary> {
  const { states, complete, seconds } = run;
  const { target } = plan;
  // With a date of its own a file holds no times that were measured.
  const { config, device } = deviceOf(
    run.config,
    origin.date === undefined ? plan.chosenDevice : undefined,
    states,
  );
  const { parameters, images } = traces;
  const { onProgress, workers } = origin;
  const sums = momentSums(states);
  const ledgers = ledgersOf(parameters);
  const inFrame = ({ mean, std, draws }: Moments): Moments => ({
    mean: frameImage(mean, grid),
    std: frameImage(std, grid),
    draws,
  });
  const sweeps = states.map((state) => state.sweeps);
  const whole = poolMoments(sums, grid.shape);
  const pooled = inFrame(whole);
  const compared = comparison(config);
  const {
    quantiles,
    rhat,
    ess,
    sums: [totalFlux, ...sourceCounts],
  } = await pixelSummary(images, {
    ...compared,
    ...given({ workers }),
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
    const scale = meanBackgroundScale(parameters, index, observations.length);
    return ledgers[index].entry(whole.mean, scale, standardDeviation(sourceCounts[index]));
  });

  const moves =
    config.method === undefined && (config.cycleSpin === "random" || config.cycleSpin === "sampled");
  const smoothness = smoothnessMaps(states, grid.shape, moves)?.map((map) => frameImage(map, grid));
  const transitions = config.method === "nuts" ? reportTransitions(parameters, config.maxDepth) : undefined;
  const settled = run.early ? { ...diagnostics.verdict, ...EARLY_VERDICT } : diagnostics.verdict;
  const verdict = transitions ? judgeTransitions(settled, transitions) : settled;
  return {
    mean: pooled.mean,
    std: pooled.std,
    quantiles,
    chains: sums.map((chain) => inFrame(poolMoments([chain], grid.shape))),
    ...(grid.margin === 0 ? {} : { sky: whole.mean }),
    total: { mean: imageSum(pooled.mean), std: standardDeviation(totalFlux) },
    diagnostics: { ...diagnostics, verdict },
    ledger,
    config,
    referenceExposure: reference,
    complete,
    wcs: scaleWcs(observations.find(({ wcs }) => wcs !== undefined)?.wcs ?? [], grid.upsampling),
    ...given({ unit: origin.unit }),
    name: observations[0].name,
    provenance: {
      version: VERSION,
      ...given({ command: origin.command }),
      started: origin.date ?? origin.started.toISOString(),
      finished: origin.date ?? new Date().toISOString(),
      seconds: origin.date === undefined ? (origin.secondsBefore ?? 0) + seconds : 0,
      inputs: origin.inputs ?? [],
      ...given({ device }),
    },
    ...(target === undefined
      ? {}
      : {
          target: {
            until: target.text,
            maxIterations: plan.maxIterations,
            reached: run.reached === true,
          },
        }),
    ...(transitions && { transitions }),
    ...(smoothness && { smoothness }),
  };
}
