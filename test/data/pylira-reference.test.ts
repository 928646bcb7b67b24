import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "../../src/data/observation/simulated-datasets.js";
import { imageSum } from "../../src/image.js";

// The inputs of the reference posteriors are pylira's datasets; ours must be the same problem.
const FOLDER = fileURLToPath(new URL("../../../shared/reference/", import.meta.url));
const present = existsSync(FOLDER);
if (!present) {
  if (process.env.TSLIRA_REQUIRE_SHARED === "1")
    throw new Error("pylira-reference: ../shared is required and absent");
  console.warn("pylira-reference: skipped, ../shared is absent");
}

/** The images of 8-byte floats and 4-byte integers of a FITS file, by name; just enough for these files. */
function readImages(file: string): Map<string, number[]> {
  const bytes = gunzipSync(readFileSync(FOLDER + file));
  const images = new Map<string, number[]>();
  for (let start = 0; start < bytes.length; ) {
    const cards = new Map<string, string>();
    let card = start;
    for (; bytes.toString("latin1", card, card + 8) !== "END     "; card += 80) {
      const [value] = bytes.toString("latin1", card + 10, card + 80).split(" /");
      cards.set(bytes.toString("latin1", card, card + 8).trim(), value.replaceAll("'", "").trim());
    }
    const data = start + Math.ceil((card + 80 - start) / 2880) * 2880;
    const number = (keyword: string) => Number(cards.get(keyword));
    const axes = Array.from({ length: number("NAXIS") }, (_, axis) => number(`NAXIS${axis + 1}`));
    const length = axes.reduce((product, size) => product * size, axes.length ? 1 : 0);
    const size = Math.abs(number("BITPIX")) / 8;
    if (number("BITPIX") === -64 || number("BITPIX") === 32) {
      const read = (index: number) =>
        size === 8 ? bytes.readDoubleBE(data + index * 8) : bytes.readInt32BE(data + index * 4);
      images.set(
        cards.get("EXTNAME") ?? "PRIMARY",
        Array.from({ length }, (_, index) => read(index)),
      );
    }
    start = data + Math.ceil((length * size) / 2880) * 2880;
  }
  return images;
}

const cases = [
  ["point32.fits.gz", simulatePointSource],
  ["disk32.fits.gz", simulateDisk],
  ["gausspoints32.fits.gz", simulateGaussianAndPoints],
] as const;

describe.skipIf(!present)("built-in datasets against the inputs of the reference posteriors", () => {
  it.each(cases)("%s: psf, exposure and background are the same", (file, simulate) => {
    const reference = readImages(file);
    const { psf, exposure, background, counts } = simulate();
    for (const [name, image] of [
      ["PSF", psf],
      ["EXPOSURE", exposure],
      ["BACKGROUND", background],
    ] as const) {
      const expected = reference.get(name) ?? [];
      const data = [...(image?.data ?? [])];
      expect(data).toHaveLength(expected.length);
      for (const [index, value] of expected.entries()) {
        expect(Math.abs(data[index] - value)).toBeLessThanOrEqual(4e-15 * value);
      }
    }
    // Two Poisson draws of the same total. pylira adds the background of the point source after the psf, which with a flat
    // background is our wrap; its other two datasets lose photons at the edge.
    const total = (reference.get("PRIMARY") ?? []).reduce((sum, count) => sum + count, 0);
    const boundary = file.startsWith("point") ? "wrap" : "spill";
    const ours = imageSum(simulate({ boundary }).counts);
    expect(Math.abs(ours - total)).toBeLessThan(5 * Math.sqrt(2 * total));
    expect(counts.shape).toEqual([32, 32]);
  });
});
