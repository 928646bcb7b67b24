import { expect, it } from "vitest";
import type { WcsCard } from "../../src/data/observation/observation.js";
import { FitsHeader, fitsCard, shiftWcs, wcsCards } from "../../src/io/fits.js";

const cards: WcsCard[] = [
  { keyword: "CTYPE1", value: "RA---TAN", comment: "sky" },
  { keyword: "CTYPE2", value: "DEC--TAN" },
  { keyword: "CRPIX1", value: 10.5 },
  { keyword: "CRPIX2", value: 20 },
  { keyword: "CRPIX1P", value: 0.5 },
  { keyword: "CRVAL1P", value: 3000 },
  { keyword: "CRVAL2P", value: 4000 },
  { keyword: "PC1_2", value: 0.1 },
  { keyword: "PV2_1", value: 1 },
  { keyword: "LTM1_1", value: 2 },
  { keyword: "LTM2_2", value: 2 },
  { keyword: "LTV1", value: -7 },
  { keyword: "RADESYS", value: "ICRS" },
  { keyword: "TELESCOP", value: "CHANDRA" },
];

it("picks what places axes 1 and 2, and nothing else", () => {
  const others = ["CTYPE3", "CRPIX3", "PC3_1", "EXPOSURE", "BUNIT", "NAXIS1", "TCTYP2"];
  const header = new FitsHeader([
    ...others.map((keyword) => fitsCard(keyword, 1)),
    ...cards,
    fitsCard("EQUINOX", undefined),
    fitsCard("OBS_ID", 2n ** 60n),
  ]);
  expect(wcsCards(header)).toEqual(cards);
});

it("moves every reference pixel, also those that are 0 by default", () => {
  const shifted = shiftWcs(cards, 3, 4);
  const value = (keyword: string) => shifted.find((card) => card.keyword === keyword)?.value;
  expect([value("CRPIX1"), value("CRPIX2")]).toEqual([7.5, 16]);
  expect([value("CRPIX1P"), value("CRPIX2P")]).toEqual([-2.5, -4]);
  expect([value("LTV1"), value("LTV2")]).toEqual([-10, -4]);
  expect([value("CRVAL1P"), value("CTYPE1")]).toEqual([3000, "RA---TAN"]);
  expect(cards[2].value).toBe(10.5);
  expect(shiftWcs(cards, 0, 0)).toEqual(cards);
});
