/** What Studio tells of a run on its way: enough, in a bounded part of the time, however long the traces. */
import { constantImage, type RunProgress } from "tslira";
import { describe, expect, it } from "vitest";
import { watchChains } from "../../app/src/desk/run.js";
import type { LiveView } from "../../app/src/desk/run-view.js";
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
