// Where no photon can come to lie. No window of a pixel with counts holds such a pixel of the sky, and nothing keeps its photons from the
// detector. A node of the tree whose pixels are all like that is dark: with the fractions and states below it integrated out, the law of
// everything else is what it was. A sweep needs its mass alone; the rest is drawn from the prior when the image is asked for (dark-sky.ts).
//
// Dark nodes have at least 4 x 4 pixels, and four children at every level below. The transfers between nodes, of at most that size
// (node-transfer.ts), never cut one.

import { allocate } from "./memory";
import { missingRunsOf } from "./missing";
import { Observation, observationAt, observationCount } from "./observation";
import { wrapIndex } from "./padded-image";
import {
  countRuns,
  darkNodesOf,
  drawAll,
  drawRuns,
  endRuns,
  hasDark,
  isDark,
  LEAST_LEVEL,
  listZeros,
  runsOf,
  setImageRuns,
  setRuns,
  storeRun,
} from "./runs";
import { childrenOf, colsOf, levels, massAt, rowsOf } from "./tree";

/** Images of fewer pixels are drawn whole unless all that is dark is to be left out. */
const LEAST_PIXELS: i32 = 1 << 16;

/** Leave out what is dark where that is at least a quarter of a large image; nowhere; wherever there is any. */
const AUTOMATIC: i32 = 0;
const NEVER: i32 = 1;
let wanted: i32 = AUTOMATIC;

/** i32 `[rootCount, 3]`: level, row and column of the dark nodes whose parent is not dark. */
export let roots: usize = 0;
export let rootCount: i32 = 0;
/** f64 `[rootCount]`: see `darkMasses`. */
let rootMasses: usize = 0;

/** Force what is left out: 0 automatic, 1 nothing, 2 all that is dark. For tests and benchmarks; before `startChain`. */
export function setDarkSky(mode: i32): void {
  wanted = mode;
}

/**
 * Find what is dark with the tree shifted so, and leave it out where that pays: from the inputs alone, so that a seed gives the same
 * bytes everywhere. Without memory nothing is left out.
 */
export function leaveOutDark(wrap: bool, shiftRow: i32, shiftCol: i32): void {
  leaveOutNothing();
  if (wanted === NEVER || levels <= LEAST_LEVEL) return;
  const pixels = rowsOf(0) * colsOf(0);
  if (wanted === AUTOMATIC && pixels < LEAST_PIXELS) return;
  const blocks = rowsOf(LEAST_LEVEL) * colsOf(LEAST_LEVEL);
  const dark = darkNodesOf(LEAST_LEVEL);
  memory.fill(dark, 1, <usize>blocks);
  markEdges();
  markMissing(shiftRow, shiftCol);
  for (let index = 0; index < observationCount; index++) {
    if (!markWindows(observationAt(index), wrap, shiftRow, shiftCol)) return;
  }
  let count = 0;
  for (let block = 0; block < blocks; block++) count += load<u8>(dark + <usize>block);
  if (count === 0 || (wanted === AUTOMATIC && count << (2 * LEAST_LEVEL + 2) < pixels)) return;
  gatherDark();
  if (!isRootDark() && listRuns(shiftRow, shiftCol) && listRoots()) drawRuns();
  else leaveOutNothing();
}

/** Draw all of the image. */
export function leaveOutNothing(): void {
  drawAll();
  rootCount = 0;
}

function isRootDark(): bool {
  return load<u8>(darkNodesOf(levels)) !== 0;
}

/** Blocks at an edge that lack pixels are drawn. */
function markEdges(): void {
  const cols = colsOf(LEAST_LEVEL);
  const dark = darkNodesOf(LEAST_LEVEL);
  for (let row = 0; row < rowsOf(LEAST_LEVEL); row++) {
    for (let col = 0; col < cols; col++) {
      const isWhole = (row + 1) << LEAST_LEVEL <= rowsOf(0) && (col + 1) << LEAST_LEVEL <= colsOf(0);
      if (!isWhole) store<u8>(dark + <usize>(row * cols + col), 0);
    }
  }
}

/** So are those with pixels from which photons may be missing. */
function markMissing(shiftRow: i32, shiftCol: i32): void {
  const ny = rowsOf(0);
  const nx = colsOf(0);
  const cols = colsOf(LEAST_LEVEL);
  for (let row = 0; row < ny; row++) {
    const treeRow = row < shiftRow ? row - shiftRow + ny : row - shiftRow;
    const line = darkNodesOf(LEAST_LEVEL) + <usize>((treeRow >> LEAST_LEVEL) * cols);
    for (let run = missingRunsOf(row); load<i32>(run) >= 0; run += 8) {
      for (let col = load<i32>(run); col < load<i32>(run, 4); col++) {
        const treeCol = col < shiftCol ? col - shiftCol + nx : col - shiftCol;
        store<u8>(line + <usize>(treeCol >> LEAST_LEVEL), 0);
      }
    }
  }
}

/** And those with pixels in the window of a lit pixel; false when so much is lit that nothing need be left out. */
function markWindows(item: Observation, wrap: bool, shiftRow: i32, shiftCol: i32): bool {
  const ny = rowsOf(0);
  const nx = colsOf(0);
  const cols = colsOf(LEAST_LEVEL);
  let left = rowsOf(LEAST_LEVEL) * cols;
  const least = wanted === AUTOMATIC ? left >> 2 : 0;
  for (let lit = 0; lit < item.litCount; lit++) {
    const pixel = load<i32>(item.litPixels + ((<usize>lit) << 2));
    const bottom = pixel / nx + item.centreRow;
    const right = (pixel % nx) + item.centreCol;
    for (let row = bottom - item.psfRows + 1; row <= bottom; row++) {
      if (!wrap && (row < 0 || row >= ny)) continue;
      const treeRow = wrapIndex(row - shiftRow, ny);
      const line = darkNodesOf(LEAST_LEVEL) + <usize>((treeRow >> LEAST_LEVEL) * cols);
      for (let col = right - item.psfCols + 1; col <= right; col++) {
        if (!wrap && (col < 0 || col >= nx)) continue;
        const treeCol = wrapIndex(col - shiftCol, nx);
        const block = line + <usize>(treeCol >> LEAST_LEVEL);
        if (load<u8>(block) !== 0) {
          store<u8>(block, 0);
          left--;
        }
        // On to the next block, or the border of the image.
        const rest = min(((treeCol >> LEAST_LEVEL) + 1) << LEAST_LEVEL, nx) - treeCol;
        col += rest - 1;
      }
      const rest = min(((treeRow >> LEAST_LEVEL) + 1) << LEAST_LEVEL, ny) - treeRow;
      row += rest - 1;
    }
    if (left < least) return false;
  }
  return true;
}

/** A node is dark when it has four children and all of them are. */
function gatherDark(): void {
  for (let level = LEAST_LEVEL + 1; level <= levels; level++) {
    const cols = colsOf(level);
    const below = darkNodesOf(level - 1);
    const here = darkNodesOf(level);
    const belowCols = colsOf(level - 1);
    for (let row = 0; row < rowsOf(level); row++) {
      for (let col = 0; col < cols; col++) {
        const first = below + <usize>(2 * row * belowCols + 2 * col);
        const second = first + <usize>belowCols;
        const isAll =
          childrenOf(row, col, level - 1) === 4 &&
          (load<u8>(first) & load<u8>(first, 1) & load<u8>(second) & load<u8>(second, 1)) !== 0;
        store<u8>(here + <usize>(row * cols + col), <u8>isAll);
      }
    }
  }
}

/** List the runs of all rows; false when memory is refused. */
function listRuns(shiftRow: i32, shiftCol: i32): bool {
  for (let level = LEAST_LEVEL; level <= levels; level++) {
    for (let row = 0; row < rowsOf(level); row++) {
      const list = listZeros(darkNodesOf(level) + <usize>(row * colsOf(level)), colsOf(level));
      if (list === 0) return false;
      setRuns(level, row, list);
    }
  }
  // The rows of smaller nodes in a row of blocks have the same runs, in their own columns.
  for (let level = 0; level < LEAST_LEVEL; level++) {
    const reach = LEAST_LEVEL - level;
    for (let block = 0; block < rowsOf(LEAST_LEVEL); block++) {
      const source = runsOf(LEAST_LEVEL, block);
      const list = allocate((<usize>(countRuns(source) + 1)) << 3);
      if (list === 0) return false;
      let out = list;
      for (let run = source; load<i32>(run) >= 0; run += 8) {
        out = storeRun(out, load<i32>(run) << reach, min(load<i32>(run, 4) << reach, colsOf(level)));
      }
      endRuns(out);
      for (let row = block << reach; row < min((block + 1) << reach, rowsOf(level)); row++)
        setRuns(level, row, list);
    }
  }
  return listImageRuns(shiftRow, shiftCol);
}

/** The runs of level 0 where they lie in the image: one that goes beyond its right border is cut in two. */
function listImageRuns(shiftRow: i32, shiftCol: i32): bool {
  const ny = rowsOf(0);
  const nx = colsOf(0);
  let before: usize = 0;
  let list: usize = 0;
  for (let treeRow = 0; treeRow < ny; treeRow++) {
    const source = runsOf(0, treeRow);
    if (source !== before) {
      list = allocate((<usize>(countRuns(source) + 2)) << 3);
      if (list === 0) return false;
      // The columns of the tree that lie at the left border of the image come last.
      const out = cutRuns(source, nx - shiftCol, nx, shiftCol - nx, list);
      endRuns(cutRuns(source, 0, nx - shiftCol, shiftCol, out));
      before = source;
    }
    setImageRuns(wrapIndex(treeRow + shiftRow, ny), list);
  }
  return true;
}

/** The parts of runs between two columns, moved. */
function cutRuns(source: usize, first: i32, end: i32, by: i32, out: usize): usize {
  for (let run = source; load<i32>(run) >= 0; run += 8) {
    const from = max(first, load<i32>(run));
    const to = min(end, load<i32>(run, 4));
    if (to > from) out = storeRun(out, from + by, to + by);
  }
  return out;
}

/** List the dark nodes whose parent is not dark; false when memory is refused. */
function listRoots(): bool {
  for (let pass = 0; pass < 2; pass++) {
    let count = 0;
    for (let level = LEAST_LEVEL; level < levels; level++) {
      const here = darkNodesOf(level);
      const above = darkNodesOf(level + 1);
      for (let row = 0; row < rowsOf(level); row++) {
        for (let col = 0; col < colsOf(level); col++) {
          if (load<u8>(here + <usize>(row * colsOf(level) + col)) === 0) continue;
          if (load<u8>(above + <usize>((row >> 1) * colsOf(level + 1) + (col >> 1))) !== 0) continue;
          if (pass > 0) {
            const root = roots + <usize>(12 * count);
            store<i32>(root, level);
            store<i32>(root, row, 4);
            store<i32>(root, col, 8);
          }
          count++;
        }
      }
    }
    rootCount = count;
    if (pass === 0) {
      roots = allocate(<usize>(12 * count));
      rootMasses = allocate((<usize>count) << 3);
      if (roots === 0 || rootMasses === 0) return false;
    }
  }
  return true;
}

/** Address of the mass of a node of `roots`. */
function massOfRoot(index: i32): usize {
  const root = roots + <usize>(12 * index);
  return massAt(load<i32>(root), load<i32>(root, 4), load<i32>(root, 8));
}

/** Address of the f64 masses of the nodes of `roots`, which are part of the chain's state. */
export function darkMasses(): usize {
  for (let index = 0; index < rootCount; index++) {
    store<f64>(rootMasses + ((<usize>index) << 3), load<f64>(massOfRoot(index)));
  }
  return rootMasses;
}

/** Take the masses of dark nodes from where `darkMasses` put them, and the host those of a saved chain. */
export function restoreDarkMasses(): void {
  for (let index = 0; index < rootCount; index++) {
    store<f64>(massOfRoot(index), load<f64>(rootMasses + ((<usize>index) << 3)));
  }
}

/** Multiply the masses of all dark nodes. */
export function scaleDark(factor: f64): void {
  for (let index = 0; index < rootCount; index++) {
    const at = massOfRoot(index);
    store<f64>(at, factor * load<f64>(at));
  }
}

/** Sum of the levels of the dark nodes whose parent is not dark. */
export function rootLevels(): i32 {
  let sum = 0;
  for (let root = 0; root < rootCount; root++) sum += load<i32>(roots + <usize>(12 * root));
  return sum;
}

/** Whether a node is dark, or holds a dark one among its children. */
export function touchesDark(level: i32, row: i32, col: i32): bool {
  if (!hasDark || isDark(level, row, col)) return hasDark;
  for (let child = 0; child < 4; child++) {
    const childRow = 2 * row + (child >> 1);
    const childCol = 2 * col + (child & 1);
    if (childRow >= rowsOf(level - 1) || childCol >= colsOf(level - 1)) continue;
    if (isDark(level - 1, childRow, childCol)) return true;
  }
  return false;
}
