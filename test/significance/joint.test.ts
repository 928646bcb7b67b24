/** Several observations of one sky, tested together. */
import { describe, expect, it } from "vitest";
import { checkObservations } from "../../src/data/observation/check-observation.js";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { constantImage, imageSum, skyImage } from "../../src/image.js";
import { alignObservations } from "../../src/model/align-observations.js";
import { circularRegion } from "../../src/posterior/region.js";
import type { LiraConfig } from "../../src/posterior/result.js";
import { createLiraChain } from "../../src/samplers/lira.js";
import { estimateSignificance } from "../../src/significance/estimate.js";
import { fitNull } from "../../src/significance/null-model.js";
import { planSignificance } from "../../src/significance/plan.js";
import { runSignificanceTask, significanceTasks, simulateNull } from "../../src/significance/task.js";

const SHAPE = [12, 12] as const;
const OFFSETS = [
  { x: 0, y: 0 },
  { x: 3, y: -2 },
];
const region = circularRegion({ x: 6, y: 5, radius: 1.5 }, SHAPE, "source");
const settings = { replicates: 3, iterations: 40, burnIn: 20, chains: 1, seed: 5, trace: { every: 2 } };

/** One with exposure 2 and background 0.5, one with an exposure that rises and background 0.2; no source. */
const rising = skyImage(
  Array.from({ length: 144 }, (_, pixel) => 0.5 + (pixel % 12) / 4),
  SHAPE,
);
const both: readonly Observation[] = [
  { exposure: constantImage(SHAPE, 2), background: 0.5, psf: gaussianPsf(1, [7, 7]), seed: 1 },
  { exposure: rising, background: 0.2, psf: gaussianPsf(0.7, [5, 5]), seed: 2 },
].map(({ exposure, background, psf, seed }, index) => ({
  counts: simulateCounts(constantImage(SHAPE, 0), psf, { exposure, background, seed }),
  psf,
  exposure,
  background: constantImage(SHAPE, background),
  name: `pointing ${index + 1}`,
}));

describe("a joint significance run", () => {
  it("measures photons of source and baseline over all observations, each with its exposure and scale", async () => {
    const run = planSignificance(both, [region], { ...settings, fitBackgroundScale: true });
    expect(run.name).toBe("pointing 1, pointing 2");
    const [, task] = significanceTasks(run);
    const { values } = await runSignificanceTask(both, run, task!);
    // By hand: tau1 = sum_m sum_j E_mj f_j and tau0 = sum_m s_m sum_j E_mj b_mj, from a chain of the same counts.
    const { observations } = checkObservations(both, {});
    const chain = createLiraChain(simulateNull(observations, run, task!.seed), run.config as LiraConfig, {
      seed: task!.seed,
      chain: 0,
    });
    chain.sweep(20);
    for (let draw = 0; draw < 10; draw++) {
      chain.sweep(2);
      let source = 0;
      let baseline = 0;
      for (const pixel of run.regions[0].pixels) {
        const exposures = [2, rising.data[pixel]];
        source += (exposures[0] + exposures[1]) * chain.flux[pixel];
        for (const [m, background] of [0.5, 0.2].entries())
          baseline += chain.backgroundScale[m] * exposures[m] * background;
      }
      expect(values.xi![draw]).toBeCloseTo(source / (source + baseline), 12);
    }
    // Two scales were drawn, not one for both.
    expect(chain.backgroundScale[0]).not.toBe(chain.backgroundScale[1]);
  });

  it("draws counts of each observation from its own background and exposure", () => {
    const run = planSignificance(both, [region], settings);
    const { observations } = checkObservations(both, {});
    const totals = [0, 0];
    const repeats = 100;
    for (let seed = 0; seed < repeats; seed++) {
      for (const [m, { counts }] of simulateNull(observations, run, seed).entries())
        totals[m] += imageSum(counts);
    }
    for (const [m, { exposure, background }] of both.entries()) {
      // Background times exposure, of which at most 15 % spill over the edges; 4 Poisson errors.
      const emitted =
        exposure!.data.reduce((sum, value, j) => sum + value * background!.data[j], 0) * repeats;
      expect(totals[m]).toBeLessThan(emitted + 4 * Math.sqrt(emitted));
      expect(totals[m]).toBeGreaterThan(0.85 * emitted - 4 * Math.sqrt(emitted));
    }
  });

  it("takes displaced observations as those that were aligned, and tells about them", async () => {
    const aligned = alignObservations(both, OFFSETS);
    const there = await estimateSignificance(both, [region], { ...settings, offsets: OFFSETS, workers: 0 });
    const here = await estimateSignificance(aligned.observations, [region], { ...settings, workers: 0 });
    expect(there.regions).toEqual(here.regions);
    expect(there.warnings.join("\n")).toMatch(
      /pointing 2: all pixels should lie on the sky .* beyond its edge/,
    );
    // Of the displaced psf nothing is said: it is meant.
    expect(there.warnings.join("\n")).not.toMatch(/psf should be centred/);
  });

  it("leaves out of the fit where light of the regions falls in each observation", () => {
    // A bright source in the region; seen 3 pixels to the left and 2 lower by the second.
    const sky = constantImage(SHAPE, 0);
    for (const [pixel, weight] of region.weights.data.entries()) sky.data[pixel] = 200 * weight;
    const psf = gaussianPsf(0.3, [3, 3]);
    const displaced = [0, 1].map((m) => {
      const { x, y } = OFFSETS[m];
      const seen = constantImage(SHAPE, 0);
      for (let row = 0; row < 12; row++) {
        for (let col = 0; col < 12; col++) {
          const from = (row + y) * 12 + col + x;
          if (row + y >= 0 && row + y < 12 && col + x < 12) seen.data[row * 12 + col] = sky.data[from];
        }
      }
      return {
        counts: simulateCounts(seen, psf, { background: 1, seed: 30 + m }),
        psf,
        background: constantImage(SHAPE, 1),
      };
    });
    const { observations } = checkObservations(alignObservations(displaced, OFFSETS).observations, {});
    const wide = circularRegion({ x: 6, y: 5, radius: 3 }, SHAPE).weights;
    const { parameters } = fitNull(observations, { kind: "scale", without: wide });
    expect(parameters.map(({ name }) => name)).toEqual(["scale0", "scale1"]);
    // 1 in truth, with the source 10 times as much: four errors.
    for (const { value, error } of parameters) expect(Math.abs(value - 1)).toBeLessThan(4 * error);
  });

  it("fits one Gaussian to all, better than to each", () => {
    const sky = skyImage(
      Array.from({ length: 144 }, (_, j) => {
        const [x, y] = [j % 12, Math.floor(j / 12)];
        return 8 * Math.exp(-((x - 6) ** 2 + (y - 5) ** 2) / 2 / 2 ** 2);
      }),
      SHAPE,
    );
    const seen = both.map(({ exposure, background, psf }, m) => ({
      ...{ exposure, background, psf },
      counts: simulateCounts(sky, psf, { exposure: exposure!, background: background!, seed: 40 + m }),
    }));
    const { observations } = checkObservations(seen as readonly Observation[], {});
    const joint = fitNull(observations, { kind: "gaussian" });
    const alone = observations.map((one) => fitNull([one], { kind: "gaussian" }));
    expect(joint.converged).toBe(true);
    const errorOf = ({ parameters }: typeof joint, name: string) =>
      parameters.find((one) => one.name === name)!.error;
    for (const name of ["x", "y"]) {
      // Errors of places from two independent observations: 1 / e^2 = 1 / e1^2 + 1 / e2^2, to 15 % as each is taken at its own fit.
      const [first, second] = alone.map((one) => errorOf(one, name)) as [number, number];
      const expected = 1 / Math.sqrt(first ** -2 + second ** -2);
      expect(errorOf(joint, name) / expected).toBeGreaterThan(0.85);
      expect(errorOf(joint, name) / expected).toBeLessThan(1.15);
    }
  });
});
