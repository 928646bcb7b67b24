/**
 * The LIRA sampler written as the textbook has it: an oracle for tests and the yardstick of the benchmark.
 *
 * It follows Esch et al. (2004, ApJ 610, 1213) and Connors et al. (2011, ADASS XX) step by step: double precision,
 * dense loops over all detector pixels and all cells of the psf, every term of every sum. It shares no code with
 * `src/` or `kernels/` but the types of its input and the shift that a chain of an ensemble is given.
 *
 *     lambda[m,i] = sum_j psf[m][i - j + c] exposure[m,j] (flux[j] + scale[m] background[m,j])
 *     counts[m,i] ~ Poisson(lambda[m,i])
 *     x = E0 flux,   T = sum(x) ~ Gamma(a_T, b_T),   fractions of a block at level l ~ Dirichlet(alpha_l)
 *     p(alpha_l) ~ alpha^power exp(-rate alpha^exponent),   scale[m] ~ Gamma(shape, rate)
 *
 * Under the adaptive prior the parameters of the fractions are those of the blocks' states (textbook-adaptive.ts).
 */
import type { Observation } from "../../src/data/observation/observation.js";
import type { Shape, SkyImage } from "../../src/image.js";
import { ensembleShift } from "../../src/samplers/ensemble-shift.js";
import { naiveTree } from "./multiscale.js";
import { logPairDensity, shareOut } from "./pair-transfer.js";
import { type AdaptiveSettings, adaptiveSmoothing } from "./textbook-adaptive.js";
import {
  forEachSource,
  referenceExposureOf,
  type TextbookObservation,
  textbookExpectedCounts,
  textbookLogLikelihood,
  textbookObservation,
} from "./textbook-model.js";
import {
  drawLogDirichlet,
  perLevel,
  shiftedPixel,
  type TextbookSettings,
  textbookBlocks,
  textbookTreeShapes,
} from "./textbook-prior.js";
import { textbookRandom } from "./textbook-random.js";
import { levelSmoothing } from "./textbook-smoothing.js";
import { logGammaFunction } from "./textbook-special.js";

/** What a chain of any implementation shows after each call of `sweep`. */
export interface ChainView {
  readonly shape: Shape;
  /** Number of levels of the tree that have a smoothing parameter. */
  readonly levels: number;
  /** Do `count` sweeps. */
  sweep(count: number): void;
  /** Current flux `[ny, nx]`. */
  readonly flux: Float64Array;
  /** Current smoothing parameters, finest level first; empty under the adaptive prior. */
  readonly alpha: Float64Array;
  /** Current state of every node and matrix of transitions, as in smoothing-states.ts; empty under LIRA's prior. */
  readonly states: Uint8Array;
  readonly transitions: Float64Array;
  /** Current T, counts at the reference exposure. */
  readonly totalCounts: number;
  /** Current scale of each observation's background. */
  readonly backgroundScale: Float64Array;
  /** Index on each axis of each uncertain psf. */
  readonly chosen?: readonly (readonly number[])[];
  /** Shift of the tree of the last sweep. */
  readonly cycleSpin: { readonly row: number; readonly col: number };
  /** `sum(counts log lambda - lambda)` over all observations, at the start of the last sweep. */
  readonly logLikelihood: number;
  /** Log prior density of (alpha, T, block fractions) at the end of the last sweep, up to a constant. */
  readonly logPrior: number;
  readonly sweeps: number;
}

/** A chain of the textbook sampler. */
export interface TextbookChain extends ChainView {
  /** Do `count` sweeps, default 1. */
  sweep(count?: number): void;
  /** E0, the reference exposure: x = E0 flux. */
  readonly referenceExposure: number;
  /** Proposals for alpha so far, and how many of them were accepted. */
  readonly proposals: { readonly made: number; readonly accepted: number };
}
/** First width of a slice of logit f. */
const SLICE_STEP = 3;

/**
 * Start a chain of the textbook sampler.
 *
 * @param observations one or more, all of one shape; checked by nobody
 * @param seed whole number in [0, 2^53)
 * @param options.chain number of the chain: another independent stream of random numbers; default 0
 * @param options.fluxInit first image; default flat, with as many expected photons as there are counts
 */
export function createTextbookChain(
  observations: readonly Observation[],
  settings: TextbookSettings | AdaptiveSettings,
  seed: number,
  { chain = 0, fluxInit }: { readonly chain?: number; readonly fluxInit?: SkyImage } = {},
): TextbookChain {
  const { totalCountsPrior, backgroundScalePrior = { shape: 0.001, rate: 0 } } = settings;
  const random = textbookRandom(seed, chain);
  const data = observations.map((observation) => textbookObservation(observation, settings.boundary));
  const { shape } = data[0];
  const [ny, nx] = shape;
  const pixels = ny * nx;
  const shapes = textbookTreeShapes(shape);
  const levels = shapes.length - 1;
  const blocks = shapes.slice(0, levels).map((_, level) => textbookBlocks(shapes, level));
  const referenceExposure = referenceExposureOf(observations);

  // E[j] = sum_m exposure[m,j] q[m,j]
  const effectiveExposure = new Float64Array(pixels);
  for (const { exposure, detected } of data) {
    for (let j = 0; j < pixels; j++) effectiveExposure[j] += exposure[j] * detected[j];
  }

  const adaptive = "adaptivePrior" in settings;
  const alpha = adaptive ? new Float64Array(0) : perLevel(settings.alphaInit, levels);
  const states = new Uint8Array(adaptive ? blocks.reduce((sum, level) => sum + level.length, 0) : 0);
  const transitions = new Float64Array(adaptive ? settings.adaptivePrior.alphas.length ** 2 : 0);
  const backgroundScale = new Float64Array(data.length).fill(1);
  const flux = fluxInit === undefined ? flatStart(data, effectiveExposure) : Float64Array.from(fluxInit.data);
  let totalCounts = referenceExposure * flux.reduce((sum, value) => sum + value, 0);
  let logLikelihood = Number.NaN;
  let logPrior = Number.NaN;
  let sweeps = 0;
  let cycleSpin = { row: 0, col: 0 };
  if (settings.cycleSpin === "ensemble") {
    const [row, col] = ensembleShift(shape, seed, chain);
    cycleSpin = { row, col };
  }
  const proposals = { made: 0, accepted: 0 };
  const smoothing = adaptive
    ? adaptiveSmoothing(shape, settings, states, transitions, random)
    : levelSmoothing(shapes, settings, alpha, proposals, random);

  /** Step 1: assign the photons of every detector pixel to sky pixels. Returns the photons assigned to each. */
  function redistributeCounts(
    observation: TextbookObservation,
    scale: number,
    lambda: Float64Array,
  ): Float64Array {
    const photons = new Float64Array(pixels);
    const sources = new Int32Array(observation.psf.length);
    const cumulative = new Float64Array(observation.psf.length);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const counts = observation.counts[pixel];
      if (counts === 0 || observation.mask[pixel] === 0) continue;
      if (!(lambda[pixel] > 0))
        throw new Error(`textbook: ${counts} counts in pixel ${pixel}, where nothing is expected`);
      let cells = 0;
      let sum = 0;
      forEachSource(observation, Math.floor(pixel / nx), pixel % nx, (j, probability) => {
        sum += probability * observation.exposure[j] * (flux[j] + scale * observation.background[j]);
        sources[cells] = j;
        cumulative[cells] = sum;
        cells++;
      });
      for (let photon = 0; photon < counts; photon++) {
        const target = random.uniform() * sum;
        // First cell whose cumulative weight exceeds the target, by bisection.
        let first = 0;
        let last = cells - 1;
        while (first < last) {
          const middle = (first + last) >> 1;
          if (cumulative[middle] > target) last = middle;
          else first = middle + 1;
        }
        photons[sources[first]] += 1;
      }
    }
    return photons;
  }

  /** Step 2: how many of a pixel's photons come from the source. */
  function splitBackground(
    photons: Float64Array,
    observation: TextbookObservation,
    scale: number,
  ): Float64Array {
    return photons.map((n, j) => {
      if (n === 0) return 0;
      const background = scale * observation.background[j];
      return background === 0 ? n : random.binomial(n, flux[j] / (flux[j] + background));
    });
  }

  /** Step 3: the source photons that no detector saw. */
  function addMissingCounts(sourcePhotons: Float64Array): void {
    for (let j = 0; j < pixels; j++) {
      const missing = referenceExposure - effectiveExposure[j];
      if (missing > 0) sourcePhotons[j] += random.poisson(missing * flux[j]);
    }
  }

  /** Step 4, shift sampled: from its conditional given photons and the parameters of the smoothing, image integrated out. */
  function drawShift(sourcePhotons: Float64Array): { row: number; col: number } {
    const logs = smoothing.logShiftProbabilities(sourcePhotons);
    let rest = random.uniform();
    let shift = 0;
    for (; shift < pixels - 1; shift++) {
      rest -= Math.exp(logs[shift]);
      if (rest < 0) break;
    }
    return { row: Math.floor(shift / nx), col: shift % nx };
  }

  /** Step 4: sums over the blocks of the shifted image, level by level up to the total. */
  function aggregate(sourcePhotons: Float64Array): Float64Array[] {
    const tree = [sourcePhotons.map((_, node) => sourcePhotons[pixelAt(node)])];
    for (let level = 0; level < levels; level++) {
      const children = tree[level];
      tree.push(
        Float64Array.from(blocks[level], (block) => {
          let sum = 0;
          for (const child of block) sum += children[child];
          return sum;
        }),
      );
    }
    return tree;
  }

  /** The image pixel that sits at a node of level 0 of the tree. */
  function pixelAt(node: number): number {
    return shiftedPixel(shape, [cycleSpin.row, cycleSpin.col], node);
  }

  /** Step 6: the total and the fractions given the tree of counts; also the log prior density of the draw. */
  function drawImage(tree: readonly Float64Array[]): void {
    const sum = tree[levels][0];
    totalCounts = random.gamma(sum + totalCountsPrior.shape, 1 + totalCountsPrior.rate);
    logPrior = (totalCountsPrior.shape - 1) * Math.log(totalCounts) - totalCountsPrior.rate * totalCounts;
    logPrior += smoothing.logDensity();
    let logNodes = [Math.log(totalCounts)];
    for (let level = levels - 1; level >= 0; level--) {
      const counts = tree[level];
      const logChildren = new Array<number>(counts.length).fill(0);
      blocks[level].forEach((block, parent) => {
        const alphas = smoothing.alphasOf(level, parent);
        const logFractions = drawLogDirichlet(
          block.map((child, place) => counts[child] + alphas[place]),
          random,
        );
        logPrior += logDirichlet(logFractions, alphas);
        block.forEach((child, place) => {
          logChildren[child] = logNodes[parent] + logFractions[place];
        });
      });
      logNodes = logChildren;
    }
    logNodes.forEach((value, node) => {
      flux[pixelAt(node)] = Math.exp(value) / referenceExposure;
    });
  }

  /** Step 7: the scale of one observation's background given its background photons. */
  function drawBackgroundScale(
    { exposure, detected, background }: TextbookObservation,
    photons: number,
  ): number {
    let rate = backgroundScalePrior.rate;
    for (let j = 0; j < pixels; j++) rate += exposure[j] * detected[j] * background[j];
    return rate > 0 ? random.gamma(photons + backgroundScalePrior.shape, rate) : 1;
  }

  /**
   * Step 8: share the sum of two pixels anew, photons integrated out, by slice sampling (Neal 2003, Annals of Statistics
   * 31, 705) of the logit of the share with stepping out. Every pair has the same chance.
   */
  function transferPairs(moves: number): void {
    if (pixels < 2) return;
    const model = {
      shape,
      shift: [cycleSpin.row, cycleSpin.col] as const,
      alpha: smoothing.alphasOf,
      totalCountsPrior,
      observations: data,
      backgroundScale,
      referenceExposure,
    };
    let image: Float64Array = Float64Array.from(flux, (value) => value * referenceExposure);
    for (let move = 0; move < moves; move++) {
      const first = random.below(pixels);
      const second = (first + 1 + random.below(pixels - 1)) % pixels;
      const z = Math.log(image[first]) - Math.log(image[second]);
      // A pixel that has underflowed stays as it is: its share has no finite logit.
      if (!Number.isFinite(z)) continue;
      const logDensity = (logit: number) => logPairDensity(image, first, second, logit, model);
      const height = logDensity(z) + Math.log(random.uniform());
      let low = z - SLICE_STEP * random.uniform();
      let high = low + SLICE_STEP;
      while (logDensity(low) > height) low -= SLICE_STEP;
      while (logDensity(high) > height) high += SLICE_STEP;
      for (;;) {
        const proposed = low + (high - low) * random.uniform();
        if (logDensity(proposed) > height) {
          image = shareOut(image, first, second, proposed);
          break;
        }
        if (proposed < z) low = proposed;
        else high = proposed;
      }
    }
    image.forEach((value, pixel) => {
      flux[pixel] = value / referenceExposure;
    });
    logPrior = logPriorOf(image);
  }

  /** Log prior density of smoothing, T and the fractions of an image, as `drawImage` adds it up. */
  function logPriorOf(image: Float64Array): number {
    const tree = naiveTree(image, shape, [cycleSpin.row, cycleSpin.col]);
    const total = tree[levels].nodes[0];
    let sum = (totalCountsPrior.shape - 1) * Math.log(total) - totalCountsPrior.rate * total;
    sum += smoothing.logDensity();
    for (let level = 0; level < levels; level++) {
      blocks[level].forEach((block, parent) => {
        const logFractions = block.map((child) =>
          Math.log(tree[level].nodes[child] / tree[level + 1].nodes[parent]),
        );
        sum += logDirichlet(logFractions, smoothing.alphasOf(level, parent));
      });
    }
    return sum;
  }

  function oneSweep(): void {
    logLikelihood = 0;
    const sourcePhotons = new Float64Array(pixels);
    const backgroundPhotons = new Float64Array(data.length);
    data.forEach((observation, index) => {
      const scale = backgroundScale[index];
      const lambda = textbookExpectedCounts(observation, flux, scale);
      logLikelihood += textbookLogLikelihood(observation, lambda);
      const photons = redistributeCounts(observation, scale, lambda);
      const fromSource = splitBackground(photons, observation, scale);
      for (let j = 0; j < pixels; j++) {
        sourcePhotons[j] += fromSource[j];
        backgroundPhotons[index] += photons[j] - fromSource[j];
      }
    });
    addMissingCounts(sourcePhotons);
    if (settings.cycleSpin === "random") cycleSpin = { row: random.below(ny), col: random.below(nx) };
    if (settings.cycleSpin === "sampled") cycleSpin = drawShift(sourcePhotons);
    const tree = aggregate(sourcePhotons);
    smoothing.draw(tree);
    drawImage(tree);
    if (settings.fitBackgroundScale) {
      data.forEach((observation, index) => {
        backgroundScale[index] = drawBackgroundScale(observation, backgroundPhotons[index]);
      });
    }
    if (settings.pairTransfers) transferPairs(settings.pairTransfers);
    sweeps++;
  }

  return {
    shape,
    levels,
    referenceExposure,
    flux,
    alpha,
    states,
    transitions,
    backgroundScale,
    proposals,
    sweep(count = 1) {
      for (let index = 0; index < count; index++) oneSweep();
    },
    get totalCounts() {
      return totalCounts;
    },
    get logLikelihood() {
      return logLikelihood;
    },
    get logPrior() {
      return logPrior;
    },
    get cycleSpin() {
      return cycleSpin;
    },
    get sweeps() {
      return sweeps;
    },
  };
}

/** Log density of Dirichlet(alphas) at the fractions whose logarithms are given. */
function logDirichlet(logFractions: readonly number[], alphas: readonly number[]): number {
  let sum = logGammaFunction(alphas.reduce((all, a) => all + a, 0));
  alphas.forEach((a, place) => {
    sum += (a - 1) * logFractions[place] - logGammaFunction(a);
  });
  return sum;
}

/** Flat image whose expected photons equal the counts (at least one, so that the chain can move). */
function flatStart(data: readonly TextbookObservation[], effectiveExposure: Float64Array): Float64Array {
  let counts = 0;
  for (const { counts: image, mask } of data) {
    for (let pixel = 0; pixel < image.length; pixel++) if (mask[pixel] !== 0) counts += image[pixel];
  }
  const exposure = effectiveExposure.reduce((sum, value) => sum + value, 0);
  // Where nothing is exposed any start will do.
  const level = exposure > 0 ? Math.max(counts, 1) / exposure : 1;
  return new Float64Array(effectiveExposure.length).fill(level);
}
