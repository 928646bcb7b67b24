import { deepStrictEqual } from "node:assert";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fitsCard, readFits, writeFits } from "../../src/io/fits.js";
import { readResult } from "../../src/io/result-file-node.js";
import { finished, runCli, startCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-cli-"));
const path = (name: string) => join(folder, name);
const cli = (...args: readonly string[]) => runCli(folder, ...args);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tiny = ["--iterations", "60", "--burn-in", "10", "--chains", "2", "--workers", "0"];

function writeImage(
  name: string,
  shape: readonly number[],
  value: (index: number) => number,
  cards = [fitsCard("OBJECT", "x")],
) {
  const data = Float64Array.from({ length: shape[0] * shape[1] }, (_, index) => value(index));
  writeFileSync(path(name), writeFits([{ kind: "image", shape, data, cards }]));
}

beforeAll(async () => {
  const { code, stderr } = await cli("simulate", "disk", "--shape", "16x12", "--seed", "3", "-o", "sim");
  expect(code, stderr).toBe(0);
  writeImage("narrow.fits", [12, 15], () => 1);
  writeImage("negative.fits", [12, 16], (index) => (index === 20 ? -1 : 1));
  const sky = [
    ["CTYPE1", "RA---TAN"],
    ["CRPIX1", 8.5],
    ["CTYPE2", "DEC--TAN"],
    ["CRPIX2", 6.5],
  ] as const;
  writeImage(
    "sky.fits",
    [12, 16],
    (index) => index % 3,
    sky.map(([keyword, value]) => fitsCard(keyword, value)),
  );
  writeFileSync(path("text.fits"), "no FITS at all\n");
});

const sim = ["sim/counts.fits", "--psf", "sim/psf.fits", "--exposure", "sim/exposure.fits"];

describe("tslira deconvolve", () => {
  it("writes result and figure, and sums up on stdout", async () => {
    const { code, stdout, stderr } = await cli(
      ...[
        "deconvolve",
        ...sim,
        "--background",
        "sim/background.fits",
        ...tiny,
        "-o",
        "out.fits",
        "--png",
        "out.png",
      ],
    );
    expect(code, stderr).toBe(0);
    for (const text of [
      "counts: 16 x 12 pixels, 2 chains of 60 sweeps (10 of burn-in)",
      "total flux",
      "observed",
    ]) {
      expect(stdout).toContain(text);
    }
    for (const text of ["R-hat", "verdict", "sweeps a second", "out.fits (", "out.png (", "next"]) {
      expect(stdout).toContain(text);
    }
    expect(readFileSync(path("out.png")).subarray(1, 4).toString()).toBe("PNG");
    const result = await readResult(path("out.fits"));
    expect(result.complete).toBe(true);
    expect(result.config).toMatchObject({
      iterations: 60,
      burnIn: 10,
      chains: 2,
      seed: 0,
      boundary: "spill",
    });
    expect(result.provenance.command).toMatch(/^tslira deconvolve sim\/counts.fits --psf/);
    expect(result.provenance.inputs.map(({ name }) => name)).toEqual([
      ...["sim/counts.fits", "sim/psf.fits", "sim/exposure.fits", "sim/background.fits"],
    ]);
    expect(result.provenance.inputs[0].sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("prints JSON alone on stdout, and nothing else with --quiet", async () => {
    const { code, stdout, stderr } = await cli(
      "deconvolve",
      ...sim,
      ...tiny,
      "-o",
      "json.fits",
      "--json",
      "-q",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({
      output: "json.fits",
      complete: true,
      interrupted: false,
      shape: [12, 16],
    });
    expect(summary.totalFlux.mean).toBeGreaterThan(0);
    expect(summary.ledger[0].observed).toBe(Math.round(summary.ledger[0].observed));
    expect(["agree", "weak", "disagree", "unknown"]).toContain(summary.verdict.state);
  });

  it("gives the same data units for any number of workers", async () => {
    const units: Uint8Array[][] = [];
    for (const workers of ["0", "1", "2"]) {
      const output = `workers-${workers}.fits`;
      const { code, stderr } = await cli(
        "deconvolve",
        ...sim,
        ...tiny,
        "--workers",
        workers,
        "-o",
        output,
        "-q",
      );
      expect(code, stderr).toBe(0);
      units.push(readFits(readFileSync(path(output))).map(({ data }) => data));
    }
    deepStrictEqual(units[1], units[0]);
    deepStrictEqual(units[2], units[0]);
  });

  it("goes on until the chains are good enough, or says that they are not", async () => {
    const { code, stdout, stderr } = await cli(
      ...[
        "deconvolve",
        ...sim,
        ...tiny,
        "--until",
        "rhat<9,ess>1",
        "--max-iterations",
        "120",
        "-o",
        "until.fits",
      ],
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/target +rhat<9,ess>1: (not )?reached/);
    expect((await readResult(path("until.fits"))).target).toMatchObject({
      until: "rhat<9,ess>1",
      maxIterations: 120,
    });
  });

  it("cuts out, and shifts the sky coordinates", async () => {
    const { code, stderr } = await cli(
      ...[
        "deconvolve",
        "sky.fits",
        "--psf",
        "sim/psf.fits[0]",
        "--cutout",
        "4:14,2:12",
        "--psf-cutout",
        "5:12,6:11",
      ],
      ...["--exposure", "sim/exposure.fits", ...tiny, "-o", "cut.fits", "-q"],
    );
    expect(code, stderr).toBe(0);
    const result = await readResult(path("cut.fits"));
    expect(result.mean.shape).toEqual([10, 10]);
    const card = (keyword: string) => result.wcs.find((one) => one.keyword === keyword)?.value;
    expect([card("CTYPE1"), card("CRPIX1"), card("CRPIX2")]).toEqual(["RA---TAN", 4.5, 4.5]);
  });

  it("takes the settings of a config file, and lets flags win", async () => {
    mkdirSync(path("set"), { recursive: true });
    const config = {
      iterations: 50,
      burnIn: 5,
      chains: 3,
      seed: 8,
      fitBackgroundScale: true,
      smoothingPrior: { power: 2, rate: 0.02, exponent: 1 },
      trace: { every: 3 },
      observations: ["one", "two"].map((name) => ({
        name,
        counts: "../sim/counts.fits",
        psf: "../sim/psf.fits",
        background: "../sim/background.fits",
      })),
    };
    writeFileSync(path("set/run.json"), JSON.stringify(config));
    const { code, stderr } = await cli(
      ...[
        "deconvolve",
        "--config",
        "set/run.json",
        "--seed",
        "9",
        "-c",
        "2",
        "--workers",
        "0",
        "-o",
        "set.fits",
        "-q",
      ],
    );
    expect(code, stderr).toBe(0);
    const result = await readResult(path("set.fits"));
    expect(result.config).toMatchObject({ iterations: 50, burnIn: 5, chains: 2, seed: 9, traceEvery: 3 });
    expect(result.config).toMatchObject({ smoothingPrior: config.smoothingPrior });
    expect(result.ledger.map(({ name }) => name)).toEqual(["one", "two"]);
  });
});

describe("tslira deconvolve refuses with one line and exit code 1", () => {
  const psf = ["--psf", "sim/psf.fits"];
  const output = ["-o", "bad.fits"];
  it.each<[string, readonly string[], string]>([
    ["no counts", [...psf, ...output], "counts must be given"],
    ["no psf", ["sim/counts.fits", ...output], "add --psf"],
    ["no output", ["sim/counts.fits", ...psf], "add -o result.fits"],
    ["a missing file", ["none.fits", ...psf, ...output], "none.fits: file or folder must exist"],
    ["no FITS", ["text.fits", ...psf, ...output], "choose a FITS file"],
    ["no such extension", ["sim/counts.fits[3]", ...psf, ...output], "must hold HDU 3"],
    [
      "shapes that disagree",
      ["sim/counts.fits", ...psf, "--exposure", "narrow.fits", ...output],
      "must have the shape",
    ],
    ["negative counts", ["negative.fits", ...psf, ...output], "got -1 at [1, 4]"],
    [
      "a cut-out beyond the edge",
      ["sim/counts.fits", ...psf, "--cutout", "0:17,0:12", ...output],
      "columns 0:16",
    ],
    ["a bad cut-out", ["sim/counts.fits", ...psf, "--cutout", "0-17", ...output], "give x0:x1,y0:y1"],
    ["a bad number", ["sim/counts.fits", ...psf, "-n", "many", ...output], "give a number"],
    [
      "too few iterations",
      ["sim/counts.fits", ...psf, "-n", "1", ...output],
      "iterations must be a whole number",
    ],
    ["an unknown flag", ["sim/counts.fits", ...psf, "--chain", "2", ...output], "did you mean --chains?"],
    ["an unknown choice", ["sim/counts.fits", ...psf, "--boundary", "hard", ...output], "spill, wrap"],
    ["a missing folder", ["sim/counts.fits", ...psf, "-o", "nowhere/x.fits"], "folder nowhere must exist"],
    ["a folder as output", ["sim/counts.fits", ...psf, "-o", "sim"], "output must be a file"],
    ["an existing output", ["sim/counts.fits", ...psf, "-o", "sky.fits"], "add --overwrite"],
    [
      "a figure as output",
      ["sim/counts.fits", ...psf, "-o", "sky.png"],
      "must be called so, got sky.png; call it sky.fits",
    ],
    ["no config file", ["--config", "none.json", ...output], "config file must be readable"],
  ])("%s", async (_, args, message) => {
    const { code, stdout, stderr } = await cli("deconvolve", ...args);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^tslira: .*\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(existsSync(path("bad.fits"))).toBe(false);
  });

  it.each<[string, string]>([
    ["{", "must be JSON"],
    ['{"burnin": 5}', 'did you mean "burnIn"?'],
    [
      '{"observations": [{"count": "a"}]}',
      'observations[0]: key must be a known one, got "count"; did you mean "counts"?',
    ],
    ['{"fitAlpha": "no"}', "fitAlpha must be true or false"],
    ['{"smoothingPrior": {"power": 1}}', "smoothingPrior.rate must be a number"],
    ['{"cutout": [1, 2]}', "64:192,65:193"],
    ["[]", "must be an object"],
    ['{"psf": []}', "psf must be a file name, or several with their places, got []"],
    ['{"exposure": ""}', 'exposure must be a file name, got ""'],
    ['{"observations": []}', "deconvolve: observations of the config file must be one at least, got []"],
    ['\ufeff{"fitAlpha": "no"}', "fitAlpha must be true or false"],
  ])("config %s", async (text, message) => {
    writeFileSync(path("bad.json"), text);
    const { code, stderr } = await cli(
      "deconvolve",
      "sim/counts.fits",
      "--config",
      "bad.json",
      "-o",
      "bad.fits",
    );
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^tslira: .*\n$/);
    expect(code).toBe(1);
  });
});

describe.skipIf(process.platform === "win32")("Ctrl-C", () => {
  const long = [
    "--iterations",
    "1000000",
    "--burn-in",
    "20",
    "--trace-every",
    "10",
    "--workers",
    "1",
    "--chains",
    "1",
  ];

  it("writes what was sampled, and exits with 130", async () => {
    const child = startCli(folder, [
      "deconvolve",
      ...sim,
      ...long,
      "-o",
      "part.fits",
      "--checkpoint-every",
      "1",
    ]);
    const end = finished(child);
    const keptDraws = () =>
      existsSync(path("part.fits.checkpoint"))
        ? readdirSync(path("part.fits.checkpoint"))
            .filter((name) => name.includes(".draws."))
            .map((name) => statSync(path(join("part.fits.checkpoint", name))).size)
        : [];
    // Draws are in the folder of the run; how long that takes depends on the machine.
    while (!keptDraws().some((size) => size > 0) && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill("SIGINT");
    const { code, stderr } = await end;
    expect(stderr).toContain("part.fits holds the partial result");
    expect(code).toBe(130);
    const result = await readResult(path("part.fits"));
    expect(result.complete).toBe(false);
    expect(result.mean.data.every((value) => value >= 0)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("is not what the end of a terminal means to a run that has none, as under nohup", async () => {
    const child = startCli(folder, ["deconvolve", ...sim, ...long, "-o", "hung.fits", "--workers", "0"]);
    const end = finished(child);
    while (!existsSync(path("hung.fits.checkpoint"))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill("SIGHUP");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
    child.kill("SIGTERM");
    child.kill("SIGINT");
    expect((await end).code).toBe(130);
  });

  it("quits at once the second time", async () => {
    const child = startCli(folder, ["deconvolve", ...sim, ...long, "-o", "none.fits", "--workers", "0"]);
    const end = finished(child);
    // The program listens for signals before it opens the folder of the run; how long that takes depends on the machine.
    while (!existsSync(path("none.fits.checkpoint"))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill("SIGTERM");
    child.kill("SIGINT");
    expect((await end).code).toBe(130);
  });
});
