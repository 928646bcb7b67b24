/** Runs whose sky is larger or finer than the frame. Seeds are fixed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkModel } from "../../src/checks/model-check.js";
import { predictiveCheck } from "../../src/checks/predictive-check.js";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { drawPoisson } from "../../src/data/random/poisson.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage, imageSum, type SkyImage } from "../../src/image.js";
import { decodeResult, encodeResult } from "../../src/io/result-file.js";
import { readResult } from "../../src/io/result-file-node.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { frameImage, skyGrid } from "../../src/model/sky-grid.js";
import { fittedSky } from "../../src/posterior/fitted-sky.js";
import type { PosteriorResult } from "../../src/posterior/result.js";
import { gammaPrior } from "../../src/priors/pixel-priors.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import { deconvolveToFile, resumeRun } from "../../src/runs/deconvolve-to-file-node.js";

const PSF = gaussianPsf(1.2);
const WCS = [
  { keyword: "CTYPE1", value: "RA---TAN" },
  { keyword: "CRPIX1", value: 6.5 },
  { keyword: "CDELT1", value: -0.1 },
];

/** Counts of a flux on a sky of another grid. */
function observe(
  flux: SkyImage,
  shape: readonly [number, number],
  options: object,
  seed: number,
): Observation {
  const empty = { counts: constantImage(shape, 0), psf: PSF };
  const [expected] = createForwardModel(empty, options).predict(flux.data);
  const stream = randomStream(seed);
  return {
    ...empty,
    counts: { data: expected.data.map((mean) => drawPoisson(stream, mean)), shape },
    wcs: WCS,
  };
}

/** Even emission of 8 counts a pixel that goes on beyond the frame of 12 x 12. */
const EVEN = observe(constantImage([24, 24], 8), [12, 12], { margin: 6 }, 5);
const QUICK = { iterations: 400, chains: 2, workers: 0, seed: 3 } as const;

/** Mean of the two outer rings over that of the middle. */
function rimOverMiddle({ data, shape: [ny, nx] }: SkyImage): number {
  const sums = [0, 0];
  const pixels = [0, 0];
  data.forEach((value, pixel) => {
    const [row, col] = [Math.floor(pixel / nx), pixel % nx];
    const depth = Math.min(row, col, ny - 1 - row, nx - 1 - col);
    const part = depth < 2 ? 0 : depth > 3 ? 1 : -1;
    if (part < 0) return;
    sums[part] += value;
    pixels[part]++;
  });
  return sums[0] / pixels[0] / (sums[1] / pixels[1]);
}

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describe("a sky that goes on beyond the frame", () => {
  // The margin is the reach of the psf: 99 % of its light lies within 2.8 sigma = 3.4 pixels on either axis, in pixels -3 to 3.
  // 80 pixels of the rim hold 640 counts, 16 of the middle 128: with the psf their means scatter by some 10 %.
  it("is found by lira, with results of the frame and the light from outside in the ledger", async () => {
    const result = await deconvolve(EVEN, { ...QUICK, method: "lira" });
    expect(result.config).toMatchObject({ margin: 3 });
    expect([result.mean, result.std, result.diagnostics.rhat].map(({ shape }) => shape)).toEqual(
      Array(3).fill([12, 12]),
    );
    expect(result.smoothness?.[0].shape).toEqual([12, 12]);
    expect(result.trace.images.shape).toEqual([12, 12]);
    expect(result.sky?.shape).toEqual([18, 18]);
    const grid = skyGrid([12, 12], "spill", { margin: 3 });
    expect(frameImage(result.sky as SkyImage, grid)).toEqual(result.mean);
    expect(result.total.mean).toBe(imageSum(result.mean));
    expect(Math.abs(rimOverMiddle(result.mean) - 1)).toBeLessThan(0.25);
    const [{ observed, source, background, outside = 0, lost }] = result.ledger;
    expect(outside).toBeGreaterThan(0.1 * observed);
    expect(Math.abs(observed - source - background - outside)).toBeLessThan(3 * Math.sqrt(observed));
    expect(source + lost).toBeCloseTo(imageSum(result.mean), 6);

    // The model describes the counts with the light from outside, and does not without.
    const [check] = checkModel(result, result.trace.parameters, [EVEN]);
    expect(check.expected).toBeCloseTo(source + outside, 6);
    const [predictive] = await predictiveCheck(EVEN, result.trace, { ...fittedSky(result), draws: 40 });
    expect(predictive.flagged).toEqual([]);
    const [blind] = await predictiveCheck(EVEN, result.trace, { draws: 40 });
    expect(blind.flagged).not.toEqual([]);

    const back = decodeResult(encodeResult(result));
    expect(back.sky).toEqual(result.sky);
    expect(back.config).toEqual(result.config);
    expect(back.ledger).toEqual(result.ledger);
  });

  it("is found by the other methods by default", async () => {
    const prior = gammaPrior({ shape: 2, rate: 0.25 });
    const gibbs = await deconvolve(EVEN, { ...QUICK, method: "gibbs", prior });
    const nuts = await deconvolve(EVEN, {
      method: "nuts",
      prior,
      iterations: 120,
      chains: 2,
      seed: 1,
      workers: 0,
    });
    const map = await deconvolve(EVEN, { method: "map", prior });
    const lucy = await deconvolve(EVEN, { method: "richardson-lucy", stop: { rule: "held-out" } });
    for (const image of [gibbs.mean, nuts.mean, map.flux, lucy.flux]) {
      expect(image.shape).toEqual([12, 12]);
      expect(Math.abs(rimOverMiddle(image) - 1)).toBeLessThan(0.25);
    }
    for (const { sky } of [gibbs, nuts, map, lucy]) expect(sky?.shape).toEqual([18, 18]);
    expect([gibbs.config.margin, nuts.config.margin, map.margin, lucy.margin]).toEqual([3, 3, 3, 3]);
    const plain = await deconvolve(EVEN, { method: "gradient-descent", iterations: 20 });
    expect([plain.margin, plain.sky]).toEqual([0, undefined]);
  });

  it("is left out when asked for, which is the rim that there was", async () => {
    const result = await deconvolve(EVEN, { ...QUICK, method: "lira", margin: 0 });
    expect(rimOverMiddle(result.mean)).toBeGreaterThan(1.25);
    expect([result.config.margin, result.sky, result.ledger[0].outside]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("is nowhere when the rim is empty: the same bytes as without", async () => {
    const point = constantImage([16, 16], 0);
    point.data[8 * 16 + 8] = 500;
    const data = observe(point, [16, 16], {}, 2);
    const [automatic, none] = await Promise.all([
      deconvolve(data, { ...QUICK, method: "lira", iterations: 100 }),
      deconvolve(data, { ...QUICK, method: "lira", iterations: 100, margin: 0 }),
    ]);
    expect(automatic.config).toEqual(none.config);
    expect(automatic.trace).toEqual(none.trace);
  });

  it("comes to the same bytes when a run is stopped and resumed", { timeout: 240_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "tslira-sky-"));
    folders.push(folder);
    const settings = { ...QUICK, iterations: 400, chains: 1, upsampling: 2 };
    const whole = join(folder, "whole.fits");
    await deconvolveToFile(EVEN, settings, whole, { workers: 0 });
    const controller = new AbortController();
    const part = join(folder, "part.fits");
    const stopped = await deconvolveToFile(EVEN, settings, part, {
      workers: 0,
      signal: controller.signal,
      onProgress: ({ done }) => done > 60 && controller.abort(),
    });
    expect(stopped.summary.complete).toBe(false);
    await resumeRun(stopped.checkpoint as string, { workers: 0 });
    const [first, second] = await Promise.all([readResult(whole), readResult(part)]);
    const data = ({ mean, sky, trace, config, ledger }: PosteriorResult) => ({
      mean,
      sky,
      trace,
      config,
      ledger,
    });
    expect(data(second)).toEqual(data(first));
    expect(first.mean.shape).toEqual([24, 24]);
    expect(first.sky?.shape).toEqual([36, 36]);
    // Pixel 1 of the counts covers pixels 1 and 2 of the image: CRPIX 6.5 lies at 12.5, pixels are half as large.
    expect(first.wcs).toMatchObject([{}, { value: 12.5 }, { value: -0.05 }]);
  });
});

describe("a sky with finer pixels", () => {
  it("has a source of a half-pixel position between the pixels", { timeout: 240_000 }, async () => {
    // Fine pixel (15, 16) has its centre at (7.25, 7.75) of the frame.
    const truth = constantImage([32, 32], 0);
    truth.data[16 * 32 + 15] = 3_000;
    const data = observe(truth, [16, 16], { upsampling: 2 }, 4);
    const prior = gammaPrior({ shape: 0.1, rate: 0.01 });
    const lira = await deconvolve(data, { ...QUICK, iterations: 150, method: "lira", upsampling: 2 });
    const gibbs = await deconvolve(data, {
      ...QUICK,
      iterations: 150,
      method: "gibbs",
      prior,
      upsampling: 2,
    });
    for (const { mean, total } of [lira, gibbs]) {
      expect(mean.shape).toEqual([32, 32]);
      expect(mean.data.indexOf(Math.max(...mean.data))).toBe(16 * 32 + 15);
      let [x, y] = [0, 0];
      mean.data.forEach((value, pixel) => {
        x += (value * ((pixel % 32) + 0.5)) / 2 / total.mean - value / 2 / total.mean;
        y += (value * (Math.floor(pixel / 32) + 0.5)) / 2 / total.mean - value / 2 / total.mean;
      });
      // The error of a centroid of 3,000 photons is 1.2 / sqrt(3000) = 0.022 pixels.
      expect(Math.abs(x - 7.25)).toBeLessThan(0.1);
      expect(Math.abs(y - 7.75)).toBeLessThan(0.1);
      // Poisson error 55.
      expect(Math.abs(total.mean - 3_000)).toBeLessThan(200);
    }
  });

  it("refuses what is no grid", async () => {
    await expect(deconvolve(EVEN, { ...QUICK, upsampling: 4 })).rejects.toThrow(
      /lira: upsampling must be a whole number from 1 to 3/,
    );
    await expect(deconvolve(EVEN, { ...QUICK, margin: -1 })).rejects.toThrow(
      /lira: margin must be a whole number/,
    );
    await expect(deconvolve(EVEN, { ...QUICK, boundary: "wrap", margin: 2 })).rejects.toThrow(
      /margin must be 0 with the boundary "wrap"/,
    );
    await expect(
      deconvolve(EVEN, { ...QUICK, margin: 2, fluxInit: constantImage([3, 3], 1) }),
    ).rejects.toThrow(
      /fluxInit must have the shape of the counts, \[12, 12\] \(or with the margin \[16, 16\]\)/,
    );
  });
});
