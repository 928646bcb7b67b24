import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataUnits } from "../runs/data-units.js";
import { finished, runAlone, startCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-one-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  expect((await runAlone(folder, "simulate", "gaussian-and-points", "-o", ".", "--seed", "1")).code).toBe(0);
});

const DATA = ["counts.fits", "--psf", "psf.fits"];
const SETTINGS = ["--iterations", "2000", "--chains", "2", "--seed", "1", "-q", "-w", "1"];
const EVERY = ["--checkpoint-every", "0.1s"];

/** Wait for a file. */
async function there(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("two programs", () => {
  it("never work on one checkpoint: the second is told process and age, the first ends undisturbed", {
    timeout: 300_000,
  }, async () => {
    expect((await runAlone(folder, "deconvolve", ...DATA, ...SETTINGS, "-o", "whole.fits")).code).toBe(0);

    const first = startCli(folder, ["deconvolve", ...DATA, ...SETTINGS, ...EVERY, "-o", "r.fits"]);
    const firstEnd = finished(first);
    await there(join(folder, "r.fits.checkpoint", "chain-0.state.fits"));
    // Held still, so that it surely lives while the others look.
    first.kill("SIGSTOP");
    const told = new RegExp(
      `one program at a time, got process ${first.pid} on .*, at work on it for \\d+ (s|min);`,
    );
    const resume = await runAlone(folder, "resume", "r.fits.checkpoint", "-q");
    expect(resume).toMatchObject({ code: 1, stderr: expect.stringMatching(told) });
    const again = await runAlone(folder, "deconvolve", ...DATA, ...SETTINGS, "-o", "r.fits", "--overwrite");
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(told) });
    // Another checkpoint does not make it another result.
    const elsewhere = ["--checkpoint", "other.checkpoint", "-o", "r.fits", "--overwrite"];
    const beside = await runAlone(folder, "deconvolve", ...DATA, ...SETTINGS, ...elsewhere);
    expect(beside).toMatchObject({ code: 1, stderr: expect.stringMatching(told) });

    // Killed, it holds nothing any more.
    first.kill("SIGKILL");
    await firstEnd;
    const second = startCli(folder, ["resume", "r.fits.checkpoint", "-q", "-w", "1", ...EVERY]);
    const secondEnd = finished(second);
    const third = await runAlone(folder, "resume", "r.fits.checkpoint", "-q", "-w", "1");
    const { code, stderr } = await secondEnd;
    // Whichever of the two came first went on; the other was refused, or found the run complete.
    expect(
      [code, third.code].filter((one) => one === 0),
      `${stderr}${third.stderr}`,
    ).toHaveLength(1);
    expect(dataUnits(readFileSync(join(folder, "r.fits")))).toEqual(
      dataUnits(readFileSync(join(folder, "whole.fits"))),
    );
  });
});

describe("outputs that are inputs", () => {
  it.each([
    [["deconvolve", ...DATA, "-n", "20", "-q", "--overwrite", "-o", "counts.fits"]],
    [["deconvolve", ...DATA, "-n", "20", "-q", "--overwrite", "-o", "./psf.fits"]],
    [["deconvolve", ...DATA, "-n", "20", "-q", "--overwrite", "-o", "x.fits", "--png", "counts.fits"]],
  ])("%j is refused, and the file stays", async (words) => {
    const before = ["counts.fits", "psf.fits"].map((name) => readFileSync(join(folder, name)));
    const { code, stderr } = await runAlone(folder, ...words);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/output must be a file of its own, got a file that is read; choose another name/);
    expect(["counts.fits", "psf.fits"].map((name) => readFileSync(join(folder, name)))).toEqual(before);
  });
});
