import { describe, expect, it } from "vitest";
import { mayKeepPage } from "../../app/src/offline.js";
import { whenText } from "../../app/src/run/kept-runs.js";
import { extended, memoryNote } from "../../app/src/run/run-controls.js";

describe("mayKeepPage", () => {
  it.each([
    ["example.org", "/studio/", true],
    ["localhost", "/", true],
    ["127.0.0.1", "/page/", true],
    ["127.0.0.1", "/AbCdEfGhIjKlMnOpQrStUv/", false],
    ["localhost", "/AbCdEfGhIjKlMnOpQrSt-_/index.html", false],
    ["example.org", "/AbCdEfGhIjKlMnOpQrStUv/", true],
  ])("%s%s: %s", (hostname, pathname, expected) => {
    expect(mayKeepPage({ hostname, pathname })).toBe(expected);
  });
});

describe("extended", () => {
  const settings = {
    iterations: 2000,
    burnIn: 200,
    chains: 4,
    seed: 3,
    until: "ess>400",
    maxIterations: 9000,
  };

  it("keeps burn-in and draws, and drops what would end the run earlier", () => {
    expect(extended(settings, { burnIn: 200, everySweeps: 2 }, 2100)).toEqual({
      ...{ iterations: 2100, burnIn: 200, chains: 4, seed: 3, trace: { every: 2 } },
    });
  });

  it("doubles the distance of draws when there would be more than twice those asked for", () => {
    const every = (iterations: number) =>
      extended({ ...settings, trace: { keep: 100 } }, { burnIn: 200, everySweeps: 18 }, iterations).trace
        ?.every;
    expect([3800, 3801, 7400, 7401].map(every)).toEqual([18, 36, 36, 72]);
  });
});

describe("memoryNote", () => {
  it("is said of draws that a page cannot hold", () => {
    const run = { iterations: 10_100, burnIn: 100, chains: 4 };
    // 4 bytes a pixel: 4 x 1000 draws of 93,750 pixels are 1.5 GB; every second of 10,000 sweeps is five times that.
    expect(memoryNote(run, 93_750)).toBeUndefined();
    expect(memoryNote(run, 93_751)).toContain("1.5 GB of memory");
    expect(memoryNote({ ...run, trace: { every: 2 } }, 93_750)).toContain("7.5 GB of memory");
  });
});

describe("whenText", () => {
  it("is the time of today, the date of other days", () => {
    const now = new Date(2026, 10, 24, 15, 30);
    expect(whenText(new Date(2026, 10, 24, 13, 5).getTime(), now)).toBe("13:05");
    expect(whenText(new Date(2026, 10, 23, 9, 0).getTime(), now)).toBe("23 November, 09:00");
  });
});
