/** Regions of files on pixels. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RegionShape, shapeBounds, shapeContains } from "../../src/data/regions/region-shape.js";
import { imageSum, type SkyImage, skyImage } from "../../src/image.js";
import { circularRegion } from "../../src/posterior/region.js";
import { regionsFromDs9, regionsFromLabels } from "../../src/posterior/region-file.js";

const SHAPE = [30, 40] as const;
const weights = (text: string, options = {}): SkyImage =>
  regionsFromDs9(`image\n${text}`, SHAPE, options).regions[0].weights;
const at = ({ data }: SkyImage, x: number, y: number) => data[y * SHAPE[1] + x];

describe("regions of a DS9 file", () => {
  it("a circle is that of --circle", () => {
    expect(weights("circle(11,21,3.5)")).toEqual(
      circularRegion({ x: 10, y: 20, radius: 3.5 }, SHAPE).weights,
    );
  });

  it("a point is one pixel, a box its pixels, also in parts of pixels", () => {
    for (const subpixels of [1, 5]) {
      expect(imageSum(weights("point(11.3,21.4)", { subpixels }))).toBe(1);
      // Sides 4 and 2 about the corner of four pixels: borders run along those of pixels.
      expect(imageSum(weights("box(11.5,21.5,4,2,0)", { subpixels }))).toBeCloseTo(8, 12);
    }
    expect(at(weights("point(11.3,21.4)"), 10, 20)).toBe(1);
  });

  it("parts of pixels sum to the area", () => {
    // Midpoint sums of 16 x 16 points a pixel: the error of an area is below the perimeter times a tenth of a point's distance.
    const within = (text: string, area: number, perimeter: number) =>
      expect(Math.abs(imageSum(weights(text, { subpixels: 16 })) - area)).toBeLessThan(perimeter / 160);
    within("circle(15.3,14.2,5.7)", Math.PI * 5.7 ** 2, 36);
    within("ellipse(15.3,14.2,7,3,33)", Math.PI * 21, 33);
    within("box(15.3,14.2,7,3,33)", 21, 20);
    within("annulus(15.3,14.2,3,6)", Math.PI * 27, 57);
    within("polygon(3,3,13,3,8,13)", 50, 33);
  });

  it("a turned shape points the way of its angle, from x towards y", () => {
    const ellipse = weights("ellipse(16,16,8,2,45)");
    expect(at(ellipse, 19, 19)).toBe(1);
    expect(at(ellipse, 19, 11)).toBe(0);
  });

  it("excluded shapes are cut out of every region, wherever they stand", () => {
    const { regions } = regionsFromDs9(
      "image\n-circle(11,11,2)\ncircle(11,11,5)\nbox(11,11,5,5)\ncircle(30,20,3)\n-point(30,20)",
      SHAPE,
    );
    // Pixels within 5, 2 and 3 of a pixel: 81, 13 and 29.
    expect(regions.map(({ weights: image }) => imageSum(image))).toEqual([81 - 13, 25 - 13, 29 - 1]);
    expect(regions.map(({ name }) => name)).toEqual(["circle 1", "box 2", "circle 3"]);
  });

  it("only excluded shapes leave the rest of the image", () => {
    const { regions } = regionsFromDs9("image;-circle(11,11,2)", SHAPE);
    expect(regions).toHaveLength(1);
    expect(imageSum(regions[0].weights)).toBe(30 * 40 - 13); // 13 pixels within 2 of a pixel
  });

  it("joins, cuts and intersects from left to right", () => {
    const ring = weights("circle(11,11,5)-circle(11,11,2)");
    const annulus = weights("annulus(11,11,2,5)");
    expect(ring).toEqual(annulus);
    expect(weights("circle(11,11,5)*!circle(11,11,2)")).toEqual(annulus);
    expect(imageSum(weights("box(11,11,5,5)&box(13,13,5,5)"))).toBe(9);
    expect(imageSum(weights("box(11,11,5,5)||\nbox(13,13,5,5)"))).toBe(25 + 25 - 9);
    const { regions } = regionsFromDs9("image\nbox(11,11,5,5)\nbox(13,13,5,5)", SHAPE, { joined: "both" });
    expect(regions.map(({ name }) => name)).toEqual(["both"]);
    expect(imageSum(regions[0].weights)).toBe(41);
  });

  it("says which region holds no pixel, and that there is none", () => {
    expect(() => weights("circle(100,100,3) # text={far}")).toThrow(
      /region far: must hold the centre of a pixel/,
    );
    expect(() => weights("circle(11.5,11.5,0.3)")).toThrow(/must hold the centre/);
    expect(() => weights("# nothing")).toThrow(/at least one region/);
    expect(() => weights("circle(1,1,1)", { subpixels: 0 })).toThrow(/subpixels must be a whole number/);
  });
});

describe("shapes", () => {
  const place = fc.double({ min: -10, max: 50, noNaN: true });
  const size = fc.double({ min: 0, max: 20, noNaN: true });
  const angle = fc.double({ min: -400, max: 400, noNaN: true });
  const circle = fc.record({ kind: fc.constant("circle" as const), x: place, y: place, radius: size });
  const turned = fc.record({
    kind: fc.constantFrom("ellipse" as const, "box" as const),
    x: place,
    y: place,
    along: size,
    across: size,
    angle,
  });
  const polygon = fc.record({
    kind: fc.constant("polygon" as const),
    vertices: fc.array(fc.record({ x: place, y: place }), { minLength: 3, maxLength: 7 }),
  });
  const shape: fc.Arbitrary<RegionShape> = fc.oneof(circle, turned, polygon);

  it("lie within their bounds", () => {
    fc.assert(
      fc.property(shape, place, place, (one, x, y) => {
        const { x: columns, y: rows } = shapeBounds(one);
        if (!shapeContains(one, x, y)) return;
        expect(x).toBeGreaterThanOrEqual(columns[0]);
        expect(x).toBeLessThanOrEqual(columns[1]);
        expect(y).toBeGreaterThanOrEqual(rows[0]);
        expect(y).toBeLessThanOrEqual(rows[1]);
      }),
      { seed: 7, numRuns: 2000 },
    );
  });

  it("keep their area where they are turned by a right angle and moved", () => {
    fc.assert(
      fc.property(turned, fc.integer({ min: -9, max: 9 }), (one, quarters) => {
        const again = { ...one, angle: one.angle + 180 * quarters };
        const swapped = { ...one, along: one.across, across: one.along, angle: one.angle + 90 };
        for (const [dx, dy] of [
          [1.3, 0.2],
          [-4.1, 7.7],
          [0, 3],
        ] as const) {
          const [x, y] = [one.x + dx, one.y + dy];
          expect(shapeContains(again, x, y)).toBe(shapeContains(one, x, y));
          expect(shapeContains(swapped, x, y)).toBe(shapeContains(one, x, y));
        }
      }),
      { seed: 8, numRuns: 500 },
    );
  });
});

describe("regions of labels", () => {
  it("one for each number, in order", () => {
    const labels = skyImage([0, 7, 7, 2, 0, 2], [2, 3]);
    const regions = regionsFromLabels(labels);
    expect(regions.map(({ name }) => name)).toEqual(["label 2", "label 7"]);
    expect([...regions[0].weights.data]).toEqual([0, 0, 0, 1, 0, 1]);
    expect([...regions[1].weights.data]).toEqual([0, 1, 1, 0, 0, 0]);
  });

  it("refuses parts and emptiness", () => {
    expect(() => regionsFromLabels(skyImage([0, 1.5], [1, 2]))).toThrow(/whole numbers, got 1.5 at \[0, 1\]/);
    expect(() => regionsFromLabels(skyImage([0, -1], [1, 2]))).toThrow(/>= 0|label > 0/);
  });
});
