import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { finished, runCli, startCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-compare-"));
const cli = (...args: readonly string[]) => runCli(folder, ...args);
const read = (name: string) => readFileSync(join(folder, name), "utf8");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  const { code, stderr } = await cli("simulate", "disk", "--shape", "16x12", "--seed", "3", "-o", "sim");
  expect(code, stderr).toBe(0);
});

const files = [
  ...["sim/counts.fits", "--psf", "sim/psf.fits", "--exposure", "sim/exposure.fits"],
  ...["--background", "sim/background.fits"],
];
const methods = [
  ...["--method", "Lucy, twenty=richardson-lucy -n 20", "--method", "em-multiscale -n 5"],
  ...["--method", "TV=map --prior total-variation:strength=1,smoothing=0.1 --bootstrap 3 -n 20"],
];

describe("tslira compare", () => {
  it("compares files with a truth: text, CSV and figure", async () => {
    const output = ["--truth", "sim/flux.fits", "-o", "table.csv", "--figure", "table.png"];
    const { code, stdout, stderr } = await cli("compare", ...files, ...methods, ...output);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^counts, [\d,]+ counts\n/);
    expect(stdout).toMatch(/method +NRMSE +SSIM +flux bias +68 % covers +held-out Cash +time\n/);
    expect(stdout).toMatch(/Lucy, twenty +0\.\d{3} +0\.\d{3} +[+-][\d.]+ % +- +\+[\d.]+ +[\d.]+ s\n/);
    expect(stdout).toMatch(/TV +0\.\d{3} .* \d+ % +\+[\d.]+/);
    const lines = read("table.csv").split("\r\n");
    expect(lines[0]).toBe(
      "name,method,nrmse,ssim,fluxBias,coverage68,coveragePixels,heldOutCash,heldOutCashAboveLeast,seconds,note",
    );
    expect(lines[1]).toMatch(/^"Lucy, twenty",richardson-lucy,0\.\d+,0\.\d+,-?[\d.e-]+,,,-?[\d.]+,/);
    expect(lines).toHaveLength(5);
    expect(readFileSync(join(folder, "table.png")).subarray(1, 4).toString("latin1")).toBe("PNG");
    expect(stderr).toContain("written table.csv, table.png");
  });

  it("compares on a simulated sky, without photons held out, as JSON", async () => {
    const args = ["--simulate", "point-source", "--shape", "12", "--flux", "300", "--seed", "2"];
    const more = ["--no-held-out", "--json", "-q", "-o", "table.json"];
    const { code, stdout, stderr } = await cli("compare", ...args, "--method", "lira -n 40 -c 2", ...more);
    expect(code, stderr).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toBe(read("table.json"));
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      heldOut: null,
      complete: true,
      data: { name: "point source", truth: true },
    });
    expect(found.methods).toHaveLength(1);
    expect(found.methods[0]).toMatchObject({ method: "lira", heldOutCash: null, coveragePixels: 1 });
    expect(found.methods[0].nrmse).toBeGreaterThan(0);
  });

  it("works without a truth", async () => {
    const { code, stdout } = await cli(
      "compare",
      ...files,
      ...methods.slice(0, 2),
      "-q",
      "--held-out",
      "0.3",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/method +held-out Cash +time\n/);
    expect(stdout).toContain("of 30 % of the photons");
  });

  it("says what to do in place of what cannot work", async () => {
    const attempts: [RegExp, ...string[]][] = [
      [/data must be given, got none/],
      [/choose one/, "--simulate", "disk", "--truth", "sim/flux.fits"],
      [/--psf-sigma must come with --simulate/, ...files, "--psf-sigma", "2"],
      [/must begin with one of lira.*did you mean map/, ...files, "--method", "TV=mapp"],
      [/--output in "lira -o x.fits"; data and output/, ...files, "--method", "lira -o x.fits"],
      [/unknown option '--priro'.*tslira deconvolve --help/, ...files, "--method", "map --priro x"],
      [/likelihood alone; choose the method "map"/, ...files, "--method", "richardson-lucy --prior uniform"],
      [/--chains must come with the method lira/, ...files, "--method", "em-multiscale --chains 2"],
      [/--output must end in .csv, .json, got x.txt/, ...files, "-o", "x.txt"],
      [/--figure must end in .png/, ...files, "--figure", "x.gif"],
      [/truth must have the shape/, ...files, ...methods.slice(0, 2), "--truth", "sim/psf.fits"],
      [/different names/, ...files, "--method", "a=lira", "--method", "a=em-multiscale"],
      [/folder nowhere must exist/, ...files, "-o", "nowhere/x.csv"],
    ];
    const tried = attempts.map(async ([message, ...args]) => {
      const { code, stderr, stdout } = await cli("compare", ...args);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split("\n"), stderr).toHaveLength(1);
      expect([code, stdout]).toEqual([1, ""]);
    });
    await Promise.all(tried);
  });

  it("keeps the methods that are done at Ctrl-C", async () => {
    const endless = ["--method", "endless=richardson-lucy -n 100000000", "-o", "part.csv"];
    const child = startCli(folder, ["compare", ...files, ...methods.slice(0, 2), ...endless]);
    const end = finished(child);
    // The first method is done when it is said so.
    await new Promise<void>((resolve) =>
      child.stderr?.on("data", (text) => /1 of 2/.test(text) && resolve()),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill("SIGINT");
    const { code, stdout, stderr } = await end;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain("interrupted after 1 of 2 methods");
    expect(stdout).toContain("Lucy, twenty");
    expect(read("part.csv").trim().split("\r\n")).toHaveLength(2);
    expect(readdirSync(folder).filter((name) => name.includes("tmp"))).toEqual([]);
  });
});
