import { type RandomStream, randomStream } from "../../src/data/random/random.js";
import type { SkyImage } from "../../src/image.js";

/** A random observation: any shape, a psf without symmetry, exposure, background and a mask with holes. */
export function randomObservation(seed: number, least = 3, most = 20) {
  const random = randomStream(seed);
  const size = () => least + Math.floor((most - least + 1) * random.uniform());
  const shape: [number, number] = [size(), size()];
  const psfShape: [number, number] = [
    1 + Math.floor(8 * random.uniform()),
    1 + Math.floor(8 * random.uniform()),
  ];
  const image = (values: (random: RandomStream) => number, of: readonly [number, number]): SkyImage => ({
    data: Float64Array.from({ length: of[0] * of[1] }, () => values(random)),
    shape: of,
  });
  const psf = image((stream) => 0.05 + stream.uniform(), psfShape);
  const sum = psf.data.reduce((total, value) => total + value, 0);
  const mask = image((stream) => Number(stream.uniform() < 0.8), shape);
  mask.data[0] = 1;
  return {
    counts: image((stream) => Math.floor(6 * stream.uniform() ** 2), shape),
    psf: { data: psf.data.map((value) => value / sum), shape: psfShape },
    exposure: image((stream) => 0.5 + stream.uniform(), shape),
    background: image((stream) => 0.2 * stream.uniform(), shape),
    mask,
  };
}

/** Positive numbers. */
export function randomFlux(length: number, seed: number): Float64Array {
  const random = randomStream(seed);
  return Float64Array.from({ length }, () => 0.1 + 2 * random.uniform());
}

/** Largest difference of two arrays over the largest value of the second. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let scale = 0;
  for (let index = 0; index < expected.length; index++) {
    difference = Math.max(difference, Math.abs(found[index] - expected[index]));
    scale = Math.max(scale, Math.abs(expected[index]));
  }
  return difference / scale;
}

/** Central differences of a function of an array, at the given indices. */
export function centralDifferences(
  value: (at: Float64Array) => number,
  at: Float64Array,
  indices: readonly number[],
  step = 1e-5,
): number[] {
  return indices.map((index) => {
    const width = step * Math.max(Math.abs(at[index]), 1e-3);
    const shifted = (by: number) => {
      const copy = at.slice();
      copy[index] += by;
      return value(copy);
    };
    // Fourth order: the error is that of rounding, about 1e-16 value / width.
    return (
      (8 * (shifted(width) - shifted(-width)) - (shifted(2 * width) - shifted(-2 * width))) / (12 * width)
    );
  });
}
