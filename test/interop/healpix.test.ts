/**
 * Images that `tslira bin` makes of HEALPix maps, against astropy-healpix: RING and NESTED, all of the sky and a part, galactic and
 * equatorial, values and counts; and the command that `tslira info` names.
 *
 * Needs Python with astropy and astropy-healpix (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3); skipped with a reason when
 * they are absent, failed with TSLIRA_REQUIRE_INTEROP=1.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { shellWords } from "../../src/cli/recorded-data.js";
import { runAlone } from "../cli/run-cli.js";
import { pythonWith } from "./python.js";

const SCRIPT = fileURLToPath(new URL("healpix-astropy.py", import.meta.url));
const python = pythonWith("astropy, astropy_healpix", "astropy-healpix", "python3-astropy-healpix");
const folder = mkdtempSync(join(tmpdir(), "tslira-healpix-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = (mode: string, input = "") =>
  JSON.parse(execFileSync(python!, [SCRIPT, mode, folder], { input, encoding: "utf8" }));

interface Judged {
  readonly pixels: number;
  readonly known: number;
  readonly differ: number;
  readonly bunit: string;
  readonly total: number;
}

it.skipIf(python === undefined)(
  "images of HEALPix maps have the values that astropy-healpix finds",
  { timeout: 1_200_000 },
  async () => {
    const maps: Record<string, { readonly nside: number; readonly counts: boolean }> = script("write");
    const images: Record<string, string> = {};
    const made = async (name: string, image: string, words: readonly string[]) => {
      const { code, stderr } = await runAlone(folder, ...words);
      expect(code, stderr).toBe(0);
      images[image] = name;
    };
    for (const [name, { counts, nside }] of Object.entries(maps)) {
      const { stdout } = await runAlone(folder, "info", `${name}.fits`);
      expect(stdout).toContain("a HEALPix map of the sky");
      const words = shellWords(stdout.trimEnd().split("\n").at(-1)!).slice(1);
      expect(words).toEqual(["bin", `${name}.fits[SKYMAP]`, "-o", "image.fits"]);
      await made(name, `${name}-all.fits`, [...words.slice(0, 3), `${name}-all.fits`]);
      // Pixels that are no larger than those of the map have the value at their middle; those of counts must not be smaller.
      const size = counts ? 180 / nside : 40 / nside;
      const around = ["--center", "83.6,22", "--coordinates", "equatorial", "--size", "37x24"];
      await made(name, `${name}-part.fits`, [
        ...["bin", `${name}.fits`, "-o", `${name}-part.fits`, "--bin-size", `${size}`, ...around],
      ]);
    }
    const judged: Record<string, Judged> = script("check", JSON.stringify(images));
    expect(Object.keys(judged)).toHaveLength(12);
    for (const [image, { pixels, known, differ, bunit, total }] of Object.entries(judged)) {
      const { counts } = maps[images[image]!];
      // Galactic poles of astropy and ours differ by 0.03": a middle on the border of two pixels of the map may go either way.
      expect(differ, image).toBeLessThanOrEqual(counts ? 0 : 2);
      expect(known, image).toBeGreaterThan(pixels / 10);
      expect([image, bunit]).toEqual([image, counts ? "count" : "cm2 s"]);
      expect(total, image).toBeGreaterThan(0);
    }
  },
);
