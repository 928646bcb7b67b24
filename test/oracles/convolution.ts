import type { SkyImage } from "../../src/image.js";

// The definitions, cell by cell and slow. Nothing here shares code with src.

/** Expected detections in pixel i from every sky pixel j: psf[i - j + c], summed over periodic images with "wrap". */
function weight(psf: SkyImage, di: number, dj: number): number {
  const row = di + Math.floor(psf.shape[0] / 2);
  const col = dj + Math.floor(psf.shape[1] / 2);
  const inside = row >= 0 && row < psf.shape[0] && col >= 0 && col < psf.shape[1];
  return inside ? psf.data[row * psf.shape[1] + col] : 0;
}

function shifts(size: number, psfSize: number, boundary: "spill" | "wrap"): number[] {
  if (boundary === "spill") return [0];
  const most = Math.ceil(psfSize / size) + 1;
  return Array.from({ length: 2 * most + 1 }, (_, index) => (index - most) * size);
}

/** Probability that a photon born in sky pixel (jRow, jCol) lands in detector pixel (iRow, iCol). */
export function transfer(
  psf: SkyImage,
  [ny, nx]: readonly [number, number],
  boundary: "spill" | "wrap",
  [iRow, iCol]: readonly [number, number],
  [jRow, jCol]: readonly [number, number],
): number {
  let sum = 0;
  for (const dy of shifts(ny, psf.shape[0], boundary)) {
    for (const dx of shifts(nx, psf.shape[1], boundary))
      sum += weight(psf, iRow - jRow + dy, iCol - jCol + dx);
  }
  return sum;
}

function pixels([ny, nx]: readonly [number, number]): [number, number][] {
  return Array.from({ length: ny * nx }, (_, index) => [Math.floor(index / nx), index % nx]);
}

/** `result[i] = sum_j transfer(i, j) * source[j]`. */
export function naiveConvolution(source: SkyImage, psf: SkyImage, boundary: "spill" | "wrap"): number[] {
  const all = pixels(source.shape);
  return all.map((i) =>
    all.reduce((sum, j, index) => sum + transfer(psf, source.shape, boundary, i, j) * source.data[index], 0),
  );
}

/** `q[j] = sum over used i of transfer(i, j)`. */
export function naiveDetection(
  psf: SkyImage,
  shape: readonly [number, number],
  boundary: "spill" | "wrap",
  mask?: SkyImage,
): number[] {
  const all = pixels(shape);
  return all.map((j) =>
    all.reduce((sum, i, index) => sum + (mask?.data[index] ?? 1) * transfer(psf, shape, boundary, i, j), 0),
  );
}
