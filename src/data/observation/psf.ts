import { InvalidInputError } from "../../errors.js";
import { checkShape, imageSum, paddedImage, type Shape, type SkyImage } from "../../image.js";
import { exponential } from "../random/exponential.js";
import { pixelError } from "./check-image.js";

/** The part of a psf that does any work on a given image. */
export interface PsfWindow {
  readonly psf: SkyImage;
  /** Index of the psf's centre in `psf`; may lie outside it. */
  readonly centre: readonly [row: number, col: number];
}

/** Index of the centre of a psf, `floor(n / 2)` on each axis, for odd and even sizes. */
export function psfCentre({ shape: [ny, nx] }: SkyImage): [row: number, col: number] {
  return [Math.floor(ny / 2), Math.floor(nx / 2)];
}

/**
 * Check that every value of a psf is finite and >= 0 and that not all are zero.
 *
 * @param where start of the message
 * @throws InvalidInputError otherwise
 */
export function checkPsf(where: string, psf: SkyImage): void {
  const bad = psf.data.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY));
  if (bad >= 0) {
    const remedy = Number.isNaN(psf.data[bad]) ? "set it to 0" : "clip or rescale it";
    throw pixelError(where, "psf", psf, bad, "must be finite and >= 0", remedy);
  }
  const sum = imageSum(psf);
  if (!(sum > 0 && sum < Number.POSITIVE_INFINITY)) {
    throw new InvalidInputError(
      `${where}: psf must have a finite sum > 0, got ${sum}; check the file and its scaling`,
      { fields: { image: "psf", value: sum } },
    );
  }
}

/**
 * A psf scaled to sum 1; a copy.
 *
 * @param psf any shape, values finite and >= 0, not all zero
 * @throws InvalidInputError otherwise
 */
export function normalisePsf(psf: SkyImage): SkyImage {
  checkPsf("normalisePsf", psf);
  const sum = imageSum(psf);
  return { data: psf.data.map((value) => value / sum), shape: psf.shape };
}

/** Light of the square shells about the centre of a psf, by their distance from it. */
export function psfShells(psf: SkyImage): Float64Array {
  const [ny, nx] = psf.shape;
  const [row, col] = psfCentre(psf);
  const shells = new Float64Array(Math.max(ny, nx) + 1);
  for (let at = 0; at < psf.data.length; at++) {
    shells[Math.max(Math.abs(Math.floor(at / nx) - row), Math.abs((at % nx) - col))] += psf.data[at];
  }
  return shells;
}

/** Offset of the centroid of a psf from its centre index, in pixels along x and y; positive means larger indices. */
export function psfCentroid(psf: SkyImage): { readonly x: number; readonly y: number } {
  const [ny, nx] = psf.shape;
  const [centreRow, centreCol] = psfCentre(psf);
  let sum = 0;
  let sumX = 0;
  let sumY = 0;
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const value = psf.data[row * nx + col];
      sum += value;
      sumX += value * (col - centreCol);
      sumY += value * (row - centreRow);
    }
  }
  return { x: sumX / sum, y: sumY / sum };
}

/**
 * Pad a psf with zeros until its centre is the middle of an odd array, where `Observation.psf` has it.
 *
 * @param window psf and its centre, which may lie outside it
 */
export function centredPsf({ psf, centre }: PsfWindow): SkyImage {
  const half = (size: number, middle: number) => Math.max(middle, size - 1 - middle, 0);
  const rows = half(psf.shape[0], centre[0]);
  const cols = half(psf.shape[1], centre[1]);
  return paddedImage(psf, [2 * rows + 1, 2 * cols + 1], rows - centre[0], cols - centre[1]);
}

/**
 * A round Gaussian, sampled at pixel centres and scaled to sum 1 over its array, centred on `floor(n / 2)`.
 *
 * @param sigma standard deviation in pixels, > 0
 * @param shape `[ny, nx]`; default the odd square that reaches 4 sigma
 * @throws InvalidInputError for a sigma that is not a positive number, or a bad shape
 */
export function gaussianPsf(sigma: number, shape: Shape = gaussianPsfShape(sigma)): SkyImage {
  checkPositive("gaussianPsf", "sigma", sigma);
  checkShape("gaussianPsf", shape);
  const [ny, nx] = shape;
  const rows = gaussianProfile(ny, Math.floor(ny / 2), sigma);
  const cols = gaussianProfile(nx, Math.floor(nx / 2), sigma);
  const data = new Float64Array(ny * nx);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) data[row * nx + col] = rows[row] * cols[col];
  }
  return normalisePsf({ data, shape: [ny, nx] });
}

function gaussianPsfShape(sigma: number): Shape {
  const size = 2 * Math.ceil(4 * sigma) + 1;
  return [size, size];
}

/**
 * Mean of `exp(-(t - centre)^2 / (2 sigma^2))` over each of `length` pixels, at `samples` evenly spaced points a pixel
 * (1: the pixel centre only).
 */
export function gaussianProfile(length: number, centre: number, sigma: number, samples = 1): Float64Array {
  const profile = new Float64Array(length);
  for (let index = 0; index < length; index++) {
    let sum = 0;
    for (let sample = 0; sample < samples; sample++) {
      const offset = (index - 0.5 + (sample + 0.5) / samples - centre) / sigma;
      sum += exponential(-0.5 * offset * offset);
    }
    profile[index] = sum / samples;
  }
  return profile;
}

/** Check that an option is a finite number > 0. */
export function checkPositive(where: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0)) {
    throw new InvalidInputError(
      `${where}: ${name} must be a finite number > 0, got ${value}; leave it out for the default`,
      { fields: { [name]: value } },
    );
  }
}
