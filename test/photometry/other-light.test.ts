/** What takes the place of a region's light. */
import { describe, expect, it } from "vitest";
import { emptyRegion } from "../../src/photometry/other-light.js";
import { textbookRandom } from "../oracles/textbook-random.js";

const SIZE = 12;
const shape = [SIZE, SIZE] as const;
const image = (value: (x: number, y: number) => number) =>
  Float64Array.from({ length: SIZE * SIZE }, (_, pixel) => value(pixel % SIZE, Math.floor(pixel / SIZE)));
const middle = [6 * SIZE + 6];

describe("emptyRegion", () => {
  it("empties the region and its guard, cut off at the edge", () => {
    // Within 1.5 pixels of one: a square of three; of a corner: of two.
    expect(
      emptyRegion(
        middle,
        1.5,
        image(() => 1),
        shape,
      ).pixels,
    ).toHaveLength(9);
    expect(
      emptyRegion(
        [0],
        1.5,
        image(() => 1),
        shape,
      ).pixels,
    ).toEqual([0, 1, SIZE, SIZE + 1]);
    expect(
      emptyRegion(
        middle,
        0,
        image(() => 1),
        shape,
      ).pixels,
    ).toEqual(middle);
  });

  it("continues a level and an exponential slope, whatever was inside", () => {
    for (const slope of [0, 0.3]) {
      const truth = image((x, y) => Math.exp(slope * x - (slope / 2) * y));
      const { pixels } = emptyRegion(middle, 2, truth, shape);
      const mean = truth.map((value, pixel) => (pixels.includes(pixel) ? 1000 : value));
      const filled = emptyRegion(middle, 2, mean, shape).fill(mean);
      for (const [index, pixel] of pixels.entries()) expect(filled[index] / truth[pixel]).toBeCloseTo(1, 2);
    }
  });

  it("bends as the light around does, where that is certain", () => {
    const [size, sigma] = [24, 5];
    const at = (pixel: number) => ((pixel % size) - 12) ** 2 + (Math.floor(pixel / size) - 12) ** 2;
    const cloud = Float64Array.from({ length: size * size }, (_, pixel) =>
      Math.exp(-at(pixel) / (2 * sigma ** 2)),
    );
    const fillOf = (image: Float64Array) => {
      const emptied = emptyRegion([12 * size + 12], 4, image, [size, size]);
      return emptied.fill(image)[emptied.pixels.indexOf(12 * size + 12)];
    };
    // A harmonic logarithm would leave the middle as bright as the edge 4 to 5 pixels away: 0.61 to 0.73.
    expect(fillOf(cloud)).toBeCloseTo(1, 2);
  });

  it("is as bright as scattered light on average, not as its geometric mean", () => {
    // Factors exp(0.5 z): arithmetic mean 1.13, of factors up to 2 alone 1.1, geometric mean 1. Of 40 fills each is good to some 0.15.
    const fills = Array.from({ length: 40 }, (_, seed) => {
      const { normal } = textbookRandom(seed, 5);
      const scattered = image(() => Math.exp(0.5 * normal()));
      const filled = emptyRegion(middle, 2, scattered, shape).fill(scattered);
      return filled.reduce((sum, value) => sum + value, 0) / filled.length;
    });
    const mean = fills.reduce((sum, value) => sum + value, 0) / fills.length;
    expect(Math.abs(mean - 1.13)).toBeLessThan(0.08);
  });

  it("follows the level of a draw, and hardly a bright neighbour", () => {
    const flat = image(() => 1);
    const emptied = emptyRegion(middle, 2, flat, shape);
    expect(emptied.fill(image(() => 3))[0]).toBeCloseTo(3, 3);
    const lit = image((x, y) => (x === 9 && y === 6 ? 500 : 1));
    // Of 12 pixels around, one that is 500 times as bright: an arithmetic mean would be above 40.
    expect(Math.max(...emptyRegion(middle, 2, lit, shape).fill(lit))).toBeLessThan(10);
    expect(emptyRegion(middle, 2, lit, shape).fill(lit)[6]).toBeLessThan(2);
  });

  it("leaves nothing where there are no surroundings, or no light in them", () => {
    const all = [...flatIndices()];
    expect(
      new Set(
        emptyRegion(
          all,
          1,
          image(() => 1),
          shape,
        ).fill(image(() => 1)),
      ),
    ).toEqual(new Set([0]));
    const dark = image((x, y) => Number(x === 6 && y === 6));
    expect(new Set(emptyRegion(middle, 1, dark, shape).fill(dark))).toEqual(new Set([0]));
  });
});

function* flatIndices() {
  for (let pixel = 0; pixel < SIZE * SIZE; pixel++) yield pixel;
}
