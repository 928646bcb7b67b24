/**
 * Quantiles, R-hat and effective sample sizes pixel after pixel in TypeScript, one at a time and each from a sort of its own: what the
 * kernel is compared with, and timed against.
 */

import { type ChainGroups, combineGroups, comparableGroups } from "../../src/posterior/chain-groups.js";
import { rankDiagnostics, splitScratch, varies } from "../../src/posterior/convergence.js";
import { rankScratch, sortDraws, sortedQuantile } from "../../src/posterior/rank.js";
import type { ImageTrace } from "../../src/posterior/trace.js";

/** Figures of every pixel, as `pixelSummary` gives them. */
export function slowPixelSummary(
  { shape, chains }: ImageTrace,
  probabilities: readonly number[],
  groups?: ChainGroups,
): { readonly quantiles: readonly Float64Array[]; readonly rhat: Float64Array; readonly ess: Float64Array } {
  const pixels = shape[0] * shape[1];
  const lengths = chains.map((chain) => chain.length / pixels);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const empty = () => new Float64Array(pixels).fill(Number.NaN);
  const [rhat, ess, quantiles] = [empty(), empty(), probabilities.map(empty)];
  const compared = comparableGroups(lengths, groups);
  const draws = Math.min(...compared.flat().map((chain) => lengths[chain]));
  const sorting = rankScratch(total, { scores: false });
  const all = new Float32Array(total);
  const judges = compared.map((group) => {
    const scratch = splitScratch(group.length, draws);
    return { group, scratch, values: new Float32Array(scratch.halves * scratch.length) };
  });
  for (let pixel = 0; pixel < pixels; pixel++) {
    let end = 0;
    for (const [chain, length] of lengths.entries()) {
      for (let draw = 0; draw < length; draw++) all[end++] = chains[chain][draw * pixels + pixel];
    }
    if (all.every(Number.isFinite)) {
      sortDraws(all, sorting);
      for (const [k, probability] of probabilities.entries()) {
        quantiles[k][pixel] = sortedQuantile(sorting, probability);
      }
    }
    const rows = judges.map(({ group, scratch, values }) => {
      const { length } = scratch;
      for (const [c, chain] of group.entries()) {
        for (let i = 0; i < length; i++) {
          values[2 * c * length + i] = chains[chain][i * pixels + pixel];
          values[(2 * c + 1) * length + i] = chains[chain][(draws - length + i) * pixels + pixel];
        }
      }
      const row = { rhat: Number.NaN, ess: Number.NaN };
      if (varies(values)) rankDiagnostics(values, scratch, row);
      return row;
    });
    const worst = combineGroups(rows);
    rhat[pixel] = worst.rhat;
    ess[pixel] = worst.ess;
  }
  return { quantiles, rhat, ess };
}
