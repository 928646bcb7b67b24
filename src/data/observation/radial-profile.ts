import { InvalidInputError } from "../../errors.js";
import { checkSameShape, type Shape, type SkyImage } from "../../image.js";
import { quantileOfSorted } from "../random/sorted-quantile.js";
import type { PixelPosition } from "../sky/sky-wcs.js";

/** The rings about a centre, and which of them each pixel belongs to. */
export interface Rings {
  readonly centre: PixelPosition;
  /** Radii in pixels, increasing, one more than rings. */
  readonly edges: readonly number[];
  /** Number of rings. */
  readonly count: number;
  /** Number of the ring of each pixel `[ny, nx]`, from 0; -1 beyond the last, within the first, and in pixels not in use. */
  readonly ringOf: Int32Array;
  /** Pixels in use in each ring. */
  readonly pixels: readonly number[];
}

/** Radii of rings of equal width from 0 on, at least up to `radius`; pixels. */
export function evenEdges(width: number, radius: number): number[] {
  if (!(width > 0) || !(radius >= width) || radius === Number.POSITIVE_INFINITY) {
    throw new InvalidInputError(
      `rings: width must be > 0 and radius at least as large, got width ${width}, radius ${radius}; give pixels`,
      { fields: { width, radius } },
    );
  }
  return Array.from({ length: Math.ceil(radius / width) + 1 }, (_, ring) => ring * width);
}

/**
 * Divide an image into rings: ring k holds the pixels whose centres lie at distances in `[edges[k], edges[k + 1])`.
 *
 * @param shape `[ny, nx]`
 * @param edges radii in pixels, two or more, increasing, >= 0; default 1 pixel apart, to half of the smaller side
 * @param mask 1 = in use, 0 = not `[ny, nx]`
 * @throws InvalidInputError when the centre lies outside, edges do not increase, or the mask has another shape
 */
export function ringsAbout(
  centre: PixelPosition,
  shape: Shape,
  edges: readonly number[] = evenEdges(1, Math.max(1, Math.min(...shape) / 2)),
  mask?: SkyImage,
): Rings {
  const { x, y } = centre;
  const [ny, nx] = shape;
  const increasing = edges.every(
    (edge, index) => Number.isFinite(edge) && edge >= 0 && (index === 0 || edge > edges[index - 1]),
  );
  if (edges.length < 2 || !increasing) {
    throw new InvalidInputError(
      `rings: edges must be two or more increasing radii >= 0, got [${edges.join(", ")}]; give for example [0, 1, 2, 4]`,
      { fields: { edges } },
    );
  }
  if (!(x >= -0.5 && y >= -0.5 && x <= nx - 0.5 && y <= ny - 0.5)) {
    throw new InvalidInputError(
      `rings: centre must lie in the image of ${nx} x ${ny}, got (x, y) = (${x}, ${y}); count pixels from 0`,
      { fields: { x, y, shape } },
    );
  }
  if (mask !== undefined) checkSameShape("rings: mask", mask, "the image", { shape }, "cut it alike");
  const count = edges.length - 1;
  const ringOf = new Int32Array(ny * nx).fill(-1);
  const pixels = new Array<number>(count).fill(0);
  let ring = 0;
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const index = row * nx + col;
      if (mask?.data[index] === 0) continue;
      const distance = Math.sqrt((col - x) ** 2 + (row - y) ** 2);
      // The last edge at or below the distance, never far from that of the pixel before; -1 below the first.
      while (ring < count && edges[ring + 1] <= distance) ring++;
      while (ring >= 0 && edges[ring] > distance) ring--;
      if (ring < 0 || ring >= count) continue;
      ringOf[index] = ring;
      pixels[ring]++;
    }
  }
  return { centre, edges, count, ringOf, pixels };
}

/** Sum of an image over each ring; written to `out`. */
export function ringSums(image: Float64Array, { ringOf }: Rings, out: Float64Array): void {
  out.fill(0);
  for (let index = 0; index < image.length; index++) {
    const ring = ringOf[index];
    if (ring >= 0) out[ring] += image[index];
  }
}

/** Counts in a ring, and what the model says they could have been. */
export interface ProfileRing {
  /** Distances between which the ring lies, in pixels. */
  readonly inner: number;
  readonly outer: number;
  /** Pixels in use, >= 1. */
  readonly pixels: number;
  /** Observed counts, sum over the ring. */
  readonly observed: number;
  /** Predicted counts, sum over the ring: of the posterior mean, or the mean of all predictions; absent without a prediction. */
  readonly predicted?: number;
  /** Quantiles of the sum of predicted counts, at the probabilities of the profile. */
  readonly quantiles: readonly number[];
}

/** Counts about a centre, observed and predicted. */
export interface RadialProfile {
  readonly centre: PixelPosition;
  /** Probabilities of the quantiles of each ring, ascending and symmetric about 1/2; empty without quantiles. */
  readonly probabilities: readonly number[];
  /** Innermost first; rings without pixels in use are left out. */
  readonly rings: readonly ProfileRing[];
}

/** Probabilities of the quantiles of a radial profile: ends of the central 95 % and 68 %, and the median. */
export const PROFILE_PROBABILITIES: readonly number[] = [0.025, 0.16, 0.5, 0.84, 0.975];

/**
 * Put sums over rings together.
 *
 * @param observed counts in each ring
 * @param predicted counts expected in each ring
 * @param simulated for each ring many sums whose quantiles make the bands; sorted in place
 */
export function profileOf(
  { centre, edges, pixels }: Rings,
  observed: ArrayLike<number>,
  predicted?: ArrayLike<number>,
  simulated?: readonly Float64Array[],
): RadialProfile {
  const probabilities = simulated === undefined ? [] : PROFILE_PROBABILITIES;
  const rings = pixels.map((count, ring): ProfileRing => {
    const sorted = simulated?.[ring].sort();
    return {
      inner: edges[ring],
      outer: edges[ring + 1],
      pixels: count,
      observed: observed[ring],
      ...(predicted !== undefined && { predicted: predicted[ring] }),
      quantiles: sorted === undefined ? [] : probabilities.map((p) => quantileOfSorted(sorted, p)),
    };
  });
  return { centre, probabilities, rings: rings.filter((ring) => ring.pixels > 0) };
}

/** Options of `radialProfile`. */
export interface RadialProfileOptions {
  /** Radii in pixels, increasing, >= 0; default 1 pixel apart, to half of the smaller side. */
  readonly edges?: readonly number[];
  /** Pixels to use, 1 or 0 `[ny, nx]`; default all. */
  readonly mask?: SkyImage;
  /** Predicted counts `[ny, nx]`: of one model, or of many draws, from which bands are made. */
  readonly predicted?: SkyImage | readonly SkyImage[];
}

/**
 * The radial profile of counts about a position. Pixels belong where their centre lies; NaN pixels of the counts are not used.
 * Bands from predictions are those of the expected counts; `predictiveCheck` gives bands of counts, with their Poisson noise.
 *
 * @param counts `[ny, nx]`
 * @param centre column and row, from 0, within the image
 * @throws InvalidInputError when the centre lies outside, edges do not increase, or shapes differ
 */
export function radialProfile(
  counts: SkyImage,
  centre: PixelPosition,
  { edges, mask, predicted }: RadialProfileOptions = {},
): RadialProfile {
  const { shape, data } = counts;
  const used: SkyImage = {
    shape,
    data: data.map((value, index) => (Number.isNaN(value) || mask?.data[index] === 0 ? 0 : 1)),
  };
  ringsAbout(centre, shape, edges, mask); // refuses a mask of another shape
  const rings = ringsAbout(centre, shape, edges, used);
  const sumsOf = (image: SkyImage) => {
    checkSameShape("radialProfile: predicted", image, "the counts", counts, "cut it alike");
    const sums = new Float64Array(rings.count);
    ringSums(image.data, rings, sums);
    return sums;
  };
  const observed = sumsOf(counts);
  if (predicted === undefined) return profileOf(rings, observed);
  if ("data" in predicted) return profileOf(rings, observed, sumsOf(predicted));
  const draws = predicted.map(sumsOf);
  const simulated = rings.pixels.map((_, ring) => Float64Array.from(draws, (sums) => sums[ring]));
  const means = simulated.map((sums) => sums.reduce((sum, value) => sum + value, 0) / sums.length);
  return profileOf(rings, observed, means, simulated);
}
