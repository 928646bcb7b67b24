import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shellWords } from "../../src/cli/recorded-data.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-diagnose-"));
const cli = (...args: readonly string[]) => runCli(folder, ...args);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await cli("simulate", "point-source", "-o", "sim", "--shape", "16", "-q");
  const made = await cli(
    ...["deconvolve", "sim/counts.fits", "--psf", "sim/psf.fits", "--background", "sim/background.fits"],
    // Far too short, so that the chains disagree.
    ...["-o", "sim/result.fits", "-n", "60", "--burn-in", "0", "-c", "2", "-q", "-w", "0"],
  );
  expect(made.code, made.stderr).toBe(0);
});

describe("tslira diagnose", () => {
  it("judges parameters, pixels, regions, burn-in and, with the data it finds, the model", async () => {
    const { code, stdout, stderr } = await cli("diagnose", "sim/result.fits", "--region", "8,8,3", "--json");
    expect(code, stderr).toBe(0);
    const found = JSON.parse(stdout);
    expect(found.regions).toMatchObject([{ name: "circle x=8 y=8 r=3", draws: 120 }]);
    expect(found.pixels.length).toBeGreaterThan(0);
    expect(found.predictive[0].discrepancies.map(({ name }: { name: string }) => name)).toContain("profile");
    expect(found.predictiveMissing).toBeNull();
  });

  it("takes regions from a DS9 file, of which it says what it left out", async () => {
    writeFileSync(join(folder, "a.reg"), "image\ncircle(9,9,3) # text={core}\nline(1,1,2,2)\n");
    const { code, stdout, stderr } = await cli(
      ...[
        "diagnose",
        "sim/result.fits",
        "--regions",
        "a.reg",
        "--region",
        "8,8,3",
        "--no-predictive",
        "--json",
      ],
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("a.reg, line 3: shape should be an area, got line; it is left out");
    // Files count from 1, options from 0: the same circle.
    const [core, circle] = JSON.parse(stdout).regions;
    expect(core).toEqual({ ...circle, name: "core" });
    const bad = await cli("diagnose", "sim/result.fits", "--regions", "none.reg", "--no-predictive");
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringMatching(/none\.reg: .*must exist/)]);
  });

  it("prints tables; exit code 3 only with --strict and chains that disagree", async () => {
    const plain = await cli("diagnose", "sim/result.fits", "--no-predictive");
    expect(plain.code).toBe(0);
    for (const text of ["disagree", "tail ESS", "worst pixels", "Burn-in", "No predictive check"]) {
      expect(plain.stdout).toContain(text);
    }
    expect((await cli("diagnose", "sim/result.fits", "--no-predictive", "--strict")).code).toBe(3);
  });

  it("says what is missing when the data have changed, and takes others", async () => {
    await cli("simulate", "point-source", "-o", "two", "--shape", "16", "-s", "9", "-q");
    copyFileSync(join(folder, "sim/counts.fits"), join(folder, "kept.fits"));
    copyFileSync(join(folder, "two/counts.fits"), join(folder, "sim/counts.fits"));
    const changed = await cli("diagnose", "sim/result.fits");
    expect(changed.stdout).toContain("has changed since; give --counts and --psf");
    const given = await cli(
      "diagnose",
      "sim/result.fits",
      "--counts",
      "kept.fits",
      "-p",
      "sim/psf.fits",
      "--draws",
      "20",
    );
    expect(given.stdout).toContain("Predictive check (posterior)");
    expect(await cli("diagnose", "sim/result.fits", "--counts", "kept.fits")).toMatchObject({ code: 1 });
    expect(await cli("diagnose", "sim/psf.fits")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("must be a result of tslira"),
    });
  });
});

describe("shellWords", () => {
  it("undoes quotes", () => {
    expect(shellWords("tslira deconvolve 'a b.fits[1]' x='it'\\''s' c")).toEqual([
      ...["tslira", "deconvolve", "a b.fits[1]", "x=it's", "c"],
    ]);
  });
});
