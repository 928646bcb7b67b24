import { expect, it } from "vitest";
import { quantileInPlace, quantileOfSorted } from "../../../src/data/random/sorted-quantile.js";

/** Values that repeat, ascend, descend and scatter. */
const rows: Record<string, (index: number, length: number) => number> = {
  equal: () => 3,
  few: (index) => (index * 7) % 3,
  ascending: (index) => index,
  descending: (index, length) => length - index,
  scattered: (index) => ((index * 7919) % 104_729) - 50_000,
  infinite: (index) => [Number.POSITIVE_INFINITY, 0, -1, Number.NEGATIVE_INFINITY][index % 4],
};

it.each(Object.entries(rows))("finds the quantiles of a sorted copy: %s values", (_, value) => {
  for (const length of [1, 2, 3, 10, 1000]) {
    const values = Float64Array.from({ length }, (_, index) => value(index, length));
    const sorted = values.slice().sort();
    for (const probability of [0, 0.001, 0.25, 0.5, 0.7, 0.995, 1])
      expect(quantileInPlace(values.slice(), probability)).toBe(quantileOfSorted(sorted, probability));
  }
});

it("gives NaN without values", () => {
  expect(quantileInPlace(new Float64Array(0), 0.5)).toBeNaN();
});
