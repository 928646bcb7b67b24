import { concatenated } from "../concatenated.js";
import { type Boundary, checkBoundary } from "../data/observation/boundary.js";
import { observationList } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { checkSameShape, type Shape, type SkyImage } from "../image.js";
import { checkNames, type NamesOf } from "../known-names.js";
import { createForwardModel } from "../model/forward-model.js";
import { frameOf, frameShape, ontoSky } from "../model/sky-grid.js";
import { asDrawSource, type DrawSource, forEachDraw, type WatchOptions } from "../posterior/draw-source.js";
import { withMeanPsfs } from "../posterior/drawn-psf.js";
import { type Region, regionPixels, type WeightedPixels } from "../posterior/region.js";
import {
  asParameterSource,
  type ImageTrace,
  type ParameterSource,
  type ParameterTrace,
} from "../posterior/trace.js";
import { type ExtraSource, type ExtraSourceOptions, extraSourceMeter } from "./extra-source.js";
import { type RegionPixels, regionMeter } from "./region-meter.js";
import { type RegionDraws, type RegionProducts, regionProducts } from "./region-products.js";

/** Options of `measureRegions`; those of the sky are `fittedSky(result)`. */
export interface MeasureRegionsOptions extends WatchOptions, ExtraSourceOptions {
  /** Values of the flux whose probability to be exceeded is wanted; default none. */
  readonly thresholds?: readonly number[];
  /** What lies beyond the edge of the sky; default `"spill"`. */
  readonly boundary?: Boundary;
  /** Sky pixels a detector pixel of the result; default 1. */
  readonly upsampling?: number;
  /** Margin of the result's sky in detector pixels; default 0. */
  readonly margin?: number;
  /** Mean of the whole sky, where it has a margin. */
  readonly sky?: SkyImage;
  /** Parameters of the result, for the scales of its backgrounds; default 1 each. */
  readonly parameters?: ParameterTrace | ParameterSource;
  /** About how many draws predict the other light for `extra`, spread over the chains; 0 leaves `extra` out. Default 200. */
  readonly extraDraws?: number;
}

/** What the kept draws say about one region. */
export interface MeasuredRegion {
  readonly name: string;
  /** Its pixels: the sum of their weights. */
  readonly area: number;
  /** Flux of the region in every kept draw, one array a chain, in the unit of the flux. */
  readonly flux: readonly Float64Array[];
  /** Of all chains together: the posterior of the image, under its prior. */
  readonly products: RegionProducts;
  /** A source in addition to everything else: intervals and limits from its likelihood. Absent where no pixel in use sees the region. */
  readonly extra?: ExtraSource;
  /** Draws behind `products`, all chains together, for `comparePair`. */
  readonly draws: RegionDraws;
}

/** Names of `MeasureRegionsOptions`. */
export const MEASURING: NamesOf<MeasureRegionsOptions> = {
  ...{ thresholds: true, boundary: true, upsampling: true, margin: true, sky: true, parameters: true },
  ...{
    extraDraws: true,
    sourceShape: true,
    fluxPrior: true,
    keepOthers: true,
    onProgress: true,
    signal: true,
  },
};

const DEFAULT_EXTRA_DRAWS = 200;

/**
 * Photometry of regions from the draws of a result that is already there, in two ways that answer two questions:
 *
 * - `products`: how bright is the image in the region? The posterior under the prior of the image, with centroid and width.
 * - `extra`: how bright can a source in the region be, in addition to all other light? From its Poisson likelihood (`ExtraSource`).
 *
 * ```ts
 * const regions = regionsFromDs9(text, result.mean.shape, { wcs: result.wcs }).regions;
 * const measured = await measureRegions(result.trace.images, [data], regions, fittedSky(result));
 * console.log(measured[0].extra?.limits);
 * ```
 *
 * @param images kept draws after burn-in, in memory or in a file; not changed
 * @param data the observations of the result, in its order
 * @param regions of any origin, on the pixels of the draws: images of weights in [0, 1], or lists of pixels
 * @throws InvalidInputError when a region holds no pixel or one outside, observations are not valid or do not fit, or there are fewer than two draws
 * @throws AbortedError when `signal` says so
 */
export async function measureRegions(
  images: ImageTrace | DrawSource,
  data: Observation | readonly Observation[],
  regions: readonly (Region | RegionPixels)[],
  options: MeasureRegionsOptions = {},
): Promise<MeasuredRegion[]> {
  checkNames("measureRegions", options, Object.keys(MEASURING));
  const { thresholds = [], boundary = "spill", upsampling = 1, margin = 0, sky } = options;
  const { onProgress, signal, extraDraws = DEFAULT_EXTRA_DRAWS } = options;
  checkBoundary("measureRegions", boundary);
  const observations = observationList(data);
  const source = asDrawSource(images);
  const seen = withMeanPsfs(observations, options.parameters);
  const model = createForwardModel(seen, { boundary, upsampling, margin });
  const frame = { shape: frameShape(model.grid) };
  const remedy = "give the data (and cut-out) that were deconvolved, and the upsampling";
  checkSameShape("measureRegions: observations", frame, "the draws", source, remedy);
  if (extraDraws > 0 && margin > 0 && sky?.shape.join() !== model.shape.join()) {
    throw new InvalidInputError(
      `measureRegions: sky must be the whole one, [${model.shape.join(", ")}], where it has a margin of ${margin}, got ` +
        `${sky === undefined ? "none" : `[${sky.shape.join(", ")}]`}; give fittedSky(result)`,
    );
  }
  const sparse = regions.map((region) => checkedPixels(region, source.shape));
  const chains = Array.from({ length: source.chains }, (_, chain) => chain);
  const total = chains.reduce((sum, chain) => sum + source.draws(chain), 0);
  if (total < 2) {
    throw new InvalidInputError(`measureRegions: draws must be two or more, got ${total}; keep more draws`, {
      fields: { draws: total },
    });
  }
  const watch = (from: number, to: number): WatchOptions => ({
    ...(signal === undefined ? {} : { signal }),
    onProgress: (fraction) => onProgress?.(from + (to - from) * fraction),
  });
  const exposed = model.observations.map((one) => onFrame(one, model.grid, boundary));
  // One meter a chain: after an interruption chains have different lengths.
  const meters = chains.map((chain) =>
    regionMeter(exposed, sparse, { chains: 1, draws: source.draws(chain), products: true }),
  );
  const mean = new Float64Array(source.shape[0] * source.shape[1]);
  const ones = exposed.map(() => 1);
  await forEachDraw(source, chains, watch(0, 0.3), (image, chain, draw) => {
    meters[chain].add(0, draw, image, ones);
    for (let pixel = 0; pixel < mean.length; pixel++) mean[pixel] += image[pixel] / total;
  });
  const extras: (ExtraSource | undefined)[] = [];
  if (extraDraws > 0) {
    const meter = extraSourceMeter(model, { data: mean, shape: source.shape }, sky, sparse, options);
    const scales = backgroundScales(options.parameters, observations.length, source);
    const step = Math.max(1, Math.floor(total / extraDraws));
    await forEachDraw(
      source,
      chains,
      watch(0.3, 1),
      (image, chain, draw) => meter.add(image, scales(chain, draw)),
      step,
    );
    extras.push(...meter.sources());
  }
  return sparse.map(({ name, weights }, region) => {
    const column = (quantity: string, chain: number) => {
      const draws = source.draws(chain);
      return meters[chain].values[quantity].subarray(region * draws, (region + 1) * draws);
    };
    const pooled = (quantity: string) =>
      concatenated(
        Float64Array,
        chains.map((chain) => column(quantity, chain)),
      );
    const [flux, photons, x, y, width] = ["flux", "source", "x", "y", "width"].map(pooled);
    const draws: RegionDraws = { flux, source: photons, x, y, width };
    const extra = extras[region];
    return {
      name,
      area: weights.reduce((sum, weight) => sum + weight, 0),
      flux: chains.map((chain) => column("flux", chain)),
      products: regionProducts(draws, thresholds),
      ...(extra === undefined ? {} : { extra }),
      draws,
    };
  });
}

/** A region as the meter takes it. */
interface CheckedPixels extends RegionPixels {
  readonly weights: readonly number[];
}

function checkedPixels(region: Region | RegionPixels, shape: Shape): CheckedPixels {
  const { name } = region;
  const { pixels, weights } = "pixels" in region ? listed(region) : regionPixels(region, shape);
  const size = shape[0] * shape[1];
  const wrong = (rule: string, remedy: string) =>
    new InvalidInputError(`region ${name}: ${rule}; ${remedy}`, { fields: { region: name } });
  const list = Array.from(pixels);
  if (list.length === 0 || !list.every((pixel) => Number.isInteger(pixel) && pixel >= 0 && pixel < size)) {
    const shown = list.slice(0, 8).join(", ");
    throw wrong(`pixels must be one or more from 0 to ${size - 1}, got [${shown}]`, "use row * nx + col");
  }
  const bad = Array.from(weights).find((weight) => !(weight > 0 && weight <= 1));
  if (bad !== undefined) throw wrong(`weights must lie in [0, 1], got ${bad}`, "use 1 inside and 0 outside");
  return { name, pixels: list, weights: Array.from(weights) };
}

function listed({ pixels, weights }: RegionPixels): WeightedPixels {
  return { pixels, weights: weights ?? pixels.map(() => 1) };
}

/** Exposure and background of an observation on the pixels of the frame. */
function onFrame(
  { exposure, background }: { readonly exposure: SkyImage; readonly background: SkyImage },
  grid: Parameters<typeof ontoSky>[1],
  boundary: Boundary,
) {
  const shape = frameShape(grid);
  const image = (of: SkyImage, scale: number): SkyImage => {
    const data = frameOf(ontoSky(of, grid, { x: 0, y: 0 }, boundary).data, grid);
    return { data: scale === 1 ? data : data.map((value) => scale * value), shape };
  };
  return { exposure: image(exposure, 1), background: image(background, 1 / grid.upsampling ** 2) };
}

/** The scale of each background in a draw. */
export function backgroundScales(
  parameters: ParameterTrace | ParameterSource | undefined,
  observations: number,
  images: DrawSource,
): (chain: number, draw: number) => number[] {
  const trace = parameters === undefined ? undefined : asParameterSource(parameters);
  const names = Array.from({ length: observations }, (_, index) =>
    observations === 1 ? "bkgScale" : `bkgScale${index}`,
  );
  const columns = names.map((name) => trace?.names.indexOf(name) ?? -1);
  if (columns.every((column) => column < 0)) return () => names.map(() => 1);
  return (chain, draw) => {
    const row = trace!.readRows(chain, images.first + draw * images.every, 1);
    return columns.map((column) => (column < 0 ? 1 : row[column]));
  };
}
