// Web Workers that do not start, by a browser that is played here: its clock, and workers that keep silent, fail or speak.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { START_SECONDS, startWebWorker } from "../../src/workers/start-web-worker.js";

type Played = Worker & { ended: boolean };

/** Workers that behave, one after the other, as told. */
function browser(...behaviour: ("silent" | "broken" | "alive")[]) {
  const made: Played[] = [];
  const make = () => {
    const worker: Played = {
      ended: false,
      terminate: () => {
        worker.ended = true;
      },
    } as Played;
    const kind = behaviour[made.length];
    made.push(worker);
    queueMicrotask(() => {
      if (kind === "alive") worker.onmessage?.({ data: "alive" } as MessageEvent);
      if (kind === "broken") worker.onerror?.({} as ErrorEvent);
    });
    return worker;
  };
  return { made, make };
}

describe("a Web Worker", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is there with its first word", async () => {
    const { made, make } = browser("alive");
    expect(await startWebWorker(make, "chain 0")).toEqual({ worker: made[0], first: "alive" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is started again when it says nothing, and given up the second time", async () => {
    const { made, make } = browser("silent", "alive");
    const started = startWebWorker(make, "chain 0");
    await vi.advanceTimersByTimeAsync(1000 * START_SECONDS[0] - 1);
    expect(made).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect((await started).worker).toBe(made[1]);
    expect(made.map(({ ended }) => ended)).toEqual([true, false]);

    const stuck = startWebWorker(browser("silent", "silent").make, "chain 0");
    const told = expect(stuck).rejects.toThrow(
      /^chain 0: its worker must start, got no sign of life in 40 s; load the page again$/,
    );
    await vi.advanceTimersByTimeAsync(1000 * (START_SECONDS[0] + START_SECONDS[1]) + 2000);
    await told;
  });

  it("that has no script says that the server may be gone", async () => {
    const { made, make } = browser("broken", "broken");
    await expect(startWebWorker(make, "chain 0")).rejects.toThrow(/the server of the page may have ended/);
    expect(made.every(({ ended }) => ended)).toBe(true);
  });
});
