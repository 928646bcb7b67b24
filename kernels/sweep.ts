// The sweeps of a chain, and its beginning at an image or at a saved state.

import { states, uninformative } from "./adaptive-prior";
import { adaptiveCol, adaptiveRow, drawAdaptiveShift } from "./adaptive-shift";
import { transferBackground } from "./background-transfer";
import {
  alphaArray,
  backgroundTransfers,
  exposed,
  FIXED,
  fitAlpha,
  fitBackground,
  flux,
  LOG_LIKELIHOOD,
  LOG_PRIOR,
  modes,
  NO_LIGHT,
  nodeTransfers,
  nx,
  ny,
  OK,
  OUT_OF_MEMORY,
  pairTransfers,
  pixels,
  psfVaries,
  RANDOM,
  reference,
  SAMPLED,
  SHIFT_COL,
  SHIFT_ROW,
  scalar,
  scaleRate,
  scaleShape,
  setShift,
  shiftCol,
  shiftRow,
  sourceCounts,
  spin,
  TOO_MANY_COUNTS,
  TOTAL,
  totalRate,
  totalShape,
  wrap,
} from "./chain";
import { aggregateCounts, shiftIntoTree } from "./counts";
import { leaveOutDark, leaveOutNothing, restoreDarkMasses } from "./dark-layout";
import { addDarkSky, beginDarkSky, hideDarkSky } from "./dark-sky";
import { drawImage, logBlockFractions, sumLogFractions } from "./image";
import { clearGains, predictLight, sumLogLight } from "./light";
import { evaluateLogPrior, expectedCounts, logFractionsOf, sumOfFlux } from "./log-posterior";
import { aggregateMasses, placeTree } from "./masses";
import { moveMatrix } from "./matrix-moves";
import { addMissingCounts, anyMissing } from "./missing";
import { addToMoments, momentLength, prepareMoments } from "./moments";
import { transferNodes } from "./node-transfer";
import { observationAt, observationCount } from "./observation";
import { transferPairs } from "./pair-transfer";
import { drawPixels, pixelShape } from "./pixel-prior";
import { drawIndex, drawUniform } from "./random";
import { redistributeCounts, redistributeLitCounts } from "./redistribute";
import { hasDark } from "./runs";
import { drawnCol, drawnRow, drawShift } from "./shift";
import { drawSmoothing } from "./smoothing";
import { addSmoothness, levelSmoothness, logStateFractions, prepareSmoothness } from "./smoothness";
import { drawBackgroundScale, splitBackground } from "./source-counts";
import { log } from "./special";
import {
  collectStates,
  countTransitions,
  drawStates,
  restoreStates,
  startStates,
  statesKnown,
} from "./states";
import { countsOf, levels } from "./tree";

/** Part of the sweeps that move the transition matrix with the states integrated out: a move costs as much as a sweep or so. */
const MATRIX_MOVES: f64 = 0.0625;

/** Begin at the image in `fluxArray` and the alpha in `alphaArray`: derive total, modes and log prior; a status. */
export function startChain(): i32 {
  const total = reference * sumOfFlux();
  store<f64>(scalar(TOTAL), total);
  if (states > 0) {
    leaveOutNothing();
    startStates();
    aggregateMasses(flux, reference, shiftRow(), shiftCol());
    // With states that are not alike in all children pixels below a dark node would not be alike either.
    if (spin === FIXED && !psfVaries && uninformative === 1) {
      leaveOutDark(wrap, shiftRow(), shiftCol());
    }
    beginDarkSky();
    if (hasDark) countTransitions();
    if (!prepareSums()) return OUT_OF_MEMORY;
    const logFractions = logStateFractions(flux, log(reference));
    store<f64>(scalar(LOG_PRIOR), evaluateLogPrior(total, logFractions));
    return OK;
  }
  for (let level = 0; level < levels; level++) {
    const at = (<usize>level) << 3;
    const alpha = load<f64>(alphaArray() + at);
    store<f64>(modes() + at, log(alpha));
    store<f64>(sumLogFractions + at, logFractionsOf(level));
  }
  store<f64>(scalar(LOG_PRIOR), evaluateLogPrior(total, 0));
  return prepareSums() ? OK : OUT_OF_MEMORY;
}

/**
 * Go on from a state that the host has put in place of the one that `startChain` began with.
 *
 * @param isWhole draw all of the image from now on, whatever `startChain` left out
 * @param withStates whether the states of the nodes are among it, and what is left out is in `darkMasses`
 * @returns a status
 */
export function resumeChain(isWhole: bool, withStates: bool): i32 {
  if (states > 0) restoreStates(withStates);
  beginDarkSky();
  if (!hasDark) return OK;
  if (!isWhole) {
    if (withStates) restoreDarkMasses();
    return OK;
  }
  leaveOutNothing();
  return prepareSums() ? OK : OUT_OF_MEMORY;
}

/** Pixels with sums of their own. */
let summed: i32 = 0;

/** Reserve the sums over sweeps where there are none for what is drawn; false when memory is refused. */
function prepareSums(): bool {
  if (summed === momentLength()) return true;
  summed = momentLength();
  return prepareMoments() && (states === 0 || prepareSmoothness(spin !== FIXED));
}

/** Transfers of flux with the photons integrated out, after `predictLight`. */
export function transferFlux(row: i32, col: i32): void {
  aggregateMasses(flux, reference, row, col);
  transferPairs(pairTransfers, flux, exposed, alphaArray(), reference);
  if (pixelShape > 0) return;
  if (nodeTransfers > 0) {
    clearGains();
    transferNodes(nodeTransfers, exposed, alphaArray());
  }
  if (fitBackground && backgroundTransfers > 0) {
    transferBackground(
      backgroundTransfers,
      exposed,
      alphaArray(),
      flux,
      totalShape,
      totalRate,
      scaleShape,
      scaleRate,
    );
  }
}

/**
 * Draw the photons' origins, and the transfers before them: what these make of lambda of the lit pixels serves the photons too, which
 * need not sum all light again. Before the first draw of a node's state there are no transfers.
 *
 * @returns whether all lit pixels get light; sets the log-likelihood of the image before
 */
function drawPhotons(): bool {
  if (pairTransfers === 0) {
    const sumLog = redistributeCounts(flux, ny, nx, wrap);
    store<f64>(scalar(LOG_LIKELIHOOD), sumLog - expectedCounts());
    return isFinite(sumLog);
  }
  if (!predictLight(flux)) return false;
  store<f64>(scalar(LOG_LIKELIHOOD), sumLogLight() - expectedCounts());
  if (states === 0 || statesKnown) transferFlux(shiftRow(), shiftCol());
  return redistributeLitCounts(flux, ny, nx, wrap);
}

/** Draw the shift, in a chain of sampled shifts; false without memory. */
export function stepShift(): bool {
  if (states > 0) {
    if (!drawAdaptiveShift(sourceCounts, shiftRow(), shiftCol())) return false;
    setShift(adaptiveRow, adaptiveCol);
  } else {
    drawShift(sourceCounts, alphaArray());
    setShift(drawnRow, drawnCol);
  }
  return true;
}

/** Draw alpha of each level, or the states of all nodes and their transition matrix; false without memory. */
export function stepSmoothing(): bool {
  if (states > 0) {
    if (drawUniform() < MATRIX_MOVES && !moveMatrix()) return false;
    if (!collectStates(false)) return false;
    drawStates();
  } else if (fitAlpha) {
    drawSmoothing(alphaArray(), modes());
  }
  return true;
}

/** One sweep: transfers, then the conditional draws in the paper's order. */
function drawSweep(): i32 {
  if (!drawPhotons()) return NO_LIGHT;
  splitBackground(flux, sourceCounts, ny, nx);
  if (pixelShape > 0) {
    drawPixels(flux, exposed, sourceCounts, pixels);
    store<f64>(scalar(TOTAL), reference * sumOfFlux());
    if (fitBackground) drawBackgroundScale(scaleShape, scaleRate);
    return OK;
  }
  if (anyMissing && !addMissingCounts(flux, sourceCounts)) return TOO_MANY_COUNTS;
  if (spin === RANDOM) setShift(drawIndex(ny), drawIndex(nx));
  else if (spin === SAMPLED && !stepShift()) return OUT_OF_MEMORY;
  const row = shiftRow();
  const col = shiftCol();
  shiftIntoTree(sourceCounts, row, col);
  aggregateCounts();
  if (load<i32>(countsOf(levels)) < 0) return TOO_MANY_COUNTS;
  if (!stepSmoothing()) return OUT_OF_MEMORY;
  const total = drawImage(flux, alphaArray(), row, col, reference, totalShape, totalRate);
  store<f64>(scalar(TOTAL), total);
  if (fitBackground) drawBackgroundScale(scaleShape, scaleRate);
  placeTree(flux, reference, row, col);
  return OK;
}

/**
 * Run sweeps, and write one row of the parameter trace for each: log posterior of the state at the sweep's start (the
 * sum of the last two columns), shift row, shift column, alpha[levels] (under the adaptive prior, see `levelSmoothness`), total,
 * background scale of each observation, log-likelihood and log prior at the sweep's start.
 *
 * @param count number of sweeps
 * @param trace f64 `[count, 6 + levels + observations]`, overwritten; `[count, 4 + observations]` without shift and alpha under a
 *   prior of pixels
 * @param skip sweeps at the start of this batch that belong to the burn-in: not added to the moments
 * @returns a status; after a failure the chain must not be used any more
 */
export function runSweeps(count: i32, trace: usize, skip: i32): i32 {
  for (let sweep = 0; sweep < count; sweep++) {
    const priorBefore = load<f64>(scalar(LOG_PRIOR));
    const status = drawSweep();
    if (status !== OK) return status;
    if (hasDark) hideDarkSky();
    store<f64>(scalar(LOG_PRIOR), evaluateLogPrior(load<f64>(scalar(TOTAL)), logBlockFractions));
    if (sweep >= skip) {
      addToMoments(flux);
      if (states > 0) addSmoothness();
      if (hasDark) addDarkSky(reference);
    }

    const likelihood = load<f64>(scalar(LOG_LIKELIHOOD));
    store<f64>(trace, likelihood + priorBefore, 0);
    trace += 8;
    if (pixelShape === 0) {
      store<f64>(trace, load<f64>(scalar(SHIFT_ROW)), 0);
      store<f64>(trace, load<f64>(scalar(SHIFT_COL)), 8);
      trace += 16;
      if (states === 0) memory.copy(trace, alphaArray(), (<usize>levels) << 3);
      for (let level = 0; states > 0 && level < levels; level++) {
        store<f64>(trace + ((<usize>level) << 3), levelSmoothness(level));
      }
      trace += (<usize>levels) << 3;
    }
    store<f64>(trace, load<f64>(scalar(TOTAL)));
    trace += 8;
    for (let index = 0; index < observationCount; index++) {
      store<f64>(trace, observationAt(index).scale);
      trace += 8;
    }
    store<f64>(trace, likelihood, 0);
    store<f64>(trace, priorBefore, 8);
    trace += 16;
  }
  return OK;
}
