import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/data/random/random.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import { dataUnits } from "./data-units.js";

/*
 * A run is killed at random moments, without a chance to tidy up, and continued; the final bytes must be those of a run
 * that nobody disturbed. Moments are drawn from a fixed seed; what happens at them depends on the machine, and must not
 * matter.
 */

const CLI = new URL("../../dist/cli/main.js", import.meta.url).pathname;
const found = await findTestGpu();
if ("missing" in found) console.warn(`kill.slow.test.ts, the run on a GPU skipped: ${found.missing}`);
else found.gpu.close();
const folder = mkdtempSync(join(tmpdir(), "tslira-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

function start(...words: string[]): ChildProcess {
  return spawn(process.execPath, [CLI, ...words], { cwd: folder, stdio: "ignore" });
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}

/** Of each sampler: how often it is killed, and a run that is extended until it gives up. */
const RUNS: readonly (readonly [name: string, kills: number, settings: string])[] = [
  ["lira", 20, "--iterations 3000 --burn-in auto --until rhat<1.001,ess>90000 --max-iterations 6000"],
  [
    "nuts",
    6,
    "--method nuts --prior exponential:rate=0.05 --iterations 150 --burn-in 60 --until rhat<1.001,ess>90000 --max-iterations 220",
  ],
  ["width", 4, "--psf-width-error 10% --iterations 2500"],
  ...("gpu" in found ? ([["gpu", 2, "--device gpu --iterations 60"]] as const) : []),
];
const RUN = [
  "counts.fits",
  "--psf",
  "psf.fits",
  "--background",
  "background.fits",
  "--chains",
  "2",
  "--seed",
  "9",
];

describe("a run that is killed", () => {
  it.each(RUNS)("%s: ends in the same bytes after %i kills", async (name, most, words) => {
    const settings = words.split(" ");
    const whole = `whole-${name}.fits`;
    expect(await ended(start("simulate", "point-source", "-o", ".", "--overwrite"))).toBe(0);
    const clock = performance.now();
    expect(await ended(start("deconvolve", ...RUN, ...settings, "-o", whole))).toBe(0);
    const lasts = performance.now() - clock;
    const expected = dataUnits(readFileSync(join(folder, whole)));

    const random = randomStream(20);
    let kills = 0;
    let runs = 0;
    while (kills < most) {
      const output = `killed-${name}-${runs++}.fits`;
      const checkpoint = join(folder, `${output}.checkpoint`);
      const every = ["--checkpoint-every", "0.1s"];
      let child = start("deconvolve", ...RUN, ...settings, ...every, "-o", output);
      for (;;) {
        const exit = ended(child);
        const moment = new Promise<string>((resolve) =>
          setTimeout(resolve, random.uniform() * 0.7 * lasts, "kill"),
        );
        if ((await Promise.race([exit, moment])) !== "kill") {
          expect(await exit).toBe(0);
          break;
        }
        child.kill("SIGKILL");
        // It may have ended by itself in the last moment.
        if ((await exit) === null) kills++;
        else break;
        // Killed before there was a checkpoint: nothing had been sampled yet.
        child = existsSync(join(checkpoint, "run.json"))
          ? start("resume", checkpoint, ...every)
          : start("deconvolve", ...RUN, ...settings, ...every, "-o", output, "--overwrite");
      }
      expect(dataUnits(readFileSync(join(folder, output)))).toEqual(expected);
      rmSync(join(folder, output));
    }
  });
});
