// The shift of the tree as a parameter under the adaptive prior: Metropolis steps on the evidence of the source counts given A, with
// states and fractions integrated out (states.ts). All shifts at once, as shift.ts has them, would need a pass up the tree for each.

import { aggregateCounts, shiftIntoTree } from "./counts";
import { drawIndex, drawUniform } from "./random";
import { log } from "./special";
import { collectStates, logEvidence } from "./states";
import { colsOf, rowsOf } from "./tree";

/** Steps a sweep. */
const STEPS: i32 = 4;

/** Shift after `drawAdaptiveShift`. */
export let adaptiveRow: i32 = 0;
export let adaptiveCol: i32 = 0;

/** NaN when memory is refused. */
function evidenceAt(counts: usize, row: i32, col: i32): f64 {
  shiftIntoTree(counts, row, col);
  aggregateCounts();
  return collectStates(true) ? logEvidence : NaN;
}

/** A displacement along an axis: none, uniform, or a power of two in either direction; as likely as its opposite. */
function drawDisplacement(size: i32): i32 {
  const choice = drawIndex(4);
  if (choice === 0) return drawIndex(size);
  if (choice === 1) return 0;
  let powers = 1;
  while (1 << powers < size) powers++;
  const step = (1 << drawIndex(powers)) % size;
  return choice === 2 ? step : size - step;
}

/**
 * Move the shift from (row, col), into `adaptiveRow` and `adaptiveCol`; the counts of the tree are then those of the new shift, but
 * the pass up the tree is still to be made.
 *
 * @param counts i32 `[ny, nx]`: source photons
 * @returns false when memory is refused
 */
export function drawAdaptiveShift(counts: usize, row: i32, col: i32): bool {
  const ny = rowsOf(0);
  const nx = colsOf(0);
  let current = evidenceAt(counts, row, col);
  // Other shifts hold as many counts, and need no more.
  if (isNaN(current)) return false;
  for (let step = 0; step < STEPS; step++) {
    const proposedRow = (row + drawDisplacement(ny)) % ny;
    const proposedCol = (col + drawDisplacement(nx)) % nx;
    if (proposedRow === row && proposedCol === col) continue;
    const proposed = evidenceAt(counts, proposedRow, proposedCol);
    if (log(drawUniform()) >= proposed - current) continue;
    row = proposedRow;
    col = proposedCol;
    current = proposed;
  }
  adaptiveRow = row;
  adaptiveCol = col;
  shiftIntoTree(counts, row, col);
  aggregateCounts();
  return true;
}
