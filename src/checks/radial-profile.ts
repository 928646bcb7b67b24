import { InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";

/** A position in pixels from 0, pixel centres at whole numbers; need not be whole. */
export interface Position {
  readonly x: number;
  readonly y: number;
}

/** The rings about a centre, and which of them each pixel belongs to. */
export interface Rings {
  readonly centre: Position;
  /** Width of a ring in pixels. */
  readonly width: number;
  readonly count: number;
  /** Number of the ring of each pixel `[ny, nx]`, from 0; -1 beyond the last and in pixels not in use. */
  readonly ringOf: Int32Array;
  /** Pixels in use in each ring. */
  readonly pixels: readonly number[];
}

/** Index of the brightest pixel (the first of several); pixels that are not in use do not count. */
export function brightestPixel({ data }: SkyImage, mask?: SkyImage): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < data.length; index++) {
    if (mask?.data[index] === 0 || !(data[index] > most)) continue;
    most = data[index];
    best = index;
  }
  return best;
}

/** Position of a pixel given by its index. */
export function positionOf(index: number, [, nx]: Shape): Position {
  return { x: index % nx, y: Math.floor(index / nx) };
}

/**
 * Divide an image into rings: ring k holds the pixels whose centres are at least `k width` and less than `(k + 1) width` away.
 *
 * @param shape `[ny, nx]`
 * @param radius where the last ring ends, pixels; default half of the smaller side
 * @param width pixels, > 0; default 1
 * @param mask 1 = in use, 0 = not `[ny, nx]`
 * @throws InvalidInputError when centre, radius or width are out of range
 */
export function ringsAbout(
  centre: Position,
  shape: Shape,
  {
    width = 1,
    radius = Math.max(width, Math.min(...shape) / 2),
    mask,
  }: {
    readonly width?: number | undefined;
    readonly radius?: number | undefined;
    readonly mask?: SkyImage | undefined;
  } = {},
): Rings {
  const { x, y } = centre;
  const [ny, nx] = shape;
  if (!(width > 0) || !(radius >= width) || radius === Infinity) {
    throw new InvalidInputError(
      `rings: width must be > 0 and radius at least as large, got width ${width}, radius ${radius}; give pixels`,
      { fields: { width, radius } },
    );
  }
  if (!(x >= -0.5 && y >= -0.5 && x <= nx - 0.5 && y <= ny - 0.5)) {
    throw new InvalidInputError(
      `rings: centre must lie in the image of ${nx} x ${ny}, got (x, y) = (${x}, ${y}); count pixels from 0`,
      { fields: { x, y, shape } },
    );
  }
  const count = Math.ceil(radius / width);
  const ringOf = new Int32Array(ny * nx).fill(-1);
  const pixels = new Array<number>(count).fill(0);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const index = row * nx + col;
      if (mask?.data[index] === 0) continue;
      const ring = Math.floor(Math.sqrt((col - x) ** 2 + (row - y) ** 2) / width);
      if (ring >= count) continue;
      ringOf[index] = ring;
      pixels[ring]++;
    }
  }
  return { centre, width, count, ringOf, pixels };
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
  /** Pixels in use. */
  readonly pixels: number;
  /** Observed counts, sum over the ring. */
  readonly observed: number;
  /** Expected counts of the posterior mean, sum over the ring. */
  readonly predicted: number;
  /** Quantiles of the sum of replicated counts, at the probabilities of the profile. */
  readonly quantiles: readonly number[];
}

/** Observed counts about a centre, against the band of replicated ones. */
export interface RadialProfile {
  readonly centre: Position;
  /** Probabilities of the quantiles of each ring: ends of the central 95 % and 68 %, and the median. */
  readonly probabilities: readonly number[];
  /** Innermost first; rings without pixels in use are left out. */
  readonly rings: readonly ProfileRing[];
}

/** Probabilities of the bands of a radial profile. */
export const PROFILE_PROBABILITIES: readonly number[] = [0.025, 0.16, 0.5, 0.84, 0.975];
