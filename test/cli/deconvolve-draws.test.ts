import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readResult } from "../../src/io/result-file-node.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-draws-"));
const cli = (...args: readonly string[]) => runCli(folder, ...args);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  const { code, stderr } = await cli("simulate", "disk", "--shape", "12x10", "--seed", "3", "-o", "sim");
  expect(code, stderr).toBe(0);
});

const sim = ["sim/counts.fits", "--psf", "sim/psf.fits", "--background", "sim/background.fits"];
const short = ["-n", "60", "--burn-in", "30", "-c", "2", "--seed", "4"];

describe("tslira deconvolve --method nuts and gibbs", () => {
  it.each([
    [
      "nuts",
      ["--prior", "markov:strength=1+exponential:rate=0.1", "--target-acceptance", "0.7", "--max-depth", "6"],
    ],
    ["gibbs", ["--prior", "gamma:shape=0.5,rate=0.1", "--workers", "0"]],
  ])("%s: result, summary, figure, information and report", async (method, args) => {
    const output = `${method}.fits`;
    const run = await cli(
      ...["deconvolve", ...sim, "--method", method, ...args, ...short, "--fit-background-scale"],
      ...["-o", output, "--png", `${method}.png`, "--json"],
    );
    expect(run.code, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ output, interrupted: false, config: { method, seed: 4 } });
    expect(run.stderr).toMatch(new RegExp(`method ${method}, `));
    const result = await readResult(join(folder, output));
    expect(result.config).toMatchObject({ method, iterations: 60, burnIn: 30, fitBackgroundScale: true });
    if (method === "nuts") {
      expect(result.config).toMatchObject({ targetAcceptance: 0.7, maxDepth: 6 });
      expect(run.stderr).toMatch(/transitions +60 after burn-in/);
    }
    expect(readdirSync(folder)).not.toContain(`${output}.checkpoint`);
    const info = await cli("info", output);
    expect(info.stdout).toMatch(
      method === "nuts" ? /doublings of a trajectory +6/ : /prior of a pixel +shape 0.5, rate 0.1/,
    );
    const report = await cli("report", output, "-o", `${method}.html`);
    expect(report.code, report.stderr).toBe(0);
    const plot = await cli("plot", output, "--kind", "parameter-traces", "-o", `${method}-traces.png`);
    expect(plot.code, plot.stderr).toBe(0);
  });

  it("says what to do in place of what cannot work", async () => {
    const attempts: [RegExp, ...string[]][] = [
      [/--method nuts must come with --prior, got none; for example/, "nuts"],
      [/Gamma or exponential in every pixel.*"nuts"/, "gibbs", "--prior", "markov:strength=1"],
      [/nuts: until must be conditions such as/, "nuts", "--prior", "uniform", "--until", "soon"],
      [/gibbs: upsampling must be 1, 2 or 3/, "gibbs", "--prior", "exponential:rate=1", "--upsampling", "4"],
      [/--alpha-init must come with the method lira or em-multiscale/, "nuts", "--alpha-init", "1"],
      [/--max-depth must come with another method than lira.*--method nuts/, "lira", "--max-depth", "3"],
    ];
    for (const [message, method, ...args] of attempts) {
      const { code, stderr } = await cli("deconvolve", ...sim, "--method", method, ...args, "-o", "bad.fits");
      expect(stderr).toMatch(message);
      expect(code).toBe(1);
    }
    expect(readdirSync(folder)).not.toContain("bad.fits");
  });
});
