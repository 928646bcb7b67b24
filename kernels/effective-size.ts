// R-hat and effective sample size of chains of equal length that lie in memory side by side, each followed by zeros, after
// Vehtari, Gelman, Simpson, Carpenter and Buerkner, Bayesian Analysis 16:667, 2021.
//
// Autocovariances are needed up to the lag at which Geyer's sequence ends, which is small where chains mix: the first lags
// are sums of products, and only then come all of them from Fourier transforms. Four chains travel through one transform:
// two lanes of two, each with one as the real and one as the imaginary part.

import { allocate } from "./memory";

/** Lags that are summed directly, and how many at a time. */
export const DIRECT_LAGS: i32 = 24;
const LAGS_AT_ONCE: i32 = 8;
/** Shortest chain that has a first pair of lags with enough products behind it. */
const FEWEST_LAGS: i32 = 5;

/** Draws of each chain, and f64 from the start of one to that of the next, even, at least DIRECT_LAGS more. */
let length: i32 = 0;
let stride: i32 = 0;
/** Size of the transforms: a power of two that keeps the lags free of wrap-around. */
let size: i32 = 0;
/** f64 `[size, 2]` each: two lanes. */
let real: usize = 0;
let imag: usize = 0;
let power: usize = 0;
/** f64 `[size]` each: cosine and sine of `2 pi j / size`. */
let cosines: usize = 0;
let sines: usize = 0;
/** i32 `[size]`: position of frequency -k for the frequency k at each position, both in bit-reversed order. */
let mirror: usize = 0;
/** f64: mean autocovariance at lags 0, 1, ... up to `known`. */
let lags: usize = 0;
let known: i32 = 0;

/** Variance within chains, and that of all together, after `splitVariance`. */
let within: f64 = 0;
let pooled: f64 = 0;

/** f64 from the start of one chain to that of the next, for chains of so many draws. */
export function chainStride(draws: i32): i32 {
  return (draws + DIRECT_LAGS + 1) & ~1;
}

/** Reserve memory for chains of so many draws; false without. */
export function layOutSizes(draws: i32): bool {
  length = draws;
  stride = chainStride(draws);
  size = 4;
  while (size < 2 * length - 1) size *= 2;
  const bytes = (<usize>size) << 3;
  real = allocate(2 * bytes);
  imag = allocate(2 * bytes);
  power = allocate(2 * bytes);
  cosines = allocate(bytes);
  sines = allocate(bytes);
  mirror = allocate(bytes);
  lags = allocate((<usize>(length + DIRECT_LAGS + 1)) << 3);
  if (real === 0 || imag === 0 || power === 0 || cosines === 0 || sines === 0 || mirror === 0) return false;
  if (lags === 0) return false;
  fillRoots();
  fillMirror();
  return true;
}

function at(array: usize, index: i32): usize {
  return array + ((<usize>index) << 3);
}

/** Roots of unity by half-angle formulae. */
function fillRoots(): void {
  const half = size >> 1;
  store<f64>(cosines, 1);
  store<f64>(sines, 0);
  let stepCosine: f64 = 0;
  let stepSine: f64 = 1;
  for (let step = size >> 2; step >= 1; step >>= 1) {
    for (let j = step; j < half; j += 2 * step) {
      const cosine = load<f64>(at(cosines, j - step));
      const sine = load<f64>(at(sines, j - step));
      store<f64>(at(cosines, j), cosine * stepCosine - sine * stepSine);
      store<f64>(at(sines, j), sine * stepCosine + cosine * stepSine);
    }
    const halved = Math.sqrt((1 + stepCosine) / 2);
    stepSine /= 2 * halved;
    stepCosine = halved;
  }
  for (let j = 0; j < half; j++) {
    store<f64>(at(cosines, half + j), -load<f64>(at(cosines, j)));
    store<f64>(at(sines, half + j), -load<f64>(at(sines, j)));
  }
}

function fillMirror(): void {
  const reversed = real; // free until the first transform
  store<i32>(reversed, 0);
  let weight = size >> 1;
  for (let bit = 1; bit < size; bit <<= 1) {
    for (let k = bit; k < 2 * bit; k++) {
      store<i32>(reversed + ((<usize>k) << 2), load<i32>(reversed + ((<usize>(k - bit)) << 2)) + weight);
    }
    weight >>= 1;
  }
  for (let k = 0; k < size; k++) {
    const position = load<i32>(reversed + ((<usize>k) << 2));
    const other = load<i32>(reversed + ((<usize>((size - k) & (size - 1))) << 2));
    store<i32>(mirror + ((<usize>position) << 2), other);
  }
}

/**
 * R-hat of chains (Vehtari et al. 2021, eqs. 1 to 4): infinite when no chain moves but they differ, NaN for a constant.
 *
 * @param values f64 `[chains, stride]`, replaced by the distances from the mean of each chain; zeros behind the draws stay
 * @param means f64 `[chains]`, scratch
 */
export function rhatOf(values: usize, chains: i32, means: usize): f64 {
  const draws = <f64>length;
  within = 0;
  for (let chain = 0; chain < chains; chain++) {
    const start = at(values, chain * stride);
    const origin = load<f64>(start); // distances from it make the variance of a constant exactly zero
    const pairs = at(start, length & ~1);
    const origins = f64x2.splat(origin);
    let sums = f64x2.splat(0);
    for (let place = start; place < pairs; place += 16) {
      sums = f64x2.add(sums, f64x2.sub(v128.load(place), origins));
    }
    let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    if (length & 1) sum += load<f64>(pairs) - origin;
    const mean = sum / draws;
    const shift = f64x2.splat(mean);
    let squares = f64x2.splat(0);
    for (let place = start; place < pairs; place += 16) {
      const distance = f64x2.sub(f64x2.sub(v128.load(place), origins), shift);
      v128.store(place, distance);
      squares = f64x2.add(squares, f64x2.mul(distance, distance));
    }
    let square = f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1);
    if (length & 1) {
      const distance = load<f64>(pairs) - origin - mean;
      store<f64>(pairs, distance);
      square += distance * distance;
    }
    store<f64>(at(means, chain), origin + mean);
    within += square / (draws - 1);
  }
  within /= <f64>chains;
  let between: f64 = 0;
  if (chains > 1) {
    const origin = load<f64>(means);
    let sum: f64 = 0;
    for (let chain = 0; chain < chains; chain++) sum += load<f64>(at(means, chain)) - origin;
    const mean = sum / <f64>chains;
    for (let chain = 0; chain < chains; chain++) {
      const distance = load<f64>(at(means, chain)) - origin - mean;
      between += distance * distance;
    }
    between /= <f64>(chains - 1);
  }
  pooled = ((draws - 1) / draws) * within + between;
  return Math.sqrt(pooled / within);
}

/**
 * Effective sample size of all chains together, by Geyer's initial monotone positive sequence (Vehtari et al. 2021, section
 * 3.2; Geyer, Statistical Science 7:473, 1992, section 3.3). Of the first pair that is dropped, half the weight of its even lag
 * stays if positive; the size is capped at `S log10(S)` of `S` draws.
 *
 * @param values as `rhatOf` left them, with DIRECT_LAGS zeros behind the last chain
 * @param shortest 1 / log10(S)
 * @returns NaN for chains of fewer than 5 draws and for a constant
 */
export function effectiveSize(values: usize, chains: i32, shortest: f64): f64 {
  if (length < FEWEST_LAGS || !(pooled > 0)) return NaN;
  known = 0;
  let sum: f64 = 0;
  let previous: f64 = Infinity;
  let lag = 0;
  let even: f64 = 1;
  while (lag + 1 <= length - 4) {
    // later lags rest on a few products
    const pair = even + correlation(values, chains, lag + 1);
    if (!(pair > 0)) break;
    previous = min(previous, pair);
    sum += previous;
    lag += 2;
    even = correlation(values, chains, lag);
  }
  const time = -1 + 2 * sum + max<f64>(even, 0);
  return <f64>(chains * length) / max(time, shortest);
}

function correlation(values: usize, chains: i32, lag: i32): f64 {
  if (lag > known) {
    if (known < DIRECT_LAGS) sumLags(values, chains);
    else transformLags(values, chains);
  }
  return 1 - (within - load<f64>(at(lags, lag))) / pooled;
}

/** The next LAGS_AT_ONCE lags: as zeros lie between the chains, products of different ones add nothing. */
function sumLags(values: usize, chains: i32): void {
  const end = at(values, chains * stride);
  let sum1 = f64x2.splat(0);
  let sum2 = sum1;
  let sum3 = sum1;
  let sum4 = sum1;
  let sum5 = sum1;
  let sum6 = sum1;
  let sum7 = sum1;
  let sum8 = sum1;
  let later = at(values, known);
  for (let place = values; place < end; place += 16) {
    const value = v128.load(place);
    sum1 = f64x2.add(sum1, f64x2.mul(value, v128.load(later, 8)));
    sum2 = f64x2.add(sum2, f64x2.mul(value, v128.load(later, 16)));
    sum3 = f64x2.add(sum3, f64x2.mul(value, v128.load(later, 24)));
    sum4 = f64x2.add(sum4, f64x2.mul(value, v128.load(later, 32)));
    sum5 = f64x2.add(sum5, f64x2.mul(value, v128.load(later, 40)));
    sum6 = f64x2.add(sum6, f64x2.mul(value, v128.load(later, 48)));
    sum7 = f64x2.add(sum7, f64x2.mul(value, v128.load(later, 56)));
    sum8 = f64x2.add(sum8, f64x2.mul(value, v128.load(later, 64)));
    later += 16;
  }
  const scale = 1 / (<f64>length * <f64>chains);
  const out = at(lags, known);
  store<f64>(out, both(sum1) * scale, 8);
  store<f64>(out, both(sum2) * scale, 16);
  store<f64>(out, both(sum3) * scale, 24);
  store<f64>(out, both(sum4) * scale, 32);
  store<f64>(out, both(sum5) * scale, 40);
  store<f64>(out, both(sum6) * scale, 48);
  store<f64>(out, both(sum7) * scale, 56);
  store<f64>(out, both(sum8) * scale, 64);
  known += LAGS_AT_ONCE;
}

function both(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/**
 * All lags at once. The power spectrum is real and symmetric, so the way back takes transforms of half the size: even
 * frequencies in one lane, odd ones in the other, which bit-reversed order keeps apart.
 */
function transformLags(values: usize, chains: i32): void {
  const bytes = (<usize>size) << 4;
  const half = size >> 1;
  memory.fill(power, 0, bytes);
  for (let chain = 0; chain < chains; chain += 4) {
    takeChain(values, chains, chain, real);
    takeChain(values, chains, chain + 1, imag);
    takeChain(values, chains, chain + 2, real + 8);
    takeChain(values, chains, chain + 3, imag + 8);
    forward();
    for (let k: usize = 0; k < bytes; k += 16) {
      const re = v128.load(real + k);
      const im = v128.load(imag + k);
      const square = f64x2.add(f64x2.mul(re, re), f64x2.mul(im, im));
      v128.store(power + k, f64x2.add(v128.load(power + k), square));
    }
  }
  // |A_k|^2 + |B_k|^2 = (|Z_k|^2 + |Z_-k|^2) / 2 for z = a + i b with real a and b.
  for (let k = 0; k < half; k++) {
    const evens = spectrumAt(k);
    store<f64>(real + ((<usize>k) << 4), evens);
    store<f64>(real + ((<usize>k) << 4), spectrumAt(k + half), 8);
  }
  memory.fill(imag, 0, bytes >> 1);
  inverse(half);
  const scale = 1 / (2 * <f64>size * <f64>length * <f64>chains);
  for (let lag = 0; lag < length; lag++) {
    const place = (<usize>lag) << 4;
    const odd = load<f64>(at(cosines, lag)) * load<f64>(real + place, 8);
    const turned = load<f64>(at(sines, lag)) * load<f64>(imag + place, 8);
    store<f64>(at(lags, lag), (load<f64>(real + place) + odd - turned) * scale);
  }
  known = length;
}

function spectrumAt(position: i32): f64 {
  const other = load<i32>(mirror + ((<usize>position) << 2));
  return both(v128.load(power + ((<usize>position) << 4))) + both(v128.load(power + ((<usize>other) << 4)));
}

/** Copy a chain to every other f64 of `out`, zeros behind it; only zeros when there is no such chain. */
function takeChain(values: usize, chains: i32, chain: i32, out: usize): void {
  const used = chain < chains ? length : 0;
  const from = at(values, chain * stride);
  for (let i = 0; i < used; i++) store<f64>(out + ((<usize>i) << 4), load<f64>(at(from, i)));
  for (let i = used; i < size; i++) store<f64>(out + ((<usize>i) << 4), 0);
}

/** Forward transform (kernel `exp(-2 pi i j k / size)`) of both lanes in place, natural order in, bit-reversed order out. */
function forward(): void {
  const bytes = (<usize>size) << 4;
  let quarter = size >> 2;
  let step = 1;
  for (; quarter >= 1; quarter >>= 2) {
    const apart = (<usize>quarter) << 4;
    for (let j = 0; j < quarter; j++) {
      const c1 = v128.load64_splat(at(cosines, j * step));
      const s1 = v128.load64_splat(at(sines, j * step));
      const c2 = v128.load64_splat(at(cosines, 2 * j * step));
      const s2 = v128.load64_splat(at(sines, 2 * j * step));
      const c3 = v128.load64_splat(at(cosines, 3 * j * step));
      const s3 = v128.load64_splat(at(sines, 3 * j * step));
      for (let a = (<usize>j) << 4; a < bytes; a += 4 * apart) {
        const re = real + a;
        const im = imag + a;
        const reA = v128.load(re);
        const imA = v128.load(im);
        const reB = v128.load(re + apart);
        const imB = v128.load(im + apart);
        const reC = v128.load(re + 2 * apart);
        const imC = v128.load(im + 2 * apart);
        const reD = v128.load(re + 3 * apart);
        const imD = v128.load(im + 3 * apart);
        const sumRe = f64x2.add(reA, reC);
        const sumIm = f64x2.add(imA, imC);
        const differenceRe = f64x2.sub(reA, reC);
        const differenceIm = f64x2.sub(imA, imC);
        const otherSumRe = f64x2.add(reB, reD);
        const otherSumIm = f64x2.add(imB, imD);
        const otherDifferenceRe = f64x2.sub(reB, reD);
        const otherDifferenceIm = f64x2.sub(imB, imD);
        v128.store(re, f64x2.add(sumRe, otherSumRe));
        v128.store(im, f64x2.add(sumIm, otherSumIm));
        const re2 = f64x2.sub(sumRe, otherSumRe);
        const im2 = f64x2.sub(sumIm, otherSumIm);
        v128.store(re + apart, f64x2.add(f64x2.mul(re2, c2), f64x2.mul(im2, s2)));
        v128.store(im + apart, f64x2.sub(f64x2.mul(im2, c2), f64x2.mul(re2, s2)));
        const re1 = f64x2.add(differenceRe, otherDifferenceIm);
        const im1 = f64x2.sub(differenceIm, otherDifferenceRe);
        v128.store(re + 2 * apart, f64x2.add(f64x2.mul(re1, c1), f64x2.mul(im1, s1)));
        v128.store(im + 2 * apart, f64x2.sub(f64x2.mul(im1, c1), f64x2.mul(re1, s1)));
        const re3 = f64x2.sub(differenceRe, otherDifferenceIm);
        const im3 = f64x2.add(differenceIm, otherDifferenceRe);
        v128.store(re + 3 * apart, f64x2.add(f64x2.mul(re3, c3), f64x2.mul(im3, s3)));
        v128.store(im + 3 * apart, f64x2.sub(f64x2.mul(im3, c3), f64x2.mul(re3, s3)));
      }
    }
    step *= 4;
  }
  if (ctz(size) & 1) addPairs(size);
}

/** Sums and differences of neighbours: one step of halving, the last of `forward` and the first of `inverse`. */
function addPairs(count: i32): void {
  const bytes = (<usize>count) << 4;
  for (let a: usize = 0; a < bytes; a += 32) {
    const re = v128.load(real + a);
    const im = v128.load(imag + a);
    const otherRe = v128.load(real + a, 16);
    const otherIm = v128.load(imag + a, 16);
    v128.store(real + a, f64x2.add(re, otherRe));
    v128.store(imag + a, f64x2.add(im, otherIm));
    v128.store(real + a, f64x2.sub(re, otherRe), 16);
    v128.store(imag + a, f64x2.sub(im, otherIm), 16);
  }
}

/** Inverse transform of `count` numbers, half of `size`, without the factor 1 / count: bit-reversed order in, natural out. */
function inverse(count: i32): void {
  const bytes = (<usize>count) << 4;
  let quarter = 1;
  if (ctz(count) & 1) {
    addPairs(count);
    quarter = 2;
  }
  for (; quarter < count; quarter <<= 2) {
    const apart = (<usize>quarter) << 4;
    const step = size / (4 * quarter);
    for (let j = 0; j < quarter; j++) {
      const c1 = v128.load64_splat(at(cosines, j * step));
      const s1 = v128.load64_splat(at(sines, j * step));
      const c2 = v128.load64_splat(at(cosines, 2 * j * step));
      const s2 = v128.load64_splat(at(sines, 2 * j * step));
      const c3 = v128.load64_splat(at(cosines, 3 * j * step));
      const s3 = v128.load64_splat(at(sines, 3 * j * step));
      for (let a = (<usize>j) << 4; a < bytes; a += 4 * apart) {
        const re = real + a;
        const im = imag + a;
        const reA = v128.load(re);
        const imA = v128.load(im);
        const reB = v128.load(re + apart);
        const imB = v128.load(im + apart);
        const reC = v128.load(re + 2 * apart);
        const imC = v128.load(im + 2 * apart);
        const reD = v128.load(re + 3 * apart);
        const imD = v128.load(im + 3 * apart);
        const re2 = f64x2.sub(f64x2.mul(reB, c2), f64x2.mul(imB, s2));
        const im2 = f64x2.add(f64x2.mul(imB, c2), f64x2.mul(reB, s2));
        const re1 = f64x2.sub(f64x2.mul(reC, c1), f64x2.mul(imC, s1));
        const im1 = f64x2.add(f64x2.mul(imC, c1), f64x2.mul(reC, s1));
        const re3 = f64x2.sub(f64x2.mul(reD, c3), f64x2.mul(imD, s3));
        const im3 = f64x2.add(f64x2.mul(imD, c3), f64x2.mul(reD, s3));
        const sumRe = f64x2.add(reA, re2);
        const sumIm = f64x2.add(imA, im2);
        const otherSumRe = f64x2.sub(reA, re2);
        const otherSumIm = f64x2.sub(imA, im2);
        const forthRe = f64x2.add(re1, re3);
        const forthIm = f64x2.add(im1, im3);
        const acrossRe = f64x2.sub(re1, re3);
        const acrossIm = f64x2.sub(im1, im3);
        v128.store(re, f64x2.add(sumRe, forthRe));
        v128.store(im, f64x2.add(sumIm, forthIm));
        v128.store(re + 2 * apart, f64x2.sub(sumRe, forthRe));
        v128.store(im + 2 * apart, f64x2.sub(sumIm, forthIm));
        v128.store(re + apart, f64x2.sub(otherSumRe, acrossIm));
        v128.store(im + apart, f64x2.add(otherSumIm, acrossRe));
        v128.store(re + 3 * apart, f64x2.add(otherSumRe, acrossIm));
        v128.store(im + 3 * apart, f64x2.sub(otherSumIm, acrossRe));
      }
    }
  }
}
