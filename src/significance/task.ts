/**
 * The work of a significance run, cut into tasks that know nothing of one another: task 0 deconvolves the observation, task
 * k > 0 draws counts from the null hypothesis and deconvolves them in the same way. A task gives a small result; `collect.ts`
 * makes the table of them.
 */

import {
  type CheckedObservation,
  checkObservations,
  observationList,
} from "../data/observation/check-observation.js";
import { convolve } from "../data/observation/convolution.js";
import type { Observation, WcsCard } from "../data/observation/observation.js";
import { drawPsf } from "../data/observation/psf-ensemble.js";
import { drawPoisson } from "../data/random/poisson.js";
import { derivedSeed, randomStream } from "../data/random/random.js";
import { AbortedError, InvalidInputError } from "../errors.js";
import { binImage, type Shape, type SkyImage } from "../image.js";
import { frameShape } from "../model/sky-grid.js";
import { type RegionPixels, regionMeter } from "../photometry/region-meter.js";
import type { SamplerConfig } from "../posterior/result.js";
import type { RunPlan } from "../runs/lira-options.js";
import { prepareAgain } from "../runs/prepare-run.js";
import { runChainJob } from "../workers/chain-job.js";
import { likelihoodRatios } from "./likelihood-ratio.js";
import { drawNullParameters, type FittedNull, fitNull, nullBaselines } from "./null-model.js";
import { type ScanPlan, scanMeter } from "./scan-meter.js";

/** A significance run as plain data that JSON can carry; the observations come beside it. */
export interface SignificanceRun {
  /** How the observation and every replicate are deconvolved. */
  readonly config: SamplerConfig;
  /** Of the gradient sampler: its model and its prior. */
  readonly gradient?: RunPlan["gradient"];
  readonly regions: readonly RegionPixels[];
  /** Tail probability that defines the test statistic, chosen before the data are looked at. */
  readonly gamma: number;
  /** Further tail probabilities to look at; what they find is no p-value. */
  readonly otherGammas: readonly number[];
  /** Number of null replicates. */
  readonly replicates: number;
  /** The null hypothesis as fitted to the observation. */
  readonly null: FittedNull;
  /** Draw the parameters of the null anew for each replicate, within their errors. */
  readonly propagate: boolean;
  /** Fit the null to each replicate as it was fitted to the observation. */
  readonly refit: boolean;
  /** Leave the pixels of all regions out when the null is fitted. */
  readonly fitOutside: boolean;
  /** Apertures of a map of local significance. */
  readonly scan?: ScanPlan;
  /** `[ny, nx]` of the images. */
  readonly shape: Shape;
  /** Name of the observation; of several, with commas between. */
  readonly name: string;
  /** Sky coordinates, as header cards; empty without. */
  readonly wcs: readonly WcsCard[];
  /** Unit of the flux, when known. */
  readonly unit?: string;
}

/** One piece of work. */
export interface SignificanceTask {
  /** 0 for the observation, from 1 for the replicates. */
  readonly index: number;
  readonly name: string;
  /** Of its counts and chains, whole number in [0, 2^53). */
  readonly seed: number;
}

/** What a task found. */
export interface SignificanceTaskResult {
  readonly index: number;
  readonly seed: number;
  /** Counts in the pixels in use, all observations together. */
  readonly counts: number;
  readonly chains: number;
  /** Kept draws of a chain. */
  readonly draws: number;
  /**
   * Values of every region in every kept draw, `[regions, chains, draws]`: `xi` always; `source`, `flux`, `x`, `y` and `width`
   * for the observation alone. See `RegionMeter`.
   */
  readonly values: Readonly<Record<string, Float64Array>>;
  /** Draws of every aperture by the ratio of source to baseline, `[apertures, bins]`. */
  readonly histogram?: Uint32Array;
  /** Mean xi of every aperture. */
  readonly apertureMean?: Float64Array;
  /** Parameters of the null that the deconvolution was given, as fitted. */
  readonly theta: readonly number[];
  /** Likelihood ratio of a source in each region (`likelihoodRatio`). */
  readonly ratios: readonly number[];
}

/** How to watch, stop and speed up a task; none of it changes its result. */
export interface RunTaskOptions {
  readonly module?: WebAssembly.Module;
  /** Called now and then with the fraction done, in [0, 1]. */
  readonly onProgress?: (fraction: number) => void;
  /** Asked as often; true ends the task with an `AbortedError`. */
  readonly shouldStop?: () => boolean;
}

/** Kept apart from the seeds of simulations and chains. */
const TASK_DOMAIN = 0x7369676e69666963n; // "signific" in ASCII

/** All tasks of a run, the observation first. */
export function significanceTasks({ config, replicates }: SignificanceRun): SignificanceTask[] {
  return Array.from({ length: replicates + 1 }, (_, index) => ({
    index,
    name: index === 0 ? "observation" : `null replicate ${index}`,
    seed: derivedSeed(TASK_DOMAIN, config.seed, index),
  }));
}

/** Pixels of all regions, 1 = inside. */
export function regionsMask(
  { regions }: Pick<SignificanceRun, "regions">,
  shape: readonly [ny: number, nx: number],
): SkyImage {
  const data = new Float64Array(shape[0] * shape[1]);
  for (const { pixels } of regions) for (const pixel of pixels) data[pixel] = 1;
  return { data, shape };
}

/**
 * Counts of a replicate: Poisson draws of what the null hypothesis expects through exposure and psf, independent of those of
 * every other seed.
 *
 * A psf that is not known exactly is drawn for each replicate from what is known of it before the data are seen. Then replicates are the
 * data that the null hypothesis gives rise to, errors of calibration included, and a rank among them is a prior predictive p-value (Box 1980,
 * JRSS A 143, 383): uniform under the null over repeated observations with their calibrations. Draws from the posterior of the observation
 * would use its counts twice, and their ranks are not uniform (Bayarri & Berger 2000, JASA 95, 1127).
 *
 * @param observations the real ones, checked: everything but their counts is used
 */
export function simulateNull(
  observations: readonly CheckedObservation[],
  run: Pick<SignificanceRun, "config" | "null" | "propagate">,
  seed: number,
): CheckedObservation[] {
  const stream = randomStream(seed);
  const theta = run.propagate ? drawNullParameters(observations, run.null, stream) : run.null.theta;
  const baselines = nullBaselines(observations, run.null, theta);
  return observations.map((observation, index) => {
    const { exposure, mask } = observation;
    const { shape } = exposure;
    const psf = drawPsf(observation.psf, stream);
    const emitted = baselines[index].data.map((value, pixel) => value * exposure.data[pixel]);
    const expected = convolve({ data: emitted, shape }, psf, run.config.boundary);
    // Masked pixels take their random number too: a mask changes no other pixel.
    const drawn = expected.data.map((mean) => drawPoisson(stream, mean));
    const data = mask === undefined ? drawn : drawn.map((value, pixel) => value * mask.data[pixel]);
    return { ...observation, counts: { data, shape } };
  });
}

/**
 * Run one task. The same run, observations and task give the same result everywhere.
 *
 * @param data the observations of the run
 * @throws InvalidInputError for observations that break a rule of `checkObservation`
 * @throws NumericsError when a chain leaves the range of its numbers
 * @throws AbortedError when `shouldStop` says so
 */
export async function runSignificanceTask(
  data: Observation | readonly Observation[],
  run: SignificanceRun,
  task: SignificanceTask,
  { module, onProgress, shouldStop }: RunTaskOptions = {},
): Promise<SignificanceTaskResult> {
  const { config, regions, scan } = run;
  const { boundary, iterations, burnIn, traceEvery, chains } = config;
  const list = observationList(data);
  const { observations } = checkObservations(list, { boundary });
  const { shape } = observations[0].counts;
  const isNull = task.index > 0;
  const counted = isNull ? simulateNull(observations, run, task.seed) : observations;
  const fitted =
    isNull && run.refit && run.null.kind !== "background"
      ? fitNull(counted, {
          ...run.null,
          boundary,
          start: run.null.theta,
          ...(run.fitOutside ? { without: regionsMask(run, shape) } : {}),
        })
      : run.null;
  const baselines = nullBaselines(counted, fitted);
  const analysed = counted.map((observation, index) => ({ ...observation, background: baselines[index] }));

  const draws = Math.floor((iterations - burnIn) / traceEvery);
  const meter = regionMeter(analysed, regions, { chains, draws, products: !isNull });
  const apertures = scan === undefined ? undefined : scanMeter(analysed, scan);
  const { law, names, grid } = await chainsOf(analysed, run);
  const scales = names.flatMap((name, column) => (name.startsWith("bkgScale") ? [column] : []));
  const last = burnIn + draws * traceEvery;
  for (let chain = 0; chain < chains; chain++) {
    let draw = 0;
    const { state } = await runChainJob(
      {
        ...{
          observations: analysed,
          settings: law,
          seed: task.seed,
          chain,
          iterations: last,
          burnIn,
          traceEvery,
        },
        ...(grid.margin > 0 && { frame: grid }),
      },
      {
        ...(module === undefined ? {} : { module }),
        onDraw(frame, row) {
          const scale = Float64Array.from(scales, (column) => row[column]);
          // In the pixels of the detector, each the sum of those that lie over it.
          const flux =
            grid.upsampling === 1
              ? frame
              : binImage({ data: frame, shape: frameShape(grid) }, grid.upsampling).data;
          meter.add(chain, draw++, flux, scale);
          apertures?.add(flux, scale);
        },
        onProgress: (sweeps) => onProgress?.((chain + sweeps / iterations) / chains),
        ...(shouldStop === undefined ? {} : { shouldStop }),
      },
    );
    if (state.sweeps < last) {
      throw new AbortedError(`${task.name}: must run to its end, got stopped before; run it again`);
    }
  }
  onProgress?.(1);
  return {
    index: task.index,
    seed: task.seed,
    counts: counted.reduce(
      (sum, { counts }) => sum + counts.data.reduce((total, value) => total + value, 0),
      0,
    ),
    chains,
    draws,
    values: meter.values,
    ...(apertures === undefined ? {} : apertures.result()),
    theta: fitted.theta,
    ratios: likelihoodRatios(analysed, regions, boundary),
  };
}

/** What the chains of a task sample. Given observations that are checked: to normalise a psf twice would change its last bits. */
function chainsOf(observations: readonly CheckedObservation[], { config, gradient }: SignificanceRun) {
  const { iterations: maxIterations } = config;
  if (config.method === "own" || (config.method === "nuts" && gradient === undefined))
    throw new InvalidInputError(
      `significance: a run of ${config.method} must hold its prior, got none; plan it again`,
    );
  const plan = { config, autoBurnIn: false, maxIterations, ...(gradient && { gradient }) };
  return prepareAgain(observations, plan, []);
}
