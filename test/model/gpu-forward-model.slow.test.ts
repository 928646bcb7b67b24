/**
 * The forward model on the GPU against that of the CPU. Without a device of WebGPU this is skipped with a printed reason;
 * `TSLIRA_REQUIRE_GPU=1` makes its absence an error.
 */
import { afterAll, describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { psfSet } from "../../src/data/observation/psf-set.js";
import { createForwardModel, type ForwardModelOptions } from "../../src/model/forward-model.js";
import { createGpuForwardModel } from "../../src/model/gpu-forward-model.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import { randomFlux, randomObservation } from "./random-observation.js";

const found = await findTestGpu();
if ("missing" in found) console.warn(`gpu-forward-model.slow.test.ts skipped: ${found.missing}`);
afterAll(() => {
  if ("gpu" in found) found.gpu.close();
});

/** Rounding of f32. */
const UNIT = 2 ** -24;
const one = [randomObservation(3, 20, 40)];
const two = [randomObservation(7, 35, 50), randomObservation(7, 35, 50)];
/** A psf of several blocks and tiles, without a centre of its own in even directions. */
const wide = [{ ...one[0], psf: gaussianPsf(6, [38, 35]) }];
const CASES: [string, readonly Observation[], ForwardModelOptions][] = [
  ["a psf of more cells than a block, spill", wide, {}],
  ["psfs in pixels of a finer sky, wrap", wide, { upsampling: 3, psfPixels: "sky", boundary: "wrap" }],
  [
    "two observations of a finer sky, displaced, with scales",
    two,
    {
      ...{ upsampling: 2, margin: 2, backgroundScale: [1.5, 0] },
      offsets: [
        { x: 0, y: 0 },
        { x: 0.3, y: -1.6 },
      ],
    },
  ],
];

describe.skipIf("missing" in found)("the forward model on the GPU", () => {
  it.each(CASES)("has the statistic and the gradient of the CPU's: %s", async (_, observations, options) => {
    if (!("gpu" in found)) return;
    const model = createForwardModel(observations, options);
    const pixels = model.shape[0] * model.shape[1];
    const skies = [1, 2, 3].map((seed) => ({
      flux: randomFlux(pixels, seed).map((value) => value ** (2 * seed) / 10 ** seed),
      backgroundScale: model.backgroundScale,
      gradient: new Float64Array(pixels),
    }));
    const gpu = await createGpuForwardModel(found.gpu, model, skies.length);
    const cashes = await gpu.cashGradients(skies);
    // A sky is as it is, whatever stands beside it.
    const again = { ...skies[2], gradient: new Float64Array(pixels) };
    expect(await gpu.cashGradients([again])).toEqual([cashes[2]]);
    expect(again.gradient).toEqual(skies[2].gradient);
    // Sums of n cells as src/model/gpu-forward-model.ts says; four more roundings for source, background, ratio and exposure.
    const cells = Math.max(...observations.map(({ psf: { data } }) => data.length));
    const blur = (34 + cells / 289 + 4) * UNIT;
    const mostSeen = Math.max(...model.sensitivity);
    for (const [index, { flux, gradient }] of skies.entries()) {
      const expected = new Float64Array(pixels);
      const cash = model.cashGradient(flux, expected);
      let error = 0;
      let deviance = 0;
      for (const [m, { data }] of model.predict(flux).entries()) {
        const { counts, mask } = model.observations[m];
        for (const [pixel, lambda] of data.entries()) {
          if (mask?.data[pixel] === 0) continue;
          const n = counts.data[pixel];
          error += 2 * Math.abs(lambda - n) * blur;
          deviance += 2 * (lambda - n + (n > 0 ? n * Math.log(n / lambda) : 0));
        }
      }
      // Eight pairs of a tree of 256, and the terms themselves: a polynomial and four operations.
      expect(Math.abs(cashes[index].cash - cash)).toBeLessThan(error + 16 * UNIT * deviance);
      for (let pixel = 0; pixel < pixels; pixel++) {
        // The CPU's own transforms are right to 1e-12 of the largest.
        const back = model.sensitivity[pixel] - expected[pixel] / 2;
        const most = 2 * Math.abs(back) * 2 * blur + 1e-12 * mostSeen;
        expect(Math.abs(gradient[pixel] - expected[pixel]), `pixel ${pixel}`).toBeLessThanOrEqual(most);
      }
      const ofScales = model.scaleGradient();
      for (const [m, slope] of cashes[index].scaleGradient.entries()) {
        const size = 2 * model.backgroundCounts()[m] + Math.abs(ofScales[m]);
        expect(Math.abs(slope - ofScales[m])).toBeLessThan(2 * blur * size);
      }
    }
  });

  it("says so where counts lie and nothing is expected", async () => {
    if (!("gpu" in found)) return;
    const { background: _none, ...dark } = one[0];
    const model = createForwardModel(dark);
    const pixels = model.shape[0] * model.shape[1];
    const gpu = await createGpuForwardModel(found.gpu, model);
    const sky = { flux: new Float64Array(pixels), backgroundScale: [1], gradient: new Float64Array(pixels) };
    expect((await gpu.cashGradients([sky]))[0].cash).toBe(Number.POSITIVE_INFINITY);
  });

  it("refuses psfs that vary over the field", async () => {
    if (!("gpu" in found)) return;
    const [{ psf, ...rest }] = one;
    const { shape } = rest.counts;
    const places = [
      { psf, x: 2, y: 2 },
      { psf: gaussianPsf(1, [5, 5]), x: shape[1] - 2, y: shape[0] - 2 },
    ];
    const model = createForwardModel({ ...rest, psf: psfSet(places) });
    await expect(createGpuForwardModel(found.gpu, model)).rejects.toThrow(
      "psf must be one for the whole field on the GPU, got one that varies; choose device cpu for it",
    );
  });
});
