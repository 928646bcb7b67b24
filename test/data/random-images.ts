import fc from "fast-check";
import type { Shape, SkyImage } from "../../src/image.js";

/** Arbitrary shapes up to 7 x 7, one-pixel axes included. */
export const shapes: fc.Arbitrary<Shape> = fc.tuple(
  fc.integer({ min: 1, max: 7 }),
  fc.integer({ min: 1, max: 7 }),
);

/** An arbitrary image of a shape, with many zeros. */
export function images(shape: Shape, value: fc.Arbitrary<number>): fc.Arbitrary<SkyImage> {
  const length = shape[0] * shape[1];
  return fc
    .array(value, { minLength: length, maxLength: length })
    .map((data) => ({ data: Float64Array.from(data), shape }));
}

const amount = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 1000 }).map((value) => value / 16),
);

/** Non-negative images of multiples of 1/16. */
export function amounts(shape: Shape): fc.Arbitrary<SkyImage> {
  return images(shape, amount);
}

/** Psfs of any shape up to 9 x 9 (also larger than the image), sum 1. */
export const psfs: fc.Arbitrary<SkyImage> = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .chain((shape) => amounts(shape))
  .filter(({ data }) => data.some((value) => value > 0))
  .map(({ data, shape }) => {
    const sum = data.reduce((total, value) => total + value, 0);
    return { data: data.map((value) => value / sum), shape };
  });

/** Masks of a shape with at least one pixel in use. */
export function masks(shape: Shape): fc.Arbitrary<SkyImage> {
  return images(shape, fc.constantFrom(0, 1)).filter(({ data }) => data.includes(1));
}

export const boundaries = fc.constantFrom("spill" as const, "wrap" as const);
