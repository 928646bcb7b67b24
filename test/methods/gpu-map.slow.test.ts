/**
 * `map` on the GPU against that of the CPU. Without a device of WebGPU this is skipped with a printed reason;
 * `TSLIRA_REQUIRE_GPU=1` makes its absence an error.
 */
import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { psfSet } from "../../src/data/observation/psf-set.js";
import { simulateGaussianAndPoints } from "../../src/data/observation/simulated-datasets.js";
import type { PointEstimate } from "../../src/posterior/point-estimate.js";
import { totalVariationPrior } from "../../src/priors/neighbour-priors.js";
import { patchPrior } from "../../src/priors/patch-prior.js";
import { gammaPrior } from "../../src/priors/pixel-priors.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import type { PointMethod } from "../../src/runs/deconvolve-options.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import { randomMixture } from "../priors/random-mixture.js";

const found = await findTestGpu();
if ("missing" in found) console.warn(`gpu-map.slow.test.ts skipped: ${found.missing}`);
else found.gpu.close();

type MapMethod = Extract<PointMethod, { readonly method: "map" }>;

const sky = { shape: [12, 11], psfShape: [5, 5], psfSigma: 1, background: 0.5 } as const;
const one = [simulateGaussianAndPoints({ ...sky, seed: 4 })];
const two = [...one, simulateGaussianAndPoints({ ...sky, seed: 5 })];
const smooth = totalVariationPrior({ strength: 1, smoothing: 0.1 });
const patches = patchPrior(randomMixture(4, 5, "relative"), { stride: 3 });
const CASES: [string, readonly Observation[], Partial<MapMethod>][] = [
  [
    "total variation, two observations of a finer sky, displaced, with scales",
    two,
    {
      ...{ prior: smooth, upsampling: 2, margin: 2, backgroundScale: [1.5, 0.5] },
      offsets: [
        { x: 0, y: 0 },
        { x: 0.3, y: -1.6 },
      ],
    },
  ],
  [
    "patches, of a strength of their own",
    one,
    { prior: patches, strength: 0.3, boundary: "wrap", margin: 0 },
  ],
];

/** The objective as it is judged in double precision. */
const objectiveOf = ({ cash, logPrior = Number.NaN }: PointEstimate) => cash - 2 * logPrior;

describe.skipIf("missing" in found)("map on the GPU", () => {
  it.each(CASES)(
    "ends where the CPU finds nothing better, patches again with the same bytes: %s",
    async (_, data, given) => {
      const options = { method: "map", ...given } as MapMethod;
      const gpu = await deconvolve(data, { ...options, device: "gpu" });
      expect([gpu.converged, gpu.complete]).toEqual([true, true]);
      const { flux, sky: whole = flux } = gpu;
      const further = await deconvolve(data, { ...options, start: whole });
      // The tolerance leaves the objective within about 0.1 of its minimum.
      expect(objectiveOf(gpu) - objectiveOf(further)).toBeLessThan(0.2);
      // What was minimised is what is judged, but for f32: 1e-6 of it is more than it leaves here.
      const last = gpu.objective.at(-1) ?? Number.NaN;
      expect(Math.abs(last - objectiveOf(gpu))).toBeLessThan(1e-6 * Math.abs(last) + 0.01);
      if (data !== one) return;
      // The same numbers again, bit by bit.
      const again = await deconvolve(data, { ...options, device: "gpu", iterations: 20 });
      expect(again.objective).toEqual(gpu.objective.slice(0, 20));
    },
  );

  it("goes by Adam through random shifts, with several components, as the CPU does; and is ended", async () => {
    const options: PointMethod = {
      ...{ method: "map", optimizer: "adam" },
      components: [
        { prior: patchPrior(randomMixture(4, 5, "subtract-mean"), { cycleSpin: "random", stride: 3 }) },
        { prior: gammaPrior({ shape: 2, rate: 0.5 }) },
      ],
      onIteration: ({ iteration }) => iteration < 12,
    };
    const expected = await deconvolve(one, options);
    const gpu = await deconvolve(one, { ...options, device: "gpu" });
    expect(gpu).toMatchObject({ iterations: 12, complete: false, stopped: expected.stopped });
    expect(gpu.components?.length).toBe(2);
    // A value is off by 1e-7 of the log densities that it adds up, and so is where Adam goes, a part of a step of 0.05 a pixel.
    for (const [index, value] of gpu.objective.entries()) {
      expect(Math.abs(value - expected.objective[index])).toBeLessThan(2e-6 * Math.abs(value));
    }
    const signal = AbortSignal.abort();
    await expect(deconvolve(one, { ...options, device: "gpu", signal })).rejects.toThrow(
      "map: the run must not be aborted",
    );
  });

  it("refuses psfs that vary over the field", async () => {
    const [{ psf: middle, ...rest }] = one;
    const psf = psfSet([
      { psf: middle, x: 2, y: 2 },
      { psf: gaussianPsf(1, [3, 3]), x: 9, y: 9 },
    ]);
    const options = { method: "map", prior: smooth, device: "gpu" } as const;
    await expect(deconvolve({ ...rest, psf }, options)).rejects.toThrow(
      "psf must be one for the whole field on the GPU, got one that varies; choose device cpu for it",
    );
  });
});
