// Single steps of a sweep, for benchmarks and for tests against the textbook oracle. They act on the chain's own arrays.

import {
  alphaArray,
  flux,
  nx,
  ny,
  pairTransfers,
  reference,
  scalar,
  sourceCounts,
  TOTAL,
  totalRate,
  totalShape,
  wrap,
} from "./chain";
import { aggregateCounts, shiftIntoTree } from "./counts";
import { expectedTransitions, expectTransitions } from "./expected-transitions";
import { drawImage } from "./image";
import { predictLight, sumLogLight } from "./light";
import { addMissingCounts, anyMissing } from "./missing";
import { Observation } from "./observation";
import { redistributeCounts, redistributeLitCounts } from "./redistribute";
import { splitBackground } from "./source-counts";
import { collectStates, logEvidence } from "./states";
import { transferFlux } from "./sweep";

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

/** Log evidence of the source counts given the transition matrix with the tree shifted so; see `collectStates`. */
export function stepEvidence(row: i32, col: i32): f64 {
  shiftIntoTree(sourceCounts, row, col);
  aggregateCounts();
  return collectStates(true) ? logEvidence : NaN;
}

/** Expected number of transitions between two states, given the counts of the tree and the transition matrix; NaN without memory. */
export function stepExpectation(from: i32, to: i32): f64 {
  if (!collectStates(false)) return NaN;
  expectTransitions();
  return expectedTransitions(from, to);
}

/** Step 6 alone, with the given shift. */
export function stepImage(row: i32, col: i32): void {
  store<f64>(scalar(TOTAL), drawImage(flux, alphaArray(), row, col, reference, totalShape, totalRate));
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
