/**
 * Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788): draw parameters from the prior and counts from
 * the model, run the sampler on the counts; if it samples the posterior, the rank of the true value of any quantity
 * among L independent draws is uniform on 0 .. L.
 *
 * Draws of a chain are not independent: each quantity is thinned by several of its own autocorrelation times, and the
 * chain runs on until L such draws are there. Besides the parameters a rank is taken of the log-likelihood, a
 * quantity that depends on the data and so sees errors that leave the data-averaged posterior alone
 * (Modrak et al. 2023).
 */
import type { Observation } from "../../src/data/observation/observation.js";
import { psfAt, psfAxes } from "../../src/data/observation/psf-ensemble.js";
import { type SkyImage, skyImage } from "../../src/image.js";
import { ensembleShift } from "../../src/samplers/ensemble-shift.js";
import { logImagePrior } from "./pair-transfer.js";
import { alphasOfStates, logStates, smoothnessOfStates, stateTree } from "./smoothing-states.js";
import { type AdaptiveSettings, drawFromAdaptivePrior } from "./textbook-adaptive.js";
import type { ChainView } from "./textbook-lira.js";
import {
  referenceExposureOf,
  type TextbookObservation,
  textbookExpectedCounts,
  textbookLogLikelihood,
  textbookObservation,
} from "./textbook-model.js";
import { drawFromPrior, type PriorDraw, type TextbookSettings } from "./textbook-prior.js";
import { type TextbookRandom, textbookRandom } from "./textbook-random.js";
import { chiSquareTail, kolmogorovTail } from "./textbook-special.js";

/**
 * A model to calibrate. Its priors must be proper, and its shift fixed or a parameter (`cycleSpin` not `"random"`). When it is
 * a parameter the truth has a uniform shift of its own; under `"ensemble"` it has that of the chain.
 */
export interface CalibrationScenario<
  Settings extends TextbookSettings | AdaptiveSettings = TextbookSettings | AdaptiveSettings,
> {
  readonly name: string;
  /** Everything but the counts, which are replaced by simulated ones. */
  readonly observations: readonly Observation[];
  readonly settings: Settings;
  /** Pixels whose flux is ranked. */
  readonly pixels: readonly number[];
  /** Rank the log prior density of the image given its shift too: what transfers and shifts change. Default false. */
  readonly rankPrior?: boolean;
  /** Entries `a * K + b` of the matrix of transitions whose logarithm is ranked, under the adaptive prior. */
  readonly transitions?: readonly number[];
}

/** How much work to do. */
export interface CalibrationOptions {
  readonly simulations: number;
  readonly seed: number;
  /** Draws L that the true value is ranked among; default 49. */
  readonly draws?: number;
  /** Sweeps before the first draw; default 500. */
  readonly burnIn?: number;
  /** Sweeps between two looks at the chain; default 4. */
  readonly stride?: number;
  /** Most sweeps of one chain; default 100,000. Chains that still lack L draws then are counted in `short`. */
  readonly maxSweeps?: number;
}

/** The ranks of one quantity over all simulations. */
export interface RankStatistic {
  readonly name: string;
  /** Uniform in (0, 1) under a right sampler: (rank + jitter) / (L + 1), ties broken at random. */
  readonly ranks: readonly number[];
  /** Chi-square test on bins of equal width. */
  readonly chiSquare: number;
  /** Kolmogorov-Smirnov test. */
  readonly kolmogorov: number;
  /** Mean of the ranks: below 1/2 the sampler's draws are too high. */
  readonly mean: number;
  /** Bonferroni bound over the two tests. */
  readonly p: number;
}

/** What calibration found for one scenario. */
export interface CalibrationReport {
  readonly name: string;
  readonly simulations: number;
  readonly quantities: readonly RankStatistic[];
  /** Chains that reached `maxSweeps` before they had L independent draws; should be (nearly) none. */
  readonly short: number;
  /** Mean sweeps a chain, burn-in excluded. */
  readonly sweeps: number;
}

/** Start a chain of the sampler under test. */
export type StartCalibrationChain = (
  observations: readonly Observation[],
  settings: TextbookSettings | AdaptiveSettings,
  options: { readonly seed: number; readonly chain: number },
) => ChainView;

const BINS = 10;
const THIN_PER_TIME = 3;

/** What a quantity may depend on: a draw from the prior, or a chain. */
type State = Pick<
  ChainView,
  "flux" | "alpha" | "states" | "transitions" | "totalCounts" | "backgroundScale" | "cycleSpin" | "chosen"
>;

/** Values of all quantities of a scenario. The model is that of the simulation; what it sees of data is `prepared`. */
function lookAt(
  state: State,
  { observations, pixels, rankPrior = false, transitions = [] }: CalibrationScenario,
  settings: TextbookSettings | AdaptiveSettings,
  prepared: (chosen: State["chosen"]) => readonly TextbookObservation[],
): Record<string, number> {
  const { shape } = observations[0].counts;
  const referenceExposure = referenceExposureOf(observations);
  const prior = "adaptivePrior" in settings ? settings.adaptivePrior : undefined;
  const tree = stateTree(shape);
  const logPriorOf = ({ flux, alpha, states, cycleSpin }: State) =>
    logImagePrior(
      flux.map((value) => value * referenceExposure),
      {
        shape,
        shift: [cycleSpin.row, cycleSpin.col],
        alpha: prior === undefined ? alpha : alphasOfStates(prior, tree, states),
        totalCountsPrior: settings.totalCountsPrior,
      },
    );
  return {
    total: state.totalCounts,
    ...(prior === undefined
      ? numbered("alpha", state.alpha)
      : {
          ...numbered("smoothness", smoothnessOfStates(prior, tree, state.states)),
          ...Object.fromEntries(
            transitions.map((entry) => [`lnTransition${entry}`, Math.log(state.transitions[entry])]),
          ),
          logStates: logStates(tree, state.states, state.transitions),
        }),
    ...numbered(
      "flux",
      pixels.map((pixel) => state.flux[pixel]),
    ),
    ...(settings.fitBackgroundScale ? numbered("scale", state.backgroundScale) : {}),
    ...(settings.cycleSpin === "sampled"
      ? { shiftRow: state.cycleSpin.row, shiftCol: state.cycleSpin.col }
      : {}),
    ...numbered("psf", (state.chosen ?? []).flat()),
    ...(rankPrior ? { logPrior: logPriorOf(state) } : {}),
    logLikelihood: logLikelihoodOf(prepared(state.chosen), state.flux, state.backgroundScale),
  };
}

/** A truth, and what was seen of it. */
export interface Simulation {
  readonly observations: readonly Observation[];
  readonly truth: PriorDraw;
  /** Log-likelihood of an image and scales. */
  readonly logLikelihood: (flux: Float64Array, scale: Float64Array) => number;
}

/** Draw a truth and counts of it, of a scenario without uncertain psfs. */
export function simulate(
  { observations, settings }: CalibrationScenario,
  random: TextbookRandom,
  origin: { readonly seed: number; readonly chain: number },
): Simulation {
  const truth = drawTruth(observations, settings, random, origin);
  const { boundary } = settings;
  const seen = observations.map((observation, index) => ({
    ...observation,
    counts: simulateCounts(observation, boundary, truth.flux, truth.backgroundScale[index], random),
  }));
  const prepared = seen.map((one) => textbookObservation(one, boundary));
  return {
    observations: seen,
    truth,
    logLikelihood: (flux, scale) => logLikelihoodOf(prepared, flux, scale),
  };
}

/** Draw the truth of a simulation; under `"ensemble"` with the shift of its chain. */
function drawTruth(
  observations: readonly Observation[],
  settings: TextbookSettings | AdaptiveSettings,
  random: TextbookRandom,
  { seed, chain }: { readonly seed: number; readonly chain: number },
): PriorDraw {
  const shift =
    settings.cycleSpin === "ensemble" ? ensembleShift(observations[0].counts.shape, seed, chain) : undefined;
  return "adaptivePrior" in settings
    ? drawFromAdaptivePrior(observations, settings, random, shift)
    : drawFromPrior(observations, settings, random, shift);
}

/** Rank the truth among the draws of the sampler, simulation after simulation. */
export function calibrate(
  scenario: CalibrationScenario,
  startChain: StartCalibrationChain,
  { simulations, seed, draws = 49, burnIn = 500, stride = 4, maxSweeps = 100_000 }: CalibrationOptions,
  simulationSettings: TextbookSettings | AdaptiveSettings = scenario.settings,
): CalibrationReport {
  const { name, observations, settings } = scenario;
  const random = textbookRandom(seed, 0);
  let names: string[] = [];
  const ranks: number[][] = [];
  let short = 0;
  let sweeps = 0;
  for (let simulation = 0; simulation < simulations; simulation++) {
    const origin = { seed: seed + 1, chain: simulation };
    const chosen = drawPsfs(observations, random);
    const truth = { ...drawTruth(observations, simulationSettings, random, origin), chosen };
    const trueObservations = withPsfs(observations, chosen);
    const simulated = observations.map((observation, index) => ({
      ...observation,
      counts: simulateCounts(
        trueObservations[index],
        simulationSettings.boundary,
        truth.flux,
        truth.backgroundScale[index],
        random,
      ),
    }));
    // The log-likelihood ranked is a fixed function of parameters and data: that of the simulation's model.
    const seen = new Map<string, readonly TextbookObservation[]>();
    const prepared = (now: State["chosen"] = []) => {
      const key = now.join();
      const known =
        seen.get(key) ??
        withPsfs(simulated, now).map((one) => textbookObservation(one, simulationSettings.boundary));
      seen.set(key, known);
      return known;
    };
    const look = (state: State) => lookAt(state, scenario, simulationSettings, prepared);
    const trueValues = Object.values(look(truth));
    names = Object.keys(look(truth));

    const chain = startChain(simulated, settings, origin);
    chain.sweep(burnIn);
    const series: number[][] = names.map(() => []);
    let wanted = draws * 10;
    let thin: number[];
    for (;;) {
      while (series[0].length < wanted) {
        chain.sweep(stride);
        const values = Object.values(look(chain));
        for (let quantity = 0; quantity < values.length; quantity++) series[quantity].push(values[quantity]);
      }
      thin = series.map((values) => Math.max(1, Math.ceil(THIN_PER_TIME * autocorrelationTime(values))));
      const needed = draws * Math.max(...thin);
      if (needed <= series[0].length) break;
      if (series[0].length * stride >= maxSweeps) {
        short++;
        thin = thin.map((step) => Math.min(step, Math.floor(series[0].length / draws)));
        break;
      }
      wanted = Math.min(Math.ceil(maxSweeps / stride), Math.max(needed, Math.ceil(1.5 * wanted)));
    }
    sweeps += series[0].length * stride;
    series.forEach((values, quantity) => {
      let below = 0;
      let equal = 0;
      for (let draw = 1; draw <= draws; draw++) {
        const value = values[draw * thin[quantity] - 1];
        if (value < trueValues[quantity]) below++;
        else if (value === trueValues[quantity]) equal++;
      }
      const rank = below + random.below(equal + 1);
      ranks[quantity] ??= [];
      ranks[quantity].push((rank + random.uniform()) / (draws + 1));
    });
  }
  return {
    name,
    simulations,
    quantities: names.map((quantity, index) => testUniform(quantity, ranks[index])),
    short,
    sweeps: sweeps / simulations,
  };
}

function numbered(name: string, values: ArrayLike<number>): Record<string, number> {
  const entries: Record<string, number> = {};
  for (let index = 0; index < values.length; index++) entries[`${name}${index}`] = values[index];
  return entries;
}

/** Indices on the axes of each uncertain psf, by their weights. */
function drawPsfs(observations: readonly Observation[], random: TextbookRandom): number[][] {
  return observations.flatMap(({ psf }) => {
    const axes = psfAxes(psf);
    if (axes.length === 0) return [];
    const drawn = axes.map(({ count, logWeight }) => {
      const weights = Array.from({ length: count }, (_, index) => Math.exp(logWeight(index)));
      let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
      const found = weights.findIndex((weight) => {
        left -= weight;
        return left < 0;
      });
      return found < 0 ? count - 1 : found;
    });
    return [drawn];
  });
}

/** The observations with one psf for each uncertain one. */
function withPsfs(
  observations: readonly Observation[],
  chosen: readonly (readonly number[])[],
): Observation[] {
  let next = 0;
  return observations.map((observation) => {
    const axes = psfAxes(observation.psf);
    return axes.length === 0
      ? observation
      : { ...observation, psf: psfAt(observation.psf, axes, chosen[next++]) };
  });
}

/** Draw counts of an observation from the model. */
function simulateCounts(
  observation: Observation,
  boundary: "spill" | "wrap",
  flux: Float64Array,
  scale: number,
  random: TextbookRandom,
): SkyImage {
  const lambda = textbookExpectedCounts(textbookObservation(observation, boundary), flux, scale);
  return skyImage(
    lambda.map((mean) => random.poisson(mean)),
    observation.counts.shape,
  );
}

function logLikelihoodOf(
  observations: readonly TextbookObservation[],
  flux: Float64Array,
  scale: Float64Array,
): number {
  let sum = 0;
  observations.forEach((observation, index) => {
    sum += textbookLogLikelihood(observation, textbookExpectedCounts(observation, flux, scale[index]));
  });
  return sum;
}

/**
 * Integrated autocorrelation time in steps, at least 1: sums of pairs of autocorrelations as long as they are
 * positive and falling (Geyer 1992, Statistical Science 7, 473). Taken of the ranks, since fluxes have heavy tails.
 */
export function autocorrelationTime(values: readonly number[]): number {
  const size = values.length;
  const order = values.map((_, index) => index).sort((a, b) => values[a] - values[b]);
  const centred = new Float64Array(size);
  // Equal values share their mean rank: a shift has few values.
  for (let first = 0; first < size; ) {
    let end = first + 1;
    while (end < size && values[order[end]] === values[order[first]]) end++;
    for (let rank = first; rank < end; rank++) centred[order[rank]] = (first + end - size) / 2;
    first = end;
  }
  const covariance = (lag: number) => {
    let sum = 0;
    for (let index = lag; index < size; index++) sum += centred[index] * centred[index - lag];
    return sum / size;
  };
  const variance = covariance(0);
  if (variance === 0) return 1;
  let previous = Number.POSITIVE_INFINITY;
  let time = -1;
  for (let lag = 0; lag + 1 < size / 2; lag += 2) {
    const pair = Math.min(previous, (covariance(lag) + covariance(lag + 1)) / variance);
    if (pair <= 0) break;
    time += 2 * pair;
    previous = pair;
  }
  return Math.max(1, time);
}

/** Test that values come from the uniform law on (0, 1). */
export function testUniform(name: string, ranks: readonly number[]): RankStatistic {
  const size = ranks.length;
  const bins = new Array<number>(BINS).fill(0);
  for (const rank of ranks) bins[Math.min(BINS - 1, Math.floor(rank * BINS))]++;
  const expected = size / BINS;
  const statistic = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const chiSquare = chiSquareTail(statistic, BINS - 1);
  const sorted = [...ranks].sort((a, b) => a - b);
  let distance = 0;
  sorted.forEach((rank, index) => {
    distance = Math.max(distance, rank - index / size, (index + 1) / size - rank);
  });
  const kolmogorov = kolmogorovTail(distance, size);
  const mean = ranks.reduce((sum, rank) => sum + rank, 0) / size;
  return { name, ranks, chiSquare, kolmogorov, mean, p: Math.min(1, 2 * Math.min(chiSquare, kolmogorov)) };
}

/** Verdict over scenarios: every p-value against the false-alarm rate of the whole, shared out by Bonferroni. */
export function judgeCalibration(
  reports: readonly CalibrationReport[],
  falseAlarmRate = 1e-3,
): { readonly passed: boolean; readonly limit: number; readonly reasons: readonly string[] } {
  const tests = reports.reduce((sum, { quantities }) => sum + quantities.length, 0);
  const limit = falseAlarmRate / tests;
  const reasons = reports.flatMap(({ name, quantities, short, simulations }) => [
    ...quantities
      .filter(({ p }) => !(p >= limit))
      .map((row) => `${name}, ${row.name}: p = ${row.p.toExponential(1)}, mean rank ${row.mean.toFixed(3)}`),
    ...(short > 0.02 * simulations ? [`${name}: ${short} of ${simulations} chains too short`] : []),
  ]);
  return { passed: reasons.length === 0, limit, reasons };
}

/** The report as a plain-text line or two. */
export function formatCalibration({
  name,
  simulations,
  quantities,
  short,
  sweeps,
}: CalibrationReport): string {
  const cells = quantities.map((row) => `${row.name} ${row.p.toPrecision(2)} (${row.mean.toFixed(2)})`);
  return (
    `${name}: ${simulations} simulations of ${Math.round(sweeps)} sweeps, ${short} short; ` +
    `p-value (mean rank): ${cells.join(", ")}`
  );
}
