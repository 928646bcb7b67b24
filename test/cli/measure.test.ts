/** `tslira measure` and `tslira sources` on a short run. */
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

describe("tslira sources", () => {
  it("prints a catalogue, and writes files that measure takes", async () => {
    const { code, stdout, stderr } = await cli(
      ...["sources", "sim/result.fits", "-o", "s.fits", "-o", "s.reg", "--json", "-q"],
    );
    expect(code, stderr).toBe(0);
    const { unit, sources } = JSON.parse(stdout);
    // A point of 1,000 photons in pixel (8, 8), psf of sigma 3: placed to 3 / sqrt(1,000) = 0.1 at best.
    expect([unit, sources.length]).toEqual(["count", 1]);
    expect(Math.hypot(sources[0].centroid.x - 8, sources[0].centroid.y - 8)).toBeLessThan(0.6);
    const file = readFits(new Uint8Array(readFileSync(join(folder, "s.fits"))));
    expect(findColumn(readTable(findHdu(file, "SOURCES")), "flux")?.values[0]).toBe(sources[0].flux.best);
    const measured = await cli("measure", "sim/result.fits", "--regions", "s.reg", "-q");
    expect(measured.stdout).toMatch(/^S1 /m);
    const plot = await cli(
      ...["plot", "sim/result.fits", "-k", "mean", "--sources", "s.fits", "-o", "s.svg"],
    );
    expect(plot.code, plot.stderr).toBe(0);
    expect(readFileSync(join(folder, "s.svg"), "utf8")).toContain(">S1<");
    const report = await cli("report", "sim/result.fits", "--sources", "s.fits", "-o", "s.html", "-q");
    expect(report.code, report.stderr).toBe(0);
    const page = readFileSync(join(folder, "s.html"), "utf8");
    expect(page).toContain('id="marks"');
    expect(page).toMatch(/flux \(count\).*<th scope="row">S1<\/th>/s);
    const other = await cli("plot", "sim/result.fits", "--sources", "a.fits", "-o", "t.svg");
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("must have a table SOURCES")]);
    const plain = await cli("sources", "sim/result.fits", "--false-alarms", "0.01", "-q");
    expect(plain.stdout).toMatch(/^1 source, 0.01 false alarms to expect. Flux in count, .*\nsource +x +y /);
  });

  it("says what is wrong", async () => {
    const type = await cli("sources", "sim/result.fits", "-o", "a.txt");
    expect([type.code, type.stderr]).toEqual([1, expect.stringContaining("output must end in .fits")]);
  });
});
