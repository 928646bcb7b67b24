/** Several psfs as one picture. */

import type { Psf, SkyImage } from "tslira";
import { shownPsfs } from "#viewer";

/** Images of one shape beside each other, the first at the upper left, a pixel apart. */
export function mosaicOf(
  images: readonly SkyImage[],
  columns = Math.ceil(Math.sqrt(images.length)),
): SkyImage {
  const [ny, nx] = images[0].shape;
  const rows = Math.ceil(images.length / columns);
  const [height, width] = [rows * (ny + 1) - 1, columns * (nx + 1) - 1];
  const data = new Float64Array(height * width).fill(Number.NaN);
  for (const [index, image] of images.entries()) {
    const bottom = (rows - 1 - Math.floor(index / columns)) * (ny + 1);
    const left = (index % columns) * (nx + 1);
    for (let row = 0; row < ny; row++) {
      data.set(image.data.subarray(row * nx, (row + 1) * nx), (bottom + row) * width + left);
    }
  }
  return { data, shape: [height, width] };
}

/** Columns and rows of the places of a set; undefined unless they are a grid, every x with every y. */
export function gridOfPlaces({ places = [] }: Psf): readonly [columns: number, rows: number] | undefined {
  const sizes = [new Set(places.map(({ x }) => x)).size, new Set(places.map(({ y }) => y)).size] as const;
  return places.length > 0 && sizes[0] * sizes[1] === places.length ? sizes : undefined;
}

/** A psf, or those of `shownPsfs` beside each other: the ones of a grid as they lie in the field. */
export function psfPicture(psf: Psf): SkyImage {
  const shown = shownPsfs(psf);
  return shown.length === 1
    ? shown[0].image
    : mosaicOf(
        shown.map(({ image }) => image),
        gridOfPlaces(psf)?.[0],
      );
}
