// The nodes of the tree that say something of their states, listed for the passes of states.ts and expected-transitions.ts.
//
// A node of one count or none has the message 1 whatever is below it, and so has all that is below: only the others are listed, each before
// those below it. What a pass needs of their counts does not depend on the transition matrix, and one list serves passes under several.

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
import { expPair } from "./special";
import { colsOf, countsOf, levels, rowsOf } from "./tree";

/** Kind of a node of four pixels with at most 3 counts each. There are many, and 256 at most differ: they share B and message. */
export const PATTERN: i32 = 4;
/** Kind of a node of more than FEW counts: its probabilities take logarithms, and are kept. */
const MANY: i32 = 5;

/** An informative node. */
@unmanaged
export class InformativeNode {
  /** Address of its parent; 0 of the root. */
  parent: usize;
  /** Address of f64 `[2, states]`: B and message. */
  own: usize;
  /** Its number among all nodes, those of level 1 first. */
  number: usize;
  level: i32;
  /** PATTERN, MANY, or which children there are (`kindOf`). */
  kind: i32;
  /** The pattern; the address of the probabilities of many counts; or the counts of four children, 7 bits each. */
  detail: i32;
}

/** Bytes of a node in the list. */
export const NODE_BYTES: usize = offsetof<InformativeNode>();

/** The list, the root first, and its end. */
export let list: usize = 0;
export let listEnd: usize = 0;
/** What the nodes' counts add to the logarithm of the evidence whatever A is; see `listNodes`. */
export let listedEvidence: f64 = 0;
/** Bytes reserved for the list. */
let room: usize = 0;
/** Bytes of a chunk, which begins with the address of the next one. */
const CHUNK: usize = 1 << 16;
/** First chunk of B, messages and what is kept of nodes of many counts, the present one, and what is free in it. */
let firstChunk: usize = 0;
let chunk: usize = 0;
let free: usize = 0;
/** Whether memory for a chunk was refused. */
let refused: bool = false;
/** f64 `[256, 2, states]`: B and message of each pattern. */
let patterns: usize = 0;

/** Reserve B and messages of patterns, and a first chunk for those of others; false when memory is refused. */
export function layOutMessages(): bool {
  patterns = allocate(512 * stride);
  firstChunk = allocate(CHUNK);
  return patterns !== 0 && firstChunk !== 0;
}

/** Address of B and message of a pattern. */
export function patternAt(pattern: i32): usize {
  return patterns + 2 * <usize>pattern * stride;
}

/** Most nodes that can be informative when the image holds so many counts. */
function mostNodes(counts: i32): usize {
  let most: usize = 1;
  for (let level = 1; level <= levels; level++) {
    most += <usize>min(rowsOf(level) * colsOf(level), counts / (uninformative + 1));
  }
  return most;
}

/**
 * Reserve the list for images of so many counts, and for twice as many where that is not enough; false when memory is refused. The few
 * photons of a dark sky need few nodes, however many there are.
 */
export function reserveList(counts: i32): bool {
  if (mostNodes(counts) * NODE_BYTES <= room) return true;
  room = mostNodes(min(counts, i32.MAX_VALUE >> 1) * 2) * NODE_BYTES;
  list = allocate(room);
  listEnd = list;
  if (list === 0) room = 0;
  return list !== 0;
}

/** Begin at a chunk. */
function open(next: usize): void {
  chunk = next;
  free = next + 16;
}

/** Room for so many rows of f64 `[states]`: a chunk that is full is followed by the next of an earlier list, or by a new one. */
function takeRows(rows: usize): usize {
  const bytes = rows * stride;
  if (free + bytes > chunk + CHUNK) {
    let next = load<usize>(chunk);
    if (next === 0) {
      next = allocate(CHUNK);
      store<usize>(chunk, next);
    }
    // What is then written over is of no use without the rest.
    if (next === 0) refused = true;
    open(next === 0 ? chunk : next);
  }
  const taken = free;
  free += bytes;
  return taken;
}

/** Probabilities of many counts in every state, divided by the largest; returns the logarithm of that. */
function probabilitiesOfMany(
  out: usize,
  kind: i32,
  upperLeft: i32,
  upperRight: i32,
  lowerLeft: i32,
  lowerRight: i32,
): f64 {
  beginLogs(out, kind, upperLeft + upperRight + lowerLeft + lowerRight);
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
  return largest;
}

/** List a node and all informative nodes below it. */
function listFrom(level: i32, row: i32, col: i32, parent: usize, measured: bool): void {
  const at = listEnd;
  listEnd += NODE_BYTES;
  const node = changetype<InformativeNode>(at);
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
  node.parent = parent;
  node.number = ((countsOf(level) - countsOf(1)) >> 2) + <usize>(row * colsOf(level) + col);
  node.level = level;
  if (below === 0 && kind === 0 && (upperLeft | upperRight | lowerLeft | lowerRight) <= 3) {
    const pattern = upperLeft | (upperRight << 2) | (lowerLeft << 4) | (lowerRight << 6);
    node.own = patternAt(pattern);
    node.kind = PATTERN;
    node.detail = pattern;
    return;
  }
  node.own = takeRows(2);
  if (upperLeft + upperRight + lowerLeft + lowerRight <= FEW) {
    node.kind = kind;
    node.detail = upperLeft | (upperRight << 7) | (lowerLeft << 14) | (lowerRight << 21);
  } else {
    node.kind = MANY;
    const kept = takeRows(1);
    node.detail = <i32>kept;
    listedEvidence += probabilitiesOfMany(kept, kind, upperLeft, upperRight, lowerLeft, lowerRight);
  }
  if (below === 0) return;
  if (upperLeft > uninformative) listFrom(below, top, left, at, measured);
  else if (measured) addEmpty(below, top, left, upperLeft);
  if (isWide) {
    if (upperRight > uninformative) listFrom(below, top, left + 1, at, measured);
    else if (measured) addEmpty(below, top, left + 1, upperRight);
  }
  if (!isTall) return;
  if (lowerLeft > uninformative) listFrom(below, top + 1, left, at, measured);
  else if (measured) addEmpty(below, top + 1, left, lowerLeft);
  if (isWide) {
    if (lowerRight > uninformative) listFrom(below, top + 1, left + 1, at, measured);
    else if (measured) addEmpty(below, top + 1, left + 1, lowerRight);
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
    if (isTall) listedEvidence -= Math.LN2;
    if (isWide) listedEvidence -= Math.LN2;
    const counts = countsOf(below);
    row = isTall && rowHolds(counts, top + 1, left, isWide, cols) ? top + 1 : top;
    col = isWide && load<i32>(counts + ((<usize>(row * cols + left + 1)) << 2)) > 0 ? left + 1 : left;
  }
}

function rowHolds(counts: usize, row: i32, left: i32, isWide: bool, cols: i32): bool {
  const at = counts + ((<usize>(row * cols + left)) << 2);
  return load<i32>(at) > 0 || (isWide && load<i32>(at, 4) > 0);
}

/**
 * List the informative nodes of the counts of the tree.
 *
 * @param measured whether `listedEvidence` is asked for
 * @returns false when memory is refused
 */
export function listNodes(measured: bool): bool {
  listedEvidence = 0;
  listEnd = list;
  if (levels === 0) return true;
  const counts = load<i32>(countsOf(levels));
  if (!reserveList(counts)) return false;
  if (counts <= uninformative) {
    if (measured) addEmpty(levels, 0, 0, counts);
    return true;
  }
  open(firstChunk);
  refused = false;
  listFrom(levels, 0, 0, 0, measured);
  return !refused;
}

/** Set B of all nodes without a pattern to the probabilities of their own counts. */
export function beginMessages(): void {
  for (let at = list; at < listEnd; at += NODE_BYTES) {
    const node = changetype<InformativeNode>(at);
    const detail = node.detail;
    if (node.kind === PATTERN) continue;
    if (node.kind === MANY) {
      for (let byte: usize = 0; byte < stride; byte += 16) {
        v128.store(node.own + byte, v128.load(<usize>detail + byte));
      }
    } else {
      const lower = detail >> 14;
      probabilitiesOfFew(
        node.own,
        node.kind,
        detail & 127,
        (detail >> 7) & 127,
        lower & 127,
        (lower >> 7) & 127,
      );
    }
  }
}
