/**
 * Exponential and natural logarithm in plain double arithmetic.
 *
 * ECMAScript leaves the last bit of `Math.exp` and `Math.log` to the engine; here only `+ - * /` are used, which
 * IEEE 754 fixes, so simulated data and predicted counts are the same bytes everywhere.
 */

/** ln 2 split in two: `k * LN2_HIGH` is exact for every |k| < 2^20, because its last 21 bits are zero. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const DEGREE = 14;
const INVERSE_FACTORIALS = inverseFactorials();

function inverseFactorials(): Float64Array {
  const values = new Float64Array(DEGREE + 1);
  let factorial = 1;
  for (let n = 0; n <= DEGREE; n++) {
    if (n > 0) factorial *= n;
    values[n] = 1 / factorial;
  }
  return values;
}

/** `2^power`, exact, for whole powers in [-1022, 1023]. */
function powerOfTwo(power: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setUint32(0, (power + 1023) * 2 ** 20);
  return bits.getFloat64(0);
}

const POWERS_OF_TWO = Float64Array.from({ length: 2046 }, (_, index) => powerOfTwo(index - 1022));

/**
 * `e^x` for any x, within 2 units in the last place: x = k ln 2 + r with |r| <= ln(2)/2, and the Taylor polynomial
 * of degree 14 for r.
 */
export function exponential(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.2) return 0;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = INVERSE_FACTORIALS[DEGREE];
  for (let n = DEGREE - 1; n >= 0; n--) sum = sum * r + INVERSE_FACTORIALS[n];
  // In two halves: 2^1024 and the subnormal powers are out of reach of a single factor.
  const half = Math.floor(k / 2);
  return sum * POWERS_OF_TWO[half + 1022] * POWERS_OF_TWO[k - half + 1022];
}

/** Scratch space to reach the bits of a double; holds nothing between calls. */
const words = new DataView(new ArrayBuffer(8));

/**
 * Natural logarithm, within 2 units in the last place: x = m 2^k with m in [sqrt(1/2), sqrt(2)), and
 * `ln m = 2 artanh((m - 1) / (m + 1))` as a power series. 0 gives -Infinity, negative numbers and NaN give NaN.
 */
export function naturalLog(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = 0;
  let mantissa = x;
  if (mantissa < 2.2250738585072014e-308) {
    mantissa *= 18014398509481984; // 2^54: out of the subnormal range
    k = -54;
  }
  words.setFloat64(0, mantissa);
  const high = words.getUint32(0);
  k += (high >>> 20) - 1022;
  words.setUint32(0, (high & 0xfffff) | (1022 << 20));
  mantissa = words.getFloat64(0);
  if (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    k -= 1;
  }
  const f = mantissa - 1;
  const s = f / (2 + f);
  const s2 = s * s;
  let series = 0;
  for (let n = 23; n >= 3; n -= 2) series = (series + 1 / n) * s2;
  // ln m = 2 s + 2 s series, and 2 s = f - s f exactly in real numbers: the larger term f carries no error.
  return k * LN2_HIGH + (f - (s * (f - 2 * series) - k * LN2_LOW));
}
