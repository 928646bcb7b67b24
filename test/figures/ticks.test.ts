import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { colorScale, type Stretch } from "../../src/figures/color-scale.js";
import {
  colorBarTicks,
  formatLabel,
  formatNumber,
  formatUnit,
  linearTicks,
} from "../../src/figures/ticks.js";
import { imageOf } from "./images.js";

const bar = (low: number, high: number, stretch: Stretch, length = 300) =>
  colorBarTicks(colorScale([imageOf(1, 1, () => low)], { vmin: low, vmax: high, stretch }), length);

describe("ticks", () => {
  it.each([
    [0, 31, 6, ["0", "10", "20", "30"]],
    [-1, 1, 4, ["−1.0", "−0.5", "0.0", "0.5", "1.0"]],
    [1, 1.1, 6, ["1.00", "1.02", "1.04", "1.06", "1.08", "1.10"]],
    [0, 12000, 4, ["0", "5000", "10000"]],
    [3310, 3660, 2, ["3400", "3600"]],
    [-3.4, 2.2, 2, ["−2", "0", "2"]],
    [12, 1650, 2, ["500", "1000", "1500"]],
    [0.4, 3.6, 1, ["1", "3"]],
  ])("labels %d to %d in about %d round steps", (low, high, count, labels) => {
    expect(linearTicks(low, high, count).labels).toEqual(labels);
  });

  it("splits a common factor off small and large values", () => {
    expect(linearTicks(0, 1.2e-9, 6)).toMatchObject({
      exponent: -9,
      labels: ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "1.2"],
    });
    expect(linearTicks(0, 5e7, 6).exponent).toBe(7);
  });

  it.each([
    ["sqrt", 0, 40, ["0", "1", "5", "10", "20", "30", "40"]],
    ["log", 0.5, 112, ["0.5", "1", "2", "5", "10", "20", "50", "100"]],
    ["log", 1e-12, 1e-6, ["10⁻¹²", "10⁻¹¹", "10⁻¹⁰", "10⁻⁹", "10⁻⁸", "10⁻⁷", "10⁻⁶"]],
  ] as const)("labels a %s colour bar from %d to %d", (stretch, low, high, labels) => {
    expect(bar(low, high, stretch).labels).toEqual(labels);
  });

  it("gives a colour bar ticks inside it, apart from each other, with labels all different", () => {
    const limits = fc.tuple(
      fc.double({ min: -13, max: 8, noNaN: true }),
      fc.double({ min: 0.05, max: 5, noNaN: true }),
    );
    fc.assert(
      fc.property(
        limits,
        fc.constantFrom<Stretch>("linear", "sqrt", "log", "asinh"),
        fc.boolean(),
        ([power, decades], stretch, zero) => {
          const high = 10 ** power;
          const low = zero && stretch !== "log" ? 0 : high / 10 ** decades;
          const { positions, labels } = bar(low, high, stretch);
          expect(positions.length).toBeGreaterThanOrEqual(2);
          expect(positions.length).toBeLessThanOrEqual(14);
          expect(new Set(labels).size).toBe(labels.length);
          for (const [index, at] of positions.entries()) {
            expect(at).toBeGreaterThanOrEqual(-1e-6);
            expect(at).toBeLessThanOrEqual(1 + 1e-6);
            if (index > 0) expect((at - (positions[index - 1] ?? 0)) * 300).toBeGreaterThan(15);
          }
        },
      ),
      { numRuns: 300, seed: 372 },
    );
  });

  it.each([
    ["cm-2 s-1", "cm⁻² s⁻¹"],
    ["cm**-2 s**(-1)", "cm⁻² s⁻¹"],
    ["photon/cm^2/s", "photon/cm²/s"],
    ["cm⁻² s⁻¹", "cm⁻² s⁻¹"],
    ["counts", "counts"],
  ])("prints the unit %s", (unit, printed) => {
    expect(formatUnit(unit)).toBe(printed);
  });

  it("joins label, factor and unit", () => {
    expect(formatLabel("flux", "cm-2 s-1", -9)).toEqual(["flux", "(×10⁻⁹ cm⁻² s⁻¹)"]);
    expect(formatLabel("counts", "", 0)).toEqual(["counts", ""]);
  });

  it.each([
    [0, "0"],
    [-1.23456, "−1.23"],
    [3.014e-10, "3.01×10⁻¹⁰"],
    [12345.6, "12346"],
    [Number.NaN, "–"],
  ])("formats the number %d", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});
