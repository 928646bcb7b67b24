/** Groups of pixels of profiles. */
import { poissonInterval } from "tslira/diagnostics";
import { describe, expect, it } from "vitest";
import { countsIn } from "../../app/src/desk/observation-view.js";
import { countPoints, groupMeans, lineBins, ringBins } from "../../app/src/reading/profile.js";

describe("rings", () => {
  it("hold every pixel within the radius once", () => {
    const { groups, at } = ringBins([3, 3], 3, [7, 7]);
    expect(at).toEqual([0.5, 1.5, 2.5]);
    // By hand: the middle; 4 sides and 4 diagonals (1.41); 2, sqrt(5), sqrt(8): 4 + 8 + 4.
    expect(groups.map(({ length }) => length)).toEqual([1, 8, 16]);
    expect(new Set(groups.flat()).size).toBe(25);
  });
});

describe("lines", () => {
  it("along a row: a pixel a step, with its neighbours across", () => {
    const { groups } = lineBins({ x0: 1, y0: 2, x1: 4, y1: 2 }, 1, [5, 6]);
    expect(groups).toEqual([[13], [14], [15], [16]]);
    expect(lineBins({ x0: 4, y0: 2, x1: 1, y1: 2 }, 3, [5, 6]).groups[0].toSorted((a, b) => a - b)).toEqual([
      10, 16, 22,
    ]);
  });
  it("of a point is the pixel itself; along a diagonal no pixel is lost", () => {
    expect(lineBins({ x0: 2, y0: 2, x1: 2, y1: 2 }, 1, [5, 5]).groups).toEqual([[12]]);
    const diagonal = lineBins({ x0: 0, y0: 0, x1: 4, y1: 4 }, 1, [5, 5]).groups.flat();
    expect(diagonal).toEqual(expect.arrayContaining([0, 6, 12, 18, 24]));
  });
});

describe("values", () => {
  it("are means of pixels with a value, and counts with Gehrels' interval", () => {
    const image = { data: Float64Array.of(1, 3, Number.NaN, 8), shape: [1, 4] as const };
    const bins = {
      at: [0.5, 1.5],
      edges: [],
      groups: [
        [0, 1],
        [2, 3],
      ],
    };
    expect(groupMeans(image, bins)).toEqual([2, 8]);
    const [low, high] = poissonInterval(4);
    expect(countPoints(image, { ...bins, groups: [[0, 1]] })).toEqual([
      { value: 2, low: low / 2, high: high / 2 },
    ]);
    const [low8, high8] = poissonInterval(8);
    const none = Number.NaN;
    expect(countPoints(image, { ...bins, groups: [[2, 3], [2]] })).toEqual([
      { value: 8, low: low8, high: high8 },
      { value: none, low: none, high: none },
    ]);
    expect([countsIn(image), countsIn(image, [0, 2]), countsIn(image, [2])]).toEqual([12, 1, none]);
  });
});
