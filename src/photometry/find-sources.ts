import { observationList } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { exponential } from "../data/random/exponential.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import type { Shape } from "../image.js";
import { checkNames, type NamesOf } from "../known-names.js";
import { createForwardModel } from "../model/forward-model.js";
import { frameShape, setFrame } from "../model/sky-grid.js";
import { asDrawSource, type DrawSource, forEachDraw, type WatchOptions } from "../posterior/draw-source.js";
import { withMeanPsfs } from "../posterior/drawn-psf.js";
import { circlePixels } from "../posterior/region.js";
import type { ImageTrace } from "../posterior/trace.js";
import { type Detection, describeSources } from "./describe-sources.js";
import { widestPsf } from "./extra-source.js";
import type { LikelyFlux } from "./flux-likelihood.js";
import {
  backgroundScales,
  MEASURING,
  type MeasuredRegion,
  type MeasureRegionsOptions,
  measureRegions,
} from "./measure-regions.js";
import { type EmptiedRegion, emptyRegion } from "./other-light.js";
import { type Centroid, correlationOf } from "./region-products.js";
import { sourceCandidates } from "./source-candidates.js";
import type { SourceExtent } from "./source-extent.js";
import { expectedFalseAlarms, thresholdOf } from "./source-false-alarms.js";
import type { SourceProfile } from "./source-light.js";
import { sourceTester } from "./source-test.js";

/** Options of `findSources`; those of the sky are `fittedSky(result)`. */
export interface FindSourcesOptions
  extends Omit<MeasureRegionsOptions, "sourceShape" | "keepOthers" | "thresholds"> {
  /** False alarms to expect in the whole field, > 0; default 0.1. */
  readonly falseAlarms?: number;
}

/** A source of a catalogue. */
export interface FoundSource {
  /** `S1`, `S2` and so on, the most significant first. */
  readonly name: string;
  /** Most likely position, and the ellipse of its errors. */
  readonly centroid: Centroid;
  /**
   * Flux of the whole source beside all other light, whose level is fitted too: of a point, or of an extended source with the `profile` and any
   * width that describes the counts as well.
   */
  readonly flux: LikelyFlux;
  /** Twice the logarithm of the likelihood ratio of a point here against all other light. */
  readonly statistic: number;
  /** So significant ones to expect in such a field where there is no source. */
  readonly falseAlarms: number;
  /** Probability that such a field without sources shows none so significant: `exp(-falseAlarms)`. */
  readonly probability: number;
  readonly extent: SourceExtent;
  /** How the light of an extended source falls off: what describes the counts best. */
  readonly profile: "point" | SourceProfile;
  /** Part of the flux that the profile has within `radius`, 1 of a point: the rest is inferred, and half of it is in the errors. */
  readonly inside: number;
  /**
   * Radius of the aperture in pixels of the image: half of the psf's light, or what holds an extended source (3 standard deviations, 6 core
   * radii). Pixels belong to one source only.
   */
  readonly radius: number;
  /**
   * Flux, counts and limits in the aperture, as `measureRegions` has them, with the others left in place and as source a point, or of an extended
   * one the light of each draw.
   */
  readonly measured: MeasuredRegion;
  /** Sources whose flux rises where that of this one falls: correlations below -0.3 over the draws. */
  readonly neighbours: readonly { readonly name: string; readonly correlation: number }[];
}

const DEFAULT_FALSE_ALARMS = 0.1;
/** Correlation of fluxes from which on sources trade photons. */
const TRADES = -0.3;
/** Smallest radius of an aperture, so that it holds the pixels among which a point wanders. */
const LEAST_RADIUS = 1.5;
/** Photons above the surroundings that a candidate must have; fewer are never significant. */
const LEAST_PHOTONS = 1.5;
/** The guard of candidates, in half-light radii: narrow, for the surroundings of what may be none must be near (with 1 shells have twice the false alarms). */
const GUARD = 0.5;

/**
 * Find sources in the draws of a result that is already there: peaks of the posterior mean, each tested as a point in addition to everything
 * else (`FoundSource.statistic`), with a threshold that gives a stated number of false alarms in a field.
 *
 * ```ts
 * const sources = await findSources(result.trace.images, [data], fittedSky(result));
 * console.log(sources.map(({ centroid, measured }) => [centroid.x, centroid.y, measured.extra?.best]));
 * ```
 *
 * @param images kept draws after burn-in, in memory or in a file; not changed
 * @param data the observations of the result, in its order
 * @returns the most significant first
 * @throws InvalidInputError as `measureRegions`, and when `falseAlarms` is not > 0
 * @throws AbortedError when `signal` says so
 */
export async function findSources(
  images: ImageTrace | DrawSource,
  data: Observation | readonly Observation[],
  options: FindSourcesOptions = {},
): Promise<FoundSource[]> {
  const { sourceShape: _shape, keepOthers: _keep, thresholds: _thresholds, ...shared } = MEASURING;
  const names: NamesOf<FindSourcesOptions> = { ...shared, falseAlarms: true };
  checkNames("findSources", options, Object.keys(names));
  const { falseAlarms = DEFAULT_FALSE_ALARMS, onProgress, signal, ...measuring } = options;
  if (!(Number.isFinite(falseAlarms) && falseAlarms > 0)) {
    throw new InvalidInputError(
      `findSources: falseAlarms must be a number > 0, got ${falseAlarms}; 0.1 is one in ten fields`,
      { fields: { falseAlarms } },
    );
  }
  const watch = (from: number, to: number): WatchOptions => ({
    ...(signal === undefined ? {} : { signal }),
    onProgress: (fraction) => onProgress?.(from + (to - from) * fraction),
  });
  const observations = observationList(data);
  const source = asDrawSource(images);
  // Checks observations and draws: of no region, it measures nothing.
  await measureRegions(source, observations, [], { ...measuring, extraDraws: 0 });
  const { boundary = "spill", upsampling = 1, margin = 0, sky } = options;
  const seen = withMeanPsfs(observations, options.parameters);
  const model = createForwardModel(seen, { boundary, upsampling, margin });
  const shape = frameShape(model.grid);
  const chains = Array.from({ length: source.chains }, (_, chain) => chain);
  const total = chains.reduce((sum, chain) => sum + source.draws(chain), 0);
  const scales = backgroundScales(options.parameters, observations.length, source);
  const mean = new Float64Array(shape[0] * shape[1]);
  const scale = observations.map(() => 0);
  await forEachDraw(source, chains, watch(0, 0.2), (image, chain, draw) => {
    for (let pixel = 0; pixel < mean.length; pixel++) mean[pixel] += image[pixel] / total;
    for (const [index, value] of scales(chain, draw).entries()) scale[index] += value / total;
  });
  model.setBackgroundScale(scale);
  const whole = sky === undefined ? new Float64Array(model.shape[0] * model.shape[1]) : sky.data.slice();
  setFrame(whole, mean, model.grid);

  const half = widestPsf(model);
  const radius = Math.max(LEAST_RADIUS, half);
  const fields = (seenPixels(model.observations) * upsampling ** 2) / (Math.PI * radius ** 2);
  const guard = GUARD * half;
  const least = thresholdOf(falseAlarms, fields);
  const tester = sourceTester(model, mean, whole);
  const found = detect(tester, sourceCandidates({ data: mean, shape }, half), {
    mean,
    shape,
    radius,
    guard,
    sensitivity: frameSensitivity(model),
    least,
  }).sort((a, b) => b.statistic - a.statistic);
  if (found.length === 0) return [];

  const described = describeSources(found, tester, {
    ...{ mean, shape, half, radius, upsampling, guard, least },
  });
  const measured = await measureRegions(
    source,
    observations,
    described.map(({ pixels }, index) => ({ name: `S${index + 1}`, pixels })),
    {
      ...{ ...measuring, ...watch(0.2, 1), keepOthers: true },
      sourceShape: described.map(({ profile }) => (profile === "point" ? "point" : "drawn")),
    },
  );
  return described.map(({ statistic, pixels: _, ...one }, index) => {
    const alarms = expectedFalseAlarms(statistic, fields);
    return {
      name: measured[index].name,
      ...one,
      statistic,
      falseAlarms: alarms,
      probability: exponential(-alarms),
      measured: measured[index],
      neighbours: measured.flatMap((other, at) => {
        if (at === index) return [];
        const correlation = correlationOf(measured[index].draws.flux, other.draws.flux);
        return correlation < TRADES ? [{ name: other.name, correlation }] : [];
      }),
    };
  });
}

/** Detector pixels in which sources can be seen. */
function seenPixels(observations: ReturnType<typeof createForwardModel>["observations"]): number {
  const [{ counts }] = observations as [(typeof observations)[number]];
  return counts.data.reduce((sum, _, pixel) => {
    const seen = observations.some(
      ({ exposure, mask }) => exposure.data[pixel] > 0 && mask?.data[pixel] !== 0,
    );
    return sum + Number(seen);
  }, 0);
}

/** Counts for unit flux in a pixel of the frame. */
function frameSensitivity({
  grid,
  sensitivity,
  shape: [, width],
}: ReturnType<typeof createForwardModel>): (pixel: number) => number {
  const [, nx] = frameShape(grid);
  const edge = grid.margin * grid.upsampling;
  return (pixel) => sensitivity[(Math.floor(pixel / nx) + edge) * width + (pixel % nx) + edge];
}

/** Test the candidates, brightest first; those found keep their light and their pixels when the next are tested. */
function detect(
  test: ReturnType<typeof sourceTester>,
  candidates: readonly PixelPosition[],
  of: {
    readonly mean: Float64Array;
    readonly shape: Shape;
    readonly radius: number;
    readonly guard: number;
    readonly sensitivity: (pixel: number) => number;
    readonly least: number;
  },
): Detection[] {
  const { mean, shape, radius, guard, sensitivity, least } = of;
  const found: Detection[] = [];
  const taken = new Set<number>();
  for (const candidate of candidates) {
    const pixels = circlePixels({ ...candidate, radius }, shape).filter((pixel) => !taken.has(pixel));
    if (pixels.length === 0) continue;
    const emptied = emptyRegion(pixels, guard, mean, shape, taken);
    const above = lightAbove(pixels, emptied, mean, shape);
    const centre = Math.round(candidate.y) * shape[1] + candidate.x;
    if (above === undefined || above.light * sensitivity(centre) < LEAST_PHOTONS) continue;
    const statistic = test(above, emptied.pixels, taken)?.statistic({ ...above, width: 0 }) ?? 0;
    if (statistic < least) continue;
    const own = circlePixels({ x: above.x, y: above.y, radius }, shape).filter((pixel) => !taken.has(pixel));
    if (own.length === 0) continue;
    found.push({ place: above, pixels: own, statistic });
    for (const pixel of own) taken.add(pixel);
  }
  return found;
}

/** Light of an image in pixels above its surroundings, and its centroid; undefined when there is none. */
function lightAbove(
  pixels: readonly number[],
  emptied: EmptiedRegion,
  image: ArrayLike<number>,
  [, nx]: Shape,
): (PixelPosition & { readonly light: number }) | undefined {
  const fill = emptied.fill(image);
  const inside = new Set(pixels);
  let [light, x, y] = [0, 0, 0];
  for (const [index, pixel] of emptied.pixels.entries()) {
    const above = image[pixel] - fill[index];
    if (!(above > 0) || !inside.has(pixel)) continue;
    light += above;
    x += above * (pixel % nx);
    y += above * Math.floor(pixel / nx);
  }
  return light > 0 ? { light, x: x / light, y: y / light } : undefined;
}
