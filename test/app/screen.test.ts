/** What the screen of Studio computes: layouts of pictures, the wheel, intervals and pace in words. */
import { describe, expect, it } from "vitest";
import { panelLayout, startPercent } from "../../app/src/pictures/panel-layout.js";
import { intervalText } from "../../app/src/reading/interval-text.js";
import { paceText } from "../../app/src/run/live-sentence.js";
import { wantedSweeps } from "../../app/src/run/run-controls.js";
import { wheelFactor } from "../../src/viewer/viewport.js";

describe("pictures", () => {
  // The middle column of a window of 1280 x 720 and of 1440 x 900.
  const small = { width: 684, height: 612 };
  const large = { width: 844, height: 792 };

  it("of square images are in three columns, two rows", () => {
    expect(panelLayout(6, 1, small).columns).toBe(3);
    expect(panelLayout(6, 1, large).columns).toBe(3);
    expect(panelLayout(4, 1, large).columns).toBe(2);
    expect(panelLayout(1, 1, large)).toEqual({ columns: 1, tall: 700 });
  });

  it("of wide images are below each other, and larger than in three columns", () => {
    const { columns, tall } = panelLayout(6, 2, large);
    expect(columns).toBe(2);
    // 414 px wide at most; three columns gave (844 - 32) / 3 = 271.
    expect(Math.min(2 * tall, (large.width - 16) / 2)).toBeGreaterThan(290);
    expect(panelLayout(6, 2, small).columns).toBe(2);
    expect(panelLayout(2, 2, large).columns).toBe(1);
    expect(panelLayout(1, 2, large).tall).toBe(700);
  });

  it("begin with limits that cut off no more than ten pixels", () => {
    expect(startPercent(32 * 32)).toBe(99.9);
    const pixels = 4096 ** 2;
    expect(pixels * (1 - startPercent(pixels) / 100)).toBeCloseTo(10, 3);
  });
});

describe("the wheel", () => {
  const turn = (deltaY: number, rest = {}) =>
    wheelFactor({ deltaX: 0, deltaY, deltaMode: 0, ctrlKey: false, ...rest });

  it("zooms by how far it turns: a quarter a notch, little on a touchpad, not sideways", () => {
    expect(turn(-100)).toBeCloseTo(1.25, 12);
    expect(turn(100)).toBeCloseTo(0.8, 12);
    expect(turn(-4)).toBeCloseTo(1.25 ** 0.04, 12);
    expect(turn(4, { deltaX: 5 })).toBe(1);
    expect(turn(-3, { deltaMode: 1 })).toBeCloseTo(1.25 ** 0.48, 12);
    expect(turn(-10, { ctrlKey: true })).toBeCloseTo(Math.exp(0.1), 12);
    expect(turn(-1e9)).toBeCloseTo(2, 12);
  });
});

describe("words", () => {
  it("say what a flux is below where its lower end is nothing", () => {
    expect(intervalText([2.8e-33, 7.987], 6.512)).toBe("< 6.51");
    expect(intervalText([1.25, 7.987], 6.512)).toBe("1.25 to 7.987");
  });

  it("estimate before they promise", () => {
    const pace = (done: number, sweepsPerSecond: number, secondsLeft: number) =>
      paceText({ done, sweepsPerSecond, secondsLeft });
    expect(pace(4, 0.3, 14_400)).toBe("Estimating how long it takes …");
    expect(pace(40, 0.25, 300)).toBe("4.0 s a sweep, 5 min 0 s left");
    expect(pace(4_000, 1234.5, 0)).toBe("1,235 sweeps a second, almost done");
  });

  it("ask for as many sweeps as the verdict does", () => {
    const verdict = (remedy: string) => ({ verdict: { state: "weak", sentence: "", remedy } }) as const;
    expect(wantedSweeps(verdict("Run at least 12,000 sweeps; until then"), 2_000)).toBe(12_000);
    expect(wantedSweeps(verdict(""), 2_000)).toBe(4_000);
  });
});
