import { describe, expect, it } from "vitest";
import { withinField } from "../../src/io/field-of-view.js";

const image = (...values: number[]) => ({ data: Float64Array.from(values), shape: [2, 3] as const });
const nan = Number.NaN;

describe("withinField", () => {
  const counts = image(0, 2, 0, 1, 3, 0);

  it("takes pixels without exposure or background as outside of the field", () => {
    const given = { counts, exposure: image(nan, 5, 5, 5, 5, 5), background: image(1, 1, nan, 1, 1, nan) };
    const { images, notes } = withinField(given);
    expect([...images.exposure!.data]).toEqual([0, 5, 0, 5, 5, 0]);
    expect([...images.background!.data]).toEqual([1, 1, 0, 1, 1, 0]);
    expect(notes).toEqual([
      expect.stringContaining("exposure: pixels should have values, got 1 of 6 without"),
      expect.stringContaining("background: pixels should have values, got 2 of 6 without"),
    ]);
    expect(given.exposure.data[0]).toBeNaN();
  });

  it("makes an exposure where there is none", () => {
    const { images } = withinField({ counts, background: image(nan, 1, 1, 1, 1, 1) });
    expect([...images.exposure!.data]).toEqual([0, 1, 1, 1, 1, 1]);
  });

  it("masks pixels without counts", () => {
    const { images, notes } = withinField({
      counts: image(0, nan, 0, 1, nan, 0),
      mask: image(0, 1, 1, 1, 1, 1),
    });
    expect([...images.mask!.data]).toEqual([0, 0, 1, 1, 0, 1]);
    expect(notes[0]).toContain("got 2 without");
    expect(() => withinField({ counts: image(nan, nan, nan, nan, nan, nan) })).toThrow(
      "counts: must have a value in at least one pixel, got NaN or blank in all; choose another image",
    );
  });

  it("says which pixels have counts but no value", () => {
    const exposure = image(5, nan, 5, 5, nan, nan);
    expect(() => withinField({ counts, exposure })).toThrow(
      "exposure: must have a value where there are counts, got none at [row, column] [0, 1], [1, 1]; ",
    );
    expect(() => withinField({ counts, exposure, mask: image(1, 0, 1, 1, 0, 1) })).not.toThrow();
  });
});
