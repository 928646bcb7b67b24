import { describe, expect, it } from "vitest";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import { simulateDisk } from "../../src/data/observation/simulated-datasets.js";
import { constantImage, imageSum, type SkyImage } from "../../src/image.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { expectedSourceCounts, ledgerEntry } from "../../src/model/ledger.js";
import { predictedCounts } from "../../src/model/predicted-counts.js";
import { frameOf, frameShape, skyGrid } from "../../src/model/sky-grid.js";
import { skyObservations } from "../../src/model/sky-observation.js";

/** What a sampler knows for the ledger of one observation. */
function inputsOf(
  observation: Parameters<typeof skyObservations>[0][number],
  boundary: "spill" | "wrap",
  options: { readonly upsampling?: number; readonly margin?: number } = {},
) {
  const grid = skyGrid(observation.counts.shape, boundary, options);
  const [{ exposure, detected, background }] = skyObservations([observation], grid, boundary).observations;
  return { grid, exposure, detected, backgroundCounts: expectedSourceCounts(background.data, detected) };
}

describe("ledgerEntry", () => {
  it("accounts for every photon that the exposure collects", () => {
    const data = simulateDisk({ seed: 11 });
    const { observation } = checkObservation(data);
    const inputs = inputsOf(observation, "spill");
    const entry = ledgerEntry(observation, { ...inputs, flux: data.flux, scale: 1.5, sourceStd: 3 });
    const predicted = imageSum(predictedCounts(data.flux, observation, { boundary: "spill", scale: 1.5 }));
    expect(entry.source + entry.background).toBeCloseTo(predicted, 8);
    expect(entry.source + entry.lost).toBeCloseTo(
      expectedSourceCounts(data.flux.data, observation.exposure),
      8,
    );
    expect(entry).toMatchObject({ name: "disk", observed: imageSum(data.counts), sourceStd: 3 });
    expect(entry.outside).toBeUndefined();
  });

  it("tells light of the frame from that of the margin", () => {
    const { observation } = checkObservation(simulateDisk({ seed: 11 }));
    const options = { upsampling: 2, margin: 3 };
    const inputs = inputsOf(observation, "spill", options);
    const { grid } = inputs;
    const flux: SkyImage = constantImage(grid.shape, 0.3);
    const entry = ledgerEntry(observation, { ...inputs, flux });
    const model = createForwardModel(observation, options);
    const predicted = imageSum(model.predict(flux.data)[0]);
    expect(entry.source + entry.background + (entry.outside ?? 0)).toBeCloseTo(predicted, 8);
    expect(entry.outside).toBeGreaterThan(0);
    // What leaves the frame is at most what the frame emits.
    const frame = frameOf(flux.data, grid);
    expect(frame.length).toBe(frameShape(grid)[0] * frameShape(grid)[1]);
    expect(entry.source + entry.lost).toBeCloseTo(
      0.3 * imageSum({ ...inputs.exposure, data: frameOf(inputs.exposure.data, grid) }),
      8,
    );
  });

  it("loses nothing with wrap", () => {
    const data = simulateDisk({ boundary: "wrap" });
    const { observation } = checkObservation(data, { boundary: "wrap" });
    const entry = ledgerEntry(observation, { ...inputsOf(observation, "wrap"), flux: data.flux });
    expect(entry.lost).toBe(0);
    expect(entry.background).toBeCloseTo(2 * 32 * 32, 8);
    expect(entry.sourceStd).toBeNaN();
  });
});
