// Step 3 of the sweep: the source photons that edges, masks and uneven exposure keep from the detector. With them the source counts are what
// the multiscale prior is conjugate to.

import { drawPoisson } from "./count-draws";
import { allocate } from "./memory";
import { drawUniform } from "./random";
import { listZeros } from "./runs";
import { colsOf, rowsOf } from "./tree";

/** Whether any photons are missing. */
export let anyMissing: bool = false;
/** f64 `[ny, nx]`, exposure that reaches the detector; E0. */
let exposed: usize = 0;
let reference: f64 = 1;
/** Addresses of the runs of pixels of each row from which photons may be missing, as in runs.ts. */
let lists: usize = 0;

/** Exposure that is missing from a pixel. Sums of rounded probabilities may exceed 1 by a few ulp: that is nothing missing. */
function missingOf(pixel: usize): f64 {
  const missing = reference - load<f64>(exposed + (pixel << 3));
  return missing > reference * 1e-14 ? missing : 0;
}

/**
 * List the pixels from which photons may be missing; false when memory is refused.
 *
 * @param exposure f64 `[ny, nx]`: over all observations
 * @param referenceExposure E0 > 0
 * @param varies whether the exposure will change: then all pixels are listed
 */
export function listMissing(exposure: usize, referenceExposure: f64, varies: bool): bool {
  exposed = exposure;
  reference = referenceExposure;
  const ny = rowsOf(0);
  const nx = colsOf(0);
  lists = allocate((<usize>ny) << 2);
  // u8: 1 for each pixel of a row from which nothing is missing.
  const complete = allocate(<usize>nx);
  if (lists === 0 || complete === 0) return false;
  anyMissing = false;
  for (let row = 0; row < ny; row++) {
    for (let col = 0; !varies && col < nx; col++) {
      store<u8>(complete + <usize>col, <u8>(missingOf(<usize>(row * nx + col)) === 0));
    }
    const list = listZeros(complete, nx);
    if (list === 0) return false;
    if (load<i32>(list) >= 0) anyMissing = true;
    store<usize>(lists + ((<usize>row) << 2), list);
  }
  return true;
}

/** Address of the runs of pixels of a row of the image from which photons may be missing, as in runs.ts. */
export function missingRunsOf(row: i32): usize {
  return load<usize>(lists + ((<usize>row) << 2));
}

/** Expected photons missing from a row. */
function expectedOfRow(flux: usize, row: i32): f64 {
  const start = <usize>(row * colsOf(0));
  let sum: f64 = 0;
  for (let run = missingRunsOf(row); load<i32>(run) >= 0; run += 8) {
    const end = start + <usize>load<i32>(run, 4);
    for (let pixel = start + <usize>load<i32>(run); pixel < end; pixel++) {
      sum += missingOf(pixel) * load<f64>(flux + (pixel << 3));
    }
  }
  return sum;
}

/**
 * Expected counts of an image of which parts are not drawn: its total, less what is missing.
 *
 * @param total E0 times the sum of the flux
 */
export function expectedOfTotal(total: f64, flux: usize): f64 {
  let missing: f64 = 0;
  for (let row = 0; row < rowsOf(0); row++) missing += expectedOfRow(flux, row);
  return total - missing;
}

/**
 * Add the source photons that a detector with the reference exposure everywhere and nothing lost would have seen in
 * addition, `y += Poisson((E0 - E) * flux)`, so that `y` is Poisson with mean `E0 * flux`.
 *
 * The Poisson number of a whole row is drawn first and its photons then dealt to the pixels: the same law as one
 * Poisson number for each pixel, which is what rows with many missing photons use.
 *
 * @param flux f64 `[ny, nx]`, > 0
 * @param sourceCounts i32 `[ny, nx]`, added to
 * @returns false when more than 10^9 photons are missing: with 2^30 observed ones, sums might leave i32
 */
export function addMissingCounts(flux: usize, sourceCounts: usize): bool {
  const nx = colsOf(0);
  let expected: f64 = 0;
  for (let row = 0; row < rowsOf(0); row++) {
    const mean = expectedOfRow(flux, row);
    if (mean === 0) continue;
    expected += mean;
    if (!(expected < 1e9)) return false;
    if (mean > <f64>nx) {
      addToPixels(flux, sourceCounts, row);
      continue;
    }
    for (let photons = <i32>drawPoisson(mean); photons > 0; photons--) {
      addPhoton(sourceCounts, drawPixel(drawUniform() * mean, flux, row));
    }
  }
  return true;
}

function addPhoton(sourceCounts: usize, pixel: usize): void {
  const at = sourceCounts + (pixel << 2);
  store<i32>(at, load<i32>(at) + 1);
}

/** A Poisson number for each pixel of a row. */
function addToPixels(flux: usize, sourceCounts: usize, row: i32): void {
  const start = <usize>(row * colsOf(0));
  for (let run = missingRunsOf(row); load<i32>(run) >= 0; run += 8) {
    const end = start + <usize>load<i32>(run, 4);
    for (let pixel = start + <usize>load<i32>(run); pixel < end; pixel++) {
      const mean = missingOf(pixel) * load<f64>(flux + (pixel << 3));
      const at = sourceCounts + (pixel << 2);
      if (mean > 0) store<i32>(at, load<i32>(at) + <i32>drawPoisson(mean));
    }
  }
}

/** Pixel of a row where the running sum of the expected missing photons exceeds `target`. */
function drawPixel(target: f64, flux: usize, row: i32): usize {
  const start = <usize>(row * colsOf(0));
  let last = start;
  for (let run = missingRunsOf(row); load<i32>(run) >= 0; run += 8) {
    const end = start + <usize>load<i32>(run, 4);
    for (let pixel = start + <usize>load<i32>(run); pixel < end; pixel++) {
      const mean = missingOf(pixel) * load<f64>(flux + (pixel << 3));
      if (mean > 0) last = pixel;
      target -= mean;
      if (target < 0) return last;
    }
  }
  return last;
}
