/** Background transfers leave the posterior as it is, also where they begin with next to no flux outside the node that keeps its own. */
import { expect, it } from "vitest";
import { DEFAULT_ADAPTIVE_PRIOR } from "../../src/data/law/adaptive-prior.js";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { createLiraChain } from "../../src/samplers/lira.js";

const PIXELS = 30;
const SWEEPS = 120_000;
const BATCHES = 60;

/** Means of quantities over batches of sweeps: the flux of all pixels, whether it is above 0.5, and the trace. */
function batchMeans(backgroundTransfers: number, chain: number): number[][] {
  const observation = simulatePointSource({
    seed: 5,
    shape: [6, 5],
    psfShape: [5, 5],
    psfSigma: 1,
    background: 0.4,
  });
  const running = createLiraChain(
    [observation],
    {
      boundary: "spill",
      cycleSpin: "none",
      pairTransfers: 20,
      fitBackgroundScale: true,
      totalCountsPrior: { shape: 1.5, rate: 0.01 },
      // So narrow that the background stays where it is, and the flux outside of the source may be none.
      backgroundScalePrior: { shape: 400, rate: 300 },
      adaptivePrior: DEFAULT_ADAPTIVE_PRIOR,
    },
    { seed: 11, chain },
  );
  running.kernels.setTransfers(2, backgroundTransfers);
  for (let sweep = 0; sweep < 1000; sweep += 200) running.sweep(200);
  return Array.from({ length: BATCHES }, () => {
    const looks = SWEEPS / BATCHES / 10;
    const sums = new Array<number>(2 * PIXELS + running.columns.length).fill(0);
    for (let look = 0; look < looks; look++) {
      const last = running.sweep(10).slice(9 * running.columns.length);
      const { flux } = running;
      const values = [...flux, ...Array.from(flux, (value) => Number(value > 0.5)), ...last];
      for (const [index, value] of values.entries()) sums[index] += value / looks;
    }
    return sums;
  });
}

it("background transfers change no mean", () => {
  const [without, withThem] = [0, 1].map((transfers) => {
    const batches = batchMeans(transfers, transfers);
    return batches[0].map((_, index) => {
      const values = batches.map((batch) => batch[index]);
      const mean = values.reduce((sum, value) => sum + value, 0) / BATCHES;
      const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return { mean, variance: square / (BATCHES - 1) / BATCHES };
    });
  });
  const scores = without.flatMap(({ mean, variance }, index) => {
    const both = variance + withThem[index].variance;
    return both > 0 ? [(withThem[index].mean - mean) / Math.sqrt(both)] : [];
  });
  expect(scores.length).toBeGreaterThan(2 * PIXELS);
  // Of 70 normal numbers one is beyond 5.5 in 400,000 runs; Student's with 60 batches a side in 10,000. Light taken as a difference where
  // little is left of it made 10 and more of them.
  expect(Math.max(...scores.map(Math.abs))).toBeLessThan(5.5);
});
