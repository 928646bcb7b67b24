// The shift of the multiscale tree as a parameter of the model, uniform a priori over all ny nx shifts, drawn from its
// exact conditional given source counts y and smoothing alpha, fractions integrated out. Up to a constant,
//
//     log p(s | y, alpha) = sum over nodes with siblings lgamma(S + alpha_l) - sum over nodes of k > 1 children lgamma(S + k alpha_(l-1))
//
// with S the counts of a node, and l its level. How many nodes there are of each kind does not depend on s, only where
// they lie: a node of level l covers 2^l rows from row s + 2^l i on, the last one what is left. So for each level the
// term of a node is evaluated at every position of the periodic image, and summed with stride 2^l: all shifts come out
// together, in O(N log N).

import { allocate } from "./memory";
import { drawUniform } from "./random";
import { expPair, logGamma, logPair } from "./special";
import { colsOf, levels, rowsOf } from "./tree";

/** Counts below this are looked up in a table, larger ones computed. */
const TABLE: i32 = 2048;

let ny: i32 = 0;
let nx: i32 = 0;
/** i32 `[2 ny + 1, 2 nx + 1]`: sums of the doubled periodic image over the rows above and the columns to the left. */
let sums: usize = 0;
/** f64 `[ny, nx]`: log probability of each shift; terms of the nodes of one kind; their sums along one axis, then both. */
let scores: usize = 0;
let terms: usize = 0;
let lineSums: usize = 0;
let table: usize = 0;
/** Entries of the table in use: no node holds more counts than the image. */
let tableLength: i32 = TABLE;

/** Shift that `drawShift` has drawn. */
export let drawnRow: i32 = 0;
export let drawnCol: i32 = 0;

/** Reserve scratch for an image `[rows, cols]`; false when memory is refused. */
export function prepareShift(rows: i32, cols: i32): bool {
  ny = rows;
  nx = cols;
  const pixels = (<usize>(ny * nx + 1)) << 3;
  sums = allocate((<usize>((2 * ny + 1) * (2 * nx + 1))) << 2);
  scores = allocate(pixels);
  terms = allocate(pixels);
  lineSums = allocate(pixels);
  table = allocate((<usize>TABLE) << 3);
  return sums !== 0 && scores !== 0 && terms !== 0 && lineSums !== 0 && table !== 0;
}

/** Fill `sums`. Differences of its entries are exact even where the entries overflow. */
function sumImage(counts: usize): void {
  const stride = (<usize>(2 * nx + 1)) << 2;
  for (let row = 0; row < 2 * ny; row++) {
    const source = counts + ((<usize>((row < ny ? row : row - ny) * nx)) << 2);
    const above = sums + <usize>row * stride;
    const out = above + stride;
    let sum = 0;
    for (let col = 0; col < 2 * nx; col++) {
      sum += load<i32>(source + ((<usize>(col < nx ? col : col - nx)) << 2));
      const at = (<usize>(col + 1)) << 2;
      store<i32>(out + at, load<i32>(above + at) + sum);
    }
  }
  const total = load<i32>(sums + <usize>ny * stride + ((<usize>nx) << 2));
  tableLength = min(TABLE, total + 1);
}

// One kind of segments of an axis at a level: how many, how long, from which one on; whether each has a sibling and how
// many children.
let mainCount: i32 = 0;
let hasLast: bool = false;
let lastLength: i32 = 0;
let lastHasSibling: bool = false;
let lastChildren: i32 = 0;

/**
 * Cut an axis of `size` pixels into the `count` segments of level `level`: `mainCount` whole ones, each with a sibling, and
 * where the end is different a last one.
 */
function cutAxis(size: i32, count: i32, level: i32): void {
  const whole = 1 << level;
  lastLength = size - whole * (count - 1);
  hasLast = (count & 1) === 1 || lastLength < whole;
  lastHasSibling = (count & 1) === 0;
  lastChildren = level > 0 && lastLength > whole >> 1 ? 2 : 1;
  mainCount = hasLast ? count - 1 : count;
}

/** Tabulate the term of a node by its counts: rising factorials, so that it is 0 for 0 counts. */
function fillTable(hasSibling: bool, alpha: f64, children: i32, childAlpha: f64): void {
  const first = hasSibling ? alpha : 1;
  const second = children > 1 ? <f64>children * childAlpha : 1;
  const pair = f64x2.replace_lane(f64x2.splat(first), 1, second);
  const one = f64x2.splat(1);
  let argument = pair;
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < (<usize>tableLength) << 3; at += 8) {
    const plus = hasSibling ? f64x2.extract_lane(sum, 0) : 0;
    const minus = children > 1 ? f64x2.extract_lane(sum, 1) : 0;
    store<f64>(table + at, plus - minus);
    sum = f64x2.add(sum, logPair(argument));
    argument = f64x2.add(argument, one);
  }
}

/** The term of a node of more counts than the table holds. */
function largeTerm(counts: i32, hasSibling: bool, alpha: f64, children: i32, childAlpha: f64): f64 {
  let term: f64 = 0;
  if (hasSibling) term += logGamma(<f64>counts + alpha) - logGamma(alpha);
  const total = <f64>children * childAlpha;
  if (children > 1) term -= logGamma(<f64>counts + total) - logGamma(total);
  return term;
}

/** Evaluate the term of a node of `height` x `width` pixels at every position. */
function evaluateTerms(
  height: i32,
  width: i32,
  hasSibling: bool,
  alpha: f64,
  children: i32,
  childAlpha: f64,
): void {
  fillTable(hasSibling, alpha, children, childAlpha);
  const stride = (<usize>(2 * nx + 1)) << 2;
  const across = (<usize>width) << 2;
  let out = terms;
  for (let row = 0; row < ny; row++) {
    let top = sums + <usize>row * stride;
    let bottom = top + <usize>height * stride;
    for (let col = 0; col < nx; col++) {
      const counts =
        load<i32>(bottom + across) - load<i32>(bottom) - load<i32>(top + across) + load<i32>(top);
      store<f64>(
        out,
        counts < TABLE
          ? load<f64>(table + ((<usize>counts) << 3))
          : largeTerm(counts, hasSibling, alpha, children, childAlpha),
      );
      out += 8;
      top += 4;
      bottom += 4;
    }
  }
}

/**
 * Sums along one periodic axis: `to[s] = sum of from[s + start + stride i] for i < count`, on each of `lines` lines.
 *
 * @param size positions of the axis, `step` bytes apart; lines are `lineStep` bytes apart
 */
function sumStrided(
  from: usize,
  to: usize,
  size: i32,
  step: usize,
  lines: i32,
  lineStep: usize,
  start: i32,
  stride: i32,
  count: i32,
): void {
  for (let line = 0; line < lines; line++) {
    const source = from + <usize>line * lineStep;
    const target = to + <usize>line * lineStep;
    if (count === 1) {
      for (let s = 0; s < size; s++) {
        let at = s + start;
        if (at >= size) at -= size;
        store<f64>(target + <usize>s * step, load<f64>(source + <usize>at * step));
      }
      continue;
    }
    if (count * stride === size) {
      // The segments go round: period `stride`.
      for (let s = 0; s < stride; s++) {
        let sum: f64 = 0;
        for (let at = s; at < size; at += stride) sum += load<f64>(source + <usize>at * step);
        for (let at = s; at < size; at += stride) store<f64>(target + <usize>at * step, sum);
      }
      continue;
    }
    // A window of `count` segments slides along each cycle of steps of `stride`.
    let cycles = size;
    for (let rest = stride; rest > 0; ) {
      const next = cycles % rest;
      cycles = rest;
      rest = next;
    }
    for (let first = 0; first < cycles; first++) {
      let sum: f64 = 0;
      let end = first;
      for (let index = 0; index < count; index++) {
        sum += load<f64>(source + <usize>end * step);
        end += stride;
        if (end >= size) end -= size;
      }
      let s = first;
      do {
        store<f64>(target + <usize>s * step, sum);
        sum += load<f64>(source + <usize>end * step) - load<f64>(source + <usize>s * step);
        s += stride;
        if (s >= size) s -= size;
        end += stride;
        if (end >= size) end -= size;
      } while (s !== first);
    }
  }
}

/** Add the terms of all nodes of one kind to the scores of all shifts. */
function addNodes(
  level: i32,
  rowsLast: bool,
  colsLast: bool,
  rowCount: i32,
  colCount: i32,
  rowStart: i32,
  colStart: i32,
): void {
  const stride = 1 << level;
  sumStrided(terms, lineSums, ny, (<usize>nx) << 3, nx, 8, rowStart, stride, rowsLast ? 1 : rowCount);
  sumStrided(lineSums, terms, nx, 8, ny, (<usize>nx) << 3, colStart, stride, colsLast ? 1 : colCount);
  for (let at: usize = 0; at < (<usize>(ny * nx)) << 3; at += 8) {
    store<f64>(scores + at, load<f64>(scores + at) + load<f64>(terms + at));
  }
}

/** Log probability of every shift, up to a constant, into `scores`. */
function scoreShifts(alpha: usize): void {
  memory.fill(scores, 0, (<usize>(ny * nx)) << 3);
  for (let level = 0; level < levels; level++) {
    const whole = 1 << level;
    const levelAlpha = load<f64>(alpha + ((<usize>level) << 3));
    const childAlpha = level > 0 ? load<f64>(alpha + ((<usize>(level - 1)) << 3)) : 0;
    cutAxis(ny, rowsOf(level), level);
    const rowMain = mainCount;
    const rowHasLast = hasLast;
    const rowLength = lastLength;
    const rowSibling = lastHasSibling;
    const rowChildren = lastChildren;
    cutAxis(nx, colsOf(level), level);
    for (let kind = 0; kind < 4; kind++) {
      const rowsLast = (kind & 2) !== 0;
      const colsLast = (kind & 1) !== 0;
      if (rowsLast ? !rowHasLast : rowMain === 0) continue;
      if (colsLast ? !hasLast : mainCount === 0) continue;
      const hasSibling = (rowsLast ? rowSibling : true) || (colsLast ? lastHasSibling : true);
      const mainChildren = level > 0 ? 2 : 1;
      const children = (rowsLast ? rowChildren : mainChildren) * (colsLast ? lastChildren : mainChildren);
      if (!hasSibling && children === 1) continue;
      evaluateTerms(
        rowsLast ? rowLength : whole,
        colsLast ? lastLength : whole,
        hasSibling,
        levelAlpha,
        children,
        childAlpha,
      );
      const rowStart = rowsLast ? whole * rowMain : 0;
      const colStart = colsLast ? whole * mainCount : 0;
      addNodes(level, rowsLast, colsLast, rowMain, mainCount, rowStart, colStart);
    }
  }
}

/**
 * Draw the shift from its conditional, into `drawnRow` and `drawnCol`.
 *
 * @param counts i32 `[ny, nx]`: source photons
 * @param alpha f64 `[levels]`
 */
export function drawShift(counts: usize, alpha: usize): void {
  sumImage(counts);
  scoreShifts(alpha);
  const pixels = ny * nx;
  let largest = -Infinity;
  for (let at: usize = 0; at < (<usize>pixels) << 3; at += 8) largest = max(largest, load<f64>(scores + at));
  const shift = f64x2.splat(largest);
  // An odd last pixel shares its pair with the spare element.
  store<f64>(scores + ((<usize>pixels) << 3), -Infinity);
  for (let at: usize = 0; at < (<usize>pixels) << 3; at += 16) {
    v128.store(terms + at, expPair(f64x2.sub(v128.load(scores + at), shift)));
  }
  let total: f64 = 0;
  for (let at: usize = 0; at < (<usize>pixels) << 3; at += 8) total += load<f64>(terms + at);
  let target = drawUniform() * total;
  let chosen = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const weight = load<f64>(terms + ((<usize>pixel) << 3));
    if (weight === 0) continue;
    chosen = pixel;
    target -= weight;
    if (target < 0) break;
  }
  drawnRow = chosen / nx;
  drawnCol = chosen - drawnRow * nx;
}

/** Address of f64 `[ny, nx]`: log probability of each shift at the last draw, up to a constant. */
export function shiftScores(): usize {
  return scores;
}
