import { describe, expect, it } from "vitest";
import type { WcsCard } from "../../src/data/observation.js";
import { parseRegionFile } from "../../src/io/ds9-regions.js";

const SHAPE = [20, 24] as const;
const read = (text: string, options = {}) => parseRegionFile(text, { shape: SHAPE, ...options });
const pixels = (text: string, options = {}) =>
  read(text, options).regions.map(({ weights }) =>
    [...weights.data.keys()].filter((pixel) => weights.data[pixel] === 1),
  );
const names = (text: string) => read(text).regions.map(({ name }) => name);
const cards = (header: Readonly<Record<string, string | number>>): WcsCard[] =>
  Object.entries(header).map(([keyword, value]) => ({ keyword, value }));

// Coordinates of DS9 begin at 1: its (11, 6) is pixel 10 of row 5.
const CENTRE = 5 * 24 + 10;

describe("region files of DS9", () => {
  it("begin at 1, with brackets or without, on one line or many", () => {
    expect(pixels("image\ncircle(11,6,0.5)")).toEqual([[CENTRE]]);
    expect(pixels("image; circle 11 6 0.5 # text={a}; with a semicolon")).toEqual([[CENTRE]]);
    expect(pixels("image\npoint(11.2,6.1) # point=circle")).toEqual([[CENTRE]]);
    expect(pixels("image\r\ncircle point 11 6")).toEqual([[CENTRE]]);
    expect(pixels("IMAGE\nCIRCLE(11, 6, 0.5i)")).toEqual([[CENTRE]]);
  });

  it("are named by their text, which joins regions, else by number", () => {
    expect(
      names("image\ncircle(3,3,1)\ncircle(9,9,1) # color=red text={knot A} font=x\ncircle(9,3,1) # text='b'"),
    ).toEqual(["region 1", "knot A", "b"]);
    const [joined] = pixels("image\npoint(2,1) # text={a}\npoint(3,1) # text={a}");
    expect(joined).toEqual([1, 2]);
    // A composite: lines that end in || belong together.
    expect(pixels("image\n# composite(3,1,0) || composite=1\npoint(2,1) ||\npoint(3,1)\npoint(9,1)")).toEqual(
      [[1, 2], [8]],
    );
  });

  it("cut out what is excluded, and combine within a line", () => {
    expect(pixels("image\nbox(11,6,3,1,0)\n-circle(11,6,0.5)")).toEqual([[CENTRE - 1, CENTRE + 1]]);
    expect(pixels("image\nbox(11,6,3,1,0)-circle(11,6,0.5)\nbox(11,6,3,1,0)")).toEqual([
      [CENTRE - 1, CENTRE + 1],
      [CENTRE - 1, CENTRE, CENTRE + 1],
    ]);
    expect(pixels("image\nbox(11,6,3,1,0)&circle(12,6,0.6)")).toEqual([[CENTRE + 1]]);
    expect(pixels("image\npoint(1,1)\npoint(2,1)", { combine: true })).toEqual([[0, 1]]);
  });

  it("rings of several radii are several regions", () => {
    const found = pixels("image\nannulus(11,6,0,1,2) # text={ring}");
    expect(found).toHaveLength(2);
    expect(names("image\nannulus(11,6,0,1,2) # text={ring}")).toEqual(["ring 1", "ring 2"]);
    expect(found[0]).toEqual([CENTRE - 24, CENTRE - 1, CENTRE + 1, CENTRE + 24]);
    expect(pixels("image\nellipse(11,6,0.4,0.4,2.2,0.4,0)")[0]).toEqual([
      CENTRE - 2,
      CENTRE - 1,
      CENTRE + 1,
      CENTRE + 2,
    ]);
    expect(pixels("image\nbox(11,6,1,1,3,1,0)")[0]).toEqual([CENTRE - 1, CENTRE + 1]);
  });

  it("physical coordinates follow LTM and LTV, or Chandra's alternate P", () => {
    // physical 4001 is image pixel 1; two physical pixels a pixel.
    const chandra = cards({
      CRPIX1P: 0.5,
      CRVAL1P: 4000,
      CDELT1P: 2,
      CRPIX2P: 0.5,
      CRVAL2P: 3000,
      CDELT2P: 2,
    });
    expect(pixels("physical\ncircle(4021,3011,1)", { wcs: chandra })).toEqual([[CENTRE]]);
    const iraf = cards({ LTM1_1: 0.5, LTM2_2: 0.5, LTV1: 1, LTV2: 1 });
    expect(pixels("physical\ncircle(20,10,1)", { wcs: iraf })).toEqual([[CENTRE]]);
    // Without either they are those of the image.
    expect(pixels("physical\ncircle(11,6,0.5)")).toEqual([[CENTRE]]);
  });

  it("image coordinates belong to the whole image of a cut-out", () => {
    expect(pixels("image\ncircle(111,56,0.5)", { origin: { x: 100, y: 50 } })).toEqual([[CENTRE]]);
  });

  it("sky coordinates in degrees and base 60, with units", () => {
    const wcs = cards({
      CTYPE1: "RA---TAN",
      CTYPE2: "DEC--TAN",
      CRPIX1: 11,
      CRPIX2: 6,
      CRVAL1: 266.4,
      CRVAL2: -29,
      CDELT1: -0.001,
      CDELT2: 0.001,
    });
    for (const text of [
      'icrs\ncircle(266.4,-29,1.5")',
      'fk5; circle(17:45:36.0,-29:00:00.0,1.5")',
      "j2000\ncircle(17h45m36s,-29d00m00s,0.0004)",
      "icrs\ncircle(266.4d,-29d,0.025')",
    ]) {
      expect(pixels(text, { wcs }), text).toEqual([[CENTRE]]);
    }
  });

  it("say what cannot be read, with the line", () => {
    expect(() => read("image\ncircle(1,2)")).toThrow(/line 2: circle must have x, y and a radius/);
    expect(() => read("image\nblob(1,2,3)")).toThrow(/got blob/);
    expect(() => read("fk4\ncircle(1,2,3)")).toThrow(/line 1: coordinates must be image, physical/);
    expect(() => read("icrs\ncircle(1,2,3)")).toThrow(/need sky coordinates of the image/);
    expect(() => read("image\ncircle(a,2,3)")).toThrow(/must be a number in image/);
    expect(() => read("image\ncircle(100,100,3) # text={far}")).toThrow(
      /region far must hold the centre of a pixel/,
    );
    expect(() => read("# nothing\nimage")).toThrow(/got none/);
    expect(read("image\nline(1,2,3,4)\ncircle(5,5,2)").warnings).toEqual([
      "regions, line 2: a region must have an area, got line; it is left out",
    ]);
  });
});
