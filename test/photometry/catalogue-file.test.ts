import { describe, expect, it } from "vitest";
import { pixelToSky } from "../../src/data/sky/sky-position.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import { type CatalogueSource, checkCatalogue, decodeSources } from "../../src/photometry/catalogue-file.js";
import { encodeSourcesFits } from "../../src/photometry/source-table.js";

const cards = (ra: number) => {
  const values = { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRVAL1: ra, CRVAL2: 22, CRPIX1: 17, CRPIX2: 17 };
  const all = { ...values, CDELT1: -0.01, CDELT2: 0.01 };
  return Object.entries(all).map(([keyword, value]) => ({ keyword, value }));
};
const numbers = {
  xStd: 0.1,
  yStd: 0.1,
  radius: 2,
  flux: 9,
  low: 8,
  high: 10,
  falseAlarms: 0,
  width: 0,
  inside: 1,
};
const source = (x: number, y: number, sky?: CatalogueSource["sky"]): CatalogueSource => ({
  ...{ name: "S1", x, y, ...numbers },
  ...(sky && { sky }),
});
const check = (one: CatalogueSource, wcs = cards(83)) => {
  return () => checkCatalogue({ sources: [one] }, { shape: [32, 40], wcs }, "s.fits");
};

describe("checkCatalogue", () => {
  const there = pixelToSky(parseWcs(cards(83)).wcs!, 30, 9);

  it("takes sources of the image", () => {
    expect(check(source(30, 9, there))).not.toThrow();
    expect(check(source(30, 9))).not.toThrow();
    expect(check(source(30, 9, there), [])).not.toThrow();
    // At the edge the most likely place may lie beside the image, by less than the aperture.
    expect(check(source(-1, 9))).not.toThrow();
  });

  it("refuses those of another sky, of other pixels, and beside the image", () => {
    const elsewhere =
      "s.fits: catalogue must be of this image, got S1 at x 30, y 9, where its sky coordinates are not";
    expect(check(source(30, 9, there), cards(200))).toThrow(elsewhere);
    expect(check(source(30, 9, there), cards(83.01))).toThrow(elsewhere);
    expect(check(source(30, 34))).toThrow(
      "got S1 at x 30, y 34, beside its 40 x 32 pixels; run tslira sources",
    );
    expect(check(source(Number.NaN, 3))).toThrow("beside its 40 x 32 pixels");
  });

  it("refuses those of other counts, where both say of which", () => {
    const [a, b] = ["a", "b"].map((name) => ({ name: `${name}.fits`, sha256: name.repeat(64) }));
    const of = (...inputs: (typeof a)[]) => ({ shape: [32, 40] as const, inputs });
    const bytes = encodeSourcesFits([], { inputs: [a] });
    const catalogue = decodeSources(bytes, "s.fits");
    expect(catalogue.inputs).toEqual([a]);
    for (const image of [of(), of(a), of(b, a)])
      expect(() => checkCatalogue(catalogue, image, "s.fits")).not.toThrow();
    expect(() =>
      checkCatalogue(decodeSources(encodeSourcesFits([]), "s.fits"), of(b), "s.fits"),
    ).not.toThrow();
    expect(() => checkCatalogue(catalogue, of(b), "s.fits")).toThrow(
      "s.fits: catalogue must be of the counts of this image, got one of a.fits (another SHA-256); run tslira sources",
    );
  });
});
