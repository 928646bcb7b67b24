/**
 * Autocovariance of several chains at once by a fast Fourier transform of our own.
 *
 * The effective sample size needs only the *mean* autocovariance of all chains. Chains are therefore transformed in
 * pairs (one as the real, one as the imaginary part), their power spectra added, and one inverse transform gives all
 * lags. The forward transform leaves its result in bit-reversed order and the inverse starts from that order, so that
 * nothing is ever reordered. Roots of unity come from half-angle formulae: only `+ - * /` and `Math.sqrt`, hence the
 * same bits in every engine.
 */

/** Memory and tables for chains of one length; made by `autocovarianceScratch`, reused from call to call. */
export interface AutocovarianceScratch {
  /** Draws of each chain. */
  readonly length: number;
  /** Mean autocovariance at lags 0 .. length - 1, after `meanAutocovariance`. */
  readonly lags: Float64Array;
  readonly real: Float64Array;
  readonly imag: Float64Array;
  readonly power: Float64Array;
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
  /** Position of frequency `-k` for the frequency `k` at each position, both in bit-reversed order. */
  readonly mirror: Uint32Array;
}

/** Cosine and sine of `2 pi j / size`, for `j` in 0 .. size - 1; `size` a power of two >= 2. */
export function rootsOfUnity(size: number): { cosines: Float64Array; sines: Float64Array } {
  const half = size / 2;
  const cosines = new Float64Array(size);
  const sines = new Float64Array(size);
  cosines[0] = 1;
  // Halve the angle from pi / 2 down; each new root fills the gaps between those known so far.
  let stepCosine = 0;
  let stepSine = 1;
  for (let step = size / 4; step >= 1; step /= 2) {
    for (let j = step; j < half; j += 2 * step) {
      const previous = j - step;
      cosines[j] = cosines[previous] * stepCosine - sines[previous] * stepSine;
      sines[j] = sines[previous] * stepCosine + cosines[previous] * stepSine;
    }
    const halved = Math.sqrt((1 + stepCosine) / 2);
    stepSine /= 2 * halved;
    stepCosine = halved;
  }
  for (let j = 0; j < half; j++) {
    cosines[half + j] = -cosines[j];
    sines[half + j] = -sines[j];
  }
  return { cosines, sines };
}

/** Smallest power of two that keeps `length` lags of a padded sequence free of wrap-around. */
function paddedLength(length: number): number {
  let size = 2;
  while (size < 2 * length - 1) size *= 2;
  return size;
}

/** Memory for chains of `length` draws. */
export function autocovarianceScratch(length: number): AutocovarianceScratch {
  const size = paddedLength(length);
  const mirror = new Uint32Array(size);
  const reversed = new Uint32Array(size);
  for (let bit = 1, weight = size / 2; bit < size; bit *= 2, weight /= 2) {
    for (let k = bit; k < 2 * bit; k++) reversed[k] = reversed[k - bit] + weight;
  }
  for (let k = 0; k < size; k++) mirror[reversed[k]] = reversed[(size - k) % size];
  return {
    length,
    lags: new Float64Array(length),
    real: new Float64Array(size),
    imag: new Float64Array(size),
    power: new Float64Array(size),
    ...rootsOfUnity(size),
    mirror,
  };
}

/** A transform of two of each pair of neighbours: their sum and difference. */
function sumsAndDifferences({ real, imag }: AutocovarianceScratch): void {
  for (let a = 0; a < real.length; a += 2) {
    const re = real[a];
    const im = imag[a];
    real[a] = re + real[a + 1];
    imag[a] = im + imag[a + 1];
    real[a + 1] = re - real[a + 1];
    imag[a + 1] = im - imag[a + 1];
  }
}

/**
 * Forward transform (kernel `exp(-2 pi i j k / size)`) in place, natural order in, bit-reversed order out.
 *
 * Two steps of the classical halving (Cooley & Tukey 1965) are done at a time, which saves half of the memory traffic
 * and a quarter of the products; a single step is left at the end when log2(size) is odd.
 */
function forward(scratch: AutocovarianceScratch): void {
  const { real, imag, cosines, sines } = scratch;
  const size = real.length;
  let quarter = size / 4;
  for (let stride = 1; quarter >= 1; quarter /= 4, stride *= 4) {
    for (let j = 0; j < quarter; j++) {
      const c1 = cosines[j * stride];
      const s1 = sines[j * stride];
      const c2 = cosines[2 * j * stride];
      const s2 = sines[2 * j * stride];
      const c3 = cosines[3 * j * stride];
      const s3 = sines[3 * j * stride];
      for (let a = j; a < size; a += 4 * quarter) {
        const b = a + quarter;
        const c = b + quarter;
        const d = c + quarter;
        const sumRe = real[a] + real[c];
        const sumIm = imag[a] + imag[c];
        const differenceRe = real[a] - real[c];
        const differenceIm = imag[a] - imag[c];
        const otherSumRe = real[b] + real[d];
        const otherSumIm = imag[b] + imag[d];
        const otherDifferenceRe = real[b] - real[d];
        const otherDifferenceIm = imag[b] - imag[d];
        real[a] = sumRe + otherSumRe;
        imag[a] = sumIm + otherSumIm;
        const re2 = sumRe - otherSumRe;
        const im2 = sumIm - otherSumIm;
        real[b] = re2 * c2 + im2 * s2;
        imag[b] = im2 * c2 - re2 * s2;
        const re1 = differenceRe + otherDifferenceIm;
        const im1 = differenceIm - otherDifferenceRe;
        real[c] = re1 * c1 + im1 * s1;
        imag[c] = im1 * c1 - re1 * s1;
        const re3 = differenceRe - otherDifferenceIm;
        const im3 = differenceIm + otherDifferenceRe;
        real[d] = re3 * c3 + im3 * s3;
        imag[d] = im3 * c3 - re3 * s3;
      }
    }
  }
  if (quarter === 0.5) sumsAndDifferences(scratch);
}

/** Inverse transform without the factor 1 / size, in place, bit-reversed order in, natural order out: `forward` undone. */
function inverse(scratch: AutocovarianceScratch): void {
  const { real, imag, cosines, sines } = scratch;
  const size = real.length;
  let quarter = 1;
  let stride = size / 4;
  if ((31 - Math.clz32(size)) % 2 === 1) {
    sumsAndDifferences(scratch);
    quarter = 2;
    stride = size / 8;
  }
  for (; stride >= 1; quarter *= 4, stride /= 4) {
    for (let j = 0; j < quarter; j++) {
      const c1 = cosines[j * stride];
      const s1 = sines[j * stride];
      const c2 = cosines[2 * j * stride];
      const s2 = sines[2 * j * stride];
      const c3 = cosines[3 * j * stride];
      const s3 = sines[3 * j * stride];
      for (let a = j; a < size; a += 4 * quarter) {
        const b = a + quarter;
        const c = b + quarter;
        const d = c + quarter;
        const re2 = real[b] * c2 - imag[b] * s2;
        const im2 = imag[b] * c2 + real[b] * s2;
        const re1 = real[c] * c1 - imag[c] * s1;
        const im1 = imag[c] * c1 + real[c] * s1;
        const re3 = real[d] * c3 - imag[d] * s3;
        const im3 = imag[d] * c3 + real[d] * s3;
        const sumRe = real[a] + re2;
        const sumIm = imag[a] + im2;
        const otherSumRe = real[a] - re2;
        const otherSumIm = imag[a] - im2;
        real[a] = sumRe + re1 + re3;
        imag[a] = sumIm + im1 + im3;
        real[c] = sumRe - re1 - re3;
        imag[c] = sumIm - im1 - im3;
        real[b] = otherSumRe - im1 + im3;
        imag[b] = otherSumIm + re1 - re3;
        real[d] = otherSumRe + im1 - im3;
        imag[d] = otherSumIm - re1 + re3;
      }
    }
  }
}

/**
 * Mean over chains of the autocovariance about each chain's own mean, divisor `length` at every lag (Geyer 1992,
 * Statistical Science 7, 473, section 3.1). The result is left in `scratch.lags`.
 *
 * @param values `[chains, length]`, row-major; not changed
 * @param means mean of each chain
 * @param scratch mutated
 */
export function meanAutocovariance(
  values: Float64Array,
  chains: number,
  means: Float64Array,
  scratch: AutocovarianceScratch,
): void {
  const { length, lags, real, imag, power, mirror } = scratch;
  const size = real.length;
  power.fill(0);
  for (let chain = 0; chain < chains; chain += 2) {
    const first = chain * length;
    const firstMean = means[chain];
    for (let i = 0; i < length; i++) real[i] = values[first + i] - firstMean;
    real.fill(0, length);
    if (chain + 1 < chains) {
      const second = first + length;
      const secondMean = means[chain + 1];
      for (let i = 0; i < length; i++) imag[i] = values[second + i] - secondMean;
      imag.fill(0, length);
    } else {
      imag.fill(0);
    }
    forward(scratch);
    for (let k = 0; k < size; k++) power[k] += real[k] * real[k] + imag[k] * imag[k];
  }
  // |A_k|^2 + |B_k|^2 = (|Z_k|^2 + |Z_-k|^2) / 2 for z = a + i b with real a and b.
  for (let k = 0; k < size; k++) real[k] = power[k] + power[mirror[k]];
  imag.fill(0);
  inverse(scratch);
  const scale = 1 / (2 * size * length * chains);
  for (let lag = 0; lag < length; lag++) lags[lag] = real[lag] * scale;
}
