/**
 * Richardson-Lucy on the GPU against that of the CPU. Without a device of WebGPU this is skipped with a printed reason;
 * `TSLIRA_REQUIRE_GPU=1` makes its absence an error.
 */
import { afterAll, describe, expect, it } from "vitest";
import { simulateGaussianAndPoints } from "../../src/data/observation/simulated-datasets.js";
import { richardsonLucyOnGpu } from "../../src/methods/gpu-richardson-lucy.js";
import { type RichardsonLucyOptions, richardsonLucy } from "../../src/methods/richardson-lucy.js";
import { createForwardModel, type ForwardModelOptions } from "../../src/model/forward-model.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import { relativeError } from "../model/random-observation.js";

const found = await findTestGpu();
if ("missing" in found) console.warn(`gpu-richardson-lucy.slow.test.ts skipped: ${found.missing}`);
afterAll(() => {
  if ("gpu" in found) found.gpu.close();
});

const sky = { shape: [33, 30], psfShape: [9, 7], psfSigma: 1.5, background: 0.5 } as const;
const one = [simulateGaussianAndPoints({ ...sky, seed: 4 })];
const two = [...one, simulateGaussianAndPoints({ ...sky, seed: 5 })];
const bright = [
  simulateGaussianAndPoints({ shape: [24, 25], psfShape: [5, 5], psfSigma: 1, background: 3, seed: 5 }),
];
const CASES: [string, typeof one, ForwardModelOptions, RichardsonLucyOptions][] = [
  [
    "two observations of a finer sky, fitted backgrounds",
    two,
    { upsampling: 2, margin: 2 },
    { iterations: 40, fitBackgroundScale: true, stop: { rule: "tolerance", tolerance: 0.02 } },
  ],
  [
    "accelerated, until residuals are noise",
    one,
    {},
    { iterations: 60, acceleration: "biggs-andrews", stop: { rule: "discrepancy", factor: 0.95 } },
  ],
  ["by photons held out", bright, { boundary: "wrap" }, { stop: { rule: "held-out", seed: 3 } }],
];

describe.skipIf("missing" in found)("Richardson-Lucy on the GPU", () => {
  it.each(CASES)(
    "does what it does on the CPU, accelerated twice with the same bytes: %s",
    async (_, data, of, options) => {
      if (!("gpu" in found)) return;
      const chosen = richardsonLucy(createForwardModel(data, of), options);
      const seen: number[] = [];
      const gpu = await richardsonLucyOnGpu(found.gpu, createForwardModel(data, of), {
        ...options,
        onIteration: ({ iteration, stage }) => seen.push(stage === undefined ? iteration : -iteration),
      });
      expect([gpu.converged, gpu.complete]).toEqual([true, true]);
      // How well photons held out are described hardly changes near its best: the last digits of a sum may choose a neighbour.
      const neighbours = options.stop?.rule === "held-out" ? 3 : 0;
      expect(Math.abs(gpu.iterations - chosen.iterations)).toBeLessThanOrEqual(neighbours);
      const words = (text: string) => text.replace(/[\d.]+/g, "");
      expect(words(gpu.stopped)).toBe(words(chosen.stopped));
      const expected =
        gpu.iterations === chosen.iterations
          ? chosen
          : richardsonLucy(createForwardModel(data, of), { iterations: gpu.iterations });
      expect(seen.at(-1)).toBe(expected.iterations);
      // An iteration multiplies by a ratio that is right to 2e-6 (see test/model/gpu-forward-model.slow.test.ts); errors of iterations add up at
      // worst, and acceleration may stretch each tenfold where it goes ahead by most of the last step.
      const most = 2e-6 * expected.iterations * (options.acceleration ? 10 : 1);
      expect(relativeError(gpu.flux.data, expected.flux.data)).toBeLessThan(most);
      expect(relativeError(gpu.backgroundScale, expected.backgroundScale)).toBeLessThan(most);
      expect(Math.abs(gpu.cash - expected.cash)).toBeLessThan(0.01);
      for (const [index, value] of expected.objective.entries()) {
        expect(Math.abs(gpu.objective[index] - value), `iteration ${index + 1}`).toBeLessThan(0.01);
      }
      if (options.acceleration === undefined) return;
      const { seconds: _time, ...first } = gpu;
      const { seconds: _other, ...again } = await richardsonLucyOnGpu(
        found.gpu,
        createForwardModel(data, of),
        options,
      );
      expect(again).toEqual(first);
    },
  );

  it("is ended from outside, and by a signal", async () => {
    if (!("gpu" in found)) return;
    const model = createForwardModel(one);
    const ended = await richardsonLucyOnGpu(found.gpu, model, { onIteration: () => false });
    expect(ended).toMatchObject({ iterations: 1, complete: false });
    const signal = AbortSignal.abort();
    await expect(richardsonLucyOnGpu(found.gpu, model, { signal })).rejects.toThrow(
      "richardson-lucy: the run must not be aborted",
    );
  });
});
