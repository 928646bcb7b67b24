/** What the draws of a result say about regions, against sums written down by hand. */
import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { constantImage } from "../../src/image.js";
import { findHdu, readFits, readTable } from "../../src/io/fits.js";
import { fluxLaw } from "../../src/photometry/flux-law.js";
import { measureRegions } from "../../src/photometry/measure-regions.js";
import { encodeMeasuredFits, measuredVotable } from "../../src/photometry/measured-file.js";
import { measuredColumns, measuredCsv, measuredPairs } from "../../src/photometry/measured-table.js";
import { circularRegion, regionFluxUnit } from "../../src/posterior/region.js";

// 2 x 3 pixels; the region holds (0, 0) and (2, 0), in a row.
const shape = [2, 3] as const;
const observation: Observation = {
  counts: constantImage(shape, 1),
  psf: { data: Float64Array.of(1), shape: [1, 1] },
  exposure: { data: Float64Array.of(2, 2, 4, 2, 2, 2), shape },
};
const trace = {
  shape,
  first: 0,
  every: 1,
  chains: [Float32Array.of(1, 9, 3, 9, 9, 9, 2, 9, 2, 9, 9, 9), Float32Array.of(0, 9, 4, 9, 9, 9)],
};
const regions = [
  { name: "one", pixels: [1] },
  { name: "pair", pixels: [0, 2] },
];

describe("measureRegions", () => {
  it("takes fluxes, photons and centroids of each draw, of chains of different lengths", async () => {
    const [one, pair] = await measureRegions(trace, [observation], regions, { thresholds: [3.5, 4] });
    expect(one.flux.map((chain) => [...chain])).toEqual([[9, 9], [9]]);
    expect(pair.flux.map((chain) => [...chain])).toEqual([[4, 4], [4]]);
    expect(pair.products.flux.mean).toBe(4);
    // Photons 2 + 12, 4 + 8 and 0 + 16; centroids 6 / 4, 4 / 4 and 8 / 4.
    expect(pair.products.source.mean).toBeCloseTo(14, 12);
    expect(pair.products.centroid).toMatchObject({ x: 1.5, y: 0, xStd: 0.5, yStd: 0 });
    expect(pair.products.exceeds).toEqual([
      { threshold: 3.5, probability: 1 },
      { threshold: 4, probability: 0 },
    ]);
  });

  it("has areas and lengths on the sky of pixels where the region is", async () => {
    const measured = await measureRegions(trace, [observation], regions, { thresholds: [3.5, 4] });
    const cards = {
      ...{ CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CRVAL1: 0, CRVAL2: 0 },
      // Row 0 lies at b = 60 degrees, where a pixel of CAR has half of the area that it has at the reference position.
      ...{ CRPIX1: 1, CRPIX2: -5999, CDELT1: -0.01, CDELT2: 0.01 },
    };
    const wcs = Object.entries(cards).map(([keyword, value]) => ({ keyword, value }));
    const columns = measuredColumns(measured, { wcs, unit: "count" });
    const value = (name: string) => Number(columns.find((column) => column.name === name)?.of(measured[1]));
    expect(value("area_sky")).toBeCloseTo(0.5 * 36 ** 2 * 2, 3);
    expect(value("extent_sky") / value("extent")).toBeCloseTo(36 * Math.SQRT1_2, 6);
    expect(value("image_brightness_sky")).toBeCloseTo(value("image_flux") / value("area_sky"), 12);
  });

  it("refuses regions without pixels or beyond the image", async () => {
    for (const pixels of [[], [6], [0.5]]) {
      await expect(measureRegions(trace, [observation], [{ name: "a", pixels }])).rejects.toThrow(
        /^region a: pixels must be one or more from 0 to 5/,
      );
    }
  });

  it("takes images of weights as lists of pixels, and refuses weights beyond [0, 1]", async () => {
    const weights = { data: Float64Array.of(1, 0, 1, 0, 0, 0), shape };
    const [pair] = await measureRegions(trace, [observation], [{ name: "pair", weights }]);
    expect(pair.products).toEqual((await measureRegions(trace, [observation], [regions[1]]))[0].products);
    const wrong = { name: "a", weights: { data: Float64Array.of(2, 0, 0, 0, 0, 0), shape } };
    await expect(measureRegions(trace, [observation], [wrong])).rejects.toThrow(
      /weights must lie in \[0, 1\], got 2/,
    );
  });
});

describe("a source in addition to all other light", () => {
  // 9 x 9 pixels of a known background of 0.5, and draws without light but in the middle, where 4 counts are seen.
  const size = [9, 9] as const;
  const middle = 4 * 9 + 4;
  const counts = constantImage(size, 0);
  counts.data[middle] = 4;
  const psf = { data: Float64Array.of(0, 0.1, 0, 0.1, 0.6, 0.1, 0, 0.1, 0), shape: [3, 3] as const };
  const data: Observation = { counts, psf, background: constantImage(size, 0.5) };
  const draw = (light: number) => {
    const image = new Float32Array(81);
    image[middle] = light;
    return image;
  };
  const draws = { shape: size, first: 0, every: 1, chains: [draw(3), draw(0)] };
  const region = circularRegion({ x: 4, y: 4, radius: 0 }, size, "middle");

  it("has the likelihood of the aperture's counts, the region's own light taken out", async () => {
    const expected = fluxLaw([4], [{ other: Float64Array.of(0.5), unit: Float64Array.of(0.6) }]);
    for (const sourceShape of ["point", "drawn"] as const) {
      const [{ extra }] = await measureRegions(draws, [data], [region], { sourceShape });
      expect(extra?.counts).toBe(4);
      expect(extra?.other.mean).toBeCloseTo(0.5, 12);
      expect(extra?.inside).toBeCloseTo(0.6, 12);
      expect(extra?.limits[2].limit).toBeCloseTo(expected.limits[2].limit, 6);
      // 1 - exp(-0.5) (1 + 0.5 + 0.125 + 0.02083)
      expect(extra?.chance).toBeCloseTo(0.00175, 5);
      // Nothing is the median of a mean of 0.5: the limit of no count, -ln(0.05) / 0.6.
      expect(extra?.expectedLimits[2].limit).toBeCloseTo(2.9957 / 0.6, 2);
    }
  });

  it("keeps other sources, whose wings fall into the aperture", async () => {
    const beside = draws.chains.map((image) => image.with(middle + 1, 20));
    const two = circularRegion({ x: 4, y: 4, radius: 0 }, size, "middle");
    const [{ extra }] = await measureRegions({ ...draws, chains: beside }, [data], [two], {
      sourceShape: "point",
    });
    // 0.1 of 20 photons next to it, and what the fill makes of the bright neighbour: the guard of half a half-light radius is 0.
    expect(extra?.other.mean).toBeGreaterThan(2.5);
    expect(extra?.other.mean).toBeLessThan(4);
  });

  it("measures on finer skies, and leaves out what no pixel in use sees", async () => {
    const fine = {
      shape: [18, 18] as const,
      first: 0,
      every: 1,
      chains: [new Float32Array(324), new Float32Array(324)],
    };
    const four = circularRegion({ x: 8.5, y: 8.5, radius: 1 }, fine.shape, "four");
    const [{ extra }] = await measureRegions(fine, [data], [four], { upsampling: 2 });
    expect(extra?.counts).toBe(4);
    expect(extra?.other.mean).toBeCloseTo(0.5, 6);
    const mask = constantImage(size, 1);
    mask.data[middle] = 0;
    const masked = { ...data, counts: constantImage(size, 1), mask };
    const [unseen] = await measureRegions(draws, [masked], [region]);
    expect(unseen.extra).toBeUndefined();
  });

  it("becomes a table with units in CSV, VOTable and FITS", async () => {
    const measured = await measureRegions(draws, [data], [{ ...region, name: '<a & "b">' }]);
    const options = { unit: "photon / (cm2 s pixel)" };
    const columns = measuredColumns(measured, options);
    expect(regionFluxUnit(options.unit)).toBe("photon / (cm2 s)");
    expect(regionFluxUnit("count / (s pixel)")).toBe("count / s");
    expect(regionFluxUnit("count")).toBe("count");
    const limit = columns.find(({ name }) => name === "source_limit_95");
    expect(limit?.unit).toBe("photon / (cm2 s)");
    expect(columns.find(({ name }) => name === "image_brightness")?.unit).toBe("photon / (cm2 s pixel)");
    const [head, row] = measuredCsv(measured, options).split("\n");
    expect(head).toContain("source_limit_95 [photon / (cm2 s)]");
    expect(row).toContain(String(measured[0].extra?.limits[2].limit));
    const xml = measuredVotable(measured, options);
    expect(xml).toContain("<TD>&lt;a &amp; &quot;b&quot;&gt;</TD>");
    expect(xml.match(/<TD>/g)).toHaveLength(columns.length);
    const table = readTable(findHdu(readFits(encodeMeasuredFits(measured, options)), "REGIONS"));
    expect(table.columns.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
    const stored = table.columns.find(({ name }) => name === "source_limit_95")?.values as Float64Array;
    expect(stored[0]).toBe(measured[0].extra?.limits[2].limit);
  });

  it("compares only regions that hold a source", async () => {
    const bright = constantImage(size, 0);
    bright.data[middle] = 60;
    bright.data[10] = 40;
    const places = [
      { name: "middle", pixels: [middle] },
      { name: "corner", pixels: [10] },
      { name: "nothing", pixels: [70] },
    ];
    const lit = draws.chains.map(() => draw(60).with(10, 40));
    const measured = await measureRegions({ ...draws, chains: lit }, [{ ...data, counts: bright }], places);
    const pairs = measuredPairs(measured);
    expect(pairs.map(({ first, second }) => [first, second])).toEqual([["middle", "corner"]]);
    expect(pairs[0].ratio.median).toBeCloseTo(1.5, 6);
  });
});
