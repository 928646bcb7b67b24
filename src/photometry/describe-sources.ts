/** Places where sources were found, described beside each other: position, extent, flux. */

import type { PixelPosition } from "../data/sky/sky-wcs.js";
import type { Shape } from "../image.js";
import { circlePixels } from "../posterior/region.js";
import type { LikelyFlux } from "./flux-likelihood.js";
import { emptyRegion } from "./other-light.js";
import { type Centroid, errorEllipse } from "./region-products.js";
import {
  extentOf,
  type FitWithin,
  type GrownSource,
  grownSource,
  type SourceExtent,
} from "./source-extent.js";
import type { SourceLight, SourceProfile } from "./source-light.js";
import type { SourceFit, sourceTester } from "./source-test.js";

/** A place that passed the test. */
export interface Detection {
  readonly place: PixelPosition;
  /** Pixels of its aperture; no two have the same. */
  readonly pixels: readonly number[];
  readonly statistic: number;
}

/** What is known of a detected source by its likelihood. */
export interface DescribedSource extends Detection {
  readonly centroid: Centroid;
  readonly flux: LikelyFlux;
  readonly extent: SourceExtent;
  readonly profile: "point" | SourceProfile;
  readonly radius: number;
  readonly inside: number;
}

/** The field that sources are described in. */
export interface DescribedField {
  /** Posterior mean of the frame. */
  readonly mean: Float64Array;
  readonly shape: Shape;
  /** Half-light radius of the psf in pixels of the frame. */
  readonly half: number;
  /** Of the aperture of a point. */
  readonly radius: number;
  readonly upsampling: number;
  /** The guard around the apertures of other sources. */
  readonly guard: number;
  /** Statistic from which on there is a source. */
  readonly least: number;
}

/**
 * The guard of the final fits, in half-light radii. Of a source that is known to be there, draws have light further out than a candidate's
 * guard; of 0.5, 0.75, 1 and 1.3, tried on 80 fields whose seeds are none of the study's, the last gave the fluxes nearest to the truth.
 */
const WIDE_GUARD = 1.3;
/** Rounds in which sources are located, each beside the others. */
const ROUNDS = 3;
/** Narrower ones than this in detector pixels are none that one could see. */
const LEAST_WIDTH = 0.5;
/** Part of the shorter side of the image to which the light of a source is taken out at most: beyond, there are no surroundings. */
const MOST_REACH = 0.4;
/** Distance up to which sources may be parts of an extended one, in first reaches. */
const NEAR = 2;
/**
 * Where a source looks like a point, its light is taken out so many times as far, to see its width once more: of what is wide and faint, the
 * wings are taken for surroundings at first.
 */
const FAR = 1.5;

/** A source as it is being described. */
interface Sketch {
  readonly detection: Detection;
  /** Of a point. */
  readonly fit: SourceFit;
  readonly extent: SourceExtent;
  /** Its most likely light. */
  readonly light: SourceLight;
  /** Of an extended source. */
  readonly grown?: GrownSource;
}

/**
 * Describe sources, the most significant first. All are taken out at once, and each is fitted together with the others. Those that are
 * nothing beside the light of an extended one are part of it and left out.
 */
export function describeSources(
  found: readonly Detection[],
  test: ReturnType<typeof sourceTester>,
  field: DescribedField,
): DescribedSource[] {
  const { mean, shape, guard, radius } = field;
  const holes = found.flatMap(({ pixels }) => emptyRegion(pixels, guard, mean, shape).pixels);
  const fitWithin: FitWithin = ({ x, y }, reach) => {
    const own = circlePixels({ x, y, radius: reach }, shape);
    return test({ x, y }, [...new Set([...own, ...holes])], new Set(), reach);
  };
  const sketches = pointSketches(found, holes, test, fitWithin, field);
  for (const [index, sketch] of sketches.entries()) {
    if (!sketch.extent.extended) continue;
    const { grown, parts } = withParts(sketch, sketches, fitWithin, field);
    if (parts.length > 0) {
      const others = found.filter((one) => !parts.includes(one));
      return describeSources(others, test, field);
    }
    if (grown !== undefined) sketches[index] = { ...sketch, light: grown.lights[0], grown };
  }
  const taken = new Set(sketches.flatMap(({ detection, grown }) => (grown ? [] : detection.pixels)));
  return sketches.map((sketch): DescribedSource => {
    const { detection, fit, light, extent, grown } = sketch;
    const beside = lightsBut(sketches, [sketch]);
    const place = (grown?.fit ?? fit).locate(light, beside);
    const centroid = errorEllipse(place, place.varX, place.varY, place.covariance);
    if (grown === undefined) {
      const flux = fit.flux([light], beside);
      return { ...detection, centroid, flux, extent, profile: "point", radius, inside: 1 };
    }
    const own = circlePixels({ x: light.x, y: light.y, radius: grown.radius }, shape).filter(
      (pixel) => !taken.has(pixel),
    );
    for (const pixel of own) taken.add(pixel);
    return {
      ...{ ...detection, pixels: own.length > 0 ? own : detection.pixels, centroid },
      ...{ flux: grown.flux, extent: grown.extent, profile: light.profile ?? "gaussian" },
      ...{ radius: grown.radius, inside: grown.inside },
    };
  });
}

/** All as points, each located beside the others, with their extents. */
function pointSketches(
  found: readonly Detection[],
  holes: readonly number[],
  test: ReturnType<typeof sourceTester>,
  fitWithin: FitWithin,
  field: DescribedField,
): Sketch[] {
  const { mean, shape, half, upsampling } = field;
  const fits = found.flatMap((detection) => {
    const { place, pixels } = detection;
    const own = emptyRegion(pixels, WIDE_GUARD * half, mean, shape).pixels;
    const fit = test(place, [...new Set([...own, ...holes])], new Set());
    return fit === undefined ? [] : [{ detection, fit, light: { x: place.x, y: place.y, width: 0 } }];
  });
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of fits) {
      const { x, y } = one.fit.locate(one.light, lightsBut(fits, [one]));
      one.light = { x, y, width: 0 };
    }
  }
  const wideReach = FAR * firstReach(field);
  return fits.map((one) => {
    const beside = lightsBut(fits, [one]);
    const extentIn = (fit: SourceFit) => extentOf(fit, one.light, beside, half, LEAST_WIDTH * upsampling);
    const extent = extentIn(one.fit);
    if (extent.extended) return { ...one, extent };
    const wide = fitWithin(one.light, wideReach);
    const further = wide && extentIn(wide);
    return { ...one, extent: further?.extended ? further : extent };
  });
}

/** How far out the light of an extended source is taken first: as of a point. */
function firstReach({ radius, half }: DescribedField): number {
  return radius + WIDE_GUARD * half;
}

/** The lights of all but some. */
function lightsBut<One extends { readonly light: SourceLight }>(
  all: readonly One[],
  some: readonly One[],
): SourceLight[] {
  return all.filter((one) => !some.includes(one)).map(({ light }) => light);
}

/**
 * An extended source with all of its light, and those near it that are parts of it: nothing beside that light, where the two as points
 * describe the counts no better.
 */
function withParts(
  sketch: Sketch,
  sketches: readonly Sketch[],
  fitWithin: FitWithin,
  field: DescribedField,
): { readonly grown: GrownSource | undefined; readonly parts: readonly Detection[] } {
  const { shape, upsampling, least } = field;
  const [ny, nx] = shape;
  const start = firstReach(field);
  const most = Math.max(start, MOST_REACH * Math.min(ny, nx));
  const grow = (beside: readonly SourceLight[]) => {
    const size = { start, most, shape, least: LEAST_WIDTH * upsampling };
    const first = grownSource(fitWithin, sketch.light, beside, sketch.extent, size);
    if (first === undefined) return undefined;
    // Once more about the middle of all its light, where that is in the image.
    const { x, y } = first.fit.locate(first.lights[0], beside);
    if (!(x >= 0 && y >= 0 && x <= nx - 1 && y <= ny - 1)) return first;
    return grownSource(fitWithin, { ...sketch.light, x, y }, beside, sketch.extent, size);
  };
  const away = ({ light }: Sketch) => Math.hypot(light.x - sketch.light.x, light.y - sketch.light.y);
  const near = sketches.filter((other) => other !== sketch && away(other) <= NEAR * start);
  const far = lightsBut(sketches, [sketch, ...near]);
  const alone = grow(far);
  if (alone === undefined || near.length === 0) return { grown: alone, parts: [] };
  const [light] = alone.lights;
  const parts = near.filter(
    (other) =>
      away(other) <= alone.radius &&
      alone.fit.ratio(other.light, [light, ...far]) < least &&
      alone.fit.height(light, far) > alone.fit.height(sketch.light, [other.light, ...far]),
  );
  return {
    grown: parts.length > 0 ? alone : grow(lightsBut(sketches, [sketch])),
    parts: parts.map(({ detection }) => detection),
  };
}
