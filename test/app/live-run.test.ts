/** What Studio tells of a run on its way: enough, in a bounded part of the time, however long the traces. */
import { constantImage, type RunProgress } from "tslira";
import { describe, expect, it } from "vitest";
import { watchPixels } from "../../app/src/desk/live-pixels.js";
import { latenessOf, watchChains } from "../../app/src/desk/run.js";
import type { LiveView } from "../../app/src/desk/run-view.js";
import { liveSentence } from "../../app/src/run/live-sentence.js";
import { randomStream } from "../../src/data/random/random.js";

const COLUMNS = ["expectedMSCounts", "logLikelihood"];
const BATCH = 100;
const flux = constantImage([1, 1], 1);

/** White noise of four chains in batches; each message takes ten milliseconds of a clock of our own, each telling `cost`. */
function watched(sweeps: number, cost: number) {
  let clock = 0;
  const told: { readonly at: number; readonly live: Omit<LiveView, "kept" | "notes"> }[] = [];
  const watch = watchChains(
    4,
    1_000,
    (live) => {
      told.push({ at: clock, live });
      clock += cost;
    },
    () => clock,
  );
  const stream = randomStream(1);
  const progress = { stage: "sampling", total: 4 * sweeps, sweepsPerSecond: 1, secondsLeft: 1 } as const;
  for (let done = BATCH; done <= sweeps; done += BATCH) {
    for (let chain = 0; chain < 4; chain++) {
      const rows = Float64Array.from({ length: 2 * BATCH }, () => stream.uniform());
      watch.onPreview({ chain, rows, columns: COLUMNS, sweeps: done, flux, draws: 0 });
      watch.onProgress({ ...progress, done: 4 * done, chains: [done, done, done, done] } as RunProgress);
      clock += 10;
    }
  }
  return { told, clock };
}

describe("a run that is watched", () => {
  it("is told of in a tenth of the time at most, though telling takes long", () => {
    const { told, clock } = watched(50_000, 200);
    expect(told.length).toBeGreaterThan(1);
    expect((told.length * 200) / clock).toBeLessThanOrEqual(0.11); // the first comes at once
    const pauses = told.slice(1).map(({ at }, index) => at - told[index].at - 200);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1_800);
  });

  it("is told of three times a second where telling costs nothing", () => {
    const { told } = watched(50_000, 0);
    const pauses = told.slice(1).map(({ at }, index) => at - told[index].at);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(310);
  });

  it("is judged by draws of the whole run", () => {
    const { told } = watched(50_000, 0);
    const [total] = told.at(-1)?.live.traces ?? [];
    // 2,000 independent draws a chain: R-hat is 1 up to 1 / sqrt(n), ESS near 8,000.
    expect(total.rhat).toBeCloseTo(1, 2);
    expect(total.ess).toBeGreaterThan(6_000);
    expect(total.ess).toBeLessThan(12_000);
    expect(total.chains[0].length).toBeLessThanOrEqual(500);
  });
});

describe("pixels on the way", () => {
  const SIDE = 20;
  /** Uniform noise around 10, looked at 40 times in four chains; the first chain has `shift` more in one pixel. */
  function judged(shift: number) {
    const stream = randomStream(5);
    const watch = watchPixels(4);
    const sums = Array.from({ length: 4 }, () => new Float64Array(SIDE * SIDE));
    for (let look = 1; look <= 40; look++) {
      for (const [chain, sum] of sums.entries()) {
        const data = Float64Array.from(sum, (_, pixel) => {
          return 10 + stream.uniform() + (chain === 0 && pixel === 45 ? shift : 0);
        });
        for (let pixel = 0; pixel < sum.length; pixel++) sum[pixel] += data[pixel];
        const mean = { data: sum.map((value) => value / look), shape: [SIDE, SIDE] as const };
        const flux = { data, shape: [SIDE, SIDE] as const };
        watch.look({ chain, sweeps: look, columns: [], rows: new Float64Array(0), flux, mean, draws: look });
      }
      if (look < 8) expect(watch.judge()).toBeUndefined();
    }
    return watch.judge();
  }
  const live = (pixels: LiveView["pixels"]) =>
    ({
      ...{ traces: [{ rhat: 1.001, ess: 900 }], sweeps: [500, 500], burnIn: 100, stage: "sampling" },
      ...{ mean: constantImage([SIDE, SIDE], 1), ...(pixels && { pixels }) },
    }) as unknown as LiveView;

  it("are sound where the chains are, and the sentence says how many", () => {
    const found = judged(0);
    // The brightest that hold 90 % of nearly equal fluxes; means of 40 draws scatter by 1 / sqrt(40) of the scatter within, and the
    // largest of 360 variances with 3 degrees of freedom exceeds five times the mean with a probability of 360 x 0.002 at most.
    expect(found?.judged).toBeGreaterThanOrEqual(355);
    expect(found?.judged).toBeLessThanOrEqual(362);
    expect(found?.worst.rhat).toBeLessThan(1.1);
    expect(liveSentence(live({ ...found!, worst: { pixel: 0, rhat: 1.01 } }))).toMatch(
      /^Total, likelihood and the 3\d\d brightest pixels agree so far\.$/,
    );
  });

  it("name the one in which a chain differs, though total and likelihood agree", () => {
    const found = judged(1);
    // Shifted by 1 where the scatter is 1 / sqrt(12): sqrt(1 + (1/4) / (1/12)) = 2.
    expect(found?.worst).toEqual({ pixel: 45, rhat: expect.closeTo(2, 0) });
    expect(found?.brightest.pixel).toBe(45);
    expect(liveSentence(live(found))).toMatch(
      /^Total and likelihood agree so far, but not the flux at x = 5, y = 2: R-hat (1\.9|2\.)\d\d?\.$/,
    );
    expect(liveSentence(live(undefined))).toBe(
      "Total and likelihood agree so far; no pixel has been compared yet.",
    );
  });
});

describe("what is kept on the way", () => {
  it("is late when the chain that was kept longest ago was so three times as long ago as promised", () => {
    expect(latenessOf([], 50_000)).toBeUndefined();
    expect(latenessOf([48_000, 44_100], 50_000)).toBeUndefined();
    expect(latenessOf([49_000, 36_400], 50_000)).toBe(14);
  });
});
