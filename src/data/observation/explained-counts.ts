import { pixelRuns, type SkyImage, sumsBefore } from "../../image.js";
import type { Boundary } from "./boundary.js";
import { modulo } from "./convolution.js";
import { psfCentre } from "./psf.js";

/** Cells below the smallest normal float32 do not exist for the sampler, which convolves in that precision. */
const SMALLEST_WEIGHT = 2 ** -126;

/**
 * Find the lit detector pixels that no photon can reach: `sum_j psf[i - j + c] * exposure[j] = 0` although `counts[i] > 0`.
 *
 * Most pixels are settled by their own exposure and the psf's centre. For the others each psf row is a few runs of cells
 * above zero, and prefix sums along the rows of the exposure say at once whether a run meets any: the time is
 * O(pixels + undecided pixels x runs), whatever the width of the psf.
 *
 * @param input counts and exposure `[ny, nx]`, psf with sum 1
 * @returns their indices `row * nx + col`, rising
 */
export function unexplainedPixels(input: {
  readonly counts: SkyImage;
  readonly psf: SkyImage;
  readonly exposure: SkyImage;
  readonly boundary: Boundary;
}): number[] {
  const { counts, psf, exposure, boundary } = input;
  const [ny, nx] = counts.shape;
  const [centreRow, centreCol] = psfCentre(psf);
  const centreLit = psf.data[centreRow * psf.shape[1] + centreCol] >= SMALLEST_WEIGHT;
  const found: number[] = [];
  /** Pixels with exposure > 0 before each column of a row. */
  let exposed: Float64Array | undefined;
  let runs: PsfRun[] | undefined;
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const index = row * nx + col;
      if (counts.data[index] === 0 || (centreLit && exposure.data[index] > 0)) continue;
      exposed ??= sumsBefore(exposure.shape, (pixel) => Number(exposure.data[pixel] > 0));
      runs ??= psfRuns(psf);
      const reach = { row, col, ny, nx, exposed, boundary };
      if (!runs.some((run) => meetsExposure(run, reach))) found.push(index);
    }
  }
  return found;
}

/** Neighbouring psf cells above zero, as offsets `i - j` from sky to detector pixel: one row, columns `[first, last]`. */
interface PsfRun {
  readonly row: number;
  readonly first: number;
  readonly last: number;
}

function psfRuns(psf: SkyImage): PsfRun[] {
  const [centreRow, centreCol] = psfCentre(psf);
  return pixelRuns(psf.shape, (cell) => psf.data[cell] >= SMALLEST_WEIGHT).map(({ row, start, end }) => ({
    ...{ row: row - centreRow, first: start - centreCol, last: end - 1 - centreCol },
  }));
}

interface Reach {
  readonly row: number;
  readonly col: number;
  readonly ny: number;
  readonly nx: number;
  readonly exposed: Float64Array;
  readonly boundary: Boundary;
}

function meetsExposure(run: PsfRun, { row, col, ny, nx, exposed, boundary }: Reach): boolean {
  let skyRow = row - run.row;
  let first = col - run.last;
  let last = col - run.first;
  if (boundary === "spill") {
    if (skyRow < 0 || skyRow >= ny) return false;
    first = Math.max(first, 0);
    last = Math.min(last, nx - 1);
    return first <= last && countExposed(exposed, skyRow, nx, first, last) > 0;
  }
  skyRow = modulo(skyRow, ny);
  if (last - first + 1 >= nx) return countExposed(exposed, skyRow, nx, 0, nx - 1) > 0;
  first = modulo(first, nx);
  last = modulo(last, nx);
  if (first <= last) return countExposed(exposed, skyRow, nx, first, last) > 0;
  return countExposed(exposed, skyRow, nx, first, nx - 1) + countExposed(exposed, skyRow, nx, 0, last) > 0;
}

function countExposed(exposed: Float64Array, row: number, nx: number, first: number, last: number): number {
  return exposed[row * (nx + 1) + last + 1] - exposed[row * (nx + 1) + first];
}
