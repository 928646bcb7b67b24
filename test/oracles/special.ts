// Naive high-accuracy oracles: log, exp and the log-gamma family in fixed point, as BigInt with 256 fractional bits.
// They share nothing with the kernels: no polynomial, no floating point, and far more terms than needed.

/** Fractional bits of the fixed-point numbers. */
export const FRACTION_BITS = 256n;
const ONE = 1n << FRACTION_BITS;

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> FRACTION_BITS;
const divide = (a: bigint, b: bigint): bigint => (a << FRACTION_BITS) / b;

/** Mantissa and exponent of a finite double: x = mantissa * 2^exponent exactly. */
function decompose(x: number): { mantissa: bigint; exponent: number } {
  const bits = new BigUint64Array(new Float64Array([x]).buffer)[0] ?? 0n;
  const field = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const mantissa = field === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: bits >> 63n ? -mantissa : mantissa, exponent: (field === 0 ? 1 : field) - 1075 };
}

/** A double as fixed point; exact for multiples of 2^-256, otherwise rounded down. */
export function toFixedPoint(x: number): bigint {
  const { mantissa, exponent } = decompose(x);
  const shift = BigInt(exponent) + FRACTION_BITS;
  return shift >= 0n ? mantissa << shift : mantissa >> -shift;
}

/** The double next to a fixed-point number, to within one unit in the last place. */
export function toDouble(x: bigint): number {
  if (x < 0n) return -toDouble(-x);
  const surplus = x.toString(2).length - 64;
  return surplus > 0
    ? Number(x >> BigInt(surplus)) * 2 ** (surplus - Number(FRACTION_BITS))
    : Number(x) * 2 ** -Number(FRACTION_BITS);
}

/** (value - exact) / |exact| for a double against a fixed-point number. */
export function relativeError(value: number, exact: bigint): number {
  const size = exact < 0n ? -exact : exact;
  return toDouble(divide(toFixedPoint(value) - exact, size));
}

/** 2 atanh(s) for |s| < 1/2 by its power series. */
function twiceAtanh(s: bigint): bigint {
  const square = multiply(s, s);
  let power = s;
  let sum = 0n;
  for (let odd = 1n; power > 1n || power < -1n; odd += 2n) {
    sum += power / odd;
    power = multiply(power, square);
  }
  return 2n * sum;
}

/** ln 2 in fixed point. */
export const LN2 = twiceAtanh(ONE / 3n);

/** pi in fixed point, by Machin's formula. */
export const PI = (() => {
  const arctangentOfInverse = (n: bigint): bigint => {
    let power = ONE / n;
    let sum = 0n;
    for (let odd = 1n, sign = 1n; power > 0n; odd += 2n, sign = -sign) {
      sum += (sign * power) / odd;
      power /= n * n;
    }
    return sum;
  };
  return 16n * arctangentOfInverse(5n) - 4n * arctangentOfInverse(239n);
})();

/** Natural logarithm of a positive fixed-point number. */
export function logFixed(x: bigint): bigint {
  // x = y 2^k with y in [1/2, 1) shifted to [0.7, 1.4].
  let k = BigInt(x.toString(2).length) - FRACTION_BITS;
  let y = k >= 0n ? x >> k : x << -k;
  if (y * 10n < 7n * ONE) {
    y *= 2n;
    k -= 1n;
  }
  return k * LN2 + twiceAtanh(divide(y - ONE, y + ONE));
}

/** Natural logarithm of a positive normal double, as fixed point. */
export function logOf(x: number): bigint {
  const { mantissa, exponent } = decompose(x);
  return logFixed(mantissa << (FRACTION_BITS - 52n)) + BigInt(exponent + 52) * LN2;
}

/** exp(x) = value * 2^exponent with the value, in fixed point, between 0.7 and 1.5. */
export function expOf(x: number): { value: bigint; exponent: number } {
  const exponent = Math.round(x / Math.LN2);
  const r = toFixedPoint(x) - BigInt(exponent) * LN2;
  let term = ONE;
  let value = 0n;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    value += term;
    term = multiply(term, r) / n;
  }
  return { value, exponent };
}

/** Bernoulli numbers B_2, B_4, ..., B_80 as exact fractions, from their defining recurrence. */
const BERNOULLI: readonly { readonly top: bigint; readonly bottom: bigint }[] = (() => {
  const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b));
  const all = [{ top: 1n, bottom: 1n }];
  for (let n = 1; n <= 80; n++) {
    let top = 0n;
    let bottom = 1n;
    let choose = 1n;
    for (let k = 0; k < n; k++) {
      const b = all[k] ?? { top: 0n, bottom: 1n };
      top = top * b.bottom + choose * b.top * bottom;
      bottom *= b.bottom;
      choose = (choose * BigInt(n + 1 - k)) / BigInt(k + 1);
    }
    bottom *= -BigInt(n + 1);
    const divisor = gcd(top, bottom);
    all.push({ top: top / divisor, bottom: bottom / divisor });
  }
  return all.filter((_, n) => n >= 2 && n % 2 === 0);
})();

/** Where the asymptotic series begin: their smallest term is then below 2^-500. */
const FAR = 64n * ONE;

/** The points x, x+1, ... below 64 and the first point beyond. */
function climb(x: number): { passed: bigint[]; far: bigint } {
  const passed: bigint[] = [];
  let far = toFixedPoint(x);
  for (; far < FAR; far += ONE) passed.push(far);
  return { passed, far };
}

/** sum over n of weight(n) B_2n / y^(2n - 1 + extra), by direct division. */
function asymptotic(
  y: bigint,
  extra: number,
  weight: (n: bigint) => { top: bigint; bottom: bigint },
): bigint {
  const square = multiply(y, y);
  let power = divide(ONE, y);
  for (let i = 0; i < extra; i++) power = divide(power, y);
  let sum = 0n;
  BERNOULLI.forEach(({ top, bottom }, index) => {
    const factor = weight(BigInt(index + 1));
    sum += (power * top * factor.top) / (bottom * factor.bottom);
    power = divide(power, square);
  });
  return sum;
}

/** log Gamma(x) for x > 0 by Stirling's series beyond 64 and the recurrence. */
export function logGammaOf(x: number): bigint {
  const { passed, far } = climb(x);
  const series = asymptotic(far, 0, (n) => ({ top: 1n, bottom: 2n * n * (2n * n - 1n) }));
  const stirling = multiply(far - ONE / 2n, logFixed(far)) - far + logFixed(2n * PI) / 2n + series;
  return passed.reduce((sum, y) => sum - logFixed(y), stirling);
}

/** digamma(x) for x > 0. */
export function digammaOf(x: number): bigint {
  const { passed, far } = climb(x);
  const series = asymptotic(far, 1, (n) => ({ top: 1n, bottom: 2n * n }));
  return passed.reduce((sum, y) => sum - divide(ONE, y), logFixed(far) - divide(ONE, 2n * far) - series);
}

/** trigamma(x) for x > 0. */
export function trigammaOf(x: number): bigint {
  const { passed, far } = climb(x);
  const series = asymptotic(far, 2, () => ({ top: 1n, bottom: 1n }));
  const start = divide(ONE, far) + divide(ONE, 2n * multiply(far, far)) + series;
  return passed.reduce((sum, y) => sum + divide(divide(ONE, y), y), start);
}

/** log Gamma(x) rounded to a double: for oracles that need it as a number. */
export const logGammaOracle = (x: number): number => toDouble(logGammaOf(x));
