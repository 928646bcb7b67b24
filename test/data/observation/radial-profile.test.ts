import { describe, expect, it } from "vitest";
import { radialProfile } from "../../../src/data/observation/radial-profile.js";
import { quantileOfSorted } from "../../../src/data/random/sorted-quantile.js";
import { imageOf } from "../../figures/images.js";

const INVALID = expect.objectContaining({ code: "INVALID_INPUT" });
const ones = imageOf(5, 5, () => 1);

describe("radialProfile", () => {
  it("puts pixels where their centres lie", () => {
    // Around the middle of 5 x 5: 1 pixel at 0, 4 at 1, 4 at sqrt 2, 4 at 2, 8 at sqrt 5, 4 at sqrt 8.
    const { rings } = radialProfile(ones, { x: 2, y: 2 }, { edges: [0, 1, 2, 2.5] });
    expect(rings).toEqual([
      { inner: 0, outer: 1, pixels: 1, observed: 1, quantiles: [] },
      { inner: 1, outer: 2, pixels: 8, observed: 8, quantiles: [] },
      { inner: 2, outer: 2.5, pixels: 12, observed: 12, quantiles: [] },
    ]);
    expect(radialProfile(ones, { x: 2, y: 2 }, { edges: [1, 2, 9] }).rings[0]).toMatchObject({ pixels: 8 });
  });

  it("leaves masked and missing pixels, and rings without pixels, out", () => {
    const image = imageOf(3, 3, (x, y) => (x === 0 && y === 1 ? Number.NaN : 2));
    const mask = imageOf(3, 3, (x) => (x === 2 ? 0 : 1));
    const { rings } = radialProfile(image, { x: 1, y: 1 }, { edges: [0, 0.5, 0.9, 1.1], mask });
    expect(rings.map(({ pixels, observed }) => [pixels, observed])).toEqual([
      [1, 2],
      [2, 4],
    ]);
  });

  it("makes means and bands of predictions", () => {
    const draws = [1, 2, 3, 4, 5].map((value) => imageOf(5, 5, () => value));
    const profile = radialProfile(ones, { x: 2, y: 2 }, { edges: [0, 1], predicted: draws });
    expect(profile.probabilities).toEqual([0.025, 0.16, 0.5, 0.84, 0.975]);
    expect(profile.rings[0].predicted).toBe(3);
    // Type 7 on 1..5: 1 + 4 p.
    for (const [index, value] of [1.1, 1.64, 3, 4.36, 4.9].entries()) {
      expect(profile.rings[0].quantiles[index]).toBeCloseTo(value, 12);
    }
    const one = radialProfile(ones, { x: 2, y: 2 }, { edges: [0, 1], predicted: draws[3] });
    expect(one).toMatchObject({ probabilities: [], rings: [{ predicted: 4, quantiles: [] }] });
  });

  it.each([
    { edges: [0, 2, 2] },
    { edges: [1] },
    { mask: imageOf(4, 5, () => 1) },
    { predicted: imageOf(4, 5, () => 1) },
  ])("refuses %j", (options) => {
    expect(() => radialProfile(ones, { x: 0, y: 0 }, options)).toThrow(INVALID);
  });
});

it("quantiles lie between order statistics", () => {
  expect(quantileOfSorted([1, 2, 4], 0.75)).toBe(3);
  expect(quantileOfSorted([1, 2, 4], 1)).toBe(4);
  expect(quantileOfSorted([], 0.5)).toBeNaN();
});
