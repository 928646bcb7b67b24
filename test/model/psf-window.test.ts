import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Shape, type SkyImage, skyImage } from "../../src/image.js";
import { trimPsf } from "../../src/model/psf-window.js";
import { boundaries, psfs, shapes } from "../data/random-images.js";
import { transfer } from "../oracles/convolution.js";

/** Chance of landing `rows` below and `cols` right of where a photon was born, by a window with its own centre. */
function reach(
  { psf, centre }: { psf: SkyImage; centre: readonly [number, number] },
  rows: number,
  cols: number,
) {
  const row = rows + centre[0];
  const col = cols + centre[1];
  const [ny, nx] = psf.shape;
  return row >= 0 && row < ny && col >= 0 && col < nx ? psf.data[row * nx + col] : 0;
}

function windowTransfer(
  window: { psf: SkyImage; centre: readonly [number, number] },
  [ny, nx]: Shape,
  boundary: "spill" | "wrap",
  rows: number,
  cols: number,
): number {
  if (boundary === "spill") return reach(window, rows, cols);
  let sum = 0;
  for (let dy = -3; dy <= 3; dy++) {
    for (let dx = -3; dx <= 3; dx++) sum += reach(window, rows + dy * ny, cols + dx * nx);
  }
  return sum;
}

describe("trimPsf", () => {
  it("leaves every chance of a photon from one pixel to another as it was", () => {
    fc.assert(
      fc.property(psfs, shapes, boundaries, (psf, shape, boundary) => {
        const window = trimPsf(psf, shape, boundary);
        for (let rows = 1 - shape[0]; rows < shape[0]; rows++) {
          for (let cols = 1 - shape[1]; cols < shape[1]; cols++) {
            const born: [number, number] = [Math.max(0, -rows), Math.max(0, -cols)];
            const lands: [number, number] = [born[0] + rows, born[1] + cols];
            expect(windowTransfer(window, shape, boundary, rows, cols)).toBeCloseTo(
              transfer(psf, shape, boundary, lands, born),
              12,
            );
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is no larger than any image can use", () => {
    fc.assert(
      fc.property(psfs, shapes, boundaries, (psf, shape, boundary) => {
        const { psf: cut } = trimPsf(psf, shape, boundary);
        for (const axis of [0, 1] as const) {
          const most = boundary === "spill" ? 2 * shape[axis] - 1 : shape[axis];
          expect(cut.shape[axis]).toBeGreaterThanOrEqual(1);
          expect(cut.shape[axis]).toBeLessThanOrEqual(Math.min(psf.shape[axis], most));
        }
        expect(cut.data).toHaveLength(cut.shape[0] * cut.shape[1]);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps the sum when the boundary wraps", () => {
    fc.assert(
      fc.property(psfs, shapes, (psf, shape) => {
        const sum = trimPsf(psf, shape, "wrap").psf.data.reduce((total, value) => total + value, 0);
        expect(sum).toBeCloseTo(1, 12);
      }),
    );
  });

  it("drops borders of zeros", () => {
    const psf = skyImage([0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0], [4, 5]);
    const { psf: cut, centre } = trimPsf(psf, [10, 10], "spill");
    expect(cut.shape).toEqual([2, 2]);
    expect([...cut.data]).toEqual([1, 2, 0, 3]);
    expect(centre).toEqual([1, 1]);
  });

  it("folds a psf larger than a periodic image onto it", () => {
    const { psf, centre } = trimPsf(skyImage([1, 2, 3, 4, 5], [1, 5]), [1, 2], "wrap");
    // Offsets -2 ... 2 of the psf are 0 (1 + 3 + 5) and 1 (2 + 4) modulo 2.
    expect(psf.shape).toEqual([1, 2]);
    expect(psf.data[centre[1]]).toBe(9);
    expect(psf.data[1 - centre[1]]).toBe(6);
  });

  it("does not change what it is given", () => {
    const psf = skyImage([0, 1, 0, 0], [1, 4]);
    trimPsf(psf, [1, 2], "wrap");
    trimPsf(psf, [1, 2], "spill");
    expect([...psf.data]).toEqual([0, 1, 0, 0]);
  });
});
