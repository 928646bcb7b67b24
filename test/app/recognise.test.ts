import { describe, expect, it } from "vitest";
import { pageWords } from "../../app/src/desk/page-words.js";
import { recognise } from "../../app/src/desk/recognise.js";
import { guessBackgroundUnit } from "../../app/src/start/background-unit.js";
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

describe("the unit of a background", () => {
  const image = (sum: number) => ({ sum, shape: [200, 400] as const });

  it("is counts where flux would predict far more than was seen", () => {
    // The Fermi map of the Galactic Centre: 32,684 counts, an exposure of about 3e11 cm2 s, 31,000 expected background counts.
    const exposure = image(3e11 * 80_000);
    const found = guessBackgroundUnit({ counts: image(32_684), exposure, background: image(31_000) });
    expect(found).toEqual({ unit: "counts", asFlux: 9.3e15, asCounts: 31_000 });
    expect(
      guessBackgroundUnit({ counts: image(32_684), exposure, background: image(31_000 / 3e11) }).unit,
    ).toBe("flux");
    // Exposure 1 says nothing; a bright background alone is no reason.
    const one = image(80_000);
    expect(guessBackgroundUnit({ counts: image(10), exposure: one, background: image(1e6) }).unit).toBe(
      "flux",
    );
  });
});

describe("sentences on the page", () => {
  it.each([
    ["Run at least 2, better 4 chains (--chains 4).", "Run at least 2, better 4 chains."],
    [
      "Run at least 9,000 sweeps (--iterations 9000), or keep more draws of the image (a smaller --trace-every).",
      "Run at least 9,000 sweeps, or keep more draws of the image (a smaller “Sweeps between kept draws”).",
    ],
    [
      "b: got 9e15; add --background-unit counts if it holds expected counts a pixel, else divide it by the exposure",
      "b: got 9e15; choose the other unit of the background if it holds expected counts a pixel, else divide it by the exposure",
    ],
    [
      "make the psf on pixels of the counts, or add --align pixels if its header is wrong",
      "make the psf on pixels of the counts, or let tslira deconvolve take it pixel by pixel if its header is wrong",
    ],
    ["is only 130 for smoothness0; 26", "is only 130 for mean ln α, 2 × 2; 26"],
    ["choose otherwise with --psf-centre", "choose otherwise under Data, psf centre"],
    ["take one with --plane 0 -- or two", "take one with plane 0 -- or two"],
  ])("have no flags: %s", (said, shown) => expect(pageWords(said)).toBe(shown));
});
