import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { convolve } from "../../../src/data/observation/convolution.js";
import { skyImage } from "../../../src/image.js";
import { naiveConvolution } from "../../oracles/convolution.js";
import { amounts, boundaries, psfs, shapes } from "../random-images.js";

describe("convolve", () => {
  it("equals the double sum of the definition for all shapes of image and psf", () => {
    const inputs = shapes.chain((shape) => fc.tuple(amounts(shape), psfs, boundaries));
    fc.assert(
      fc.property(inputs, ([source, psf, boundary]) => {
        const result = convolve(source, psf, boundary);
        const expected = naiveConvolution(source, psf, boundary);
        expect(result.shape).toEqual(source.shape);
        for (const [index, value] of expected.entries()) expect(result.data[index]).toBeCloseTo(value, 9);
      }),
      { numRuns: 150 },
    );
  });

  it("sends the light of a pixel towards larger indices through psf cells beyond the centre", () => {
    const source = skyImage([0, 1, 0, 0], [1, 4]);
    const psf = skyImage([0, 0.25, 0.75], [1, 3]);
    expect([...convolve(source, psf, "spill").data]).toEqual([0, 0.25, 0.75, 0]);
  });

  it("puts the centre of an even psf at index n / 2", () => {
    const source = skyImage([0, 1, 0, 0], [1, 4]);
    const psf = skyImage([0.25, 0.75], [1, 2]);
    expect([...convolve(source, psf, "spill").data]).toEqual([0.25, 0.75, 0, 0]);
  });

  it("keeps the total with wrap, also when the psf is larger than the image", () => {
    const source = skyImage([3, 1], [1, 2]);
    const psf = skyImage([0.1, 0.2, 0.3, 0.2, 0.2], [1, 5]);
    const { data } = convolve(source, psf, "wrap");
    expect(data[0] + data[1]).toBeCloseTo(4, 12);
  });
});
