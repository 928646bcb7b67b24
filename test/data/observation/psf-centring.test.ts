/** Where the centre of a psf is found, and that light stays where it was relative to it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { psfCentre, psfCentroid } from "../../../src/data/observation/psf.js";
import { centrePsf } from "../../../src/data/observation/psf-centring.js";
import { imageSum, type SkyImage, skyImage } from "../../../src/image.js";

/** A Gaussian, turned and stretched, with its centre anywhere; sampled at pixel centres. */
function gaussian(nx: number, ny: number, x0: number, y0: number, sigma = [1.6, 1.6], turn = 0): SkyImage {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const data = new Float64Array(nx * ny).map((_, index) => {
    const [dx, dy] = [(index % nx) - x0, Math.floor(index / nx) - y0];
    return Math.exp(-(((dx * cos + dy * sin) / sigma[0]) ** 2 + ((dy * cos - dx * sin) / sigma[1]) ** 2) / 2);
  });
  return { data, shape: [ny, nx] };
}

/** Centroid relative to the index that the model takes for the centre. */
const displacement = (psf: SkyImage) => {
  const { x, y } = psfCentroid(psf);
  return Math.hypot(x, y);
};

describe("centrePsf, auto", () => {
  it.each([
    ["between four pixels", 12, 12, 5.5, 5.5],
    ["between two rows", 13, 12, 6, 5.5],
    ["between two columns of an odd array", 13, 13, 5.5, 6],
    ["between pixels before the middle", 16, 14, 6.5, 5.5],
    ["a pixel before the middle", 14, 14, 6, 6],
    ["off the middle of an odd array", 17, 17, 9, 7],
  ])("finds a symmetric psf %s", (_, nx, ny, x, y) => {
    for (const [sigma, turn] of [
      [[1.3, 1.3], 0],
      [[1.8, 1.1], 0.7],
    ] as const) {
      const given = gaussian(nx, ny, x, y, [...sigma], turn);
      expect(displacement(given)).toBeGreaterThan(0.45);
      const found = centrePsf(given);
      expect(found).toMatchObject({ reason: "symmetry", centre: { x, y } });
      expect(imageSum(found.psf)).toBeCloseTo(imageSum(given), 10);
      // Cubic convolution keeps centroids; clipping at 0 does not by some 1e-4 pixel.
      expect(displacement(found.psf)).toBeLessThan(1e-3);
      expect(found.psf.shape.every((side) => side % 2 === 1)).toBe(true);
    }
  });

  it("leaves what is in place, with the same bytes", () => {
    for (const psf of [
      gaussian(12, 12, 6, 6),
      gaussian(13, 11, 6, 5),
      gaussian(10, 13, 5, 6, [1.9, 1.2], 1),
    ]) {
      expect(centrePsf(psf).psf).toBe(psf);
    }
  });

  it("moves whole pixels exactly", () => {
    const psf = skyImage([0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0], [3, 4]);
    const found = centrePsf(psf);
    expect(found).toMatchObject({ centre: { x: 1, y: 1 }, shift: { x: 0, y: 0 }, psf: { shape: [3, 5] } });
    expect([...found.psf.data]).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0]);
  });

  it("takes the centroid of a skewed psf with an even side, and leaves one of odd sides", () => {
    const skewed = (nx: number, ny: number) => {
      const wide = gaussian(nx, ny, 7.3, 5.2, [2.2, 2.2]);
      const core = gaussian(nx, ny, 5.2, 5.4, [1.2, 1.2]);
      return { data: core.data.map((value, index) => value + 0.4 * wide.data[index]), shape: core.shape };
    };
    const even = skewed(14, 13);
    const found = centrePsf(even);
    const [row, col] = psfCentre(even);
    expect(found.reason).toBe("centroid");
    expect(found.centre.x - col).toBeCloseTo(psfCentroid(even).x, 12);
    expect(found.centre.y - row).toBeCloseTo(psfCentroid(even).y, 12);
    expect(displacement(found.psf)).toBeLessThan(0.01);
    const odd = skewed(13, 13);
    expect(centrePsf(odd)).toMatchObject({ reason: "middle", psf: odd });
  });

  it("believes a reference pixel near the light, and no other", () => {
    const psf = gaussian(12, 12, 5.5, 5.5);
    expect(centrePsf(psf, "auto", { x: 5, y: 6 })).toMatchObject({
      reason: "reference pixel",
      centre: { x: 5, y: 6 },
    });
    for (const far of [
      { x: 75.5, y: -32.5 },
      { x: 5.5, y: 6.6 },
    ])
      expect(centrePsf(psf, "auto", far)).toMatchObject({ reason: "symmetry", centre: { x: 5.5, y: 5.5 } });
  });
});

describe("centrePsf, as asked", () => {
  it("takes the peak, the centroid or a position", () => {
    const psf = skyImage([0, 0, 0, 0, 0, 0, 1, 3, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [4, 5]);
    expect(centrePsf(psf, "peak")).toMatchObject({ centre: { x: 2.5, y: 1 }, reason: "peak" });
    expect(centrePsf(psf, "centroid")).toMatchObject({ centre: { x: 2.5, y: 1 }, reason: "centroid" });
    expect(centrePsf(psf, { x: 3, y: 1 })).toMatchObject({ reason: "given", shift: { x: 0, y: 0 } });
  });

  it.each([
    [99, 4],
    [4, -0.6],
    [Number.NaN, 4],
  ])("refuses a centre at %f, %f of 9 x 9 pixels", (x, y) => {
    expect(() => centrePsf(gaussian(9, 9, 4, 4), { x, y })).toThrow(
      `psf: centre must lie in its 9 x 9 pixels, which count from 0, got ${x},${y}; give x,y inside, or auto`,
    );
  });

  it("puts any position into the middle, and keeps light and caller's psf", () => {
    const position = fc.double({ min: 5, max: 8, noNaN: true });
    fc.assert(
      fc.property(position, position, fc.integer({ min: 13, max: 16 }), (x, y, side) => {
        const psf = gaussian(side, side, x, y, [1.4, 1.4]);
        const before = Float64Array.from(psf.data);
        const found = centrePsf(psf, { x, y });
        expect(psf.data).toEqual(before);
        expect(imageSum(found.psf)).toBeCloseTo(imageSum(psf), 9);
        // The centroid keeps its distance from the centre but for values clipped at 0, where the array cuts light off.
        const [row, col] = psfCentre(psf);
        const [was, is] = [psfCentroid(psf), psfCentroid(found.psf)];
        expect(Math.hypot(is.x - (was.x + col - x), is.y - (was.y + row - y))).toBeLessThan(0.005);
        expect(Math.max(Math.abs(found.shift.x), Math.abs(found.shift.y))).toBeLessThanOrEqual(0.5);
      }),
      { seed: 11, numRuns: 100 },
    );
  });

  it("returns what checks will refuse as it is", () => {
    for (const bad of [
      [0, 0],
      [1, -1, 0, 3],
      [1, Number.NaN],
    ]) {
      const psf = skyImage(bad, [1, bad.length]);
      expect(centrePsf(psf, "centroid").psf).toBe(psf);
    }
  });
});
