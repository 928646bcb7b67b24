/** Psfs by name: against their formulas. */
import { describe, expect, it } from "vitest";
import { imageSum, type SkyImage } from "../../src/image.js";
import { composeObservation } from "../../src/io/compose-observation.js";
import { fitsCard, readFits, writeFits } from "../../src/io/fits.js";
import { isPsfName, namedPsfImage, parsePsfName } from "../../src/io/named-psf.js";

/** Counts of 200 x 200 pixels of 0.5 arc seconds. */
const wcs = [
  { keyword: "CTYPE1", value: "RA---TAN" },
  { keyword: "CTYPE2", value: "DEC--TAN" },
  { keyword: "CRPIX1", value: 100 },
  { keyword: "CRPIX2", value: 100 },
  { keyword: "CRVAL1", value: 30 },
  { keyword: "CRVAL2", value: 10 },
  { keyword: "CDELT1", value: -0.5 / 3600 },
  { keyword: "CDELT2", value: 0.5 / 3600 },
];
const grid = { shape: [200, 200] as const, wcs };
const make = (name: string) => namedPsfImage(parsePsfName(name), grid);
const at = ({ data, shape: [ny, nx] }: SkyImage, x: number, y = 0) =>
  data[(Math.floor(ny / 2) + y) * nx + Math.floor(nx / 2) + x];
describe("psfs by name", () => {
  it("a Gaussian is its integral over pixels", () => {
    // fwhm = 2.354820045 sigma; the pixel in the middle holds erf(0.5 / sqrt(2))^2 = 0.382924923^2, the next erf.. 0.2417303375 x 0.3829.
    for (const name of [
      "gaussian:sigma=1",
      "gaussian:fwhm=2.354820045px",
      "gaussian:fwhm=1.1774100225arcsec",
    ]) {
      const { psf, notes } = make(name);
      expect(notes).toEqual([]);
      expect(psf.shape).toEqual([9, 9]); // 3.717 sigma hold 99.9 %
      expect(imageSum(psf)).toBeCloseTo(1, 12);
      expect(at(psf, 0)).toBeCloseTo(0.382924923 ** 2, 4);
      expect(at(psf, 0, -1)).toBeCloseTo(0.382924923 * 0.2417303375, 4);
    }
  });

  it("has the size of pixels in the middle of the counts", () => {
    // At latitude 60 Mercator's map is twice as large as at its equator: 180 / pi ln tan 75 deg = 75.4561 deg up, pixels of 0.5 deg.
    const mercator = Object.entries({
      ...{ CTYPE1: "GLON-MER", CTYPE2: "GLAT-MER", CRPIX1: 10.5, CRPIX2: 10.5 - 150.9122 },
      ...{ CDELT1: -0.5, CDELT2: 0.5 },
    }).map(([keyword, value]) => ({ keyword, value }));
    const wide = namedPsfImage(parsePsfName("gaussian:sigma=0.25deg"), { shape: [20, 20], wcs: mercator });
    expect(at(wide.psf, 0)).toBeCloseTo(0.382924923 ** 2, 4);
  });

  it("reaches to the circle that holds the share of the light", () => {
    // Of a power law the light beyond R is (1 + (R / core)^2)^(1 - slope): R = core sqrt(beyond^(-1 / (slope - 1)) - 1).
    const king = make("king:core=2px,slope=2,share=0.95").psf;
    expect(king.shape).toEqual([19, 19]); // 2 sqrt(20 - 1) = 8.72
    const wide = make("king:core=2px,slope=2,share=0.99").psf; // 2 sqrt(99) = 19.9
    expect(wide.shape).toEqual([41, 41]);
    // Far from the middle a pixel holds (slope - 1) / (pi core^2) (1 + (r / core)^2)^-slope of all light, of which the square of 41 x 41 holds
    // between 99.06 % (the circle in it) and 99.53 % (the circle around it).
    expect((at(wide, 10) * 4 * Math.PI * 26 ** 2) / 1.007).toBeCloseTo(1, 1.7);
    expect(at(wide, 10) / at(wide, 0, 6)).toBeCloseTo((10 / 26) ** 2, 2);
    // core = 3 / sqrt(2^0.4 - 1) = 5.31; 99.9 % within core sqrt(0.001^(-1 / 1.5) - 1) = 52.8.
    expect(make("moffat:fwhm=6,slope=2.5").psf.shape).toEqual([107, 107]);
  });

  it("has half of its height at half of its width", () => {
    for (const name of [
      "moffat:fwhm=20,slope=3",
      "king:fwhm=10arcsec,slope=1.6,share=0.6",
      "gaussian:fwhm=20",
    ]) {
      const { psf } = make(name);
      expect(at(psf, 10) / at(psf, 0)).toBeCloseTo(0.5, 2);
      expect(at(psf, 0, 10)).toBe(at(psf, -10));
    }
  });

  it("says when it cannot reach far enough", () => {
    // Swift XRT: 99.9 % lie within 5.8 arcsec x 533 = 3094 arcsec.
    const { psf, notes } = make("king:core=5.8arcsec,slope=1.55");
    expect(psf.shape).toEqual([399, 399]);
    expect(notes[0]).toMatch(/psf should hold 99.9 % of its light, got 9\d\.\d+ % in 399 x 399 pixels/);
    expect(make("gaussian:sigma=0.001").psf.data[4]).toBe(1);
  });

  it("refuses what is no psf", () => {
    expect(["king.fits", "C:\\psf.fits", "psf.fits[PSF]", "airy:fwhm=2", "KING:"].map(isPsfName)).toEqual([
      ...[false, false, false, true, true],
    ]);
    for (const [name, message] of [
      ["airy:fwhm=2", /name must begin with gaussian:, king: or moffat:, got another name in "airy:fwhm=2"/],
      ["gaussian:", /gaussian must have fwhm, sigma, share as key=number, got nothing/],
      ["gaussian:fwhm=-1", /fwhm must be a length > 0/],
      ["gaussian:fwhm=2furlong", /fwhm must be a length > 0/],
      ["gaussian:fwhm=1,sigma=1", /must have one of fwhm and sigma, got both/],
      ["gaussian:fwhm=1,fwhm=1", /each number must be given once, got fwhm/],
      ["king:core=2", /king must have a slope, got none/],
      ["king:core=2,slope=1", /slope must be a number > 1, or the light has no end, got 1/],
      ["moffat:slope=3", /must have one of fwhm and core, got neither/],
      ["moffat:core=1,slope=3,share=1", /share must be in \[0.5, 1\), got 1/],
    ] as const)
      expect(() => parsePsfName(name), name).toThrow(message);
    expect(() => namedPsfImage(parsePsfName("gaussian:fwhm=1arcsec"), { shape: [9, 9], wcs: [] })).toThrow(
      /a psf in angles must go with counts that have sky coordinates/,
    );
  });

  it("goes into an observation, whose flux has a unit by that of the exposure", () => {
    const image = (value: number, unit?: string) => ({
      name: "a.fits",
      hdu: readFits(
        writeFits([
          {
            ...{ kind: "image", shape: [20, 20], data: new Float64Array(400).fill(value) },
            cards: [
              ...wcs.map(({ keyword, value: card }) => fitsCard(keyword, card)),
              ...(unit === undefined ? [] : [fitsCard("BUNIT", unit)]),
            ],
          },
        ]),
      )[0],
    });
    const psf = parsePsfName("gaussian:fwhm=1arcsec");
    const hdus = { counts: image(3), psf, exposure: image(8, "cm^2 s"), background: image(0.5) };
    const plain = composeObservation(hdus);
    expect([plain.unit, plain.observation.psf.shape]).toEqual(["photon / (cm2 s pixel)", [9, 9]]);
    expect(() => composeObservation({ ...hdus, exposure: image(8, "count") })).toThrow(
      /exposure must be a time, or an area times a time, got BUNIT count/,
    );
    expect(composeObservation({ ...hdus, background: image(0.5, "count") }).notes[0]).toMatch(
      /background in flux should have its unit, got BUNIT count/,
    );
    expect(() => composeObservation(hdus, { psfCentre: "peak" })).toThrow(
      /psf centre: must go with a psf of a file/,
    );
    for (const [unit, flux] of [
      ["s", "count / (s pixel)"],
      ["sec", "count / (s pixel)"],
      ["ks", "count / (ks pixel)"],
      ["m2 s", "photon / (m2 s pixel)"],
      ["s cm**2 count/photon", "photon / (cm2 s pixel)"],
      ["cm2 s sr", "count / (cm2 s sr)"],
    ])
      expect(composeObservation({ ...hdus, exposure: image(8, unit) }).unit).toBe(flux);
  });
});
