import { describe, expect, it } from "vitest";
import { type CheckedObservation, checkObservations } from "../../src/data/observation/check-observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { constantImage } from "../../src/image.js";
import { likelihoodRatios } from "../../src/significance/likelihood-ratio.js";
import { naiveConvolution } from "../oracles/convolution.js";

const SHAPE = [14, 16] as const;
const PSF = gaussianPsf(1, [7, 7]);
const REGION = { name: "knot", pixels: [6, 7].flatMap((row) => [8, 9].map((col) => row * 16 + col)) };

function observed(seed: number, flux = 0): CheckedObservation {
  const sky = constantImage(SHAPE, 0);
  for (const pixel of REGION.pixels) sky.data[pixel] = flux / REGION.pixels.length;
  const [exposure, background] = [constantImage(SHAPE, 2), constantImage(SHAPE, 0.3)];
  const counts = simulateCounts(sky, PSF, { exposure, background, seed });
  return checkObservations([{ counts, psf: PSF, exposure, background }], {}).observations[0];
}

describe("likelihood ratio of a source in a region", () => {
  it("is the largest over the fluxes, by the sum over all pixels", () => {
    const observation = observed(3, 12);
    const [ratio] = likelihoodRatios([observation], [REGION], "spill");
    const source = constantImage(SHAPE, 0);
    for (const pixel of REGION.pixels) source.data[pixel] = 2;
    const unit = naiveConvolution(source, observation.psf, "spill");
    const background = {
      ...observation.background,
      data: observation.background.data.map((value) => 2 * value),
    };
    const other = naiveConvolution(background, observation.psf, "spill");
    const logLikelihood = (flux: number) =>
      observation.counts.data.reduce((sum, counts, pixel) => {
        const lambda = other[pixel] + flux * unit[pixel];
        return sum + counts * Math.log(lambda) - lambda;
      }, 0);
    let best = 0;
    for (let flux = 0; flux < 10; flux += 0.001) {
      best = Math.max(best, 2 * (logLikelihood(flux) - logLikelihood(0)));
    }
    expect(best).toBeGreaterThan(5);
    // Flux 12 in four pixels is 3 a pixel, near which the grid of steps of 0.001 misses the largest by less than 1e-4.
    expect(ratio).toBeCloseTo(best, 3);
  });

  it("follows the law of Wilks and Chernoff when the null is true", () => {
    // 400 observations: about half of the ratios are 0, and 5 % above 2.71, the 90 % point of chi^2 with one degree of freedom.
    const ratios = Array.from(
      { length: 400 },
      (_, seed) => likelihoodRatios([observed(1000 + seed)], [REGION], "spill")[0],
    );
    const zero = ratios.filter((ratio) => ratio === 0).length / 400;
    const above = ratios.filter((ratio) => ratio > 2.71).length / 400;
    // Binomial errors are 0.025 and 0.011: 3.5 of them. So few photons (8 behind the region) shift the laws by a per cent or two.
    expect(Math.abs(zero - 0.5)).toBeLessThan(0.0875 + 0.02);
    expect(Math.abs(above - 0.05)).toBeLessThan(0.0385 + 0.01);
  });

  it("is 0 where there is a hole, and leaves masked pixels out", () => {
    const observation = observed(5);
    const hole = { ...observation.counts, data: observation.counts.data.map(() => 0) };
    expect(likelihoodRatios([{ ...observation, counts: hole }], [REGION], "spill")).toEqual([0]);
    const bright = { ...observation.counts, data: observation.counts.data.slice() };
    bright.data[REGION.pixels[0]] = 50;
    const mask = constantImage(SHAPE, 1);
    mask.data[REGION.pixels[0]] = 0;
    const [seen] = likelihoodRatios([{ ...observation, counts: bright }], [REGION], "spill");
    const [masked] = likelihoodRatios([{ ...observation, counts: bright, mask }], [REGION], "spill");
    expect(seen).toBeGreaterThan(50);
    expect(masked).toBeLessThan(12);
  });
});
