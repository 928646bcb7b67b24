import { describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { randomStream } from "../../src/data/random/random.js";
import { decodePointEstimate, encodePointEstimate } from "../../src/io/point-estimate-file.js";
import { positiveMap, posteriorFunction } from "../../src/methods/positive-flux.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { multiscalePrior } from "../../src/priors/multiscale-prior.js";
import { markovPrior, smoothnessPrior, totalVariationPrior } from "../../src/priors/neighbour-priors.js";
import { gammaPrior, inverseGammaPrior } from "../../src/priors/pixel-priors.js";
import { deconvolve } from "../../src/runs/deconvolve.js";

/** A diffuse hill and three points of 300 counts each. */
const shape = [24, 24] as const;
const points = [24 * 6 + 7, 24 * 16 + 5, 24 * 12 + 17];
const diffuse = Float64Array.from({ length: 576 }, (_, i) => {
  const [row, col] = [Math.floor(i / 24) - 11.5, (i % 24) - 11.5];
  return 6 * Math.exp(-(row * row + col * col) / 80);
});
const truth = diffuse.map((value, i) => value + (points.includes(i) ? 300 : 0));
const psf = gaussianPsf(1.3, [9, 9]);
const data = {
  counts: simulateCounts({ data: truth, shape }, psf, { seed: 4 }),
  psf,
};

describe("map with components", () => {
  it("has the gradient of its value", () => {
    const model = createForwardModel(data);
    const random = randomStream(2);
    const start = () => Float64Array.from({ length: 576 }, () => 0.2 + random.uniform());
    const posterior = posteriorFunction(model, [
      {
        prior: gammaPrior({ shape: 0.5, rate: 1 }),
        map: positiveMap("log", 1),
        measure: "log-flux",
        start: start(),
      },
      {
        prior: multiscalePrior({ alpha: 0.5, fitAlpha: true }),
        map: positiveMap("softplus", 1),
        measure: "log-flux",
        start: start(),
      },
      {
        prior: totalVariationPrior({ strength: 1, smoothing: 0.1 }),
        map: positiveMap("square", 1),
        measure: "flux",
        start: start(),
      },
    ]);
    const at = posterior.start;
    expect(at.length).toBe(3 * 576 + 5);
    const gradient = new Float64Array(at.length);
    posterior.evaluate(at, gradient);
    const scratch = new Float64Array(at.length);
    const value = (index: number, by: number) => {
      const moved = at.slice();
      moved[index] += by;
      return posterior.evaluate(moved, scratch);
    };
    const largest = gradient.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
    for (const index of [0, 300, 575, 576, 900, 1151, 1152, 1154, 1156, 1157, 1500, 1732]) {
      const near = value(index, 1e-3) - value(index, -1e-3);
      const far = value(index, 2e-3) - value(index, -2e-3);
      expect(Math.abs((8 * near - far) / 12e-3 - gradient[index]) / largest, `number ${index}`).toBeLessThan(
        1e-7,
      );
    }
  });

  it("tells points from the diffuse light, and goes through a file", async () => {
    const result = await deconvolve(data, {
      method: "map",
      components: [
        { name: "points", prior: inverseGammaPrior({ shape: 1.5, scale: 0.1 }), parametrisation: "log" },
        { name: "diffuse", prior: smoothnessPrior({ strength: 1, sigma: 2 }) },
      ],
    });
    const [bright, smooth] = result.components ?? [];
    expect([bright.name, smooth.name]).toEqual(["points", "diffuse"]);
    for (let i = 0; i < 576; i++) {
      expect(result.flux.data[i]).toBeCloseTo(bright.flux.data[i] + smooth.flux.data[i], 9);
    }
    const at = (image: Float64Array, pixel: number) => {
      let sum = 0;
      for (const row of [-1, 0, 1]) for (const col of [-1, 0, 1]) sum += image[pixel + 24 * row + col];
      return sum;
    };
    // 300 counts are known to 6 %, and blur and a smooth light below them to some 10 %.
    for (const pixel of points) {
      expect(at(bright.flux.data, pixel)).toBeGreaterThan(250);
      expect(at(bright.flux.data, pixel)).toBeLessThan(370);
    }
    // The diffuse light keeps its form. Measured: 0.11.
    const error = Math.sqrt(
      smooth.flux.data.reduce((sum, value, i) => sum + (value - diffuse[i]) ** 2, 0) /
        diffuse.reduce((sum, value) => sum + value * value, 0),
    );
    expect(error).toBeLessThan(0.2);
    const { estimate } = await decodePointEstimate(encodePointEstimate(result));
    expect(estimate.components).toEqual(result.components);
  });

  it("equals a single map when there is one prior to speak of", async () => {
    // With equal smooth priors on ln flux the sum is what the data see: its Cash statistic is that of a single image.
    const model = createForwardModel(data);
    const single = await deconvolve(data, { method: "map", prior: markovPrior({ strength: 3 }) });
    const double = await deconvolve(data, {
      method: "map",
      components: [{ prior: markovPrior({ strength: 1.5 }) }, { prior: markovPrior({ strength: 1.5 }) }],
    });
    expect(double.components).toHaveLength(2);
    expect(model.cash(double.flux.data)).toBeCloseTo(double.cash, 6);
    expect(Math.abs(double.cash - single.cash)).toBeLessThan(5);
  });

  it("says what does not go together", async () => {
    const one = { prior: gammaPrior({ shape: 2, rate: 1 }) };
    await expect(deconvolve(data, { method: "map", components: [one] })).rejects.toThrow(/two or more/);
    const mixed = { method: "map", components: [one, one], prior: one.prior } as never;
    await expect(deconvolve(data, mixed)).rejects.toThrow(
      /prior must be left out .* each of the components has its own/,
    );
    const other = { method: "nuts", components: [one, one] } as never;
    await expect(deconvolve(data, other)).rejects.toThrow(/only "map" fits a sum/);
    const curved = { method: "map", components: [one, one], curvature: { errors: "diagonal" } } as never;
    await expect(deconvolve(data, curved)).rejects.toThrow(/use bootstrap/);
  });
});
