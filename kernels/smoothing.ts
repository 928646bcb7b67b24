// Step 5 of the sweep: the smoothing parameter alpha of each level given the counts of the tree, fractions integrated
// out (Esch et al. 2004, section 3.2):
//
//     log p(alpha | y) = sum over blocks of k children [ lgamma(k alpha) - k lgamma(alpha)
//                          + sum over children lgamma(y_c + alpha) - lgamma(y_p + k alpha) ]
//                        + power log alpha - rate alpha^exponent
//
// Counts are integers, so differences of lgamma are logarithms of rising factorials, and a level is summed up by how
// many of its nodes exceed each value v:
//
//     sum_c [ lgamma(y_c + a) - lgamma(a) ] = sum_{v < CUT} #{y_c > v} log(a + v) + sum_{y_c > CUT} [ lgamma(y_c + a) - lgamma(CUT + a) ]
//
// The first sum has few terms whatever the size of the image; arguments of lgamma in the second are above CUT, where
// Stirling's series is short.

import { allocate } from "./memory";
import { drawNormal, drawUniform } from "./random";
import { exp, log, logGamma, logPair } from "./special";
import { childrenOf, colsOf, countsOf, levels, rowsOf } from "./tree";

/** Values below CUT are tabulated, larger ones kept in a list; 16 was faster than 24, 32 and 48. */
const CUT: i32 = 16;
/** Proposals about the mode for each level and sweep, as in LIRA, and the steps from the current value that follow. */
const PROPOSALS: i32 = 10;
const STEPS: i32 = 2;
/** Large levels also count nodes of equal value up to COMMON, so that each value is one term of the list. */
const COMMON: i32 = 1024;
const LARGE_LEVEL: i32 = 4096;
/** Kinds of nodes: children of blocks of 2 or 4, parents of 2, parents of 4. */
const KINDS: i32 = 3;

/** Power, rate and exponent of the hyperprior. */
let power: f64 = 1;
let rate: f64 = 1000;
let exponent: f64 = 3;

/** i32 [KINDS, COMMON + 1]: how many nodes of the level have each value. */
const histogram = memory.data(12300, 16);
/** f64 terms (offset v or value, weight, multiple k) of the two sums, in pairs for SIMD. */
let termOffsets: usize = 0;
let termWeights: usize = 0;
let termMultiples: usize = 0;
let tableTerms: i32 = 0;
let listTerms: i32 = 0;

/** Derivatives of the log density by log alpha at the last point where `differentiate` was called. */
let slope: f64 = 0;
let curvature: f64 = 0;

/** Set the hyperprior `p(alpha) ~ alpha^power exp(-rate alpha^exponent)`; power > -1, rate > 0, exponent > 0. */
export function setSmoothingPrior(newPower: f64, newRate: f64, newExponent: f64): void {
  power = newPower;
  rate = newRate;
  exponent = newExponent;
}

/** Reserve the list of terms for an image of `pixels` pixels; false when memory is refused. */
export function prepareSmoothing(pixels: i32): bool {
  // Children and parents of one level, plus the tables of three kinds with their closing terms.
  const terms = pixels + pixels / 2 + KINDS * (CUT + 3) + 16;
  termOffsets = allocate((<usize>terms) << 3);
  termWeights = allocate((<usize>terms) << 3);
  termMultiples = allocate((<usize>terms) << 3);
  return termOffsets !== 0 && termWeights !== 0 && termMultiples !== 0;
}

function pushTerm(at: i32, offset: f64, weight: f64, multiple: f64): void {
  const bytes = (<usize>at) << 3;
  store<f64>(termOffsets + bytes, offset);
  store<f64>(termWeights + bytes, weight);
  store<f64>(termMultiples + bytes, multiple);
}

/** Address of the number of nodes of a kind and value. */
function nodesWith(kind: i32, value: i32): usize {
  return histogram + ((<usize>(kind * (COMMON + 1) + value)) << 2);
}

/** Count one node, in the histogram of its kind or (values above `counted`) in the list. */
function countNode(kind: i32, value: i32, counted: i32, sign: f64, multiple: f64): void {
  if (value <= counted) {
    const at = nodesWith(kind, value);
    store<i32>(at, load<i32>(at) + 1);
  } else {
    pushTerm(listTerms++, <f64>value, sign, multiple);
  }
}

/** Sign of a kind of nodes in the log density, and its multiple of alpha: 1, or the children of the block. */
function signOf(kind: i32): f64 {
  return kind === 0 ? 1 : -1;
}
function multipleOf(kind: i32): f64 {
  return kind === 0 ? 1 : kind === 1 ? 2 : 4;
}

/** Sum up level `level` (children) and the level above (parents) into terms. */
function collectTerms(level: i32): void {
  const rows = rowsOf(level);
  const cols = colsOf(level);
  const parentRows = rowsOf(level + 1);
  const parentCols = colsOf(level + 1);
  const children = countsOf(level);
  const parents = countsOf(level + 1);
  listTerms = 0;

  // A node without a sibling belongs to a block of one, whose fraction is 1 whatever alpha.
  const lonelyCorner = rows & 1 & cols;
  const nodes = rows * cols - lonelyCorner;
  const counted = nodes >= LARGE_LEVEL ? COMMON : CUT;
  for (let kind = 0; kind < KINDS; kind++) {
    memory.fill(nodesWith(kind, 0), 0, (<usize>(counted + 1)) << 2);
  }
  for (let node = 0; node < nodes; node++) {
    const value = load<i32>(children + ((<usize>node) << 2));
    if (value > 0) countNode(0, value, counted, 1, 1);
  }
  for (let row = 0; row < parentRows; row++) {
    for (let col = 0; col < parentCols; col++) {
      const value = load<i32>(parents + ((<usize>(row * parentCols + col)) << 2));
      if (value === 0) continue;
      const count = childrenOf(row, col, level);
      if (count > 1) countNode(count >> 1, value, counted, -1, <f64>count);
    }
  }

  for (let kind = 0; kind < KINDS; kind++) {
    for (let value = CUT + 1; value <= counted; value++) {
      const count = load<i32>(nodesWith(kind, value));
      if (count > 0) pushTerm(listTerms++, <f64>value, signOf(kind) * <f64>count, multipleOf(kind));
    }
  }

  // Nodes in the list start at CUT in the tables: Gamma(y + a) / Gamma(a) = Gamma(y + a) / Gamma(CUT + a) times the
  // rising factorial up to CUT. Their common Gamma(CUT + a) closes the list.
  let childrenListed: f64 = 0;
  let pairParentsListed: f64 = 0;
  let quadParentsListed: f64 = 0;
  for (let term = 0; term < listTerms; term++) {
    const multiple = load<f64>(termMultiples + ((<usize>term) << 3));
    const listed = abs(load<f64>(termWeights + ((<usize>term) << 3)));
    if (multiple === 1) childrenListed += listed;
    else if (multiple === 2) pairParentsListed += listed;
    else quadParentsListed += listed;
  }
  if (childrenListed > 0) pushTerm(listTerms++, CUT, -childrenListed, 1);
  if (pairParentsListed > 0) pushTerm(listTerms++, CUT, pairParentsListed, 2);
  if (quadParentsListed > 0) pushTerm(listTerms++, CUT, quadParentsListed, 4);
  if (listTerms & 1) pushTerm(listTerms++, CUT, 0, 1);

  tableTerms = listTerms;
  for (let kind = 0; kind < KINDS; kind++) {
    let exceeding = kind === 0 ? childrenListed : kind === 1 ? pairParentsListed : quadParentsListed;
    for (let value = CUT; value > 0; value--) {
      exceeding += <f64>load<i32>(nodesWith(kind, value));
      // `exceeding` nodes are larger than value - 1.
      if (exceeding > 0) pushTerm(tableTerms++, <f64>(value - 1), signOf(kind) * exceeding, multipleOf(kind));
    }
  }
  if ((tableTerms - listTerms) & 1) pushTerm(tableTerms++, 1, 0, 1);
}

/** Log density of log alpha (that is, of alpha times alpha) at alpha = exp(t), up to a constant. */
function logDensity(t: f64): f64 {
  const alpha = exp(t);
  const alphas = f64x2.splat(alpha);
  let sums = f64x2.splat(0);
  const half = f64x2.splat(0.5);
  const last = (<usize>listTerms) << 3;
  for (let at: usize = 0; at < last; at += 16) {
    // Stirling: (z - 1/2) log z - z + 1/(12 z) - 1/(360 z^3) + 1/(1260 z^5) - 1/(1680 z^7); the constant cancels.
    // The next term is below 2e-14 for z > CUT.
    const z = f64x2.add(v128.load(termOffsets + at), f64x2.mul(v128.load(termMultiples + at), alphas));
    const inverse = f64x2.div(f64x2.splat(1), z);
    const square = f64x2.mul(inverse, inverse);
    const series = f64x2.mul(
      inverse,
      f64x2.add(
        f64x2.splat(1 / 12.0),
        f64x2.mul(square, f64x2.add(f64x2.splat(-1 / 360.0), f64x2.mul(square, f64x2.splat(1 / 1260.0)))),
      ),
    );
    const value = f64x2.add(f64x2.sub(f64x2.mul(f64x2.sub(z, half), logPair(z)), z), series);
    sums = f64x2.add(sums, f64x2.mul(v128.load(termWeights + at), value));
  }
  const end = (<usize>tableTerms) << 3;
  for (let at = last; at < end; at += 16) {
    const z = f64x2.add(v128.load(termOffsets + at), f64x2.mul(v128.load(termMultiples + at), alphas));
    sums = f64x2.add(sums, f64x2.mul(v128.load(termWeights + at), logPair(z)));
  }
  return (
    f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1) + (power + 1) * t - rate * exp(exponent * t)
  );
}

/** First and second derivative of `logDensity` by t, into `slope` and `curvature`. */
function differentiate(t: f64): void {
  const alpha = exp(t);
  const alphas = f64x2.splat(alpha);
  let firsts = f64x2.splat(0);
  let seconds = f64x2.splat(0);
  const last = (<usize>listTerms) << 3;
  for (let at: usize = 0; at < last; at += 16) {
    // digamma z = log z - 1/(2z) - 1/(12 z^2) + 1/(120 z^4) - ..., trigamma z = 1/z + 1/(2 z^2) + 1/(6 z^3) - ...
    const multiple = v128.load(termMultiples + at);
    const weight = f64x2.mul(v128.load(termWeights + at), multiple);
    const z = f64x2.add(v128.load(termOffsets + at), f64x2.mul(multiple, alphas));
    const inverse = f64x2.div(f64x2.splat(1), z);
    const square = f64x2.mul(inverse, inverse);
    const digamma = f64x2.sub(
      f64x2.sub(logPair(z), f64x2.mul(inverse, f64x2.splat(0.5))),
      f64x2.mul(
        square,
        f64x2.sub(
          f64x2.splat(1 / 12.0),
          f64x2.mul(square, f64x2.sub(f64x2.splat(1 / 120.0), f64x2.mul(square, f64x2.splat(1 / 252.0)))),
        ),
      ),
    );
    const trigamma = f64x2.mul(
      inverse,
      f64x2.add(
        f64x2.add(f64x2.splat(1), f64x2.mul(inverse, f64x2.splat(0.5))),
        f64x2.mul(square, f64x2.sub(f64x2.splat(1 / 6.0), f64x2.mul(square, f64x2.splat(1 / 30.0)))),
      ),
    );
    firsts = f64x2.add(firsts, f64x2.mul(weight, digamma));
    seconds = f64x2.add(seconds, f64x2.mul(f64x2.mul(weight, multiple), trigamma));
  }
  const end = (<usize>tableTerms) << 3;
  for (let at = last; at < end; at += 16) {
    const multiple = v128.load(termMultiples + at);
    const ratio = f64x2.div(multiple, f64x2.add(v128.load(termOffsets + at), f64x2.mul(multiple, alphas)));
    const weighted = f64x2.mul(v128.load(termWeights + at), ratio);
    firsts = f64x2.add(firsts, weighted);
    seconds = f64x2.sub(seconds, f64x2.mul(weighted, ratio));
  }
  const first = alpha * (f64x2.extract_lane(firsts, 0) + f64x2.extract_lane(firsts, 1));
  const second = alpha * alpha * (f64x2.extract_lane(seconds, 0) + f64x2.extract_lane(seconds, 1));
  const penalty = rate * exponent * exp(exponent * t);
  slope = first + power + 1 - penalty;
  curvature = first + second - exponent * penalty;
}

/** Mode of `logDensity` over t by Newton's method kept inside a bracket; leaves the curvature there. */
function findMode(start: f64): f64 {
  let t = start;
  let low: f64 = -Infinity;
  let high: f64 = Infinity;
  for (let step = 0; step < 200; step++) {
    differentiate(t);
    if (slope > 0) low = t;
    else high = t;
    let next = curvature < 0 ? t - slope / curvature : slope > 0 ? t + 1 : t - 1;
    if (next - t > 3) next = t + 3;
    else if (t - next > 3) next = t - 3;
    if (!(next > low && next < high)) {
      // The slope vanishes to rounding, or Newton left the bracket.
      if (abs(slope) < 1e-9 * (1 + abs(curvature))) break;
      next = 0.5 * (low + high);
    }
    const moved = abs(next - t);
    t = next;
    if (moved < 1e-9) break;
  }
  return t;
}

/**
 * Draw the smoothing parameter of every level by independence Metropolis-Hastings on log alpha: log-normal proposals
 * at the mode, twice as wide as the curvature there asks for, PROPOSALS of them a sweep.
 *
 * Deviation: STEPS random-walk proposals follow. Proposals about the mode have lighter tails than the density (Gaussian
 * against exponential in log alpha), so with them alone a chain that starts or strays far out would never come back.
 *
 * Deviation: both densities are those of log alpha. The original code mixes the density of alpha (proposal) with that
 * of log alpha (target), which makes its hyperprior one power of alpha steeper than documented.
 *
 * @param alpha f64 `[levels]`, > 0, finest first; overwritten
 * @param modes f64 `[levels]`, where the search for the mode of log alpha starts; overwritten with the mode found
 */
export function drawSmoothing(alpha: usize, modes: usize): void {
  for (let level = 0; level < levels; level++) {
    const at = (<usize>level) << 3;
    collectTerms(level);
    const mode = findMode(load<f64>(modes + at));
    store<f64>(modes + at, mode);
    const precision = curvature < 0 ? -curvature : 1;
    const spread = 2 / sqrt(precision);
    let current = log(load<f64>(alpha + at));
    let currentDensity = logDensity(current);
    const standard = (current - mode) / spread;
    let currentProposal = -0.5 * standard * standard;
    for (let proposal = 0; proposal < PROPOSALS + STEPS; proposal++) {
      const normal = drawNormal();
      const isStep = proposal >= PROPOSALS;
      const proposed = (isStep ? current : mode) + spread * normal;
      const proposedDensity = logDensity(proposed);
      const standardised = (proposed - mode) / spread;
      const proposedProposal = -0.5 * standardised * standardised;
      let ratio = proposedDensity - currentDensity;
      if (!isStep) ratio += currentProposal - proposedProposal;
      // Beyond e^600 alpha leaves the range of f64; the density there is nothing, whatever the data.
      if (log(drawUniform()) < ratio && abs(proposed) < 600) {
        current = proposed;
        currentDensity = proposedDensity;
        currentProposal = proposedProposal;
      }
    }
    store<f64>(alpha + at, exp(current));
  }
}

/** Blocks of level `level` with `children` children (2 or 4). */
function blocksWith(children: i32, level: i32): i32 {
  const rows = rowsOf(level);
  const cols = colsOf(level);
  const quads = (rows >> 1) * (cols >> 1);
  return children === 4 ? quads : (rows >> 1) * (cols & 1) + (cols >> 1) * (rows & 1);
}

/**
 * Logarithm of the prior density of one level, up to a constant: of the logarithms of its fractions and of log alpha.
 *
 * Densities of logarithms because those of the fractions themselves diverge where fractions vanish (alpha < 1): a trace
 * of the latter would show little but the smallest fraction.
 *
 * @param sumLogFractions sum over the level's blocks of the logarithms of their fractions
 */
export function logLevelPrior(level: i32, alpha: f64, sumLogFractions: f64): f64 {
  const single = logGamma(alpha);
  const quads = <f64>blocksWith(4, level);
  const pairs = <f64>blocksWith(2, level);
  const t = log(alpha);
  return (
    quads * (logGamma(4 * alpha) - 4 * single) +
    pairs * (logGamma(2 * alpha) - 2 * single) +
    alpha * sumLogFractions +
    (power + 1) * t -
    rate * exp(exponent * t)
  );
}
