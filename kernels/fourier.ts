// Fourier transforms in f64 of mixed radix 2, 3, 4 and 5, of two lines at once: one in each lane of an f64x2.

import { allocate } from "./memory";

/** Bytes of a complex number of two lanes: both real parts, then both imaginary parts. */
export const ELEMENT: usize = 32;
const MAX_STAGES: usize = 32;

/** A transform of one length: Stockham's self-sorting stages of radix 4, 2, 3 and 5 (Van Loan 1992, 1.7). */
@unmanaged
export class Transform {
  length: i32;
  stages: i32;
  /** i32 `[stages]`: radix of each stage. */
  radices: usize;
  /** f64: for each stage of radix r on length n, and for 1 <= p < n / r: cos, sin of -2 pi p k / n, 1 <= k < r. */
  twiddles: usize;
}

/** A line of elements between stages, shared by all transforms. */
let spareLine: usize = 0;
let spareBytes: usize = 0;

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
export function prepareTransform(n: i32): usize {
  const plan = changetype<Transform>(allocate(offsetof<Transform>()));
  if (changetype<usize>(plan) === 0) return 0;
  plan.length = n;
  plan.stages = 0;
  plan.radices = allocate(MAX_STAGES << 2);
  // Stages of lengths n, n / r, ...: fewer than 2 n twiddles in all.
  plan.twiddles = allocate((<usize>n) << 5);
  if (plan.radices === 0 || plan.twiddles === 0) return 0;
  const line = <usize>n * ELEMENT;
  if (line > spareBytes) {
    spareLine = allocate(line);
    spareBytes = line;
    if (spareLine === 0) return 0;
  }
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
export function timesRe(re: v128, im: v128, c: v128, s: v128): v128 {
  return f64x2.sub(f64x2.mul(re, c), f64x2.mul(im, s));
}
export function timesIm(re: v128, im: v128, c: v128, s: v128): v128 {
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

/** Transform `from` (destroyed) into `to`, both of `plan.length` elements and not the same; uses the spare line. */
export function transform(plan: Transform, from: usize, to: usize): void {
  const stages = plan.stages;
  let left = plan.length;
  let step = ELEMENT;
  let twiddles = plan.twiddles;
  let source = from;
  let spare = spareLine;
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
  const plan = prepareTransform(n);
  if (plan === 0) return false;
  transform(changetype<Transform>(plan), from, to);
  return true;
}

/** Rough nanoseconds of a transform of length n: two lanes. */
export function transformCost(n: i32): f64 {
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
export function isSmooth(n: i32): bool {
  if ((n & 1) !== 0) return false;
  let left = n;
  while (left > 1) {
    const radix = firstRadix(left);
    if (radix === 0) return false;
    left /= radix;
  }
  return true;
}
