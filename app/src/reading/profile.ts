/** Profiles of images: groups of pixels along a line, or in rings around a position. */

import type { Shape, SkyImage } from "tslira";
import { poissonInterval } from "tslira/diagnostics";
import { countsIn } from "../desk/observation-view.js";
import type { DrawnLine } from "../pictures/look.js";

/** Groups of pixels in order, none of them empty. */
export interface ProfileBins {
  /** Middle of each along the line, or distance from the centre; pixels. */
  readonly at: readonly number[];
  /** Ends of each. */
  readonly edges: readonly (readonly [from: number, to: number])[];
  /** Indices `row * nx + col`. */
  readonly groups: readonly (readonly number[])[];
}

/** Most groups of a profile; longer ones have wider groups. */
const MOST = 200;

function binned(
  [ny, nx]: Shape,
  reach: number,
  width: number,
  placeOf: (x: number, y: number) => number,
): ProfileBins {
  const count = Math.max(1, Math.ceil(reach / width - 1e-9));
  const groups = Array.from({ length: count }, (): number[] => []);
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) groups[Math.floor(placeOf(x, y) / width)]?.push(y * nx + x);
  }
  const used = groups.flatMap((pixels, index) => (pixels.length > 0 ? [{ pixels, index }] : []));
  return {
    at: used.map(({ index }) => (index + 0.5) * width),
    edges: used.map(({ index }) => [index * width, (index + 1) * width]),
    groups: used.map(({ pixels }) => pixels),
  };
}

/** Rings around a position, a pixel wide, out to a radius. */
export function ringBins([x0, y0]: readonly [number, number], radius: number, shape: Shape): ProfileBins {
  const width = Math.max(1, Math.ceil(radius / MOST));
  return binned(shape, Math.max(1, radius), width, (x, y) => Math.hypot(x - x0, y - y0));
}

/** Steps of a pixel along a line from the middle of its first pixel to that of its last, of pixels within half a width of it. */
export function lineBins({ x0, y0, x1, y1 }: DrawnLine, across: number, shape: Shape): ProfileBins {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const [ux, uy] = length > 0 ? [(x1 - x0) / length, (y1 - y0) / length] : [1, 0];
  const width = Math.max(1, Math.ceil(length / MOST));
  return binned(shape, length + 1, width, (x, y) => {
    const [dx, dy] = [x - x0, y - y0];
    const off = Math.abs(dy * ux - dx * uy);
    // Rounding of diagonals must not drop pixels at the edge.
    if (off > across / 2 + 1e-9) return -1;
    return dx * ux + dy * uy + 0.5 + 1e-9;
  });
}

/** Mean of an image over each group; values that are no numbers are left out. */
export function groupMeans({ data }: SkyImage, { groups }: ProfileBins): number[] {
  return groups.map((pixels) => {
    let [sum, count] = [0, 0];
    for (const pixel of pixels) {
      const value = data[pixel] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      sum += value;
      count++;
    }
    return sum / count;
  });
}

/** Counts a pixel of each group, of those that have values, with the interval of about 68 % for the mean behind them. */
export function countPoints(
  counts: SkyImage,
  { groups }: ProfileBins,
): { readonly value: number; readonly low: number; readonly high: number }[] {
  return groups.map((pixels) => {
    const size = pixels.filter((pixel) => Number.isFinite(counts.data[pixel])).length || Number.NaN;
    const sum = countsIn(counts, pixels);
    const [low, high] = poissonInterval(sum);
    return { value: sum / size, low: low / size, high: high / size };
  });
}
