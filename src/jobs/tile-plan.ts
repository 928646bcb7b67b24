/**
 * Tiles of a large image: where they are, and the weights with which they become one image again.
 *
 *     |<------------- data of a tile ------------->|
 *     | ring | margin - ring |  core  |            |
 *
 * The sky of a tile is its core with a margin of `margin` pixels around. In an outer ring of half a psf the detector pixels
 * are not used: only there could photons come from beyond the tile's sky, so every pixel in use is modelled exactly. Two
 * tiles share what lies within `ramp = margin - ring` pixels of the border of their cores, and there the weights go smoothly
 * from one to the other. At an edge of the whole image there is neither margin nor ring.
 */

import { InvalidInputError } from "../errors.js";
import type { Shape } from "../image.js";

/** A half-open range of pixels along one axis. */
export type PixelRange = readonly [start: number, end: number];

/** A tile: its core, its sky, and the detector pixels in use; ranges of the whole image. */
export interface Tile {
  /** Number from 0, row by row. */
  readonly index: number;
  /** Place in the grid of tiles, from 0. */
  readonly place: readonly [row: number, col: number];
  readonly core: { readonly rows: PixelRange; readonly cols: PixelRange };
  readonly sky: { readonly rows: PixelRange; readonly cols: PixelRange };
  readonly used: { readonly rows: PixelRange; readonly cols: PixelRange };
}

/** All tiles of an image. */
export interface TilePlan {
  readonly shape: Shape;
  readonly tiles: readonly Tile[];
  /** Number of tiles down and across. */
  readonly grid: readonly [rows: number, cols: number];
  /** Pixels on either side of a border between cores over which the weights change, `[along y, along x]`. */
  readonly ramp: readonly [number, number];
}

/** How to cut an image. */
export interface PlanTilesOptions {
  /** Shape of the core of a tile `[ny, nx]`, the last ones smaller; default `[128, 128]`. */
  readonly tile?: Shape;
  /** Pixels around the core; default and least: the larger side of the psf. */
  readonly margin?: number;
  /** First border between cores, `[row, col]`; default one tile. Another offset gives other seams for the same image. */
  readonly offset?: readonly [row: number, col: number];
}

/** The same tiles in pixels of a sky of which `factor` by `factor` lie on a pixel of the counts. */
export function finerPlan({ shape, tiles, grid, ramp }: TilePlan, factor: number): TilePlan {
  const pair = ([one, other]: readonly [number, number]) => [factor * one, factor * other] as const;
  const box = ({ rows, cols }: Tile["core"]) => ({ rows: pair(rows), cols: pair(cols) });
  const finer = tiles.map(
    ({ index, place, core, sky, used }): Tile => ({
      ...{ index, place },
      ...{ core: box(core), sky: box(sky), used: box(used) },
    }),
  );
  return { shape: pair(shape), tiles: finer, grid, ramp: pair(ramp) };
}

/** Reach of a psf of `size` pixels from its centre index `floor(size / 2)`, in the longer direction. */
function reach(size: number): number {
  return Math.floor(size / 2);
}

function checkWhole(name: string, value: number, least: number, remedy: string): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new InvalidInputError(`tiles: ${name} must be a whole number >= ${least}, got ${value}; ${remedy}`, {
    fields: { [name]: value },
  });
}

/** Cores along one axis. */
function cores(size: number, tile: number, offset: number, ramp: number): PixelRange[] {
  const borders = [0];
  for (let border = offset; border < size; border += tile) borders.push(border);
  // A last or first core that is narrower than its two ramps joins its neighbour.
  const least = Math.max(1, 2 * ramp);
  const kept = borders.filter((border, index) => index === 0 || (border >= least && size - border >= least));
  return kept.map((start, index) => [start, kept[index + 1] ?? size]);
}

/**
 * Cut an image into tiles.
 *
 * @param shape of the image `[ny, nx]`
 * @param psf shape of the psf `[ny, nx]`
 * @throws InvalidInputError for a margin narrower than the psf, or tiles narrower than twice the part of the margin that is
 * shared (weights of three tiles would meet)
 */
export function planTiles(shape: Shape, psf: Shape, options: PlanTilesOptions = {}): TilePlan {
  const widest = Math.max(...psf);
  const { tile = [128, 128], margin = widest, offset = tile } = options;
  checkWhole("margin", margin, widest, `give at least the width of the psf, ${widest} pixels`);
  const rings = [reach(psf[0]), reach(psf[1])] as const;
  const ramp = [margin - rings[0], margin - rings[1]] as const;
  const ranges = ([0, 1] as const).map((axis) => {
    checkWhole("tile", tile[axis], 2 * ramp[axis], `with this margin ${2 * ramp[axis]} pixels is the least`);
    checkWhole("offset", offset[axis], 0, "leave it out for borders at whole tiles");
    return cores(shape[axis], tile[axis], offset[axis] % tile[axis] || tile[axis], ramp[axis]).map((core) => {
      const [start, end] = core;
      const size = shape[axis];
      const sky: PixelRange = [Math.max(0, start - margin), Math.min(size, end + margin)];
      const used: PixelRange = [
        start - margin <= 0 ? 0 : sky[0] + rings[axis],
        end + margin >= size ? size : sky[1] - rings[axis],
      ];
      return { core, sky, used };
    });
  });
  const [rows, cols] = ranges;
  const tiles = rows.flatMap((y, row) =>
    cols.map(
      (x, col): Tile => ({
        index: row * cols.length + col,
        place: [row, col],
        core: { rows: y.core, cols: x.core },
        sky: { rows: y.sky, cols: x.sky },
        used: { rows: y.used, cols: x.used },
      }),
    ),
  );
  return { shape, tiles, grid: [rows.length, cols.length], ramp };
}

/** A step from 0 to 1 with zero slope at both ends: `3 t^2 - 2 t^3`; `smooth(t) + smooth(1 - t)` is 1. */
function smooth(t: number): number {
  const x = Math.min(1, Math.max(0, t));
  return x * x * (3 - 2 * x);
}

/** Weight of each pixel of a sky range along one axis. */
function axisWeights(sky: PixelRange, core: PixelRange, size: number, ramp: number): Float64Array {
  const [start, end] = sky;
  return Float64Array.from({ length: end - start }, (_, index) => {
    const centre = start + index + 0.5;
    const lower = core[0] === 0 ? 1 : smooth((centre - core[0] + ramp) / (2 * ramp));
    const upper = core[1] === size ? 1 : smooth((core[1] + ramp - centre) / (2 * ramp));
    return Math.min(lower, upper);
  });
}

/**
 * Weights of a tile over its sky `[ny, nx]`, in [0, 1]: 1 within its core, 0 beyond its ramp. Over all tiles they sum to 1
 * in every pixel of the image.
 */
export function tileWeights({ shape, ramp }: TilePlan, { sky, core }: Tile): Float64Array {
  const rows = axisWeights(sky.rows, core.rows, shape[0], ramp[0]);
  const cols = axisWeights(sky.cols, core.cols, shape[1], ramp[1]);
  const weights = new Float64Array(rows.length * cols.length);
  for (let row = 0; row < rows.length; row++) {
    for (let col = 0; col < cols.length; col++) weights[row * cols.length + col] = rows[row] * cols[col];
  }
  return weights;
}
