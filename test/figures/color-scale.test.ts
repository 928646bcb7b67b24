import { describe, expect, it } from "vitest";
import { colorIndices, colorScale, noiseOf } from "../../src/figures/color-scale.js";
import { NAN_INDEX, palette } from "../../src/figures/colormap.js";
import { colorImage } from "../../src/figures/heat-map.js";
import { imageOf } from "./images.js";

const ramp = imageOf(1, 5, (x) => x);

describe("colorScale", () => {
  it("runs over the whole range by default", () => {
    const scale = colorScale([ramp], {});
    expect(scale.limits).toEqual([0, 4]);
    expect(Array.from(colorIndices(ramp, scale))).toEqual([0, 64, 127, 191, 254]);
    expect(scale.beyond).toEqual([false, false]);
  });

  it("takes the limits from several images together", () => {
    expect(colorScale([ramp, imageOf(1, 2, (x) => 10 * x - 3)], {}).limits).toEqual([-3, 7]);
  });

  it("interpolates percentiles and tells that values lie beyond", () => {
    const scale = colorScale([imageOf(1, 101, (x) => x)], { limits: [2.5, 90] });
    expect(scale.limits).toEqual([2.5, 90]);
    expect(scale.beyond).toEqual([true, true]);
    expect(colorScale([imageOf(1, 101, (x) => x)], { limits: 99.5 }).limits).toEqual([0, 99.5]);
  });

  it("takes one end or both from the caller, and the other from the image where it is on the right side", () => {
    expect(colorScale([ramp], { vmin: 1 }).limits).toEqual([1, 4]);
    expect(colorScale([ramp], { vmax: 3, limits: [25, 100] }).limits).toEqual([1, 3]);
    expect(colorScale([ramp], { vmin: -2, vmax: 9 }).limits).toEqual([-2, 9]);
    expect(colorScale([ramp], { vmin: 10 }).limits).toEqual([10, 20]);
    expect(colorScale([ramp], { vmin: -1, colormap: "RdBu" }).limits).toEqual([-1, 4]);
  });

  it("softens asinh at the scatter of the pixels, in their unit, or where it is told", () => {
    // The median of 1, 2, 3, 4 and 1000 is 3, the deviations 2, 1, 0, 1, 997 have the median 1; zeros do not count.
    const image = imageOf(1, 7, (x) => [0, 0, 1, 2, 3, 4, 1000][x] ?? 0);
    const scale = colorScale([image], { stretch: "asinh" });
    expect(scale.softening).toBeCloseTo(1.4826, 10);
    expect(scale.place(30)).toBeCloseTo(Math.asinh(30 / 1.4826) / Math.asinh(1000 / 1.4826), 12);
    const wide = colorScale([image], { stretch: "asinh", softening: 1e6 });
    expect(wide.place(500)).toBeCloseTo(0.5, 6);
    // Never below a thousandth of the range: all but one pixel are alike.
    expect(colorScale([imageOf(1, 9, (x) => (x === 0 ? 500 : 1))], { stretch: "asinh" }).softening).toBe(0.5);
    expect(noiseOf(imageOf(1, 3, (x) => x + 1))).toBe(2);
    expect(noiseOf(imageOf(1, 3, () => 0))).toBeUndefined();
  });

  it("falls back to the whole range when percentiles coincide", () => {
    expect(
      colorScale([imageOf(10, 10, (x, y) => (x + y === 0 ? 7 : 0))], { limits: [1, 95] }).limits,
    ).toEqual([0, 7]);
  });

  it("is symmetric about zero for the diverging map", () => {
    const scale = colorScale([imageOf(1, 3, (x) => [-1, 0.5, 2][x] ?? 0)], { colormap: "RdBu" });
    expect(scale.limits).toEqual([-2, 2]);
    expect(scale.place(0)).toBe(0.5);
  });

  it.each(["linear", "sqrt", "log", "asinh"] as const)("stretches %s from 0 to 1, increasing", (stretch) => {
    const { place } = colorScale([ramp], { stretch, vmin: 0.5, vmax: 40 });
    expect(place(0.5)).toBeCloseTo(0, 12);
    expect(place(40)).toBeCloseTo(1, 12);
    const places = [0.5, 1, 3, 10, 20, 40].map(place);
    expect(places).toEqual(places.toSorted((first, second) => first - second));
    expect(place(Number.NaN)).toBeNaN();
  });

  it("shows zeros of a log stretch as the lowest colour, apart from the faintest pixel", () => {
    const image = imageOf(1, 3, (x) => [0, 1, 50][x] ?? 0);
    const scale = colorScale([image], { stretch: "log" });
    expect(scale.limits).toEqual([0.5, 50]);
    expect(scale.beyond).toEqual([true, false]);
    const [zero, one, top] = colorIndices(image, scale);
    expect(zero).toBe(0);
    expect(one).toBeGreaterThan(20);
    expect(top).toBe(254);
  });

  it.each([
    ["all zero", imageOf(4, 4, () => 0), [0, 1]],
    ["constant", imageOf(4, 4, () => 3), [0, 3]],
    ["negative constant", imageOf(4, 4, () => -2), [-2, 0]],
    ["all NaN", imageOf(4, 4, () => Number.NaN), [0, 1]],
    ["one infinite pixel", imageOf(1, 3, (x) => [0, 2, Number.POSITIVE_INFINITY][x] ?? 0), [0, 2]],
    ["tiny", imageOf(1, 2, (x) => 1e-300 * x), [0, 1e-300]],
  ])("has increasing limits for an image that is %s", (_, image, limits) => {
    expect(colorScale([image], {}).limits).toEqual(limits);
    const [low, high] = colorScale([image], { stretch: "log" }).limits;
    expect(low).toBeGreaterThan(0);
    expect(low).toBeLessThan(high);
    const symmetric = colorScale([image], { symmetric: true }).limits;
    expect(symmetric[1]).toBe(-symmetric[0]);
    expect(symmetric[1]).toBeGreaterThan(0);
  });

  it.each([
    [{ vmin: 1, vmax: 1 }],
    [{ vmax: Number.NaN }],
    [{ vmin: 0, stretch: "log" as const }],
    [{ limits: [10, 101] as const }],
    [{ limits: 0 }],
    [{ softening: 0 }],
  ])("refuses %j", (options) => {
    expect(() => colorScale([ramp], options)).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
  });
});

describe("colour maps", () => {
  // End colours as published with the maps (matplotlib's inferno, magma, viridis) and, for cividis, gray and RdBu, as d3 gives them.
  it.each([
    ["inferno", [0, 0, 4], [252, 255, 164]],
    ["magma", [0, 0, 4], [252, 253, 191]],
    ["viridis", [68, 1, 84], [253, 231, 37]],
    ["gray", [0, 0, 0], [255, 255, 255]],
    ["RdBu", [5, 48, 97], [103, 0, 31]],
  ] as const)("%s ends in its colours", (name, first, last) => {
    const colors = palette(name);
    expect(colors).toHaveLength(768);
    expect(Array.from(colors.subarray(0, 3))).toEqual(first);
    expect(Array.from(colors.subarray(254 * 3, 255 * 3))).toEqual(last);
  });

  it.each(["inferno", "magma", "viridis", "cividis", "gray", "RdBu"] as const)(
    "%s does not hold the colour of NaN",
    (name) => {
      const colors = palette(name);
      const entries = Array.from({ length: 256 }, (_, index) =>
        colors.subarray(index * 3, index * 3 + 3).join(),
      );
      expect(entries.indexOf(entries[NAN_INDEX] ?? "")).toBe(NAN_INDEX);
    },
  );

  it("colours the top row first, row 0 at the bottom", () => {
    const rgba = colorImage(
      imageOf(2, 2, (x, y) => (y === 0 ? x : Number.NaN)),
      { colormap: "gray" },
    );
    expect(Array.from(rgba)).toEqual([
      122, 160, 196, 255, 122, 160, 196, 255, 0, 0, 0, 255, 255, 255, 255, 255,
    ]);
  });
});
