/**
 * The posterior of a tiny image by importance sampling from the prior: no Markov chain, no conditional, no photons.
 *
 * A draw takes alpha_l from its hyperprior (rate alpha^exponent is Gamma((power + 1) / exponent, 1)), or the transitions and the
 * state of every node from theirs, T and the fractions of every block, and is weighted by the Poisson likelihood of the data: at shift 0 (`none`), and at every n-th
 * of the ny nx shifts from a random one on, so that each has the same prior probability (`sampled`). With W = sum w and H = sum w h over the shifts of a
 * draw, the sums below over draws,
 *
 *     E(h | d) = sum H / sum W,   error^2 = sum (H - E(h | d) W)^2 / (sum W)^2   (delta method of the ratio)
 *
 * Some 10^7 draws are needed, so this oracle has its own fast random numbers and flat arrays. It takes from the others
 * only the shapes of the tree and the matrix of the model.
 */
import type { Observation } from "../../src/data/observation/observation.js";
import type { Shape } from "../../src/image.js";
import { skyImage } from "../../src/image.js";
import { type FastRandom, fastRandom } from "./fast-random.js";
import {
  blockAlphas,
  type NaiveAdaptivePrior,
  type StateTree,
  smoothnessOfStates,
  stateTree,
} from "./smoothing-states.js";
import { forEachSource, referenceExposureOf, textbookObservation } from "./textbook-model.js";
import { shiftedPixel, textbookBlocks, textbookTreeShapes } from "./textbook-prior.js";

/** An observation of a small image, its scale fixed at 1. */
interface ImportanceModel {
  readonly name: string;
  readonly observation: Observation;
  readonly boundary: "spill" | "wrap";
  /** T ~ Gamma(shape, rate). */
  readonly totalCountsPrior: { readonly shape: number; readonly rate: number };
}

/** A posterior to be found under LIRA's prior. */
export interface LevelProblem extends ImportanceModel {
  /** p(alpha) ~ alpha^power exp(-rate alpha^exponent). */
  readonly smoothingPrior: { readonly power: number; readonly rate: number; readonly exponent: number };
}

/** A posterior to be found under the adaptive prior. */
export interface AdaptiveProblem extends ImportanceModel {
  readonly adaptivePrior: NaiveAdaptivePrior;
}

/** A posterior to be found. */
export type ImportanceProblem = LevelProblem | AdaptiveProblem;

/** Posterior mean of one quantity. */
export interface ImportanceStatistic {
  readonly name: string;
  readonly mean: number;
  /** Monte Carlo standard error of the mean. */
  readonly error: number;
  /** Posterior variance over squared error: the number of independent posterior draws of equal worth. */
  readonly ess: number;
}

/** What importance sampling found under one law of the shift. */
export interface ImportancePosterior {
  /** `mean0`.. of x = E0 flux and `above0`.. = P(x > 1) for every pixel, then `total`, `alpha0`.. or `smoothness0`.. */
  readonly statistics: readonly ImportanceStatistic[];
  /** P(shift | data), entry `row * nx + col`; empty under `none`. */
  readonly shifts: readonly ImportanceStatistic[];
  /** (sum W)^2 / sum W^2. */
  readonly ess: number;
  /** Probability of the data under the model, but for the factor `prod 1 / d!`, and its standard error. */
  readonly evidence: { readonly mean: number; readonly error: number };
}

/** Posteriors of a problem under both exact laws of the shift. */
export interface ImportanceResult {
  readonly draws: number;
  readonly none: ImportancePosterior;
  readonly sampled: ImportancePosterior;
}

/**
 * Draw from the prior and weight by the likelihood.
 *
 * @param options.draws number of draws
 * @param options.seed whole number in [0, 2^32)
 */
export function samplePriorByImportance(
  problem: ImportanceProblem,
  { draws, seed }: { readonly draws: number; readonly seed: number },
): ImportanceResult {
  const { observation, boundary, totalCountsPrior } = problem;
  const random = fastRandom(seed);
  const { shape } = observation.counts;
  const pixels = shape[0] * shape[1];
  const shapes = textbookTreeShapes(shape);
  const levels = shapes.length - 1;
  const blocks = shapes.slice(0, levels).map((_, level) => flatBlocks(shapes, level));
  const masses = shapes.map(([rows, cols]) => new Float64Array(rows * cols));
  const gammas = new Float64Array(4);
  const exponents = new Float64Array(4);
  const smoothing =
    "adaptivePrior" in problem
      ? adaptiveDraws(problem.adaptivePrior, stateTree(shape))
      : levelDraws(problem.smoothingPrior, blocks);
  const { alphas, parameters } = smoothing;

  const likelihood = prepareLikelihood(observation, boundary);
  const none = accumulator(likelihood, smoothing, 0);
  const sampled = accumulator(likelihood, smoothing, pixels);
  const stride = Math.max(1, Math.floor(pixels / SHIFTS_PER_DRAW));

  for (let draw = 0; draw < draws; draw++) {
    smoothing.draw(random);
    const total = random.gamma(totalCountsPrior.shape) / totalCountsPrior.rate;
    masses[levels][0] = total;
    for (let level = levels - 1; level >= 0; level--) {
      const alphasHere = alphas[level];
      const children = masses[level];
      const { start, nodes } = blocks[level];
      for (let parent = 0; parent + 1 < start.length; parent++) {
        const from = start[parent];
        const k = start[parent + 1] - from;
        // Gamma(a) = Gamma(a + 1) U^(1/a); the power stays an exponent, so that no block can underflow as a whole.
        let largest = Number.NEGATIVE_INFINITY;
        for (let child = 0; child < k; child++) {
          const a = alphasHere[from + child];
          gammas[child] = random.gammaAboveOne(a + 1);
          exponents[child] = Math.log(random.uniform()) / a;
          if (exponents[child] > largest) largest = exponents[child];
        }
        let sum = 0;
        for (let child = 0; child < k; child++) {
          gammas[child] *= Math.exp(exponents[child] - largest);
          sum += gammas[child];
        }
        const perGamma = masses[level + 1][parent] / sum;
        for (let child = 0; child < k; child++) children[nodes[from + child]] = gammas[child] * perGamma;
      }
    }
    none.addImage(masses[0], total, parameters, 0);
    none.endDraw();
    const first = Math.floor(random.uniform() * stride);
    for (let shift = first; shift < pixels; shift += stride)
      sampled.addImage(masses[0], total, parameters, shift);
    sampled.endDraw();
  }
  const factor = Math.exp(likelihood.saturated);
  const shiftsWeighted = Math.ceil(pixels / stride);
  return {
    draws,
    none: none.finish(draws, factor),
    sampled: sampled.finish(draws, factor / shiftsWeighted),
  };
}

/** Children of block b of a level: `nodes[start[b]]` .. `nodes[start[b + 1] - 1]`. */
function flatBlocks(shapes: readonly Shape[], level: number): { start: Int32Array; nodes: Int32Array } {
  const blocks = textbookBlocks(shapes, level);
  const start = new Int32Array(blocks.length + 1);
  blocks.forEach((block, index) => {
    start[index + 1] = start[index] + block.length;
  });
  return { start, nodes: Int32Array.from(blocks.flat()) };
}

/** How the smoothing of the tree is drawn from a prior. */
interface SmoothingDraws {
  /** `[level][child]`: Dirichlet parameters of the last draw, children in the order of the blocks' `nodes`. */
  readonly alphas: readonly Float64Array[];
  /** What is compared of the last draw, one number a level. */
  readonly parameters: Float64Array;
  /** Name of these numbers. */
  readonly name: string;
  draw(random: FastRandom): void;
}

/** One alpha a level: rate alpha^exponent is Gamma distributed. */
function levelDraws(
  { power, rate, exponent }: LevelProblem["smoothingPrior"],
  blocks: readonly { nodes: Int32Array }[],
): SmoothingDraws {
  const alphas = blocks.map(({ nodes }) => new Float64Array(nodes.length));
  const parameters = new Float64Array(blocks.length);
  return {
    alphas,
    parameters,
    name: "alpha",
    draw(random) {
      for (let level = 0; level < parameters.length; level++) {
        parameters[level] = (random.gamma((power + 1) / exponent) / rate) ** (1 / exponent);
        alphas[level].fill(parameters[level]);
      }
    },
  };
}

/** A state a node: A row by row, then the states from the root down. */
function adaptiveDraws(prior: NaiveAdaptivePrior, tree: StateTree): SmoothingDraws {
  const count = prior.alphas.length;
  const shapes = prior.transitions.flat();
  const { blocks, nodes, parent } = tree;
  const alphas = blocks.map((level) => new Float64Array(level.flat().length));
  const parameters = new Float64Array(blocks.length);
  /** `[node][state]`: parameters of the children, and the node's share in the smoothness of its level. */
  const table: Float64Array[][] = [];
  const share: Float64Array[] = [];
  const levelOf: number[] = [];
  const firstChild: number[] = [];
  blocks.forEach((level, index) => {
    let first = 0;
    level.forEach((block, at) => {
      table.push(
        prior.alphas.map((_, state) => Float64Array.from(blockAlphas(prior, tree, index, at, state))),
      );
      share.push(
        Float64Array.from(
          prior.alphas,
          (_, state) =>
            smoothnessOfStates(prior, tree, new Uint8Array(nodes).fill(state))[index] / level.length,
        ),
      );
      levelOf.push(index);
      firstChild.push(first);
      first += block.length;
    });
  });
  const transitions = new Float64Array(count * count);
  const states = new Uint8Array(nodes);
  return {
    alphas,
    parameters,
    name: "smoothness",
    draw(random) {
      for (let entry = 0; entry < transitions.length; entry++) {
        transitions[entry] = random.gamma(shapes[entry]);
      }
      parameters.fill(0);
      for (let node = nodes - 1; node >= 0; node--) {
        const above = parent[node];
        let state = 0;
        if (above < 0) state = Math.floor(random.uniform() * count);
        else {
          const row = states[above] * count;
          let rest = 0;
          for (let b = 0; b < count; b++) rest += transitions[row + b];
          rest *= random.uniform();
          for (; state < count - 1; state++) {
            rest -= transitions[row + state];
            if (rest < 0) break;
          }
        }
        states[node] = state;
        parameters[levelOf[node]] += share[node][state];
        alphas[levelOf[node]].set(table[node][state], firstChild[node]);
      }
    },
  };
}

/** Shifts at which each draw is weighted: 4 of 16 tell nearly as much as all of them. */
const SHIFTS_PER_DRAW = 4;

/** Weight of a tree of masses under each shift. */
interface Likelihood {
  readonly pixels: number;
  /** `[shift, pixel]`: the node of level 0 at each pixel. */
  readonly nodeAt: Int32Array;
  /** Probability of the data over that with expected counts equal to the counts, <= 1. */
  weight(masses: Float64Array, shift: number): number;
  /** Log-likelihood of expected counts equal to the counts. */
  readonly saturated: number;
}

/** lambda = matrix x + constant, rows of lit pixels only; the sum of lambda is a dot product of x. */
function prepareLikelihood(observation: Observation, boundary: "spill" | "wrap"): Likelihood {
  const prepared = textbookObservation(observation, boundary);
  const { shape, counts, exposure, background, detected, mask } = prepared;
  const pixels = shape[0] * shape[1];
  const reference = referenceExposureOf([observation]);
  const nodeAt = new Int32Array(pixels * pixels);
  for (let shift = 0; shift < pixels; shift++) {
    for (let node = 0; node < pixels; node++) {
      const pixel = shiftedPixel(shape, [Math.floor(shift / shape[1]), shift % shape[1]], node);
      nodeAt[shift * pixels + pixel] = node;
    }
  }
  const seen = Float64Array.from({ length: pixels }, (_, j) => (exposure[j] * detected[j]) / reference);
  let backgroundCounts = 0;
  for (let j = 0; j < pixels; j++) backgroundCounts += exposure[j] * detected[j] * background[j];
  const weights: number[] = [];
  const sources: number[] = [];
  const ends: number[] = [];
  const constants: number[] = [];
  const photons: number[] = [];
  let saturated = 0;
  for (let i = 0; i < pixels; i++) {
    if (counts[i] === 0 || mask[i] === 0) continue;
    let constant = 0;
    forEachSource(prepared, Math.floor(i / shape[1]), i % shape[1], (j, probability) => {
      constant += probability * exposure[j] * background[j];
      if (probability * exposure[j] === 0) return;
      weights.push((probability * exposure[j]) / reference / counts[i]);
      sources.push(j);
    });
    ends.push(weights.length);
    constants.push(constant / counts[i]);
    photons.push(counts[i]);
    saturated += counts[i] * Math.log(counts[i]) - counts[i];
  }
  const cells = Float64Array.from(weights);
  const source = Int32Array.from(sources);
  const rowEnd = Int32Array.from(ends);
  const rowConstant = Float64Array.from(constants);
  const rowPhotons = Int32Array.from(photons);
  const offset = photons.reduce((sum, value) => sum + value, 0) - backgroundCounts;
  const lit = ends.length;
  return {
    pixels,
    nodeAt,
    saturated,
    weight(masses, shift) {
      const start = shift * pixels;
      let exponent = offset;
      for (let j = 0; j < pixels; j++) exponent -= seen[j] * masses[nodeAt[start + j]];
      // The product of (lambda / d)^d over a few dozen photons stays far from the limits of its range.
      let product = Math.exp(exponent);
      let at = 0;
      for (let row = 0; row < lit; row++) {
        let ratio = rowConstant[row];
        for (const end = rowEnd[row]; at < end; at++) ratio += cells[at] * masses[nodeAt[start + source[at]]];
        for (let photon = rowPhotons[row]; photon > 0; photon--) product *= ratio;
      }
      return product;
    },
  };
}

/** A weight that cannot matter: if all were just below it, they would be 1e-5 of the posterior for a mean of 1e-6. */
const NEGLIGIBLE = 1e-11;

/** Sums over draws of H, W H and H^2 for every quantity, then P(shift) where there are shifts. */
function accumulator(
  { pixels, nodeAt, weight: weightOf }: Likelihood,
  { name: parameter, parameters: { length: levels } }: SmoothingDraws,
  shifts: number,
) {
  const quantities = 2 * pixels + 1 + levels;
  const first = new Float64Array(quantities + shifts);
  const cross = new Float64Array(quantities + shifts);
  const square = new Float64Array(quantities + shifts);
  /** H of the current draw, sum of w h^2 over all draws. */
  const current = new Float64Array(quantities + shifts);
  const spread = new Float64Array(quantities + shifts);
  let currentWeight = 0;
  let weights = 0;
  let weightSquares = 0;

  function addValue(index: number, weight: number, value: number): void {
    current[index] += weight * value;
    spread[index] += weight * value * value;
  }

  function statistic(name: string, index: number): ImportanceStatistic {
    const mean = first[index] / weights;
    const residual = square[index] - 2 * mean * cross[index] + mean * mean * weightSquares;
    const error = Math.sqrt(Math.max(0, residual)) / weights;
    return { name, mean, error, ess: (spread[index] / weights - mean * mean) / error ** 2 };
  }

  return {
    addImage(masses: Float64Array, total: number, parameters: Float64Array, shift: number): void {
      const weight = weightOf(masses, shift);
      if (!(weight > NEGLIGIBLE)) return;
      currentWeight += weight;
      for (let pixel = 0; pixel < pixels; pixel++) {
        const value = masses[nodeAt[shift * pixels + pixel]];
        addValue(pixel, weight, value);
        if (value > 1) addValue(pixels + pixel, weight, 1);
      }
      addValue(2 * pixels, weight, total);
      for (let level = 0; level < levels; level++)
        addValue(2 * pixels + 1 + level, weight, parameters[level]);
      if (shifts > 0) addValue(quantities + shift, weight, 1);
    },
    endDraw(): void {
      if (currentWeight === 0) return;
      weights += currentWeight;
      weightSquares += currentWeight * currentWeight;
      for (let index = 0; index < current.length; index++) {
        first[index] += current[index];
        cross[index] += currentWeight * current[index];
        square[index] += current[index] * current[index];
        current[index] = 0;
      }
      currentWeight = 0;
    },
    finish(draws: number, factor: number): ImportancePosterior {
      const name = (index: number) =>
        index < pixels
          ? `mean${index}`
          : index < 2 * pixels
            ? `above${index - pixels}`
            : index === 2 * pixels
              ? "total"
              : `${parameter}${index - 2 * pixels - 1}`;
      const mean = weights / draws;
      return {
        statistics: Array.from({ length: quantities }, (_, index) => statistic(name(index), index)),
        shifts: Array.from({ length: shifts }, (_, shift) => statistic(`shift${shift}`, quantities + shift)),
        ess: weights ** 2 / weightSquares,
        evidence: {
          mean: factor * mean,
          error: factor * Math.sqrt((weightSquares / draws - mean * mean) / draws),
        },
      };
    },
  };
}

/** The two tiny problems of the slow tests: 20 counts on a torus, 22 counts with an edge, exposure and background. */
export function importanceProblems(): LevelProblem[] {
  const shape: Shape = [4, 4];
  const image = (value: (row: number, col: number) => number) =>
    skyImage(
      Array.from({ length: 16 }, (_, j) => value(Math.floor(j / 4), j % 4)),
      shape,
    );
  return [
    {
      name: "20 counts, wrap",
      observation: {
        counts: skyImage([0, 1, 0, 2, 0, 5, 3, 1, 1, 2, 1, 0, 2, 0, 0, 2], shape),
        // Not symmetric, so that a mirrored psf shows.
        psf: skyImage([1, 2, 1, 2, 8, 4, 0, 3, 1], [3, 3]),
      },
      boundary: "wrap",
      totalCountsPrior: { shape: 2, rate: 0.1 },
      smoothingPrior: { power: 1, rate: 2, exponent: 1 },
    },
    {
      name: "22 counts, spill, exposure, background, mask",
      observation: {
        counts: skyImage([2, 1, 0, 1, 4, 2, 0, 1, 0, 2, 1, 0, 0, 1, 2, 5], shape),
        psf: skyImage([0, 2, 1, 2, 6, 3, 1, 3, 1], [3, 3]),
        exposure: image((row, col) => 1 + 0.15 * row - 0.1 * col),
        background: image((row, col) => 0.1 + 0.05 * ((row + 2 * col) % 3)),
        mask: image((row, col) => (row === 3 && col === 0 ? 0 : 1)),
      },
      boundary: "spill",
      totalCountsPrior: { shape: 2, rate: 0.1 },
      smoothingPrior: { power: 1, rate: 8, exponent: 3 },
    },
  ];
}

/** The same data under the adaptive prior: three states, and four of which two favour some of the children. */
export function adaptiveImportanceProblems(): AdaptiveProblem[] {
  const [torus, edge] = importanceProblems();
  const { smoothingPrior: _, ...first } = torus;
  const { smoothingPrior: __, ...second } = edge;
  return [
    {
      ...first,
      name: `${torus.name}, three states`,
      adaptivePrior: {
        alphas: [0.2, 1, 6],
        transitions: [
          [1.5, 0.6, 0.3],
          [0.6, 1.5, 0.6],
          [0.3, 0.6, 1.5],
        ],
      },
    },
    {
      ...second,
      name: `${edge.name}, four states, two of them directed`,
      adaptivePrior: {
        alphas: [0.25, [2, 0.3, 0.6, 1.5], 4, [1, 3, 0.2, 0.5]],
        transitions: [
          [1.5, 0.5, 0.3, 0.7],
          [0.4, 1.2, 0.4, 0.4],
          [0.3, 0.9, 1.5, 0.3],
          [0.5, 0.5, 0.5, 2],
        ],
      },
    },
  ];
}
