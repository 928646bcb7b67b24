import { CHAINS_PER_SHIFT } from "../data/law/cycle-spin.js";
import { randomStream } from "../data/random/random.js";
import type { Shape } from "../image.js";

/** 0.d0d1d2... in base 3. */
function ternaryFraction(digits: readonly number[]): number {
  return digits.reduceRight((rest, digit) => (rest + digit) / 3, 0);
}

/**
 * A point of Faure's sequence in two dimensions, base 3 (Faure 1982, Acta Arithmetica 41, 337): of the first 3^m points one lies in each
 * of 3^m equal parts of either axis, and of 3^(2 m) points one in each of their cells.
 *
 * @param index from 0
 * @returns two numbers in [0, 1)
 */
function faurePoint(index: number): [number, number] {
  const digits = [...index.toString(3)].reverse().map(Number);
  // The digits as coefficients of a polynomial, expanded about -1.
  const mixed = [...digits];
  for (let from = 0; from < mixed.length; from++) {
    for (let at = mixed.length - 2; at >= from; at--) {
      mixed[at] = ((mixed[at] as number) + (mixed[at + 1] as number)) % 3;
    }
  }
  return [ternaryFraction(digits), ternaryFraction(mixed)];
}

/**
 * The shift of the tree that a chain of an ensemble keeps: the same for each pair of chains, so that the two can be compared. The first
 * is uniform over all shifts, those of other pairs are displaced from it by points of a sequence in base 3. Blocks halve, and thirds of
 * the image are thirds of the blocks of every size: edges of the blocks of few shifts are far apart, and an average over few shifts is
 * nearer to that over all than with shifts drawn one by one.
 *
 * @param shape `[ny, nx]`
 * @param chain number of the chain, from 0
 * @returns row in [0, ny) and column in [0, nx)
 */
export function ensembleShift([ny, nx]: Shape, seed: number, chain: number): [row: number, col: number] {
  const random = randomStream((seed + 0x5851f42d) % 2 ** 53);
  const [y, x] = faurePoint(Math.floor(chain / CHAINS_PER_SHIFT));
  // Displacements in whole pixels: a third of 2^k pixels, rounded, is odd, so that the finest blocks differ too.
  return [
    (Math.floor(random.uniform() * ny) + Math.round(y * ny)) % ny,
    (Math.floor(random.uniform() * nx) + Math.round(x * nx)) % nx,
  ];
}
