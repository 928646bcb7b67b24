import type { SkyImage } from "../../src/image.js";

// Quality of images from the definitions, window by window and pixel by pixel. Nothing here shares code with src.

/** Mean structural similarity, equation 13 of Wang et al. 2004 written out for each window: weighted central moments. */
export function naiveSimilarity(
  image: SkyImage,
  truth: SkyImage,
  { size, range, sigma }: { size: number; range: number; sigma?: number },
): number {
  const [ny, nx] = truth.shape;
  const half = (size - 1) / 2;
  const c1 = (0.01 * range) ** 2;
  const c2 = (0.03 * range) ** 2;
  const values: number[] = [];
  for (let row = half; row < ny - half; row++) {
    for (let col = half; col < nx - half; col++) {
      const cells: [weight: number, x: number, y: number][] = [];
      for (let dy = -half; dy <= half; dy++) {
        for (let dx = -half; dx <= half; dx++) {
          const at = (row + dy) * nx + col + dx;
          const weight = sigma === undefined ? 1 : Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
          cells.push([weight, image.data[at], truth.data[at]]);
        }
      }
      const mean = (value: (x: number, y: number) => number) =>
        cells.reduce((sum, [w, x, y]) => sum + w * value(x, y), 0) / cells.reduce((sum, [w]) => sum + w, 0);
      const mx = mean((x) => x);
      const my = mean((_, y) => y);
      const vx = mean((x) => (x - mx) ** 2);
      const vy = mean((_, y) => (y - my) ** 2);
      const cxy = mean((x, y) => (x - mx) * (y - my));
      values.push(((2 * mx * my + c1) * (2 * cxy + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2)));
    }
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
