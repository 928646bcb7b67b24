/** Several exposures of one sky whose pointings differ by parts of a pixel. */
import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { drawPoisson } from "../../src/data/random/poisson.js";
import { randomStream } from "../../src/data/random/random.js";
import { type SkyImage, skyImage } from "../../src/image.js";
import { exponentialPrior } from "../../src/priors/pixel-priors.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import type { PointMethod } from "../../src/runs/deconvolve-options.js";

const SIZE = 24;
const SIGMA = 1.6;
const SOURCE = 12;
const FLUX = 2000;
const OFFSETS = [
  { x: 0, y: 0 },
  { x: 0.5, y: -0.5 },
];

/** Integral of the unit normal density from `-inf` to `z`: Simpson's rule, good to 1e-9. */
function normalCdf(z: number): number {
  const steps = 400;
  const from = -9;
  if (z <= from) return 0;
  const width = (z - from) / steps;
  let sum = 0;
  for (let step = 0; step <= steps; step++) {
    const at = from + step * width;
    sum += (step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2) * Math.exp((-at * at) / 2);
  }
  return (sum * width) / 3 / Math.sqrt(2 * Math.PI);
}

/** Counts of a point source on sky pixel (12, 12) as a detector sees it whose pixel (0, 0) lies at `offset`. */
function exposeAt(offset: { readonly x: number; readonly y: number }, seed: number): SkyImage {
  const random = randomStream(seed);
  const share = (pixel: number, centre: number) =>
    normalCdf((pixel + 0.5 - centre) / SIGMA) - normalCdf((pixel - 0.5 - centre) / SIGMA);
  return skyImage(
    Array.from({ length: SIZE * SIZE }, (_, index) => {
      const [y, x] = [Math.floor(index / SIZE), index % SIZE];
      return drawPoisson(random, FLUX * share(x, SOURCE - offset.x) * share(y, SOURCE - offset.y) + 0.2);
    }),
    [SIZE, SIZE],
  );
}

const observations = OFFSETS.map(
  (offset, index): Observation => ({
    name: `exposure ${index + 1}`,
    counts: exposeAt(offset, 70 + index),
    psf: gaussianPsf(SIGMA, [13, 13]),
    background: skyImage(new Float64Array(SIZE * SIZE).fill(0.2), [SIZE, SIZE]),
  }),
);

/** Share of the flux of the 5 x 5 pixels about the source that its own pixel holds. */
function sharpness({ data }: SkyImage): number {
  let around = 0;
  for (let y = SOURCE - 2; y <= SOURCE + 2; y++) {
    for (let x = SOURCE - 2; x <= SOURCE + 2; x++) around += data[y * SIZE + x];
  }
  return data[SOURCE * SIZE + SOURCE] / around;
}

describe("exposures displaced by half a pixel", () => {
  it("lira puts the source on its pixel when it knows the offsets, and blurs it when it does not", async () => {
    const settings = { iterations: 1000, burnIn: 300, chains: 2, seed: 5, workers: 0 } as const;
    const knowing = await deconvolve(observations, { ...settings, offsets: OFFSETS });
    const ignorant = await deconvolve(observations, settings);
    expect(sharpness(knowing.mean)).toBeGreaterThan(0.9);
    expect(sharpness(knowing.mean)).toBeGreaterThan(sharpness(ignorant.mean) + 0.15);
    // The flux of the pixel is that of the source within four of its errors.
    const pixel = SOURCE * SIZE + SOURCE;
    expect(Math.abs(knowing.mean.data[pixel] - FLUX)).toBeLessThan(4 * knowing.std.data[pixel]);
  });

  it.each(["map", "richardson-lucy"] as const)(
    "%s is sharper with the offsets than without",
    async (method) => {
      const options: PointMethod =
        method === "map" ? { method, prior: exponentialPrior({ rate: 0.1 }) } : { method, iterations: 300 };
      const knowing = await deconvolve(observations, { ...options, offsets: OFFSETS });
      const ignorant = await deconvolve(observations, options);
      expect(sharpness(knowing.flux)).toBeGreaterThan(sharpness(ignorant.flux) + 0.2);
    },
  );
});
