import { describe, expect, it } from "vitest";
import { recognise } from "../../app/src/desk/recognise.js";
import { type FitsCard, fitsCard, imageToSkyImage, readFits, writeFits } from "../../src/io/fits.js";

function guess(name: string, values: readonly number[], cards: readonly FitsCard[] = []) {
  const data = Float64Array.from(values);
  const [hdu] = readFits(writeFits([{ kind: "image", name: "PRIMARY", shape: [2, 2], data, cards }]));
  return recognise(name, hdu, imageToSkyImage(hdu));
}

describe("recognise", () => {
  it.each([
    ["chandra-counts-obs-id-4684.fits.gz", [0, 1, 2, 3], "counts"],
    ["chandra-psf-obs-id-4684.fits.gz", [0.1, 0.2, 0.3, 3], "psf"],
    ["fermi-3fhl-gc-exposure.fits.gz", [3e11, 3e11, 3e11, 3e11], "exposure"],
    ["expmap_soft.img", [3e5, 3e5, 3e5, 3e5], "exposure"],
    ["src_bkg.fits", [0.1, 0.1, 0.1, 0.2], "background"],
    ["good-mask.fits", [0, 1, 1, 1], "mask"],
  ] as const)("goes by the name: %s", (name, values, role) => {
    expect(guess(name, values)).toEqual({ role, reason: "by its name" });
  });

  it("does not believe a name that promises counts when the values are none", () => {
    expect(guess("counts-model.fits", [0.5, 1, 2, 3]).role).toBeUndefined();
  });

  it("goes by header, unit and values where the name says nothing", () => {
    expect(guess("a.fits", [1.5, 2, 2, 2], [fitsCard("HDUCLAS2", "BKG")]).role).toBe("background");
    expect(guess("a.fits", [1.5, 2, 2, 2], [fitsCard("BUNIT", "cm2 s")]).role).toBe("exposure");
    expect(guess("a.fits", [0.25, 0.25, 0.2, 0.3]).role).toBe("psf");
    expect(guess("a.fits", [0, 7, 2, 1]).role).toBe("counts");
    expect(guess("a.fits", [-1, 7.5, 2, 1]).role).toBeUndefined();
  });
});
