import type { Boundary } from "../data/observation/boundary.js";
import { checkObservations } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { asDrawSource, type DrawSource, forEachDraw, type WatchOptions } from "../posterior/draw-source.js";
import type { ImageTrace } from "../posterior/trace.js";
import { type RegionPixels, regionMeter } from "./region-meter.js";
import { type RegionProducts, regionProducts } from "./region-products.js";

/** Options of `measureRegions`. */
export interface MeasureRegionsOptions extends WatchOptions {
  /** Values of the flux whose probability to be exceeded is wanted; default none. */
  readonly thresholds?: readonly number[];
  /** What lies beyond the edge of the sky; default `"spill"`. */
  readonly boundary?: Boundary;
}

/** What the kept draws say about one region. */
export interface MeasuredRegion {
  readonly name: string;
  /** Flux of the region in every kept draw, one array a chain, in the unit of the flux. */
  readonly flux: readonly Float64Array[];
  /** Of all chains together. */
  readonly products: RegionProducts;
}

/**
 * Flux, expected photons, centroid and width of regions in every kept draw, and their intervals: what `tslira significance` says of a
 * region, from a result that is already there.
 *
 * @param images kept draws after burn-in, in memory or in a file; read once, not changed
 * @param observations those of the result, of the shape of the draws
 * @param regions each at least one pixel of the image
 * @throws InvalidInputError when a region holds no pixel or one outside, observations are not valid or there are fewer than two draws
 * @throws AbortedError when `signal` says so
 */
export async function measureRegions(
  images: ImageTrace | DrawSource,
  observations: readonly Observation[],
  regions: readonly RegionPixels[],
  { thresholds = [], boundary = "spill", ...watch }: MeasureRegionsOptions = {},
): Promise<MeasuredRegion[]> {
  const source = asDrawSource(images);
  const checked = checkObservations(observations, { boundary }).observations;
  const size = source.shape[0] * source.shape[1];
  for (const { name, pixels } of regions) {
    if (pixels.length > 0 && pixels.every((pixel) => Number.isInteger(pixel) && pixel >= 0 && pixel < size))
      continue;
    throw new InvalidInputError(
      `region ${name}: pixels must be one or more from 0 to ${size - 1}, got [${pixels.slice(0, 8).join(", ")}]; use row * nx + col`,
      { fields: { region: name } },
    );
  }
  const chains = Array.from({ length: source.chains }, (_, chain) => chain);
  const total = chains.reduce((sum, chain) => sum + source.draws(chain), 0);
  if (total < 2) {
    throw new InvalidInputError(`measureRegions: draws must be two or more, got ${total}; keep more draws`, {
      fields: { draws: total },
    });
  }
  // One meter a chain: after an interruption chains have different lengths.
  const meters = chains.map((chain) =>
    regionMeter(checked, regions, { chains: 1, draws: source.draws(chain), products: true }),
  );
  const scale = checked.map(() => 1);
  await forEachDraw(source, chains, watch, (image, chain, draw) => meters[chain]!.add(0, draw, image, scale));
  return regions.map(({ name }, region) => {
    const column = (quantity: string, chain: number) => {
      const draws = source.draws(chain);
      return meters[chain]!.values[quantity]!.subarray(region * draws, (region + 1) * draws);
    };
    const pooled = (quantity: string) => {
      const all = new Float64Array(total);
      let end = 0;
      for (const chain of chains) {
        all.set(column(quantity, chain), end);
        end += source.draws(chain);
      }
      return all;
    };
    return {
      name,
      flux: chains.map((chain) => column("flux", chain)),
      products: regionProducts(
        {
          flux: pooled("flux"),
          source: pooled("source"),
          x: pooled("x"),
          y: pooled("y"),
          width: pooled("width"),
        },
        thresholds,
      ),
    };
  });
}
