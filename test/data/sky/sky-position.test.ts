import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WcsCard } from "../../../src/data/observation/observation.js";
import { parseDs9Regions } from "../../../src/data/regions/ds9-region.js";
import { pixelSize, pixelSizeAt } from "../../../src/data/sky/pixel-size.js";
import { PROJECTIONS } from "../../../src/data/sky/projections.js";
import { formatAngle, formatSkyPosition, longNames } from "../../../src/data/sky/sky-angle.js";
import { skyDirections } from "../../../src/data/sky/sky-directions.js";
import { pixelToSky, skyToPixel } from "../../../src/data/sky/sky-position.js";
import { parseWcs, type SkyWcs } from "../../../src/data/sky/sky-wcs.js";

const cards = (values: Record<string, string | number>): WcsCard[] =>
  Object.entries(values).map(([keyword, value]) => ({ keyword, value }));
const TAN = {
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRVAL1: 266.4, CRVAL2: -29 },
  ...{ CRPIX1: 4.5, CRPIX2: -3, CDELT1: -1.4e-4, CDELT2: 1.4e-4 },
};
const wcsOf = (values: Record<string, string | number>): SkyWcs => {
  const { wcs } = parseWcs(cards(values));
  if (wcs === undefined) throw new Error("no wcs");
  return wcs;
};

/** A map of the whole sky with pixels of a degree, x and y of the plane in degrees. */
const wholeSky = (code: string, more: Record<string, number> = {}) =>
  wcsOf({
    ...{ CTYPE1: `GLON-${code}`, CTYPE2: `GLAT-${code}`, CRVAL1: 0, CRVAL2: 0, CRPIX1: 1, CRPIX2: 1 },
    ...{ CDELT1: 1, CDELT2: 1, ...more },
  });

describe("pixelToSky and skyToPixel", () => {
  it("put the reference pixel at the reference position, counting pixels from 0", () => {
    const wcs = wcsOf(TAN);
    const sky = pixelToSky(wcs, 3.5, -4);
    expect(sky.lon).toBeCloseTo(266.4, 12);
    expect(sky.lat).toBeCloseTo(-29, 12);
    const pixel = skyToPixel(wcs, 266.4 - 360, -29);
    expect(pixel.x).toBeCloseTo(3.5, 9);
    expect(pixel.y).toBeCloseTo(-4, 9);
  });

  it.each(Object.keys(PROJECTIONS))("%s comes back to the pixel", (code) => {
    fc.assert(
      fc.property(
        fc.double({ min: -50, max: 50, noNaN: true }),
        fc.double({ min: -50, max: 50, noNaN: true }),
        fc.integer({ min: 0, max: 359 }),
        fc.integer({ min: -80, max: 80 }),
        fc.integer({ min: -180, max: 180 }),
        (x, y, lon, lat, turn) => {
          const wcs = wcsOf({
            ...{ CTYPE1: `GLON-${code}`, CTYPE2: `GLAT-${code}`, CRVAL1: lon, CRVAL2: lat },
            ...{ CRPIX1: 1, CRPIX2: 1, CDELT1: -0.3, CDELT2: 0.4, CROTA2: turn },
          });
          const sky = pixelToSky(wcs, x, y);
          const back = skyToPixel(wcs, sky.lon, sky.lat);
          expect(Math.hypot(back.x - x, back.y - y)).toBeLessThan(1e-7);
        },
      ),
      { seed: 3, numRuns: 200 },
    );
  });

  it.each([
    // Worked out by hand from the equations of Calabretta & Greisen 2002, section 5; degrees of a radian: 57.29577951308232.
    ["CEA", 60, 30, 60, 28.64788975654116],
    ["MER", 60, 30, 60, 31.472923730945364],
    ["SFL", 60, 30, 51.96152422706632, 30],
    ["SFL", -180, -60, -90, -60],
    ["MOL", -180, 0, -162.0569369082791, 0],
    ["MOL", 0, -90, 0, -81.02846845413956],
    // gamma is 45 degrees where sin(latitude) is 1/2 + 1/pi.
    ["MOL", 45, 54.91596300780817, 28.64788975654116, 57.29577951308232],
    ["AIT", -180, 0, -162.0569369082791, 0],
    ["AIT", 0, 90, 0, 81.02846845413956],
  ])("%s has longitude %d, latitude %d at (%d, %d) degrees of the plane", (code, lon, lat, x, y) => {
    const wcs = wholeSky(code);
    const there = skyToPixel(wcs, lon, lat);
    expect([there.x, there.y]).toEqual([expect.closeTo(x, 9), expect.closeTo(y, 9)]);
    const back = pixelToSky(wcs, x, y);
    const turn =
      (back.lon - lon - 360 * Math.round((back.lon - lon) / 360)) * Math.cos((lat * Math.PI) / 180);
    // The latitude of a map of equal areas has a slope of infinity at the pole.
    expect([turn, back.lat]).toEqual([expect.closeTo(0, 9), expect.closeTo(lat, 5)]);
  });

  it("keep to the map near the poles", () => {
    for (const code of ["CEA", "MER", "SFL", "MOL", "AIT"]) {
      const wcs = wholeSky(code);
      for (const [lon, lat] of [
        [170, 89.9],
        [-170, -89.9],
      ]) {
        const { x, y } = skyToPixel(wcs, lon, lat);
        const back = pixelToSky(wcs, x, y);
        expect([code, back.lat]).toEqual([code, expect.closeTo(lat, 9)]);
        expect((back.lon + 180) % 360).toBeCloseTo((lon + 540) % 360, 7);
      }
    }
  });

  it("take lambda of CEA, and refuse one that is none", () => {
    const wcs = wholeSky("CEA", { PV2_1: 0.5 });
    expect(skyToPixel(wcs, 60, 30).y).toBeCloseTo(57.29577951308232, 9);
    expect(pixelToSky(wcs, 0, 114.6).lat).toBeNaN();
    // Half a degree high at the equator.
    expect(pixelSize(wcs)).toBeCloseTo(Math.SQRT1_2, 12);
    const { unread } = parseWcs(cards({ CTYPE1: "GLON-CEA", CTYPE2: "GLAT-CEA", PV2_1: 0 }));
    expect(unread).toBe("lambda of CEA must be > 0 and at most 1, got 0");
  });

  it("have pixels of other sizes away from the reference position", () => {
    // Areas of a pixel of 1 degree: cos b in CAR and cos^2 b in MER, whose parallels are stretched, and the same everywhere in AIT.
    for (const [code, power] of [
      ["CAR", 1],
      ["MER", 2],
      ["AIT", 0],
    ] as const) {
      const wcs = wholeSky(code);
      for (const lat of [-60, 0, 30, 75]) {
        const { x, y } = skyToPixel(wcs, 20, lat);
        const area = Math.cos((lat * Math.PI) / 180) ** power;
        expect([code, lat, pixelSizeAt(wcs, x, y) ** 2 / area]).toEqual([code, lat, expect.closeTo(1, 3)]);
      }
      const far = { x: 1e4, y: 1e4 };
      if (code === "AIT") expect(pixelSizeAt(wcs, far.x, far.y)).toBe(pixelSize(wcs));
    }
  });

  it("work with coordinates from JSON", () => {
    const wcs = wcsOf({ ...TAN, CTYPE1: "RA---SIN", CTYPE2: "DEC--SIN", PV2_1: 0.1 });
    expect(pixelToSky(JSON.parse(JSON.stringify(wcs)), 20, 30)).toEqual(pixelToSky(wcs, 20, 30));
  });

  it("know where there is no sky", () => {
    const wcs = wcsOf({ ...TAN, CTYPE1: "RA---SIN", CTYPE2: "DEC--SIN", CDELT1: 1, CDELT2: 1 });
    expect(pixelToSky(wcs, 100, 0).lon).toBeNaN();
    expect(skyToPixel(wcs, 266.4 + 180, 29).x).toBeNaN();
    // A tenth of a degree beyond the borders of the maps.
    for (const [code, x, y] of [
      ["CEA", 0, 57.4],
      ["CAR", 0, 90.1],
      ["SFL", 90.1, 60],
      ["SFL", 0, -90.1],
      ["MOL", 114.7, 57.29577951308232],
      ["MOL", 0, 81.2],
      ["AIT", 162.2, 0],
    ] as const) {
      const sky = pixelToSky(wholeSky(code), x, y);
      expect([code, sky]).toEqual([code, { lon: Number.NaN, lat: Number.NaN }]);
    }
    expect(skyToPixel(wholeSky("MER"), 0, 90)).toEqual({ x: Number.NaN, y: Number.NaN });
  });
});

describe("parseWcs", () => {
  it("finds nothing where there is nothing, without a warning", () => {
    expect(parseWcs([])).toEqual({ warnings: [] });
    expect(parseWcs(cards({ CRPIX1: 3, OBJECT: "Sgr A*" }))).toEqual({ warnings: [] });
  });

  it.each([
    ["HPX is not supported", { CTYPE1: "RA---HPX", CTYPE2: "DEC--HPX" }, "projection must be one of"],
    ["detector axes", { CTYPE1: "x", CTYPE2: "y" }, "a longitude and a latitude"],
    ["two projections", { CTYPE1: "RA---TAN", CTYPE2: "DEC--SIN" }, "the same projection"],
    ["no scale", { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CDELT1: 0 }, "invertible"],
    ["no angle", { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CUNIT1: "m" }, "an angle"],
    ["no pole", { CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CRVAL2: 60, LONPOLE: 80 }, "must fit together"],
  ])("says why: %s", (_, values, reason) => {
    const { wcs, warnings } = parseWcs(cards(values));
    expect(wcs).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(reason);
  });

  it("applies SIP there and back, whatever CTYPE says, and terms up to the order only", () => {
    const terms = { A_ORDER: 2, A_2_0: 1e-4, A_3_0: 1, B_ORDER: 2, B_1_1: -5e-5 };
    for (const types of [{}, { CTYPE1: "RA---TAN-SIP", CTYPE2: "DEC--TAN-SIP" }]) {
      const { wcs, warnings } = parseWcs(cards({ ...TAN, ...types, ...terms }));
      expect(warnings).toEqual([]);
      const plain = wcsOf(TAN);
      const { x: x0, y: y0 } = plain.referencePixel;
      for (const [u, v] of [
        [0, 0],
        [30, -12],
        [-100, 250],
      ]) {
        // x + u + 1e-4 u^2, y + v - 5e-5 u v of an image without distortion.
        const bent = pixelToSky(plain, x0 + u + 1e-4 * u * u, y0 + v - 5e-5 * u * v);
        const { lon, lat } = pixelToSky(wcs!, x0 + u, y0 + v);
        expect([lon, lat]).toEqual([expect.closeTo(bent.lon, 10), expect.closeTo(bent.lat, 10)]);
        const back = skyToPixel(wcs!, lon, lat);
        expect([back.x, back.y]).toEqual([expect.closeTo(x0 + u, 7), expect.closeTo(y0 + v, 7)]);
      }
    }
  });

  it("applies TPV there and back, also where SCAMP calls it TAN", () => {
    // xi = x + 0.01 x^2 + 0.02 r, eta = 0.5 + y + 0.03 y x of the plane in degrees: the own axis comes first in the terms of both.
    const terms = { PV1_4: 0.01, PV1_3: 0.02, PV2_0: 0.5, PV2_5: 0.03, PV2_1: 1 };
    const plain = wcsOf(TAN);
    const [a, b, c, d] = plain.matrix;
    for (const types of [{}, { CTYPE1: "RA---TPV", CTYPE2: "DEC--TPV" }]) {
      const { wcs, warnings } = parseWcs(cards({ ...TAN, ...types, ...terms }));
      expect([warnings, wcs!.projection]).toEqual([[], "TAN"]);
      for (const [u, v] of [
        [0, 0],
        [30, -12],
        [-100, 250],
      ] as const) {
        const { x: x0, y: y0 } = plain.referencePixel;
        const [x, y] = [a * u + b * v, c * u + d * v];
        const [xi, eta] = [x + 0.01 * x * x + 0.02 * Math.hypot(x, y), 0.5 + y + 0.03 * x * y];
        const determinant = a * d - b * c;
        const bent = pixelToSky(
          plain,
          x0 + (d * xi - b * eta) / determinant,
          y0 + (a * eta - c * xi) / determinant,
        );
        const { lon, lat } = pixelToSky(wcs!, x0 + u, y0 + v);
        expect([lon, lat]).toEqual([expect.closeTo(bent.lon, 10), expect.closeTo(bent.lat, 10)]);
        const back = skyToPixel(wcs!, lon, lat);
        expect([back.x, back.y]).toEqual([expect.closeTo(x0 + u, 6), expect.closeTo(y0 + v, 6)]);
      }
    }
  });

  it.each([
    ["spelt out as the standard has them", { PV1_1: 0, PV1_2: 90 }],
    ["with zeros that TAN does not use", { PV2_1: 0, PV2_2: 0 }],
    ["with the pole", { PV1_0: 0, PV1_1: 0, PV1_2: 90, PV1_3: 180, PV1_4: 0 }],
  ])("takes parameters of a plain TAN as those of TAN: %s", (_, terms) => {
    const { wcs, warnings } = parseWcs(cards({ ...TAN, ...terms }));
    expect(warnings).toEqual([]);
    for (const [x, y] of [
      [0, 0],
      [200, -90],
    ]) {
      const [found, plain] = [pixelToSky(wcs!, x, y), pixelToSky(wcsOf(TAN), x, y)];
      expect([found.lon, found.lat]).toEqual([expect.closeTo(plain.lon, 10), expect.closeTo(plain.lat, 10)]);
    }
  });

  it("leaves out a TPV whose first powers have no inverse, and says so", () => {
    const singular = { ...TAN, CTYPE1: "RA---TPV", CTYPE2: "DEC--TPV", PV1_1: 0, PV2_1: 0 };
    const { wcs, warnings } = parseWcs(cards(singular));
    expect(warnings).toEqual([expect.stringContaining("TPV is not applied where its first powers")]);
    expect(pixelToSky(wcs!, 9, 7)).toEqual(pixelToSky(wcsOf(TAN), 9, 7));
  });

  it.each(["CRPIX1", "CRVAL2", "CDELT1", "LONPOLE"])("is none where %s is a text", (keyword) => {
    // wcslib takes such a card for none that it knows; without it positions would be those of 0, or of 1 degree a pixel.
    const { wcs, unread } = parseWcs(cards({ ...TAN, [keyword]: "4.5" }));
    expect([wcs, unread]).toEqual([undefined, `${keyword} must be a number, got '4.5'`]);
  });

  it("says why coordinates of the sky cannot be read, and nothing where there are none", () => {
    const { wcs, unread } = parseWcs(cards({ ...TAN, CTYPE1: "GLON-HPX", CTYPE2: "GLAT-HPX" }));
    expect([wcs, unread]).toEqual([undefined, expect.stringContaining("got HPX")]);
    expect(parseWcs(cards({ CTYPE1: "DETX", CTYPE2: "DETY" }))).not.toHaveProperty("unread");
    expect(parseWcs([])).not.toHaveProperty("unread");
  });

  it("leaves other distortions out and says so, also with regions on the sky", () => {
    const tpv = cards({ ...TAN, CTYPE1: "RA---TAN-TPD", CTYPE2: "DEC--TAN-TPD" });
    expect(parseWcs(tpv).warnings[0]).toContain("distortion TPD is not applied");
    const { warnings } = parseDs9Regions('icrs\ncircle(266.4,-29,3")\ncircle(266.4,-29,4")', { wcs: tpv });
    expect(warnings).toEqual(parseWcs(tpv).warnings);
    const unknown = parseWcs(cards({ ...TAN, PV2_5: 1.00001 }));
    expect(unknown.wcs?.projection).toBe("TAN");
    expect(unknown.warnings[0]).toContain("PV");
  });

  it("names the frame as the standard says when RADESYS is missing", () => {
    expect(wcsOf(TAN)).toMatchObject({ system: "ICRS" });
    expect(wcsOf({ ...TAN, EQUINOX: 2000 })).toMatchObject({ system: "FK5", equinox: 2000 });
    expect(wcsOf({ ...TAN, EQUINOX: 1950 })).toMatchObject({ system: "FK4" });
    expect(wcsOf({ ...TAN, EQUINOX: 2000, RADESYS: "ICRS" })).toMatchObject({ system: "ICRS" });
    expect(longNames(wcsOf({ ...TAN, EQUINOX: 2000 }))).toEqual([
      "Right ascension (FK5 J2000)",
      "Declination",
    ]);
  });
});

describe("angles", () => {
  it.each([
    // Sgr A*: Petrov et al. 2011 give 17h45m40.0383s -29d00'28.069".
    [266.41682625, "hms", 4, "17ʰ45ᵐ40.0383ˢ"],
    [-29.0077969444, "dms", 3, "−29°00′28.069″"],
    [-0.5, "dms", 0, "−00°30′00″"],
    [0, "dms", 1, "+00°00′00.0″"],
    [-1e-9, "dms", 0, "+00°00′00″"],
    [359.99999999, "hms", 1, "00ʰ00ᵐ00.0ˢ"],
    [-15, "hms", 0, "23ʰ00ᵐ00ˢ"],
    [9.999999999, "dms", 2, "+10°00′00.00″"],
    [266.41682625, "degrees", 3, "266.417°"],
    [-0.00001, "degrees", 2, "0.00°"],
    [-29.5, "degrees", 1, "−29.5°"],
    [Number.NaN, "degrees", 1, "–"],
  ] as const)("%d as %s with %d decimals is %s", (degrees, style, decimals, text) => {
    expect(formatAngle(degrees, style, decimals)).toBe(text);
  });

  it("a position has names and a tenth of a pixel", () => {
    // Pixels of 0.504": seconds of arc to 0.05, seconds of time to 0.003.
    const wcs = wcsOf(TAN);
    const sky = { lon: 266.41682625, lat: -29.0077969444 };
    expect(formatSkyPosition(wcs, sky)).toBe("RA 17ʰ45ᵐ40.038ˢ, Dec −29°00′28.07″");
    expect(formatSkyPosition(wcs, sky, { style: "degrees" })).toBe("RA 266.41683°, Dec −29.00780°");
    const galactic = wcsOf({
      ...TAN,
      CTYPE1: "GLON-CAR",
      CTYPE2: "GLAT-CAR",
      CRVAL2: 0,
      CDELT1: -0.05,
      CDELT2: 0.05,
    });
    expect(formatSkyPosition(galactic, { lon: 359.944, lat: -0.046 })).toBe("l 359.944°, b −0.046°");
    expect(formatSkyPosition(galactic, { lon: Number.NaN, lat: 0 })).toBe("–");
  });
});

describe("directions of the sky", () => {
  const angleOf = (wcs: SkyWcs) => {
    const [north, east] = skyDirections(wcs, 3, 4)!;
    // From the vertical of the image to the left.
    const turn = ({ dx, dy }: { dx: number; dy: number }) => (Math.atan2(-dx, dy) * 180) / Math.PI;
    return { names: [north.name, east.name], north: turn(north), east: turn(east) };
  };

  it("are up and left on an equatorial image", () => {
    const { names, north, east } = angleOf(wcsOf(TAN));
    expect(names).toEqual(["N", "E"]);
    expect(north).toBeCloseTo(0, 2);
    expect(east).toBeCloseTo(90, 2);
  });

  it("are those of the equator on a Galactic image", () => {
    const galactic = wcsOf({ ...TAN, CTYPE1: "GLON-TAN", CTYPE2: "GLAT-TAN", CRVAL1: 0, CRVAL2: 0 });
    const { names, north, east } = angleOf(galactic);
    expect(names).toEqual(["N", "E"]);
    // The Galactic plane runs at a position angle of 31.4 degrees at the Galactic Centre (Reid & Brunthaler 2004), so that the
    // Galactic pole is 58.6 degrees west of north.
    expect(north).toBeCloseTo(58.6, 1);
    expect(east - north).toBeCloseTo(90, 1);
  });

  it("have the names of their coordinates where those are neither", () => {
    const names = angleOf(wcsOf({ ...TAN, CTYPE1: "ELON-TAN", CTYPE2: "ELAT-TAN" })).names;
    expect(names).toEqual(["β", "λ"]);
  });
});
