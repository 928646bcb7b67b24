// Transfers between whole nodes of the tree: all pixels of one are multiplied by a factor, those of a neighbour by another,
// so that their sum stays. Like pair-transfer.ts, for structure wider than a pixel.

import { addPixelGain } from "./light";
import { collectBox, moveLight } from "./line";
import {
  addPriorTerms,
  descend,
  fluxAt,
  imageColOf,
  imageRowOf,
  massOf,
  nodeCol,
  nodeRow,
  scaleNode,
  sumPath,
} from "./masses";
import { drawIndex } from "./random";
import { isDark } from "./runs";
import { beginTransfer } from "./share-proposal";
import { drawShare, proposedFirst, proposedSecond } from "./transfer";
import { colsOf, levels, rowsOf } from "./tree";

/** Pairs of nodes with less mass are left to the Gibbs steps. */
const LEAST_MASS: f64 = 1e-6;
/** Highest level of the nodes: 4 x 4 pixels. */
const HIGHEST: i32 = 2;

/** Transfers accepted and tried since the chain began. */
export let nodeTransfersAccepted: f64 = 0;
export let nodeTransfersTried: f64 = 0;

// Box of image pixels that two nodes cover.
let boxTop: i32 = 0;
let boxBottom: i32 = 0;
let boxLeft: i32 = 0;
let boxRight: i32 = 0;
/** Expected counts of the node last measured. */
let expected: f64 = 0;

/** Widen the box to a node; false when the node is cut by the edge of the image. */
function includeNode(level: i32, row: i32, col: i32): bool {
  const ny = rowsOf(0);
  const nx = colsOf(0);
  const height = min((row + 1) << level, ny) - (row << level);
  const width = min((col + 1) << level, nx) - (col << level);
  const top = imageRowOf(row << level);
  const left = imageColOf(col << level);
  if (top + height > ny || left + width > nx) return false;
  boxTop = min(boxTop, top);
  boxBottom = max(boxBottom, top + height);
  boxLeft = min(boxLeft, left);
  boxRight = max(boxRight, left + width);
  return true;
}

/** Add `factor` times the light of a node to the gains, and measure its expected counts. */
function addNodeGain(level: i32, row: i32, col: i32, factor: f64, exposed: usize): void {
  const bottom = min((row + 1) << level, rowsOf(0));
  const right = min((col + 1) << level, colsOf(0));
  const nx = colsOf(0);
  expected = 0;
  for (let r = row << level; r < bottom; r++) {
    for (let c = col << level; c < right; c++) {
      const flux = load<f64>(fluxAt(r, c));
      const imageRow = imageRowOf(r);
      const imageCol = imageColOf(c);
      expected += flux * load<f64>(exposed + ((<usize>(imageRow * nx + imageCol)) << 3));
      addPixelGain(imageRow, imageCol, flux, factor);
    }
  }
}

/**
 * Try `count` transfers between neighbouring nodes of levels 1 to HIGHEST; gains must be clear, see light.ts. For the rest
 * see `transferPairs`.
 */
export function transferNodes(count: i32, exposed: usize, alpha: usize): void {
  const highest = min(HIGHEST, levels - 1);
  if (highest < 1) return;
  for (let move = 0; move < count; move++) {
    const level = 1 + drawIndex(highest);
    if (!descend(level)) continue;
    const row1 = nodeRow;
    const col1 = nodeCol;
    const direction = drawIndex(4);
    const row2 = row1 + (direction === 0 ? -1 : direction === 1 ? 1 : 0);
    const col2 = col1 + (direction === 2 ? -1 : direction === 3 ? 1 : 0);
    if (row2 < 0 || row2 >= rowsOf(level) || col2 < 0 || col2 >= colsOf(level)) continue;
    if (isDark(level, row2, col2)) continue;
    boxTop = i32.MAX_VALUE;
    boxBottom = 0;
    boxLeft = i32.MAX_VALUE;
    boxRight = 0;
    if (!includeNode(level, row1, col1) || !includeNode(level, row2, col2)) continue;
    const mass1 = massOf(level, row1, col1);
    const mass2 = massOf(level, row2, col2);
    const mass = mass1 + mass2;
    if (mass < LEAST_MASS) continue;
    nodeTransfersTried++;
    const share1 = mass1 / mass;
    const share2 = mass2 / mass;
    beginTransfer();
    const ancestor = addPriorTerms(alpha, level, row1, col1, row2, col2, mass);
    addNodeGain(level, row1, col1, 1 / share1, exposed);
    let slope = expected / share1;
    addNodeGain(level, row2, col2, -1 / share2, exposed);
    slope -= expected / share2;
    collectBox(boxTop, boxBottom - boxTop, boxLeft, boxRight - boxLeft);
    if (!drawShare(share1, share2, slope)) continue;
    nodeTransfersAccepted++;
    scaleNode(level, row1, col1, proposedFirst / share1);
    scaleNode(level, row2, col2, proposedSecond / share2);
    sumPath(level, row1, col1, ancestor);
    sumPath(level, row2, col2, ancestor);
    moveLight(share1, proposedFirst);
  }
}
