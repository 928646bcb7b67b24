import { describe, expect, it } from "vitest";
import type { Observation, WcsCard } from "../../src/data/observation.js";
import { pointingOffsets } from "../../src/data/pointing-offsets.js";
import { constantImage } from "../../src/image.js";

function observation(changes: Readonly<Record<string, number | string>>, name = "one"): Observation {
  const cards = {
    ...{ CTYPE1: "RA---TAN", CRVAL1: 266.4, CRPIX1: 16, CDELT1: -1e-4 },
    ...{ CTYPE2: "DEC--TAN", CRVAL2: -29, CRPIX2: 16, CDELT2: 1e-4 },
    ...changes,
  };
  const wcs: WcsCard[] = Object.entries(cards).map(([keyword, value]) => ({ keyword, value }));
  return { counts: constantImage([32, 30], 0), psf: constantImage([1, 1], 1), wcs, name };
}

describe("pointingOffsets", () => {
  it("finds by hand what headers say", () => {
    const { offsets, warnings } = pointingOffsets([
      observation({}),
      // The reference position lies 2.5 pixels farther left and 1 farther up: pixel 0 lies 2.5 right and 1 down of the first's.
      observation({ CRPIX1: 13.5, CRPIX2: 17 }),
      // Half a pixel north; and a pixel east, where x falls and a degree of right ascension is cos(dec) on the sky.
      observation({ CRVAL2: -29 + 0.5e-4, CRVAL1: 266.4 + 1e-4 / Math.cos((29 * Math.PI) / 180) }),
    ]);
    expect(warnings).toEqual([]);
    const expected = [
      [0, 0],
      [2.5, -1],
      [-1, 0.5],
    ];
    for (const [index, { x, y }] of offsets.entries()) {
      expect(x).toBeCloseTo(expected[index][0], 4);
      expect(y).toBeCloseTo(expected[index][1], 4);
    }
  });

  it("warns of pixels that drift apart, and refuses those that differ", () => {
    // 0.8 % larger pixels: 16 pixels from the middle to a side make 0.13.
    const drifting = pointingOffsets([observation({}), observation({ CDELT1: -1.008e-4 }, "two")]);
    expect(drifting.warnings.join()).toMatch(
      /^two: the offset from one should be the same all over the field/,
    );
    const far = () => pointingOffsets([observation({}), observation({ CDELT1: -2e-4 }, "two")]);
    expect(far).toThrow(/two: pixels must be of the size and orientation of those of one.*bin both images/);
    const turned = { CROTA2: 10 };
    expect(() => pointingOffsets([observation({}), observation(turned)])).toThrow(/size and orientation/);
    const galactic = { CTYPE1: "GLON-TAN", CTYPE2: "GLAT-TAN" };
    expect(() => pointingOffsets([observation({}), observation(galactic)])).toThrow(/must be of the system/);
    const { wcs: _none, ...bare } = observation({}, "bare");
    expect(() => pointingOffsets([observation({}), bare])).toThrow(
      /bare: sky coordinates must be in the header to find the offset of observation 2, got none; give the offsets/,
    );
  });
});
