/** The multiscale prior, written as the textbook has it: the tree, draws from the prior, the conditional of alpha. */
import type { Observation } from "../../src/data/observation/observation.js";
import type { Shape } from "../../src/image.js";
import { referenceExposureOf } from "./textbook-model.js";
import type { TextbookRandom } from "./textbook-random.js";
import { digamma, logGammaFunction, trigamma } from "./textbook-special.js";

/** Settings of model and chain that do not depend on the prior of the smoothing. */
export interface ModelSettings {
  readonly boundary: "spill" | "wrap";
  /**
   * No shift, one that the chain keeps (`ensembleShift` of its seed and number), a new one for each image (LIRA's law), or a
   * parameter with a uniform prior (the exact posterior).
   */
  readonly cycleSpin: "none" | "ensemble" | "random" | "sampled";
  /** Transfers between pairs of pixels at the end of each sweep; default 0. They leave the posterior as it is. */
  readonly pairTransfers?: number;
  readonly fitBackgroundScale: boolean;
  /** T ~ Gamma(shape, rate). */
  readonly totalCountsPrior: { readonly shape: number; readonly rate: number };
  /** scale ~ Gamma(shape, rate), each observation its own; default shape 0.001, rate 0. */
  readonly backgroundScalePrior?: { readonly shape: number; readonly rate: number };
}

/** Settings under LIRA's prior; the meanings are those of `LiraConfig`. */
export interface TextbookSettings extends ModelSettings {
  readonly fitAlpha: boolean;
  /** Start (or fixed value) of the smoothing parameter, one for all levels or one a level, finest first. */
  readonly alphaInit: number | readonly number[];
  /** p(alpha) ~ alpha^power exp(-rate alpha^exponent). */
  readonly smoothingPrior: { readonly power: number; readonly rate: number; readonly exponent: number };
}

/** Shapes of the levels of the tree, the image first, `[1, 1]` last: halve with ceil. */
export function textbookTreeShapes(shape: Shape): Shape[] {
  const shapes: Shape[] = [shape];
  let [ny, nx] = shape;
  while (ny > 1 || nx > 1) {
    ny = Math.ceil(ny / 2);
    nx = Math.ceil(nx / 2);
    shapes.push([ny, nx]);
  }
  return shapes;
}

/** Indices in level `level` of the children of each block, which is a node of level `level + 1`. */
export function textbookBlocks(shapes: readonly Shape[], level: number): number[][] {
  const [ny, nx] = shapes[level];
  const [parentRows, parentCols] = shapes[level + 1];
  const blocks: number[][] = [];
  for (let row = 0; row < parentRows; row++) {
    for (let col = 0; col < parentCols; col++) {
      const children: number[] = [];
      for (let childRow = 2 * row; childRow < Math.min(2 * row + 2, ny); childRow++) {
        for (let childCol = 2 * col; childCol < Math.min(2 * col + 2, nx); childCol++) {
          children.push(childRow * nx + childCol);
        }
      }
      blocks.push(children);
    }
  }
  return blocks;
}

/** Index in the image of the pixel at node (row, col) of level 0: pixel (row + shiftRow, col + shiftCol), cyclically. */
export function shiftedPixel([ny, nx]: Shape, [shiftRow, shiftCol]: Shape, node: number): number {
  const row = (Math.floor(node / nx) + shiftRow) % ny;
  const col = ((node % nx) + shiftCol) % nx;
  return row * nx + col;
}

/** Dirichlet parameters of the children of a block (a node of level `level` + 1), in the order of `textbookBlocks`. */
export type BlockAlphas = (level: number, block: number) => readonly number[];

/** Smoothing parameters as one a level. */
export function perLevel(alpha: number | readonly number[], levels: number): Float64Array {
  if (typeof alpha === "number") return new Float64Array(levels).fill(alpha);
  if (alpha.length !== levels)
    throw new Error(`textbook: alphaInit must hold ${levels} values, got ${alpha.length}`);
  return Float64Array.from(alpha);
}

/** A draw of every parameter from the prior. */
export interface PriorDraw {
  /** The shift given; otherwise uniform when it is sampled, 0 when not. */
  readonly cycleSpin: { readonly row: number; readonly col: number };
  /** One a level; empty under the adaptive prior. */
  readonly alpha: Float64Array;
  /** State of every node and matrix of transitions, as in smoothing-states.ts; empty under LIRA's prior. */
  readonly states: Uint8Array;
  readonly transitions: Float64Array;
  readonly totalCounts: number;
  readonly flux: Float64Array;
  readonly backgroundScale: Float64Array;
}

/**
 * Draw every parameter from LIRA's prior; what is not fitted keeps its fixed value.
 *
 * @param observations their exposures set E0; their counts are not looked at
 * @param shift `[row, col]` of the tree; default uniform when it is sampled, 0 when not
 */
export function drawFromPrior(
  observations: readonly Observation[],
  settings: TextbookSettings,
  random: TextbookRandom,
  shift?: Shape,
): PriorDraw {
  const { smoothingPrior } = settings;
  const shapes = textbookTreeShapes(observations[0].counts.shape);
  const levels = shapes.length - 1;
  const alpha = perLevel(settings.alphaInit, levels);
  if (settings.fitAlpha) {
    // rate alpha^exponent is Gamma distributed.
    const { power, rate, exponent } = smoothingPrior;
    for (let level = 0; level < levels; level++) {
      alpha[level] = (random.gamma((power + 1) / exponent, 1) / rate) ** (1 / exponent);
    }
  }
  const blocks = shapes.slice(0, levels).map((_, level) => textbookBlocks(shapes, level));
  const alphasOf: BlockAlphas = (level, block) => blocks[level][block].map(() => alpha[level]);
  return {
    alpha,
    states: new Uint8Array(0),
    transitions: new Float64Array(0),
    ...drawFromSmoothing(observations, settings, alphasOf, random, shift),
  };
}

/** Draw what is left of the model given the Dirichlet parameters of every block. */
export function drawFromSmoothing(
  observations: readonly Observation[],
  settings: ModelSettings,
  alphasOf: BlockAlphas,
  random: TextbookRandom,
  shift?: Shape,
): Pick<PriorDraw, "cycleSpin" | "totalCounts" | "flux" | "backgroundScale"> {
  const { totalCountsPrior, backgroundScalePrior = { shape: 0.001, rate: 0 } } = settings;
  const shapes = textbookTreeShapes(observations[0].counts.shape);
  const totalCounts = random.gamma(totalCountsPrior.shape, totalCountsPrior.rate);
  let nodes = Float64Array.of(totalCounts);
  for (let level = shapes.length - 2; level >= 0; level--) {
    const children = new Float64Array(shapes[level][0] * shapes[level][1]);
    textbookBlocks(shapes, level).forEach((block, parent) => {
      const logFractions = drawLogDirichlet(alphasOf(level, parent), random);
      block.forEach((child, index) => {
        children[child] = nodes[parent] * Math.exp(logFractions[index]);
      });
    });
    nodes = children;
  }
  const referenceExposure = referenceExposureOf(observations);
  const [ny, nx] = shapes[0];
  const uniform = shift === undefined && settings.cycleSpin === "sampled";
  const [row = 0, col = 0] = uniform ? [random.below(ny), random.below(nx)] : (shift ?? []);
  const flux = new Float64Array(ny * nx);
  nodes.forEach((value, node) => {
    flux[shiftedPixel(shapes[0], [row, col], node)] = value / referenceExposure;
  });
  const backgroundScale = new Float64Array(observations.length).fill(1);
  if (settings.fitBackgroundScale) {
    for (let index = 0; index < backgroundScale.length; index++) {
      backgroundScale[index] = random.gamma(backgroundScalePrior.shape, backgroundScalePrior.rate);
    }
  }
  return { cycleSpin: { row, col }, totalCounts, flux, backgroundScale };
}

/** Logarithms of a Dirichlet draw: normalised gamma variates, in logarithms throughout. */
export function drawLogDirichlet(shapes: readonly number[], random: TextbookRandom): number[] {
  const logs = shapes.map((shape) => random.logGamma(shape));
  const largest = Math.max(...logs);
  let sum = 0;
  for (const value of logs) sum += Math.exp(value - largest);
  const logSum = largest + Math.log(sum);
  return logs.map((value) => value - logSum);
}

/** Log conditional density of one level's alpha (fractions integrated out) and its first two derivatives. */
export interface AlphaDensity {
  value(alpha: number): number;
  first(alpha: number): number;
  second(alpha: number): number;
}

export function alphaDensity(
  blocks: readonly (readonly number[])[],
  children: Float64Array,
  parents: Float64Array,
  { power, rate, exponent }: TextbookSettings["smoothingPrior"],
): AlphaDensity {
  return {
    value(alpha) {
      let sum = power * Math.log(alpha) - rate * alpha ** exponent;
      for (let parent = 0; parent < blocks.length; parent++) {
        const block = blocks[parent];
        const k = block.length;
        sum += logGammaFunction(k * alpha) - k * logGammaFunction(alpha);
        for (const child of block) sum += logGammaFunction(children[child] + alpha);
        sum -= logGammaFunction(parents[parent] + k * alpha);
      }
      return sum;
    },
    first(alpha) {
      let sum = power / alpha - rate * exponent * alpha ** (exponent - 1);
      for (let parent = 0; parent < blocks.length; parent++) {
        const block = blocks[parent];
        const k = block.length;
        sum += k * digamma(k * alpha) - k * digamma(alpha);
        for (const child of block) sum += digamma(children[child] + alpha);
        sum -= k * digamma(parents[parent] + k * alpha);
      }
      return sum;
    },
    second(alpha) {
      let sum = -power / (alpha * alpha) - rate * exponent * (exponent - 1) * alpha ** (exponent - 2);
      for (let parent = 0; parent < blocks.length; parent++) {
        const block = blocks[parent];
        const k = block.length;
        sum += k * k * trigamma(k * alpha) - k * trigamma(alpha);
        for (const child of block) sum += trigamma(children[child] + alpha);
        sum -= k * k * trigamma(parents[parent] + k * alpha);
      }
      return sum;
    },
  };
}

/**
 * Mode of `log p(alpha) + log alpha` over `u = log alpha`, and the curvature there. Newton's method inside a bracket,
 * from u = 0 always: the proposal must not depend on the current alpha.
 */
export function modeOfLogAlpha(density: AlphaDensity): { mode: number; curvature: number } {
  const slope = (u: number) => Math.exp(u) * density.first(Math.exp(u)) + 1;
  let low = 0;
  let high = 0;
  if (slope(0) > 0) {
    for (high = 1; slope(high) > 0 && high < 30; high += 1) low = high;
  } else {
    for (low = -1; slope(low) < 0 && low > -60; low -= 1) high = low;
  }
  let u = 0.5 * (low + high);
  let curvature = 0;
  for (let step = 0; step < 100; step++) {
    const value = Math.exp(u);
    const scaledFirst = value * density.first(value);
    curvature = scaledFirst + value * value * density.second(value);
    const gradient = scaledFirst + 1;
    if (gradient > 0) low = u;
    else high = u;
    let next = u - gradient / curvature;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    const moved = Math.abs(next - u);
    u = next;
    if (moved < 1e-6) break;
  }
  return { mode: u, curvature };
}
