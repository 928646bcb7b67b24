/**
 * The states of the adaptive prior and their laws, by enumeration and by a plain upward pass: each is the other's oracle.
 *
 * Every node of level 1 and above has a state that sets the Dirichlet parameters g of its children. A Markov chain runs down
 * the tree: the root's state is uniform, a child's has the law of its parent's row of the transition matrix A. A block at
 * an edge has 1 or 2 children; they take the parameters of their own places. Given the source counts y, the
 * fractions integrated out, a node in state k has the probability
 *
 *     DM_k(c) = Gamma(sum g) / Gamma(sum (c + g)) prod_e Gamma(c_e + g_e) / Gamma(g_e)
 *
 * with c the counts of its children, but for the multinomial coefficients that no state and no shift changes.
 */
import type { Shape } from "../../src/image.js";
import { naiveTree } from "./multiscale.js";
import { type BlockAlphas, textbookBlocks, textbookTreeShapes } from "./textbook-prior.js";
import { logGammaFunction } from "./textbook-special.js";

/** The adaptive prior as data. */
export interface NaiveAdaptivePrior {
  /** Dirichlet parameter of the children of a node in each state: one for all, or upper left, upper right, lower left, lower right. */
  readonly alphas: readonly (number | readonly [number, number, number, number])[];
  /** Row a holds the Dirichlet parameters of row a of the transition matrix. */
  readonly transitions: readonly (readonly number[])[];
}

/** The nodes that have a state: level 1 first, row-major within a level, the root last. */
export interface StateTree {
  readonly shapes: readonly Shape[];
  /** `[level][block]`: children in level `level` of node `block` of level `level` + 1. */
  readonly blocks: readonly (readonly (readonly number[])[])[];
  /** Number of the first node of level `level` + 1. */
  readonly start: readonly number[];
  readonly nodes: number;
  /** Number of the parent of each node; -1 for the root. */
  readonly parent: Int32Array;
}

/** Lay out the nodes over an image; a single pixel has none. */
export function stateTree(shape: Shape): StateTree {
  const shapes = textbookTreeShapes(shape);
  const blocks = shapes.slice(0, -1).map((_, level) => textbookBlocks(shapes, level));
  const start: number[] = [];
  let nodes = 0;
  for (const row of blocks) {
    start.push(nodes);
    nodes += row.length;
  }
  const parent = new Int32Array(nodes).fill(-1);
  for (let level = 1; level < blocks.length; level++) {
    blocks[level].forEach((children, block) => {
      for (const child of children) parent[start[level - 1] + child] = start[level] + block;
    });
  }
  return { shapes, blocks, start, nodes, parent };
}

/** Dirichlet parameters of the children of a block whose state is `state`. */
export function blockAlphas(
  { alphas }: NaiveAdaptivePrior,
  { shapes, blocks }: StateTree,
  level: number,
  block: number,
  state: number,
): number[] {
  const alpha = alphas[state];
  const cols = shapes[level][1];
  return blocks[level][block].map((child) =>
    typeof alpha === "number" ? alpha : alpha[2 * (Math.floor(child / cols) % 2) + ((child % cols) % 2)],
  );
}

/** The parameters of every block under given states. */
export function alphasOfStates(
  prior: NaiveAdaptivePrior,
  tree: StateTree,
  states: ArrayLike<number>,
): BlockAlphas {
  return (level, block) => blockAlphas(prior, tree, level, block, states[tree.start[level] + block]);
}

/** Log probability of counts given their sum, but for the multinomial coefficient: Dirichlet-multinomial. */
export function logDirichletMultinomial(counts: readonly number[], alphas: readonly number[]): number {
  let sum = 0;
  let sumAlpha = 0;
  let sumBoth = 0;
  counts.forEach((count, child) => {
    sum += logGammaFunction(count + alphas[child]) - logGammaFunction(alphas[child]);
    sumAlpha += alphas[child];
    sumBoth += count + alphas[child];
  });
  return sum + logGammaFunction(sumAlpha) - logGammaFunction(sumBoth);
}

/** Mean over the nodes of each level, finest first, of the logarithm of their parameters (mean over all four of a state). */
export function smoothnessOfStates(
  prior: NaiveAdaptivePrior,
  { blocks, start }: StateTree,
  states: ArrayLike<number>,
): Float64Array {
  const logs = prior.alphas.map((alpha) =>
    typeof alpha === "number" ? Math.log(alpha) : alpha.reduce((sum, value) => sum + Math.log(value) / 4, 0),
  );
  return Float64Array.from(blocks, (row, level) => {
    let sum = 0;
    for (let block = 0; block < row.length; block++) sum += logs[states[start[level] + block]];
    return sum / row.length;
  });
}

/** Log probability of the states given A: the sum over all nodes but the root of log A[parent's state, own state]. */
export function logStates(
  { parent }: Pick<StateTree, "parent">,
  states: ArrayLike<number>,
  transitions: Float64Array,
): number {
  const count = Math.round(Math.sqrt(transitions.length));
  let sum = -Math.log(count);
  parent.forEach((above, node) => {
    if (above >= 0) sum += Math.log(transitions[states[above] * count + states[node]]);
  });
  return sum;
}

/** Number of transitions from each state to each, row-major, over the nodes that `counts` accepts; default all. */
export function countTransitions(
  { parent }: Pick<StateTree, "parent">,
  states: ArrayLike<number>,
  count: number,
  counts: (node: number) => boolean = () => true,
): Float64Array {
  const counted = new Float64Array(count * count);
  parent.forEach((above, node) => {
    if (above >= 0 && counts(node)) counted[states[above] * count + states[node]]++;
  });
  return counted;
}

/** Log probability of the states with A integrated out: each row of transitions is a Polya urn. */
function logStatesOfUrn({ transitions: parameters }: NaiveAdaptivePrior, counted: ArrayLike<number>): number {
  const count = parameters.length;
  let sum = -Math.log(count);
  parameters.forEach((row, a) => {
    sum += logDirichletMultinomial(
      row.map((_, b) => counted[a * count + b]),
      row,
    );
  });
  return sum;
}

/** What the states depend on. */
export interface StatesModel {
  readonly prior: NaiveAdaptivePrior;
  readonly shape: Shape;
  /** `[row, col]`: node (row, col) of level 0 is pixel (row + shift row, col + shift col), cyclically. Default none. */
  readonly shift?: Shape;
  /** A, K x K row-major, rows sum to 1. */
  readonly transitions: Float64Array;
}

/** `[node][state]`: log DM of the counts of every node in every state. */
export function logCountsOfStates(
  counts: ArrayLike<number>,
  { prior, shape, shift }: Omit<StatesModel, "transitions">,
  tree = stateTree(shape),
): number[][] {
  const levels = naiveTree(counts, shape, shift);
  return tree.blocks.flatMap((row, level) =>
    row.map((block, index) => {
      const children = block.map((child) => levels[level].nodes[child]);
      return prior.alphas.map((_, state) =>
        logDirichletMultinomial(children, blockAlphas(prior, tree, level, index, state)),
      );
    }),
  );
}

/** What enumeration finds. */
export interface StatesPosterior {
  /** log p(y | A, shift), or log p(y | shift) when A is integrated out, fractions and states summed out, but for the multinomial coefficients. */
  readonly logEvidence: number;
  /** `[node][state]`: P(state of node | y), given A if it was. */
  readonly marginals: readonly (readonly number[])[];
  /** `[node][a * K + b]`: P(state of the parent = a, state of the node = b | y); empty for the root. */
  readonly pairs: readonly (readonly number[])[];
  /** Posterior mean of A, row-major; A itself when it was given. */
  readonly transitions: Float64Array;
}

/**
 * The law of the states by going through all K^nodes of them: given A, or with A integrated out when `transitions` is absent.
 *
 * @param counts y, whole numbers >= 0 `[ny, nx]`
 */
export function enumerateStates(
  counts: ArrayLike<number>,
  model: Omit<StatesModel, "transitions"> & Partial<StatesModel>,
): StatesPosterior {
  const { prior, transitions } = model;
  const tree = stateTree(model.shape);
  const count = prior.alphas.length;
  const logCounts = logCountsOfStates(counts, model, tree);
  const size = count ** tree.nodes;
  if (size > 2e6) throw new Error(`enumerateStates: ${count}^${tree.nodes} states are too many`);
  const states = new Uint8Array(tree.nodes);
  const setStates = (index: number) => {
    let rest = index;
    for (let node = 0; node < tree.nodes; node++) {
      states[node] = rest % count;
      rest = Math.floor(rest / count);
    }
  };
  const logs = Float64Array.from({ length: size }, (_, index) => {
    setStates(index);
    let sum =
      transitions === undefined
        ? logStatesOfUrn(prior, countTransitions(tree, states, count))
        : logStates(tree, states, transitions);
    for (let node = 0; node < tree.nodes; node++) sum += logCounts[node][states[node]];
    return sum;
  });
  const largest = logs.reduce((a, b) => Math.max(a, b));
  const sum = logs.reduce((all, value) => all + Math.exp(value - largest), 0);
  const marginals = logCounts.map(() => new Array<number>(count).fill(0));
  const pairs = logCounts.map((_, node) =>
    new Array<number>(tree.parent[node] < 0 ? 0 : count * count).fill(0),
  );
  const means = new Float64Array(count * count);
  logs.forEach((value, index) => {
    setStates(index);
    const probability = Math.exp(value - largest) / sum;
    for (let node = 0; node < tree.nodes; node++) {
      marginals[node][states[node]] += probability;
      const above = tree.parent[node];
      if (above >= 0) pairs[node][states[above] * count + states[node]] += probability;
    }
    const counted = countTransitions(tree, states, count);
    for (let a = 0; a < count; a++) {
      const row = prior.transitions[a].map((value, b) => value + counted[a * count + b]);
      const all = row.reduce((whole, value) => whole + value, 0);
      row.forEach((value, b) => {
        means[a * count + b] += (probability * value) / all;
      });
    }
  });
  return { logEvidence: largest + Math.log(sum), marginals, pairs, transitions: transitions ?? means };
}

/**
 * Upward pass: `beliefs[node][k]` = log p(counts at and below the node | its state is k, A). The root's, averaged over its
 * uniform law, is the evidence.
 */
export function passUpward(
  logCounts: readonly (readonly number[])[],
  { parent, nodes }: StateTree,
  transitions: Float64Array,
): { readonly beliefs: number[][]; readonly logEvidence: number } {
  const beliefs = logCounts.map((row) => [...row]);
  const count = Math.round(Math.sqrt(transitions.length));
  // Children come before their parents.
  for (let node = 0; node + 1 < nodes; node++) {
    const largest = Math.max(...beliefs[node]);
    const below = beliefs[node].map((value) => Math.exp(value - largest));
    for (let a = 0; a < count; a++) {
      let sum = 0;
      for (let b = 0; b < count; b++) sum += transitions[a * count + b] * below[b];
      beliefs[parent[node]][a] += largest + Math.log(sum);
    }
  }
  if (nodes === 0) return { beliefs, logEvidence: 0 };
  const root = beliefs[nodes - 1];
  const largest = Math.max(...root);
  const sum = root.reduce((all, value) => all + Math.exp(value - largest), 0);
  return { beliefs, logEvidence: largest + Math.log(sum / count) };
}

/** log p(y | A, shift) as `enumerateStates` finds it, for trees of any size. */
export function logEvidenceOfStates(counts: ArrayLike<number>, model: StatesModel): number {
  const tree = stateTree(model.shape);
  return passUpward(logCountsOfStates(counts, model, tree), tree, model.transitions).logEvidence;
}
