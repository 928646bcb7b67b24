import type { SkyImage } from "../image.js";
import { type ChainGroups, comparableGroups, groupedConvergence } from "../posterior/chain-groups.js";
import { asDrawSource, comparableChains, type DrawSource } from "../posterior/draw-source.js";
import type { Convergence, Diagnostics } from "../posterior/result.js";
import { shiftConvergence } from "../posterior/shift-bits.js";
import { summariseParameters, sweepsAfterBurnIn } from "../posterior/summary.js";
import type { ImageTrace, ParameterSource, ParameterTrace } from "../posterior/trace.js";
import { censusPixels, judge, pixelName, pixelsThatMatter } from "../posterior/verdict.js";
import { type PixelConvergence, type PixelWatchOptions, pixelConvergence } from "./pixel-summary.js";

/** What a run leaves behind for its diagnosis. */
export interface DiagnoseParts {
  readonly parameters: ParameterTrace | ParameterSource;
  /** Kept draws after burn-in, in memory or elsewhere. */
  readonly images: ImageTrace | DrawSource;
  /** Posterior mean of the flux `[ny, nx]`, all chains together. */
  readonly mean: SkyImage;
  /** Posterior standard deviation of the flux `[ny, nx]`, all chains together. */
  readonly std: SkyImage;
  /** Chains that sample the same law, as those of equal shift in an ensemble; default all. */
  readonly groups?: ChainGroups;
  /** Whether the shift of the tree is a parameter, to be judged like the others; default false. */
  readonly sampledShift?: boolean;
  /** R-hat and effective sizes of the pixels, where they are known already; default computed from the draws. */
  readonly pixels?: PixelConvergence;
}

/** Convergence of the flux in single pixels, from their draws. */
async function pixelRows(
  source: DrawSource,
  groups: ChainGroups,
  pixels: readonly number[],
): Promise<Convergence[]> {
  const rows: Convergence[] = [];
  for (const pixel of pixels) {
    const draws: Float32Array[][] = [];
    for (const chains of groups) {
      const buffers: Float32Array[] = [];
      for (const chain of chains) {
        const buffer = new Float32Array(source.draws(chain));
        const pending = source.readBand(chain, pixel, 1, buffer);
        if (pending !== undefined) await pending;
        buffers.push(buffer);
      }
      draws.push(buffers);
    }
    rows.push(groupedConvergence(pixelName(pixel, source.shape[1]), draws));
  }
  return rows;
}

/**
 * Everything the chains say about their own reliability: R-hat and effective sample size of parameters and pixels, and a
 * verdict in words (rules in `verdict.ts`).
 *
 * Nothing is changed. Work of seconds on large images, shared out among workers; it yields to the event loop now and then.
 *
 * @param watch progress in [0, 1] and a signal to stop
 * @throws AbortedError when `watch.signal` says so
 */
export async function diagnose(
  { parameters: trace, images, mean, std, groups, sampledShift = false, pixels: known }: DiagnoseParts,
  watch: PixelWatchOptions = {},
): Promise<Diagnostics> {
  const source = asDrawSource(images);
  const allSweeps = sweepsAfterBurnIn(trace);
  const swept = comparableChains(allSweeps);
  const parameters = summariseParameters(trace, groups);
  if (sampledShift) parameters.push(...shiftConvergence(trace, swept));
  const { rhat, ess } = known ?? (await pixelConvergence(source, watch, groups));

  const allKept = Array.from({ length: source.chains }, (_, chain) => source.draws(chain));
  const kept = comparableChains(allKept);
  const chains = Math.max(swept.length, kept.length);
  const pixels = censusPixels({ rhat, ess }, pixelsThatMatter(mean, std), chains);
  const verdict = judge({
    parameters,
    pixels,
    worstPixels: await pixelRows(source, comparableGroups(allKept, groups), pixels.worst),
    chains,
    shortChains: Math.max(allSweeps.length, allKept.length) - chains,
    sweeps: swept.length === 0 ? 0 : Math.min(...swept.map((chain) => allSweeps[chain])),
    burnIn: trace.burnIn,
    keptDraws: kept.length === 0 ? 0 : Math.min(...kept.map((chain) => allKept[chain])),
  });
  return { parameters, rhat, ess, verdict };
}
