// The multiscale tree of an image of any shape (Esch et al. 2004, section 3). Level 0 is the image; level l + 1 sums
// level l in 2 x 2 blocks, its axes halved and rounded up, until one number is left. A block at the edge has 1, 2 or 4
// children; for 2^n x 2^n images every block has 4.
//
// Counts (i32) of all levels lie one after the other from `nodeCounts`, masses (f64) of the levels above the image
// from `nodeMasses`; both are row-major within a level.

import { allocate } from "./memory";

/** Most levels that an image of at most 2^26 pixels can have above the image itself. */
export const MAX_LEVELS: i32 = 26;

/** Levels above the image: 0 for a single pixel, n for 2^n x 2^n. */
export let levels: i32 = 0;
/** i32 counts of level 0 (the shifted image), then level 1, ... */
export let nodeCounts: usize = 0;
/** f64 masses of level 1, level 2, ...; level 0 is not stored, it is the image. */
export let nodeMasses: usize = 0;

const levelRows = memory.data(4 * 27, 16);
const levelCols = memory.data(4 * 27, 16);
const levelStart = memory.data(4 * 27, 16);

/** Rows of level `level`. */
export function rowsOf(level: i32): i32 {
  return load<i32>(levelRows + ((<usize>level) << 2));
}

/** Columns of level `level`. */
export function colsOf(level: i32): i32 {
  return load<i32>(levelCols + ((<usize>level) << 2));
}

/** Address of the i32 counts of level `level`. */
export function countsOf(level: i32): usize {
  return nodeCounts + ((<usize>load<i32>(levelStart + ((<usize>level) << 2))) << 2);
}

/** Address of the f64 masses of level `level` >= 1. */
export function massesOf(level: i32): usize {
  const above = load<i32>(levelStart + ((<usize>level) << 2)) - load<i32>(levelStart + 4);
  return nodeMasses + ((<usize>above) << 3);
}

/** Lay out the tree of an image `[ny, nx]`; false when memory is refused. */
export function layOutTree(ny: i32, nx: i32): bool {
  let start = 0;
  levels = 0;
  for (let rows = ny, cols = nx; ; rows = (rows + 1) >> 1, cols = (cols + 1) >> 1) {
    store<i32>(levelRows + ((<usize>levels) << 2), rows);
    store<i32>(levelCols + ((<usize>levels) << 2), cols);
    store<i32>(levelStart + ((<usize>levels) << 2), start);
    start += rows * cols;
    if (rows === 1 && cols === 1) break;
    levels++;
  }
  nodeCounts = allocate((<usize>start) << 2);
  const above = levels > 0 ? start - ny * nx : 1;
  nodeMasses = allocate((<usize>above) << 3);
  return nodeCounts !== 0 && nodeMasses !== 0;
}

/** Children of node (row, col) of level `level` + 1: 4, or 2 or 1 at an edge. */
export function childrenOf(row: i32, col: i32, level: i32): i32 {
  return (2 * row + 1 < rowsOf(level) ? 2 : 1) * (2 * col + 1 < colsOf(level) ? 2 : 1);
}

/** Address of the f64 mass of node (row, col) of level `level` >= 1. */
export function massAt(level: i32, row: i32, col: i32): usize {
  return massesOf(level) + ((<usize>(row * colsOf(level) + col)) << 3);
}
