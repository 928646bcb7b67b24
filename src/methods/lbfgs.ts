import type { Inquiry } from "../inquiry.js";

/**
 * A function of many variables: returns its value and overwrites `gradient`, perhaps after questions.
 *
 * @param iteration from 1, for functions that are another random part of the whole in each
 */
export type Objective<Question> = (
  at: Float64Array,
  gradient: Float64Array,
  iteration?: number,
) => Inquiry<Question, number>;

/** When a minimiser ends. */
export interface MinimiserOptions {
  readonly iterations: number;
  /** End when three iterations in a row lower the value by less than this part of it (or of 1, if that is more). */
  readonly tolerance: number;
  /** By how much values are off at most; default 0. */
  readonly noise?: number;
  /** Called after every iteration with the point and the value there; `false` ends the work. */
  readonly onIteration: (iteration: number, at: Float64Array, value: number) => unknown;
}

/** Where a minimiser ended. */
export interface Minimum {
  readonly at: Float64Array;
  readonly value: number;
  readonly iterations: number;
  readonly converged: boolean;
  /** Value at the start of every iteration. */
  readonly values: readonly number[];
}

/** Pairs of steps and changes of the gradient that are remembered. */
const MEMORY = 12;
/** Strong Wolfe conditions: sufficient decrease, and how flat the end of a step must be. */
const DECREASE = 1e-4;
const FLATNESS = 0.9;
const MOST_TRIALS = 40;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index] * b[index];
  return sum;
}

/**
 * Minimise a smooth function by L-BFGS (Nocedal & Wright 2006, algorithms 7.4, 7.5, 3.5 and 3.6).
 *
 * With noise a step counts as one downhill while its value lies within twice the noise of where it should (Shi et al. 2022, SIAM J. Optim.
 * 32, 29): else the end of a search, where a step gains less than rounding takes, would be looked for in vain. So an iteration may go up
 * by as much; three in a row that go down by no more than the noise are the end.
 *
 * @param start not changed
 */
export function* minimiseLbfgs<Question>(
  objective: Objective<Question>,
  start: Float64Array,
  { iterations, tolerance, noise = 0, onIteration }: MinimiserOptions,
): Inquiry<Question, Minimum> {
  const length = start.length;
  let at = start.slice();
  let gradient = new Float64Array(length);
  let value = yield* objective(at, gradient);
  const values: number[] = [];
  const pairs: { readonly step: Float64Array; readonly change: Float64Array; readonly scale: number }[] = [];
  let quiet = 0;
  for (let iteration = 1; iteration <= iterations; iteration++) {
    values.push(value);
    let direction = descentDirection(gradient, pairs);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      pairs.length = 0;
      direction = gradient.map((component) => -component);
      slope = dot(direction, gradient);
      if (slope === 0) return { at, value, iterations: iteration - 1, converged: true, values };
    }
    // Without a memory the length of the gradient says nothing: move no variable by more than 1.
    const first = pairs.length > 0 ? 1 : Math.min(1, 1 / largest(direction));
    const found = yield* searchLine(objective, { at, value, direction, slope, first, noise });
    if (found === undefined) {
      if (pairs.length === 0) return { at, value, iterations: iteration - 1, converged: true, values };
      pairs.length = 0;
      continue;
    }
    const step = found.at.map((component, index) => component - at[index]);
    const change = found.gradient.map((component, index) => component - gradient[index]);
    const product = dot(step, change);
    if (product > 1e-12 * dot(change, change) ** 0.5 * dot(step, step) ** 0.5) {
      pairs.push({ step, change, scale: 1 / product });
      if (pairs.length > MEMORY) pairs.shift();
    }
    const little = Math.max(noise, tolerance * Math.max(1, Math.abs(value)));
    quiet = value - found.value <= little ? quiet + 1 : 0;
    ({ at, gradient, value } = found);
    const goOn = onIteration(iteration, at, value);
    if (quiet === 3) return { at, value, iterations: iteration, converged: true, values };
    if (goOn === false) return { at, value, iterations: iteration, converged: false, values };
  }
  return { at, value, iterations, converged: false, values };
}

function largest(vector: Float64Array): number {
  let most = 0;
  for (const value of vector) most = Math.max(most, Math.abs(value));
  return most;
}

/** The two-loop recursion. */
function descentDirection(
  gradient: Float64Array,
  pairs: readonly { readonly step: Float64Array; readonly change: Float64Array; readonly scale: number }[],
): Float64Array {
  const direction = gradient.map((component) => -component);
  const factors = new Float64Array(pairs.length);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { step, change, scale } = pairs[k];
    factors[k] = scale * dot(step, direction);
    for (let index = 0; index < direction.length; index++) direction[index] -= factors[k] * change[index];
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const size = 1 / (last.scale * dot(last.change, last.change));
    for (let index = 0; index < direction.length; index++) direction[index] *= size;
  }
  for (let k = 0; k < pairs.length; k++) {
    const { step, change, scale } = pairs[k];
    const factor = factors[k] - scale * dot(change, direction);
    for (let index = 0; index < direction.length; index++) direction[index] += factor * step[index];
  }
  return direction;
}

interface Trial {
  readonly length: number;
  readonly at: Float64Array<ArrayBuffer>;
  readonly gradient: Float64Array<ArrayBuffer>;
  readonly value: number;
  readonly slope: number;
}

/** Where a line begins, which way it goes, and the first length to try. */
interface Line {
  readonly at: Float64Array;
  readonly value: number;
  readonly direction: Float64Array;
  readonly slope: number;
  readonly first: number;
  readonly noise: number;
}

/** A step that meets the strong Wolfe conditions, or the best one found; undefined when none lowers the value. */
function* searchLine<Question>(
  objective: Objective<Question>,
  { at: from, value, direction, slope, first, noise }: Line,
): Inquiry<Question, Trial | undefined> {
  const low = (trial: Trial) => trial.value <= value + DECREASE * trial.length * slope + 2 * noise;
  const flat = (trial: Trial) => Math.abs(trial.slope) <= -FLATNESS * slope;
  let left: Pick<Trial, "length" | "value" | "slope"> & Partial<Trial> = { length: 0, value, slope };
  let right: Pick<Trial, "length" | "value" | "slope"> | undefined;
  let best: Trial | undefined;
  let length = first;
  for (let count = 0; count < MOST_TRIALS; count++) {
    const at = Float64Array.from(from, (component, index) => component + length * direction[index]);
    const gradient = new Float64Array(from.length);
    const found = yield* objective(at, gradient);
    const slopeThere = dot(gradient, direction);
    // Where there is no slope to go on with, the step was too long.
    const usable = !Number.isNaN(found) && Number.isFinite(slopeThere);
    const trial: Trial = {
      length,
      at,
      gradient,
      value: usable ? found : Number.POSITIVE_INFINITY,
      slope: slopeThere,
    };
    if (trial.value < (best?.value ?? value)) best = trial;
    if (!low(trial) || trial.value >= left.value + 2 * noise) {
      right = trial;
    } else {
      if (flat(trial)) return trial;
      if (trial.slope * ((right?.length ?? Number.POSITIVE_INFINITY) - left.length) >= 0) right = left;
      left = trial;
    }
    if (right === undefined) {
      length *= 2.5;
      continue;
    }
    length = between(left, right);
    if (Math.abs(right.length - left.length) < 1e-14 * Math.max(left.length, right.length)) break;
  }
  return best;
}

/** Minimum of the cubic through two points and slopes, kept away from both ends. */
function between(
  left: Pick<Trial, "length" | "value" | "slope">,
  right: Pick<Trial, "length" | "value" | "slope">,
): number {
  const middle = 0.5 * (left.length + right.length);
  if (!Number.isFinite(right.value) || !Number.isFinite(right.slope)) {
    return left.length + 0.1 * (right.length - left.length);
  }
  const width = right.length - left.length;
  const d1 = left.slope + right.slope - (3 * (right.value - left.value)) / width;
  const square = d1 * d1 - left.slope * right.slope;
  if (!(square >= 0)) return middle;
  const d2 = Math.sign(width) * Math.sqrt(square);
  const found = right.length - (width * (right.slope + d2 - d1)) / (right.slope - left.slope + 2 * d2);
  const margin = 0.1 * Math.abs(width);
  const [low, high] = [
    Math.min(left.length, right.length) + margin,
    Math.max(left.length, right.length) - margin,
  ];
  return Number.isFinite(found) ? Math.min(Math.max(found, low), high) : middle;
}
