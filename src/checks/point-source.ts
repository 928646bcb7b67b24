import type { Shape } from "../image.js";
import type { Circle } from "../posterior/region.js";

/**
 * An image in which all flux of a circle is a point at its centroid (shared between the four pixels about it), the rest as it was.
 *
 * The sum and the centroid stay the same; the sharing widens the point by at most half a pixel (root mean square a side).
 *
 * @param flux `ny * nx` values >= 0; not changed
 * @param out result, may be `flux` itself
 */
export function collapseToPoint(
  flux: ArrayLike<number>,
  [ny, nx]: Shape,
  { x, y, radius }: Circle,
  out: Float64Array,
): void {
  let sum = 0;
  let sumX = 0;
  let sumY = 0;
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const index = row * nx + col;
      const value = flux[index];
      if ((col - x) ** 2 + (row - y) ** 2 > radius * radius) {
        out[index] = value;
        continue;
      }
      sum += value;
      sumX += value * col;
      sumY += value * row;
      out[index] = 0;
    }
  }
  if (!(sum > 0)) return;
  const col = Math.min(Math.floor(sumX / sum), Math.max(0, nx - 2));
  const row = Math.min(Math.floor(sumY / sum), Math.max(0, ny - 2));
  const right = sumX / sum - col;
  const below = sumY / sum - row;
  const add = (r: number, c: number, part: number) => {
    if (part > 0) out[r * nx + c] += part * sum;
  };
  add(row, col, (1 - right) * (1 - below));
  add(row, col + 1, right * (1 - below));
  add(row + 1, col, (1 - right) * below);
  add(row + 1, col + 1, right * below);
}
