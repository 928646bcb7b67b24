import { describe, expect, it } from "vitest";
import { gaussianPsf, psfCentroid } from "../../../src/data/observation/psf.js";
import { psfRings, rotatedPsf } from "../../../src/data/observation/psf-rings.js";
import { imageSum, skyImage } from "../../../src/image.js";

describe("rotatedPsf", () => {
  it("is exact for right angles, counterclockwise", () => {
    // Light right of the centre goes up, then left.
    const psf = skyImage([0, 0, 0, 0, 2, 1, 0, 0, 0], [3, 3]);
    expect([...rotatedPsf(psf, 90).data]).toEqual([0, 0, 0, 0, 2, 0, 0, 1, 0]);
    expect([...rotatedPsf(psf, 180).data]).toEqual([0, 0, 0, 1, 2, 0, 0, 0, 0]);
    expect([...rotatedPsf(psf, 360).data]).toEqual([...psf.data]);
    expect([...rotatedPsf(skyImage([1, 2, 3], [1, 3]), 90).data]).toEqual([0, 1, 0, 0, 2, 0, 0, 3, 0]);
  });

  it("turns a long Gaussian by its angle, and keeps its light", () => {
    const [long, short] = [3, 1.5];
    const size = 31;
    const tilted = (degrees: number) => {
      const angle = (degrees * Math.PI) / 180;
      return Array.from({ length: size * size }, (_, cell) => {
        const [x, y] = [(cell % size) - 15, Math.floor(cell / size) - 15];
        const along = x * Math.cos(angle) + y * Math.sin(angle);
        const across = -x * Math.sin(angle) + y * Math.cos(angle);
        return Math.exp(-0.5 * ((along / long) ** 2 + (across / short) ** 2));
      });
    };
    const turned = rotatedPsf(skyImage(tilted(0), [size, size]), 37);
    const [side] = turned.shape;
    const edge = (side - size) / 2;
    const exact = tilted(37);
    for (const [cell, value] of exact.entries()) {
      const at = (Math.floor(cell / size) + edge) * side + (cell % size) + edge;
      // Cubic interpolation of a Gaussian of 1.5 pixels: within 1.5 % of its peak.
      expect(Math.abs(turned.data[at] - value)).toBeLessThan(0.015);
    }
    expect(imageSum(turned)).toBeCloseTo(imageSum(skyImage(tilted(0), [size, size])), 9);
  });
});

describe("psfRings", () => {
  const comet = skyImage([0, 3, 0, 0, 5, 0, 0, 1, 0], [3, 3]);

  it("has one psf on the axis and turned ones around it", () => {
    const places = psfRings(
      [
        { psf: gaussianPsf(0.7), radius: 0 },
        { psf: comet, radius: 5 },
      ],
      4,
    );
    expect(places.map(({ radius, angle }) => [radius, angle])).toEqual([
      [0, 0],
      [5, 0],
      [5, 90],
      [5, 180],
      [5, 270],
    ]);
    // Its tail, below at position angle 0, points to the axis everywhere: at 90 degrees, left of the axis, to the right.
    const tails = places.slice(1).map(({ psf }) => {
      const { x, y } = psfCentroid(psf);
      return [Math.round(9 * x), Math.round(9 * y)];
    });
    expect(tails).toEqual([
      [0, -2],
      [2, 0],
      [0, 2],
      [-2, 0],
    ]);
  });

  it.each([
    ["a distance twice", [1, 1], 4, /^psf rings: distances off axis must differ .* got 1, 1; /],
    ["a distance below 0", [-1], 4, /^psf rings: distances off axis must .* got -1; /],
    ["no psf", [], 4, /^psf rings: distances off axis must .* got none; /],
    ["no angle", [1], 0, /^psf rings: angles must be a whole number from 1 to 72, got 0; /],
  ])("refuses %s", (_, radii, angles, words) => {
    expect(() =>
      psfRings(
        radii.map((radius) => ({ psf: comet, radius })),
        angles,
      ),
    ).toThrow(words);
  });
});
