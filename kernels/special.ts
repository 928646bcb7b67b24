// Special functions of the sampler: log and exp of single numbers and of SIMD pairs, and the log-gamma family.
//
// The polynomials are Chebyshev interpolants computed for this file with 60-digit arithmetic; the interval and the
// largest relative error of each stand beside it. They are summed by Estrin's scheme, so that products overlap.

/** ln 2 in two parts; the first has 42 bits, so its product with any exponent of a double is exact. */
const LN2_HIGH: f64 = 0.6931471805598903;
const LN2_LOW: f64 = 5.497923018708371e-14;
const LOG2_E: f64 = Math.LOG2E;

/** Bits of a double near sqrt(1/2), where the mantissa range of `log` begins, and their distance from those of 1. */
const SQRT_HALF_BITS: i64 = 0x3fe6a09e00000000;
const ONE_MINUS_SQRT_HALF_BITS: i64 = 0x3ff0000000000000 - 0x3fe6a09e00000000;
const MANTISSA_MASK: i64 = (1 << 52) - 1;

/** 2^52: OR-ing a small integer into its bits adds that integer. */
const TWO_52_BITS: i64 = 0x4330000000000000;
const TWO_52_PLUS_BIAS: f64 = 4503599627371519;

/** 1.5 * 2^52: adding it rounds a double to an integer, held in the low bits of the sum. */
const ROUNDER: f64 = 6755399441055744;

/** Below this argument `expPair` returns 0 instead of a subnormal number. */
const EXP_FLOOR: f64 = -708;

/** (log((1+s)/(1-s)) - 2s) / s^3 as a polynomial in s^2, |s| <= 0.1716: error of the logarithm 5e-18. */
const LOG_0: f64 = 0.666666666666667;
const LOG_1: f64 = 0.3999999999989889;
const LOG_2: f64 = 0.28571428626253836;
const LOG_3: f64 = 0.22222211089379496;
const LOG_4: f64 = 0.1818289243253687;
const LOG_5: f64 = 0.15331611722055008;
const LOG_6: f64 = 0.14617807153417325;

/** (exp(r) - 1 - r) / r^2 on |r| <= ln(2)/2: error of the exponential 2e-17. */
const EXP_0: f64 = 0.5000000000000001;
const EXP_1: f64 = 0.16666666666666669;
const EXP_2: f64 = 0.04166666666662413;
const EXP_3: f64 = 0.008333333333330062;
const EXP_4: f64 = 0.0013888888917213717;
const EXP_5: f64 = 0.00019841269863053618;
const EXP_6: f64 = 2.4801521295954376e-5;
const EXP_7: f64 = 2.7557268459997064e-6;
const EXP_8: f64 = 2.7620088445409746e-7;
const EXP_9: f64 = 2.510038549551032e-8;

/** From here on the asymptotic series of the log-gamma family have converged to double precision. */
const ASYMPTOTIC: f64 = 10;
const HALF_LOG_TWO_PI: f64 = 0.9189385332046728;

/** The positive root of digamma, in two parts. */
const ROOT_HIGH: f64 = 1.4616321449683622;
const ROOT_LOW: f64 = 9.549995429965697e-17;

/**
 * Natural logarithm of a positive normal double.
 *
 * @param x in [2.3e-308, 1.8e308]
 */
export function log(x: f64): f64 {
  const shifted = reinterpret<i64>(x) + ONE_MINUS_SQRT_HALF_BITS;
  const exponent = <f64>((shifted >> 52) - 1023);
  const f = reinterpret<f64>((shifted & MANTISSA_MASK) + SQRT_HALF_BITS) - 1;
  // With s = f/(2+f): log(1+f) = 2s + s^3 P(s^2), written so that the largest term, f, is exact.
  const s = f / (2 + f);
  const z = s * s;
  const z2 = z * z;
  const series = z * (LOG_0 + z * LOG_1 + z2 * (LOG_2 + z * LOG_3 + z2 * (LOG_4 + z * LOG_5 + z2 * LOG_6)));
  const halfSquare = 0.5 * f * f;
  return exponent * LN2_HIGH + (f - (halfSquare - (s * (halfSquare + series) + exponent * LN2_LOW)));
}

/**
 * Natural logarithm of both lanes.
 *
 * @param x f64x2 in [2.3e-308, 1.8e308]
 */
export function logPair(x: v128): v128 {
  const one = f64x2.splat(1);
  const shifted = i64x2.add(x, i64x2.splat(ONE_MINUS_SQRT_HALF_BITS));
  const exponent = f64x2.sub(
    v128.or(i64x2.shr_u(shifted, 52), i64x2.splat(TWO_52_BITS)),
    f64x2.splat(TWO_52_PLUS_BIAS),
  );
  const mantissa = i64x2.add(v128.and(shifted, i64x2.splat(MANTISSA_MASK)), i64x2.splat(SQRT_HALF_BITS));
  const f = f64x2.sub(mantissa, one);
  const s = f64x2.div(f, f64x2.add(mantissa, one));
  const z = f64x2.mul(s, s);
  const z2 = f64x2.mul(z, z);
  const low = f64x2.add(f64x2.splat(LOG_0), f64x2.mul(z, f64x2.splat(LOG_1)));
  const middle = f64x2.add(f64x2.splat(LOG_2), f64x2.mul(z, f64x2.splat(LOG_3)));
  const high = f64x2.add(
    f64x2.add(f64x2.splat(LOG_4), f64x2.mul(z, f64x2.splat(LOG_5))),
    f64x2.mul(z2, f64x2.splat(LOG_6)),
  );
  const series = f64x2.mul(z, f64x2.add(low, f64x2.mul(z2, f64x2.add(middle, f64x2.mul(z2, high)))));
  const halfSquare = f64x2.mul(f64x2.mul(f64x2.splat(0.5), f), f);
  const small = f64x2.add(
    f64x2.mul(s, f64x2.add(halfSquare, series)),
    f64x2.mul(exponent, f64x2.splat(LN2_LOW)),
  );
  return f64x2.add(f64x2.mul(exponent, f64x2.splat(LN2_HIGH)), f64x2.sub(f, f64x2.sub(halfSquare, small)));
}

/**
 * Exponential function; 0 below -708 and at -Infinity.
 *
 * @param x at most 709
 */
export function exp(x: f64): f64 {
  if (!(x >= EXP_FLOOR)) return 0;
  const rounded = x * LOG2_E + ROUNDER;
  const exponent = rounded - ROUNDER;
  const r = x - exponent * LN2_HIGH - exponent * LN2_LOW;
  const r2 = r * r;
  const r4 = r2 * r2;
  const low = EXP_0 + r * EXP_1 + r2 * (EXP_2 + r * EXP_3);
  const high = EXP_4 + r * EXP_5 + r2 * (EXP_6 + r * EXP_7) + r4 * (EXP_8 + r * EXP_9);
  const value = 1 + (r + r2 * (low + r4 * high));
  return reinterpret<f64>(reinterpret<i64>(value) + (reinterpret<i64>(rounded) << 52));
}

/**
 * Exponential function of both lanes; 0 below -708 and at -Infinity.
 *
 * @param x f64x2, at most 709
 */
export function expPair(x: v128): v128 {
  const rounder = f64x2.splat(ROUNDER);
  const rounded = f64x2.add(f64x2.mul(x, f64x2.splat(LOG2_E)), rounder);
  const exponent = f64x2.sub(rounded, rounder);
  const r = f64x2.sub(
    f64x2.sub(x, f64x2.mul(exponent, f64x2.splat(LN2_HIGH))),
    f64x2.mul(exponent, f64x2.splat(LN2_LOW)),
  );
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const c01 = f64x2.add(f64x2.splat(EXP_0), f64x2.mul(r, f64x2.splat(EXP_1)));
  const c23 = f64x2.add(f64x2.splat(EXP_2), f64x2.mul(r, f64x2.splat(EXP_3)));
  const c45 = f64x2.add(f64x2.splat(EXP_4), f64x2.mul(r, f64x2.splat(EXP_5)));
  const c67 = f64x2.add(f64x2.splat(EXP_6), f64x2.mul(r, f64x2.splat(EXP_7)));
  const c89 = f64x2.add(f64x2.splat(EXP_8), f64x2.mul(r, f64x2.splat(EXP_9)));
  const low = f64x2.add(c01, f64x2.mul(r2, c23));
  const high = f64x2.add(f64x2.add(c45, f64x2.mul(r2, c67)), f64x2.mul(r4, c89));
  const value = f64x2.add(f64x2.splat(1), f64x2.add(r, f64x2.mul(r2, f64x2.add(low, f64x2.mul(r4, high)))));
  const scaled = i64x2.add(value, i64x2.shl(rounded, 52));
  return v128.and(scaled, f64x2.ge(x, f64x2.splat(EXP_FLOOR)));
}

/** log Gamma(2 + t) for |t| <= 1/2: t times a polynomial of relative error 2e-17, so the zero at t = 0 is exact. */
function logGammaNearTwo(t: f64): f64 {
  const t2 = t * t;
  const t4 = t2 * t2;
  const t8 = t4 * t4;
  const c0 =
    0.42278433509846713 + t * 0.3224670334241132 + t2 * (-0.06735230105319563 + t * 0.02058080842778338);
  const c4 =
    -0.007385551028935545 +
    t * 0.002890510330865901 +
    t2 * (-0.0011927539009983087 + t * 0.0005096695196526673);
  const c8 =
    -0.00022315497746292723 +
    t * 9.945761692157133e-5 +
    t2 * (-4.4923727564247656e-5 + t * 2.050601970174762e-5);
  const c12 =
    -9.45628851510172e-6 +
    t * 4.3828545383846665e-6 +
    t2 * (-1.9743106888421067e-6 + t * 9.242852225162277e-7);
  const c16 = -5.811277768921246e-7 + t * 2.7475390051909663e-7;
  return t * (c0 + t4 * c4 + t8 * (c8 + t4 * c12 + t8 * c16));
}

/**
 * What Stirling's formula for log Gamma(x) leaves out: log Gamma(x) - ((x - 1/2) log x - x + log(2 pi)/2), by its
 * asymptotic series; absolute error below 1e-16 for x >= 10.
 *
 * @param x at least 10
 */
export function stirlingRemainder(x: f64): f64 {
  const inverse = 1 / x;
  const z = inverse * inverse;
  const z2 = z * z;
  const low = 1.0 / 12.0 - z * (1.0 / 360.0) + z2 * (1.0 / 1260.0 - z * (1.0 / 1680.0));
  const high = 1.0 / 1188.0 - z * (691.0 / 360360.0) + z2 * (1.0 / 156.0);
  return inverse * (low + z2 * z2 * high);
}

/**
 * Logarithm of the gamma function. Relative error below 1e-14, also beside the zeros at 1 and 2.
 *
 * @param x in [1e-150, 1e300]
 */
export function logGamma(x: f64): f64 {
  if (x >= ASYMPTOTIC) return (x - 0.5) * log(x) - x + (HALF_LOG_TWO_PI + stirlingRemainder(x));
  // Gamma(x + 1) = x Gamma(x) moves the argument to 2 + t; t is always exact.
  if (x < 0.5) return logGammaNearTwo(x) - log(x * (x + 1));
  if (x < 1.5) return logGammaNearTwo(x - 1) - log(x);
  if (x <= 2.5) return logGammaNearTwo(x - 2);
  let product: f64 = 1;
  let y = x;
  do {
    y -= 1;
    product *= y;
  } while (y > 2.5);
  return logGammaNearTwo(y - 2) + log(product);
}

/**
 * Derivative of `logGamma`. Relative error below 1e-14, also beside the root at 1.4616.
 *
 * @param x in [1e-300, 1e300]
 */
export function digamma(x: f64): f64 {
  if (x >= ASYMPTOTIC) {
    const inverse = 1 / x;
    const z = inverse * inverse;
    const z2 = z * z;
    const low = 1.0 / 12.0 - z * (1.0 / 120.0) + z2 * (1.0 / 252.0 - z * (1.0 / 240.0));
    const high = 1.0 / 132.0 - z * (691.0 / 32760.0) + z2 * (1.0 / 12.0);
    return log(x) - inverse * 0.5 - z * (low + z2 * z2 * high);
  }
  // digamma(y + 1) = digamma(y) + 1/y moves the argument to [1, 2]; the reciprocals are summed as one fraction.
  let numerator: f64 = 0;
  let denominator: f64 = 1;
  let y = x;
  if (x < 1) {
    numerator = -1;
    denominator = x;
    y = x + 1;
  } else {
    while (y > 2) {
      y -= 1;
      numerator = numerator * y + denominator;
      denominator *= y;
    }
  }
  // digamma(y) / (y - root), a polynomial in y - 3/2 of relative error 1e-16 on [1, 2].
  const t = y - 1.5;
  const t2 = t * t;
  const t4 = t2 * t2;
  const t8 = t4 * t4;
  const c0 =
    0.9510558760318328 - t * 0.4236274212814573 + t2 * (0.24054248424078478 - t * 0.14840492305485808);
  const c4 =
    0.09498872445354183 - t * 0.06192213319072707 + t2 * (0.0407608338843387 - t * 0.026975800029253667);
  const c8 =
    0.017907250563619772 - t * 0.011908146513976738 + t2 * (0.007926972735646371 - t * 0.005280903066090605);
  const c12 =
    0.003518750436194914 -
    t * 0.002337552647103118 +
    t2 * (0.0015580749137218918 - t * 0.0010776863967234226);
  const c16 =
    0.0007184107969030002 -
    t * 0.00035476352053371977 +
    t2 * (0.0002365017171963093 - t * 0.0003783907897248858);
  const ratio = c0 + t4 * c4 + t8 * (c8 + t4 * c12 + t8 * (c16 + t4 * 0.0002522590506942705));
  return (y - ROOT_HIGH - ROOT_LOW) * ratio + numerator / denominator;
}

/**
 * Second derivative of `logGamma`. Relative error below 1e-14.
 *
 * @param x in [1e-100, 1e100]
 */
export function trigamma(x: f64): f64 {
  // trigamma(y) = trigamma(y + 1) + 1/y^2; the squares are summed as one fraction.
  let numerator: f64 = 0;
  let denominator: f64 = 1;
  let y = x;
  while (y < ASYMPTOTIC) {
    const square = y * y;
    numerator = numerator * square + denominator;
    denominator *= square;
    y += 1;
  }
  const inverse = 1 / y;
  const z = inverse * inverse;
  const z2 = z * z;
  const low = 1.0 / 6.0 - z * (1.0 / 30.0) + z2 * (1.0 / 42.0 - z * (1.0 / 30.0));
  const high = 5.0 / 66.0 - z * (691.0 / 2730.0) + z2 * (7.0 / 6.0);
  return inverse + z * (0.5 + inverse * (low + z2 * z2 * high)) + numerator / denominator;
}
