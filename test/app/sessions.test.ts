import { describe, expect, it } from "vitest";
import { mayKeepPage } from "../../app/src/offline.js";
import { whenText } from "../../app/src/run/kept-runs.js";
import { extended } from "../../app/src/run/run-controls.js";

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

describe("whenText", () => {
  it("is the time of today, the date of other days", () => {
    const now = new Date(2026, 10, 24, 15, 30);
    expect(whenText(new Date(2026, 10, 24, 13, 5).getTime(), now)).toBe("13:05");
    expect(whenText(new Date(2026, 10, 23, 9, 0).getTime(), now)).toBe("23 November, 09:00");
  });
});
