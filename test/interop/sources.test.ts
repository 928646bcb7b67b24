/**
 * A catalogue of sources in astropy: FITS and VOTable with their units and UCDs.
 *
 * Needs Python with astropy (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3); skipped with a reason when it is absent,
 * failed with TSLIRA_REQUIRE_INTEROP=1.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { pixelToSky } from "../../src/data/sky/sky-position.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import { findSources } from "../../src/photometry/find-sources.js";
import { encodeSourcesFits, sourceColumns, sourcesVotable } from "../../src/photometry/source-table.js";
import { pythonWith } from "./python.js";

const SCRIPT = fileURLToPath(new URL("sources-astropy.py", import.meta.url));
const python = pythonWith("astropy", "astropy", "python3-astropy");
const folder = mkdtempSync(join(tmpdir(), "tslira-sources-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const wcs = Object.entries({
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", RADESYS: "ICRS", CRPIX1: 12, CRPIX2: 12 },
  ...{ CRVAL1: 83.6, CRVAL2: 22, CDELT1: -1e-4, CDELT2: 1e-4 },
}).map(([keyword, value]) => ({ keyword, value }));

describe.skipIf(python === undefined)("catalogues in astropy", () => {
  it("has units and UCDs in FITS and VOTable", async () => {
    const data = simulatePointSource({ seed: 1, psfSigma: 1.5 });
    const { flux } = data;
    const draws = Float32Array.from([...flux.data, ...flux.data.map((value) => 1.1 * value)]);
    const trace = { shape: flux.shape, first: 0, every: 1, chains: [draws] };
    const sources = await findSources(trace, [data], { extraDraws: 2 });
    expect(sources).toHaveLength(1);
    const options = { wcs, unit: "photon / (cm2 s pixel)", version: "0", command: "tslira sources" };
    writeFileSync(join(folder, "sources.fits"), encodeSourcesFits(sources, options));
    writeFileSync(join(folder, "sources.vot"), sourcesVotable(sources, options));

    const read = JSON.parse(execFileSync(python!, [SCRIPT, folder], { encoding: "utf8" }));
    const columns = sourceColumns(sources, options);
    expect(Object.keys(read.fits)).toEqual(columns.map(({ name }) => name));
    expect(read.fits).toEqual(read.votable);
    expect(read.fits).toMatchObject({
      x: "pix",
      ellipse_major_sky: "arcsec",
      lon: "deg",
    });
    expect(read.ucds).toEqual(Object.fromEntries(columns.map(({ name, ucd }) => [name, ucd])));
    const { x, y } = sources[0].centroid;
    const { lon, lat } = pixelToSky(parseWcs(wcs).wcs!, x, y);
    expect(read.positions).toEqual([[lon, lat]]);
    // Where it is installed (Debian's stilts), the validator of the Virtual Observatory finds nothing to say.
    const votlint = spawnSync("stilts", ["votlint", join(folder, "sources.vot")], { encoding: "utf8" });
    expect(votlint.error === undefined ? votlint.stdout + votlint.stderr : "").toBe("");
    expect([read.fluxUnit, read.same, read.shapes]).toEqual([true, true, ["point"]]);
  });
});
