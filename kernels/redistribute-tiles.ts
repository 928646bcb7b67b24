// Step 1 of the sweep for large psfs: the origin of a photon by tiles and rejection.
//
// The padded image w is summed over square tiles. For a detector pixel, tile b of its window gets a bound p_b on the psf
// over the tile's cells, and proposals are
//
//     tile b  with probability ~ p_b W_b, W_b = sum of w over the tile;   a cell of the tile  with probability ~ w;
//     accepted  with probability  psf(cell) / p_b,
//
// so that an accepted cell has probability ~ psf(cell) w(cell): exactly the law of redistribution, whatever the bounds.
// Around the peak of a steep psf no bound is close; there a core of cells takes part one by one, without rejection.
// lambda, which this never needs, comes from a Fourier convolution for the log-likelihood.
//
// A pixel's position within its tile, B x B possibilities, decides where the tiles cut the psf: one table of bounds for
// each. Photons are drawn in batches, one proposal each in turn, until all are accepted: neighbouring proposals do not
// wait for each other, and nothing but the acceptance is left to chance.

import { Convolution, chooseBlocks, convolve, prepareConvolution } from "./fourier";
import { allocate } from "./memory";
import { Observation } from "./observation";
import { nextBits } from "./random";
import {
  addLog,
  beginSumLog,
  cellSums,
  endSumLog,
  FAINT,
  findSum,
  redistributePixel,
  runLanes,
  sumCells,
  sumRows,
  UNIT_24,
  wrapIndex,
} from "./window";

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
const PROPOSAL_COST: f64 = 35;

/** Pixels and photons of a batch; a pixel of as many counts as `LARGEST_COUNT` is never tiled. */
const BATCH_PIXELS: i32 = 128;
const BATCH_PHOTONS: i32 = 512;
const LARGEST_COUNT: i32 = 512;

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

/** A lit pixel of a batch. */
@unmanaged
class TiledPixel {
  /** Bounds of the pixel's place in its tile; sum and record of the first tile of its window. */
  bounds: usize;
  sums: usize;
  record: usize;
  /** First row and column of that tile in the padded image, and in `wings`. */
  row: i32;
  col: i32;
  wingRow: i32;
  wingCol: i32;
  /** Sum over core and tiles. */
  light: f32;
  /** First cell of the window in the padded image. */
  window: usize;
  /** Index of the pixel. */
  pixel: i32;
}

// Scratch, shared by all observations.
/** f32 `[tileRows + 4, sumStride]`: sums of the padded image over tiles. */
let tileSums: usize = 0;
let sumsNeeded: usize = 0;
/** For each tile f32 `[B]` and `[B, B]`: running sums over its cells in row order, first those at the ends of rows. */
let records: usize = 0;
let recordsNeeded: usize = 0;
/** f32 `[ny, nx]`: lambda, or 0 where it is not known well enough. */
let expected: usize = 0;
/** `TiledPixel[BATCH_PIXELS]`, and f32 `[BATCH_PIXELS, coreRows + windowRows]`: running sums over core and tile rows. */
let batch: usize = 0;
let batchSums: usize = 0;
let batchSumsNeeded: usize = 0;
/** i32: for each photon that still waits for an origin, its pixel in the batch. */
let waiting: usize = 0;
let waitingCount: i32 = 0;

function roundUp(value: i32, unit: i32): i32 {
  return ((value + unit - 1) / unit) * unit;
}

// --- The choice of tile and core -------------------------------------------------------------------------------------

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

function recordBytes(tile: i32): usize {
  return (<usize>(tile * (tile + 1))) << 2;
}

/** A window that begins in the last tile reads as many sums as any other. */
function sumStride(tiling: Tiling): i32 {
  return roundUp(tiling.tileCols + tiling.windowStride, 4);
}

/** Reserve the scratch of the observations that were given tiles; false without memory. */
export function prepareTileScratch(ny: i32, nx: i32): bool {
  if (recordsNeeded === 0) return true;
  records = allocate(recordsNeeded);
  tileSums = allocate(sumsNeeded);
  expected = allocate((<usize>(ny * nx)) << 2);
  batch = allocate(<usize>BATCH_PIXELS * offsetof<TiledPixel>());
  batchSums = allocate(batchSumsNeeded);
  waiting = allocate((<usize>(BATCH_PHOTONS + LARGEST_COUNT)) << 2);
  return records !== 0 && tileSums !== 0 && expected !== 0 && batch !== 0 && batchSums !== 0 && waiting !== 0;
}

// --- The sweep -------------------------------------------------------------------------------------------------------

/** Running sums over the cells of every tile of the padded image. */
function sumTiles(observation: Observation, tiling: Tiling): void {
  const tile = tiling.tile;
  const width = (<usize>tile) << 2;
  const stride = (<usize>observation.padStride) << 2;
  const sumsStride = (<usize>sumStride(tiling)) << 2;
  let record = records;
  for (let tileRow = 0; tileRow < tiling.tileRows; tileRow++) {
    let cells = observation.padded + <usize>(tileRow * tile) * stride;
    let sum = tileSums + <usize>tileRow * sumsStride;
    for (let tileCol = 0; tileCol < tiling.tileCols; tileCol++) {
      let carry = f32x4.splat(0);
      let from = cells;
      let to = record + width;
      const ends = to;
      for (; record < ends; record += 4) {
        for (let at: usize = 0; at < width; at += 16) {
          carry = f32x4.add(runLanes(v128.load(from + at)), i32x4.shuffle(carry, carry, 3, 3, 3, 3));
          v128.store(to + at, carry);
        }
        store<f32>(record, f32x4.extract_lane(carry, 3));
        from += stride;
        to += width;
      }
      store<f32>(sum, f32x4.extract_lane(carry, 3));
      record = to;
      cells += width;
      sum += 4;
    }
  }
}

/** Put a lit pixel and its photons into the batch. */
function addToBatch(
  observation: Observation,
  tiling: Tiling,
  index: i32,
  window: usize,
  pixel: i32,
  row: i32,
  col: i32,
  counts: i32,
): void {
  const tile = tiling.tile;
  const item = changetype<TiledPixel>(batch + <usize>index * offsetof<TiledPixel>());
  const shift = ctz(tile);
  const tileRow = row >> shift;
  const tileCol = col >> shift;
  const placeRow = row & (tile - 1);
  const placeCol = col & (tile - 1);
  const coreRows = tiling.coreRows;
  const rows = tiling.windowRows;
  const bytes = (<usize>tiling.windowStride) << 2;
  const sumsStride = (<usize>sumStride(tiling)) << 2;
  item.bounds = tiling.bounds + <usize>((placeRow * tile + placeCol) * rows) * bytes;
  item.sums = tileSums + <usize>tileRow * sumsStride + ((<usize>tileCol) << 2);
  item.record = records + <usize>(tileRow * tiling.tileCols + tileCol) * recordBytes(tile);
  item.row = row - placeRow;
  item.col = col - placeCol;
  item.wingRow = tile - 1 - placeRow;
  item.wingCol = tile - 1 - placeCol;
  item.window = window;
  item.pixel = pixel;
  let out = batchSums + ((<usize>(index * (coreRows + rows))) << 2);
  let light: f32 = 0;
  if (coreRows > 0) {
    const stride = (<usize>observation.padStride) << 2;
    const psfStride = (<usize>observation.psfStride) << 2;
    light = sumRows(
      observation.turned + <usize>tiling.coreRow * psfStride + ((<usize>tiling.coreCol) << 2),
      psfStride,
      window + <usize>tiling.coreRow * stride + ((<usize>tiling.coreCol) << 2),
      stride,
      coreRows,
      (<usize>tiling.coreCols) << 2,
      out,
      0,
    );
    out += (<usize>coreRows) << 2;
  }
  item.light = sumRows(item.bounds, bytes, item.sums, sumsStride, rows, bytes, out, light);
  for (let photon = 0; photon < counts; photon++) {
    store<i32>(waiting + ((<usize>waitingCount) << 2), index);
    waitingCount++;
  }
}

/** One proposal for each waiting photon; those without success wait on. */
function propose(observation: Observation, tiling: Tiling): void {
  const tile = tiling.tile;
  const shift = ctz(tile);
  const coreRows = tiling.coreRows;
  const rows = coreRows + tiling.windowRows;
  const boundStride = tiling.windowStride;
  const boundBytes = (<usize>boundStride) << 2;
  const sumsStride = (<usize>sumStride(tiling)) << 2;
  const oneRecord = recordBytes(tile);
  const recordRow = <usize>tiling.tileCols * oneRecord;
  const rowPlaces = tiling.rowPlaces;
  const colPlaces = tiling.colPlaces;
  const wings = tiling.wings;
  const wingStride = tiling.wingStride;
  const photons = observation.photons;
  let left = 0;
  for (let photon = 0; photon < waitingCount; photon++) {
    const index = load<i32>(waiting + ((<usize>photon) << 2));
    const item = changetype<TiledPixel>(batch + <usize>index * offsetof<TiledPixel>());
    const sums = batchSums + ((<usize>(index * rows)) << 2);
    const bits = nextBits();
    const found = findSum(sums, rows, <f32>(<u32>(bits >> 40)) * UNIT_24 * item.light);
    if (found < coreRows) {
      drawFromCore(observation, tiling, item, found, bits);
      continue;
    }
    const row = <usize>(found - coreRows);
    const bounds = item.bounds + row * boundBytes;
    const total = sumCells(bounds, item.sums + row * sumsStride, boundBytes);
    const col = findSum(cellSums, boundStride, <f32>(<u32>(bits & 0xffffff)) * UNIT_24 * total);
    const more = nextBits();
    const record = item.record + row * recordRow + <usize>col * oneRecord;
    const weight = load<f32>(record + ((<usize>tile - 1) << 2));
    const target = <f32>(<u32>(more >> 40)) * UNIT_24 * weight;
    const cellRow = findSum(record, tile, target);
    const cellCol = findSum(record + ((<usize>((cellRow + 1) << shift)) << 2), tile, target);
    const downwards = ((<i32>row) << shift) + cellRow;
    const sidewards = (col << shift) + cellCol;
    const wing = (item.wingRow + downwards) * wingStride + item.wingCol + sidewards;
    const reach = load<f32>(wings + ((<usize>wing) << 2));
    const bound = load<f32>(bounds + ((<usize>col) << 2));
    const accepted = i32(<f32>(<u32>(more & 0xffffff)) * UNIT_24 * bound < reach);
    const sky =
      load<i32>(rowPlaces + ((<usize>(item.row + downwards)) << 2)) +
      load<i32>(colPlaces + ((<usize>(item.col + sidewards)) << 2));
    const at = photons + ((<usize>sky) << 2);
    store<i32>(at, load<i32>(at) + accepted);
    store<i32>(waiting + ((<usize>left) << 2), index);
    left += 1 - accepted;
  }
  waitingCount = left;
}

/** Assign a photon to a cell in row `coreRow` of the core. */
function drawFromCore(
  observation: Observation,
  tiling: Tiling,
  item: TiledPixel,
  coreRow: i32,
  bits: u64,
): void {
  const row = tiling.coreRow + coreRow;
  const psf = observation.turned + ((<usize>(row * observation.psfStride + tiling.coreCol)) << 2);
  const cells = item.window + ((<usize>(row * observation.padStride + tiling.coreCol)) << 2);
  const total = sumCells(psf, cells, (<usize>tiling.coreCols) << 2);
  const col = findSum(cellSums, tiling.coreCols, <f32>(<u32>(bits & 0xffffff)) * UNIT_24 * total);
  const inTile = tiling.tile - 1;
  const paddedRow = item.row + inTile - item.wingRow + row;
  const paddedCol = item.col + inTile - item.wingCol + tiling.coreCol + col;
  const sky =
    load<i32>(tiling.rowPlaces + ((<usize>paddedRow) << 2)) +
    load<i32>(tiling.colPlaces + ((<usize>paddedCol) << 2));
  const at = observation.photons + ((<usize>sky) << 2);
  store<i32>(at, load<i32>(at) + 1);
}

/** Give every photon of the batch its origin; false when a pixel gets no light. */
function finishBatch(
  observation: Observation,
  tiling: Tiling,
  flux: usize,
  ny: i32,
  nx: i32,
  wrap: bool,
): bool {
  for (let round = 0; round < tiling.tries && waitingCount > 0; round++) propose(observation, tiling);
  // What has happened so far tells nothing about where the rest come from: draw them without proposals.
  for (let photon = 0; photon < waitingCount; ) {
    const index = load<i32>(waiting + ((<usize>photon) << 2));
    const item = changetype<TiledPixel>(batch + <usize>index * offsetof<TiledPixel>());
    let same = 1;
    while (photon + same < waitingCount && load<i32>(waiting + ((<usize>(photon + same)) << 2)) === index)
      same++;
    const lambda = redistributePixel(observation, flux, item.window, item.pixel, same, ny, nx, wrap);
    if (!(lambda > 0)) return false;
    photon += same;
  }
  waitingCount = 0;
  return true;
}

/**
 * Draw the origin of each photon of each lit pixel of an observation that has a tiling and whose padded image is filled.
 *
 * Pixels of many counts, or with too little light for the Fourier transform, sum their whole window.
 *
 * @param flux f64 `[ny, nx]`, >= 0
 * @returns `sum counts log lambda` over the lit pixels; NaN when the model gives a lit pixel no light at all
 */
export function redistributeByTiles(
  observation: Observation,
  flux: usize,
  ny: i32,
  nx: i32,
  wrap: bool,
): f64 {
  const tiling = changetype<Tiling>(observation.tiling);
  const paddedRows = ny + observation.psfRows - 1;
  const convolution = changetype<Convolution>(tiling.convolution);
  convolve(convolution, observation.padded, paddedRows, observation.padStride, expected, ny, nx);
  sumTiles(observation, tiling);
  beginSumLog();
  waitingCount = 0;
  let inBatch = 0;
  let row = 0;
  let rowStart = 0;
  for (let lit = 0; lit < observation.litCount; lit++) {
    const window =
      observation.padded + ((<usize>load<i32>(observation.litWindows + ((<usize>lit) << 2))) << 2);
    const pixel = load<i32>(observation.litPixels + ((<usize>lit) << 2));
    const counts = load<i32>(observation.litCounts + ((<usize>lit) << 2));
    while (pixel >= rowStart + nx) {
      row++;
      rowStart += nx;
    }
    let lambda = <f64>load<f32>(expected + ((<usize>pixel) << 2));
    if (lambda > FAINT && counts < tiling.directFrom) {
      addToBatch(observation, tiling, inBatch, window, pixel, row, pixel - rowStart, counts);
      inBatch++;
      if (inBatch === BATCH_PIXELS || waitingCount >= BATCH_PHOTONS) {
        if (!finishBatch(observation, tiling, flux, ny, nx, wrap)) return NaN;
        inBatch = 0;
      }
    } else {
      lambda = redistributePixel(observation, flux, window, pixel, counts, ny, nx, wrap);
      if (!(lambda > 0)) return NaN;
    }
    addLog(lambda, counts);
  }
  if (!finishBatch(observation, tiling, flux, ny, nx, wrap)) return NaN;
  return endSumLog();
}
