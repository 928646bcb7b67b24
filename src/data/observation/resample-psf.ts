import { imageSum, type SkyImage } from "../../image.js";
import { centredPsf, type PsfWindow, psfCentre } from "./psf.js";

/** Where the cells of a psf are wanted. */
export interface ResampleOptions {
  /** Wanted cells a given cell, on each axis: 1, 2, 3 ... */
  readonly upsampling: number;
  /** Distance by which the psf moves, in given cells, any finite numbers. */
  readonly shift: { readonly x: number; readonly y: number };
}

/**
 * A psf on finer cells and moved by a part of a cell: cubic convolution (Keys 1981, IEEE Trans. ASSP 29, 1153) between the
 * given values, which are meant at the centres of their cells. Values below 0 become 0, and the sum is kept.
 *
 * @param window psf and its centre
 * @returns a psf whose centre is where the old one is after the shift; whole shifts of an `upsampling` of 1 are exact
 */
export function resamplePsf({ psf, centre }: PsfWindow, { upsampling, shift }: ResampleOptions): PsfWindow {
  const [rows, firstRow] = axisWeights(psf.shape[0], upsampling, shift.y);
  const [cols, firstCol] = axisWeights(psf.shape[1], upsampling, shift.x);
  return {
    psf: fromTaps(psf, rows, cols),
    centre: [centre[0] * upsampling - firstRow, centre[1] * upsampling - firstCol],
  };
}

/** A psf with its centre in the middle, as `resamplePsf` makes it. */
export function movedPsf(psf: SkyImage, shift: ResampleOptions["shift"], upsampling = 1): SkyImage {
  return centredPsf(resamplePsf({ psf, centre: psfCentre(psf) }, { upsampling, shift }));
}

/** A given cell of an axis, and its weight in a wanted one. */
interface Tap {
  readonly index: number;
  readonly weight: number;
}

/** A psf on other cells, of each axis by its taps. Values below 0 become 0, and the sum is kept unless no light is left. */
export function fromTaps(psf: SkyImage, rows: readonly Tap[][], cols: readonly Tap[][]): SkyImage {
  const nx = psf.shape[1];
  const between = new Float64Array(rows.length * nx);
  for (const [row, taps] of rows.entries()) {
    for (const { index, weight } of taps) {
      for (let col = 0; col < nx; col++) between[row * nx + col] += weight * psf.data[index * nx + col];
    }
  }
  const data = new Float64Array(rows.length * cols.length);
  for (let row = 0; row < rows.length; row++) {
    for (const [col, taps] of cols.entries()) {
      let sum = 0;
      for (const { index, weight } of taps) sum += weight * between[row * nx + index];
      data[row * cols.length + col] = Math.max(0, sum);
    }
  }
  const result: SkyImage = { data, shape: [rows.length, cols.length] };
  const sum = imageSum(result);
  if (sum === 0) return result;
  const factor = imageSum(psf) / sum;
  for (let index = 0; index < data.length; index++) data[index] *= factor;
  return result;
}

/**
 * For each wanted cell of one axis the given cells it is made of, and the place of the first: wanted cell k lies at
 * `(k + first) / upsampling - shift` in given cells.
 */
function axisWeights(size: number, upsampling: number, shift: number): [Tap[][], number] {
  const first = Math.floor((shift - 1) * upsampling) + 1;
  const last = Math.ceil((size + shift) * upsampling) - 1;
  const whole = Number.isInteger(shift);
  const result: Tap[][] = [];
  for (let place = first; place <= last; place++) {
    const position = place / upsampling - shift;
    if (whole && upsampling === 1) {
      result.push(position >= 0 && position < size ? [{ index: position, weight: 1 }] : []);
      continue;
    }
    result.push(keysTaps(size, position));
  }
  return [result, first];
}

/** The cells of an axis between which a position lies, by their weights. */
export function keysTaps(size: number, position: number): Tap[] {
  const base = Math.floor(position);
  const taps: Tap[] = [];
  for (let index = base - 1; index <= base + 2; index++) {
    const weight = keysKernel(position - index);
    if (weight !== 0 && index >= 0 && index < size) taps.push({ index, weight });
  }
  return taps;
}

/** Keys's kernel with a = -1/2: weight of a given value at this distance in cells. */
export function keysKernel(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}
