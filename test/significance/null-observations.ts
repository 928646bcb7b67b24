/** Observations and runs of significance tests on small images, cheap enough to be done hundreds of times. */
import { checkObservations } from "../../src/data/observation/check-observation.js";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { constantImage, skyImage } from "../../src/image.js";
import { circularRegion } from "../../src/posterior/region.js";
import { planSignificance, type SignificanceSettings } from "../../src/significance/plan.js";
import {
  runSignificanceTask,
  type SignificanceRun,
  type SignificanceTaskResult,
  simulateNull,
} from "../../src/significance/task.js";

const SIDE = 16;
const SHAPE = [SIDE, SIDE] as const;

/** Background 1 a pixel, exposure rising to the right from 0.5 to 1.5, a Gaussian psf of one pixel. */
export function emptyObservation(): Observation {
  const exposure = skyImage(
    Array.from({ length: SIDE * SIDE }, (_, pixel) => 0.5 + (pixel % SIDE) / (SIDE - 1)),
    SHAPE,
  );
  return {
    counts: constantImage(SHAPE, 0),
    psf: gaussianPsf(1, [7, 7]),
    exposure,
    background: constantImage(SHAPE, 1),
  };
}

/** A source region in the middle and a wider one aside. */
export function smallRun(settings: SignificanceSettings = {}): SignificanceRun {
  const regions = [
    circularRegion({ x: 8, y: 8, radius: 2 }, SHAPE, "middle"),
    circularRegion({ x: 3, y: 4, radius: 3 }, SHAPE, "aside"),
  ];
  return planSignificance(emptyObservation(), regions, {
    replicates: 40,
    iterations: 400,
    burnIn: 100,
    chains: 2,
    ...(settings.method === "nuts" ? {} : { cycleSpin: "none" }),
    seed: 11,
    ...settings,
  });
}

/** Deconvolve counts drawn from the null hypothesis plus a point of so many photons at (8, 8), as the observation of the run. */
export async function observe(run: SignificanceRun, seed: number, flux = 0): Promise<SignificanceTaskResult> {
  const { observations } = checkObservations([emptyObservation()], {});
  const [empty] = observations;
  const background = { data: empty!.background.data.slice(), shape: SHAPE };
  background.data[8 * SIDE + 8] += flux;
  const [drawn] = simulateNull([{ ...empty!, background }], run, seed);
  const observation = { ...empty!, counts: drawn!.counts };
  return runSignificanceTask(observation, run, { index: 0, name: "observation", seed });
}

/** A result as that of a null replicate. */
export function asReplicate(result: SignificanceTaskResult, index: number): SignificanceTaskResult {
  return { ...result, index, values: { xi: result.values.xi! } };
}
