// Step 6 of the sweep: the image from its conditional, a product of Dirichlet draws down the tree.

import { states } from "./adaptive-prior";
import { addFractions, beginFractions, endFractions } from "./block-fractions";
import { drawBlockGammas } from "./block-gammas";
import { allocate } from "./memory";
import { drawGamma, drawLogGammas } from "./random";
import { runsOf } from "./runs";
import { expPair, log } from "./special";
import { statesOf } from "./states";
import { colsOf, countsOf, levels, massesOf, rowsOf } from "./tree";

/** Smallest expected counts of a pixel: far below anything that matters, far above where f64 ends. */
const FLOOR: f64 = 1e-270;

/** Dirichlet shapes (counts + alpha) of one row of blocks, then the logarithms of their gamma draws. */
let shapes: usize = 0;
let logGammas: usize = 0;
/** Two rows of the image in tree order, before the shift is undone. */
let imageRows: usize = 0;

/** sum over all blocks of the logarithms of the fractions, for each level; set by `drawImage`. */
export const sumLogFractions = memory.data(216, 16);
/** Under the adaptive prior: log density of the logarithms of all fractions given the states; set by `drawImage`. */
export let logBlockFractions: f64 = 0;

/** Reserve scratch for an image with `nx` columns; false when memory is refused. */
export function prepareImage(nx: i32): bool {
  const bytes = ((<usize>(nx + 2)) << 4) + 32;
  shapes = allocate(bytes);
  logGammas = allocate(bytes);
  imageRows = allocate(bytes);
  return shapes !== 0 && logGammas !== 0 && imageRows !== 0;
}

/**
 * Gather the Dirichlet shapes of a run of blocks, block by block, in the order of `shareMasses`; returns how many.
 *
 * @param upper i32 counts of the run's upper row
 * @param lower of its lower row; 0 where the blocks have none
 * @param cols columns of the run
 */
function gatherShapes(upper: usize, lower: usize, cols: i32, alpha: f64): i32 {
  const hasLower = lower !== 0;
  const alphas = f64x2.splat(alpha);
  const whole = cols >> 1;
  let out = shapes;
  for (let block = 0; block < whole; block++) {
    const at = (<usize>block) << 3;
    v128.store(out, f64x2.add(f64x2.convert_low_i32x4_s(v128.load64_zero(upper + at)), alphas));
    out += 16;
    if (hasLower) {
      v128.store(out, f64x2.add(f64x2.convert_low_i32x4_s(v128.load64_zero(lower + at)), alphas));
      out += 16;
    }
  }
  if (cols & 1) {
    const at = (<usize>whole) << 3;
    store<f64>(out, <f64>load<i32>(upper + at) + alpha);
    out += 8;
    if (hasLower) {
      store<f64>(out, <f64>load<i32>(lower + at) + alpha);
      out += 8;
    }
  }
  return <i32>((out - shapes) >> 3);
}

/** Sum of the logarithms of the fractions of a run of blocks, less the part `alpha` of it that is constant. */
let runLogFractions: f64 = 0;

/**
 * Turn log gamma draws into masses: each block's draws are normalised (largest first, so that nothing overflows) and
 * share out the mass of their parent.
 *
 * @param masses f64, masses of the parents of this run of blocks
 * @param unit factor on every mass
 * @param floor smallest mass written
 * @param cols columns of the run
 * @param upper f64 row of masses written
 * @param lower the row below; 0 where the blocks have none
 * @param state address of the u8 state of the first block; 0 without the adaptive prior
 */
function shareMasses(
  masses: usize,
  unit: f64,
  floor: f64,
  cols: i32,
  upper: usize,
  lower: usize,
  state: usize,
): void {
  const hasLower = lower !== 0;
  const whole = cols >> 1;
  const floors = f64x2.splat(floor);
  let from = logGammas;
  let sumMax: f64 = 0;
  let sumLog: f64 = 0;
  // Each block's sum lies in [1, 4]: 256 of them can be multiplied up before a logarithm is due.
  let product: f64 = 1;
  let sums = f64x2.splat(0);
  if (hasLower) {
    for (let block = 0; block < whole; block++) {
      const first = v128.load(from);
      const second = v128.load(from, 16);
      from += 32;
      sums = f64x2.add(sums, f64x2.add(first, second));
      const pairMax = f64x2.pmax(first, second);
      const largest = max(f64x2.extract_lane(pairMax, 0), f64x2.extract_lane(pairMax, 1));
      sumMax += 4 * largest;
      const largests = f64x2.splat(largest);
      const firstShare = expPair(f64x2.sub(first, largests));
      const secondShare = expPair(f64x2.sub(second, largests));
      const pairSum = f64x2.add(firstShare, secondShare);
      const sum = f64x2.extract_lane(pairSum, 0) + f64x2.extract_lane(pairSum, 1);
      if (state !== 0) addFractions(load<u8>(state + <usize>block), 0, first, second, largest, sum);
      product *= sum;
      if ((block & 255) === 255) {
        sumLog += 4 * log(product);
        product = 1;
      }
      const mass = f64x2.splat((load<f64>(masses + ((<usize>block) << 3)) * unit) / sum);
      const at = (<usize>block) << 4;
      v128.store(upper + at, f64x2.pmax(floors, f64x2.mul(firstShare, mass)));
      v128.store(lower + at, f64x2.pmax(floors, f64x2.mul(secondShare, mass)));
    }
    sumLog += 4 * log(product);
  } else {
    for (let block = 0; block < whole; block++) {
      const draw = v128.load(from);
      from += 16;
      sums = f64x2.add(sums, draw);
      const largest = max(f64x2.extract_lane(draw, 0), f64x2.extract_lane(draw, 1));
      sumMax += 2 * largest;
      const share = expPair(f64x2.sub(draw, f64x2.splat(largest)));
      const sum = f64x2.extract_lane(share, 0) + f64x2.extract_lane(share, 1);
      if (state !== 0) addFractions(load<u8>(state + <usize>block), 1, draw, f64x2.splat(0), largest, sum);
      product *= sum;
      if ((block & 255) === 255) {
        sumLog += 2 * log(product);
        product = 1;
      }
      const mass = f64x2.splat((load<f64>(masses + ((<usize>block) << 3)) * unit) / sum);
      v128.store(upper + ((<usize>block) << 4), f64x2.pmax(floors, f64x2.mul(share, mass)));
    }
    sumLog += 2 * log(product);
  }
  let sumDraws = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  if (cols & 1) {
    const at = (<usize>(cols - 1)) << 3;
    const mass = load<f64>(masses + ((<usize>whole) << 3)) * unit;
    if (hasLower) {
      const first = load<f64>(from);
      const second = load<f64>(from, 8);
      const largest = max(first, second);
      const share = expPair(
        f64x2.sub(f64x2.replace_lane(f64x2.splat(first), 1, second), f64x2.splat(largest)),
      );
      const sum = f64x2.extract_lane(share, 0) + f64x2.extract_lane(share, 1);
      if (state !== 0) {
        const upperDraw = f64x2.replace_lane(f64x2.splat(0), 0, first);
        const lowerDraw = f64x2.replace_lane(f64x2.splat(0), 0, second);
        addFractions(load<u8>(state + <usize>whole), 2, upperDraw, lowerDraw, largest, sum);
      }
      sumDraws += first + second;
      sumMax += 2 * largest;
      sumLog += 2 * log(sum);
      store<f64>(upper + at, max(floor, (f64x2.extract_lane(share, 0) * mass) / sum));
      store<f64>(lower + at, max(floor, (f64x2.extract_lane(share, 1) * mass) / sum));
    } else {
      store<f64>(upper + at, max(floor, mass));
    }
  }
  runLogFractions = sumDraws - sumMax - sumLog;
}

/**
 * Draw the total and every block's fractions given the counts of the tree, and write the image:
 * `T ~ Gamma(counts + totalShape, rate 1 + totalRate)`, fractions of a block at level l
 * `~ Dirichlet(counts of its children + alpha_l)`, under the adaptive prior with the alphas of the block's state in place of
 * alpha_l; a block of one child passes its mass on.
 *
 * Gamma draws are made and normalised as logarithms: nothing underflows, even for alpha = 0.001. The masses that are
 * written are floored at 1e-270 counts.
 *
 * @param flux f64 `[ny, nx]`, overwritten: `x / reference`, the shift undone
 * @param alpha f64 `[levels]`, > 0
 * @param reference reference exposure E0 > 0
 * @returns the total T
 */
export function drawImage(
  flux: usize,
  alpha: usize,
  shiftRow: i32,
  shiftCol: i32,
  reference: f64,
  totalShape: f64,
  totalRate: f64,
): f64 {
  const total = drawGamma(<f64>load<i32>(countsOf(levels)) + totalShape) / (1 + totalRate);
  if (levels === 0) {
    store<f64>(flux, max(FLOOR, total) / reference);
    return total;
  }
  store<f64>(massesOf(levels), total);
  beginFractions();
  for (let level = levels - 1; level >= 0; level--) {
    const levelAlpha = load<f64>(alpha + ((<usize>level) << 3));
    let logFractions: f64 = 0;
    for (let parentRow = 0; parentRow < rowsOf(level + 1); parentRow++) {
      for (let run = runsOf(level + 1, parentRow); load<i32>(run) >= 0; run += 8) {
        drawRun(level, parentRow, load<i32>(run), load<i32>(run, 4), levelAlpha, reference);
        if (level === 0) {
          const first = 2 * load<i32>(run);
          const count = min(2 * load<i32>(run, 4), colsOf(0)) - first;
          const row = 2 * parentRow;
          unshiftRow(flux, imageRows, row + shiftRow, first + shiftCol, count);
          if (row + 1 < rowsOf(0))
            unshiftRow(flux, lowerImageRow(), row + 1 + shiftRow, first + shiftCol, count);
        }
        logFractions += runLogFractions;
      }
    }
    store<f64>(sumLogFractions + ((<usize>level) << 3), logFractions);
  }
  if (states > 0) logBlockFractions = endFractions();
  return total;
}

/** Lower of the two rows of the image in tree order. */
function lowerImageRow(): usize {
  return imageRows + ((<usize>colsOf(0)) << 3);
}

/**
 * Draw the fractions of the blocks from `first` up to `end` of a row of blocks of level `level`, and write their masses: into the tree, or
 * those of level 0 into `imageRows`.
 */
function drawRun(level: i32, parentRow: i32, first: i32, end: i32, levelAlpha: f64, reference: f64): void {
  const row = 2 * parentRow;
  const cols = colsOf(level);
  const hasLower = row + 1 < rowsOf(level);
  const start = row * cols + 2 * first;
  const runCols = min(2 * end, cols) - 2 * first;
  const upperCounts = countsOf(level) + ((<usize>start) << 2);
  const lowerCounts = hasLower ? upperCounts + ((<usize>cols) << 2) : 0;
  const parent = <usize>(parentRow * colsOf(level + 1) + first);
  const state = states > 0 ? statesOf(level + 1) + parent : 0;
  if (states > 0) drawBlockGammas(upperCounts, lowerCounts, runCols, state, logGammas);
  else {
    const count = gatherShapes(upperCounts, lowerCounts, runCols, levelAlpha);
    // A block of a single child takes no draw.
    drawLogGammas(shapes, logGammas, count - (runCols & 1 & <i32>!hasLower));
  }
  const upper = level > 0 ? massesOf(level) + ((<usize>start) << 3) : imageRows;
  const lower = hasLower ? (level > 0 ? upper + ((<usize>cols) << 3) : lowerImageRow()) : 0;
  const unit = level > 0 ? 1 : 1 / reference;
  const floor = level > 0 ? 0 : FLOOR / reference;
  shareMasses(massesOf(level + 1) + (parent << 3), unit, floor, runCols, upper, lower, state);
}

/** Copy a run of a row in tree order to row `row` and from column `col` on (both modulo the shape) of the image. */
function unshiftRow(image: usize, from: usize, row: i32, col: i32, count: i32): void {
  const rows = rowsOf(0);
  const cols = colsOf(0);
  if (row >= rows) row -= rows;
  if (col >= cols) col -= cols;
  const target = image + ((<usize>(row * cols)) << 3);
  const head = min(count, cols - col);
  memory.copy(target + ((<usize>col) << 3), from, (<usize>head) << 3);
  memory.copy(target, from + ((<usize>head) << 3), (<usize>(count - head)) << 3);
}
