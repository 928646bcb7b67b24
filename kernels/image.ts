// Step 6 of the sweep: the image from its conditional, a product of Dirichlet draws down the tree.

import { states } from "./adaptive-prior";
import { addFractions, beginFractions, endFractions } from "./block-fractions";
import { drawBlockGammas } from "./block-gammas";
import { allocate } from "./memory";
import { drawGamma, drawLogGammas } from "./random";
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

/** Gather the Dirichlet shapes of one row of blocks, block by block, in the order of `scatter`; returns how many. */
function gatherShapes(upper: usize, hasLower: bool, cols: i32, alpha: f64): i32 {
  const lower = upper + ((<usize>cols) << 2);
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

/** Sum of the logarithms of the fractions of one row of blocks, less the part `alpha` of it that is constant. */
let rowLogFractions: f64 = 0;

/**
 * Turn log gamma draws into masses: each block's draws are normalised (largest first, so that nothing overflows) and
 * share out the mass of their parent.
 *
 * @param masses f64, masses of the parents of this row of blocks
 * @param unit factor on every mass
 * @param floor smallest mass written
 * @param upper f64 row of masses written; the row below follows at `lower`
 * @param state address of the u8 state of the first block; 0 without the adaptive prior
 */
function shareMasses(
  masses: usize,
  unit: f64,
  floor: f64,
  cols: i32,
  upper: usize,
  lower: usize,
  hasLower: bool,
  state: usize,
): void {
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
  rowLogFractions = sumDraws - sumMax - sumLog;
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
    const rows = rowsOf(level);
    const cols = colsOf(level);
    const parentCols = colsOf(level + 1);
    const levelAlpha = load<f64>(alpha + ((<usize>level) << 3));
    let logFractions: f64 = 0;
    for (let row = 0, parentRow = 0; row < rows; row += 2, parentRow++) {
      const hasLower = row + 1 < rows;
      const counts = countsOf(level) + ((<usize>(row * cols)) << 2);
      const state = states > 0 ? statesOf(level + 1) + <usize>(parentRow * parentCols) : 0;
      // A block of a single child takes no draw.
      if (states > 0) drawBlockGammas(counts, hasLower, cols, state, logGammas);
      else {
        const count = gatherShapes(counts, hasLower, cols, levelAlpha);
        drawLogGammas(shapes, logGammas, count - (cols & 1 & <i32>!hasLower));
      }
      const parents = massesOf(level + 1) + ((<usize>(parentRow * parentCols)) << 3);
      if (level > 0) {
        const upper = massesOf(level) + ((<usize>(row * cols)) << 3);
        shareMasses(parents, 1, 0, cols, upper, upper + ((<usize>cols) << 3), hasLower, state);
      } else {
        const second = imageRows + ((<usize>cols) << 3);
        shareMasses(parents, 1 / reference, FLOOR / reference, cols, imageRows, second, hasLower, state);
        unshiftRow(flux, imageRows, row + shiftRow, shiftCol, rows, cols);
        if (hasLower) unshiftRow(flux, second, row + 1 + shiftRow, shiftCol, rows, cols);
      }
      logFractions += rowLogFractions;
    }
    store<f64>(sumLogFractions + ((<usize>level) << 3), logFractions);
  }
  if (states > 0) logBlockFractions = endFractions();
  return total;
}

/** Copy a row in tree order to row `row` (modulo the shape) of the image, turned back by `shiftCol`. */
function unshiftRow(image: usize, from: usize, row: i32, shiftCol: i32, rows: i32, cols: i32): void {
  if (row >= rows) row -= rows;
  const target = image + ((<usize>(row * cols)) << 3);
  const head = (<usize>(cols - shiftCol)) << 3;
  memory.copy(target + ((<usize>shiftCol) << 3), from, head);
  memory.copy(target, from + head, (<usize>shiftCol) << 3);
}
