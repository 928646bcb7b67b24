/**
 * Event lists in the layouts of missions, and HDUs that are no images of counts, written by astropy: `tslira info` ends with a command,
 * the command is run, and astropy judges where the events went.
 *
 * Needs Python with astropy (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3); skipped with a reason when it is absent,
 * failed with TSLIRA_REQUIRE_INTEROP=1.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { shellWords } from "../../src/cli/recorded-data.js";
import { type Finished, runAlone } from "../cli/run-cli.js";
import { pythonWith } from "./python.js";

const SCRIPT = fileURLToPath(new URL("missions-astropy.py", import.meta.url));
const python = pythonWith("astropy", "astropy", "python3-astropy");
const folder = mkdtempSync(join(tmpdir(), "tslira-missions-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = (mode: string, input = "") =>
  JSON.parse(execFileSync(python!, [SCRIPT, mode, folder], { input, encoding: "utf8" }));
const energies: Record<string, string> = python === undefined ? {} : script("write");

/** What `tslira info` says, and the words of the command on its last line. */
async function advice(file: string): Promise<{ readonly stdout: string; readonly words: string[] }> {
  const { code, stdout, stderr } = await runAlone(folder, "info", file);
  expect([code, stderr]).toEqual([0, ""]);
  const [program, ...words] = shellWords(stdout.trimEnd().split("\n").at(-1)!);
  expect(program, stdout).toBe("tslira");
  return { stdout, words };
}

async function works(words: readonly string[]): Promise<Finished> {
  const done = await runAlone(folder, ...words, "--overwrite");
  expect([done.code, words.join(" ")], done.stderr).toEqual([0, words.join(" ")]);
  return done;
}

describe.skipIf(python === undefined)("what info says of a file", () => {
  it.each([
    ["counts.fits", "an image; deconvolve it", "deconvolve"],
    ["exposure.fits", "an exposure map in cm2 s", "deconvolve"],
    ["cube.fits", "a cube of 3 planes", "deconvolve"],
    ["exposure_cube.fits", "a cube of 3 planes", "deconvolve"],
    ["packed.fits", "a tile-compressed (RICE_1) image", "deconvolve"],
    ["packed_exposure.fits", "a tile-compressed (GZIP_1) exposure map in s", "deconvolve"],
    ["kernel.fits", "a point spread function; give it as --psf", "deconvolve"],
    ["named_psf.fits", "a point spread function; give it as --psf", "deconvolve"],
    ["expected.fits", "an image of expected counts, in count; give it as --background", "deconvolve"],
    [
      "seconds.fits",
      "an image of numbers that are not whole, so no counts; give it as --exposure",
      "deconvolve",
    ],
    ["mask.fits", "a mask; give it as --mask", "deconvolve"],
    ["profile.fits", "a radial psf", "deconvolve"],
    ["region.fits", "a table of regions", "deconvolve"],
    ["healpix.fits", "a HEALPix map of the sky", "bin"],
    ["residuals.fits", "an image with values below 0", "bin"],
    ["rate.fits", "an image of rates in cts s-1", "bin"],
    ["psf_sizes.fits", "an image of values in arcsec", "bin"],
    ["same_name.fits[2]", "an exposure map in s", "deconvolve"],
    ["detector.fits", "a list of events on the detector (DETY, DETZ)", "bin"],
    ["catalogue.fits", "a table of positions", "bin"],
    ["irf.fits", "a psf of the calibration", "deconvolve"],
    ["livetime.fits", "a livetime cube", "bin"],
    ["spectrum.fits", "a spectrum", "bin"],
    ["response.fits", "a response", "bin"],
    ["area.fits", "a response", "bin"],
    ["row.fits", "an image of one axis", "bin"],
    ["empty.fits", "an HDU without pixels", "bin"],
    ["gti.fits", "a table of good times", "bin"],
    ["curve.fits", "a light curve", "bin"],
    ["table.fits", "a table;", "bin"],
    ["ascii.fits", "a table;", "bin"],
    ["no_events.fits", "an event list without a row", "bin"],
    ["rejected.fits", "an event list of 8 rows", "bin"],
    ["rejected.fits[REJEVT]", "a table of rejected events", "bin"],
  ])("%s", async (file, is, verb) => {
    const { stdout, words } = await advice(file);
    expect(stdout).toContain(is);
    expect(words[0]).toBe(verb);
    // The command as it stands; the counts of the other files stay what they are.
    const short = verb === "bin" ? ["-o", "binned.fits"] : ["-n", "100", "-c", "2", "-w", "0", "-q"];
    await works([...words, ...short]);
    if (file === "exposure.fits") {
      for (const name of ["result.fits", "result.fits[RHAT]", "result.fits[CONFIG]"]) {
        const report = await advice(name);
        expect(report.words).toEqual(["report", "result.fits", "-o", "result.html"]);
      }
      await works(["report", "result.fits", "-o", "result.html"]);
    }
    if (file === "healpix.fits") {
      // What it says of the image leads to a deconvolution with it.
      const image = await advice("binned.fits");
      expect(image.words).toContain("--exposure");
    }
  });
});

describe.skipIf(python === undefined)("event lists of missions", () => {
  it("are binned by the command of info, in the energies that it names, where astropy puts them", {
    timeout: 1_200_000,
  }, async () => {
    const images: Record<string, string> = {};
    for (const [name, range] of Object.entries(energies)) {
      const { stdout, words } = await advice(`${name}.fits`);
      expect(stdout).toContain(`--energy ${range} chooses by energy`);
      const { stderr } = await works([...words, "--energy", range]);
      // Two of the eight events have other energies, one lies between the good times of 50 s and 40 s or 60 s.
      expect(stderr).toMatch(/5 of 8 events/);
      expect(stderr).toMatch(/1 by good times of (STD)?GTI/);
      images[name] = `${name}.image.fits`;
      renameSync(join(folder, "counts.fits"), join(folder, images[name]));
    }
    const judged: Record<
      string,
      { sum: number; found: number; offset: number[]; whole: boolean; bunit: string }
    > = script("check", JSON.stringify(images));
    expect(Object.keys(judged).length).toBe(10);
    for (const [name, { sum, found, offset, whole, bunit }] of Object.entries(judged)) {
      expect([name, sum, found, bunit]).toEqual([name, 5, 5, "count"]);
      // Whole numbers are centres of pixels of odd size 1; XMM-Newton's are binned by 2 and lie a quarter of a pixel beside them.
      const most = !whole ? 0.5 + 1e-6 : name === "xmm" ? 0.25 + 1e-6 : 1e-6;
      for (const distance of offset) expect(distance, name).toBeLessThanOrEqual(most);
    }
  });
});
