// What the adaptive prior says of an image: the density of its fractions given the states, and where it calls for points and where
// for diffuse light, the mean over sweeps of ln alpha above each pixel.

import { alphaOf, alphaSum, kindOf, logNormOf, meanLogAlpha, states } from "./adaptive-prior";
import { rootLevels } from "./dark-layout";
import { imageColOf, imageRowOf } from "./masses";
import { allocate } from "./memory";
import { drawnNodes, imageRunsOf, isDark, runsOf } from "./runs";
import { logPair } from "./special";
import { statesOf } from "./states";
import { colsOf, countsOf, levels, massesOf, rowsOf } from "./tree";

/** Whether the tree moves on the image, so that sums are kept of pixels instead of nodes. */
let moves: bool = false;
/** f64 sums over sweeps of ln alpha: of each node above the image, or `[levels, ny, nx]` of each pixel. */
let sums: usize = 0;
/** Room for the logarithms of one row. */
let rowLogs: usize = 0;

/** Reserve the sums; false when memory is refused. */
export function prepareSmoothness(treeMoves: bool): bool {
  moves = treeMoves;
  sums = allocate((<usize>smoothnessLength()) << 3);
  rowLogs = allocate((<usize>(colsOf(0) + 2)) << 3);
  return sums !== 0 && rowLogs !== 0;
}

/** Address of the f64 sums, part of the chain's moments. */
export function smoothnessSums(): usize {
  return sums;
}

/** Number of the sums; 0 without the adaptive prior. With dark nodes those of the nodes drawn, then one a level down from each dark one. */
export function smoothnessLength(): i32 {
  if (states === 0) return 0;
  if (moves) return levels * rowsOf(0) * colsOf(0);
  let count = rootLevels();
  for (let level = 1; level <= levels; level++) count += drawnNodes(level);
  return count;
}

/** Add ln alpha of the current states to the sums. */
export function addSmoothness(): void {
  if (!moves) {
    addDrawnNodes();
    return;
  }
  for (let level = 0; level < levels; level++) addPixels(level);
}

/** Add ln alpha of the nodes that are not dark. */
function addDrawnNodes(): void {
  nextSum = sums;
  for (let level = 1; level <= levels; level++) {
    for (let row = 0; row < rowsOf(level); row++) {
      const line = statesOf(level) + <usize>(row * colsOf(level));
      for (let run = runsOf(level, row); load<i32>(run) >= 0; run += 8) {
        for (let col = load<i32>(run); col < load<i32>(run, 4); col++)
          addNext(meanLogAlpha(load<u8>(line + <usize>col)));
      }
    }
  }
}

/** Where the next sum is. */
let nextSum: usize = 0;

/** Add to the next sum: of the nodes that are drawn, then of those below dark ones. */
export function addNext(value: f64): void {
  store<f64>(nextSum, load<f64>(nextSum) + value);
  nextSum += 8;
}

/** Add, for each pixel, ln alpha of the node of level `level` + 1 above it. */
function addPixels(level: i32): void {
  const reach = level + 1;
  const nx = colsOf(0);
  const image = sums + ((<usize>(level * rowsOf(0) * nx)) << 3);
  for (let row = 0; row < rowsOf(0); row++) {
    const target = image + ((<usize>(imageRowOf(row) * nx)) << 3);
    const nodes = statesOf(reach) + <usize>((row >> reach) * colsOf(reach));
    for (let col = 0; col < nx; col++) {
      const at = target + ((<usize>imageColOf(col)) << 3);
      store<f64>(at, load<f64>(at) + meanLogAlpha(load<u8>(nodes + <usize>(col >> reach))));
    }
  }
}

/** Mean of ln alpha over the nodes of level `level` + 1 that hold counts; where none does, over all that are not dark. */
export function levelSmoothness(level: i32): f64 {
  const cols = colsOf(level + 1);
  let nodes = 0;
  let held = 0;
  let sum: f64 = 0;
  let all: f64 = 0;
  for (let row = 0; row < rowsOf(level + 1); row++) {
    const counts = countsOf(level + 1) + ((<usize>(row * cols)) << 2);
    const line = statesOf(level + 1) + <usize>(row * cols);
    for (let run = runsOf(level + 1, row); load<i32>(run) >= 0; run += 8) {
      const first = load<i32>(run);
      const end = load<i32>(run, 4);
      nodes += end - first;
      for (let col = first; col < end; col++) {
        const value = meanLogAlpha(load<u8>(line + <usize>col));
        all += value;
        if (load<i32>(counts + ((<usize>col) << 2)) > 0) {
          held++;
          sum += value;
        }
      }
    }
  }
  return held > 0 ? sum / <f64>held : all / <f64>nodes;
}

/**
 * Logarithm of the density of the logarithms of all fractions given the states, of the image whose masses are in the tree; of those below
 * dark nodes nothing is counted, as if they had been integrated out.
 *
 * @param flux f64 `[ny, nx]`, > 0
 * @param logUnit logarithm of the factor from flux to mass
 */
export function logStateFractions(flux: usize, logUnit: f64): f64 {
  logSum = 0;
  for (let level = 0; level <= levels; level++) {
    const cols = colsOf(level);
    for (let row = 0; row < rowsOf(level); row++) {
      if (level > 0) {
        // Nodes with a parent that is drawn: all but those below dark ones.
        const masses = massesOf(level) + ((<usize>(row * cols)) << 3);
        const above = min(level + 1, levels);
        const reach = above - level;
        for (let run = runsOf(above, row >> reach); load<i32>(run) >= 0; run += 8) {
          const first = load<i32>(run) << reach;
          const end = min(cols, load<i32>(run, 4) << reach);
          fillLogs(masses, first, end);
          addLogFractions(level, row, first, end, 0);
        }
        continue;
      }
      const image = flux + ((<usize>(imageRowOf(row) * cols)) << 3);
      for (let run = imageRunsOf(imageRowOf(row)); load<i32>(run) >= 0; run += 8) {
        fillLogs(image, load<i32>(run), load<i32>(run, 4));
      }
      for (let run = runsOf(0, row); load<i32>(run) >= 0; run += 8) {
        addLogFractions(0, row, load<i32>(run), load<i32>(run, 4), logUnit);
      }
    }
  }
  return logSum;
}

/** The sum so far. */
let logSum: f64 = 0;

/** Add the terms of the nodes from column `first` up to `end`, whose logarithms are in `rowLogs`. */
function addLogFractions(level: i32, row: i32, first: i32, end: i32, unit: f64): void {
  const cols = colsOf(level);
  const isTall = (row | 1) < rowsOf(level);
  for (let col = first; col < end; col++) {
    const logMass = load<f64>(rowLogs + ((<usize>(level === 0 ? imageColOf(col) : col)) << 3)) + unit;
    // As a child in the block of its parent.
    let exponent: f64 = 0;
    if (level < levels && (isTall || (col | 1) < cols)) {
      const parent = load<u8>(statesOf(level + 1) + <usize>((row >> 1) * colsOf(level + 1) + (col >> 1)));
      exponent = alphaOf(parent, 2 * (row & 1) + (col & 1));
    }
    // As the parent of a block of its own.
    if (level > 0 && !isDark(level, row, col)) {
      const state = load<u8>(statesOf(level) + <usize>(row * cols + col));
      const kind = kindOf(2 * row + 1 < rowsOf(level - 1), 2 * col + 1 < colsOf(level - 1));
      exponent -= alphaSum(state, kind);
      logSum += logNormOf(state, kind);
    }
    logSum += exponent * logMass;
  }
}

/** Logarithms of the f64 of a row from `first` up to `end`, into `rowLogs`. */
function fillLogs(source: usize, first: i32, end: i32): void {
  const even = (<usize>(end - ((end - first) & 1))) << 3;
  for (let at = (<usize>first) << 3; at < even; at += 16) {
    v128.store(rowLogs + at, logPair(v128.load(source + at)));
  }
  if ((end - first) & 1) {
    store<f64>(rowLogs + even, f64x2.extract_lane(logPair(f64x2.splat(load<f64>(source + even))), 0));
  }
}
