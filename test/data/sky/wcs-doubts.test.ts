import { describe, expect, it } from "vitest";
import { parseWcs } from "../../../src/data/sky/sky-wcs.js";
import { wcsDoubts } from "../../../src/data/sky/wcs-doubts.js";

const cardsOf = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values).map(([keyword, value]) => ({ keyword, value }));
const TAN = { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRVAL1: 83, CRVAL2: 22, CRPIX1: 8, CRPIX2: 8 };
const SCALE = { CDELT1: -0.01, CDELT2: 0.01 };
const CD = { CD1_1: -0.01, CD1_2: 0, CD2_1: 0, CD2_2: 0.01 };
/** Turned by 30 degrees. */
const PC = { PC1_1: 0.866025404, PC1_2: -0.5, PC2_1: 0.5, PC2_2: 0.866025404 };

describe("wcsDoubts", () => {
  it.each([
    ["CDELT", SCALE],
    ["CD", CD],
    ["both alike", { ...SCALE, ...CD }],
    ["CD beside a CDELT of 1", { ...CD, CDELT1: 1, CDELT2: 1 }],
    ["PC beside its CROTA2", { ...SCALE, ...PC, CROTA2: 30 }],
    ["FK5 of J2000", { ...SCALE, RADESYS: "FK5", EQUINOX: 2000, RADECSYS: "fk5 " }],
    ["the latitude first", { ...SCALE, CTYPE1: "DEC--TAN", CTYPE2: "RA---TAN" }],
  ])("has none of %s", (_, more) => expect(wcsDoubts(cardsOf({ ...TAN, ...more }))).toEqual([]));

  it.each([
    [{ ...CD, CDELT1: -0.1, CDELT2: 0.1 }, "CDELT should be as CD, 0.01 a pixel, got 0.1; CD is taken"],
    [{ ...CD, ...PC }, "header should have CD or PC, got both; CD is taken"],
    [{}, "header should say how large pixels are, by CD or CDELT, got neither; 1 a pixel is taken"],
    [
      { ...SCALE, ...PC, CROTA2: -30 },
      "CROTA should be left out beside PC, or turn as it does, by 30, got -30; PC is taken",
    ],
    [
      { ...SCALE, RADESYS: "ICRS", RADECSYS: "FK4" },
      "RADECSYS should be as RADESYS, ICRS, got FK4; RADESYS is taken",
    ],
    [
      { ...SCALE, RADESYS: "ICRS", EQUINOX: 1950 },
      "EQUINOX should go with RADESYS ICRS, 2000, got 1950; RADESYS is taken",
    ],
    [
      { ...SCALE, RADESYS: "FK4", EQUINOX: 2000 },
      "EQUINOX should go with RADESYS FK4, 1950, got 2000; both are taken as they are",
    ],
    [
      { ...SCALE, A_ORDER: 2 },
      "CTYPE should end in -SIP where the header has its polynomials, got none; they are applied",
    ],
  ])("tells %o", (more, doubt) => expect(wcsDoubts(cardsOf({ ...TAN, ...more }))).toEqual([doubt]));

  it("has none of what is no sky, which parseWcs refuses where it was meant as one", () => {
    expect(wcsDoubts(cardsOf({ CTYPE1: "DETX", CTYPE2: "DETY" }))).toEqual([]);
    expect(parseWcs(cardsOf({ CTYPE1: "DETX", CTYPE2: "DETY" })).unread).toBeUndefined();
    expect(parseWcs(cardsOf({ ...TAN, ...SCALE, CTYPE2: "GLAT-TAN" })).unread).toMatch(
      "must be a longitude and a latitude",
    );
    expect(parseWcs(cardsOf({ ...TAN, ...SCALE, CRVAL2: 122 })).unread).toBe(
      "CRVAL2 must be a latitude from -90 to 90, got 122",
    );
  });
});
