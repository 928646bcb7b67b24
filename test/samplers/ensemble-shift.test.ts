import { expect, test } from "vitest";
import { ensembleShift } from "../../src/samplers/ensemble-shift.js";

/** Shifts of the first pairs of an ensemble. */
function shiftsOf(shape: readonly [number, number], pairs: number, seed = 1): [number, number][] {
  return Array.from({ length: pairs }, (_, pair) => ensembleShift(shape, seed, 2 * pair));
}

test("chains of a pair share a shift, and each pair has its own", () => {
  for (let chain = 0; chain < 32; chain += 2) {
    expect(ensembleShift([128, 96], 5, chain + 1)).toEqual(ensembleShift([128, 96], 5, chain));
  }
  expect(new Set(shiftsOf([128, 96], 200).map(String)).size).toBe(200);
});

test("blocks of two shifts lie a quarter apart at least, at every size and along both axes", () => {
  for (let size = 2; size <= 4096; size *= 2) {
    const [first, second] = shiftsOf([size, size], 2) as [[number, number], [number, number]];
    for (const axis of [0, 1] as const) {
      for (let block = 2; block <= size; block *= 2) {
        const apart = (second[axis] - first[axis] + size) % block;
        expect(Math.min(apart, block - apart) / block).toBeGreaterThanOrEqual(1 / 4);
      }
    }
  }
});

test("nine shifts lie one in each ninth of both axes and in each cell of three by three", () => {
  const [ny, nx] = [27, 81] as const;
  const [row, col] = ensembleShift([ny, nx], 7, 0);
  // From the first one on.
  const shifts = shiftsOf([ny, nx], 9, 7).map(
    ([y, x]) => [(y - row + ny) % ny, (x - col + nx) % nx] as const,
  );
  const numbers = Array.from({ length: 9 }, (_, index) => index);
  const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
  expect(sorted(shifts.map(([y]) => Math.floor(y / 3)))).toEqual(numbers);
  expect(sorted(shifts.map(([, x]) => Math.floor(x / 9)))).toEqual(numbers);
  expect(sorted(shifts.map(([y, x]) => 3 * Math.floor(y / 9) + Math.floor(x / 27)))).toEqual(numbers);
});

test("the shift of any pair is uniform over the rows and columns", () => {
  const seeds = 5_000;
  const shape = [5, 7] as const;
  for (const pair of [0, 1, 6]) {
    const found = shape.map((size) => new Array<number>(size).fill(0));
    for (let seed = 0; seed < seeds; seed++) {
      ensembleShift(shape, seed, 2 * pair).forEach((at, axis) => {
        (found[axis] as number[])[at] = ((found[axis] as number[])[at] as number) + 1;
      });
    }
    found.forEach((counts) => {
      const expected = seeds / counts.length;
      const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // False alarms: 1e-6 of chi-squared with 4 and 6 degrees of freedom are above 33.4 and 38.3.
      expect(chi2).toBeLessThan(counts.length === 5 ? 33.4 : 38.3);
    });
  }
});
