/**
 * Chains that sample different laws: an ensemble of shifts of the tree. Only chains of equal shift can be compared; what is
 * reported of a quantity is the worst R-hat of the groups, and the sum of their effective sample sizes.
 */

import { CHAINS_PER_SHIFT, type CycleSpin } from "../data/law/cycle-spin.js";
import { convergence, splitRhat } from "./convergence.js";
import { comparableChains } from "./draw-source.js";
import type { Convergence, SamplerConfig } from "./result.js";

/** Numbers of the chains of each group; chains of one group sample the same law. */
export type ChainGroups = readonly (readonly number[])[];

/**
 * Which chains of a run may be compared: in an ensemble those of equal shift, else all.
 *
 * @returns undefined when all may be compared with one another
 */
export function chainGroups(
  config: Pick<SamplerConfig, "chains"> & { readonly cycleSpin?: CycleSpin },
): ChainGroups | undefined {
  const { cycleSpin, chains } = config;
  if (cycleSpin !== "ensemble" || chains <= CHAINS_PER_SHIFT) return undefined;
  return Array.from({ length: Math.ceil(chains / CHAINS_PER_SHIFT) }, (_, group) =>
    Array.from(
      { length: Math.min(CHAINS_PER_SHIFT, chains - CHAINS_PER_SHIFT * group) },
      (_chain, index) => CHAINS_PER_SHIFT * group + index,
    ),
  );
}

/**
 * The chains that are long enough to compare, group by group; groups without any are left out.
 *
 * @param lengths draws of each chain
 * @param groups default all chains in one
 */
export function comparableGroups(lengths: readonly number[], groups?: ChainGroups): number[][] {
  const chains = comparableChains(lengths);
  if (groups === undefined) return chains.length === 0 ? [] : [chains];
  return groups
    .map((group) => group.filter((chain) => chains.includes(chain)))
    .filter((group) => group.length > 0);
}

/** Worst R-hat and summed effective size of the groups; a group where they are undefined says nothing. */
export function combineGroups(rows: readonly { readonly rhat: number; readonly ess: number }[]): {
  rhat: number;
  ess: number;
} {
  let rhat = Number.NaN;
  let ess = Number.NaN;
  for (const row of rows) {
    if (!(row.rhat <= rhat) && !Number.isNaN(row.rhat)) rhat = row.rhat;
    if (!Number.isNaN(row.ess)) ess = Number.isNaN(ess) ? row.ess : ess + row.ess;
  }
  return { rhat, ess };
}

/**
 * Convergence of a quantity whose chains come in groups: mean over the groups, standard deviation of all draws, Monte Carlo
 * error of the mean of the groups' means.
 *
 * @param groups draws of the chains of each group
 */
export function groupedConvergence(
  name: string,
  groups: readonly (readonly ArrayLike<number>[])[],
): Convergence {
  const rows = groups.map((chains) => convergence(name, chains));
  if (rows.length === 1) return rows[0];
  const count = rows.length;
  const mean = rows.reduce((sum, row) => sum + row.mean, 0) / count;
  const within = rows.reduce((sum, row) => sum + row.std * row.std, 0) / count;
  const between = rows.reduce((sum, row) => sum + (row.mean - mean) ** 2, 0) / count;
  const mcse = Math.sqrt(rows.reduce((sum, row) => sum + row.mcse * row.mcse, 0)) / count;
  return { name, mean, std: Math.sqrt(within + between), ...combineGroups(rows), mcse };
}

/** Largest split R-hat of the groups; NaN when none is defined. */
export function groupedRhat(groups: readonly (readonly ArrayLike<number>[])[]): number {
  return combineGroups(groups.map((chains) => ({ rhat: splitRhat(chains), ess: Number.NaN }))).rhat;
}
