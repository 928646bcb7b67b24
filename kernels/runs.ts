// Which part of the sky a sweep draws: each row of each level of the tree, and of the image, as runs of columns. Usually one run holds
// them all; dark nodes (dark-layout.ts) are left out.

import { allocate } from "./memory";
import { colsOf, levels, rowsOf } from "./tree";

/** Level of the smallest dark nodes. */
export const LEAST_LEVEL: i32 = 2;

/** Whether anything is left out. */
export let hasDark: bool = false;

/** Addresses of the runs of each row of level 0, 1, ..., in the order of the tree; then of those of the image. */
let treeLists: usize = 0;
let imageLists: usize = 0;
const firstRows = memory.data(4 * 27, 16);
/** A list that holds all columns, of each level. */
const whole = memory.data(16 * 27, 16);
/** u8 of every node of level LEAST_LEVEL and above: 1 when it is dark. */
let dark: usize = 0;
const firstNodes = memory.data(4 * 27, 16);

/**
 * Address of the first run of a row of a level: i32 pairs of a first column and one behind the last. Runs are ascending, and a negative
 * pair follows the last.
 */
export function runsOf(level: i32, row: i32): usize {
  return load<usize>(treeLists + ((<usize>(load<i32>(firstRows + ((<usize>level) << 2)) + row)) << 2));
}

/** The same for a row of the image. */
export function imageRunsOf(row: i32): usize {
  return load<usize>(imageLists + ((<usize>row) << 2));
}

/** Number of nodes of a level that are drawn. */
export function drawnNodes(level: i32): i32 {
  let count = 0;
  for (let row = 0; row < rowsOf(level); row++) {
    for (let run = runsOf(level, row); load<i32>(run) >= 0; run += 8)
      count += load<i32>(run, 4) - load<i32>(run);
  }
  return count;
}

/** Number of runs in a list. */
export function countRuns(list: usize): i32 {
  let count = 0;
  for (let run = list; load<i32>(run) >= 0; run += 8) count++;
  return count;
}

/** Write a run; returns where the next one goes. */
export function storeRun(at: usize, first: i32, end: i32): usize {
  store<i32>(at, first);
  store<i32>(at, end, 4);
  return at + 8;
}

/** End a list of runs. */
export function endRuns(at: usize): void {
  storeRun(at, -1, -1);
}

/** List the runs of columns whose u8 is 0; the address, or 0 when memory is refused. */
export function listZeros(line: usize, cols: i32): usize {
  let count = 0;
  for (let col = 0; col < cols; col++) {
    count += i32(load<u8>(line + <usize>col) === 0 && (col === 0 || load<u8>(line + <usize>(col - 1)) !== 0));
  }
  const list = allocate((<usize>(count + 1)) << 3);
  if (list === 0) return 0;
  let out = list;
  for (let col = 0; col < cols; col++) {
    const first = col;
    while (col < cols && load<u8>(line + <usize>col) === 0) col++;
    if (col > first) out = storeRun(out, first, col);
  }
  endRuns(out);
  return list;
}

/** Use another list for a row of a level. */
export function setRuns(level: i32, row: i32, list: usize): void {
  store<usize>(treeLists + ((<usize>(load<i32>(firstRows + ((<usize>level) << 2)) + row)) << 2), list);
}

/** Use another list for a row of the image. */
export function setImageRuns(row: i32, list: usize): void {
  store<usize>(imageLists + ((<usize>row) << 2), list);
}

/** Address of the u8 of all nodes of level `level` >= LEAST_LEVEL: 1 when dark. */
export function darkNodesOf(level: i32): usize {
  return dark + <usize>load<i32>(firstNodes + ((<usize>level) << 2));
}

/** Whether a node is dark, or below one that is. */
export function isDark(level: i32, row: i32, col: i32): bool {
  if (!hasDark) return false;
  const reach = max(0, LEAST_LEVEL - level);
  level += reach;
  return load<u8>(darkNodesOf(level) + <usize>((row >> reach) * colsOf(level) + (col >> reach))) !== 0;
}

/** Reserve the lists of all rows, each of one run; false when memory is refused. */
export function prepareRuns(): bool {
  let rows = 0;
  let nodes = 0;
  for (let level = 0; level <= levels; level++) {
    store<i32>(firstRows + ((<usize>level) << 2), rows);
    store<i32>(firstNodes + ((<usize>level) << 2), nodes);
    rows += rowsOf(level);
    if (level >= LEAST_LEVEL) nodes += rowsOf(level) * colsOf(level);
    endRuns(storeRun(whole + ((<usize>level) << 4), 0, colsOf(level)));
  }
  treeLists = allocate((<usize>rows) << 2);
  imageLists = allocate((<usize>rowsOf(0)) << 2);
  dark = allocate(<usize>nodes);
  if (treeLists === 0 || imageLists === 0 || dark === 0) return false;
  drawAll();
  return true;
}

/** Leave nothing out. */
export function drawAll(): void {
  hasDark = false;
  for (let level = 0; level <= levels; level++) {
    for (let row = 0; row < rowsOf(level); row++) setRuns(level, row, whole + ((<usize>level) << 4));
  }
  for (let row = 0; row < rowsOf(0); row++) setImageRuns(row, whole);
}

/** Leave out the dark nodes, whose rows have lists without them. */
export function drawRuns(): void {
  hasDark = true;
}
