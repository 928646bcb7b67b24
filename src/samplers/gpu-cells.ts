/**
 * Cells of the image in which pairs of pixels trade flux at the same time, each by a workgroup of its own.
 *
 * A cell is a node of the tree, with all pixels below it. Cells of one colour are every other one down and across, of four colours; what
 * lies between two of them is at least as wide as a cell, and a cell as wide as what the light of a pixel reaches. So no lit pixel and no
 * block of the tree has to do with pairs of two cells of a colour, and what one does changes nothing of what decides in another:
 * kernels-gpu/transfers.wgsl has the argument. Rows and columns of nodes that do not fill such a pair of cell and gap, at the end of
 * the image, belong to no cell.
 */

import type { Shape } from "../image.js";

/** How cells lie. */
export interface GpuCells {
  /** Level of the nodes that are cells, >= 1. */
  readonly level: number;
  /** Cells of one colour down and across; at least two in all. */
  readonly rows: number;
  readonly cols: number;
}

/** Part of what all transfers would take after each other that is left must be smaller for cells to be worth it. */
const WORTH = 0.75;

/** Part of the pairs of `stepToOther` (kernels-gpu/transfers.wgsl), by their weights, whose pixels lie in two squares of a grid. */
function partAcross(side: number): number {
  const straight = 1 / side;
  const diagonal = 1 - (1 - 1 / side) ** 2;
  const double = Math.min(1, 2 / side);
  return (4 * straight + 2 * Math.SQRT2 * diagonal + 2 * double) / (6 + 2 * Math.SQRT2);
}

/**
 * The cells of an image, of the size with which its pair transfers take least time when every pixel is as bright.
 *
 * @param reach most rows or columns of lit pixels that the light of one pixel reaches, in any observation
 * @returns undefined where there is not more than one, or they save too little: all pairs then follow each other
 */
export function cellsFor([ny, nx]: Shape, reach: number): GpuCells | undefined {
  let best: GpuCells | undefined;
  let least = WORTH;
  for (let level = 1; 2 ** (level + 1) <= Math.max(ny, nx); level++) {
    const side = 2 ** level;
    const [rows, cols] = [Math.floor(ny / side / 2), Math.floor(nx / side / 2)];
    if (side < reach - 1 || rows * cols < 2) continue;
    const inCells = (4 * rows * cols * side * side) / (ny * nx);
    const inTurn = 1 - inCells * (1 - partAcross(side));
    const time = inTurn + (1 - inTurn) / (rows * cols);
    if (time >= least) continue;
    least = time;
    best = { level, rows, cols };
  }
  return best;
}
