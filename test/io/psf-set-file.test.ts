import { describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { type FitsColumnInput, type FitsHduInput, readFits, writeFits } from "../../src/io/fits.js";
import { farPlaces, findPsfSet, psfPlaces, psfSetHdus } from "../../src/io/psf-set-file.js";

const [cube] = psfSetHdus(
  [1, 2, 3].map((sigma) => ({ psf: gaussianPsf(sigma, [9, 9]), x: sigma, y: 0 })),
  {},
);
const column = (name: string, values: readonly number[], unit?: string): FitsColumnInput =>
  ({ name, values: Float64Array.from(values), format: "D", ...(unit && { unit }) }) as FitsColumnInput;
function setOf(...columns: FitsColumnInput[]) {
  const table = { kind: "table", name: "PSF_PLACES", columns } as FitsHduInput;
  return { name: "set.fits", ...findPsfSet(readFits(writeFits([cube, table]), { name: "set.fits" }))! };
}
const card = (keyword: string, value: string | number) => ({ keyword, value });
const wcs = [
  ...[card("CTYPE1", "RA---TAN"), card("CTYPE2", "DEC--TAN"), card("CRVAL1", 83.6), card("CRVAL2", 22)],
  ...[card("CRPIX1", 17), card("CRPIX2", 17), card("CDELT1", -0.01), card("CDELT2", 0.01)],
];
const ra = [83.6, 83.65, 83.7];
const dec = [22, 22, 22.1];

describe("psfPlaces", () => {
  it("takes angles in their unit: the places are those of degrees", () => {
    const inDegrees = psfPlaces(setOf(column("RA", ra), column("DEC", dec)), { wcs });
    expect(inDegrees[0].x).toBeCloseTo(16, 9);
    const given = [
      [column("RA", ra, "deg"), column("DEC", dec, "deg")],
      [
        column(
          "RA",
          ra.map((value) => value / 15),
          "hourangle",
        ),
        column("DEC", dec, "deg"),
      ],
      [
        column(
          "RA",
          ra.map((value) => (value * Math.PI) / 180),
          "rad",
        ),
        column(
          "DEC",
          dec.map((value) => value * 60),
          "arcmin",
        ),
      ],
    ];
    for (const columns of given) {
      for (const [index, { x, y }] of psfPlaces(setOf(...columns), { wcs }).entries()) {
        expect(x).toBeCloseTo(inDegrees[index].x, 8);
        expect(y).toBeCloseTo(inDegrees[index].y, 8);
      }
    }
  });

  it("refuses other units, and places that are given twice", () => {
    const places =
      (...columns: FitsColumnInput[]) =>
      () =>
        psfPlaces(setOf(...columns), { wcs });
    expect(places(column("RA", ra, "mm"), column("DEC", dec))).toThrow(
      "set.fits: RA of PSF_PLACES must be in degrees, got mm; convert it, or correct its TUNIT",
    );
    expect(places(column("X", ra, "deg"), column("Y", dec))).toThrow(/X .*pixels of the counts, got deg/);
    expect(places(column("X", ra), column("Y", dec), column("RA", ra), column("DEC", dec))).toThrow(
      /must give places once, got X and Y beside RA and DEC/,
    );
  });
});

describe("farPlaces", () => {
  it("says when one psf holds in all of the image, as with pixels of another system", () => {
    const at = (...xs: number[]) => xs.map((x) => ({ x, y: 8 }));
    expect(farPlaces("set.fits", at(800, 1600), [32, 32])[0]).toMatch(
      /^set.fits: psfs at places should lie on the image .* 32 x 32 pixels, x from 800 to 1600/,
    );
    expect(farPlaces("set.fits", at(-9, -1), [32, 32])).toHaveLength(1);
    // Around a cut-out between the places.
    expect(farPlaces("set.fits", at(-20, 60), [32, 32])).toEqual([]);
  });
});
