import { InvalidInputError } from "../errors.js";
import { checkShape, constantImage, type Shape, type SkyImage } from "../image.js";
import {
  asDrawSource,
  comparableChains,
  type DrawSource,
  forEachDraw,
  type WatchOptions,
} from "./draw-source.js";
import { type QuantitySummary, summariseQuantity } from "./quantity-summary.js";
import type { ImageTrace } from "./trace.js";

/** Part of an image whose flux is taken together. */
export interface Region {
  readonly name: string;
  /** Weight of each pixel `[ny, nx]`, finite: 1 inside, 0 outside; other weights make a weighted sum. */
  readonly weights: SkyImage;
}

/** A circle on an image; positions in pixels from 0, pixel centres at whole numbers. */
export interface Circle {
  readonly x: number;
  readonly y: number;
  /** Pixels, > 0. */
  readonly radius: number;
}

/** How messages call a circle: `circle x=16 y=26 r=4`. */
export function circleName({ x, y, radius }: Circle): string {
  return `circle x=${x} y=${y} r=${radius}`;
}

/**
 * The pixels whose centres lie in a circle, as a region with weights 1 and 0.
 *
 * @param shape `[ny, nx]` of the image
 * @param name default the circle in words
 * @throws InvalidInputError when position or radius are no numbers, the radius is not > 0, or no pixel lies inside
 */
export function circularRegion(circle: Circle, shape: Shape, name: string = circleName(circle)): Region {
  const { x, y, radius } = circle;
  checkShape("circularRegion", shape);
  if (![x, y, radius].every(Number.isFinite) || !(radius > 0)) {
    throw new InvalidInputError(
      `circularRegion: x, y and radius must be numbers with radius > 0, got ${x}, ${y}, ${radius}; give pixels`,
      { fields: { x, y, radius } },
    );
  }
  const weights = constantImage(shape, 0);
  const [ny, nx] = shape;
  let inside = 0;
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      if ((col - x) ** 2 + (row - y) ** 2 > radius * radius) continue;
      weights.data[row * nx + col] = 1;
      inside++;
    }
  }
  if (inside === 0) {
    throw new InvalidInputError(
      `circularRegion: circle must hold the centre of a pixel of the ${nx} x ${ny} image, got none in ` +
        `${circleName(circle)}; move or enlarge it (x and y count from 0)`,
      { fields: { x, y, radius, shape } },
    );
  }
  return { name, weights };
}

function checkRegion({ name, weights }: Region, shape: Shape): void {
  if (weights.shape[0] !== shape[0] || weights.shape[1] !== shape[1]) {
    throw new InvalidInputError(
      `region ${name}: weights must have the shape of the draws, [${shape.join(", ")}], got ` +
        `[${weights.shape.join(", ")}]; make them for the same image`,
      { fields: { region: name, shape: weights.shape, expected: shape } },
    );
  }
  const bad = weights.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new InvalidInputError(
      `region ${name}: weights must be finite, got ${weights.data[bad]} at ` +
        `[${Math.floor(bad / shape[1])}, ${bad % shape[1]}]; use 1 inside and 0 outside`,
      { fields: { region: name } },
    );
  }
}

/**
 * The (weighted) sum of the flux over regions in every kept draw, from one pass over the draws.
 *
 * Neighbouring pixels of a deconvolved image are anticorrelated, so the error of a sum is far below the root of the summed
 * squares of the pixels' errors: take it from these draws.
 *
 * @param images kept draws after burn-in, in memory or in a file; not changed
 * @param regions any number
 * @returns for each region one array a chain, `[regions][chains][draws of the chain]`, in the unit of the flux
 * @throws InvalidInputError when weights do not fit the draws or are not finite
 * @throws AbortedError when `watch.signal` says so
 */
export async function regionDraws(
  images: ImageTrace | DrawSource,
  regions: readonly Region[],
  watch: WatchOptions = {},
): Promise<Float64Array[][]> {
  const source = asDrawSource(images);
  for (const region of regions) checkRegion(region, source.shape);
  const sparse = regions.map(({ weights: { data } }) => {
    const pixels = Uint32Array.from([...data.keys()].filter((pixel) => data[pixel] !== 0));
    return { pixels, weights: Float64Array.from(pixels, (pixel) => data[pixel]) };
  });
  const chains = Array.from({ length: source.chains }, (_, chain) => chain);
  const sums = regions.map(() => chains.map((chain) => new Float64Array(source.draws(chain))));
  await forEachDraw(source, chains, watch, (image, chain, draw) => {
    for (const [index, { pixels, weights }] of sparse.entries()) {
      let sum = 0;
      for (let k = 0; k < pixels.length; k++) sum += weights[k] * image[pixels[k]];
      sums[index][chain][draw] = sum;
    }
  });
  return sums;
}

/**
 * All figures of convergence for the flux of regions, as for a parameter or a pixel.
 *
 * Chains with fewer than half of the draws of the longest are left out (see `diagnose`).
 *
 * @throws as `regionDraws`
 */
export async function summariseRegions(
  images: ImageTrace | DrawSource,
  regions: readonly Region[],
  watch: WatchOptions = {},
): Promise<QuantitySummary[]> {
  const sums = await regionDraws(images, regions, watch);
  return regions.map(({ name }, index) => {
    const chains = comparableChains(sums[index].map(({ length }) => length));
    return summariseQuantity(
      name,
      chains.map((chain) => sums[index][chain]),
    );
  });
}
