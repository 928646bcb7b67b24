/**
 * Tiles against the whole image, by the acceptance statistic: a field of 128 x 64 pixels in two tiles of 64 x 64 with margins of
 * 32, so that the trees of tiles and whole image have the same blocks up to 32 x 32. 48 blocks of 8 x 8; fixed seeds, so that a pass
 * stays a pass: rms(z) is 1.41 and the flux ratio 1.0073 +- 0.0060. Were batch errors right and all blocks alike, rms(z) would be
 * 1 +- 0.1 and its limit, 1.5 or more, five standard deviations away; blocks larger than 32 are not alike, which uses up some of it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// Threads are started from what is built.
import { createTilesJob, runTasks } from "tslira/cluster";
import { deconvolveToFile } from "tslira/node";
import { afterAll, describe, expect, it } from "vitest";
import {
  compareBlocks,
  mosaicSky,
  objections,
  resultBatches,
  tiledBatches,
} from "../../bench/mosaic-comparison.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { constantImage } from "../../src/image.js";
import type { JobOptions } from "../../src/jobs/job.js";

const place = mkdtempSync(join(tmpdir(), "tslira-tiles-slow-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const shape = [64, 128] as const;
const SIDE = 64;

describe("tiles of a mosaic", () => {
  it("are the whole image within errors, and a tile that is 10 % too bright is not", async () => {
    const psf = gaussianPsf(1, [9, 9]);
    const background = constantImage(shape, 0.3);
    const counts = simulateCounts(mosaicSky(shape, 5), psf, { background, seed: 6 });
    const observation = { counts, psf, background };
    const options: JobOptions = {
      iterations: 800,
      burnIn: 300,
      chains: 4,
      seed: 1,
      cycleSpin: "none",
      fitAlpha: false,
      // About what such a field is fitted with.
      alphaInit: [0.075, 0.12, 0.2, 0.19, 0.175, 0.145, 0.12],
      trace: { keep: 200 },
    };
    const cut = { tile: [SIDE, SIDE], margin: 32 } as const;
    const job = await createTilesJob(join(place, "tiles.job"), observation, { ...options, seed: 2 }, cut);
    const tasks = Array.from({ length: job.manifest.tasks.count }, (_, index) => index);
    expect(await runTasks(job, tasks, { workers: 2 })).toMatchObject({ done: 2, failed: 0 });
    const path = join(place, "whole.fits");
    await deconvolveToFile(observation, options, path, { workers: 2 });

    const [tiles, whole] = [await tiledBatches(job), await resultBatches(path)];
    const { rms, ratio, ratioError } = compareBlocks(tiles, whole);
    console.log(
      `tiles against whole: rms(z) ${rms.toFixed(2)}, flux ratio ${ratio.toFixed(4)} +- ${ratioError.toFixed(4)}`,
    );
    expect(objections(tiles, whole)).toEqual([]);

    const brighter = tiles.images.map((image) =>
      image.map((value, pixel) => {
        const [row, col] = [Math.floor(pixel / shape[1]), pixel % shape[1]];
        return row < SIDE && col >= SIDE && col < 2 * SIDE ? 1.1 * value : value;
      }),
    );
    expect(objections({ shape, images: brighter }, whole)).not.toEqual([]);
  });
});
