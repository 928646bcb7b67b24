// The multiscale tree and its laws, node by node and slow. Shapes and blocks are those of the textbook sampler.

import type { Shape } from "../../src/image.js";
import {
  type AlphaDensity,
  alphaDensity,
  shiftedPixel,
  textbookBlocks,
  textbookTreeShapes,
} from "./textbook-prior.js";
import { logGammaFunction } from "./textbook-special.js";

/** One level of a tree over an image: its nodes, and the children in it of each node of the level above. */
export interface NaiveLevel {
  readonly shape: Shape;
  readonly nodes: Float64Array;
  /** Empty for the last level. */
  readonly blocks: readonly (readonly number[])[];
}

/** All levels of the tree over an image, shifted first. */
export function naiveTree(image: ArrayLike<number>, shape: Shape, shift: Shape = [0, 0]): NaiveLevel[] {
  const shapes = textbookTreeShapes(shape);
  let nodes = Float64Array.from(
    { length: image.length },
    (_, node) => image[shiftedPixel(shape, shift, node)],
  );
  return shapes.map((levelShape, level) => {
    const blocks = level + 1 < shapes.length ? textbookBlocks(shapes, level) : [];
    const found = { shape: levelShape, nodes, blocks };
    const below = nodes;
    nodes = Float64Array.from(blocks, (block) => block.reduce((sum, child) => sum + below[child], 0));
    return found;
  });
}

/** Hyperparameters of the prior. */
export interface NaivePriors {
  readonly total: { readonly shape: number; readonly rate: number };
  readonly smoothing: { readonly power: number; readonly rate: number; readonly exponent: number };
}

/**
 * Log prior density of the logarithms of total, fractions and alphas:
 * `a_T log T - b_T T + sum over levels of { sum over blocks [lgamma(k a) - k lgamma(a) + a sum log f]
 * + (power + 1) log a - rate a^exponent }`.
 *
 * @param image x = E0 flux `[ny, nx]`
 */
export function naiveLogPrior(
  image: ArrayLike<number>,
  shape: Shape,
  shift: Shape,
  alpha: ArrayLike<number>,
  { total, smoothing }: NaivePriors,
): number {
  const tree = naiveTree(image, shape, shift);
  const whole = tree[tree.length - 1].nodes[0];
  let sum = total.shape * Math.log(whole) - total.rate * whole;
  for (let level = 0; level + 1 < tree.length; level++) {
    const a = alpha[level];
    const parents = tree[level + 1].nodes;
    tree[level].blocks.forEach((block, parent) => {
      sum += logGammaFunction(block.length * a) - block.length * logGammaFunction(a);
      // The fraction of an only child is 1, exactly.
      if (block.length === 1) return;
      for (const child of block) sum += a * Math.log(tree[level].nodes[child] / parents[parent]);
    });
    sum += (smoothing.power + 1) * Math.log(a) - smoothing.rate * a ** smoothing.exponent;
  }
  return sum;
}

/** Distribution of log alpha on a grid: points t, and the probability below each of them. */
export interface GridDistribution {
  readonly points: Float64Array;
  readonly below: Float64Array;
}

/**
 * Conditional distribution of log alpha of one level given the counts of its tree, fractions integrated out: the
 * density `p(alpha | y) alpha` summed over a fine grid that holds all but 1e-12 or so of it.
 */
export function naiveSmoothingDistribution(
  tree: readonly NaiveLevel[],
  level: number,
  smoothing: NaivePriors["smoothing"],
): GridDistribution {
  const density: AlphaDensity = alphaDensity(
    tree[level].blocks,
    tree[level].nodes,
    tree[level + 1].nodes,
    smoothing,
  );
  const value = (t: number) => density.value(Math.exp(t)) + t;
  // A coarse look for the summit, then outwards until e^-40 of it.
  let summit = 0;
  let height = Number.NEGATIVE_INFINITY;
  for (let t = -60; t <= 20; t += 0.1) {
    const here = value(t);
    if (here > height) {
      height = here;
      summit = t;
    }
  }
  const edge = (direction: number) => {
    let step = 1e-3;
    let t = summit;
    while (value(t) > height - 40 && Math.abs(t - summit) < 200) {
      t += direction * step;
      step *= 1.1;
    }
    return t;
  };
  const low = edge(-1);
  const high = edge(1);
  const size = 4000;
  const width = (high - low) / size;
  const points = Float64Array.from({ length: size + 1 }, (_, index) => low + index * width);
  const below = new Float64Array(size + 1);
  for (let index = 0; index < size; index++) {
    below[index + 1] = below[index] + Math.exp(value(low + (index + 0.5) * width) - height);
  }
  const all = below[size];
  return { points, below: below.map((sum) => sum / all) };
}
