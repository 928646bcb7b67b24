import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFits } from "../../src/io/fits.js";
import { encodePatchMixture } from "../../src/io/patch-mixture-file.js";
import { readPointEstimate } from "../../src/io/point-estimate-file-node.js";
import { finished, runCli, startCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-method-"));
const path = (name: string) => join(folder, name);
const cli = (...args: readonly string[]) => runCli(folder, ...args);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  const { code, stderr } = await cli("simulate", "disk", "--shape", "16x12", "--seed", "3", "-o", "sim");
  expect(code, stderr).toBe(0);
});

const sim = ["sim/counts.fits", "--psf", "sim/psf.fits", "--exposure", "sim/exposure.fits"].concat([
  ...["--background", "sim/background.fits"],
]);
const deconvolve = (method: string, ...args: readonly string[]) =>
  cli("deconvolve", ...sim, "--method", method, ...args);

describe("tslira deconvolve --method", () => {
  it.each([
    ["all iterations", [], /^all 40 iterations were done/],
    ["tolerance", ["--stop", "tolerance=0.02"], /moved less than 0.02 of the light/],
    ["held-out", ["--stop", "held-out=0.4", "--seed", "2"], /held out were/],
    ["discrepancy", ["--stop", "discrepancy=2"], /came down to 2 times its mean/],
  ])("richardson-lucy: %s", async (rule, args, reason) => {
    const output = `rl-${rule.replace(" ", "-")}.fits`;
    const { code, stdout, stderr } = await deconvolve(
      "richardson-lucy",
      ...["-n", "40", ...args, "-o", output, "--json"],
    );
    expect(code, stderr).toBe(0);
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ method: "richardson-lucy", output, png: null, interrupted: false });
    expect(summary.stopped).toMatch(reason);
    expect(stderr).toContain(summary.stopped);
    const { estimate, provenance } = await readPointEstimate(path(output));
    expect(estimate.stopped).toBe(summary.stopped);
    expect(estimate.complete).toBe(true);
    expect(estimate.cash).toBe(summary.cash);
    expect(estimate.flux.shape).toEqual([12, 16]);
    expect(estimate.objective).toHaveLength(summary.iterations);
    expect(provenance.command).toContain("--method richardson-lucy");
    expect(provenance.inputs?.map(({ name }) => name)).toContain("sim/counts.fits");
  });

  it("map with a product of two priors, figure and bootstrap", async () => {
    const { code, stdout, stderr } = await deconvolve(
      "map",
      ...["--prior", "total-variation:strength=0.5,smoothing=0.1+gamma:shape=1.5,rate=0.1"],
      ...["--bootstrap", "3", "-n", "30", "-o", "map.fits.gz", "--png", "map.png"],
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/written +map\.fits\.gz, map\.png/);
    expect([...readFileSync(path("map.fits.gz")).subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    expect(readFileSync(path("map.png")).subarray(1, 4).toString("latin1")).toBe("PNG");
    const { estimate } = await readPointEstimate(path("map.fits.gz"));
    expect(estimate.std!.data.some((value) => value > 0)).toBe(true);
    expect(estimate.interval).toHaveLength(2);
    const one = await deconvolve("map", "--prior", "exponential:rate=0.5", "-o", "exponential.fits", "-q");
    expect(one).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await readPointEstimate(path("exponential.fits"))).estimate.logPrior).toBeLessThan(0);
  });

  it("em-multiscale, which fits alpha unless told not to", async () => {
    const { code, stdout, stderr } = await deconvolve(
      "em-multiscale",
      ...["-n", "20", "--smoothing-prior", "1,1,1", "-o", "em.fits", "--json", "--upsampling", "2"],
    );
    expect(code, stderr).toBe(0);
    const { priorParameters } = JSON.parse(stdout);
    expect(priorParameters.every((alpha: number) => alpha > 0 && alpha !== 0.1)).toBe(true);
    const fixed = await deconvolve("em-multiscale", "-n", "5", "--fixed-alpha", "-o", "em-2.fits", "--json");
    expect(new Set(JSON.parse(fixed.stdout).priorParameters)).toEqual(new Set([0.1]));
  });

  it("replaces a file only when told to, and says what it is", async () => {
    const args = ["-n", "3", "-o", "again.fits"];
    expect((await deconvolve("gradient-descent", ...args)).code).toBe(0);
    const refused = await deconvolve("gradient-descent", ...args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/add --overwrite/);
    expect((await deconvolve("gradient-descent", ...args, "--overwrite")).code).toBe(0);
    const { code, stdout } = await cli("info", "again.fits");
    expect(code).toBe(0);
    expect(stdout).toContain("Image of tslira deconvolve --method gradient-descent");
    expect(stdout).toContain("3; all 3 iterations were done");
    expect(stdout).not.toContain("if these are counts");
    const { estimate } = JSON.parse((await cli("info", "again.fits", "--json")).stdout);
    expect(estimate).toMatchObject({ method: "gradient-descent", iterations: 3, complete: true });
  });

  it("says what to do in place of what cannot work", async () => {
    const mixture = {
      patchSize: 14,
      patchNorm: "none" as const,
      weights: Float64Array.of(1),
      means: new Float64Array(196),
      covariances: Float64Array.from({ length: 196 * 196 }, (_, k) => Number(k % 197 === 0)),
    };
    writeFileSync(path("patches.fits"), encodePatchMixture(mixture));
    const data = new Float64Array(24 * 32).fill(1);
    writeFileSync(path("mask.fits"), writeFits([{ kind: "image", shape: [24, 32], data }]));
    const tv = "total-variation:strength=1,smoothing=0.1";
    const attempts: [RegExp, ...string[]][] = [
      [/--prior must come with another method than lira.*add --method map/, "lira", "--prior", tv],
      [/likelihood alone; choose the method "map"/, "richardson-lucy", "--prior", tv],
      [/--method map must come with --prior, got none; for example --prior exponential:rate=1/, "map"],
      [/patch of 14 x 14 large, got 12 x 16/, "map", "--prior", "patches:file=patches.fits"],
      [/detector pixels to use/, "richardson-lucy", "--upsampling", "2", "--mask", "mask.fits"],
      [/did you mean total-variation/, "map", "--prior", "total-variatoin:strength=1"],
      [/--stop must be tolerance=1e-3, held-out or discrepancy/, "richardson-lucy", "--stop", "soon"],
      [
        /--chains must come with the method lira, nuts or gibbs, got --method map/,
        "map",
        "--prior",
        tv,
        "--chains",
        "2",
      ],
      [/cycleSpin must be "none" or "random"/, "em-multiscale", "--cycle-spin", "ensemble"],
    ];
    const tried = attempts.map(async ([message, method, ...args]) => {
      const { code, stderr } = await deconvolve(method, ...args, "-o", "bad.fits");
      expect(stderr).toMatch(message);
      expect(stderr.trim().split("\n"), stderr).toHaveLength(1);
      expect(code).toBe(1);
    });
    await Promise.all(tried);
    expect(readdirSync(folder)).not.toContain("bad.fits");
  });

  it("keeps the image so far at Ctrl-C, marked incomplete", async () => {
    const words = ["deconvolve", ...sim, "--method", "richardson-lucy", "-n", "100000000"];
    // As to a program: its first line of progress does not take ten seconds.
    const child = startCli(folder, [...words, "-o", "part.fits", "--json"], { TSLIRA_STDERR: "json" });
    const end = finished(child);
    // A line of progress that tells of more than the first iteration: it is at work, and listens for signals.
    await new Promise<void>((resolve) =>
      child.stderr?.on("data", (text) => /\d\d of at most/.test(text) && resolve()),
    );
    child.kill("SIGINT");
    const { code, stdout, stderr } = await end;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain("part.fits holds the image so far, marked incomplete");
    expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, converged: false });
    const { estimate } = await readPointEstimate(path("part.fits"));
    expect(estimate.complete).toBe(false);
    expect(estimate.iterations).toBeGreaterThan(1);
    expect(estimate.flux.data.some((value) => value > 0)).toBe(true);
    expect((await cli("info", "part.fits")).stdout).toContain("incomplete");
    expect(readdirSync(folder).filter((name) => name.includes("tmp"))).toEqual([]);
  });
});
