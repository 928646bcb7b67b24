/** `tslira measure` on a short run. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findColumn, findHdu, readFits, readTable } from "../../src/io/fits.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-measure-"));
const cli = (...args: readonly string[]) => runCli(folder, ...args);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await cli("simulate", "point-source", "-o", "sim", "--shape", "16", "-q");
  const made = await cli(
    ...["deconvolve", "sim/counts.fits", "--psf", "sim/psf.fits", "--background", "sim/background.fits"],
    ...["-o", "sim/result.fits", "-n", "100", "--burn-in", "20", "-c", "2", "-q", "-w", "0"],
  );
  expect(made.code, made.stderr).toBe(0);
}, 60_000);

describe("tslira measure", () => {
  it("prints both questions with units, and writes all columns", async () => {
    writeFileSync(join(folder, "a.reg"), "image\ncircle(9,9,3) # text={core}\n");
    const { code, stdout, stderr } = await cli(
      ...["measure", "sim/result.fits", "--regions", "a.reg", "--circle", "2,13,1", "-o", "a.fits", "-q"],
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^Image: how bright .* Flux in count, lengths in pixels\.\n/);
    expect(stdout).toContain("Source in addition to all other light");
    expect(stdout).toMatch(/^core +\d/m);
    // Nothing is there: an upper end, not one to ten thousand decades below it.
    expect(stdout).toMatch(/^circle x=2 .* < \d/m);
    const table = readTable(
      findHdu(readFits(new Uint8Array(readFileSync(join(folder, "a.fits")))), "REGIONS"),
    );
    expect(table.rows).toBe(2);
    const csv = await cli("measure", "sim/result.fits", "--circle", "8,8,3", "--csv", "-q");
    const [head, row] = csv.stdout.split("\n").map((line) => line.split(","));
    // The same circle: files count from 1.
    const column = findColumn(table, "source_limit_95");
    expect(column?.values).toContain(Number(row[head.indexOf("source_limit_95 [count]")]));
  });

  it("says what is wrong", async () => {
    const none = await cli("measure", "sim/result.fits");
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("regions must name at least one")]);
    const type = await cli("measure", "sim/result.fits", "--circle", "8,8,3", "-o", "a.txt");
    expect([type.code, type.stderr]).toEqual([1, expect.stringContaining("output must end in .fits")]);
  });
});
