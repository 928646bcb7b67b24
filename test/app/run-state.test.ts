/** States of a run in Studio: a result goes only when the next one is there. */
import { describe, expect, it } from "vitest";
import { type Found, nextRunState, type RunEvent, type RunState } from "../../app/src/run/run-state.js";

// What is found is only passed on: any object will do.
const found = (command: string) => ({ kind: "posterior", command }) as unknown as Found;
const start: RunState = { now: { stage: "resting" } };
const through = (from: RunState, ...events: RunEvent[]) => events.reduce(nextRunState, from);
const first = through(start, { type: "begin" }, { type: "found", found: found("a") });

describe("a run on the page", () => {
  it("keeps what was found while the next run goes on, is stopped, or fails", () => {
    expect(first).toEqual({ now: { stage: "resting" }, found: found("a") });
    const running = through(first, { type: "begin" }, { type: "stop" });
    expect(running.now).toEqual({ stage: "running", stopping: true, paused: false });
    expect(running.found).toBe(first.found);
    for (const type of ["stopped", "failed"] as const) {
      const ended = through(running, { type, message: "why" });
      expect(ended).toEqual({ now: { stage: type, message: "why" }, found: found("a") });
      expect(through(ended, { type: "begin" }, { type: "found", found: found("b") }).found).toEqual(
        found("b"),
      );
    }
  });

  it("hears nothing from a run that is over, and begins none twice", () => {
    const live = { type: "live", live: { done: 1 } } as unknown as RunEvent;
    expect(through(first, live, { type: "pause", paused: true }, { type: "stop" })).toBe(first);
    const running = through(start, { type: "begin" }, live, { type: "pause", paused: true });
    expect(running.now).toEqual({ stage: "running", stopping: false, paused: true, live: { done: 1 } });
    expect(through(running, { type: "begin" })).toBe(running);
  });
});
