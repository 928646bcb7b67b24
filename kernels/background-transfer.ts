// Transfers between the background of an observation and the flux, which share the diffuse light: all flux outside a chosen
// node is multiplied by a factor, and the background's scale changes so that the expected counts stay, with the photons
// integrated out (see transfer.ts). The Gibbs steps exchange the two by single photons.
//
// Along the line, with f the share of the outside flux in what it and the background are expected to give, the masses
// outside the node A go as f, nodes above A as X_A + S f / f_0, and the background's scale as 1 - f. Of the prior of the
// tree only the blocks above A change: a block of k children multiplies k - 1 masses, each with exponent alpha, and its
// parent's mass has the exponent that masses.ts states. A is drawn with probability X_A / T, which is part of the target.

import { scaleDark, touchesDark } from "./dark-layout";
import { addPixelGain, clearGains, finishBackgroundGains, predictGains } from "./light";
import { collectAll, moveLight } from "./line";
import {
  alphaInBlock,
  blockAlpha,
  descend,
  fluxAt,
  imageColOf,
  imageRowOf,
  massOf,
  nodeCol,
  nodeRow,
  setPixelMass,
  siblingsOf,
  sumMasses,
} from "./masses";
import { expectedOfTotal } from "./missing";
import { Observation, observationAt, observationCount } from "./observation";
import { drawIndex } from "./random";
import { hasDark, runsOf } from "./runs";
import { addFirstTerm, addSecondTerm, beginTransfer } from "./share-proposal";
import { drawShare, proposedFirst, proposedSecond } from "./transfer";
import { childrenOf, colsOf, levels, massesOf, rowsOf } from "./tree";

/** Highest level of the node that keeps its flux: 8 x 8 pixels. */
const HIGHEST: i32 = 3;
/** Least share of flux or background: from below no transfer begins, so that none may end there. */
const LEAST_SHARE: f64 = 1e-9;

/** Transfers accepted and tried since the chain began. */
export let backgroundTransfersAccepted: f64 = 0;
export let backgroundTransfersTried: f64 = 0;

/**
 * Share of the outside flux below which its light is summed by itself. Else it is what lambda has more than the background and the node: a
 * difference of numbers that are known to some 1e-7 of lambda, whose error a share so small would make large.
 */
const LEAST_DIFFERENCE: f64 = 0.02;

/** f64: flux of the pixels of the node while it is left out. */
const keptFlux = memory.data(8 * 64, 16);

/** Take the flux of a node out of the image, or put it back. */
function leaveOut(level: i32, row: i32, col: i32, isBack: bool): void {
  const bottom = min((row + 1) << level, rowsOf(0));
  const right = min((col + 1) << level, colsOf(0));
  let at = keptFlux;
  for (let r = row << level; r < bottom; r++) {
    for (let c = col << level; c < right; c++) {
      if (isBack) store<f64>(fluxAt(r, c), load<f64>(at));
      else {
        store<f64>(at, load<f64>(fluxAt(r, c)));
        store<f64>(fluxAt(r, c), 0);
      }
      at += 8;
    }
  }
}

/** Set the gains to the light of all flux outside a node; level -1 leaves none out. */
function sumOutsideLight(level: i32, row: i32, col: i32, flux: usize): void {
  if (level >= 0) leaveOut(level, row, col, false);
  predictGains(flux);
  if (level >= 0) leaveOut(level, row, col, true);
}

/** Sum of exposed flux of the node that keeps its flux. */
function keepNode(level: i32, row: i32, col: i32, exposed: usize): f64 {
  const bottom = min((row + 1) << level, rowsOf(0));
  const right = min((col + 1) << level, colsOf(0));
  let kept: f64 = 0;
  for (let r = row << level; r < bottom; r++) {
    for (let c = col << level; c < right; c++) {
      const flux = load<f64>(fluxAt(r, c));
      const imageRow = imageRowOf(r);
      const imageCol = imageColOf(c);
      kept += flux * load<f64>(exposed + ((<usize>(imageRow * colsOf(0) + imageCol)) << 3));
      addPixelGain(imageRow, imageCol, flux, -1);
    }
  }
  return kept;
}

/** Terms of the prior for the flux outside a node; `share` is the current f. */
function addOutsideTerms(alpha: usize, level: i32, row: i32, col: i32, share: f64, totalShape: f64): void {
  const kept = massOf(level, row, col);
  // Exponent of a node's mass as a parent, still to meet its exponent as a child.
  let pending: f64 = 0;
  let outside: f64 = 0;
  for (; level < levels; level++) {
    const children = childrenOf(row >> 1, col >> 1, level);
    if (children > 1) {
      const own = alphaInBlock(alpha, level, row, col, children);
      if (outside > 0) addFirstTerm(pending + own - 1, (kept * share) / outside);
      addFirstTerm(blockAlpha - own, 0);
      outside += siblingsOf(level, row, col);
      pending = 1 - blockAlpha;
    }
    row >>= 1;
    col >>= 1;
  }
  // The root: T^(a - 1), and 1 / T of the choice of the node.
  addFirstTerm(pending + totalShape - 2, (kept * share) / outside);
}

/** Multiply all masses outside a node; level -1 keeps none. */
function scaleOutside(level: i32, row: i32, col: i32, factor: f64): void {
  const nx = colsOf(0);
  const top = level < 0 ? 0 : row << level;
  const bottom = level < 0 ? 0 : min((row + 1) << level, rowsOf(0));
  const left = level < 0 ? 0 : col << level;
  const right = level < 0 ? 0 : min((col + 1) << level, nx);
  for (let r = 0; r < rowsOf(0); r++) {
    const inside = r >= top && r < bottom;
    for (let run = runsOf(0, r); load<i32>(run) >= 0; run += 8) {
      for (let c = load<i32>(run); c < load<i32>(run, 4); c++) {
        if (inside && c >= left && c < right) continue;
        setPixelMass(r, c, factor * massOf(0, r, c));
      }
    }
  }
  scaleDark(factor);
  sumMasses(1);
}

/**
 * Try `count` transfers between the flux and the background of each observation.
 *
 * @param exposed f64 `[ny, nx]`
 * @param alpha f64 `[levels]`
 * @param flux f64 `[ny, nx]`, the image of `aggregateMasses`; changed
 */
export function transferBackground(
  count: i32,
  exposed: usize,
  alpha: usize,
  flux: usize,
  totalShape: f64,
  totalRate: f64,
  scaleShape: f64,
  scaleRate: f64,
): void {
  if (levels === 0) return;
  const highest = min(HIGHEST, levels - 1);
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    if (item.background === 0 || item.backgroundCounts === 0) continue;
    for (let move = 0; move < count; move++) {
      const level = drawIndex(highest + 2) - 1;
      tryTransfer(item, level, exposed, alpha, flux, totalShape, totalRate, scaleShape, scaleRate);
    }
  }
}

/** Expected counts of the flux of all pixels. */
function expectedOfAll(exposed: usize, flux: usize): f64 {
  const pixels = rowsOf(0) * colsOf(0);
  let sum: f64 = 0;
  for (let at: usize = 0; at < (<usize>pixels) << 3; at += 8)
    sum += load<f64>(exposed + at) * load<f64>(flux + at);
  return sum;
}

function tryTransfer(
  item: Observation,
  level: i32,
  exposed: usize,
  alpha: usize,
  flux: usize,
  totalShape: f64,
  totalRate: f64,
  scaleShape: f64,
  scaleRate: f64,
): void {
  const total = load<f64>(massesOf(levels));
  const all = hasDark ? expectedOfTotal(total, flux) : expectedOfAll(exposed, flux);
  clearGains();
  let row = 0;
  let col = 0;
  let kept: f64 = 0;
  let outsideMass = total;
  if (level >= 0) {
    // A node of 8 x 8 pixels may hold a dark one, of which the light is not known pixel by pixel.
    if (!descend(level) || (level === HIGHEST && touchesDark(level, nodeRow, nodeCol))) return;
    row = nodeRow;
    col = nodeCol;
    kept = keepNode(level, row, col, exposed);
    outsideMass = 0;
    for (let above = level; above < levels; above++)
      outsideMass += siblingsOf(above, row >> (above - level), col >> (above - level));
  }
  const outside = max(0, all - kept);
  const background = item.scale * item.backgroundCounts;
  const together = outside + background;
  if (!(outside > LEAST_SHARE * together) || !(background > LEAST_SHARE * together)) return;
  if (!(outsideMass > 0)) return;
  backgroundTransfersTried++;
  const share = outside / together;
  const rest = background / together;
  beginTransfer();
  if (level >= 0) addOutsideTerms(alpha, level, row, col, share, totalShape);
  else addFirstTerm(totalShape, 0);
  addSecondTerm(scaleShape, 0);
  // T and the scale enter the log prior linearly; the expected counts stay.
  const slope = (totalRate * outsideMass) / share - (scaleRate * together) / item.backgroundCounts;
  const isSmall = share < LEAST_DIFFERENCE;
  if (isSmall) sumOutsideLight(level, row, col, flux);
  finishBackgroundGains(item, 1 / share, -1 / rest, isSmall);
  collectAll();
  const accepted =
    drawShare(share, rest, slope) && proposedFirst > LEAST_SHARE && proposedSecond > LEAST_SHARE;
  clearGains();
  if (!accepted) return;
  backgroundTransfersAccepted++;
  scaleOutside(level, row, col, proposedFirst / share);
  item.scale *= proposedSecond / rest;
  moveLight(share, proposedFirst);
}
