// Transfers of flux between two neighbouring pixels with the photons integrated out (see transfer.ts). The Gibbs steps
// move a source by single photons and need many sweeps to shift it to the next pixel, or to switch one on; a transfer
// does so at once, across the borders of blocks too.
//
// As a density of the masses, the prior of the tree is a product over its nodes: a node of mass X at level l whose parent
// has k > 1 children contributes X^(alpha_l - 1), one with k > 1 children itself X^(1 - k alpha_(l-1)). Only nodes
// strictly below the common ancestor of the two pixels change.

import { collectPair, lightCount, lightCounts, lightGain, lightHalf, moveLight } from "./light";
import { drawIndex, drawUniform } from "./random";
import {
  addFirstTerm,
  addSecondTerm,
  beginTransfer,
  drawShare,
  proposedFirst,
  proposedSecond,
} from "./transfer";
import { childrenOf, colsOf, levels, massAt, massesOf, rowsOf, sumMass } from "./tree";

/** Largest distance of the two pixels. */
export const RADIUS: i32 = 2;
const OFFSETS: i32 = 12;
const offsetRows = memory.data<i32>([-1, 0, 0, 1, -1, -1, 1, 1, -2, 0, 0, 2]);
const offsetCols = memory.data<i32>([0, -1, 1, 0, -1, 1, -1, 1, 0, -2, 2, 0]);
/** Running sums of weights 1 / distance. */
const offsetSums = memory.data<f64>([
  1, 2, 3, 4, 4.707106781186548, 5.414213562373095, 6.121320343559643, 6.82842712474619, 7.32842712474619,
  7.82842712474619, 8.32842712474619, 8.82842712474619,
]);
/** Part of the transfers whose first pixel is drawn uniformly instead of by its flux. */
const UNIFORM: f64 = 0.1;
/** Pairs that hold less mass together are left to the Gibbs steps, which draw them anew every sweep. */
const LEAST_MASS: f64 = 1e-6;
/** Smallest mass of a pixel, as in image.ts. */
const FLOOR: f64 = 1e-270;

/** Transfers accepted, and tried with enough mass, since the chain began. */
export let transfersAccepted: f64 = 0;
export let transfersTried: f64 = 0;

// The image and how it lies in the tree.
let image: usize = 0;
let unit: f64 = 1;
let shiftRow: i32 = 0;
let shiftCol: i32 = 0;
/** Node of level 0 that `descend` found. */
let nodeRow: i32 = 0;
let nodeCol: i32 = 0;

/** Address of the flux of node (row, col) of level 0. */
function fluxAt(row: i32, col: i32): usize {
  let imageRow = row + shiftRow;
  if (imageRow >= rowsOf(0)) imageRow -= rowsOf(0);
  let imageCol = col + shiftCol;
  if (imageCol >= colsOf(0)) imageCol -= colsOf(0);
  return image + ((<usize>(imageRow * colsOf(0) + imageCol)) << 3);
}

function massOf(level: i32, row: i32, col: i32): f64 {
  return level === 0 ? unit * load<f64>(fluxAt(row, col)) : load<f64>(massAt(level, row, col));
}

/** Draw a pixel with probability proportional to its mass, by descending the tree, into `nodeRow`, `nodeCol`. */
function descend(): void {
  nodeRow = 0;
  nodeCol = 0;
  let target = drawUniform() * load<f64>(massesOf(levels));
  for (let level = levels - 1; level >= 0; level--) {
    const rows = rowsOf(level);
    const cols = colsOf(level);
    const top = 2 * nodeRow;
    const left = 2 * nodeCol;
    let chosenRow = top;
    let chosenCol = left;
    for (let child = 0; child < 4; child++) {
      const row = top + (child >> 1);
      const col = left + (child & 1);
      if (row >= rows || col >= cols) continue;
      chosenRow = row;
      chosenCol = col;
      const mass = massOf(level, row, col);
      if (target < mass) break;
      target -= mass;
    }
    nodeRow = chosenRow;
    nodeCol = chosenCol;
  }
}

/** Masses of the siblings of a node. */
function siblingsOf(level: i32, row: i32, col: i32): f64 {
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

/** Terms of the prior for a line between two nodes of level 0 that hold `mass` together; returns the ancestor's level. */
function addPriorTerms(alpha: usize, row1: i32, col1: i32, row2: i32, col2: i32, mass: f64): i32 {
  // The Jacobian of z = logit f.
  let pending1: f64 = 1;
  let pending2: f64 = 1;
  let beside1: f64 = 0;
  let beside2: f64 = 0;
  for (let level = 0; level < levels; level++) {
    const levelAlpha = load<f64>(alpha + ((<usize>level) << 3));
    const children1 = childrenOf(row1 >> 1, col1 >> 1, level);
    const children2 = childrenOf(row2 >> 1, col2 >> 1, level);
    if (children1 > 1) {
      addFirstTerm(pending1 + levelAlpha - 1, beside1 / mass);
      pending1 = 1 - <f64>children1 * levelAlpha;
    }
    if (children2 > 1) {
      addSecondTerm(pending2 + levelAlpha - 1, beside2 / mass);
      pending2 = 1 - <f64>children2 * levelAlpha;
    }
    const isCommon = row1 >> 1 === row2 >> 1 && col1 >> 1 === col2 >> 1;
    if (isCommon) return level + 1;
    beside1 += siblingsOf(level, row1, col1);
    beside2 += siblingsOf(level, row2, col2);
    row1 >>= 1;
    col1 >>= 1;
    row2 >>= 1;
    col2 >>= 1;
  }
  return levels;
}

/** Sum up the masses above a pixel again, up to below level `end`. */
function sumPath(row: i32, col: i32, end: i32): void {
  if (end > 1) {
    store<f64>(massAt(1, row >> 1, col >> 1), massOf(0, row, col) + siblingsOf(0, row, col));
  }
  for (let level = 2; level < end; level++) sumMass(level, row >> level, col >> level);
}

/**
 * Try `count` transfers between random neighbours. Masses of the tree and lambda of the lit pixels must be those of the
 * image; they and the image are kept in step.
 *
 * A pair is drawn with probability proportional to the sum of its two masses (or uniformly), which no transfer changes.
 *
 * @param flux f64 `[ny, nx]`, > 0; changed
 * @param exposed f64 `[ny, nx]`: exposure that counts, over all observations
 * @param alpha f64 `[levels]`
 * @param reference factor from flux to mass
 */
export function transferPairs(
  count: i32,
  flux: usize,
  exposed: usize,
  alpha: usize,
  reference: f64,
  row: i32,
  col: i32,
): void {
  if (levels === 0) return;
  image = flux;
  unit = reference;
  shiftRow = row;
  shiftCol = col;
  const ny = rowsOf(0);
  const nx = colsOf(0);
  for (let move = 0; move < count; move++) {
    if (drawUniform() < UNIFORM) {
      nodeRow = drawIndex(ny);
      nodeCol = drawIndex(nx);
    } else descend();
    let row1 = nodeRow + shiftRow;
    if (row1 >= ny) row1 -= ny;
    let col1 = nodeCol + shiftCol;
    if (col1 >= nx) col1 -= nx;
    const target = drawUniform() * load<f64>(offsetSums, 8 * (12 - 1));
    let offset = 0;
    while (offset < OFFSETS - 1 && target >= load<f64>(offsetSums + ((<usize>offset) << 3))) offset++;
    const row2 = row1 + load<i32>(offsetRows + ((<usize>offset) << 2));
    const col2 = col1 + load<i32>(offsetCols + ((<usize>offset) << 2));
    if (row2 < 0 || row2 >= ny || col2 < 0 || col2 >= nx) continue;
    const pixel1 = (<usize>(row1 * nx + col1)) << 3;
    const pixel2 = (<usize>(row2 * nx + col2)) << 3;
    const flux1 = load<f64>(flux + pixel1);
    const flux2 = load<f64>(flux + pixel2);
    const together = flux1 + flux2;
    if (together * reference < LEAST_MASS) continue;
    transfersTried++;

    const node2Row = row2 >= shiftRow ? row2 - shiftRow : row2 - shiftRow + ny;
    const node2Col = col2 >= shiftCol ? col2 - shiftCol : col2 - shiftCol + nx;
    beginTransfer();
    const ancestor = addPriorTerms(alpha, nodeRow, nodeCol, node2Row, node2Col, together * reference);
    const share1 = flux1 / together;
    const share2 = flux2 / together;
    const slope = together * (load<f64>(exposed + pixel1) - load<f64>(exposed + pixel2));
    collectPair(row1, col1, row2, col2, together, share1);
    if (!drawShare(share1, share2, slope, lightHalf, lightGain, lightCounts, lightCount)) continue;
    transfersAccepted++;
    const least = FLOOR / reference;
    store<f64>(flux + pixel1, max(least, together * proposedFirst));
    store<f64>(flux + pixel2, max(least, together * proposedSecond));
    sumPath(nodeRow, nodeCol, ancestor);
    sumPath(node2Row, node2Col, ancestor);
    moveLight(proposedFirst);
  }
}
