/** What the screen of Studio computes: layouts of pictures, the wheel, intervals and pace in words. */
import { describe, expect, it } from "vitest";
import { draggedLimits } from "../../app/src/pictures/limits-bar.js";
import { panelLayout, startPercent } from "../../app/src/pictures/panel-layout.js";
import { intervalText } from "../../app/src/reading/interval-text.js";
import { paceText } from "../../app/src/run/live-sentence.js";
import { wantedSweeps } from "../../app/src/run/run-controls.js";
import { colorScale, valueAt } from "../../src/figures/color-scale.js";
import { offeredLevels, smoothedImage } from "../../src/viewer/contour-overlay.js";
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

  it("begin with limits that cut off ten pixels at most, and none where all of them have room", () => {
    const shape = [256, 256] as const;
    /** Single counts, and a few pixels of other values. */
    const withPeaks = (...peaks: readonly number[]) => {
      const data = Float64Array.from({ length: 256 ** 2 }, (_, at) => Number(at % 50 === 0));
      data.set(peaks, 1);
      return { data, shape };
    };
    // A source of 46 counts in nine pixels: its peaks are told apart from single counts and from each other.
    expect(startPercent(withPeaks(8, 7, 7, 7, 4, 4, 4, 3, 2, 2, 2, 2))).toBeLessThan(100);
    expect(startPercent(withPeaks(4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2))).toBe(100);
    const percent = startPercent(withPeaks(1000));
    expect(256 ** 2 * (1 - percent / 100)).toBeCloseTo(10, 3);
    expect(startPercent({ data: Float64Array.from({ length: 400 }, (_, at) => at), shape: [20, 20] })).toBe(
      100,
    );
  });

  it("have other limits when an end of the colour bar is dragged, in the values of the stretch", () => {
    const image = { data: Float64Array.of(0, 1, 4, 16), shape: [2, 2] as const };
    const scale = colorScale([image], { stretch: "sqrt" });
    // Half of the bar is half of the root.
    expect(draggedLimits(scale, true, -0.5)).toEqual([0, 4]);
    expect(draggedLimits(scale, true, 0.5)).toEqual([0, 36]);
    expect(draggedLimits(scale, false, 0.25)).toEqual([1, 16]);
    expect(draggedLimits(scale, false, -0.25)).toEqual([0, 16]);
    expect(draggedLimits(scale, true, -3)[1]).toBeGreaterThan(0);
    for (const stretch of ["linear", "sqrt", "asinh", "log"] as const) {
      const one = colorScale([image], { stretch });
      for (const place of [0, 0.3, 1]) expect(one.place(valueAt(one, place))).toBeCloseTo(place, 12);
    }
    const residual = colorScale([image], { colormap: "RdBu", vmin: -4, vmax: 4 });
    expect(draggedLimits(residual, true, -0.25)).toEqual([-2, 2]);
    expect(draggedLimits(residual, false, 0.25)).toEqual([-2, 2]);
  });
});

describe("contours", () => {
  it("of an image smoothed by a Gaussian keep its sum and leave out what has no value", () => {
    const shape = [31, 31] as const;
    const data = new Float64Array(31 * 31);
    data[15 * 31 + 15] = 7;
    const smooth = smoothedImage({ data, shape }, 2);
    expect(smooth.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(7, 3);
    // The value of a Gaussian of sigma 2 at its middle, summed over pixels rather than integrated: 7 / (2 pi 4).
    expect(smooth.data[15 * 31 + 15]).toBeCloseTo(7 / (8 * Math.PI), 3);
    const flat = smoothedImage({ data: data.map((_, at) => (at % 7 === 0 ? Number.NaN : 3)), shape }, 1.5);
    expect(flat.data.every((value) => Math.abs(value - 3) < 1e-12)).toBe(true);
    expect(offeredLevels({ limits: [0, 46] })).toEqual([2.9, 5.8, 12, 23]);
    expect(offeredLevels({ limits: [-5, 5] })).toEqual([-3, -1, 1, 3]);
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
