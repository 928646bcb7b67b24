// Chains of one dataset with traces of the quantities that matter, for the benchmarks of mixing and of exactness.
import type { Observation } from "../src/data/observation/observation.js";
import { groupedRhat } from "../src/posterior/chain-groups.js";
import { createLiraChain, type LiraChainSettings } from "../src/samplers/lira.js";

export const CHAINS = 4;

/** Traces of the watched quantities, `[chain][sweep]`, and CPU seconds of all chains together. */
export interface WatchedChains {
  readonly traces: ReadonlyMap<string, Float64Array[]>;
  readonly seconds: number;
  readonly sweeps: number;
}

export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * Run four chains from separated starts.
 *
 * @param pixels to watch, `row * nx + col`
 * @param onSweep sees the flux after each sweep; its time is not counted
 */
export function watchChains(
  observation: Observation,
  settings: LiraChainSettings,
  pixels: readonly number[],
  sweeps: number,
  onSweep?: (chain: number, sweep: number, flux: Float64Array) => void,
): WatchedChains {
  const nx = observation.counts.shape[1];
  const traces = new Map<string, Float64Array[]>();
  const series = (name: string) => {
    const values = new Float64Array(sweeps);
    traces.set(name, [...(traces.get(name) ?? []), values]);
    return values;
  };
  let seconds = 0;
  for (let chain = 0; chain < CHAINS; chain++) {
    const running = createLiraChain([observation], settings, { seed: 1, chain });
    const columns = running.columns.flatMap((name, column) => {
      const watched = /^(expectedMSCounts|(smoothingParam|smoothness)[01]|logLikelihood)$/.test(name);
      const scale = name === "bkgScale" && settings.fitBackgroundScale;
      return watched || scale ? [{ column, values: series(name) }] : [];
    });
    const watched = pixels.map((pixel) => ({
      pixel,
      values: series(`(${Math.floor(pixel / nx)},${pixel % nx})`),
    }));
    const shift = running.columns.indexOf("cycleSpinRow");
    const bits =
      settings.cycleSpin === "sampled"
        ? ["row", "col"].map((axis, index) => ({
            column: shift + index,
            values: series(`shift ${axis} mod 2`),
          }))
        : [];
    for (let sweep = 0; sweep < sweeps; sweep++) {
      const start = cpuSeconds();
      const row = running.sweep(1);
      seconds += cpuSeconds() - start;
      for (const { column, values } of columns) values[sweep] = row[column];
      for (const { column, values } of bits) values[sweep] = row[column] % 2;
      const { flux } = running;
      for (const { pixel, values } of watched) values[sweep] = flux[pixel];
      onSweep?.(chain, sweep, flux);
    }
  }
  return { traces, seconds, sweeps };
}

/** The chains to compare: all, or those of equal shift. */
export function comparedChains(settings: LiraChainSettings): number[][] {
  return settings.cycleSpin === "ensemble"
    ? [
        [0, 1],
        [2, 3],
      ]
    : [[0, 1, 2, 3]];
}

/** Draws `from` to `to` of each chain, group by group. */
export function groupDraws(
  chains: readonly Float64Array[],
  groups: readonly (readonly number[])[],
  from: number,
  to: number,
): Float64Array[][] {
  return groups.map((group) => group.map((chain) => chains[chain].subarray(from, to)));
}

/** Sweeps from which on R-hat of the second half of everything watched stays below 1.05; NaN if never. */
export function sweepsToAgreement(
  { traces, sweeps }: WatchedChains,
  groups: readonly (readonly number[])[],
): number {
  let agreed = Number.NaN;
  for (let at = 50; at <= sweeps; at = Math.ceil(at * 1.15)) {
    const worst = Math.max(
      ...[...traces.values()].map((chains) => {
        const rhat = groupedRhat(groupDraws(chains, groups, Math.floor(at / 2), at));
        return Number.isNaN(rhat) ? 1 : rhat;
      }),
    );
    if (worst >= 1.05) agreed = Number.NaN;
    else if (Number.isNaN(agreed)) agreed = at;
  }
  return agreed;
}
