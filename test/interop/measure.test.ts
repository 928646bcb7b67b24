/**
 * `tslira measure` of regions in fk5 on the Chandra Galactic Centre, and the same numbers by summing the draws in Python: astropy reads the
 * result, astropy-regions turns the regions into pixels by astropy's WCS, a pixel counts when its centre lies inside (docs/regions.md).
 *
 * Needs Python with astropy and regions (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3) and the shared data; skipped with a
 * reason when they are absent, failed with TSLIRA_REQUIRE_INTEROP=1 and TSLIRA_REQUIRE_SHARED=1.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { runCli } from "../cli/run-cli.js";
import { pythonWith } from "./python.js";

const SCRIPT = fileURLToPath(new URL("measure-astropy.py", import.meta.url));
const SHARED = fileURLToPath(new URL("../../../shared/data/chandra-gc", import.meta.url));
const python = pythonWith("astropy, regions", "regions", "python3-regions");
const hasData = existsSync(SHARED);
if (!hasData) {
  const reason = "the shared data folder must stand beside the checkout as ../shared/data";
  if (process.env.TSLIRA_REQUIRE_SHARED === "1")
    throw new Error(`${reason} (required by TSLIRA_REQUIRE_SHARED=1)`);
  console.warn(`skipped: ${reason}`);
}

const folder = mkdtempSync(join(tmpdir(), "tslira-interop-measure-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** About Sgr A* and its neighbour. */
const REGIONS = `# Region file format: DS9 version 4.1
fk5
circle(17:45:40.056,-29:00:31.3,1.5") # text={CXOGC J174540.0-290031}
ellipse(17:45:40.058,-29:00:28.4,2",1.2",30) # text={Sgr A*}
box(266.4166,-29.0083,4",2",20) # text={between}
annulus(17:45:40.056,-29:00:31.3,1.6",2.6") # text={around}
-circle(17:45:40.02,-29:00:30,0.6")
`;

it.skipIf(python === undefined || !hasData)(
  "the draws of a result sum to what measure says",
  async () => {
    writeFileSync(join(folder, "knots.reg"), REGIONS);
    const counts = join(SHARED, "chandra-counts-obs-id-4684.fits.gz");
    const made = await runCli(
      folder,
      ...["deconvolve", counts, "--psf", join(SHARED, "chandra-psf-obs-id-4684.fits.gz")],
      ...["--cutout", "108:148,100:140", "--psf-cutout", "15:32,14:31", "-n", "60", "--burn-in", "20"],
      ...["-c", "2", "-w", "0", "--seed", "3", "-q", "-o", "result.fits"],
    );
    expect(made.code, made.stderr).toBe(0);
    const measured = await runCli(
      folder,
      ...["measure", "result.fits", "--regions", "knots.reg", "--draws", "2", "-q", "--csv"],
    );
    expect(measured.code, measured.stderr).toBe(0);
    const [head, ...rows] = measured.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const theirs: Record<string, number>[] = JSON.parse(
      execFileSync(python!, [SCRIPT, join(folder, "result.fits"), join(folder, "knots.reg")], {
        encoding: "utf8",
      }),
    );
    expect(rows.map(([name]) => name)).toEqual(["CXOGC J174540.0-290031", "Sgr A*", "between", "around"]);
    for (const [index, row] of rows.entries()) {
      for (const [name, value] of Object.entries(theirs[index])) {
        const column = head.findIndex((one) => one.replace(/ \[.*/, "") === name);
        const ours = Number(row[column]);
        // Draws are kept in single precision; the sums of both are of the same numbers.
        expect(Math.abs(ours - value), `${row[0]} ${name}: ${ours}, ${value}`).toBeLessThan(
          1e-9 * Math.max(1, Math.abs(value)),
        );
      }
    }
  },
  60_000,
);
