/** Cells of pairs that trade flux at the same time: apart from each other on a torus, whatever the shift of the tree. */
import { describe, expect, it } from "vitest";
import type { Shape } from "../../src/image.js";
import { cellsFor, type GpuCells } from "../../src/samplers/gpu-cells.js";

/** Pixels of the cells of a colour: `[row, col]` of the tree, by cell. */
function cellsOf({ level, rows, cols }: GpuCells, colour: number): (readonly [number, number])[][] {
  const side = 2 ** level;
  return Array.from({ length: rows * cols }, (_, cell) => {
    const row = 2 * Math.floor(cell / cols) + (colour >> 1);
    const col = 2 * (cell % cols) + (colour & 1);
    return Array.from(
      { length: side * side },
      (_, pixel) => [row * side + Math.floor(pixel / side), col * side + (pixel % side)] as const,
    );
  });
}

/** Cells of any colour of which two reach one pixel of the detector, whose psf has `psf` rows and columns; and pixels that are beyond the image. */
function touching([ny, nx]: Shape, cells: GpuCells, psf: number, [down, right]: Shape): number {
  let wrong = 0;
  for (let colour = 0; colour < 4; colour++) {
    const owner = new Int32Array(ny * nx).fill(-1);
    for (const [cell, pixels] of cellsOf(cells, colour).entries()) {
      for (const [row, col] of pixels) {
        if (row >= ny || col >= nx) wrong++;
        for (let r = 0; r < psf; r++) {
          for (let c = 0; c < psf; c++) {
            const at = ((row + down + r) % ny) * nx + ((col + right + c) % nx);
            if (owner[at] >= 0 && owner[at] !== cell) wrong++;
            owner[at] = cell;
          }
        }
      }
    }
  }
  return wrong;
}

const SHAPES: readonly (readonly [Shape, number])[] = [
  [[16, 16], 3],
  [[24, 20], 5],
  [[37, 50], 5],
  [[64, 64], 17],
  [[95, 70], 9],
  [[20, 200], 9],
  [[128, 128], 17],
];

describe("cells", () => {
  it.each(SHAPES)("of %j and a psf of %i do not touch", (shape, psf) => {
    const cells = cellsFor(shape, psf);
    expect(cells).toBeDefined();
    for (const shift of [
      [0, 0],
      [7, 11],
    ] as const)
      expect(touching(shape, cells!, psf, shift)).toBe(0);
  });

  it("would touch with a psf of a pixel more than they are made for, or a gap less", () => {
    expect(cellsFor([64, 64], 17)).toEqual({ level: 4, rows: 2, cols: 2 });
    expect(touching([64, 64], { level: 4, rows: 2, cols: 2 }, 18, [0, 0])).toBeGreaterThan(0);
    expect(touching([64, 64], { level: 3, rows: 4, cols: 4 }, 17, [0, 0])).toBeGreaterThan(0);
    // The last gap of an odd number of nodes lies across the edge.
    expect(touching([80, 64], { level: 4, rows: 3, cols: 2 }, 17, [0, 0])).toBeGreaterThan(0);
  });

  it("are larger where that leaves fewer pairs in two of them", () => {
    expect(cellsFor([1024, 1024], 33)).toEqual({ level: 6, rows: 8, cols: 8 });
    expect(cellsFor([128, 128], 5)).toEqual({ level: 4, rows: 4, cols: 4 });
  });

  it("are left out where the image is too small for two, or they would save too little", () => {
    for (const [shape, psf] of [
      [[32, 32], 17],
      [[24, 20], 17],
      [[13, 12], 9],
      [[8, 8], 3],
      [[1, 2], 1],
    ] as const)
      expect(cellsFor(shape, psf)).toBeUndefined();
  });
});
