// Tilings: how the windows of an observation's lit pixels are cut into tiles and a core for redistribute-tiles.ts, and
// when that pays.
//
// A tiling is chosen by a model of costs in nanoseconds that were measured once; the choice follows from the inputs alone,
// so that a chain repeats itself on any machine. On well-lit images tiles win from a psf of about 21 x 21 on.

import { chooseBlocks } from "./block-transform";
import { prepareConvolution } from "./convolution";
import { allocate } from "./memory";
import { Observation } from "./observation";
import { wrapIndex } from "./padded-image";

/** Schemes of redistribution, as `setRedistribution` numbers them. */
export const DIRECT: i32 = 1;
export const TILES: i32 = 2;

/** Largest tile; the padded image is a multiple of it. */
const LARGEST_TILE: i32 = 16;
/** Bounds are raised by this much, so that no rounding of f32 lifts a psf above its bound. */
const SAFETY: f32 = 1.000001;

// Rough nanoseconds, measured (bench/large-psf.ts), from which the scheme is chosen: a vector of four products in a
// sum over a window, the rest of a lit pixel, a photon drawn from the whole window; a padded pixel summed into its tile,
// the rest of a lit pixel, a proposal.
const VECTOR_COST: f64 = 0.68;
const PIXEL_COST: f64 = 10;
const PHOTON_COST: f64 = 25;
const TILED_CELL_COST: f64 = 2;
const TILED_PIXEL_COST: f64 = 20;
const PROPOSAL_COST: f64 = 32;

/** A pixel of as many counts is never tiled. */
export const LARGEST_COUNT: i32 = 512;
/** Pixels of a batch of photons. */
export const BATCH_PIXELS: i32 = 256;

/** How the photons of one observation are redistributed by tiles. */
@unmanaged
export class Tiling {
  /** Rows and columns of a tile: B = 4, 8 or 16. */
  tile: i32;
  /** Tiles of a window, padded to fours. */
  windowRows: i32;
  windowStride: i32;
  /** f32 `[B, B, windowRows, windowStride]`: for each place of a pixel in its tile, bounds on the psf over the tiles. */
  bounds: usize;
  /** Cells of the turned psf that take part one by one: first row and column, multiples of 4 of them (or none). */
  coreRow: i32;
  coreCol: i32;
  coreRows: i32;
  coreCols: i32;
  /** f32 `[psfRows + 2 B - 2, wingStride]`: the turned psf without its core, B - 1 zeros on all sides. */
  wings: usize;
  wingStride: i32;
  /** Tiles of the padded image. */
  tileRows: i32;
  tileCols: i32;
  /** i32 `[tileRows B]`, `[tileCols B]`: what rows and columns of the padded image add to the index of a sky pixel. */
  rowPlaces: usize;
  colPlaces: usize;
  /** Pixels with as many counts sum their whole window. */
  directFrom: i32;
  /** Proposals for a photon before the whole window is summed for it. */
  tries: i32;
  /** Address of the `Convolution` for lambda. */
  convolution: usize;
}

/** Largest scratch that any observation's tiling needs: bytes of records, of sums, of a batch's running sums. */
export let recordsNeeded: usize = 0;
export let sumsNeeded: usize = 0;
export let batchSumsNeeded: usize = 0;

function roundUp(value: i32, unit: i32): i32 {
  return ((value + unit - 1) / unit) * unit;
}

// The core being weighed: rows [coreTop, coreBottom) and columns [coreLeft, coreRight) of the turned psf.
let coreTop: i32 = 0;
let coreBottom: i32 = 0;
let coreLeft: i32 = 0;
let coreRight: i32 = 0;
/** f32: largest psf over `tile` rows, for each column; then over `tile` x `tile` cells. */
let colMaxima: usize = 0;
let boxMaxima: usize = 0;

/** Center a core of `size` (a multiple of 4, or 0) on the peak of the turned psf; whether it fits. */
function placeCore(observation: Observation, size: i32): bool {
  const rows = observation.psfRows;
  const cols = observation.psfCols;
  coreTop = 0;
  coreBottom = 0;
  coreLeft = 0;
  coreRight = 0;
  if (size === 0) return true;
  if (size > rows || size > cols) return false;
  let peak: f32 = -1;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const value = load<f32>(observation.turned + ((<usize>(row * observation.psfStride + col)) << 2));
      if (value > peak) {
        peak = value;
        coreTop = row;
        coreLeft = col;
      }
    }
  }
  coreTop = max(0, min(coreTop - (size >> 1), rows - size));
  coreLeft = max(0, min(coreLeft - (size >> 1), cols - size));
  coreBottom = coreTop + size;
  coreRight = coreLeft + size;
  return true;
}

/**
 * Largest psf outside the core over boxes of tile x tile cells, for the boxes whose first row is `top` and whose first
 * columns are 1 - tile, ..., psfCols - 1, into `boxMaxima`; returns their sum.
 */
function boundBoxes(observation: Observation, tile: i32, top: i32): f64 {
  const cols = observation.psfCols;
  memory.fill(colMaxima, 0, (<usize>(cols + 2 * tile)) << 2);
  const bottom = min(top + tile, observation.psfRows);
  for (let row = max(top, 0); row < bottom; row++) {
    const inCore = row >= coreTop && row < coreBottom;
    const psf = observation.turned + ((<usize>(row * observation.psfStride)) << 2);
    for (let col = 0; col < cols; col++) {
      if (inCore && col >= coreLeft && col < coreRight) continue;
      const at = colMaxima + ((<usize>(col + tile - 1)) << 2);
      store<f32>(at, max(load<f32>(at), load<f32>(psf + ((<usize>col) << 2))));
    }
  }
  let sum: f64 = 0;
  for (let left = 0; left < cols + tile - 1; left++) {
    let largest: f32 = 0;
    for (let col = left; col < left + tile; col++) {
      largest = max(largest, load<f32>(colMaxima + ((<usize>col) << 2)));
    }
    store<f32>(boxMaxima + ((<usize>left) << 2), largest * SAFETY);
    sum += <f64>largest;
  }
  return sum;
}

/** Proposals for a photon, on a uniform sky: 1 over the share of the accepted. */
function expectedProposals(observation: Observation, tile: i32): f64 {
  // Over all places of a pixel in its tile, the tiles of its window run through all boxes once.
  let sum: f64 = 0;
  for (let top = 1 - tile; top < observation.psfRows; top++) sum += boundBoxes(observation, tile, top);
  let total: f64 = 0;
  for (let row = 0; row < observation.psfRows; row++) {
    for (let col = 0; col < observation.psfCols; col++) {
      const value = load<f32>(observation.turned + ((<usize>(row * observation.psfStride + col)) << 2));
      total += value;
      if (row >= coreTop && row < coreBottom && col >= coreLeft && col < coreRight) sum += value;
    }
  }
  return sum / total;
}

/** Tiles that a window of `cells` cells can meet on one axis. */
function tilesAcross(cells: i32, tile: i32): i32 {
  return (tile + cells - 2) / tile + 1;
}

/**
 * Choose how an observation's photons are redistributed: set `observation.tiling` when tiles are cheaper than sums over
 * whole windows by the measured costs above, or are wanted in any case.
 *
 * @returns false without memory
 */
export function chooseTiling(observation: Observation, ny: i32, nx: i32, wrap: bool, forced: bool): bool {
  const psfRows = observation.psfRows;
  const psfCols = observation.psfCols;
  const lit = observation.litCount;
  if (lit === 0) return true;
  let photons: f64 = 0;
  for (let index = 0; index < lit; index++) {
    photons += <f64>load<i32>(observation.litCounts + ((<usize>index) << 2));
  }
  const vectors = <f64>(observation.psfPaddedRows * observation.psfStride) * 0.25;
  const direct = <f64>lit * (PIXEL_COST + VECTOR_COST * vectors) + photons * PHOTON_COST;
  const paddedCells = <f64>(ny + psfRows - 1) * <f64>(nx + psfCols - 1);
  const fixed = chooseBlocks(ny, nx, psfRows, psfCols) + TILED_CELL_COST * paddedCells;
  // Weighing tiles takes time: not where they cannot win.
  if (!forced && fixed + <f64>lit * TILED_PIXEL_COST + photons * PROPOSAL_COST > direct) return true;

  const line = (<usize>(psfCols + 2 * LARGEST_TILE)) << 2;
  colMaxima = allocate(line);
  boxMaxima = allocate(line);
  if (colMaxima === 0 || boxMaxima === 0) return false;
  let best = forced ? Infinity : direct;
  let bestTile = 0;
  let bestCore = 0;
  let bestProposals: f64 = 1;
  for (let tile = 4; tile <= LARGEST_TILE; tile *= 2) {
    const rows = roundUp(tilesAcross(psfRows, tile), 4);
    const stride = roundUp(tilesAcross(psfCols, tile), 4);
    for (let core = 0; core <= 32; core += 8) {
      const perPixel = TILED_PIXEL_COST + VECTOR_COST * <f64>((rows * stride + core * core) >> 2);
      if (fixed + <f64>lit * perPixel + photons * PROPOSAL_COST >= best || !placeCore(observation, core))
        continue;
      const proposals = expectedProposals(observation, tile);
      const cost = fixed + <f64>lit * perPixel + photons * PROPOSAL_COST * proposals;
      if (cost < best) {
        best = cost;
        bestTile = tile;
        bestCore = core;
        bestProposals = proposals;
      }
    }
  }
  if (bestTile === 0) return true;
  placeCore(observation, bestCore);
  const tiling = prepareTiling(observation, bestTile, ny, nx, wrap);
  if (tiling === null) return false;
  const windowCost = PIXEL_COST + VECTOR_COST * vectors;
  const saved = PROPOSAL_COST * bestProposals - PHOTON_COST;
  tiling.directFrom = saved > 0 ? <i32>min(ceil(windowCost / saved) + 2, <f64>LARGEST_COUNT) : LARGEST_COUNT;
  tiling.tries = 8 + <i32>min(windowCost / PROPOSAL_COST, 100);
  observation.tiling = changetype<usize>(tiling);
  return true;
}

/** Tables of an observation for the core placed last; null without memory. */
function prepareTiling(observation: Observation, tile: i32, ny: i32, nx: i32, wrap: bool): Tiling | null {
  const psfRows = observation.psfRows;
  const psfCols = observation.psfCols;
  const address = allocate(offsetof<Tiling>());
  if (address === 0) return null;
  const tiling = changetype<Tiling>(address);
  tiling.tile = tile;
  tiling.windowRows = roundUp(tilesAcross(psfRows, tile), 4);
  tiling.windowStride = roundUp(tilesAcross(psfCols, tile), 4);
  tiling.coreRow = coreTop;
  tiling.coreCol = coreLeft;
  tiling.coreRows = coreBottom - coreTop;
  tiling.coreCols = coreRight - coreLeft;
  tiling.tileRows = roundUp(ny + psfRows - 1, tile) / tile;
  tiling.tileCols = roundUp(nx + psfCols - 1, tile) / tile;
  tiling.wingStride = psfCols + 2 * tile - 2;
  const table = tiling.windowRows * tiling.windowStride;
  tiling.bounds = allocate((<usize>(tile * tile * table)) << 2);
  tiling.wings = allocate((<usize>((psfRows + 2 * tile - 2) * tiling.wingStride)) << 2);
  tiling.rowPlaces = allocate((<usize>(tiling.tileRows * tile)) << 2);
  tiling.colPlaces = allocate((<usize>(tiling.tileCols * tile)) << 2);
  tiling.convolution = prepareConvolution(
    ny,
    nx,
    psfRows,
    psfCols,
    observation.turned,
    observation.psfStride,
    observation.counts,
  );
  if (
    tiling.bounds === 0 ||
    tiling.wings === 0 ||
    tiling.rowPlaces === 0 ||
    tiling.colPlaces === 0 ||
    tiling.convolution === 0
  ) {
    return null;
  }
  for (let top = 1 - tile; top < psfRows; top++) {
    boundBoxes(observation, tile, top);
    // A pixel in row r of its tile meets the tile that begins r rows above its window, and every tile-th row from there.
    const placeRow = (tile - ((top + tile) % tile)) % tile;
    const windowRow = (top + placeRow) / tile;
    for (let box = 0; box < psfCols + tile - 1; box++) {
      const left = box + 1 - tile;
      const placeCol = (tile - ((left + tile) % tile)) % tile;
      const windowCol = (left + placeCol) / tile;
      const cell = (placeRow * tile + placeCol) * table + windowRow * tiling.windowStride + windowCol;
      store<f32>(tiling.bounds + ((<usize>cell) << 2), load<f32>(boxMaxima + ((<usize>box) << 2)));
    }
  }
  for (let row = 0; row < psfRows; row++) {
    for (let col = 0; col < psfCols; col++) {
      if (row >= coreTop && row < coreBottom && col >= coreLeft && col < coreRight) continue;
      const value = load<f32>(observation.turned + ((<usize>(row * observation.psfStride + col)) << 2));
      const cell = (row + tile - 1) * tiling.wingStride + col + tile - 1;
      store<f32>(tiling.wings + ((<usize>cell) << 2), value);
    }
  }
  fillPlaces(tiling.rowPlaces, tiling.tileRows * tile, observation.padRow, ny, nx, wrap);
  fillPlaces(tiling.colPlaces, tiling.tileCols * tile, observation.padCol, nx, 1, wrap);
  const tiles = <usize>(tiling.tileRows * tiling.tileCols);
  recordsNeeded = max(recordsNeeded, tiles * recordBytes(tile));
  sumsNeeded = max(sumsNeeded, (<usize>((tiling.tileRows + tiling.windowRows) * sumStride(tiling))) << 2);
  batchSumsNeeded = max(
    batchSumsNeeded,
    (<usize>(BATCH_PIXELS * (tiling.coreRows + tiling.windowRows))) << 2,
  );
  return tiling;
}

/** Sky row or column, times `unit`, behind each row or column of the padded image; 0 where there is none. */
function fillPlaces(places: usize, count: i32, pad: i32, size: i32, unit: i32, wrap: bool): void {
  for (let index = 0; index < count; index++) {
    const sky = wrap ? wrapIndex(index - pad, size) : index - pad;
    store<i32>(places + ((<usize>index) << 2), sky >= 0 && sky < size ? sky * unit : 0);
  }
}

export function recordBytes(tile: i32): usize {
  return (<usize>(tile * (tile + 1))) << 2;
}

/** A window that begins in the last tile reads as many sums as any other. */
export function sumStride(tiling: Tiling): i32 {
  return roundUp(tiling.tileCols + tiling.windowStride, 4);
}
