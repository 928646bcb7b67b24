import type { Inquiry } from "../inquiry.js";
import type { Objective } from "./lbfgs.js";

/** Points on a line, and by what part of itself every variable changes from one to the next: a few roundings of f32. */
const POINTS = 8;
const STEP = 3e-7;

/**
 * By how much rounding changes the values of a function at most, three standard deviations: from third differences of values at neighbouring points, in
 * which next to nothing of a smooth function is left (Hamming 1971; Moré & Wild 2011, SIAM J. Sci. Comput. 33, 1292, section 3).
 *
 * @param at not changed
 */
export function* valueNoise<Question>(
  objective: Objective<Question>,
  at: Float64Array,
): Inquiry<Question, number> {
  const gradient = new Float64Array(at.length);
  const values: number[] = [];
  for (let point = 0; point < POINTS; point++) {
    const near = at.map((component) => component * (1 + point * STEP));
    values.push(yield* objective(near, gradient));
  }
  // Of independent errors of variance 1 a third difference has 1 + 9 + 9 + 1.
  let sum = 0;
  for (let k = 3; k < POINTS; k++) {
    const difference = values[k] - 3 * values[k - 1] + 3 * values[k - 2] - values[k - 3];
    sum += difference ** 2 / 20 / (POINTS - 3);
  }
  return 3 * Math.sqrt(sum);
}
