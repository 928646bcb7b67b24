import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// Threads are started from what is built.
import { runTasks } from "tslira/cluster";
import { deconvolveToFile } from "tslira/node";
import { afterAll, describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulateDisk } from "../../src/data/observation/simulated-datasets.js";
import { constantImage } from "../../src/image.js";
import { readResult } from "../../src/io/result-file-node.js";
import { createTilesJob, jobTiles } from "../../src/jobs/create-job-node.js";
import { readTask } from "../../src/jobs/job-folder-node.js";
import { scanResults } from "../../src/jobs/result-files-node.js";
import { commonSmoothing, tilePrior } from "../../src/jobs/tile-prior.js";

const place = mkdtempSync(join(tmpdir(), "tslira-tile-prior-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe("the prior of a tile", () => {
  it("is a share of the whole image's, and all shares together are the whole", () => {
    const options = {
      smoothingPrior: { power: 2, rate: 600, exponent: 3 },
      totalCountsPrior: { shape: 5, rate: 0.5 },
    };
    const whole = { shape: [64, 96] as const, reference: 12 };
    // Half, a third and a sixth of the pixels.
    const tiles = (
      [
        [64, 48],
        [64, 32],
        [32, 32],
      ] as const
    ).map((shape) => tilePrior(options, whole, { shape, reference: 4 }));
    const sum = (read: (index: number) => number) => [0, 1, 2].reduce((all, index) => all + read(index), 0);
    expect(sum((index) => tiles[index].smoothingPrior?.power ?? Number.NaN)).toBeCloseTo(2, 12);
    expect(sum((index) => tiles[index].smoothingPrior?.rate ?? Number.NaN)).toBeCloseTo(600, 10);
    expect(sum((index) => (tiles[index].totalCountsPrior?.shape ?? Number.NaN) - 1)).toBeCloseTo(4, 12);
    for (const { smoothingPrior, totalCountsPrior } of tiles) {
      expect(smoothingPrior?.exponent).toBe(3);
      // The same pull on a unit of flux: 0.5 * 12 / 4.
      expect(totalCountsPrior?.rate).toBe(1.5);
    }
  });

  it("is the whole image's where the tile is the whole image, with the default settings too", () => {
    const whole = { shape: [24, 40] as const, reference: 3 };
    expect(tilePrior({ preset: "lira" }, whole, whole)).toEqual({
      smoothingPrior: { power: 1, rate: 1000, exponent: 3 },
      totalCountsPrior: { shape: 1, rate: 0.05 },
    });
    // The adaptive prior has no prior of a level to share out.
    expect(tilePrior({}, whole, whole)).toEqual({ totalCountsPrior: { shape: 1, rate: 0 } });
  });

  it("takes the finest levels of a list of smoothing parameters", () => {
    const alphaInit = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    const whole = { shape: [64, 32] as const, reference: 1 };
    expect(tilePrior({ alphaInit }, whole, { shape: [16, 12], reference: 1 }).alphaInit).toEqual([
      0.1, 0.2, 0.3, 0.4,
    ]);
    expect(() => tilePrior({ alphaInit: [0.1] }, whole, whole)).toThrow("one for each of the 6 levels");
  });
});

describe("smoothing parameters that tiles have in common", () => {
  it("are means of logarithms by inverse variance, the coarsest repeated", () => {
    // Relative errors 1/2 and 1/4: weights 4 and 16. exp((4 ln 0.1 + 16 ln 0.2) / 20) = 0.2 * 2^(-1/5).
    const tiles = [[{ mean: 0.1, std: 0.05 }], [{ mean: 0.2, std: 0.05 }]];
    const common = commonSmoothing(tiles, [4, 2]) ?? [];
    expect(common).toHaveLength(2);
    expect(common[0]).toBeCloseTo(0.2 * 2 ** -0.2, 12);
    expect(common[1]).toBe(common[0]);
  });

  it("are none where nothing was fitted", () => {
    expect(commonSmoothing([[], []], [8, 8])).toBeUndefined();
  });
});

describe("a job of tiles", () => {
  it.each([1, 2])(
    "gives the posterior of the whole image, byte for byte, when one tile covers it (upsampling %i)",
    async (upsampling) => {
      const { flux: _, ...observation } = simulateDisk({ shape: [16, 20], seed: 3 });
      const options = { iterations: 60, chains: 2, seed: 8, upsampling, margin: 0 };
      const job = await createTilesJob(join(place, `one${upsampling}.job`), observation, options);
      expect(jobTiles(job).tiles).toHaveLength(1);
      const { seed } = readTask(job, 0);
      expect(await runTasks(job, [0], { workers: 2 })).toMatchObject({ done: 1, failed: 0 });
      const path = join(place, `whole${upsampling}.fits`);
      await deconvolveToFile(observation, { ...options, seed }, path, { workers: 2 });
      const files: string[] = [];
      scanResults(job, {}, (_index, file) => files.push(file));
      const [tile, whole] = [await readResult(files[0]), await readResult(path)];
      expect(tile.mean).toEqual(whole.mean);
      expect(tile.std).toEqual(whole.std);
      expect(tile.config).toEqual(whole.config);
    },
  );

  it("gives each tile its share, at its own reference exposure", async () => {
    // The right half saw a quarter of the exposure.
    const shape = [32, 64] as const;
    const exposure = constantImage(shape, 8);
    for (let row = 0; row < 32; row++) exposure.data.fill(2, row * 64 + 20, row * 64 + 64);
    const counts = constantImage(shape, 1);
    const psf = gaussianPsf(0.8, [3, 3]);
    const job = await createTilesJob(
      join(place, "two.job"),
      { counts, psf, exposure },
      { preset: "lira", totalCountsPrior: { shape: 1, rate: 0.1 } },
      { tile: [32, 32] },
    );
    const [left, right] = [readTask(job, 0), readTask(job, 1)];
    // Skies of 32 x 35 of 32 x 64 pixels: core and a margin of 3.
    expect(left.options?.smoothingPrior?.rate).toBeCloseTo((1000 * 35) / 64, 10);
    expect(left.options?.totalCountsPrior?.rate).toBeCloseTo(0.1, 12);
    expect(right.options?.totalCountsPrior?.rate).toBeCloseTo(0.4, 12);
  });
});
