import {
  LiraDeconvolver,
  type LiraDeconvolverOptions,
  type RunPause,
  runPause,
  simulatePointSource,
} from "tslira";
import { encodeResult } from "tslira/fits";
import { describe, expect, it } from "vitest";
import { dataUnits } from "./data-units.js";
import { memoryCheckpoints } from "./memory-checkpoints.js";

const simulate = (seed: number) =>
  simulatePointSource({ seed, shape: [8, 8], psfShape: [5, 5], psfSigma: 1, background: 0.2 });
const data = simulate(4);

/** Fixed length; burn-in found on the way and extended twice (ESS is out of reach), kept draws halved once. */
const SETTINGS: readonly LiraDeconvolverOptions[] = [
  { iterations: 6_000, burnIn: 600, chains: 2, seed: 5, trace: { keep: 50 } },
  {
    iterations: 2_000,
    burnIn: "auto",
    chains: 3,
    seed: 6,
    until: "ess>1000000",
    maxIterations: 4_500,
    trace: { keep: 60 },
  },
];

const bytes = (result: Parameters<typeof encodeResult>[0]) => dataUnits(encodeResult(result));

describe.each(SETTINGS.map((settings, index) => ({ settings, index })))(
  "run $index with checkpoints",
  ({ settings }) => {
    const deconvolver = new LiraDeconvolver(settings);

    it("ends in the same bytes however often it is broken off", async () => {
      const expected = await deconvolver.run(data, { workers: 0 });
      const checkpoints = memoryCheckpoints();
      let breaks = 0;
      for (;;) {
        checkpoints.refuseAfter = checkpoints.added + 1 + 2 * breaks;
        try {
          const options = { workers: 0, batch: 20, checkpoints, checkpointSeconds: 0 };
          const result = await deconvolver.run(data, options);
          expect(bytes(result)).toEqual(bytes(expected));
          expect(result.config).toEqual(expected.config);
          break;
        } catch (error) {
          expect((error as Error).message).toBe("the program was killed");
          breaks++;
        }
      }
      // Every chain hands over a last piece, so there are breaks however fast the machine is.
      expect(breaks).toBeGreaterThan(0);
      // What is finished is there at once, and nothing is sampled for it.
      const before = checkpoints.added;
      const again = await deconvolver.run(data, { workers: 0, checkpoints });
      expect(bytes(again)).toEqual(bytes(expected));
      expect(checkpoints.added).toBe(before);
    });
  },
);

it("is extended to the bytes of a longer run", async () => {
  const checkpoints = memoryCheckpoints();
  const settings = { iterations: 3000, burnIn: 600, chains: 2, seed: 5, trace: { keep: 50 } };
  const first = await new LiraDeconvolver(settings).run(data, {
    workers: 0,
    checkpoints,
    checkpointSeconds: 0,
  });
  expect(first.config.traceEvery).toBe(48);
  for (const [every, iterations] of [
    [48, 3600],
    [96, 7000],
    [192, 7001],
  ]) {
    const longer = { ...settings, iterations, trace: { every } };
    const extended = await new LiraDeconvolver(longer).run(data, { workers: 0, checkpoints });
    const direct = await new LiraDeconvolver(longer).run(data, { workers: 0 });
    expect(bytes(extended)).toEqual(bytes(direct));
  }
});

describe("checkpoints of another run", () => {
  it("are refused, with what differs", async () => {
    const checkpoints = memoryCheckpoints();
    const settings = { iterations: 60, burnIn: 10, chains: 2, seed: 1 };
    await new LiraDeconvolver(settings).run(data, { workers: 0, checkpoints });
    const attempt = (changed: LiraDeconvolverOptions, observation = data) =>
      new LiraDeconvolver({ ...settings, ...changed }).run(observation, { workers: 0, checkpoints });
    await expect(attempt({ seed: 2 })).rejects.toThrow(/must have the settings it began with, .*"seed":1/);
    await expect(attempt({}, simulate(5))).rejects.toThrow(
      /must have the data it began with, [0-9a-f]{16}, got [0-9a-f]{16}; give the same observations/,
    );
    await expect(attempt({ iterations: 50 })).rejects.toThrow("must have the sweeps it began with, at least");
    await expect(attempt({ iterations: 80, burnIn: 20 })).rejects.toThrow(
      "must have the burn-in it began with, 10, got 20",
    );
    await expect(attempt({ iterations: 80, trace: { every: 3 } })).rejects.toThrow(
      "must have the sweeps between draws it began with, 1 or that doubled, got 3",
    );
    await attempt({});
  });

  it("of another version are shown when finished, but not continued", async () => {
    const settings = { iterations: 60, burnIn: 10, chains: 2, seed: 1 };
    const checkpoints = memoryCheckpoints();
    const made = await new LiraDeconvolver(settings).run(data, { workers: 0, checkpoints });
    const { record } = (await checkpoints.read())!;
    await checkpoints.writeRecord({ ...record, version: "0.0.1", draws: 0 });
    const shown = await new LiraDeconvolver(settings).run(data, { workers: 0, checkpoints });
    expect(bytes(shown)).toEqual(bytes(made));
    const longer = { ...settings, iterations: 90, trace: { every: 1 } };
    await expect(new LiraDeconvolver(longer).run(data, { workers: 0, checkpoints })).rejects.toThrow(
      "must have the law it began with, version 0 of the draws (tslira 0.0.1), got version",
    );
  });
});

describe("a pause", () => {
  it.each([0, 2])("stops all chains with %i workers, and the draws are the same", async (workers) => {
    const settings: LiraDeconvolverOptions = { iterations: 15_000, burnIn: 600, chains: 2, seed: 7 };
    const expected = await new LiraDeconvolver(settings).run(data, { workers });
    const pause = runPause();
    let [pauses, stopped, done] = [0, 0, 0];
    // Told when a chain waits for the end of a pause: when all do, nothing samples.
    const watched: RunPause = {
      get paused() {
        return pause.paused;
      },
      get milliseconds() {
        return pause.milliseconds;
      },
      pause: pause.pause,
      resume: pause.resume,
      whenOn(signal) {
        if (pause.paused && ++stopped === 2) {
          const stood = done;
          stopped = 0;
          setTimeout(() => {
            if (done === stood) pause.resume();
          }, 20);
        }
        return pause.whenOn(signal);
      },
    };
    const result = await new LiraDeconvolver(settings).run(data, {
      workers,
      batch: 10,
      pause: watched,
      onProgress: (progress) => {
        if (progress.stage !== "sampling") return;
        done = progress.done;
        if (pauses === 3 || pause.paused || progress.chains.some((sweeps) => sweeps >= 15_000)) return;
        pauses++;
        pause.pause();
      },
    });
    expect(pauses).toBe(3);
    expect(bytes(result)).toEqual(bytes(expected));
    expect(pause.milliseconds).toBeGreaterThanOrEqual(3 * 20 - 3);
  });

  it("gives way to a stop", async () => {
    const stop = new AbortController();
    const pause = runPause();
    const endless = { iterations: 1e6, burnIn: 999_000, chains: 2, trace: { keep: 10 } };
    const running = new LiraDeconvolver(endless).run(data, {
      workers: 0,
      pause,
      signal: stop.signal,
      onProgress: () => {
        pause.pause();
        stop.abort();
      },
    });
    expect(await running).toMatchObject({ complete: false });
  });
});
