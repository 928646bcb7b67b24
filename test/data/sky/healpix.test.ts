import { describe, expect, it } from "vitest";
import { healpixSide, healpixToSky, isNside, skyToHealpix } from "../../../src/data/sky/healpix.js";

/** Numbers of pixels at positions by healpy 1.16.1, `ang2pix(nside, lon, lat, lonlat=True, nest=...)`. */
const BY_HEALPY = [
  [1, 0, 0, 4, 4],
  [1, 10, -41.9, 8, 8],
  [4, 45, 41.8, 42, 3],
  [4, 266.4, -29, 148, 112],
  [4, 359.999, 89.9, 3, 63],
  [256, 266.4, -29, 583925, 461282],
  [256, 180, -89.99, 786430, 655360],
  [256, 135.5, 41.81, 130945, 92841],
  [2 ** 20, 83.63, 22.01, 4124698402328, 6492267945475],
  [2 ** 20, 10, -41.9, 11002804113972, 9523454316832],
  [2 ** 20, 359.999, 89.9, 10057611, 4398038081533],
] as const;

/** Middles of pixels of NSIDE 4 by healpy 1.16.1: number, RING longitude and latitude, NESTED longitude and latitude. */
const MIDDLES = [
  [0, 45, 78.28414760510762, 45, 9.594068226860458],
  [5, 67.5, 66.44353569089877, 78.75, 41.81031489577859],
  [31, 168.75, 41.81031489577859, 135, 78.28414760510762],
  [100, 281.25, 0, 202.5, -9.594068226860458],
  [168, 15, -54.340912303861245, 195, -54.340912303861245],
  [191, 315, -78.28414760510762, 315, -9.594068226860458],
] as const;

describe("HEALPix", () => {
  it("numbers positions as healpy does", () => {
    for (const [nside, lon, lat, ring, nested] of BY_HEALPY) {
      expect(skyToHealpix(nside, "RING", { lon, lat }), `${nside} ${lon} ${lat}`).toBe(ring);
      expect(skyToHealpix(nside, "NESTED", { lon, lat }), `${nside} ${lon} ${lat}`).toBe(nested);
      expect(skyToHealpix(nside, "RING", { lon: lon - 720, lat })).toBe(ring);
    }
    for (const [pixel, ...middles] of MIDDLES) {
      const found = (["RING", "NESTED"] as const).flatMap((ordering) => {
        const { lon, lat } = healpixToSky(4, ordering, pixel);
        return [lon, lat];
      });
      for (const [index, value] of middles.entries()) expect(found[index], `${pixel}`).toBeCloseTo(value, 10);
    }
  });

  it.each([1, 2, 3, 4, 7, 16])("of NSIDE %i hold their own middles, along rings from the north", (nside) => {
    let last = { lon: -1, lat: 90 };
    const wrong: number[] = [];
    for (let pixel = 0; pixel < 12 * nside * nside; pixel++) {
      const middle = healpixToSky(nside, "RING", pixel);
      const sameRing = Math.abs(middle.lat - last.lat) < 1e-9;
      const ordered = sameRing ? middle.lon > last.lon : middle.lat < last.lat;
      const nested =
        !isNside(nside, "NESTED") ||
        skyToHealpix(nside, "NESTED", healpixToSky(nside, "NESTED", pixel)) === pixel;
      if (skyToHealpix(nside, "RING", middle) !== pixel || !ordered || !nested) wrong.push(pixel);
      last = middle;
    }
    expect(wrong).toEqual([]);
    expect(healpixSide(nside) ** 2 * 12 * nside ** 2).toBeCloseTo(41252.96, 1); // square degrees of the sphere
  });

  it("has pixels of one area", () => {
    // 240,000 positions of equal steps in longitude and z: pixels of NSIDE 2 hold 5,000, up to what borders cut off.
    const [steps, nside] = [600, 2];
    const held = new Array<number>(48).fill(0);
    for (let row = 0; row < 400; row++) {
      const lat = (Math.asin(((row + 0.5) / 400) * 2 - 1) * 180) / Math.PI;
      for (let col = 0; col < steps; col++)
        held[skyToHealpix(nside, "NESTED", { lon: ((col + 0.5) * 360) / steps, lat })]++;
    }
    expect(Math.max(...held.map((count) => Math.abs(count / 5000 - 1)))).toBeLessThan(0.02);
  });

  it("knows which sides there are", () => {
    expect([3, 4, 0, 1.5, 2 ** 25].map((nside) => isNside(nside, "RING"))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([3, 4].map((nside) => isNside(nside, "NESTED"))).toEqual([false, true]);
    expect(skyToHealpix(4, "RING", { lon: Number.NaN, lat: 0 })).toBeNaN();
  });
});
