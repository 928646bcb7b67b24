import type { PlacedPsf } from "../../src/data/observation/psf-set.js";
import { skyImage } from "../../src/image.js";
import { transfer } from "./convolution.js";

// A psf that varies over the field, by its definition, pixel by pixel. Nothing here shares code with src.

/** Share of each place in the light of the pixel at (x, y). */
export function naiveShares(places: readonly PlacedPsf[], x: number, y: number): number[] {
  const unique = (values: number[]) => values.filter((value, index) => values.indexOf(value) === index);
  const xs = unique(places.map((place) => place.x));
  const ys = unique(places.map((place) => place.y));
  if (xs.length * ys.length === places.length) {
    const along = (positions: number[], own: number, at: number) => {
      const inside = Math.min(Math.max(at, Math.min(...positions)), Math.max(...positions));
      const side = positions.filter((other) => (inside < own ? other < own : other > own));
      const distance = Math.min(...side.map((other) => Math.abs(other - own)));
      return inside === own ? 1 : Math.max(0, 1 - Math.abs(inside - own) / distance);
    };
    return places.map((place) => along(xs, place.x, x) * along(ys, place.y, y));
  }
  const distances = places.map((place) => Math.hypot(place.x - x, place.y - y));
  if (distances.includes(0)) return distances.map((distance) => Number(distance === 0));
  const fifth = [...distances].sort((a, b) => a - b)[4] ?? Number.POSITIVE_INFINITY;
  const raw = distances.map((distance) => Math.max(0, 1 / distance - 1 / fifth) ** 2);
  const sum = raw.reduce((total, value) => total + value, 0);
  return raw.map((value) => value / sum);
}

/** `[i][j]`: probability that a photon born in sky pixel j lands in detector pixel i. */
export function naiveResponse(
  places: readonly PlacedPsf[],
  [ny, nx]: readonly [number, number],
  boundary: "spill" | "wrap",
): number[][] {
  const pixels = Array.from({ length: ny * nx }, (_, index) => [Math.floor(index / nx), index % nx] as const);
  const psfs = places.map(({ psf }) => {
    const sum = psf.data.reduce((total, value) => total + value, 0);
    return skyImage(
      psf.data.map((value) => value / sum),
      psf.shape,
    );
  });
  const shares = pixels.map(([row, col]) => naiveShares(places, col, row));
  return pixels.map((i) =>
    pixels.map((j, index) =>
      psfs.reduce(
        (sum, psf, place) => sum + shares[index][place] * transfer(psf, [ny, nx], boundary, i, j),
        0,
      ),
    ),
  );
}
