import { type Boundary, checkBoundary } from "../data/observation/boundary.js";
import { brightestPixel, positionOf } from "../data/observation/brightest-pixel.js";
import {
  type CheckedObservation,
  checkObservations,
  observationList,
} from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { psfAt, psfAxes } from "../data/observation/psf-ensemble.js";
import {
  evenEdges,
  profileOf,
  type RadialProfile,
  ringSums,
  ringsAbout,
} from "../data/observation/radial-profile.js";
import { randomStream } from "../data/random/random.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import type { Shape, SkyImage } from "../image.js";
import { checkNames, type NamesOf } from "../known-names.js";
import { type FittedSky, type FramePrediction, framePrediction } from "../model/frame-prediction.js";
import { type Residuals, residuals } from "../model/predicted-counts.js";
import { frameShape } from "../model/sky-grid.js";
import { asDrawSource, type DrawSource, forEachDraw, type WatchOptions } from "../posterior/draw-source.js";
import { drawnPsf } from "../posterior/drawn-psf.js";
import type { Circle } from "../posterior/region.js";
import { backgroundColumn } from "../posterior/summary.js";
import {
  asParameterSource,
  type ImageTrace,
  type ParameterSource,
  type ParameterTrace,
} from "../posterior/trace.js";
import {
  DISCREPANCIES,
  type DiscrepancyCheck,
  type DiscrepancyName,
  type PredictiveKind,
  patchSide,
} from "./discrepancy.js";
import { collapseToPoint } from "./point-source.js";
import { predictiveSentence } from "./predictive-sentence.js";
import { type ObservedDraws, replicateDraws } from "./replicate-draws.js";
import type { ReplicatedDraw, ReplicateTask } from "./replicate-job.js";

/** The draws of a posterior, in memory or in a file: `LiraResult.trace`, or what `openResult` returns. */
export interface PosteriorDraws {
  readonly parameters: ParameterTrace | ParameterSource;
  readonly images: ImageTrace | DrawSource;
}

/** Options of `predictiveCheck`. */
export interface PredictiveCheckOptions extends WatchOptions, Omit<FittedSky, "boundary"> {
  /** Fate of photons beyond the edge, as in the run; default `"spill"`. */
  readonly boundary?: Boundary;
  /** Most workers (threads or Web Workers), 0 for none; default as many as there are cores. The numbers are the same. */
  readonly workers?: number;
  /** About how many posterior draws to use, evenly spread over the chains; default 200. Each costs one convolution. */
  readonly draws?: number;
  /** Replicated counts images for each draw, at least; default 20. More are made when a flag could not be told otherwise. */
  readonly replicates?: number;
  /** Whole number in [0, 2^53); default 0. */
  readonly seed?: number;
  /** Centre of the radial profile; default the brightest pixel of the prediction. */
  readonly centre?: PixelPosition;
  /** Width of a ring in pixels; default 1. */
  readonly ringWidth?: number;
  /** Where the last ring ends, in pixels; default half of the smaller side. */
  readonly ringRadius?: number;
  /** Side in pixels of the squares of the discrepancy `patches`; default from the psf (`patchSide`). */
  readonly patchSide?: number;
  /** Probability that right data are flagged, all discrepancies together, in (0, 1); default 0.01. */
  readonly falseAlarmRate?: number;
  /**
   * Ask another question: could all the flux in this circle come from one point? In every draw it is gathered at its centroid
   * before counts are predicted. For a source that is known to be a point: this also sees a psf that is too narrow.
   */
  readonly pointSource?: Circle;
}

/** What replicated counts say about the model of one observation. */
export interface PredictiveCheck {
  /** Name of the observation. */
  readonly name: string;
  /** What is compared, and how its p-values are distributed. */
  readonly kind: PredictiveKind;
  /** Posterior draws used, and replicated images of all of them. */
  readonly draws: number;
  readonly replicates: number;
  /** In the order of the table in `discrepancy.ts`. */
  readonly discrepancies: readonly DiscrepancyCheck[];
  readonly falseAlarmRate: number;
  /** Names of the discrepancies that are flagged; empty when the model describes the data. */
  readonly flagged: readonly DiscrepancyName[];
  /** The outcome in words. */
  readonly sentence: string;
  /** Expected counts of the posterior mean `[ny, nx]`: the mean of the prediction over the draws used. */
  readonly predicted: SkyImage;
  /** Observed minus `predicted`, in counts and in sigma (signed root of the deviance) `[ny, nx]`; NaN in masked pixels. */
  readonly residuals: Residuals;
  /** About `centre`. */
  readonly profile: RadialProfile;
}

/** How counts are compared with draws: with each draw's own prediction, or with the mean of all. */
export type Reference = "draw" | "mean";

const DEFAULT_DRAWS = 200;
const DEFAULT_REPLICATES = 20;
const DEFAULT_FALSE_ALARM_RATE = 0.01;
/** Replicates of the one draw behind `uniformP`: its p-values are multiples of 1 / 500 before ties are broken. */
const PIVOTAL_REPLICATES = 499;
/** Part of the work that finds the mean prediction, for progress. */
const MEAN_PART = 0.05;
/** Apart from the streams of simulated data of the same seed. */
const SEED_OFFSET = 0x70726564; // "pred" in ASCII

/**
 * Posterior predictive check: are the observed counts like counts that the model would make? (Gelman, Meng & Stern 1996,
 * Statistica Sinica 6, 733; Gelman et al. 2013, Bayesian Data Analysis, chapter 6.)
 *
 * For posterior draws theta, counts are replicated from Poisson(lambda(theta)) and their discrepancies from lambda(theta) (table in
 * `discrepancy.ts`) compared with those of the observed counts.
 *
 * The p-values of fitted data are not uniform when the model is right, they gather about 1/2 (Bayarri & Berger 2000): the
 * model has seen the data. Flags use the bound P(p <= a) <= 2 a (Meng 1994, Annals of Statistics 22, 1142), so the
 * false-alarm rate is at most the one stated. `uniformP` takes a single posterior draw instead of all: if draw and data come
 * from the joint law of the model, it is exactly uniform (Johnson 2007, Bayesian Analysis 2, 719). It answers for one draw, so it
 * is noisier; use it to test many datasets, not to judge one. `heldOutCheck` has more power and uniform p-values for one dataset.
 *
 * A psf that is too wide is seen: no image can be as sharp as the data. A psf that is too narrow is not: a wider source explains
 * the same counts. Where a source is known to be a point, `pointSource` sees both.
 *
 * @param data the observation that was fitted, or several, in the order of the run
 * @returns one check for each observation
 * @throws InvalidInputError when data or options break their rules, or data and draws do not fit
 * @throws AbortedError when `signal` says so
 */
export async function predictiveCheck(
  data: Observation | readonly Observation[],
  posterior: PosteriorDraws,
  options: PredictiveCheckOptions = {},
): Promise<PredictiveCheck[]> {
  return compareWithDraws(data, posterior, options, "draw");
}

/** The engine of all predictive checks. */
export async function compareWithDraws(
  data: Observation | readonly Observation[],
  posterior: PosteriorDraws,
  options: PredictiveCheckOptions,
  reference: Reference,
): Promise<PredictiveCheck[]> {
  const { boundary = "spill", onProgress, signal } = options;
  checkBoundary("predictiveCheck", boundary);
  checkNames("predictiveCheck", options, Object.keys(NAMES));
  checkPredictiveOptions("predictiveCheck", options);
  const list = observationList(data);
  const { observations } = checkObservations(list, { boundary });
  const images = asDrawSource(posterior.images);
  const { upsampling, margin, sky } = options;
  const fitted: FittedSky = {
    boundary,
    ...given({ upsampling, margin, sky }),
  };
  const models = observations.map((observation) => framePrediction(observation, fitted, "predictiveCheck"));
  checkShapes(observations[0], frameShape(models[0].grid), images);
  const parameters = asParameterSource(posterior.parameters);
  const checks: PredictiveCheck[] = [];
  for (const [index, observation] of observations.entries()) {
    const column = backgroundColumn(parameters.names, index, observations.length);
    const scaleOf = (chain: number, draw: number) => {
      const sweep = images.first + draw * images.every;
      return column < 0 ? 1 : parameters.readRows(chain, sweep, 1)[column];
    };
    const chosen = drawnPsf(observations, index, parameters);
    const part = (fraction: number) => onProgress?.((index + fraction) / observations.length);
    checks.push(
      await checkObservation(
        observation,
        {
          images,
          scaleOf,
          psfOf: chosen && ((chain, draw) => chosen(chain, images.first + draw * images.every)),
          model: models[index],
          reference,
          seed: (options.seed ?? 0) + SEED_OFFSET + index,
        },
        { ...options, onProgress: part, ...given({ signal }) },
      ),
    );
  }
  return checks;
}

const NAMES: NamesOf<PredictiveCheckOptions> = {
  ...{ boundary: true, workers: true, draws: true, replicates: true, seed: true, centre: true },
  ...{ ringWidth: true, ringRadius: true, patchSide: true, falseAlarmRate: true, pointSource: true },
  ...{ upsampling: true, margin: true, sky: true, onProgress: true, signal: true },
};

/** Check the values of options. @throws InvalidInputError, in which `where` names the function, about one that breaks its rule */
export function checkPredictiveOptions(where: string, options: PredictiveCheckOptions): void {
  const {
    draws = DEFAULT_DRAWS,
    replicates = DEFAULT_REPLICATES,
    falseAlarmRate = DEFAULT_FALSE_ALARM_RATE,
    patchSide: side,
  } = options;
  const whole = { draws, replicates, ...given({ patchSide: side }) };
  for (const [name, value] of Object.entries(whole)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new InvalidInputError(
      `${where}: ${name} must be a whole number >= 1, got ${value}; leave it out for the default`,
      { fields: { [name]: value } },
    );
  }
  if (!(falseAlarmRate > 0 && falseAlarmRate < 1)) {
    throw new InvalidInputError(
      `${where}: falseAlarmRate must lie in (0, 1), got ${falseAlarmRate}; try 0.01`,
      { fields: { falseAlarmRate } },
    );
  }
  const { pointSource, upsampling = 1 } = options;
  if (pointSource !== undefined && upsampling !== 1) {
    throw new InvalidInputError(
      `${where}: pointSource must be left out with a finer sky, got upsampling ${upsampling}; it gathers light at pixels of ` +
        "the counts",
    );
  }
  if (pointSource !== undefined && !(pointSource.radius > 0)) {
    throw new InvalidInputError(
      `${where}: radius of pointSource must be > 0, got ${pointSource.radius}; give pixels`,
      { fields: { radius: pointSource.radius } },
    );
  }
}

function checkShapes({ name }: CheckedObservation, frame: Shape, images: DrawSource): void {
  const [ny, nx] = images.shape;
  if (frame[0] !== ny || frame[1] !== nx) {
    throw new InvalidInputError(
      `${name}: counts must have the shape of the draws, [${ny}, ${nx}], got [${frame.join(", ")}]; ` +
        "give the data (and cut-out) that were deconvolved, and the upsampling",
      { fields: { shape: frame, expected: images.shape } },
    );
  }
  let total = 0;
  for (let chain = 0; chain < images.chains; chain++) total += images.draws(chain);
  if (total === 0) {
    throw new InvalidInputError("predictiveCheck: result must hold kept draws, got none; run more sweeps");
  }
}

/** Where predictions come from. */
interface DrawsOfObservation extends ObservedDraws {
  readonly model: FramePrediction;
  readonly reference: Reference;
  readonly seed: number;
}

/** Running comparison of replicated with observed values of one discrepancy. */
interface Tally {
  observed: number;
  mean: number;
  squares: number;
  /** Replicates at least as large, and at most as large. */
  above: number;
  below: number;
  /** Of the draw's p, for its error. */
  pMean: number;
  pSquares: number;
  uniformP: number;
}

async function checkObservation(
  observation: CheckedObservation,
  { images, scaleOf, psfOf, model, reference, seed }: DrawsOfObservation,
  options: PredictiveCheckOptions,
): Promise<PredictiveCheck> {
  const { draws: wanted = DEFAULT_DRAWS, pointSource, onProgress } = options;
  const { falseAlarmRate = DEFAULT_FALSE_ALARM_RATE, signal } = options;
  const { counts, mask } = observation;
  const shape: Shape = counts.shape;
  const chains = Array.from({ length: images.chains }, (_, chain) => chain);
  const available = chains.reduce((sum, chain) => sum + images.draws(chain), 0);
  const step = Math.max(1, Math.floor(available / wanted));
  const draws = chains.reduce((sum, chain) => sum + Math.ceil(images.draws(chain) / step), 0);
  // Posterior p-values are bounded by P(p <= a) <= 2 a only; held-out ones are uniform.
  const limit = falseAlarmRate / ((reference === "draw" ? 2 : 1) * DISCREPANCIES.length);
  // The smallest two-sided p of n replicates is 2 / (n + 1): it must be below the limit, or nothing could ever be flagged.
  const replicates = Math.max(options.replicates ?? DEFAULT_REPLICATES, Math.ceil(2 / limit / draws));

  // The prediction is linear in flux and scale: that of their means is the mean prediction, unless each draw has a psf of its own.
  const axes = psfAxes(observation.psf);
  const sum = psfOf && new Float64Array(counts.data.length);
  const flux = new Float64Array(images.shape[0] * images.shape[1]);
  const meanFlux = new Float64Array(flux.length);
  let meanScale = 0;
  await forEachDraw(
    images,
    chains,
    {
      onProgress: (fraction) => onProgress?.(MEAN_PART * fraction),
      ...given({ signal }),
    },
    (image, chain, draw) => {
      if (pointSource === undefined) flux.set(image);
      else collapseToPoint(image, shape, pointSource, flux);
      for (let index = 0; index < flux.length; index++) meanFlux[index] += flux[index] / draws;
      meanScale += scaleOf(chain, draw) / draws;
      if (psfOf === undefined || sum === undefined) return;
      const psf = psfAt(observation.psf, axes, psfOf(chain, draw));
      const own = framePrediction({ ...observation, psf }, model.fitted, "predictiveCheck");
      const { data } = own.predict(flux, scaleOf(chain, draw));
      for (let pixel = 0; pixel < sum.length; pixel++) sum[pixel] += data[pixel] / draws;
    },
    step,
  );
  const predicted = sum ? { data: sum, shape } : model.predict(meanFlux, meanScale);
  const { ringWidth = 1, ringRadius = Math.max(ringWidth, Math.min(...shape) / 2) } = options;
  const edges = evenEdges(ringWidth, ringRadius);
  const centre = options.centre ?? (pointSource && { x: pointSource.x, y: pointSource.y });
  const rings = ringsAbout(centre ?? positionOf(brightestPixel(predicted, mask), shape), shape, edges, mask);
  const side = Math.min(options.patchSide ?? patchSide(observation.psf, shape), ...shape);

  const stream = randomStream(seed);
  const pivotalDraw =
    reference === "draw" ? Math.min(draws - 1, Math.floor(stream.uniform() * draws)) : undefined;
  const tallies = DISCREPANCIES.map(
    (): Tally => ({
      observed: 0,
      mean: 0,
      squares: 0,
      above: 0,
      below: 0,
      pMean: 0,
      pSquares: 0,
      uniformP: Number.NaN,
    }),
  );
  const profiles = rings.pixels.map(() => new Float64Array(draws * replicates));
  let done = 0;

  const take = ({ observed, values, profiles: sums }: ReplicatedDraw) => {
    for (const [index, tally] of tallies.entries()) {
      const own = values.subarray(0, replicates * DISCREPANCIES.length);
      let [above, equal] = [0, 0];
      for (let time = 0, at = index; at < own.length; time++, at += DISCREPANCIES.length) {
        if (own[at] > observed[index]) above++;
        else if (own[at] === observed[index]) equal++;
        const delta = own[at] - tally.mean;
        tally.mean += delta / (done * replicates + time + 1);
        tally.squares += delta * (own[at] - tally.mean);
      }
      const p = (above + equal) / replicates;
      tally.observed += observed[index] / draws;
      tally.above += above + equal;
      tally.below += replicates - above;
      const delta = p - tally.pMean;
      tally.pMean += delta / (done + 1);
      tally.pSquares += delta * (p - tally.pMean);
      if (done !== pivotalDraw) continue;
      const others = values.subarray(own.length).filter((_, at) => at % DISCREPANCIES.length === index);
      const [beyond, ties] = [
        others.filter((value) => value > observed[index]).length,
        others.filter((value) => value === observed[index]).length,
      ];
      tally.uniformP = (beyond + stream.uniform() * (ties + 1)) / (PIVOTAL_REPLICATES + 1);
    }
    for (const [ring, values] of profiles.entries()) {
      for (let time = 0; time < replicates; time++) {
        values[done * replicates + time] = sums[time * rings.count + ring];
      }
    }
    done++;
  };
  const task: ReplicateTask = {
    observation,
    fitted: model.fitted,
    profile: rings,
    side,
    seed,
    ...(pointSource && { pointSource }),
    ...(centre && { centre }),
    ...(reference === "mean" && { against: predicted }),
  };
  await replicateDraws(
    task,
    { images, step, draws, scaleOf, psfOf },
    (number) => replicates + (number === pivotalDraw ? PIVOTAL_REPLICATES : 0),
    { ...options, onProgress: (fraction) => onProgress?.(MEAN_PART + (1 - MEAN_PART) * fraction) },
    take,
  );

  const count = draws * replicates;
  const rows = tallies.map((tally, index): DiscrepancyCheck => {
    const p = (tally.above + 1) / (count + 1);
    const lower = (tally.below + 1) / (count + 1);
    const twoSided = Math.min(1, 2 * Math.min(p, lower));
    const ties = tally.above + tally.below - count;
    return {
      name: DISCREPANCIES[index],
      observed: tally.observed,
      replicated: { mean: tally.mean, std: Math.sqrt(tally.squares / (count - 1)) },
      p,
      pError: Math.sqrt(tally.pSquares / Math.max(1, draws - 1) / draws),
      twoSided,
      uniformP:
        reference === "draw"
          ? tally.uniformP
          : (tally.above - ties + stream.uniform() * (ties + 1)) / (count + 1),
      flagged: twoSided <= limit,
    };
  });
  const ringCounts = new Float64Array(rings.count);
  const ringLambda = new Float64Array(rings.count);
  ringSums(counts.data, rings, ringCounts);
  ringSums(predicted.data, rings, ringLambda);
  const flagged = rows.filter((row) => row.flagged).map(({ name }) => name);
  const kind = reference === "mean" ? "held-out" : pointSource ? "point source" : "posterior";
  return {
    name: observation.name,
    kind,
    draws,
    replicates: count,
    discrepancies: rows,
    falseAlarmRate,
    flagged,
    sentence: predictiveSentence(kind, rows, falseAlarmRate),
    predicted,
    residuals: residuals(counts, predicted, mask),
    profile: profileOf(rings, ringCounts, ringLambda, profiles),
  };
}
