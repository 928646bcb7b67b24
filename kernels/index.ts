// The kernels of one LIRA chain: an instance of this module is one chain. The host creates it with `createChain` and
// `createObservation`, fills the inputs through the addresses it is given, calls `prepareChain`, sets the state, and
// then asks for sweeps in batches. Nothing is allocated after `startChain`, but for messages of the tree when a sweep adds more missing
// photons than were foreseen, and nothing is imported from the host.
//
// Source: Esch et al. 2004 (ApJ 610, 1213), Connors et al. 2011 (ADASS XX).

import { prepareStates, setStates as setStateCount, states, uninformative } from "./adaptive-prior";
import { adaptiveCol, adaptiveRow, drawAdaptiveShift } from "./adaptive-shift";
import { transferBackground } from "./background-transfer";
import { prepareBlockGammas } from "./block-gammas";
import { aggregateCounts, shiftIntoTree } from "./counts";
import { leaveOutDark, leaveOutNothing, restoreDarkMasses } from "./dark-layout";
import { addDarkSky, beginDarkSky, hideDarkSky } from "./dark-sky";
import { drawImage, logBlockFractions, prepareImage, sumLogFractions } from "./image";
import {
  clearGains,
  predictBackground,
  predictBackgrounds,
  predictLight,
  prepareLight,
  renewReach,
  sumLogLight,
} from "./light";
import { prepareLine } from "./line";
import { aggregateMasses, placeTree } from "./masses";
import { allocate } from "./memory";
import { addMissingCounts, anyMissing, expectedOfTotal, listMissing } from "./missing";
import { addToMoments, momentLength, prepareMoments } from "./moments";
import { transferNodes } from "./node-transfer";
import {
  appendObservation,
  appendPart,
  layOutPhotons,
  Observation,
  observationAt,
  observationCount,
  prepareObservation,
  turnPsfs,
} from "./observation";
import { RADIUS, transferPairs } from "./pair-transfer";
import { drawPixels, logPixelPrior, pixelShape } from "./pixel-prior";
import { drawIndex, initRandom, randomState } from "./random";
import { prepareRedistribution, redistributeCounts, redistributeLitCounts } from "./redistribute";
import { hasDark, prepareRuns } from "./runs";
import { drawnCol, drawnRow, drawShift, prepareShift } from "./shift";
import { drawSmoothing, logLevelPrior, prepareSmoothing } from "./smoothing";
import { addSmoothness, levelSmoothness, logStateFractions, prepareSmoothness } from "./smoothness";
import { drawBackgroundScale, splitBackground } from "./source-counts";
import { log } from "./special";
import {
  collectStates,
  countTransitions,
  drawStates,
  layOutStates,
  logEvidence,
  logStatesPrior,
  nodesAbove,
  reserveMessages,
  restoreStates,
  startStates,
  statesKnown,
  statesOf,
} from "./states";
import { colsOf, countsOf, layOutTree, levels, massesOf, rowsOf } from "./tree";

export { stateAlphas } from "./adaptive-prior";
export { backgroundTransfersAccepted, backgroundTransfersTried } from "./background-transfer";
export { darkMasses, rootCount, roots, setDarkSky } from "./dark-layout";
export { showDarkSky } from "./dark-sky";
export { allocate } from "./memory";
export { means, momentCount, momentLength, setMomentCount, squares } from "./moments";
export { nodeTransfersAccepted, nodeTransfersTried } from "./node-transfer";
export { transfersAccepted, transfersTried } from "./pair-transfer";
export { setPixelPrior } from "./pixel-prior";
export { drawIndex, drawUniform, seedRandom } from "./random";
export { setRedistribution } from "./redistribute";
export { hasDark, imageRunsOf, runsOf } from "./runs";
export { shiftScores } from "./shift";
export { setSmoothingPrior } from "./smoothing";
export { smoothnessLength, smoothnessSums } from "./smoothness";
export { statesKnown, transitionPriorArray } from "./states";
export { levels } from "./tree";

/** Status of a call: all is well. */
const OK: i32 = 0;
/** The host refused to grow the memory. */
const OUT_OF_MEMORY: i32 = 1;
/** How the tree is shifted: as it was set, uniformly in each sweep, or from its conditional. */
const FIXED: i32 = 0;
const RANDOM: i32 = 1;
const SAMPLED: i32 = 2;

/** A lit pixel gets no light from the image: lambda is zero, infinite or NaN. */
const NO_LIGHT: i32 = 2;
/** Expected counts at the reference exposure exceed 2^31. */
const TOO_MANY_COUNTS: i32 = 3;

let ny: i32 = 0;
let nx: i32 = 0;
let pixels: i32 = 0;
let wrap: bool = false;
let spin: i32 = 1;
let pairTransfers: i32 = 0;
let nodeTransfers: i32 = 0;
let backgroundTransfers: i32 = 0;
let fitAlpha: bool = true;
let fitBackground: bool = false;
let reference: f64 = 1;
let totalShape: f64 = 1;
let totalRate: f64 = 0.05;
let scaleShape: f64 = 0.001;
let scaleRate: f64 = 0;

/** f64 `[ny, nx]`: the image. */
let flux: usize = 0;
/** f64 `[ny, nx]`: sum of exposure q over observations. */
let exposed: usize = 0;
/** The host changes psfs between sweeps. */
let psfVaries: bool = false;
/** i32 `[ny, nx]`: source photons. */
let sourceCounts: usize = 0;
/** f64 scalars of the chain's state: alpha[levels], modes[levels], then STATE_SCALARS named below, then A of the adaptive prior. */
let state: usize = 0;

// Offsets (in f64) behind alpha and modes.
const TOTAL: i32 = 0;
const LOG_PRIOR: i32 = 1;
const SHIFT_ROW: i32 = 2;
const SHIFT_COL: i32 = 3;
const LOG_LIKELIHOOD: i32 = 4;
const STATE_SCALARS: i32 = 5;

function scalar(name: i32): usize {
  return state + ((<usize>(2 * levels + name)) << 3);
}

/** f64 `[levels]`. */
function alphas(): usize {
  return state;
}

/** f64 `[states, states]`: transition matrix A of the adaptive prior. */
function transitionMatrix(): usize {
  return scalar(STATE_SCALARS);
}

/** f64 `[levels]`: where the search for each mode of log alpha starts. */
function modes(): usize {
  return state + ((<usize>levels) << 3);
}

/**
 * Lay out a chain for a sky of `[rows, cols]` pixels.
 *
 * @param periodic photons that leave on one side come back on the other (`wrap`), else they are lost (`spill`)
 * @param cycleSpin shift of the tree: 0 fixed (see `setShift`), 1 uniform in each sweep, 2 from its conditional
 * @param transfers pair transfers a sweep
 * @param referenceExposure E0 > 0
 * @returns a status
 */
export function createChain(
  rows: i32,
  cols: i32,
  periodic: bool,
  cycleSpin: i32,
  transfers: i32,
  sampleAlpha: bool,
  sampleBackgroundScale: bool,
  referenceExposure: f64,
  totalCountsShape: f64,
  totalCountsRate: f64,
  backgroundScaleShape: f64,
  backgroundScaleRate: f64,
): i32 {
  ny = rows;
  nx = cols;
  pixels = rows * cols;
  wrap = periodic;
  spin = cycleSpin;
  pairTransfers = transfers;
  fitAlpha = sampleAlpha;
  fitBackground = sampleBackgroundScale;
  reference = referenceExposure;
  totalShape = totalCountsShape;
  totalRate = totalCountsRate;
  scaleShape = backgroundScaleShape;
  scaleRate = backgroundScaleRate;
  if (!layOutTree(ny, nx) || !prepareRuns() || !prepareImage(nx)) return OUT_OF_MEMORY;
  if (states === 0 && !prepareSmoothing(pixels)) return OUT_OF_MEMORY;
  flux = allocate((<usize>(pixels + 1)) << 3);
  exposed = allocate((<usize>pixels) << 3);
  state = allocate((<usize>stateLength()) << 3);
  if (flux === 0 || exposed === 0 || state === 0) return OUT_OF_MEMORY;
  initRandom();
  if (states === 0) return OK;
  return layOutStates(transitionMatrix()) ? OK : OUT_OF_MEMORY;
}

/**
 * Use the adaptive prior with `count` states, 2 to 32, in place of an alpha for each level; before `createChain`. The host then
 * fills `stateAlphas` and `transitionPriorArray` before `prepareChain`.
 */
export function setStates(count: i32): void {
  setStateCount(count);
}

/**
 * Add an observation; its arrays are then filled by the host through the addresses of `observationArray`.
 *
 * @param partCount places at which its psf is known, each to be added by `createPart`; 0 for one psf that holds everywhere. With parts
 *   psfRows to centreCol describe the smallest window that holds all of theirs, and there is no psf to fill
 * @returns address of the observation, or 0 without memory
 */
export function createObservation(
  psfRows: i32,
  psfCols: i32,
  centreRow: i32,
  centreCol: i32,
  hasBackground: bool,
  backgroundCounts: f64,
  partCount: i32,
): usize {
  const observation = appendObservation(
    ny,
    nx,
    psfRows,
    psfCols,
    centreRow,
    centreCol,
    hasBackground,
    partCount,
  );
  if (observation === null) return 0;
  observation.backgroundCounts = backgroundCounts;
  return changetype<usize>(observation);
}

/**
 * Add a psf that holds at a place; the host then fills its exposure (that of the observation times the weight of the place, in the
 * box of sky pixels) and its psf.
 *
 * @returns address of the part, or 0 without memory
 */
export function createPart(
  observation: usize,
  psfRows: i32,
  psfCols: i32,
  centreRow: i32,
  centreCol: i32,
  top: i32,
  left: i32,
  rows: i32,
  cols: i32,
): usize {
  const part = appendPart(
    changetype<Observation>(observation),
    ny,
    nx,
    wrap,
    psfRows,
    psfCols,
    centreRow,
    centreCol,
    top,
    left,
    rows,
    cols,
  );
  return part === null ? 0 : changetype<usize>(part);
}

/** Address of an input of an observation: 0 counts (i32), 1 exposure (f64), 2 background (f64), 3 psf (f64). */
export function observationArray(observation: usize, which: i32): usize {
  const item = changetype<Observation>(observation);
  if (which === 0) return item.counts;
  if (which === 1) return item.exposure;
  if (which === 2) return item.background;
  return item.psf;
}

/** Scale of an observation's background. */
export function backgroundScale(observation: usize): f64 {
  return changetype<Observation>(observation).scale;
}

/** Set the scale of an observation's background, >= 0. */
export function setBackgroundScale(observation: usize, scale: f64): void {
  changetype<Observation>(observation).scale = scale;
}

/** Address of f64 `[ny, nx]` flux, > 0; the host sets the starting image here. */
export function fluxArray(): usize {
  return flux;
}

/** Address of f64 `[ny, nx]`, sum over observations of exposure times detection probability; filled by the host. */
export function exposedArray(): usize {
  return exposed;
}

/** Address of f64 `[levels]` alpha; the host sets the starting values here. */
export function alphaArray(): usize {
  return alphas();
}

/** Address and (through `stateLength`) number of the f64 scalars of the chain's state. */
export function stateArray(): usize {
  return state;
}

/** Number of f64 in `stateArray`. */
export function stateLength(): i32 {
  return 2 * levels + STATE_SCALARS + states * states;
}

/** Address of the u8 states of all nodes above the image, those of level 1 first. */
export function nodeStatesArray(): usize {
  return levels === 0 ? 0 : statesOf(1);
}

/** Number of nodes above the image. */
export function nodeStatesLength(): i32 {
  return nodesAbove();
}

/** Address of f64 `[states, states]`: transition matrix of the adaptive prior, part of the state. */
export function transitionArray(): usize {
  return transitionMatrix();
}

/** Address of the four u64 of the random generator's state. */
export function randomArray(): usize {
  return randomState;
}

/** Total T of the image, in counts at the reference exposure. */
export function totalCounts(): f64 {
  return load<f64>(scalar(TOTAL));
}

/** Log prior density of the logarithms of total, fractions and alphas, up to a constant. */
export function logPrior(): f64 {
  return load<f64>(scalar(LOG_PRIOR));
}

/** `sum (counts log lambda - lambda)` of the image at the start of the last sweep. */
export function logLikelihood(): f64 {
  return load<f64>(scalar(LOG_LIKELIHOOD));
}

/** Set the numbers of transfers a sweep between nodes, and between flux and background; before `prepareChain`. */
export function setTransfers(nodes: i32, background: i32): void {
  nodeTransfers = nodes;
  backgroundTransfers = background;
}

/** Set the shift of the tree, 0 <= row < ny, 0 <= col < nx; it stays where it is not drawn. */
export function setShift(row: i32, col: i32): void {
  store<f64>(scalar(SHIFT_ROW), <f64>row);
  store<f64>(scalar(SHIFT_COL), <f64>col);
}

/** Row shift of the last sweep's tree. */
export function shiftRow(): i32 {
  return <i32>load<f64>(scalar(SHIFT_ROW));
}

/** Column shift of the last sweep's tree. */
export function shiftCol(): i32 {
  return <i32>load<f64>(scalar(SHIFT_COL));
}

/** Derive what the sweeps need once counts, exposures, backgrounds and psfs are filled in; a status. */
export function prepareChain(): i32 {
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    item.apart = pairTransfers > 0 && item.background !== 0 && item.partCount === 0;
    if (!prepareObservation(item, ny, nx)) return OUT_OF_MEMORY;
  }
  if (!prepareRedistribution(ny, nx, wrap)) return OUT_OF_MEMORY;
  if (states > 0 && !(prepareStates() && prepareBlockGammas(nx) && reserveMessages(countsOfAll())))
    return OUT_OF_MEMORY;
  if (spin === SAMPLED && states === 0 && !prepareShift(ny, nx)) return OUT_OF_MEMORY;
  if (pairTransfers > 0 || psfVaries) {
    if (!prepareLight(ny, nx, wrap, RADIUS) || !prepareLine(ny, nx, wrap)) return OUT_OF_MEMORY;
    predictBackgrounds(flux);
  }
  if (!listMissing(exposed, reference, psfVaries)) return OUT_OF_MEMORY;
  for (let index = 0; index < observationCount; index++) layOutPhotons(observationAt(index), pixels);
  // The photons of a single observation without a background, or without that in its photons, are the source counts.
  const first = observationAt(0);
  const isAlone = observationCount === 1 && (first.background === 0 || first.apart);
  sourceCounts = isAlone ? first.photons : allocate((<usize>pixels) << 2);
  return sourceCounts === 0 ? OUT_OF_MEMORY : OK;
}

/** Counts of all observations. */
function countsOfAll(): i32 {
  let sum = 0;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    for (let lit = 0; lit < item.litCount; lit++) sum += load<i32>(item.litCounts + ((<usize>lit) << 2));
  }
  return sum;
}

/** Keep what `changePsf` and `likelihood` need; before `prepareChain`, with all observations redistributed by sums. */
export function letPsfVary(): void {
  psfVaries = true;
}

/**
 * Follow psfs that the host has filled in anew, of the same shapes and centres, and `exposedArray`.
 *
 * @param observation its address
 * @param backgroundCounts `sum_j exposure q background` under the new psf
 * @param dark f64 `[ny, nx]`, all 0
 */
export function changePsf(observation: usize, backgroundCounts: f64, dark: usize): void {
  const item = changetype<Observation>(observation);
  item.backgroundCounts = backgroundCounts;
  turnPsfs(item);
  renewReach(item);
  predictBackground(item, dark);
}

/** `sum (counts log lambda - lambda)` of the current image, psfs and backgrounds; -Infinity when a lit pixel gets no light. */
export function likelihood(): f64 {
  return predictLight(flux) ? sumLogLight() - expectedCounts() : -Infinity;
}

/** Begin at the image in `fluxArray` and the alpha in `alphaArray`: derive total, modes and log prior; a status. */
export function startChain(): i32 {
  let total: f64 = 0;
  for (let at: usize = 0; at < (<usize>pixels) << 3; at += 8) total += load<f64>(flux + at);
  total *= reference;
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
    const alpha = load<f64>(alphas() + at);
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

/** sum log(child / parent) over the blocks of one level of the unshifted image; fills the masses of the next level. */
function logFractionsOf(level: i32): f64 {
  const rows = rowsOf(level);
  const cols = colsOf(level);
  const parentCols = colsOf(level + 1);
  const children = level === 0 ? flux : massesOf(level);
  const parents = massesOf(level + 1);
  memory.fill(parents, 0, (<usize>(rowsOf(level + 1) * parentCols)) << 3);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const at = parents + ((<usize>((row >> 1) * parentCols + (col >> 1))) << 3);
      store<f64>(at, load<f64>(at) + load<f64>(children + ((<usize>(row * cols + col)) << 3)));
    }
  }
  let sum: f64 = 0;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const parent = load<f64>(parents + ((<usize>((row >> 1) * parentCols + (col >> 1))) << 3));
      sum += log(load<f64>(children + ((<usize>(row * cols + col)) << 3)) / parent);
    }
  }
  return sum;
}

/** @param logFractions under the adaptive prior, log density of all fractions given the states */
function evaluateLogPrior(total: f64, logFractions: f64): f64 {
  if (pixelShape > 0) return logPixelPrior(flux, pixels);
  let sum = totalShape * log(total) - totalRate * total;
  if (states > 0) return sum + logStatesPrior() + logFractions;
  for (let level = 0; level < levels; level++) {
    const at = (<usize>level) << 3;
    sum += logLevelPrior(level, load<f64>(alphas() + at), load<f64>(sumLogFractions + at));
  }
  return sum;
}

/** Expected counts of the current image and backgrounds: the second half of the log-likelihood. */
function expectedCounts(): f64 {
  let sum = hasDark ? expectedOfTotal(load<f64>(scalar(TOTAL)), flux) : expectedOfFlux();
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    if (item.background !== 0) sum += item.scale * item.backgroundCounts;
  }
  return sum;
}

function expectedOfFlux(): f64 {
  let sums = f64x2.splat(0);
  const even = (<usize>(pixels & ~1)) << 3;
  for (let at: usize = 0; at < even; at += 16) {
    sums = f64x2.add(sums, f64x2.mul(v128.load(exposed + at), v128.load(flux + at)));
  }
  const sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  return pixels & 1 ? sum + load<f64>(exposed + even) * load<f64>(flux + even) : sum;
}

function sumOfFlux(): f64 {
  let sum: f64 = 0;
  for (let at: usize = 0; at < (<usize>pixels) << 3; at += 8) sum += load<f64>(flux + at);
  return sum;
}

/** Transfers of flux with the photons integrated out, after `predictLight`. */
function transferFlux(row: i32, col: i32): void {
  aggregateMasses(flux, reference, row, col);
  transferPairs(pairTransfers, flux, exposed, alphas(), reference);
  if (pixelShape > 0) return;
  if (nodeTransfers > 0) {
    clearGains();
    transferNodes(nodeTransfers, exposed, alphas());
  }
  if (fitBackground && backgroundTransfers > 0) {
    transferBackground(
      backgroundTransfers,
      exposed,
      alphas(),
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
  const total = drawImage(flux, alphas(), row, col, reference, totalShape, totalRate);
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
      if (states === 0) memory.copy(trace, alphas(), (<usize>levels) << 3);
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

// Single steps, for benchmarks and for tests against the textbook oracle. They act on the chain's own arrays.

/** Step 1 alone; returns the sum of counts log lambda. */
export function stepRedistribute(): f64 {
  if (pairTransfers === 0) return redistributeCounts(flux, ny, nx, wrap);
  return predictLight(flux) && redistributeLitCounts(flux, ny, nx, wrap) ? sumLogLight() : NaN;
}
/** Steps 2 and 3 alone. */
export function stepSourceCounts(): void {
  splitBackground(flux, sourceCounts, ny, nx);
  if (anyMissing) addMissingCounts(flux, sourceCounts);
}
/** Step 4 alone, with the given shift. */
export function stepAggregate(row: i32, col: i32): void {
  shiftIntoTree(sourceCounts, row, col);
  aggregateCounts();
}
/** The draw of the shift alone, for a chain of sampled shifts; false without memory. */
export function stepShift(): bool {
  if (states > 0) {
    if (!drawAdaptiveShift(sourceCounts, shiftRow(), shiftCol())) return false;
    setShift(adaptiveRow, adaptiveCol);
  } else {
    drawShift(sourceCounts, alphas());
    setShift(drawnRow, drawnCol);
  }
  return true;
}
/** Log evidence of the source counts given the transition matrix with the tree shifted so; see `collectStates`. */
export function stepEvidence(row: i32, col: i32): f64 {
  shiftIntoTree(sourceCounts, row, col);
  aggregateCounts();
  return collectStates(true) ? logEvidence : NaN;
}
/** Step 5 alone: alpha of each level, or the states of all nodes and their transition matrix; false without memory. */
export function stepSmoothing(): bool {
  if (states > 0) {
    if (!collectStates(false)) return false;
    drawStates();
  } else if (fitAlpha) {
    drawSmoothing(alphas(), modes());
  }
  return true;
}
/** Step 6 alone, with the given shift. */
export function stepImage(row: i32, col: i32): void {
  store<f64>(scalar(TOTAL), drawImage(flux, alphas(), row, col, reference, totalShape, totalRate));
}
/** The transfers alone, with the given shift; false when a lit pixel gets no light. */
export function stepTransfers(row: i32, col: i32): bool {
  if (!predictLight(flux)) return false;
  transferFlux(row, col);
  return true;
}
/** Address of i32 `[ny, nx]` source photons. */
export function sourceCountsArray(): usize {
  return sourceCounts;
}
/** Whether an observation's photons are redistributed by tiles (1) or by sums over the whole window (0). */
export function usesTiles(observation: usize): bool {
  return changetype<Observation>(observation).tiling !== 0;
}
/** Address of i32 `[ny, nx]` photons of an observation. */
export function photonsArray(observation: usize): usize {
  return changetype<Observation>(observation).photons;
}
