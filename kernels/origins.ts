// The origins of the photons of lit pixels whose lambda is known. Where the light of the background is known too, the number of its
// photons comes first, and only the others get a sky pixel. For these, rows of the window are summed only until the sum passes
// what they have drawn, those that hold most of the psf first.

import { drawBinomial } from "./count-draws";
import { allocate } from "./memory";
import { longestPsf, Observation } from "./observation";
import { drawUniform, nextBits } from "./random";
import { assign, FAINT, findSum, redistributePixel, rowSums, runLanes, sumFourRows, UNIT_24 } from "./window";

/** Below this part of what lambda was before transfers its rounding counts: then it is summed anew. */
const LEAST_LEFT: f64 = 0.1;
/** Up to so many photons of a pixel are shared with the background one by one. */
const FEW: i32 = 8;

/** f32 `[longestPsf + 4]`: sums over the cells of each row, in the order of `rowOrder`. */
let rowTotals: usize = 0;

/** Reserve scratch for the longest psf; false when memory is refused. */
export function prepareOrigins(): bool {
  rowTotals = allocate((<usize>(longestPsf + 4)) << 2);
  return rowTotals !== 0;
}

/** Light of lit pixel number `lit` from the flux. */
export let sourceLight: f64 = 0;
/** The same before transfers. */
export let sourceStart: f64 = 0;

/**
 * Draw how many of the photons of lit pixel number `lit` come from the flux: `Binomial(counts, sourceLight / lambda)`, the others are
 * added to those of the background.
 */
export function drawSourcePhotons(observation: Observation, lit: i32): i32 {
  const counts = load<i32>(observation.litCounts + ((<usize>lit) << 2));
  const entry = (<usize>load<i32>(observation.litEntries + ((<usize>lit) << 2))) << 3;
  const lambda = load<f64>(observation.entryLambdas + entry);
  sourceLight = lambda;
  sourceStart = load<f64>(observation.entryStarts + entry);
  if (!observation.apart) return counts;
  const background = observation.scale * load<f64>(observation.entryBackground + entry);
  sourceLight = lambda - background;
  sourceStart -= background;
  let photons = 0;
  if (counts <= FEW) {
    for (let photon = 0; photon < counts; photon++)
      photons += i32(inline.always(drawUniform()) * lambda > background);
  } else {
    photons = counts - <i32>drawBinomial(<f64>counts, min(1, background / lambda));
  }
  observation.backgroundPhotons += <f64>(counts - photons);
  return photons;
}

/**
 * Go on with `rowSums` by rows number `place` to `end` of the psf's order.
 *
 * @param psf address of row number `place`
 * @param offsets that of its offset in the window
 * @param before the sum of the rows before
 * @returns the last sum
 */
function sumInOrder(
  psf: usize,
  bytes: usize,
  window: usize,
  offsets: usize,
  place: i32,
  end: i32,
  before: f32,
): f32 {
  let carry = f32x4.splat(before);
  for (; place < end; place += 4) {
    const window0 = window + <usize>load<i32>(offsets);
    const window1 = window + <usize>load<i32>(offsets, 4);
    const window2 = window + <usize>load<i32>(offsets, 8);
    const window3 = window + <usize>load<i32>(offsets, 12);
    const totals = inline.always(sumFourRows(psf, bytes, window0, window1, window2, window3, bytes));
    const at = (<usize>place) << 2;
    v128.store(rowTotals + at, totals);
    const sums = f32x4.add(runLanes(totals), carry);
    v128.store(rowSums + at, sums);
    carry = i32x4.shuffle(sums, sums, 3, 3, 3, 3);
    psf += 4 * bytes;
    offsets += 16;
  }
  return f32x4.extract_lane(carry, 3);
}

/** Index of the first cell up to which the products of two f32 rows of `bytes` sum to more than `target`; see `findSum`. */
function findCell(weights: usize, cells: usize, bytes: usize, target: f32): i32 {
  const targets = f32x4.splat(target);
  let carry = f32x4.splat(0);
  let below = i32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const sums = f32x4.add(runLanes(f32x4.mul(v128.load(weights + at), v128.load(cells + at))), carry);
    below = i32x4.sub(below, f32x4.le(sums, targets));
    carry = i32x4.shuffle(sums, sums, 3, 3, 3, 3);
  }
  const pairs = i32x4.add(below, i32x4.shuffle(below, below, 2, 3, 0, 1));
  const index = i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
  return index < <i32>(bytes >> 2) ? index : lastCell(weights, cells, bytes);
}

/** The last cell that adds anything to the sum of products. */
function lastCell(weights: usize, cells: usize, bytes: usize): i32 {
  let at = bytes - 4;
  while (at > 0 && load<f32>(weights + at) * load<f32>(cells + at) === 0) at -= 4;
  return <i32>(at >> 2);
}

/**
 * Draw the sky pixels of photons of a lit pixel, after `drawSourcePhotons`, with the exactness of `redistributePixel`.
 *
 * @param flux f64 `[ny, nx]`, >= 0
 * @param window address of the first cell of the pixel's window in the padded image
 * @param photons at least 1
 * @returns whether the pixel gets light
 */
export function drawOrigins(
  observation: Observation,
  flux: usize,
  window: usize,
  pixel: i32,
  photons: i32,
  ny: i32,
  nx: i32,
  wrap: bool,
): bool {
  const many = observation.psfRows * observation.psfCols;
  if (photons >= many || !(sourceLight > max(FAINT, LEAST_LEFT * sourceStart))) {
    return redistributePixel(observation, flux, window, pixel, photons, ny, nx, wrap) > 0;
  }
  const light = <f32>sourceLight;
  const rows = observation.psfPaddedRows;
  const bytes = (<usize>observation.psfStride) << 2;
  const psf = observation.ordered;
  const offsets = observation.rowOffsets;
  // A fixed number of rows is faster than the least that suffice.
  let summed = observation.firstRows;
  let sum = sumInOrder(psf, bytes, window, offsets, 0, summed, 0);
  for (let photon = 0; photon < photons; photon++) {
    const bits = nextBits();
    const target = <f32>(<u32>(bits >> 40)) * UNIT_24 * light;
    while (!(sum > target) && summed < rows) {
      const at = (<usize>summed) << 2;
      sum = sumInOrder(psf + <usize>summed * bytes, bytes, window, offsets + at, summed, summed + 4, sum);
      summed += 4;
    }
    const place = inline.always(findSum(rowSums, summed, target));
    const at = (<usize>place) << 2;
    const target2 = <f32>(<u32>(bits & 0xffffff)) * UNIT_24 * load<f32>(rowTotals + at);
    const cells = window + <usize>load<i32>(offsets + at);
    const col = inline.always(findCell(psf + <usize>place * bytes, cells, bytes, target2));
    const row = load<i32>(observation.rowOrder + at);
    inline.always(assign(observation, pixel, ny, nx, wrap, row, col, 1));
  }
  return true;
}
