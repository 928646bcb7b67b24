import { type Boundary, checkBoundary } from "../data/observation/boundary.js";
import { modulo } from "../data/observation/convolution.js";
import { psfCentre } from "../data/observation/psf.js";
import { type Psf, psfShares, sharedLight } from "../data/observation/psf-set.js";
import { constantImage, type PixelRun, pixelRuns, type Shape, type SkyImage, sumsBefore } from "../image.js";

/** Options of `detectionProbability`. */
export interface DetectionOptions {
  readonly boundary: Boundary;
  /** Detector pixels in use, 1 or 0 `[ny, nx]`; default all. */
  readonly mask?: SkyImage;
}

/**
 * Probability that a photon born in each sky pixel lands in a detector pixel in use:
 * `q[j] = sum of psf[i - j + c] over those i`.
 *
 * Exactly 1 where the whole psf lands in use, in particular everywhere with `"wrap"` and no mask. Without a mask the time
 * is O(pixels) plus a little for the margins; with one, O(runs of masked or used pixels in the rows x psf cells) at worst.
 *
 * @param psf any shape, values >= 0, sum 1; of one that varies over the field the psfs of the places count by their weights
 * @param shape `[ny, nx]` of sky and detector
 * @returns q `[ny, nx]` in [0, 1]
 * @throws InvalidInputError when the boundary is neither `"spill"` nor `"wrap"`
 */
export function detectionProbability(psf: Psf, shape: Shape, { boundary, mask }: DetectionOptions): SkyImage {
  checkBoundary("detectionProbability", boundary);
  if (psf.places !== undefined) {
    const sum = constantImage(shape, 0);
    for (const share of psfShares(psf.places, shape)) {
      const options = { boundary, ...(mask && { mask }) };
      const { data } = sharedLight(share, detectionProbability(share.psf, shape, options));
      for (let index = 0; index < data.length; index++) sum.data[index] += data[index];
    }
    return roundedProbability(sum);
  }
  if (!mask) return boundary === "wrap" ? constantImage(shape, 1) : reachOfWholeDetector(psf, shape);

  const [masked, used] = [0, 1].map((value) => pixelRuns(shape, (pixel) => mask.data[pixel] === value));
  const subtract = cost(masked, psf) < cost(used, psf);
  const start = !subtract
    ? constantImage(shape, 0)
    : boundary === "wrap"
      ? constantImage(shape, 1)
      : reachOfWholeDetector(psf, shape);
  addRuns(start, psf, subtract ? masked : used, subtract ? -1 : 1, boundary);
  return roundedProbability(start);
}

/** Sums and differences that should meet 0 or 1 miss them by rounding; E0 - E must vanish where q = 1. `image` is changed. */
function roundedProbability(image: SkyImage): SkyImage {
  for (let index = 0; index < image.data.length; index++) {
    const value = image.data[index];
    image.data[index] = value < ROUNDING ? 0 : value > 1 - ROUNDING ? 1 : value;
  }
  return image;
}

/** Far above the rounding error of the sums here, far below any probability that matters. */
const ROUNDING = 1e-13;

/**
 * Photons that stay on the detector, no mask. What a sky pixel reaches is a rectangle of the psf, and only its distance
 * to the edges matters; sums of positive numbers only, so that small probabilities keep their relative accuracy.
 */
function reachOfWholeDetector(psf: SkyImage, [ny, nx]: Shape): SkyImage {
  const [psfNy, psfNx] = psf.shape;
  const [centreRow, centreCol] = psfCentre(psf);
  const rows = reachedCells(ny, psfNy, centreRow);
  const cols = reachedCells(nx, psfNx, centreCol);
  const result = constantImage([ny, nx], 0);
  const colSums = new Float64Array(psfNx);
  for (let row = 0; row < ny; row++) {
    const { first, last } = rows[row];
    const previous = rows[row - 1];
    if (previous && previous.first === first && previous.last === last) {
      result.data.copyWithin(row * nx, (row - 1) * nx, row * nx);
      continue;
    }
    colSums.fill(0);
    for (let psfRow = first; psfRow <= last; psfRow++) {
      for (let psfCol = 0; psfCol < psfNx; psfCol++) colSums[psfCol] += psf.data[psfRow * psfNx + psfCol];
    }
    const wholeRows = first === 0 && last === psfNy - 1;
    for (let col = 0; col < nx; col++) {
      result.data[row * nx + col] = sumOfRange(
        colSums,
        cols,
        col,
        wholeRows,
        result.data[row * nx + col - 1],
      );
    }
  }
  return result;
}

function sumOfRange(
  colSums: Float64Array,
  cols: readonly CellRange[],
  col: number,
  wholeRows: boolean,
  before: number,
): number {
  const { first, last } = cols[col];
  if (wholeRows && first === 0 && last === colSums.length - 1) return 1;
  const previous = cols[col - 1];
  if (previous && previous.first === first && previous.last === last) return before;
  let sum = 0;
  for (let psfCol = first; psfCol <= last; psfCol++) sum += colSums[psfCol];
  return sum > 1 - ROUNDING ? 1 : sum;
}

interface CellRange {
  readonly first: number;
  readonly last: number;
}

/** For every sky pixel of one axis the psf cells `a` with `0 <= j + a - c < size`; empty when `last < first`. */
function reachedCells(size: number, cells: number, centre: number): CellRange[] {
  return Array.from({ length: size }, (_, j) => ({
    first: Math.max(0, centre - j),
    last: Math.min(cells - 1, size - 1 - j + centre),
  }));
}

/** Steps of `addRuns`, up to the factor of psf rows. */
function cost(runs: readonly PixelRun[], psf: SkyImage): number {
  return runs.reduce((sum, { start, end }) => sum + end - start + psf.shape[1], 0);
}

/** Add `sign` times the probability of landing in the given runs to `target` (changed in place). */
function addRuns(
  target: SkyImage,
  psf: SkyImage,
  runs: readonly PixelRun[],
  sign: 1 | -1,
  boundary: Boundary,
): void {
  const [ny, nx] = target.shape;
  const [psfNy, psfNx] = psf.shape;
  const [centreRow, centreCol] = psfCentre(psf);
  const before = sumsBefore(psf.shape, (cell) => psf.data[cell]);
  for (const { row, start, end } of runs) {
    for (let psfRow = 0; psfRow < psfNy; psfRow++) {
      const skyRow = row - psfRow + centreRow;
      if (boundary === "spill" && (skyRow < 0 || skyRow >= ny)) continue;
      const line = modulo(skyRow, ny) * nx;
      const sums = psfRow * (psfNx + 1);
      // Sky columns j whose cells start - j + c ... end - 1 - j + c overlap the psf.
      let first = start + centreCol - psfNx + 1;
      let last = end - 1 + centreCol;
      if (boundary === "spill") {
        first = Math.max(first, 0);
        last = Math.min(last, nx - 1);
      }
      for (let skyCol = first; skyCol <= last; skyCol++) {
        const from = Math.max(0, start - skyCol + centreCol);
        const to = Math.min(psfNx, end - skyCol + centreCol);
        const targetCol = boundary === "spill" ? skyCol : modulo(skyCol, nx);
        target.data[line + targetCol] += sign * (before[sums + to] - before[sums + from]);
      }
    }
  }
}
