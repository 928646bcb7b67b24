import { describe, expect, it } from "vitest";
import { skyImage } from "../../src/image.js";
import { labelRegions } from "../../src/posterior/label-regions.js";
import { circularRegion } from "../../src/posterior/region.js";
import { shapeMask } from "../../src/posterior/region-shape.js";

const drawn = (mask: Uint8Array, nx: number) =>
  Array.from({ length: mask.length / nx }, (_, row) =>
    [...mask.subarray(row * nx, (row + 1) * nx)].map((v) => (v ? "#" : ".")).join(""),
  );

describe("shapes", () => {
  it("a circle is that of circularRegion", () => {
    const circle = { x: 4.3, y: 3.8, radius: 2.6 };
    const { weights } = circularRegion(circle, [8, 9]);
    expect([...shapeMask({ kind: "circle", ...circle }, [8, 9])]).toEqual([...weights.data]);
  });

  it("by hand", () => {
    expect(drawn(shapeMask({ kind: "box", x: 2, y: 1, width: 3, height: 1, angle: 90 }, [4, 5]), 5)).toEqual([
      "..#..",
      "..#..",
      "..#..",
      ".....",
    ]);
    expect(
      drawn(
        shapeMask(
          {
            kind: "ring",
            outer: { kind: "box", x: 2, y: 2, width: 4, height: 4, angle: 0 },
            inner: { kind: "circle", x: 2, y: 2, radius: 1 },
          },
          [5, 5],
        ),
        5,
      ),
    ).toEqual(["#####", "##.##", "#...#", "##.##", "#####"]);
    const points = [
      { x: -0.5, y: -0.5 },
      { x: 3.5, y: -0.5 },
      { x: -0.5, y: 3.5 },
    ];
    expect(drawn(shapeMask({ kind: "polygon", points }, [4, 4]), 4)).toEqual([
      "###.",
      "##..",
      "#...",
      "....",
    ]);
    expect(drawn(shapeMask({ kind: "point", x: 1.4, y: 0.6 }, [2, 3]), 3)).toEqual(["...", ".#."]);
    expect(drawn(shapeMask({ kind: "ellipse", x: 2, y: 1, a: 2, b: 0.5, angle: 180 }, [3, 5]), 5)).toEqual([
      ".....",
      "#####",
      ".....",
    ]);
  });

  it("beyond the image there is nothing", () => {
    expect(shapeMask({ kind: "circle", x: -20, y: 3, radius: 2 }, [8, 8]).includes(1)).toBe(false);
  });
});

describe("label images", () => {
  it("give a region a label, in order, with names", () => {
    const regions = labelRegions(skyImage([0, 7, 7, 2], [2, 2]), { 2: "jet" });
    expect(regions.map(({ name, weights }) => [name, ...weights.data])).toEqual([
      ["jet", 0, 0, 0, 1],
      ["label 7", 0, 1, 1, 0],
    ]);
    expect(() => labelRegions(skyImage([0, 0.5], [1, 2]))).toThrow(/whole numbers >= 0, got 0.5 at \[0, 1\]/);
    expect(() => labelRegions(skyImage([0, 0], [1, 2]))).toThrow(/0 everywhere/);
  });
});
