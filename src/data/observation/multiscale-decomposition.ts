import { binImage, checkShape, type Shape, type SkyImage } from "../../image.js";

/** One level of the multiscale decomposition of an image. */
export interface MultiscaleLevel {
  /** Sums over blocks of 2^level x 2^level pixels `[ny, nx]`, in the unit of the image; level 0 is the image itself. */
  readonly image: SkyImage;
  /**
   * Share `[ny, nx]` of each pixel of this level in its parent, the pixel of the next level that holds it: in [0, 1] for a
   * non-negative image, four (at an edge two or one) of a parent sum to 1; NaN where the parent is 0. Absent at the top.
   */
  readonly fractions?: SkyImage;
}

/**
 * Decompose an image as the multiscale prior does: level by level into sums over 2 x 2 blocks and the fractions of
 * the sums, `x_q / N_Q` with `N_Q = sum_q x_q` (Esch et al. 2004, section 3).
 *
 * @param image `[ny, nx]` of any shape; an odd axis ends in a block of one pixel
 * @returns level 0 (the image) to the top (one pixel, the total)
 */
export function multiscaleDecomposition(image: SkyImage): MultiscaleLevel[] {
  checkShape("multiscaleDecomposition", image.shape);
  const levels: MultiscaleLevel[] = [];
  let current = image;
  while (current.data.length > 1) {
    const parents = binImage(current, 2);
    levels.push({ image: current, fractions: shares(current, parents) });
    current = parents;
  }
  levels.push({ image: current });
  return levels;
}

function shares({ data, shape }: SkyImage, parents: SkyImage): SkyImage {
  const [nx, width] = [shape[1], parents.shape[1]];
  const fractions = data.map((value, index) => {
    const parent = parents.data[(Math.floor(index / nx) >> 1) * width + ((index % nx) >> 1)];
    return parent === 0 ? Number.NaN : value / parent;
  });
  return { data: fractions, shape };
}

/**
 * Number of levels of the tree above the image: how often both axes are halved (rounding up) until one pixel is left.
 *
 * @param shape `[ny, nx]`
 * @returns 0 for a single pixel, n for 2^n x 2^n
 */
export function multiscaleLevels([ny, nx]: Shape): number {
  let levels = 0;
  for (let size = Math.max(ny, nx); size > 1; size = Math.ceil(size / 2)) levels++;
  return levels;
}
