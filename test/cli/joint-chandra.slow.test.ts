/** Two Chandra pointings at the Galactic Center, deconvolved together by the headers' offsets. Needs ../shared. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { pointingOffsets } from "../../src/data/sky/pointing-offsets.js";
import { readObservationFiles } from "../../src/io/public-datasets-node.js";
import { readResult } from "../../src/io/result-file-node.js";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const DATA = fileURLToPath(new URL("../../../shared/data/chandra-gc/", import.meta.url));
const present = existsSync(DATA);
const reason = "no Chandra files in ../shared/data/chandra-gc";
if (!present && process.env.TSLIRA_REQUIRE_SHARED === "1") {
  throw new Error(`${reason}, and TSLIRA_REQUIRE_SHARED=1`);
}
if (!present) console.warn(`skipped: ${reason}`);

const names = ["4683", "4684"].map((id) => ({
  counts: join(DATA, `chandra-counts-obs-id-${id}.fits.gz`),
  psf: join(DATA, `chandra-psf-obs-id-${id}.fits.gz`),
}));

describe.skipIf(!present)("Chandra 4683 and 4684 together", () => {
  const folder = mkdtempSync(join(tmpdir(), "tslira-joint-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, "joint.json");
  writeFileSync(
    config,
    JSON.stringify({
      cutout: "96:160,97:161",
      psfCutout: "15:32,15:32",
      smoothingPrior: { power: 2, rate: 0.02, exponent: 1 },
      observations: names,
    }),
  );
  const run = async (output: string, ...args: string[]) => {
    const all = [MAIN, "deconvolve", "--config", config, "-o", join(folder, output), ...args];
    return promisify(execFile)(process.execPath, all);
  };

  it("their headers lie (-0.335, 0.546) pixels apart", async () => {
    const both = await Promise.all(names.map(readObservationFiles));
    const { offsets, deviations } = pointingOffsets(both.map(({ observation }) => observation));
    // From astropy 5.2: the middle of 4684 through its WCS to the sky, and back through that of 4683.
    expect(offsets[1].x).toBeCloseTo(-0.335, 3);
    expect(offsets[1].y).toBeCloseTo(0.546, 3);
    expect(Math.max(...deviations)).toBeLessThan(1e-3);
  });

  it("lira samples them by their offsets", async () => {
    await run("lira.fits", "--offsets", "wcs", "-n", "150", "--burn-in", "50", "-c", "2", "-s", "1", "-q");
    const result = await readResult(join(folder, "lira.fits"));
    expect(result.ledger).toHaveLength(2);
    // One sky for both, whose brightness varies by 10 % between them: the sums agree, but for what the prior of the total holds back.
    const sum = (key: "observed" | "source") => result.ledger.reduce((all, row) => all + row[key], 0);
    expect(sum("source") / sum("observed")).toBeGreaterThan(0.9);
    expect(sum("source") / sum("observed")).toBeLessThan(1.02);
  });

  it("map finds one image of both, and shared pixels are warned of", async () => {
    const prior = ["--method", "map", "--prior", "total-variation:strength=1,smoothing=0.1", "-n", "60"];
    const placed = await run("map.fits", ...prior, "--json", "--offsets", "wcs");
    const shared = await run("shared.fits", ...prior, "--json");
    expect(placed.stderr).not.toContain("--offsets");
    expect(shared.stderr).toContain("offset of (-0.33, 0.55) pixels; add --offsets wcs");
    // The better model describes the counts better.
    expect(JSON.parse(placed.stdout).cash).toBeLessThan(JSON.parse(shared.stdout).cash);
  });

  it("figures of the result find the observations again, where they lie", async () => {
    const figure = join(folder, "residuals.svg");
    await promisify(execFile)(process.execPath, [
      ...[MAIN, "plot", join(folder, "lira.fits"), "--kind", "residuals", "--observation", "2", "-o", figure],
    ]);
    expect(existsSync(figure)).toBe(true);
  });
});
