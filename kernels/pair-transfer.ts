// Transfers of flux between two neighbouring pixels with the photons integrated out (see transfer.ts). The Gibbs steps
// move a source by single photons and need many sweeps to shift it to the next pixel, or to switch one on; a transfer
// does so at once, across the borders of blocks too.

import { collectPair, moveLight } from "./line";
import {
  addPriorTerms,
  descend,
  imageColOf,
  imageRowOf,
  nodeCol,
  nodeRow,
  setPixelMass,
  sumPath,
  treeColOf,
  treeRowOf,
} from "./masses";
import { pixelShape } from "./pixel-prior";
import { drawIndex, drawUniform } from "./random";
import { isDark } from "./runs";
import { addFirstTerm, addSecondTerm, beginTransfer } from "./share-proposal";
import { drawShare, proposedFirst, proposedSecond } from "./transfer";
import { colsOf, levels, massesOf, rowsOf } from "./tree";

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
/** Transfers a sweep, at most, that begin at a pixel drawn by its flux, on average. */
const MOST_BY_FLUX: f64 = 4;
/** Pairs that hold less mass together are left to the Gibbs steps, which draw them anew every sweep. */
const LEAST_MASS: f64 = 1e-6;

/** Transfers accepted, and tried with enough mass, since the chain began. */
export let transfersAccepted: f64 = 0;
export let transfersTried: f64 = 0;

/**
 * Try `count` transfers between random neighbours. Masses and lambda of the lit pixels must be those of the image; they
 * and the image are kept in step.
 *
 * A pair is drawn with probability proportional to the sum of its two masses (or uniformly), and left alone again with one that
 * depends on that sum and the total: no transfer changes either. So a source that holds most of the flux does not take most of
 * the transfers, which would gain nothing there.
 *
 * @param flux f64 `[ny, nx]`, > 0, the image of `aggregateMasses`; changed
 * @param exposed f64 `[ny, nx]`: exposure that counts, over all observations
 * @param alpha f64 `[levels]`
 * @param reference factor from flux to mass
 */
export function transferPairs(count: i32, flux: usize, exposed: usize, alpha: usize, reference: f64): void {
  if (levels === 0) return;
  const ny = rowsOf(0);
  const nx = colsOf(0);
  const most = (load<f64>(massesOf(levels)) * MOST_BY_FLUX) / <f64>count;
  for (let move = 0; move < count; move++) {
    let row1: i32;
    let col1: i32;
    const isUniform = drawUniform() < UNIFORM;
    if (isUniform) {
      row1 = drawIndex(ny);
      col1 = drawIndex(nx);
    } else {
      if (!descend(0)) continue;
      row1 = imageRowOf(nodeRow);
      col1 = imageColOf(nodeCol);
    }
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
    const mass = together * reference;
    if (mass < LEAST_MASS) continue;
    if (!isUniform && mass > most && drawUniform() * mass > most) continue;
    const treeRow1 = treeRowOf(row1);
    const treeCol1 = treeColOf(col1);
    const treeRow2 = treeRowOf(row2);
    const treeCol2 = treeColOf(col2);
    if (isDark(0, treeRow1, treeCol1) || isDark(0, treeRow2, treeCol2)) continue;
    transfersTried++;

    beginTransfer();
    let ancestor = levels;
    if (pixelShape > 0) {
      // Two Gamma pixels of one rate whose sum is fixed: the share is Beta(shape, shape).
      addFirstTerm(pixelShape, 0);
      addSecondTerm(pixelShape, 0);
    } else {
      ancestor = addPriorTerms(alpha, 0, treeRow1, treeCol1, treeRow2, treeCol2, mass);
    }
    const share1 = flux1 / together;
    const share2 = flux2 / together;
    const slope = together * (load<f64>(exposed + pixel1) - load<f64>(exposed + pixel2));
    collectPair(row1, col1, row2, col2, together);
    if (!drawShare(share1, share2, slope)) continue;
    transfersAccepted++;
    setPixelMass(treeRow1, treeCol1, mass * proposedFirst);
    setPixelMass(treeRow2, treeCol2, mass * proposedSecond);
    sumPath(0, treeRow1, treeCol1, ancestor);
    sumPath(0, treeRow2, treeCol2, ancestor);
    moveLight(share1, proposedFirst);
  }
}
