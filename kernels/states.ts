// The states of the adaptive prior given the counts of the tree, fractions integrated out: one upward and one downward pass draw
// those of the whole tree at once (Crouse, Nowak & Baraniuk 1998, section V):
//
//     up    B[node](k) = DM_k(counts of its children) prod over children M[child](k),    M[node](a) = sum_k A[a, k] B[node](k)
//     down  state of the root ~ B,    state of a node below one in state a ~ A[a, k] B[node](k)
//
// A node of one count or none has M = 1 whatever is below it: it is left out of both passes, so that empty parts of the image cost
// nothing. With the states of these nodes integrated out, row a of A is Dirichlet(e[a] + transitions into all others). Only
// then are they drawn from A down the tree, which makes states and A one draw from their joint conditional.

import { probabilitiesOfFew, states, stride, uninformative } from "./adaptive-prior";
import {
  beginMessages,
  InformativeNode,
  layOutMessages,
  list,
  listEnd,
  listedEvidence,
  listNodes,
  NODE_BYTES,
  PATTERN,
  patternAt,
} from "./informative-nodes";
import { allocate } from "./memory";
import { drawIndex, drawUniform } from "./random";
import { runsOf } from "./runs";
import { log } from "./special";
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
/** Whether the states of all nodes are those of the image: drawn with it, or taken from a saved chain. */
export let statesKnown: bool = false;
/** Logarithm of the probability of the counts given A, states and fractions integrated out; see `collectStates`. */
export let logEvidence: f64 = 0;
/** i32 `[256]`: number of the A that B and message of a pattern belong to; f64 `[256]`: its part of the log evidence. */
const patternMatrix = memory.data(4 * 256, 16);
const patternEvidence = memory.data(8 * 256, 16);
/** Running sums of the weights of a state. */
const sums = memory.data(8 * 32, 16);

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
  nodeStates = allocate(<usize>max(1, nodesAbove()));
  return nodeStates !== 0 && layOutMessages();
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

/** Multiply B of a node by the message of a child. */
function join(own: usize, sent: usize): void {
  for (let at: usize = 0; at < stride; at += 16) {
    v128.store(own + at, f64x2.mul(v128.load(own + at), v128.load(sent + at)));
  }
}

/** Find B and message of a pattern under the present A; its part of the log evidence. */
function collectPattern(pattern: i32): f64 {
  const number = patternMatrix + ((<usize>pattern) << 2);
  const evidence = patternEvidence + ((<usize>pattern) << 3);
  if (load<i32>(number) !== matrixNumber) {
    store<i32>(number, matrixNumber);
    const own = patternAt(pattern);
    probabilitiesOfFew(own, 0, pattern & 3, (pattern >> 2) & 3, (pattern >> 4) & 3, pattern >> 6);
    store<f64>(evidence, log(normalise(own)));
    multiply(own, own + stride);
  }
  return load<f64>(evidence);
}

/** The upward pass over the nodes that `collectStates` listed, which may be made again for another A. */
export function passUp(measured: bool): void {
  beginMessages();
  logEvidence = listedEvidence;
  for (let end = listEnd; end > list; end -= NODE_BYTES) {
    const node = changetype<InformativeNode>(end - NODE_BYTES);
    const own = node.own;
    if (node.kind === PATTERN) {
      logEvidence += collectPattern(node.detail);
    } else {
      const largest = normalise(own);
      if (measured) logEvidence += log(largest);
      multiply(own, own + stride);
    }
    if (node.parent !== 0) join(changetype<InformativeNode>(node.parent).own, own + stride);
  }
  if (!measured || listEnd === list) return;
  const root = changetype<InformativeNode>(list).own;
  let sum: f64 = 0;
  for (let state = 0; state < states; state++) sum += load<f64>(root + ((<usize>state) << 3));
  logEvidence += log(sum / <f64>states);
}

/**
 * List the informative nodes of the counts of the tree, and pass up.
 *
 * @param measured find `logEvidence` too, up to a constant that does not depend on where the counts lie
 * @returns false when memory for the list is refused
 */
export function collectStates(measured: bool): bool {
  if (!listNodes(measured)) return false;
  passUp(measured);
  return true;
}

function stateOf(node: InformativeNode): i32 {
  return load<u8>(nodeStates + node.number);
}

/** Draw the states of all informative nodes, each after its parent. */
function drawInformative(): void {
  for (let address = list; address < listEnd; address += NODE_BYTES) {
    const node = changetype<InformativeNode>(address);
    const from = node.parent === 0 ? -1 : stateOf(changetype<InformativeNode>(node.parent));
    const weights = from < 0 ? 0 : rowOf(from);
    let sum: f64 = 0;
    for (let state = 0; state < states; state++) {
      const at = (<usize>state) << 3;
      sum += from < 0 ? load<f64>(node.own + at) : load<f64>(node.own + at) * load<f64>(weights + at);
      store<f64>(sums + at, sum);
    }
    const target = drawUniform() * sum;
    let state = 0;
    for (let at: usize = 0; at < (<usize>(states - 1)) << 3; at += 8) {
      state += i32(target >= load<f64>(sums + at));
    }
    store<u8>(nodeStates + node.number, <u8>state);
    if (from >= 0) addTransition(from, state);
  }
}

/** Draw the states of all nodes that say nothing of theirs, down the tree; those of dark nodes are left out. */
function drawUninformative(): void {
  if (list === listEnd) store<u8>(statesOf(levels), <u8>drawIndex(states));
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
  drawInformative();
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
