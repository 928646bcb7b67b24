import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { selectedBand } from "../../src/io/energy-band.js";
import { type FitsCard, type FitsColumnInput, fitsCard, readFits, writeFits } from "../../src/io/fits.js";
import { readObservationFiles } from "../../src/io/public-datasets-node.js";
import { readRadialPsf } from "../../src/io/radial-psf.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-bands-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const radii = Array.from({ length: 40 }, (_, index) => index * 0.1);
const gaussian = (sigma: number) => radii.map((r) => Math.exp(-((r / sigma) ** 2) / 2));
const numbers = (name: string, values: readonly number[], unit?: string): FitsColumnInput => ({
  ...{ name, values: Float64Array.from(values), format: "D" },
  ...(unit === undefined ? {} : { unit }),
});
const table = (name: string, columns: FitsColumnInput[]) => ({ kind: "table", name, columns }) as const;
/** As gtpsf writes it: 0.1, 1 and 10 GeV, the narrower the higher. */
const psf = writeFits([
  { kind: "empty" },
  table("PSF", [
    numbers("Energy", [100, 1000, 10_000], "MeV"),
    numbers("Exposure", [1, 1, 1]),
    {
      ...{ name: "Psf", format: "40D" },
      values: Float64Array.from([1, 0.5, 0.25].flatMap((sigma) => gaussian(sigma))),
    },
  ]),
  table("THETA", [numbers("Theta", radii, "deg")]),
]);
const cards = (values: Readonly<Record<string, string | number>>): FitsCard[] =>
  Object.entries(values).map(([keyword, value]) => fitsCard(keyword, value));
const sky = cards({
  CTYPE1: "RA---TAN",
  CTYPE2: "DEC--TAN",
  CDELT1: -0.1,
  CDELT2: 0.1,
  CRPIX1: 5,
  CRPIX2: 5,
});

/** Second moment of a psf along x, in pixels. */
function width({ data, shape: [, nx] }: { data: Float64Array; shape: readonly [number, number] }): number {
  return Math.sqrt(data.reduce((sum, value, at) => sum + value * ((at % nx) - (nx - 1) / 2) ** 2, 0));
}

describe("psfs of several energies", () => {
  writeFileSync(join(folder, "psf.fits"), psf);
  writeFileSync(
    join(folder, "cube.fits"),
    writeFits([
      { kind: "image", shape: [2, 9, 9], data: new Int32Array(162), cards: sky },
      // Without a unit in keV: 100 to 101 MeV, and 9.9 to 10 GeV.
      table("EBOUNDS", [numbers("E_MIN", [1e5, 9.9e6]), numbers("E_MAX", [1.01e5, 1e7])]),
    ]),
  );
  const [counts, file] = [join(folder, "cube.fits"), join(folder, "psf.fits")];

  it("are those of the planes, by the bands of the cube", async () => {
    const read = async (more: object, name = counts) => {
      const { observation, notes } = await readObservationFiles({ counts: name, psf: file, ...more });
      return {
        width: width(observation.psf as never),
        notes: notes.filter((note) => note.includes("energies")),
      };
    };
    // Widths in pixels of 0.1 degrees; within a hundredth of the energy of a profile the others hold next to nothing. 10 is cut at 99.9 %.
    const low = await read({ planes: [0, 1] });
    const high = await read({ planes: [1, 2] });
    expect(low.width).toBeGreaterThan(9.5);
    expect(low.width).toBeLessThan(10.1);
    // 2.5 of the profile, 1/12 of the pixels, and 0.2 % of a profile of 5 that holds four times the light: 2.56.
    expect(high.width).toBeGreaterThan(2.5);
    expect(high.width).toBeLessThan(2.6);
    expect([...low.notes, ...high.notes]).toEqual([]);
    expect((await read({}, `${counts}[0][1]`)).width).toBe(high.width);
    const both = await read({ planes: [0, 2] });
    expect(both.width).toBeLessThan(low.width);
    expect(both.width).toBeGreaterThan(high.width);
  });

  it("are those that the events were selected by, and say where there are none", () => {
    const header = (values: Readonly<Record<string, string>>) =>
      readFits(
        writeFits([{ kind: "image", shape: [1, 1], data: new Int32Array(1), cards: cards(values) }]),
      )[0].header;
    const dss = { DSTYP1: "TIME", DSUNI1: "s", DSVAL1: "TABLE", DSTYP2: "ENERGY", DSUNI2: "MeV" };
    expect(selectedBand(header({ ...dss, DSVAL2: "10000:2000000" }))).toEqual([1e10, 2e12]);
    expect(selectedBand(header({ ...dss, DSVAL2: "TABLE" }))).toBeUndefined();
    expect(selectedBand(header({}))).toBeUndefined();
    const beyond = readRadialPsf("psf.fits", readFits(psf), undefined, [1e10, 2e12])!;
    expect(beyond.notes).toEqual([
      expect.stringContaining(
        "psf should be of the energies of the counts, 10000 to 2000000 MeV, got 100 to 10000",
      ),
    ]);
    expect(beyond.values[5] / beyond.values[0]).toBeCloseTo(gaussian(0.25)[5], 10);
  });
});
