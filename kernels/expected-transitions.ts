// How many transitions from each state to each other the informative nodes make on average, given their counts and A: the downward
// pass of states.ts with probabilities in place of draws. They are the derivatives of the log evidence by the logarithms of A.
//
// With q the probabilities of the states of a node's parent, B and M those of states.ts,
//
//     P(a above, k below) = q(a) A[a, k] B(k) / M(a)

import { states, stride } from "./adaptive-prior";
import { InformativeNode, list, listEnd, NODE_BYTES, PATTERN, patternAt } from "./informative-nodes";
import { allocate } from "./memory";
import { columnOf } from "./transition-matrix";
import { levels } from "./tree";

/** f64 `[to][from]`, rows padded to `stride`: the sum of B(to) q(from) / M(from), and with A the expected transitions. */
const expected = memory.data(8 * 32 * 32, 16);
/** f64 `[level][state]`: probabilities of the states of the node visited at each level. */
let probabilities: usize = 0;
/** Nodes of a pattern differ in their parents alone: f64 `[256][state]`, the sum of q over all of them. */
let parents: usize = 0;
const ratios = memory.data(8 * 32, 16);
const patternUsed = memory.data(256, 16);

/** Reserve what the pass needs; false when memory is refused. */
export function prepareExpectations(): bool {
  probabilities = allocate(<usize>(levels + 1) * stride);
  parents = allocate(256 * stride);
  return probabilities !== 0 && parents !== 0;
}

/** Expected number of transitions from a state to another, after `expectTransitions`. */
export function expectedTransitions(from: i32, to: i32): f64 {
  const at = (<usize>from) << 3;
  return load<f64>(expected + <usize>to * stride + at) * load<f64>(columnOf(to) + at);
}

/** Find the expected transitions, after a pass up the tree. */
export function expectTransitions(): void {
  memory.fill(expected, 0, <usize>states * stride);
  memory.fill(parents, 0, 256 * stride);
  memory.fill(patternUsed, 0, 256);
  for (let address = list; address < listEnd; address += NODE_BYTES) {
    const node = changetype<InformativeNode>(address);
    const own = node.own;
    const here = probabilities + <usize>node.level * stride;
    if (node.parent === 0) {
      let sum: f64 = 0;
      for (let at: usize = 0; at < (<usize>states) << 3; at += 8) sum += load<f64>(own + at);
      for (let at: usize = 0; at < stride; at += 8) store<f64>(here + at, load<f64>(own + at) / sum);
    } else if (node.kind === PATTERN) {
      store<u8>(patternUsed + <usize>node.detail, 1);
      const sums = parents + <usize>node.detail * stride;
      for (let at: usize = 0; at < stride; at += 16) {
        v128.store(sums + at, f64x2.add(v128.load(sums + at), v128.load(here + stride + at)));
      }
    } else {
      addTransitionsInto(own, here + stride);
      if (node.level > 1) settle(own, here);
    }
  }
  for (let pattern = 0; pattern < 256; pattern++) {
    if (load<u8>(patternUsed + <usize>pattern) === 0) continue;
    const own = patternAt(pattern);
    addTransitionsInto(own, parents + <usize>pattern * stride);
  }
}

/**
 * Add the transitions into a node.
 *
 * @param own B and message of the node
 * @param above q of its parent
 */
function addTransitionsInto(own: usize, above: usize): void {
  for (let at: usize = 0; at < stride; at += 16) {
    v128.store(ratios + at, f64x2.div(v128.load(above + at), v128.load(own + stride + at)));
  }
  // The spare element of an odd number of states.
  if (states & 1) store<f64>(ratios + stride - 8, 0);
  let target = expected;
  for (let to = 0; to < states; to++) {
    const weight = v128.load64_splat(own + ((<usize>to) << 3));
    for (let at: usize = 0; at < stride; at += 16) {
      const part = f64x2.mul(v128.load(ratios + at), weight);
      v128.store(target + at, f64x2.add(v128.load(target + at), part));
    }
    target += stride;
  }
}

/** Probabilities of a node's own states, into `out`, after `addTransitionsInto`: B(k) times the sum of q(a) / M(a) A[a, k]. */
function settle(own: usize, out: usize): void {
  let column = columnOf(0);
  for (let to: usize = 0; to < (<usize>states) << 3; to += 8) {
    let sum = f64x2.splat(0);
    for (let at: usize = 0; at < stride; at += 16) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(ratios + at), v128.load(column + at)));
    }
    column += stride;
    store<f64>(out + to, load<f64>(own + to) * (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)));
  }
}
