import { CHAINS_PER_SHIFT } from "../data/law/cycle-spin.js";
import { randomStream } from "../data/random/random.js";
import type { Shape } from "../image.js";

/**
 * The shift of the tree that a chain of an ensemble keeps: uniform over the shifts, the same for each pair of chains, so
 * that the two can be compared.
 *
 * @param shape `[ny, nx]`
 * @param chain number of the chain, from 0
 * @returns row in [0, ny) and column in [0, nx)
 */
export function ensembleShift([ny, nx]: Shape, seed: number, chain: number): [row: number, col: number] {
  const group = Math.floor(chain / CHAINS_PER_SHIFT);
  const random = randomStream((seed + 0x5851f42d * (group + 1)) % 2 ** 53);
  return [Math.floor(random.uniform() * ny), Math.floor(random.uniform() * nx)];
}
