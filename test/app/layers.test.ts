/** Maps of smoothness among the pictures of Studio: there when the result has them, on fixed colours. */
import { describe, expect, it } from "vitest";
import type { ObservationView } from "../../app/src/desk/observation-view.js";
import { resultView } from "../../app/src/desk/run.js";
import { layersOf } from "../../app/src/pictures/layers.js";
import { simulateGaussianAndPoints } from "../../src/data/observation/simulated-datasets.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import { quantityScale, type Style } from "../../src/viewer/quantity-scale.js";

const observation = simulateGaussianAndPoints({ seed: 3, shape: [64, 64] });
const data: ObservationView = {
  ...{ name: "sky", counts: observation.counts, psf: observation.psf, wcs: [], warnings: [] },
  fullShape: observation.counts.shape,
};
const settings = { iterations: 60, burnIn: 20, chains: 2, seed: 3 };

describe("layers", () => {
  it("have the finest four maps of smoothness of a result of the adaptive prior", async () => {
    const result = await new LiraDeconvolver(settings).run(observation, { workers: 0 });
    const view = resultView(result, { observations: [observation], composition: {} }, []);
    const maps = layersOf(data, undefined, view).filter(({ kind }) => kind === "smoothness");
    expect(maps.map(({ title }) => title)).toEqual(
      [2, 4, 8, 16].map((size) => `Smoothness, ${size} × ${size}`),
    );
    for (const [level, { image, label }] of maps.entries()) {
      expect(image).toBe(result.smoothness?.[level]);
      expect(label).toMatch(/^points .* diffuse light$/);
    }
    expect(view.traces.map(({ label }) => label)).toEqual(
      expect.arrayContaining(["total counts of the source", "mean ln α, 2 × 2", "mean ln α, 64 × 64"]),
    );
    expect(layersOf(data, undefined, undefined).some(({ kind }) => kind === "smoothness")).toBe(false);
  });

  it("have none of LIRA's prior", async () => {
    const result = await new LiraDeconvolver({ ...settings, preset: "lira" }).run(observation, {
      workers: 0,
    });
    const view = resultView(result, { observations: [observation], composition: {} }, []);
    expect(layersOf(data, undefined, view).some(({ kind }) => kind === "smoothness")).toBe(false);
    expect(view.traces.map(({ label }) => label)).toContain("α₀");
  });

  it("keep blue for points and white for alpha = 1, whatever style is chosen", () => {
    const image = { data: Float64Array.of(-3, -1, 0, 1), shape: [2, 2] as const };
    const style: Style = { stretch: "log", colormap: "viridis", percent: 95, inverted: true };
    const scale = quantityScale("smoothness", image, style);
    expect(scale).toMatchObject({ colormap: "RdBu", stretch: "linear", limits: [-4, 4] });
    expect(scale.colors).toBeUndefined();
    expect([-4, 0, 4].map(scale.place)).toEqual([0, 0.5, 1]);
    expect(quantityScale("smoothness", image, { ...style, limits: [-1, 2] }).limits).toEqual([-1, 2]);
  });
});
