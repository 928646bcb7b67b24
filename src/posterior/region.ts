import { InvalidInputError } from "../errors.js";
import { checkShape, constantImage, type Shape, type SkyImage } from "../image.js";
import type { ChainGroups } from "./chain-groups.js";
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
  /** Pixels, >= 0; 0 holds the pixel at (x, y) alone. */
  readonly radius: number;
}

/** Unit of the flux of a region, from that of a pixel: `photon / (cm2 s pixel)` becomes `photon / (cm2 s)`. */
export function regionFluxUnit(unit: string | undefined): string | undefined {
  return unit?.replace(/ pixel\)/, ")").replace(/\(([^\s()]+)\)/, "$1");
}

/** Slack of a radius in pixels, for positions that are not exact in binary. */
const ROUNDING = 1e-9;

/** How messages call a circle: `circle x=16 y=26 r=4`. */
export function circleName({ x, y, radius }: Circle): string {
  return `circle x=${x} y=${y} r=${radius}`;
}

/**
 * Indices `row * nx + col` of the pixels whose centres lie in a circle, in ascending order; cut off at the edge of the image.
 *
 * @throws InvalidInputError when position or radius are no numbers, the radius is negative, or no pixel lies inside
 */
export function circlePixels(circle: Circle, shape: Shape): number[] {
  const { x, y, radius } = circle;
  if (![x, y, radius].every(Number.isFinite) || !(radius >= 0)) {
    throw new InvalidInputError(
      `circle: x, y and radius must be numbers with radius >= 0, got ${x}, ${y}, ${radius}; give pixels`,
      { fields: { x, y, radius } },
    );
  }
  const [ny, nx] = shape;
  const most = (radius + ROUNDING) ** 2;
  const pixels: number[] = [];
  for (let row = Math.max(0, Math.floor(y - radius)); row <= Math.min(ny - 1, y + radius + 1); row++) {
    for (let col = Math.max(0, Math.floor(x - radius)); col <= Math.min(nx - 1, x + radius + 1); col++) {
      if ((col - x) ** 2 + (row - y) ** 2 <= most) pixels.push(row * nx + col);
    }
  }
  if (pixels.length > 0) return pixels;
  throw new InvalidInputError(
    `circle: must hold the centre of a pixel of the ${nx} x ${ny} image, got none in ` +
      `${circleName(circle)}; move or enlarge it (x and y count from 0)`,
    { fields: { x, y, radius, shape } },
  );
}

/**
 * The pixels whose centres lie in a circle, as a region with weights 1 and 0.
 *
 * @param shape `[ny, nx]` of the image
 * @param name default the circle in words
 * @throws InvalidInputError when position or radius are no numbers, the radius is negative, or no pixel lies inside
 */
export function circularRegion(circle: Circle, shape: Shape, name: string = circleName(circle)): Region {
  checkShape("circularRegion", shape);
  const weights = constantImage(shape, 0);
  for (const pixel of circlePixels(circle, shape)) weights.data[pixel] = 1;
  return { name, weights };
}

/** The pixels of a region that count, and how much: sparse, for sums over many draws. */
export interface WeightedPixels {
  /** Indices `row * nx + col`. */
  readonly pixels: ArrayLike<number>;
  /** One a pixel. */
  readonly weights: ArrayLike<number>;
}

/** The weighted sum of an image over pixels; the image begins at `start` of the array. */
export function weightedSum(
  { pixels, weights }: WeightedPixels,
  values: ArrayLike<number>,
  start = 0,
): number {
  let sum = 0;
  for (let index = 0; index < pixels.length; index++) sum += weights[index] * values[start + pixels[index]];
  return sum;
}

/**
 * The pixels of a region whose weight is not 0.
 *
 * @throws InvalidInputError when weights do not fit the image, are not finite or all 0
 */
export function regionPixels(region: Region, shape: Shape): WeightedPixels {
  checkRegion(region, shape);
  const { data } = region.weights;
  const pixels = Uint32Array.from([...data.keys()].filter((pixel) => data[pixel] !== 0));
  if (pixels.length > 0) return { pixels, weights: Float64Array.from(pixels, (pixel) => data[pixel]) };
  throw new InvalidInputError(
    `region ${region.name}: weights must choose a pixel, got 0 everywhere; use 1 inside and 0 outside`,
    { fields: { region: region.name } },
  );
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
 * @throws InvalidInputError when weights do not fit the draws, are not finite or all 0
 * @throws AbortedError when `watch.signal` says so
 */
export async function regionDraws(
  images: ImageTrace | DrawSource,
  regions: readonly Region[],
  watch: WatchOptions = {},
): Promise<Float64Array[][]> {
  const source = asDrawSource(images);
  const sparse = regions.map((region) => regionPixels(region, source.shape));
  const chains = Array.from({ length: source.chains }, (_, chain) => chain);
  const sums = regions.map(() => chains.map((chain) => new Float64Array(source.draws(chain))));
  await forEachDraw(source, chains, watch, (image, chain, draw) => {
    for (const [index, pixels] of sparse.entries()) sums[index][chain][draw] = weightedSum(pixels, image);
  });
  return sums;
}

/**
 * All figures of convergence for the flux of regions, as for a parameter or a pixel.
 *
 * Chains with fewer than half of the draws of the longest are left out (see `diagnose`).
 *
 * @param groups chains that sample the same law, see `chainGroups`; default all
 * @throws as `regionDraws`
 */
export async function summariseRegions(
  images: ImageTrace | DrawSource,
  regions: readonly Region[],
  watch: WatchOptions = {},
  groups?: ChainGroups,
): Promise<QuantitySummary[]> {
  const sums = await regionDraws(images, regions, watch);
  return regions.map(({ name }, index) => {
    const chains = comparableChains(sums[index].map(({ length }) => length));
    const draws = sums[index].map((values, chain) => (chains.includes(chain) ? values : new Float64Array(0)));
    return summariseQuantity(name, draws, undefined, groups);
  });
}
