import type { CheckedObservation } from "../../src/data/observation/check-observation.js";
import { transfer } from "./convolution.js";

/** Richardson-Lucy from a flat image of ones, by the matrix of the model written out. */
export function naiveRichardsonLucy(
  { counts, psf, exposure, background, mask }: CheckedObservation,
  boundary: "spill" | "wrap",
  iterations: number,
): number[] {
  const [ny, nx] = counts.shape;
  const pixels = ny * nx;
  const place = (index: number): [number, number] => [Math.floor(index / nx), index % nx];
  const matrix = Array.from({ length: pixels }, (_, i) =>
    Array.from(
      { length: pixels },
      (_, j) => transfer(psf, counts.shape, boundary, place(i), place(j)) * exposure.data[j],
    ),
  );
  const used = (i: number) => mask?.data[i] ?? 1;
  let flux = new Array<number>(pixels).fill(1);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const lambda = matrix.map((row) =>
      row.reduce((sum, weight, j) => sum + weight * (flux[j] + background.data[j]), 0),
    );
    flux = flux.map((value, j) => {
      let seen = 0;
      let back = 0;
      for (let i = 0; i < pixels; i++) {
        seen += used(i) * matrix[i][j];
        if (counts.data[i] > 0) back += (used(i) * matrix[i][j] * counts.data[i]) / lambda[i];
      }
      return seen > 0 ? (value * back) / seen : 0;
    });
  }
  return flux;
}
