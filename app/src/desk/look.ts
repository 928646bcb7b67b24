/** What draws say about parts of the image, for the desk. */

import {
  constantImage,
  cutout,
  type ImageTrace,
  type Observation,
  type PosteriorResult,
  type SkyImage,
} from "tslira";
import { chainGroups, fittedSky, regionCorrelation, summariseQuantity } from "tslira/diagnostics";
import { measureRegions } from "tslira/significance";
import { regionDraws } from "tslira/sky";
import { quantilesOf } from "#viewer";
import type { BandView, CorrelationView, RegionView } from "./run-view.js";

/** What is needed of a result. */
interface Drawn {
  readonly mean: SkyImage;
  readonly trace: { readonly images: ImageTrace };
  readonly config: PosteriorResult["config"];
  readonly sky?: SkyImage;
}

/** Pixels around a region that its map of correlations shows. */
const MARGIN = 8;
/** Quantiles of bands: the central 68 %. */
const BAND = [0.16, 0.84] as const;

const weighted = (name: string, pixels: readonly number[], { mean: { shape } }: Drawn) => {
  const weights = constantImage(shape, 0);
  for (const pixel of pixels) weights.data[pixel] = 1;
  return { name, weights };
};

/** Flux of pixels in every draw, with its centroid and photons where several pixels have one and the data are there. */
export async function lookAtRegion(
  found: Drawn,
  observations: readonly Observation[] | undefined,
  pixels: readonly number[],
  name: string,
): Promise<RegionView> {
  const { trace, config, mean } = found;
  const [chains = []] = await regionDraws(trace.images, [weighted(name, pixels, found)]);
  const { std, rhat, ess } = summariseQuantity(name, chains, undefined, chainGroups(config));
  const flux = pixels.reduce((all, pixel) => all + (mean.data[pixel] ?? 0), 0);
  const several = pixels.length > 1 && chains.some(({ length }) => length > 1);
  const [measured] =
    several && observations
      ? await measureRegions(trace.images, observations, [{ name, pixels }], {
          ...fittedSky(found),
          extraDraws: 0,
        })
      : [];
  return {
    pixels: pixels.length,
    chains,
    summary: { mean: flux, std, rhat, ess },
    ...(measured && { products: measured.products }),
  };
}

/** Correlation of the flux of pixels with that of all others, near them. */
export async function correlate(found: Drawn, pixels: readonly number[]): Promise<CorrelationView> {
  const [ny, nx] = found.mean.shape;
  const map = await regionCorrelation(found.trace.images, weighted("selection", pixels, found));
  const range = (places: readonly number[], size: number): [first: number, end: number] => [
    Math.max(0, places.reduce((a, b) => Math.min(a, b)) - MARGIN),
    Math.min(size, places.reduce((a, b) => Math.max(a, b)) + MARGIN + 1),
  ];
  const rows = range(
    pixels.map((pixel) => Math.floor(pixel / nx)),
    ny,
  );
  const columns = range(
    pixels.map((pixel) => pixel % nx),
    nx,
  );
  return { image: cutout(map, rows, columns), left: columns[0], bottom: rows[0] };
}

/** Mean flux a pixel over groups of pixels, in all draws: its mean and the central 68 %. */
export async function bandsOf(found: Drawn, groups: readonly (readonly number[])[]): Promise<BandView> {
  const view: { mean: number[]; low: number[]; high: number[] } = { mean: [], low: [], high: [] };
  const sums = await sumsOf(found, groups);
  for (const [group, values] of sums.entries()) {
    const count = groups[group]?.length ?? 0;
    const [low = Number.NaN, high = Number.NaN] = quantilesOf(values, BAND);
    view.mean.push(values.reduce((all, value) => all + value, 0) / values.length / count);
    view.low.push(low / count);
    view.high.push(high / count);
  }
  return view;
}

/** Sums over groups in every draw, of all chains together. */
async function sumsOf({ trace: { images } }: Drawn, groups: readonly (readonly number[])[]) {
  const size = images.shape[0] * images.shape[1];
  const total = images.chains.reduce((all, chain) => all + chain.length / size, 0);
  const sums = groups.map(() => new Float64Array(total));
  let draw = 0;
  for (const chain of images.chains) {
    for (let start = 0; start < chain.length; start += size, draw++) {
      for (const [group, pixels] of groups.entries()) {
        let sum = 0;
        for (const pixel of pixels) sum += chain[start + pixel] ?? 0;
        const into = sums[group];
        if (into) into[draw] = sum;
      }
    }
  }
  return sums;
}
