import type { SkyImage } from "../../image.js";
import type { Boundary } from "./boundary.js";
import { psfCentre } from "./psf.js";
import { type Psf, psfShares, sharedLight } from "./psf-set.js";

/**
 * Blur a source image with a psf: `result[i] = sum_j psf[i - j + c] * source[j]`, `c` the psf's centre index.
 *
 * Direct sums in double precision over the source pixels that are not zero, always in the same order, so that the result
 * is the same in every engine. Time: lit source pixels times psf cells.
 *
 * @param source `[ny, nx]`, any unit
 * @param psf any shape, odd or even, also larger than the source; used as it is (not normalised). Of one that varies over the field each
 *   place takes its share of the source
 * @param boundary `"spill"`: what leaves the image is lost; `"wrap"`: it enters on the other side
 * @returns a new image `[ny, nx]`, unit of the source
 */
export function convolve(source: SkyImage, psf: Psf, boundary: Boundary): SkyImage {
  if (psf.places !== undefined) {
    const sum = new Float64Array(source.data.length);
    for (const share of psfShares(psf.places, source.shape)) {
      const { data } = convolve(sharedLight(share, source), share.psf, boundary);
      for (let index = 0; index < sum.length; index++) sum[index] += data[index];
    }
    return { data: sum, shape: [source.shape[0], source.shape[1]] };
  }
  const [ny, nx] = source.shape;
  const [psfNy, psfNx] = psf.shape;
  const [centreRow, centreCol] = psfCentre(psf);
  // The full convolution first, then one rule for its margins: no boundary test in the inner loop.
  const fullNx = nx + psfNx - 1;
  const fullNy = ny + psfNy - 1;
  const full = new Float64Array(fullNy * fullNx);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const value = source.data[row * nx + col];
      if (value === 0) continue;
      for (let psfRow = 0; psfRow < psfNy; psfRow++) {
        const target = (row + psfRow) * fullNx + col;
        const start = psfRow * psfNx;
        for (let psfCol = 0; psfCol < psfNx; psfCol++) {
          full[target + psfCol] += value * psf.data[start + psfCol];
        }
      }
    }
  }
  const data = new Float64Array(ny * nx);
  for (let row = 0; row < fullNy; row++) {
    const targetRow = row - centreRow;
    if (boundary === "spill" && (targetRow < 0 || targetRow >= ny)) continue;
    const target = modulo(targetRow, ny) * nx;
    for (let col = 0; col < fullNx; col++) {
      const targetCol = col - centreCol;
      if (boundary === "spill" && (targetCol < 0 || targetCol >= nx)) continue;
      data[target + modulo(targetCol, nx)] += full[row * fullNx + col];
    }
  }
  return { data, shape: [ny, nx] };
}

/** The remainder of `index / size` in [0, size), also for negative indices. */
export function modulo(index: number, size: number): number {
  return ((index % size) + size) % size;
}
