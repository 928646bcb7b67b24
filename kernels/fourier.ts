// Expected counts under a large psf: convolution by overlap-save with mixed-radix Fourier transforms in f64.
//
// The padded image is cut into blocks that overlap by the psf. As image and psf are real, two blocks travel through one
// complex transform, one as the real and one as the imaginary part, and part again after the product with the psf's
// transform. Blocks lie in memory in pairs of rows, one row in each lane of an f64x2, so that every butterfly works on
// two rows (or, after a 2 x 2 transposition, two columns) at once.

import { allocate } from "./memory";

/** Bytes of a complex number of two lanes: both real parts, then both imaginary parts. */
const ELEMENT: usize = 32;
const MAX_STAGES: usize = 32;
/** Bound on the rounding error of an output over log2 of the block's pixels and the norm of its input (see `limit`). */
const ERROR_UNIT: f64 = 1e-15;
/** A smaller expected count than 1 / RELIABLE of its possible error is left to the caller. */
const RELIABLE: f64 = 1e6;

/** A transform of one length: Stockham's self-sorting stages of radix 4, 2, 3 and 5 (Van Loan 1992, 1.7). */
@unmanaged
class Transform {
  length: i32;
  stages: i32;
  /** i32 `[stages]`: radix of each stage. */
  radices: usize;
  /** f64: for each stage of radix r on length n, and for 1 <= p < n / r: cos, sin of -2 pi p k / n, 1 <= k < r. */
  twiddles: usize;
}

/** How one observation's expected counts are convolved. */
@unmanaged
export class Convolution {
  /** Size of a block, even and without prime factors above 5. */
  rows: i32;
  cols: i32;
  /** Outputs of a block: rows - psfRows + 1 and cols - psfCols + 1. */
  validRows: i32;
  validCols: i32;
  /** i32 `[blockCount, 2]`: first row and column of the blocks with lit pixels. */
  blocks: usize;
  blockCount: i32;
  /** f64 `[cols / 2, rows, 4]`: transform of the psf over the number of pixels. */
  spectrum: usize;
  alongRow: usize;
  alongCol: usize;
}

// Scratch, shared by all observations.
let blockBytes: usize = 0;
let block: usize = 0;
let lineBytes: usize = 0;
let lineA: usize = 0;
let lineB: usize = 0;
let lineC: usize = 0;

/** cos of a turn of `part / whole`, `part` >= 0, `whole` > 0: Taylor's series within an eighth of a turn. */
function cosOfTurn(part: i64, whole: i64): f64 {
  let k = part % whole;
  if (2 * k > whole) k = whole - k;
  if (8 * k <= whole) return cosSeries((2 * Math.PI * <f64>k) / <f64>whole);
  if (8 * k <= 3 * whole) return sinSeries((2 * Math.PI * <f64>(whole - 4 * k)) / <f64>(whole * 4));
  return -cosSeries((2 * Math.PI * <f64>(whole - 2 * k)) / <f64>(whole * 2));
}

/** sin of a turn of `part / whole`: a quarter behind the cosine. */
function sinOfTurn(part: i64, whole: i64): f64 {
  return cosOfTurn(4 * part + 3 * whole, 4 * whole);
}

/** cos x for |x| <= pi / 4. */
function cosSeries(x: f64): f64 {
  let sum: f64 = 0;
  for (let k = 20; k >= 2; k -= 2) sum = (1 - sum) * ((x * x) / <f64>(k * (k - 1)));
  return 1 - sum;
}

/** sin x for |x| <= pi / 4. */
function sinSeries(x: f64): f64 {
  let sum: f64 = 0;
  for (let k = 21; k >= 3; k -= 2) sum = (1 - sum) * ((x * x) / <f64>(k * (k - 1)));
  return x * (1 - sum);
}

/** Radix of the first stage of a transform of length n; 0 when n has a prime factor above 5. */
function firstRadix(n: i32): i32 {
  if (n % 5 === 0) return 5;
  if (n % 3 === 0) return 3;
  if (n % 4 === 0) return 4;
  return (n & 1) === 0 ? 2 : 0;
}

/** A transform of length n; 0 without memory. */
function prepareTransform(n: i32): usize {
  const plan = changetype<Transform>(allocate(offsetof<Transform>()));
  if (changetype<usize>(plan) === 0) return 0;
  plan.length = n;
  plan.stages = 0;
  plan.radices = allocate(MAX_STAGES << 2);
  // Stages of lengths n, n / r, ...: fewer than 2 n twiddles in all.
  plan.twiddles = allocate((<usize>n) << 5);
  if (plan.radices === 0 || plan.twiddles === 0) return 0;
  let at = plan.twiddles;
  for (let left = n; left > 1; ) {
    const radix = firstRadix(left);
    store<i32>(plan.radices + ((<usize>plan.stages) << 2), radix);
    plan.stages++;
    for (let p = 1; p < left / radix; p++) {
      for (let k = 1; k < radix; k++) {
        store<f64>(at, cosOfTurn(<i64>p * k, left));
        store<f64>(at, -sinOfTurn(<i64>p * k, left), 8);
        at += 16;
      }
    }
    left /= radix;
  }
  return changetype<usize>(plan);
}

/** Real and imaginary part of the product of (re, im) with the twiddle (c, s). */
function timesRe(re: v128, im: v128, c: v128, s: v128): v128 {
  return f64x2.sub(f64x2.mul(re, c), f64x2.mul(im, s));
}
function timesIm(re: v128, im: v128, c: v128, s: v128): v128 {
  return f64x2.add(f64x2.mul(re, s), f64x2.mul(im, c));
}

// One stage of radix r on sub-transforms of length r m with stride s: for p < m and q < s, inputs q + s (p + k m), k < r,
// become outputs q + s (r p + k), the k-th times twiddle(p k). Addresses count bytes: `step` is s elements.

function stage2(from: usize, to: usize, m: i32, step: usize, twiddles: usize): void {
  const far = <usize>m * step;
  for (let p = 0; p < m; p++) {
    let c = f64x2.splat(1);
    let s = f64x2.splat(0);
    if (p > 0) {
      c = v128.load64_splat(twiddles);
      s = v128.load64_splat(twiddles, 8);
      twiddles += 16;
    }
    for (let q: usize = 0; q < step; q += ELEMENT) {
      const a = from + q;
      const b = to + q;
      const re0 = v128.load(a);
      const im0 = v128.load(a, 16);
      const re1 = v128.load(a + far);
      const im1 = v128.load(a + far, 16);
      v128.store(b, f64x2.add(re0, re1));
      v128.store(b, f64x2.add(im0, im1), 16);
      const re = f64x2.sub(re0, re1);
      const im = f64x2.sub(im0, im1);
      v128.store(b + step, timesRe(re, im, c, s));
      v128.store(b + step, timesIm(re, im, c, s), 16);
    }
    from += step;
    to += 2 * step;
  }
}

function stage3(from: usize, to: usize, m: i32, step: usize, twiddles: usize): void {
  const far = <usize>m * step;
  const half = f64x2.splat(0.5);
  const height = f64x2.splat(0.8660254037844386);
  for (let p = 0; p < m; p++) {
    let c1 = f64x2.splat(1);
    let s1 = f64x2.splat(0);
    let c2 = c1;
    let s2 = s1;
    if (p > 0) {
      c1 = v128.load64_splat(twiddles);
      s1 = v128.load64_splat(twiddles, 8);
      c2 = v128.load64_splat(twiddles, 16);
      s2 = v128.load64_splat(twiddles, 24);
      twiddles += 32;
    }
    for (let q: usize = 0; q < step; q += ELEMENT) {
      const a0 = from + q;
      const a1 = a0 + far;
      const a2 = a1 + far;
      const b = to + q;
      const sumRe = f64x2.add(v128.load(a1), v128.load(a2));
      const sumIm = f64x2.add(v128.load(a1, 16), v128.load(a2, 16));
      const turnRe = f64x2.mul(height, f64x2.sub(v128.load(a1), v128.load(a2)));
      const turnIm = f64x2.mul(height, f64x2.sub(v128.load(a1, 16), v128.load(a2, 16)));
      const re0 = v128.load(a0);
      const im0 = v128.load(a0, 16);
      const midRe = f64x2.sub(re0, f64x2.mul(half, sumRe));
      const midIm = f64x2.sub(im0, f64x2.mul(half, sumIm));
      v128.store(b, f64x2.add(re0, sumRe));
      v128.store(b, f64x2.add(im0, sumIm), 16);
      const re1 = f64x2.add(midRe, turnIm);
      const im1 = f64x2.sub(midIm, turnRe);
      v128.store(b + step, timesRe(re1, im1, c1, s1));
      v128.store(b + step, timesIm(re1, im1, c1, s1), 16);
      const re2 = f64x2.sub(midRe, turnIm);
      const im2 = f64x2.add(midIm, turnRe);
      v128.store(b + 2 * step, timesRe(re2, im2, c2, s2));
      v128.store(b + 2 * step, timesIm(re2, im2, c2, s2), 16);
    }
    from += step;
    to += 3 * step;
  }
}

function stage4(from: usize, to: usize, m: i32, step: usize, twiddles: usize): void {
  const far = <usize>m * step;
  for (let p = 0; p < m; p++) {
    let c1 = f64x2.splat(1);
    let s1 = f64x2.splat(0);
    let c2 = c1;
    let s2 = s1;
    let c3 = c1;
    let s3 = s1;
    if (p > 0) {
      c1 = v128.load64_splat(twiddles);
      s1 = v128.load64_splat(twiddles, 8);
      c2 = v128.load64_splat(twiddles, 16);
      s2 = v128.load64_splat(twiddles, 24);
      c3 = v128.load64_splat(twiddles, 32);
      s3 = v128.load64_splat(twiddles, 40);
      twiddles += 48;
    }
    for (let q: usize = 0; q < step; q += ELEMENT) {
      const a0 = from + q;
      const a1 = a0 + far;
      const a2 = a1 + far;
      const a3 = a2 + far;
      const b0 = to + q;
      const b1 = b0 + step;
      const b2 = b1 + step;
      const b3 = b2 + step;
      const evenRe = f64x2.add(v128.load(a0), v128.load(a2));
      const evenIm = f64x2.add(v128.load(a0, 16), v128.load(a2, 16));
      const acrossRe = f64x2.sub(v128.load(a0), v128.load(a2));
      const acrossIm = f64x2.sub(v128.load(a0, 16), v128.load(a2, 16));
      const oddRe = f64x2.add(v128.load(a1), v128.load(a3));
      const oddIm = f64x2.add(v128.load(a1, 16), v128.load(a3, 16));
      const turnRe = f64x2.sub(v128.load(a1, 16), v128.load(a3, 16));
      const turnIm = f64x2.sub(v128.load(a3), v128.load(a1));
      v128.store(b0, f64x2.add(evenRe, oddRe));
      v128.store(b0, f64x2.add(evenIm, oddIm), 16);
      const re1 = f64x2.add(acrossRe, turnRe);
      const im1 = f64x2.add(acrossIm, turnIm);
      v128.store(b1, timesRe(re1, im1, c1, s1));
      v128.store(b1, timesIm(re1, im1, c1, s1), 16);
      const re2 = f64x2.sub(evenRe, oddRe);
      const im2 = f64x2.sub(evenIm, oddIm);
      v128.store(b2, timesRe(re2, im2, c2, s2));
      v128.store(b2, timesIm(re2, im2, c2, s2), 16);
      const re3 = f64x2.sub(acrossRe, turnRe);
      const im3 = f64x2.sub(acrossIm, turnIm);
      v128.store(b3, timesRe(re3, im3, c3, s3));
      v128.store(b3, timesIm(re3, im3, c3, s3), 16);
    }
    from += step;
    to += 4 * step;
  }
}

/** The last stage of radix 4 has no twiddles. */
function lastStage4(from: usize, to: usize, step: usize): void {
  for (let q: usize = 0; q < step; q += ELEMENT) {
    const a0 = from + q;
    const a1 = a0 + step;
    const a2 = a1 + step;
    const a3 = a2 + step;
    const b0 = to + q;
    const b1 = b0 + step;
    const b2 = b1 + step;
    const b3 = b2 + step;
    const evenRe = f64x2.add(v128.load(a0), v128.load(a2));
    const evenIm = f64x2.add(v128.load(a0, 16), v128.load(a2, 16));
    const acrossRe = f64x2.sub(v128.load(a0), v128.load(a2));
    const acrossIm = f64x2.sub(v128.load(a0, 16), v128.load(a2, 16));
    const oddRe = f64x2.add(v128.load(a1), v128.load(a3));
    const oddIm = f64x2.add(v128.load(a1, 16), v128.load(a3, 16));
    const turnRe = f64x2.sub(v128.load(a1, 16), v128.load(a3, 16));
    const turnIm = f64x2.sub(v128.load(a3), v128.load(a1));
    v128.store(b0, f64x2.add(evenRe, oddRe));
    v128.store(b0, f64x2.add(evenIm, oddIm), 16);
    v128.store(b1, f64x2.add(acrossRe, turnRe));
    v128.store(b1, f64x2.add(acrossIm, turnIm), 16);
    v128.store(b2, f64x2.sub(evenRe, oddRe));
    v128.store(b2, f64x2.sub(evenIm, oddIm), 16);
    v128.store(b3, f64x2.sub(acrossRe, turnRe));
    v128.store(b3, f64x2.sub(acrossIm, turnIm), 16);
  }
}

function stage5(from: usize, to: usize, m: i32, step: usize, twiddles: usize): void {
  const far = <usize>m * step;
  const cos1 = f64x2.splat(0.30901699437494745);
  const cos2 = f64x2.splat(-0.8090169943749475);
  const sin1 = f64x2.splat(0.9510565162951535);
  const sin2 = f64x2.splat(0.5877852522924731);
  for (let p = 0; p < m; p++) {
    for (let q: usize = 0; q < step; q += ELEMENT) {
      const a0 = from + q;
      const a1 = a0 + far;
      const a2 = a1 + far;
      const a3 = a2 + far;
      const a4 = a3 + far;
      const b = to + q;
      const re0 = v128.load(a0);
      const im0 = v128.load(a0, 16);
      const outerRe = f64x2.add(v128.load(a1), v128.load(a4));
      const outerIm = f64x2.add(v128.load(a1, 16), v128.load(a4, 16));
      const innerRe = f64x2.add(v128.load(a2), v128.load(a3));
      const innerIm = f64x2.add(v128.load(a2, 16), v128.load(a3, 16));
      const outsRe = f64x2.sub(v128.load(a1), v128.load(a4));
      const outsIm = f64x2.sub(v128.load(a1, 16), v128.load(a4, 16));
      const insRe = f64x2.sub(v128.load(a2), v128.load(a3));
      const insIm = f64x2.sub(v128.load(a2, 16), v128.load(a3, 16));
      v128.store(b, f64x2.add(re0, f64x2.add(outerRe, innerRe)));
      v128.store(b, f64x2.add(im0, f64x2.add(outerIm, innerIm)), 16);
      const mid1Re = f64x2.add(re0, f64x2.add(f64x2.mul(cos1, outerRe), f64x2.mul(cos2, innerRe)));
      const mid1Im = f64x2.add(im0, f64x2.add(f64x2.mul(cos1, outerIm), f64x2.mul(cos2, innerIm)));
      const mid2Re = f64x2.add(re0, f64x2.add(f64x2.mul(cos2, outerRe), f64x2.mul(cos1, innerRe)));
      const mid2Im = f64x2.add(im0, f64x2.add(f64x2.mul(cos2, outerIm), f64x2.mul(cos1, innerIm)));
      const turn1Re = f64x2.add(f64x2.mul(sin1, outsRe), f64x2.mul(sin2, insRe));
      const turn1Im = f64x2.add(f64x2.mul(sin1, outsIm), f64x2.mul(sin2, insIm));
      const turn2Re = f64x2.sub(f64x2.mul(sin2, outsRe), f64x2.mul(sin1, insRe));
      const turn2Im = f64x2.sub(f64x2.mul(sin2, outsIm), f64x2.mul(sin1, insIm));
      storeTurned(b + step, f64x2.add(mid1Re, turn1Im), f64x2.sub(mid1Im, turn1Re), p, twiddles);
      storeTurned(b + 2 * step, f64x2.add(mid2Re, turn2Im), f64x2.sub(mid2Im, turn2Re), p, twiddles + 16);
      storeTurned(b + 3 * step, f64x2.sub(mid2Re, turn2Im), f64x2.add(mid2Im, turn2Re), p, twiddles + 32);
      storeTurned(b + 4 * step, f64x2.sub(mid1Re, turn1Im), f64x2.add(mid1Im, turn1Re), p, twiddles + 48);
    }
    if (p > 0) twiddles += 64;
    from += step;
    to += 5 * step;
  }
}

/** Store (re, im) times its twiddle; p = 0 has none. */
function storeTurned(to: usize, re: v128, im: v128, p: i32, twiddle: usize): void {
  if (p === 0) {
    v128.store(to, re);
    v128.store(to, im, 16);
    return;
  }
  const c = v128.load64_splat(twiddle);
  const s = v128.load64_splat(twiddle, 8);
  v128.store(to, timesRe(re, im, c, s));
  v128.store(to, timesIm(re, im, c, s), 16);
}

/** Transform `from` (destroyed) into `to`, both of `plan.length` elements and not the same; uses `lineB`. */
function transform(plan: Transform, from: usize, to: usize): void {
  const stages = plan.stages;
  let left = plan.length;
  let step = ELEMENT;
  let twiddles = plan.twiddles;
  let source = from;
  let spare = lineB;
  for (let stage = 0; stage < stages; stage++) {
    const radix = load<i32>(plan.radices + ((<usize>stage) << 2));
    const m = left / radix;
    const target = stage === stages - 1 ? to : spare;
    if (radix === 4) {
      if (m === 1) lastStage4(source, target, step);
      else stage4(source, target, m, step, twiddles);
    } else if (radix === 2) stage2(source, target, m, step, twiddles);
    else if (radix === 3) stage3(source, target, m, step, twiddles);
    else stage5(source, target, m, step, twiddles);
    twiddles += (<usize>((m - 1) * (radix - 1))) << 4;
    step *= <usize>radix;
    left = m;
    spare = source;
    source = target;
  }
}

/** Transform n elements once; `from` is destroyed. For tests; false without memory or when n has a prime above 5. */
export function transformOnce(n: i32, from: usize, to: usize): bool {
  if (!isSmooth(n)) return false;
  lineB = allocate(<usize>n * ELEMENT);
  const plan = prepareTransform(n);
  if (lineB === 0 || plan === 0) return false;
  transform(changetype<Transform>(plan), from, to);
  return true;
}

/** Rough nanoseconds of a transform of length n: two lanes. */
function transformCost(n: i32): f64 {
  let perElement: f64 = 2;
  for (let left = n; left > 1; ) {
    const radix = firstRadix(left);
    perElement += radix === 4 ? 1.2 : radix === 2 ? 0.8 : radix === 3 ? 1.2 : 2;
    left /= radix;
  }
  // Three lines of more elements than this no longer fit into the first cache.
  return <f64>n * (n > 400 ? 1.25 * perElement : perElement);
}

/** Whether an even n has no prime factor above 5. */
function isSmooth(n: i32): bool {
  if ((n & 1) !== 0) return false;
  let left = n;
  while (left > 1) {
    const radix = firstRadix(left);
    if (radix === 0) return false;
    left /= radix;
  }
  return true;
}

let chosenRows: i32 = 0;
let chosenCols: i32 = 0;

/** Choose the cheapest size of blocks (`chosenRows`, `chosenCols`); returns rough nanoseconds of a convolution. */
export function chooseBlocks(ny: i32, nx: i32, psfRows: i32, psfCols: i32): f64 {
  let best = Infinity;
  for (let rows = (psfRows + 1) & ~1; ; rows += 2) {
    if (!isSmooth(rows)) continue;
    const validRows = rows - psfRows + 1;
    const down = (ny + validRows - 1) / validRows;
    const perCol = 2 * transformCost(rows);
    for (let cols = (psfCols + 1) & ~1; ; cols += 2) {
      if (!isSmooth(cols)) continue;
      const validCols = cols - psfCols + 1;
      const across = (nx + validCols - 1) / validCols;
      const pairs = (down * across + 1) >> 1;
      const perRow = transformCost(cols);
      const cost = <f64>pairs * 0.5 * (perCol * <f64>cols + perRow * <f64>(rows + min(validRows, ny)));
      if (cost < best) {
        best = cost;
        chosenRows = rows;
        chosenCols = cols;
      }
      if (across === 1) break;
    }
    if (down === 1) break;
  }
  return best;
}

/** Elements between row pairs of a block: a few more than columns, so that columns do not share cache sets. */
function rowPairBytes(cols: i32): usize {
  return <usize>(cols + 2) * ELEMENT;
}

/**
 * Prepare the convolution of images `[ny, nx]`, padded on all sides, with a psf turned by 180 degrees.
 *
 * @param turned f32 `[psfRows, psfStride]`
 * @param counts i32 `[ny, nx]`: blocks without any are left out
 * @returns address of a `Convolution`, or 0 without memory
 */
export function prepareConvolution(
  ny: i32,
  nx: i32,
  psfRows: i32,
  psfCols: i32,
  turned: usize,
  psfStride: i32,
  counts: usize,
): usize {
  chooseBlocks(ny, nx, psfRows, psfCols);
  const item = changetype<Convolution>(allocate(offsetof<Convolution>()));
  if (changetype<usize>(item) === 0) return 0;
  const rows = chosenRows;
  const cols = chosenCols;
  item.rows = rows;
  item.cols = cols;
  item.validRows = rows - psfRows + 1;
  item.validCols = cols - psfCols + 1;
  item.alongRow = prepareTransform(cols);
  item.alongCol = prepareTransform(rows);
  item.spectrum = allocate((<usize>(rows * cols)) << 4);
  const down = (ny + item.validRows - 1) / item.validRows;
  const across = (nx + item.validCols - 1) / item.validCols;
  item.blocks = allocate((<usize>(down * across)) << 3);
  const needed = <usize>(rows >> 1) * rowPairBytes(cols);
  if (needed > blockBytes) {
    block = allocate(needed);
    blockBytes = needed;
  }
  const line = <usize>max(rows, cols) * ELEMENT;
  if (line > lineBytes) {
    lineA = allocate(line);
    lineB = allocate(line);
    lineC = allocate(line);
    lineBytes = line;
  }
  if (
    item.alongRow === 0 ||
    item.alongCol === 0 ||
    item.spectrum === 0 ||
    item.blocks === 0 ||
    block === 0 ||
    lineA === 0 ||
    lineB === 0 ||
    lineC === 0
  ) {
    return 0;
  }
  item.blockCount = 0;
  for (let row = 0; row < ny; row += item.validRows) {
    for (let col = 0; col < nx; col += item.validCols) {
      const bottom = min(row + item.validRows, ny);
      const right = min(col + item.validCols, nx);
      if (!hasCounts(counts, nx, row, bottom, col, right)) continue;
      const at = item.blocks + ((<usize>item.blockCount) << 3);
      store<i32>(at, row);
      store<i32>(at, col, 4);
      item.blockCount++;
    }
  }
  transformPsf(item, psfRows, psfCols, turned, psfStride);
  return changetype<usize>(item);
}

function hasCounts(counts: usize, nx: i32, top: i32, bottom: i32, left: i32, right: i32): bool {
  for (let row = top; row < bottom; row++) {
    for (let col = left; col < right; col++) {
      if (load<i32>(counts + ((<usize>(row * nx + col)) << 2)) > 0) return true;
    }
  }
  return false;
}

/** Fill the spectrum: cell k of the turned psf acts backwards, from pixel -k. */
function transformPsf(item: Convolution, psfRows: i32, psfCols: i32, turned: usize, psfStride: i32): void {
  const rows = item.rows;
  const cols = item.cols;
  const pairBytes = rowPairBytes(cols);
  memory.fill(block, 0, <usize>(rows >> 1) * pairBytes);
  for (let row = 0; row < psfRows; row++) {
    const toRow = row === 0 ? 0 : rows - row;
    for (let col = 0; col < psfCols; col++) {
      const toCol = col === 0 ? 0 : cols - col;
      const value = load<f32>(turned + ((<usize>(row * psfStride + col)) << 2));
      const to = block + <usize>(toRow >> 1) * pairBytes + <usize>toCol * ELEMENT;
      store<f64>(to + ((<usize>(toRow & 1)) << 3), <f64>value / (<f64>rows * <f64>cols));
    }
  }
  const alongRow = changetype<Transform>(item.alongRow);
  const alongCol = changetype<Transform>(item.alongCol);
  for (let pair = 0; pair < rows >> 1; pair++) {
    const line = block + <usize>pair * pairBytes;
    memory.copy(lineA, line, <usize>cols * ELEMENT);
    transform(alongRow, lineA, line);
  }
  for (let col = 0; col < cols; col += 2) {
    gatherColumns(block + <usize>col * ELEMENT, rows, pairBytes);
    transform(alongCol, lineA, item.spectrum + <usize>((col >> 1) * rows) * ELEMENT);
  }
}

/** Collect two columns of the block, one in each lane, into `lineA`. */
function gatherColumns(from: usize, rows: i32, pairBytes: usize): void {
  const end = lineA + <usize>rows * ELEMENT;
  for (let to = lineA; to < end; to += 2 * ELEMENT) {
    const re0 = v128.load(from);
    const im0 = v128.load(from, 16);
    const re1 = v128.load(from, 32);
    const im1 = v128.load(from, 48);
    v128.store(to, i64x2.shuffle(re0, re1, 0, 2));
    v128.store(to, i64x2.shuffle(im0, im1, 0, 2), 16);
    v128.store(to, i64x2.shuffle(re0, re1, 1, 3), 32);
    v128.store(to, i64x2.shuffle(im0, im1, 1, 3), 48);
    from += pairBytes;
  }
}

/** Put the first `rows` of two columns in `from` back into the block. */
function scatterColumns(from: usize, to: usize, rows: i32, pairBytes: usize): void {
  const end = from + <usize>rows * ELEMENT;
  for (; from < end; from += 2 * ELEMENT) {
    const re0 = v128.load(from);
    const im0 = v128.load(from, 16);
    const re1 = v128.load(from, 32);
    const im1 = v128.load(from, 48);
    v128.store(to, i64x2.shuffle(re0, re1, 0, 2));
    v128.store(to, i64x2.shuffle(im0, im1, 0, 2), 16);
    v128.store(to, i64x2.shuffle(re0, re1, 1, 3), 32);
    v128.store(to, i64x2.shuffle(im0, im1, 1, 3), 48);
    to += pairBytes;
  }
}

/** Multiply `line` by the spectrum and swap real and imaginary parts: the transform of the swapped is the inverse. */
function multiplySwapped(line: usize, spectrum: usize, rows: i32): void {
  const end = line + <usize>rows * ELEMENT;
  for (; line < end; line += ELEMENT) {
    const re = v128.load(line);
    const im = v128.load(line, 16);
    const c = v128.load(spectrum);
    const s = v128.load(spectrum, 16);
    v128.store(line, timesIm(re, im, c, s));
    v128.store(line, timesRe(re, im, c, s), 16);
    spectrum += ELEMENT;
  }
}

/** Sum of squares of what `loadRows` has read. */
let squares: f64 = 0;

/** Read `count` (even) pixels of two rows into the real (`to`) or imaginary (`to + 16`) parts of a line. */
function loadRows(row0: usize, row1: usize, to: usize, count: i32): void {
  let sums = f64x2.splat(0);
  const end = row0 + ((<usize>count) << 2);
  for (; row0 < end; row0 += 8) {
    const first = f64x2.promote_low_f32x4(v128.load64_zero(row0));
    const second = f64x2.promote_low_f32x4(v128.load64_zero(row1));
    sums = f64x2.add(sums, f64x2.add(f64x2.mul(first, first), f64x2.mul(second, second)));
    v128.store(to, i64x2.shuffle(first, second, 0, 2));
    v128.store(to, i64x2.shuffle(first, second, 1, 3), 32);
    row1 += 8;
    to += 2 * ELEMENT;
  }
  squares += f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/** Clear the real or imaginary parts of a line. */
function clearParts(to: usize, count: i32): void {
  const end = to + <usize>count * ELEMENT;
  for (; to < end; to += ELEMENT) v128.store(to, f64x2.splat(0));
}

/** Read two rows from `row` on, `col` on, of the padded image; what lies beyond it counts as 0. */
function loadBlockRows(
  padded: usize,
  paddedRows: i32,
  stride: i32,
  row: i32,
  col: i32,
  to: usize,
  cols: i32,
): void {
  // Rows of the padded image are a multiple of 4 long.
  const count = row < paddedRows ? max(0, min(cols, (stride - col) & ~1)) : 0;
  if (count > 0) {
    const first = padded + ((<usize>(row * stride + col)) << 2);
    // A row below the last one is met by no window: read anything finite in its place.
    loadRows(first, row + 1 < paddedRows ? first + ((<usize>stride) << 2) : first, to, count);
  }
  if (count < cols) clearParts(to + <usize>count * ELEMENT, cols - count);
}

/** Write two rows of outputs, kept in the real (`from`) or imaginary parts of a line, in f32; below `limit`, 0. */
function storeRows(from: usize, to: usize, nx: i32, count: i32, both: bool, limit: f64): void {
  const limits = f64x2.splat(limit);
  const below = (<usize>nx) << 2;
  let col = 0;
  for (; col + 2 <= count; col += 2) {
    let left = v128.load(from);
    let right = v128.load(from, 32);
    left = v128.and(left, f64x2.ge(left, limits));
    right = v128.and(right, f64x2.ge(right, limits));
    v128.store64_lane(to, f32x4.demote_f64x2_zero(i64x2.shuffle(left, right, 0, 2)), 0);
    if (both) {
      v128.store64_lane(to + below, f32x4.demote_f64x2_zero(i64x2.shuffle(left, right, 1, 3)), 0);
    }
    from += 2 * ELEMENT;
    to += 8;
  }
  if (col < count) {
    const first = load<f64>(from);
    const second = load<f64>(from, 8);
    store<f32>(to, first >= limit ? <f32>first : 0);
    if (both) store<f32>(to + below, second >= limit ? <f32>second : 0);
  }
}

/** Write the outputs of one block that rows `pair` hold. */
function storeBlockRows(
  item: Convolution,
  place: usize,
  from: usize,
  pair: i32,
  expected: usize,
  ny: i32,
  nx: i32,
  limit: f64,
): void {
  const row = load<i32>(place) + 2 * pair;
  const col = load<i32>(place, 4);
  const bottom = min(load<i32>(place) + item.validRows, ny);
  if (row >= bottom) return;
  const to = expected + ((<usize>(row * nx + col)) << 2);
  storeRows(from, to, nx, min(item.validCols, nx - col), row + 1 < bottom, limit);
}

/**
 * Convolve the padded image of an observation: expected counts wherever blocks hold lit pixels.
 *
 * An output that might be off by more than a millionth of itself is written as 0, for the caller to sum directly. The
 * rounding error of a transform is bounded in norm by a small multiple of log2(pixels) times 2^-53 times the norm of
 * its input (Higham 2002, theorem 24.2); the psf's transform is at most 1; no pixel is off by more than the norm.
 *
 * @param padded f32 `[paddedRows, stride]`, >= 0
 * @param expected f32 `[ny, nx]`, overwritten in the blocks with lit pixels
 */
export function convolve(
  item: Convolution,
  padded: usize,
  paddedRows: i32,
  stride: i32,
  expected: usize,
  ny: i32,
  nx: i32,
): void {
  const rows = item.rows;
  const cols = item.cols;
  const pairBytes = rowPairBytes(cols);
  const alongRow = changetype<Transform>(item.alongRow);
  const alongCol = changetype<Transform>(item.alongCol);
  const validPairs = (item.validRows + 1) >> 1;
  let logPixels: f64 = 0;
  for (let pixels = rows * cols; pixels > 1; pixels >>= 1) logPixels += 1;
  for (let index = 0; index < item.blockCount; index += 2) {
    const first = item.blocks + ((<usize>index) << 3);
    const second = index + 1 < item.blockCount ? first + 8 : 0;
    squares = 0;
    for (let pair = 0; pair < rows >> 1; pair++) {
      const row = load<i32>(first) + 2 * pair;
      loadBlockRows(padded, paddedRows, stride, row, load<i32>(first, 4), lineA, cols);
      if (second !== 0) {
        const row2 = load<i32>(second) + 2 * pair;
        loadBlockRows(padded, paddedRows, stride, row2, load<i32>(second, 4), lineA + 16, cols);
      } else clearParts(lineA + 16, cols);
      transform(alongRow, lineA, block + <usize>pair * pairBytes);
    }
    for (let col = 0; col < cols; col += 2) {
      const columns = block + <usize>col * ELEMENT;
      gatherColumns(columns, rows, pairBytes);
      transform(alongCol, lineA, lineC);
      multiplySwapped(lineC, item.spectrum + <usize>((col >> 1) * rows) * ELEMENT, rows);
      transform(alongCol, lineC, lineA);
      scatterColumns(lineA, columns, 2 * validPairs, pairBytes);
    }
    const limit = max(RELIABLE * ERROR_UNIT * logPixels * Math.sqrt(squares), 1e-30);
    for (let pair = 0; pair < validPairs; pair++) {
      transform(alongRow, block + <usize>pair * pairBytes, lineC);
      storeBlockRows(item, first, lineC + 16, pair, expected, ny, nx, limit);
      if (second !== 0) storeBlockRows(item, second, lineC, pair, expected, ny, nx, limit);
    }
  }
}
