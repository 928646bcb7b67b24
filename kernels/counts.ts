// Step 4 of the sweep: the source counts of the image, shifted, summed up the tree.

import { runsOf } from "./runs";
import { colsOf, countsOf, levels, rowsOf } from "./tree";

/**
 * Copy an i32 image into level 0, shifted cyclically: node (row, col) takes pixel (row + shiftRow, col + shiftCol),
 * taken modulo the shape.
 *
 * @param image i32 `[ny, nx]`
 */
export function shiftIntoTree(image: usize, shiftRow: i32, shiftCol: i32): void {
  const ny = rowsOf(0);
  const nx = colsOf(0);
  for (let row = 0; row < ny; row++) {
    let from = row + shiftRow;
    if (from >= ny) from -= ny;
    const source = image + ((<usize>(from * nx)) << 2);
    const target = countsOf(0) + ((<usize>(row * nx)) << 2);
    for (let run = runsOf(0, row); load<i32>(run) >= 0; run += 8) {
      const first = load<i32>(run);
      const end = load<i32>(run, 4);
      // Columns from `border` on come from the left border of the image.
      const border = max(first, min(end, nx - shiftCol));
      copyCounts(target, first, source, first + shiftCol, border - first);
      copyCounts(target, border, source, border + shiftCol - nx, end - border);
    }
  }
}

function copyCounts(target: usize, to: i32, source: usize, from: i32, count: i32): void {
  target += (<usize>to) << 2;
  source += (<usize>from) << 2;
  const bytes = (<usize>count) << 2;
  // Runs are short, and `memory.copy` a call.
  if (bytes > 1024) {
    memory.copy(target, source, bytes);
    return;
  }
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(target + at, v128.load(source + at));
  for (; at < bytes; at += 4) store<i32>(target + at, load<i32>(source + at));
}

/** Sum level 0 upwards into all levels. */
export function aggregateCounts(): void {
  for (let level = 0; level < levels; level++) {
    for (let parentRow = 0; parentRow < rowsOf(level + 1); parentRow++) {
      for (let run = runsOf(level + 1, parentRow); load<i32>(run) >= 0; run += 8) {
        sumBlocks(level, parentRow, load<i32>(run), load<i32>(run, 4));
      }
    }
  }
}

/** Counts of the blocks from `first` up to `end` in a row of blocks of level `level`. */
function sumBlocks(level: i32, parentRow: i32, first: i32, end: i32): void {
  const cols = colsOf(level);
  const upper = countsOf(level) + ((<usize>(2 * parentRow * cols)) << 2);
  const lower = upper + ((<usize>cols) << 2);
  const hasLower = 2 * parentRow + 1 < rowsOf(level);
  const out = countsOf(level + 1) + ((<usize>(parentRow * colsOf(level + 1))) << 2);
  const whole = min(end, cols >> 1);
  let col = first;
  if (hasLower) {
    for (; col + 4 <= whole; col += 4) {
      const at = (<usize>col) << 3;
      const left = i32x4.add(v128.load(upper + at), v128.load(lower + at));
      const right = i32x4.add(v128.load(upper + at, 16), v128.load(lower + at, 16));
      v128.store(
        out + ((<usize>col) << 2),
        i32x4.add(i32x4.shuffle(left, right, 0, 2, 4, 6), i32x4.shuffle(left, right, 1, 3, 5, 7)),
      );
    }
  }
  for (; col < end; col++) {
    const at = (<usize>col) << 3;
    const hasRight = col < whole;
    let sum = load<i32>(upper + at);
    if (hasRight) sum += load<i32>(upper + at, 4);
    if (hasLower) {
      sum += load<i32>(lower + at);
      if (hasRight) sum += load<i32>(lower + at, 4);
    }
    store<i32>(out + ((<usize>col) << 2), sum);
  }
}
