// What one chain is made of: its settings, its observations, and the arrays and scalars of its state, which the host fills and reads
// through the addresses it is given.

import { prepareStates, setStates as setStateCount, states } from "./adaptive-prior";
import { prepareBlockGammas } from "./block-gammas";
import { prepareExpectations } from "./expected-transitions";
import { prepareImage } from "./image";
import { reserveList } from "./informative-nodes";
import { predictBackground, predictBackgrounds, prepareLight, renewReach } from "./light";
import { prepareLine } from "./line";
import { allocate } from "./memory";
import { listMissing } from "./missing";
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
import { RADIUS } from "./pair-transfer";
import { randomState } from "./random";
import { prepareRedistribution } from "./redistribute";
import { prepareRuns } from "./runs";
import { prepareShift } from "./shift";
import { prepareSmoothing } from "./smoothing";
import { layOutStates, nodesAbove, statesOf } from "./states";
import { layOutTree, levels } from "./tree";

/** Status of a call: all is well. */
export const OK: i32 = 0;
/** The host refused to grow the memory. */
export const OUT_OF_MEMORY: i32 = 1;
/** How the tree is shifted: as it was set, uniformly in each sweep, or from its conditional. */
export const FIXED: i32 = 0;
export const RANDOM: i32 = 1;
export const SAMPLED: i32 = 2;

/** A lit pixel gets no light from the image: lambda is zero, infinite or NaN. */
export const NO_LIGHT: i32 = 2;
/** Expected counts at the reference exposure exceed 2^31. */
export const TOO_MANY_COUNTS: i32 = 3;

export let ny: i32 = 0;
export let nx: i32 = 0;
export let pixels: i32 = 0;
export let wrap: bool = false;
export let spin: i32 = 1;
export let pairTransfers: i32 = 0;
export let nodeTransfers: i32 = 0;
export let backgroundTransfers: i32 = 0;
export let fitAlpha: bool = true;
export let fitBackground: bool = false;
export let reference: f64 = 1;
export let totalShape: f64 = 1;
export let totalRate: f64 = 0.05;
export let scaleShape: f64 = 0.001;
export let scaleRate: f64 = 0;

/** f64 `[ny, nx]`: the image. */
export let flux: usize = 0;
/** f64 `[ny, nx]`: sum of exposure q over observations. */
export let exposed: usize = 0;
/** The host changes psfs between sweeps. */
export let psfVaries: bool = false;
/** i32 `[ny, nx]`: source photons. */
export let sourceCounts: usize = 0;
/** f64 scalars of the chain's state: alpha[levels], modes[levels], then STATE_SCALARS named below, then A of the adaptive prior. */
export let state: usize = 0;

// Offsets (in f64) behind alpha and modes.
export const TOTAL: i32 = 0;
export const LOG_PRIOR: i32 = 1;
export const SHIFT_ROW: i32 = 2;
export const SHIFT_COL: i32 = 3;
export const LOG_LIKELIHOOD: i32 = 4;
export const STATE_SCALARS: i32 = 5;

export function scalar(name: i32): usize {
  return state + ((<usize>(2 * levels + name)) << 3);
}

/** f64 `[levels]`: where the search for each mode of log alpha starts. */
export function modes(): usize {
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
  if (states === 0) return OK;
  return layOutStates(transitionArray()) ? OK : OUT_OF_MEMORY;
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
  return state;
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
  return scalar(STATE_SCALARS);
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
  if (
    states > 0 &&
    !(prepareStates() && prepareBlockGammas(nx) && reserveList(countsOfAll()) && prepareExpectations())
  )
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
