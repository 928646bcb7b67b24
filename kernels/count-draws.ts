// Counts of one chain: draws of Poisson and binomial numbers, exact up to the rounding of doubles.

import { drawUniform } from "./random";
import { exp, log, logGamma, stirlingRemainder } from "./special";

/** log k! for k < 256, and what Stirling's formula for it leaves out for k < 16 (see `stirlingError`). */
const FACTORIALS: i32 = 256;
const logFactorials: usize = memory.data(256 * 8, 16);
const SMALL_STIRLING: i32 = 16;
const stirlingErrors: usize = memory.data(16 * 8, 16);

/** From this mean on Poisson and binomial counts come from rejection instead of inversion; at least 10. */
const LARGE_MEAN: f64 = 10;

const HALF_LOG_TWO_PI: f64 = 0.9189385332046728;

/** Fill the tables. */
function prepareFactorials(): void {
  for (let k = 0; k < FACTORIALS; k++) store<f64>(logFactorials + ((<usize>k) << 3), logGamma(<f64>k + 1));
  store<f64>(stirlingErrors, -HALF_LOG_TWO_PI);
  for (let k = 1; k < SMALL_STIRLING; k++) {
    const x = <f64>k;
    const stirling = (x + 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI;
    store<f64>(stirlingErrors + ((<usize>k) << 3), logGamma(x + 1) - stirling);
  }
}

/** log k! for integers 0 <= k < 256. */
function logFactorial(k: f64): f64 {
  return load<f64>(logFactorials + ((<usize>(<i32>k)) << 3));
}

/**
 * What Stirling's formula for k! leaves out: log k! - ((k + 1/2) log k - k + log(2 pi)/2), for integers k >= 1. For 0 it
 * is -log(2 pi)/2, so that formulas with `log(max(k, 1))` hold there too.
 */
function stirlingError(k: f64): f64 {
  return k < <f64>SMALL_STIRLING
    ? load<f64>(stirlingErrors + ((<usize>(<i32>k)) << 3))
    : stirlingRemainder(k);
}

/**
 * k log(k/mean) + mean - k without cancellation (the deviance of Loader, "Fast and accurate computation of binomial
 * probabilities", 2000); k >= 0, mean > 0.
 */
function deviance(k: f64, mean: f64): f64 {
  const difference = k - mean;
  const sum = k + mean;
  if (abs(difference) < 0.1 * sum) {
    const v = difference / sum;
    const z = v * v;
    const high = 1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0 + z * (1.0 / 15.0)));
    const series = z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * high)));
    return difference * v + 2 * k * v * series;
  }
  return k === 0 ? mean : k * log(k / mean) - difference;
}

/**
 * Poisson counts of mean < 1 for a uniform u < mean. The outcomes are laid out along [0, 1) as 1, 2, 3, ..., 0: those
 * above 0 take less than `mean` together, so that the caller returns 0 for every larger u without an exponential, and
 * the probabilities of the rare outcomes keep all their digits.
 */
function finishTinyPoisson(first: f64, mean: f64): f64 {
  const none = exp(-mean);
  let u = first;
  if (mean > 0.05 && u >= 1 - none) return 0;
  let mass = mean * none;
  let k: f64 = 1;
  while (u >= mass) {
    u -= mass;
    k += 1;
    mass *= mean / k;
    if (mass < 1e-40) return 0;
  }
  return k;
}

/** Poisson counts of moderate mean by inversion from 0 upwards. */
function drawSmallPoisson(mean: f64): f64 {
  const none = exp(-mean);
  while (true) {
    let u = drawUniform();
    let mass = none;
    let k: f64 = 0;
    while (u >= mass && k < 200) {
      u -= mass;
      k += 1;
      mass *= mean / k;
    }
    // Rounding can leave a u close to 1 without an outcome.
    if (k < 200) return k;
  }
}

/** Poisson counts of mean >= 10 by transformed rejection (PTRS of Hoermann, Insur. Math. Econ. 12:39, 1993). */
function drawLargePoisson(mean: f64): f64 {
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = 0.02483 * b - 0.059;
  const fast = 0.9277 - 3.6224 / (b - 2);
  while (true) {
    const u = inline.always(drawUniform()) - 0.5;
    const v = inline.always(drawUniform());
    const margin = 0.5 - abs(u);
    const k = Math.floor(((2 * a) / margin + b) * u + mean + 0.43);
    if (margin >= 0.07 && v <= fast) return k;
    if (k < 0 || (margin < 0.013 && v > margin)) continue;
    const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
    const height = (v * inverseAlpha) / (a / (margin * margin) + b);
    if (k < <f64>FACTORIALS) {
      if (log(height) <= k * log(mean) - mean - logFactorial(k)) return k;
    } else if (log(height * Math.sqrt(k)) <= -deviance(k, mean) - stirlingError(k) - HALF_LOG_TWO_PI) {
      return k;
    }
  }
}

/**
 * A Poisson count, as f64. Exact for every mean: probabilities keep their digits down to means of 1e-30.
 *
 * @param mean in [0, 1e12]
 */
export function drawPoisson(mean: f64): f64 {
  if (mean < 1) {
    const u = inline.always(drawUniform());
    return u >= mean ? 0 : finishTinyPoisson(u, mean);
  }
  return mean < LARGE_MEAN ? drawSmallPoisson(mean) : drawLargePoisson(mean);
}

/** (1-p)^n for 0 < p <= 1/2. */
function powerOfComplement(n: f64, p: f64): f64 {
  const q = 1 - p;
  if (n <= 32) {
    let left = <i32>n;
    let square = q;
    let power: f64 = 1;
    while (left !== 0) {
      if (left & 1) power *= square;
      square *= square;
      left >>= 1;
    }
    return power;
  }
  // log(1-p) from the rounded q, corrected by the factor that the rounding calls for.
  return q === 1 ? exp(-n * p) : exp((-n * p * log(q)) / (q - 1));
}

/** Binomial counts with n p < 1 and p <= 1/2 for a uniform u < n p; outcomes as in `finishTinyPoisson`. */
function finishTinyBinomial(first: f64, n: f64, p: f64): f64 {
  const none = powerOfComplement(n, p);
  const odds = p / (1 - p);
  let u = first;
  if (n * p > 0.05 && u >= 1 - none) return 0;
  let mass = none * n * odds;
  let k: f64 = 1;
  while (u >= mass) {
    u -= mass;
    mass *= ((n - k) / (k + 1)) * odds;
    k += 1;
    if (mass < 1e-40) return 0;
  }
  return k;
}

/** Binomial counts of moderate mean, p <= 1/2, by inversion from 0 upwards. */
function drawSmallBinomial(n: f64, p: f64): f64 {
  const none = powerOfComplement(n, p);
  const odds = p / (1 - p);
  while (true) {
    let u = drawUniform();
    let mass = none;
    let k: f64 = 0;
    while (u >= mass && k < 200) {
      u -= mass;
      mass *= ((n - k) / (k + 1)) * odds;
      k += 1;
    }
    // Rounding can leave a u close to 1 without an outcome.
    if (k <= n && k < 200) return k;
  }
}

/** Binomial counts with n p >= 10 and p <= 1/2, by transformed rejection (BTRS of Hoermann, JSCS 46:101, 1993). */
function drawLargeBinomial(n: f64, p: f64): f64 {
  const q = 1 - p;
  const mean = n * p;
  const deviation = Math.sqrt(mean * q);
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const fast = 0.92 - 4.2 / b;
  while (true) {
    const u = inline.always(drawUniform()) - 0.5;
    const v = inline.always(drawUniform());
    const margin = 0.5 - abs(u);
    const k = Math.floor(((2 * a) / margin + b) * u + mean + 0.5);
    if (margin >= 0.07 && v <= fast) return k;
    if (k < 0 || k > n) continue;
    const alpha = (2.83 + 5.1 / b) * deviation;
    const height = (v * alpha) / (a / (margin * margin) + b);
    const mode = Math.floor((n + 1) * p);
    if (acceptsBinomial(height, k, mode, n, p)) return k;
  }
}

/** Whether `height` is at most the probability of k divided by that of the mode. */
function acceptsBinomial(height: f64, k: f64, mode: f64, n: f64, p: f64): bool {
  const q = 1 - p;
  const rest = n - k;
  const modeRest = n - mode;
  if (n < <f64>FACTORIALS) {
    const ways = logFactorial(mode) + logFactorial(modeRest) - logFactorial(k) - logFactorial(rest);
    return log(height) <= ways + (k - mode) * log(p / q);
  }
  // Loader's form of the probabilities: no large terms cancel, however large n.
  const mean = n * p;
  const restMean = n * q;
  const own = deviance(k, mean) + deviance(rest, restMean) + stirlingError(k) + stirlingError(rest);
  const top =
    deviance(mode, mean) + deviance(modeRest, restMean) + stirlingError(mode) + stirlingError(modeRest);
  const spread = ((max(k, 1) / mode) * max(rest, 1)) / modeRest;
  return log(height * Math.sqrt(spread)) <= top - own;
}

/**
 * A binomial count, as f64. Exact for every n and p.
 *
 * @param n number of trials, an integer in [0, 2^53)
 * @param p probability of success, in [0, 1]
 */
export function drawBinomial(n: f64, p: f64): f64 {
  if (n === 1) return <f64>(<i32>(inline.always(drawUniform()) < p));
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  const flipped = p > 0.5;
  const rare = flipped ? 1 - p : p;
  const mean = n * rare;
  let k: f64 = 0;
  if (mean >= LARGE_MEAN) {
    k = drawLargeBinomial(n, rare);
  } else if (n <= 4 && mean > 0.05) {
    for (let trial: f64 = 0; trial < n; trial += 1) k += <f64>(<i32>(inline.always(drawUniform()) < rare));
  } else if (mean < 1) {
    const u = inline.always(drawUniform());
    if (u < mean) k = finishTinyBinomial(u, n, rare);
  } else {
    k = drawSmallBinomial(n, rare);
  }
  return flipped ? n - k : k;
}

prepareFactorials();
