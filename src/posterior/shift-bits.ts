import { groupedConvergence } from "./chain-groups.js";
import type { Convergence } from "./result.js";
import { parameterDraws } from "./summary.js";
import type { ParameterSource, ParameterTrace } from "./trace.js";

/** Columns of the trace that hold the shift of the tree, and what they are called. */
const AXES = [
  ["cycleSpinRow", "shift row"],
  ["cycleSpinCol", "shift column"],
] as const;

/**
 * Convergence of a sampled shift of the tree, bit by bit: `shift row mod 2`, `mod 4`, ... up to the size of the image, and
 * the same for columns. The coarse bits of a shift change in almost every sweep even where the fine ones, which decide
 * which pixels share a block, stand still; the shift itself would hide that.
 *
 * @param which chains to compare
 * @returns one row for each modulus; a shift that never moved in any chain has R-hat infinite, or none when all agree
 */
export function shiftConvergence(
  trace: ParameterTrace | ParameterSource,
  which: readonly number[],
): Convergence[] {
  return AXES.flatMap(([column, name]) => {
    const draws = parameterDraws(trace, trace.names.indexOf(column), which);
    const largest = draws.reduce(
      (most, chain) => chain.reduce((high, value) => Math.max(high, value), most),
      0,
    );
    const rows: Convergence[] = [];
    for (let modulus = 2; modulus <= largest + 1; modulus *= 2) {
      const bits = draws.map((chain) => chain.map((value) => value % modulus));
      rows.push(groupedConvergence(`${name} mod ${modulus}`, [bits]));
    }
    return rows;
  });
}
