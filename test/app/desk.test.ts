import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDesk } from "../../app/src/desk/desk.js";
import type { DeskRequest, DeskResponse } from "../../app/src/desk/protocol.js";

/** A worker that says what a test makes it say. */
class SilentWorker {
  static last: SilentWorker;
  readonly asked: DeskRequest[] = [];
  onmessage: ((event: { readonly data: DeskResponse }) => void) | null = null;
  onerror: ((event: { readonly message: string; preventDefault(): void }) => void) | null = null;
  ended = false;
  constructor() {
    SilentWorker.last = this;
  }
  postMessage(request: DeskRequest): void {
    this.asked.push(request);
  }
  terminate(): void {
    this.ended = true;
  }
  say(data: DeskResponse): void {
    this.onmessage?.({ data });
  }
}

describe("a desk that begins a run", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("Worker", SilentWorker);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  /** Begin a run at a desk whose worker is alive. */
  async function beginRun() {
    const died = vi.fn();
    const { desk, close } = openDesk(() => undefined, died);
    SilentWorker.last.say({ lifeline: undefined });
    const outcome = desk.run({}, "", {} as never).then(
      () => "an answer",
      (error: Error) => error.message,
    );
    await vi.advanceTimersByTimeAsync(0);
    const worker = SilentWorker.last;
    const calls = () => worker.asked.map(({ call }) => call);
    expect(calls()).toEqual(["run"]);
    return { desk, died, close, outcome, worker, calls };
  }

  it("has died when it neither says anything nor answers", async () => {
    const { died, outcome, calls } = await beginRun();
    await vi.advanceTimersByTimeAsync(19_999);
    expect(calls()).toEqual(["run"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls()).toEqual(["run", "alive"]);
    await vi.advanceTimersByTimeAsync(19_999);
    expect(died).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(died).toHaveBeenCalledOnce();
    expect(await outcome).toBe(
      'studio: the worker must stay alive, got "no sign of life while a run began"; load the page again',
    );
  });

  it("has died when it throws while something waits for it, and then alone", async () => {
    const { died, outcome, worker, desk } = await beginRun();
    const fail = () => worker.onerror?.({ message: "Uncaught Error: boom", preventDefault: () => undefined });
    worker.say({ id: worker.asked[0].id, answer: "done" });
    expect(await outcome).toBe("an answer");
    fail();
    expect(died).not.toHaveBeenCalled();
    const refused = expect(desk.keptRuns()).rejects.toThrow(/must stay alive, got "Uncaught Error: boom"/);
    fail();
    await refused;
    expect(died).toHaveBeenCalledOnce();
  });

  it("has died whatever the page asks meanwhile", async () => {
    const { desk, died } = await beginRun();
    for (let second = 0; second < 40; second++) {
      expect(died).not.toHaveBeenCalled();
      desk.keptRuns().catch(() => undefined);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(died).toHaveBeenCalledOnce();
  });

  it("is asked again and again while it answers, and is left alone once the run is heard of", async () => {
    const { died, worker, calls } = await beginRun();
    for (let time = 1; time <= 3; time++) {
      await vi.advanceTimersByTimeAsync(20_000);
      expect(calls().filter((call) => call === "alive")).toHaveLength(time);
      await vi.advanceTimersByTimeAsync(19_000);
      worker.say({ id: worker.asked.at(-1)?.id ?? 0, answer: undefined });
    }
    worker.say({ live: {} as never });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(calls()).toHaveLength(4);
    expect(died).not.toHaveBeenCalled();
  });

  it("is watched no more when it is closed", async () => {
    const { died, close, worker, calls } = await beginRun();
    close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls()).toEqual(["run"]);
    expect(died).not.toHaveBeenCalled();
    expect(worker.ended).toBe(true);
  });
});
