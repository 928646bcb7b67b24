import { describe, expect, it } from "vitest";
import { icrsToGalactic } from "../../src/data/sky/galactic.js";
import { healpixToSky, skyToHealpix } from "../../src/data/sky/healpix.js";
import { pixelToSky } from "../../src/data/sky/sky-position.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import {
  type FitsColumnInput,
  type FitsHduInput,
  type FitsTableHdu,
  fitsCard,
  readFits,
  writeFits,
} from "../../src/io/fits.js";
import { healpixImage, healpixImageHdus } from "../../src/io/healpix-image.js";

type Cards = Readonly<Record<string, string | number>>;
function map(columns: readonly FitsColumnInput[], cards: Cards): FitsTableHdu {
  const hdu = {
    ...{ kind: "table", name: "SKYMAP", columns },
    cards: Object.entries(cards).map(([keyword, value]) => fitsCard(keyword, value)),
  } as FitsHduInput;
  return readFits(writeFits([{ kind: "empty" } as FitsHduInput, hdu]), { name: "m.fits" })[1] as FitsTableHdu;
}
const column = (name: string, values: ArrayLike<number>, unit?: string, format = "D"): FitsColumnInput =>
  ({ name, values: Float64Array.from(values), format, ...(unit && { unit }) }) as FitsColumnInput;

const NSIDE = 8;
const ALL = 12 * NSIDE * NSIDE;
const numbers = Array.from({ length: ALL }, (_, pixel) => pixel);
const RING = { PIXTYPE: "HEALPIX", ORDERING: "RING", NSIDE, COORDSYS: "C" };

describe("healpixImage", () => {
  it.each(["RING", "NESTED"] as const)(
    "%s: each pixel has the value of the map at its middle",
    (ORDERING) => {
      const hdu = map([column("V", numbers, "s")], { ...RING, ORDERING });
      const made = healpixImage(hdu, { center: [83, 22], size: [31, 20], binSize: 1.5 });
      const { wcs } = parseWcs(made.wcs);
      expect(made).toMatchObject({ unit: "s", counts: false, coordinates: "equatorial", known: 620 });
      for (const [at, value] of made.image.data.entries()) {
        const sky = pixelToSky(wcs!, at % 31, Math.floor(at / 31));
        expect(value).toBe(skyToHealpix(NSIDE, ORDERING, sky));
      }
    },
  );

  it("turns galactic maps to equatorial images and back, and takes a card or an option for the system", () => {
    const cards = { ...RING, COORDSYS: "G" };
    const asked = { center: [266.4, -29], size: [9, 9], binSize: 2, coordinates: "equatorial" } as const;
    const made = healpixImage(map([column("V", numbers)], cards), asked);
    const { wcs } = parseWcs(made.wcs);
    expect(wcs!.system).toBe("ICRS");
    for (const [at, value] of made.image.data.entries())
      expect(value).toBe(
        skyToHealpix(NSIDE, "RING", icrsToGalactic(pixelToSky(wcs!, at % 9, Math.floor(at / 9)))),
      );
    const { COORDSYS: _, ...without } = RING;
    const untold = map([column("V", numbers)], without);
    const { coordinates: __, ...unasked } = asked;
    expect(healpixImage(untold, unasked).notes[0]).toContain("COORDSYS should be G or C, got none");
    const told = healpixImage(untold, { ...asked, coordinates: "galactic" });
    expect(told).toMatchObject({ coordinates: "galactic", notes: [] });
    expect(() => healpixImage(map([column("V", numbers)], { ...RING, COORDSYS: "E" }))).toThrow(
      /COORDSYS must be G .*got E; say with --coordinates/,
    );
  });

  it("shows all of the sky as a cylinder, and averages over pixels that are larger", () => {
    const made = healpixImage(map([column("V", numbers)], RING));
    expect(made).toMatchObject({ size: [36, 18], binSize: 10, known: 648 });
    // The mean of latitudes of NSIDE 8 over pixels of 45 degrees is that of the sphere to a pixel of the map.
    const latitudes = map(
      [
        column(
          "V",
          numbers.map((pixel) => healpixToSky(NSIDE, "RING", pixel).lat),
        ),
      ],
      RING,
    );
    const { image } = healpixImage(latitudes, {
      projection: "CAR",
      binSize: 45,
      size: [8, 4],
      center: [0, 0],
    });
    const errors = image.data.map((value, at) => Math.abs(value - (Math.floor(at / 8) * 45 - 67.5)));
    expect(Math.max(...errors)).toBeLessThan(3);
  });

  it("keeps counts, each where the middle of its pixel lies", () => {
    const hdu = map(
      [
        column(
          "COUNTS",
          numbers.map((pixel) => pixel % 5),
          "counts",
          "J",
        ),
      ],
      RING,
    );
    const made = healpixImage(hdu);
    const total = numbers.reduce((sum, pixel) => sum + (pixel % 5), 0);
    expect(made.image.data.reduce((sum, value) => sum + value, 0)).toBe(total);
    expect(made).toMatchObject({ counts: true, unit: "count", notes: [] });
    const [hdus] = [healpixImageHdus(made)];
    expect(hdus[0]).toMatchObject({ data: Int32Array.from(made.image.data) });
    expect(healpixImage(hdu, { binSize: 2, center: [0, 0], size: [30, 30] }).notes[0]).toMatch(
      /below the side of the map's pixels, 7\.329 deg.*take --bin-size 10/,
    );
  });

  it("reads pixels one by one, UNSEEN and BAD_DATA as no value, rows of many values", () => {
    const few = numbers.filter((pixel) => healpixToSky(NSIDE, "NESTED", pixel).lat > 60);
    const partial = map([column("PIXEL", few, undefined, "J"), column("V", few)], {
      ...RING,
      ...{ ORDERING: "NESTED", INDXSCHM: "EXPLICIT", OBJECT: "PARTIAL" },
    });
    const made = healpixImage(partial);
    const { wcs } = parseWcs(made.wcs);
    const [nx] = made.size;
    let shown = 0;
    for (const [at, value] of made.image.data.entries()) {
      const pixel = skyToHealpix(NSIDE, "NESTED", pixelToSky(wcs!, at % nx, Math.floor(at / nx)));
      if (few.includes(pixel)) shown++;
      expect(value).toEqual(few.includes(pixel) ? pixel : Number.NaN);
    }
    expect(made.known).toBe(shown);
    expect(made.center[1]).toBeCloseTo(90, 3);
    // A list of pixels is one without INDXSCHM, too.
    const list = map([column("HPX_INDEX", few, undefined, "J"), column("V", few)], {
      ...RING,
      ORDERING: "NESTED",
    });
    expect(healpixImage(list).image).toEqual(made.image);

    const marked = numbers.map((pixel) => (pixel % 3 === 0 ? -1.6375e30 : pixel % 3 === 1 ? -99 : 7));
    const rows = {
      name: "V",
      values: Float64Array.from(marked),
      format: `${NSIDE * NSIDE}D`,
    } as FitsColumnInput;
    const { image } = healpixImage(map([rows], { ...RING, BAD_DATA: -99 }), {
      ...{ center: [0, 0], size: [20, 20], binSize: 1 },
    });
    expect(new Set(image.data)).toEqual(new Set([Number.NaN, 7]));
  });

  it("reads maps of pixels of several sizes", () => {
    // Face 4 of NSIDE 1 as a whole, face 0 as four of NSIDE 2: UNIQ = 4 nside^2 + number.
    const hdu = map(
      [
        column("UNIQ", [4 + 4, 16, 17, 18, 19], undefined, "K"),
        column("PROBDENSITY", [1, 2, 3, 4, 5], "sr-1"),
      ],
      {
        ...{ PIXTYPE: "HEALPIX", ORDERING: "NUNIQ", COORDSYS: "C" },
      },
    );
    const made = healpixImage(hdu, { center: [20, 20], size: [40, 40], binSize: 2 });
    const { wcs } = parseWcs(made.wcs);
    const expected = Array.from({ length: 1600 }, (_, at) => {
      const sky = pixelToSky(wcs!, at % 40, Math.floor(at / 40));
      const [coarse, fine] = [skyToHealpix(1, "NESTED", sky), skyToHealpix(2, "NESTED", sky)];
      return coarse === 4 ? 1 : coarse === 0 ? 2 + fine : Number.NaN;
    });
    expect([...made.image.data]).toEqual(expected);
    expect(new Set(expected)).toEqual(new Set([1, 2, 3, 4, 5, Number.NaN]));
  });

  it("says what does not fit together, and what to do", () => {
    const v = column("V", numbers);
    const error = (columns: readonly FitsColumnInput[], cards: Cards, options = {}) => {
      try {
        healpixImage(map(columns, cards), options);
      } catch (cause) {
        return (cause as Error).message;
      }
      return "no error";
    };
    expect(error([v], { ...RING, NSIDE: 16 })).toMatch(
      /must hold 3072 pixels, from 0 to 3071, got 768, from 0 to 767; correct NSIDE, FIRSTPIX/,
    );
    // As healpy writes it: the numbers fit, but 768 pixels are the whole sky of another NSIDE.
    const whole = { ...RING, FIRSTPIX: 0, LASTPIX: ALL - 1 };
    expect(error([v], { ...whole, NSIDE: 16 })).toMatch(
      /NSIDE must be that of the map, got 16, of 3072 pixels, with the 768 that are the whole sky of NSIDE 8; correct it/,
    );
    expect(error([v], { ...whole, NSIDE: 16, OBJECT: "PARTIAL" })).toBe("no error");
    expect(error([v], { ...RING, FIRSTPIX: 1, LASTPIX: ALL })).toMatch(/got 768, from 1 to 768; correct/);
    expect(error([v], { ...RING, NSIDE: 6, ORDERING: "NESTED" })).toMatch(
      /NSIDE must be a power of two.*got 6;/,
    );
    expect(error([v], { ...RING, ORDERING: "SPIRAL" })).toMatch(/ORDERING must be .*got SPIRAL; correct/);
    expect(error([v], { ...RING, INDXSCHM: "EXPLICIT" })).toMatch(
      /column of pixel numbers .*got V; write the map again/,
    );
    expect(error([v, column("W", numbers)], RING, { column: "x" })).toMatch(
      /column of values x, got V, W; add --column V/,
    );
    expect(error([column("PIX", [1, 768]), v], { ...RING, INDXSCHM: "EXPLICIT" })).not.toBe("no error");
    const part = [column("PIX", [10], undefined, "J"), column("V", [1])];
    const partial = { ...RING, INDXSCHM: "EXPLICIT" };
    expect(error(part, partial, { center: [0, -60], size: [4, 4] })).toMatch(
      /image must show pixels of the map, got none .*--center \S+ is the middle of the map/,
    );
    expect(error(part, { ...partial, NSIDE: 1, ORDERING: "RING" })).toBe("no error");
    const twice = (name: string) => [column(name, [21, 22, 21], undefined, "J"), column("V", [1, 2, 3])];
    expect(error(twice("PIX"), partial)).toMatch(/stand in one row, got 21 in rows 0 and 2; leave one out/);
    expect(error(twice("UNIQ"), { ...partial, ORDERING: "NUNIQ" })).toMatch(/got 21 in rows 0 and 2/);
    expect(error([column("PIX", [12], undefined, "J"), column("V", [1])], { ...partial, NSIDE: 1 })).toMatch(
      /whole and in \[0, 12\) for NSIDE 1, got 12 in row 0; correct NSIDE/,
    );
    expect(
      error(
        [
          column(
            "V",
            numbers.map(() => Number.NaN),
          ),
        ],
        RING,
      ),
    ).toMatch(/pixels with a value, got none in V/);
    // A livetime cube: a row of values a pixel, whatever LASTPIX says.
    const cube = Array.from({ length: 2 * ALL }, () => 1);
    expect(error([column("COSBINS", cube, "s", "2D")], { ...RING, LASTPIX: ALL - 1 })).toMatch(
      /one value a pixel, got 1536 of COSBINS for 768 pixels; .*gtexpcube2/,
    );
    expect(healpixImage(map([v, column("W", numbers)], RING)).notes[0]).toMatch(
      /got 2; the first is taken, V, .*--column W/,
    );
  });
});
