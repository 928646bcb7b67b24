// The matrix A of the adaptive prior: a node below one in state a is in state k with probability A[a, k], and every row of A is
// Dirichlet(e[a]). One matrix serves all levels (states.ts).

import { states, stride } from "./adaptive-prior";
import { drawLogGammas, drawUniform } from "./random";
import { exp, log } from "./special";

/** Smallest entry of A: no message becomes 0, and no state is out of reach. */
const LEAST: f64 = 1e-60;

/** f64 `[a, k]`: A, where the host keeps it; its rows' running sums; its transpose; its logarithms. */
let matrix: usize = 0;
const runningSums = memory.data(8 * 32 * 32, 16);
const columns = memory.data(8 * 32 * 32, 16);
const logMatrix = memory.data(8 * 32 * 32, 16);
const transitionPrior = memory.data(8 * 32 * 32, 16);
/** i32 `[a, k]`: transitions into informative nodes, then into all. */
const transitions = memory.data(4 * 32 * 32, 16);
const shapes = memory.data(8 * 32, 16);
/** Rises with every A. */
export let matrixNumber: i32 = 0;

function entry(table: usize, from: i32, to: i32): usize {
  return table + ((<usize>(from * states + to)) << 3);
}

/** Address of f64 `[states, states]`: Dirichlet parameters e of the rows of A; the host fills it. */
export function transitionPriorArray(): usize {
  return transitionPrior;
}

/** e[from, to]. */
export function priorOf(from: i32, to: i32): f64 {
  return load<f64>(entry(transitionPrior, from, to));
}

/** A[from, to]. */
export function transition(from: i32, to: i32): f64 {
  return load<f64>(entry(matrix, from, to));
}

/** Address of the f64 `[states]` of row `from` of A. */
export function rowOf(from: i32): usize {
  return entry(matrix, from, 0);
}

/** Address of the f64 `[states]` of column `to` of A, padded to `stride`. */
export function columnOf(to: i32): usize {
  return columns + <usize>to * stride;
}

/** Keep A in f64 `[states, states]` of the chain's state. */
export function layOutMatrix(transitionMatrix: usize): void {
  matrix = transitionMatrix;
}

/** Set row `from` of A to what is proportional to f64 `[states]`, > 0; `deriveMatrix` must follow. */
export function setRow(from: i32, weights: usize): void {
  let sum: f64 = 0;
  for (let to = 0; to < states; to++) sum += load<f64>(weights + ((<usize>to) << 3));
  for (let to = 0; to < states; to++) {
    store<f64>(entry(matrix, from, to), max(LEAST, load<f64>(weights + ((<usize>to) << 3)) / sum));
  }
}

/** Begin at the mean of A under its prior. */
export function startMatrix(): void {
  for (let from = 0; from < states; from++) setRow(from, entry(transitionPrior, from, 0));
}

/** Derive what the passes over the tree need from A. */
export function deriveMatrix(): void {
  matrixNumber++;
  for (let from = 0; from < states; from++) {
    let sum: f64 = 0;
    for (let to = 0; to < states; to++) {
      const value = load<f64>(entry(matrix, from, to));
      sum += value;
      store<f64>(entry(runningSums, from, to), sum);
      store<f64>(entry(logMatrix, from, to), log(value));
      store<f64>(columns + <usize>to * stride + ((<usize>from) << 3), value);
    }
  }
}

/** `out` = A B, for f64 `[states]` B at `from`; both padded to `stride`. */
export function multiply(from: usize, out: usize): void {
  let at: usize = 0;
  for (; at + 64 <= stride; at += 64) {
    let column = columns + at;
    let weight = v128.load64_splat(from);
    let sum0 = f64x2.mul(weight, v128.load(column));
    let sum1 = f64x2.mul(weight, v128.load(column, 16));
    let sum2 = f64x2.mul(weight, v128.load(column, 32));
    let sum3 = f64x2.mul(weight, v128.load(column, 48));
    for (let state: usize = 8; state < (<usize>states) << 3; state += 8) {
      column += stride;
      weight = v128.load64_splat(from + state);
      sum0 = f64x2.add(sum0, f64x2.mul(weight, v128.load(column)));
      sum1 = f64x2.add(sum1, f64x2.mul(weight, v128.load(column, 16)));
      sum2 = f64x2.add(sum2, f64x2.mul(weight, v128.load(column, 32)));
      sum3 = f64x2.add(sum3, f64x2.mul(weight, v128.load(column, 48)));
    }
    v128.store(out + at, sum0);
    v128.store(out + at, sum1, 16);
    v128.store(out + at, sum2, 32);
    v128.store(out + at, sum3, 48);
  }
  for (; at < stride; at += 16) {
    let column = columns + at;
    let sum = f64x2.mul(v128.load64_splat(from), v128.load(column));
    for (let weight = from + 8; weight < from + <usize>states * 8; weight += 8) {
      column += stride;
      sum = f64x2.add(sum, f64x2.mul(v128.load64_splat(weight), v128.load(column)));
    }
    v128.store(out + at, sum);
  }
}

/** No transitions. */
export function clearTransitions(): void {
  memory.fill(transitions, 0, (<usize>(states * states)) << 2);
}

/** Count a transition. */
export function addTransition(from: i32, to: i32): void {
  const at = transitions + ((<usize>(from * states + to)) << 2);
  store<i32>(at, load<i32>(at) + 1);
}

/** Rows of A from Dirichlet(e + transitions counted), as normalised logarithms of gamma draws. */
export function drawTransitionMatrix(): void {
  for (let from = 0; from < states; from++) {
    for (let to = 0; to < states; to++) {
      const count = <f64>load<i32>(transitions + ((<usize>(from * states + to)) << 2));
      store<f64>(shapes + ((<usize>to) << 3), load<f64>(entry(transitionPrior, from, to)) + count);
    }
    drawLogGammas(shapes, shapes, states);
    let largest: f64 = -Infinity;
    for (let to = 0; to < states; to++) largest = max(largest, load<f64>(shapes + ((<usize>to) << 3)));
    for (let at: usize = 0; at < (<usize>states) << 3; at += 8) {
      store<f64>(shapes + at, exp(load<f64>(shapes + at) - largest));
    }
    setRow(from, shapes);
  }
  deriveMatrix();
}

/** A state from row `from` of A. */
export function drawNext(from: i32): i32 {
  const row = entry(runningSums, from, 0);
  const target = drawUniform() * load<f64>(row + ((<usize>(states - 1)) << 3));
  let state = 0;
  while (state < states - 1 && target >= load<f64>(row + ((<usize>state) << 3))) state++;
  return state;
}

/**
 * Logarithm of the probability given A of all states whose transitions are counted, and of the prior density of the logarithms of A, up
 * to constants.
 */
export function logStatesPrior(): f64 {
  let sum: f64 = 0;
  for (let from = 0; from < states; from++) {
    for (let to = 0; to < states; to++) {
      const count = <f64>load<i32>(transitions + ((<usize>(from * states + to)) << 2));
      sum += (count + load<f64>(entry(transitionPrior, from, to))) * load<f64>(entry(logMatrix, from, to));
    }
  }
  return sum;
}
