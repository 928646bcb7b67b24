// How the ways to shift the tree compare on simulated skies whose truth is known: error of the mean, structural similarity,
// coverage of intervals, block artefacts, and what agreement costs. The tables of docs/exactness.md.
//
//   npm run bench:exactness [-- --truth disk] [-- --sweeps 2000] [-- --json study.json]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { CycleSpin } from "../src/data/law/cycle-spin.js";
import type { Observation } from "../src/data/observation/observation.js";
import { gaussianPsf } from "../src/data/observation/psf.js";
import { simulateCounts } from "../src/data/observation/simulate.js";
import { constantImage, imageSum, type SkyImage } from "../src/image.js";
import { groupedConvergence } from "../src/posterior/chain-groups.js";
import { structuralSimilarity } from "../src/quality/structural-similarity.js";
import { defaultPairTransfers } from "../src/runs/lira-options.js";
import { benchSettings } from "./cases.js";
import { exactnessSkies, type Sky } from "./skies.js";
import { CHAINS, comparedChains, groupDraws, sweepsToAgreement, watchChains } from "./watched-chains.js";

const MODES: readonly CycleSpin[] = ["random", "none", "sampled", "ensemble"];
const LEVELS = [0.5, 0.68, 0.9];
const BACKGROUND = 0.05;

/** Mean step of the error across borders of 4 x 4 blocks over that within them; 1 when blocks leave no trace. */
function blockSteps(mean: ArrayLike<number>, truth: SkyImage): number {
  const [ny, nx] = truth.shape;
  const error = (pixel: number) => Math.abs(mean[pixel] - truth.data[pixel]);
  let [across, acrossCount, within, withinCount] = [0, 0, 0, 0];
  const visit = (first: number, second: number, isBorder: boolean) => {
    const step = Math.abs(mean[second] - truth.data[second] - (mean[first] - truth.data[first]));
    const size = error(first) + error(second) + 1e-12;
    if (isBorder) {
      across += step / size;
      acrossCount++;
    } else {
      within += step / size;
      withinCount++;
    }
  };
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      if (col + 1 < nx) visit(row * nx + col, row * nx + col + 1, col % 4 === 3);
      if (row + 1 < ny) visit(row * nx + col, (row + 1) * nx + col, row % 4 === 3);
    }
  }
  return across / acrossCount / (within / withinCount);
}

/** Share of the sums over 4 x 4 pixels that truly send light (a count or more) whose central interval holds the truth. */
function coverage(draws: readonly Float32Array[], truth: SkyImage): number[] {
  const [ny, nx] = truth.shape;
  const blocks = (ny / 4) * (nx / 4);
  const values = new Float64Array(draws.length);
  const covered = LEVELS.map(() => 0);
  let judged = 0;
  for (let block = 0; block < blocks; block++) {
    const top = 4 * Math.floor(block / (nx / 4));
    const left = 4 * (block % (nx / 4));
    const sumOf = (data: ArrayLike<number>) => {
      let sum = 0;
      for (let row = top; row < top + 4; row++) {
        for (let col = left; col < left + 4; col++) sum += data[row * nx + col];
      }
      return sum;
    };
    const target = sumOf(truth.data);
    if (target < 1) continue;
    judged++;
    draws.forEach((draw, index) => {
      values[index] = sumOf(draw);
    });
    values.sort();
    LEVELS.forEach((level, index) => {
      const low = values[Math.floor((0.5 - level / 2) * (values.length - 1))];
      const high = values[Math.ceil((0.5 + level / 2) * (values.length - 1))];
      if (target >= low && target <= high) covered[index]++;
    });
  }
  return covered.map((count) => count / judged);
}

/** One simulated observation of a truth, sampled in all modes. */
function study({ name, flux }: Pick<Sky, "name" | "flux">, seed: number, sweeps: number, keep: number) {
  const shape = flux.shape;
  const pixels = shape[0] * shape[1];
  const psf = gaussianPsf(1.8, [13, 13]);
  const background = constantImage(shape, BACKGROUND);
  const counts = simulateCounts(flux, psf, { background, seed });
  const observation: Observation = { counts, psf, background, name };
  const watched = [...flux.data.keys()].sort((a, b) => flux.data[b] - flux.data[a]).slice(0, 6);
  return MODES.map((cycleSpin) => {
    const settings = benchSettings(observation, {
      cycleSpin,
      pairTransfers: cycleSpin === "random" ? 0 : defaultPairTransfers(shape),
    });
    const burnIn = Math.floor(sweeps / 4);
    const every = Math.max(1, Math.floor((CHAINS * (sweeps - burnIn)) / keep));
    const mean = new Float64Array(pixels);
    const draws: Float32Array[] = [];
    const chains = watchChains(observation, settings, watched, sweeps, (_, sweep, image) => {
      if (sweep < burnIn) return;
      for (let pixel = 0; pixel < pixels; pixel++) mean[pixel] += image[pixel];
      if ((sweep - burnIn) % every === 0) draws.push(Float32Array.from(image));
    });
    const count = CHAINS * (sweeps - burnIn);
    for (let pixel = 0; pixel < pixels; pixel++) mean[pixel] /= count;
    let squares = 0;
    let power = 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      squares += (mean[pixel] - flux.data[pixel]) ** 2;
      power += flux.data[pixel] ** 2;
    }
    const groups = comparedChains(settings);
    const agreed = sweepsToAgreement(chains, groups);
    const rows = [...chains.traces].map(([quantity, traces]) =>
      groupedConvergence(quantity, groupDraws(traces, groups, burnIn, sweeps)),
    );
    const worst = rows.reduce((least, row) => (row.ess < least.ess ? row : least));
    const seconds = chains.seconds / CHAINS;
    const alpha0 = rows.find((row) => row.name === "smoothingParam0")?.mean ?? Number.NaN;
    return {
      truth: name,
      spin: cycleSpin,
      rms: power > 0 ? Math.sqrt(squares / power) : Math.sqrt(squares / pixels),
      // An empty truth has no range of its own.
      ssim: structuralSimilarity({ data: mean, shape }, flux, {
        weights: "uniform",
        range: Math.max(...flux.data, 1e-3),
      }),
      coverage: coverage(draws, flux),
      steps: blockSteps(mean, flux),
      alpha0,
      msPerSweep: (1000 * seconds) / sweeps,
      secondsToAgreement: (agreed * seconds) / sweeps,
      secondsToEss: (seconds * 400) / worst.ess,
      slowest: `${worst.name} (R-hat ${worst.rhat.toFixed(2)})`,
    };
  });
}

/** Means over the observations of one truth; times that were not reached in one of them are not reached. */
function average(rows: ReturnType<typeof study>): ReturnType<typeof study>[number] {
  const mean = (value: (row: (typeof rows)[number]) => number) =>
    rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
  return {
    ...rows[0],
    rms: mean((row) => row.rms),
    ssim: mean((row) => row.ssim),
    coverage: LEVELS.map((_, level) => mean((row) => row.coverage[level])),
    steps: mean((row) => row.steps),
    alpha0: mean((row) => row.alpha0),
    msPerSweep: mean((row) => row.msPerSweep),
    secondsToAgreement: mean((row) => row.secondsToAgreement),
    secondsToEss: mean((row) => row.secondsToEss),
  };
}

const { values: flags } = parseArgs({
  options: {
    truth: { type: "string", multiple: true },
    sweeps: { type: "string" },
    json: { type: "string" },
  },
});
const all = [];
for (const truth of exactnessSkies()) {
  if (flags.truth !== undefined && !flags.truth.some((word) => truth.name.includes(word))) continue;
  const pixels = truth.flux.data.length;
  const seeds = pixels > 1_024 ? 1 : 2;
  const sweeps = Number(flags.sweeps ?? (pixels > 5_000 ? 1_200 : 2_500));
  const studies = Array.from({ length: seeds }, (_, seed) => study(truth, seed + 1, sweeps, 600));
  const rows = MODES.map((_, mode) => average(studies.map((list) => list[mode])));
  all.push(...rows);
  console.log(`\n${truth.name}, ${truth.flux.shape.join(" x ")}, ${imageSum(truth.flux).toFixed(0)} counts`);
  console.table(
    rows.map((row) => ({
      spin: row.spin,
      "rms error": row.rms.toFixed(3),
      SSIM: row.ssim.toFixed(3),
      "coverage 50/68/90": row.coverage.map((value) => (100 * value).toFixed(0)).join(" / "),
      "block steps": row.steps.toFixed(3),
      "alpha 0": row.alpha0.toPrecision(2),
      "ms/sweep": row.msPerSweep.toFixed(2),
      "s to R-hat < 1.05": Number.isNaN(row.secondsToAgreement)
        ? "not reached"
        : row.secondsToAgreement.toFixed(2),
      "s to ESS 400": row.secondsToEss.toFixed(1),
      slowest: row.slowest,
    })),
  );
}
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(all, undefined, 1)}\n`);
