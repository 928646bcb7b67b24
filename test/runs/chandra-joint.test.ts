/** Two Chandra observations of the Galactic Center, displaced by parts of a pixel, taken together. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { pointingOffsets } from "../../src/data/sky/pointing-offsets.js";
import { imageSum } from "../../src/image.js";
import { chandraGalacticCenter } from "../../src/io/public-datasets-node.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { markovPrior } from "../../src/priors/neighbour-priors.js";
import { heldOutCash, splitPhotons } from "../../src/quality/held-out-cash.js";
import { deconvolve } from "../../src/runs/deconvolve.js";

const directory = fileURLToPath(new URL("../../../shared/data/chandra-gc/", import.meta.url));
const absent = !existsSync(directory);
if (absent) {
  if (process.env.TSLIRA_REQUIRE_SHARED === "1") throw new Error("chandra: ../shared is required and absent");
  console.warn("chandra: the joint observations are skipped, ../shared is absent");
}

describe.skipIf(absent)("Chandra 4683 and 4684 together", () => {
  let pair: Observation[] = [];
  beforeAll(async () => {
    // The inner 64 x 64 of the usual cut-out, for speed.
    const cutout = { x: [96, 160], y: [97, 161] } as const;
    pair = await Promise.all(
      ([4683, 4684] as const).map((obsId) => chandraGalacticCenter({ directory, obsId, cutout })),
    );
  });

  it("lie parts of a pixel apart, as astropy.wcs says", () => {
    const { offsets, warnings } = pointingOffsets(pair);
    expect(warnings).toEqual([]);
    expect(offsets[0]).toEqual({ x: 0, y: 0 });
    // astropy 5.2: wcs1.world_to_pixel(wcs2.pixel_to_world(x, y)) - (x, y) at the middle of the cut-out.
    expect(offsets[1].x).toBeCloseTo(-0.334774, 3);
    expect(offsets[1].y).toBeCloseTo(0.546318, 3);
  });

  it("give one image by map and by lira, of the counts of both", async () => {
    const smooth = await deconvolve(pair, {
      ...{ method: "map", prior: markovPrior({ strength: 1 }), offsets: "wcs", iterations: 200 },
    } as const);
    const posterior = await deconvolve(pair, {
      ...{ method: "lira", offsets: "wcs", iterations: 300, chains: 2, workers: 0, seed: 1 },
      smoothingPrior: { power: 2, rate: 0.02, exponent: 1 },
    } as const);
    const counts = pair.map((one) => imageSum(one.counts));
    // With exposure 1 either observation sees the flux, but what leaves the field.
    const seen = (counts[0] + counts[1]) / 2;
    for (const image of [smooth.flux, posterior.mean]) {
      expect(image.shape).toEqual([64, 64]);
      expect(imageSum(image)).toBeGreaterThan(0.9 * seen);
      expect(imageSum(image)).toBeLessThan(1.2 * seen);
    }
    // The last row of the second lies beyond the sky of the first and is not used.
    const observed = posterior.ledger.map((row) => row.observed);
    expect(observed[0]).toBe(counts[0]);
    expect(observed[1]).toBeLessThan(counts[1]);
    expect(observed[1]).toBeGreaterThan(0.97 * counts[1]);
    expect(posterior.wcs).toEqual(pair[0].wcs);
  });

  it("describe photons held out better where they are put in their places", async () => {
    const { training, heldOut } = splitPhotons(pair, { seed: 3 });
    const cash = async (offsets?: "wcs") => {
      const options = { method: "richardson-lucy", iterations: 30, ...(offsets && { offsets }) } as const;
      const { flux } = await deconvolve(training, options);
      return heldOutCash(flux, heldOut, offsets && { offsets: pointingOffsets(pair).offsets });
    };
    expect(await cash("wcs")).toBeLessThan((await cash()) - 20);
    expect(createForwardModel(pair, { offsets: pointingOffsets(pair).offsets }).observations).toHaveLength(2);
  });
});
