import { InvalidInputError } from "../errors.js";
import { checkShape, type SkyImage } from "../image.js";
import type { PixelPosition } from "./sky-wcs.js";

/** Sums of an image over annuli. */
export interface AnnulusSums {
  /** Radii in pixels, increasing; annulus k holds the pixel centres at distances in `[edges[k], edges[k + 1])`. */
  readonly edges: readonly number[];
  /** Sum of the image in each annulus, in its unit. */
  readonly sums: Float64Array;
  /** Number of pixels in each annulus. */
  readonly pixels: Float64Array;
}

/**
 * Sum an image over annuli around a position. Pixels belong where their centre lies; NaN pixels and masked ones are left out
 * of sums and numbers alike.
 *
 * @param image `[ny, nx]`, any unit
 * @param centre column and row, 0-based
 * @param edges radii in pixels, increasing, the first >= 0
 * @param mask pixels to use, 1 or 0 `[ny, nx]`; default all
 * @throws InvalidInputError when edges do not increase, or the mask has another shape
 */
export function annulusSums(
  image: SkyImage,
  centre: PixelPosition,
  edges: readonly number[],
  mask?: SkyImage,
): AnnulusSums {
  checkShape("annulusSums", image.shape);
  const increasing = edges.every(
    (edge, index) => Number.isFinite(edge) && edge >= 0 && (index === 0 || edge > edges[index - 1]!),
  );
  if (edges.length < 2 || !increasing) {
    throw new InvalidInputError(
      `annulusSums: edges must be two or more increasing radii >= 0, got [${edges.join(", ")}]; give for example [0, 1, 2, 4]`,
      { fields: { edges } },
    );
  }
  if (mask !== undefined && mask.data.length !== image.data.length) {
    throw new InvalidInputError(
      `annulusSums: mask must have the shape [${image.shape.join(", ")}] of the image, got [${mask.shape.join(", ")}]; cut it alike`,
      { fields: { shape: mask.shape, expected: image.shape } },
    );
  }
  const nx = image.shape[1];
  const sums = new Float64Array(edges.length - 1);
  const pixels = new Float64Array(edges.length - 1);
  for (const [index, value] of image.data.entries()) {
    if (Number.isNaN(value) || mask?.data[index] === 0) continue;
    const distance = Math.hypot((index % nx) - centre.x, Math.floor(index / nx) - centre.y);
    const annulus = edges.findLastIndex((edge) => edge <= distance);
    if (annulus < 0 || annulus >= sums.length) continue;
    sums[annulus]! += value;
    pixels[annulus]! += 1;
  }
  return { edges: [...edges], sums, pixels };
}
