// The methods that `study:priors` compares: every prior of a posterior, and what others use, each run on an observation.

import type { AdaptivePrior } from "../src/data/law/prior-parameters.js";
import type { Boundary } from "../src/data/observation/boundary.js";
import type { Observation } from "../src/data/observation/observation.js";
import { imageSum, type SkyImage } from "../src/image.js";
import { answeredHere } from "../src/inquiry.js";
import { maximumAPosteriori } from "../src/methods/map.js";
import { mapOfHeldOutStrength } from "../src/methods/prior-strength.js";
import { richardsonLucy } from "../src/methods/richardson-lucy.js";
import { createForwardModel, type ForwardModel } from "../src/model/forward-model.js";
import { groupedRhat } from "../src/posterior/chain-groups.js";
import { type FluxPrior, scaledPrior } from "../src/priors/flux-prior.js";
import { markovPrior, totalVariationPrior } from "../src/priors/neighbour-priors.js";
import { type LiraDeconvolverOptions, planRun } from "../src/runs/lira-options.js";
import { createLiraChain } from "../src/samplers/lira.js";
import { cpuSeconds } from "./watched-chains.js";

/** A posterior under a prior. */
export interface PosteriorMethod {
  readonly name: string;
  readonly kind: "posterior";
  readonly options: LiraDeconvolverOptions;
  /** Whether it is judged by real photons alone. */
  readonly onlyReal?: true;
}

/** A point estimate, with a number that photons held out choose: the strength of a prior, or iterations. */
export interface PointMethod {
  readonly name: string;
  readonly kind: "point";
  /** The number for the photons of an observation, found once for all observations of a kind. */
  readonly tune: (model: ForwardModel, level: number) => number;
  readonly estimate: (model: ForwardModel, level: number, tuned: number) => SkyImage;
}

export type StudiedMethod = PosteriorMethod | PointMethod;

const ISOTROPIC = [0.02, 0.06, 0.2, 0.6, 2, 6, 20, 60];

/**
 * Eight states that are alike for all children, and twelve that favour two of four children, 2 to 0.1 and 20 to 1. States in a row
 * follow one another as in the default; the directional ones have no neighbours.
 */
function directionalPrior(): AdaptivePrior {
  const pairs = [0, 1, 2, 3].flatMap((first) =>
    [0, 1, 2, 3].filter((second) => second > first).map((second) => [first, second]),
  );
  const favoured = (pair: number[], high: number, low: number) =>
    [0, 1, 2, 3].map((child) => (pair.includes(child) ? high : low)) as [number, number, number, number];
  const alphas = [
    ...ISOTROPIC,
    ...pairs.map((pair) => favoured(pair, 2, 0.1)),
    ...pairs.map((pair) => favoured(pair, 20, 1)),
  ];
  const transitions = alphas.map((_, from) =>
    alphas.map((__, to) => {
      const inRow = from < ISOTROPIC.length && to < ISOTROPIC.length && Math.abs(from - to) === 1;
      return 0.3 + Number(from === to) + 0.3 * Number(inRow);
    }),
  );
  return { alphas, transitions };
}

const MAP_ITERATIONS = 150;
const RL_ITERATIONS = 3_000;

function mapMethod(name: string, prior: (level: number) => FluxPrior): PointMethod {
  const options = { iterations: MAP_ITERATIONS };
  return {
    name,
    kind: "point",
    tune: (model, level) =>
      answeredHere(mapOfHeldOutStrength(model, prior(level), { rule: "held-out" }, options)).priorStrength ??
      Number.NaN,
    estimate: (model, level, tuned) =>
      answeredHere(maximumAPosteriori(model, scaledPrior(prior(level), tuned), options)).flux,
  };
}

/** The methods, in the order of the tables. */
export const METHODS: readonly StudiedMethod[] = [
  { name: "LIRA", kind: "posterior", options: { preset: "lira" } },
  { name: "LIRA, papers", kind: "posterior", options: { preset: "lira-paper" } },
  { name: "adaptive", kind: "posterior", options: { preset: "adaptive" } },
  {
    name: "adaptive, directional",
    kind: "posterior",
    options: { adaptivePrior: directionalPrior() },
  },
  {
    name: "adaptive, a shift a sweep",
    kind: "posterior",
    options: { preset: "adaptive", cycleSpin: "random" },
    onlyReal: true,
  },
  mapMethod("total variation", (level) =>
    totalVariationPrior({ strength: 0.1 / level, smoothing: 0.05 * level }),
  ),
  mapMethod("Markov", () => markovPrior({ strength: 1 })),
  {
    name: "Richardson-Lucy",
    kind: "point",
    tune: (model) =>
      richardsonLucy(model, { iterations: RL_ITERATIONS, stop: { rule: "held-out" } }).iterations,
    estimate: (model, _level, tuned) => richardsonLucy(model, { iterations: tuned }).flux,
  },
];

function settings({ options }: PosteriorMethod, shape: readonly [number, number]) {
  return planRun(options, [shape[0], shape[1]]).config;
}

/** What becomes of photons beyond the edge under a method. */
export function boundaryOf(method: StudiedMethod): Boundary {
  return method.kind === "point" ? "spill" : settings(method, [32, 32]).boundary;
}

/** How long to sample. */
export interface Effort {
  readonly chains: number;
  /** Sweeps a chain, the first third of them burn-in. */
  readonly sweeps: number;
  /** Draws to keep, all chains together. */
  readonly keep: number;
}

/** An image, and where it comes from a posterior its spread. */
export interface Estimate {
  readonly mean: SkyImage;
  readonly draws: readonly Float32Array[];
  /** Split R-hat of the log-likelihood and the total, the larger one; of chains of equal shift. */
  readonly rhat?: number;
  /** CPU seconds. */
  readonly seconds: number;
}

/**
 * Sample a posterior.
 *
 * @param part of the photons that the observation holds: the rate of the prior of the total is that of all
 */
export function samplePosterior(
  observation: Observation,
  method: PosteriorMethod,
  { chains, sweeps, keep }: Effort,
  seed: number,
  part = 1,
): Estimate {
  const start = cpuSeconds();
  const { shape } = observation.counts;
  const pixels = shape[0] * shape[1];
  const config = settings(method, shape);
  const { totalCountsPrior } = config;
  const law = { ...config, totalCountsPrior: { ...totalCountsPrior, rate: totalCountsPrior.rate / part } };
  const burnIn = Math.floor(sweeps / 3);
  const every = Math.max(1, Math.floor((chains * (sweeps - burnIn)) / keep));
  const batches = Math.floor((sweeps - burnIn) / every);
  const mean = new Float64Array(pixels);
  const draws: Float32Array[] = [];
  const traces = ["logLikelihood", "expectedMSCounts"].map((name) => ({
    name,
    values: [] as Float64Array[],
  }));
  for (let chain = 0; chain < chains; chain++) {
    const running = createLiraChain([observation], law, { seed, chain });
    for (let done = 0; done < burnIn; done += 100) {
      const count = Math.min(100, burnIn - done);
      running.sweep(count, count);
    }
    const columns = traces.map(({ name, values }) => {
      const series = new Float64Array(batches);
      values.push(series);
      return { series, column: running.columns.indexOf(name) };
    });
    for (let batch = 0; batch < batches; batch++) {
      const rows = running.sweep(every);
      const last = (every - 1) * running.columns.length;
      for (const { series, column } of columns) series[batch] = rows[last + column];
      draws.push(Float32Array.from(running.flux));
    }
    const moments = running.moments.mean;
    for (let pixel = 0; pixel < pixels; pixel++) mean[pixel] += moments[pixel] / chains;
  }
  const groups = law.cycleSpin === "ensemble" ? pairsOf(chains) : [[...new Array(chains).keys()]];
  const rhat = Math.max(
    ...traces.map(({ values }) => groupedRhat(groups.map((group) => group.map((chain) => values[chain])))),
  );
  return { mean: { data: mean, shape }, draws, rhat, seconds: cpuSeconds() - start };
}

/** Chains of equal shift. */
function pairsOf(chains: number): number[][] {
  return Array.from({ length: Math.floor(chains / 2) }, (_, pair) => [2 * pair, 2 * pair + 1]);
}

/** Mean flux that the counts suggest, for priors that need a scale. */
export function levelOf({ counts }: Observation): number {
  return Math.max(imageSum(counts), 1) / counts.data.length;
}

/** Run a point estimate. */
export function pointEstimate(
  observation: Observation,
  method: PointMethod,
  level: number,
  tuned: number,
): Estimate {
  const start = cpuSeconds();
  const mean = method.estimate(createForwardModel(observation), level, tuned);
  return { mean, draws: [], seconds: cpuSeconds() - start };
}
