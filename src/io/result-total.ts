import type { SkyImage } from "../image.js";
import { imageSum } from "../image.js";
import type { ImageTrace } from "../posterior/trace.js";

/** The flux of the whole image. */
export interface TotalFlux {
  /** Sum of the posterior mean. */
  readonly mean: number;
  /** Posterior standard deviation of the sum (divisor n - 1), from the kept draws; NaN for fewer than two. */
  readonly std: number;
}

/** Total flux of a result with its error, which pixel errors alone do not give: neighbouring pixels are anticorrelated. */
export function totalFlux({
  mean,
  trace,
}: {
  readonly mean: SkyImage;
  readonly trace: { readonly images: ImageTrace };
}): TotalFlux {
  const { shape, chains } = trace.images;
  const pixels = shape[0] * shape[1];
  let count = 0;
  let average = 0;
  let squares = 0;
  for (const chain of chains) {
    for (let start = 0; start < chain.length; start += pixels) {
      let sum = 0;
      for (let pixel = start; pixel < start + pixels; pixel++) sum += chain[pixel];
      count++;
      const delta = sum - average;
      average += delta / count;
      squares += delta * (sum - average);
    }
  }
  return { mean: imageSum(mean), std: count > 1 ? Math.sqrt(squares / (count - 1)) : Number.NaN };
}
