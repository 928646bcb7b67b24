import { describe, expect, it } from "vitest";
import { checkObservation } from "../../src/data/check-observation.js";
import { simulateDisk } from "../../src/data/simulated-datasets.js";
import { imageSum } from "../../src/image.js";
import { detectedExposure } from "../../src/model/exposure.js";
import { expectedSourceCounts, ledgerEntry } from "../../src/model/ledger.js";
import { predictedCounts } from "../../src/model/predicted-counts.js";

describe("ledgerEntry", () => {
  it("accounts for every photon that the exposure collects", () => {
    const data = simulateDisk({ seed: 11 });
    const { observation } = checkObservation(data);
    const detected = detectedExposure(observation, "spill");
    const entry = ledgerEntry(observation, { flux: data.flux, detected, scale: 1.5, sourceStd: 3 });
    const predicted = imageSum(predictedCounts(data.flux, observation, { boundary: "spill", scale: 1.5 }));
    expect(entry.source + entry.background).toBeCloseTo(predicted, 8);
    expect(entry.source + entry.lost).toBeCloseTo(
      expectedSourceCounts(data.flux.data, observation.exposure),
      8,
    );
    expect(entry).toMatchObject({ name: "disk", observed: imageSum(data.counts), sourceStd: 3 });
  });

  it("loses nothing with wrap", () => {
    const data = simulateDisk({ boundary: "wrap" });
    const { observation } = checkObservation(data, { boundary: "wrap" });
    const detected = detectedExposure(observation, "wrap");
    const entry = ledgerEntry(observation, { flux: data.flux, detected });
    expect(entry.lost).toBe(0);
    expect(entry.background).toBeCloseTo(2 * 32 * 32, 8);
    expect(entry.sourceStd).toBeNaN();
  });
});
