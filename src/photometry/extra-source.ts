/**
 * The flux of a source in addition to everything else, from its likelihood.
 *
 * The posterior of an image says how bright a region is under the prior of the image: of a faint region mostly what the prior expects. Here the
 * prior decides about all other light only. In each draw the region is emptied (`emptyRegion`), and what is left predicts the counts in the
 * region's own pixels, the aperture; a source in the region adds to them what the psf leaves in the aperture. The Poisson likelihood of its
 * flux, averaged over the draws, and a flat prior give limits and intervals (`fluxLaw`).
 */

import { pointLight } from "../data/observation/point-light.js";
import { psfCentre } from "../data/observation/psf.js";
import type { SkyImage } from "../image.js";
import type { ForwardModel } from "../model/forward-model.js";
import { frameOf, frameShape, ontoSky, setFrame } from "../model/sky-grid.js";
import type { WeightedPixels } from "../posterior/region.js";
import { type ExpectedCounts, type ExtraFluxPrior, type FluxLaw, fluxLaw } from "./flux-law.js";
import { centreOfWeight, emptyRegion } from "./other-light.js";
import { chanceOf, criticalCount, fluxFoundHalf, medianCount } from "./sensitivity.js";

/**
 * How the light of the source lies in the region: `"drawn"`, as each draw has it there above its surroundings, or `"point"`, a point at
 * the region's centre of weight.
 */
export type SourceShape = "drawn" | "point";

/** Options of `extraSourceMeter`. */
export interface ExtraSourceOptions {
  /** One for all regions, or one for each. Default `"drawn"`. */
  readonly sourceShape?: SourceShape | readonly SourceShape[];
  /** Default `"flat"`. */
  readonly fluxPrior?: ExtraFluxPrior;
  /** Leave the light of the other regions where it is when one is emptied: they are sources of their own. Default false. */
  readonly keepOthers?: boolean;
}

/** A source in a region, in addition to all other light there. Fluxes are in the unit of the image, of the whole source. */
export interface ExtraSource extends FluxLaw {
  readonly sourceShape: SourceShape;
  readonly fluxPrior: ExtraFluxPrior;
  /** Observed counts in the aperture: the region's detector pixels in use, all observations together. */
  readonly counts: number;
  /** Expected counts there of all other light, background included: mean and standard deviation over the draws. */
  readonly other: { readonly mean: number; readonly std: number };
  /** Part of the exposed photons of the source that are counted in the aperture; the others fall outside. */
  readonly inside: number;
  /** Probability that all other light alone gives so many counts or more. */
  readonly chance: number;
  /** The limits to expect when there is no source: those of the median number of counts. */
  readonly expectedLimits: readonly { readonly probability: number; readonly limit: number }[];
  /** The flux found in half of all observations, where no source is found in 99.865 % of those without (3 sigma). */
  readonly detectable: number;
}

/** Collects what draws expect in the apertures of regions. */
export interface ExtraSourceMeter {
  /**
   * @param image a draw, `ny * nx` values of the frame; not kept
   * @param scale of the background of each observation
   */
  add(image: ArrayLike<number>, scale: readonly number[]): void;
  /** What all draws say, one a region. Undefined where no detector pixel in use sees the region. */
  sources(): (ExtraSource | undefined)[];
}

/**
 * The guard in radii of half of the psf's light. Light of a source that the draws put beside the region must not count as surroundings, and a
 * hole must not be so wide that the surroundings say little of its middle. Of 1/2, 3/4 and 1, tried on injected sources, 1 leaves the least
 * light of the source around (of 30 photons 0.5, with 1/2 1.3), and on a cloud of 3 psfs limits become no longer.
 */
const GUARD = 1;
/** Chance of a false alarm in the definition of `detectable`: three standard deviations of a normal law, one-sided. */
const FALSE_ALARM = 0.00135;

/**
 * Set up the measurement of sources in regions.
 *
 * @param model of the observations, with the margin and upsampling of the result
 * @param mean of the draws `[ny, nx]` of the frame
 * @param sky mean of the whole sky, where it has a margin
 * @param regions pixels of the frame, weights > 0
 */
export function extraSourceMeter(
  model: ForwardModel,
  mean: SkyImage,
  sky: SkyImage | undefined,
  regions: readonly WeightedPixels[],
  { sourceShape = "drawn", fluxPrior = "flat", keepOthers = false }: ExtraSourceOptions = {},
): ExtraSourceMeter {
  const { grid } = model;
  const shape = frameShape(grid);
  const guard = GUARD * widestPsf(model);
  const others = (region: WeightedPixels) =>
    new Set(keepOthers ? regions.flatMap((one) => (one === region ? [] : Array.from(one.pixels))) : []);
  const whole = sky === undefined ? new Float64Array(grid.shape[0] * grid.shape[1]) : sky.data.slice();
  const onSky = (frame: ArrayLike<number>) => {
    const source = new Float64Array(whole.length);
    setFrame(source, frame, grid);
    return source;
  };
  const exposure = new Float64Array(shape[0] * shape[1]);
  for (const one of model.observations) {
    const exposed = frameOf(ontoSky(one.exposure, grid, { x: 0, y: 0 }, model.boundary).data, grid);
    for (let pixel = 0; pixel < exposure.length; pixel++) exposure[pixel] += exposed[pixel];
  }
  const places = regions.map((region, index) => {
    const aperture = aperturePixels(model, region.pixels);
    const shapeOf = typeof sourceShape === "string" ? sourceShape : sourceShape[index];
    const point =
      shapeOf === "point"
        ? pointLight(centreOfWeight(region.pixels, region.weights, shape), shape)
        : undefined;
    return {
      region,
      sourceShape: shapeOf,
      aperture,
      counts: aperture.map(({ observation, pixel }) => model.observations[observation].counts.data[pixel]),
      emptied: emptyRegion(region.pixels, guard, mean.data, shape, others(region)),
      point: point && { source: point, unit: inAperture(model.project(onSky(point)), aperture) },
      skies: [] as ExpectedCounts[],
      exposed: [] as number[],
    };
  });

  return {
    add(image, scale) {
      model.setBackgroundScale(scale);
      const frame = Float64Array.from(image);
      for (const { region, aperture, emptied, point, skies, exposed } of places) {
        const fill = emptied.fill(image);
        for (const [index, pixel] of emptied.pixels.entries()) frame[pixel] = fill[index];
        setFrame(whole, frame, grid);
        const predicted = model.predict(whole).map(({ data }) => data);
        const other = inAperture(predicted, aperture);
        const source = point?.source ?? drawnSource(region, image, frame);
        const unit = point?.unit ?? inAperture(model.project(onSky(source)), aperture);
        skies.push({ other, unit });
        exposed.push(source.reduce((sum, value, pixel) => sum + value * exposure[pixel], 0));
        for (const pixel of emptied.pixels) frame[pixel] = image[pixel];
      }
    },
    sources: () =>
      places.map(({ sourceShape, counts, skies, exposed }) => {
        const others = skies.map(({ other }) => sum(other));
        const units = skies.map(({ unit }) => sum(unit));
        if (!units.every((unit) => unit > 0)) return undefined;
        const observed = sum(counts);
        const average = others.reduce((total, value) => total + value, 0) / others.length;
        const spread = others.reduce((total, value) => total + (value - average) ** 2, 0);
        // Counts of the median number, spread over the pixels as all other light is.
        const expected = new Float64Array(counts.length);
        for (const { other } of skies) {
          for (let pixel = 0; pixel < expected.length; pixel++) {
            expected[pixel] += other[pixel] / skies.length;
          }
        }
        const part = average > 0 ? medianCount(others) / average : 0;
        const usual = expected.map((value) => part * value);
        return {
          sourceShape,
          fluxPrior,
          counts: observed,
          other: { mean: average, std: Math.sqrt(spread / Math.max(1, others.length - 1)) },
          inside: units.reduce((total, unit, draw) => total + unit / exposed[draw], 0) / units.length,
          chance: chanceOf(Math.round(observed), others),
          ...fluxLaw(counts, skies, fluxPrior),
          expectedLimits: fluxLaw(usual, skies, fluxPrior).limits,
          detectable: fluxFoundHalf(criticalCount(FALSE_ALARM, others), others, units),
        };
      }),
  };
}

/** Sum of numbers in their order. */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += values[index];
  return total;
}

/** Largest radius that holds half of the light of a psf, in pixels of the sky. */
export function widestPsf({ grid, observations }: ForwardModel): number {
  return grid.upsampling * Math.max(...observations.map(({ psf }) => halfLightRadius(psf)));
}

/** Radius in pixels about the centre of a psf that holds half of its light. */
export function halfLightRadius(psf: SkyImage): number {
  const [row, col] = psfCentre(psf);
  const [, nx] = psf.shape;
  const squares = Float64Array.from(psf.data, (_, index) => {
    return (Math.floor(index / nx) - row) ** 2 + ((index % nx) - col) ** 2;
  });
  const total = sum(psf.data);
  let held = 0;
  for (const index of [...squares.keys()].sort((a, b) => squares[a] - squares[b])) {
    held += psf.data[index];
    if (held >= total / 2) return Math.sqrt(squares[index]);
  }
  return 0;
}

/** A pixel of one observation. */
interface DetectorPixel {
  readonly observation: number;
  readonly pixel: number;
}

/** Detector pixels in use that lie over pixels of the frame. */
function aperturePixels(model: ForwardModel, pixels: ArrayLike<number>): DetectorPixel[] {
  const { upsampling, detector } = model.grid;
  const nx = detector[1];
  const seen = new Set<number>();
  for (let index = 0; index < pixels.length; index++) {
    const row = Math.floor(pixels[index] / (upsampling * nx));
    const col = pixels[index] % (upsampling * nx);
    seen.add(Math.floor(row / upsampling) * nx + Math.floor(col / upsampling));
  }
  const ordered = [...seen].sort((a, b) => a - b);
  return model.observations.flatMap(({ mask }, observation) =>
    ordered.filter((pixel) => mask?.data[pixel] !== 0).map((pixel) => ({ observation, pixel })),
  );
}

function inAperture(images: readonly ArrayLike<number>[], aperture: readonly DetectorPixel[]): Float64Array {
  // Transforms may round an empty pixel to just below 0.
  return Float64Array.from(aperture, ({ observation, pixel }) => Math.max(0, images[observation][pixel]!));
}

/** The light of a draw in a region above its surroundings, scaled to 1; even where there is none. */
function drawnSource(
  { pixels, weights }: WeightedPixels,
  image: ArrayLike<number>,
  emptied: Float64Array,
): Float64Array {
  const source = new Float64Array(emptied.length);
  const fill = (light: (index: number) => number) => {
    let total = 0;
    for (let index = 0; index < pixels.length; index++) {
      const value = weights[index] * light(index);
      source[pixels[index]] = value;
      total += value;
    }
    return total;
  };
  const above = (index: number) => Math.max(0, image[pixels[index]!] - emptied[pixels[index]!]);
  const total = fill(above) || fill(() => 1);
  for (let index = 0; index < pixels.length; index++) source[pixels[index]!] /= total;
  return source;
}
