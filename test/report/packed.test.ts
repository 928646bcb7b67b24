/** Images and draws as bytes: what comes back, and how exact. */
import { describe, expect, it } from "vitest";
import { binImage } from "../../src/image.js";
import {
  COARSE_TOP,
  drawsFromBytes,
  drawsToBytes,
  errorBound,
  FINE_TOP,
  packDraws,
} from "../../src/report/packed-draws.js";
import { ALL_BITS, packValues, unpackValues } from "../../src/report/packed-image.js";
import { unpackedSeries } from "./unpacked-series.js";

/** Numbers in [0, 1), the same in every run (linear congruential generator of Numerical Recipes). */
function numbers(seed: number) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("packValues", () => {
  const random = numbers(1);
  const values = Array.from({ length: 2000 }, () => (random() - 0.5) * 10 ** (20 * random() - 10));

  it.each([4, 9, 12, 17, ALL_BITS])("keeps %i significant bits", (bits) => {
    const back = unpackValues(packValues(values, bits));
    const worst = Math.max(...values.map((value, index) => Math.abs(back[index] - value) / Math.abs(value)));
    expect(worst).toBeLessThanOrEqual(2 ** -bits);
    // A bound that nothing comes near would not be one.
    expect(worst).toBeGreaterThan(0.8 * 2 ** -bits);
  });

  it("keeps whole numbers up to 2^24, zero, NaN and infinities", () => {
    const special = [0, 1, 255, 16_777_215, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(Array.from(unpackValues(packValues(special, ALL_BITS)))).toEqual(special);
    expect(Array.from(unpackValues(packValues(special.slice(4), 7)))).toEqual(special.slice(4));
  });
});

describe("binImage", () => {
  it("sums blocks, smaller ones at the upper edges", () => {
    const image = { data: Float64Array.from({ length: 15 }, (_, index) => index), shape: [3, 5] as const };
    const binned = binImage(image, 2);
    expect(binned.shape).toEqual([2, 3]);
    expect(Array.from(binned.data)).toEqual([0 + 1 + 5 + 6, 2 + 3 + 7 + 8, 4 + 9, 10 + 11, 12 + 13, 14]);
  });
});

describe("packDraws", () => {
  const [draws, series] = [60, 40];
  const random = numbers(2);
  // Fluxes from sparse (many near 0, few bright) to nearly normal, over many powers of ten.
  const values = Float32Array.from({ length: draws * series }, (_, at) => {
    const scale = 10 ** ((at % series) / 4 - 5);
    return scale * (at % 3 === 0 ? random() ** 8 : 50 + 3 * random());
  });

  it.each([FINE_TOP, COARSE_TOP])("errs by at most its bound, highest code %i", (top) => {
    const packed = packDraws(values, draws, series, top);
    let nearest = 0;
    for (let index = 0; index < series; index++) {
      const bound = errorBound(packed.low[index], packed.high[index], top);
      const back = unpackedSeries(packed, index);
      for (let draw = 0; draw < draws; draw++) {
        const error = Math.abs(back[draw] - values[draw * series + index]);
        expect(error).toBeLessThanOrEqual(bound * (1 + 1e-5));
        nearest = Math.max(nearest, error / bound);
      }
    }
    expect(nearest).toBeGreaterThan(0.8);
  });

  it("survives its bytes", () => {
    const packed = packDraws(values, draws, series);
    expect(drawsFromBytes(drawsToBytes(packed), draws, series, FINE_TOP)).toEqual(packed);
  });

  it("takes constants, zeros and broken values", () => {
    const odd = Float32Array.of(3, 0, Number.NaN, 3, 0, 1);
    const packed = packDraws(odd, 2, 3);
    expect(Array.from(unpackedSeries(packed, 0))).toEqual([3, 3]);
    expect(Array.from(unpackedSeries(packed, 1))).toEqual([0, 0]);
    expect(Array.from(unpackedSeries(packed, 2))).toEqual([0, 1]);
  });
});
