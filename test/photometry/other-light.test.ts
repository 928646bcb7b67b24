/** What takes the place of a region's light. */
import { describe, expect, it } from "vitest";
import { emptyRegion } from "../../src/photometry/other-light.js";

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
