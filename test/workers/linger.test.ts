import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { linger } from "../../src/workers/linger.js";
import { openChainPool } from "../../src/workers/pool.js";

describe("the event loop is kept turning for a moment", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("turn by turn, however long the work that came between", () => {
    linger();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(45);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(15);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("when a pool is closed, with workers or without", () => {
    for (const workers of [0, 2]) {
      openChainPool(workers).close();
      expect(vi.getTimerCount()).toBe(1);
      vi.runAllTimers();
    }
  });
});
