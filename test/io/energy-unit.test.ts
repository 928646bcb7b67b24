/** Channels of missions, as their documents have them; see the table in the source for each. */
import { describe, expect, it } from "vitest";
import { binEvents } from "../../src/io/bin-events.js";
import { energyAdvice, eventColumns, findEvents } from "../../src/io/event-list.js";
import { fitsCard, readFits, writeFits } from "../../src/io/fits.js";

/** Events of these channels, all in one pixel. */
function listOf(telescope: string, instrument: string, pi: readonly number[], format = "1J", unit?: string) {
  const bytes = writeFits([
    { kind: "empty" },
    {
      kind: "table",
      name: "EVENTS",
      cards: [fitsCard("TELESCOP", telescope), fitsCard("INSTRUME", instrument)],
      columns: [
        { name: "X", format: "1I", values: pi.map(() => 5) },
        { name: "Y", format: "1I", values: pi.map(() => 5) },
        { name: "PI", format, values: [...pi], ...(unit !== undefined && { unit }) },
      ],
    },
  ]);
  return findEvents(readFits(bytes));
}

describe("energies as channels", () => {
  it.each([
    // nupipeline's usual pilow=35: 3 keV.
    ["NuSTAR", "FPMA", [3, 79], [35, 1935]],
    ["SWIFT", "XRT", [0.3, 10], [30, 1000]],
    ["XMM", "EPN", [0.5, 7], [500, 7000]],
    ["SUZAKU", "XIS1", [0.5, 7], [137, 1918]], // 136.99 and 1917.8, the first channels whose middle is not below
    ["XRISM", "XTEND", [0.5, 10], [83, 1667]],
    ["XRISM", "RESOLVE", [2, 10], [4000, 20_000]],
    ["IXPE", "GPD", [2, 8], [50, 200]],
    ["ROSAT", "PSPCB", [0.52, 2.02], [52, 202]], // the hard band: channels 52 to 201
    ["CHANDRA", "ACIS", [0.9782, 0.9928], [68, 69]], // CIAO: 992.9 eV is PI 69, which begins at 68 x 14.6 eV
  ] as const)("%s %s", (telescope, instrument, [low, high], [first, end]) => {
    const hdu = listOf(telescope, instrument, [first - 1, first, end - 1, end]);
    const binned = binEvents(hdu, { energy: [low, high], energyUnit: "keV" });
    expect(binned.cuts[0].text).toContain(`PI in ${first}:${end} (channels)`);
    expect(binned.binned).toBe(2);
    expect(energyAdvice(hdu, eventColumns(hdu)!)).toMatch(/^--energy [\d.]+:[\d.]+keV chooses by energy$/);
  });

  it("of eROSITA are energies in eV, with or without a unit", () => {
    for (const unit of ["eV", undefined]) {
      const hdu = listOf("eROSITA", "TM1", [199.9, 200, 2299.5, 2300], "1E", unit);
      expect(binEvents(hdu, { energy: [0.2, 2.3], energyUnit: "keV" }).binned).toBe(2);
    }
  });

  it("of the ROSAT HRI and of PHA are not known", () => {
    const hri = listOf("ROSAT", "HRI", [3, 8]);
    expect(() => binEvents(hri, { energy: [0.1, 2.4], energyUnit: "keV" })).toThrow(
      /PI in channels of unknown width; choose by channels, --pi low:high instead of --energy/,
    );
    expect(energyAdvice(hri, eventColumns(hri)!)).toBe("--pi low:high chooses by the channels of PI");
  });
});
