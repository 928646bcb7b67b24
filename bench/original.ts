// A sweep beside one of the original LIRA, the C core of pylira, in turn within one run, CPU time of one core. pylira is not part of this project:
// FOLDER holds it, built, as pip leaves it in site-packages, or its module _lira alone.
//
//   npm run bench:original -- --module FOLDER [--python /usr/bin/python3]
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { constantImage, type SkyImage } from "../src/image.js";
import { type BenchCase, benchCases } from "./cases.js";
import { lawRounds } from "./law-cost.js";
import { median } from "./median.js";
import { printTable } from "./study-file.js";

const { values: flags } = parseArgs({
  options: {
    module: { type: "string" },
    python: { type: "string", default: "python3" },
  },
});
if (flags.module === undefined) {
  throw new Error("bench:original: --module must be the folder of pylira or of its module _lira, got none");
}
const ROUNDS = 7;
/** Seconds of a round of the original, about. */
const ROUND_SECONDS = 1.5;
const SCRIPT = fileURLToPath(new URL("../../bench/original.py", import.meta.url));
/** The original takes squares of 2^n pixels, and needs minutes for the larger ones. */
const CASES = benchCases().filter(({ observation: { counts } }) => counts.shape[0] <= 128);
const folder = mkdtempSync(join(tmpdir(), "tslira-original-"));

/** A measurement of the original on a dataset: milliseconds a sweep from an image on. */
function original({ observation, settings }: BenchCase): (flux: Float64Array) => number {
  const { counts, psf, exposure, background } = observation;
  const images: Record<string, SkyImage> = {
    counts,
    psf: psf as SkyImage,
    exposure: exposure ?? constantImage(counts.shape, 1),
    background: background ?? constantImage(counts.shape, 0),
  };
  const shapes = Object.fromEntries(Object.entries(images).map(([name, { shape }]) => [name, shape]));
  const { power, rate, exponent } = settings.smoothingPrior;
  const law = {
    fit_bkgscl: settings.fitBackgroundScale,
    ms_al_kap1: power,
    ms_al_kap2: rate,
    ms_al_kap3: exponent,
  };
  const run = { shapes: { ...shapes, flux: counts.shape }, law };
  writeFileSync(join(folder, "run.json"), JSON.stringify(run));
  for (const [name, { data }] of Object.entries(images))
    writeFileSync(join(folder, name), Float64Array.from(data));
  let sweeps = 3;
  return (flux) => {
    writeFileSync(join(folder, "flux"), flux.slice());
    const { stdout, stderr, status } = spawnSync(
      flags.python,
      [SCRIPT, resolve(flags.module ?? ""), folder, `${sweeps}`],
      { encoding: "utf8" },
    );
    const seconds = Number(stdout.trim().split("\n").at(-1));
    if (status !== 0 || !(seconds > 0))
      throw new Error(`bench:original: pylira must run, got ${stderr || stdout}`);
    sweeps = Math.max(3, Math.round(ROUND_SECONDS / seconds));
    return 1000 * seconds;
  };
}

try {
  printTable(
    [
      "CPU ms a sweep",
      "C core",
      "the default",
      "times as fast",
      "LIRA's steps, random shifts",
      "times as fast",
    ],
    CASES.map((bench) => {
      const measure = original(bench);
      measure(Float64Array.from(bench.observation.counts.data, (count) => count + 0.1));
      const rounds = lawRounds(bench, ROUNDS, [measure]);
      const of = (value: (round: readonly number[]) => number) => median(rounds.map(value));
      return [
        bench.name,
        of((round) => round[3]).toPrecision(3),
        of((round) => round[2]).toPrecision(3),
        of((round) => round[3] / round[2]).toFixed(0),
        of((round) => round[0]).toPrecision(3),
        of((round) => round[3] / round[0]).toFixed(0),
      ];
    }),
  );
} finally {
  rmSync(folder, { recursive: true });
}
