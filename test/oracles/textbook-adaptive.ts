/**
 * The adaptive prior, written as the textbook has it: draws from it, and the step of the textbook sampler.
 *
 *     A[a, .] ~ Dirichlet(e[a, .]);   root's state ~ uniform;   child's state | parent's = a ~ A[a, .]
 *     fractions of a node in state k ~ Dirichlet(g[k]);   total, flux, counts as under LIRA's prior
 *
 * Given the source photons y the step draws all states jointly, upward and downward, fractions integrated out, then A given the
 * transitions of all nodes. Both are exact conditionals, with nothing saved on nodes without photons.
 */
import type { Observation } from "../../src/data/observation/observation.js";
import type { Shape } from "../../src/image.js";
import {
  alphasOfStates,
  blockAlphas,
  countTransitions,
  logCountsOfStates,
  logEvidenceOfStates,
  logStates,
  type NaiveAdaptivePrior,
  passUpward,
  type StateTree,
  stateTree,
} from "./smoothing-states.js";
import { drawFromSmoothing, drawLogDirichlet, type ModelSettings, type PriorDraw } from "./textbook-prior.js";
import type { TextbookRandom } from "./textbook-random.js";
import type { TextbookSmoothing } from "./textbook-smoothing.js";
import { logGammaFunction } from "./textbook-special.js";

/** Settings under the adaptive prior. */
export interface AdaptiveSettings extends ModelSettings {
  readonly adaptivePrior: NaiveAdaptivePrior;
  /** An error built in on purpose, which tests must notice. */
  readonly mistake?: AdaptiveMistake;
}

/** Errors that a sampler of the adaptive prior could make. */
export type AdaptiveMistake =
  /** A is drawn given the transitions into nodes with more than one photon; the others keep states drawn with the old A. */
  | "transitions of bright nodes"
  /** A stays at its start. */
  | "transitions kept"
  /** The children of a block take each other's parameters: upper left that of upper right, ... */
  | "alpha of the next child"
  /** A block takes the parameters of its parent's state. */
  | "alpha of the parent";

/** Draw A from its prior, or from its conditional when `counted` (K x K transitions) are given. Row-major, rows sum to 1. */
export function drawTransitions(
  { transitions: parameters }: NaiveAdaptivePrior,
  random: TextbookRandom,
  counted?: ArrayLike<number>,
): Float64Array {
  const count = parameters.length;
  return Float64Array.from(
    parameters.flatMap((row, a) =>
      drawLogDirichlet(
        row.map((value, b) => value + (counted?.[a * count + b] ?? 0)),
        random,
      ),
    ),
    Math.exp,
  );
}

/** Index drawn with probabilities proportional to the exponentials of `logs`. */
export function drawIndex(logs: readonly number[], random: TextbookRandom): number {
  const largest = Math.max(...logs);
  const weights = logs.map((value) => Math.exp(value - largest));
  let rest = random.uniform() * weights.reduce((sum, value) => sum + value, 0);
  for (let index = 0; index < weights.length - 1; index++) {
    rest -= weights[index];
    if (rest < 0) return index;
  }
  return weights.length - 1;
}

/** Draw every state given `beliefs[node][state]`, as `passUpward` returns them; all zero for a draw from the prior. */
export function drawStates(
  beliefs: readonly (readonly number[])[],
  { parent, nodes }: StateTree,
  transitions: Float64Array,
  random: TextbookRandom,
): Uint8Array {
  const count = Math.round(Math.sqrt(transitions.length));
  const states = new Uint8Array(nodes);
  for (let node = nodes - 1; node >= 0; node--) {
    const above = parent[node];
    const logs = beliefs[node].map((belief, state) =>
      above < 0 ? belief : belief + Math.log(transitions[states[above] * count + state]),
    );
    states[node] = drawIndex(logs, random);
  }
  return states;
}

/** Draw every parameter from the adaptive prior; arguments as those of `drawFromPrior`. */
export function drawFromAdaptivePrior(
  observations: readonly Observation[],
  settings: AdaptiveSettings,
  random: TextbookRandom,
  shift?: Shape,
): PriorDraw {
  const { adaptivePrior } = settings;
  const tree = stateTree(observations[0].counts.shape);
  const transitions = drawTransitions(adaptivePrior, random);
  const nothing = Array.from({ length: tree.nodes }, () => adaptivePrior.alphas.map(() => 0));
  const states = drawStates(nothing, tree, transitions, random);
  return {
    alpha: new Float64Array(0),
    states,
    transitions,
    ...drawFromSmoothing(observations, settings, alphasOfStates(adaptivePrior, tree, states), random, shift),
  };
}

/** Log density of A under its prior. */
export function logTransitions(
  { transitions: parameters }: NaiveAdaptivePrior,
  transitions: Float64Array,
): number {
  let sum = 0;
  parameters.forEach((row, a) => {
    let all = 0;
    row.forEach((value, b) => {
      sum += (value - 1) * Math.log(transitions[a * row.length + b]) - logGammaFunction(value);
      all += value;
    });
    sum += logGammaFunction(all);
  });
  return sum;
}

/**
 * The adaptive smoothing of a chain. A starts at the mean of its prior.
 *
 * @param states changed in place
 * @param transitions A, changed in place
 */
export function adaptiveSmoothing(
  shape: Shape,
  { adaptivePrior, mistake }: AdaptiveSettings,
  states: Uint8Array,
  transitions: Float64Array,
  random: TextbookRandom,
): TextbookSmoothing {
  const tree = stateTree(shape);
  const count = adaptivePrior.alphas.length;
  transitions.set(
    adaptivePrior.transitions.flatMap((row) => {
      const sum = row.reduce((all, value) => all + value, 0);
      return row.map((value) => value / sum);
    }),
  );
  return {
    alphasOf(level, block) {
      const node = tree.start[level] + block;
      const source = mistake === "alpha of the parent" && tree.parent[node] >= 0 ? tree.parent[node] : node;
      const alphas = blockAlphas(adaptivePrior, tree, level, block, states[source]);
      return mistake === "alpha of the next child" ? [...alphas.slice(1), alphas[0]] : alphas;
    },
    logShiftProbabilities(sourcePhotons) {
      const [ny, nx] = shape;
      const logs = Float64Array.from({ length: ny * nx }, (_, index) =>
        logEvidenceOfStates(sourcePhotons, {
          prior: adaptivePrior,
          shape,
          shift: [Math.floor(index / nx), index % nx],
          transitions,
        }),
      );
      const largest = logs.reduce((a, b) => Math.max(a, b));
      const logSum = largest + Math.log(logs.reduce((sum, value) => sum + Math.exp(value - largest), 0));
      return logs.map((value) => value - logSum);
    },
    draw(levels) {
      const model = { prior: adaptivePrior, shape, transitions };
      const photons = levels.slice(1).flatMap((level) => [...level]);
      const logCounts = logCountsOfStates(levels[0], model, tree);
      states.set(drawStates(passUpward(logCounts, tree, transitions).beliefs, tree, transitions, random));
      if (mistake === "transitions kept") return;
      const counted = countTransitions(
        tree,
        states,
        count,
        (node) => mistake !== "transitions of bright nodes" || photons[node] > 1,
      );
      transitions.set(drawTransitions(adaptivePrior, random, counted));
    },
    logDensity: () => logStates(tree, states, transitions) + logTransitions(adaptivePrior, transitions),
  };
}
