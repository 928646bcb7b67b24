// The states of the adaptive prior given the counts of the tree, fractions integrated out: one upward and one downward pass draw
// those of the whole tree at once (Crouse, Nowak & Baraniuk 1998, section V):
//
//     up    B[node](k) = DM_k(counts of its children) prod over children M[child](k),    M[node](a) = sum_k A[a, k] B[node](k)
//     down  state of the root ~ B,    state of a node below one in state a ~ A[a, k] B[node](k)
//
// A node of one count or none has M = 1 whatever is below it: it is left out of both passes, so that empty parts of the image cost
// nothing. With the states of these nodes integrated out, row a of A is Dirichlet(e[a] + transitions into all others). Only
// then are they drawn from A down the tree, which makes states and A one draw from their joint conditional.

import {
  addChildLogs,
  beginLogs,
  FEW,
  kindOf,
  probabilitiesOfFew,
  states,
  stride,
  uninformative,
} from "./adaptive-prior";
import { allocate } from "./memory";
import { drawIndex, drawLogGammas, drawUniform } from "./random";
import { runsOf } from "./runs";
import { exp, expPair, log } from "./special";
import { colsOf, countsOf, levels, rowsOf } from "./tree";

/** Smallest entry of A: no message becomes 0, and no state is out of reach. */
const LEAST: f64 = 1e-60;

/** u8: state of every node of level 1, then level 2, ... */
let nodeStates: usize = 0;
/** f64 `[nodes, states]`: B of the nodes visited, in the order of the visits. */
let messages: usize = 0;
let reserved: usize = 0;
let next: usize = 0;
const message = memory.data(8 * 32, 16);
/** Address of the message of the node last collected. */
let sent: usize = 0;
/**
 * Nodes of level 1 whose four children have at most 3 counts each are many and alike: f64 `[256, 2, states]`, B and message of each
 * such pattern of counts, f64 `[256]`, its part of the log evidence, and i32 `[256]`, the number of the A that they belong to.
 */
let patterns: usize = 0;
const patternEvidence = memory.data(8 * 256, 16);
const patternMatrix = memory.data(4 * 256, 16);
let matrixNumber: i32 = 0;
/** f64 `[a, k]`: A, where the host keeps it; its rows' running sums; its transpose; its logarithms. */
let matrix: usize = 0;
const runningSums = memory.data(8 * 32 * 32, 16);
const columns = memory.data(8 * 32 * 32, 16);
const logMatrix = memory.data(8 * 32 * 32, 16);
const transitionPrior = memory.data(8 * 32 * 32, 16);
/** i32 `[a, k]`: transitions into informative nodes, then into all. */
const transitions = memory.data(4 * 32 * 32, 16);
const shapes = memory.data(8 * 32, 16);

/** Whether the states of all nodes are those of the image: drawn with it, or taken from a saved chain. */
export let statesKnown: bool = false;
/** Logarithm of the probability of the counts given A, states and fractions integrated out; see `collectStates`. */
export let logEvidence: f64 = 0;

function entry(table: usize, from: i32, to: i32): usize {
  return table + ((<usize>(from * states + to)) << 3);
}

/** Address of f64 `[states, states]`: Dirichlet parameters e of the rows of A; the host fills it. */
export function transitionPriorArray(): usize {
  return transitionPrior;
}

/** Address of the u8 states of level `level` >= 1. */
export function statesOf(level: i32): usize {
  return nodeStates + (<usize>(countsOf(level) - countsOf(1)) >> 2);
}

/** State of node (row, col) of level `level` >= 1. */
export function stateAt(level: i32, row: i32, col: i32): i32 {
  return load<u8>(statesOf(level) + <usize>(row * colsOf(level) + col));
}

/** Number of nodes above the image. */
export function nodesAbove(): i32 {
  return levels === 0 ? 0 : <i32>((countsOf(levels) - countsOf(1)) >> 2) + 1;
}

/**
 * Reserve the states of all nodes; false when memory is refused.
 *
 * @param transitionMatrix f64 `[states, states]` of the chain's state, where A is kept
 */
export function layOutStates(transitionMatrix: usize): bool {
  matrix = transitionMatrix;
  const nodes = <usize>max(1, nodesAbove());
  nodeStates = allocate(nodes);
  patterns = allocate(512 * stride);
  return nodeStates !== 0 && patterns !== 0;
}

/** Most nodes that can be informative when the image holds so many counts. */
function mostMessages(counts: i32): usize {
  let most: usize = 1;
  for (let level = 1; level <= levels; level++) {
    most += <usize>min(rowsOf(level) * colsOf(level), counts / (uninformative + 1));
  }
  return most;
}

/**
 * Reserve messages for images of so many counts, and for twice as many where that is not enough; false when memory is refused. The few
 * photons of a dark sky need few, however many nodes it has.
 */
export function reserveMessages(counts: i32): bool {
  if (mostMessages(counts) <= reserved) return true;
  reserved = mostMessages(min(counts, i32.MAX_VALUE >> 1) * 2);
  messages = allocate(reserved * stride);
  if (messages === 0) reserved = 0;
  return messages !== 0;
}

/** Begin at the mean of A under its prior, and at the middle state everywhere. */
export function startStates(): void {
  for (let from = 0; from < states; from++) {
    let sum: f64 = 0;
    for (let to = 0; to < states; to++) sum += load<f64>(entry(transitionPrior, from, to));
    for (let to = 0; to < states; to++) {
      store<f64>(entry(matrix, from, to), load<f64>(entry(transitionPrior, from, to)) / sum);
    }
  }
  restoreStates(false);
  memory.fill(nodeStates, <u8>(states >> 1), <usize>nodesAbove());
  countTransitions();
}

/** Go on from an A that the host has set, and from states if it has set those too. */
export function restoreStates(withStates: bool): void {
  statesKnown = withStates;
  deriveMatrix();
}

/** Derive what the passes need from A. */
function deriveMatrix(): void {
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

/** `out` = A B. */
function send(from: usize, out: usize): void {
  sent = out;
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

/** As `collect` for a node of level 1 with four children of at most 3 counts each. */
function collectPattern(out: usize, upperLeft: i32, upperRight: i32, lowerLeft: i32, lowerRight: i32): void {
  const pattern = <usize>(upperLeft | (upperRight << 2) | (lowerLeft << 4) | (lowerRight << 6));
  const own = patterns + 2 * pattern * stride;
  if (load<i32>(patternMatrix + (pattern << 2)) !== matrixNumber) {
    store<i32>(patternMatrix + (pattern << 2), matrixNumber);
    probabilitiesOfFew(own, 0, upperLeft, upperRight, lowerLeft, lowerRight);
    store<f64>(patternEvidence + (pattern << 3), log(normalise(own)));
    send(own, own + stride);
  }
  sent = own + stride;
  for (let at: usize = 0; at < stride; at += 16) v128.store(out + at, v128.load(own + at));
  logEvidence += load<f64>(patternEvidence + (pattern << 3));
}

/** Divide B by its largest element, and return that. */
function normalise(out: usize): f64 {
  // The spare element of an odd number of states is 0.
  let largests = v128.load(out);
  for (let at: usize = 16; at < stride; at += 16) largests = f64x2.pmax(largests, v128.load(out + at));
  const largest = max(f64x2.extract_lane(largests, 0), f64x2.extract_lane(largests, 1));
  const scale = f64x2.splat(1 / largest);
  for (let at: usize = 0; at < stride; at += 16) {
    v128.store(out + at, f64x2.mul(v128.load(out + at), scale));
  }
  return largest;
}

/** Collect B of a node and of all informative nodes below it; leaves the address of the node's message in `sent`. */
function collect(level: i32, row: i32, col: i32, measured: bool): void {
  const out = next;
  next += stride;
  const below = level - 1;
  const cols = colsOf(below);
  const top = 2 * row;
  const left = 2 * col;
  const isTall = top + 1 < rowsOf(below);
  const isWide = left + 1 < cols;
  const kind = kindOf(isTall, isWide);
  const upper = countsOf(below) + ((<usize>(top * cols + left)) << 2);
  const lower = upper + ((<usize>cols) << 2);
  const upperLeft = load<i32>(upper);
  const upperRight = isWide ? load<i32>(upper, 4) : 0;
  const lowerLeft = isTall ? load<i32>(lower) : 0;
  const lowerRight = isTall && isWide ? load<i32>(lower, 4) : 0;
  if (below === 0 && kind === 0 && (upperLeft | upperRight | lowerLeft | lowerRight) < 4) {
    collectPattern(out, upperLeft, upperRight, lowerLeft, lowerRight);
    return;
  }
  const count = upperLeft + upperRight + lowerLeft + lowerRight;
  if (count <= FEW) {
    probabilitiesOfFew(out, kind, upperLeft, upperRight, lowerLeft, lowerRight);
  } else {
    beginLogs(out, kind, count);
    if (kind !== 3) {
      addChildLogs(out, 0, upperLeft);
      addChildLogs(out, 1, upperRight);
      addChildLogs(out, 2, lowerLeft);
      addChildLogs(out, 3, lowerRight);
    }
    let largest: f64 = -Infinity;
    for (let state = 0; state < states; state++) {
      largest = max(largest, load<f64>(out + ((<usize>state) << 3)));
    }
    const largests = f64x2.splat(largest);
    for (let at: usize = 0; at < stride; at += 16) {
      v128.store(out + at, expPair(f64x2.sub(v128.load(out + at), largests)));
    }
    if (states & 1) store<f64>(out + stride - 8, 0);
    if (measured) logEvidence += largest;
  }
  if (below > 0) {
    if (upperLeft > uninformative) join(out, below, top, left, measured);
    else if (measured) addEmpty(below, top, left, upperLeft);
    if (isWide) {
      if (upperRight > uninformative) join(out, below, top, left + 1, measured);
      else if (measured) addEmpty(below, top, left + 1, upperRight);
    }
    if (isTall) {
      if (lowerLeft > uninformative) join(out, below, top + 1, left, measured);
      else if (measured) addEmpty(below, top + 1, left, lowerLeft);
      if (isWide) {
        if (lowerRight > uninformative) join(out, below, top + 1, left + 1, measured);
        else if (measured) addEmpty(below, top + 1, left + 1, lowerRight);
      }
    }
  }
  const largest = normalise(out);
  if (measured) logEvidence += log(largest);
  send(out, message);
}

/** Multiply B of a node by the message of a child. */
function join(out: usize, level: i32, row: i32, col: i32, measured: bool): void {
  collect(level, row, col, measured);
  for (let at: usize = 0; at < stride; at += 16) {
    v128.store(out + at, f64x2.mul(v128.load(out + at), v128.load(sent + at)));
  }
}

/** Evidence of a node of a single count: at each level down it falls into one of the children, all equally likely. */
function addEmpty(level: i32, row: i32, col: i32, count: i32): void {
  if (count === 0) return;
  for (let below = level - 1; below >= 0; below--) {
    const cols = colsOf(below);
    const top = 2 * row;
    const left = 2 * col;
    const isTall = top + 1 < rowsOf(below);
    const isWide = left + 1 < cols;
    if (isTall) logEvidence -= Math.LN2;
    if (isWide) logEvidence -= Math.LN2;
    const counts = countsOf(below);
    row = isTall && rowHolds(counts, top + 1, left, isWide, cols) ? top + 1 : top;
    col = isWide && load<i32>(counts + ((<usize>(row * cols + left + 1)) << 2)) > 0 ? left + 1 : left;
  }
}

function rowHolds(counts: usize, row: i32, left: i32, isWide: bool, cols: i32): bool {
  const at = counts + ((<usize>(row * cols + left)) << 2);
  return load<i32>(at) > 0 || (isWide && load<i32>(at, 4) > 0);
}

/** Whether the whole image says nothing of any state. */
function isUninformative(): bool {
  return levels === 0 || load<i32>(countsOf(levels)) <= uninformative;
}

/**
 * The upward pass over the counts of the tree.
 *
 * @param measured find `logEvidence` too, up to a constant that does not depend on where the counts lie
 * @returns false when memory for its messages is refused
 */
export function collectStates(measured: bool): bool {
  logEvidence = 0;
  if (isUninformative()) {
    if (measured && levels > 0) addEmpty(levels, 0, 0, load<i32>(countsOf(levels)));
    return true;
  }
  if (!reserveMessages(load<i32>(countsOf(levels)))) return false;
  next = messages;
  const root = next;
  collect(levels, 0, 0, measured);
  if (measured) {
    let sum: f64 = 0;
    for (let state = 0; state < states; state++) sum += load<f64>(root + ((<usize>state) << 3));
    logEvidence += log(sum / <f64>states);
  }
  return true;
}

/** Draw the states of a node and of all informative nodes below it, in the order of `collect`. */
function settle(level: i32, row: i32, col: i32, from: i32): void {
  const here = next;
  next += stride;
  const weights = from < 0 ? 0 : matrix + ((<usize>(from * states)) << 3);
  let sum: f64 = 0;
  for (let state = 0; state < states; state++) {
    const at = (<usize>state) << 3;
    sum += from < 0 ? load<f64>(here + at) : load<f64>(here + at) * load<f64>(weights + at);
    store<f64>(message + at, sum);
  }
  const target = drawUniform() * sum;
  let state = 0;
  for (let at: usize = 0; at < (<usize>(states - 1)) << 3; at += 8) {
    state += i32(target >= load<f64>(message + at));
  }
  store<u8>(statesOf(level) + <usize>(row * colsOf(level) + col), <u8>state);
  if (from >= 0) addTransition(from, state);
  const below = level - 1;
  if (below === 0) return;
  const rows = rowsOf(below);
  const cols = colsOf(below);
  for (let childRow = 2 * row; childRow < min(rows, 2 * row + 2); childRow++) {
    for (let childCol = 2 * col; childCol < min(cols, 2 * col + 2); childCol++) {
      const count = load<i32>(countsOf(below) + ((<usize>(childRow * cols + childCol)) << 2));
      if (count > uninformative) settle(below, childRow, childCol, state);
    }
  }
}

/** A[from, to]. */
export function transition(from: i32, to: i32): f64 {
  return load<f64>(entry(matrix, from, to));
}

function addTransition(from: i32, to: i32): void {
  const at = transitions + ((<usize>(from * states + to)) << 2);
  store<i32>(at, load<i32>(at) + 1);
}

/** Rows of A from Dirichlet(e + transitions), as normalised logarithms of gamma draws. */
function drawTransitionMatrix(): void {
  for (let from = 0; from < states; from++) {
    for (let to = 0; to < states; to++) {
      const count = <f64>load<i32>(transitions + ((<usize>(from * states + to)) << 2));
      store<f64>(shapes + ((<usize>to) << 3), load<f64>(entry(transitionPrior, from, to)) + count);
    }
    drawLogGammas(shapes, shapes, states);
    let largest: f64 = -Infinity;
    for (let to = 0; to < states; to++) largest = max(largest, load<f64>(shapes + ((<usize>to) << 3)));
    let sum: f64 = 0;
    for (let to = 0; to < states; to++) {
      const value = exp(load<f64>(shapes + ((<usize>to) << 3)) - largest);
      store<f64>(shapes + ((<usize>to) << 3), value);
      sum += value;
    }
    for (let to = 0; to < states; to++) {
      store<f64>(entry(matrix, from, to), max(LEAST, load<f64>(shapes + ((<usize>to) << 3)) / sum));
    }
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

/** Draw the states of all nodes that say nothing of theirs, down the tree; those of dark nodes are left out. */
function drawUninformative(): void {
  if (isUninformative()) store<u8>(statesOf(levels), <u8>drawIndex(states));
  for (let level = levels - 1; level > 0; level--) {
    const cols = colsOf(level);
    for (let row = 0; row < rowsOf(level); row++) {
      const counts = countsOf(level) + ((<usize>(row * cols)) << 2);
      const line = statesOf(level) + <usize>(row * cols);
      const parents = statesOf(level + 1) + <usize>((row >> 1) * colsOf(level + 1));
      for (let run = runsOf(level, row); load<i32>(run) >= 0; run += 8) {
        for (let col = load<i32>(run); col < load<i32>(run, 4); col++) {
          if (load<i32>(counts + ((<usize>col) << 2)) > uninformative) continue;
          store<u8>(line + <usize>col, <u8>drawNext(load<u8>(parents + <usize>(col >> 1))));
        }
      }
    }
  }
}

/** Draw all states and A given the counts of the tree, after `collectStates`. */
export function drawStates(): void {
  if (levels === 0) return;
  memory.fill(transitions, 0, (<usize>(states * states)) << 2);
  if (!isUninformative()) {
    next = messages;
    settle(levels, 0, 0, -1);
  }
  drawTransitionMatrix();
  drawUninformative();
  statesKnown = true;
  countTransitions();
}

/** Count the transitions of all nodes that are not dark. */
export function countTransitions(): void {
  memory.fill(transitions, 0, (<usize>(states * states)) << 2);
  for (let level = levels - 1; level > 0; level--) {
    for (let row = 0; row < rowsOf(level); row++) {
      const line = statesOf(level) + <usize>(row * colsOf(level));
      const parents = statesOf(level + 1) + <usize>((row >> 1) * colsOf(level + 1));
      for (let run = runsOf(level, row); load<i32>(run) >= 0; run += 8) {
        for (let col = load<i32>(run); col < load<i32>(run, 4); col++) {
          addTransition(load<u8>(parents + <usize>(col >> 1)), load<u8>(line + <usize>col));
        }
      }
    }
  }
}

/** Logarithm of the probability of all states that are not dark given A, and of the prior density of the logarithms of A, up to constants. */
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
