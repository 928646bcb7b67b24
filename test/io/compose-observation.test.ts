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

  it("says where headers speak of another observation, and nothing where they do not speak", () => {
    type Values = Readonly<Record<string, string | number>>;
    const cards = (values: Values) =>
      Object.entries(values).map(([keyword, value]) => fitsCard(keyword, value));
    const said = (of: Values, map: Values, step = 1000, more: Values = {}) => {
      const hdus = {
        counts: named("c.fits", 1, cards(of)),
        psf: named("p.fits", 1, cards(more), [1, 4]),
        exposure: named("e.fits", step, cards(map)),
        background: named("b.fits", 0.5, cards(more)),
      };
      return composeObservation(hdus, { backgroundUnit: "counts" }).notes.filter((note) =>
        / of the |about/.test(note),
      );
    };
    // The brightest pixel holds 11 steps: 11,000 s.
    const own = { TELESCOP: "CHANDRA", INSTRUME: "ACIS", OBS_ID: "4684", EXPOSURE: 12_000 };
    expect(said(own, { ...own, BUNIT: "s", EXPOSURE: 12_345 })).toEqual([]);
    expect(said(own, { BUNIT: "s" })).toEqual([]);
    expect(said({}, { ...own, BUNIT: "s" }, 0.9, own)).toEqual([]);
    expect(said(own, { BUNIT: "cm2 s" }, 1e7)).toEqual([]);
    expect(said(own, { BUNIT: "ks" }, 0.9)).toEqual([]);
    expect(said(own, { ...own, OBS_ID: "4683", EXPOSURE: 50_000, BUNIT: "s" })).toEqual([
      "e.fits: exposure should be of the OBS_ID of the counts, 4684, got 4683; check that it belongs to them",
      "e.fits: exposure should be of the time of the counts, EXPOSURE 12000 s, got 50000 s; check that it belongs to them",
    ]);
    for (const [step, unit, got] of [
      [0.9, "s", 9.9],
      [2000, "s", 22_000],
      [1000, "ks", 11_000_000],
    ] as const)
      expect(said(own, { BUNIT: unit }, step)).toEqual([
        `e.fits: exposure should reach about the time of the counts, EXPOSURE 12000 s, got at most ${got} s; check its unit, and that ` +
          "both hold the same observations",
      ]);
    // Blank fields are other observations, psfs are calibrations; neither is of another telescope, nor counts of another time.
    expect(said(own, { BUNIT: "s" }, 1000, { TELESCOP: "chandra", OBS_ID: "blank" })).toEqual([]);
    expect(said(own, { BUNIT: "s" }, 1000, { TELESCOP: "XMM", EXPOSURE: 4e5 })).toEqual([
      "p.fits: psf should be of the TELESCOP of the counts, CHANDRA, got XMM; check that it belongs to them",
      "b.fits: background in counts should be of the TELESCOP of the counts, CHANDRA, got XMM; check that it belongs to them",
      "b.fits: background in counts should be of the time of the counts, EXPOSURE 12000 s, got 400000 s; scale it to their time where that was not done",
    ]);
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
