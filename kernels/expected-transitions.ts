// How many transitions from each state to each other the informative nodes make on average, given their counts and A: the downward
// pass of states.ts with probabilities in place of draws. They are the derivatives of the log evidence by the logarithms of A.
//
// With q the probabilities of the states of a node's parent, B and M those of states.ts,
//
//     P(a above, k below) = q(a) A[a, k] B(k) / M(a)

import { states, stride } from "./adaptive-prior";
import { allocate } from "./memory";
import { isInformative, isUninformative, messages, patternAt, patternOfNode } from "./states";
import { columnOf, multiply } from "./transition-matrix";
import { colsOf, levels, rowsOf } from "./tree";

/** f64 `[to][from]`, rows padded to `stride`. */
const expected = memory.data(8 * 32 * 32, 16);
/** f64 `[level][state]`: probabilities of the states of the node visited at each level. */
let probabilities: usize = 0;
/** Nodes of a pattern differ in their parents alone: f64 `[256][state]`, the sum of q over all of them. */
let parents: usize = 0;
const message = memory.data(8 * 32, 16);
const ratios = memory.data(8 * 32, 16);
const patternUsed = memory.data(256, 16);
let next: usize = 0;

/** Reserve what the pass needs; false when memory is refused. */
export function prepareExpectations(): bool {
  probabilities = allocate(<usize>(levels + 1) * stride);
  parents = allocate(256 * stride);
  return probabilities !== 0 && parents !== 0;
}

/** Expected number of transitions from a state to another, after `expectTransitions`. */
export function expectedTransitions(from: i32, to: i32): f64 {
  return load<f64>(expected + <usize>to * stride + ((<usize>from) << 3));
}

/** Find the expected transitions, after `collectStates`. */
export function expectTransitions(): void {
  memory.fill(expected, 0, <usize>states * stride);
  if (isUninformative()) return;
  memory.fill(parents, 0, 256 * stride);
  memory.fill(patternUsed, 0, 256);
  next = messages;
  visit(levels, 0, 0);
  for (let pattern = 0; pattern < 256; pattern++) {
    if (load<u8>(patternUsed + <usize>pattern) === 0) continue;
    const own = patternAt(pattern);
    addTransitionsInto(own, parents + <usize>pattern * stride, own + stride, 0);
  }
}

/**
 * Add the transitions into a node.
 *
 * @param own B of the node
 * @param above q of its parent
 * @param sent M of the node
 * @param out where the probabilities of its own states go; 0 for nowhere
 */
function addTransitionsInto(own: usize, above: usize, sent: usize, out: usize): void {
  for (let at: usize = 0; at < stride; at += 16) {
    v128.store(ratios + at, f64x2.div(v128.load(above + at), v128.load(sent + at)));
  }
  // The spare element of an odd number of states.
  if (states & 1) store<f64>(ratios + stride - 8, 0);
  for (let to = 0; to < states; to++) {
    const weight = v128.load64_splat(own + ((<usize>to) << 3));
    const column = columnOf(to);
    const target = expected + <usize>to * stride;
    let sum = f64x2.splat(0);
    for (let at: usize = 0; at < stride; at += 16) {
      const part = f64x2.mul(f64x2.mul(v128.load(ratios + at), v128.load(column + at)), weight);
      sum = f64x2.add(sum, part);
      v128.store(target + at, f64x2.add(v128.load(target + at), part));
    }
    if (out !== 0) {
      store<f64>(out + ((<usize>to) << 3), f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
    }
  }
}

/** A node and all informative nodes below it, in the order of `collectStates`. */
function visit(level: i32, row: i32, col: i32): void {
  const own = next;
  next += stride;
  const here = probabilities + <usize>level * stride;
  if (level === levels) {
    let sum: f64 = 0;
    for (let at: usize = 0; at < (<usize>states) << 3; at += 8) sum += load<f64>(own + at);
    for (let at: usize = 0; at < stride; at += 8) store<f64>(here + at, load<f64>(own + at) / sum);
  } else {
    const pattern = level === 1 ? patternOfNode(row, col) : -1;
    if (pattern >= 0) {
      store<u8>(patternUsed + <usize>pattern, 1);
      const sums = parents + <usize>pattern * stride;
      for (let at: usize = 0; at < stride; at += 16) {
        v128.store(sums + at, f64x2.add(v128.load(sums + at), v128.load(here + stride + at)));
      }
      return;
    }
    multiply(own, message);
    addTransitionsInto(own, here + stride, message, here);
  }
  const below = level - 1;
  if (below === 0) return;
  const rows = rowsOf(below);
  const cols = colsOf(below);
  for (let childRow = 2 * row; childRow < min(rows, 2 * row + 2); childRow++) {
    for (let childCol = 2 * col; childCol < min(cols, 2 * col + 2); childCol++) {
      if (isInformative(below, childRow, childCol)) visit(below, childRow, childCol);
    }
  }
}
