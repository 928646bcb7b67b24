import { expect, it } from "vitest";
import { displacedHeaders } from "../../src/cli/place-observations.js";
import { simulateGaussianAndPoints } from "../../src/index.js";

const at = (projection: string, lon: number) => ({
  ...simulateGaussianAndPoints({ seed: 1 }),
  name: `${projection} ${lon}`,
  wcs: Object.entries({
    ...{ CTYPE1: `GLON-${projection}`, CTYPE2: `GLAT-${projection}`, CRVAL1: lon, CRVAL2: 0 },
    ...{ CRPIX1: 16, CRPIX2: 16, CDELT1: -1e-3, CDELT2: 1e-3 },
  }).map(([keyword, value]) => ({ keyword, value })),
});

it("says which pointings cannot be compared, and nothing where headers say the same or nothing", () => {
  expect(displacedHeaders([at("HPX", 0), at("HPX", 0)], {})).toEqual([]);
  const nothing = { ...at("HPX", 0), wcs: [] };
  expect(displacedHeaders([at("HPX", 0), nothing], {})).toEqual([]);
  expect(displacedHeaders([nothing, at("HPX", 0)], {})).toEqual([]);
  for (const other of [at("HPX", 120), at("TAN", 0)])
    expect(displacedHeaders([at("HPX", 0), other], {})).toEqual([
      expect.stringMatching(`^${other.name}: pixels should be .* cannot be compared .*got HPX`),
    ]);
  expect(displacedHeaders([at("HPX", 0), at("HPX", 120)], { offsets: "none" })).toEqual([]);
  expect(() => displacedHeaders([at("TAN", 0), at("TAN", 1)], {})).toThrow(/pixels must be those/);
});
