// The built pool: workers are files of their own, which exist only after `npm run build`.

import { afterEach, describe, expect, it } from "vitest";
import { skyImage } from "../../src/image.js";
import { compileKernels } from "../../src/kernels.js";
import type { ChainJob } from "../../src/workers/chain-job.js";
import type { ChainPool } from "../../src/workers/pool.js";

const { openChainPool } = (await import(
  new URL("../../dist/workers/pool.js", import.meta.url).href
)) as typeof import("../../src/workers/pool.js");
const module = await compileKernels();

const job: ChainJob = {
  observations: [{ counts: skyImage([1, 2, 0, 3], [2, 2]), psf: skyImage([1], [1, 1]) }],
  settings: {
    boundary: "spill",
    cycleSpin: "random",
    pairTransfers: 0,
    fitAlpha: true,
    alphaInit: [0.1],
    fitBackgroundScale: false,
    totalCountsPrior: { shape: 1, rate: 0.05 },
    smoothingPrior: { power: 1, rate: 1000, exponent: 3 },
    backgroundScalePrior: { shape: 0.001, rate: 0 },
  },
  seed: 1,
  chain: 0,
  iterations: 50,
  burnIn: 10,
  traceEvery: 1,
};
/** Would run for hours. */
const endless = { ...job, iterations: 2e6, burnIn: 0, traceEvery: 1e6, batch: 4 };
/** Cannot have this many counts in a pixel. */
const broken = {
  ...job,
  observations: [{ ...job.observations[0], counts: skyImage([-1, 0, 0, 0], [2, 2]) }],
};

let pool: ChainPool;
afterEach(() => pool.close());

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe.each([0, 1, 2])("a pool of %i workers", (workers) => {
  it("runs more jobs than it has workers, each to the same end", async () => {
    pool = openChainPool(workers);
    expect(pool.size).toBe(Math.max(1, workers));
    const jobs = [0, 1, 2, 3, 4].map((chain) => pool.run({ ...job, chain }, { module }));
    const outputs = await Promise.all(jobs);
    expect(outputs.map(({ chain }) => chain)).toEqual([0, 1, 2, 3, 4]);
    const again = await pool.run({ ...job, chain: 3 }, { module });
    expect(again).toEqual(outputs[3]);
    expect(again.rows).not.toEqual(outputs[2].rows);
    // What was sent is still there.
    expect([...job.observations[0].counts.data]).toEqual([1, 2, 0, 3]);
  });

  it("hands over errors with their code, and goes on with the next job", async () => {
    pool = openChainPool(workers);
    const jobs = [broken, job, broken, job].map((each) => pool.run(each, { module }));
    const outcomes = await Promise.allSettled(jobs);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
    for (const outcome of [outcomes[0], outcomes[2]]) {
      expect(outcome).toMatchObject({
        reason: { code: "INVALID_INPUT", name: "InvalidInputError", message: /counts .*-1/ },
      });
    }
  });

  it("stops a job when asked", async () => {
    pool = openChainPool(workers);
    let stop = false;
    const { state } = await pool.run(endless, {
      module,
      shouldStop: () => stop,
      onProgress: () => {
        stop = true;
      },
    });
    expect(state.sweeps).toBeGreaterThan(0);
    expect(state.sweeps).toBeLessThan(2e6);
    // The next job is not stopped.
    expect((await pool.run(job, { module })).state.sweeps).toBe(50);
  });
});

describe("a pool of workers", () => {
  it("needs compiled kernels", async () => {
    pool = openChainPool(1);
    await expect(pool.run(job)).rejects.toMatchObject({ code: "JOB", message: /pass module/ });
    expect((await pool.run(job, { module })).state.sweeps).toBe(50);
  });

  it("fails running jobs when it closes, and starts none of those in line", async () => {
    pool = openChainPool(1);
    let calls = 0;
    const watch = { module, onProgress: () => calls++ };
    const outcomes = [endless, endless, endless].map((each) => pool.run(each, watch).catch((error) => error));
    await pause(300);
    pool.close();
    const first = await outcomes[0];
    expect(first).toMatchObject({ code: "JOB", message: /worker of chain 0 must stay alive/ });
    await pause(100);
    calls = 0;
    await pause(400);
    expect(calls).toBe(0);
  });
});
