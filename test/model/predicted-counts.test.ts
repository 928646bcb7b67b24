import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import { constantImage, skyImage } from "../../src/image.js";
import { detectedExposure } from "../../src/model/exposure.js";
import { expectedSourceCounts } from "../../src/model/ledger.js";
import { cash, cstat, predictedCounts, residuals } from "../../src/model/predicted-counts.js";
import { amounts, boundaries, masks, psfs, shapes } from "../data/random-images.js";
import { naiveConvolution } from "../oracles/convolution.js";

const inputs = shapes.chain((shape) =>
  fc.record({
    flux: amounts(shape),
    background: amounts(shape),
    exposure: amounts(shape).filter(({ data }) => data.some((value) => value > 0)),
    mask: masks(shape),
    psf: psfs,
    boundary: boundaries,
    scale: fc.constantFrom(0, 1, 1.75),
  }),
);

describe("predictedCounts", () => {
  it("equals the model's double sum", () => {
    fc.assert(
      fc.property(inputs, ({ flux, background, exposure, psf, boundary, scale }) => {
        const source = flux.data.map((value, j) => exposure.data[j] * (value + scale * background.data[j]));
        const expected = naiveConvolution({ data: source, shape: flux.shape }, psf, boundary);
        const { data } = predictedCounts(flux, { psf, exposure, background }, { boundary, scale });
        for (const [index, value] of expected.entries()) {
          expect(Math.abs(data[index] - value)).toBeLessThan(1e-11 * (1 + value));
        }
      }),
    );
  });

  it("sums over the pixels in use to exposure * q * (flux + scale * background)", () => {
    fc.assert(
      fc.property(inputs, ({ flux, background, exposure, mask, psf, boundary, scale }) => {
        const counts = constantImage(flux.shape, 0);
        const given = { counts, psf, exposure, background, mask };
        const { observation } = checkObservation(given, { boundary });
        const detected = detectedExposure(observation, boundary);
        const predicted = predictedCounts(flux, observation, { boundary, scale });
        const inUse = expectedSourceCounts(predicted.data, mask);
        const expected =
          expectedSourceCounts(flux.data, detected) + scale * expectedSourceCounts(background.data, detected);
        expect(Math.abs(inUse - expected)).toBeLessThan(1e-9 * (1 + expected));
      }),
    );
  });
});

describe("residuals", () => {
  const counts = skyImage([4, 0, 9, 2], [1, 4]);
  const predicted = skyImage([4, 2, 4, 0], [1, 4]);

  it("gives differences, and signed square roots of the deviance", () => {
    const { counts: difference, sigma } = residuals(counts, predicted);
    expect([...difference.data]).toEqual([0, -2, 5, 2]);
    expect(sigma.data[0]).toBe(0);
    expect(sigma.data[1]).toBeCloseTo(-2, 14); // sqrt(2 * 2)
    expect(sigma.data[2]).toBeCloseTo(Math.sqrt(2 * (9 * Math.log(9 / 4) - 5)), 14);
    expect(sigma.data[3]).toBe(Number.POSITIVE_INFINITY);
  });

  it("is NaN in masked pixels", () => {
    const { counts: difference, sigma } = residuals(counts, predicted, skyImage([1, 1, 1, 0], [1, 4]));
    expect([difference.data[3], sigma.data[3]]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe("cash and cstat", () => {
  const counts = skyImage([3, 0, 7], [1, 3]);
  const predicted = skyImage([2.5, 0.4, 9], [1, 3]);

  it("follow their formulas", () => {
    expect(cash(counts, predicted)).toBeCloseTo(2 * (11.9 - 3 * Math.log(2.5) - 7 * Math.log(9)), 12);
    const saturated = cash(counts, { ...counts, data: counts.data.map((value) => Math.max(value, 1e-300)) });
    expect(cstat(counts, predicted)).toBeCloseTo(cash(counts, predicted) - saturated, 12);
    expect(cstat(counts, counts)).toBe(0);
  });

  it("ignore masked pixels and are infinite for counts out of nothing", () => {
    const mask = skyImage([1, 1, 0], [1, 3]);
    const none = skyImage([2.5, 0.4, 0], [1, 3]);
    expect(cash(counts, none, mask)).toBeCloseTo(2 * (2.9 - 3 * Math.log(2.5)), 12);
    expect(cash(counts, none)).toBe(Number.POSITIVE_INFINITY);
    expect(cstat(counts, none)).toBe(Number.POSITIVE_INFINITY);
    expect(Number.isFinite(cstat(counts, none, mask))).toBe(true);
  });
});
