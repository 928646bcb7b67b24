import { beforeAll, describe, expect, it } from "vitest";
import { contourLines } from "../../src/figures/contours.js";
import { figureDocument } from "../../src/figures/document-node.js";
import { plotImage } from "../../src/figures/plot-image.js";
import { imageOf } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});
const INVALID = expect.objectContaining({ code: "INVALID_INPUT" });

describe("contourLines", () => {
  it("finds a circle of a cone, to second order in its curvature", () => {
    // 20 less the distance from (19.3, 21.1): the level 12 is the circle of radius 8. Along an edge of the grid the distance is off its
    // chord by at most 1 / (8 r) = 0.016 pixels.
    const cone = imageOf(45, 40, (x, y) => 20 - Math.hypot(x - 19.3, y - 21.1));
    const lines = contourLines(cone, 12);
    expect(lines).toHaveLength(1);
    const [circle] = lines as [[number, number][]];
    expect(circle.at(-1)).toEqual(circle[0]);
    for (const [x, y] of circle) expect(Math.abs(Math.hypot(x - 19.3, y - 21.1) - 8)).toBeLessThan(0.017);
    // Area of the polygon: pi 64 less segments of sagitta below 0.13 between points at most sqrt 2 apart, 2/3 s^2/(8 r) each: under 1 %.
    const area = circle.reduce((sum, [x, y], k) => {
      const [nextX, nextY] = circle[(k + 1) % circle.length];
      return sum + (x * nextY - nextX * y) / 2;
    }, 0);
    expect(Math.abs(Math.abs(area) / (64 * Math.PI) - 1)).toBeLessThan(0.01);
  });

  it("is open where the image ends, without the frame", () => {
    // Values x: the level 2.5 is the vertical line between the pixels 2 and 3, from the lower frame to the upper one.
    const [line, ...others] = contourLines(
      imageOf(4, 6, (x) => x),
      2.5,
    );
    expect(others).toEqual([]);
    const seen = line!.filter(([, y]) => y >= -0.5 && y <= 3.5);
    for (const [x] of seen) expect(x).toBe(2.5);
    const heights = line!.map(([, y]) => y);
    expect(Math.min(...heights)).toBeLessThan(-0.5);
    expect(Math.max(...heights)).toBeGreaterThan(3.5);
  });

  it("draws a hole, nothing for levels beyond, and survives pixels without a value", () => {
    const ring = imageOf(15, 15, (x, y) => -Math.abs(Math.hypot(x - 7, y - 7) - 4));
    expect(contourLines(ring, -1)).toHaveLength(2);
    expect(contourLines(ring, 1)).toEqual([]);
    const holed = { ...ring, data: ring.data.map((value, pixel) => (pixel === 112 ? Number.NaN : value)) };
    for (const [x, y] of contourLines(holed, -1).flat()) expect(Number.isFinite(x + y)).toBe(true);
    expect(() => contourLines(ring, Number.NaN)).toThrow(INVALID);
  });
});

describe("contours of a figure", () => {
  const image = imageOf(10, 10, (x) => x);
  const cards = (pixel: number, reference: number) =>
    Object.entries({
      ...{ CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CRVAL1: 0, CRVAL2: 0, CDELT1: -pixel, CDELT2: pixel },
      ...{ CRPIX1: reference, CRPIX2: reference },
    }).map(([keyword, value]) => ({ keyword, value }));

  it("brings those of another image onto this one by the sky", () => {
    // 5 x 5 pixels twice as large with the same centre: their column x is the columns 2 x and 2 x + 1 of the image. The level 1.5
    // lies between the centres of their columns 1 and 2: between the columns 3 and 4 of the image, at 40 % of the box.
    const coarse = { image: imageOf(5, 5, (x) => x), wcs: cards(0.2, 3) };
    const svg = plotImage(image, {
      document,
      wcs: cards(0.1, 5.5),
      contours: [1.5],
      contoursOf: coarse,
      size: 300,
    });
    const [, path] = /<path d="(M[^"]+)" stroke-linejoin="round"/.exec(svg) ?? [];
    const across = Array.from(path!.matchAll(/([\d.]+),[\d.-]+/g), ([, x]) => Number(x));
    expect(across.length).toBeGreaterThan(3);
    const heights = Array.from(path!.matchAll(/[\d.]+,(-?[\d.]+)/g), ([, y]) => Number(y));
    for (const [k, x] of across.entries())
      if (heights[k] > 0 && heights[k] < 300) expect(x).toBeCloseTo(120, 0);
  });

  it("turns galactic coordinates into those of an equatorial image, and refuses what cannot be turned", () => {
    // The galactic origin lies at ICRS 266.40499, -28.93617 (IAU 1958, by the rotation of Hipparcos, ESA 1997, vol. 1, eq. 1.5.11).
    const round = imageOf(10, 10, (x, y) => -Math.hypot(x - 4.5, y - 4.5));
    const sky = (types: readonly [string, string], lon: number, lat: number, more = {}) =>
      Object.entries({
        ...{ CTYPE1: types[0], CTYPE2: types[1], CRVAL1: lon, CRVAL2: lat, CRPIX1: 5.5, CRPIX2: 5.5 },
        ...{ CDELT1: -0.1, CDELT2: 0.1, ...more },
      }).map(([keyword, value]) => ({ keyword, value }));
    const below = {
      ...{
        document,
        contours: [-3],
        size: 300,
        wcs: sky(["RA---TAN", "DEC--TAN"], 266.40499, -28.93617),
      },
    };
    const svg = plotImage(round, {
      ...below,
      contoursOf: { image: round, wcs: sky(["GLON-TAN", "GLAT-TAN"], 0, 0) },
    });
    const [, path] = /<path d="(M[^"]+)" stroke-linejoin="round"/.exec(svg) ?? [];
    const points = Array.from(path!.matchAll(/([\d.]+),([\d.]+)/g), ([, x, y]) => [Number(x), Number(y)]);
    expect(points.length).toBeGreaterThan(12);
    // A ring stays one under turns: 3 pixels of 30 around the middle of the box, to the 0.012 pixels of marching squares.
    for (const [x, y] of points) expect(Math.abs(Math.hypot(x - 150, y - 150) / 30 - 3)).toBeLessThan(0.02);
    const old = sky(["RA---TAN", "DEC--TAN"], 266, -29, { RADESYS: "FK4", EQUINOX: 1950 });
    expect(() => plotImage(round, { ...below, contoursOf: { image: round, wcs: old } })).toThrow(INVALID);
  });

  it("needs the sky or the same pixels", () => {
    const contoursOf = { image: imageOf(5, 5, (x) => x) };
    expect(() => plotImage(image, { document, contours: [1], contoursOf })).toThrow(INVALID);
  });
});
