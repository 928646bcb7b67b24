/**
 * The natural logarithm, the same to the last bit in every JavaScript engine.
 *
 * Result files must not depend on the engine that wrote them, and `Math.log` may differ in its last bit between
 * engines. This one uses only `+ - * /` and the bits of the number.
 */

const LN2_HIGH = 0.6931471803691238; // ln 2 cut after 32 bits, so that exponent * LN2_HIGH is exact
const LN2_LOW = 1.9082149292705877e-10; // ln 2 - LN2_HIGH
const TWO_54 = 18014398509481984;

/** The bits of a number, within one call. */
const BITS = new DataView(new ArrayBuffer(8));

/** 1 / (2 k + 1) for k = 1 .. 11: the series of atanh(s) / s in s * s, without its leading 1. */
const ATANH_TERMS: readonly number[] = Array.from({ length: 11 }, (_, k) => 1 / (2 * k + 3));

/**
 * Natural logarithm of `x`, within 2 units in the last place; `-Infinity` at 0, NaN below 0.
 *
 * `x = m * 2^e` with `m` in [sqrt(1/2), sqrt(2)); then `log m = 2 atanh(s)`, `s = (m - 1) / (m + 1)`, `|s| < 0.172`.
 */
export function logarithm(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN;
  if (x === Infinity) return x;
  let exponent = 0;
  let mantissa = x;
  if (mantissa < 2 ** -1022) {
    mantissa *= TWO_54; // subnormal numbers have no leading bit
    exponent = -54;
  }
  BITS.setFloat64(0, mantissa);
  const high = BITS.getUint32(0);
  exponent += (high >>> 20) - 1023;
  BITS.setUint32(0, (high & 0x000fffff) | 0x3ff00000); // now in [1, 2)
  mantissa = BITS.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let series = 0;
  for (let k = ATANH_TERMS.length - 1; k >= 0; k--) series = (series + ATANH_TERMS[k]) * square;
  return exponent * LN2_HIGH + (2 * s + (2 * s * series + exponent * LN2_LOW));
}
