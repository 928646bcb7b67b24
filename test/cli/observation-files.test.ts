/** Observations from files: the loader behind `tslira deconvolve` and the public datasets. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { psfCentroid } from "../../src/data/observation/psf.js";
import { fitsCard } from "../../src/io/fits.js";
import { writeFitsFile } from "../../src/io/fits-file-node.js";
import { chandraGalacticCenter, readObservationFiles } from "../../src/io/public-datasets-node.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-observation-"));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const image = (values: readonly number[], name = "", cards = [fitsCard("EQUINOX", 2000)]) => ({
  kind: "image" as const,
  name,
  shape: [2, values.length / 2],
  data: Float64Array.from(values),
  cards,
});

beforeAll(async () => {
  await writeFitsFile(path("all.fits.gz"), [
    image([1, 2, 3, 4, 5, 6], "COUNTS", [fitsCard("CTYPE1", "RA---TAN"), fitsCard("CRPIX1", 2)]),
    image([0, 1, 0, 0], "PSF"),
    image([2, 4, 0, 2, 4, 8], "EXPOSURE", [fitsCard("BUNIT", "cm2 s")]),
    image([2, 2, 2, 4, 4, 4], "BACKGROUND"),
    image([1, 0, 0, 1], "MASK"),
  ]);
});

describe("readObservationFiles", () => {
  const part = (name: string) => `${path("all.fits.gz")}[${name}]`;

  it("reads extensions, cuts out alike, divides a background in counts, and hashes each file", async () => {
    const { observation, inputs, unit } = await readObservationFiles({
      counts: path("all.fits.gz"),
      psf: part("PSF"),
      exposure: part("EXPOSURE"),
      background: part("BACKGROUND"),
      mask: part("MASK"),
      backgroundUnit: "counts",
      cutout: { x: [1, 3], y: [0, 2] },
    });
    expect(Array.from(observation.counts.data)).toEqual([2, 3, 5, 6]);
    expect(Array.from(observation.exposure?.data ?? [])).toEqual([4, 0, 4, 8]);
    expect(Array.from(observation.background?.data ?? [])).toEqual([0.5, 0, 1, 0.5]);
    expect(Array.from(observation.mask?.data ?? [])).toEqual([1, 0, 0, 1]);
    expect(observation.wcs).toMatchObject([
      { keyword: "CTYPE1", value: "RA---TAN" },
      { keyword: "CRPIX1", value: 1 },
    ]);
    expect(observation.name).toBe("all");
    expect(unit).toBe("photon / (cm2 s pixel)");
    expect(inputs).toHaveLength(5);
    expect(new Set(inputs.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(inputs[1].name).toBe(part("PSF"));
  });

  it("takes a background as flux by default, and counts as the unit without exposure", async () => {
    const files = { counts: part("COUNTS"), psf: part("PSF"), background: part("BACKGROUND"), name: "mine" };
    const { observation, unit } = await readObservationFiles(files);
    expect(Array.from(observation.background?.data ?? [])).toEqual([2, 2, 2, 4, 4, 4]);
    expect({ unit, name: observation.name }).toEqual({ unit: "count", name: "mine" });
  });

  it("says which file is at fault", async () => {
    const psf = part("PSF");
    await expect(readObservationFiles({ counts: part("NONE"), psf })).rejects.toThrow('must hold HDU "NONE"');
    await expect(
      readObservationFiles({ counts: part("COUNTS"), psf, psfCutout: { x: [0, 3], y: [0, 1] } }),
    ).rejects.toThrow(`all.fits.gz[PSF]: cut-out must lie inside the image, columns 0:2`);
  });
});

describe("chandraGalacticCenter", () => {
  it("says how to get files that are not there", async () => {
    await expect(chandraGalacticCenter({ directory: folder, obsId: 4684 })).rejects.toThrow(
      /must hold chandra-counts-obs-id-4684.fits.gz, got none in .*pylira/,
    );
    await expect(chandraGalacticCenter({ directory: folder, obsId: 1 as never })).rejects.toThrow(
      "4683 or 4684",
    );
  });

  const directory = fileURLToPath(new URL("../../../shared/data/chandra-gc", import.meta.url));
  const present = existsSync(directory);
  if (!present) {
    if (process.env.TSLIRA_REQUIRE_SHARED === "1") throw new Error(`${directory} must exist, got none`);
    console.log(`skipped: the Chandra images are not at ${directory}`);
  }

  it.skipIf(!present)("loads the usual cut-out with its sky coordinates", async () => {
    const { counts, psf, wcs } = await chandraGalacticCenter({ directory, obsId: 4684 });
    expect([counts.shape, psf.shape]).toEqual([
      [128, 128],
      [17, 17],
    ]);
    expect(counts.data.reduce((sum, value) => sum + value, 0)).toBe(7920);
    expect(counts.data.filter((value) => value > 0)).toHaveLength(4724);
    expect(counts.data[64 * 128 + 64]).toBe(17);
    // The peak of the file lies at column 23, row 23, and so in the middle; the centroid of its light within a quarter of a pixel.
    expect(psf.data[8 * 17 + 9]).toBeCloseTo(0.122544, 6);
    expect(psf.data.indexOf(Math.max(...psf.data))).toBe(8 * 17 + 8);
    const { x, y } = psfCentroid(psf);
    expect(Math.abs(x)).toBeLessThan(0.26);
    expect(Math.abs(y)).toBeLessThan(0.1);
    const full = await chandraGalacticCenter({ directory, obsId: 4684, cutout: "none", psfCutout: "none" });
    // 48 pixels a side have no middle one: the psf was moved by half a pixel to have one.
    expect([full.counts.shape, full.psf.shape]).toEqual([
      [256, 256],
      [49, 49],
    ]);
    const pixel = (cards: typeof wcs) => Number(cards?.find(({ keyword }) => keyword === "CRPIX2")?.value);
    expect(pixel(full.wcs) - pixel(wcs)).toBe(65);
  });
});
