// Log prior and log-likelihood of the state of a chain, up to constants.

import { states } from "./adaptive-prior";
import { alphaArray, exposed, flux, pixels, scalar, TOTAL, totalRate, totalShape } from "./chain";
import { sumLogFractions } from "./image";
import { predictLight, sumLogLight } from "./light";
import { expectedOfTotal } from "./missing";
import { observationAt, observationCount } from "./observation";
import { logPixelPrior, pixelShape } from "./pixel-prior";
import { hasDark } from "./runs";
import { logLevelPrior } from "./smoothing";
import { log } from "./special";
import { logStatesPrior } from "./transition-matrix";
import { colsOf, levels, massesOf, rowsOf } from "./tree";

/** `sum (counts log lambda - lambda)` of the current image, psfs and backgrounds; -Infinity when a lit pixel gets no light. */
export function likelihood(): f64 {
  return predictLight(flux) ? sumLogLight() - expectedCounts() : -Infinity;
}

/** @param logFractions under the adaptive prior, log density of all fractions given the states */
export function evaluateLogPrior(total: f64, logFractions: f64): f64 {
  if (pixelShape > 0) return logPixelPrior(flux, pixels);
  let sum = totalShape * log(total) - totalRate * total;
  if (states > 0) return sum + logStatesPrior() + logFractions;
  for (let level = 0; level < levels; level++) {
    const at = (<usize>level) << 3;
    sum += logLevelPrior(level, load<f64>(alphaArray() + at), load<f64>(sumLogFractions + at));
  }
  return sum;
}

/** Expected counts of the current image and backgrounds: the second half of the log-likelihood. */
export function expectedCounts(): f64 {
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

/** sum log(child / parent) over the blocks of one level of the unshifted image; fills the masses of the next level. */
export function logFractionsOf(level: i32): f64 {
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

export function sumOfFlux(): f64 {
  let sum: f64 = 0;
  for (let at: usize = 0; at < (<usize>pixels) << 3; at += 8) sum += load<f64>(flux + at);
  return sum;
}
