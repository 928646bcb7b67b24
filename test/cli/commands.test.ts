import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { imageToSkyImage, writeFits } from "../../src/io/fits.js";
import { readFitsFile } from "../../src/io/fits-file-node.js";
import { runAlone } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-cli-"));
const cli = (...args: readonly string[]) => runAlone(folder, ...args);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SHARED = fileURLToPath(new URL("../../../shared/data/", import.meta.url));
const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

describe("tslira", () => {
  it("tells its version, quickly", async () => {
    const start = performance.now();
    expect(await cli("--version")).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
    // 150 ms on an idle machine; tests run on busy ones.
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it("loads no more than it needs: no figures without one, and kernels only for sampling", () => {
    /** Modules that one of `dist` imports, and theirs; not those that are imported when they are needed. */
    const loadedBy = (entry: string) => {
      const seen = new Set<string>();
      const visit = (name: string) => {
        if (seen.has(name)) return;
        seen.add(name);
        if (!name.startsWith("file:")) return;
        const text = readFileSync(new URL(name), "utf8");
        for (const [, from] of text.matchAll(/^(?:import|export)\b(?:[^;"]*\bfrom)?\s*"([^"]+)"/gm))
          visit(from!.startsWith(".") ? new URL(from!, name).href : from!);
      };
      visit(new URL(`../../dist/cli/${entry}.js`, import.meta.url).href);
      return [...seen];
    };
    const program = loadedBy("main").filter((name) => !name.startsWith("node:"));
    expect(program.map((name) => name.replace(/^.*\/dist\//, ""))).toEqual([
      "cli/main.js",
      "@commander-js/extra-typings",
      "cli/exit.js",
    ]);
    for (const command of ["info", "bin", "deconvolve", "resume"]) {
      const modules = loadedBy(command);
      expect(modules.length).toBeGreaterThan(40);
      const kernels = command === "info" || command === "bin" ? "|dist/(generated|samplers|kernels)" : "";
      const heavy = new RegExp(`d3-|observablehq|linkedom|resvg|dist/figures/plot-${kernels}`);
      expect([command, modules.filter((name) => heavy.test(name))]).toEqual([command, []]);
    }
  });

  it("helps with every command, two ways", async () => {
    const all = await cli("--help");
    expect(all.code).toBe(0);
    for (const command of ["deconvolve", "simulate", "plot", "info"]) {
      expect(all.stdout).toContain(`  ${command}`);
      const one = await cli(command, "--help");
      expect(one).toEqual(await cli("help", command));
      expect(one.code).toBe(0);
      expect(one.stdout).toContain("Example");
    }
  });

  it("shows the help when it is given nothing, and names unknown commands", async () => {
    const { code, stderr } = await cli();
    expect(code).toBe(1);
    expect(stderr).toContain("Usage: tslira");
    expect(await cli("deconvolv")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("did you mean deconvolve?"),
    });
  });
});

describe("tslira simulate", () => {
  it("writes the files and the command to run next", async () => {
    const { code, stderr } = await cli("simulate", "gaussian-and-points", "-o", "a/b", "--shape", "20x10");
    expect(code, stderr).toBe(0);
    expect(readdirSync(join(folder, "a/b")).sort()).toEqual([
      ...["background.fits", "counts.fits", "exposure.fits", "flux.fits", "psf.fits"],
    ]);
    expect(stderr).toContain("tslira deconvolve a/b/counts.fits --psf a/b/psf.fits");
    const [hdu] = await readFitsFile(join(folder, "a/b/counts.fits"));
    expect(hdu).toMatchObject({ shape: [10, 20], bitpix: 32 });
  });

  it("gives the same counts for the same seed only", async () => {
    const counts = async (seed: string, start: string) => {
      const { code, stdout } = await cli("simulate", "point-source", "-s", seed, "-o", start, "--json", "-q");
      expect(code).toBe(0);
      const [hdu] = await readFitsFile(join(folder, JSON.parse(stdout).files.counts));
      return imageToSkyImage(hdu).data;
    };
    const first = await counts("5", "one-");
    expect(existsSync(join(folder, "one-counts.fits"))).toBe(true);
    expect(await counts("5", "two-")).toEqual(first);
    expect(await counts("6", "three-")).not.toEqual(first);
  });

  it("replaces files only when told to", async () => {
    await cli("simulate", "disk", "-o", "again");
    expect(await cli("simulate", "disk", "-o", "again")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("add --overwrite"),
    });
    expect((await cli("simulate", "disk", "-o", "again", "--overwrite")).code).toBe(0);
  });

  it.each([
    [["galaxy", "-o", "x"], "point-source, disk, gaussian-and-points"],
    [["disk"], "simulate: --output must be given, got none; add --output <folder>"],
    [["disk", "-o", "x", "--flux", "-1"], "flux must be a finite number >= 0"],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await cli("simulate", ...args);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^tslira: .*\n$/);
    expect(code).toBe(1);
  });
});

describe("tslira info", () => {
  it("describes images, tables and empty HDUs", async () => {
    writeFileSync(
      join(folder, "many.fits"),
      writeFits([
        { kind: "empty" },
        { kind: "image", name: "A", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, Number.NaN) },
        { kind: "table", name: "T", columns: [{ name: "time", format: "D", unit: "s", values: [1, 2] }] },
        { kind: "table", name: "U", columns: [{ name: "n", format: "D", values: [1] }] },
      ]),
    );
    const { code, stdout, stderr } = await cli("info", "many.fits");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/0 PRIMARY +no data/);
    expect(stdout).toMatch(/1 A +image 3 x 2 f4, 1 to 5, sum 15, 1 pixels undefined/);
    expect(stdout).toMatch(/2 T +table of 2 rows: time 1D \[s\]/);
    expect(stdout).toMatch(/3 U +table of 1 row: n 1D/);
    expect(stdout).toContain("Next: HDU 1 A is an image; deconvolve it if it holds counts\n");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(
      "tslira deconvolve 'many.fits[A]' --psf psf.fits -o result.fits",
    );
    const { hdus } = JSON.parse((await cli("info", "many.fits", "--json")).stdout);
    expect(hdus[1]).toMatchObject({ shape: [2, 3], statistics: { min: 1, max: 5, sum: 15, undefined: 1 } });
    expect((await cli("info", "many.fits[T]")).stdout).not.toContain("PRIMARY");
  });

  it("tells what a result says and what to do next", async () => {
    await cli("simulate", "disk", "--shape", "8", "-o", "small");
    expect((await cli("info", "small/flux.fits")).stdout).toContain("an image of flux, which is no counts");
    const flags = ["-n", "60", "-c", "2", "-w", "0", "-o", "small/result.fits", "-q"];
    await cli("deconvolve", "small/counts.fits", "--psf", "small/psf.fits", ...flags);
    const { code, stdout } = await cli("info", "small/result.fits");
    expect(code).toBe(0);
    for (const text of [
      "IMAGE_TRACE",
      "total flux",
      "verdict",
      "preset",
      "states of the blocks",
      "SHA-256",
      "Next: ",
    ]) {
      expect(stdout).toContain(text);
    }
    const { result } = JSON.parse((await cli("info", "small/result.fits", "--json")).stdout);
    expect(result.config.iterations).toBe(60);
  });

  it("refuses what is no FITS file", async () => {
    writeFileSync(join(folder, "no.txt"), "hello");
    expect(await cli("info", "no.txt")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("choose a FITS file"),
    });
    expect(await cli("info", "none.fits")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("must exist"),
    });
  });

  it.skipIf(!existsSync(SHARED))("reads the Fermi event list and the Chandra image", async () => {
    const events = await cli("info", join(SHARED, "fermi-gc/fermi-3fhl-gc-events.fits.gz"));
    expect(events.stdout).toMatch(/EVENTS +table of 32,843 rows/);
    const chandra = await cli("info", join(SHARED, "chandra-gc/chandra-counts-obs-id-4684.fits.gz"));
    expect(chandra.stdout).toContain("sum 13,829");
    expect(chandra.stdout).toContain("RA---TAN");
  });
});
