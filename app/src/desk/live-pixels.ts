/** Pixels of chains that are under way: do they agree, before every draw is compared at the end. */

import type { ChainPreview, SkyImage } from "tslira";

/** What the pixels say so far. */
export interface LivePixels {
  /** Number of pixels compared: the brightest, which together hold 90 % of the flux. */
  readonly judged: number;
  /** Number of the pixel and its R-hat. */
  readonly brightest: { readonly pixel: number; readonly rhat: number };
  readonly worst: { readonly pixel: number; readonly rhat: number };
}

/** Part of the flux that the pixels hold which are compared, as in the verdict at the end. */
const FLUX_FRACTION = 0.9;
/** Fewest looks at a chain for its scatter. */
const LOOKS = 8;
/** Most pixels of an image that are watched: two numbers a pixel and chain. */
const MOST_PIXELS = 2 ** 18;

/** Looks at one chain: Welford's mean and sum of squares of its images, and its mean over all sweeps. */
interface Watched {
  looks: number;
  readonly middle: Float64Array;
  readonly squares: Float64Array;
  mean: SkyImage["data"];
}

/**
 * Watch the pixels of chains after burn-in.
 *
 * R-hat of a pixel is that of Gelman & Rubin (1992), sqrt(1 + B / W): B, the variance of the means of the chains, over all their
 * sweeps; W, the variance within the chains, over the images that were looked at.
 */
export function watchPixels(chains: number) {
  const watched = new Array<Watched | undefined>(chains).fill(undefined);
  return {
    look({ chain, flux: { data }, mean }: ChainPreview): void {
      if (mean === undefined || data.length > MOST_PIXELS) return;
      watched[chain] ??= {
        ...{ looks: 0, mean: mean.data },
        ...{ middle: new Float64Array(data.length), squares: new Float64Array(data.length) },
      };
      const one = watched[chain];
      one.looks++;
      one.mean = mean.data;
      for (let pixel = 0; pixel < data.length; pixel++) {
        const before = data[pixel] - one.middle[pixel];
        one.middle[pixel] += before / one.looks;
        one.squares[pixel] += before * (data[pixel] - one.middle[pixel]);
      }
    },
    /** What they say; undefined before there is enough of every chain, and of a single chain. */
    judge(): LivePixels | undefined {
      const all = watched.filter((one) => one !== undefined);
      if (chains < 2 || all.length < chains || all.some(({ looks }) => looks < LOOKS)) return undefined;
      const size = all[0].middle.length;
      const mean = new Float64Array(size);
      for (const one of all)
        for (let pixel = 0; pixel < size; pixel++) mean[pixel] += one.mean[pixel] / chains;
      const order = Array.from(mean.keys()).sort((a, b) => mean[b] - mean[a] || a - b);
      const goal = FLUX_FRACTION * mean.reduce((sum, value) => sum + value, 0);
      const dof = all.reduce((sum, { looks }) => sum + looks - 1, 0);
      let [held, judged] = [0, 0];
      let worst = { pixel: order[0], rhat: Number.NEGATIVE_INFINITY };
      let brightest = worst;
      for (const pixel of order) {
        if (held >= goal) break;
        held += mean[pixel];
        const between = all.reduce((sum, one) => sum + (one.mean[pixel] - mean[pixel]) ** 2, 0);
        const within = all.reduce((sum, { squares }) => sum + squares[pixel], 0) / dof;
        if (!(within > 0)) continue;
        const found = { pixel, rhat: Math.sqrt(1 + between / (chains - 1) / within) };
        if (judged++ === 0) brightest = found;
        if (found.rhat > worst.rhat) worst = found;
      }
      return judged === 0 ? undefined : { judged, brightest, worst };
    },
  };
}
