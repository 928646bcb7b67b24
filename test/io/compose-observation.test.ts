import { describe, expect, it } from "vitest";
import { composeObservation } from "../../src/io/compose-observation.js";
import { fitsCard, readFits, writeFits } from "../../src/io/fits.js";

/** An image of 3 rows and 4 columns as it comes out of a file; values 0, 1, ... times `step`. */
function named(name: string, step: number, cards = [fitsCard("CRPIX1", 2)], shape = [3, 4]) {
  const data = Float64Array.from({ length: shape[0] * shape[1] }, (_, index) => step * index);
  const [hdu] = readFits(writeFits([{ kind: "image", name: "PRIMARY", shape, data, cards }]));
  return { name, hdu };
}

describe("composeObservation", () => {
  const counts = named("night/counts.fits.gz", 1, [
    fitsCard("CTYPE1", "RA---TAN"),
    fitsCard("CTYPE2", "DEC--TAN"),
    fitsCard("CRPIX1", 2),
    fitsCard("CRPIX2", 2),
  ]);
  const psf = named("psf.fits", 1, [], [1, 4]);

  it("names the observation after the counts and counts in counts", () => {
    const { observation, unit } = composeObservation({ counts, psf });
    expect(observation.name).toBe("counts");
    expect(unit).toBe("count");
    expect([...observation.counts.data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it.each(["arcsec", "cm**2", "Jy"])("says that an exposure in %s is none that it knows", (unit) => {
    const exposure = named("map.fits", 2, [fitsCard("BUNIT", unit)]);
    expect(composeObservation({ counts, psf, exposure }).notes).toContainEqual(
      expect.stringContaining(
        `map.fits: exposure should be a time, or an area times a time, got BUNIT ${unit}; `,
      ),
    );
  });

  it("says that an exposure of the sky has no unit, once, and nothing of images that are of no sky", () => {
    const exposure = named("map.fits", 2);
    const { notes, unit } = composeObservation({ counts, psf, exposure });
    expect(notes.filter((note) => note.includes("unit"))).toEqual([
      "map.fits: exposure should have its unit, s or cm2 s, got no BUNIT; the flux has no unit either, add it to the header",
    ]);
    expect(unit).toBeUndefined();
    const plain = named("counts.fits", 1, [fitsCard("OBJECT", "simulated")]);
    expect(composeObservation({ counts: plain, psf, exposure }).notes.join()).not.toContain("map.fits");
  });

  it("compares the unit of a background with that of the flux, and says when counts are something else", () => {
    const exposure = named("exposure.fits", 2, [fitsCard("BUNIT", "cm2 s")]);
    const background = named("background.fits", 1, [fitsCard("BUNIT", "photon/(m2 s)")]);
    expect(() => composeObservation({ counts, psf, exposure, background })).toThrow(/multiply it by 0.0001/);
    for (const unit of ["count/s", "Jy/beam", "adu", "10 count"]) {
      const other = named("other.fits", 1, [fitsCard("BUNIT", unit)]);
      expect(composeObservation({ counts: other, psf }).notes).toContainEqual(
        expect.stringContaining(`other.fits: counts should be counts of events, got BUNIT ${unit}`),
      );
    }
    for (const unit of ["count", "COUNTS", "counts/pixel", "ph", "events", " "])
      expect(
        composeObservation({ counts: named("c.fits", 1, [fitsCard("BUNIT", unit)]), psf }).notes.join(),
      ).not.toContain("counts of events");
  });

  it("cuts companions of the whole shape alike and shifts the sky; divides background counts by exposure", () => {
    const exposure = named("exposure.fits", 2, [fitsCard("BUNIT", "s")]);
    const background = named("background.fits", 6);
    const { observation, unit } = composeObservation(
      { counts, psf, exposure, background },
      { cutout: { x: [1, 3], y: [1, 3] }, psfCutout: { x: [0, 2], y: [0, 1] }, backgroundUnit: "counts" },
    );
    expect([...observation.counts.data]).toEqual([5, 6, 9, 10]);
    expect([...observation.exposure!.data]).toEqual([10, 12, 18, 20]);
    expect([...observation.background!.data]).toEqual([3, 3, 3, 3]);
    expect([...observation.psf.data]).toEqual([0, 1]);
    expect(unit).toBe("count / (s pixel)");
    expect(observation.wcs?.find(({ keyword }) => keyword === "CRPIX1")?.value).toBe(1);
  });

  it("says which file a cut-out leaves", () => {
    expect(() => composeObservation({ counts, psf }, { cutout: { x: [0, 5], y: [0, 3] } })).toThrow(
      "night/counts.fits.gz: cut-out must lie inside the image, columns 0:4 and rows 0:3, got 0:5,0:3",
    );
    expect(() => composeObservation({ counts, psf }, { backgroundUnit: "erg" as "flux" })).toThrow(
      /background unit: must be "flux" or "counts"/,
    );
  });
});
