// The states of the adaptive multiscale prior, a hidden Markov tree of smoothing (Crouse, Nowak & Baraniuk 1998; for Poisson
// counts Timmermann & Nowak 1999): every node of the tree above the image is in one of K states, and a block whose node is in
// state k has fractions ~ Dirichlet(g[k, c] for its children c). With the fractions integrated out, the counts y_c of the
// children of a node with S counts have the probability
//
//     DM_k(y | S) = Gamma(G_k) / Gamma(S + G_k)  prod_c Gamma(y_c + g[k, c]) / Gamma(g[k, c]),     G_k = sum_c g[k, c]
//
// but for the number of ways to order the photons. Differences of log Gamma come from tables: for nodes of few counts as rising
// factorials, which need no logarithm, for others as logarithms, and beyond the tables from the function itself.
//
// A block has 4 children, or 2 beside each other or 2 above each other at an edge, or 1: kinds of blocks.

import { allocate } from "./memory";
import { log, logGamma } from "./special";

/** Most states. */
export const MAX_STATES: i32 = 32;
/** Children of a block: upper left, upper right, lower left, lower right. */
const CHILDREN: i32 = 4;
/** Kinds of blocks: four children, two beside each other, two above each other. */
const KINDS: i32 = 3;
/** Nodes of at most so many counts are found by rising factorials: below 1e250 for alpha up to 1000. */
export const FEW: i32 = 64;
/** Counts that the tables of logarithms hold. */
const TABLED: i32 = 1024;

/** Number of states K; 0 without this prior. */
export let states: i32 = 0;
/** Bytes of one f64 a state, an even number of them. */
export let stride: usize = 0;
/**
 * A node of at most so many counts says nothing of its state or of those below it: 1, or 0 when states differ between the
 * children of a block.
 */
export let uninformative: i32 = 1;

const alphas = memory.data(8 * 32 * 4, 16);
const sums = memory.data(8 * 32 * 3, 16);
const childNorms = memory.data(8 * 32 * 4, 16);
const sumNorms = memory.data(8 * 32 * 3, 16);
const blockNorms = memory.data(8 * 32 * 3, 16);
const meanLogs = memory.data(8 * 32, 16);

// Tables [child or kind][counts][state]; states that are equal for all children have one table for all children.
let childTables: i32 = 1;
let childFactorials: usize = 0;
let childLogs: usize = 0;
let sumFactorials: usize = 0;
let sumLogs: usize = 0;

/** Kind of a block by its number of rows and columns of children: 0, 1 or 2; 3 for an only child. */
export function kindOf(isTall: bool, isWide: bool): i32 {
  return isTall ? (isWide ? 0 : 2) : isWide ? 1 : 3;
}

/** g[state, child]; child is 2 (row & 1) + (column & 1). */
export function alphaOf(state: i32, child: i32): f64 {
  return load<f64>(alphas + ((<usize>(state * CHILDREN + child)) << 3));
}

/** Sum of g over the children of a block of a kind; 0 for an only child, which has no fraction. */
export function alphaSum(state: i32, kind: i32): f64 {
  return kind === KINDS ? 0 : load<f64>(sums + ((<usize>(state * KINDS + kind)) << 3));
}

/** log Gamma(G) - sum over children log Gamma(g): the constant of the density of a block's fractions. */
export function logNormOf(state: i32, kind: i32): f64 {
  return kind === KINDS ? 0 : load<f64>(blockNorms + ((<usize>(state * KINDS + kind)) << 3));
}

/** Mean over the children of log g. */
export function meanLogAlpha(state: i32): f64 {
  return load<f64>(meanLogs + ((<usize>state) << 3));
}

function isChild(kind: i32, child: i32): bool {
  return kind === 0 || child === 0 || (kind === 1 ? child === 1 : child === 2);
}

/** Address of the f64 `[states, 4]` alphas; the host fills them before `prepareStates`. */
export function stateAlphas(): usize {
  return alphas;
}

/** Address of the four alphas of a state. */
export function alphasOf(state: i32): usize {
  return alphas + ((<usize>(state * CHILDREN)) << 3);
}

/** Use `count` states, 2 to 32. */
export function setStates(count: i32): void {
  states = count;
  stride = (<usize>((count + 1) & ~1)) << 3;
}

/** Derive tables from the alphas; false when memory is refused. */
export function prepareStates(): bool {
  uninformative = 1;
  childTables = 1;
  for (let state = 0; state < states; state++) {
    let logs: f64 = 0;
    for (let child = 0; child < CHILDREN; child++) {
      const alpha = alphaOf(state, child);
      logs += log(alpha);
      store<f64>(childNorms + ((<usize>(state * CHILDREN + child)) << 3), logGamma(alpha));
      if (alpha !== alphaOf(state, 0)) {
        uninformative = 0;
        childTables = CHILDREN;
      }
    }
    store<f64>(meanLogs + ((<usize>state) << 3), logs / CHILDREN);
    for (let kind = 0; kind < KINDS; kind++) {
      const at = (<usize>(state * KINDS + kind)) << 3;
      let sum: f64 = 0;
      let norms: f64 = 0;
      for (let child = 0; child < CHILDREN; child++) {
        if (!isChild(kind, child)) continue;
        sum += alphaOf(state, child);
        norms += load<f64>(childNorms + ((<usize>(state * CHILDREN + child)) << 3));
      }
      store<f64>(sums + at, sum);
      store<f64>(sumNorms + at, logGamma(sum));
      store<f64>(blockNorms + at, load<f64>(sumNorms + at) - norms);
    }
  }
  const few = <usize>(FEW + 1) * stride;
  const tabled = <usize>(TABLED + 1) * stride;
  childFactorials = allocate(<usize>childTables * few);
  childLogs = allocate(<usize>childTables * tabled);
  sumFactorials = allocate(<usize>KINDS * few);
  sumLogs = allocate(<usize>KINDS * tabled);
  if (childFactorials === 0 || childLogs === 0 || sumFactorials === 0 || sumLogs === 0) return false;
  for (let state = 0; state < states; state++) {
    for (let child = 0; child < childTables; child++) {
      fillFactorials(childFactorials + <usize>child * few, state, alphaOf(state, child), false);
      fillLogs(childLogs + <usize>child * tabled, state, alphaOf(state, child));
    }
    for (let kind = 0; kind < KINDS; kind++) {
      fillFactorials(sumFactorials + <usize>kind * few, state, alphaSum(state, kind), true);
      fillLogs(sumLogs + <usize>kind * tabled, state, alphaSum(state, kind));
    }
  }
  return true;
}

/** Gamma(n + alpha) / Gamma(alpha) for n up to FEW, or one over it. */
function fillFactorials(table: usize, state: i32, alpha: f64, inverse: bool): void {
  let product: f64 = 1;
  for (let count = 0; count <= FEW; count++) {
    store<f64>(table + <usize>count * stride + ((<usize>state) << 3), inverse ? 1 / product : product);
    product *= <f64>count + alpha;
  }
}

/** log of Gamma(n + alpha) / Gamma(alpha) for n up to TABLED. */
function fillLogs(table: usize, state: i32, alpha: f64): void {
  const base = logGamma(alpha);
  for (let count = 0; count <= TABLED; count++) {
    const value = count === 0 ? 0 : logGamma(<f64>count + alpha) - base;
    store<f64>(table + <usize>count * stride + ((<usize>state) << 3), value);
  }
}

/**
 * Set `out` to DM of a node of at most FEW counts in every state.
 *
 * @param upperLeft counts of the children; 0 for those that there are not
 */
export function probabilitiesOfFew(
  out: usize,
  kind: i32,
  upperLeft: i32,
  upperRight: i32,
  lowerLeft: i32,
  lowerRight: i32,
): void {
  if (kind === KINDS) {
    for (let at: usize = 0; at < stride; at += 16) v128.store(out + at, f64x2.splat(1));
    return;
  }
  const count = upperLeft + upperRight + lowerLeft + lowerRight;
  const parent = sumFactorials + <usize>(kind * (FEW + 1) + count) * stride;
  const table = childTables === 1 ? 0 : <usize>(FEW + 1) * stride;
  const first = childFactorials + <usize>upperLeft * stride;
  const second = childFactorials + table + <usize>upperRight * stride;
  const third = childFactorials + 2 * table + <usize>lowerLeft * stride;
  const fourth = childFactorials + 3 * table + <usize>lowerRight * stride;
  for (let at: usize = 0; at < stride; at += 16) {
    const upper = f64x2.mul(v128.load(first + at), v128.load(second + at));
    const lower = f64x2.mul(v128.load(third + at), v128.load(fourth + at));
    v128.store(out + at, f64x2.mul(v128.load(parent + at), f64x2.mul(upper, lower)));
  }
}

/** Add the logarithms of one child to `out`. */
export function addChildLogs(out: usize, child: i32, count: i32): void {
  if (count === 0) return;
  if (count <= TABLED) {
    const row = childLogs + <usize>((childTables === 1 ? 0 : child) * (TABLED + 1) + count) * stride;
    for (let at: usize = 0; at < stride; at += 16) {
      v128.store(out + at, f64x2.add(v128.load(out + at), v128.load(row + at)));
    }
    return;
  }
  for (let state = 0; state < states; state++) {
    const at = out + ((<usize>state) << 3);
    const base = load<f64>(childNorms + ((<usize>(state * CHILDREN + child)) << 3));
    store<f64>(at, load<f64>(at) + logGamma(<f64>count + alphaOf(state, child)) - base);
  }
}

/** Set `out` to minus the logarithms of a parent of a kind; 0 for an only child's. */
export function beginLogs(out: usize, kind: i32, count: i32): void {
  if (kind === KINDS) {
    memory.fill(out, 0, stride);
    return;
  }
  if (count <= TABLED) {
    const row = sumLogs + <usize>(kind * (TABLED + 1) + count) * stride;
    for (let at: usize = 0; at < stride; at += 16) v128.store(out + at, f64x2.neg(v128.load(row + at)));
    return;
  }
  for (let state = 0; state < states; state++) {
    const base = load<f64>(sumNorms + ((<usize>(state * KINDS + kind)) << 3));
    store<f64>(out + ((<usize>state) << 3), base - logGamma(<f64>count + alphaSum(state, kind)));
  }
}
