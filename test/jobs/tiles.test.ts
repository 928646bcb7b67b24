import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
// Threads are started from what is built.
import { collectJob, createTilesJob, runTasks } from "tslira/cluster";
import { afterAll, describe, expect, it } from "vitest";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import type { WcsCard } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { constantImage, imageSum } from "../../src/image.js";
import { findHdu, imageToSkyImage, readImageData } from "../../src/io/fits.js";
import { readFitsFile } from "../../src/io/fits-file-node.js";
import { tileObservation } from "../../src/jobs/create-job-node.js";
import { measureSeams, mergeTiles, seamResiduals, type TilePosterior } from "../../src/jobs/tile-merge.js";
import { planTiles, tileWeights } from "../../src/jobs/tile-plan.js";
import { predictedCounts } from "../../src/model/predicted-counts.js";
import { runCli } from "../cli/run-cli.js";

const place = mkdtempSync(join(tmpdir(), "tslira-tiles-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe("tiles", () => {
  it("have weights that sum to 1 in every pixel, whatever the sizes", () => {
    const sizes = fc.record({
      shape: fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90 })),
      psf: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
      extra: fc.integer({ min: 0, max: 4 }),
      offset: fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 })),
    });
    fc.assert(
      fc.property(sizes, ({ shape, psf, extra, offset }) => {
        const margin = Math.max(...psf) + extra;
        const plan = planTiles(shape, psf, { tile: [2 * margin, 2 * margin + 3], margin, offset });
        const sum = constantImage(shape, 0);
        const cores = constantImage(shape, 0);
        for (const tile of plan.tiles) {
          const weights = tileWeights(plan, tile);
          const { rows, cols } = tile.sky;
          let local = 0;
          for (let row = rows[0]; row < rows[1]; row++) {
            for (let col = cols[0]; col < cols[1]; col++) {
              sum.data[row * shape[1] + col] += weights[local++];
            }
          }
          for (let row = tile.core.rows[0]; row < tile.core.rows[1]; row++) {
            cores.data.fill(1, row * shape[1] + tile.core.cols[0], row * shape[1] + tile.core.cols[1]);
          }
        }
        // A dozen additions and products of numbers below 1: errors of a few 1e-16.
        expect(Math.max(...sum.data.map((value) => Math.abs(value - 1)))).toBeLessThan(1e-14);
        expect(cores.data.every((value) => value === 1)).toBe(true);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it("predict in their pixels in use what the whole image predicts there", () => {
    // A psf of even and odd sides, skewed; a sky and an exposure that differ in every pixel.
    const shape = [70, 83] as const;
    const ramp = (seed: number) => ({
      data: Float64Array.from({ length: 70 * 83 }, (_, pixel) => 1 + ((pixel * seed) % 17)),
      shape,
    });
    const psf = {
      data: Float64Array.from({ length: 7 * 10 }, (_, pixel) => 1 + ((pixel * 5) % 11)),
      shape: [7, 10] as const,
    };
    const [sky, exposure] = [ramp(7), ramp(5)];
    const observation = { counts: constantImage(shape, 1), psf, exposure };
    const whole = predictedCounts(sky, checkObservation(observation).observation, { boundary: "spill" });
    const plan = planTiles(shape, psf.shape, { tile: [20, 20] });
    expect(plan.tiles.length).toBeGreaterThan(8);
    for (const tile of plan.tiles) {
      const { rows, cols } = tile.sky;
      const width = cols[1] - cols[0];
      const part = checkObservation(tileObservation(observation, tile)).observation;
      const own = {
        data: part.counts.data.map(
          (_, local) =>
            sky.data[(rows[0] + Math.floor(local / width)) * shape[1] + cols[0] + (local % width)],
        ),
        shape: part.counts.shape,
      };
      const predicted = predictedCounts(own, part, { boundary: "spill" });
      let used = 0;
      for (const [local, value] of predicted.data.entries()) {
        if (part.mask?.data[local] === 0) continue;
        used++;
        const pixel = (rows[0] + Math.floor(local / width)) * shape[1] + cols[0] + (local % width);
        expect(Math.abs(value / whole.data[pixel] - 1)).toBeLessThan(1e-12);
      }
      // The core and what is shared are in use.
      expect(used).toBeGreaterThanOrEqual(
        (tile.core.rows[1] - tile.core.rows[0]) * (tile.core.cols[1] - tile.core.cols[0]),
      );
    }
  });

  it("must have margins as wide as the psf, and be wide enough for their ramps", () => {
    expect(() => planTiles([64, 64], [9, 17], { tile: [32, 32], margin: 16 })).toThrow(
      "tiles: margin must be a whole number >= 17, got 16; give at least the width of the psf, 17 pixels",
    );
    expect(() => planTiles([64, 64], [17, 17], { tile: [17, 32] })).toThrow(
      "tile must be a whole number >= 18, got 17",
    );
  });

  it("merge into the image they were cut from, and show a seam where one is made", () => {
    const shape = [48, 64] as const;
    const truth = {
      data: Float64Array.from({ length: 48 * 64 }, (_, pixel) => 2 + Math.sin(pixel / 9)),
      shape,
    };
    const plan = planTiles(shape, [5, 5], { tile: [24, 32] });
    expect(plan.grid).toEqual([2, 2]);
    const posterior = (factor: (index: number) => number): TilePosterior[] =>
      plan.tiles.map((tile) => {
        const { rows, cols } = tile.sky;
        const size = [rows[1] - rows[0], cols[1] - cols[0]] as const;
        const mean = constantImage(size, 0);
        for (let row = rows[0]; row < rows[1]; row++) {
          for (let col = cols[0]; col < cols[1]; col++) {
            mean.data[(row - rows[0]) * size[1] + col - cols[0]] =
              factor(tile.index) * truth.data[row * 64 + col];
          }
        }
        return {
          tile,
          mean,
          std: constantImage(size, 0.5),
          rhat: constantImage(size, 1 + tile.index / 10),
          ess: constantImage(size, 100),
          // A level more in one tile than in the others, as in tiles of other sizes.
          smoothness: [mean, constantImage(size, tile.index), ...(tile.index === 2 ? [mean] : [])],
        };
      });
    const merged = mergeTiles(
      plan,
      posterior(() => 1),
    );
    expect(
      Math.max(...merged.mean.data.map((value, pixel) => Math.abs(value - truth.data[pixel]))),
    ).toBeLessThan(1e-14);
    expect(merged.std.data.every((value) => Math.abs(value - 0.5) < 1e-15)).toBe(true);
    expect(merged.smoothness).toHaveLength(2);
    expect(merged.smoothness[0].data).toEqual(merged.mean.data);
    expect([0, 63, 47 * 64, 48 * 64 - 1].map((pixel) => merged.smoothness[1].data[pixel])).toEqual([
      0, 1, 2, 3,
    ]);
    const { sky, index } = plan.tiles[2];
    const share = tileWeights(plan, plan.tiles[2])[(23 - sky.rows[0]) * (sky.cols[1] - sky.cols[0])];
    expect(merged.smoothness[1].data[23 * 64]).toBeCloseTo(index * share, 12);
    expect(merged.rhat.data[0]).toBe(1);
    expect(merged.rhat.data[48 * 64 - 1]).toBe(1.3);
    expect(
      measureSeams(
        plan,
        posterior(() => 1),
      ).map(({ tiles, rms }) => [...tiles, rms]),
    ).toEqual([
      [0, 1, 0],
      [0, 2, 0],
      [1, 3, 0],
      [2, 3, 0],
    ]);
    const seams = measureSeams(
      plan,
      posterior((index) => (index === 3 ? 1.5 : 1)),
    );
    expect(seams.map(({ rms }) => rms > 1)).toEqual([false, false, true, true]);
    // Half of a tile's neighbours are missing: its own say remains, and the hole is told.
    const alone = mergeTiles(plan, posterior(() => 1).slice(0, 1));
    expect(alone.coverage.data[0]).toBe(1);
    expect(alone.coverage.data[48 * 64 - 1]).toBe(0);
    expect(alone.mean.data[20 * 64 + 33]).toBeCloseTo(truth.data[20 * 64 + 33], 12);
    const sigma = constantImage(shape, 0.1);
    for (let row = 0; row < 48; row++) sigma.data[row * 64 + 31] = 3;
    const look = seamResiduals(plan, sigma);
    expect(look.elsewhere).toBeCloseTo(0.1, 10);
    expect(look.near).toBeGreaterThan(0.5);
    // All squares elsewhere are 0.01; near seams n1 are 9 and n0 are 0.01, so their standard deviation is 8.99 sqrt(p (1 - p)).
    expect(look.elsewhereError).toBeCloseTo(0, 8);
    const p = 48 / look.pixelsNear;
    const error = (8.99 * Math.sqrt((p * (1 - p)) / look.pixelsNear)) / (2 * look.near);
    expect(look.nearError).toBeCloseTo(error, 12);
  });

  it("run as a job and become one file", async () => {
    const shape = [40, 52] as const;
    const sky = constantImage(shape, 0.2);
    for (const [y, x] of [
      [20, 26],
      [8, 40],
      [30, 10],
    ] as const)
      sky.data[y * 52 + x] = 300;
    const psf = gaussianPsf(1, [5, 5]);
    const counts = simulateCounts(sky, psf, { seed: 1 });
    const exposure = constantImage(shape, 1);
    // A corner that was not seen: its tile has no task.
    for (let row = 0; row < 40; row++)
      for (let col = 0; col < 52; col++) if (row >= 15 && col >= 34) exposure.data[row * 52 + col] = 0;
    for (let pixel = 0; pixel < counts.data.length; pixel++)
      if (exposure.data[pixel] === 0) counts.data[pixel] = 0;
    const mask = { data: exposure.data.slice(), shape };
    const job = await createTilesJob(
      join(place, "tiles.job"),
      { counts, psf, exposure, mask },
      { iterations: 60, chains: 2, seed: 9 },
      { tile: [20, 13 * 3] },
    );
    expect(job.manifest.tasks.count).toBe(3);
    const report = await runTasks(job, [0, 1, 2], { workers: 2 });
    expect(report).toEqual({ done: 3, found: 0, failed: 0, stopped: 0 });
    const { collected, files } = await collectJob(job);
    expect(collected).toBe(3);
    const hdus = await readFitsFile(files[0]);
    expect(hdus.map(({ name }) => name)).toEqual([
      ...["PRIMARY", "POSTERIOR_STD", "RHAT", "ESS", "SMOOTHNESS", "COVERAGE"],
      ...["PREDICTED", "RESIDUAL", "TILES", "SEAMS"],
    ]);
    const smoothness = findHdu(hdus, "SMOOTHNESS");
    expect(smoothness.kind === "image" && smoothness.shape.slice(1)).toEqual([40, 52]);
    expect([...readImageData(smoothness).data].every((value) => Math.abs(value) <= 5)).toBe(true);
    const mean = imageToSkyImage(hdus[0]);
    expect(mean.shape).toEqual(shape);
    expect(mean.data[20 * 52 + 26]).toBeGreaterThan(50);
    expect(imageToSkyImage(findHdu(hdus, "COVERAGE")).data[0]).toBe(1);
  });

  it("can be looked at, and are told from results", async () => {
    const mosaic = join("tiles.job", "mosaic.fits");
    const cli = (...args: readonly string[]) => runCli(place, ...args);
    writeFileSync(join(place, "knot.reg"), "image\ncircle(27,21,3) # text={knot}\n");
    const over = ["--regions", "knot.reg", "--contours", "3sigma"];
    const figures = {
      posterior: ["Posterior mean", "Standard deviation", "Signal to noise"],
      mean: ["mosaic: posterior mean", "knot"],
      std: ["mosaic: standard deviation"],
      ess: ["effective draws"],
      smoothness: ["Blocks of 2 × 2 pixels"],
    };
    for (const [kind, texts] of Object.entries(figures)) {
      const drawn = await cli("plot", mosaic, "--kind", kind, ...over, "-o", `${kind}.svg`);
      expect(drawn).toMatchObject({ code: 0, stderr: "" });
      const svg = readFileSync(join(place, `${kind}.svg`), "utf8");
      for (const text of texts) expect(svg).toContain(`>${text}<`);
    }
    expect((await cli("plot", mosaic, "--kind", "rank", "-o", "x.svg")).stderr).toMatch(
      /rank must be of a result with draws, got a mosaic of tiles, which has none; choose posterior, mean/,
    );
    for (const command of [
      ["report", mosaic, "-o", "x.html"],
      ["measure", mosaic, "--circle", "26,20,2"],
    ]) {
      const { code, stderr } = await cli(...command);
      expect({ code, lines: stderr.trimEnd().split("\n").length }).toEqual({ code: 1, lines: 1 });
      expect(stderr).toMatch(
        /must be a result with draws, got a mosaic of tiles .*look at it with tslira plot/,
      );
    }
    const { stdout } = await cli("info", mosaic);
    expect(stdout).toContain("is part of a mosaic of tiles by tslira cluster collect, and no counts");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(`tslira plot ${mosaic} -o tiles.job/mosaic.png`);
  });

  it("have a finer sky, which is merged in its own pixels", async () => {
    const shape = [24, 36] as const;
    // A source between four pixels of the counts, as photons of a finer sky.
    const sky = constantImage([48, 72], 0.05);
    sky.data[23 * 72 + 33] = 900;
    const fine = simulateCounts(sky, gaussianPsf(2.4, [15, 15]), { seed: 5 });
    const counts = constantImage(shape, 0);
    for (const [pixel, count] of fine.data.entries()) {
      counts.data[36 * Math.floor(pixel / 144) + Math.floor((pixel % 72) / 2)] += count;
    }
    // Counts are those of 2 x 2 finer pixels: the variance of such a square beside that of the psf.
    const psf = gaussianPsf(Math.sqrt(1.2 ** 2 + 1 / 12), [9, 9]);
    const wcs = [
      ...[
        ["CTYPE1", "RA---TAN"],
        ["CTYPE2", "DEC--TAN"],
        ["CRVAL1", 10],
        ["CRVAL2", 20],
        ["CRPIX1", 1],
      ],
      ...[
        ["CRPIX2", 1],
        ["CDELT1", -0.01],
        ["CDELT2", 0.01],
      ],
    ].map(([keyword, value]) => ({ keyword, value })) as WcsCard[];
    const job = await createTilesJob(
      join(place, "finer.job"),
      { counts, psf, wcs },
      { iterations: 400, burnIn: 100, chains: 2, seed: 9, upsampling: 2 },
      { tile: [24, 18] },
    );
    expect(job.manifest.tasks.count).toBe(2);
    await runTasks(job, [0, 1], { workers: 2 });
    const { files } = await collectJob(job);
    const hdus = await readFitsFile(files[0]);
    const mean = imageToSkyImage(hdus[0]);
    expect(mean.shape).toEqual([48, 72]);
    expect(hdus[0].header.get("CDELT1")).toBe(-0.005);
    const predicted = findHdu(hdus, "PREDICTED");
    expect(imageToSkyImage(predicted).shape).toEqual(shape);
    expect(predicted.header.get("CDELT1")).toBe(-0.01);
    expect(
      imageToSkyImage(findHdu(hdus, "COVERAGE")).data.every((value) => Math.abs(value - 1) < 1e-12),
    ).toBe(true);
    // 900 photons spread by 1.2 pixels tell the place to 0.04 pixels, 0.08 of the finer ones: the light lies within 1.5 of those.
    let [near, all] = [0, 0];
    for (const [pixel, value] of mean.data.entries()) {
      all += value;
      if (Math.hypot((pixel % 72) - 33, Math.floor(pixel / 72) - 23) <= 1.5) near += value;
    }
    // 900 of the source and 173 of the sky: ten standard deviations of all photons.
    expect(Math.abs(all - imageSum(counts))).toBeLessThan(330);
    expect(near).toBeGreaterThan(600);
  });
});
