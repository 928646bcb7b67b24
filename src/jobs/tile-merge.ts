/** Tiles become one image again, and what their seams look like. */

import { constantImage, type SkyImage } from "../image.js";
import { type PixelRange, type Tile, type TilePlan, tileWeights } from "./tile-plan.js";

/** What is merged of a tile; all images over its sky `[ny, nx]`. */
export interface TilePosterior {
  readonly tile: Tile;
  readonly mean: SkyImage;
  readonly std: SkyImage;
  readonly rhat: SkyImage;
  readonly ess: SkyImage;
  /** Posterior mean of ln alpha of the block above each pixel, one image a level, finest first; under the adaptive prior. */
  readonly smoothness?: readonly SkyImage[];
}

/** How two neighbours agree where both have a say. */
export interface Seam {
  /** Numbers of the two tiles, the left or lower one first. */
  readonly tiles: readonly [number, number];
  /** Pixels that both tiles have weight in. */
  readonly pixels: number;
  /**
   * Root mean square of the difference of the two means over the posterior standard deviation of a pixel. Pixels count by
   * the product of the two weights: where only one tile has a say, nobody sees the difference.
   */
  readonly rms: number;
  /**
   * The same of blocks of 8 x 8 pixels, in Monte Carlo standard errors of the difference, those of its pixels added as if
   * independent; about 1 or less when nothing but the length of the chains keeps the tiles apart. NaN where there is no
   * whole block.
   */
  readonly blockRms: number;
  /** Flux of the overlap by either tile. */
  readonly flux: readonly [number, number];
}

/** A merged image. */
export interface MergedTiles {
  /** Posterior mean `[ny, nx]`: the weighted mean of the tiles' means. */
  readonly mean: SkyImage;
  /**
   * Posterior standard deviation `[ny, nx]`: the weighted mean of those of the tiles. (The spread of weighted draws would be
   * too small: draws of two tiles are independent, their errors are not.)
   */
  readonly std: SkyImage;
  /** Worst R-hat `[ny, nx]` of the tiles that have weight in a pixel; NaN where undefined. */
  readonly rhat: SkyImage;
  /** Least effective size `[ny, nx]` of the same tiles; NaN where undefined. */
  readonly ess: SkyImage;
  /** Sum of the weights `[ny, nx]`: 1, and less where tiles are missing. */
  readonly coverage: SkyImage;
  /** Weighted mean of the maps of smoothness, of the levels that all tiles have; none where a tile has none. */
  readonly smoothness: readonly SkyImage[];
}

/**
 * Merge tiles.
 *
 * @param posteriors tiles in any order; missing ones leave a hole, with what their neighbours say at its border
 */
export function mergeTiles(plan: TilePlan, posteriors: readonly TilePosterior[]): MergedTiles {
  const { shape } = plan;
  const levels = posteriors.reduce(
    (least, { smoothness }) => Math.min(least, smoothness?.length ?? 0),
    posteriors.length === 0 ? 0 : Number.POSITIVE_INFINITY,
  );
  const merged: MergedTiles = {
    mean: constantImage(shape, 0),
    std: constantImage(shape, 0),
    rhat: constantImage(shape, Number.NaN),
    ess: constantImage(shape, Number.NaN),
    coverage: constantImage(shape, 0),
    smoothness: Array.from({ length: levels }, () => constantImage(shape, 0)),
  };
  for (const { tile, mean, std, rhat, ess, smoothness } of posteriors) {
    const weights = tileWeights(plan, tile);
    forEachPixel(tile.sky.rows, tile.sky.cols, shape[1], (pixel, local) => {
      const weight = weights[local];
      if (weight === 0) return;
      merged.mean.data[pixel] += weight * mean.data[local];
      merged.std.data[pixel] += weight * std.data[local];
      merged.coverage.data[pixel] += weight;
      for (const [level, map] of merged.smoothness.entries()) {
        map.data[pixel] += weight * (smoothness?.[level].data[local] ?? 0);
      }
      if (!(rhat.data[local] <= merged.rhat.data[pixel])) merged.rhat.data[pixel] = rhat.data[local];
      if (!(ess.data[local] >= merged.ess.data[pixel])) merged.ess.data[pixel] = ess.data[local];
    });
  }
  for (let pixel = 0; pixel < merged.coverage.data.length; pixel++) {
    const weight = merged.coverage.data[pixel];
    if (weight > 0 && weight < 1) {
      merged.mean.data[pixel] /= weight;
      merged.std.data[pixel] /= weight;
      for (const map of merged.smoothness) map.data[pixel] /= weight;
    }
  }
  return merged;
}

function forEachPixel(
  rows: PixelRange,
  cols: PixelRange,
  width: number,
  visit: (pixel: number, local: number) => void,
): void {
  let local = 0;
  for (let row = rows[0]; row < rows[1]; row++) {
    for (let col = cols[0]; col < cols[1]; col++) visit(row * width + col, local++);
  }
}

/** Side of the blocks whose sums are compared. */
const BLOCK = 8;

function overlap(first: PixelRange, second: PixelRange): PixelRange {
  return [Math.max(first[0], second[0]), Math.min(first[1], second[1])];
}

/** The part of a seam that lies between the cores: where both tiles have weight, corners left to other seams. */
function seamArea({ ramp }: TilePlan, first: Tile, second: Tile): { rows: PixelRange; cols: PixelRange } {
  const across = first.place[0] === second.place[0];
  const border = across ? second.core.cols[0] : second.core.rows[0];
  const [rampY, rampX] = ramp;
  return across
    ? { rows: overlap(first.core.rows, second.core.rows), cols: [border - rampX, border + rampX] }
    : { rows: [border - rampY, border + rampY], cols: overlap(first.core.cols, second.core.cols) };
}

/** Compare all pairs of neighbours that are there. */
export function measureSeams(plan: TilePlan, posteriors: readonly TilePosterior[]): Seam[] {
  const [, columns] = plan.grid;
  const present = new Map(posteriors.map((posterior) => [posterior.tile.index, posterior]));
  return posteriors.flatMap((first) => {
    const { index, place } = first.tile;
    const right = place[1] + 1 < columns ? present.get(index + 1) : undefined;
    const above = present.get(index + columns);
    return [right, above].flatMap((second) => (second === undefined ? [] : [compare(plan, first, second)]));
  });
}

function compare(plan: TilePlan, first: TilePosterior, second: TilePosterior): Seam {
  const { rows, cols } = seamArea(plan, first.tile, second.tile);
  const at = ({ tile }: TilePosterior, row: number, col: number) =>
    (row - tile.sky.rows[0]) * (tile.sky.cols[1] - tile.sky.cols[0]) + col - tile.sky.cols[0];
  const weightsA = tileWeights(plan, first.tile);
  const weightsB = tileWeights(plan, second.tile);
  let pixels = 0;
  let squares = 0;
  let weightSum = 0;
  const flux: [number, number] = [0, 0];
  for (let row = rows[0]; row < rows[1]; row++) {
    for (let col = cols[0]; col < cols[1]; col++) {
      const a = at(first, row, col);
      const b = at(second, row, col);
      const variance = (first.std.data[a] ** 2 + second.std.data[b] ** 2) / 2;
      flux[0] += first.mean.data[a];
      flux[1] += second.mean.data[b];
      pixels++;
      const weight = weightsA[a] * weightsB[b];
      if (!(variance > 0)) continue;
      squares += (weight * (first.mean.data[a] - second.mean.data[b]) ** 2) / variance;
      weightSum += weight;
    }
  }
  let blocks = 0;
  let blockSquares = 0;
  for (let row = rows[0]; row + BLOCK <= rows[1]; row += BLOCK) {
    for (let col = cols[0]; col + BLOCK <= cols[1]; col += BLOCK) {
      let difference = 0;
      let variance = 0;
      for (let y = row; y < row + BLOCK; y++) {
        for (let x = col; x < col + BLOCK; x++) {
          const a = at(first, y, x);
          const b = at(second, y, x);
          const weight = weightsA[a] * weightsB[b];
          const error =
            first.std.data[a] ** 2 / first.ess.data[a] + second.std.data[b] ** 2 / second.ess.data[b];
          difference += weight * (first.mean.data[a] - second.mean.data[b]);
          variance += weight * weight * error;
        }
      }
      if (!(variance > 0)) continue;
      blocks++;
      blockSquares += difference ** 2 / variance;
    }
  }
  return {
    tiles: [first.tile.index, second.tile.index],
    pixels,
    rms: Math.sqrt(squares / weightSum),
    blockRms: blocks === 0 ? Number.NaN : Math.sqrt(blockSquares / blocks),
    flux,
  };
}

/** Residuals near seams against those elsewhere. */
export interface SeamResiduals {
  /** Root mean square of the residuals in standard deviations, within two pixels of a border between cores. */
  readonly near: number;
  /** The same everywhere else. */
  readonly elsewhere: number;
  /** Standard errors of the two, from the spread of the squares, pixels taken as independent. */
  readonly nearError: number;
  readonly elsewhereError: number;
  /** Mean of the residuals in standard deviations near seams and elsewhere: a seam of too much or too little flux shows here. */
  readonly meanNear: number;
  readonly meanElsewhere: number;
  readonly pixelsNear: number;
}

/** Pixels on either side of a border that count as near. */
const NEAR = 2;

/**
 * Are seams seen in the residuals?
 *
 * @param sigma residuals of the merged image in standard deviations `[ny, nx]`, NaN where there are none
 */
export function seamResiduals(plan: TilePlan, { data, shape }: SkyImage): SeamResiduals {
  const lines = (axis: 0 | 1) => {
    const near = new Uint8Array(shape[axis]);
    for (const { core } of plan.tiles) {
      const border = (axis === 0 ? core.rows : core.cols)[0];
      if (border > 0) near.fill(1, Math.max(0, border - NEAR), Math.min(near.length, border + NEAR));
    }
    return near;
  };
  const rows = lines(0);
  const cols = lines(1);
  const sums = [0, 1].map(() => ({ count: 0, sum: 0, squares: 0, fourths: 0 }));
  for (let row = 0; row < shape[0]; row++) {
    for (let col = 0; col < shape[1]; col++) {
      const value = data[row * shape[1] + col];
      if (!Number.isFinite(value)) continue;
      const part = sums[rows[row] || cols[col] ? 0 : 1];
      part.count++;
      part.sum += value;
      part.squares += value ** 2;
      part.fourths += value ** 4;
    }
  }
  const [near, elsewhere] = sums.map(({ count, sum, squares, fourths }) => {
    const rms = Math.sqrt(squares / count);
    const ofSquares = Math.sqrt(Math.max(0, fourths / count - rms ** 4) / count);
    return { rms, error: ofSquares / (2 * rms), mean: sum / count };
  });
  return {
    near: near.rms,
    elsewhere: elsewhere.rms,
    nearError: near.error,
    elsewhereError: elsewhere.error,
    meanNear: near.mean,
    meanElsewhere: elsewhere.mean,
    pixelsNear: sums[0].count,
  };
}
