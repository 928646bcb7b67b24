import { describe, expect, it } from "vitest";
import type { Observation, WcsCard } from "../../../src/data/observation/observation.js";
import { pointingOffsets } from "../../../src/data/sky/pointing-offsets.js";
import { constantImage } from "../../../src/image.js";

const TAN = {
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRVAL1: 266.4, CRVAL2: -29, RADESYS: "ICRS" },
  ...{ CRPIX1: 32.5, CRPIX2: 32.5, CDELT1: -1.4e-4, CDELT2: 1.4e-4, CUNIT1: "deg", CUNIT2: "deg" },
};

function pointing(changes: Readonly<Record<string, string | number>> = {}, name = "one"): Observation {
  const wcs = Object.entries({ ...TAN, ...changes }).map(([keyword, value]): WcsCard => ({ keyword, value }));
  return { name, counts: constantImage([64, 64], 1), psf: constantImage([3, 3], 1), wcs };
}

describe("pointingOffsets", () => {
  it("is the difference of the reference pixels where all else is equal", () => {
    const { offsets, deviations, warnings } = pointingOffsets([
      pointing(),
      pointing({ CRPIX1: 32.2, CRPIX2: 33 }),
    ]);
    // A source on pixel 32.2 of the second is on 32.5 of the first: it lies 0.3 further on.
    expect(offsets[0]).toEqual({ x: 0, y: 0 });
    // To a millionth of a pixel, so that machines whose last bits differ agree.
    expect(offsets[1]).toEqual({ x: 0.3, y: -0.5 });
    expect(Math.max(...deviations)).toBeLessThan(1e-6);
    expect(warnings).toEqual([]);
  });

  it("follows the sky when another point of it is the reference", () => {
    // Two pixels north: the detector's pixels lie two rows higher on the first.
    const { offsets } = pointingOffsets([pointing(), pointing({ CRVAL2: -29 + 2 * 1.4e-4 })]);
    expect(offsets[1].x).toBeCloseTo(0, 4);
    expect(offsets[1].y).toBeCloseTo(2, 4);
  });

  it.each([
    [
      "no coordinates",
      { name: "bare", counts: constantImage([64, 64], 1), psf: constantImage([3, 3], 1) },
      /got none/,
    ],
    ["another scale", pointing({ CDELT2: 2e-4 }), /pixels must lie parallel/],
    ["turned pixels", pointing({ CROTA2: 10 }), /pixels must lie parallel/],
    [
      "another system",
      pointing({ CTYPE1: "GLON-TAN", CTYPE2: "GLAT-TAN" }),
      /must be of the system of the first/,
    ],
  ] as const)("refuses %s", (_, second, message) => {
    expect(() => pointingOffsets([pointing(), second])).toThrow(message);
  });

  it("needs no coordinates for a single observation", () => {
    const { wcs: _none, ...bare } = pointing();
    expect(pointingOffsets([bare]).offsets).toEqual([{ x: 0, y: 0 }]);
  });
});
