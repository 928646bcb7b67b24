import type { SkyImage } from "../image.js";
import { constantImage } from "../image.js";
import { type ChainGroups, combineGroups, comparableGroups } from "./chain-groups.js";
import { rankDiagnostics, splitScratch, varies } from "./convergence.js";
import { asDrawSource, type DrawSource, forEachPixelBlock, type WatchOptions } from "./draw-source.js";
import type { ImageTrace } from "./trace.js";

/** R-hat and effective sample size of every pixel. */
export interface PixelConvergence {
  /** Rank-normalised split R-hat `[ny, nx]`; NaN where undefined (a pixel that never changes). */
  readonly rhat: SkyImage;
  /** Bulk effective sample size `[ny, nx]` over all chains compared; NaN where undefined. */
  readonly ess: SkyImage;
}

/**
 * R-hat and effective sample size of the flux in every pixel, from the kept draws.
 *
 * Chains with fewer than half of the draws of the longest are left out (see `comparableChains`); the others are cut to
 * the shortest. About 0.2 ms a pixel for 4 chains of 1,000 draws.
 *
 * @param images kept draws after burn-in, in memory or elsewhere; not changed
 * @param groups chains that sample the same law; default all. The worst R-hat and the summed sizes are reported
 * @throws AbortedError when `signal` says so
 */
export async function pixelConvergence(
  images: ImageTrace | DrawSource,
  watch: WatchOptions = {},
  groups?: ChainGroups,
): Promise<PixelConvergence> {
  const source = asDrawSource(images);
  const rhat = constantImage(source.shape, Number.NaN);
  const ess = constantImage(source.shape, Number.NaN);
  const lengths = Array.from({ length: source.chains }, (_, chain) => source.draws(chain));
  const compared = comparableGroups(lengths, groups);
  const chains = compared.flat();
  if (chains.length === 0) return { rhat, ess };
  const draws = Math.min(...chains.map((chain) => lengths[chain]));
  const judges = compared.map((group) => {
    const scratch = splitScratch(group.length, draws);
    const values = new Float32Array(scratch.halves * scratch.length);
    return { group, scratch, values, result: { rhat: Number.NaN, ess: Number.NaN } };
  });
  await forEachPixelBlock(source, chains, watch, (block) => {
    for (let pixel = 0; pixel < block.count; pixel++) {
      let place = 0;
      for (const { group, scratch, values, result } of judges) {
        const { length } = scratch;
        for (let c = 0; c < group.length; c++) {
          const buffer = block.chains[place++];
          const start = pixel * lengths[group[c]];
          const second = start + draws - length;
          values.set(buffer.subarray(start, start + length), 2 * c * length);
          values.set(buffer.subarray(second, second + length), (2 * c + 1) * length);
        }
        result.rhat = Number.NaN;
        result.ess = Number.NaN;
        if (varies(values)) rankDiagnostics(values, scratch, result);
      }
      const combined =
        judges.length === 1 ? judges[0].result : combineGroups(judges.map(({ result }) => result));
      rhat.data[block.firstPixel + pixel] = combined.rhat;
      ess.data[block.firstPixel + pixel] = combined.ess;
    }
  });
  return { rhat, ess };
}
