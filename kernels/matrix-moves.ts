// Moves of the transition matrix A given the counts of the tree, with the states of all nodes integrated out.
//
// States between which few counts cannot tell (alpha 20 and 60 of a smooth sky) trade places slowly when A is drawn from states, and
// these from A. A Hamiltonian move (Neal 2011, Handbook of Markov Chain Monte Carlo, chapter 5) follows the gradient of the log evidence
// through all of A at once.
//
// A row of A is w / sum w with w = exp(theta); log sum w, of which nothing depends, is Normal(0, 1) and drawn anew for each move. With n the
// expected transitions (expected-transitions.ts),
//
//     log density = sum e log A - (log sum w)^2 / 2 + log evidence(A)
//     gradient[a, k] = e[a, k] + n[a, k] - A[a, k] (sum e[a] + sum n[a] + log sum w[a])
//
// The masses of theta must not depend on A: they come from the e + n that a few steps of expectation and maximisation reach from the prior's
// mean, a function of the counts alone, and are spread over the row, because entries of next to nothing may grow on the way.

import { states } from "./adaptive-prior";
import { expectedTransitions, expectTransitions } from "./expected-transitions";
import { list, listEnd, listNodes } from "./informative-nodes";
import { drawIndex, drawNormal, drawUniform } from "./random";
import { exp, log } from "./special";
import { logEvidence, passUp } from "./states";
import { deriveMatrix, priorOf, rowOf, setRow, startMatrix, transition } from "./transition-matrix";

/** Steps of a move: uniform from 1 to this. */
const MOST_STEPS: i32 = 24;
/** Longest step, and the least part of it; the logarithm is uniform. */
const LONGEST: f64 = 1.2;
const SHORTEST: f64 = 0.37;
/** Steps of expectation and maximisation towards the masses, part of a row's mean in all its masses, and the least mass. */
const ROUNDS: i32 = 2;
const SPREAD: f64 = 0.1;
const LEAST: f64 = 0.5;

const theta = memory.data(8 * 32 * 32, 16);
const momentum = memory.data(8 * 32 * 32, 16);
const mass = memory.data(8 * 32 * 32, 16);
const gradient = memory.data(8 * 32 * 32, 16);
/** A before the move. */
const before = memory.data(8 * 32 * 32, 16);
const weights = memory.data(8 * 32, 16);
const logSums = memory.data(8 * 32, 16);

/** Moves accepted, and tried, since the chain began. */
export let matrixMovesAccepted: f64 = 0;
export let matrixMovesTried: f64 = 0;

function rowIn(table: usize, from: i32): usize {
  return table + ((<usize>(from * states)) << 3);
}

/**
 * Set A to what theta says, and find the gradient; the log density, up to a constant.
 *
 * @param measured whether the log evidence, which no step on the way needs, is part of it
 */
function evaluate(measured: bool): f64 {
  let density: f64 = 0;
  for (let from = 0; from < states; from++) {
    const row = rowIn(theta, from);
    let sum: f64 = 0;
    for (let at: usize = 0; at < (<usize>states) << 3; at += 8) {
      const weight = exp(load<f64>(row + at));
      store<f64>(weights + at, weight);
      sum += weight;
    }
    setRow(from, weights);
    const logSum = log(sum);
    density -= 0.5 * logSum * logSum;
    for (let to = 0; to < states; to++)
      density += priorOf(from, to) * (load<f64>(row + ((<usize>to) << 3)) - logSum);
    store<f64>(logSums + ((<usize>from) << 3), logSum);
  }
  deriveMatrix();
  passUp(measured);
  expectTransitions();
  for (let from = 0; from < states; from++) {
    let all: f64 = load<f64>(logSums + ((<usize>from) << 3));
    for (let to = 0; to < states; to++) all += priorOf(from, to) + expectedTransitions(from, to);
    for (let to = 0; to < states; to++) {
      const value = priorOf(from, to) + expectedTransitions(from, to) - all * transition(from, to);
      store<f64>(rowIn(gradient, from) + ((<usize>to) << 3), value);
    }
  }
  return measured ? density + logEvidence : density;
}

/** Find the masses. */
function weigh(): void {
  startMatrix();
  for (let round = 0; round < ROUNDS; round++) {
    deriveMatrix();
    passUp(false);
    expectTransitions();
    for (let from = 0; from < states; from++) {
      const row = rowIn(mass, from);
      for (let to = 0; to < states; to++) {
        store<f64>(row + ((<usize>to) << 3), priorOf(from, to) + expectedTransitions(from, to));
      }
      setRow(from, row);
    }
  }
  for (let from = 0; from < states; from++) {
    const row = rowIn(mass, from);
    let mean: f64 = 0;
    for (let at: usize = 0; at < (<usize>states) << 3; at += 8) mean += load<f64>(row + at);
    mean /= <f64>states;
    for (let at: usize = 0; at < (<usize>states) << 3; at += 8)
      store<f64>(row + at, load<f64>(row + at) + SPREAD * mean + LEAST);
  }
}

/** Draw the sums of the rows, and theta with them. */
function drawTheta(): void {
  for (let from = 0; from < states; from++) {
    const logSum = drawNormal();
    for (let to = 0; to < states; to++) {
      const at = (<usize>to) << 3;
      store<f64>(rowIn(theta, from) + at, logSum + log(load<f64>(rowIn(before, from) + at)));
    }
  }
}

/** Draw momenta ~ Normal(0, mass). */
function drawMomentum(): void {
  for (let at: usize = 0; at < (<usize>(states * states)) << 3; at += 8) {
    store<f64>(momentum + at, drawNormal() * sqrt(load<f64>(mass + at)));
  }
}

function kineticEnergy(): f64 {
  let sum: f64 = 0;
  for (let at: usize = 0; at < (<usize>(states * states)) << 3; at += 8) {
    const value = load<f64>(momentum + at);
    sum += (0.5 * value * value) / load<f64>(mass + at);
  }
  return sum;
}

function push(step: f64): void {
  for (let at: usize = 0; at < (<usize>(states * states)) << 3; at += 8) {
    store<f64>(momentum + at, load<f64>(momentum + at) + step * load<f64>(gradient + at));
  }
}

function drift(step: f64): void {
  for (let at: usize = 0; at < (<usize>(states * states)) << 3; at += 8) {
    const speed = load<f64>(momentum + at) / load<f64>(mass + at);
    store<f64>(theta + at, load<f64>(theta + at) + step * speed);
  }
}

/**
 * Move A, given the counts of the tree; the pass up the tree is still to be made.
 *
 * @returns false when memory is refused
 */
export function moveMatrix(): bool {
  if (!listNodes(false)) return false;
  if (list === listEnd) return true;
  memory.copy(before, rowOf(0), (<usize>(states * states)) << 3);
  weigh();
  drawTheta();
  drawMomentum();
  let density = evaluate(true);
  const start = density - kineticEnergy();
  const step = LONGEST * exp(drawUniform() * log(SHORTEST));
  const steps = 1 + drawIndex(MOST_STEPS);
  for (let taken = 0; taken < steps && isFinite(density); taken++) {
    push(0.5 * step);
    drift(step);
    density = evaluate(taken === steps - 1);
    push(0.5 * step);
  }
  matrixMovesTried++;
  if (log(drawUniform()) < density - kineticEnergy() - start) {
    matrixMovesAccepted++;
    return true;
  }
  for (let from = 0; from < states; from++) setRow(from, rowIn(before, from));
  deriveMatrix();
  return true;
}
