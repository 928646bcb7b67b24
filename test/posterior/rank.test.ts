import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  foldedScores,
  rankScores,
  rankScratch,
  sortDraws,
  sortedQuantile,
} from "../../src/posterior/rank.js";
import { slowNormalQuantile, slowQuantile } from "../oracles/diagnostics.js";

/** Average ranks of numbers, by counting. */
function slowRanks(values: readonly number[]): number[] {
  return values.map(
    (value) =>
      values.filter((other) => other < value).length +
      (values.filter((other) => other === value).length + 1) / 2,
  );
}

const score = (rank: number, size: number) => slowNormalQuantile((rank - 0.375) / (size + 0.25));

const doubles = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), {
  minLength: 1,
  maxLength: 60,
});
const singles = fc.array(
  fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -0, 1, -1)),
  {
    minLength: 1,
    maxLength: 60,
  },
);

describe("sortDraws", () => {
  it("sorts any doubles, negative, tiny and huge", () => {
    fc.assert(
      fc.property(doubles, (numbers) => {
        const values = Float64Array.from(numbers);
        const scratch = rankScratch(values.length);
        sortDraws(values, scratch);
        const expected = [...numbers].sort((a, b) => a - b);
        scratch.sorted.forEach((value, k) => {
          expect(value === expected[k]).toBe(true);
        });
        expect([...scratch.order].sort((a, b) => a - b)).toEqual(numbers.map((_, i) => i));
        expect(values).toEqual(Float64Array.from(numbers));
      }),
    );
  });

  it("sorts any singles, ties in their order of appearance, reusing its memory", () => {
    const scratches = new Map<number, ReturnType<typeof rankScratch>>();
    fc.assert(
      fc.property(singles, (numbers) => {
        const values = Float32Array.from(numbers);
        const scratch = scratches.get(values.length) ?? rankScratch(values.length);
        scratches.set(values.length, scratch);
        sortDraws(values, scratch);
        const expected = Array.from(values.keys()).sort((a, b) => values[a] - values[b] || a - b);
        expect([...scratch.order]).toEqual(expected);
      }),
    );
  });
});

describe("normal scores", () => {
  it("are those of average ranks, and of average ranks of distances from the median", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1, maxLength: 40 }), (numbers) => {
        const scratch = rankScratch(numbers.length);
        sortDraws(Float64Array.from(numbers), scratch);
        const scores = new Float64Array(numbers.length);
        rankScores(scratch, scores);
        slowRanks(numbers).forEach((rank, i) => {
          expect(scores[i]).toBeCloseTo(score(rank, numbers.length), 11);
        });
        foldedScores(scratch, scores);
        const median = slowQuantile(numbers, 0.5);
        slowRanks(numbers.map((x) => Math.abs(x - median))).forEach((rank, i) => {
          expect(scores[i]).toBeCloseTo(score(rank, numbers.length), 11);
        });
      }),
    );
  });
});

describe("sortedQuantile", () => {
  it("interpolates as the definition says", () => {
    fc.assert(
      fc.property(doubles, fc.double({ min: 0, max: 1, noNaN: true }), (numbers, probability) => {
        const small = numbers.map((x) => x / 1e300);
        const scratch = rankScratch(small.length, { scores: false });
        sortDraws(Float64Array.from(small), scratch);
        expect(
          Math.abs(sortedQuantile(scratch, probability) - slowQuantile(small, probability)),
        ).toBeLessThan(1e-12);
      }),
    );
  });
});
