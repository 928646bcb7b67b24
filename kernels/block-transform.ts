// Two-dimensional transforms of blocks: what every convolution by overlap-save shares.
//
// A block lies in memory in pairs of rows, one row in each lane of an f64x2, so that every butterfly works on two rows
// (or, after a 2 x 2 transposition, two columns) at once.

import { ELEMENT, isSmooth, timesIm, timesRe, transformCost } from "./fourier";

/** Size of the blocks that `chooseBlocks` found cheapest. */
export let chosenRows: i32 = 0;
export let chosenCols: i32 = 0;

/** Choose the cheapest size of blocks (`chosenRows`, `chosenCols`); returns rough nanoseconds of a convolution. */
export function chooseBlocks(ny: i32, nx: i32, psfRows: i32, psfCols: i32): f64 {
  let best = Infinity;
  for (let rows = (psfRows + 1) & ~1; ; rows += 2) {
    if (!isSmooth(rows)) continue;
    const validRows = rows - psfRows + 1;
    const down = (ny + validRows - 1) / validRows;
    const perCol = 2 * transformCost(rows);
    for (let cols = (psfCols + 1) & ~1; ; cols += 2) {
      if (!isSmooth(cols)) continue;
      const validCols = cols - psfCols + 1;
      const across = (nx + validCols - 1) / validCols;
      const pairs = (down * across + 1) >> 1;
      const perRow = transformCost(cols);
      const cost = <f64>pairs * 0.5 * (perCol * <f64>cols + perRow * <f64>(rows + min(validRows, ny)));
      if (cost < best) {
        best = cost;
        chosenRows = rows;
        chosenCols = cols;
      }
      if (across === 1) break;
    }
    if (down === 1) break;
  }
  return best;
}

/** Bytes between row pairs of a block: a few elements more than columns, so that columns do not share cache sets. */
export function rowPairBytes(cols: i32): usize {
  return <usize>(cols + 2) * ELEMENT;
}

/** Collect two columns of a block, one in each lane, into the line `to`. */
export function gatherColumns(from: usize, to: usize, rows: i32, pairBytes: usize): void {
  exchangePairs(from, to, rows, pairBytes, 2 * ELEMENT);
}

/** Put the first `rows` of two columns in `from` back into the block. */
export function scatterColumns(from: usize, to: usize, rows: i32, pairBytes: usize): void {
  exchangePairs(from, to, rows, 2 * ELEMENT, pairBytes);
}

/** Two columns of two rows become two rows of two columns, pair of rows after pair of rows. */
function exchangePairs(from: usize, to: usize, rows: i32, fromStep: usize, toStep: usize): void {
  for (let row = 0; row < rows; row += 2) {
    const re0 = v128.load(from);
    const im0 = v128.load(from, 16);
    const re1 = v128.load(from, 32);
    const im1 = v128.load(from, 48);
    v128.store(to, i64x2.shuffle(re0, re1, 0, 2));
    v128.store(to, i64x2.shuffle(im0, im1, 0, 2), 16);
    v128.store(to, i64x2.shuffle(re0, re1, 1, 3), 32);
    v128.store(to, i64x2.shuffle(im0, im1, 1, 3), 48);
    from += fromStep;
    to += toStep;
  }
}

/** Multiply `line` by the spectrum and swap real and imaginary parts: the transform of the swapped is the inverse. */
export function multiplySwapped(line: usize, spectrum: usize, rows: i32): void {
  const end = line + <usize>rows * ELEMENT;
  for (; line < end; line += ELEMENT) {
    const re = v128.load(line);
    const im = v128.load(line, 16);
    const c = v128.load(spectrum);
    const s = v128.load(spectrum, 16);
    v128.store(line, timesIm(re, im, c, s));
    v128.store(line, timesRe(re, im, c, s), 16);
    spectrum += ELEMENT;
  }
}

/** Clear the real (`to`) or imaginary (`to + 16`) parts of a line. */
export function clearParts(to: usize, count: i32): void {
  const end = to + <usize>count * ELEMENT;
  for (; to < end; to += ELEMENT) v128.store(to, f64x2.splat(0));
}
