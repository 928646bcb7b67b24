// Quantiles, R-hat and effective sample size of every pixel of a band of the image, from one sorted pass over its draws.

import { drawAt, foldedScores, layOutOrder, rankScores, sortDraws } from "./draw-order";
import { chainStride, DIRECT_LAGS, effectiveSize, layOutSizes, rhatOf } from "./effective-size";
import { allocate } from "./memory";

/** Pixels that are gathered from the draws at a time: a line of the cache of f32. */
const COLUMNS: i32 = 16;

/** Chains that sample the same law. */
@unmanaged
export class ChainGroup {
  /** Half-chains, and draws in all of them. */
  halves: i32;
  size: i32;
  /** i32 `[draws]`: where the score of each draw goes, `half * stride + index`; -1 for draws that do not count. */
  places: usize;
  /** f64 `[2 size + 1]`: normal score of the rank r at 2 r. */
  table: usize;
  /** 1 / log10(size). */
  shortest: f64;
}

let draws: i32 = 0;
let bandPixels: i32 = 0;
let groups: i32 = 0;
let probabilities: i32 = 0;
/** f32 `[draws, pixels of the band]`. */
let band: usize = 0;
/** f32 `[16]` columns of `columnBytes` bytes: all draws of a pixel. */
let columns: usize = 0;
let columnBytes: usize = 0;
/** Addresses of the groups, usize `[groups]`. */
let members: usize = 0;
/** f64 `[probabilities]`, and the results: f64 `[probabilities, bandPixels]`, f64 `[bandPixels]` twice. */
let levels: usize = 0;
let quantiles: usize = 0;
let rhats: usize = 0;
let sizes: usize = 0;
/** Of one group: f64 `[1 + draws + 1]` with infinities at both ends, i32 `[draws]` twice, f64 `[halves, stride]`, f64 `[halves]`. */
let sorted: usize = 0;
let sortedPlaces: usize = 0;
let merged: usize = 0;
let scores: usize = 0;
let means: usize = 0;

/**
 * Reserve memory for bands of pixels.
 *
 * @param allDraws draws of all chains together, at least 1
 * @param pixels most pixels of a band
 * @param halfLength draws of each half-chain that is compared
 * @param mostHalves half-chains of the largest group
 * @returns 0 without memory, else 1
 */
export function layOutPixels(
  allDraws: i32,
  pixels: i32,
  groupCount: i32,
  halfLength: i32,
  mostHalves: i32,
  probabilityCount: i32,
): i32 {
  draws = allDraws;
  bandPixels = pixels;
  groups = groupCount;
  probabilities = probabilityCount;
  const all = <usize>draws;
  // Columns begin in different sets of the cache, whatever the number of draws.
  columnBytes = ((all << 2) + 127) & ~63;
  if ((columnBytes & 4095) === 0) columnBytes += 64;
  band = allocate((all * <usize>pixels) << 2);
  columns = allocate(<usize>COLUMNS * columnBytes);
  members = allocate(<usize>groupCount * sizeof<usize>());
  levels = allocate((<usize>probabilityCount) << 3);
  quantiles = allocate((<usize>(probabilityCount * pixels)) << 3);
  rhats = allocate((<usize>pixels) << 3);
  sizes = allocate((<usize>pixels) << 3);
  sorted = allocate((all + 2) << 3);
  sortedPlaces = allocate((all + 1) << 2);
  merged = allocate(all << 2);
  scores = allocate((<usize>(mostHalves * chainStride(halfLength) + DIRECT_LAGS + 2)) << 3);
  means = allocate((<usize>mostHalves) << 3);
  if (band === 0 || columns === 0 || members === 0 || levels === 0 || quantiles === 0 || rhats === 0)
    return 0;
  if (sizes === 0 || sorted === 0 || sortedPlaces === 0 || merged === 0 || scores === 0 || means === 0)
    return 0;
  sorted += 8; // room for -Infinity before the first
  store<f64>(sorted - 8, -Infinity);
  return layOutOrder(draws) && layOutSizes(halfLength) ? 1 : 0;
}

/** Reserve one group; the host fills its arrays. @returns 0 without memory */
export function layOutGroup(index: i32, halves: i32, size: i32, shortest: f64): usize {
  const group = changetype<ChainGroup>(allocate(offsetof<ChainGroup>()));
  if (changetype<usize>(group) === 0) return 0;
  group.halves = halves;
  group.size = size;
  group.shortest = shortest;
  group.places = allocate((<usize>draws) << 2);
  group.table = allocate((<usize>(2 * size + 1)) << 3);
  store<usize>(members + <usize>index * sizeof<usize>(), changetype<usize>(group));
  return group.places !== 0 && group.table !== 0 ? changetype<usize>(group) : 0;
}

/** Address of f32 `[draws, pixels of the band]`, draw by draw, chain after chain. */
export function bandArray(): usize {
  return band;
}

/** Address of the probabilities of the quantiles, f64. */
export function levelArray(): usize {
  return levels;
}

/** Address of the quantiles of a band, f64 `[probabilities, most pixels of a band]`. */
export function quantileArray(): usize {
  return quantiles;
}

/** Address of R-hat, f64 `[pixels of the band]`: the worst of the groups. */
export function rhatArray(): usize {
  return rhats;
}

/** Address of the effective sample sizes, f64 `[pixels of the band]`: the sum of the groups. */
export function sizeArray(): usize {
  return sizes;
}

/** Copy the draws of neighbouring pixels, at most COLUMNS, to columns of their own. */
function gather(pixels: i32, first: i32, count: i32): void {
  const row = (<usize>pixels) << 2;
  let from = band + ((<usize>first) << 2);
  if (count === COLUMNS) {
    const whole = draws & ~3;
    let out = columns;
    for (let draw = 0; draw < whole; draw += 4) {
      for (let column: usize = 0; column < <usize>COLUMNS; column += 4) {
        const place = from + (column << 2);
        const a = v128.load(place);
        const b = v128.load(place + row);
        const c = v128.load(place + 2 * row);
        const d = v128.load(place + 3 * row);
        const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
        const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
        const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
        const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
        const target = out + column * columnBytes;
        v128.store(target, v128.shuffle<i64>(ab, cd, 0, 2));
        v128.store(target + columnBytes, v128.shuffle<i64>(ab, cd, 1, 3));
        v128.store(target + 2 * columnBytes, v128.shuffle<i64>(abHigh, cdHigh, 0, 2));
        v128.store(target + 3 * columnBytes, v128.shuffle<i64>(abHigh, cdHigh, 1, 3));
      }
      from += 4 * row;
      out += 16;
    }
    gatherRows(from, row, whole, count);
  } else {
    gatherRows(from, row, 0, count);
  }
  // Filled up to a multiple of 4 by draws that are there.
  for (let column = 0; column < count; column++) {
    const start = columns + <usize>column * columnBytes;
    for (let draw = draws; draw & 3; draw++) store<f32>(start + ((<usize>draw) << 2), load<f32>(start));
  }
}

/** The same draw by draw, from draw `draw` on. */
function gatherRows(from: usize, row: usize, draw: i32, count: i32): void {
  for (; draw < draws; draw++) {
    let out = columns + ((<usize>draw) << 2);
    for (let column = 0; column < count; column++) {
      store<f32>(out, load<f32>(from + ((<usize>column) << 2)));
      out += columnBytes;
    }
    from += row;
  }
}

/** Quantile of sorted draws by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996). */
function quantileOf(order: usize, probability: f64): f64 {
  const position = <f64>(draws - 1) * probability;
  const index = min(<i32>Math.floor(position), draws - 1);
  const lower = drawAt(order, index);
  const upper = drawAt(order, min(index + 1, draws - 1));
  return lower + (position - <f64>index) * (upper - lower);
}

/** R-hat of a group of sorted draws; `groupSize` is its effective sample size. NaN when undefined. */
let groupSize: f64 = NaN;
function judgeGroup(order: usize, group: ChainGroup): f64 {
  groupSize = NaN;
  const places = group.places;
  let kept = 0;
  for (let k = 0; k < draws; k++) {
    const place = load<i32>(places + ((<usize>load<i32>(order + ((<usize>k) << 3))) << 2));
    store<f64>(sorted + ((<usize>kept) << 3), drawAt(order, k));
    store<i32>(sortedPlaces + ((<usize>kept) << 2), place);
    kept += <i32>(place >= 0);
  }
  const size = group.size;
  store<f64>(sorted + ((<usize>size) << 3), Infinity);
  if (size === 0) return NaN;
  const spread = load<f64>(sorted + ((<usize>(size - 1)) << 3)) - load<f64>(sorted);
  // Infinities and NaN lie at the ends of the order.
  if (!(spread > 0 && spread < Infinity)) return NaN;
  rankScores(sorted, sortedPlaces, group.table, scores, size);
  const bulk = rhatOf(scores, group.halves, means);
  groupSize = effectiveSize(scores, group.halves, group.shortest);
  foldedScores(sorted, sortedPlaces, merged, group.table, scores, size);
  const folded = rhatOf(scores, group.halves, means);
  return folded > bulk ? folded : bulk; // folded draws may be constant (NaN) where the draws are not
}

/** All figures of the pixel in a column; results go to place `pixel`. */
function summarisePixel(values: usize, pixel: i32): void {
  const order = sortDraws(values);
  const at = (<usize>pixel) << 3;
  let rhat: f64 = NaN;
  let total: f64 = NaN;
  if (order === 0) {
    const value = <f64>load<f32>(values);
    giveQuantiles(at, value - value === 0 ? value : NaN);
  } else {
    const spread = drawAt(order, draws - 1) - drawAt(order, 0);
    if (spread < Infinity) {
      for (let level = 0; level < probabilities; level++) {
        const value = quantileOf(order, load<f64>(levels + ((<usize>level) << 3)));
        store<f64>(quantiles + ((<usize>(level * bandPixels)) << 3) + at, value);
      }
    } else {
      giveQuantiles(at, NaN);
    }
    for (let index = 0; index < groups; index++) {
      const group = load<usize>(members + <usize>index * sizeof<usize>());
      const own = judgeGroup(order, changetype<ChainGroup>(group));
      if (!isNaN(own) && !(own <= rhat)) rhat = own;
      if (!isNaN(groupSize)) total = isNaN(total) ? groupSize : total + groupSize;
    }
  }
  store<f64>(rhats + at, rhat);
  store<f64>(sizes + at, total);
}

function giveQuantiles(at: usize, value: f64): void {
  for (let level = 0; level < probabilities; level++) {
    store<f64>(quantiles + ((<usize>(level * bandPixels)) << 3) + at, value);
  }
}

/**
 * Summarise pixels `first` to `end - 1` of the band.
 *
 * @param pixels pixels that the band holds now
 */
export function summarisePixels(pixels: i32, first: i32, end: i32): void {
  for (; first < end; first += COLUMNS) {
    const count = min(COLUMNS, end - first);
    gather(pixels, first, count);
    for (let column = 0; column < count; column++) {
      summarisePixel(columns + <usize>column * columnBytes, first + column);
    }
  }
}

/**
 * Sums over the pixels of the band of each draw, weighted.
 *
 * @param pixels pixels that the band holds now
 * @param weights f64 `[pixels]`
 * @param out f64 `[draws]`, overwritten
 */
export function sumDraws(pixels: i32, weights: usize, out: usize): void {
  const whole = pixels & ~3;
  let at = band;
  for (let draw = 0; draw < draws; draw++) {
    let sums = f64x2.splat(0);
    let others = sums;
    let weight = weights;
    for (let pixel = 0; pixel < whole; pixel += 4) {
      const values = v128.load(at);
      sums = f64x2.add(sums, f64x2.mul(f64x2.promote_low_f32x4(values), v128.load(weight)));
      const high = v128.shuffle<i64>(values, values, 1, 1);
      others = f64x2.add(others, f64x2.mul(f64x2.promote_low_f32x4(high), v128.load(weight, 16)));
      at += 16;
      weight += 32;
    }
    const both = f64x2.add(sums, others);
    let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
    for (let pixel = whole; pixel < pixels; pixel++) {
      sum += <f64>load<f32>(at) * load<f64>(weight);
      at += 4;
      weight += 8;
    }
    store<f64>(out + ((<usize>draw) << 3), sum);
  }
}
