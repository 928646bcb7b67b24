import { describe, expect, it } from "vitest";
import type { WcsCard } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { galacticToIcrs } from "../../src/data/sky/galactic.js";
import { imageSum, type SkyImage } from "../../src/image.js";
import { type CompanionKind, ontoCounts, psfOntoCounts } from "../../src/io/companion-image.js";
import { FitsHeader, fitsCard, readFits, wcsCards, writeFits } from "../../src/io/fits.js";
import { untoldPixelSize } from "../../src/io/psf-pixel-size.js";

interface Sky {
  readonly lon?: number;
  readonly lat?: number;
  /** Degrees a pixel. */
  readonly size?: number;
  /** Reference pixel from 1. */
  readonly x?: number;
  readonly y?: number;
  readonly turn?: number;
  readonly mirrored?: boolean;
  readonly axes?: readonly [string, string];
}

function cards({
  lon = 83.63,
  lat = 22.01,
  size = 1e-3,
  x = 8.5,
  y = 8.5,
  turn = 0,
  mirrored,
  axes,
}: Sky): WcsCard[] {
  const [lonAxis, latAxis] = axes ?? ["RA---TAN", "DEC--TAN"];
  return Object.entries({
    ...{ CTYPE1: lonAxis, CTYPE2: latAxis, CRVAL1: lon, CRVAL2: lat, CRPIX1: x, CRPIX2: y },
    ...{ CDELT1: mirrored ? size : -size, CDELT2: size, CROTA2: turn, CUNIT1: "deg", CUNIT2: "deg" },
  }).map(([keyword, value]) => ({ keyword, value }));
}

const image = (nx: number, ny: number, value: (x: number, y: number) => number): SkyImage => ({
  data: Float64Array.from({ length: nx * ny }, (_, at) => value(at % nx, Math.floor(at / nx))),
  shape: [ny, nx],
});
const grid = { shape: [16, 16] as const, wcs: cards({}) };
const place = (kind: CompanionKind, given: SkyImage, sky: Sky) =>
  ontoCounts(kind, { name: "a.fits", image: given, wcs: cards(sky) }, grid);

describe("images beside the counts", () => {
  it("on the same pixels are taken as they are, without a word", () => {
    const given = image(16, 16, (x, y) => x + 100 * y);
    for (const sky of [{}, { x: 8.55 }, { lon: 83.63 + 360 }]) {
      const { image: found, notes } = place("exposure", given, sky);
      expect(found).toBe(given);
      expect(notes).toEqual([]);
    }
  });

  it("whose sky cannot be read are taken pixel by pixel, with a word unless the headers say the same", () => {
    const given = image(16, 16, (x, y) => x + 100 * y);
    const flat = ["GLON-HPX", "GLAT-HPX"] as const;
    for (const kind of ["exposure", "background", "mask"] as const)
      expect(place(kind, given, { axes: flat }).notes).toEqual([
        expect.stringMatching(
          `sky coordinates of the ${kind} should be .* cannot be read .*got HPX.* pixel by pixel`,
        ),
      ]);
    const counts = { shape: [16, 16] as const, wcs: cards({ axes: flat }) };
    const beside = (sky: Sky, wcs = cards(sky)) =>
      ontoCounts("exposure", { name: "a.fits", image: given, wcs }, counts).notes;
    expect(beside({ axes: flat })).toEqual([]);
    expect(beside({}, [])).toEqual([]);
    expect(beside({ axes: flat, lon: 120 })).toHaveLength(1);
    expect(beside({})).toEqual([expect.stringContaining("got for the counts some that cannot be read")]);
    const psf = psfOntoCounts({ name: "p.fits", image: gaussianPsf(1), wcs: cards({ axes: flat }) }, grid);
    expect(psf.notes).toEqual([expect.stringContaining("as if its pixels were those of the counts")]);
  });

  it("of which the counts are a part are cut", () => {
    for (const [dx, dy] of [
      [3, 1],
      [0, 9],
    ] as const) {
      const given = image(30, 26, (x, y) => x + 100 * y);
      const { image: found, notes } = place("background", given, { x: 8.5 + dx, y: 8.5 + dy });
      expect([...found.data]).toEqual([...image(16, 16, (x, y) => x + dx + 100 * (y + dy)).data]);
      expect(notes[0]).toContain("the counts' part of it was taken");
    }
  });

  it.each([0.25, 0.5, 2, 3])("a plane keeps its slope on pixels of %f of the size", (ratio) => {
    // A linear function is its own interpolation: exposure(x) = 5 + 0.1 x in pixels of the counts, about the middle of both.
    const n = Math.ceil(24 / ratio);
    const middle = (n - 1) / 2;
    const given = image(n, n, (x) => 5 + 0.1 * ((x - middle) * ratio));
    const sky = { size: ratio * 1e-3, x: middle + 1, y: middle + 1 };
    const { image: found, notes } = place("exposure", given, sky);
    for (let x = 1; x < 15; x++) expect(found.data[5 * 16 + x]).toBeCloseTo(5 + 0.1 * (x - 7.5), 6);
    expect(notes).toHaveLength(1);
    // Counts of a background a pixel are as many times more as the pixels are larger.
    const constant = place(
      "background",
      image(n, n, () => 2),
      sky,
    ).image;
    for (const value of constant.data) expect(value).toBeCloseTo(2 / ratio ** 2, 5);
  });

  it("beyond their edge have no value, and a mask is 0 there", () => {
    const shifted = { x: 8.5 + 6 }; // the middle lies at x = 13.5 from 0, so columns 0 to 9 of the counts are on it
    const exposure = place(
      "exposure",
      image(16, 16, () => 7),
      shifted,
    ).image;
    expect([...exposure.data.subarray(0, 16)]).toEqual([...Array(10).fill(7), ...Array(6).fill(Number.NaN)]);
    const mask = place(
      "mask",
      image(16, 16, () => 1),
      shifted,
    ).image;
    expect([...mask.data.subarray(0, 16)]).toEqual([...Array(10).fill(1), ...Array(6).fill(0)]);
  });

  it("turned by a right angle are turned back", () => {
    // North is to the left where the axes are turned by 90 degrees: (x, y) of the counts is (15 - y, x) or (y, 15 - x) there.
    const given = image(16, 16, (x, y) => x + 100 * y);
    const { image: found } = place("background", given, { turn: 90 });
    const at = (x: number, y: number) => found.data[y * 16 + x];
    const turned = Math.abs(at(3, 5)! - (15 - 5 + 100 * 3)) < 1e-6;
    if (turned) expect(at(10, 2)).toBeCloseTo(15 - 2 + 100 * 10, 4);
    else {
      expect(at(3, 5)).toBeCloseTo(5 + 100 * (15 - 3), 4);
      expect(at(10, 2)).toBeCloseTo(2 + 100 * (15 - 10), 4);
    }
  });

  it("in galactic coordinates lie where they are on the sky", () => {
    // The same point of the sky in both frames, about which the values fall off: the largest pixel is the middle one.
    const sky = { lon: 121.3, lat: -8.2, axes: ["GLON-TAN", "GLAT-TAN"] as const, x: 21, y: 21 };
    const { lon, lat } = galacticToIcrs({ lon: 121.3, lat: -8.2 });
    const given = image(41, 41, (x, y) => 100 - Math.hypot(x - 20, y - 20));
    const counts = { shape: [17, 17] as const, wcs: cards({ lon, lat, x: 9, y: 9 }) };
    const { image: found } = ontoCounts(
      "exposure",
      { name: "g.fits", image: given, wcs: cards(sky) },
      counts,
    );
    expect(found.data[8 * 17 + 8]).toBeGreaterThan(99.5);
    expect(found.data[8 * 17 + 14]).toBeCloseTo(94, 0);
    expect(found.data[2 * 17 + 8]).toBeCloseTo(94, 0);
  });

  it.each([
    [{ lon: 83.66 }, /middle is 27\.8 pixels away \(1\.67'\)/], // 0.03 deg x cos(22.01 deg) / 0.001 deg
    [{ lat: 22.05 }, /40 pixels away \(2\.4'\)/],
    [{ lat: 62.01 }, /\(40 deg\)/],
    [{ lon: 263.63, lat: -22.01 }, /on the other side of the sky/],
  ])("elsewhere are refused: %o", (sky, message) => {
    expect(() =>
      place(
        "exposure",
        image(16, 16, () => 1),
        sky,
      ),
    ).toThrow(message);
    expect(() =>
      place(
        "exposure",
        image(16, 16, () => 1),
        sky,
      ),
    ).toThrow("--align pixels");
  });
});

describe("psf beside the counts", () => {
  it("whose header tells the size of its pixels and no sky is brought to theirs", () => {
    const given = gaussianPsf(4);
    const card = (keyword: string, value: string | number): WcsCard => ({ keyword, value });
    const sized = (size: number, unit: string) => [
      ...[card("CTYPE1", "DX"), card("CTYPE2", "DY"), card("CDELT1", -size), card("CDELT2", size)],
      ...[card("CUNIT1", unit), card("CUNIT2", unit)],
    ];
    const place = (wcs: readonly WcsCard[]) => psfOntoCounts({ name: "psf.fits", image: given, wcs }, grid);
    // Pixels of the counts are 0.001 deg.
    const finer = place(sized(1.8, "arcsec"));
    expect(finer.notes).toEqual([expect.stringMatching(/pixel size .* 3\.6", got 1\.8"; it was resampled/)]);
    expect(widths(finer.image)[0]).toBeCloseTo(2, 1);
    expect(place(sized(3.6, "arcsec"))).toEqual({ image: given, notes: [] });
    expect(place(sized(0.5, ""))).toEqual({ image: given, notes: [] });
    expect(() => place(sized(8, "arcsec"))).toThrow(/at most 2 times as large/);
  });

  it("of the size of theirs in another angle is taken without a word", () => {
    const header = new FitsHeader([
      ...[fitsCard("CDELT1", -3.6), fitsCard("CDELT2", 3.6)],
      ...[fitsCard("CUNIT1", "arcsec"), fitsCard("CUNIT2", "arcsec")],
    ]);
    const given = { name: "psf.fits", image: gaussianPsf(2), wcs: wcsCards(header) };
    expect(psfOntoCounts(given, grid, header)).toEqual({ image: given.image, notes: [] });
  });

  it.each([
    ["PIXSCALE", 1.8, /got PIXSCALE = 1\.8; its pixels are taken as those of the counts, 3\.6"/],
    ["PIXELSCL", 3.6, undefined],
    ["OVERSAMP", 4, /got OVERSAMP = 4/],
    ["CDELT1", 0.25, /got CDELT1 = 0\.25 without an angle in CUNIT1/],
    ["CDELT1", 1, undefined],
    ["LTM1_1", 4, /got 4 of them for a physical one/],
    ["LTM1_1", 1, undefined],
  ] as const)("is told of where %s = %f is all that there is", (keyword, value, message) => {
    const more = keyword === "CDELT1" ? [fitsCard("CDELT2", value)] : [];
    const [{ header }] = readFits(
      writeFits([
        {
          kind: "image",
          shape: [1, 1],
          data: Float64Array.of(1),
          cards: [fitsCard(keyword, value), ...more],
        },
      ]),
    );
    const notes = untoldPixelSize("psf.fits", header, 1e-3, []);
    expect(notes).toEqual(message === undefined ? [] : [expect.stringMatching(message)]);
  });

  const psfOf = (given: SkyImage, sky: Sky) =>
    psfOntoCounts({ name: "psf.fits", image: given, wcs: cards(sky) }, grid);

  function widths({ data, shape: [ny, nx] }: SkyImage): [x: number, y: number] {
    const [cy, cx] = [Math.floor(ny / 2), Math.floor(nx / 2)];
    let [sum, xx, yy] = [0, 0, 0];
    for (const [at, value] of data.entries()) {
      sum += value;
      xx += value * ((at % nx) - cx) ** 2;
      yy += value * (Math.floor(at / nx) - cy) ** 2;
    }
    return [Math.sqrt(xx / sum), Math.sqrt(yy / sum)];
  }

  it("of the same size is taken as it is, wherever it lies", () => {
    const psf = gaussianPsf(2);
    expect(psfOf(psf, { lon: 10, lat: -60 }).image).toBe(psf);
  });

  it.each([
    [0.5, 4],
    [0.25, 8],
    [0.2, 10],
    [0.4, 5],
  ])("of pixels of %f keeps its width on the sky and its light", (ratio, sigma) => {
    const psf = gaussianPsf(sigma);
    const { image: found, notes } = psfOf(psf, { size: ratio * 1e-3, x: 33, y: 33 });
    expect(imageSum(found)).toBeCloseTo(1, 10);
    expect(found.shape.every((size) => size % 2 === 1)).toBe(true);
    // sigma^2 and the spread of a pixel of the counts over the finer ones, (1 - ratio^2) / 12.
    const expected = Math.sqrt((sigma * ratio) ** 2 + (1 - ratio ** 2) / 12);
    for (const width of widths(found)) expect(Math.abs(width - expected)).toBeLessThan(0.02);
    expect(notes[0]).toMatch(/psf should be those of the counts, 3\.6", got .*resampled/);
  });

  it("sums four pixels of half the size, halves at the edges", () => {
    const { image: found } = psfOf(
      image(3, 3, (x, y) => (x === 1 && y === 1 ? 4 : x + y === 1 ? 1 : 0)),
      {
        size: 5e-4,
      },
    );
    // Centre: 4, and half of each of the two neighbours left and below (1 each).
    expect(found.shape).toEqual([3, 3]);
    expect(found.data[4]).toBeCloseTo(5, 6);
    expect(imageSum(found)).toBeCloseTo(6, 10);
  });

  it("mirrored or turned is turned back", () => {
    const long = image(9, 9, (x, y) => (y === 4 ? 1 : 0) + (x === 6 && y === 5 ? 1 : 0));
    const mirrored = psfOf(long, { mirrored: true });
    expect(mirrored.image.data[5 * 9 + 2]).toBeCloseTo(1, 3);
    expect(mirrored.notes[0]).toContain("mirrored");
    const [before, after] = [widths(long), widths(psfOf(long, { turn: 90 }).image)];
    expect(after[1]).toBeCloseTo(before[0], 3);
    expect(after[0]).toBeCloseTo(before[1], 3);
  });

  it("of pixels much larger than those of the counts is refused", () => {
    expect(() => psfOf(gaussianPsf(1), { size: 3e-3 })).toThrow(
      /at most 2 times as large as those of the counts/,
    );
    expect(psfOf(gaussianPsf(1), { size: 2e-3 }).notes).toHaveLength(1);
  });
});
