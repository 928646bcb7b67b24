/** Sources found in draws that are made by hand, on counts of known skies; chains of a sampler: `npm run study:sources`. */
import { describe, expect, it } from "vitest";
import { injectSources } from "../../src/data/observation/inject-sources.js";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { parseDs9Regions } from "../../src/data/regions/ds9-region.js";
import { pixelToSky } from "../../src/data/sky/sky-position.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import { constantImage } from "../../src/image.js";
import { findColumn, findHdu, readFits, readTable } from "../../src/io/fits.js";
import { bridgedLight } from "../../src/photometry/bridged-light.js";
import { findSources } from "../../src/photometry/find-sources.js";
import { lightOf } from "../../src/photometry/source-light.js";
import {
  encodeSourcesFits,
  sourceColumns,
  sourcesCsv,
  sourcesDs9,
  sourcesVotable,
} from "../../src/photometry/source-table.js";

const shape = [24, 24] as const;
/** For sources with wings. */
const wide = [32, 32] as const;
const psf = gaussianPsf(1.5, [13, 13]);
const background = constantImage(shape, 0.2);
const A = { x: 7, y: 16, flux: 300 };
const B = { x: 16.3, y: 8.6, flux: 60 };

function observed(sources: readonly (typeof A)[], seed: number): Observation {
  const counts = simulateCounts(constantImage(shape, 0), psf, { background, seed });
  const empty = { counts, psf, background };
  return { ...empty, counts: injectSources(empty, sources, { seed }).counts };
}

/** Two draws of a chain: the flux of each source in the pixels around it, a part of the last going to the first in one draw, and back in the other. */
function drawsOf(sources: readonly (typeof A)[], moved = 0) {
  const draw = (sign: number) => {
    const image = new Float32Array(shape[0] * shape[1]).fill(1e-4);
    for (const [index, { x, y, flux }] of sources.entries()) {
      const change = index === 0 ? sign * moved : index === sources.length - 1 ? -sign * moved : 0;
      for (const [dx, dy] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ]) {
        const [col, row] = [Math.floor(x) + dx, Math.floor(y) + dy];
        const share = Math.max(0, 1 - Math.abs(col - x)) * Math.max(0, 1 - Math.abs(row - y));
        image[row * shape[1] + col] += (flux + change) * share;
      }
    }
    return image;
  };
  const [one, two] = [draw(1), draw(-1)];
  return { shape, first: 0, every: 1, chains: [Float32Array.from([...one, ...two, ...one, ...two])] };
}

const wcs = Object.entries({
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", RADESYS: "ICRS", CRPIX1: 12, CRPIX2: 12 },
  ...{ CRVAL1: 83.6, CRVAL2: 22, CDELT1: -1e-4, CDELT2: 1e-4 },
}).map(([keyword, value]) => ({ keyword, value }));

describe("findSources", () => {
  it("finds points where they are, with ellipses that their scatter bears out, and fluxes", async () => {
    // 30 observations, seeds 1 to 30.
    let [squares, held, most] = [0, 0, 0];
    const sizes = 30;
    for (let seed = 1; seed <= sizes; seed++) {
      const sources = await findSources(drawsOf([A, B]), [observed([A, B], seed)], { extraDraws: 0 });
      expect(sources.map(({ name }) => name)).toEqual(["S1", "S2"]);
      for (const [index, truth] of [A, B].entries()) {
        const { centroid, flux, extent } = sources[index];
        const { xStd, yStd, correlation } = centroid;
        const [u, v] = [(centroid.x - truth.x) / xStd, (centroid.y - truth.y) / yStd];
        squares += (u * u - 2 * correlation * u * v + v * v) / (1 - correlation * correlation) / (2 * sizes);
        held += Number(flux.low <= truth.flux && truth.flux <= flux.high);
        most += Number(extent.extended);
      }
    }
    // Squared distances of a normal law in two dimensions have mean 2 and deviation 2: 4 deviations of the mean of 60.
    expect(Math.abs(squares - 2)).toBeLessThan(4 * (2 / Math.sqrt(60)));
    // 68 % and 5 % of 60, 4 binomial deviations.
    expect(Math.abs(held - 41)).toBeLessThan(15);
    expect(most).toBeLessThan(3 + 7);
  });

  it.each([
    // 12 and 6 observations, seeds from 1. Errors of a flux are 3.6 and 3.3 %: 4 deviations of the mean ratio, and 2 and 5 % of wings that are
    // taken for surroundings.
    { profile: "gaussian", width: 2, total: 800, sizes: 12, off: 0.06, share: [0.98, 1] },
    { profile: "beta", width: 1.5, total: 2000, sizes: 6, off: 0.11, share: [0.8, 0.95] },
  ] as const)(
    "gives a $profile all of its light, and one entry where its draws have two peaks",
    async (of) => {
      const { profile, width, total, sizes, off, share } = of;
      const [x, y] = [15.3, 16.2];
      const sky = lightOf({ x, y, width, profile }, wide).map((value) => total * value);
      // Of draws the mean has two lumps, and some of the wings.
      const lumps = [x - 2, x + 2].map((at) => lightOf({ x: at, y, width: 0.9 }, wide));
      const draw = sky.map(
        (light, pixel) => 0.3 * light + 0.35 * total * (lumps[0][pixel] + lumps[1][pixel]) + 1e-4,
      );
      const trace = { shape: wide, first: 0, every: 1, chains: [Float32Array.from([...draw, ...draw])] };
      const background = constantImage(wide, 0.2);
      let [ratio, held, squares] = [0, 0, 0];
      for (let seed = 1; seed <= sizes; seed++) {
        const counts = simulateCounts({ data: sky, shape: wide }, psf, { background, seed });
        const sources = await findSources(trace, [{ counts, psf, background }], { extraDraws: 0 });
        expect(sources.map((one) => one.profile)).toEqual([profile]);
        const [{ flux, centroid, inside }] = sources;
        ratio += flux.best / total / sizes;
        held += Number(flux.low <= total && total <= flux.high);
        expect(inside).toBeGreaterThan(share[0]);
        expect(inside).toBeLessThan(share[1]);
        const { xStd, yStd, correlation } = centroid;
        const [u, v] = [(centroid.x - x) / xStd, (centroid.y - y) / yStd];
        squares += (u * u - 2 * correlation * u * v + v * v) / (1 - correlation * correlation) / sizes;
      }
      expect(Math.abs(ratio - 1)).toBeLessThan(off);
      // 68 % of the intervals, and squared distances of mean 2 and deviation 2: less and more by 4 deviations are a false alarm in 30,000 runs.
      expect(held).toBeGreaterThanOrEqual(0.68 * sizes - 4 * Math.sqrt(0.68 * 0.32 * sizes));
      expect(squares).toBeLessThan(2 + 4 * (2 / Math.sqrt(sizes)));
    },
  );

  it("finds nothing where there is nothing, and says what it was given", async () => {
    // A single observation needs no list.
    const none = await findSources(drawsOf([]), observed([], 1), { extraDraws: 0 });
    expect(none).toEqual([]);
    await expect(findSources(drawsOf([]), [observed([], 1)], { falseAlarms: 0 })).rejects.toThrow(
      /falseAlarms must be a number > 0/,
    );
  });

  it("lists neighbours whose fluxes fall where one rises, and writes catalogues", async () => {
    const near = { x: 11, y: 15, flux: 150 };
    const data = observed([A, near], 5);
    const sources = await findSources(drawsOf([A, near], 20), [data], { extraDraws: 2 });
    expect(sources).toHaveLength(2);
    expect(sources[0].neighbours).toMatchObject([{ name: "S2" }]);
    expect(sources[0].neighbours[0].correlation).toBeCloseTo(-1, 2);

    const options = { wcs, unit: "photon / (cm2 s pixel)", version: "0", command: "tslira sources a<b" };
    const columns = sourceColumns(sources, options);
    expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
    const table = readTable(findHdu(readFits(encodeSourcesFits(sources, options)), "SOURCES"));
    expect(table.rows).toBe(2);
    expect(findColumn(table, "flux")?.unit).toBe("photon / (cm2 s)");
    const { lon, lat } = pixelToSky(parseWcs(wcs).wcs!, sources[0].centroid.x, sources[0].centroid.y);
    expect([findColumn(table, "lon")?.values[0], findColumn(table, "lat")?.values[0]]).toEqual([lon, lat]);
    expect(Array.from(findColumn(table, "neighbours")?.values as string[])[1]).toMatch(/^S1 -1\.00/);
    expect(sourcesVotable(sources, options)).toContain('ucd="pos.eq.ra;meta.main"');
    expect(sourcesCsv(sources, options).split("\n")[0]).toContain("ellipse_major_sky [arcsec]");
    const { regions } = parseDs9Regions(sourcesDs9(sources, { wcs }), { wcs });
    const [{ shape: circle }] = regions[0].terms;
    expect(circle).toMatchObject({ kind: "circle" });
    if (circle.kind === "circle") expect(circle.x).toBeCloseTo(sources[0].centroid.x, 5);
    // No source, but a table all the same, with all columns, so that catalogues can be put together.
    expect(readTable(findHdu(readFits(encodeSourcesFits([], options)), "SOURCES")).rows).toBe(0);
    expect(sourceColumns([], options).map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
  });
});

describe("bridgedLight", () => {
  const hole = Array.from({ length: 24 * 24 }, (_, pixel) => pixel).filter(
    (pixel) => Math.hypot((pixel % 24) - 12, Math.floor(pixel / 24) - 12) <= 3,
  );
  const image = (light: (x: number, y: number) => number) =>
    Float64Array.from({ length: 24 * 24 }, (_, pixel) => light(pixel % 24, Math.floor(pixel / 24)));

  it("goes on with a Gaussian cloud, and with a filament along itself", () => {
    const cloud = image((x, y) => Math.exp(-((x - 12) ** 2 + (y - 12) ** 2) / 72));
    for (const fill of bridgedLight(hole, new Set(), cloud, shape)) {
      // Slopes are taken two pixels away from the hole, and light is averaged over 3 x 3 pixels.
      for (const [index, pixel] of hole.entries())
        expect(Math.abs(fill[index] / cloud[pixel] - 1)).toBeLessThan(0.1);
    }
    const filament = image((_, y) => Math.exp(-((y - 12) ** 2) / 2));
    const [along, , across] = bridgedLight(hole, new Set(), filament, shape);
    const middle = hole.indexOf(12 * 24 + 12);
    // The mean of the filament over 3 rows: (1 + 2 exp(-1/2)) / 3 = 0.738.
    expect(along![middle]).toBeCloseTo(0.738, 1);
    expect(across![middle]).toBeLessThan(0.01);
  });

  it("does not take the light of other sources for surroundings", () => {
    const source = 12 * 24 + 16;
    const light = image(() => 1);
    light[source] = 1000;
    for (const fill of bridgedLight(hole, new Set([source]), light, shape)) {
      // The dark level is a thousandth of the mean, 2.7.
      for (const value of fill) expect(value).toBeCloseTo(1, 6);
    }
  });
});
