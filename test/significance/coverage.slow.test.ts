/**
 * Do intervals of a region's flux hold the truth as often as they say? 300 skies are drawn from the prior, observed, and
 * deconvolved with that prior; the shares of 68, 90 and 95 % intervals that hold the truth are compared with these rates at 3.3
 * binomial standard errors (false-alarm rate 1e-3 each). One core, about 20 s.
 */
import { expect, it } from "vitest";
import { convolve } from "../../src/data/observation/convolution.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { drawPoisson } from "../../src/data/random/poisson.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage } from "../../src/image.js";
import type { Region } from "../../src/posterior/region.js";
import { collectSignificance } from "../../src/significance/collect.js";
import { planSignificance } from "../../src/significance/plan.js";
import { runSignificanceTask } from "../../src/significance/task.js";
import { drawFromPrior } from "../oracles/textbook-prior.js";
import { textbookRandom } from "../oracles/textbook-random.js";

const SKIES = 300;
const SHAPE = [8, 8] as const;
const PRIOR = {
  cycleSpin: "none" as const,
  fitAlpha: true,
  alphaInit: 1,
  totalCountsPrior: { shape: 3, rate: 0.02 },
  smoothingPrior: { power: 2, rate: 1, exponent: 1 },
};

it("68, 90 and 95 % intervals of the flux of a region cover at their rates", async () => {
  const weights = constantImage(SHAPE, 0);
  // Three by three pixels that cross the blocks of the tree.
  for (const row of [3, 4, 5]) for (const col of [2, 3, 4]) weights.data[row * 8 + col] = 1;
  const region: Region = { name: "block", weights };
  const empty = {
    counts: constantImage(SHAPE, 0),
    psf: gaussianPsf(0.8, [5, 5]),
    background: constantImage(SHAPE, 0.5),
    exposure: constantImage(SHAPE, 1),
  };
  const covered = [0, 0, 0];
  const limits = [0, 0, 0];
  for (let sky = 0; sky < SKIES; sky++) {
    const { flux } = drawFromPrior(
      [empty],
      { ...PRIOR, boundary: "spill", fitBackgroundScale: false },
      textbookRandom(71, sky),
    );
    const truth = flux.reduce((sum, value, pixel) => sum + value * weights.data[pixel], 0);
    const emitted = { data: flux.map((value, pixel) => value + empty.background.data[pixel]), shape: SHAPE };
    const stream = randomStream(7_000 + sky);
    const counts = {
      data: convolve(emitted, empty.psf, "spill").data.map((mean) => drawPoisson(stream, mean)),
      shape: SHAPE,
    };
    const observation = { ...empty, counts };
    const run = planSignificance(observation, [region], {
      ...PRIOR,
      replicates: 1,
      iterations: 700,
      burnIn: 100,
      chains: 1,
      pairTransfers: 8,
      trace: { every: 1 },
    });
    const observed = await runSignificanceTask(observation, run, {
      index: 0,
      name: "observation",
      seed: 300 + sky,
    });
    const { regions } = collectSignificance(run, [observed, { ...observed, index: 1 }]);
    const { products } = regions[0];
    for (const [index, { low, high }] of products.flux.intervals.entries()) {
      if (truth >= low && truth <= high) covered[index]++;
    }
    for (const [index, { limit }] of products.upperLimits.entries()) if (truth <= limit) limits[index]++;
  }
  const rates = covered.map((count) => count / SKIES);
  const below = limits.map((count) => count / SKIES);
  console.log(`intervals 68, 90, 95 %: ${rates.join(", ")}; limits 90, 95, 99.7 %: ${below.join(", ")}`);
  const tolerance = (rate: number) => 3.3 * Math.sqrt((rate * (1 - rate)) / SKIES);
  for (const [index, rate] of [0.68, 0.9, 0.95].entries())
    expect(Math.abs(rates[index] - rate)).toBeLessThan(tolerance(rate));
  for (const [index, rate] of [0.9, 0.95, 0.997].entries()) {
    // Of the largest limit three or fewer failures of 300 are within its error.
    expect(below[index]).toBeGreaterThan(rate - Math.max(tolerance(rate), 0.011));
  }
});
