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

import { Convolution, convolve } from "./convolution";
import { allocate } from "./memory";
import { Observation } from "./observation";
import { drawSourcePhotons, sourceLight } from "./origins";
import { nextBits } from "./random";
import { addLog, beginSumLog, endSumLog } from "./sum-log";
import {
  BATCH_PIXELS,
  batchSumsNeeded,
  LARGEST_COUNT,
  recordBytes,
  recordsNeeded,
  sumStride,
  sumsNeeded,
  Tiling,
} from "./tiling";
import { cellSums, FAINT, findSum, redistributePixel, runLanes, sumCells, sumRows, UNIT_24 } from "./window";

/** Photons of a batch, to which the last pixel may add up to LARGEST_COUNT. */
const BATCH_PHOTONS: i32 = 1024;

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
/** For each tile f32 `[B]` and `[B, B]`: running sums over its cells in row order, first those at the ends of rows. */
let records: usize = 0;
/** f32 `[ny, nx]`: lambda, or 0 where it is not known well enough. */
let expected: usize = 0;
/** `TiledPixel[BATCH_PIXELS]`, and f32 `[BATCH_PIXELS, coreRows + windowRows]`: running sums over core and tile rows. */
let batch: usize = 0;
let batchSums: usize = 0;
/** i32: for each photon that still waits for an origin, its pixel in the batch. */
let waiting: usize = 0;
let waitingCount: i32 = 0;
/** i32: for each of them, the tile of its window that it has drawn, row << 16 | col. */
let proposals: usize = 0;

/** Reserve the scratch of the observations that were given tiles; false without memory. */
export function prepareTileScratch(ny: i32, nx: i32): bool {
  if (recordsNeeded === 0) return true;
  records = allocate(recordsNeeded);
  tileSums = allocate(sumsNeeded);
  expected = allocate((<usize>(ny * nx)) << 2);
  batch = allocate(<usize>BATCH_PIXELS * offsetof<TiledPixel>());
  batchSums = allocate(batchSumsNeeded);
  waiting = allocate((<usize>(BATCH_PHOTONS + LARGEST_COUNT)) << 2);
  proposals = allocate((<usize>(BATCH_PHOTONS + LARGEST_COUNT)) << 2);
  return records !== 0 && tileSums !== 0 && expected !== 0 && batch !== 0 && batchSums !== 0 && waiting !== 0;
}

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

/** Draw a tile, or at once a cell of the core, for each waiting photon; those with a tile wait for `proposeCells`. */
function proposeTiles(observation: Observation, tiling: Tiling): void {
  const coreRows = tiling.coreRows;
  const rows = coreRows + tiling.windowRows;
  const boundStride = tiling.windowStride;
  const boundBytes = (<usize>boundStride) << 2;
  const sumsStride = (<usize>sumStride(tiling)) << 2;
  let left = 0;
  for (let photon = 0; photon < waitingCount; photon++) {
    const index = load<i32>(waiting + ((<usize>photon) << 2));
    const item = changetype<TiledPixel>(batch + <usize>index * offsetof<TiledPixel>());
    const bits = inline.always(nextBits());
    const share = <f32>(<u32>(bits >> 40)) * UNIT_24 * item.light;
    const sums = batchSums + ((<usize>(index * rows)) << 2);
    const found = inline.always(findSum(sums, rows, share));
    if (found < coreRows) {
      drawFromCore(observation, tiling, item, found, bits);
      continue;
    }
    const row = found - coreRows;
    const bounds = item.bounds + <usize>row * boundBytes;
    const tileRow = item.sums + <usize>row * sumsStride;
    const total = inline.always(sumCells(bounds, tileRow, boundBytes));
    const share2 = <f32>(<u32>(bits & 0xffffff)) * UNIT_24 * total;
    const col = inline.always(findSum(cellSums, boundStride, share2));
    store<i32>(waiting + ((<usize>left) << 2), index);
    store<i32>(proposals + ((<usize>left) << 2), (row << 16) | col);
    left++;
  }
  waitingCount = left;
}

/** Draw a cell of its tile for each waiting photon, and accept or refuse it; the refused wait on. */
function proposeCells(observation: Observation, tiling: Tiling): void {
  const tile = tiling.tile;
  const shift = ctz(tile);
  const boundStride = tiling.windowStride;
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
    const place = load<i32>(proposals + ((<usize>photon) << 2));
    const row = place >> 16;
    const col = place & 0xffff;
    const item = changetype<TiledPixel>(batch + <usize>index * offsetof<TiledPixel>());
    const bits = inline.always(nextBits());
    const record = item.record + <usize>row * recordRow + <usize>col * oneRecord;
    const weight = load<f32>(record + ((<usize>tile - 1) << 2));
    const target = <f32>(<u32>(bits >> 40)) * UNIT_24 * weight;
    const cellRow = inline.always(findSum(record, tile, target));
    const cells = record + ((<usize>((cellRow + 1) << shift)) << 2);
    const cellCol = inline.always(findSum(cells, tile, target));
    const downwards = (row << shift) + cellRow;
    const sidewards = (col << shift) + cellCol;
    const wing = (item.wingRow + downwards) * wingStride + item.wingCol + sidewards;
    const reach = load<f32>(wings + ((<usize>wing) << 2));
    const bound = load<f32>(item.bounds + ((<usize>(row * boundStride + col)) << 2));
    const accepted = i32(<f32>(<u32>(bits & 0xffffff)) * UNIT_24 * bound < reach);
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
  for (let round = 0; round < tiling.tries && waitingCount > 0; round++) {
    proposeTiles(observation, tiling);
    proposeCells(observation, tiling);
  }
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
 * Convolve the filled padded image of an observation that has a tiling.
 *
 * @returns address of f32 `[ny, nx]`: lambda near lit pixels, 0 where it is too faint to be known this way; shared by all
 *   observations
 */
export function convolveLight(observation: Observation, ny: i32, nx: i32): usize {
  const tiling = changetype<Tiling>(observation.tiling);
  const paddedRows = ny + observation.psfRows - 1;
  const convolution = changetype<Convolution>(tiling.convolution);
  convolve(convolution, observation.padded, paddedRows, observation.padStride, expected, ny, nx);
  return expected;
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
  convolveLight(observation, ny, nx);
  beginSumLog();
  return drawByTiles(observation, flux, ny, nx, wrap, false) ? endSumLog() : NaN;
}

/** As `redistributeByTiles`, with lambda of the lit pixels as `predictLight` left it; false when a lit pixel gets no light. */
export function redistributeLitByTiles(
  observation: Observation,
  flux: usize,
  ny: i32,
  nx: i32,
  wrap: bool,
): bool {
  return drawByTiles(observation, flux, ny, nx, wrap, true);
}

/** Draw all origins; `isKnown` tells lambda from the list of entries, else it is `expected` and is added to the sum of logarithms. */
function drawByTiles(
  observation: Observation,
  flux: usize,
  ny: i32,
  nx: i32,
  wrap: bool,
  isKnown: bool,
): bool {
  const tiling = changetype<Tiling>(observation.tiling);
  sumTiles(observation, tiling);
  waitingCount = 0;
  let inBatch = 0;
  let row = 0;
  let rowStart = 0;
  for (let lit = 0; lit < observation.litCount; lit++) {
    const window =
      observation.padded + ((<usize>load<i32>(observation.litWindows + ((<usize>lit) << 2))) << 2);
    const pixel = load<i32>(observation.litPixels + ((<usize>lit) << 2));
    while (pixel >= rowStart + nx) {
      row++;
      rowStart += nx;
    }
    let counts: i32;
    let lambda: f64;
    if (isKnown) {
      counts = drawSourcePhotons(observation, lit);
      if (counts === 0) continue;
      lambda = sourceLight;
    } else {
      counts = load<i32>(observation.litCounts + ((<usize>lit) << 2));
      lambda = <f64>load<f32>(expected + ((<usize>pixel) << 2));
    }
    if (lambda > FAINT && counts < tiling.directFrom) {
      addToBatch(observation, tiling, inBatch, window, pixel, row, pixel - rowStart, counts);
      inBatch++;
      if (inBatch === BATCH_PIXELS || waitingCount >= BATCH_PHOTONS) {
        if (!finishBatch(observation, tiling, flux, ny, nx, wrap)) return false;
        inBatch = 0;
      }
    } else {
      lambda = redistributePixel(observation, flux, window, pixel, counts, ny, nx, wrap);
      if (!(lambda > 0)) return false;
    }
    if (!isKnown) addLog(lambda, counts);
  }
  return finishBatch(observation, tiling, flux, ny, nx, wrap);
}
