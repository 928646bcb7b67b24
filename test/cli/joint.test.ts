/** Several observations of one sky on the command line: displacements from sky coordinates. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { simulateDisk } from "../../src/data/simulated-datasets.js";
import { fitsCard } from "../../src/io/fits.js";
import { writeFitsFile } from "../../src/io/fits-file-node.js";
import { readPointEstimate } from "../../src/io/point-estimate-file-node.js";
import { readResult } from "../../src/io/result-file-node.js";
import { alignObservations } from "../../src/model/align-observations.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-joint-"));
const path = (name: string) => join(folder, name);
const cli = (...args: readonly string[]) => runCli(folder, ...args);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pair = [1, 2].map((seed) => simulateDisk({ seed, shape: [14, 14], flux: 400, exposure: 1 }));
const OFFSET = { x: 0.5, y: -0.25 };

beforeAll(async () => {
  for (const [index, { counts, psf }] of pair.entries()) {
    const offset = index === 0 ? { x: 0, y: 0 } : OFFSET;
    const cards = [
      ...[fitsCard("CTYPE1", "RA---TAN"), fitsCard("CRVAL1", 10), fitsCard("CDELT1", -1e-4)],
      ...[fitsCard("CTYPE2", "DEC--TAN"), fitsCard("CRVAL2", 20), fitsCard("CDELT2", 1e-4)],
      ...[fitsCard("CRPIX1", 7 - offset.x), fitsCard("CRPIX2", 7 - offset.y)],
    ];
    const image = (data: Float64Array, shape: readonly number[]) => ({
      kind: "image" as const,
      data,
      shape: [...shape],
    });
    await writeFitsFile(path(`counts-${index}.fits`), [{ ...image(counts.data, counts.shape), cards }]);
    await writeFitsFile(path(`bare-${index}.fits`), [image(counts.data, counts.shape)]);
    await writeFitsFile(path(`psf-${index}.fits`), [image(psf.data, psf.shape)]);
  }
  const list = (first: string, second: string) => [
    { counts: `${first}-0.fits`, psf: "psf-0.fits" },
    { counts: `${second}-1.fits`, psf: "psf-1.fits" },
  ];
  writeFileSync(path("joint.json"), JSON.stringify({ observations: list("counts", "counts") }));
  writeFileSync(
    path("same.json"),
    JSON.stringify({ observations: list("counts", "counts"), offsets: "none" }),
  );
  writeFileSync(path("half.json"), JSON.stringify({ observations: list("counts", "bare") }));
  writeFileSync(path("bare.json"), JSON.stringify({ observations: list("bare", "bare") }));
});

const observations = pair.map(({ counts, psf }) => ({ counts, psf }));
const offsets = [{ x: 0, y: 0 }, OFFSET];

describe("several observations", () => {
  it("are put in their places by a method of one image", async () => {
    const args = ["--method", "richardson-lucy", "-n", "20", "-o"];
    const { code, stderr } = await cli("deconvolve", "--config", "joint.json", ...args, "joint.fits");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("counts-1: lies (0.50, -0.25) pixels (x, y) from counts-0");
    const { flux } = (await readPointEstimate(path("joint.fits"))).estimate;
    const direct = await deconvolve(observations, { method: "richardson-lucy", iterations: 20, offsets });
    const same = await deconvolve(observations, { method: "richardson-lucy", iterations: 20 });
    for (const [index, value] of flux.data.entries()) expect(value).toBeCloseTo(direct.flux.data[index], 4);
    const none = await cli("deconvolve", "--config", "same.json", ...args, "same.fits");
    expect(none.stderr).not.toContain("lies");
    expect((await readPointEstimate(path("same.fits"))).estimate.flux.data).toEqual(same.flux.data);
    const flag = await cli("deconvolve", "--config", "joint.json", "--offsets", "none", ...args, "flag.fits");
    expect(flag.code).toBe(0);
    expect((await readPointEstimate(path("flag.fits"))).estimate.flux.data).toEqual(same.flux.data);
  });

  it("are put in their places by the sampler, and found there again", async () => {
    const args = ["-n", "60", "-c", "2", "-o", "posterior.fits"];
    const { code, stderr } = await cli("deconvolve", "--config", "joint.json", ...args);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("counts-1: lies (0.50, -0.25) pixels (x, y) from counts-0");
    expect(stderr).not.toMatch(/centroid/);
    const { mean, wcs } = await readResult(path("posterior.fits"));
    const direct = await deconvolve(observations, { iterations: 60, chains: 2, offsets, workers: 0 });
    for (const [index, value] of mean.data.entries()) {
      expect(Math.abs(value - direct.mean.data[index])).toBeLessThan(0.05 * (1 + direct.mean.data[index]));
    }
    expect(wcs.find(({ keyword }) => keyword === "CRPIX1")?.value).toBe(7);
    const residuals = ["--kind", "residuals", "--observation", "2", "-o", "residuals.svg"];
    const plot = await cli("plot", "posterior.fits", ...residuals);
    expect(plot.code, plot.stderr).toBe(0);
    expect(alignObservations(observations, offsets)).toHaveLength(2);
  });

  it("say when some have no sky coordinates", async () => {
    const args = ["--method", "em-multiscale", "-n", "3", "--json"];
    const half = await cli("deconvolve", "--config", "half.json", ...args, "-o", "half.fits");
    expect(half.code, half.stderr).toBe(0);
    expect(half.stderr).toMatch(
      /bare-1: observations should all have sky coordinates, got none.*--offsets none/,
    );
    const bare = await cli("deconvolve", "--config", "bare.json", ...args, "-o", "bare.fits");
    expect(bare.stderr).not.toContain("sky coordinates");
    const asked = await cli(
      "deconvolve",
      "--config",
      "bare.json",
      ...args,
      "--offsets",
      "wcs",
      "-o",
      "no.fits",
    );
    expect(asked.code).toBe(1);
    expect(asked.stderr).toMatch(/sky coordinates must be in the header to find the offset of observation 1/);
  });

  it("are compared in their places", async () => {
    const method = ["--method", "richardson-lucy -n 5", "--json", "-q"];
    const cash = async (config: string) => {
      const { stdout, stderr, code } = await cli("compare", "--config", config, ...method);
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout).methods[0].heldOutCash;
    };
    expect(await cash("joint.json")).not.toBe(await cash("same.json"));
  });
});
