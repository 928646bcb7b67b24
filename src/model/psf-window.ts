import type { Boundary } from "../data/observation/boundary.js";
import { modulo } from "../data/observation/convolution.js";
import { type PsfWindow, psfCentre } from "../data/observation/psf.js";
import { cutout, litRectangle, type Shape, type SkyImage } from "../image.js";

/**
 * Cut a psf down to the cells that can carry light on an image: borders of zeros go, so do cells farther from the
 * centre than the image is wide (`spill`); a psf larger than a periodic image (`wrap`) is folded onto it.
 *
 * @param psf any shape, values >= 0
 * @param shape `[ny, nx]` of the image
 * @returns a psf with at most `2 n - 1` (`spill`) or `n` (`wrap`) cells on each axis; the sum may drop with `spill`
 */
export function trimPsf(psf: SkyImage, shape: Shape, boundary: Boundary): PsfWindow {
  const start = { psf, centre: psfCentre(psf) };
  return cropZeros(boundary === "wrap" ? fold(start, shape) : cropToReach(start, shape));
}

function crop(
  { psf, centre }: PsfWindow,
  rows: readonly [number, number],
  cols: readonly [number, number],
): PsfWindow {
  return { psf: cutout(psf, rows, cols), centre: [centre[0] - rows[0], centre[1] - cols[0]] };
}

function cropToReach(window: PsfWindow, [ny, nx]: Shape): PsfWindow {
  const { psf, centre } = window;
  const range = (size: number, middle: number, reach: number): [number, number] => [
    Math.max(0, middle - reach + 1),
    Math.min(size, middle + reach),
  ];
  return crop(window, range(psf.shape[0], centre[0], ny), range(psf.shape[1], centre[1], nx));
}

function fold(window: PsfWindow, [ny, nx]: Shape): PsfWindow {
  const { psf, centre } = window;
  const [psfNy, psfNx] = psf.shape;
  if (psfNy <= ny && psfNx <= nx) return window;
  const height = Math.min(psfNy, ny);
  const width = Math.min(psfNx, nx);
  const middle: [number, number] = [Math.floor(height / 2), Math.floor(width / 2)];
  const data = new Float64Array(height * width);
  for (let row = 0; row < psfNy; row++) {
    const target = modulo(row - centre[0] + middle[0], ny) * width;
    for (let col = 0; col < psfNx; col++) {
      data[target + modulo(col - centre[1] + middle[1], nx)] += psf.data[row * psfNx + col];
    }
  }
  return { psf: { data, shape: [height, width] }, centre: middle };
}

function cropZeros(window: PsfWindow): PsfWindow {
  const { psf } = window;
  const lit = litRectangle(psf);
  return lit ? crop(window, lit.rows, lit.cols) : window;
}
