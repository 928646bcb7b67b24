import { describe, expect, it } from "vitest";
import { backgroundUnitNotes } from "../../src/io/background-unit.js";

const notes = (bunit: string, exposure: string | undefined, unit: "flux" | "counts" = "flux") =>
  backgroundUnitNotes({ name: "b.fits", bunit }, exposure, unit);

describe("the unit of a background", () => {
  // Spellings of one unit, by the FITS standard 4.0, section 4.3, and as missions write them.
  it.each([
    ["photon / (cm2 s pixel)", "cm2 s"],
    ["ph cm-2 s-1", "cm**2 s"],
    ["count cm^-2 s^(-1)", "s cm**2 count/photon"],
    ["ph/cm2/s", "cm2 s"],
    ["1/(cm**2.s)", "cm2 s"],
    ["photons/cm**2/sec/pix", "cm2 s"],
    ["count / s", "s"],
    ["ct s**-1", "SEC"],
    ["counts/ks", "ks"],
    ["count", undefined],
    ["", "cm2 s"],
    ["count/s", ""],
  ])("may be %s beside an exposure in %s", (bunit, exposure) => expect(notes(bunit, exposure)).toEqual([]));

  it.each([
    [
      "photon/(m2 s)",
      "cm2 s",
      /must be in photon \/ \(cm2 s pixel\), got BUNIT photon\/\(m2 s\); multiply it by 0.0001,/,
    ],
    ["count/s", "ks", /multiply it by 1000, or/],
    ["count/min", "s", /multiply it by 0.0166666666667, or/],
    ["count/s", "cm2 s", /must be in photon \/ \(cm2 s pixel\), got BUNIT count\/s; convert it/],
    ["ph/cm2/s/sr", "cm2 s", /convert it/],
    ["count/(s arcsec2)", "s", /convert it/],
    ["ph/cm2/s/sr", "", /must be the flux of a pixel/],
    ["ph cm-2 s-1 MeV-1", "cm2 s", /convert it/],
    ["count/s", undefined, /must be in count \/ pixel/],
  ])("is refused where it is another: %s beside an exposure in %s", (bunit, exposure, message) =>
    expect(() => notes(bunit, exposure)).toThrow(message),
  );

  it("is said where it is not known", () => {
    expect(notes("Jy", "s")).toEqual([expect.stringContaining("got BUNIT Jy, which is not known")]);
    expect(notes("10**-9 ph/cm2/s", "cm2 s")).toHaveLength(1);
  });

  it("must be of counts where counts are asked for", () => {
    for (const fine of ["count", "photons / pixel", "ct"]) expect(notes(fine, "cm2 s", "counts")).toEqual([]);
    expect(() => notes("count/s", "cm2 s", "counts")).toThrow(/leave out --background-unit counts/);
    expect(notes("Jy", "s", "counts")).toHaveLength(1);
  });
});
