/** `tslira simulate` of own files: a sky, and sources in observed counts. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { pixelToSky } from "../../src/data/sky/sky-position.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import {
  FitsHeader,
  findColumn,
  findHdu,
  fitsCard,
  imageToSkyImage,
  readTable,
  wcsCards,
  writeFits,
} from "../../src/io/fits.js";
import { readFitsFile } from "../../src/io/fits-file-node.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-simulate-"));
const cli = (...args: readonly string[]) => runCli(folder, ...args);
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SIDE = 24;
const WCS = { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: 6.5, CRPIX2: 6.5, CRVAL1: 30, CRVAL2: 10 };
const CARDS = Object.entries({ ...WCS, CDELT1: -1e-3, CDELT2: 1e-3 }).map(([key, value]) =>
  fitsCard(key, value),
);
function image(name: string, value: (pixel: number) => number, cards = CARDS) {
  const data = Float64Array.from({ length: SIDE * SIDE }, (_, pixel) => value(pixel));
  writeFileSync(at(name), writeFits([{ kind: "image", shape: [SIDE, SIDE], data, cards }]));
}
const psf = gaussianPsf(1, [9, 9]);
writeFileSync(at("psf.fits"), writeFits([{ kind: "image", shape: [9, 9], data: psf.data }]));
image("exposure.fits", () => 4e10, [...CARDS, fitsCard("BUNIT", "cm2 s")]);
// Pixel 5 has no counts.
image("counts.fits", (pixel) => (pixel === 5 ? Number.NaN : pixel % 3), [
  ...CARDS,
  fitsCard("TELESCOP", "MINE"),
  fitsCard("DATAMAX", 2),
]);
// 3,000 photons at an exposure of 4e10 cm2 s.
image("sky.fits", (pixel) => (pixel === 10 * SIDE + 12 ? 3_000 / 4e10 : 0));

describe("tslira simulate of own files", () => {
  it("draws the counts of a sky in the unit that the exposure makes", async () => {
    const flags = ["--psf", "psf.fits", "-e", "exposure.fits", "-b", "2.5e-11", "--seed", "3"];
    const { code, stderr } = await cli("simulate", "--sky", "sky.fits", ...flags, "-o", "mine");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("--exposure exposure.fits --background mine/background.fits");
    const [counts] = await readFitsFile(at("mine/counts.fits"));
    expect(counts?.header.text("CTYPE1")).toBe("RA---TAN");
    expect(counts?.header.text("BUNIT")).toBe("count");
    const { data } = imageToSkyImage(counts!);
    const total = data.reduce((sum, value) => sum + value, 0);
    // 3,000 of the source (0.99995 of it within 9 x 9) and 576 of the background, less what spills over the edge: 4 standard deviations.
    expect(Math.abs(total - 3_540)).toBeLessThan(4 * Math.sqrt(3_540));
    const [truth] = await readFitsFile(at("mine/flux.fits"));
    expect(truth?.header.text("BUNIT")).toBe("photon / (cm2 s pixel)");
    expect(imageToSkyImage(truth!).data[10 * SIDE + 12]).toBe(3_000 / 4e10);
  });

  it("injects sources where pixels and the sky say, and says so", async () => {
    const { wcs } = parseWcs(wcsCards(new FitsHeader(CARDS)));
    const { lon, lat } = pixelToSky(wcs!, 7, 15);
    const { code, stdout, stderr } = await cli(
      ...["simulate", "--counts", "counts.fits", "--psf", "psf.fits", "-e", "exposure.fits"],
      ...["--inject", "16,8,400", "--inject", `fk5;${lon},${lat},900`, "-o", "in-", "--json"],
    );
    expect(code, stderr).toBe(0);
    const { sources } = JSON.parse(stdout);
    expect(sources[1].x).toBeCloseTo(7, 6);
    expect(sources[1].y).toBeCloseTo(15, 6);
    expect(sources[0]).toMatchObject({ flux: 400 / 4e10, photons: 400 });
    const [counts] = await readFitsFile(at("in-counts.fits"));
    const { header } = counts!;
    expect([header.text("TELESCOP"), header.has("DATAMAX")]).toEqual(["MINE", false]);
    const history = header
      .list("HISTORY")
      .map(({ value }) => value)
      .join("");
    expect(history).toContain("injected at (16, 8)");
    const { data } = imageToSkyImage(counts!);
    const added = data.map((value, pixel) => value - (pixel % 3));
    expect(Number.isNaN(data[5])).toBe(true);
    expect(added.reduce((sum, value) => sum + (value || 0), 0)).toBe(sources[0].drawn + sources[1].drawn);
    // 4 standard deviations of a Poisson law.
    expect(Math.abs(sources[1].drawn - 900)).toBeLessThan(120);
    // Within 4 sigma of the psf of one or the other lies all.
    for (const [pixel, value] of added.entries()) {
      const distance = (x: number, y: number) =>
        Math.max(Math.abs((pixel % SIDE) - x), Math.abs(Math.floor(pixel / SIDE) - y));
      if (value > 0) expect(Math.min(distance(16, 8), distance(7, 15))).toBeLessThanOrEqual(4);
    }
    const table = readTable(findHdu(await readFitsFile(at("in-flux.fits")), "INJECTED"));
    expect(findColumn(table, "flux")?.unit).toBe("photon / (cm2 s)");
    expect(Array.from(findColumn(table, "drawn")!.values as Float64Array)).toEqual(
      sources.map(({ drawn }: { drawn: number }) => drawn),
    );
  });

  it.each([
    [["--sky", "sky.fits", "-o", "x"], "add --psf psf.fits"],
    [["disk", "--sky", "sky.fits", "-o", "x"], "got disk and sky.fits"],
    [["disk", "--psf", "psf.fits", "-o", "x"], "--psf must go with --sky or --counts"],
    [
      ["--counts", "counts.fits", "--psf", "psf.fits", "--inject", "99,1,5", "-o", "x"],
      "must lie on the image",
    ],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await cli("simulate", ...args);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });
});
