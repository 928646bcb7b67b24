// The current image as masses of the tree, while flux is transferred: level 0 is the image itself, read through the shift,
// the levels above are kept in step with it. As a density of the masses, the prior of the tree is a product over its
// nodes: a node of mass X at level l whose parent has k > 1 children contributes X^(alpha_l - 1), one with k > 1 children
// of its own X^(1 - k alpha_(l-1)); under the adaptive prior with the alphas of the states of the parent and of the node itself.

import { alphaOf, alphaSum, kindOf, states } from "./adaptive-prior";
import { drawUniform } from "./random";
import { isDark, runsOf } from "./runs";
import { addFirstTerm, addSecondTerm } from "./share-proposal";
import { stateAt } from "./states";
import { childrenOf, colsOf, levels, massAt, massesOf, rowsOf } from "./tree";

/** Smallest mass of a pixel, as in image.ts. */
const FLOOR: f64 = 1e-270;

let image: usize = 0;
let unit: f64 = 1;
let shiftRow: i32 = 0;
let shiftCol: i32 = 0;
/** Node that `descend` found. */
export let nodeRow: i32 = 0;
export let nodeCol: i32 = 0;

/** Image row of row `row` of level 0. */
export function imageRowOf(row: i32): i32 {
  const moved = row + shiftRow;
  return moved >= rowsOf(0) ? moved - rowsOf(0) : moved;
}

/** Image column of column `col` of level 0. */
export function imageColOf(col: i32): i32 {
  const moved = col + shiftCol;
  return moved >= colsOf(0) ? moved - colsOf(0) : moved;
}

/** Row of level 0 of an image row. */
export function treeRowOf(row: i32): i32 {
  return row >= shiftRow ? row - shiftRow : row - shiftRow + rowsOf(0);
}

/** Column of level 0 of an image column. */
export function treeColOf(col: i32): i32 {
  return col >= shiftCol ? col - shiftCol : col - shiftCol + colsOf(0);
}

/** Address of the flux of node (row, col) of level 0. */
export function fluxAt(row: i32, col: i32): usize {
  return image + ((<usize>(imageRowOf(row) * colsOf(0) + imageColOf(col))) << 3);
}

/** Mass of a node. */
export function massOf(level: i32, row: i32, col: i32): f64 {
  return level === 0 ? unit * load<f64>(fluxAt(row, col)) : load<f64>(massAt(level, row, col));
}

/** Set the mass of a pixel, at least the smallest one. */
export function setPixelMass(row: i32, col: i32, mass: f64): void {
  store<f64>(fluxAt(row, col), max(FLOOR, mass) / unit);
}

/**
 * Lay the tree over an image.
 *
 * @param flux f64 `[ny, nx]`, > 0; node (row, col) of level 0 is pixel (row + downwards, col + sidewards)
 * @param reference factor from flux to mass
 */
export function placeTree(flux: usize, reference: f64, downwards: i32, sidewards: i32): void {
  image = flux;
  unit = reference;
  shiftRow = downwards;
  shiftCol = sidewards;
}

/** Sum an image upwards into the masses of all levels above it, and keep to it from now on; see `placeTree`. */
export function aggregateMasses(flux: usize, reference: f64, downwards: i32, sidewards: i32): void {
  placeTree(flux, reference, downwards, sidewards);
  if (levels === 0) return;
  for (let parentRow = 0; parentRow < rowsOf(1); parentRow++) {
    for (let run = runsOf(1, parentRow); load<i32>(run) >= 0; run += 8) {
      sumPixels(parentRow, load<i32>(run), load<i32>(run, 4));
    }
  }
  sumMasses(2);
}

/** Masses of the nodes of level 1 from `first` up to `end` of a row. */
function sumPixels(parentRow: i32, first: i32, end: i32): void {
  const nx = colsOf(0);
  const upper = image + ((<usize>(imageRowOf(2 * parentRow) * nx)) << 3);
  const lower =
    2 * parentRow + 1 < rowsOf(0) ? image + ((<usize>(imageRowOf(2 * parentRow + 1) * nx)) << 3) : 0;
  const parents = massesOf(1) + ((<usize>(parentRow * colsOf(1))) << 3);
  for (let col = first; col < end; col++) {
    const left = (<usize>imageColOf(2 * col)) << 3;
    const hasRight = 2 * col + 1 < nx;
    const right = hasRight ? (<usize>imageColOf(2 * col + 1)) << 3 : 0;
    let mass = unit * load<f64>(upper + left);
    if (hasRight) mass += unit * load<f64>(upper + right);
    if (lower !== 0) {
      mass += unit * load<f64>(lower + left);
      if (hasRight) mass += unit * load<f64>(lower + right);
    }
    store<f64>(parents + ((<usize>col) << 3), mass);
  }
}

/** Sum the masses of the levels from `level` on; those of dark nodes stay what they are. */
export function sumMasses(level: i32): void {
  for (; level <= levels; level++) {
    for (let row = 0; row < rowsOf(level); row++) {
      for (let run = runsOf(level, row); load<i32>(run) >= 0; run += 8) {
        sumNodes(level, row, load<i32>(run), load<i32>(run, 4));
      }
    }
  }
}

/** `sumMass` of the nodes from `first` up to `end` of a row. */
function sumNodes(level: i32, row: i32, first: i32, end: i32): void {
  const whole = 2 * row + 1 < rowsOf(level - 1) ? min(end, colsOf(level - 1) >> 1) : first;
  if (level > 1) {
    const upper = massAt(level - 1, 2 * row, 0);
    const lower = upper + ((<usize>colsOf(level - 1)) << 3);
    const out = massAt(level, row, 0);
    for (; first < whole; first++) {
      const at = (<usize>first) << 4;
      const siblings = load<f64>(upper + at, 8) + load<f64>(lower + at) + load<f64>(lower + at, 8);
      store<f64>(out + ((<usize>first) << 3), load<f64>(upper + at) + siblings);
    }
  }
  for (; first < end; first++) sumMass(level, row, first);
}

/** Mass of node (row, col) of level `level` >= 1 as the sum of its children's: added, never subtracted. */
export function sumMass(level: i32, row: i32, col: i32): void {
  const mass = massOf(level - 1, 2 * row, 2 * col) + siblingsOf(level - 1, 2 * row, 2 * col);
  store<f64>(massAt(level, row, col), mass);
}

/** Sum up the masses above node (row, col) of level `level` again, up to below level `end`. */
export function sumPath(level: i32, row: i32, col: i32, end: i32): void {
  for (let above = level + 1; above < end; above++) {
    row >>= 1;
    col >>= 1;
    sumMass(above, row, col);
  }
}

/** Sum of the masses of the siblings of a node. */
export function siblingsOf(level: i32, row: i32, col: i32): f64 {
  const rows = rowsOf(level);
  const cols = colsOf(level);
  const otherRow = row ^ 1;
  const otherCol = col ^ 1;
  let sum: f64 = 0;
  if (otherCol < cols) sum += massOf(level, row, otherCol);
  if (otherRow < rows) {
    sum += massOf(level, otherRow, col);
    if (otherCol < cols) sum += massOf(level, otherRow, otherCol);
  }
  return sum;
}

/**
 * Draw a node of level `end` with probability proportional to its mass, by descending the tree: `nodeRow`, `nodeCol`.
 *
 * @returns false when it lies below a dark node, whose masses are not known
 */
export function descend(end: i32): bool {
  nodeRow = 0;
  nodeCol = 0;
  let target = drawUniform() * load<f64>(massesOf(levels));
  for (let level = levels - 1; level >= end; level--) {
    const rows = rowsOf(level);
    const cols = colsOf(level);
    const top = 2 * nodeRow;
    const left = 2 * nodeCol;
    for (let child = 0; child < 4; child++) {
      const row = top + (child >> 1);
      const col = left + (child & 1);
      if (row >= rows || col >= cols) continue;
      nodeRow = row;
      nodeCol = col;
      const mass = massOf(level, row, col);
      if (target < mass) break;
      target -= mass;
    }
    if (isDark(level, nodeRow, nodeCol)) return false;
  }
  return true;
}

/**
 * Alpha of a node in the block of its parent; `blockAlpha` then is that of all children of the block.
 *
 * @param alpha f64 `[levels]`: without the adaptive prior, that of the level
 * @param children how many children the block has, more than 1
 */
export function alphaInBlock(alpha: usize, level: i32, row: i32, col: i32, children: i32): f64 {
  if (states === 0) {
    const levelAlpha = load<f64>(alpha + ((<usize>level) << 3));
    blockAlpha = <f64>children * levelAlpha;
    return levelAlpha;
  }
  const state = stateAt(level + 1, row >> 1, col >> 1);
  blockAlpha = alphaSum(state, kindOf((row | 1) < rowsOf(level), (col | 1) < colsOf(level)));
  return alphaOf(state, 2 * (row & 1) + (col & 1));
}

/** Sum of alpha over the children of the block last asked for by `alphaInBlock`. */
export let blockAlpha: f64 = 0;

/**
 * Add the terms of the prior for a line between two nodes of one level that hold `mass` together, and the Jacobian of
 * z = logit f. Only nodes strictly below their common ancestor change.
 *
 * @returns level of the ancestor
 */
export function addPriorTerms(
  alpha: usize,
  level: i32,
  row1: i32,
  col1: i32,
  row2: i32,
  col2: i32,
  mass: f64,
): i32 {
  let pending1: f64 = 1;
  let pending2: f64 = 1;
  let beside1: f64 = 0;
  let beside2: f64 = 0;
  for (; level < levels; level++) {
    const children1 = childrenOf(row1 >> 1, col1 >> 1, level);
    const children2 = childrenOf(row2 >> 1, col2 >> 1, level);
    if (children1 > 1) {
      addFirstTerm(pending1 + alphaInBlock(alpha, level, row1, col1, children1) - 1, beside1 / mass);
      pending1 = 1 - blockAlpha;
    }
    if (children2 > 1) {
      addSecondTerm(pending2 + alphaInBlock(alpha, level, row2, col2, children2) - 1, beside2 / mass);
      pending2 = 1 - blockAlpha;
    }
    if (row1 >> 1 === row2 >> 1 && col1 >> 1 === col2 >> 1) return level + 1;
    beside1 += siblingsOf(level, row1, col1);
    beside2 += siblingsOf(level, row2, col2);
    row1 >>= 1;
    col1 >>= 1;
    row2 >>= 1;
    col2 >>= 1;
  }
  return levels;
}

/**
 * Multiply all pixels of a node of level `level` >= 1, and sum up the masses from them: a pixel held at the smallest mass
 * would otherwise part from its node.
 */
export function scaleNode(level: i32, row: i32, col: i32, factor: f64): void {
  for (let below = 0; below <= level; below++) {
    const reach = level - below;
    const bottom = min((row + 1) << reach, rowsOf(below));
    const right = min((col + 1) << reach, colsOf(below));
    for (let r = row << reach; r < bottom; r++) {
      for (let c = col << reach; c < right; c++) {
        if (below === 0) setPixelMass(r, c, factor * massOf(0, r, c));
        else sumMass(below, r, c);
      }
    }
  }
}
