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
import { drawIndex, drawUniform } from "./random";
import { runsOf } from "./runs";
import { expPair, log } from "./special";
import {
  addTransition,
  clearTransitions,
  deriveMatrix,
  drawNext,
  drawTransitionMatrix,
  layOutMatrix,
  matrixNumber,
  multiply,
  rowOf,
  startMatrix,
} from "./transition-matrix";
import { colsOf, countsOf, levels, rowsOf } from "./tree";

/** u8: state of every node of level 1, then level 2, ... */
let nodeStates: usize = 0;
/** f64 `[nodes, states]`: B of the nodes visited, each before those below it, row by row. */
export let messages: usize = 0;
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
/** Whether the states of all nodes are those of the image: drawn with it, or taken from a saved chain. */
export let statesKnown: bool = false;
/** Logarithm of the probability of the counts given A, states and fractions integrated out; see `collectStates`. */
export let logEvidence: f64 = 0;

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
  layOutMatrix(transitionMatrix);
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
  startMatrix();
  restoreStates(false);
  memory.fill(nodeStates, <u8>(states >> 1), <usize>nodesAbove());
  countTransitions();
}

/** Go on from an A that the host has set, and from states if it has set those too. */
export function restoreStates(withStates: bool): void {
  statesKnown = withStates;
  deriveMatrix();
}

/** Address of B and message of a pattern. */
export function patternAt(pattern: i32): usize {
  return patterns + 2 * <usize>pattern * stride;
}

/** Pattern of a node of level 1 with four children, by their counts; -1 when one has more than 3. */
function patternOf(upperLeft: i32, upperRight: i32, lowerLeft: i32, lowerRight: i32): i32 {
  if ((upperLeft | upperRight | lowerLeft | lowerRight) > 3) return -1;
  return upperLeft | (upperRight << 2) | (lowerLeft << 4) | (lowerRight << 6);
}

/** Pattern of a node of level 1; -1 when it has none. */
export function patternOfNode(row: i32, col: i32): i32 {
  const cols = colsOf(0);
  const top = 2 * row;
  const left = 2 * col;
  if (top + 1 >= rowsOf(0) || left + 1 >= cols) return -1;
  const upper = countsOf(0) + ((<usize>(top * cols + left)) << 2);
  const lower = upper + ((<usize>cols) << 2);
  return patternOf(load<i32>(upper), load<i32>(upper, 4), load<i32>(lower), load<i32>(lower, 4));
}

/** As `collect` for a node of level 1 with a pattern. */
function collectPattern(out: usize, pattern: i32): void {
  const own = patternAt(pattern);
  const upperLeft = pattern & 3;
  const upperRight = (pattern >> 2) & 3;
  const lowerLeft = (pattern >> 4) & 3;
  const lowerRight = pattern >> 6;
  if (load<i32>(patternMatrix + ((<usize>pattern) << 2)) !== matrixNumber) {
    store<i32>(patternMatrix + ((<usize>pattern) << 2), matrixNumber);
    probabilitiesOfFew(own, 0, upperLeft, upperRight, lowerLeft, lowerRight);
    store<f64>(patternEvidence + ((<usize>pattern) << 3), log(normalise(own)));
    multiply(own, own + stride);
  }
  sent = own + stride;
  for (let at: usize = 0; at < stride; at += 16) v128.store(out + at, v128.load(own + at));
  logEvidence += load<f64>(patternEvidence + ((<usize>pattern) << 3));
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
  if (below === 0 && kind === 0) {
    const pattern = patternOf(upperLeft, upperRight, lowerLeft, lowerRight);
    if (pattern >= 0) {
      collectPattern(out, pattern);
      return;
    }
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
  multiply(out, message);
  sent = message;
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

/** Whether a node says something of its state or of those below it: both passes visit it. */
export function isInformative(level: i32, row: i32, col: i32): bool {
  return load<i32>(countsOf(level) + ((<usize>(row * colsOf(level) + col)) << 2)) > uninformative;
}

/** Whether the whole image says nothing of any state. */
export function isUninformative(): bool {
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
  const weights = from < 0 ? 0 : rowOf(from);
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
      if (isInformative(below, childRow, childCol)) settle(below, childRow, childCol, state);
    }
  }
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
  clearTransitions();
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
  clearTransitions();
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
