// Step 1 of the sweep: every detected photon is assigned to the sky pixel that it came from.

import { Observation, observationAt, observationCount } from "./observation";
import { drawOrigins, drawSourcePhotons, prepareOrigins } from "./origins";
import { fillPadded } from "./padded-image";
import { preparePsfSets, redistributeBySet } from "./psf-set";
import { prepareTileScratch, redistributeByTiles, redistributeLitByTiles } from "./redistribute-tiles";
import { imageRunsOf } from "./runs";
import { addLog, beginSumLog, endSumLog } from "./sum-log";
import { chooseTiling, DIRECT, TILES } from "./tiling";
import { prepareWindows, redistributePixel } from "./window";

/** DIRECT or TILES for all observations, or AUTOMATIC: what the cost model of `chooseTiling` prefers. */
const AUTOMATIC: i32 = 0;
let wanted: i32 = AUTOMATIC;

/** Force a scheme: 0 automatic, 1 direct sums over the window, 2 tiles. For tests and benchmarks; before `prepareChain`. */
export function setRedistribution(scheme: i32): void {
  wanted = scheme;
}

/** Choose the scheme of each observation and reserve scratch; false when memory is refused. */
export function prepareRedistribution(ny: i32, nx: i32, wrap: bool): bool {
  if (!prepareWindows() || !prepareOrigins() || !preparePsfSets()) return false;
  if (wanted === DIRECT) return true;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    if (item.partCount > 0) continue;
    if (!chooseTiling(item, ny, nx, wrap, wanted === TILES)) return false;
  }
  return prepareTileScratch(ny, nx);
}

/** Begin without photons. */
function clearPhotons(observation: Observation, ny: i32, nx: i32): void {
  for (let row = 0; row < ny; row++) {
    const photons = observation.photons + ((<usize>(row * nx)) << 2);
    for (let run = imageRunsOf(row); load<i32>(run) >= 0; run += 8) {
      clear(photons + ((<usize>load<i32>(run)) << 2), photons + ((<usize>load<i32>(run, 4)) << 2));
    }
  }
}

/** Set i32 to 0: runs are short, and `memory.fill` a call. */
function clear(from: usize, end: usize): void {
  if (end - from > 4096) {
    memory.fill(from, 0, end - from);
    return;
  }
  for (; from + 16 <= end; from += 16) v128.store(from, i32x4.splat(0));
  for (; from < end; from += 4) store<i32>(from, 0);
}

/**
 * Draw the origin of each photon of each lit pixel of one observation: photon of detector pixel i from sky pixel j
 * with probability `psf[i - j + c] exposure[j] (flux[j] + scale background[j]) / lambda[i]`.
 *
 * @param flux f64 `[ny, nx]`, >= 0
 * @returns `sum counts log lambda` over the lit pixels; NaN when the model gives a lit pixel no light at all
 */
function redistributeObservation(observation: Observation, flux: usize, ny: i32, nx: i32, wrap: bool): f64 {
  clearPhotons(observation, ny, nx);
  if (observation.partCount > 0) return redistributeBySet(observation, flux, ny, nx, wrap);
  fillPadded(observation, flux, ny, nx, wrap);
  if (observation.tiling !== 0) return redistributeByTiles(observation, flux, ny, nx, wrap);
  beginSumLog();
  for (let lit = 0; lit < observation.litCount; lit++) {
    const window =
      observation.padded + ((<usize>load<i32>(observation.litWindows + ((<usize>lit) << 2))) << 2);
    const pixel = load<i32>(observation.litPixels + ((<usize>lit) << 2));
    const counts = load<i32>(observation.litCounts + ((<usize>lit) << 2));
    const lambda = redistributePixel(observation, flux, window, pixel, counts, ny, nx, wrap);
    if (!(lambda > 0)) return NaN;
    addLog(lambda, counts);
  }
  return endSumLog();
}

/**
 * As `redistributeObservation`, with lambda of the lit pixels as `predictLight` left it, or transfers since.
 *
 * @returns false when the model gives a lit pixel no light at all
 */
function redistributeLit(observation: Observation, flux: usize, ny: i32, nx: i32, wrap: bool): bool {
  clearPhotons(observation, ny, nx);
  observation.backgroundPhotons = 0;
  if (observation.partCount > 0) return isFinite(redistributeBySet(observation, flux, ny, nx, wrap));
  fillPadded(observation, flux, ny, nx, wrap);
  if (observation.tiling !== 0) return redistributeLitByTiles(observation, flux, ny, nx, wrap);
  for (let lit = 0; lit < observation.litCount; lit++) {
    const photons = drawSourcePhotons(observation, lit);
    if (photons === 0) continue;
    const at = (<usize>lit) << 2;
    const window = observation.padded + ((<usize>load<i32>(observation.litWindows + at)) << 2);
    const pixel = load<i32>(observation.litPixels + at);
    if (!drawOrigins(observation, flux, window, pixel, photons, ny, nx, wrap)) return false;
  }
  return true;
}

/** As `redistributeCounts`, after `predictLight`; false when a lit pixel gets no light. */
export function redistributeLitCounts(flux: usize, ny: i32, nx: i32, wrap: bool): bool {
  for (let index = 0; index < observationCount; index++) {
    if (!redistributeLit(observationAt(index), flux, ny, nx, wrap)) return false;
  }
  return true;
}

/**
 * Assign the photons of all observations to sky pixels (their `photons` images are overwritten).
 *
 * @param flux f64 `[ny, nx]`, > 0
 * @returns `sum over observations and lit pixels of counts log lambda`; NaN when a lit pixel gets no light
 */
export function redistributeCounts(flux: usize, ny: i32, nx: i32, wrap: bool): f64 {
  let sumLog: f64 = 0;
  for (let index = 0; index < observationCount; index++) {
    const item = observationAt(index);
    sumLog += redistributeObservation(item, flux, ny, nx, wrap);
  }
  return sumLog;
}
